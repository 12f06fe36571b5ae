//! The transaction pool: the SDK's pool of one state, unless the command line names the other.
//!
//! The fork-aware pool drops a transaction that waits for an earlier one of its sender together with
//! the last view that held it (`dropped_watcher`, sc-transaction-pool 48): what the node had accepted
//! is gone, and the sender's later nonces wait for ever. The pool of one state keeps it. Its full
//! kind validates all that it holds again after every block; the light kind does so every twentieth
//! block, but does not bring back what a lost branch held. `Kept` does.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use codec::Encode;
use futures::StreamExt;
use polkadot_sdk::{
    sc_cli::{TransactionPoolParams, TransactionPoolType},
    sc_service::{config::Configuration, TaskManager},
    sc_transaction_pool::{
        self, BasicPool, Builder, FullChainApi, Options, RevalidationType, TimedTransactionSource,
        TransactionPoolHandle, TransactionPoolWrapper, ValidateTransactionPriority,
    },
    sp_blockchain::{self, HashAndNumber},
    sp_runtime::traits::{Block as BlockT, Header as _},
};
use salus_primitives::{BlockNumber, OpaqueBlock as Block};

use crate::service::NodeClient;

/// The pool of a node with this client.
pub type Pool<Client> = TransactionPoolHandle<Block, Client>;

type Extrinsic = <Block as BlockT>::Extrinsic;
type Graph<Client> = sc_transaction_pool::Pool<FullChainApi<Client, Block>, ()>;

const LOG: &str = "txpool";
/// For how long what does not decode is not looked at again, where nothing else is said.
const BAN: Duration = Duration::from_secs(30 * 60);

/// Most bytes of extrinsics that are kept from blocks that are not final.
const MOST: usize = 64 * 1024 * 1024;

/// The limits of a pool of one state; `None` where another kind is wanted.
pub fn limits(params: &TransactionPoolParams, is_dev: bool) -> Option<Options> {
    if !matches!(params.pool_type, TransactionPoolType::SingleState) {
        return None;
    }
    let mut options = Options::default();
    options.ready.count = params.pool_limit;
    options.ready.total_bytes = params.pool_kbytes.saturating_mul(1024);
    // As the SDK's own: a tenth may wait for earlier ones.
    options.future.count = options.ready.count / 10;
    options.future.total_bytes = options.ready.total_bytes / 10;
    options.ban_time = match params.tx_ban_seconds {
        Some(seconds) => Duration::from_secs(seconds),
        None if is_dev => Duration::ZERO,
        None => BAN,
    };
    Some(options)
}

/// Makes the pool: of one state with these limits, or as the configuration says.
pub fn new<Client: NodeClient>(
    limits: Option<Options>,
    config: &Configuration,
    client: &Arc<Client>,
    task_manager: &TaskManager,
) -> Arc<Pool<Client>> {
    let spawner = task_manager.spawn_essential_handle();
    let registry = config.prometheus_registry();
    let is_validator = config.role.is_authority();
    let Some(limits) = limits else {
        let builder = Builder::new(spawner, client.clone(), is_validator.into());
        let options = config.transaction_pool.clone();
        return Arc::new(
            builder
                .with_options(options)
                .with_prometheus(registry)
                .build(),
        );
    };
    let chain = client.usage_info().chain;
    let pool = BasicPool::with_revalidation_type(
        limits,
        is_validator.into(),
        Arc::new(FullChainApi::new(client.clone(), registry, &spawner)),
        registry,
        RevalidationType::Light,
        spawner.clone(),
        chain.best_number,
        chain.best_hash,
        chain.finalized_hash,
    );
    let kept = Kept {
        client: client.clone(),
        pool: pool.pool().clone(),
        blocks: VecDeque::new(),
    };
    spawner.spawn("txpool-retracted", Some("transaction-pool"), kept.watch());
    Arc::new(TransactionPoolWrapper(Box::new(pool)))
}

/// What the blocks of the best chain hold that are not final. Kept here, because a block that finality
/// gives up is gone from the database before anybody hears of it.
struct Kept<Client: NodeClient> {
    client: Arc<Client>,
    pool: Arc<Graph<Client>>,
    /// From the lowest to the best.
    blocks: VecDeque<Body>,
}

