//! Which chunks are not what they should be.

use primitive_types::H256;
use rusty_erasure::gf::{inv, mul};
use std::collections::BTreeSet;

use crate::{
    codeword::factors,
    encode::BATCH,
    source::{pieces, sorted, Stripes},
    Codec, Error, Extent, ReadLeaves, Source, Tombstone, TreeBuilder, LEAF,
};

/// The root of a chunk, all of it read but for what was deleted: a chunk lies if its manifest has
/// another one.
pub fn root_of(chunk: &mut dyn ReadLeaves, gone: &[Tombstone]) -> Result<H256, Error> {
    let leaves = chunk.leaves();
    let mut gone: Vec<&Tombstone> = gone.iter().collect();
    gone.sort_by_key(|gone| gone.extent.first);
    let mut tree = TreeBuilder::new();
    let mut buffer = Vec::with_capacity(BATCH * LEAF);
    let mut next = 0;
    for gone in gone.into_iter().map(Some).chain([None]) {
        let until = gone.map_or(leaves, |gone| gone.extent.first);
        let count = until.saturating_sub(next);
        for piece in pieces(Extent { first: next, count }, BATCH as u32) {
            buffer.resize(piece.count as usize * LEAF, 0);
            chunk.read_leaves(piece.first, &mut buffer)?;
            tree.push(&buffer);
        }
        if let Some(gone) = gone {
            tree.push_gone(gone, leaves)?;
            next = gone.extent.end();
        }
    }
    Ok(tree.finish().root())
}

/// The chunks that lie within `extents`, found without roots from `sources`, more than k of them. n
/// chunks convict up to (n - k) / 2 liars, rounded down; if more lie, the answer is an error or names
/// the wrong ones, whatever the method: roots tell.
pub fn liars(
    codec: &dyn Codec,
    leaves: u32,
    extents: &[Extent],
    sources: &mut [Source],
) -> Result<Vec<u8>, Error> {
    let shape = codec.shape();
    let need = usize::from(shape.data());
    if sources.len() <= need {
        return Err(Error::TooFew {
            have: sources.len(),
            need: need + 1,
        });
    }
    let all: Vec<u8> = sorted(codec, leaves, sources)?.into_keys().collect();
    let most = (all.len() - need) / 2;
    let mut named = BTreeSet::new();
    for extent in extents {
        let end = extent
            .first
            .checked_add(extent.count)
            .filter(|end| *end <= leaves);
        let end = end.ok_or(Error::NoSuchLeaf {
            extent: *extent,
            leaves,
        })?;
        let mut next = extent.first;
        while next < end {
            let rest = Extent {
                first: next,
                count: end - next,
            };
            let Some((leaf, column)) = contradiction(codec, leaves, rest, &named, sources)? else {
                break;
            };
            let undecided = Error::Undecided { leaf, found: most };
            let errors = most.checked_sub(named.len()).filter(|errors| *errors > 0);
            let Some(found) = errors.and_then(|errors| wrong(&column, need, errors)) else {
                return Err(undecided);
            };
            named.extend(found);
            if named.len() > most {
                return Err(undecided);
            }
            next = leaf;
        }
    }
    Ok(named.into_iter().collect())
}

/// The first leaf of `extent` at which the chunks, more than k, are no code word. If they match their
/// roots, k + 1 proofs of it are a [`WrongCodeword`](crate::WrongCodeword).
pub fn first_contradiction(
    codec: &dyn Codec,
    leaves: u32,
    extent: Extent,
    sources: &mut [Source],
) -> Result<Option<u32>, Error> {
    let need = usize::from(codec.shape().data()) + 1;
    if sources.len() < need {
        return Err(Error::TooFew {
            have: sources.len(),
            need,
        });
    }
    if u64::from(extent.first) + u64::from(extent.count) > u64::from(leaves) {
        return Err(Error::NoSuchLeaf { extent, leaves });
    }
    let found = contradiction(codec, leaves, extent, &BTreeSet::new(), sources)?;
    Ok(found.map(|(leaf, _)| leaf))
}

/// One byte of every chunk.
type Column = Vec<(u8, u8)>;

