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

    // Cholesky's factor takes the place of the lower triangle.
    let size = columns + 1;
    for i in 0..size {
        let (above, rest) = matrix.split_at_mut(i);
        let Some(row) = rest.first_mut() else { break };
        for j in 0..=i {
            let (before, here) = row.split_at_mut(j);
            let before: &[f64] = before;
            let Some(entry) = here.first_mut() else { break };
            let other = above.get(j).map_or(before, Vec::as_slice);
            *entry = less(*entry, before, other);
            *entry = match above.get(j) {
                Some(row) => *entry / row[j],
                None if *entry > 0.0 => entry.sqrt(),
                None => return Err(Error::Singular),
            };
        }
    }
    for (i, row) in matrix.iter().enumerate() {
        let (before, here) = vector.split_at_mut(i);
        here[0] = less(here[0], row, before) / row[i];
    }
    for i in (0..size).rev() {
        let column: Vec<f64> = matrix[i + 1..].iter().map(|row| row[i]).collect();
        vector[i] = less(vector[i], &column, &vector[i + 1..]) / matrix[i][i];
    }

    let mut encoded = Vec::with_capacity(size);
    for value in vector {
        let scaled = (value * scale).round_ties_even();
        // NaN is below nothing.
        match scaled.abs() < super::MAX_WEIGHT as f64 {
            true => encoded.push(scaled as i64),
            false => return Err(Error::Diverged),
        }
    }
    let bias = encoded.pop().unwrap_or_default();
    Ok(Model {
        fraction: model.fraction,
        weights: encoded,
        bias,
    })
}

/// start - a_0 b_0 - a_1 b_1 - …, in this order.
fn less(start: f64, a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(start, |sum, (a, b)| sum - a * b)
}
