//! The commands about jobs, as they are written.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use salus_analytics::job::FCM_1;
use salus_primitives::{jobs::JobId, Balance, Digest};
use subxt::utils::AccountId32;
use zeroize::Zeroizing;

use super::{Input, Order};
use crate::{
    analyse::{FcmArgs, ResultFiles},
    args::{parse_gateway, ACCOUNT},
    chain::text::parse_digest,
    error::usage,
    files,
    keys::{parse_account, KeyArgs},
    output,
    record::{codes::parse_purpose, FormerArgs, WalletArgs},
};

/// Options of `salus job post`.
#[derive(Clone, Debug, Args)]
#[command(group = ArgGroup::new("inputs").args(["files", "records"]).required(true).multiple(true))]
pub struct PostArgs {
    /// The client.
    #[command(flatten)]
    pub who: KeyArgs,

    /// Tables of your own.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Stored records that you may have analysed; after the draw their owners seal them.
    #[arg(long = "record", value_name = "RECORD", value_parser = parse_digest)]
    pub records: Vec<Digest>,

    /// Name and version of the algorithm.
    #[arg(long, default_value = FCM_1)]
    pub algorithm: String,

    /// How to cluster.
    #[command(flatten)]
    pub fcm: FcmArgs,

    /// For what, as in the records' consents: HRESCH, … or a number.
    #[arg(long, default_value = "HRESCH", value_parser = parse_purpose)]
    pub purpose: u16,

    /// Equal results that decide; more than half of the panel, and that is the default.
    #[arg(long, value_name = "N")]
    pub quorum: Option<u32>,

    /// Workers on the panel.
    #[arg(long, value_name = "M", default_value_t = 3)]
    pub panel: u32,

    /// Workers that step in for missing ones.
    #[arg(long, value_name = "R", default_value_t = 0)]
    pub reserves: u32,

    /// What it pays [default: the least that the chain takes].
    #[arg(long, value_name = "MED", value_parser = output::parse_med)]
    pub reward: Option<Balance>,

    /// Blocks that the panel has [default: 150, five minutes; more where the work takes longer].
    #[arg(long, value_name = "BLOCKS")]
    pub window: Option<u32>,

    /// Keep the result in the clear, for everybody to trace.
    #[arg(long)]
    pub clear: bool,

    /// Most rows, all inputs together; needed with --record.
    #[arg(long, requires = "columns")]
    pub rows: Option<u32>,

    /// Most columns that are used; needed with --record.
    #[arg(long, requires = "rows")]
    pub columns: Option<u32>,

    /// Where the inputs wait for the draw.
    #[command(flatten)]
    pub wallet: WalletArgs,

    /// Where inputs go that do not fit into the chain.
    #[command(flatten)]
    pub gateway: InputGateway,

    /// Return once it is posted; complete it later with `salus job provide`.
    #[arg(long)]
    pub no_wait: bool,
}

impl PostArgs {
    /// Reads the files.
    pub fn order(&self) -> anyhow::Result<Order> {
        if self.algorithm != FCM_1 {
            return Err(usage(format!(
                "this command has options for {FCM_1} only, not for {:?}",
                self.algorithm
            )));
        }
        let mut inputs = Vec::new();
        for file in &self.files {
            inputs.push(Input::Own(Zeroizing::new(files::read(file)?)));
        }
        inputs.extend(self.records.iter().copied().map(Input::Record));
        Ok(Order {
            algorithm: self.algorithm.clone(),
            parameters: self.fcm.parameters()?.to_canonical_json()?.into_bytes(),
            inputs,
            purpose: self.purpose,
            quorum: self.quorum.unwrap_or(self.panel / 2 + 1),
            panel: self.panel,
            reserves: self.reserves,
            reward: self.reward,
            window: self.window,
            clear: self.clear,
            size: self.rows.zip(self.columns),
        })
    }
}

/// Where inputs go that do not fit into the chain.
#[derive(Clone, Debug, Args)]
pub struct InputGateway {
    /// Blob gateway for inputs that do not fit into the chain, as http://host:port.
    #[arg(long, value_name = "URL", env = "SALUS_GATEWAY", value_parser = parse_gateway)]
    pub gateway: Option<String>,
}

/// Who acts, and on which job.
#[derive(Debug, Args)]
pub struct OfJob {
    /// Who acts.
    #[command(flatten)]
    pub who: KeyArgs,
    /// Number of the job.
    pub job: JobId,
}

/// Commands about jobs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Post a job, wait for its panel, and hand the data to it.
    Post(Box<PostArgs>),
    /// Hand the data of a posted job to its panel.
    Provide {
        /// The client, and its job.
        #[command(flatten)]
        of: OfJob,
        /// The client's former identities.
        #[command(flatten)]
        former: FormerArgs,
        /// Where the inputs wait.
        #[command(flatten)]
        wallet: WalletArgs,
        /// Where inputs go that do not fit into the chain.
        #[command(flatten)]
        gateway: InputGateway,
    },
    /// Patient: seal the keys of your records among a job's inputs to its panel.
    SealRecord {
        /// The patient, and the job.
        #[command(flatten)]
        of: OfJob,
        /// Where the keys are.
        #[command(flatten)]
        wallet: WalletArgs,
    },
    /// Follow a job to its end. With --json, a line of JSON for each step.
    Watch {
        /// Number of the job.
        job: JobId,
    },
    /// Fetch, check, open and show a job's result, and accept it.
    Result {
        /// The client; for a result in the clear, anybody who may fetch it.
        #[command(flatten)]
        of: OfJob,
        /// The client's former identities.
        #[command(flatten)]
        former: FormerArgs,
        /// Where the result goes.
        #[command(flatten)]
        files: ResultFiles,
        /// Do not pay the rest of the reward yet.
        #[arg(long)]
        no_accept: bool,
    },
    /// Say that no agreeing worker serves the result.
    Report(OfJob),
    /// Have the pointers to a result removed, after the retention period.
    Forget(OfJob),
    /// End a job whose inputs are not complete.
    Cancel {
        /// The client, and its job.
        #[command(flatten)]
        of: OfJob,
        /// Where the inputs wait.
        #[command(flatten)]
        wallet: WalletArgs,
    },
    /// Show a job.
    Show {
        /// Number of the job.
        job: JobId,
    },
    /// List jobs, newest first.
    List {
        /// Those of this client.
        #[arg(long, value_name = ACCOUNT, value_parser = parse_account)]
        client: Option<AccountId32>,
    },
}
