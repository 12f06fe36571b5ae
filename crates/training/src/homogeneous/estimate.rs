//! How long a training will take on this machine, from a few rounds measured on it.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use ndarray::Array2;
use rand_core::Rng;
use salus_analytics::scale::Scaling;

use super::{Analyst, Provider, Rows, Terms};
use crate::{Error, Estimate, Party, PartyId, Refused, Seed, Step, To};

/// Messages one after the other of a round: the model, in secure-svm a comparison and its answer,
/// counts, sums, a request and shares.
const EXCHANGES: u32 = 7;
/// Rounds that are measured, after a first one.
const ROUNDS: u32 = 3;
/// Most providers that are measured.
const PROVIDERS: usize = 4;
/// Rows of the smaller of two measurements.
const ROWS: usize = 48;

/// What a training took.
#[derive(Clone, Copy, Default)]
struct Taken {
    analyst: f64,
    provider: f64,
    bytes: f64,
}

impl Taken {
    /// The line through two measurements, at another point. Times do not fall as rows are added.
    fn at(self, other: Taken, part: f64) -> Taken {
        let line = |a: f64, b: f64| a + (b - a).max(0.0) * part;
        Taken {
            analyst: line(self.analyst, other.analyst),
            provider: line(self.provider, other.provider),
            bytes: line(self.bytes, other.bytes),
        }
    }
}

/// Trains a few rounds on random rows, with up to four providers, this session's key length, columns
/// and back-end, at two sizes, and scales that to the rounds, providers and rows of the session. Takes
/// a second or some where a key is made.
pub fn estimate(terms: &Terms, rows_each: u64) -> Result<Estimate, Error> {
    terms.validate()?;
    let ((start, small), (_, large)) = (measure(terms, ROWS)?, measure(terms, 3 * ROWS)?);
    let part = (rows_each as f64 - ROWS as f64) / (2.0 * ROWS as f64);
    let round = small.at(large, part);
    let rounds = f64::from(terms.svm.iterations);
    // Fewer providers were measured. Each sends some messages to every other.
    let measured = terms.providers.len().min(PROVIDERS) as f64;
    let providers = terms.providers.len() as f64 / measured;
    let seconds =
        |seconds: f64| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
    Ok(Estimate {
        analyst: seconds((start.analyst + rounds * round.analyst) * providers),
        provider: seconds(start.provider + rounds * round.provider),
        bytes: ((start.bytes + rounds * round.bytes) * providers * providers) as u64,
        rounds: terms.svm.iterations,
        exchanges: EXCHANGES.saturating_mul(terms.svm.iterations),
    })
}

/// What a training takes up to its first round, and what each further round takes.
fn measure(terms: &Terms, rows: usize) -> Result<(Taken, Taken), Error> {
    let mut terms = terms.clone();
    terms.providers = (1..)
        .map(PartyId)
        .take(terms.providers.len().min(PROVIDERS))
        .collect();
    terms.max_rows = terms.max_rows.max((PROVIDERS * rows) as u64);
    terms.min_changed = 1;
    terms.range_bits = terms.range_bits.max(2);
    terms.svm.iterations = 1 + ROUNDS;
    terms.svm.stop_cost = 0.0;
    terms.svm.scaling = Scaling::None;
    // Rows change in every round, so that every round has its release.
    terms.svm.eta = 0.005;
    let mut parties: BTreeMap<PartyId, Box<dyn Party>> = BTreeMap::new();
    let mut random = Seed::new([0; 32]).derive("estimate", &[]).random();
    for id in &terms.providers {
        let mut draw = || f64::from(random.next_u32() >> 8) / f64::from(1u32 << 24) - 0.5;
        let positive: Vec<bool> = (0..rows).map(|_| draw() > 0.0).collect();
        let values = Array2::from_shape_fn((rows, terms.columns), |(row, _)| {
            let class = if positive.get(row) == Some(&true) {
                0.4
            } else {
                -0.4
            };
            class + 3.0 * draw()
        });
        let provider = Provider::new(
            terms.clone(),
            *id,
            Rows { values, positive },
            Seed::new([id.0 as u8; 32]),
        )?;
        parties.insert(*id, Box::new(provider));
    }
    parties.insert(
        PartyId(0),
        Box::new(Analyst::new(terms.clone(), Seed::new([0; 32]))?),
    );
    let ids: Vec<PartyId> = parties.keys().copied().collect();
    let (mut queue, mut taken) = (VecDeque::new(), Taken::default());
    let (mut first, mut rounds) = (taken, 0);
    let post = |queue: &mut VecDeque<_>, taken: &mut Taken, from: PartyId, step: Step| {
        for message in step.send {
            let receivers: Vec<PartyId> = match message.to {
                To::One(party) => vec![party],
                To::All => ids.iter().copied().filter(|id| *id != from).collect(),
            };
            for to in receivers {
                taken.bytes += message.body.len() as f64;
                queue.push_back((from, to, message.round, message.body.clone()));
            }
        }
    };
    for (id, party) in &mut parties {
        let step = party.start()?;
        post(&mut queue, &mut taken, *id, step);
    }
    while let Some((from, to, round, body)) = queue.pop_front() {
        let Some(party) = parties.get_mut(&to) else {
            continue;
        };
        let start = Instant::now();
        let step = match party.receive(from, round, &body) {
            Ok(step) => step,
            Err(Refused::Error(Error::Ended)) => continue,
            Err(Refused::Error(error)) => return Err(error),
            Err(Refused::Fault(fault)) => return Err(Error::Parameter(fault.to_string())),
        };
        let seconds = start.elapsed().as_secs_f64();
        match to {
            PartyId(0) => taken.analyst += seconds,
            PartyId(1) => taken.provider += seconds,
            _ => {}
        }
        if to == PartyId(0) {
            let now = party.progress().round;
            if rounds == 0 && now > 0 {
                first = taken;
            }
            rounds = now;
        }
        post(&mut queue, &mut taken, to, step);
    }
    let further = f64::from(rounds.saturating_sub(1).max(1));
    let each = |whole: f64, first: f64| (whole - first) / further;
    let each = Taken {
        analyst: each(taken.analyst, first.analyst),
        provider: each(taken.provider, first.provider),
        bytes: each(taken.bytes, first.bytes),
    };
    Ok((first, each))
}
