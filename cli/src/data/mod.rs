//! `salus data`: an institution's own data sets, which others may have analysed without reading them.
//!
//! A data set is a record of which the institution is the patient too, so `salus record share`,
//! `show`, `read`, `rekey` and `move` work on it. What differs: its node seals the key to the panels
//! of the jobs that may analyse it, from the folder that `add` and `key` put the key into. A data set
//! for joint trainings is none of this: its file stays at the node (`training`).

pub mod training;

use std::path::{Path, PathBuf};

use anyhow::{bail, Context};
use clap::{Args, Subcommand};
use salus_analytics::{job, params::FcmParameters, table::Missing};
use salus_envelope::{content, encrypt, Identity, KeyFolder};
use salus_primitives::{membership::Role, Digest};
use serde::Serialize;
use serde_json::json;
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;
use zeroize::Zeroizing;

use self::training::TrainingArgs;
use crate::{
    args::{parse_gateway, Global, ACCOUNT},
    chain::{
        account_of,
        api::{self, runtime_types::pallet_records::types as records},
        text::{hex_of, parse_digest},
        Chain,
    },
    error::{usage, Failure},
    files,
    keys::{parse_account, KeyArgs},
    output::{self, Output},
    record::{self, codes, Record, Wallet, WalletArgs, MAX_CONTENT},
    registry,
};

/// Where, below its base path, a node's agent looks for the keys of its member's records.
const NODE_KEYS: &str = "agent/record-keys";

/// The node that seals.
#[derive(Clone, Debug, Args)]
pub struct NodeArgs {
    /// Base path of the institution's node on this machine: its agent seals the key to panels.
    #[arg(long, value_name = "DIR")]
    pub base_path: Option<PathBuf>,
}

impl NodeArgs {
    /// The folder of keys of that node, where one is named.
    fn keys(&self) -> anyhow::Result<Option<KeyFolder>> {
        self.base_path.as_deref().map(node_keys).transpose()
    }
}

fn check_base_path(base_path: &Path) -> anyhow::Result<()> {
    match base_path.is_dir() {
        true => Ok(()),
        false => Err(usage(format!(
            "there is no folder {}: --base-path is that of the node",
            base_path.display()
        ))),
    }
}

/// The folder of keys of the node with this base path.
pub fn node_keys(base_path: &Path) -> anyhow::Result<KeyFolder> {
    check_base_path(base_path)?;
    Ok(KeyFolder::open(base_path.join(NODE_KEYS))?)
}

/// Options of `salus data add`.
#[derive(Clone, Debug, Args)]
pub struct AddArgs {
    /// The holder: an institution, for trainings any admitted member.
    #[command(flatten)]
    pub who: KeyArgs,
    /// The data.
    pub file: PathBuf,
    /// Its format: csv, fhir, cda, hl7v2, dicom, pdf, text, raw, or a number.
    #[arg(
        long,
        default_value = "csv",
        value_parser = codes::parse_format,
        conflicts_with = "training"
    )]
    pub format: u16,
    /// Where the key goes.
    #[command(flatten)]
    pub wallet: WalletArgs,
    /// Blob gateway that takes the ciphertext, as http://host:port.
    #[arg(
        long,
        value_name = "URL",
        env = "SALUS_GATEWAY",
        value_parser = parse_gateway,
        required_unless_present = "training"
    )]
    pub gateway: Option<String>,
    /// Where the key, or the file, goes too.
    #[command(flatten)]
    pub node: NodeArgs,
    /// What the columns are, for trainings.
    #[command(flatten)]
    pub training: TrainingArgs,
}

/// Commands about data sets.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Keep a data set: encrypt it, upload it, record it, give its key to the node. With --training,
    /// keep it at the node for joint trainings instead, and declare it.
    Add(Box<AddArgs>),
    /// List the data sets of an institution, and who may do what with them.
    List {
        /// Whose.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        account: AccountId32,
        /// Those that are declared for trainings instead.
        #[arg(long)]
        training: bool,
    },
    /// End the declaration of a data set for trainings; no live one may use it.
    Withdraw {
        /// The holder.
        #[command(flatten)]
        who: KeyArgs,
        /// The data set.
        #[arg(value_parser = parse_digest)]
        data_set: Digest,
        /// The node whose folder forgets the file.
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Give a data set's key to a node: another one, or after a rekey or a rotation of keys.
    Key {
        /// The institution.
        #[command(flatten)]
        who: KeyArgs,
        /// The data set.
        #[arg(value_parser = parse_digest)]
        record: Digest,
        /// Where the key is.
        #[command(flatten)]
        wallet: WalletArgs,
        /// Base path of the node on this machine.
        #[arg(long, value_name = "DIR")]
        base_path: PathBuf,
    },
    /// End a data set for good: nobody can have it analysed any more.
    Remove {
        /// The institution, or its recovery account.
        #[command(flatten)]
        who: KeyArgs,
        /// The data set.
        #[arg(value_parser = parse_digest)]
        record: Digest,
        /// The node that forgets the key.
        #[command(flatten)]
        node: NodeArgs,
    },
}

