//! The command line: that of every Substrate node, and the options of the agent and the gateway.

use std::{net::SocketAddr, path::PathBuf};

use polkadot_sdk::{sc_transaction_pool::Options as PoolLimits, *};
use salus_blobs::{client::IpNet, Base};

use crate::{pool, upgrade::TryUpgrade};

/// Command line of `salus-node`.
#[derive(Debug, clap::Parser)]
#[command(mut_arg("pool_type", |arg| arg.default_value("single-state")))]
pub struct Cli {
    /// What to do instead of running a node.
    #[command(subcommand)]
    pub subcommand: Option<Subcommand>,

    /// Options of every Substrate node.
    #[clap(flatten)]
    pub run: RunCmd,

    /// Options of the agent.
    #[clap(flatten)]
    pub agent: AgentParams,

    /// Options of the blob gateway.
    #[clap(flatten)]
    pub gateway: GatewayParams,

    /// How the node logs.
    #[clap(flatten)]
    pub log: LogParams,

    /// Options of the relay chain's node, where the chain is a parachain.
    #[cfg(feature = "collator")]
    #[arg(raw = true)]
    pub relay_chain_args: Vec<String>,
}

/// Logging.
#[derive(Debug, Clone, clap::Args)]
pub struct LogParams {
    /// How log lines are written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one object a line, with timestamp, level, target and fields (message and more).
    Json,
}

impl Cli {
    /// Options of every Substrate node; a collator authors as a validator does.
    pub fn run(&self) -> sc_cli::RunCmd {
        #[cfg(feature = "collator")]
        return self.run.normalize().base;
        #[cfg(not(feature = "collator"))]
        return self.run.clone();
    }

    /// Limits of the pool of one state, where no other pool is wanted.
    pub fn pool_limits(&self) -> Option<PoolLimits> {
        let run = self.run();
        pool::limits(&run.pool_config, run.shared_params.is_dev())
    }
}

#[cfg(feature = "collator")]
type RunCmd = cumulus_client_cli::RunCmd;
#[cfg(not(feature = "collator"))]
type RunCmd = sc_cli::RunCmd;

/// Off-chain work.
#[derive(Debug, Clone, clap::Args)]
pub struct AgentParams {
    /// Do the off-chain work that the member with this node's operator key owes.
    ///
    /// Turns on the off-chain hook too. The operator key is in the keystore (`key insert
    /// --key-type oper --scheme sr25519`); with --dev or --alice it is `//Alice//operator`.
    #[arg(long)]
    pub agent: bool,

    /// File with the member's age identity, as `salus keys new` or `age-keygen` writes it.
    ///
    /// After a rotation give it several times, the newest first: jobs that were sealed to an older
    /// key, and commitments made with it, need that one until they are settled.
    /// Development keys have well-known identities and need no file.
    #[arg(long, value_name = "FILE")]
    pub agent_identity: Vec<PathBuf>,

    /// Fetch inputs from this network too, such as `10.20.0.0/16`; may be given several times.
    ///
    /// Clients name where the inputs of their jobs lie. On a live chain the agent therefore fetches
    /// from public addresses only; on development and local chains from all.
    #[arg(long, value_name = "NETWORK")]
    pub agent_allow_network: Vec<IpNet>,

    /// Threads that analyses may use.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub agent_threads: usize,
}

/// The blob gateway.
#[derive(Debug, Clone, clap::Args)]
pub struct GatewayParams {
    /// Where ciphertext blobs are kept: a directory, or `s3://bucket/prefix` (feature `s3`).
    ///
    /// [default: `blobs` in the base path]
    #[arg(long, value_name = "STORE")]
    pub gateway_store: Option<String>,

    /// Serve blobs on this address; 127.0.0.1 unless a TLS proxy stands before it.
    #[arg(long, value_name = "ADDR:PORT")]
    pub gateway_listen: Option<SocketAddr>,

    /// Address under which others reach this gateway [default: http://ADDR:PORT].
    ///
    /// Requests are signed for the address that is asked, and refused where it is not this one. Give
    /// it several times where the gateway has several: the first is the one that pointers on chain
    /// will have, the others are those of older pointers.
    #[arg(long, value_name = "URL")]
    pub gateway_url: Vec<Base>,
}

/// What a Substrate node can do besides running.
#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
    /// Make, inspect and insert keys.
    #[command(subcommand)]
    Key(sc_cli::KeySubcommand),

    /// Print a chain spec.
    ExportChainSpec(sc_cli::ExportChainSpecCmd),

    /// Build a chain spec (the older name of export-chain-spec).
    #[allow(deprecated)]
    BuildSpec(sc_cli::BuildSpecCmd),

    /// Validate blocks.
    CheckBlock(sc_cli::CheckBlockCmd),

    /// Export blocks.
    ExportBlocks(sc_cli::ExportBlocksCmd),

    /// Export the state of a block into a chain spec.
    ExportState(sc_cli::ExportStateCmd),

    /// Run the migrations of a new runtime on an exported state.
    TryUpgrade(TryUpgrade),

    /// Import blocks.
    ImportBlocks(sc_cli::ImportBlocksCmd),

    /// Remove the whole chain.
    PurgeChain(sc_cli::PurgeChainCmd),

    /// Revert the chain to a previous state.
    Revert(sc_cli::RevertCmd),

    /// Print what the database knows of the chain.
    ChainInfo(sc_cli::ChainInfoCmd),

    /// Print the header of a parachain's first block, to register it with a relay chain.
    #[cfg(feature = "collator")]
    #[command(alias = "export-genesis-state")]
    ExportGenesisHead(cumulus_client_cli::ExportGenesisHeadCommand),

    /// Print the code of a parachain, to register it with a relay chain.
    #[cfg(feature = "collator")]
    ExportGenesisWasm(cumulus_client_cli::ExportGenesisWasmCommand),
}
