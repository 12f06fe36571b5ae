//! Analyses by name, as workers and the command run them.

use std::{num::NonZeroUsize, sync::atomic::AtomicBool};

use zeroize::Zeroize;

use crate::{
    fcm::{self, Control},
    params::{self, FcmParameters},
    result::FcmResult,
    scale::Scale,
    table::{self, Limits},
};

/// Algorithms that [`run`] knows, with their versions.
pub const ALGORITHMS: &[&str] = &[FCM_1];

/// Fuzzy c-means, version 1.
pub const FCM_1: &str = "fcm/1";

/// Most memberships (rows x clusters) of a result, dropped rows included: 128 MiB of them.
pub const MAX_MEMBERSHIPS: usize = 1 << 24;

/// Most values (rows x columns) of a table: 256 MiB, and as much again while they are clustered.
pub const MAX_VALUES: usize = 1 << 25;

/// Most coordinates (clusters x columns) of prototypes, and most fields of a line.
pub const MAX_COORDINATES: usize = 1 << 20;

/// Most bytes of all column names of a header.
pub const MAX_HEADER: usize = 1 << 24;

/// No result is larger, bytes. What is published of one is this and what sealing adds.
pub const MAX_RESULT: u64 = {
    // With one cluster there are most labels, and a kept row takes more than a dropped one.
    let rows = MAX_MEMBERSHIPS * (8 + 2);
    // Prototypes; the length of a name, offset and divisor of each column.
    let columns = MAX_COORDINATES * (8 + 4 + 16) + MAX_HEADER;
    let objective = 8 * (fcm::MAX_ITERATIONS as usize + 1);
    (31 + rows + columns + objective) as u64
};

/// The work a post allows: a job that needs more in any of the four is over the limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bound {
    /// Data rows over all inputs, those that are dropped included.
    pub rows: u32,
    /// Columns that are used.
    pub columns: u32,
    /// Clusters.
    pub clusters: u32,
    /// Most iterations, whether they are needed or not.
    pub iterations: u32,
}

/// Why an analysis has no result. The first four are the same for every worker.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// No algorithm of this name and version.
    #[error("there is no algorithm {0:?}")]
    UnknownAlgorithm(String),
    /// Parameters or inputs are not what the algorithm takes.
    #[error("{0}")]
    InvalidInput(String),
    /// More work than the bound allows, or than anybody is asked for.
    #[error("over the work bound: {0}")]
    OverLimit(String),
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl From<params::Error> for Error {
    fn from(error: params::Error) -> Self {
        Error::InvalidInput(error.to_string())
    }
}

impl From<table::Error> for Error {
    fn from(error: table::Error) -> Self {
        match error {
            table::Error::OverLimit { .. } => Error::OverLimit(error.to_string()),
            _ => Error::InvalidInput(error.to_string()),
        }
    }
}

impl From<fcm::Error> for Error {
    fn from(error: fcm::Error) -> Self {
        match error {
            fcm::Error::Cancelled => Error::Cancelled,
            _ => Error::InvalidInput(error.to_string()),
        }
    }
}

/// Runs an algorithm on all threads of the machine; returns the canonical bytes of its result.
///
/// Several inputs are one table, rows in the order of the inputs. `cancel` is looked at before every
/// chunk of rows; `progress` gets the part done, 0 to 1, on the calling thread, after every
/// iteration.
pub fn run(
    algorithm: &str,
    parameters: &[u8],
    inputs: &[&[u8]],
    bound: Bound,
    cancel: &AtomicBool,
    progress: &dyn Fn(f64),
) -> Result<Vec<u8>, Error> {
    run_on(None, algorithm, parameters, inputs, bound, cancel, progress)
}

/// [`run`] on a given number of threads. The bytes do not depend on it.
pub fn run_on(
    threads: Option<NonZeroUsize>,
    algorithm: &str,
    parameters: &[u8],
    inputs: &[&[u8]],
    bound: Bound,
    cancel: &AtomicBool,
    progress: &dyn Fn(f64),
) -> Result<Vec<u8>, Error> {
    match algorithm {
        FCM_1 => {
            let parameters = FcmParameters::from_json(parameters)?;
            let control = Control { cancel, progress };
            Ok(fcm(&parameters, inputs, bound, threads, control)?.to_bytes())
        }
        other => Err(Error::UnknownAlgorithm(other.to_owned())),
    }
}

