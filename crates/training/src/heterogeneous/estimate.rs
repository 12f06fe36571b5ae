//! How long a training will take here, and what it will send.

use std::time::{Duration, Instant};

use salus_paillier::{threshold::KeyShare, Exponent};

use super::{Judge, Parameters};
use crate::{Error, Estimate, Seed};

/// Rows that are judged for an estimate, at most.
const SAMPLE: usize = 64;
/// Bytes around a list of ciphertexts, and around a share with its digest and link.
const LIST: usize = 8 + 2 + 32 + 4 + 4;
const SHARE: usize = LIST + 2 + 2 + 32 + 33;

/// Does each step of a round once, on numbers that mean nothing, and multiplies. There is no
/// analyst, and all participants compute the same; the time has the masks of all, which come one
/// after the other. `rows` are the common rows, as far as one knows. Times and bytes are those of the
/// rounds, without alignment.
pub fn estimate(
    parameters: &Parameters,
    secret: &KeyShare,
    exponent: Exponent,
    rows: usize,
    seed: &Seed,
) -> Result<Estimate, Error> {
    let key = secret.key();
    let bits = key.key().bits();
    parameters.validate(bits)?;
    let layout = parameters.layout(bits)?;
    let judge = Judge::new(key.clone(), exponent, layout);
    let others = u64::from(parameters.participants) - 1;
    let batch = match parameters.svm.batch {
        0 => rows,
        batch => rows.min(batch as usize),
    };
    let sample = batch.clamp(1, SAMPLE);
    let rounds = u64::from(parameters.svm.iterations);

    let seed = seed.derive("estimate", &[]);
    let start = Instant::now();
    let part = judge.contribute(&vec![0; sample], &seed)?;
    let contributed = start.elapsed();
    let start = Instant::now();
    let masked = judge.mask(&part, &seed)?;
    let bytes = judge.write(&masked)?;
    let own = contributed + start.elapsed() * (others as u32 + 1);
    let start = Instant::now();
    judge.read(&bytes)?;
    // A contribution and a mask of each of the others.
    let read = start.elapsed() * 2 * others as u32;
    let start = Instant::now();
    let packed = judge.pack(&masked)?;
    let share = judge.share(secret, &packed)?;
    let opened = start.elapsed();
    let scale = |time: Duration, to: usize, of: usize| time.mul_f64(to as f64 / of as f64);
    let packs = judge.packs(batch);
    let round = scale(own + read, batch, sample) + scale(opened, packs, packed.len());
    let mut provider = round.mul_f64(rounds as f64);

    if parameters.prove_every > 0 {
        let start = Instant::now();
        let share = secret.prove(share, &packed, &[], &mut seed.random())?;
        provider += start.elapsed().mul_f64(proofs(parameters, packs) as f64);
        let start = Instant::now();
        share.verify(key, &packed, &[])?;
        provider += start
            .elapsed()
            .mul_f64((others * proofs(parameters, packs)) as f64);
    }
    let number = bits as usize / 4;
    // Of all participants: parts, masks of all but the last, which packs, and shares.
    let lists = 2 * (others as usize + 1) - 1;
    let of_round = lists * (LIST + batch * number)
        + (LIST + packs * number)
        + (others as usize + 1) * (SHARE + packs * number);
    let proofs = proofs(parameters, packs);
    let of_proofs = proofs * (LIST + number + 64) as u64;
    // Parts, masks in turn, shares; before the rounds each list and the common one go around.
    let exchanges = rounds * (others + 3) + proofs + 2 * (others + 2);
    Ok(Estimate {
        analyst: Duration::ZERO,
        provider,
        bytes: others * (rounds * of_round as u64 + (others + 1) * of_proofs),
        rounds: parameters.svm.iterations,
        exchanges: u32::try_from(exchanges).unwrap_or(u32::MAX),
    })
}

/// Proofs of one participant in the whole training.
fn proofs(parameters: &Parameters, packs: usize) -> u64 {
    let rounds = u64::from(parameters.svm.iterations);
    let every = u64::from(parameters.prove_every).div_ceil(packs.max(1) as u64);
    match every {
        0 => 0,
        every => rounds.div_ceil(every),
    }
}
