//! Wires the services of a collator, and of a development chain without a relay chain.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use codec::Encode;
use futures::StreamExt;
use polkadot_sdk::{
    cumulus_client_bootnodes::{start_bootnode_tasks, StartBootnodeTasksParams},
    cumulus_client_collator::service::CollatorService,
    cumulus_client_consensus_aura::{
        collators::lookahead::{self, Params as LookaheadParams},
        equivocation_import_queue,
    },
    cumulus_client_consensus_common::ParachainBlockImport,
    cumulus_client_parachain_inherent::MockValidationDataInherentDataProvider,
    cumulus_client_service::{
        self, build_relay_chain_interface, start_relay_chain_tasks, DARecoveryProfile,
        ParachainHostFunctions, ParachainTracingExecuteBlock, StartRelayChainTasksParams,
    },
    cumulus_primitives_core::{
        relay_chain::{
            well_known_keys::CURRENT_BLOCK_RANDOMNESS, HeadData, UpgradeGoAhead, ValidationCode,
        },
        CollectCollationInfo, GetParachainInfo, ParaId, RelayParentOffsetApi,
    },
    sc_basic_authorship::ProposerFactory,
    sc_consensus::{DefaultImportQueue, ImportQueue, LongestChain},
    sc_consensus_aura,
    sc_consensus_manual_seal::{
        self, consensus::aura::AuraConsensusDataProvider, EngineCommand, ManualSealParams,
    },
    sc_executor::WasmExecutor,
    sc_network::{self, config::FullNetworkConfiguration, NetworkBackend, NetworkBlock},
    sc_service::{
        self, error::Error as ServiceError, Configuration, PartialComponents, TaskManager,
    },
    sc_transaction_pool::Options as PoolLimits,
    sp_api::ProvideRuntimeApi,
    sp_blockchain::HeaderBackend,
    sp_consensus_aura::{sr25519::AuthorityPair as AuraPair, SlotDuration},
    sp_crypto_hashing::blake2_256,
    sp_inherents::CreateInherentDataProviders,
    sp_timestamp,
};
use salus_primitives::{Hash, OpaqueBlock as Block};

use super::{api::RuntimeApi, Options};
use crate::{
    cli::{AgentParams, GatewayParams},
    pool::{self, Pool},
    rpc,
    service::{off_chain, FullBackend, OffChain},
};

/// The client: with the host functions of every parachain.
pub type Client = sc_service::TFullClient<Block, RuntimeApi, WasmExecutor<ParachainHostFunctions>>;
type BlockImport = ParachainBlockImport<Block, Arc<Client>, FullBackend>;

/// Slots of relay chains, ms.
const RELAY_SLOT: Duration = Duration::from_secs(6);
/// For building a block: what the relay chain's validators have to execute it.
const AUTHORING: Duration = Duration::from_secs(2);

type Parts = PartialComponents<
    Client,
    FullBackend,
    (),
    DefaultImportQueue<Block>,
    Pool<Client>,
    BlockImport,
>;

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> ServiceError {
    ServiceError::Application(Box::new(error))
}

/// The parts that subcommands need too: database, client, import queue.
pub fn new_partial(
    config: &Configuration,
    pool_limits: Option<PoolLimits>,
) -> Result<Parts, ServiceError> {
    let executor = sc_service::new_wasm_executor(&config.executor);
    let (client, backend, keystore_container, task_manager) =
        sc_service::new_full_parts_record_import::<Block, RuntimeApi, _>(
            config,
            None,
            executor,
            true,
            Vec::new(),
        )?;
    let client = Arc::new(client);
    let transaction_pool = pool::new(pool_limits, config, &client, &task_manager);
    let block_import = ParachainBlockImport::new(client.clone(), backend.clone());
    let import_queue =
        equivocation_import_queue::fully_verifying_import_queue::<AuraPair, _, _, _, _>(
            client.clone(),
            block_import.clone(),
            |_, ()| async { Ok(sp_timestamp::InherentDataProvider::from_system_time()) },
            &task_manager.spawn_essential_handle(),
            config.prometheus_registry(),
            None,
        );
    Ok(PartialComponents {
        client,
        backend,
        task_manager,
        import_queue,
        keystore_container,
        select_chain: (),
        transaction_pool,
        other: block_import,
    })
}

