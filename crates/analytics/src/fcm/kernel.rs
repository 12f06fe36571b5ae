//! The two passes over all rows: sums for the next prototypes, and memberships under the last.
//!
//! Every lane is a sequence of rows of its own, so each lane's arithmetic is the same for any
//! register width, and any order of lanes, clusters and columns. Rows within a lane are always
//! added in ascending order.

use std::num::NonZeroUsize;

use super::{
    blocks::{Blocks, Eight, CHUNK_BLOCKS},
    exponent::{Exponent, Four, General, Half, One, Quarter, Two},
    steps::{accumulate, distances, scatter, share, weigh},
    vector::{Portable, Vector},
    Control, Error, Simd, CHUNK_ROWS, LANES,
};
use crate::workers;

/// Blocks worked on together, so that their rows stay in the first-level cache between the steps.
pub(super) const GROUP: usize = 8;

/// Sums over all rows under given prototypes.
pub(crate) struct Sums {
    /// sum_k w_k u_ik^m x_k, c x d.
    pub numerators: Vec<f64>,
    /// sum_k w_k u_ik^m, c.
    pub denominators: Vec<f64>,
    /// sum_i sum_k w_k u_ik^m |x_k - v_i|^2.
    pub objective: f64,
}

/// Memberships and labels of all distinct rows under given prototypes.
pub(crate) struct Assigned {
    /// n x c.
    pub memberships: Vec<f64>,
    pub labels: Vec<u16>,
    pub objective: f64,
}

/// Instructions and exponent of a run.
#[derive(Clone, Copy)]
pub(crate) struct Kernel {
    level: Level,
    m: f64,
}

#[derive(Clone, Copy)]
enum Level {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Sse2,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    #[cfg(target_arch = "x86_64")]
    fn detect(simd: Simd) -> Level {
        let avx512 = std::is_x86_feature_detected!("avx512f");
        let avx2 = std::is_x86_feature_detected!("avx2");
        let forbidden = || {
            std::env::var_os("SALUS_NO_AVX2").is_some_and(|value| !value.is_empty() && value != "0")
        };
        match simd {
            Simd::Portable => Level::Portable,
            Simd::Baseline => Level::Sse2,
            Simd::Auto if forbidden() => Level::Sse2,
            Simd::Auto | Simd::Avx512 if avx512 => Level::Avx512,
            Simd::Auto | Simd::Avx512 | Simd::Avx2 if avx2 => Level::Avx2,
            Simd::Auto | Simd::Avx512 | Simd::Avx2 => Level::Sse2,
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn detect(_: Simd) -> Level {
        Level::Portable
    }
}

/// Work on one chunk, for any vector and exponent.
trait Task {
    fn run<V: Vector, E: Exponent>(self, exponent: E);
}

/// Runs `task` with AVX2.
///
/// Safety: the processor has it.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn with_avx2<E: Exponent, T: Task>(exponent: E, task: T) {
    task.run::<super::vector::Avx2, E>(exponent)
}

/// Runs `task` with AVX-512.
///
/// Safety: the processor has it.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn with_avx512<E: Exponent, T: Task>(exponent: E, task: T) {
    task.run::<super::vector::Avx512, E>(exponent)
}

impl Kernel {
    pub fn new(simd: Simd, m: f64) -> Kernel {
        Kernel {
            level: Level::detect(simd),
            m,
        }
    }

    fn dispatch<T: Task>(self, task: T) {
        // Exact comparisons: each of the five is a double.
        match 1.0 / (self.m - 1.0) {
            0.25 => self.enter(Quarter, task),
            0.5 => self.enter(Half, task),
            1.0 => self.enter(One, task),
            2.0 => self.enter(Two, task),
            4.0 => self.enter(Four, task),
            _ => self.enter(General { m: self.m }, task),
        }
    }

    fn enter<E: Exponent, T: Task>(self, exponent: E, task: T) {
        match self.level {
            Level::Portable => task.run::<Portable, E>(exponent),
            #[cfg(target_arch = "x86_64")]
            Level::Sse2 => task.run::<super::vector::Sse2, E>(exponent),
            // SAFETY: `Level::detect` found the instructions.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { with_avx2(exponent, task) },
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { with_avx512(exponent, task) },
        }
    }