/// The bound that a post needs for these inputs. Refuses inputs and parameters that [`run`] would
/// refuse.
pub fn measure(algorithm: &str, parameters: &[u8], inputs: &[&[u8]]) -> Result<Bound, Error> {
    match algorithm {
        FCM_1 => {
            let parameters = FcmParameters::from_json(parameters)?;
            let limits = limits(&parameters, u32::MAX, u32::MAX);
            let (mut table, _) = read(&parameters, inputs, limits)?;
            let bound = Bound {
                // The limits keep both within 32 bits.
                rows: table.rows as u32,
                columns: table.names.len() as u32,
                clusters: parameters.clusters,
                iterations: parameters.max_iterations,
            };
            wipe(&mut table);
            Ok(bound)
        }
        other => Err(Error::UnknownAlgorithm(other.to_owned())),
    }
}

/// Fuzzy c-means over inputs: read, scale, cluster. The copies of the inputs that it makes are
/// overwritten before it returns.
pub fn fcm(
    parameters: &FcmParameters,
    inputs: &[&[u8]],
    bound: Bound,
    threads: Option<NonZeroUsize>,
    control: Control<'_>,
) -> Result<FcmResult, Error> {
    parameters.validate()?;
    for (what, needed, allowed) in [
        ("clusters", parameters.clusters, bound.clusters),
        ("iterations", parameters.max_iterations, bound.iterations),
    ] {
        if needed > allowed {
            return Err(Error::OverLimit(format!(
                "the parameters ask for {needed} {what}, {allowed} are allowed"
            )));
        }
    }
    let limits = limits(parameters, bound.rows, bound.columns);
    let (mut table, scale) = read(parameters, inputs, limits)?;
    let options = fcm::Options {
        threads,
        ..parameters.options()
    };
    let clustering = fcm::cluster_with(&table.values, &options, control);
    wipe(&mut table);
    let clustering = clustering?;
    Ok(FcmResult {
        columns: table.names,
        rows: table.rows as u32,
        dropped: table.dropped.iter().map(|&row| row as u32).collect(),
        scale,
        prototypes: clustering.prototypes,
        objective: clustering.objective,
        iterations: clustering.iterations,
        converged: clustering.converged,
        labels: clustering.labels,
        memberships: clustering.memberships,
    })
}

/// The rows that [`fcm()`] clusters, in scaled units, and their scaling: for pictures of a result.
pub fn prepare(
    parameters: &FcmParameters,
    inputs: &[&[u8]],
) -> Result<(table::Table, Scale), Error> {
    parameters.validate()?;
    let limits = limits(parameters, u32::MAX, u32::MAX);
    read(parameters, inputs, limits)
}

fn read(
    parameters: &FcmParameters,
    inputs: &[&[u8]],
    limits: Limits,
) -> Result<(table::Table, Scale), Error> {
    let mut table = table::parse_all(inputs, &parameters.table, limits)?;
    // Before scaling, which would turn an overflow into numbers that look sound.
    // A mean of huge values may be NaN.
    let too_large = |value: &f64| value.is_nan() || value.abs() > fcm::MAX_MAGNITUDE;
    if let Some(position) = table.values.iter().position(too_large) {
        let columns = table.names.len();
        wipe(&mut table);
        return Err(fcm::Error::TooLarge {
            row: position / columns,
            column: position % columns,
        }
        .into());
    }
    let scale = Scale::apply(parameters.scaling, table.values.view_mut());
    Ok((table, scale))
}

fn limits(parameters: &FcmParameters, rows: u32, columns: u32) -> Limits {
    let clusters = parameters.clusters as usize;
    Limits {
        rows: (MAX_MEMBERSHIPS / clusters).min(rows as usize),
        columns: (MAX_COORDINATES / clusters).min(columns as usize),
        values: MAX_VALUES,
        fields: MAX_COORDINATES,
        header: MAX_HEADER,
    }
}

fn wipe(table: &mut table::Table) {
    if let Some(values) = table.values.as_slice_mut() {
        values.zeroize();
    }
}
