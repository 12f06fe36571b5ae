//! Wires the services of a node.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use polkadot_sdk::{
    frame_system_rpc_runtime_api::AccountNonceApi,
    pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi,
    sc_authority_discovery, sc_basic_authorship,
    sc_client_api::{Backend, BlockBackend, BlockchainEvents, ExecutorProvider, UsageProvider},
    sc_consensus::{DefaultImportQueue, LongestChain},
    sc_consensus_babe::{self, BabeBlockImport, BabeLink, BabeWorkerHandle, SlotProportion},
    sc_consensus_grandpa as grandpa,
    sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging,
    sc_executor::WasmExecutor,
    sc_network::{
        self, event::Event, service::traits::NetworkService, NetworkBackend, NetworkEventStream,
    },
    sc_network_sync::WarpSyncConfig,
    sc_offchain,
    sc_service::{
        self, error::Error as ServiceError, Configuration, PartialComponents, TaskManager,
    },
    sc_transaction_pool::Options as PoolLimits,
    sc_transaction_pool_api::OffchainTransactionPoolFactory,
    sp_api::ProvideRuntimeApi,
    sp_block_builder::BlockBuilder,
    sp_blockchain::{self, HeaderBackend, HeaderMetadata},
    sp_consensus_babe::inherents::InherentDataProvider as BabeInherent,
    sp_inherents::CreateInherentDataProviders,
    sp_keystore::KeystorePtr,
    sp_offchain::OffchainWorkerApi,
    sp_runtime::traits::BlockIdTo,
    sp_timestamp,
    sp_transaction_pool::runtime_api::TaggedTransactionQueue,
};
use salus_primitives::{
    apis::{BlobsApi, DutiesApi, JobsApi},
    training::TrainingApi,
    AccountId, Balance, Hash, Nonce, OpaqueBlock as Block,
};
use salus_runtime::apis::RuntimeApi;

use crate::{
    agent::{self, WorkerStatus},
    ahead::{Ahead, Progress},
    cli::{AgentParams, GatewayParams},
    equivocations::Watched,
    gateway, metrics,
    pool::{self, Pool},
    rpc, signatures,
};

/// The client: only the host functions of every Substrate node, so that every tool loads our blob.
pub type FullClient =
    sc_service::TFullClient<Block, RuntimeApi, WasmExecutor<signatures::HostFunctions>>;
pub type FullBackend = sc_service::TFullBackend<Block>;
pub type FullSelectChain = LongestChain<FullBackend, Block>;
pub type FullPool = Pool<FullClient>;
type GrandpaImport = grandpa::GrandpaBlockImport<FullBackend, Block, FullClient, FullSelectChain>;
type BlockImport<CIDP> =
    Watched<BabeBlockImport<Block, FullClient, GrandpaImport, CIDP, FullSelectChain>>;

/// Blocks between the justifications that are kept and served to peers that sync.
const JUSTIFICATION_PERIOD: u32 = 512;
/// How long a vote takes through the network, with room: a round of GRANDPA waits twice as long for
/// votes on blocks, four times for both kinds. It decides the latency of finality: transactions were
/// final after 1.5 s with 100 ms, 1.7 s with 150, 1.9 s with 200 (docs/performance.md). 150 are three
/// times the way across a continent; where a vote takes longer, only its round does.
const GOSSIP: Duration = Duration::from_millis(150);

/// Runtime APIs that both flavours have and that nodes ask.
pub trait NodeApi:
    AccountNonceApi<Block, AccountId, Nonce>
    + BlobsApi<Block, AccountId>
    + BlockBuilder<Block>
    + DutiesApi<Block, AccountId>
    + JobsApi<Block, AccountId>
    + OffchainWorkerApi<Block>
    + TaggedTransactionQueue<Block>
    + TrainingApi<Block, AccountId, Balance>
    + TransactionPaymentApi<Block, Balance>
{
}
impl<Api> NodeApi for Api where
    Api: AccountNonceApi<Block, AccountId, Nonce>
        + BlobsApi<Block, AccountId>
        + BlockBuilder<Block>
        + DutiesApi<Block, AccountId>
        + JobsApi<Block, AccountId>
        + OffchainWorkerApi<Block>
        + TaggedTransactionQueue<Block>
        + TrainingApi<Block, AccountId, Balance>
        + TransactionPaymentApi<Block, Balance>
{
}

