//! What a node sees: best and finalized heads with the time they came, and blocks given up.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex},
    time::Instant,
};

use anyhow::{Context, Result};
use serde_json::Value;
use subxt::rpcs::{rpc_params, RpcClient};
use tokio::task::JoinHandle;

/// What was seen, by height.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// When a best block of this height came.
    pub best: BTreeMap<u32, Instant>,
    /// When this height became final.
    pub finalized: BTreeMap<u32, Instant>,
    /// Every block that was imported, by height and the parent and roots in its header.
    pub blocks: HashSet<(u32, String)>,
}

impl Seen {
    /// Height of the last block that is final.
    pub fn last(&self) -> Option<u32> {
        self.finalized.keys().next_back().copied()
    }

    /// Blocks that were imported, and those of them that are not in the final chain.
    pub fn retracted(&self) -> (usize, usize) {
        let last = self.last().unwrap_or_default();
        let blocks = self.blocks.iter().filter(|(number, _)| *number <= last);
        let heights: HashSet<u32> = blocks.clone().map(|(number, _)| *number).collect();
        let all = blocks.count();
        (all, all - heights.len())
    }
}

/// Listens until it is dropped.
pub struct Watch {
    seen: Arc<Mutex<Seen>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Watch {
    /// Begins to listen to a node.
    pub async fn begin(rpc: &RpcClient) -> Result<Self> {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let mut tasks = Vec::new();
        for (subscribe, unsubscribe, note) in [
            (
                "chain_subscribeNewHeads",
                "chain_unsubscribeNewHeads",
                best as fn(&mut Seen, u32, &Value),
            ),
            (
                "chain_subscribeFinalizedHeads",
                "chain_unsubscribeFinalizedHeads",
                finalized,
            ),
            (
                "chain_subscribeAllHeads",
                "chain_unsubscribeAllHeads",
                block,
            ),
        ] {
            let mut heads = rpc
                .subscribe::<Value>(subscribe, rpc_params![], unsubscribe)
                .await?;
            let seen = seen.clone();
            tasks.push(tokio::spawn(async move {
                while let Some(Ok(head)) = heads.next().await {
                    if let (Ok(number), Ok(mut seen)) = (number(&head), seen.lock()) {
                        note(&mut seen, number, &head);
                    }
                }
            }));
        }
        Ok(Self { seen, tasks })
    }

    /// What was seen until now.
    pub fn seen(&self) -> Seen {
        self.seen
            .lock()
            .map(|seen| seen.clone())
            .unwrap_or_default()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

fn best(seen: &mut Seen, number: u32, _: &Value) {
    seen.best.entry(number).or_insert_with(Instant::now);
}

/// A head stands for all blocks before it that were not final.
fn finalized(seen: &mut Seen, number: u32, _: &Value) {
    let now = Instant::now();
    let first = seen.last().map_or(number, |last| last + 1);
    for height in first..=number {
        seen.finalized.insert(height, now);
    }
}

fn block(seen: &mut Seen, number: u32, head: &Value) {
    seen.blocks.insert((number, head.to_string()));
}

/// Height of a header.
fn number(header: &Value) -> Result<u32> {
    header["number"]
        .as_str()
        .and_then(|digits| u32::from_str_radix(digits.strip_prefix("0x")?, 16).ok())
        .context("the node gave a header without a number")
}
