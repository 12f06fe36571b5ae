mod absence;
mod agreement;
mod book;
mod hostile;
mod net;
mod post;
mod privacy;
mod products;
mod versions;

use std::collections::BTreeMap;

use ndarray::{s, Array2};
use salus_analytics::{
    scale::Scaling,
    svm::{Loss, SvmParameters},
};

pub(super) use super::*;
pub(super) use crate::{
    Backend, Error, Fault, Outcome, Outgoing, Party, PartyId, Random, Reason, Refused, Seed, Step,
    To,
};
use net::Net;

pub(super) const BACKENDS: [Backend; 3] =
    [Backend::SecureSvm, Backend::PackedNewton, Backend::Masked];

pub(super) fn seed(number: u64) -> Seed {
    Seed::new([7; 32]).derive("test", &[&number.to_le_bytes()])
}

/// Rows and classes that a line separates but for some. A few values are missing.
pub(super) fn cloud(rows: usize, columns: usize, number: u64) -> Rows {
    use rand_core::Rng;
    let mut random = seed(number).random();
    let mut draw = move || f64::from(random.next_u32() >> 8) / f64::from(1u32 << 24) - 0.5;
    let positive: Vec<bool> = (0..rows).map(|_| draw() > 0.1).collect();
    let values = Array2::from_shape_fn((rows, columns), |(row, _)| {
        let value = 30.0 * draw() + if positive[row] { 6.0 } else { -6.0 };
        if draw() > 0.48 {
            f64::NAN
        } else {
            value
        }
    });
    Rows { values, positive }
}

pub(super) fn svm(loss: Loss) -> SvmParameters {
    SvmParameters {
        loss,
        iterations: match loss {
            Loss::Hinge => 12,
            Loss::SquaredHinge => 30,
        },
        eta: 0.002,
        fraction: 12,
        scaling: Scaling::ZScore,
        ..SvmParameters::default()
    }
}

pub(super) fn terms(backend: Backend, loss: Loss, columns: usize, providers: u16) -> Terms {
    let providers = (1..=providers).map(PartyId).collect();
    let mut terms = Terms::new([9; 32], backend, svm(loss), columns, providers);
    // A key takes a second or some to make.
    terms.key_bits = 2048;
    terms.max_rows = 4096;
    terms
}

/// Parts of the rows, one for each provider, of different sizes.
pub(super) fn parts(terms: &Terms, rows: &Rows) -> BTreeMap<PartyId, Rows> {
    let (n, count) = (terms.providers.len(), rows.positive.len());
    let cut = |k: usize| (k * k + 2 * k * n) * count / (3 * n * n);
    let part = |(k, id): (usize, &PartyId)| {
        let (from, to) = (cut(k), cut(k + 1));
        let part = Rows {
            values: rows.values.slice(s![from..to, ..]).to_owned(),
            positive: rows.positive[from..to].to_vec(),
        };
        (*id, part)
    };
    terms.providers.iter().enumerate().map(part).collect()
}

pub(super) fn party(terms: &Terms, id: PartyId, parts: &BTreeMap<PartyId, Rows>) -> Box<dyn Party> {
    let seed = seed(1000 + u64::from(id.0));
    match parts.get(&id) {
        Some(rows) => Box::new(Provider::new(terms.clone(), id, rows.clone(), seed).unwrap()),
        None => Box::new(Analyst::new(terms.clone(), seed).unwrap()),
    }
}

pub(super) fn net(terms: &Terms, rows: &Rows, order: u64) -> Net {
    let parts = parts(terms, rows);
    let ids = [PartyId(0)]
        .into_iter()
        .chain(terms.providers.iter().copied());
    let parties = ids.map(|id| (id, party(terms, id, &parts)));
    Net::new(parties.collect(), order)
}

/// The shortest keys that this build has.
pub(super) fn legacy_or_least() -> u32 {
    if cfg!(feature = "bench-legacy") {
        1024
    } else {
        2048
    }
}
