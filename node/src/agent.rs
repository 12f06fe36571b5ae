//! Wires the agent (`salus-agent`) to this node: its chain, its offchain storage, its keystore and
//! the blob gateway it publishes results on.

use std::{path::Path, sync::Arc, time::Duration};

use futures::stream::{BoxStream, StreamExt};
use jsonrpsee::{core::RpcResult, proc_macros::rpc};
use polkadot_sdk::{
    sc_chain_spec::ChainType,
    sc_client_api::Backend,
    sc_service::{error::Error as ServiceError, TaskManager},
    sp_core::sr25519,
    sp_keystore::{Keystore, KeystorePtr},
    substrate_prometheus_endpoint::Registry,
};
use salus_agent::{
    Agent, Block, Chain, ChainError, Config, DutyStatus, Gateway, OffchainStore, Status, Training,
    TrainingStatus, Trainings,
};
use salus_blobs::{
    auth::FnSigner,
    client::{AddressPolicy, Client as BlobClient, Limits},
};
use salus_envelope::Identity;
use salus_primitives::{
    apis::{DutiesApi, JobsApi},
    duties::Duty,
    jobs::{Assignment, JobId, Sealing},
    membership::Recipient,
    training::{DataSet, DataSetId, Involvement, TrainingApi, TrainingId},
    AccountId, Balance, BlockNumber, Digest, Hash,
};

use crate::{
    cli::AgentParams,
    gateway::Addresses,
    service::{FullBackend, NodeClient},
};

/// Longest wait for one blob; the agent tries again while the commit window lasts.
const TRANSFER: Duration = Duration::from_secs(300);
/// Trainings asked for at once.
const TRAININGS_PAGE: u32 = 64;

/// What the agent is wired to.
pub struct Wiring<'a, Client> {
    pub params: AgentParams,
    /// `//Alice` where the node runs with a development key.
    pub dev_seed: Option<String>,
    pub base_path: &'a Path,
    pub genesis: Hash,
    pub client: Arc<Client>,
    pub backend: Arc<FullBackend>,
    pub keystore: KeystorePtr,
    /// The gateway that takes results.
    pub gateway: Option<Addresses>,
    /// The same where this node serves it, which then takes messages of trainings.
    pub inbox: Option<salus_blobs::gateway::Gateway>,
    pub chain_type: ChainType,
    pub registry: Option<&'a Registry>,
    pub task_manager: &'a TaskManager,
}

/// Starts the agent.
pub fn start<Client: NodeClient>(wiring: Wiring<Client>) -> Result<WorkerStatus, ServiceError> {
    let failed = |error: &dyn std::fmt::Display| ServiceError::Other(format!("agent: {error}"));
    let operator = operator_key(&wiring.keystore, wiring.dev_seed.as_deref())?;
    let identities = identities(&wiring.params, wiring.dev_seed.as_deref())?;

    let mut config = Config::new(
        AccountId::from(operator.0),
        identities,
        wiring.base_path.join("agent"),
    );
    config.threads = std::num::NonZeroUsize::new(wiring.params.agent_threads)
        .ok_or_else(|| failed(&"--agent-threads must be at least 1"))?;
    config.transfer_timeout = TRANSFER;

    let keystore = wiring.keystore.clone();
    let signer = FnSigner::new(AccountId::from(operator.0), move |message: &[u8]| {
        keystore
            .sr25519_sign(pallet_agent::crypto::OPERATOR, &operator, message)
            .map_err(|error| error.to_string())?
            .map(|signature| signature.0)
            .ok_or_else(|| "the operator key is not in the keystore any more".to_string())
    });
    let storage = wiring
        .backend
        .offchain_storage()
        .ok_or_else(|| failed(&"this database has no offchain storage"))?;
    let addresses = wiring.gateway.ok_or_else(|| {
        failed(&"results are served by a gateway: --gateway-listen, or --gateway-url of another node's")
    })?;
    let limits = Limits {
        max_size: salus_primitives::jobs::MAX_JOB_BYTES,
        deadline: TRANSFER,
        ..Limits::default()
    };
    let policy = match wiring.chain_type {
        ChainType::Development | ChainType::Local => AddressPolicy::Any,
        ChainType::Live | ChainType::Custom(_) => AddressPolicy::Public {
            also: wiring.params.agent_allow_network,
        },
    };
    let client = BlobClient::new(wiring.genesis, Arc::new(signer))
        .and_then(|client| client.fetching_from(policy))
        .map_err(|error| failed(&error))?
        .with_route(addresses.public.clone(), addresses.local);
    let blobs = Gateway::new(client, limits, &addresses.public);
    if wiring.inbox.is_some() {
        config.gateway = Some(addresses.public.to_string());
    }
    let blobs = Arc::new(blobs);
    let agent = Agent::new(
        config,
        Arc::new(NodeChain {
            client: wiring.client.clone(),
            genesis: wiring.genesis,
        }),
        Arc::new(OffchainStore::new(storage)),
        blobs.clone(),
        Some(blobs),
        wiring.registry,
    )
    .map_err(|error| failed(&error))?;
    let (status, trainings) = (agent.status(), agent.trainings());
    if let Some(gateway) = wiring.inbox {
        gateway.pass_on(Arc::new(trainings.clone()));
    }
    let client = wiring.client.clone();
    // Essential: a bonded worker whose agent is gone would only collect strikes.
    wiring.task_manager.spawn_essential_handle().spawn(
        "agent",
        Some("agent"),
        // Dropped with the task manager; what it kept is there after a restart.
        agent.run(std::future::pending()),
    );
    Ok(WorkerStatus(Some(Work {
        status,
        trainings,
        session: Arc::new(move |id| session(&*client, id)),
    })))
}

