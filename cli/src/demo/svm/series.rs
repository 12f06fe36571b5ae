//! Time against the number of providers and of participants, as in the book's figures: all parties in
//! this process, one after the other, their messages in memory.

use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
    time::{Duration, Instant},
};

use anyhow::bail;
use salus_analytics::{
    plot::{lines_png, Line},
    scale::Scaling,
    svm::{Loss, SvmParameters},
};
use salus_training::{
    agreed::EXPONENT,
    data_set::DataSet,
    heterogeneous::{sample_keys, Parameters, Participant},
    homogeneous::{Analyst, Provider, Terms},
    Backend, Error, Party, PartyId, Refused, Seed, To,
};

use super::cohorts::Cohort;
use crate::files::write_through;

/// Rounds of a measurement.
pub const ROUNDS: u32 = 10;
/// Rows of a round where columns are dealt out.
pub const BATCH: u32 = 100;
/// Bits of the keys.
pub const KEY_BITS: u32 = 2048;

/// Computation of all parties.
fn run(mut parties: BTreeMap<PartyId, Box<dyn Party>>) -> anyhow::Result<Duration> {
    let ids: Vec<PartyId> = parties.keys().copied().collect();
    let (mut queue, mut taken) = (VecDeque::new(), Duration::ZERO);
    let mut over = 0;
    let mut begin = ids.iter().copied();
    loop {
        let start = Instant::now();
        let (from, step) = if let Some(id) = begin.next() {
            match parties.get_mut(&id) {
                Some(party) => (id, party.start()?),
                None => continue,
            }
        } else if let Some((from, to, round, body)) = queue.pop_front() {
            let body: Vec<u8> = body;
            match parties
                .get_mut(&to)
                .map(|party| party.receive(from, round, &body))
            {
                Some(Ok(step)) => (to, step),
                // A share more than was needed may come after the end.
                Some(Err(Refused::Error(Error::Ended))) | None => continue,
                Some(Err(error)) => return Err(error.into()),
            }
        } else {
            break;
        };
        taken += start.elapsed();
        over += usize::from(step.outcome.is_some());
        for message in step.send {
            for to in ids.iter().copied().filter(|id| *id != from) {
                if message.to == To::All || message.to == To::One(to) {
                    queue.push_back((from, to, message.round, message.body.clone()));
                }
            }
        }
    }
    match over == ids.len() {
        true => Ok(taken),
        false => bail!("{over} of {} parties came to an end", ids.len()),
    }
}

fn seed(number: u16) -> Seed {
    Seed::new([number as u8 + 1; 32])
}

/// Seconds of [`ROUNDS`] rounds with this back-end, the rows dealt out to so many providers.
fn providers(cohort: &Cohort, backend: Backend, count: u16) -> anyhow::Result<f64> {
    let hinge = backend == Backend::SecureSvm;
    let svm = SvmParameters {
        iterations: ROUNDS,
        fraction: if hinge { 12 } else { 16 },
        loss: if hinge {
            Loss::Hinge
        } else {
            Loss::SquaredHinge
        },
        scaling: Scaling::ZScore,
        ..SvmParameters::default()
    };
    let ids: Vec<PartyId> = (1..=count).map(PartyId).collect();
    let mut terms = Terms::new([0; 32], backend, svm, cohort.attributes(), ids.clone());
    // So that no round ends the series early.
    terms.min_changed = 1;
    terms.max_rows = 1 << 13;
    let mut parties: BTreeMap<PartyId, Box<dyn Party>> = BTreeMap::new();
    let analyst = Analyst::new(terms.clone(), seed(0))?;
    parties.insert(PartyId(0), Box::new(analyst));
    for (id, share) in ids.into_iter().zip(cohort.by_rows(count.into())) {
        let set = DataSet::read(share.text.as_bytes(), &share.description)?;
        let rows = set.rows(cohort.facts.positive)?;
        let provider = Provider::new(terms.clone(), id, rows, seed(id.0))?;
        parties.insert(id, Box::new(provider));
    }
    Ok(run(parties)?.as_secs_f64())
}

/// Seconds of [`ROUNDS`] rounds of [`BATCH`] rows, the columns dealt out to so many participants.
fn participants(cohort: &Cohort, count: u16) -> anyhow::Result<f64> {
    let svm = SvmParameters {
        batch: BATCH,
        c: 10.0,
        eta: 0.002,
        iterations: ROUNDS,
        scaling: Scaling::ZScore,
        ..SvmParameters::default()
    };
    let parameters = Parameters::new([0; 32], count, svm);
    let mut parties: BTreeMap<PartyId, Box<dyn Party>> = BTreeMap::new();
    let shares = cohort.by_columns(count.into(), None);
    for (number, (secret, share)) in
        (0..).zip(sample_keys(KEY_BITS, count)?.into_iter().zip(shares))
    {
        let set = DataSet::read(share.text.as_bytes(), &share.description)?;
        let block = set.block(cohort.facts.positive)?;
        let party = Participant::new(parameters.clone(), secret, block, EXPONENT, seed(number))?;
        parties.insert(PartyId(number), Box::new(party));
    }
    Ok(run(parties)?.as_secs_f64())
}

/// A picture of the time against 1 to 5 providers: figures 4.6 and 4.7 of the book.
pub fn draw_providers(cohort: &Cohort, path: &Path) -> anyhow::Result<Vec<Line>> {
    let backends = [Backend::SecureSvm, Backend::PackedNewton, Backend::Masked];
    let mut lines = Vec::new();
    for backend in backends {
        let mut points = Vec::new();
        for count in 1..=5 {
            points.push((count.into(), providers(cohort, backend, count)?));
        }
        lines.push(Line {
            name: backend.to_string(),
            points,
        });
    }
    let title = format!(
        "{}: computation of {ROUNDS} rounds, {KEY_BITS} bits",
        cohort.facts.name
    );
    write_through(path, |path| {
        Ok(lines_png(path, &title, ("providers", "seconds"), &lines)?)
    })?;
    Ok(lines)
}

/// A picture of the time against 3 to 5 participants: figure 5.5 of the book.
pub fn draw_participants(cohorts: &[&Cohort], path: &Path) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::new();
    for cohort in cohorts {
        let mut points = Vec::new();
        for count in 3..=5 {
            points.push((count.into(), participants(cohort, count)?));
        }
        lines.push(Line {
            name: cohort.facts.name.to_owned(),
            points,
        });
    }
    let title = format!(
        "Columns dealt out: computation of {ROUNDS} rounds of {BATCH} rows, {KEY_BITS} bits"
    );
    write_through(path, |path| {
        Ok(lines_png(
            path,
            &title,
            ("participants", "seconds"),
            &lines,
        )?)
    })?;
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::svm::cohorts::{Cohort, BCWD};

    #[test]
    fn every_back_end_comes_to_an_end_in_memory() {
        let cohort = Cohort::read(BCWD, None).unwrap();
        for count in [1, 2] {
            assert!(providers(&cohort, Backend::Masked, count).unwrap() > 0.0);
        }
        let newton = providers(&cohort, Backend::PackedNewton, 3).unwrap();
        assert!(newton > 0.0);
    }
}
