//! The steps of a pass over one group of blocks, for any vector.

use super::{
    blocks::Eight,
    exponent::Exponent,
    kernel::{Chunk, GROUP},
    vector::Vector,
    LANES,
};

/// Memberships of a block to rows, with their labels: the largest, the lowest index among equals.
#[inline(always)]
pub(super) fn scatter(shares: &[Eight], rows: &mut [f64], labels: &mut [u16]) {
    for (lane, (row, label)) in rows
        .chunks_exact_mut(shares.len())
        .zip(labels.iter_mut())
        .enumerate()
    {
        let mut best = 0;
        for (cluster, (target, share)) in row.iter_mut().zip(shares).enumerate() {
            *target = share.0[lane];
            if share.0[lane] > shares[best].0[lane] {
                best = cluster;
            }
        }
        *label = best as u16;
    }
}

/// Squared distances of a group's rows to all prototypes, columns in ascending order.
#[inline(always)]
pub(super) fn distances<V: Vector>(chunk: &Chunk<'_>, values: &[Eight], target: &mut [Eight]) {
    let blocks = values.len() / chunk.columns;
    assert!(target.len() >= blocks * chunk.clusters);
    for part in 0..LANES / V::WIDTH {
        let mut block = 0;
        while block + 2 <= blocks {
            distances_of::<V, 2>(chunk, values, target, block, part);
            block += 2;
        }
        if block < blocks {
            distances_of::<V, 1>(chunk, values, target, block, part);
        }
    }
}

#[inline(always)]
fn distances_of<V: Vector, const B: usize>(
    chunk: &Chunk<'_>,
    values: &[Eight],
    target: &mut [Eight],
    block: usize,
    part: usize,
) {
    let mut cluster = 0;
    if part == 0 {
        // The same blocks of the next group: rows are read once a pass, in order.
        for index in block * chunk.columns..(block + B) * chunk.columns {
            V::prefetch(values, index + GROUP * chunk.columns);
        }
    }
    while cluster + 4 <= chunk.clusters {
        distances_tile::<V, B, 4>(chunk, values, target, block, cluster, part);
        cluster += 4;
    }
    while cluster < chunk.clusters {
        distances_tile::<V, B, 1>(chunk, values, target, block, cluster, part);
        cluster += 1;
    }
}

/// B blocks against C prototypes, in registers.
#[inline(always)]
fn distances_tile<V: Vector, const B: usize, const C: usize>(
    chunk: &Chunk<'_>,
    values: &[Eight],
    target: &mut [Eight],
    block: usize,
    cluster: usize,
    part: usize,
) {
    let columns = chunk.columns;
    let values = &values[block * columns..(block + B) * columns];
    let prototypes = &chunk.prototypes[cluster * columns..(cluster + C) * columns];
    let mut sums = [[V::splat(0.0); B]; C];
    for column in 0..columns {
        let mut x = [V::splat(0.0); B];
        for (b, x) in x.iter_mut().enumerate() {
            // SAFETY: `values` has B times `columns` elements.
            *x = unsafe { V::load(values, b * columns + column, part) };
        }
        for (c, sums) in sums.iter_mut().enumerate() {
            // SAFETY: `prototypes` has C times `columns` elements.
            let v = V::splat(unsafe { *prototypes.get_unchecked(c * columns + column) });
            for (sum, x) in sums.iter_mut().zip(x) {
                let difference = x.sub(v);
                *sum = sum.add(difference.mul(difference));
            }
        }
    }
    for (c, sums) in sums.into_iter().enumerate() {
        for (b, sum) in sums.into_iter().enumerate() {
            let index = (block + b) * chunk.clusters + cluster + c;
            // SAFETY: `distances` checked the length.
            unsafe { sum.store(target, index, part) };
        }
    }
}

/// Memberships from squared distances: q_i = (min_j d_j / d_i)^(1/(m-1)), u_i = q_i / sum_j q_j.
///
/// The smallest distance has q = 1 by definition, which is also the rule for rows on prototypes:
/// all prototypes at distance zero share equally, the others get nothing.
#[inline(always)]
pub(super) fn share<V: Vector, E: Exponent>(
    exponent: E,
    distances: &[Eight],
    shares: &mut [Eight],
    part: usize,
) {
    let clusters = distances.len();
    assert!(clusters > 0 && shares.len() == clusters);
    // SAFETY, all of this function: indices are below `clusters`.
    let mut least = unsafe { V::load(distances, 0, part) };
    for i in 1..clusters {
        least = unsafe { V::load(distances, i, part) }.min(least);
    }
    let mut sum = V::splat(0.0);
    for i in 0..clusters {
        let distance = unsafe { V::load(distances, i, part) };
        let quotient = least.div(distance).one_where_equal(distance, least);
        let ratio = exponent.ratio(quotient);
        sum = sum.add(ratio);
        unsafe { ratio.store(shares, i, part) };
    }
    let inverse = V::splat(1.0).div(sum);
    for i in 0..clusters {
        let ratio = unsafe { V::load(shares, i, part) };
        unsafe { ratio.mul(inverse).store(shares, i, part) };
    }
}

