//! The subcommands of every Substrate node.

use std::process::{Command, Output};

use crate::process::NODE;

fn run(args: &[&str]) -> Output {
    Command::new(NODE)
        .args(args)
        .output()
        .expect("the node runs")
}

fn stdout(args: &[&str]) -> String {
    let output = run(args);
    assert!(
        output.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn help_and_version_are_those_of_a_substrate_node() {
    let help = stdout(&["--help"]);
    for option in [
        "--dev",
        "--chain",
        "--alice",
        "--base-path",
        "--prometheus-port",
        "--agent",
        "--gateway-listen",
    ] {
        assert!(help.contains(option), "{option} is missing:\n{help}");
    }
    for command in ["key", "build-spec", "export-chain-spec", "purge-chain"] {
        assert!(help.contains(command), "{command} is missing:\n{help}");
    }
    assert!(stdout(&["--version"]).starts_with("salus-node "));
}

#[test]
fn the_local_spec_has_four_validators_and_no_telemetry() {
    let spec: serde_json::Value =
        serde_json::from_str(&stdout(&["export-chain-spec", "--chain", "local"])).expect("JSON");
    assert_eq!(spec["id"], "salus_local");
    assert_eq!(spec["properties"]["tokenSymbol"], "MED");
    assert_eq!(spec["properties"]["tokenDecimals"], 12);
    assert!(
        spec["telemetryEndpoints"].is_null(),
        "{}",
        spec["telemetryEndpoints"]
    );
    let patch = &spec["genesis"]["runtimeGenesis"];
    let config = ["patch", "config"]
        .iter()
        .map(|key| &patch[*key])
        .find(|v| !v.is_null());
    let keys = config.map(|config| config["session"]["keys"].as_array().map(Vec::len));
    assert_eq!(keys, Some(Some(4)), "{patch}");
}

#[test]
fn operator_keys_of_the_presets_are_the_derived_ones() {
    let spec = stdout(&["export-chain-spec", "--chain", "local"]);
    for name in ["Alice", "Bob", "Charlie", "Dave"] {
        let inspected = stdout(&[
            "key",
            "inspect",
            "--scheme",
            "sr25519",
            &format!("//{name}//operator"),
        ]);
        let address = inspected
            .lines()
            .find_map(|line| line.trim().strip_prefix("SS58 Address:"))
            .expect("an address is printed")
            .trim()
            .to_owned();
        assert!(
            spec.contains(&address),
            "{name}'s operator {address} is not in the preset"
        );
    }
}

#[test]
fn an_unknown_chain_is_named_in_the_error() {
    let output = run(&["export-chain-spec", "--chain", "/nowhere/spec.json"]);
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("/nowhere/spec.json"), "{error}");
}

#[test]
fn an_agent_without_keys_says_what_is_missing() {
    let base = tempfile::tempdir().expect("a folder");
    let output = Command::new(NODE)
        .args(["--chain", "local", "--agent", "--base-path"])
        .arg(base.path())
        .args(["--port", "0", "--rpc-port", "0", "--no-prometheus"])
        .output()
        .expect("the node runs");
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("no operator key in the keystore"), "{error}");
}

#[cfg(not(feature = "collator"))]
#[test]
fn a_node_without_the_parachain_flavour_says_how_to_build_it() {
    let output = run(&["export-chain-spec", "--chain", "parachain-dev"]);
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("--features collator"), "{error}");
}
