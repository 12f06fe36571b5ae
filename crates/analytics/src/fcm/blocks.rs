//! Distinct rows in blocks of [`LANES`], column by column, so that one instruction works on the
//! same column of several rows.

use std::num::NonZeroUsize;

use zeroize::Zeroize;

use super::{collapse::Distinct, CHUNK_ROWS, LANES};
use crate::workers;

/// One value of each row of a block.
#[derive(Clone, Copy, PartialEq, Debug)]
#[repr(C, align(64))]
pub(crate) struct Eight(pub [f64; LANES]);

impl Eight {
    pub const ZERO: Eight = Eight([0.0; LANES]);
}

/// Blocks of a full chunk.
pub(crate) const CHUNK_BLOCKS: usize = CHUNK_ROWS / LANES;

/// Weighted rows. The last block is filled up with copies of the last row at weight 0, which add
/// nothing to any sum. Overwritten with zeros when dropped: rows are about people.
pub(crate) struct Blocks {
    /// Plain numbers with room to begin at a multiple of 64 bytes; see [`Blocks::values`].
    buffer: Vec<f64>,
    weights: Vec<Eight>,
    columns: usize,
    rows: usize,
}

impl Drop for Blocks {
    fn drop(&mut self) {
        self.buffer.zeroize();
    }
}

impl Blocks {
    /// The distinct rows of `values`, each weighted by how often it occurs.
    pub fn gather(
        values: &[f64],
        columns: usize,
        distinct: &Distinct,
        threads: NonZeroUsize,
    ) -> Blocks {
        let row = |index: usize| {
            let start = distinct.first[index] as usize * columns;
            &values[start..start + columns]
        };
        Blocks::fill(
            distinct.first.len(),
            columns,
            row,
            &distinct.counts,
            threads,
        )
    }

    /// Rows of one column, weighted. Weights may be 0.
    pub fn single_column(values: &[f64], weights: &[u32]) -> Blocks {
        let row = |index: usize| &values[index..index + 1];
        Blocks::fill(values.len(), 1, row, weights, NonZeroUsize::MIN)
    }

    fn fill<'a>(
        rows: usize,
        columns: usize,
        row: impl Fn(usize) -> &'a [f64] + Sync,
        counts: &[u32],
        threads: NonZeroUsize,
    ) -> Blocks {
        let count = rows.div_ceil(LANES);
        let mut blocks = Blocks {
            // Fresh zero pages from the allocator: the threads below touch them first.
            buffer: vec![0.0; (count * columns + 1) * LANES],
            weights: vec![Eight::ZERO; count],
            columns,
            rows,
        };
        for (index, &weight) in counts.iter().enumerate() {
            blocks.weights[index / LANES].0[index % LANES] = f64::from(weight);
        }
        let chunks = aligned_mut(&mut blocks.buffer, count * columns)
            .chunks_mut(CHUNK_BLOCKS * columns)
            .enumerate()
            .collect();
        workers::map(
            threads,
            chunks,
            || (),
            |_, (chunk, target): (usize, &mut [Eight])| {
                for (block, target) in target.chunks_exact_mut(columns).enumerate() {
                    for lane in 0..LANES {
                        let index = chunk * CHUNK_ROWS + block * LANES + lane;
                        for (column, &value) in row(index.min(rows - 1)).iter().enumerate() {
                            // -0.0 becomes 0.0.
                            target[column].0[lane] = value + 0.0;
                        }
                    }
                }
            },
        );
        blocks
    }

    /// Columns of a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Distinct rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Weights by block.
    pub fn weights(&self) -> &[Eight] {
        &self.weights
    }

    /// Values by block, then column.
    pub fn values(&self) -> &[Eight] {
        // SAFETY: `Eight` is eight `f64` without padding, and any bits are a valid `f64`.
        let (_, values, _) = unsafe { self.buffer.align_to::<Eight>() };
        &values[..self.weights.len() * self.columns]
    }
}

fn aligned_mut(buffer: &mut [f64], len: usize) -> &mut [Eight] {
    // SAFETY: as in `Blocks::values`.
    let (_, values, _) = unsafe { buffer.align_to_mut::<Eight>() };
    &mut values[..len]
}
