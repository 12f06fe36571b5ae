//! The command line.

use clap::{Args, Parser, Subcommand};

use url::{Host, Url};

use crate::{
    analyse, chain, council, data, demo, interrupt::unless_interrupted, job, keys, network,
    output::Output, record, registry, worker,
};

/// Where a node listens unless told otherwise.
pub const DEFAULT_NODE: &str = "ws://127.0.0.1:9944";

/// What an exit code of the command means.
const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    failed
  2    wrong use: unknown options, values that cannot be, things that are not there
  3    refused by the chain
  4    the node or the gateway cannot be reached
  130  interrupted (Ctrl-C); 143 for a request to end (SIGTERM)

With --json a failure prints an object with `error`, `code` and, of a refusal, `name`.";

/// How an account is named.
pub const ACCOUNT: &str = "ADDRESS|FILE|//NAME";
/// How a key is named.
pub const KEY: &str = "FILE|//NAME";

/// Medical records and verifiable analyses on a Salus chain.
#[derive(Debug, Parser)]
#[command(name = "salus", version, propagate_version = true, after_help = EXIT_CODES)]
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

    /// Print only this field of the JSON: `record`, or `0.node` of the first in a list.
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "json")]
    pub field: Option<String>,

    /// No progress on standard error.
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

impl Printing {
    /// How to print.
    pub fn output(&self) -> Output {
        match &self.field {
            Some(name) => Output::of_field(name.clone(), self.quiet),
            None => Output::new(self.json, self.quiet),
        }
    }
}

/// Options of every command that talks to a node.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// JSON-RPC address of a node.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "SALUS_NODE_URL",
        default_value = DEFAULT_NODE,
        value_parser = parse_node
    )]
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

/// Reads the address of a node's JSON-RPC.
pub fn parse_node(text: &str) -> Result<String, String> {
    let form = "an address is ws://127.0.0.1:9944 on this machine, wss://HOST:PORT elsewhere";
    let url = Url::parse(text).map_err(|error| format!("{error}; {form}"))?;
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err(form.to_owned()),
    };
    match url.scheme() {
        "wss" => Ok(text.to_owned()),
        // Keys to encrypt to are read from the node: nobody may stand in between.
        "ws" if here => Ok(text.to_owned()),
        _ => Err(form.to_owned()),
    }
}

/// Reads the address of a blob gateway.
pub fn parse_gateway(text: &str) -> Result<String, String> {
    let form = "an address is http://HOST:PORT or https://HOST:PORT";
    let url = Url::parse(text).map_err(|error| format!("{error}; {form}"))?;
    let plain = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    match url.scheme() {
        "http" | "https" if plain && url.has_host() => Ok(text.to_owned()),
        _ => Err(form.to_owned()),
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

    /// Keep data sets of your own that others may have analysed, but not read.
    Data(With<Global, data::Command>),

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
            Command::Data(with) => with.options.output(),
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
        // They have nodes to stop where they are interrupted, and see to it themselves.
        let sees_to_it = matches!(self.command, Command::Network(_) | Command::Demo(_));
        let work = self.command.run(&output);
        match sees_to_it {
            true => work.await,
            false => unless_interrupted(work).await,
        }
    }
}

impl Command {
    async fn run(self, output: &Output) -> anyhow::Result<()> {
        match self {
            Command::Keys(with) => with.command.run(output),
            Command::Registry(with) => with.command.run(&with.options).await,
            Command::Council(with) => with.command.run(&with.options).await,
            Command::Record(with) => with.command.run(&with.options).await,
            Command::Data(with) => with.command.run(&with.options).await,
            Command::Job(with) => with.command.run(&with.options).await,
            Command::Worker(with) => with.command.run(&with.options).await,
            Command::Chain(with) => with.command.run(&with.options).await,
            Command::Analyse(with) => with.command.run(output).await,
            Command::Network(with) => with.command.run(output).await,
            Command::Demo(demo) => demo.run(output).await,
        }
    }
}