    /// One pass for the next prototypes; no membership is kept.
    pub fn sums(
        self,
        blocks: &Blocks,
        prototypes: &[f64],
        clusters: usize,
        threads: NonZeroUsize,
        control: Control<'_>,
    ) -> Result<Sums, Error> {
        let cancel = control.cancel;
        let mut chunks = workers::map(
            threads,
            Chunk::all(blocks, prototypes, clusters),
            || Scratch::new(clusters, blocks.columns()),
            |scratch, chunk| {
                if cancel.load(std::sync::atomic::Ordering::Relaxed) {
                    return Vec::new();
                }
                self.dispatch(SumTask { chunk, scratch });
                scratch.totals()
            },
        );
        control.check()?;
        let mut totals = reduce(&mut chunks);
        let objective = totals.pop().unwrap_or(0.0);
        let denominators = totals.split_off(clusters * blocks.columns());
        Ok(Sums {
            numerators: totals,
            denominators,
            objective,
        })
    }

    /// One pass for memberships and labels.
    pub fn assign(
        self,
        blocks: &Blocks,
        prototypes: &[f64],
        clusters: usize,
        threads: NonZeroUsize,
        control: Control<'_>,
    ) -> Result<Assigned, Error> {
        let cancel = control.cancel;
        let mut memberships = vec![0.0; blocks.rows() * clusters];
        let mut labels = vec![0_u16; blocks.rows()];
        let items = Chunk::all(blocks, prototypes, clusters)
            .into_iter()
            .zip(memberships.chunks_mut(CHUNK_ROWS * clusters))
            .zip(labels.chunks_mut(CHUNK_ROWS))
            .collect();
        let mut chunks = workers::map(
            threads,
            items,
            || Scratch::new(clusters, 0),
            |scratch, ((chunk, memberships), labels)| {
                if cancel.load(std::sync::atomic::Ordering::Relaxed) {
                    return Vec::new();
                }
                self.dispatch(AssignTask {
                    chunk,
                    scratch,
                    memberships,
                    labels,
                });
                vec![sum_lanes(&scratch.objective)]
            },
        );
        control.check()?;
        let objective = reduce(&mut chunks).first().copied().unwrap_or(0.0);
        Ok(Assigned {
            memberships,
            labels,
            objective,
        })
    }
}

/// Sums equally long vectors over a tree: neighbours first, then neighbours of those; one without
/// a neighbour moves up as it is.
fn reduce(chunks: &mut Vec<Vec<f64>>) -> Vec<f64> {
    while chunks.len() > 1 {
        let mut pairs = std::mem::take(chunks).into_iter();
        while let Some(mut left) = pairs.next() {
            for (left, right) in left.iter_mut().zip(pairs.next().unwrap_or_default()) {
                *left += right;
            }
            chunks.push(left);
        }
    }
    chunks.pop().unwrap_or_default()
}

/// Lane sums of a chunk to one number, over a tree of halves.
fn sum_lanes(lanes: &Eight) -> f64 {
    let [a, b, c, d, e, f, g, h] = lanes.0;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// Blocks of one chunk, and the prototypes.
pub(super) struct Chunk<'a> {
    values: &'a [Eight],
    weights: &'a [Eight],
    pub columns: usize,
    pub prototypes: &'a [f64],
    pub clusters: usize,
}

impl<'a> Chunk<'a> {
    fn all(blocks: &'a Blocks, prototypes: &'a [f64], clusters: usize) -> Vec<Chunk<'a>> {
        let columns = blocks.columns();
        assert_eq!(prototypes.len(), clusters * columns);
        let values = blocks.values().chunks(CHUNK_BLOCKS * columns);
        let weights = blocks.weights().chunks(CHUNK_BLOCKS);
        values
            .zip(weights)
            .map(|(values, weights)| Chunk {
                values,
                weights,
                columns,
                prototypes,
                clusters,
            })
            .collect()
    }

    /// Groups of at most [`GROUP`] blocks.
    fn groups(&self) -> impl Iterator<Item = (&'a [Eight], &'a [Eight])> {
        self.values
            .chunks(GROUP * self.columns)
            .zip(self.weights.chunks(GROUP))
    }
}