struct Body {
    block: HashAndNumber<Block>,
    extrinsics: Vec<Arc<Extrinsic>>,
    /// Bytes of the extrinsics.
    size: usize,
}

impl<Client: NodeClient> Kept<Client> {
    async fn watch(mut self) {
        let mut imported = self.client.import_notification_stream();
        while let Some(notice) = imported.next().await {
            if !notice.is_new_best {
                continue;
            }
            let best = HashAndNumber {
                hash: notice.hash,
                number: *notice.header.number(),
            };
            match self.follow(&best) {
                Ok(lost) => self.bring_back(&best, lost).await,
                Err(error) => log::warn!(
                    target: LOG,
                    "what lost blocks held cannot be found at {}: {error}",
                    best.number,
                ),
            }
        }
    }

    /// Takes a new best block up; returns what the blocks held that it gives up.
    fn follow(&mut self, best: &HashAndNumber<Block>) -> sp_blockchain::Result<Vec<Body>> {
        let finalized = self.client.info().finalized_number;
        let mut enacted = Vec::new();
        let mut at = best.clone();
        // The chains part at a block that was kept, or at a final one.
        let common = loop {
            if let Some(place) = self.place(&at) {
                break place + 1;
            }
            if at.number <= finalized {
                break self.final_blocks(finalized)?;
            }
            let header = self.client.expect_header(at.hash)?;
            enacted.push(self.body(at)?);
            at = HashAndNumber {
                hash: *header.parent_hash(),
                number: header.number().saturating_sub(1),
            };
        };
        let lost = self.blocks.split_off(common).into();
        self.blocks.extend(enacted.into_iter().rev());
        let mut size: usize = self.blocks.iter().map(|body| body.size).sum();
        while let Some(first) = self.blocks.front() {
            if first.block.number > finalized && size <= MOST {
                break;
            }
            size = size.saturating_sub(first.size);
            self.blocks.pop_front();
        }
        Ok(lost)
    }

    /// Where a block is kept. The blocks follow one another.
    fn place(&self, block: &HashAndNumber<Block>) -> Option<usize> {
        let lowest = self.blocks.front()?.block.number;
        let place = block.number.checked_sub(lowest)? as usize;
        (self.blocks.get(place)?.block.hash == block.hash).then_some(place)
    }

    /// How many of the kept blocks became final. Those above are of another branch.
    fn final_blocks(&self, finalized: BlockNumber) -> sp_blockchain::Result<usize> {
        let mut count = 0;
        for Body { block, .. } in &self.blocks {
            if block.number > finalized || self.client.hash(block.number)? != Some(block.hash) {
                break;
            }
            count += 1;
        }
        Ok(count)
    }

    fn body(&self, block: HashAndNumber<Block>) -> sp_blockchain::Result<Body> {
        let extrinsics = self.client.block_body(block.hash)?.unwrap_or_default();
        Ok(Body {
            size: extrinsics.iter().map(Encode::encoded_size).sum(),
            extrinsics: extrinsics.into_iter().map(Arc::new).collect(),
            block,
        })
    }

    /// Submits again what these blocks held and no other block holds.
    async fn bring_back(&self, best: &HashAndNumber<Block>, lost: Vec<Body>) {
        if lost.is_empty() {
            return;
        }
        // Where another branch was made final, its blocks are no longer kept: their transactions are
        // stale, and refused.
        let included: HashSet<_> = self
            .blocks
            .iter()
            .flat_map(|body| &body.extrinsics)
            .map(|extrinsic| self.pool.hash_of(extrinsic))
            .collect();
        let again: Vec<_> = lost
            .into_iter()
            .flat_map(|body| body.extrinsics)
            .filter(|extrinsic| !included.contains(&self.pool.hash_of(extrinsic)))
            .map(|extrinsic| (TimedTransactionSource::new_external(false), extrinsic))
            .collect();
        // Inherents are refused too.
        let results = self
            .pool
            .resubmit_at(best, again, ValidateTransactionPriority::Submitted)
            .await;
        log::debug!(
            target: LOG,
            "{} of {} extrinsics of lost blocks are in the pool again",
            results.iter().filter(|result| result.is_ok()).count(),
            results.len(),
        );
    }
}
