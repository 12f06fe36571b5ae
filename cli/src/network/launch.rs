//! Starting and stopping validators.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{bail, Context};

use super::{
    binary::find_node,
    node_key, ports,
    process::Process,
    state::{Node, State, FOUNDERS},
};
use crate::{error::usage, interrupt::unless_interrupted};

/// Between two looks at a node.
const POLL: Duration = Duration::from_millis(200);
/// How long a node may take to write its database out before it is killed.
const PATIENCE: Duration = Duration::from_secs(20);
/// Lines of a log that are shown when its node died.
const TAIL: usize = 15;

/// What network to make.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// 1, 3 or 4 validators.
    pub validators: usize,
    /// Whether their agents run.
    pub agents: bool,
    /// The first validator takes the default ports of JSON-RPC and gateway, where they are free.
    pub default_ports: bool,
}

/// Port of JSON-RPC that `salus` asks by default.
const DEFAULT_RPC: u16 = 9944;
/// Port of the gateway in the docs.
const DEFAULT_GATEWAY: u16 = 8400;

/// A network on this machine. Dropping it leaves its nodes alone.
#[derive(Debug)]
pub struct Network {
    base: PathBuf,
    state: State,
    /// Nodes that this process started, to be reaped.
    children: HashMap<String, Child>,
}

impl Network {
    /// Makes a network in a directory that has none: keys, ports, `network.json`. Starts nothing.
    pub fn create(base: &Path, options: Options) -> anyhow::Result<Self> {
        let chain = match options.validators {
            1 => "dev",
            3 | 4 => "local",
            2 => {
                return Err(usage(
                    "two of the four founders finalize nothing: take 1, 3 or 4",
                ))
            }
            _ => return Err(usage("there are four founders: take 1, 3 or 4 validators")),
        };
        let program = find_node()?;
        fs::create_dir_all(base).with_context(|| format!("cannot make {}", base.display()))?;
        if fs::read_dir(base)?.next().is_some() {
            return Err(usage(format!(
                "{} is not empty: a network needs a directory of its own",
                base.display()
            )));
        }
        let base = base.canonicalize()?;
        let mut ports = ports::free(Node::PORTS * options.validators)?;
        if options.default_ports {
            // Where `salus` and polkadot.js look unless told otherwise.
            ports[0] = ports::this_or(DEFAULT_RPC, ports[0]);
            ports[3] = ports::this_or(DEFAULT_GATEWAY, ports[3]);
        }
        let mut nodes = Vec::new();
        for (name, ports) in FOUNDERS.iter().zip(ports.as_chunks().0) {
            let folder = base.join(name);
            fs::create_dir_all(&folder)?;
            let peer = node_key::create(&folder.join("node.key"))?;
            nodes.push(Node::new(name, peer, options.agents, *ports));
        }
        let network = Network {
            state: State::new(chain, program, nodes),
            base,
            children: HashMap::new(),
        };
        network.save()?;
        Ok(network)
    }

    /// The network that was made in this directory.
    pub fn open(base: &Path) -> anyhow::Result<Self> {
        let state = State::load(base)?;
        Ok(Network {
            base: base.canonicalize()?,
            state,
            children: HashMap::new(),
        })
    }

    /// Its validators.
    pub fn nodes(&self) -> &[Node] {
        &self.state.nodes
    }

    /// Turns the agents of validators that do not run on.
    pub fn enable_agents(&mut self) -> anyhow::Result<()> {
        for node in &mut self.state.nodes {
            if !node.is_running() {
                node.agent = true;
            }
        }
        self.save()
    }

    /// Sets what a validator's program is told besides, from its next start on.
    pub fn set_arguments(&mut self, name: &str, arguments: Vec<String>) -> anyhow::Result<()> {
        let index = self.index(name)?;
        self.state.nodes[index].arguments = arguments;
        self.save()
    }

    /// Sets what a validator's program is run by, from its next start on: `ip netns exec NAME`.
    pub fn set_wrapper(&mut self, name: &str, wrapper: Vec<String>) -> anyhow::Result<()> {
        let index = self.index(name)?;
        self.state.nodes[index].wrapper = wrapper;
        self.save()
    }

    /// The validator of this name.
    pub fn node(&self, name: &str) -> anyhow::Result<&Node> {
        Ok(&self.state.nodes[self.index(name)?])
    }

    /// Its directory.
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// Where a validator's log is.
    pub fn log(&self, name: &str) -> PathBuf {
        self.base.join(name).join("node.log")
    }

