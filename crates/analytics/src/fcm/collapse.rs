//! Equal rows become one row with a weight.

use std::{collections::hash_map::RandomState, hash::BuildHasher, num::NonZeroUsize};

use super::{Error, MAX_MAGNITUDE};
use crate::workers;

/// Rows hashed by one task.
const SPAN: usize = 1 << 14;
/// Rows from which on the search for equals is split by hash.
const SPLIT: usize = 1 << 15;
/// Parts it is split into.
const PARTS: usize = 256;

/// Distinct rows in the order of their first occurrence, and the bounding box.
pub(crate) struct Distinct {
    /// Row of the first occurrence, ascending.
    pub first: Vec<u32>,
    /// How often each occurs.
    pub counts: Vec<u32>,
    /// Distinct row of every row.
    pub of: Vec<u32>,
    /// Least value of each column.
    pub low: Vec<f64>,
    /// Greatest value of each column.
    pub high: Vec<f64>,
}

impl Distinct {
    /// Whether all rows are different.
    pub fn is_identity(&self) -> bool {
        self.first.len() == self.of.len()
    }
}

/// Checks and collapses rows. `values` holds at least one row, row by row.
///
/// Hashes are keyed at random, so that nobody can prepare rows that collide; the outcome depends
/// on equality only.
pub(crate) fn collapse(
    values: &[f64],
    columns: usize,
    threads: NonZeroUsize,
) -> Result<Distinct, Error> {
    let rows = values.len() / columns;
    if u32::try_from(rows).is_err() {
        return Err(Error::TooManyRows);
    }
    let key = Key::random();
    let spans = values.chunks(SPAN * columns).enumerate().collect();
    let scanned = workers::map(
        threads,
        spans,
        || (),
        |_, (index, span)| scan(span, columns, index * SPAN, &key),
    );
    let mut hashes = Vec::with_capacity(rows);
    let mut low = vec![f64::INFINITY; columns];
    let mut high = vec![f64::NEG_INFINITY; columns];
    for span in scanned {
        let span = span?;
        hashes.extend_from_slice(&span.hashes);
        merge(&mut low, &span.low, f64::min);
        merge(&mut high, &span.high, f64::max);
    }

    let parts = if rows < SPLIT { 1 } else { PARTS };
    let part_of = |hash: u64| match parts {
        1 => 0,
        _ => (hash >> 56) as usize,
    };
    // Rows sorted by part, ascending within a part.
    let mut starts = vec![0_usize; parts + 1];
    for &hash in &hashes {
        starts[part_of(hash) + 1] += 1;
    }
    for part in 0..parts {
        starts[part + 1] += starts[part];
    }
    let mut next = starts.clone();
    let mut order = vec![0_u32; rows];
    for (row, &hash) in hashes.iter().enumerate() {
        let slot = &mut next[part_of(hash)];
        order[*slot] = row as u32;
        *slot += 1;
    }
    let members = starts
        .windows(2)
        .map(|bounds| &order[bounds[0]..bounds[1]])
        .collect();
    let leaders = workers::map(
        threads,
        members,
        || (),
        |_, members: &[u32]| leaders(members, &hashes, values, columns),
    );
    let mut leader = vec![0_u32; rows];
    for (&row, found) in order.iter().zip(leaders.into_iter().flatten()) {
        leader[row as usize] = found;
    }

    let mut first = Vec::with_capacity(rows);
    let mut counts: Vec<u32> = Vec::with_capacity(rows);
    let mut of = leader;
    for row in 0..rows {
        let found = of[row] as usize;
        if found == row {
            of[row] = first.len() as u32;
            first.push(row as u32);
            counts.push(1);
        } else {
            // The leader comes first: its entry is a distinct row already.
            of[row] = of[found];
            counts[of[row] as usize] += 1;
        }
    }
    Ok(Distinct {
        first,
        counts,
        of,
        low,
        high,
    })
}

fn merge(target: &mut [f64], other: &[f64], pick: impl Fn(f64, f64) -> f64) {
    for (target, &other) in target.iter_mut().zip(other) {
        // -0.0 becomes 0.0.
        *target = pick(*target, other) + 0.0;
    }
}

/// For each row of `members` (ascending) the first of them that equals it.
fn leaders(members: &[u32], hashes: &[u64], values: &[f64], columns: usize) -> Vec<u32> {
    let row = |index: u32| &values[index as usize * columns..(index as usize + 1) * columns];
    let slots = (members.len() * 2).next_power_of_two();
    let mut table = vec![u32::MAX; slots];
    members
        .iter()
        .map(|&member| {
            let hash = hashes[member as usize];
            let mut slot = hash as usize & (slots - 1);
            loop {
                let found = table[slot];
                if found == u32::MAX {
                    table[slot] = member;
                    return member;
                }
                // Comparing numbers, not bits: -0.0 equals 0.0.
                if hashes[found as usize] == hash && row(found) == row(member) {
                    return found;
                }
                slot = (slot + 1) & (slots - 1);
            }
        })
        .collect()
}

struct Scanned {
    hashes: Vec<u64>,
    low: Vec<f64>,
    high: Vec<f64>,
}

fn scan(span: &[f64], columns: usize, first: usize, key: &Key) -> Result<Scanned, Error> {
    let mut low = vec![f64::INFINITY; columns];
    let mut high = vec![f64::NEG_INFINITY; columns];
    let mut hashes = Vec::with_capacity(span.len() / columns);
    for (index, row) in span.chunks_exact(columns).enumerate() {
        let mut fits = true;
        for ((&value, low), high) in row.iter().zip(&mut low).zip(&mut high) {
            // False for NaN too.
            fits &= value.abs() <= MAX_MAGNITUDE;
            *low = if value < *low { value } else { *low };
            *high = if value > *high { value } else { *high };
        }
        if !fits {
            return Err(refuse(row, first + index));
        }
        hashes.push(key.hash(row));
    }
    Ok(Scanned { hashes, low, high })
}

fn refuse(values: &[f64], row: usize) -> Error {
    for (column, value) in values.iter().enumerate() {
        if !value.is_finite() {
            return Error::NotFinite { row, column };
        }
        if value.abs() > MAX_MAGNITUDE {
            return Error::TooLarge { row, column };
        }
    }
    unreachable!("a value that does not fit is not finite or too large")
}

/// Key of a multiply-and-fold hash.
struct Key([u64; 4]);

impl Key {
    fn random() -> Key {
        Key(std::array::from_fn(|index| {
            RandomState::new().hash_one(index)
        }))
    }

    fn hash(&self, row: &[f64]) -> u64 {
        let [mut state, a, b, c] = self.0;
        let mut pairs = row.chunks_exact(2);
        for pair in &mut pairs {
            let left = (pair[0] + 0.0).to_bits() ^ a ^ state;
            let right = (pair[1] + 0.0).to_bits() ^ b;
            state = fold(left, right) ^ state.rotate_left(23);
        }
        if let [last] = pairs.remainder() {
            state = fold((last + 0.0).to_bits() ^ a ^ state, b) ^ state.rotate_left(23);
        }
        fold(state ^ c, a | 1)
    }
}

fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    product as u64 ^ (product >> 64) as u64
}