fn parachain_id(client: &Client) -> Result<ParaId, ServiceError> {
    let best = client.info().best_hash;
    client
        .runtime_api()
        .parachain_id(best)
        .map_err(|error| ServiceError::Other(format!("the runtime names no parachain: {error}")))
}

/// A running collator or full node.
#[polkadot_sdk::sc_tracing::logging::prefix_logs_with("Parachain")]
pub async fn new_full<N: NetworkBackend<Block, Hash>>(
    config: Configuration,
    relay_config: Configuration,
    options: Options,
) -> Result<TaskManager, ServiceError> {
    let config = cumulus_client_service::prepare_node_config(config);
    let PartialComponents {
        client,
        backend,
        mut task_manager,
        import_queue,
        keystore_container,
        select_chain: (),
        transaction_pool,
        other: block_import,
    } = new_partial(&config, options.pool_limits.clone())?;
    let keystore = keystore_container.keystore();
    let registry = config.prometheus_registry().cloned();
    let is_collator = config.role.is_authority();
    let fork_id = config.chain_spec.fork_id().map(ToString::to_string);
    let relay_fork_id = relay_config.chain_spec.fork_id().map(ToString::to_string);
    let public_addresses = config.network.public_addresses.clone();
    let advertise_non_global_ips = config.network.allow_non_globals_in_dht;
    let para_id = parachain_id(&client)?;

    let (relay_chain, collator_key, relay_network, paranode_requests) =
        build_relay_chain_interface(
            relay_config,
            &config,
            None,
            &mut task_manager,
            options.collator.clone(),
            None,
        )
        .await
        .map_err(failed)?;

    let metrics = N::register_notification_metrics(registry.as_ref());
    let net_config = FullNetworkConfiguration::<_, _, N>::new(&config.network, registry.clone());
    let import_queue_service = import_queue.service();
    let (network, system_rpc_tx, tx_handler_controller, sync_service, _bitswap) =
        cumulus_client_service::build_network(cumulus_client_service::BuildNetworkParams {
            parachain_config: &config,
            net_config,
            client: client.clone(),
            transaction_pool: transaction_pool.clone(),
            para_id,
            relay_chain_interface: relay_chain.clone(),
            spawn_handle: task_manager.spawn_handle(),
            spawn_essential_handle: task_manager.spawn_essential_handle(),
            import_queue,
            metrics,
            gap_sync_body_policy: None,
        })
        .await?;

    let worker = off_chain(OffChain {
        config: &config,
        agent: options.agent,
        gateway: options.gateway,
        client: client.clone(),
        backend: backend.clone(),
        pool: transaction_pool.clone(),
        network: network.clone(),
        keystore: keystore.clone(),
        task_manager: &task_manager,
    })
    .await?;
    let rpc_builder = {
        let (client, pool) = (client.clone(), transaction_pool.clone());
        Box::new(move |_| {
            rpc::common(client.clone(), pool.clone(), worker.clone()).map_err(Into::into)
        })
    };
    sc_service::spawn_tasks(sc_service::SpawnTasksParams {
        config,
        client: client.clone(),
        backend: backend.clone(),
        task_manager: &mut task_manager,
        keystore: keystore.clone(),
        transaction_pool: transaction_pool.clone(),
        rpc_builder,
        network: network.clone(),
        system_rpc_tx,
        tx_handler_controller,
        sync_service: sync_service.clone(),
        telemetry: None,
        tracing_execute_block: Some(Arc::new(ParachainTracingExecuteBlock::new(client.clone()))),
    })?;

    let announce_block = {
        let sync_service = sync_service.clone();
        Arc::new(move |hash, data| sync_service.announce_block(hash, data))
    };
    let overseer_handle = relay_chain.overseer_handle().map_err(failed)?;
    start_relay_chain_tasks(StartRelayChainTasksParams {
        client: client.clone(),
        announce_block: announce_block.clone(),
        para_id,
        relay_chain_interface: relay_chain.clone(),
        task_manager: &mut task_manager,
        da_recovery_profile: if is_collator {
            DARecoveryProfile::Collator
        } else {
            DARecoveryProfile::FullNode
        },
        import_queue: import_queue_service,
        relay_chain_slot_duration: RELAY_SLOT,
        recovery_handle: Box::new(overseer_handle.clone()),
        sync_service,
        prometheus_registry: registry.as_ref(),
    })?;
    let collator_peer_id = relay_network.local_peer_id();
    start_bootnode_tasks(StartBootnodeTasksParams {
        embedded_dht_bootnode: options.collator.embedded_dht_bootnode,
        dht_bootnode_discovery: options.collator.dht_bootnode_discovery,
        para_id,
        task_manager: &mut task_manager,
        relay_chain_interface: relay_chain.clone(),
        relay_chain_fork_id: relay_fork_id,
        relay_chain_network: relay_network,
        request_receiver: paranode_requests,
        parachain_network: network,
        advertise_non_global_ips,
        parachain_genesis_hash: client.info().genesis_hash.encode(),
        parachain_fork_id: fork_id,
        parachain_public_addresses: public_addresses,
    });

    if is_collator {
        let collator_key = collator_key.ok_or_else(|| {
            ServiceError::Other("the relay chain's node gave no key to sign collations with".into())
        })?;
        let proposer = ProposerFactory::new(
            task_manager.spawn_handle(),
            client.clone(),
            transaction_pool,
            registry.as_ref(),
            None,
        );
        let code = client.clone();
        let collator = lookahead::run::<Block, AuraPair, _, _, _, _, _, _, _, _>(LookaheadParams {
            create_inherent_data_providers: |_, ()| async { Ok(()) },
            block_import,
            para_client: client.clone(),
            para_backend: backend,
            relay_client: relay_chain,
            code_hash_provider: move |at| {
                let code = code.code_at(at).ok()?;
                Some(ValidationCode::from(code).hash())
            },
            keystore,
            collator_key,
            collator_peer_id,
            para_id,
            overseer_handle,
            relay_chain_slot_duration: RELAY_SLOT,
            proposer,
            collator_service: CollatorService::new(client.clone(), announce_block, client),
            authoring_duration: AUTHORING,
            reinitialize: false,
            max_pov_percentage: None,
        });
        task_manager
            .spawn_essential_handle()
            .spawn("aura", Some("block-authoring"), collator);
    }

    Ok(task_manager)
}

