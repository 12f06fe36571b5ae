//! What no fault may change: final blocks, and that all stand well.

use std::fs;

use salus_cli::{
    chain::{api, Chain},
    stake,
};
use serde_json::json;

use crate::faults::{
    net::{until, Net},
    work::person,
};

/// Hashes of a node's final blocks, from the first on.
pub struct History(Vec<String>);

impl History {
    pub async fn of(net: &Net, name: &str) -> Self {
        let (_, finalized) = net.heights(name).await;
        Self(hashes(net, name, finalized).await)
    }

    /// Height of the last.
    pub fn height(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap() - 1
    }

    /// Waits until a node has finalized as much, and compares.
    pub async fn is_kept_by(&self, net: &Net, name: &str) {
        net.finalizes(name, self.height()).await;
        let theirs = hashes(net, name, self.height()).await;
        for (height, (was, is)) in self.0.iter().zip(theirs).enumerate() {
            assert_eq!(*was, is, "final block {height} is another at {name}");
        }
    }
}

async fn hashes(net: &Net, name: &str, last: u32) -> Vec<String> {
    let heights: Vec<u32> = (0..=last).collect();
    let found = net.call(name, "chain_getBlockHash", json!([heights])).await;
    let found = serde_json::from_value(found.unwrap());
    found.unwrap_or_else(|error| panic!("{name} lacks a final block: {error}"))
}

/// The history of the first of these nodes, which all of them share.
pub async fn one_history(net: &Net, names: &[&str]) -> History {
    let history = History::of(net, names[0]).await;
    for name in names {
        history.is_kept_by(net, name).await;
    }
    history
}

/// Waits until another node finalizes a block of a node's that is after this height.
pub async fn authors_after(net: &Net, chain: &Chain, at: &str, name: &str, height: u32) {
    let account = person(name).account();
    until(
        &format!("a final block of {name}'s after {height}"),
        || async {
            let last = chain.finalized().await.ok()?.block_number();
            for height in height + 1..=u32::try_from(last).unwrap() {
                let author = net.author(at, height).await? as usize;
                let block = chain.at(height).await.ok()?;
                let validators = api::storage().session().validators();
                let validators = chain.get(&block, validators, ()).await.ok()??;
                if validators.get(author) == Some(&account) {
                    return Some(());
                }
            }
            None
        },
    )
    .await;
}

/// Nobody has signed two blocks for one slot, or two votes for one round, nobody was reported, and
/// nobody is taken for absent: all can be elected.
pub async fn all_stand_well(net: &Net, chain: &Chain) {
    for name in net.names() {
        let log = fs::read_to_string(net.log(&name)).unwrap();
        for line in log.lines() {
            assert!(!line.contains("quivocat"), "{name}: {line}");
        }
    }
    for one in stake::candidates(chain).await.unwrap() {
        assert_eq!(one.standing, "electable", "{}", one.account);
        assert_eq!(one.pending_slashes, 0, "{}", one.account);
    }
}