/// Turns memberships into weights w u^m; adds them to the denominators, and their part of the
/// objective.
#[inline(always)]
pub(super) fn weigh<V: Vector, E: Exponent>(
    exponent: E,
    distances: &[Eight],
    memberships: &mut [Eight],
    weight: V,
    denominators: &mut [Eight],
    objective: &mut Eight,
    part: usize,
) {
    let clusters = distances.len();
    assert!(memberships.len() == clusters && denominators.len() == clusters);
    let mut row = V::splat(0.0);
    for i in 0..clusters {
        // SAFETY: `i` is below the length of all three.
        unsafe {
            let share = weight.mul(exponent.fuzzy(V::load(memberships, i, part)));
            share.store(memberships, i, part);
            V::load(denominators, i, part)
                .add(share)
                .store(denominators, i, part);
            row = row.add(share.mul(V::load(distances, i, part)));
        }
    }
    let objective = std::slice::from_mut(objective);
    // SAFETY: index 0 of one.
    unsafe {
        V::load(objective, 0, part)
            .add(row)
            .store(objective, 0, part)
    };
}

/// Adds weights times rows to the numerators.
#[inline(always)]
pub(super) fn accumulate<V: Vector>(
    chunk: &Chunk<'_>,
    values: &[Eight],
    weights: &[Eight],
    numerators: &mut [Eight],
) {
    let (clusters, columns) = (chunk.clusters, chunk.columns);
    assert!(values.len() / columns * clusters <= weights.len());
    assert!(numerators.len() == clusters * columns);
    for part in 0..LANES / V::WIDTH {
        let mut cluster = 0;
        while cluster + 2 <= clusters {
            accumulate_of::<V, 2>(chunk, values, weights, numerators, cluster, part);
            cluster += 2;
        }
        if cluster < clusters {
            accumulate_of::<V, 1>(chunk, values, weights, numerators, cluster, part);
        }
    }
}

#[inline(always)]
fn accumulate_of<V: Vector, const C: usize>(
    chunk: &Chunk<'_>,
    values: &[Eight],
    weights: &[Eight],
    numerators: &mut [Eight],
    cluster: usize,
    part: usize,
) {
    let mut column = 0;
    while column + 4 <= chunk.columns {
        accumulate_tile::<V, C, 4>(chunk, values, weights, numerators, cluster, column, part);
        column += 4;
    }
    while column < chunk.columns {
        accumulate_tile::<V, C, 1>(chunk, values, weights, numerators, cluster, column, part);
        column += 1;
    }
}

/// C clusters by D columns, in registers, over all blocks of the group.
#[inline(always)]
fn accumulate_tile<V: Vector, const C: usize, const D: usize>(
    chunk: &Chunk<'_>,
    values: &[Eight],
    weights: &[Eight],
    numerators: &mut [Eight],
    cluster: usize,
    column: usize,
    part: usize,
) {
    let (clusters, columns) = (chunk.clusters, chunk.columns);
    let mut sums = [[V::splat(0.0); D]; C];
    // SAFETY, all of this function: `accumulate` checked the lengths, and its callees keep
    // `cluster + C` and `column + D` within them.
    for (c, sums) in sums.iter_mut().enumerate() {
        for (d, sum) in sums.iter_mut().enumerate() {
            *sum = unsafe { V::load(numerators, (cluster + c) * columns + column + d, part) };
        }
    }
    for block in 0..values.len() / columns {
        let mut x = [V::splat(0.0); D];
        for (d, x) in x.iter_mut().enumerate() {
            *x = unsafe { V::load(values, block * columns + column + d, part) };
        }
        for (c, sums) in sums.iter_mut().enumerate() {
            let weight = unsafe { V::load(weights, block * clusters + cluster + c, part) };
            for (sum, x) in sums.iter_mut().zip(x) {
                *sum = sum.add(weight.mul(x));
            }
        }
    }
    for (c, sums) in sums.into_iter().enumerate() {
        for (d, sum) in sums.into_iter().enumerate() {
            unsafe { sum.store(numerators, (cluster + c) * columns + column + d, part) };
        }
    }
}