/// A development chain: a block in every slot, empty ones too, each final at once. The relay chain
/// that the blocks claim to build on is made up.
pub async fn new_dev(
    mut config: Configuration,
    pool_limits: Option<PoolLimits>,
    agent: AgentParams,
    gateway: GatewayParams,
) -> Result<TaskManager, ServiceError> {
    let PartialComponents {
        client,
        backend,
        mut task_manager,
        import_queue,
        keystore_container,
        select_chain: (),
        transaction_pool,
        other: _,
    } = new_partial(&config, pool_limits)?;
    let keystore = keystore_container.keystore();
    // Blocks of others could not be told from ours: there are no peers.
    config.network.default_peers_set.in_peers = 0;
    config.network.default_peers_set.out_peers = 0;
    let net_config = FullNetworkConfiguration::<_, _, sc_network::Litep2pNetworkBackend>::new(
        &config.network,
        None,
    );
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
            warp_sync_config: None,
            block_relay: None,
            metrics: sc_network::NotificationMetrics::new(None),
            gap_sync_body_policy: None,
        })?;

    let worker = off_chain(OffChain {
        config: &config,
        agent,
        gateway,
        client: client.clone(),
        backend: backend.clone(),
        pool: transaction_pool.clone(),
        network: network.clone(),
        keystore: keystore.clone(),
        task_manager: &task_manager,
    })
    .await?;

    let slot_duration = sc_consensus_aura::slot_duration(&*client)?;
    let proposer = ProposerFactory::new(
        task_manager.spawn_handle(),
        client.clone(),
        transaction_pool.clone(),
        config.prometheus_registry(),
        None,
    );
    let authorship = sc_consensus_manual_seal::run_manual_seal(ManualSealParams {
        block_import: client.clone(),
        env: proposer,
        client: client.clone(),
        pool: transaction_pool.clone(),
        commands_stream: Box::pin(every_slot(slot_duration)),
        select_chain: LongestChain::new(backend.clone()),
        consensus_data_provider: Some(Box::new(
            AuraConsensusDataProvider::<Block>::new_with_slot_duration(slot_duration),
        )),
        create_inherent_data_providers: MadeUpRelayChain {
            para_id: parachain_id(&client)?,
            client: client.clone(),
        },
    });
    task_manager.spawn_essential_handle().spawn_blocking(
        "manual-seal",
        Some("block-authoring"),
        authorship,
    );

    let rpc_builder = {
        let (client, pool) = (client.clone(), transaction_pool.clone());
        Box::new(move |_| {
            rpc::common(client.clone(), pool.clone(), worker.clone()).map_err(Into::into)
        })
    };
    sc_service::spawn_tasks(sc_service::SpawnTasksParams {
        config,
        client,
        backend,
        task_manager: &mut task_manager,
        keystore,
        transaction_pool,
        rpc_builder,
        network,
        system_rpc_tx,
        tx_handler_controller,
        sync_service,
        telemetry: None,
        tracing_execute_block: None,
    })?;
    Ok(task_manager)
}

