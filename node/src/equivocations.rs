//! Two blocks of one slot by one author, reported with their seals.
//!
//! `sc-consensus-babe` 0.60 looks for them where headers have lost their seals already, and its report
//! proves nothing to any runtime. Here they are looked for before, so that the good report is in the
//! pool first: it takes one of an author and slot.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use polkadot_sdk::{
    sc_consensus::{BlockCheckParams, BlockImport, BlockImportParams, ImportResult},
    sc_consensus_babe::find_pre_digest,
    sc_transaction_pool_api::OffchainTransactionPoolFactory,
    sp_api::{ApiExt as _, ProvideRuntimeApi as _},
    sp_consensus::{self, BlockOrigin, SelectChain as _},
    sp_consensus_babe::{AuthorityId, AuthorityIndex, BabeApi as _, EquivocationProof, Slot},
};
use salus_primitives::{Hash, OpaqueBlock as Block};

use crate::ahead::Progress;
use crate::service::{FullClient, FullSelectChain};

type Header = <Block as polkadot_sdk::sp_runtime::traits::Block>::Header;
/// The first header of each author, by slot.
type Seen = BTreeMap<Slot, BTreeMap<AuthorityIndex, Header>>;

/// Slots that are remembered, in memory: both blocks come within seconds.
const SLOTS: usize = 512;

/// A block import that looks at what it passes on. The seals were checked before.
#[derive(Clone)]
pub struct Watched<I> {
    inner: I,
    progress: Progress,
    client: Arc<FullClient>,
    select_chain: FullSelectChain,
    pool: OffchainTransactionPoolFactory<Block>,
    seen: Arc<Mutex<Seen>>,
}

impl<I> Watched<I> {
    pub fn new(
        inner: I,
        progress: Progress,
        client: Arc<FullClient>,
        select_chain: FullSelectChain,
        pool: OffchainTransactionPoolFactory<Block>,
    ) -> Self {
        Self {
            inner,
            progress,
            client,
            select_chain,
            pool,
            seen: Arc::default(),
        }
    }

    /// Another block of this one's slot by this one's author, if there was one.
    fn other(&self, slot: Slot, author: AuthorityIndex, header: &Header) -> Option<Header> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let first = seen
            .entry(slot)
            .or_default()
            .entry(author)
            .or_insert_with(|| header.clone())
            .clone();
        if seen.len() > SLOTS {
            seen.pop_first();
        }
        (first.hash() != header.hash()).then_some(first)
    }

    /// Who has this index in the epoch of a slot after a block.
    fn author(&self, parent: Hash, slot: Slot, index: AuthorityIndex) -> Option<AuthorityId> {
        let api = self.client.runtime_api();
        let epoch = api.current_epoch(parent).ok()?;
        let ends = epoch.start_slot.saturating_add(epoch.duration);
        let epoch = match slot < ends {
            true => epoch,
            false => api.next_epoch(parent).ok()?,
        };
        let (author, _) = epoch.authorities.get(usize::try_from(index).ok()?)?;
        Some(author.clone())
    }

    async fn watch(&self, header: Header) -> Result<(), String> {
        let digest = find_pre_digest::<Block>(&header).map_err(|error| error.to_string())?;
        let (slot, index) = (digest.slot(), digest.authority_index());
        let Some(first) = self.other(slot, index, &header) else {
            return Ok(());
        };
        // Before an epoch's first block is known, an index may be somebody else's in each branch.
        let Some(offender) = self.author(header.parent_hash, slot, index) else {
            return Ok(());
        };
        if self.author(first.parent_hash, slot, index).as_ref() != Some(&offender) {
            return Ok(());
        }

        let best = self.select_chain.best_chain().await;
        let best = best.map_err(|error| error.to_string())?.hash();
        let owner = [header.parent_hash, best].into_iter().find_map(|at| {
            let api = self.client.runtime_api();
            let owner = api.generate_key_ownership_proof(at, slot, offender.clone());
            owner.ok().flatten()
        });
        let owner = owner.ok_or("the author is no validator")?;
        let mut api = self.client.runtime_api();
        api.register_extension(self.pool.offchain_transaction_pool(best));
        let proof = EquivocationProof {
            offender,
            slot,
            first_header: first,
            second_header: header,
        };
        api.submit_report_equivocation_unsigned_extrinsic(best, proof, owner)
            .map_err(|error| error.to_string())?
            .ok_or("the pool refuses the report")?;
        log::info!("reported two blocks of slot {slot} by one author");
        Ok(())
    }
}

#[async_trait::async_trait]
impl<I> BlockImport<Block> for Watched<I>
where
    I: BlockImport<Block, Error = sp_consensus::Error> + Send + Sync,
{
    type Error = sp_consensus::Error;

    async fn check_block(
        &self,
        block: BlockCheckParams<Block>,
    ) -> Result<ImportResult, Self::Error> {
        self.inner.check_block(block).await
    }

    async fn import_block(
        &self,
        block: BlockImportParams<Block>,
    ) -> Result<ImportResult, Self::Error> {
        self.progress.reached(block.header.number);
        let live = matches!(
            block.origin,
            BlockOrigin::NetworkBroadcast | BlockOrigin::ConsensusBroadcast | BlockOrigin::Own
        );
        if live && !block.with_state() {
            if let Err(error) = self.watch(block.post_header()).await {
                log::warn!("cannot report two blocks of one slot: {error}");
            }
        }
        self.inner.import_block(block).await
    }
}
