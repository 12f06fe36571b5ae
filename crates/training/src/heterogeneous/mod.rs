#![doc = include_str!("README.md")]

mod align;
mod block;
mod judge;
mod parameters;
mod participant;
mod rows;

#[cfg(test)]
mod tests;

pub use block::Block;
pub use judge::{Judge, Layout, MASK_OCTAVES};
pub use parameters::{leaks, Parameters};
pub use participant::Participant;

use salus_analytics::svm::Model;

use crate::{Error, Part};

/// The model of all columns, from the parts of all participants in their order.
pub fn combine(parts: &[Part]) -> Result<Model, Error> {
    let first = parts
        .first()
        .ok_or_else(|| Error::Parameter("there are no parts to combine".into()))?;
    let same = |part: &Part| part.fraction == first.fraction && part.rounds == first.rounds;
    if !parts.iter().all(same) {
        return Err(Error::Parameter(
            "the parts are of different trainings: their fractions or rounds differ".into(),
        ));
    }
    let mut biases = parts.iter().filter_map(|part| part.bias);
    match (biases.next(), biases.next()) {
        (Some(bias), None) => Ok(Model {
            fraction: first.fraction,
            weights: parts.iter().flat_map(|part| part.weights.clone()).collect(),
            bias,
        }),
        _ => Err(Error::Parameter(
            "one part has the bias, and no more than one".into(),
        )),
    }
}
