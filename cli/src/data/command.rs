//! Commands about data sets, as they are written.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use salus_envelope::KeyFolder;
use salus_primitives::Digest;
use subxt::utils::AccountId32;

use super::training::TrainingArgs;
use crate::{
    args::{parse_gateway, ACCOUNT},
    chain::text::parse_digest,
    error::usage,
    keys::{parse_account, KeyArgs},
    record::{codes, WalletArgs},
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
    pub(super) fn keys(&self) -> anyhow::Result<Option<KeyFolder>> {
        self.base_path.as_deref().map(node_keys).transpose()
    }
}

pub(super) fn check_base_path(base_path: &Path) -> anyhow::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_path_has_to_be_there() {
        let folder = tempfile::tempdir().unwrap();
        assert!(node_keys(&folder.path().join("none")).is_err());
        let keys = node_keys(folder.path()).unwrap();
        assert!(keys.path().ends_with("agent/record-keys"));
        assert!(keys.path().is_dir());
    }
}
