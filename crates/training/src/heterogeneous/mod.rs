#![doc = include_str!("README.md")]

mod align;
mod block;
mod estimate;
mod judge;
mod parameters;
mod participant;
mod rows;
mod sample;

#[cfg(test)]
mod tests;

pub use block::Block;
pub use estimate::estimate;
pub use judge::{Judge, Layout, MASK_OCTAVES};
pub use parameters::{leaks, Parameters};
pub use participant::Participant;
pub use sample::sample_keys;

use salus_analytics::svm::Model;

use crate::{Error, Part, Seed, SessionId};

/// Rows of every round, which the seeds of all participants decide: for whoever has them all, to
/// train on pooled rows in the same order.
pub fn draw(parameters: &Parameters, seeds: &[Seed], rows: usize) -> Vec<Vec<usize>> {
    let rounds = parameters.svm.iterations;
    let session = &parameters.session;
    let chains = (0..).zip(seeds);
    let chains: Vec<_> = chains
        .map(|(party, seed)| rows::chain(seed, session, party, rounds))
        .collect();
    let round = |round: u32| {
        let links = chains.iter().filter_map(|chain| chain.get(round as usize));
        let links: Vec<_> = links.copied().collect();
        rows::draw(session, round, &links, rows, parameters.svm.batch)
    };
    (1..=rounds).map(round).collect()
}

/// Positions of the patients in the order in which they are trained on, if these are all that the
/// participants have in common.
pub fn order(session: &SessionId, names: &[Vec<u8>]) -> Vec<u32> {
    let points = align::unblinded(session, names);
    align::positions(session, names, &points).unwrap_or_default()
}

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