    fn index(&self, name: &str) -> anyhow::Result<usize> {
        let names = || self.state.nodes.iter().map(|node| node.name.as_str());
        names()
            .position(|other| other.eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                let known: Vec<&str> = names().collect();
                usage(format!(
                    "there is no validator {name:?}; there are {}",
                    known.join(", ")
                ))
            })
    }

    fn save(&self) -> anyhow::Result<()> {
        self.state.save(&self.base)
    }

    /// Starts every validator that does not run.
    pub fn start_all(&mut self) -> anyhow::Result<()> {
        for index in 0..self.state.nodes.len() {
            if !self.state.nodes[index].is_running() {
                self.launch(index)?;
            }
        }
        Ok(())
    }

    /// Starts a validator, with or without its agent where `agent` says so.
    pub fn start(&mut self, name: &str, agent: Option<bool>) -> anyhow::Result<()> {
        let index = self.index(name)?;
        if self.state.nodes[index].is_running() {
            return Err(usage(format!("{name} runs already")));
        }
        if let Some(agent) = agent {
            self.state.nodes[index].agent = agent;
        }
        self.launch(index)
    }

    fn launch(&mut self, index: usize) -> anyhow::Result<()> {
        let node = &self.state.nodes[index];
        let name = node.name.clone();
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log(&name))?;
        let mut command = match node.wrapper.split_first() {
            Some((wrapper, words)) => {
                let mut command = Command::new(wrapper);
                command.args(words).arg(&self.state.program);
                command
            }
            None => Command::new(&self.state.program),
        };
        command
            .args(self.arguments(node))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // A group of its own: an interrupt at the terminal is for the command only.
            .process_group(0);
        let child = command
            .spawn()
            .with_context(|| format!("cannot run {}", self.state.program.display()))?;
        self.state.nodes[index].process = Some(Process::of(child.id()));
        self.children.insert(name, child);
        self.save()
    }

    fn arguments(&self, node: &Node) -> Vec<String> {
        let folder = self.base.join(&node.name);
        let mut arguments: Vec<String> = [
            "--chain",
            &self.state.chain,
            &format!("--{}", node.name),
            "--base-path",
            &folder.to_string_lossy(),
            "--node-key-file",
            &folder.join("node.key").to_string_lossy(),
            "--listen-addr",
            &format!("/ip4/127.0.0.1/tcp/{}", node.p2p_port),
            "--rpc-port",
            &node.rpc_port.to_string(),
            "--prometheus-port",
            &node.metrics_port.to_string(),
            "--gateway-listen",
            &format!("127.0.0.1:{}", node.gateway_port),
            "--no-telemetry",
            // Other networks on this machine or its neighbours are none of ours.
            "--no-mdns",
        ]
        .map(str::to_owned)
        .into();
        for other in self
            .state
            .nodes
            .iter()
            .filter(|other| other.name != node.name)
        {
            arguments.extend(["--bootnodes".to_owned(), other.bootnode()]);
        }
        if node.agent {
            arguments.push("--agent".to_owned());
        }
        arguments.extend_from_slice(&node.arguments);
        arguments
    }

    /// Kills a validator at once (SIGKILL) and waits until it is gone.
    pub async fn kill(&mut self, name: &str) -> anyhow::Result<()> {
        let index = self.index(name)?;
        self.kill_one(index).await?;
        self.save()
    }

    /// Asks a validator to stop and waits until it is gone; kills it where it takes too long.
    pub async fn stop(&mut self, name: &str) -> anyhow::Result<()> {
        let index = self.index(name)?;
        self.stop_these(&[index]).await?;
        Ok(())
    }

    /// Stops all validators, at the same time. The names of those that were killed, since
    /// they loaded still or took too long.
    pub async fn stop_all(&mut self) -> anyhow::Result<Vec<String>> {
        let all: Vec<usize> = (0..self.state.nodes.len()).collect();
        self.stop_these(&all).await
    }

    /// As [`Network::stop_all`]; a signal meanwhile kills all of them at once.
    pub async fn stop_or_kill(&mut self) -> anyhow::Result<Vec<String>> {
        let stopped = unless_interrupted(self.stop_all()).await;
        if stopped.is_err() {
            self.kill_all().await?;
        }
        stopped.context("the nodes were killed (kill -9)")
    }

    /// Kills all validators at once (SIGKILL) and waits until they are gone.
    pub async fn kill_all(&mut self) -> anyhow::Result<()> {
        for node in &self.state.nodes {
            if let Some(process) = &node.process {
                process.kill()?;
            }
        }
        for index in 0..self.state.nodes.len() {
            self.kill_one(index).await?;
        }
        self.save()
    }

    async fn kill_one(&mut self, index: usize) -> anyhow::Result<()> {
        let Some(process) = self.state.nodes[index].process.clone() else {
            return Ok(());
        };
        process.kill()?;
        self.gone(index, &process, Instant::now() + PATIENCE).await
    }

    async fn stop_these(&mut self, indices: &[usize]) -> anyhow::Result<Vec<String>> {
        let mut killed = Vec::new();
        for node in indices.iter().map(|index| &self.state.nodes[*index]) {
            match &node.process {
                // It loads still, and would hear of the request only once it has loaded.
                Some(process) if process.is_running() && !serves(node.rpc_port).await => {
                    process.kill()?;
                    killed.push(node.name.clone());
                }
                Some(process) => process.terminate()?,
                None => {}
            }
        }
        // One patience for all of them.
        let until = Instant::now() + PATIENCE;
        for index in indices {
            let Some(process) = self.state.nodes[*index].process.clone() else {
                continue;
            };
            if self.gone(*index, &process, until).await.is_err() {
                self.kill_one(*index).await?;
                killed.push(self.state.nodes[*index].name.clone());
            }
        }
        self.save()?;
        Ok(killed)
    }

    /// Kills what this process started, without waiting for anything.
    pub fn kill_children(&mut self) {
        for child in self.children.values_mut() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
        self.children.clear();
    }

    /// Removes the directory. Nothing may run in it.
    pub fn remove(self) -> anyhow::Result<()> {
        if let Some(node) = self.state.nodes.iter().find(|node| node.is_running()) {
            bail!("{} still runs", node.name);
        }
        let failed = |path: &Path| format!("cannot remove {}", path.display());
        for node in &self.state.nodes {
            let folder = self.base.join(&node.name);
            fs::remove_dir_all(&folder).with_context(|| failed(&folder))?;
        }
        let state = self.base.join(super::state::FILE);
        fs::remove_file(&state).with_context(|| failed(&state))?;
        // What else is in the directory is not the network's; then the directory stays.
        match fs::remove_dir(&self.base) {
            Err(error) if error.kind() != std::io::ErrorKind::DirectoryNotEmpty => {
                Err(error).with_context(|| failed(&self.base))
            }
            _ => Ok(()),
        }
    }

    async fn gone(
        &mut self,
        index: usize,
        process: &Process,
        until: Instant,
    ) -> anyhow::Result<()> {
        let name = self.state.nodes[index].name.clone();
        loop {
            if let Some(child) = self.children.get_mut(&name) {
                if child.try_wait()?.is_some() {
                    self.children.remove(&name);
                }
            }
            if !process.is_running() {
                self.state.nodes[index].process = None;
                return Ok(());
            }
            if Instant::now() > until {
                bail!("{name} (process {}) does not end", process.pid);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until every validator that was started has finalized block `height`.
    pub async fn wait_finalized(&self, height: u32, patience: Duration) -> anyhow::Result<()> {
        let until = Instant::now() + patience;
        for node in self
            .state
            .nodes
            .iter()
            .filter(|node| node.process.is_some())
        {
            self.wait_node(node, until, height).await?;
        }
        Ok(())
    }

    /// Waits until a validator answers and its gateway serves.
    pub async fn wait_ready(&self, name: &str, patience: Duration) -> anyhow::Result<()> {
        self.wait_node(self.node(name)?, Instant::now() + patience, 0)
            .await
    }

    async fn wait_node(&self, node: &Node, until: Instant, height: u32) -> anyhow::Result<()> {
        let rpc = node.rpc()?;
        loop {
            if !node.is_running() {
                bail!(
                    "{} ended; the end of its log ({}):\n{}",
                    node.name,
                    self.log(&node.name).display(),
                    tail(&self.log(&node.name))
                );
            }
            let reached = match rpc.head().await {
                Ok(head) => head.finalized >= height,
                Err(_) => false,
            };
            if reached && serves(node.gateway_port).await {
                return Ok(());
            }
            if Instant::now() > until {
                bail!(
                    "{} has not finalized block {height} in time; the end of its log ({}):\n{}",
                    node.name,
                    self.log(&node.name).display(),
                    tail(&self.log(&node.name))
                );
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

/// Whether something listens on the port.
async fn serves(port: u16) -> bool {
    tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .is_ok()
}

/// The last lines of a log.
fn tail(log: &Path) -> String {
    let text = File::open(log)
        .and_then(std::io::read_to_string)
        .unwrap_or_else(|error| error.to_string());
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A program that ignores requests to end and serves nothing stands for a node that loads.
    #[tokio::test]
    async fn nodes_that_load_are_killed_without_patience() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("loads");
        fs::write(
            &program,
            "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1; done\n",
        )
        .unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let free = ports::free(2 * Node::PORTS).unwrap();
        let nodes = FOUNDERS.iter().zip(free.as_chunks().0);
        let nodes = nodes.map(|(name, ports)| Node::new(name, String::new(), false, *ports));
        let mut network = Network {
            state: State::new("dev", program, nodes.collect()),
            base: folder.path().to_owned(),
            children: HashMap::new(),
        };
        for node in network.nodes() {
            fs::create_dir(folder.path().join(&node.name)).unwrap();
        }
        network.start_all().unwrap();
        assert!(network.nodes().iter().all(Node::is_running));
        let began = Instant::now();
        assert_eq!(network.stop_all().await.unwrap(), ["alice", "bob"]);
        assert!(began.elapsed() < PATIENCE);
        assert!(!network.nodes().iter().any(Node::is_running));
        // Nothing runs: nothing is killed.
        assert!(network.stop_all().await.unwrap().is_empty());
    }
}
