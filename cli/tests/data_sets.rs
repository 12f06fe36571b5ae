//! An institution's data set is analysed by somebody who cannot read it: four nodes, their agents,
//! and the commands that people use.

use std::{fs, path::Path};

use salus_cli::{
    chain::{account_of, text::parse_digest, Chain},
    keys::development_account,
    record::{self, NotServed},
};
use serde_json::Value;

use crate::program::{salus, Run};

/// Two groups of forty rows.
fn table() -> String {
    let mut text = String::from("age,marker\n");
    for row in 0..80 {
        let group = f64::from(row % 2);
        let (age, marker) = (f64::from(row % 9), f64::from(row % 7) / 10.0);
        text.push_str(&format!(
            "{},{}\n",
            30.0 + 40.0 * group + age,
            group + marker
        ));
    }
    text
}

/// A network with agents in a folder of its own; stops when dropped.
struct Net<'a> {
    base: &'a Path,
    /// JSON-RPC address and gateway of the first node.
    node: String,
    gateway: String,
}

impl<'a> Net<'a> {
    fn up(base: &'a Path) -> Self {
        let mut net = Net {
            base,
            node: String::new(),
            gateway: String::new(),
        };
        let up = net.network(&["up", "--validators", "4", "--agents", "--json"]);
        let nodes = up.ok().json();
        assert_eq!(nodes[0]["name"], "alice");
        net.node = nodes[0]["node"].as_str().unwrap().to_owned();
        net.gateway = nodes[0]["gateway"].as_str().unwrap().to_owned();
        net
    }

    fn network(&self, words: &[&str]) -> Run {
        let base = ["--base", self.base.to_str().unwrap()];
        salus(["network"].iter().chain(words).chain(&base))
    }

    /// A command to this network's first node.
    fn run(&self, words: &[&str]) -> Run {
        salus(words.iter().chain(&["--node", &self.node, "--json"]))
    }
}

impl Drop for Net<'_> {
    fn drop(&mut self) {
        self.network(&["down"]);
    }
}

#[test]
fn it_is_analysed_and_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("cohort.csv"), table()).unwrap();
    let base = folder.path().join("net");
    let net = Net::up(&base);
    let (wallet, alices) = (path("wallet"), path("net/alice"));

    let file = path("cohort.csv");
    let add = [
        "data",
        "add",
        &file,
        "--key",
        "//Alice",
        "--wallet",
        &wallet,
        "--gateway",
        &net.gateway,
        "--base-path",
        &alices,
    ];
    let added = net.run(&add).ok().json();
    assert_eq!((&added["rows"], &added["columns"]), (&80.into(), &2.into()));
    let record = added["record"].as_str().unwrap();
    let node_key = Path::new(added["node_key"].as_str().unwrap());
    assert!(node_key.starts_with(&alices) && node_key.exists());

    // Bob may do nothing before it is shared.
    let bobs = path("bobs-wallet");
    let post = [
        "job",
        "post",
        "--record",
        record,
        "--key",
        "//Bob",
        "--wallet",
        &bobs,
        "--quorum",
        "2",
        "--panel",
        "2",
        "--rows",
        "80",
        "--columns",
        "2",
        "-c",
        "2",
    ];
    assert_refused(&net.run(&post), "jobs.NoConsent");
    let share = [
        "record",
        "share",
        record,
        "--key",
        "//Alice",
        "--wallet",
        &wallet,
        "--to",
        "//Bob",
        "--rights",
        "analyse",
        "--purpose",
        "HRESCH",
        "--until",
        "1d",
    ];
    net.run(&share).ok();

    // Neither with a key nor from the gateway.
    let out = path("stolen.csv");
    let read = net.run(&[
        "record", "read", record, "--key", "//Bob", "--wallet", &bobs, "--out", &out,
    ]);
    assert_eq!(read.code, 1, "{}", read.err);
    assert!(read.err.contains("but not read"), "{}", read.err);
    assert!(!Path::new(&out).exists());
    assert_not_served(&net, record);

    // Alice's node seals the key by itself, the panel works, Bob has the result.
    let posted = net.run(&post).ok().json();
    let job = posted["posted"]["job"].to_string();
    let alice = account_of(&development_account("//Alice").unwrap()).to_string();
    assert!(!posted["panel"]["seats"].to_string().contains(&alice));
    let watched = net.run(&["job", "watch", &job]).ok();
    assert!(watched.out.contains("record-sealed"), "{}", watched.out);
    let result = path("result.bin");
    let found = net
        .run(&["job", "result", &job, "--key", "//Bob", "--out", &result])
        .ok()
        .json();
    let local = salus(["analyse", "fcm", &file, "-c", "2", "--json"])
        .ok()
        .json();
    assert_eq!(found["digest"], local["digest"]);

    // The end of the consent is the end of it.
    let revoke = [
        "record", "revoke", record, "--key", "//Alice", "--from", "//Bob",
    ];
    net.run(&revoke).ok();
    assert_refused(&net.run(&post), "jobs.NoConsent");
    let listed = || net.run(&["data", "list", "//Alice"]).ok().json();
    assert_eq!(listed()[0]["id"], record);
    let remove = [
        "data",
        "remove",
        record,
        "--key",
        "//Alice",
        "--base-path",
        &alices,
    ];
    let removed = net.run(&remove).ok().json();
    assert_eq!(removed["ended"], true);
    assert_eq!(removed["keys_removed"], 1);
    assert!(!node_key.exists());
    assert_eq!(listed().as_array().map(Vec::len), Some(0));
    // A second time there is nothing left to end, and that is no failure.
    assert_eq!(net.run(&remove).ok().json()["keys_removed"], 0);
}

#[track_caller]
fn assert_refused(run: &Run, name: &str) {
    assert_eq!(run.code, 3, "{}\n{}", run.out, run.err);
    let failure: Value = run.json();
    assert_eq!(failure["name"], name);
}

/// The gateway does not give Bob the ciphertext either.
fn assert_not_served(net: &Net, record: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let chain = Chain::connect(&net.node).await.unwrap();
        let bob = development_account("//Bob").unwrap();
        let id = parse_digest(record).unwrap();
        let refused = record::fetch_only(&chain, &bob, id).await.unwrap_err();
        assert!(refused.downcast_ref::<NotServed>().is_some(), "{refused:#}");
        // The same gateway serves it to its owner.
        let alice = development_account("//Alice").unwrap();
        record::fetch_only(&chain, &alice, id).await.unwrap();
    });
}
