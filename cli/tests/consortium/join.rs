//! A chain that begins with a consortium's file. Nodes join it from nothing, one with all blocks and
//! one with a proof of finality; validators change their keys, come and go. No key is a known one.

use std::{
    collections::BTreeSet,
    fs::{self, OpenOptions},
    io::Write,
    path::PathBuf,
    time::{Duration, Instant},
};

use codec::{Compact, Decode};
use salus_cli::network::Rpc;
use serde_json::{json, Value};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::program::{salus, Run};

/// Longest wait: an election takes up to three sessions of a minute.
const PATIENCE: Duration = Duration::from_secs(360);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(250);
/// Lines of each log that a failed test shows.
const TAIL: usize = 25;
/// Slots of a minute: the shortest session there is.
const SESSION: u64 = 30;
/// Blocks that finality must get further by, to say that it goes on: more than were on their way.
const ONWARD: u64 = 8;

type Key = [u8; 32];

/// Looks until there is something.
#[track_caller]
fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "{what}: not in time");
        std::thread::sleep(PAUSE);
    }
}

/// The consortium's machines, all of them here. They end with it.
struct Consortium {
    folder: TempDir,
    runtime: Runtime,
    nodes: Value,
}

/// A founder, and its first BABE key.
struct Founder {
    name: &'static str,
    account: String,
    babe: Key,
}

