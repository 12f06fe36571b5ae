//! What is known of a network: `network.json` in its directory.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::{process::Process, rpc::Rpc};
use crate::error::usage;

/// Name of the file.
pub const FILE: &str = "network.json";
/// Version of its layout.
const VERSION: u32 = 1;

/// The founding institutions of the `local` preset, as their nodes are called.
pub const FOUNDERS: [&str; 4] = ["alice", "bob", "charlie", "dave"];

/// A network on this machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    version: u32,
    /// Chain spec, as `--chain` takes it.
    pub chain: String,
    /// The node's program.
    pub program: PathBuf,
    /// Its nodes.
    pub nodes: Vec<Node>,
}

/// What a node is, and so where its keys come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A founder with a well-known account, of a preset or of a chain for trials.
    #[default]
    Founder,
    /// A validator, or one to be, with the keys of its keystore.
    Validator,
    /// Follows the chain only.
    Full,
}

/// A node of the network.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Node {
    /// Name of its folder; of a preset's founder also the flag that gives it its keys.
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub kind: Kind,
    /// Whether it began with a proof of finality instead of all blocks.
    #[serde(default)]
    pub warp: bool,
    /// Files with the age identities of its agent, but for a preset's founder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<PathBuf>,
    /// Peer id.
    pub peer: String,
    /// Whether its agent runs.
    pub agent: bool,
    /// JSON-RPC, HTTP and WebSocket.
    pub rpc_port: u16,
    /// Peer to peer.
    pub p2p_port: u16,
    /// Prometheus.
    pub metrics_port: u16,
    /// Blob gateway.
    pub gateway_port: u16,
    /// What its program is told besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// What its program is run by: a program that becomes it, and that one's words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrapper: Vec<String>,
    /// Its process, once it was started.
    pub process: Option<Process>,
}

impl Node {
    /// Ports that a node listens on.
    pub const PORTS: usize = 4;

    /// A founder that was not started, with these ports in the order of the fields.
    pub fn new(
        name: &str,
        peer: String,
        agent: bool,
        [rpc_port, p2p_port, metrics_port, gateway_port]: [u16; Self::PORTS],
    ) -> Self {
        Node {
            name: name.to_owned(),
            kind: Kind::default(),
            warp: false,
            identities: Vec::new(),
            peer,
            agent,
            rpc_port,
            p2p_port,
            metrics_port,
            gateway_port,
            arguments: Vec::new(),
            wrapper: Vec::new(),
            process: None,
        }
    }
}

impl State {
    /// A new network.
    pub fn new(chain: &str, program: PathBuf, nodes: Vec<Node>) -> Self {
        State {
            version: VERSION,
            chain: chain.to_owned(),
            program,
            nodes,
        }
    }

    /// Reads it from the network's directory.
    pub fn load(base: &Path) -> anyhow::Result<Self> {
        let path = base.join(FILE);
        let shown = path.display();
        if !path.exists() {
            return Err(usage(format!(
                "there is no network in {} ({shown})",
                base.display()
            )));
        }
        let text = fs::read(&path).with_context(|| format!("cannot read {shown}"))?;
        let state: State =
            serde_json::from_slice(&text).with_context(|| format!("{shown} is damaged"))?;
        anyhow::ensure!(
            state.version == VERSION,
            "{shown} has version {}, this program reads {VERSION}",
            state.version
        );
        Ok(state)
    }

    /// Whether its chain is a preset, whose founders have their keys from the node's program.
    pub fn is_preset(&self) -> bool {
        matches!(self.chain.as_str(), "dev" | "local")
    }

    /// Writes it, whole or not at all.
    pub fn save(&self, base: &Path) -> anyhow::Result<()> {
        let path = base.join(FILE);
        let draft = base.join(format!("{FILE}.new"));
        fs::write(&draft, serde_json::to_vec_pretty(self)?)
            .and_then(|()| fs::rename(&draft, &path))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

impl Node {
    /// Whether its process runs.
    pub fn is_running(&self) -> bool {
        self.process.as_ref().is_some_and(Process::is_running)
    }

    /// WebSocket address of its JSON-RPC.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.rpc_port)
    }

    /// Base address of its blob gateway.
    pub fn gateway(&self) -> String {
        format!("http://127.0.0.1:{}", self.gateway_port)
    }

    /// Address of its metrics.
    pub fn metrics(&self) -> String {
        format!("http://127.0.0.1:{}/metrics", self.metrics_port)
    }

    /// Its JSON-RPC over HTTP.
    pub fn rpc(&self) -> anyhow::Result<Rpc> {
        Rpc::local(self.rpc_port)
    }

    /// Its address for others.
    pub fn bootnode(&self) -> String {
        format!("/ip4/127.0.0.1/tcp/{}/p2p/{}", self.p2p_port, self.peer)
    }
}
