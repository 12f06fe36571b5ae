//! Hinge loss by gradient descent.

use blake2::{digest::consts::U32, Blake2b, Digest};

use super::{rounded_shift, Error, Model, Sums, SvmParameters, Trainer};
use crate::split::first_64_bits;

/// w <- w - eta (lambda w - sum y x) and b <- b + eta sum y, over the active rows, in integers:
/// lambda w and the whole step are rounded to units of 1/S, to the nearest, halves up.
pub(super) fn step(trainer: &mut Trainer, sums: &Sums, cost: f64) -> Result<(), Error> {
    if cost <= trainer.parameters.stop_cost {
        trainer.done = true;
        return Ok(());
    }
    descend(&trainer.parameters, &mut trainer.model, sums)?;
    trainer.done = trainer.rounds >= trainer.parameters.iterations;
    Ok(())
}

/// The step alone, of gradient and classes of the sums. Every weight moves by itself, so the model
/// may have some of the columns only.
pub fn descend(parameters: &SvmParameters, model: &mut Model, sums: &Sums) -> Result<(), Error> {
    let (eta, lambda) = (parameters.eta_units(), parameters.lambda_units());
    let moved = |weight: i64, decay: bool, sum: i128| -> Result<i64, Error> {
        let weight = i128::from(weight);
        let pull = if decay {
            rounded_shift(lambda * weight, 32)
        } else {
            0
        };
        let step = eta.checked_mul(pull - sum).ok_or(Error::Diverged)?;
        i64::try_from(weight - rounded_shift(step, 32)).map_err(|_| Error::Diverged)
    };
    for (weight, sum) in model.weights.iter_mut().zip(&sums.gradient) {
        *weight = moved(*weight, true, *sum)?;
    }
    let classes = sums.classes << model.fraction;
    model.bias = moved(model.bias, parameters.penalise_bias, classes)?;
    match model.is_bounded() {
        true => Ok(()),
        false => Err(Error::Diverged),
    }
}

/// The rows of a round: number k is the high word of rows x h_k, h_k the first 64 bits of
/// BLAKE2b-256 of a label, the seed, the round and k, little-endian. A row may come twice.
pub(super) fn batch(parameters: &SvmParameters, round: u32, rows: usize) -> Option<Vec<usize>> {
    if parameters.batch == 0 {
        return None;
    }
    let draw = |number: u32| {
        let mut hash = Blake2b::<U32>::new();
        hash.update(b"salus/svm/batch/1");
        hash.update(parameters.seed.to_le_bytes());
        hash.update(round.to_le_bytes());
        hash.update(number.to_le_bytes());
        let drawn = first_64_bits(hash);
        ((u128::from(drawn) * rows as u128) >> 64) as usize
    };
    Some((0..parameters.batch).map(draw).collect())
}