/// The operator key of the keystore; a development node makes its well-known one.
fn operator_key(
    keystore: &KeystorePtr,
    dev_seed: Option<&str>,
) -> Result<sr25519::Public, ServiceError> {
    if let Some(seed) = dev_seed {
        return keystore
            .sr25519_generate_new(
                pallet_agent::crypto::OPERATOR,
                Some(&format!("{seed}//operator")),
            )
            .map_err(|error| ServiceError::Other(format!("agent: operator key: {error}")));
    }
    match keystore
        .sr25519_public_keys(pallet_agent::crypto::OPERATOR)
        .as_slice()
    {
        [key] => Ok(*key),
        [] => Err(ServiceError::Other(
            "agent: no operator key in the keystore; insert it with `salus-node key insert \
             --key-type oper --scheme sr25519`"
                .into(),
        )),
        _ => Err(ServiceError::Other(
            "agent: more than one operator key in the keystore; keep the one that the registry \
             names"
                .into(),
        )),
    }
}

/// The member's encryption keys, newest first: of the files, or the well-known one of a development
/// key.
fn identities(params: &AgentParams, dev_seed: Option<&str>) -> Result<Vec<Identity>, ServiceError> {
    match (params.agent_identity.as_slice(), dev_seed) {
        ([], Some(seed)) => Ok(vec![Identity::from_secret_bytes(
            polkadot_sdk::sp_crypto_hashing::blake2_256(
                format!("salus development encryption key {seed}").as_bytes(),
            ),
        )]),
        ([], None) => Err(ServiceError::Other(
            "agent: --agent-identity FILE is needed: the member's age identity".into(),
        )),
        (paths, _) => paths
            .iter()
            .map(|path| {
                Identity::load(path).map_err(|error| {
                    ServiceError::Other(format!("agent: {}: {error}", path.display()))
                })
            })
            .collect(),
    }
}

/// The node's client as the agent asks it.
struct NodeChain<Client> {
    client: Arc<Client>,
    genesis: Hash,
}