/// A client of either flavour, as the pool, the agent, the gateway and the RPC use it.
pub trait NodeClient:
    ProvideRuntimeApi<Block, Api: NodeApi>
    + BlockBackend<Block>
    + BlockchainEvents<Block>
    + BlockIdTo<Block, Error = sp_blockchain::Error>
    + ExecutorProvider<Block>
    + HeaderBackend<Block>
    + HeaderMetadata<Block, Error = sp_blockchain::Error>
    + UsageProvider<Block>
    + Send
    + Sync
    + 'static
{
}
impl<Client> NodeClient for Client where
    Client: ProvideRuntimeApi<Block, Api: NodeApi>
        + BlockBackend<Block>
        + BlockchainEvents<Block>
        + BlockIdTo<Block, Error = sp_blockchain::Error>
        + ExecutorProvider<Block>
        + HeaderBackend<Block>
        + HeaderMetadata<Block, Error = sp_blockchain::Error>
        + UsageProvider<Block>
        + Send
        + Sync
        + 'static
{
}

/// What the work beside the chain is wired to.
pub struct OffChain<'a, Client: NodeClient> {
    pub config: &'a Configuration,
    pub agent: AgentParams,
    pub gateway: GatewayParams,
    pub client: Arc<Client>,
    pub backend: Arc<FullBackend>,
    pub pool: Arc<Pool<Client>>,
    pub network: Arc<dyn NetworkService>,
    pub keystore: KeystorePtr,
    pub task_manager: &'a TaskManager,
}

/// Starts the off-chain hook, the gateway and the agent, as far as the command line asks for them.
pub async fn off_chain<Client: NodeClient>(
    wiring: OffChain<'_, Client>,
) -> Result<WorkerStatus, ServiceError> {
    let OffChain {
        config,
        agent: agent_params,
        gateway: gateway_params,
        client,
        backend,
        pool,
        network,
        keystore,
        task_manager,
    } = wiring;
    let genesis = genesis_hash(&*client)?;
    if config.offchain_worker.enabled {
        let workers = sc_offchain::OffchainWorkers::new(sc_offchain::OffchainWorkerOptions {
            runtime_api_provider: client.clone(),
            keystore: Some(keystore.clone()),
            offchain_db: backend.offchain_storage(),
            transaction_pool: Some(OffchainTransactionPoolFactory::new(pool)),
            network_provider: Arc::new(network),
            is_validator: config.role.is_authority(),
            enable_http_requests: false,
            custom_extensions: |_| Vec::new(),
        })
        .map_err(|error| ServiceError::Other(format!("off-chain workers: {error}")))?;
        task_manager.spawn_handle().spawn(
            "offchain-workers-runner",
            "offchain-worker",
            Box::pin(workers.run(client.clone(), task_manager.spawn_handle())),
        );
    }

    let chain = gateway::ChainView::new(client.clone(), genesis);
    let base_path = config.base_path.path();
    let registry = config.prometheus_registry();
    let serving = gateway::start(&gateway_params, base_path, chain, registry, task_manager).await?;
    if !agent_params.agent {
        return Ok(WorkerStatus::off());
    }
    let (addresses, inbox) = serving.unzip();
    agent::start(agent::Wiring {
        params: agent_params,
        dev_seed: config.dev_key_seed.clone(),
        base_path,
        genesis,
        client,
        backend,
        keystore,
        gateway: addresses,
        inbox: inbox.flatten(),
        chain_type: config.chain_spec.chain_type(),
        registry,
        task_manager,
    })
}

