//! Which rows a round looks at: drawn from what all participants committed to at the start.

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

/// The rows of a round, `count` draws out of `rows`: number k is the high word of rows x h_k, h_k
/// the first 64 bits of BLAKE2b-256 of a label, the session, the round, k and every participant's
/// link. A row may come twice.
pub fn draw(
    session: &SessionId,
    round: u32,
    links: &[[u8; 32]],
    rows: usize,
    count: u32,
) -> Vec<usize> {
    let draw = |number: u32| {
        let mut hash = Blake2b::<U32>::new();
        hash.update(b"salus/training/draw/1");
        hash.update(session);
        hash.update(round.to_le_bytes());
        hash.update(number.to_le_bytes());
        for link in links {
            hash.update(link);
        }
        let digest: [u8; 32] = hash.finalize().into();
        let drawn = digest
            .iter()
            .take(8)
            .rev()
            .fold(0u64, |n, byte| n << 8 | u64::from(*byte));
        ((u128::from(drawn) * rows as u128) >> 64) as usize
    };
    match count {
        0 => (0..rows).collect(),
        _ => (0..count).map(draw).collect(),
    }
}
