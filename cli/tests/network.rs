//! `salus network`, and the exit codes that need a chain.

use std::path::Path;

use serde_json::Value;

use crate::program::{salus, Run};

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
fn two_of_four_founders_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("net");
    let refused = salus([
        "network",
        "up",
        "--validators",
        "2",
        "--base",
        base.to_str().unwrap(),
    ]);
    assert_eq!(refused.code, 2);
    assert!(!base.exists());
}
