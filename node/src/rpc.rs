//! JSON-RPC of the node. What a runtime API answers goes through `state_call`.

use std::sync::Arc;

use jsonrpsee::RpcModule;
use polkadot_sdk::{
    pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer},
    sc_consensus_babe::BabeWorkerHandle,
    sc_consensus_babe_rpc::{Babe, BabeApiServer},
    sc_consensus_grandpa::{
        FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState,
    },
    sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer},
    sc_rpc::SubscriptionTaskExecutor,
    sp_keystore::KeystorePtr,
    substrate_frame_rpc_system::{System, SystemApiServer},
};
use salus_primitives::{BlockNumber, Hash, OpaqueBlock as Block};

use crate::{
    agent::{WorkerApiServer, WorkerRpc, WorkerStatus},
    pool::Pool,
    service::{FullBackend, FullClient, FullPool, FullSelectChain, NodeClient},
};

/// What GRANDPA's RPC needs.
pub struct GrandpaDeps {
    pub shared_voter_state: SharedVoterState,
    pub shared_authority_set: SharedAuthoritySet<Hash, BlockNumber>,
    pub justification_stream: GrandpaJustificationStream<Block>,
    pub subscription_executor: SubscriptionTaskExecutor,
    pub finality_provider: Arc<FinalityProofProvider<FullBackend, Block>>,
}

/// What the RPC needs.
pub struct Deps {
    pub client: Arc<FullClient>,
    pub pool: Arc<FullPool>,
    pub select_chain: FullSelectChain,
    pub keystore: KeystorePtr,
    pub babe_worker_handle: BabeWorkerHandle<Block>,
    pub grandpa: GrandpaDeps,
    pub worker: WorkerStatus,
}

/// What the RPC of every node has, whatever its consensus.
pub fn common<Client: NodeClient>(
    client: Arc<Client>,
    pool: Arc<Pool<Client>>,
    worker: WorkerStatus,
) -> Result<RpcModule<()>, Box<dyn std::error::Error + Send + Sync>> {
    let mut module = RpcModule::new(());
    module.merge(System::new(client.clone(), pool).into_rpc())?;
    module.merge(TransactionPayment::new(client).into_rpc())?;
    module.merge(WorkerRpc::new(worker).into_rpc())?;
    Ok(module)
}

/// All of the node's RPC.
pub fn create(deps: Deps) -> Result<RpcModule<()>, Box<dyn std::error::Error + Send + Sync>> {
    let Deps {
        client,
        pool,
        select_chain,
        keystore,
        babe_worker_handle,
        grandpa,
        worker,
    } = deps;
    let mut module = common(client.clone(), pool, worker)?;
    module.merge(Babe::new(client, babe_worker_handle, keystore, select_chain).into_rpc())?;
    module.merge(
        Grandpa::new(
            grandpa.subscription_executor,
            grandpa.shared_authority_set,
            grandpa.shared_voter_state,
            grandpa.justification_stream,
            grandpa.finality_provider,
        )
        .into_rpc(),
    )?;
    Ok(module)
}