/// A data set that is on chain.
#[derive(Clone, Debug, Serialize)]
pub struct Added {
    /// Id of its record.
    pub record: String,
    /// The same.
    #[serde(skip)]
    pub id: Digest,
    /// Salted commitment to its content.
    pub commitment: String,
    /// Digest of the ciphertext.
    pub blob: String,
    /// Bytes of the ciphertext.
    pub size: u64,
    /// Rows of the table, as a job's bound counts them; `None` where fcm/1 cannot read it as it is.
    pub rows: Option<u32>,
    /// Columns of the table, all of them.
    pub columns: Option<u32>,
    /// File with the record key, in the wallet.
    pub key_file: PathBuf,
    /// File with the record key sealed to the institution, in the node's folder.
    pub node_key: Option<PathBuf>,
    /// Block in which it was recorded.
    pub block: u32,
}

/// An institution keeps a data set of its own: the content goes to the gateway encrypted to a fresh
/// key, on chain goes a salted commitment to it. The key stays in the wallet and, sealed to the
/// institution, with the node in whose folder `node` is.
pub async fn add(
    chain: &Chain,
    institution: &Keypair,
    wallet: &Wallet,
    node: Option<&KeyFolder>,
    plaintext: &[u8],
    format: u16,
    gateway: &str,
) -> anyhow::Result<Added> {
    let account = account_of(institution);
    let at = chain.finalized().await?;
    if registry::role_of(chain, &at, account).await? != Some(Role::Institution) {
        bail!("{account} is no active institution: only institutions keep data sets of their own");
    }
    let (_, holder) = registry::recipient_of(chain, &at, account).await?;
    let size = table_size(plaintext).ok();
    let packed = content::pack(plaintext);
    let commitment = Digest::from(packed.commitment);
    let id = record_id(&account, &commitment);
    let key = Identity::generate();
    let ciphertext = encrypt(&packed.bytes, &[key.recipient()])?;
    // Before the chain knows the key: a crash in between costs a file, not the data.
    wallet.save_record_key(&id, &key)?;
    let node_key = node
        .map(|keys| keys.save(&id.0, &key, &holder))
        .transpose()?;
    let blob = record::upload(chain, institution, gateway, ciphertext).await?;
    let (digest, bytes) = (blob.digest, blob.size);
    let call = subxt::dynamic::tx(
        "Records",
        "store_own",
        (
            commitment,
            format,
            subxt::utils::Static(blob),
            key.recipient(),
        ),
    );
    let receipt = match chain.submit(institution, &call).await {
        Ok(receipt) => receipt,
        Err(error) => {
            // Refused for certain: nothing will ever be encrypted to it.
            if matches!(crate::error::failure(&error), Some(Failure::Refused { .. })) {
                wallet.remove_record_key(&id, &key.recipient())?;
                node.map(|keys| keys.remove(&id.0)).transpose()?;
            }
            return Err(error);
        }
    };
    let stored: api::records::events::Stored = receipt.event()?;
    anyhow::ensure!(
        stored.record == id,
        "the chain has the data set under {}, not under {}",
        hex_of(&stored.record),
        hex_of(&id)
    );
    Ok(Added {
        record: hex_of(&id),
        id,
        commitment: hex_of(&commitment),
        blob: hex_of(&digest),
        size: bytes,
        rows: size.map(|(rows, _)| rows),
        columns: size.map(|(_, columns)| columns),
        key_file: wallet.record_key_path(&id, &key.recipient()),
        node_key,
        block: receipt.block,
    })
}

/// blake2-256(institution ‖ patient ‖ commitment), both the same account.
fn record_id(account: &AccountId32, commitment: &Digest) -> Digest {
    content::commit(&[&account.0[..], &account.0[..], commitment.as_bytes()].concat()).into()
}

/// Rows and columns of a table as a job's bound counts them: rows with missing values too.
fn table_size(bytes: &[u8]) -> anyhow::Result<(u32, u32)> {
    let mut parameters = FcmParameters::default();
    parameters.table.missing = Missing::Drop;
    let json = parameters.to_canonical_json()?;
    let bound = job::measure(job::FCM_1, json.as_bytes(), &[bytes])?;
    Ok((bound.rows, bound.columns))
}

