//! The model of a training: fetched, opened, combined, kept in a file, applied.

use std::path::{Path, PathBuf};

use anyhow::{bail, Context};
use salus_analytics::{
    metrics::Confusion,
    svm::SvmParameters,
    table::{self, ColumnRef, Limits, Options},
};
use salus_envelope::{decrypt_limited, Identity};
use salus_primitives::{
    jobs::ResultPointer,
    training::{End, Partition, Position, TrainingId},
    Digest,
};
use salus_training::{
    agreed,
    model::{Column, ModelPart, Trained, MAX_PART},
    Ended,
};
use serde::{Deserialize, Serialize};
use subxt_signer::sr25519::Keypair;

use super::read::{self, end_words, Phase};
use crate::{
    analyse::table_words,
    chain::{account_of, api, text::hex_of, Chain},
    error::usage,
    files, output, record,
};

/// Version of a model's file.
const VERSION: u32 = 1;

/// A model as it is kept in a file: JSON, so that people and other programs can read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// Version of the layout.
    pub version: u32,
    /// Number of the training.
    pub training: TrainingId,
    /// What the chain has of the model.
    pub digest: String,
    /// Parameters of `svm/1`.
    pub parameters: SvmParameters,
    /// What each attribute counts.
    pub weights: Vec<Weight>,
    /// Bias, in units of 2^-fraction.
    pub bias: i64,
    /// Rounds.
    pub rounds: u32,
    /// Why the training ended: `rounds`, `converged` or `few-rows-changed`.
    pub ended: String,
    /// Name of the column of classes.
    pub class: Option<String>,
}

/// One attribute of a model: (value - offset) / divisor times weight / 2^fraction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weight {
    /// Name of the column.
    pub column: String,
    /// In units of 2^-fraction.
    pub weight: i64,
    /// Subtracted.
    pub offset: f64,
    /// Divides.
    pub divisor: f64,
    /// Stands for a missing value; none where the training had none missing.
    pub missing: Option<f64>,
}

impl ModelFile {
    fn new(training: TrainingId, digest: &Digest, trained: Trained) -> Self {
        let weights = trained.columns.into_iter().map(|column| Weight {
            column: column.name,
            weight: column.weight,
            offset: column.offset,
            divisor: column.divisor,
            missing: column.missing.is_finite().then_some(column.missing),
        });
        ModelFile {
            version: VERSION,
            training,
            digest: hex_of(digest),
            parameters: trained.parameters,
            weights: weights.collect(),
            bias: trained.bias,
            rounds: trained.rounds,
            ended: ended_name(trained.ended).to_owned(),
            class: trained.class,
        }
    }

    /// Reads a model's file.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let wrong = |why: String| usage(format!("{} is no model: {why}", path.display()));
        let model: ModelFile = serde_json::from_slice(&files::read(path)?)
            .map_err(|error| wrong(error.to_string()))?;
        match (model.version, model.parameters.validate()) {
            (VERSION, Ok(())) => Ok(model),
            (VERSION, Err(error)) => Err(wrong(error.to_string())),
            (other, _) => Err(wrong(format!("its layout is version {other}"))),
        }
    }

    /// Writes it to a new file.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        files::write(path, &serde_json::to_vec_pretty(self)?)
    }

    /// The model, ready to be applied.
    pub fn trained(&self) -> anyhow::Result<Trained> {
        let columns = self.weights.iter().map(|weight| Column {
            name: weight.column.clone(),
            missing: weight.missing.unwrap_or(f64::NAN),
            offset: weight.offset,
            divisor: weight.divisor,
            weight: weight.weight,
        });
        let ended = [Ended::Rounds, Ended::Converged, Ended::FewRowsChanged];
        Ok(Trained {
            parameters: self.parameters.clone(),
            columns: columns.collect(),
            bias: self.bias,
            rounds: self.rounds,
            class: self.class.clone(),
            ended: ended
                .into_iter()
                .find(|ended| ended_name(*ended) == self.ended)
                .with_context(|| format!("{:?} is no way to end", self.ended))?,
        })
    }

    /// The weights as a table, for scaled columns.
    pub fn words(&self) -> String {
        let unit = (1u64 << self.parameters.fraction.min(62)) as f64;
        let mut rows: Vec<_> = self
            .weights
            .iter()
            .map(|weight| {
                vec![
                    weight.column.clone(),
                    format!("{:.5}", weight.weight as f64 / unit),
                    format!("{:.4}", weight.offset),
                    format!("{:.4}", weight.divisor),
                ]
            })
            .collect();
        rows.push(vec![
            "bias".to_owned(),
            format!("{:.5}", self.bias as f64 / unit),
        ]);
        format!(
            "{}{} rounds, ended: {}; a row is positive ({:?}) where the sum of weight x (value - mean) \
             / deviation, and the bias, is 0 or more\nDigest {}",
            output::table(&["Attribute", "Weight", "Mean", "Deviation"], &rows),
            self.rounds,
            match self.ended.as_str() {
                "rounds" => "all rounds were done",
                "converged" => "the model repeats, or its cost is low enough",
                _ => "too few rows changed for another round",
            },
            self.parameters.positive,
            self.digest
        )
    }
}

