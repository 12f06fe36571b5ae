//! Connections to the nodes, and what is asked of them.

use std::time::Duration;

use anyhow::{Context, Result};
use salus_cli::{
    chain::{At, Chain},
    network::Network,
};
use salus_primitives::Hash;
use serde::Deserialize;
use serde_json::value::RawValue;
use subxt::rpcs::{rpc_params, RpcClient};

/// A running network.
pub struct Nodes {
    /// The first node, with the chain's metadata.
    pub chain: Chain,
    /// All of them.
    pub rpc: Vec<RpcClient>,
    pids: Vec<u32>,
}

#[derive(Deserialize)]
struct SignedBlock<'a> {
    #[serde(borrow)]
    block: Body<'a>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    extrinsics: Vec<&'a RawValue>,
}

impl Nodes {
    /// Connects to all nodes of the network.
    pub async fn connect(network: &Network) -> Result<Self> {
        let mut rpc = Vec::new();
        for node in network.nodes() {
            rpc.push(RpcClient::from_url(node.url()).await?);
        }
        let first = network.nodes().first().context("a network has nodes")?;
        Ok(Self {
            chain: Chain::connect(&first.url()).await?,
            rpc,
            pids: network
                .nodes()
                .iter()
                .filter_map(|node| Some(node.process.as_ref()?.pid))
                .collect(),
        })
    }

    /// The first node.
    pub fn first(&self) -> &RpcClient {
        &self.rpc[0]
    }

    /// The last finalized block.
    pub async fn finalized(&self) -> Result<At> {
        self.chain.finalized().await
    }

    /// Hash of the block of this height in the best chain.
    pub async fn hash(&self, number: u32) -> Result<Hash> {
        self.first()
            .request::<Option<Hash>>("chain_getBlockHash", rpc_params![number])
            .await?
            .with_context(|| format!("there is no block {number}"))
    }

    /// Number of extrinsics in a block.
    pub async fn extrinsics(&self, hash: Hash) -> Result<usize> {
        let raw: Box<RawValue> = self
            .first()
            .request("chain_getBlock", rpc_params![hash])
            .await?;
        let block: SignedBlock = serde_json::from_str(raw.get()).context("a block in JSON")?;
        Ok(block.block.extrinsics.len())
    }

    /// Processor time that the nodes, and this program, have used.
    pub fn processor(&self) -> Result<Used> {
        let mut used = Used::default();
        for pid in &self.pids {
            used.nodes += processor_of(&pid.to_string())?;
        }
        used.generator = processor_of("self")?;
        Ok(used)
    }

    /// Waits until none of these accounts' transactions is pending, at most so long.
    pub async fn drained(&self, patience: Duration) -> Result<()> {
        let until = tokio::time::Instant::now() + patience;
        for rpc in &self.rpc {
            loop {
                let pending: Vec<Box<RawValue>> = rpc
                    .request("author_pendingExtrinsics", rpc_params![])
                    .await?;
                if pending.is_empty() {
                    break;
                }
                anyhow::ensure!(
                    tokio::time::Instant::now() < until,
                    "{} transactions are still in a pool",
                    pending.len()
                );
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
        Ok(())
    }
}

/// Seconds of processor time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Used {
    pub nodes: f64,
    pub generator: f64,
}

/// Of a process, user and system: fields 14 and 15 of its `stat`, in hundredths of a second.
fn processor_of(process: &str) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').context("a stat line has a name")?;
    let ticks: u64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().unwrap_or_default())
        .sum();
    Ok(ticks as f64 / 100.0)
}
