//! `salus-node --dev`: one real validator.

use std::{process::Command, time::Duration};

use serde_json::json;

use crate::process::{Node, NODE};

#[test]
fn a_development_node_authors_finalises_and_is_purged() {
    let base = tempfile::tempdir().expect("a folder");
    let mut node = Node::dev(base.path(), &["--agent", "--gateway-listen", "127.0.0.1:0"]);
    node.wait(
        base.path(),
        "third finalized block",
        Duration::from_secs(120),
        |node| {
            node.metric("substrate_block_height{status=\"finalized\"")
                .is_some_and(|height| height >= 3.0)
        },
    );

    // The agent is there and owes nothing; the APIs are bounded and answer through `state_call`.
    let status = node
        .call("salus_workerStatus", json!([]))
        .expect("RPC answers");
    assert_eq!(status["result"], json!([]), "{status}");
    let now = node
        .call("state_call", json!(["BlobsApi_now", "0x"]))
        .expect("RPC answers");
    assert!(
        now["result"].as_str().is_some_and(|hex| hex.len() == 18),
        "{now}"
    );

    drop(node);
    let purge = Command::new(NODE)
        .args(["purge-chain", "--dev", "-y", "--base-path"])
        .arg(base.path())
        .output()
        .expect("the node runs");
    assert!(
        purge.status.success(),
        "{}",
        String::from_utf8_lossy(&purge.stderr)
    );
}