/// The institution gives the key of a data set of its own, as it is now, to a node.
pub async fn give_key(
    chain: &Chain,
    institution: AccountId32,
    wallet: &Wallet,
    node: &KeyFolder,
    id: Digest,
) -> anyhow::Result<PathBuf> {
    let at = chain.finalized().await?;
    let entry = record::entry(chain, &at, id).await?;
    if entry.patient != institution {
        return Err(usage(format!(
            "record {} is not {institution}'s but {}'s",
            hex_of(&id),
            entry.patient
        )));
    }
    let (_, recipient) = record::stored(id, &entry)?;
    let key = wallet.record_key(&id, &recipient)?;
    let (_, holder) = registry::recipient_of(chain, &at, institution).await?;
    // Former keys open nothing that a panel could be given.
    node.remove(&id.0)?;
    Ok(node.save(&id.0, &key, &holder)?)
}

/// The data sets of an institution that have not ended, with their shares.
pub async fn list(chain: &Chain, institution: AccountId32) -> anyhow::Result<Vec<Record>> {
    let mut found = Vec::new();
    for listed in record::list(chain, institution).await? {
        if listed.institution == institution && listed.state == "stored" {
            let id = parse_digest(&listed.id).map_err(anyhow::Error::msg)?;
            found.push(record::show(chain, id).await?);
        }
    }
    Ok(found)
}

impl AddArgs {
    /// Refuses what can be refused without a node.
    fn check(&self) -> anyhow::Result<()> {
        match self.training.description() {
            Some(description) => {
                self.base_path()?;
                training::check(&self.file, &read(&self.file)?, &description)
            }
            None => Ok(()),
        }
    }

    /// Where a data set for trainings goes.
    fn base_path(&self) -> anyhow::Result<&Path> {
        let path = self.node.base_path.as_deref().ok_or_else(|| {
            usage("a data set for trainings stays at your node: name its folder with --base-path")
        })?;
        check_base_path(path)?;
        Ok(path)
    }

    async fn declare(&self, chain: &Chain, output: &Output) -> anyhow::Result<()> {
        let description = self
            .training
            .description()
            .context("there is a partition")?;
        let content = read(&self.file)?;
        let declared = training::declare(
            chain,
            &self.who.account()?,
            &training::folder(self.base_path()?)?,
            (&self.file, &content),
            &description,
            (self.training.purpose, &self.training.records),
        )
        .await?;
        output.result(&declared, training::Declared::words)
    }

    async fn add(&self, chain: &Chain, output: &Output) -> anyhow::Result<()> {
        let content = read(&self.file)?;
        let (key, wallet, node) = (self.who.account()?, self.wallet.open()?, self.node.keys()?);
        let gateway = self.gateway.as_deref().context("there is a gateway")?;
        let added = add(
            chain,
            &key,
            &wallet,
            node.as_ref(),
            &content,
            self.format,
            gateway,
        )
        .await?;
        if codes::format_name(self.format) == "csv" {
            if let Err(error) = table_size(&content) {
                output.note(format!(
                    "As it is, fcm/1 cannot read it ({error}): tell clients what to leave out"
                ));
            }
        }
        output.result(&added, added_words)
    }
}