/// Time since 1970 by this machine's clock.
fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// The order to make a block, at the beginning of each slot.
fn every_slot(slot: SlotDuration) -> impl futures::Stream<Item = EngineCommand<Hash>> {
    let slot = slot.as_millis().max(1);
    futures::stream::repeat(()).then(move |()| async move {
        let into = now().as_millis() as u64 % slot;
        tokio::time::sleep(Duration::from_millis(slot - into)).await;
        EngineCommand::SealNewBlock {
            create_empty: true,
            finalize: true,
            parent_hash: None,
            sender: None,
        }
    })
}

/// What a block takes from its relay parent, made up: a relay block in every slot of the clock.
struct MadeUpRelayChain {
    client: Arc<Client>,
    para_id: ParaId,
}

#[async_trait::async_trait]
impl CreateInherentDataProviders<Block, ()> for MadeUpRelayChain {
    type InherentDataProviders = (
        sp_timestamp::InherentDataProvider,
        MockValidationDataInherentDataProvider<()>,
    );

    async fn create_inherent_data_providers(
        &self,
        parent: Hash,
        _: (),
    ) -> Result<Self::InherentDataProviders, Box<dyn std::error::Error + Send + Sync>> {
        let head = self
            .client
            .header(parent)?
            .ok_or("the block to build on has no header")?;
        let api = self.client.runtime_api();
        let upgrade = api
            .collect_collation_info(parent, &head)?
            .new_validation_code
            .is_some();
        let block = head.number.saturating_add(1);
        let relay_slot = now().as_secs() / RELAY_SLOT.as_secs();
        // Relay blocks have the number of their slot: it grows as time does.
        let relay_number = u32::try_from(relay_slot)?;
        // Anybody can compute it: this chain is for development.
        let random = Some(blake2_256(&(parent, relay_number).encode()));
        let relay = MockValidationDataInherentDataProvider::<()> {
            current_para_block: block,
            para_id: self.para_id,
            current_para_block_head: Some(HeadData(head.encode())),
            relay_blocks_per_para_block: 1,
            relay_offset: relay_number
                .checked_sub(block)
                .ok_or("there are more blocks than slots since 1970")?,
            relay_parent_offset: api.relay_parent_offset(parent)?,
            para_blocks_per_relay_epoch: 10,
            additional_key_values: Some(vec![(CURRENT_BLOCK_RANDOMNESS.to_vec(), random.encode())]),
            upgrade_go_ahead: upgrade.then_some(UpgradeGoAhead::GoAhead),
            ..Default::default()
        };
        let time = relay_slot * RELAY_SLOT.as_millis() as u64;
        Ok((sp_timestamp::InherentDataProvider::new(time.into()), relay))
    }
}
