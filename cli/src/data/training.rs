//! Data sets for joint trainings: the file stays in the folder of the holder's node, on chain goes a
//! salted commitment to it.

use std::path::{Path, PathBuf};

use clap::Args;
use salus_analytics::table::{self, ColumnRef, Header, Separator};
use salus_primitives::{
    training::{DataSetId, DataSetSpec, Partition, MAX_CONSENTS},
    AccountId, Balance, BlockNumber, Digest,
};
use salus_training::data_set::{self, DataSet, Description, Folder, Kind, Table};
use serde::Serialize;
use subxt::utils::{AccountId32, Static};
use subxt_signer::sr25519::Keypair;

use crate::{
    analyse::{one_of, table_words},
    chain::{
        account_of, api,
        text::{hex_of, parse_digest},
        At, Chain, Receipt,
    },
    error::{self, usage, Failure},
    output::{self, count},
    record::codes::{parse_purpose, purpose_name},
};

/// Heading of the options.
const HEADING: &str = "Options of data sets for trainings";
/// The agent's folder below the base path of its node.
const AGENT: &str = "agent";

/// A declared data set as the chain has it.
pub type Entry = salus_primitives::training::DataSet<AccountId32, Balance, BlockNumber>;

/// What the columns of a file for trainings are.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = HEADING)]
pub struct TrainingArgs {
    /// Keep it at the node for joint trainings, and declare it: homogeneous, where others have the
    /// same attributes of other patients, or heterogeneous, where others have other attributes of the
    /// same patients.
    #[arg(long, value_name = "PARTITION", value_parser = parse_kind)]
    pub training: Option<Kind>,

    /// The column of classes, by number from 1 or by name; of a heterogeneous data set only where you
    /// know them.
    #[arg(long, value_name = "COLUMN", requires = "training")]
    pub class: Option<ColumnRef>,

    /// Heterogeneous: the column with the names of the patients, the same at all participants.
    #[arg(long, value_name = "COLUMN", requires = "training")]
    pub patients: Option<ColumnRef>,

    /// Columns to leave out, by number from 1, range or name: 1,11 or 2-4,id.
    #[arg(long, value_name = "COLUMNS", requires = "training")]
    pub drop: Vec<String>,

    /// Fields that mean "missing", separated by commas; an empty field always does
    /// [default: ?,-9,NA]. A missing value counts as the mean of its column.
    #[arg(
        long,
        value_name = "TOKENS",
        allow_hyphen_values = true,
        requires = "training"
    )]
    pub missing_tokens: Option<String>,

    /// Whether the first line names the columns.
    #[arg(
        long,
        requires = "training",
        default_value_t = Header::Auto,
        value_parser = one_of::<Header>(&["auto", "yes", "no"])
    )]
    pub header: Header,

    /// What stands between two fields.
    #[arg(
        long,
        requires = "training",
        default_value_t = Separator::Auto,
        value_parser = one_of::<Separator>(&["auto", "comma", "semicolon", "tab", "whitespace"])
    )]
    pub separator: Separator,

    /// For what it may be trained on, as in the records' consents: HRESCH, … or a number.
    #[arg(
        long,
        requires = "training",
        default_value = "HRESCH",
        value_parser = parse_purpose
    )]
    pub purpose: u16,

    /// Records that it is made of: you may have each analysed for the purpose, and its patient can
    /// end that. Without any you alone answer for the data.
    #[arg(long = "record", value_name = "RECORD", requires = "training", value_parser = parse_digest)]
    pub records: Vec<Digest>,
}

fn parse_kind(text: &str) -> Result<Kind, String> {
    match text {
        "homogeneous" => Ok(Kind::Homogeneous),
        "heterogeneous" => Ok(Kind::Heterogeneous),
        other => Err(format!(
            "{other:?} is neither homogeneous nor heterogeneous"
        )),
    }
}

