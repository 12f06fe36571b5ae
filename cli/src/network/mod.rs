//! `salus network`: nodes on this machine. The demo and the tests start theirs through it.

mod binary;
mod launch;
pub(crate) mod node_key;
mod ports;
mod process;
mod rpc;
mod state;

use std::{io::IsTerminal, path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use serde::Serialize;

pub use binary::find_node;
pub use launch::{Addition, Network, Options};
pub use rpc::Rpc;
pub use state::{Kind, Node, FOUNDERS};

use crate::{
    args::KEY,
    error::usage,
    interrupt::{is_interrupted, unless_interrupted},
    keys::KeySource,
    output::{self, Output},
};

/// Longest wait for the first finalized blocks; a debug build on two cores takes half of it.
const START: Duration = Duration::from_secs(180);

/// Where a network is.
#[derive(Clone, Debug, Args)]
pub struct Base {
    /// Directory of the network: databases, logs, network.json.
    #[arg(long, value_name = "DIR", default_value = "salus-network")]
    pub base: PathBuf,
}

/// Commands about networks.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start validators and wait until they finalize blocks.
    Up {
        /// Where it goes; a network that is there already is started again.
        #[command(flatten)]
        base: Base,

        /// How many: 4, 3 (of the same four, one stays away), 1 (the development chain), or up to 22
        /// on a chain that is made for them, with the development accounts //Alice to //Ferdie, then
        /// //Node7 and so on [default: 4].
        #[arg(long, value_name = "N")]
        validators: Option<usize>,

        /// Let each do the off-chain work of its institution.
        #[arg(long)]
        agents: bool,

        /// Start the chain of this spec instead, which `salus spec new` made: the validators are the
        /// folders in --base whose keys `salus spec member` made.
        #[arg(long, value_name = "FILE", conflicts_with_all = ["validators", "agents"])]
        spec: Option<PathBuf>,
    },
    /// Add a node with keys of its own, start it, and wait until it is in step with the others.
    Add {
        /// The network, which runs.
        #[command(flatten)]
        base: Base,

        /// Its name: lower-case letters, digits and -.
        name: String,

        /// Let it validate. It makes its session keys when `salus stake set-keys` asks it to.
        #[arg(long)]
        validator: bool,

        /// Begin with a proof of finality and the newest state, and fetch older blocks later,
        /// instead of executing all blocks. Three nodes have to run.
        #[arg(long)]
        warp: bool,

        /// Let it do the off-chain work of the member with this operator key.
        #[arg(long, value_name = KEY, requires = "identities")]
        operator: Option<KeySource>,

        /// File with the member's age identity; after a rotation several, the newest first.
        #[arg(long = "identity", value_name = "FILE", requires = "operator")]
        identities: Vec<PathBuf>,
    },
    /// Stop all nodes.
    Down {
        /// The network.
        #[command(flatten)]
        base: Base,

        /// Remove its directory too.
        #[arg(long)]
        purge: bool,
    },
    /// Show the nodes.
    Status {
        /// The network.
        #[command(flatten)]
        base: Base,
    },
    /// Kill a node at once (kill -9).
    Kill {
        /// The network.
        #[command(flatten)]
        base: Base,

        /// Which one, such as `bob`.
        name: String,
    },
    /// Stop a node in good order.
    Stop {
        /// The network.
        #[command(flatten)]
        base: Base,

        /// Which one, such as `bob`.
        name: String,
    },
    /// Start a node that does not run.
    Start {
        /// The network.
        #[command(flatten)]
        base: Base,

        /// Which one, such as `bob`.
        name: String,

        /// Without off-chain work, whatever it did before.
        #[arg(long)]
        no_agent: bool,
    },
}

