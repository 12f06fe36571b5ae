//! A network under load.

use std::{
    fmt,
    sync::{
        atomic::{AtomicUsize, Ordering},
        Arc,
    },
    time::{Duration, Instant},
};

use anyhow::{bail, ensure, Context, Result};
use futures::StreamExt;
use salus_cli::chain::api;
use salus_primitives::Digest;
use serde::Serialize;
use subxt::rpcs::{rpc_params, RpcClient};
use tokio::{sync::Semaphore, task::JoinHandle};

use crate::{
    accounts::{Accounts, Kind, Signed},
    finality::quantile,
    node::Nodes,
    watch::{Seen, Watch},
};

/// Requests that one node has not answered yet.
const PIPELINE: usize = 64;
/// Between two looks at the heads that came.
const LOOK: Duration = Duration::from_millis(50);
/// Longest wait until the pools are empty again.
const DRAIN: Duration = Duration::from_secs(120);

/// What to load the network with.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub kind: Kind,
    pub warmup: Duration,
    pub window: Duration,
    pub outstanding: usize,
    pub signed: usize,
}

/// What was committed in the window.
#[derive(Clone, Debug, Serialize)]
pub struct Committed {
    pub kind: Kind,
    /// s.
    pub window: f64,
    /// Transactions that succeeded in blocks that became final in the window.
    pub transactions: usize,
    /// Such blocks: the first and the last.
    pub first: u32,
    pub last: u32,
    /// Most transactions in one of them.
    pub fullest: usize,
    /// Reference time that these blocks declare for transactions, s.
    pub weight: f64,
    /// From a best block to its finality, p50, s.
    pub finality_lag: f64,
    /// Blocks that were imported, and of them those that did not stay.
    pub blocks: usize,
    pub retracted: usize,
    /// Processor time of all nodes and of the load generator, s for each s.
    pub nodes_processor: f64,
    pub generator_processor: f64,
}

impl Committed {
    /// Transactions a second.
    pub fn rate(&self) -> f64 {
        self.transactions as f64 / self.window
    }
}

impl fmt::Display for Committed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} committed in {:.0} s, {:.0} a second; blocks {}–{}, the fullest with {}; final \
             {:.2} s after the block; {} of {} blocks were given up; processors: nodes {:.2}, \
             generator {:.2}",
            self.kind,
            self.transactions,
            self.window,
            self.rate(),
            self.first,
            self.last,
            self.fullest,
            self.finality_lag,
            self.retracted,
            self.blocks,
            self.nodes_processor,
            self.generator_processor
        )
    }
}

/// Submits as fast as blocks take them.
struct Pump {
    room: Arc<Semaphore>,
    tasks: Vec<JoinHandle<Result<()>>>,
    submitted: Arc<AtomicUsize>,
}

impl Pump {
    fn start(nodes: &Nodes, lists: Vec<Vec<Signed>>, outstanding: usize) -> Self {
        let room = Arc::new(Semaphore::new(outstanding));
        let submitted = Arc::new(AtomicUsize::new(0));
        let tasks = nodes
            .rpc
            .iter()
            .zip(lists)
            .map(|(rpc, list)| {
                tokio::spawn(feed(rpc.clone(), list, room.clone(), submitted.clone()))
            })
            .collect();
        Self {
            room,
            tasks,
            submitted,
        }
    }