impl<Client: NodeClient> Chain for NodeChain<Client> {
    fn finality(&self) -> BoxStream<'static, Block> {
        self.client
            .finality_notification_stream()
            .map(|notice| Block {
                hash: notice.hash,
                number: notice.header.number,
            })
            .boxed()
    }

    fn finalized(&self) -> Block {
        let info = self.client.info();
        Block {
            hash: info.finalized_hash,
            number: info.finalized_number,
        }
    }

    fn best(&self) -> Block {
        let info = self.client.info();
        Block {
            hash: info.best_hash,
            number: info.best_number,
        }
    }

    fn genesis(&self) -> Hash {
        self.genesis
    }

    fn duties(
        &self,
        at: Hash,
        operator: &AccountId,
        limit: u32,
    ) -> Result<Vec<Duty<AccountId>>, ChainError> {
        self.client
            .runtime_api()
            .duties(at, operator.clone(), limit)
            .map_err(|error| ChainError(error.to_string()))
    }

    fn member(&self, at: Hash, operator: &AccountId) -> Result<Option<AccountId>, ChainError> {
        self.client
            .runtime_api()
            .member(at, operator.clone())
            .map_err(|error| ChainError(error.to_string()))
    }

    fn sealings(
        &self,
        at: Hash,
        job: JobId,
        owner: &AccountId,
    ) -> Result<Vec<Sealing<AccountId>>, ChainError> {
        self.client
            .runtime_api()
            .sealings(at, job, owner.clone())
            .map_err(|error| ChainError(error.to_string()))
    }

    fn trainings(&self, at: Hash, member: &AccountId) -> Result<Vec<TrainingId>, ChainError> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = self
                .client
                .runtime_api()
                .trainings_of(at, member.clone(), after, TRAININGS_PAGE)
                .map_err(|error| ChainError(error.to_string()))?;
            let last = page.last().map(|(id, _)| *id);
            let full = page.len() as u32 >= TRAININGS_PAGE;
            let taking_part = page
                .into_iter()
                .filter(|(_, involvement)| *involvement == Involvement::TakesPart);
            found.extend(taking_part.map(|(id, _)| id));
            match full {
                true => after = last,
                false => return Ok(found),
            }
        }
    }

    fn training(&self, at: Hash, training: TrainingId) -> Result<Option<Training>, ChainError> {
        self.client
            .runtime_api()
            .training(at, training)
            .map_err(|error| ChainError(error.to_string()))
    }

    fn entitled(
        &self,
        at: Hash,
        training: TrainingId,
    ) -> Result<Vec<(AccountId, Recipient)>, ChainError> {
        self.client
            .runtime_api()
            .entitled(at, training)
            .map_err(|error| ChainError(error.to_string()))
    }

    fn data_set(
        &self,
        at: Hash,
        data_set: DataSetId,
    ) -> Result<Option<DataSet<AccountId, Balance, BlockNumber>>, ChainError> {
        self.client
            .runtime_api()
            .data_set(at, data_set)
            .map_err(|error| ChainError(error.to_string()))
    }

    fn assignment(
        &self,
        at: Hash,
        job: JobId,
        worker: &AccountId,
    ) -> Result<Option<Assignment<AccountId>>, ChainError> {
        self.client
            .runtime_api()
            .assignment(at, job, worker.clone())
            .map_err(|error| ChainError(error.to_string()))
    }
}

/// The session of a training that lives or has ended.
fn session<Client: NodeClient>(client: &Client, id: TrainingId) -> Option<Digest> {
    let (at, api) = (client.info().finalized_hash, client.runtime_api());
    let live = api.training(at, id).ok().flatten();
    let past = || api.past_training(at, id).ok().flatten();
    live.map(|training| training.session)
        .or_else(|| past().map(|training| training.session))
}

/// What this node's agent does, where there is an agent.
#[derive(Clone)]
pub struct WorkerStatus(Option<Work>);

#[derive(Clone)]
struct Work {
    status: Status,
    trainings: Trainings,
    session: Arc<dyn Fn(TrainingId) -> Option<Digest> + Send + Sync>,
}

impl WorkerStatus {
    /// This node runs without an agent.
    pub fn off() -> Self {
        Self(None)
    }
}

/// What this node's agent is doing. Local knowledge, so no runtime API has it.
#[rpc(server)]
pub trait WorkerApi {
    /// The duties owed and how far each is; `null` where the node runs without an agent.
    #[method(name = "salus_workerStatus")]
    fn worker_status(&self) -> RpcResult<Option<Vec<DutyStatus>>>;

    /// How far a training is at this node; `null` where it takes no part in it, or it is over. Only
    /// figures.
    #[method(name = "salus_training")]
    fn training(&self, training: TrainingId) -> RpcResult<Option<TrainingStatus>>;

    /// This node's model of a training, or its part of one, as hexadecimal digits of an age file
    /// sealed to the member's own key; `null` where it has none.
    #[method(name = "salus_trainingModel", blocking)]
    fn training_model(&self, training: TrainingId) -> RpcResult<Option<String>>;
}

/// Answers [`WorkerApiServer`].
pub struct WorkerRpc(WorkerStatus);

impl WorkerRpc {
    pub fn new(status: WorkerStatus) -> Self {
        Self(status)
    }

    fn work(&self) -> Option<&Work> {
        self.0 .0.as_ref()
    }
}

impl WorkerApiServer for WorkerRpc {
    fn worker_status(&self) -> RpcResult<Option<Vec<DutyStatus>>> {
        Ok(self.work().map(|work| work.status.duties()))
    }

    fn training(&self, training: TrainingId) -> RpcResult<Option<TrainingStatus>> {
        Ok(self.work().and_then(|work| work.trainings.status(training)))
    }

    fn training_model(&self, training: TrainingId) -> RpcResult<Option<String>> {
        let model = self.work().and_then(|work| {
            let session = (work.session)(training)?;
            work.trainings.model(training, &session)
        });
        Ok(model.map(hex::encode))
    }
}
