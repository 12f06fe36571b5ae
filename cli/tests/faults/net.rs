//! A network whose nodes can be killed, stopped, cut off and asked.

use std::{
    fs,
    future::Future,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use codec::{Compact, Decode, Encode};
use rustix::process::{kill_process, Pid, Signal};
use salus_cli::{
    chain::Chain,
    network::{find_node, Network, Node, Options, FOUNDERS},
};
use serde_json::{json, Value};
use tempfile::TempDir;

use crate::chain::name_the_node;

/// Longest wait for anything, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(300);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);
/// Lines of each log that a failed test shows.
const TAIL: usize = 40;

/// Runs a test.
pub fn play(test: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().unwrap().block_on(test);
}

/// Looks until there is something; `what` is what is waited for.
#[track_caller]
pub fn until<T, F: Future<Output = Option<T>>>(
    what: &str,
    look: impl Fn() -> F,
) -> impl Future<Output = T> {
    let place = std::panic::Location::caller();
    let what = what.to_owned();
    async move {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(Instant::now() < end, "{place}: {what}: not in time");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Copies a folder, with modes and times.
pub fn copy(from: &Path, to: &Path) {
    let ran = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(ran.unwrap().success());
}

/// Runs the node's program for something else than a node; its output.
fn run_node(words: &[&str]) -> Vec<u8> {
    let ran = Command::new(find_node().unwrap()).args(words).output();
    let ran = ran.unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    ran.stdout
}

/// Validators on this machine, ended with the test.
pub struct Net {
    network: Network,
    folder: TempDir,
}

impl Net {
    /// Makes a network; nothing runs yet.
    pub fn create(validators: usize, agents: bool) -> Self {
        name_the_node();
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            validators,
            agents,
            default_ports: false,
        };
        let network = Network::create(&folder.path().join("net"), options).unwrap();
        Self { network, folder }
    }

    /// The four founders with the keys that their keystores have and nothing else gives them, and
    /// with sessions of so many slots.
    pub fn with_keys(session: u64) -> Self {
        name_the_node();
        let folder = tempfile::tempdir().unwrap();
        let spec = folder.path().join("spec.json");
        let exported = run_node(&["export-chain-spec", "--chain", "local"]);
        let mut exported: Value = serde_json::from_slice(&exported).unwrap();
        exported["genesis"]["runtimeGenesis"]["patch"]["sessionLength"]["slots"] = json!(session);
        fs::write(&spec, exported.to_string()).unwrap();
        let base = folder.path().join("net");
        for (name, seed) in FOUNDERS
            .iter()
            .zip(["//Alice", "//Bob", "//Charlie", "//Dave"])
        {
            for (kind, scheme) in [
                ("babe", "sr25519"),
                ("gran", "ed25519"),
                ("audi", "sr25519"),
            ] {
                run_node(&[
                    "key",
                    "insert",
                    "--base-path",
                    base.join(name).to_str().unwrap(),
                    "--chain",
                    spec.to_str().unwrap(),
                    "--key-type",
                    kind,
                    "--scheme",
                    scheme,
                    "--suri",
                    seed,
                ]);
            }
        }
        let network = Network::from_spec(&base, &spec, false).unwrap();
        Self { network, folder }
    }

    /// The folder of a node's chain: database, keys, network state.
    pub fn chain_folder(&self, name: &str) -> PathBuf {
        let mut chains = fs::read_dir(self.base(name).join("chains")).unwrap();
        let folder = chains.next().unwrap().unwrap().path();
        assert!(chains.next().is_none());
        folder
    }

    /// Removes a node's database, and nothing else.
    pub fn lose_database(&self, name: &str) {
        fs::remove_dir_all(self.chain_folder(name).join("paritydb")).unwrap();
    }

    /// Puts a new machine into the place of a node's, with nothing but a network key.
    pub fn replace_machine(&self, name: &str) {
        let base = self.base(name);
        fs::remove_dir_all(&base).unwrap();
        run_node(&[
            "key",
            "generate-node-key",
            "--chain",
            self.file("spec.json").to_str().unwrap(),
            "--base-path",
            base.to_str().unwrap(),
        ]);
    }

    /// Copies a node's keystore to another place.
    pub fn back_up_keys(&self, name: &str) {
        copy(
            &self.chain_folder(name).join("keystore"),
            &self.file(&format!("{name}.keys")),
        );
    }

    /// Puts the copy into the place of a keystore that is gone.
    pub fn restore_keys(&self, name: &str) {
        copy(
            &self.file(&format!("{name}.keys")),
            &self.chain_folder(name).join("keystore"),
        );
    }

    /// A place for files of the test.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A node's base path.
    pub fn base(&self, name: &str) -> PathBuf {
        self.network.base().join(name)
    }

    pub fn node(&self, name: &str) -> &Node {
        self.network.node(name).unwrap()
    }

    /// Addresses by which a node finds the others.
    fn others(&self, name: &str) -> Vec<&Node> {
        let nodes = self.network.nodes().iter();
        nodes.filter(|node| node.name != name).collect()
    }

    /// What its program is told besides, from its next start on.
    pub fn arguments<S: Into<String>>(&mut self, name: &str, all: impl IntoIterator<Item = S>) {
        let all = all.into_iter().map(Into::into).collect();
        self.network.set_arguments(name, all).unwrap();
    }

    /// What its program is run by, from its next start on.
    pub fn wrapper(&mut self, name: &str, words: Vec<String>) {
        self.network.set_wrapper(name, words).unwrap();
    }

    /// Where a node's log is.
    pub fn log(&self, name: &str) -> PathBuf {
        self.network.log(name)
    }

    /// The nodes' names.
    pub fn names(&self) -> Vec<String> {
        let nodes = self.network.nodes().iter();
        nodes.map(|node| node.name.clone()).collect()
    }

    /// Lets a node's peers be chosen while it runs, by [`Self::cut_off`] and [`Self::join`].
    pub fn choose_peers(&mut self, name: &str) {
        let mut arguments: Vec<String> = ["--rpc-methods", "unsafe", "--reserved-only"]
            .into_iter()
            // Else a validator without peers waits for some.
            .chain(["--force-authoring"])
            .map(str::to_owned)
            .collect();
        // Peers that are not reserved any more would stay where there is a place for others.
        for places in ["--in-peers", "--in-peers-light", "--out-peers"] {
            arguments.extend([places.to_owned(), "0".to_owned()]);
        }
        for other in self.others(name) {
            arguments.extend(["--reserved-nodes".to_owned(), other.bootnode()]);
        }
        self.arguments(name, arguments);
    }

    /// Starts all and waits for a finalized block.
    pub async fn start(&mut self) {
        self.network.start_all().unwrap();
        self.network.wait_finalized(1, PATIENCE).await.unwrap();
    }

    pub async fn chain(&self, name: &str) -> Chain {
        let chain = Chain::connect(&self.node(name).url()).await.unwrap();
        assert!(chain.is_current().await.unwrap(), "run scripts/metadata");
        chain
    }

    /// Kills a node at once (SIGKILL).
    pub async fn kill(&mut self, name: &str) {
        self.network.kill(name).await.unwrap();
    }

    /// Asks a node to stop and waits until it has.
    pub async fn stop(&mut self, name: &str) {
        self.network.stop(name).await.unwrap();
    }

    /// Starts a node that was killed, with its old database, and waits until it answers.
    pub async fn restart(&mut self, name: &str) {
        self.network.start(name, None).unwrap();
        self.network.wait_ready(name, PATIENCE).await.unwrap();
    }

    /// Stops a node's process where it is (SIGSTOP).
    pub fn freeze(&self, name: &str) {
        self.signal(name, Signal::STOP);
    }

    /// Lets a frozen process go on (SIGCONT).
    pub fn thaw(&self, name: &str) {
        self.signal(name, Signal::CONT);
    }

    fn signal(&self, name: &str, signal: Signal) {
        let process = self.node(name).process.as_ref().unwrap();
        let pid = Pid::from_raw(process.pid.try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Takes all peers away from a node with [`Self::choose_peers`].
    pub async fn cut_off(&self, name: &str) {
        for other in self.others(name) {
            self.call(name, "system_removeReservedPeer", json!([other.peer]))
                .await
                .unwrap();
        }
        self.peers(name, "no peers", |peers| peers == 0).await;
    }

    /// Gives a node that was cut off its peers back.
    pub async fn join(&self, name: &str) {
        for other in self.others(name) {
            self.call(name, "system_addReservedPeer", json!([other.bootnode()]))
                .await
                .unwrap();
        }
        self.peers(name, "peers", |peers| peers > 0).await;
    }

    async fn peers(&self, name: &str, what: &str, enough: impl Fn(u64) -> bool) {
        until(&format!("{name} with {what}"), || async {
            let health = self.call(name, "system_health", json!([])).await.ok()?;
            enough(health["peers"].as_u64()?).then_some(())
        })
        .await;
    }

    /// Calls a method of a node's JSON-RPC.
    pub async fn call(&self, name: &str, method: &str, params: Value) -> anyhow::Result<Value> {
        self.node(name).rpc()?.call(method, params).await
    }

    /// What a runtime API answers at a block, the best one where `None`.
    pub async fn ask<T: Decode>(
        &self,
        name: &str,
        method: &str,
        arguments: impl Encode,
        at: Option<&str>,
    ) -> T {
        let arguments = format!("0x{}", hex::encode(arguments.encode()));
        let answer = self
            .call(name, "state_call", json!([method, arguments, at]))
            .await
            .unwrap();
        let bytes = hex::decode(&answer.as_str().unwrap()[2..]).unwrap();
        T::decode(&mut &bytes[..]).unwrap()
    }

    /// Heights of a node's best and last finalized block.
    pub async fn heights(&self, name: &str) -> (u32, u32) {
        let head = self.node(name).rpc().unwrap().head().await.unwrap();
        (head.best, head.finalized)
    }

    /// Hash of the block at a height of a node's best chain.
    pub async fn hash(&self, name: &str, height: u32) -> Option<String> {
        let hash = self.call(name, "chain_getBlockHash", json!([height])).await;
        hash.unwrap().as_str().map(str::to_owned)
    }

    /// Who made the block at a height of a node's best chain, as an index into the session's
    /// validators.
    pub async fn author(&self, name: &str, height: u32) -> Option<u32> {
        let hash = self.hash(name, height).await?;
        let header = self.call(name, "chain_getHeader", json!([hash])).await;
        let header = header.unwrap();
        let logs = header["digest"]["logs"].as_array().unwrap();
        logs.iter().find_map(|log| {
            let log = hex::decode(&log.as_str().unwrap()[2..]).unwrap();
            // `DigestItem::PreRuntime` of BABE: a `PreDigest`, whose kinds all begin with the index.
            let mut bytes = log.strip_prefix(b"\x06BABE")?;
            Compact::<u32>::decode(&mut bytes).unwrap();
            let (_, index) = <(u8, u32)>::decode(&mut bytes).unwrap();
            Some(index)
        })
    }

    /// Hash of a node's last finalized block.
    pub async fn finalized(&self, name: &str) -> String {
        let hash = self.call(name, "chain_getFinalizedHead", json!([])).await;
        hash.unwrap().as_str().unwrap().to_owned()
    }

    /// Waits until a node has finalized a block.
    pub async fn finalizes(&self, name: &str, height: u32) {
        until(&format!("finality of {height} at {name}"), || async {
            let head = self.node(name).rpc().unwrap().head().await.ok()?;
            (head.finalized >= height).then_some(())
        })
        .await;
    }

    /// What a node's agent does about a job: kind of duty, stage, part done. `None` where it owes
    /// nothing; an error where it does not answer.
    pub async fn duty(
        &self,
        name: &str,
        job: u64,
    ) -> anyhow::Result<Option<(String, String, f64)>> {
        let duties = self.call(name, "salus_workerStatus", json!([])).await?;
        let duties = duties.as_array().expect("the node has an agent");
        Ok(duties
            .iter()
            .find(|duty| duty["subject"] == job)
            .map(|duty| {
                let text = |field: &str| duty[field].as_str().unwrap().to_owned();
                let part = duty["progress"].as_f64().unwrap_or_default();
                (text("kind"), text("stage"), part)
            }))
    }

    /// Waits until a node's agent is at a stage of a duty.
    pub async fn stage(&self, name: &str, job: u64, kind: &str, stage: &str) {
        until(&format!("{name} {stage} for {kind}"), || async {
            let (now, at, _) = self.duty(name, job).await.ok()??;
            (now == kind && at == stage).then_some(())
        })
        .await;
    }

    /// A figure of a node's metrics.
    pub async fn metric(&self, name: &str, figure: &str) -> f64 {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.get(self.node(name).metrics()).send().await.unwrap();
        let text = answer.text().await.unwrap();
        let line = text
            .lines()
            .find(|line| !line.starts_with('#') && line.contains(figure))
            .unwrap_or_else(|| panic!("no metric {figure}:\n{text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        self.network.kill_children();
        if std::thread::panicking() {
            for node in self.network.nodes() {
                let log = std::fs::read_to_string(self.network.log(&node.name)).unwrap_or_default();
                let lines: Vec<&str> = log.lines().collect();
                let end = &lines[lines.len().saturating_sub(TAIL)..];
                eprintln!("---- {}\n{}", node.name, end.join("\n"));
            }
        }
    }
}