/// The first leaf at which the chunks that are not named are no code word, with the bytes of one
/// position of it.
fn contradiction(
    codec: &dyn Codec,
    leaves: u32,
    extent: Extent,
    named: &BTreeSet<u8>,
    sources: &mut [Source],
) -> Result<Option<(u32, Column)>, Error> {
    let mut sources = sorted(codec, leaves, sources)?;
    sources.retain(|chunk, _| !named.contains(chunk));
    let chunks: Vec<u8> = sources.keys().copied().collect();
    let beyond = chunks.get(usize::from(codec.shape().data())).copied();
    let Some(beyond) = beyond else {
        return Ok(None);
    };
    // What is compared with what the first k give.
    let mut others = sources.split_off(&beyond);
    let mut stripes = Stripes::new(codec, sources, others.keys().copied())?;
    let mut buffer = Vec::with_capacity(BATCH * LEAF);
    for piece in pieces(extent, BATCH as u32) {
        stripes.read(piece)?;
        let mut first = None;
        let mut shown = Vec::with_capacity(others.len());
        for (chunk, source) in &mut others {
            buffer.resize(piece.count as usize * LEAF, 0);
            let read = source.leaves.read_leaves(piece.first, &mut buffer);
            read.map_err(Error::source(*chunk))?;
            let at = stripes
                .chunk(*chunk)
                .iter()
                .zip(&buffer)
                .position(|(a, b)| a != b);
            first = first.into_iter().chain(at).min();
            shown.push((*chunk, buffer.clone()));
        }
        let Some(at) = first else { continue };
        let column = chunks.iter().filter_map(|chunk| {
            let others = shown.iter().find(|(other, _)| other == chunk);
            let bytes = others.map_or_else(|| stripes.chunk(*chunk), |(_, bytes)| bytes);
            bytes.get(at).map(|byte| (*chunk, *byte))
        });
        return Ok(Some((piece.first + (at / LEAF) as u32, column.collect())));
    }
    Ok(None)
}

/// The chunks of `column` that are not on the polynomial of degree below k that all but `errors` of
/// them share, if there is one (Berlekamp and Welch).
fn wrong(column: &Column, need: usize, errors: usize) -> Option<Vec<u8>> {
    // Q(x) = y E(x) with E monic of degree `errors`, Q of degree below k + `errors`: one row a chunk.
    let width = need + 2 * errors;
    let mut rows: Vec<Vec<u8>> = column
        .iter()
        .map(|(x, y)| {
            let powers: Vec<u8> = powers(*x).take(need + errors).collect();
            let locator = powers.iter().take(errors).map(|power| mul(*y, *power));
            let right = mul(*y, powers.get(errors).copied().unwrap_or(0));
            powers
                .iter()
                .copied()
                .chain(locator)
                .chain([right])
                .collect()
        })
        .collect();
    let solution = solve(&mut rows, width)?;
    let locator: Vec<u8> = solution
        .get(need + errors..)?
        .iter()
        .copied()
        .chain([1])
        .collect();
    let value = |x: u8| {
        locator
            .iter()
            .zip(powers(x))
            .fold(0, |sum, (factor, power)| sum ^ mul(*factor, power))
    };
    // E is 0 at every wrong chunk, so that k of the others give the polynomial.
    let sound: Column = column
        .iter()
        .copied()
        .filter(|(x, _)| value(*x) != 0)
        .take(need)
        .collect();
    if sound.len() < need {
        return None;
    }
    let wrong: Vec<u8> = column
        .iter()
        .filter(|(x, y)| interpolate(&sound, *x) != *y)
        .map(|(x, _)| *x)
        .collect();
    (!wrong.is_empty() && wrong.len() <= errors).then_some(wrong)
}

fn powers(x: u8) -> impl Iterator<Item = u8> {
    std::iter::successors(Some(1), move |power| Some(mul(*power, x)))
}

/// The value at `x` of the polynomial through `points`.
fn interpolate(points: &Column, x: u8) -> u8 {
    let at: Vec<u8> = points.iter().map(|(x, _)| *x).collect();
    let terms = factors(&at, x).into_iter().zip(points);
    terms.fold(0, |sum, (factor, (_, y))| sum ^ mul(factor, *y))
}

/// A solution of `rows`, each `width` factors and a right side; free unknowns are 0.
fn solve(rows: &mut [Vec<u8>], width: usize) -> Option<Vec<u8>> {
    let mut pivots = Vec::new();
    for column in 0..width {
        let done = pivots.len();
        let candidates = rows.get(done..).unwrap_or(&[]);
        let Some(found) = candidates
            .iter()
            .position(|row| row.get(column) != Some(&0))
        else {
            continue;
        };
        rows.swap(done, done + found);
        let (upper, lower) = rows.split_at_mut(done);
        let Some((pivot, lower)) = lower.split_first_mut() else {
            break;
        };
        let scale = inv(*pivot.get(column)?);
        pivot
            .iter_mut()
            .for_each(|value| *value = mul(*value, scale));
        for row in upper.iter_mut().chain(lower) {
            let factor = *row.get(column)?;
            row.iter_mut()
                .zip(pivot.iter())
                .for_each(|(value, by)| *value ^= mul(factor, *by));
        }
        pivots.push(column);
    }
    // A row of zeros with another right side: more errors than asked for.
    if rows
        .get(pivots.len()..)?
        .iter()
        .any(|row| row.get(width) != Some(&0))
    {
        return None;
    }
    let mut solution = vec![0; width];
    for (column, row) in pivots.iter().zip(rows.iter()) {
        *solution.get_mut(*column)? = *row.get(width)?;
    }
    Some(solution)
}