/// Hash of the first block.
fn genesis_hash<Client: BlockBackend<Block>>(client: &Client) -> Result<Hash, ServiceError> {
    client
        .block_hash(0)
        .ok()
        .flatten()
        .ok_or_else(|| ServiceError::Other("the database has no genesis block".into()))
}

/// Timestamp and BABE slot of a block, from this machine's clock.
#[derive(Clone)]
pub struct Inherents(polkadot_sdk::sp_consensus_babe::SlotDuration);

#[async_trait::async_trait]
impl CreateInherentDataProviders<Block, ()> for Inherents {
    type InherentDataProviders = (BabeInherent, sp_timestamp::InherentDataProvider);

    async fn create_inherent_data_providers(
        &self,
        _parent: Hash,
        _: (),
    ) -> Result<Self::InherentDataProviders, Box<dyn std::error::Error + Send + Sync>> {
        let timestamp = sp_timestamp::InherentDataProvider::from_system_time();
        Ok((
            BabeInherent::from_timestamp_and_slot_duration(*timestamp, self.0),
            timestamp,
        ))
    }
}

/// What consensus needs after the import queue was built.
pub struct Consensus {
    block_import: BlockImport<Inherents>,
    grandpa_link: grandpa::LinkHalf<Block, FullClient, FullSelectChain>,
    babe_link: BabeLink<Block>,
    babe_worker_handle: BabeWorkerHandle<Block>,
    inherents: Inherents,
}

type Parts = PartialComponents<
    FullClient,
    FullBackend,
    FullSelectChain,
    Ahead<DefaultImportQueue<Block>>,
    FullPool,
    Consensus,
>;

/// The parts that subcommands need too: database, client, import queue.
pub fn new_partial(
    config: &Configuration,
    pool_limits: Option<PoolLimits>,
) -> Result<Parts, ServiceError> {
    let executor = sc_service::new_wasm_executor(&config.executor);
    let (client, backend, keystore_container, task_manager) =
        sc_service::new_full_parts::<Block, RuntimeApi, _>(config, None, executor, Vec::new())?;
    let client = Arc::new(client);
    let select_chain = LongestChain::new(backend.clone());
    let transaction_pool = pool::new(pool_limits, config, &client, &task_manager);

    let (grandpa_import, grandpa_link) = grandpa::block_import(
        client.clone(),
        JUSTIFICATION_PERIOD,
        &client,
        select_chain.clone(),
        None,
    )?;
    let babe_config = sc_consensus_babe::configuration(&*client)?;
    let inherents = Inherents(babe_config.slot_duration());
    let (block_import, babe_link) = sc_consensus_babe::block_import(
        babe_config,
        grandpa_import.clone(),
        client.clone(),
        inherents.clone(),
        select_chain.clone(),
        OffchainTransactionPoolFactory::new(transaction_pool.clone()),
    )?;
    let progress = Progress::default();
    let block_import = Watched::new(
        block_import,
        progress.clone(),
        client.clone(),
        select_chain.clone(),
        OffchainTransactionPoolFactory::new(transaction_pool.clone()),
    );
    let (import_queue, babe_worker_handle) =
        sc_consensus_babe::import_queue(sc_consensus_babe::ImportQueueParams {
            link: babe_link.clone(),
            block_import: block_import.clone(),
            justification_import: Some(Box::new(grandpa_import)),
            client: client.clone(),
            slot_duration: babe_link.config().slot_duration(),
            spawner: &task_manager.spawn_essential_handle(),
            registry: config.prometheus_registry(),
            telemetry: None,
        })?;
    let import_queue = Ahead::new(import_queue, client.clone(), progress)?;

    Ok(PartialComponents {
        client,
        backend,
        task_manager,
        import_queue,
        keystore_container,
        select_chain,
        transaction_pool,
        other: Consensus {
            block_import,
            grandpa_link,
            babe_link,
            babe_worker_handle,
            inherents,
        },
    })
}