impl TrainingArgs {
    /// The description of the file, where it is for trainings.
    pub fn description(&self) -> Option<Description> {
        let columns = |list: &String| table::parse_columns(list);
        Some(Description {
            partition: self.training?,
            class: self.class.clone(),
            patients: self.patients.clone(),
            table: Table {
                drop: self.drop.iter().flat_map(columns).collect(),
                header: self.header,
                missing_tokens: self.missing_tokens.as_deref().map(table::parse_tokens),
                separator: self.separator,
            },
        })
    }
}

/// The folder of data sets of the node with this base path.
pub fn folder(base_path: &Path) -> anyhow::Result<Folder> {
    super::command::check_base_path(base_path)?;
    Ok(Folder::open(base_path.join(AGENT).join(data_set::FOLDER))?)
}

/// A data set that is declared.
#[derive(Clone, Debug, Serialize)]
pub struct Declared {
    /// What trainings call it by.
    pub data_set: String,
    /// The same.
    #[serde(skip)]
    pub id: DataSetId,
    /// `homogeneous` or `heterogeneous`.
    pub partition: &'static str,
    /// Digest of the list of its attributes: who has the same list has the same digest.
    pub attributes: String,
    /// Rows.
    pub rows: u32,
    /// Attributes.
    pub columns: u32,
    /// For what.
    pub purpose: String,
    /// Records that it rests on.
    pub records: Vec<String>,
    /// Live trainings that it takes part in.
    pub uses: u32,
    /// Where the file lies, where that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// Block in which it was declared.
    pub block: BlockNumber,
}

impl Declared {
    fn of(id: DataSetId, entry: &Entry) -> Self {
        let spec = &entry.spec;
        Declared {
            data_set: hex_of(&id),
            id,
            partition: partition_name(spec.partition),
            attributes: hex_of(&spec.attributes),
            rows: spec.rows,
            columns: spec.columns,
            purpose: purpose_name(spec.purpose),
            records: spec.consents.iter().map(hex_of).collect(),
            uses: entry.uses,
            folder: None,
            block: entry.declared_at,
        }
    }

    /// In words, as they are told to who declared it.
    pub fn words(&self) -> String {
        let rests = match self.records.len() {
            0 => "You alone answer for the data: it rests on no record".to_owned(),
            records => format!("It rests on {}", count(records as u64, "record")),
        };
        format!(
            "Data set {} is declared in block {}\n{}, {}, {}; {rests}\nThe file stays in {}\n\
             Take part with it: salus train join NUMBER --data-set {}",
            self.data_set,
            self.block,
            self.partition,
            count(self.rows, "row"),
            count(self.columns, "attribute"),
            self.folder
                .as_ref()
                .map_or_else(String::new, |folder| folder.display().to_string()),
            self.data_set,
        )
    }
}

/// `homogeneous` or `heterogeneous`.
pub fn partition_name(partition: Partition) -> &'static str {
    match partition {
        Partition::Homogeneous => "homogeneous",
        Partition::Heterogeneous => "heterogeneous",
    }
}

/// Puts a file into the folder of its holder's node and declares it. Where the chain refuses it, it is
/// taken out of the folder again.
pub async fn declare(
    chain: &Chain,
    holder: &Keypair,
    folder: &Folder,
    (file, text): (&Path, &[u8]),
    description: &Description,
    (purpose, records): (u16, &[Digest]),
) -> anyhow::Result<Declared> {
    let consents = records.to_vec().try_into().map_err(|_| {
        usage(format!(
            "a data set rests on at most {MAX_CONSENTS} records, not {}",
            records.len()
        ))
    })?;
    let account = AccountId::new(account_of(holder).0);
    let kept = folder
        .add(&account, text, description)
        .map_err(|error| explain(error, file))?;
    let spec = DataSetSpec {
        partition: description.partition.into(),
        commitment: kept.commitment,
        attributes: kept.attributes,
        rows: kept.rows,
        columns: kept.columns,
        purpose,
        consents,
    };
    let entry = Entry {
        spec: spec.clone(),
        holder: account_of(holder),
        declared_at: 0,
        uses: 0,
        deposit: 0,
    };
    let call = api::tx().training().declare_data_set(Static(spec));
    match chain.submit(holder, &call).await {
        Ok(receipt) => Ok(Declared {
            folder: Some(folder.path_of(&kept.id)),
            block: receipt.block,
            ..Declared::of(kept.id, &entry)
        }),
        Err(error) => {
            // Where it is not certain that the chain refused it, it may still come to be.
            if matches!(error::failure(&error), Some(Failure::Refused { .. })) {
                folder.remove(&kept.id)?;
            }
            Err(error)
        }
    }
}

