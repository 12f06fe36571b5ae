//! Fuzzy c-means with the same bits on every machine.
//!
//! The rules that fix the bits are in the crate's page, section "Determinism".

mod blocks;
mod collapse;
mod exponent;
mod kernel;
mod steps;
mod vector;

use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicBool, Ordering},
};

use ndarray::{Array2, ArrayView2};

pub(crate) use blocks::Blocks;
use kernel::Kernel;

use crate::workers;

/// Rows whose partial sums are taken together.
pub const CHUNK_ROWS: usize = 4096;
/// Virtual lanes: row `r` of a chunk is added to the sums of lane `r mod LANES`.
pub const LANES: usize = 8;
/// Most clusters.
pub const MAX_CLUSTERS: usize = 1024;
/// Largest exponent m.
pub const MAX_EXPONENT: f64 = 100.0;
/// Most iterations.
pub const MAX_ITERATIONS: u32 = 1_000_000;
/// Largest magnitude of a value: squared distances and their sums stay finite below it.
pub const MAX_MAGNITUDE: f64 = 1e140;

/// Which vector instructions to use. The bits of the result are the same with all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Simd {
    /// The widest that the processor has. The environment variable `SALUS_NO_AVX2`, set to
    /// anything but `0` or nothing, leaves it at [`Simd::Baseline`].
    #[default]
    Auto,
    /// What every processor of the architecture has (SSE2 on x86-64).
    Baseline,
    /// Plain arrays, left to the compiler.
    Portable,
    /// AVX2; [`Simd::Baseline`] where the processor has none.
    Avx2,
    /// AVX-512F; [`Simd::Avx2`] where the processor has none.
    Avx512,
}

/// What to cluster into, and when to stop.
#[derive(Clone, PartialEq, Debug)]
pub struct Options {
    /// Number of clusters c, from 1 to [`MAX_CLUSTERS`]. It may exceed the number of distinct
    /// rows; some prototypes then coincide.
    pub clusters: usize,
    /// Fuzzy exponent m, above 1 and at most [`MAX_EXPONENT`].
    pub m: f64,
    /// Stop once no prototype moved by more than this, as Euclidean distance. At least 0.
    pub epsilon: f64,
    /// Stop after this many updates of the prototypes, from 1 to [`MAX_ITERATIONS`].
    pub max_iterations: u32,
    /// Threads to compute on; all of the machine's when `None`. The bits do not depend on it.
    pub threads: Option<NonZeroUsize>,
    /// Instructions to use. The bits do not depend on it.
    pub simd: Simd,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            clusters: 2,
            m: 2.0,
            epsilon: 1e-6,
            max_iterations: 300,
            threads: None,
            simd: Simd::Auto,
        }
    }
}

impl Options {
    /// Checks every field against its range.
    pub fn validate(&self) -> Result<(), Error> {
        if self.clusters < 1 || self.clusters > MAX_CLUSTERS {
            return Err(Error::Clusters);
        }
        // Written so that NaN fails.
        if !(self.m > 1.0 && self.m <= MAX_EXPONENT) {
            return Err(Error::Exponent);
        }
        if !(self.epsilon >= 0.0 && self.epsilon.is_finite()) {
            return Err(Error::Epsilon);
        }
        if self.max_iterations < 1 || self.max_iterations > MAX_ITERATIONS {
            return Err(Error::Iterations);
        }
        Ok(())
    }
}

/// Why data cannot be clustered.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// There is no row, or no row with a weight.
    #[error("there are no rows to cluster")]
    NoRows,
    /// Rows have no columns.
    #[error("there are no columns to cluster by")]
    NoColumns,
    /// More rows than a 32-bit number counts.
    #[error("there are more than 4294967295 rows")]
    TooManyRows,
    /// NaN or infinity, by 0-based position.
    #[error("the value in row {row}, column {column} (from 0) is not a finite number")]
    NotFinite {
        /// Row from 0.
        row: usize,
        /// Column from 0.
        column: usize,
    },
    /// A magnitude above [`MAX_MAGNITUDE`], by 0-based position.
    #[error("the value in row {row}, column {column} (from 0) is larger than 1e140")]
    TooLarge {
        /// Row from 0.
        row: usize,
        /// Column from 0.
        column: usize,
    },
    /// c out of range.
    #[error("the number of clusters must be from 1 to 1024")]
    Clusters,
    /// m out of range.
    #[error("the fuzzy exponent m must be above 1 and at most 100")]
    Exponent,
    /// epsilon out of range.
    #[error("epsilon must be a finite number, 0 or more")]
    Epsilon,
    /// The number of iterations is out of range.
    #[error("the number of iterations must be from 1 to 1000000")]
    Iterations,
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// How a caller follows and stops a run.
#[derive(Clone, Copy)]
pub struct Control<'a> {
    /// Set to stop: looked at before every chunk.
    pub cancel: &'a AtomicBool,
    /// Called on the calling thread after each iteration with the part done, 0 to 1.
    pub progress: &'a dyn Fn(f64),
}

impl Control<'_> {
    fn check(&self) -> Result<(), Error> {
        match self.cancel.load(Ordering::Relaxed) {
            true => Err(Error::Cancelled),
            false => Ok(()),
        }
    }
}