/// Memory of one thread.
struct Scratch {
    /// Squared distances of a group, by block, then cluster.
    distances: Vec<Eight>,
    /// Memberships of a group, then weights w u^m.
    memberships: Vec<Eight>,
    numerators: Vec<Eight>,
    denominators: Vec<Eight>,
    objective: Eight,
}

impl Scratch {
    fn new(clusters: usize, columns: usize) -> Scratch {
        Scratch {
            distances: vec![Eight::ZERO; GROUP * clusters],
            memberships: vec![Eight::ZERO; GROUP * clusters],
            numerators: vec![Eight::ZERO; clusters * columns],
            denominators: vec![Eight::ZERO; clusters],
            objective: Eight::ZERO,
        }
    }

    fn clear(&mut self) {
        self.numerators.fill(Eight::ZERO);
        self.denominators.fill(Eight::ZERO);
        self.objective = Eight::ZERO;
    }

    /// Numerators, denominators and objective of a chunk.
    fn totals(&self) -> Vec<f64> {
        self.numerators
            .iter()
            .chain(&self.denominators)
            .chain([&self.objective])
            .map(sum_lanes)
            .collect()
    }
}

struct SumTask<'a, 's> {
    chunk: Chunk<'a>,
    scratch: &'s mut Scratch,
}

impl Task for SumTask<'_, '_> {
    #[inline(always)]
    fn run<V: Vector, E: Exponent>(self, exponent: E) {
        let SumTask { chunk, scratch } = self;
        let clusters = chunk.clusters;
        scratch.clear();
        for (values, weights) in chunk.groups() {
            distances::<V>(&chunk, values, &mut scratch.distances);
            for block in 0..weights.len() {
                let range = block * clusters..(block + 1) * clusters;
                let distances = &scratch.distances[range.clone()];
                let memberships = &mut scratch.memberships[range];
                for part in 0..LANES / V::WIDTH {
                    share::<V, E>(exponent, distances, memberships, part);
                    weigh::<V, E>(
                        exponent,
                        distances,
                        memberships,
                        // SAFETY: `block` is below the number of weights.
                        unsafe { V::load(weights, block, part) },
                        &mut scratch.denominators,
                        &mut scratch.objective,
                        part,
                    );
                }
            }
            accumulate::<V>(
                &chunk,
                values,
                &scratch.memberships,
                &mut scratch.numerators,
            );
        }
    }
}

struct AssignTask<'a, 's> {
    chunk: Chunk<'a>,
    scratch: &'s mut Scratch,
    /// Row by row.
    memberships: &'s mut [f64],
    labels: &'s mut [u16],
}

impl Task for AssignTask<'_, '_> {
    #[inline(always)]
    fn run<V: Vector, E: Exponent>(self, exponent: E) {
        let AssignTask {
            chunk,
            scratch,
            memberships,
            labels,
        } = self;
        let clusters = chunk.clusters;
        scratch.clear();
        let mut targets = memberships
            .chunks_mut(LANES * clusters)
            .zip(labels.chunks_mut(LANES));
        for (values, weights) in chunk.groups() {
            distances::<V>(&chunk, values, &mut scratch.distances);
            for block in 0..weights.len() {
                let range = block * clusters..(block + 1) * clusters;
                let distances = &scratch.distances[range.clone()];
                let shares = &mut scratch.memberships[range];
                for part in 0..LANES / V::WIDTH {
                    share::<V, E>(exponent, distances, shares, part);
                }
                // Lanes beyond the last row have no target.
                if let Some((rows, labels)) = targets.next() {
                    scatter(shares, rows, labels);
                }
                for part in 0..LANES / V::WIDTH {
                    weigh::<V, E>(
                        exponent,
                        distances,
                        shares,
                        // SAFETY: `block` is below the number of weights.
                        unsafe { V::load(weights, block, part) },
                        &mut scratch.denominators,
                        &mut scratch.objective,
                        part,
                    );
                }
            }
        }
    }
}
