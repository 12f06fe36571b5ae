//! `salus analyse`: what a worker would compute, computed here.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    io::Write as _,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use anyhow::Context;
use clap::{Args, Subcommand};
use salus_analytics::{
    fcm::Control,
    job::{self, Bound, FCM_1},
    params::FcmParameters,
    result::{self, FcmResult},
    scale::Scaling,
    table::{self, Header, Missing, Separator},
};
use serde::Serialize;

use crate::{
    error::usage,
    output::{self, Output},
    picture,
    record::wallet::write_new,
};

/// Steps of the progress bar.
const STEPS: u64 = 1000;

/// Options of `fcm/1`, the same for a run here and for a job.
#[derive(Clone, Debug, Args)]
pub struct FcmArgs {
    /// Number of clusters [default: 2].
    #[arg(short, long, value_name = "N")]
    pub clusters: Option<u32>,

    /// Fuzzy exponent, above 1.
    #[arg(
        short = 'm',
        long = "exponent",
        value_name = "M",
        default_value_t = 2.0
    )]
    pub exponent: f64,

    /// Stop once no prototype moves by more than this.
    #[arg(long, default_value_t = 1e-6)]
    pub epsilon: f64,

    /// Stop after this many iterations.
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub max_iterations: u32,

    /// Scaling of the columns: none, min-max, z-score [default: none].
    #[arg(long)]
    pub scaling: Option<Scaling>,

    /// Columns to leave out, by number from 1, range or name: 1,11 or 2-4,class.
    #[arg(long, value_name = "COLUMNS")]
    pub drop: Vec<String>,

    /// Missing values: fail, drop (the row), mean (of the column) [default: fail].
    #[arg(long)]
    pub missing: Option<Missing>,

    /// Fields that mean "missing", separated by commas; an empty field always does
    /// [default: ?,-9,NA].
    #[arg(long, value_name = "TOKENS", allow_hyphen_values = true)]
    pub missing_tokens: Option<String>,

    /// Whether the first line names the columns: auto, yes, no.
    #[arg(long, default_value_t = Header::Auto)]
    pub header: Header,

    /// Between two fields: auto, comma, semicolon, tab, whitespace.
    #[arg(long, default_value_t = Separator::Auto)]
    pub separator: Separator,
}

impl FcmArgs {
    /// The parameters, checked.
    pub fn parameters(&self) -> anyhow::Result<FcmParameters> {
        let missing_tokens: BTreeSet<String> = match &self.missing_tokens {
            Some(tokens) => tokens
                .split(',')
                .map(|token| token.trim().to_owned())
                .chain([String::new()])
                .collect(),
            None => table::Options::default().missing_tokens,
        };
        let parameters = FcmParameters {
            clusters: self.clusters.unwrap_or(2),
            epsilon: self.epsilon,
            m: self.exponent,
            max_iterations: self.max_iterations,
            scaling: self.scaling.unwrap_or_default(),
            table: table::Options {
                drop: self
                    .drop
                    .iter()
                    .flat_map(|list| table::parse_columns(list))
                    .collect(),
                header: self.header,
                missing: self.missing.unwrap_or_default(),
                missing_tokens,
                separator: self.separator,
            },
        };
        parameters
            .validate()
            .map_err(|error| usage(error.to_string()))?;
        Ok(parameters)
    }
}

/// Analyses that can be run here.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fuzzy c-means over tables.
    Fcm {
        /// Tables of the same columns: CSV or white space separated.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,

        /// How to cluster.
        #[command(flatten)]
        fcm: FcmArgs,

        /// Threads; the result does not depend on it [default: all].
        #[arg(long, value_name = "N")]
        threads: Option<NonZeroUsize>,

        /// Draw the clusters in their first two principal components (PNG).
        #[arg(long, value_name = "FILE.png")]
        picture: Option<PathBuf>,

        /// Write the canonical bytes of the result.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,

        /// Write the cluster and the memberships of every row that was kept (CSV).
        #[arg(long, value_name = "FILE.csv")]
        labels: Option<PathBuf>,
    },
}

