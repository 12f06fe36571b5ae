//! Starting and stopping nodes.

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
    state::{Kind, Node, State, FOUNDERS},
};
use crate::{
    error::usage,
    files,
    interrupt::unless_interrupted,
    keys::{load_identity, KeySource},
    spec::{chain_folder, chain_id, trial, Keystore},
};

/// Between two looks at a node.
const POLL: Duration = Duration::from_millis(200);
/// How long a node may take to write its database out before it is killed.
const PATIENCE: Duration = Duration::from_secs(20);
/// Lines of a log that are shown when its node died.
const TAIL: usize = 15;
/// A network's chain spec, where it has one of its own.
const SPEC: &str = "spec.json";
/// A node's network key, where the launcher made it.
const NODE_KEY: &str = "node.key";
/// Longest name of a node.
const NAME_LENGTH: usize = 32;
/// Nodes that a node asks before it begins with a proof of finality.
const WARP_PEERS: usize = 3;

/// What network to make.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// 1, 3, 4 or more validators.
    pub validators: usize,
    /// Whether their agents run.
    pub agents: bool,
    /// The first validator takes the default ports of JSON-RPC and gateway, where they are free.
    pub default_ports: bool,
}

/// What node to add.
#[derive(Clone, Debug, Default)]
pub struct Addition {
    /// Whether it is to validate, with session keys of its own.
    pub validator: bool,
    /// Whether it begins with a proof of finality instead of all blocks.
    pub warp: bool,
    /// Operator key of its agent.
    pub operator: Option<KeySource>,
    /// Files with the age identities of its agent, the newest first.
    pub identities: Vec<PathBuf>,
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
            0 | 2 => {
                return Err(usage(
                    "fewer than three of the four founders finalize nothing: take 1 (the \
                     development chain), 3, 4 or more",
                ))
            }
            _ => return Self::create_trial(base, options),
        };
        let program = find_node()?;
        let base = own_folder(base)?;
        let ports = free_ports(options.validators, options.default_ports)?;
        let mut nodes = Vec::new();
        for (name, ports) in FOUNDERS.iter().zip(ports.as_chunks().0) {
            let folder = base.join(name);
            fs::create_dir_all(&folder)?;
            let peer = node_key::create(&folder.join(NODE_KEY))?;
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

    /// As [`Network::create`], with more founders than the presets have.
    fn create_trial(base: &Path, options: Options) -> anyhow::Result<Self> {
        let founders = trial::founders(options.validators)?;
        find_node()?;
        let base = own_folder(base)?;
        let made = || {
            let spec = base.join(SPEC);
            files::write(&spec, &trial::make(&base, &founders)?)?;
            let mut network = Self::from_spec(&base, &spec, options.default_ports)?;
            for node in &mut network.state.nodes {
                node.kind = Kind::Founder;
                node.agent = options.agents;
                node.identities = vec![trial::identity_in(&base.join(&node.name))];
            }
            network.save()?;
            Ok(network)
        };
        made().inspect_err(|_| {
            // Half a network would be in the way of the next attempt.
            let _ = fs::remove_dir_all(&base);
        })
    }

    /// Makes a network on the chain of a spec file: its nodes are the folders of `base` with session
    /// keys for it. Starts nothing.
    pub fn from_spec(base: &Path, spec: &Path, default_ports: bool) -> anyhow::Result<Self> {
        let program = find_node()?;
        let text = files::read(spec)?;
        let id = chain_id(spec, &text)?;
        let shown = base.display();
        let no_nodes = || {
            usage(format!(
                "no folder in {shown} has session keys for the chain {id}: make some with salus \
                 spec member NAME --chain-id {id} --base-path {}",
                base.join("NAME").display()
            ))
        };
        if !base.is_dir() {
            return Err(no_nodes());
        }
        let base = base.canonicalize()?;
        let mut names = Vec::new();
        for entry in fs::read_dir(&base)? {
            let folder = entry?.path();
            if !Keystore::of(&folder, &id).has_session_keys()? {
                continue;
            }
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            check_form(&name)?;
            names.push(name.into_owned());
        }
        names.sort();
        let ports = free_ports(names.len(), default_ports && !names.is_empty())?;
        let mut nodes = Vec::new();
        for (name, ports) in names.iter().zip(ports.as_chunks().0) {
            let folder = base.join(name);
            let own = node_key::file_in(&chain_folder(&folder, &id));
            let peer = match own.exists() {
                true => node_key::peer_in(&own)?,
                false => node_key::create(&folder.join(NODE_KEY))?,
            };
            let mut node = Node::new(name, peer, false, *ports);
            node.kind = Kind::Validator;
            nodes.push(node);
        }
        if nodes.is_empty() {
            return Err(no_nodes());
        }
        let own = base.join(SPEC);
        if own.exists() {
            anyhow::ensure!(
                files::read(&own)? == text,
                usage(format!(
                    "{} exists already and is another spec",
                    own.display()
                ))
            );
        } else {
            files::write(&own, &text)?;
        }
        let network = Network {
            state: State::new(&own.to_string_lossy(), program, nodes),
            base,
            children: HashMap::new(),
        };
        network.save()?;
        Ok(network)
    }

    /// Adds a node with a folder, keys and ports of its own. Starts nothing.
    pub fn add(&mut self, name: &str, addition: Addition) -> anyhow::Result<()> {
        let folder = self.check_name(name)?;
        let running = self.nodes().iter().filter(|node| node.is_running()).count();
        if running == 0 {
            return Err(usage(format!(
                "the network does not run: salus network up --base {}",
                self.base.display()
            )));
        }
        if addition.warp && running < WARP_PEERS {
            return Err(usage(format!(
                "a node asks {WARP_PEERS} others before it begins with a proof of finality, and \
                 {running} run: leave --warp out"
            )));
        }
        for identity in &addition.identities {
            load_identity(identity)?;
        }
        let operator = match &addition.operator {
            Some(key) => Some((key.account()?, key.phrase()?)),
            None => None,
        };
        let identities = addition.identities.iter().map(|file| {
            file.canonicalize()
                .with_context(|| format!("cannot find {}", file.display()))
        });
        let identities = identities.collect::<anyhow::Result<Vec<_>>>()?;

        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        if let Some((key, phrase)) = &operator {
            Keystore::of(&folder, &self.chain_id()?).insert_operator(key, phrase)?;
        }
        let peer = node_key::create(&folder.join(NODE_KEY))?;
        let ports = free_ports(1, false)?;
        for ports in ports.as_chunks().0 {
            let mut node = Node::new(name, peer.clone(), operator.is_some(), *ports);
            node.kind = match addition.validator {
                true => Kind::Validator,
                false => Kind::Full,
            };
            node.warp = addition.warp;
            node.identities.clone_from(&identities);
            self.state.nodes.push(node);
        }
        self.save()
    }

    /// Where a new node of this name goes.
    fn check_name(&self, name: &str) -> anyhow::Result<PathBuf> {
        check_form(name)?;
        if self.state.nodes.iter().any(|node| node.name == name) {
            return Err(usage(format!("there is a node {name} already")));
        }
        let has_founders = self.nodes().iter().any(|node| node.kind == Kind::Founder);
        if has_founders && FOUNDERS.contains(&name) {
            return Err(usage(format!(
                "{name} is a founder's name, and a node with that name would not have the \
                 founder's keys: take another"
            )));
        }
        let folder = self.base.join(name);
        match folder.exists() {
            true => Err(usage(format!("{} exists already", folder.display()))),
            false => Ok(folder),
        }
    }

    /// Id of its chain, after which nodes name their folders.
    fn chain_id(&self) -> anyhow::Result<String> {
        let chain = &self.state.chain;
        match self.state.is_preset() {
            true => Ok(format!("salus_{chain}")),
            false => chain_id(chain.as_ref(), &files::read(chain.as_ref())?),
        }
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

    /// Its nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.state.nodes
    }

    /// Turns the agents on of nodes that do not run and have the keys for it.
    pub fn enable_agents(&mut self) -> anyhow::Result<()> {
        for node in &mut self.state.nodes {
            let has_keys = node.kind == Kind::Founder || !node.identities.is_empty();
            if has_keys && !node.is_running() {
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
                    "there is no node {name:?}; there are {}",
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
            "--base-path",
            &folder.to_string_lossy(),
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
        if node.kind == Kind::Founder && self.state.is_preset() {
            arguments.push(format!("--{}", node.name));
        } else {
            arguments.extend(["--name".into(), node.name.clone()]);
            if node.kind != Kind::Full {
                arguments.push("--validator".to_owned());
            }
        }
        if node.warp {
            arguments.extend(["--sync", "warp"].map(str::to_owned));
        }
        let own_key = folder.join(NODE_KEY);
        if own_key.exists() {
            arguments.extend(["--node-key-file".into(), own_key.to_string_lossy().into()]);
        }
        if node.agent {
            arguments.push("--agent".to_owned());
            for file in &node.identities {
                arguments.extend(["--agent-identity".into(), file.to_string_lossy().into()]);
            }
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
        let spec = self.base.join(SPEC);
        if Path::new(&self.state.chain) == spec {
            fs::remove_file(&spec).with_context(|| failed(&spec))?;
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

    /// Waits until a node has finalized what the others had when they were asked.
    pub async fn wait_in_step(&self, name: &str, patience: Duration) -> anyhow::Result<()> {
        let until = Instant::now() + patience;
        let own = self.node(name)?;
        let height = loop {
            let mut highest = None;
            for other in self.nodes() {
                if other.name == own.name || !other.is_running() {
                    continue;
                }
                if let Ok(head) = other.rpc()?.head().await {
                    highest = highest.max(Some(head.finalized));
                }
            }
            if let Some(highest) = highest {
                break highest;
            }
            if Instant::now() > until {
                bail!("no other node of the network answers");
            }
            tokio::time::sleep(POLL).await;
        };
        self.wait_node(own, until, height).await
    }

    /// Waits until a node answers and its gateway serves.
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

/// Makes a directory for a network, which has to be empty where it is there.
fn own_folder(base: &Path) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(base).with_context(|| format!("cannot make {}", base.display()))?;
    match fs::read_dir(base)?.next() {
        None => Ok(base.canonicalize()?),
        Some(_) => Err(usage(format!(
            "{} is not empty: a network needs a directory of its own",
            base.display()
        ))),
    }
}

/// Ports for so many nodes; the first takes the default ones where they are wanted and free.
fn free_ports(nodes: usize, default_ports: bool) -> anyhow::Result<Vec<u16>> {
    let mut ports = ports::free(Node::PORTS * nodes)?;
    if default_ports {
        // Where `salus` and polkadot.js look unless told otherwise.
        ports[0] = ports::this_or(DEFAULT_RPC, ports[0]);
        ports[3] = ports::this_or(DEFAULT_GATEWAY, ports[3]);
    }
    Ok(ports)
}

/// Refuses a name that could not be that of a folder on every machine.
fn check_form(name: &str) -> anyhow::Result<()> {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let good = name.len() <= NAME_LENGTH
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(letters);
    match good {
        true => Ok(()),
        false => Err(usage(format!(
            "{name:?} is no name for a node: it has up to {NAME_LENGTH} lower-case letters, digits \
             and -, and begins with a letter"
        ))),
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
