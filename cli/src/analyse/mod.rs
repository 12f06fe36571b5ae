//! `salus analyse`: what a worker would compute, computed here.

mod explain;
mod report;

use std::{num::NonZeroUsize, path::PathBuf, str::FromStr, sync::Arc};

use anyhow::Context;
use clap::{
    builder::{PossibleValuesParser, TypedValueParser},
    Args, Subcommand,
};
use salus_analytics::{
    fcm::Control,
    job::{self, Bound},
    params::FcmParameters,
    result::{self, FcmResult},
    scale::Scaling,
    table::{self, Header, Missing, Separator},
};

use crate::{
    error::usage,
    files::{self, check_new},
    interrupt,
    output::Output,
    picture,
};

pub(crate) use explain::{table_words, wrong_table};
pub use report::{Cluster, Report};

/// Steps of the progress bar.
const STEPS: u64 = 1000;

/// Reads one of these words; help and errors list them.
pub(crate) fn one_of<T>(words: &'static [&'static str]) -> impl TypedValueParser<Value = T>
where
    T: FromStr + Clone + Send + Sync + 'static,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    PossibleValuesParser::new(words.iter().copied()).try_map(|word| word.parse())
}

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

    /// Scaling of the columns [default: none].
    #[arg(long, value_parser = one_of::<Scaling>(&["none", "min-max", "z-score"]))]
    pub scaling: Option<Scaling>,

    /// Columns to leave out, by number from 1, range or name: 1,11 or 2-4,class.
    #[arg(long, value_name = "COLUMNS")]
    pub drop: Vec<String>,

    /// Missing values: refuse the table, drop the row, or put the column's mean [default: fail].
    #[arg(long, value_parser = one_of::<Missing>(&["fail", "drop", "mean"]))]
    pub missing: Option<Missing>,

    /// How its text is read.
    #[command(flatten)]
    pub text: TextArgs,
}

/// How the text of a table is read.
#[derive(Clone, Debug, Args)]
pub struct TextArgs {
    /// Fields that mean "missing", separated by commas; an empty field always does
    /// [default: ?,-9,NA].
    #[arg(long, value_name = "TOKENS", allow_hyphen_values = true)]
    pub missing_tokens: Option<String>,

    /// Whether the first line names the columns.
    #[arg(
        long,
        default_value_t = Header::Auto,
        value_parser = one_of::<Header>(&["auto", "yes", "no"])
    )]
    pub header: Header,

    /// What stands between two fields.
    #[arg(
        long,
        default_value_t = Separator::Auto,
        value_parser = one_of::<Separator>(&["auto", "comma", "semicolon", "tab", "whitespace"])
    )]
    pub separator: Separator,
}

impl TextArgs {
    /// With the usual answer to missing values, and no column left out.
    pub fn options(&self) -> table::Options {
        let usual = table::Options::default();
        let tokens = self.missing_tokens.as_deref().map(table::parse_tokens);
        table::Options {
            header: self.header,
            missing_tokens: tokens.unwrap_or(usual.missing_tokens),
            separator: self.separator,
            ..usual
        }
    }
}

impl FcmArgs {
    /// The parameters, checked.
    pub fn parameters(&self) -> anyhow::Result<FcmParameters> {
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
                missing: self.missing.unwrap_or_default(),
                ..self.text.options()
            },
        };
        parameters
            .validate()
            .map_err(|error| usage(error.to_string()))?;
        Ok(parameters)
    }
}

/// Files that a result is written to.
#[derive(Clone, Debug, Args)]
pub struct ResultFiles {
    /// Write the canonical bytes of the result; never overwrites.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Write the cluster and the memberships of every row that was kept (CSV); never overwrites.
    #[arg(long, value_name = "FILE.csv")]
    pub labels: Option<PathBuf>,
}

