//! `salus network`, and the exit codes that need a chain.

use std::{fs, path::Path};

use salus_cli::{
    chain::account_of,
    keys::development_account,
    network::{Kind, Network, Options},
};
use serde_json::Value;

use crate::{
    chain::name_the_node,
    program::{salus, Run},
};

/// Stops the network, whatever becomes of the test.
struct Net<'a>(&'a Path);

impl Net<'_> {
    fn run(&self, words: &[&str]) -> Run {
        let base = self.0.to_str().unwrap();
        salus(
            ["network"]
                .iter()
                .chain(words)
                .copied()
                .chain(["--base", base, "--json"]),
        )
    }
}

impl Drop for Net<'_> {
    fn drop(&mut self) {
        self.run(&["down"]);
    }
}

fn finalized(nodes: &Value) -> u64 {
    nodes[0]["finalized"].as_u64().unwrap()
}

#[test]
fn a_development_network_starts_dies_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("net");
    let net = Net(&base);
    let up = net.run(&["up", "--validators", "1"]).ok().json();
    assert_eq!(up.as_array().unwrap().len(), 1);
    assert_eq!(up[0]["running"], true);
    assert!(finalized(&up) >= 1);

    let node = up[0]["node"].as_str().unwrap();
    let info = salus(["chain", "info", "--node", node, "--json"])
        .ok()
        .json();
    assert!(info["finalized"].as_u64().unwrap() >= 1);
    let account = salus(["chain", "account", "//Alice", "--node", node, "--json"])
        .ok()
        .json();
    // More than a double holds exactly.
    assert!(account["free"].as_str().unwrap().parse::<u128>().unwrap() > 1 << 53);
    // More than there is.
    let refused = salus([
        "chain",
        "transfer",
        "--node",
        node,
        "--key",
        "//Alice",
        "--to",
        "//Bob",
        "--amount",
        "1000000000",
        "--json",
    ]);
    assert_eq!(refused.code, 3, "{}", refused.err);
    assert!(refused.err.contains("cannot spend"), "{}", refused.err);
    assert!(refused.json()["name"].is_string(), "{}", refused.out);

    let running = net.run(&["start", "alice"]);
    assert_eq!(running.code, 2, "{}", running.err);
    let killed = net.run(&["kill", "alice"]).ok().json();
    assert_eq!(killed[0]["running"], false);
    assert_eq!(salus(["chain", "info", "--node", node]).code, 4);
    assert_eq!(net.run(&["kill", "zoe"]).code, 2);

    let again = net.run(&["start", "alice"]).ok().json();
    assert_eq!(again[0]["node"], up[0]["node"]);
    assert!(finalized(&again) >= finalized(&up));

    net.run(&["down", "--purge"]).ok();
    assert!(!base.exists());
    assert_eq!(net.run(&["status"]).code, 2);
}

#[test]
fn numbers_that_make_no_network_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("net");
    let net = Net(&base);
    for (validators, why) in [
        ("0", "finalize nothing"),
        ("2", "finalize nothing"),
        ("23", "22 validators at most"),
    ] {
        let refused = net.run(&["up", "--validators", validators]);
        assert_eq!(refused.code, 2);
        assert!(refused.err.contains(why), "{}", refused.err);
        assert!(!base.exists());
    }
}

/// `consortium::many` starts one.
#[test]
fn seven_founders_get_a_chain_of_their_own() {
    name_the_node();
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("net");
    let options = Options {
        validators: 7,
        agents: true,
        default_ports: false,
    };
    let network = Network::create(&base, options).unwrap();
    let names: Vec<_> = network.nodes().iter().map(|node| &node.name).collect();
    assert_eq!(
        names,
        ["alice", "bob", "charlie", "dave", "eve", "ferdie", "node7"]
    );
    let spec: Value = serde_json::from_slice(&fs::read(base.join("spec.json")).unwrap()).unwrap();
    assert_eq!(spec["chainType"], "Local");
    let genesis = &spec["genesis"]["runtimeGenesis"]["patch"];
    for list in [
        &genesis["session"]["keys"],
        &genesis["delegation"]["candidates"],
        &genesis["council"]["members"],
        &genesis["jobs"]["workers"],
    ] {
        assert_eq!(list.as_array().unwrap().len(), 7, "{list}");
    }
    for (node, keys) in network
        .nodes()
        .iter()
        .zip(genesis["session"]["keys"].as_array().unwrap())
    {
        let key = match node.name.as_str() {
            "node7" => "//Node7".to_owned(),
            name => format!("//{}{}", name[..1].to_uppercase(), &name[1..]),
        };
        let account = account_of(&development_account(&key).unwrap());
        assert_eq!(keys[0], account.to_string(), "{key}");
        assert!(node.agent && node.kind == Kind::Founder);
        assert!(node.identities[0].exists());
        // Three session keys and the operator's.
        let keystore = base.join(&node.name).join("chains/salus_trial/keystore");
        assert_eq!(fs::read_dir(keystore).unwrap().count(), 4);
    }
    assert!(Network::create(&base, options).is_err(), "it is there");
    Network::open(&base).unwrap().remove().unwrap();
    assert!(!base.exists());
}