impl Command {
    /// Does it.
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        match self {
            Command::Fcm {
                files,
                fcm,
                threads,
                picture,
                out,
                labels,
            } => {
                let parameters = fcm.parameters()?;
                check_outputs(
                    &files,
                    out.as_deref(),
                    labels.as_deref(),
                    picture.as_deref(),
                )?;
                if let Some(path) = picture.as_deref().filter(|path| !picture::is_png(path)) {
                    return Err(usage(format!(
                        "{}: the name of a picture ends in .png",
                        path.display()
                    )));
                }
                let inputs = read_all(&files)?;
                let analysis = run_fcm(&parameters, &inputs, threads, output)?;
                if let Some(path) = &out {
                    write(path, &analysis.bytes)?;
                }
                if let Some(path) = &labels {
                    write_labels(path, &analysis.result)?;
                }
                if let Some(path) = &picture {
                    picture::draw(path, &title(&files), &parameters, &inputs, &analysis.result)?;
                }
                let mut report = Report::new(&analysis.result, analysis.digest);
                report
                    .files
                    .extend([out, labels, picture].into_iter().flatten());
                output.result(&report, Report::words)
            }
        }
    }
}

/// A result with its canonical bytes and their digest.
pub struct Analysis {
    /// The result.
    pub result: FcmResult,
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
    /// blake2-256 of them: what workers agree on.
    pub digest: [u8; 32],
}

/// Runs `fcm/1` here, with a progress bar.
pub fn run_fcm(
    parameters: &FcmParameters,
    inputs: &[Vec<u8>],
    threads: Option<NonZeroUsize>,
    output: &Output,
) -> anyhow::Result<Analysis> {
    let bar = output.bar(STEPS, "Clustering");
    let cancel = AtomicBool::new(false);
    let progress = |part: f64| bar.set_position((part * STEPS as f64) as u64);
    let unbounded = Bound {
        rows: u32::MAX,
        columns: u32::MAX,
        clusters: u32::MAX,
        iterations: u32::MAX,
    };
    let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    let control = Control {
        cancel: &cancel,
        progress: &progress,
    };
    let result = job::fcm(parameters, &inputs, unbounded, threads, control);
    bar.finish_and_clear();
    let result = result?;
    let bytes = result.to_bytes();
    Ok(Analysis {
        digest: result::digest(&bytes),
        bytes,
        result,
    })
}

/// Contents of the files.
pub fn read_all(files: &[PathBuf]) -> anyhow::Result<Vec<Vec<u8>>> {
    files
        .iter()
        .map(|file| fs::read(file).with_context(|| format!("cannot read {}", file.display())))
        .collect()
}

/// What a picture of these files is called.
fn title(files: &[PathBuf]) -> String {
    let name = |path: &PathBuf| {
        path.file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    };
    match files {
        [] => String::new(),
        [one] => name(one),
        [first, rest @ ..] => format!("{} and {} more", name(first), rest.len()),
    }
}