impl Command {
    /// Does it.
    pub async fn run(self, global: &Global) -> anyhow::Result<()> {
        let output = global.output();
        // Before a node is asked.
        if let Command::Add(args) = &self {
            args.check()?;
        }
        let chain = Chain::connect(&global.node).await?;
        match self {
            Command::Add(args) if args.training.training.is_some() => {
                args.declare(&chain, &output).await
            }
            Command::Add(args) => args.add(&chain, &output).await,
            Command::List {
                account,
                training: true,
            } => {
                let found = training::list(&chain, account).await?;
                output.result(&found, |found| training::table(found))
            }
            Command::List { account, .. } => show_list(&output, list(&chain, account).await?),
            Command::Withdraw {
                who,
                data_set,
                node,
            } => {
                let folder = node
                    .base_path
                    .as_deref()
                    .map(training::folder)
                    .transpose()?;
                let key = who.account()?;
                let (receipt, removed) =
                    training::withdraw(&chain, &key, data_set, folder.as_ref()).await?;
                let result = json!({
                    "data_set": hex_of(&data_set),
                    "file_removed": removed,
                    "block": receipt.block,
                });
                output.result(&result, |_| match removed {
                    true => "Withdrawn, and the file is removed".to_owned(),
                    false => "Withdrawn; the file stays where it is".to_owned(),
                })
            }
            Command::Key {
                who,
                record,
                wallet,
                base_path,
            } => {
                let (account, wallet) = (account_of(&who.account()?), wallet.open()?);
                let node = node_keys(&base_path)?;
                let file = give_key(&chain, account, &wallet, &node, record).await?;
                let result = json!({ "record": hex_of(&record), "node_key": file });
                output.result(&result, |_| {
                    format!("The node's agent finds the key in {}", file.display())
                })
            }
            Command::Remove { who, record, node } => {
                let (key, node) = (who.account()?, node.keys()?);
                let at = chain.finalized().await?;
                let entry = record::entry(&chain, &at, record).await?;
                if entry.patient != entry.institution {
                    return Err(usage(format!(
                        "record {} is a patient's: `salus record terminate` ends it",
                        hex_of(&record)
                    )));
                }
                let ending = match entry.state {
                    // The key may still be with a node.
                    records::State::Terminated { .. } if node.is_some() => None,
                    _ => Some(record::terminate(&chain, &key, record, None).await?),
                };
                let ended = ending.as_ref().is_none_or(|ending| ending.ended);
                let removed = match (&node, ended) {
                    (Some(keys), true) => keys.remove(&record.0)?,
                    _ => 0,
                };
                let result = json!({
                    "record": hex_of(&record),
                    "ended": ended,
                    "keys_removed": removed,
                    "block": ending.map(|ending| ending.block),
                });
                output.result(&result, |_| match ended {
                    true => format!("Data set {} has ended", hex_of(&record)),
                    false => {
                        "Proposed: the other of institution and recovery account confirms with \
                              the same command"
                            .to_owned()
                    }
                })
            }
        }
    }
}

fn read(file: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let length = std::fs::metadata(file)
        .with_context(|| format!("cannot read {}", file.display()))?
        .len();
    match length {
        0 => Err(usage(format!("{} is empty", file.display()))),
        length if length > MAX_CONTENT => Err(usage(format!(
            "{} has {length} bytes; a data set has at most {MAX_CONTENT}",
            file.display()
        ))),
        _ => Ok(Zeroizing::new(files::read(file)?)),
    }
}

fn added_words(added: &Added) -> String {
    let mut text = format!(
        "Data set {} is recorded in block {}\n",
        added.record, added.block
    );
    if let (Some(rows), Some(columns)) = (added.rows, added.columns) {
        text.push_str(&format!(
            "{rows} rows without missing values, {columns} columns: clients have to know\n"
        ));
    }
    text.push_str(&format!("Its key is in {}\n", added.key_file.display()));
    match &added.node_key {
        Some(file) => text.push_str(&format!(
            "The node's agent seals it to panels from {}",
            file.display()
        )),
        None => text.push_str(&format!(
            "No node has the key yet. On the machine of the institution's node:\n  salus data key \
             {} --base-path DIR",
            added.record
        )),
    }
    text.push_str(&format!(
        "\nLet somebody have it analysed: salus record share {} --rights analyse --to ADDRESS \
         --purpose HRESCH --until 30d",
        added.record
    ));
    text
}

fn show_list(output: &Output, found: Vec<Record>) -> anyhow::Result<()> {
    output.result(&found, |found| {
        let rows: Vec<_> = found
            .iter()
            .map(|record| {
                let active = record.shares.iter().filter(|share| share.state == "active");
                vec![
                    record.id.clone(),
                    record.format.clone(),
                    record.released_at.to_string(),
                    active.count().to_string(),
                ]
            })
            .collect();
        output::table(&["Data set", "Format", "Recorded", "Shares"], &rows)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_measured_with_its_gaps() {
        let (rows, columns) = table_size(b"a,b\n1,2\n3,?\n4,5\n").unwrap();
        assert_eq!((rows, columns), (3, 2));
        assert!(table_size(b"a,b\n1,x\n").is_err());
    }

    #[test]
    fn a_record_is_under_the_digest_of_its_parties() {
        let (account, commitment) = (AccountId32([7; 32]), Digest::repeat_byte(9));
        let id = record_id(&account, &commitment);
        let all = [[7; 32], [7; 32], [9; 32]].concat();
        assert_eq!(id.0, content::commit(&all));
    }

    #[test]
    fn a_base_path_has_to_be_there() {
        let folder = tempfile::tempdir().unwrap();
        assert!(node_keys(&folder.path().join("none")).is_err());
        let keys = node_keys(folder.path()).unwrap();
        assert!(keys.path().ends_with("agent/record-keys"));
        assert!(keys.path().is_dir());
    }
}
