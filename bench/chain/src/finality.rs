//! From submission to finality, of single transactions.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::{bail, Context, Result};
use futures::future::try_join_all;
use rand::Rng;
use serde::Serialize;
use serde_json::Value;
use subxt::rpcs::{rpc_params, RpcClient};
use tokio::time::timeout;

use crate::{
    accounts::{nonces, Accounts, Kind, Signed},
    node::Nodes,
    watch::Watch,
};

/// Longest wait for one transaction.
const PATIENCE: Duration = Duration::from_secs(60);

/// Seconds from submission to finality, and the blocks meanwhile.
#[derive(Clone, Debug, Serialize)]
pub struct Finality {
    pub samples: usize,
    pub p50: f64,
    pub p95: f64,
    pub longest: f64,
    /// From submission to a best block with it, p50.
    pub included_p50: f64,
    pub blocks: usize,
    /// Of them, those that did not stay.
    pub retracted: usize,
}

impl Finality {
    /// The share of the blocks that did not stay.
    pub fn retracted(&self) -> f64 {
        self.retracted as f64 / self.blocks.max(1) as f64
    }
}

impl fmt::Display for Finality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "finality: {} transactions, p50 {:.2} s (in a block after {:.2} s), p95 {:.2} s, \
             longest {:.2} s; {} of {} blocks were given up",
            self.samples,
            self.p50,
            self.included_p50,
            self.p95,
            self.longest,
            self.retracted,
            self.blocks
        )
    }
}

/// Submits `count` transfers, each of another account to a random node, with random pauses.
pub async fn measure(
    nodes: &Nodes,
    accounts: &Accounts,
    count: usize,
    pause: Duration,
) -> Result<Finality> {
    let at = nodes.finalized().await?;
    let keys: Vec<_> = accounts.singles().iter().take(count).cloned().collect();
    let numbers = nonces(nodes, &keys).await?;
    let watch = Watch::begin(nodes.first()).await?;
    let mut waiting = Vec::new();
    for key in &keys {
        let nonce = numbers
            .get(&salus_cli::chain::account_of(key).0)
            .copied()
            .unwrap_or_default();
        let signed = accounts.one(&at, Kind::Transfer, key, nonce)?;
        let (rpc, wait) = {
            let mut random = rand::thread_rng();
            let node = random.gen_range(0..nodes.rpc.len());
            (
                nodes.rpc[node].clone(),
                pause.mul_f64(random.gen_range(0.0..2.0)),
            )
        };
        tokio::time::sleep(wait).await;
        waiting.push(tokio::spawn(one(rpc, signed)));
    }
    let mut found = Vec::new();
    for done in try_join_all(waiting).await? {
        found.push(done?);
    }
    let (blocks, retracted) = watch.seen().retracted();
    let mut included: Vec<f64> = found.iter().map(|(included, _)| *included).collect();
    let mut finalized: Vec<f64> = found.iter().map(|(_, finalized)| *finalized).collect();
    Ok(Finality {
        samples: found.len(),
        p50: quantile(&mut finalized, 0.5)?,
        p95: quantile(&mut finalized, 0.95)?,
        longest: quantile(&mut finalized, 1.0)?,
        included_p50: quantile(&mut included, 0.5)?,
        blocks,
        retracted,
    })
}

/// Seconds until it was in a block, and until that was final.
async fn one(rpc: RpcClient, signed: Signed) -> Result<(f64, f64)> {
    let began = Instant::now();
    let mut states = rpc
        .subscribe::<Value>(
            "author_submitAndWatchExtrinsic",
            rpc_params![signed],
            "author_unwatchExtrinsic",
        )
        .await?;
    let mut included = None;
    loop {
        let state = timeout(PATIENCE, states.next())
            .await
            .context("a transaction is not final in time")?
            .context("the node stopped telling how it goes")??;
        let since = began.elapsed().as_secs_f64();
        if state.get("inBlock").is_some() {
            included = included.or(Some(since));
        }
        if state.get("finalized").is_some() {
            return Ok((included.unwrap_or(since), since));
        }
        for end in ["dropped", "invalid", "usurped", "finalityTimeout"] {
            if state.get(end).is_some() || state.as_str() == Some(end) {
                bail!("a transaction ended as {state}");
            }
        }
    }
}

/// The value below which this part of the values is.
pub fn quantile(values: &mut [f64], part: f64) -> Result<f64> {
    values.sort_by(f64::total_cmp);
    let last = values
        .len()
        .checked_sub(1)
        .context("nothing was measured")?;
    let at = (last as f64 * part).round() as usize;
    values.get(at).copied().context("within the values")
}
