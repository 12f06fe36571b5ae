//! What the back-ends do differently.

use codec::Encode;
use salus_analytics::svm::{Data, Model};

use super::{masks::Mask, ring, Terms};
use crate::{Error, Leak, Reason, Refused, Seed};

/// A back-end: how the model reaches a provider, how it learns which of its rows are active, and
/// how its sums travel. All else is the same for all.
pub(super) trait Method: Send + Sync {
    /// What it tells to whom.
    fn leaks(&self) -> &'static [Leak];

    /// Whether providers have the model anyway.
    fn shows_model(&self) -> bool;

    /// Whether sums need the public key, so that the analyst must have made one.
    fn needs_key(&self) -> bool;

    /// The analyst's half.
    fn analyst(&self, terms: &Terms, seed: &Seed) -> Result<Box<dyn Analyse>, Error>;

    /// A provider's half, once it has what [`Analyse::setup`] says.
    fn provider(&self, terms: &Terms, setup: &[u8]) -> Result<Box<dyn Provide>, Reason>;
}

/// The analyst's half of a back-end.
pub(super) trait Analyse: Send {
    /// What providers must know: a public key, or nothing.
    fn setup(&self) -> Vec<u8>;

    /// The model of a round.
    fn query(&self, terms: &Terms, model: &Model, seed: &Seed) -> Result<Vec<u8>, Error>;

    /// The answer to a provider's comparison.
    fn compare(&self, terms: &Terms, comparison: &[u8]) -> Result<Vec<bool>, Reason>;

    /// Checks a provider's blinded numbers as far as one can.
    fn check(&self, terms: &Terms, blinded: &[u8], length: usize) -> Result<(), Reason>;

    /// The sum of the blinded numbers, less these masks.
    fn total(
        &self,
        terms: &Terms,
        blinded: &[&[u8]],
        masks: &[Mask],
        length: usize,
    ) -> Result<Vec<i128>, Error>;
}

/// What a provider does with the model of a round.
pub(super) enum Asked {
    /// It knows which of its rows are active.
    Active(Vec<bool>),
    /// It must ask the analyst.
    Compare(Vec<u8>),
}

/// A provider's half of a back-end.
pub(super) trait Provide: Send {
    /// Takes the model. `seed` is fresh for this message.
    fn query(
        &self,
        terms: &Terms,
        data: &Data,
        query: &[u8],
        seed: &Seed,
    ) -> Result<Asked, Refused>;

    /// Takes the answer to its comparison, made with the same seed.
    fn answer(
        &self,
        terms: &Terms,
        data: &Data,
        signs: &[bool],
        seed: &Seed,
    ) -> Result<Vec<bool>, Reason>;

    /// Its numbers under masks.
    fn blind(
        &self,
        terms: &Terms,
        numbers: &[i128],
        masks: &[Mask],
        seed: &Seed,
    ) -> Result<Vec<u8>, Error>;
}

/// The model in the open, which is what two back-ends send.
pub(super) fn open_query(model: &Model) -> Vec<u8> {
    model.to_bytes()
}

/// Which rows are active under a model that came in the open.
pub(super) fn open_answer(terms: &Terms, data: &Data, query: &[u8]) -> Result<Vec<bool>, Reason> {
    let model = Model::from_bytes(query).map_err(|_| Reason::Malformed("model"))?;
    if model.weights.len() != terms.columns || model.fraction != terms.svm.fraction {
        return Err(Reason::Count {
            what: "weights",
            got: model.weights.len(),
            expected: terms.columns,
        });
    }
    let rows = data.rows();
    Ok(rows
        .map(|(row, positive)| model.is_active(row, positive))
        .collect())
}

/// Numbers of a ring as [`Analyse::check`] sees them.
pub(super) fn check_ring(blinded: &[u8], length: usize) -> Result<(), Reason> {
    match blinded.len() == 16 * length {
        true => Ok(()),
        false => Err(Reason::Count {
            what: "bytes of sums",
            got: blinded.len(),
            expected: 16 * length,
        }),
    }
}

/// Back-end `masked`: the model in the open, sums in the ring.
pub(super) struct Masked;

impl Method for Masked {
    fn leaks(&self) -> &'static [Leak] {
        super::OPEN
    }
    fn shows_model(&self) -> bool {
        true
    }
    fn needs_key(&self) -> bool {
        false
    }
    fn analyst(&self, _: &Terms, _: &Seed) -> Result<Box<dyn Analyse>, Error> {
        Ok(Box::new(Masked))
    }
    fn provider(&self, _: &Terms, setup: &[u8]) -> Result<Box<dyn Provide>, Reason> {
        match setup.is_empty() {
            true => Ok(Box::new(Masked)),
            false => Err(Reason::Malformed("setup")),
        }
    }
}

impl Analyse for Masked {
    fn setup(&self) -> Vec<u8> {
        Vec::new()
    }
    fn query(&self, _: &Terms, model: &Model, _: &Seed) -> Result<Vec<u8>, Error> {
        Ok(open_query(model))
    }
    fn compare(&self, _: &Terms, _: &[u8]) -> Result<Vec<bool>, Reason> {
        Err(Reason::Unexpected("comparison"))
    }
    fn check(&self, _: &Terms, blinded: &[u8], length: usize) -> Result<(), Reason> {
        check_ring(blinded, length)
    }
    fn total(
        &self,
        _: &Terms,
        blinded: &[&[u8]],
        masks: &[Mask],
        length: usize,
    ) -> Result<Vec<i128>, Error> {
        Ok(ring::total(blinded, masks, length))
    }
}

impl Provide for Masked {
    fn query(&self, terms: &Terms, data: &Data, query: &[u8], _: &Seed) -> Result<Asked, Refused> {
        Ok(Asked::Active(
            open_answer(terms, data, query).map_err(|reason| terms.analyst_fault(reason))?,
        ))
    }
    fn answer(&self, _: &Terms, _: &Data, _: &[bool], _: &Seed) -> Result<Vec<bool>, Reason> {
        Err(Reason::Unexpected("answer"))
    }
    fn blind(
        &self,
        _: &Terms,
        numbers: &[i128],
        masks: &[Mask],
        _: &Seed,
    ) -> Result<Vec<u8>, Error> {
        Ok(ring::blind(numbers, masks))
    }
}

/// A seed for one answer: fresh for the round and for the message that is answered, so that one
/// message never gets two answers and two messages never get the same masks.
pub(super) fn answer_seed(seed: &Seed, round: u32, epoch: u32, digest: &[u8; 32]) -> Seed {
    seed.derive("answer", &[&(round, epoch).encode(), digest])
}