/// Refuses a file that no training could read.
pub fn check(file: &Path, text: &[u8], description: &Description) -> anyhow::Result<()> {
    DataSet::read(text, description)
        .map(drop)
        .map_err(|error| explain(error, file))
}

/// What is wrong with a file, in the words of the options.
fn explain(error: data_set::Error, file: &Path) -> anyhow::Error {
    match &error {
        data_set::Error::Table(wrong) => usage(table_words(wrong, file)),
        data_set::Error::Unfit(what) => usage(format!("{}: {what}", file.display())),
        _ => error.into(),
    }
}

/// A declared data set at this block.
pub async fn entry(chain: &Chain, at: &At, id: DataSetId) -> anyhow::Result<Entry> {
    let found = chain
        .get(at, api::storage().training().data_sets(), (id,))
        .await?;
    found.map(|entry| entry.0).ok_or_else(|| {
        usage(format!(
            "there is no data set {} for trainings: `salus data add --training` declares one",
            hex_of(&id)
        ))
    })
}

/// The declared data sets of a holder at this block, in the order of their declaration.
pub async fn entries(
    chain: &Chain,
    at: &At,
    holder: AccountId32,
) -> anyhow::Result<Vec<(DataSetId, Entry)>> {
    let ids = chain
        .get(at, api::storage().training().data_sets_of(), (holder,))
        .await?;
    let mut found = Vec::new();
    for id in ids.map(|ids| ids.0).unwrap_or_default() {
        found.push((id, entry(chain, at, id).await?));
    }
    Ok(found)
}

/// The declared data sets of a holder, for printing.
pub async fn list(chain: &Chain, holder: AccountId32) -> anyhow::Result<Vec<Declared>> {
    let at = chain.finalized().await?;
    let found = entries(chain, &at, holder).await?;
    Ok(found
        .iter()
        .map(|(id, entry)| Declared::of(*id, entry))
        .collect())
}

/// A table of declared data sets.
pub fn table(found: &[Declared]) -> String {
    let rows: Vec<_> = found
        .iter()
        .map(|set| {
            vec![
                set.data_set.clone(),
                set.partition.to_owned(),
                set.rows.to_string(),
                set.columns.to_string(),
                set.purpose.clone(),
                set.records.len().to_string(),
                set.uses.to_string(),
            ]
        })
        .collect();
    output::table(
        &[
            "Data set",
            "Partition",
            "Rows",
            "Attributes",
            "Purpose",
            "Records",
            "Trainings",
        ],
        &rows,
    )
}

/// Ends the declaration of a data set that no live training uses, and takes the file out of the folder
/// where one is named.
pub async fn withdraw(
    chain: &Chain,
    holder: &Keypair,
    id: DataSetId,
    folder: Option<&Folder>,
) -> anyhow::Result<(Receipt, bool)> {
    let call = api::tx().training().withdraw_data_set(id);
    let receipt = chain.submit(holder, &call).await?;
    let removed = match folder.map(|folder| folder.remove(&id)) {
        None | Some(Err(data_set::Error::NotHere(_))) => false,
        Some(removed) => removed.map(|()| true)?,
    };
    Ok((receipt, removed))
}