impl Consortium {
    fn new() -> Self {
        Consortium {
            folder: tempfile::tempdir().unwrap(),
            runtime: Runtime::new().unwrap(),
            nodes: Value::Null,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// A command, with its words in one string; `@NAME` is a file of the consortium.
    fn run(&self, words: &str) -> Run {
        let words = words.split(' ').map(|word| match word.strip_prefix('@') {
            Some(name) => self.file(name),
            None => word.to_owned(),
        });
        salus(words.chain(["--json".to_owned()]))
    }

    #[track_caller]
    fn json(&self, words: &str) -> Value {
        eprintln!("{words}");
        self.run(words).ok().json()
    }

    /// A command to the first founder's node.
    #[track_caller]
    fn ask(&self, words: &str) -> Value {
        let node = self.node("east")["node"].as_str().unwrap();
        self.json(&format!("{words} --node {node}"))
    }

    #[track_caller]
    fn network(&mut self, words: &str) {
        self.nodes = self.json(&format!("network {words} --base @net"));
    }

    fn node(&self, name: &str) -> &Value {
        let mut nodes = self.nodes.as_array().unwrap().iter();
        nodes.find(|node| node["name"] == name).unwrap()
    }

    fn address(&self, key: &str) -> String {
        let shown = self.json(&format!("keys show @{key}"));
        shown["address"].as_str().unwrap().to_owned()
    }

    fn call(&self, node: &str, method: &str, params: Value) -> anyhow::Result<Value> {
        let url = self.node(node)["node"].as_str().unwrap();
        let port = url.rsplit(':').next().unwrap().parse().unwrap();
        self.runtime
            .block_on(Rpc::local(port).unwrap().call(method, params))
    }

    /// What a runtime API answers about the block with this hash.
    fn api<T: Decode>(&self, node: &str, method: &str, at: &Value) -> T {
        let answer = self.call(node, "state_call", json!([method, "0x", at]));
        let answer = answer.unwrap();
        let bytes = hex::decode(&answer.as_str().unwrap()[2..]).unwrap();
        T::decode(&mut &bytes[..]).unwrap()
    }

    fn finalized(&self, node: &str) -> (Value, u64) {
        let hash = self
            .call(node, "chain_getFinalizedHead", json!([]))
            .unwrap();
        let header = self.call(node, "chain_getHeader", json!([hash])).unwrap();
        (hash, height(&header))
    }

    /// Keys that author blocks, in the order of the session's validators.
    fn authors(&self, node: &str, at: &Value) -> Vec<Key> {
        type Epoch = (u64, u64, u64, Vec<(Key, u64)>);
        let (.., authorities): Epoch = self.api(node, "BabeApi_current_epoch", at);
        authorities.into_iter().map(|(key, _)| key).collect()
    }

    /// Keys that vote for finality.
    fn voters(&self, node: &str, at: &Value) -> Vec<Key> {
        let all: Vec<(Key, u64)> = self.api(node, "GrandpaApi_grandpa_authorities", at);
        all.into_iter().map(|(key, _)| key).collect()
    }

    /// Key of the author of the block with this hash.
    fn author(&self, node: &str, hash: &Value) -> Key {
        let header = self.call(node, "chain_getHeader", json!([hash])).unwrap();
        let logs = header["digest"]["logs"].as_array().unwrap();
        let index = logs.iter().find_map(|log| {
            let log = hex::decode(&log.as_str().unwrap()[2..]).unwrap();
            // What BABE says before a block runs: its kind, then the author's index.
            let mut bytes = log.strip_prefix(b"\x06BABE")?;
            Compact::<u32>::decode(&mut bytes).unwrap();
            let (_, index) = <(u8, u32)>::decode(&mut bytes).unwrap();
            Some(index as usize)
        });
        self.authors(node, hash)[index.unwrap()]
    }

    /// Waits until finality is so many blocks further than now.
    #[track_caller]
    fn finality_goes_on(&self, node: &str, what: &str) {
        let best = self.call(node, "chain_getHeader", json!([])).unwrap();
        let wanted = height(&best) + ONWARD;
        wait(&format!("finality {what}"), || {
            (self.finalized(node).1 >= wanted).then_some(())
        });
    }

    /// Waits until each of these keys authored a block after this one.
    fn all_author(&self, node: &str, keys: &[Key], after: u64) {
        let mut missing: BTreeSet<Key> = keys.iter().copied().collect();
        let mut next = after + 1;
        wait("a block of each", || {
            let (_, finalized) = self.finalized(node);
            while next <= finalized && !missing.is_empty() {
                let hash = self
                    .call(node, "chain_getBlockHash", json!([next]))
                    .unwrap();
                missing.remove(&self.author(node, &hash));
                next += 1;
            }
            missing.is_empty().then_some(())
        });
    }

    fn log(&self, node: &str) -> String {
        fs::read_to_string(self.path("net").join(node).join("node.log")).unwrap()
    }

    /// A member's part of the file, with all its keys made where they belong.
    fn founder(&self, name: &'static str, port: u16) -> Founder {
        self.json(&format!("keys new @{name}"));
        self.json(&format!("keys new @{name}-op --account-only"));
        let made = self.json(&format!(
            "spec member {name} --chain-id north --base-path @net/{name} --account @{name} \
             --operator @{name}-op --bond 20000 --commission 5% --worker 1000 --balance 40000 \
             --address /ip4/127.0.0.1/tcp/{port}"
        ));
        let mut file = OpenOptions::new()
            .append(true)
            .open(self.path("file"))
            .unwrap();
        writeln!(file, "\n{}", made["toml"].as_str().unwrap()).unwrap();
        let babe = made["babe"].as_str().unwrap();
        Founder {
            name,
            account: self.address(name),
            babe: hex::decode(&babe[2..]).unwrap().try_into().unwrap(),
        }
    }

    /// Somebody who is no member yet, with tokens.
    fn newcomer(&self, name: &str) {
        self.json(&format!("keys new @{name}"));
        self.json(&format!("keys new @{name}-op --account-only"));
        let mut file = OpenOptions::new()
            .append(true)
            .open(self.path("file"))
            .unwrap();
        let account = self.address(name);
        writeln!(
            file,
            "\n[[account]]\naccount = \"{account}\"\nbalance = 50_000"
        )
        .unwrap();
    }

    /// Becomes an admitted institution.
    fn admit(&self, name: &str) {
        self.ask(&format!("registry apply --role institution --key @{name}"));
        self.ask(&format!(
            "registry admit @{name} --key @north --vote @east --vote @south"
        ));
    }

    /// Makes session keys in its own node and bonds.
    fn stand(&self, name: &str) {
        let own = self.node(name)["node"].as_str().unwrap().to_owned();
        self.json(&format!("stake set-keys --key @{name} --node {own}"));
        self.ask(&format!("stake bond 20000 --key @{name}"));
    }

    fn validators(&self) -> Vec<String> {
        let elected = self.ask("stake elected");
        serde_json::from_value(elected["validators"].clone()).unwrap()
    }
}

impl Drop for Consortium {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for node in self.nodes.as_array().into_iter().flatten() {
                let log = node["log"].as_str().unwrap_or_default();
                let log = fs::read_to_string(log).unwrap_or_default();
                let lines: Vec<&str> = log.lines().collect();
                let end = &lines[lines.len().saturating_sub(TAIL)..];
                eprintln!("---- {}\n{}", node["name"], end.join("\n"));
            }
        }
        self.run("network down --base @net");
    }
}

fn height(header: &Value) -> u64 {
    let digits = header["number"].as_str().unwrap();
    u64::from_str_radix(&digits[2..], 16).unwrap()
}

