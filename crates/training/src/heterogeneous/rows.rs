//! Which rows a round looks at: drawn from what all participants committed to at the start.

use std::collections::BTreeMap;

use blake2::{digest::consts::U32, Blake2b, Digest};

use crate::{Seed, SessionId};

/// A chain of digests: number t hashes to number t - 1. Number 0 is the commitment, number t is
/// revealed for round t.
pub fn chain(seed: &Seed, session: &SessionId, party: u16, rounds: u32) -> Vec<[u8; 32]> {
    let mut link = *seed.derive("rows", &[]).expose();
    let mut chain = vec![link];
    for round in (1..=rounds).rev() {
        link = before(session, party, round, &link);
        chain.push(link);
    }
    chain.reverse();
    chain
}

/// What a link of this round is revealed against.
pub fn before(session: &SessionId, party: u16, round: u32, link: &[u8; 32]) -> [u8; 32] {
    let mut hash = Blake2b::<U32>::new();
    hash.update(b"salus/training/rows/1");
    hash.update(session);
    hash.update(party.to_le_bytes());
    hash.update(round.to_le_bytes());
    hash.update(link);
    hash.finalize().into()
}

/// The rows of a round: `count` different ones out of `rows`, or all for 0. Number k is drawn from
/// those left by the first 64 bits of BLAKE2b-256 of a label, the session, the round, k and every
/// participant's link, times the number of rows left, high word.
pub fn draw(
    session: &SessionId,
    round: u32,
    links: &[[u8; 32]],
    rows: usize,
    count: u32,
) -> Vec<usize> {
    let count = count as usize;
    if count == 0 || count >= rows {
        return (0..rows).collect();
    }
    // What was put in the place of a row that was drawn: a shuffle of all rows, cut short.
    let mut moved = BTreeMap::new();
    let mut drawn = Vec::with_capacity(count);
    for number in 0..count {
        let mut hash = Blake2b::<U32>::new();
        hash.update(b"salus/training/draw/1");
        hash.update(session);
        hash.update(round.to_le_bytes());
        hash.update((number as u32).to_le_bytes());
        for link in links {
            hash.update(link);
        }
        let digest: [u8; 32] = hash.finalize().into();
        let high = digest
            .iter()
            .take(8)
            .rev()
            .fold(0u64, |n, byte| n << 8 | u64::from(*byte));
        let left = rows - number;
        let place = number + ((u128::from(high) * left as u128) >> 64) as usize;
        let first = moved.get(&number).copied().unwrap_or(number);
        drawn.push(moved.insert(place, first).unwrap_or(place));
    }
    drawn
}
