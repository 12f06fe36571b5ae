//! Brings back what lost branches held.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use codec::Encode;
use futures::StreamExt;
use polkadot_sdk::{
    sc_transaction_pool::{self, TimedTransactionSource, ValidateTransactionPriority, LOG_TARGET},
    sp_blockchain::{self, HashAndNumber},
    sp_runtime::traits::{Block as BlockT, Header as _},
};
use salus_primitives::{BlockNumber, OpaqueBlock as Block};

use super::one_state::Api;
use crate::service::NodeClient;

type Extrinsic = <Block as BlockT>::Extrinsic;
type Graph<Client> = sc_transaction_pool::Pool<Api<Client>, ()>;

/// Most bytes of extrinsics that are kept from blocks that are not final.
const MOST: usize = 64 * 1024 * 1024;

/// What the blocks of the best chain hold that are not final. Kept here, because a block that finality
/// gives up is gone from the database before anybody hears of it.
pub struct Kept<Client: NodeClient> {
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
    pub fn new(client: Arc<Client>, pool: Arc<Graph<Client>>) -> Self {
        Self {
            client,
            pool,
            blocks: VecDeque::new(),
        }
    }

    pub async fn watch(mut self) {
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
                    target: LOG_TARGET,
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
            target: LOG_TARGET,
            "{} of {} extrinsics of lost blocks are in the pool again",
            results.iter().filter(|result| result.is_ok()).count(),
            results.len(),
        );
    }
}