#[test]
fn members_come_change_their_keys_and_go() {
    let mut all = Consortium::new();
    fs::write(
        all.path("file"),
        "name = \"Clinics of the North\"\nid = \"north\"\nsession = \"1min\"\n",
    )
    .unwrap();
    // Here nobody listens at these addresses: the launcher gives the nodes ports that are free.
    let names = ["north", "east", "south", "west"];
    let mut port = 30_332;
    let founders = names.map(|name| {
        port += 1;
        all.founder(name, port)
    });
    for name in ["lab", "clinic"] {
        all.newcomer(name);
    }
    let made = all.json("spec new @file --output @spec");
    assert_eq!(made["validators"], 4);
    assert_eq!(made["warnings"], json!([]));
    assert_eq!(made["type"], "Live");

    // The chain is the file's.
    all.network("up --spec @spec");
    let (genesis, slot) = (json!(null), 2_000u64);
    let configuration: (u64, u64) = all.api("east", "BabeApi_configuration", &genesis);
    assert_eq!(configuration, (slot, SESSION));
    let accounts: BTreeSet<String> = founders.iter().map(|f| f.account.clone()).collect();
    assert_eq!(BTreeSet::from_iter(all.validators()), accounts);
    let (hash, _) = all.finalized("east");
    let first: BTreeSet<Key> = founders.iter().map(|f| f.babe).collect();
    assert_eq!(BTreeSet::from_iter(all.authors("east", &hash)), first);
    all.all_author("east", &Vec::from_iter(first.clone()), 0);

    // Two join, with nothing but the spec; the second has no use for the blocks of before.
    for name in ["lab", "clinic"] {
        all.admit(name);
    }
    wait("a change of the voters", || {
        let (_, height) = all.finalized("east");
        (height > 2 * SESSION).then_some(())
    });
    all.network("add lab --validator");
    all.network("add clinic --validator --warp --operator @clinic-op --identity @clinic.age");
    let beginning = all.call("east", "chain_getBlockHash", json!([1])).unwrap();
    let old_state = |node: &str| {
        let metadata = all.call(node, "state_getRuntimeVersion", json!([beginning]));
        metadata.is_ok()
    };
    assert!(old_state("lab"), "lab executed all blocks");
    assert!(!old_state("clinic"), "clinic began later");
    assert!(all.log("clinic").contains("Warp sync is complete"));
    wait("clinic's older blocks", || {
        let block = all.call("clinic", "chain_getBlock", json!([beginning]));
        block.unwrap().is_object().then_some(())
    });

    // What a node does besides works without the state of before.
    all.ask("registry operator @clinic-op --key @clinic");
    let (node, gateway) = {
        let clinic = all.node("clinic");
        let text = |field: &str| clinic[field].as_str().unwrap().to_owned();
        (text("node"), text("gateway"))
    };
    all.json(&format!(
        "registry accept-operator --of @clinic --key @clinic-op --node {node}"
    ));
    fs::write(all.path("table"), "a,b\n1,2\n3,4\n5,6\n").unwrap();
    all.json(&format!(
        "data add @table --key @clinic --base-path @net/clinic --gateway {gateway} --node {node}"
    ));
    let kept = all.json(&format!("data list @clinic --node {node}"));
    assert_eq!(kept.as_array().unwrap().len(), 1);
    all.json(&format!("worker status --node {node}"));

    // They are elected; north's new keys take over in the same session.
    all.stand("lab");
    all.stand("clinic");
    let north = all.node("north")["node"].as_str().unwrap().to_owned();
    all.json(&format!("stake set-keys --key @north --node {north}"));
    let old = founders[0].babe;
    let (authors, height) = wait("six validators, one with new keys", || {
        let (hash, height) = all.finalized("east");
        let authors = all.authors("east", &hash);
        let voters = all.voters("east", &hash).len();
        (authors.len() == 6 && voters == 6 && !authors.contains(&old)).then_some((authors, height))
    });
    for founder in &founders[1..] {
        assert!(authors.contains(&founder.babe), "{}", founder.name);
    }
    all.all_author("east", &authors, height);
    // Five of six must vote, so with one away all others do.
    all.network("kill west");
    all.finality_goes_on("east", "with the votes of lab, clinic and north's new key");
    all.network("start west");

    // One leaves. When it is off, as is another, four of five vote still; of six it would be too few.
    all.ask("stake leave --key @lab");
    let lab = all.address("lab");
    wait("lab is out", || {
        let (hash, _) = all.finalized("east");
        (all.voters("east", &hash).len() == 5).then_some(())
    });
    assert!(!all.validators().contains(&lab));
    all.network("stop lab");
    all.network("kill west");
    all.finality_goes_on("east", "without lab and west");

    // Nobody signed anything twice.
    assert_eq!(all.ask("stake slashes"), json!([]));
    for candidate in all.ask("stake candidates").as_array().unwrap() {
        assert_ne!(candidate["standing"], "offender");
    }
    for node in ["north", "east", "south", "lab", "clinic"] {
        let log = all.log(node).to_lowercase();
        assert!(!log.contains("equivocat"), "{node}");
    }
}