fn ended_name(ended: Ended) -> &'static str {
    match ended {
        Ended::Rounds => "rounds",
        Ended::Converged => "converged",
        Ended::FewRowsChanged => "few-rows-changed",
    }
}

/// A model that was fetched and is the one that the chain has the digest of.
#[derive(Clone, Debug, Serialize)]
pub struct Fetched {
    /// The model.
    pub model: ModelFile,
    /// The file that it was written to.
    pub file: Option<PathBuf>,
}

/// Fetches the parts of a completed training's model, opens and combines them. What the initiator alone
/// has lies at its node, which has to be the one that is asked.
pub async fn fetch(
    chain: &Chain,
    who: &Keypair,
    identities: &[Identity],
    id: TrainingId,
) -> anyhow::Result<ModelFile> {
    let at = chain.finalized().await?;
    let past = match read::phase(chain, &at, id).await? {
        Phase::Past(past) => past,
        Phase::Live(_) => {
            bail!("training {id} has not ended: follow it with `salus train watch {id}`")
        }
        Phase::Gone => bail!("training {id} ended before its start, without a model"),
    };
    let digest = match past.end {
        End::Completed { model } => model,
        other => bail!("training {id} has no model: {}", end_words(&other)),
    };
    let account = account_of(who);
    let question = api::runtime_apis().training_api().model(id, account);
    let delivered: Vec<(Position, _)> = chain.ask(&at, question).await?;
    let mut parts = Vec::new();
    for (position, pointer) in delivered {
        let sealed: Vec<u8> = match pointer.0 {
            ResultPointer::Inline(bytes) => bytes.into_inner(),
            ResultPointer::Blob(blob) => record::fetch(chain, who, &blob).await?,
        };
        parts.push(
            opened(&sealed, identities).with_context(|| format!("the part of party {position}"))?,
        );
    }
    let together = past.terms.backend.partition() == Partition::Heterogeneous;
    let expected = if together { past.parties.len() } else { 1 };
    if parts.len() < expected && past.initiator == account {
        let own: Option<String> = chain.rpc_if_known("salus_trainingModel", id).await?;
        let own = own.with_context(|| {
            format!(
                "the rest of the model is at your own node, and {} does not have it: name that node \
                 with --node",
                chain.url()
            )
        })?;
        let sealed = hex::decode(own.trim_start_matches("0x"))?;
        parts.push(opened(&sealed, identities).context("the part at your node")?);
    }
    if parts.is_empty() {
        return Err(usage(match past.kept {
            true => format!("the model of training {id} is not for {account}"),
            false => format!("the model of training {id} was given up by its initiator"),
        }));
    }
    parts.sort_by_key(|part| part.position);
    let trained = Trained::combine(&parts, together, &digest)?;
    anyhow::ensure!(
        trained.parameters == agreed::options(&past.terms)?.svm,
        "the model was trained with other parameters than the chain has"
    );
    Ok(ModelFile::new(id, &digest, trained))
}

fn opened(sealed: &[u8], identities: &[Identity]) -> anyhow::Result<ModelPart> {
    let most = MAX_PART as u64;
    let open = |identity| decrypt_limited(sealed, identity, most).ok();
    let bytes = identities
        .iter()
        .find_map(open)
        .context("it does not open with this identity")?;
    Ok(ModelPart::from_bytes(&bytes)?)
}

