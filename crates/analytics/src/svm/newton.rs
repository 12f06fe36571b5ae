//! Squared hinge loss by Newton's method.

use super::{Error, Model, Sums, SvmParameters, Trainer};

/// A model's cost counts as larger than another's only beyond what rounding explains.
const ROUNDING: f64 = 1e-9;

/// The next model minimises the cost as if the active rows stayed the same. If that made the cost
/// larger, half the way is tried instead. Ends when the model stays the same.
pub(super) fn step(trainer: &mut Trainer, sums: &Sums, cost: f64) -> Result<(), Error> {
    let last = trainer.rounds >= trainer.parameters.iterations;
    let next = match &trainer.accepted {
        Some((best, least)) if cost > least + ROUNDING * least.abs() => {
            let middle = halfway(best, &trainer.model);
            if last || middle == *best || middle == trainer.model {
                trainer.model = best.clone();
                trainer.done = true;
                return Ok(());
            }
            middle
        }
        _ => {
            trainer.accepted = Some((trainer.model.clone(), cost));
            if last || cost <= trainer.parameters.stop_cost {
                trainer.done = true;
                return Ok(());
            }
            let next = solve(&trainer.model, sums, &trainer.parameters)?;
            if next == trainer.model {
                trainer.done = true;
                return Ok(());
            }
            next
        }
    };
    trainer.model = next;
    Ok(())
}

fn halfway(a: &Model, b: &Model) -> Model {
    let middle = |a: i64, b: i64| ((i128::from(a) + i128::from(b)) >> 1) as i64;
    let pairs = a.weights.iter().zip(&b.weights);
    Model {
        fraction: a.fraction,
        weights: pairs.map(|(a, b)| middle(*a, *b)).collect(),
        bias: middle(a.bias, b.bias),
    }
}

/// (lambda/2 D + M) w = v, D the identity, without the bias unless it is penalised. By Cholesky's
/// factors, every sum in ascending order from its first term.
fn solve(model: &Model, sums: &Sums, parameters: &SvmParameters) -> Result<Model, Error> {
    let (mut matrix, mut vector) = sums.system(model.fraction);
    let columns = model.weights.len();
    let scale = (1u64 << model.fraction) as f64;
    let half_lambda = 0.5 / parameters.c;
    for (i, row) in matrix.iter_mut().enumerate() {
        if i < columns || parameters.penalise_bias {
            row[i] += half_lambda;
        }
    }
    if sums.active == 0 && !parameters.penalise_bias {
        // Nothing says anything about the bias: it stays.
        matrix[columns][columns] = 1.0;
        vector[columns] = model.bias as f64 / scale;
    }

    let size = columns + 1;
    for i in 0..size {
        for j in 0..=i {
            let mut sum = matrix[i][j];
            for k in 0..j {
                sum -= matrix[i][k] * matrix[j][k];
            }
            matrix[i][j] = match i == j {
                true if sum > 0.0 => sum.sqrt(),
                true => return Err(Error::Singular),
                false => sum / matrix[j][j],
            };
        }
    }
    for i in 0..size {
        let mut sum = vector[i];
        for k in 0..i {
            sum -= matrix[i][k] * vector[k];
        }
        vector[i] = sum / matrix[i][i];
    }
    for i in (0..size).rev() {
        let mut sum = vector[i];
        for k in i + 1..size {
            sum -= matrix[k][i] * vector[k];
        }
        vector[i] = sum / matrix[i][i];
    }

    let mut encoded = Vec::with_capacity(size);
    for value in vector {
        let scaled = (value * scale).round_ties_even();
        // Written so that NaN fails.
        if !(scaled.abs() < super::MAX_WEIGHT as f64) {
            return Err(Error::Diverged);
        }
        encoded.push(scaled as i64);
    }
    let bias = encoded.pop().unwrap_or_default();
    Ok(Model {
        fraction: model.fraction,
        weights: encoded,
        bias,
    })
}