#[test]
fn a_node_is_added_and_follows() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("net");
    let net = Net(&base);
    let up = net.run(&["up", "--validators", "1"]).ok().json();
    assert_eq!(up[0]["kind"], "founder");

    let refused = |words: &[&str], why: &str| {
        let run = net.run(words);
        assert_eq!(run.code, 2, "{}", run.err);
        assert!(run.err.contains(why), "{}", run.err);
    };
    refused(&["add", "Mirror"], "lower-case letters");
    refused(&["add", "3mirror"], "lower-case letters");
    refused(&["add", "../mirror"], "lower-case letters");
    refused(&["add", "alice"], "a node alice already");
    refused(&["add", "dave"], "a founder's name");
    refused(&["add", "mirror", "--warp"], "1 run: leave --warp out");
    refused(&["add", "mirror", "--operator", "//Mirror"], "--identity");
    let nobody = ["--operator", "//Mirror", "--identity", "/nowhere"];
    refused(
        &[&["add", "mirror"], &nobody[..]].concat(),
        "no age identity",
    );
    std::fs::create_dir(base.join("taken")).unwrap();
    refused(&["add", "taken"], "exists already");
    std::fs::remove_dir(base.join("taken")).unwrap();

    let identity = folder.path().join("mirror.age");
    let identity = identity.to_str().unwrap();
    salus(["keys", "new", identity, "--identity-only"]).ok();
    let keys = ["--operator", "//Mirror//operator", "--identity", identity];
    let nodes = net.run(&[&["add", "mirror"], &keys[..]].concat());
    let nodes = nodes.ok().json();
    let mirror = &nodes[1];
    assert_eq!(
        (&mirror["kind"], &mirror["agent"]),
        (&"full".into(), &true.into())
    );
    assert!(mirror["finalized"].as_u64().unwrap() >= finalized(&up));
    assert_eq!(mirror["peers"], 1);
    refused(&["add", "mirror"], "a node mirror already");
    // Its agent has the keys it was given.
    let url = mirror["node"].as_str().unwrap();
    salus(["worker", "status", "--node", url]).ok();
    let log = std::fs::read_to_string(mirror["log"].as_str().unwrap()).unwrap();
    assert!(
        log.contains("operator=") && !log.contains("no operator key"),
        "{log}"
    );

    let stopped = net.run(&["stop", "mirror"]).ok().json();
    assert_eq!(stopped[1]["running"], false);
    let again = net.run(&["start", "mirror"]).ok().json();
    assert_eq!(again[1]["running"], true);
    net.run(&["down"]).ok();
    refused(&["add", "other"], "the network does not run");
    let up = net.run(&["up", "--validators", "1"]).ok().json();
    assert_eq!(up[1]["running"], true);
    net.run(&["down", "--purge"]).ok();
    assert!(!base.exists());
}

#[test]
fn a_spec_needs_nodes_with_its_keys() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("net");
    let spec = folder.path().join("spec");
    let net = Net(&base);
    let up = |why: &str| {
        let run = net.run(&["up", "--spec", spec.to_str().unwrap()]);
        assert!(run.err.contains(why), "{}", run.err);
        run.code
    };
    assert_eq!(up("there is no such file"), 2);
    std::fs::write(&spec, "{}").unwrap();
    assert_eq!(up("is no chain spec"), 2);
    std::fs::write(&spec, r#"{"id": "north"}"#).unwrap();
    assert_eq!(up("salus spec member NAME --chain-id north"), 2);
    std::fs::create_dir_all(base.join("north/chains/south/keystore")).unwrap();
    assert_eq!(up("has session keys for the chain north"), 2);
}