    /// Stops submitting. An error where a node refused something or a list came to its end.
    async fn stop(mut self) -> Result<usize> {
        self.room.close();
        for task in self.tasks.drain(..) {
            task.await??;
        }
        Ok(self.submitted.load(Ordering::Relaxed))
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn feed(
    rpc: RpcClient,
    list: Vec<Signed>,
    room: Arc<Semaphore>,
    submitted: Arc<AtomicUsize>,
) -> Result<()> {
    let requests = futures::stream::iter(list).map(|one| {
        let (rpc, room, submitted) = (rpc.clone(), room.clone(), submitted.clone());
        async move {
            match room.acquire().await {
                Ok(permit) => permit.forget(),
                // The load is over.
                Err(_) => return Ok(true),
            }
            submit(&rpc, &one).await?;
            submitted.fetch_add(1, Ordering::Relaxed);
            Ok(false)
        }
    });
    let mut requests = requests.buffered(PIPELINE);
    while let Some(over) = requests.next().await {
        let over: Result<bool> = over;
        if over? {
            return Ok(());
        }
    }
    bail!("the signed transactions came to their end: raise --signed")
}

async fn submit(rpc: &RpcClient, one: &Signed) -> Result<()> {
    let _: Digest = rpc
        .request("author_submitExtrinsic", rpc_params![one])
        .await
        .context("a transaction was not taken")?;
    Ok(())
}

/// Loads the network, and counts.
pub async fn measure(nodes: &Nodes, accounts: &Accounts, plan: Plan) -> Result<Committed> {
    let length = plan.warmup + plan.window;
    let count = plan.signed * usize::try_from(length.as_secs())? + plan.outstanding;
    let lists = accounts
        .sign(nodes, plan.kind, count, nodes.rpc.len())
        .await?;
    let watch = Watch::begin(nodes.first()).await?;
    let pump = Pump::start(nodes, lists, plan.outstanding);
    let began = Instant::now();
    let (opens, closes) = (began + plan.warmup, began + length);
    let mut counted = watch.seen().best.keys().next_back().copied();
    let mut used = None;
    while Instant::now() < closes {
        tokio::time::sleep(LOOK).await;
        ensure!(
            !pump.tasks.iter().any(JoinHandle::is_finished),
            match pump.stop().await {
                Err(error) => format!("the load broke off: {error:#}"),
                Ok(_) => "the load broke off".to_owned(),
            }
        );
        if used.is_none() && Instant::now() >= opens {
            used = Some((Instant::now(), nodes.processor()?));
        }
        // What a block holds makes room in the pools.
        if let Some(best) = watch.seen().best.keys().next_back().copied() {
            for number in counted.map_or(best, |last| last + 1)..=best {
                let inside = nodes.extrinsics(nodes.hash(number).await?).await?;
                pump.room.add_permits(inside.saturating_sub(INHERENTS));
            }
            counted = counted.max(Some(best));
        }
    }
    let after = nodes.processor()?;
    let (since, before) = used.context("the window opened")?;
    let elapsed = since.elapsed().as_secs_f64();
    let seen = watch.seen();
    pump.stop().await?;
    let counted = count_final(nodes, plan, &seen, opens, closes).await?;
    nodes.drained(DRAIN).await?;
    let (blocks, retracted) = watch.seen().retracted();
    Ok(Committed {
        blocks,
        retracted,
        nodes_processor: (after.nodes - before.nodes) / elapsed,
        generator_processor: (after.generator - before.generator) / elapsed,
        ..counted
    })
}

/// Units of reference time in a second.
const PICOSECONDS: f64 = 1e12;
/// Extrinsics in every block that nobody sent: the time.
const INHERENTS: usize = 1;

async fn count_final(
    nodes: &Nodes,
    plan: Plan,
    seen: &Seen,
    opens: Instant,
    closes: Instant,
) -> Result<Committed> {
    let inside: Vec<(u32, Instant)> = seen
        .finalized
        .iter()
        .filter(|(_, at)| **at > opens && **at <= closes)
        .map(|(number, at)| (*number, *at))
        .collect();
    let (Some((first, _)), Some((last, _))) = (inside.first(), inside.last()) else {
        bail!("no block became final in the window");
    };
    let (mut transactions, mut fullest, mut weight) = (0, 0, 0.0);
    let mut lags = Vec::new();
    for (number, at) in &inside {
        let block = nodes.chain.at(*number).await?;
        let events = block.events().fetch().await?;
        let mut succeeded = 0usize;
        for event in events.iter() {
            let event = event?;
            if event.is::<api::system::events::ExtrinsicSuccess>() {
                succeeded += 1;
            }
            ensure!(
                !event.is::<api::system::events::ExtrinsicFailed>(),
                "a {} of block {number} failed",
                plan.kind
            );
        }
        let used = nodes
            .chain
            .get(&block, api::storage().system().block_weight(), ())
            .await?
            .context("a block has a weight")?;
        weight += used.normal.ref_time as f64 / PICOSECONDS;
        let succeeded = succeeded.saturating_sub(INHERENTS);
        transactions += succeeded;
        fullest = fullest.max(succeeded);
        if let Some(best) = seen.best.get(number) {
            lags.push(at.saturating_duration_since(*best).as_secs_f64());
        }
    }
    Ok(Committed {
        kind: plan.kind,
        window: plan.window.as_secs_f64(),
        transactions,
        first: *first,
        last: *last,
        fullest,
        weight,
        finality_lag: quantile(&mut lags, 0.5)?,
        blocks: 0,
        retracted: 0,
        nodes_processor: 0.0,
        generator_processor: 0.0,
    })
}