impl ResultFiles {
    /// Refuses what would replace a file or cannot be written, before any work is done.
    pub fn check(&self) -> anyhow::Result<()> {
        for path in self.out.iter().chain(&self.labels) {
            check_new(path)?;
        }
        match self.out.is_some() && self.out == self.labels {
            true => Err(usage("--out and --labels name the same file")),
            false => Ok(()),
        }
    }

    /// Writes them. Which ones there are now.
    pub fn write(&self, bytes: &[u8], result: Option<&FcmResult>) -> anyhow::Result<Vec<PathBuf>> {
        let mut written = Vec::new();
        if let Some(path) = &self.out {
            files::write(path, bytes)?;
            written.push(path.clone());
        }
        if let Some(path) = &self.labels {
            let result = result.context("a result of this algorithm has no labels")?;
            files::write(path, report::labels(result).as_bytes())?;
            written.push(path.clone());
        }
        Ok(written)
    }
}

/// Options of `salus analyse fcm`.
#[derive(Debug, Args)]
pub struct Fcm {
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

    /// Where the result goes.
    #[command(flatten)]
    results: ResultFiles,
}

impl Fcm {
    /// Clusters, and writes what was asked for.
    async fn run(self, output: &Output) -> anyhow::Result<Report> {
        let parameters = self.fcm.parameters()?;
        self.check()?;
        let inputs: Arc<[Vec<u8>]> = files::read_all(&self.files)?.into();
        let analysis = run_fcm(
            parameters.clone(),
            inputs.clone(),
            self.threads,
            output.clone(),
        )
        .await
        .map_err(|error| explain::explain(error, &parameters, &self.files, &inputs))?;
        interrupt::compute(move |_| {
            let Analysis {
                result,
                bytes,
                digest,
            } = analysis;
            let mut report = Report::new(&result, digest);
            report.files = self.results.write(&bytes, Some(&result))?;
            if let Some(path) = self.picture {
                picture::draw(&path, &title(&self.files), &parameters, &inputs, &result)?;
                report.files.push(path);
            }
            Ok(report)
        })
        .await?
    }

    /// Refuses outputs that would replace something: a result any file, a picture (which is redrawn)
    /// anything that is read or written besides.
    fn check(&self) -> anyhow::Result<()> {
        self.results.check()?;
        let Some(picture) = &self.picture else {
            return Ok(());
        };
        picture::check(picture)?;
        let mut taken = self
            .files
            .iter()
            .chain(&self.results.out)
            .chain(&self.results.labels);
        match taken.any(|path| path == picture) {
            true => Err(usage(format!("{} is named twice", picture.display()))),
            false => Ok(()),
        }
    }
}

/// Analyses that can be run here.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fuzzy c-means over tables.
    Fcm(Fcm),
}

impl Command {
    /// Does it.
    pub async fn run(self, output: &Output) -> anyhow::Result<()> {
        match self {
            Command::Fcm(fcm) => output.result(&fcm.run(output).await?, Report::words),
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

/// Runs `fcm/1` here, with a progress bar. It stops where nobody waits for it any more.
pub async fn run_fcm(
    parameters: FcmParameters,
    inputs: Arc<[Vec<u8>]>,
    threads: Option<NonZeroUsize>,
    output: Output,
) -> anyhow::Result<Analysis> {
    interrupt::compute(move |cancel| {
        let bar = output.bar(STEPS, "Clustering");
        let progress = |part: f64| bar.set_position((part * STEPS as f64) as u64);
        let unbounded = Bound {
            rows: u32::MAX,
            columns: u32::MAX,
            clusters: u32::MAX,
            iterations: u32::MAX,
        };
        let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
        let control = Control {
            cancel,
            progress: &progress,
        };
        let result = job::fcm(&parameters, &inputs, unbounded, threads, control);
        bar.finish_and_clear();
        let result = result?;
        let bytes = result.to_bytes();
        Ok(Analysis {
            digest: result::digest(&bytes),
            bytes,
            result,
        })
    })
    .await?
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
