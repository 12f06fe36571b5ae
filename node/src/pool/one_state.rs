//! The SDK's pool of one state, which does not validate again what a block holds.
//!
//! After a block the pool takes its transactions out and validates them at that block, in case they
//! may be had again. Its list of banned transactions is to spare this, but forgets any of them beyond
//! 4,096 (`PoolRotator`, sc-transaction-pool 48): with blocks of 2,000 nearly every transaction was
//! validated twice.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use async_trait::async_trait;
use futures::executor::block_on;
use polkadot_sdk::{
    sc_transaction_pool::{
        BasicPool, ChainApi, FullChainApi, TimedTransactionSource, ValidateTransactionPriority,
    },
    sc_transaction_pool_api::{
        ChainEvent, ImportNotificationStream, LocalTransactionPool, MaintainedTransactionPool,
        PoolStatus, ReadyTransactions, TransactionPool, TransactionSource,
        TransactionStatusStreamFor, TxInvalidityReportMap,
    },
    sp_blockchain::{HashAndNumber, TreeRoute},
    sp_runtime::{
        generic::BlockId,
        traits::Block as BlockT,
        transaction_validity::{InvalidTransaction, TransactionValidity},
    },
};
use salus_primitives::{BlockNumber, OpaqueBlock as Block};

use crate::service::NodeClient;

type Hash = <Block as BlockT>::Hash;
type Header = <Block as BlockT>::Header;
type Extrinsic = <Block as BlockT>::Extrinsic;
type Full<Client> = FullChainApi<Client, Block>;
type Error<Client> = <Full<Client> as ChainApi>::Error;
type Basic<Client> = BasicPool<Api<Client>, Block>;
type InPool<Client> = <Basic<Client> as TransactionPool>::InPoolTransaction;
type Ready<Client> = Box<dyn ReadyTransactions<Item = Arc<InPool<Client>>> + Send>;

type Blocks = VecDeque<(Hash, Arc<HashSet<Hash>>)>;

/// Blocks whose transactions are remembered. The pool asks about those of one import at a time.
const BLOCKS: usize = 8;

/// What the pool asks the chain.
pub struct Api<Client> {
    client: Arc<Client>,
    full: Full<Client>,
    /// What the blocks hold that were asked about last; the newest in front.
    blocks: Mutex<Blocks>,
}

impl<Client: NodeClient> Api<Client> {
    pub fn new(client: Arc<Client>, full: Full<Client>) -> Self {
        Self {
            client,
            full,
            blocks: Mutex::default(),
        }
    }

    fn blocks(&self) -> MutexGuard<'_, Blocks> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The transactions of a block.
    async fn held(&self, block: Hash) -> Result<Arc<HashSet<Hash>>, Error<Client>> {
        if let Some((_, held)) = self.blocks().iter().find(|(hash, _)| *hash == block) {
            return Ok(held.clone());
        }
        let body = self.full.block_body(block).await?.unwrap_or_default();
        let held: Arc<HashSet<_>> = Arc::new(
            body.iter()
                .map(|extrinsic| self.full.hash_and_length(extrinsic).0)
                .collect(),
        );
        let mut blocks = self.blocks();
        blocks.push_front((block, held.clone()));
        blocks.truncate(BLOCKS);
        Ok(held)
    }
}

#[async_trait]
impl<Client: NodeClient> ChainApi for Api<Client> {
    type Block = Block;
    type Error = Error<Client>;

    async fn validate_transaction(
        &self,
        at: Hash,
        source: TransactionSource,
        extrinsic: Arc<Extrinsic>,
        priority: ValidateTransactionPriority,
    ) -> Result<TransactionValidity, Self::Error> {
        // A block's own transactions are asked about at its parent (`InBlock`), for their tags.
        if matches!(priority, ValidateTransactionPriority::Maintained)
            && source != TransactionSource::InBlock
        {
            let (hash, _) = self.full.hash_and_length(&extrinsic);
            if self.held(at).await?.contains(&hash) {
                return Ok(Err(InvalidTransaction::Stale.into()));
            }
        }
        let submitted = matches!(priority, ValidateTransactionPriority::Submitted);
        let again = submitted.then(|| extrinsic.clone());
        let validity = self
            .full
            .validate_transaction(at, source, extrinsic, priority)
            .await;
        // A block may be given up, and its state with it, while a transaction waits to be validated at
        // it. The pool would ban what it could not judge.
        let best = self.client.info().best_hash;
        match (validity, again) {
            (Err(_), Some(extrinsic)) if best != at => {
                self.full
                    .validate_transaction(
                        best,
                        source,
                        extrinsic,
                        ValidateTransactionPriority::Submitted,
                    )
                    .await
            }
            (validity, _) => validity,
        }
    }

