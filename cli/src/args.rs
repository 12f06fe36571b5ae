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
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// How to print.
#[derive(Clone, Debug, Args)]
pub struct Printing {
    /// Print JSON on standard output.
    #[arg(long, global = true)]
    pub json: bool,

    /// No progress on standard error.
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

impl Printing {
    /// How to print.
    pub fn output(&self) -> Output {
        Output::new(self.json, self.quiet)
    }
}

/// Options of every command that talks to a node.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// JSON-RPC address of a node.
    #[arg(long, global = true, value_name = "URL", env = "SALUS_NODE_URL", default_value = DEFAULT_NODE)]
    pub node: String,

    /// How to print.
    #[command(flatten)]
    pub printing: Printing,
}

impl Global {
    /// How to print.
    pub fn output(&self) -> Output {
        self.printing.output()
    }
}

/// A command with the options of its kind. The demo has none of them: its `--json` takes a file.
#[derive(Debug, Args)]
pub struct With<Options: Args, Command: Subcommand> {
    /// Options of this kind of command.
    #[command(flatten)]
    pub options: Options,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What `salus` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make and show keys.
    Keys(With<Printing, keys::Command>),

    /// Who is who: apply, attest, sponsor, rotate keys.
    Registry(With<Global, registry::Command>),

    /// Vote on admissions and other motions of the council.
    Council(With<Global, council::Command>),

    /// Release, store, share, read and end medical records.
    Record(With<Global, record::Command>),

    /// Have several workers analyse data and agree on the result.
    Job(With<Global, job::Command>),

    /// Be a worker that analyses for others.
    Worker(With<Global, worker::Command>),

    /// Look at the chain and at accounts.
    Chain(With<Global, chain::Command>),

    /// Run an analysis here, with the options and the digest of a job.
    Analyse(With<Printing, analyse::Command>),

    /// Run a network of validators on this machine.
    Network(With<Printing, network::Command>),

    /// Show everything: four validators, a record's way, a job that survives a liar and a crash.
    Demo(demo::Demo),
}

impl Cli {
    /// How to print.
    pub fn output(&self) -> Output {
        match &self.command {
            Command::Keys(with) => with.options.output(),
            Command::Registry(with) => with.options.output(),
            Command::Council(with) => with.options.output(),
            Command::Record(with) => with.options.output(),
            Command::Job(with) => with.options.output(),
            Command::Worker(with) => with.options.output(),
            Command::Chain(with) => with.options.output(),
            Command::Analyse(with) => with.options.output(),
            Command::Network(with) => with.options.output(),
            Command::Demo(demo) => demo.output(),
        }
    }

    /// Does what the command line asks for.
    pub async fn run(self) -> anyhow::Result<()> {
        let output = self.output();
        match self.command {
            Command::Keys(with) => with.command.run(&output),
            Command::Registry(with) => with.command.run(&with.options).await,
            Command::Council(with) => with.command.run(&with.options).await,
            Command::Record(with) => with.command.run(&with.options).await,
            Command::Job(with) => with.command.run(&with.options).await,
            Command::Worker(with) => with.command.run(&with.options).await,
            Command::Chain(with) => with.command.run(&with.options).await,
            Command::Analyse(with) => with.command.run(&output),
            Command::Network(with) => with.command.run(&output).await,
            Command::Demo(demo) => demo.run(&output).await,
        }
    }
}
