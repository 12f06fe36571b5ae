//! The command line.

use clap::{Args, Parser, Subcommand};

use crate::{
    analyse, chain, council, demo, job, keys, network, output::Output, record, registry, worker,
};

/// Where a node listens unless told otherwise.
pub const DEFAULT_NODE: &str = "ws://127.0.0.1:9944";

/// Medical records and verifiable analyses on a Salus chain.
///
/// Exit codes: 0 done, 1 failed, 2 wrong use, 3 refused by the chain, 4 the node cannot be reached.
#[derive(Debug, Parser)]
#[command(name = "salus", version, propagate_version = true)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// JSON-RPC address of a node.
    #[arg(long, global = true, value_name = "URL", env = "SALUS_NODE_URL", default_value = DEFAULT_NODE)]
    pub node: String,

    /// Print JSON on standard output.
    #[arg(long, global = true)]
    pub json: bool,

    /// No progress on standard error.
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

impl Global {
    /// How to print.
    pub fn output(&self) -> Output {
        Output::new(self.json, self.quiet)
    }
}

/// What `salus` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make and show keys.
    #[command(subcommand)]
    Keys(keys::Command),

    /// Who is who: apply, attest, sponsor, rotate keys.
    #[command(subcommand)]
    Registry(registry::Command),

    /// Vote on admissions and other motions of the council.
    #[command(subcommand)]
    Council(council::Command),

    /// Release, store, share, read and end medical records.
    #[command(subcommand)]
    Record(record::Command),

    /// Have several workers analyse data and agree on the result.
    #[command(subcommand)]
    Job(job::Command),

    /// Be a worker that analyses for others.
    #[command(subcommand)]
    Worker(worker::Command),

    /// Look at the chain and at accounts.
    #[command(subcommand)]
    Chain(chain::Command),

    /// Run an analysis here, with the options and the digest of a job.
    #[command(subcommand)]
    Analyse(analyse::Command),

    /// Run a network of validators on this machine.
    #[command(subcommand)]
    Network(network::Command),

    /// Show everything: four validators, a record's way, a job that survives a liar and a crash.
    Demo(demo::Demo),
}

impl Cli {
    /// Does what the command line asks for.
    pub async fn run(self) -> anyhow::Result<()> {
        let global = self.global;
        match self.command {
            Command::Keys(command) => command.run(&global.output()),
            Command::Registry(command) => command.run(&global).await,
            Command::Council(command) => command.run(&global).await,
            Command::Record(command) => command.run(&global).await,
            Command::Job(command) => command.run(&global).await,
            Command::Worker(command) => command.run(&global).await,
            Command::Chain(command) => command.run(&global).await,
            Command::Analyse(command) => command.run(&global.output()),
            Command::Network(command) => command.run(&global.output()).await,
            Command::Demo(demo) => demo.run(&global.output()).await,
        }
    }
}