    fn validate_transaction_blocking(
        &self,
        at: Hash,
        source: TransactionSource,
        extrinsic: Arc<Extrinsic>,
    ) -> Result<TransactionValidity, Self::Error> {
        self.full
            .validate_transaction_blocking(at, source, extrinsic)
    }

    fn block_id_to_number(&self, at: &BlockId<Block>) -> Result<Option<BlockNumber>, Self::Error> {
        self.full.block_id_to_number(at)
    }

    fn block_id_to_hash(&self, at: &BlockId<Block>) -> Result<Option<Hash>, Self::Error> {
        self.full.block_id_to_hash(at)
    }

    fn hash_and_length(&self, extrinsic: &Extrinsic) -> (Hash, usize) {
        self.full.hash_and_length(extrinsic)
    }

    async fn block_body(&self, at: Hash) -> Result<Option<Vec<Extrinsic>>, Self::Error> {
        self.full.block_body(at).await
    }

    fn block_header(&self, at: Hash) -> Result<Option<Header>, Self::Error> {
        self.full.block_header(at)
    }

    fn tree_route(&self, from: Hash, to: Hash) -> Result<TreeRoute<Block>, Self::Error> {
        self.full.tree_route(from, to)
    }
}

/// The pool. The SDK's own is a local pool only over its own `FullChainApi`.
pub struct OneState<Client: NodeClient>(pub Basic<Client>);

#[async_trait]
impl<Client: NodeClient> TransactionPool for OneState<Client> {
    type Block = Block;
    type Hash = Hash;
    type InPoolTransaction = InPool<Client>;
    type Error = Error<Client>;

    async fn submit_at(
        &self,
        at: Hash,
        source: TransactionSource,
        extrinsics: Vec<Extrinsic>,
    ) -> Result<Vec<Result<Hash, Self::Error>>, Self::Error> {
        self.0.submit_at(at, source, extrinsics).await
    }

    async fn submit_one(
        &self,
        at: Hash,
        source: TransactionSource,
        extrinsic: Extrinsic,
    ) -> Result<Hash, Self::Error> {
        self.0.submit_one(at, source, extrinsic).await
    }

    async fn submit_and_watch(
        &self,
        at: Hash,
        source: TransactionSource,
        extrinsic: Extrinsic,
    ) -> Result<Pin<Box<TransactionStatusStreamFor<Self>>>, Self::Error> {
        self.0.submit_and_watch(at, source, extrinsic).await
    }

    async fn ready_at(&self, at: Hash) -> Ready<Client> {
        self.0.ready_at(at).await
    }

    fn ready(&self) -> Ready<Client> {
        self.0.ready()
    }

    async fn report_invalid(
        &self,
        at: Option<Hash>,
        invalid: TxInvalidityReportMap<Hash>,
    ) -> Vec<Arc<InPool<Client>>> {
        self.0.report_invalid(at, invalid).await
    }

    fn futures(&self) -> Vec<InPool<Client>> {
        self.0.futures()
    }

    fn status(&self) -> PoolStatus {
        self.0.status()
    }

    fn import_notification_stream(&self) -> ImportNotificationStream<Hash> {
        self.0.import_notification_stream()
    }

    fn on_broadcasted(&self, propagations: HashMap<Hash, Vec<String>>) {
        self.0.on_broadcasted(propagations)
    }

    fn hash_of(&self, extrinsic: &Extrinsic) -> Hash {
        self.0.hash_of(extrinsic)
    }

    fn ready_transaction(&self, hash: &Hash) -> Option<Arc<InPool<Client>>> {
        self.0.ready_transaction(hash)
    }

    async fn ready_at_with_timeout(&self, at: Hash, timeout: Duration) -> Ready<Client> {
        self.0.ready_at_with_timeout(at, timeout).await
    }
}

#[async_trait]
impl<Client: NodeClient> MaintainedTransactionPool for OneState<Client> {
    async fn maintain(&self, event: ChainEvent<Block>) {
        self.0.maintain(event).await
    }
}

impl<Client: NodeClient> LocalTransactionPool for OneState<Client> {
    type Block = Block;
    type Hash = Hash;
    type Error = Error<Client>;

    /// What the runtime submits itself: reports of equivocations, a few at most.
    fn submit_local(&self, at: Hash, extrinsic: Extrinsic) -> Result<Hash, Self::Error> {
        let number = self.0.api().resolve_block_number(at)?;
        let at = HashAndNumber { hash: at, number };
        let source = TimedTransactionSource::new_local(false);
        let submit = || block_on(self.0.pool().submit_one(&at, source, Arc::new(extrinsic)));
        // On a thread of its own, since the caller may itself be run by an executor.
        let outcome = thread::scope(|scope| scope.spawn(submit).join());
        match outcome {
            Ok(outcome) => outcome.map(|outcome| outcome.hash()),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}