impl Command {
    /// Does it.
    pub async fn run(self, output: &Output) -> anyhow::Result<()> {
        match self {
            Command::Up {
                base,
                validators,
                agents,
                spec,
            } => {
                let shown = base.base.display();
                let mut network = match Network::open(&base.base) {
                    Ok(_) if spec.is_some() => {
                        return Err(usage(format!(
                            "there is a network in {shown}, with its spec: leave --spec out"
                        )))
                    }
                    Ok(mut network) => {
                        let founders = network.nodes().iter();
                        let there = founders.filter(|node| node.kind == Kind::Founder).count();
                        if validators.is_some_and(|wanted| wanted != there) {
                            return Err(usage(format!(
                                "the network in {shown} was made with {there} founders"
                            )));
                        }
                        if agents {
                            network.enable_agents()?;
                        }
                        network
                    }
                    Err(_) if !base.base.join(state::FILE).exists() => match spec {
                        Some(spec) => Network::from_spec(&base.base, &spec, true)?,
                        None => Network::create(
                            &base.base,
                            Options {
                                validators: validators.unwrap_or(FOUNDERS.len()),
                                agents,
                                default_ports: true,
                            },
                        )?,
                    },
                    Err(error) => return Err(error),
                };
                let waiting = begin(output, "Waiting for finalized blocks");
                let started = match network.start_all() {
                    Ok(()) => unless_interrupted(network.wait_finalized(1, START)).await,
                    Err(error) => Err(error),
                };
                waiting.finish_and_clear();
                if let Err(error) = started {
                    // Half a network would keep its ports and finalize nothing.
                    output.note("Stopping the nodes; Ctrl-C kills them at once");
                    match network.stop_or_kill().await {
                        Ok(killed) => tell_killed(output, &killed),
                        Err(stop) if is_interrupted(&stop) => {}
                        Err(stop) => return Err(stop),
                    }
                    return Err(error);
                }
                show(&network, output).await?;
                let first = &network.nodes()[0];
                output.note("For other commands:");
                output.note(format!(
                    "  export SALUS_NODE_URL={} SALUS_GATEWAY={}",
                    first.url(),
                    first.gateway()
                ));
                Ok(())
            }
            Command::Add {
                base,
                name,
                validator,
                warp,
                operator,
                identities,
            } => {
                let mut network = Network::open(&base.base)?;
                let addition = Addition {
                    validator,
                    warp,
                    operator,
                    identities,
                };
                network.add(&name, addition)?;
                network.start(&name, None)?;
                let waiting = begin(output, "Waiting until the node is in step");
                let in_step = unless_interrupted(network.wait_in_step(&name, START)).await;
                waiting.finish_and_clear();
                if let Err(error) = in_step {
                    output.note(format!(
                        "{name} stays in the network; its log is {}",
                        network.log(&name).display()
                    ));
                    return Err(error);
                }
                show(&network, output).await
            }
            Command::Down { base, purge } => {
                let mut network = Network::open(&base.base)?;
                let waiting = begin(output, "Stopping");
                let stopped = network.stop_or_kill().await;
                waiting.finish_and_clear();
                let killed = stopped?;
                tell_killed(output, &killed);
                if purge {
                    network.remove()?;
                }
                output.result(
                    &serde_json::json!({ "stopped": true, "purged": purge, "killed": killed }),
                    |_| match purge {
                        true => "Stopped and removed".into(),
                        false => "Stopped".into(),
                    },
                )
            }
            Command::Status { base } => show(&Network::open(&base.base)?, output).await,
            Command::Kill { base, name } => {
                let mut network = Network::open(&base.base)?;
                network.kill(&name).await?;
                show(&network, output).await
            }
            Command::Stop { base, name } => {
                let mut network = Network::open(&base.base)?;
                network.stop(&name).await?;
                show(&network, output).await
            }
            Command::Start {
                base,
                name,
                no_agent,
            } => {
                let mut network = Network::open(&base.base)?;
                let agent = match no_agent {
                    true => Some(false),
                    false => None,
                };
                network.start(&name, agent)?;
                let waiting = begin(output, "Waiting for the node");
                network.wait_ready(&name, START).await?;
                waiting.finish_and_clear();
                show(&network, output).await
            }
        }
    }
}

/// A spinner for what takes long; where there is no terminal for it, a line.
pub(crate) fn begin(output: &Output, message: &str) -> ProgressBar {
    if !output.is_json() && !std::io::stderr().is_terminal() {
        output.note(format!("{message} …"));
    }
    output.spinner(message.to_owned())
}

fn tell_killed(output: &Output, killed: &[String]) {
    if !killed.is_empty() {
        output.note(format!(
            "Killed (kill -9), still loading or too slow to stop: {}",
            killed.join(", ")
        ));
    }
}

/// A node as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    name: String,
    kind: Kind,
    running: bool,
    agent: bool,
    pid: Option<u32>,
    node: String,
    bootnode: String,
    gateway: String,
    metrics: String,
    log: PathBuf,
    best: Option<u32>,
    finalized: Option<u32>,
    peers: Option<u32>,
}

async fn show(network: &Network, output: &Output) -> anyhow::Result<()> {
    let mut nodes = Vec::new();
    for node in network.nodes() {
        let running = node.is_running();
        let head = match running {
            true => node.rpc()?.head().await.ok(),
            false => None,
        };
        nodes.push(Shown {
            name: node.name.clone(),
            kind: node.kind,
            running,
            agent: node.agent,
            pid: node
                .process
                .as_ref()
                .filter(|_| running)
                .map(|process| process.pid),
            node: node.url(),
            bootnode: node.bootnode(),
            gateway: node.gateway(),
            metrics: node.metrics(),
            log: network.log(&node.name),
            best: head.as_ref().map(|head| head.best),
            finalized: head.as_ref().map(|head| head.finalized),
            peers: head.as_ref().map(|head| head.peers),
        });
    }
    output.result(&nodes, |nodes| {
        let number = |value: Option<u32>| value.map_or("-".into(), |value| value.to_string());
        let rows: Vec<Vec<String>> = nodes
            .iter()
            .map(|node| {
                vec![
                    node.name.clone(),
                    match node.kind {
                        Kind::Founder => "founder".into(),
                        Kind::Validator => "validator".into(),
                        Kind::Full => "full".into(),
                    },
                    match (node.running, node.agent) {
                        (false, _) => "stopped".into(),
                        (true, true) => "running, agent".into(),
                        (true, false) => "running".into(),
                    },
                    number(node.best),
                    number(node.finalized),
                    number(node.peers),
                    node.node.clone(),
                    node.gateway.clone(),
                ]
            })
            .collect();
        output::table(
            &[
                "Name", "Kind", "State", "Best", "Final", "Peers", "Node", "Gateway",
            ],
            &rows,
        )
    })
}
