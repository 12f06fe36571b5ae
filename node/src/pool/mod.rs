//! The transaction pool: the SDK's pool of one state, unless the command line names the other.
//!
//! The fork-aware pool drops a transaction that waits for an earlier one of its sender together with
//! the last view that held it (`dropped_watcher`, sc-transaction-pool 48): what the node had accepted
//! is gone, and the sender's later nonces wait for ever. The pool of one state keeps it. Its full
//! kind validates all that it holds again after every block; the light kind does so every twentieth
//! block, but does not bring back what a lost branch held. `Kept` does.

mod kept;
mod one_state;

use std::{sync::Arc, time::Duration};

use polkadot_sdk::{
    sc_cli::{TransactionPoolParams, TransactionPoolType},
    sc_service::{config::Configuration, TaskManager},
    sc_transaction_pool::{
        BasicPool, Builder, FullChainApi, Options, RevalidationType, TransactionPoolHandle,
        TransactionPoolWrapper,
    },
};
use salus_primitives::OpaqueBlock as Block;

use crate::service::NodeClient;

use kept::Kept;
use one_state::{Api, OneState};

/// The pool of a node with this client.
pub type Pool<Client> = TransactionPoolHandle<Block, Client>;

/// For how long what does not decode is not looked at again, where nothing else is said.
const BAN: Duration = Duration::from_secs(30 * 60);

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
        Arc::new(Api::new(
            client.clone(),
            FullChainApi::new(client.clone(), registry, &spawner),
        )),
        registry,
        RevalidationType::Light,
        spawner.clone(),
        chain.best_number,
        chain.best_hash,
        chain.finalized_hash,
    );
    let kept = Kept::new(client.clone(), pool.pool().clone());
    spawner.spawn("txpool-retracted", Some("transaction-pool"), kept.watch());
    Arc::new(TransactionPoolWrapper(Box::new(OneState(pool))))
}
