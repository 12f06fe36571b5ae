//! The command line.

use std::ffi::OsString;

use clap::{error::ErrorKind, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use url::{Host, Url};

use crate::{
    analyse, chain, council, data, demo, error::usage, interrupt::unless_interrupted, job, keys,
    network, output::Output, record, registry, rewards, spec, stake, train, worker,
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

/// Heading of the options that every command of a kind has.
const GLOBAL: &str = "Global options";

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
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub json: bool,

    /// Print only this field of what --json prints: `record`; `0.node` is the field `node` of the
    /// first in a list.
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        conflicts_with = "json",
        help_heading = GLOBAL
    )]
    pub field: Option<String>,

    /// No progress on standard error.
    #[arg(long, short, global = true, help_heading = GLOBAL)]
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
        help_heading = GLOBAL,
        value_parser = parse_node
    )]
    pub node: String,

    /// While finality stands still: read the best block, and take for done what is in one. It may
    /// still be undone.
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub unfinalized: bool,

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

    /// Train one model together with others, over data that nobody shows.
    Train(With<Global, train::Command>),

    /// Be a worker that analyses for others.
    Worker(With<Global, worker::Command>),

    /// Elect validators: bond, delegate, and see what stake earns.
    Stake(With<Global, stake::Command>),

    /// Get what records earn, and use it: offers and vouchers.
    Rewards(With<Global, rewards::Command>),

    /// Look at the chain and at accounts.
    Chain(With<Global, chain::Command>),

    /// Run an analysis here, with the options and the digest of a job.
    Analyse(With<Printing, analyse::Command>),

    /// Make the chain spec of a consortium from a short file.
    Spec(With<Printing, spec::Command>),

    /// Run a network of validators on this machine.
    Network(With<Printing, network::Command>),

    /// Show everything: four validators, a record's way, a job that survives a liar and a crash.
    Demo(demo::Demo),

    /// Show joint trainings: five institutions train both ways on public cohorts.
    DemoSvm(demo::svm::DemoSvm),
}

/// What clap says of numbers, and what it means.
const NUMBERS: [(&str, &str); 6] = [
    ("invalid digit found in string", "not a whole number"),
    (
        "cannot parse integer from empty string",
        "not a whole number",
    ),
    (
        "number too large to fit in target type",
        "the number is too large",
    ),
    (
        "number would be zero for non-zero type",
        "it must be 1 or more",
    ),
    ("invalid float literal", "not a number"),
    ("cannot parse float from empty string", "not a number"),
];

/// Options take values such as `-1`: what is wrong with them is for their parsers to say.
fn with_negative_numbers(command: clap::Command) -> clap::Command {
    command
        .mut_args(|arg| match arg.get_action().takes_values() {
            true => arg.allow_negative_numbers(true),
            false => arg,
        })
        .mut_subcommands(with_negative_numbers)
}

/// What is wrong with the arguments, in one line, without the usage.
fn wrong_use(text: &str) -> String {
    let end = ["\n\nUsage:", "\n\nFor more information"]
        .iter()
        .filter_map(|end| text.find(end))
        .min()
        .unwrap_or(text.len());
    let words: Vec<&str> = text[..end].split_whitespace().collect();
    let words = words.join(" ");
    words.strip_prefix("error: ").unwrap_or(&words).to_owned()
}

/// Whether these arguments, which cannot be parsed, ask for JSON.
fn asks_for_json(arguments: &[OsString]) -> bool {
    let mut given = arguments
        .iter()
        .skip(1)
        .take_while(|argument| *argument != "--");
    // The demos' `--json` takes a file.
    let demo = arguments
        .get(1)
        .is_some_and(|command| command == "demo" || command == "demo-svm");
    !demo && given.any(|argument| argument == "--json")
}

impl Cli {
    /// Reads the command line. Where it is wrong, or asks for help or the version, that is printed,
    /// and the exit code is returned.
    pub fn read(arguments: &[OsString]) -> Result<Self, u8> {
        let command = with_negative_numbers(Self::command());
        command
            .try_get_matches_from(arguments)
            .and_then(|matches| Self::from_arg_matches(&matches))
            .map_err(|error| Self::tell(&error, asks_for_json(arguments)))
    }

    fn tell(error: &clap::Error, json: bool) -> u8 {
        let plain = error.to_string();
        let text = NUMBERS
            .iter()
            .fold(plain.clone(), |text, (from, to)| text.replace(from, to));
        match error.kind() {
            ErrorKind::ValueValidation if text != plain => eprint!("{text}"),
            // A closed pipe is the reader's wish, not a failure.
            _ => drop(error.print()),
        }
        if !error.use_stderr() {
            return 0;
        }
        if json {
            let words = match error.kind() {
                ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                    "a command is missing".to_owned()
                }
                _ => wrong_use(&text),
            };
            Output::new(true, true).failure_object(&usage(words));
        }
        2
    }

    /// How to print.
    pub fn output(&self) -> Output {
        match &self.command {
            Command::Keys(with) => with.options.output(),
            Command::Registry(with) => with.options.output(),
            Command::Council(with) => with.options.output(),
            Command::Record(with) => with.options.output(),
            Command::Data(with) => with.options.output(),
            Command::Job(with) => with.options.output(),
            Command::Train(with) => with.options.output(),
            Command::Worker(with) => with.options.output(),
            Command::Stake(with) => with.options.output(),
            Command::Rewards(with) => with.options.output(),
            Command::Chain(with) => with.options.output(),
            Command::Analyse(with) => with.options.output(),
            Command::Spec(with) => with.options.output(),
            Command::Network(with) => with.options.output(),
            Command::Demo(demo) => demo.output(),
            Command::DemoSvm(demo) => demo.output(),
        }
    }

    /// Does what the command line asks for.
    pub async fn run(self) -> anyhow::Result<()> {
        let output = self.output();
        // They have nodes to stop where they are interrupted, and see to it themselves.
        let sees_to_it = matches!(
            self.command,
            Command::Network(_) | Command::Demo(_) | Command::DemoSvm(_)
        );
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
            Command::Train(with) => with.command.run(&with.options).await,
            Command::Worker(with) => with.command.run(&with.options).await,
            Command::Stake(with) => with.command.run(&with.options).await,
            Command::Rewards(with) => with.command.run(&with.options).await,
            Command::Chain(with) => with.command.run(&with.options).await,
            Command::Analyse(with) => with.command.run(output).await,
            Command::Spec(with) => with.command.run(output),
            Command::Network(with) => with.command.run(output).await,
            Command::Demo(demo) => demo.run(output).await,
            Command::DemoSvm(demo) => demo.run(output).await,
        }
    }
}