/// Writes a file of its owner's; one that exists is left alone.
fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    write_new(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Refuses outputs that would replace something: results and labels any file, a picture (which is
/// redrawn) anything that is read or written besides.
fn check_outputs(
    files: &[PathBuf],
    out: Option<&Path>,
    labels: Option<&Path>,
    picture: Option<&Path>,
) -> anyhow::Result<()> {
    for path in out.into_iter().chain(labels) {
        if path.exists() {
            return Err(usage(format!("{} exists already", path.display())));
        }
    }
    let taken: Vec<&Path> = files
        .iter()
        .map(PathBuf::as_path)
        .chain(out)
        .chain(labels)
        .collect();
    if let Some(path) = picture.filter(|path| taken.contains(path)) {
        return Err(usage(format!("{} is named twice", path.display())));
    }
    if out.is_some() && out == labels {
        return Err(usage("--out and --labels name the same file"));
    }
    Ok(())
}

/// Row of the inputs from 1, cluster from 1, memberships.
fn write_labels(path: &Path, result: &FcmResult) -> anyhow::Result<()> {
    let mut text = Vec::new();
    write!(text, "row,cluster")?;
    for cluster in 1..=result.prototypes.nrows() {
        write!(text, ",u{cluster}")?;
    }
    writeln!(text)?;
    let dropped: BTreeSet<u32> = result.dropped.iter().copied().collect();
    let kept = (0..result.rows).filter(|row| !dropped.contains(row));
    for ((row, label), memberships) in kept.zip(&result.labels).zip(result.memberships.rows()) {
        write!(text, "{},{}", row + 1, label + 1)?;
        for membership in memberships {
            write!(text, ",{membership}")?;
        }
        writeln!(text)?;
    }
    write(path, &text)
}

/// A cluster as it is reported.
#[derive(Clone, Debug, Serialize)]
pub struct Cluster {
    /// Rows whose largest membership is in it.
    pub rows: usize,
    /// Its prototype in the units of the table.
    pub prototype: Vec<f64>,
}

/// What is printed of a result.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Name and version of the algorithm.
    pub algorithm: &'static str,
    /// blake2-256 of the canonical bytes, hexadecimal.
    pub digest: String,
    /// Data rows of the inputs.
    pub rows: u32,
    /// Rows left out because a value is missing.
    pub dropped: usize,
    /// Names of the columns that were used.
    pub columns: Vec<String>,
    /// Updates of the prototypes.
    pub iterations: u32,
    /// Whether they came to rest.
    pub converged: bool,
    /// Objective at the end.
    pub objective: f64,
    /// The clusters.
    pub clusters: Vec<Cluster>,
    /// Files that were written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<PathBuf>,
}

impl Report {
    /// Of a result and its digest.
    pub fn new(result: &FcmResult, digest: [u8; 32]) -> Self {
        let mut sizes = vec![0; result.prototypes.nrows()];
        for label in &result.labels {
            sizes[usize::from(*label)] += 1;
        }
        let clusters = result
            .prototypes_in_units()
            .rows()
            .into_iter()
            .zip(sizes)
            .map(|(prototype, rows)| Cluster {
                rows,
                prototype: prototype.to_vec(),
            })
            .collect();
        Report {
            algorithm: FCM_1,
            digest: format!("0x{}", hex::encode(digest)),
            rows: result.rows,
            dropped: result.dropped.len(),
            columns: result.columns.clone(),
            iterations: result.iterations,
            converged: result.converged,
            objective: result.objective.last().copied().unwrap_or_default(),
            clusters,
            files: Vec::new(),
        }
    }

    /// A line for each column, a column for each cluster.
    pub fn prototypes(&self) -> String {
        let mut headers = vec![String::from("Prototype")];
        let mut sizes = vec![String::from("rows")];
        for (index, cluster) in self.clusters.iter().enumerate() {
            headers.push(format!("{}", index + 1));
            sizes.push(cluster.rows.to_string());
        }
        let mut rows = vec![sizes];
        for (index, name) in self.columns.iter().enumerate() {
            let mut row = vec![name.clone()];
            row.extend(
                self.clusters
                    .iter()
                    .map(|c| format!("{:.6}", c.prototype[index])),
            );
            rows.push(row);
        }
        output::table(&headers, &rows)
    }

    /// The report in words.
    pub fn words(&self) -> String {
        let mut text = self.prototypes();
        let state = match self.converged {
            true => "converged",
            false => "stopped before it converged",
        };
        let _ = writeln!(text);
        text.push_str(&output::fields(&[
            (
                "Rows",
                format!(
                    "{} of {} ({} dropped)",
                    self.rows as usize - self.dropped,
                    self.rows,
                    self.dropped
                ),
            ),
            ("Iterations", format!("{}, {state}", self.iterations)),
            ("Objective", format!("{:.6}", self.objective)),
            ("Digest", self.digest.clone()),
        ]));
        for file in &self.files {
            let _ = writeln!(text, "Wrote {}", file.display());
        }
        text
    }
}