/// Outcome of a run over n rows of d columns into c clusters.
#[derive(Clone, PartialEq, Debug)]
pub struct Clustering {
    /// Prototypes v, c x d, in the units of the data.
    pub prototypes: Array2<f64>,
    /// Memberships u of every row under these prototypes, n x c; each row sums to 1 but for
    /// rounding.
    pub memberships: Array2<f64>,
    /// Cluster of the largest membership of every row; the lowest index among equals.
    pub labels: Vec<u16>,
    /// Objective under the prototypes after k updates and their memberships, k = 0 to
    /// `iterations`.
    pub objective: Vec<f64>,
    /// Updates of the prototypes.
    pub iterations: u32,
    /// Whether the last update moved no prototype by more than epsilon.
    pub converged: bool,
}

/// Clusters the rows of `data` (n x d).
pub fn cluster<'a>(
    data: impl Into<ArrayView2<'a, f64>>,
    options: &Options,
) -> Result<Clustering, Error> {
    let cancel = AtomicBool::new(false);
    cluster_with(
        data,
        options,
        Control {
            cancel: &cancel,
            progress: &|_| (),
        },
    )
}

/// [`cluster`] that can be followed and stopped.
pub fn cluster_with<'a>(
    data: impl Into<ArrayView2<'a, f64>>,
    options: &Options,
    control: Control<'_>,
) -> Result<Clustering, Error> {
    options.validate()?;
    let data = data.into();
    let threads = workers::count(options.threads);
    if data.ncols() == 0 {
        return Err(Error::NoColumns);
    }
    if data.nrows() == 0 {
        return Err(Error::NoRows);
    }
    let layout = data.as_standard_layout();
    let values = layout.as_slice().ok_or(Error::NoColumns)?;
    let distinct = collapse::collapse(values, data.ncols(), threads)?;
    control.check()?;
    let blocks = Blocks::gather(values, data.ncols(), &distinct, threads);
    let solution = solve(
        &blocks,
        &distinct.low,
        &distinct.high,
        options,
        threads,
        control,
    )?;

    let (memberships, labels) = match distinct.is_identity() {
        true => (solution.memberships, solution.labels),
        false => {
            let c = options.clusters;
            let mut all = Vec::with_capacity(data.nrows() * c);
            for &row in &distinct.of {
                let row = row as usize;
                all.extend_from_slice(&solution.memberships[row * c..(row + 1) * c]);
            }
            let labels = distinct
                .of
                .iter()
                .map(|&row| solution.labels[row as usize])
                .collect();
            (all, labels)
        }
    };
    Ok(Clustering {
        prototypes: matrix(options.clusters, data.ncols(), solution.prototypes),
        memberships: matrix(data.nrows(), options.clusters, memberships),
        labels,
        objective: solution.objective,
        iterations: solution.iterations,
        converged: solution.converged,
    })
}

fn matrix(rows: usize, columns: usize, values: Vec<f64>) -> Array2<f64> {
    Array2::from_shape_vec((rows, columns), values).expect("as many values as rows times columns")
}

/// Outcome over distinct rows; matrices row by row.
pub(crate) struct Solution {
    pub prototypes: Vec<f64>,
    pub memberships: Vec<f64>,
    pub labels: Vec<u16>,
    pub objective: Vec<f64>,
    pub iterations: u32,
    pub converged: bool,
}

/// Iterates over weighted rows from the body diagonal of the box `low` to `high`.
pub(crate) fn solve(
    blocks: &Blocks,
    low: &[f64],
    high: &[f64],
    options: &Options,
    threads: NonZeroUsize,
    control: Control<'_>,
) -> Result<Solution, Error> {
    let kernel = Kernel::new(options.simd, options.m);
    let mut prototypes = diagonal(low, high, options.clusters);
    let mut objective = Vec::new();
    let mut iterations = 0;
    let mut converged = false;
    while iterations < options.max_iterations && !converged {
        let sums = kernel.sums(blocks, &prototypes, options.clusters, threads, control)?;
        objective.push(sums.objective);
        converged = update(&mut prototypes, &sums, blocks.columns()) <= options.epsilon;
        iterations += 1;
        (control.progress)(f64::from(iterations) / f64::from(options.max_iterations));
    }
    let assigned = kernel.assign(blocks, &prototypes, options.clusters, threads, control)?;
    objective.push(assigned.objective);
    (control.progress)(1.0);
    Ok(Solution {
        prototypes,
        memberships: assigned.memberships,
        labels: assigned.labels,
        objective,
        iterations,
        converged,
    })
}

/// First prototypes, c x d: on the body diagonal of the box, at (2i - 1) / 2c of its length.
fn diagonal(low: &[f64], high: &[f64], clusters: usize) -> Vec<f64> {
    let mut prototypes = Vec::with_capacity(clusters * low.len());
    for i in 1..=clusters {
        for (low, high) in low.iter().zip(high) {
            let step = (2 * i - 1) as f64;
            prototypes.push(low + (high - low) * step / (2 * clusters) as f64);
        }
    }
    prototypes
}

/// Replaces the prototypes by the weighted means; returns the longest move.
///
/// A prototype whose weights sum to zero stays where it is.
fn update(prototypes: &mut [f64], sums: &kernel::Sums, columns: usize) -> f64 {
    let mut longest = 0.0_f64;
    let means = prototypes
        .chunks_exact_mut(columns)
        .zip(sums.numerators.chunks_exact(columns))
        .zip(&sums.denominators);
    for ((prototype, numerators), &denominator) in means {
        if denominator == 0.0 {
            continue;
        }
        let mut moved = 0.0;
        for (value, numerator) in prototype.iter_mut().zip(numerators) {
            let next = numerator / denominator;
            let step = next - *value;
            moved += step * step;
            *value = next;
        }
        longest = longest.max(moved.sqrt());
    }
    longest
}