/// A running node.
pub async fn new_full<N: NetworkBackend<Block, Hash>>(
    config: Configuration,
    pool_limits: Option<PoolLimits>,
    agent_params: AgentParams,
    gateway_params: GatewayParams,
) -> Result<TaskManager, ServiceError> {
    let PartialComponents {
        client,
        backend,
        mut task_manager,
        import_queue,
        keystore_container,
        select_chain,
        transaction_pool,
        other:
            Consensus {
                block_import,
                grandpa_link,
                babe_link,
                babe_worker_handle,
                inherents,
            },
    } = new_partial(&config, pool_limits)?;

    let role = config.role;
    let force_authoring = config.force_authoring;
    let name = config.network.node_name.clone();
    let registry = config.prometheus_registry().cloned();
    let enable_grandpa = !config.disable_grandpa;
    let publish_non_global_ips = config.network.allow_non_globals_in_dht;
    let public_addresses = config.network.public_addresses.clone();
    let keystore = keystore_container.keystore();
    let base_path = config.base_path.path().to_path_buf();
    let genesis = genesis_hash(&*client)?;

    let metrics = N::register_notification_metrics(registry.as_ref());
    let mut net_config = sc_network::config::FullNetworkConfiguration::<_, _, N>::new(
        &config.network,
        registry.clone(),
    );
    let grandpa_protocol = grandpa::protocol_standard_name(&genesis, &config.chain_spec);
    let (grandpa_config, grandpa_notifications) = grandpa::grandpa_peers_set_config::<_, N>(
        grandpa_protocol.clone(),
        metrics.clone(),
        net_config.peer_store_handle(),
    );
    net_config.add_notification_protocol(grandpa_config);
    let warp_sync = Arc::new(grandpa::warp_proof::NetworkProvider::new(
        backend.clone(),
        grandpa_link.shared_authority_set().clone(),
        Vec::new(),
    ));
    let (network, system_rpc_tx, tx_handler_controller, sync_service, _bitswap) =
        sc_service::build_network(sc_service::BuildNetworkParams {
            config: &config,
            net_config,
            client: client.clone(),
            transaction_pool: transaction_pool.clone(),
            spawn_handle: task_manager.spawn_handle(),
            spawn_essential_handle: task_manager.spawn_essential_handle(),
            import_queue,
            block_announce_validator_builder: None,
            warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_sync)),
            block_relay: None,
            metrics,
            gap_sync_body_policy: None,
        })?;

    let worker = off_chain(OffChain {
        config: &config,
        agent: agent_params,
        gateway: gateway_params,
        client: client.clone(),
        backend: backend.clone(),
        pool: transaction_pool.clone(),
        network: network.clone(),
        keystore: keystore.clone(),
        task_manager: &task_manager,
    })
    .await?;

    let shared_voter_state = grandpa::SharedVoterState::empty();
    let rpc_builder = {
        let client = client.clone();
        let pool = transaction_pool.clone();
        let select_chain = select_chain.clone();
        let keystore = keystore.clone();
        let shared_voter_state = shared_voter_state.clone();
        let shared_authority_set = grandpa_link.shared_authority_set().clone();
        let justification_stream = grandpa_link.justification_stream();
        let finality_provider = grandpa::FinalityProofProvider::new_for_service(
            backend.clone(),
            Some(shared_authority_set.clone()),
        );
        Box::new(move |subscription_executor| {
            rpc::create(rpc::Deps {
                client: client.clone(),
                pool: pool.clone(),
                select_chain: select_chain.clone(),
                keystore: keystore.clone(),
                babe_worker_handle: babe_worker_handle.clone(),
                grandpa: rpc::GrandpaDeps {
                    shared_voter_state: shared_voter_state.clone(),
                    shared_authority_set: shared_authority_set.clone(),
                    justification_stream: justification_stream.clone(),
                    subscription_executor,
                    finality_provider: finality_provider.clone(),
                },
                worker: worker.clone(),
            })
            .map_err(Into::into)
        })
    };
    sc_service::spawn_tasks(sc_service::SpawnTasksParams {
        config,
        client: client.clone(),
        backend,
        task_manager: &mut task_manager,
        keystore: keystore.clone(),
        transaction_pool: transaction_pool.clone(),
        rpc_builder,
        network: network.clone(),
        system_rpc_tx,
        tx_handler_controller,
        sync_service: sync_service.clone(),
        telemetry: None,
        tracing_execute_block: None,
    })?;
    // From here on the keys of development are in the keystore.
    if let Some(registry) = &registry {
        let watcher = metrics::Watcher::new(registry, client.clone(), keystore.clone(), base_path)
            .map_err(|error| ServiceError::Other(format!("metrics: {error}")))?;
        task_manager
            .spawn_handle()
            .spawn_blocking("operator-metrics", None, watcher.run());
    }

    if role.is_authority() {
        let proposer = sc_basic_authorship::ProposerFactory::new(
            task_manager.spawn_handle(),
            client.clone(),
            transaction_pool.clone(),
            registry.as_ref(),
            None,
        );
        let babe = sc_consensus_babe::start_babe(sc_consensus_babe::BabeParams {
            keystore: keystore.clone(),
            client: client.clone(),
            select_chain,
            env: proposer,
            block_import,
            sync_oracle: sync_service.clone(),
            justification_sync_link: sync_service.clone(),
            create_inherent_data_providers: inherents,
            force_authoring,
            backoff_authoring_blocks: Some(BackoffAuthoringOnFinalizedHeadLagging::default()),
            babe_link,
            block_proposal_slot_portion: SlotProportion::new(0.5),
            // Not more after missed slots: slow blocks would make slower ones.
            max_block_proposal_slot_portion: Some(SlotProportion::new(0.5)),
            telemetry: None,
        })?;
        task_manager.spawn_essential_handle().spawn_blocking(
            "babe-proposer",
            Some("block-authoring"),
            babe,
        );

        let dht_events =
            network
                .event_stream("authority-discovery")
                .filter_map(|event| async move {
                    match event {
                        Event::Dht(event) => Some(event),
                        _ => None,
                    }
                });
        let (discovery, _) = sc_authority_discovery::new_worker_and_service_with_config(
            sc_authority_discovery::WorkerConfig {
                publish_non_global_ips,
                public_addresses,
                persisted_cache_directory: None,
                ..Default::default()
            },
            client.clone(),
            Arc::new(network.clone()),
            Box::pin(dht_events),
            sc_authority_discovery::Role::PublishAndDiscover(keystore.clone()),
            registry.clone(),
            task_manager.spawn_handle(),
        );
        task_manager.spawn_handle().spawn(
            "authority-discovery-worker",
            Some("networking"),
            discovery.run(),
        );
    }

    if enable_grandpa {
        let voter = grandpa::run_grandpa_voter(grandpa::GrandpaParams {
            config: grandpa::Config {
                gossip_duration: GOSSIP,
                justification_generation_period: JUSTIFICATION_PERIOD,
                name: Some(name),
                observer_enabled: false,
                keystore: role.is_authority().then_some(keystore),
                local_role: role,
                telemetry: None,
                protocol_name: grandpa_protocol,
            },
            link: grandpa_link,
            network,
            sync: Arc::new(sync_service),
            notification_service: grandpa_notifications,
            // For the best block: staying two behind it, as by default, costs two slots, and what it
            // saves is rounds on blocks that are given up, of which there are few.
            voting_rule: grandpa::VotingRulesBuilder::new()
                .add(grandpa::ThreeQuartersOfTheUnfinalizedChain)
                .build(),
            prometheus_registry: registry,
            shared_voter_state,
            telemetry: None,
            offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(transaction_pool),
        })?;
        task_manager
            .spawn_essential_handle()
            .spawn_blocking("grandpa-voter", None, voter);
    }

    Ok(task_manager)
}