/// What a model says of the rows of a file.
#[derive(Clone, Debug, Serialize)]
pub struct Scores {
    /// Rows.
    pub rows: usize,
    /// Of these, how many it takes for positive.
    pub positive: usize,
    /// How right it is, where the file has the classes.
    #[serde(flatten)]
    pub right: Option<Right>,
    /// Row by row, whether it is positive.
    pub predictions: Vec<bool>,
}

/// How right predictions are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Right {
    /// Positive, found.
    pub true_positives: u64,
    /// Negative, taken for positive.
    pub false_positives: u64,
    /// Negative, found.
    pub true_negatives: u64,
    /// Positive, missed.
    pub false_negatives: u64,
    /// Found of those taken for positive.
    pub precision: f64,
    /// Found of those that are positive.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
    /// Right ones of all.
    pub accuracy: f64,
}

impl From<Confusion> for Right {
    fn from(counts: Confusion) -> Self {
        Right {
            true_positives: counts.true_positives,
            false_positives: counts.false_positives,
            true_negatives: counts.true_negatives,
            false_negatives: counts.false_negatives,
            precision: counts.precision(),
            recall: counts.recall(),
            f1: counts.f1(),
            accuracy: counts.accuracy(),
        }
    }
}

impl Scores {
    /// In words.
    pub fn words(&self) -> String {
        let mut text = format!("{} of {} rows are positive\n", self.positive, self.rows);
        if let Some(right) = &self.right {
            text.push_str(&format!(
                "Precision {:.2} %, recall {:.2} %, F1 {:.2} %, accuracy {:.2} %",
                100.0 * right.precision,
                100.0 * right.recall,
                100.0 * right.f1,
                100.0 * right.accuracy
            ));
        }
        text
    }
}

/// Applies a model to a table: which rows it takes for positive, and how right that is where a column
/// of classes is named, or is there under the name that it had in the training.
pub fn predict(
    model: &Trained,
    (file, text): (&Path, &[u8]),
    options: &Options,
    class: Option<&ColumnRef>,
) -> anyhow::Result<Scores> {
    // Only the columns that are needed have to hold numbers.
    let wanted = |names: &[String]| -> Vec<usize> {
        let needed = |name: &String| model.columns.iter().any(|column| column.name == *name);
        (0..names.len()).filter(|at| needed(&names[*at])).collect()
    };
    let header = table::columns(text, options).map_err(|error| usage(table_words(&error, file)))?;
    let named = |name: &String| header.iter().position(|other| other == name);
    let classes_at = match class {
        None => model.class.as_ref().and_then(named),
        Some(class) => {
            let found = match class {
                ColumnRef::Name(name) => named(name),
                ColumnRef::Number(number) => (*number as usize)
                    .checked_sub(1)
                    .filter(|at| *at < header.len()),
            };
            let unknown = || usage(format!("{}: there is no column {class}", file.display()));
            Some(found.ok_or_else(unknown)?)
        }
    };
    let used = wanted(&header);
    let drop = (0..header.len())
        .filter(|at| !used.contains(at) && Some(*at) != classes_at)
        .map(|at| ColumnRef::Number(at as u32 + 1));
    let options = Options {
        drop: drop.collect(),
        ..options.clone()
    };
    let cells = table::parse_cells(text, &options, None, Limits::NONE)
        .map_err(|error| usage(table_words(&error, file)))?;
    let predictions = model
        .predict(&cells.names, &cells.values)
        .map_err(|error| usage(format!("{}: {error}", file.display())))?;
    let right = match classes_at {
        None => None,
        Some(at) => {
            let name = &header[at];
            let place = cells.names.iter().position(|other| other == name);
            let column = cells
                .values
                .column(place.context("the column of classes is used")?);
            if let Some(row) = column.iter().position(|class| class.is_nan()) {
                return Err(usage(format!(
                    "{}: row {} has no class",
                    file.display(),
                    row + 1
                )));
            }
            let classes = column
                .iter()
                .map(|class| model.parameters.positive.contains(class));
            Some(Confusion::of(classes.zip(predictions.iter().copied())).into())
        }
    };
    Ok(Scores {
        rows: predictions.len(),
        positive: predictions.iter().filter(|positive| **positive).count(),
        right,
        predictions,
    })
}
