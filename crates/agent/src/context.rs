//! What all work of one agent shares.

use std::{collections::BTreeSet, sync::Arc};

use parking_lot::Mutex;
use salus_envelope::{Identity, KeyFolder};
use salus_primitives::{
    jobs::{Assignment, JobId},
    AccountId, BlockNumber, Hash,
};

use crate::{
    blobs::Blobs,
    chain::{Chain, ChainError},
    config::Config,
    kept::Results,
    metrics::Metrics,
    places::Places,
    training::Trainings,
    work::Stop,
    LOG,
};

pub(crate) struct Context {
    pub(crate) config: Config,
    pub(crate) chain: Arc<dyn Chain>,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) results: Results,
    /// Keys of the member's own records.
    pub(crate) keys: KeyFolder,
    pub(crate) metrics: Metrics,
    pub(crate) places: Places,
    pub(crate) trainings: Trainings,
    pub(crate) genesis: Hash,
    /// Algorithms that were found missing, so that each is logged once.
    unknown: Mutex<BTreeSet<String>>,
}

impl Context {
    pub(crate) fn new(
        config: Config,
        chain: Arc<dyn Chain>,
        blobs: Arc<dyn Blobs>,
        results: Results,
        keys: KeyFolder,
        metrics: Metrics,
        trainings: Trainings,
    ) -> Self {
        let genesis = chain.genesis();
        let places = Places::new(&config);
        Self {
            config,
            chain,
            blobs,
            results,
            keys,
            metrics,
            places,
            trainings,
            genesis,
            unknown: Mutex::default(),
        }
    }

    /// The key that results are kept under and salts are derived from.
    pub(crate) fn current_identity(&self) -> Result<&Identity, Stop> {
        let first = self.config.identities.first();
        first.ok_or_else(|| Stop::Declined("there is no encryption key".into()))
    }

    /// Asks the chain on a thread where a runtime call may block.
    pub(crate) async fn ask<R: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Chain) -> Result<R, ChainError> + Send + 'static,
    ) -> Result<R, ChainError> {
        let chain = self.chain.clone();
        tokio::task::spawn_blocking(move || question(&*chain))
            .await
            .unwrap_or_else(|error| Err(ChainError(error.to_string())))
    }

    /// Runs what takes long, but no answer of the chain, on a thread where that is allowed.
    pub(crate) async fn blocking<R: Send + 'static>(
        self: &Arc<Self>,
        act: impl FnOnce(&Context) -> R + Send + 'static,
    ) -> Result<R, Stop> {
        let context = self.clone();
        tokio::task::spawn_blocking(move || act(&context))
            .await
            .map_err(|error| Stop::Declined(error.to_string()))
    }

    /// The assignment at the last final block.
    pub(crate) async fn assignment(
        &self,
        job: JobId,
        worker: &AccountId,
    ) -> Result<Option<Assignment<AccountId>>, ChainError> {
        let worker = worker.clone();
        self.ask(move |chain| chain.assignment(chain.finalized().hash, job, &worker))
            .await
    }

    /// The assignment at the best block, where a revocation shows first.
    pub(crate) async fn assignment_now(
        &self,
        job: JobId,
        worker: &AccountId,
    ) -> Result<Option<Assignment<AccountId>>, ChainError> {
        let worker = worker.clone();
        self.ask(move |chain| chain.assignment(chain.best().hash, job, &worker))
            .await
    }

    /// Ends when the best block is within the margin before `deadline`, but not before a first try
    /// had `retry_after`.
    pub(crate) async fn window_over(&self, deadline: BlockNumber) {
        tokio::time::sleep(self.config.retry_after).await;
        let pause = self
            .config
            .retry_after
            .min(std::time::Duration::from_secs(1));
        while self.chain.best().number.saturating_add(self.config.margin) < deadline {
            tokio::time::sleep(pause).await;
        }
    }

    /// Says once that an algorithm is missing.
    pub(crate) fn missing_algorithm(&self, name: &str) {
        if self.unknown.lock().insert(name.to_owned()) {
            log::warn!(
                target: LOG,
                "algorithm={name:?} this build does not have it and leaves its jobs alone; it has {}",
                salus_analytics::job::ALGORITHMS.join(", "),
            );
        }
    }
}
