//! Figures for Prometheus that an operator needs and the SDK does not have: the chain in time, this
//! node's validator, its clock, its disk. Every one is there from the start.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use codec::Encode;
use futures::StreamExt;
use polkadot_sdk::{
    sc_client_api::{BlockImportNotification, BlockchainEvents},
    sp_api::{ApiError, ProvideRuntimeApi},
    sp_application_crypto::AppCrypto,
    sp_blockchain::HeaderBackend,
    sp_consensus::BlockOrigin,
    sp_consensus_babe::{AuthorityId, BabeApi},
    sp_keystore::KeystorePtr,
    substrate_prometheus_endpoint::{
        register, Counter, Gauge, GaugeVec, MetricSource, Opts, PrometheusError, Registry,
        SourcedCounter, F64, U64,
    },
};
use salus_blobs::gateway::Gateway;
use salus_primitives::{
    apis::BlobsApi,
    stake::{StakeApi, Standing, ValidatorInfo},
    AccountId, Balance, Hash, OpaqueBlock as Block,
};

use crate::service::FullClient;

/// Between two looks at the chain and the disk.
const PERIOD: Duration = Duration::from_secs(5);
/// Between two looks at all candidates.
const CANDIDATES_PERIOD: Duration = Duration::from_secs(60);
/// Candidates asked for at a time: what the runtime answers at most.
const PAGE: u32 = 64;
/// Of the label `standing`; the first is where nobody's keys are here, or not a candidate's.
const STANDINGS: [&str; 7] = [
    "none",
    "electable",
    "leaving",
    "chilled",
    "bond-too-small",
    "not-institution",
    "no-session-keys",
];

fn standing_name(standing: Option<Standing>) -> &'static str {
    match standing {
        None => "none",
        Some(Standing::Electable) => "electable",
        Some(Standing::Leaving) => "leaving",
        Some(Standing::Chilled) => "chilled",
        Some(Standing::BondTooSmall) => "bond-too-small",
        Some(Standing::NotInstitution) => "not-institution",
        Some(Standing::NoSessionKeys) => "no-session-keys",
    }
}

struct Metrics {
    block_time: GaugeVec<F64>,
    block_delay: Gauge<F64>,
    authored: Counter<U64>,
    retracted: Counter<U64>,
    validators: Gauge<U64>,
    active: Gauge<U64>,
    planned: Gauge<U64>,
    session_blocks: Gauge<U64>,
    standing: GaugeVec<U64>,
    own_slashes: Gauge<U64>,
    slashes: Gauge<U64>,
    disk_available: Gauge<U64>,
    disk_size: Gauge<U64>,
}

impl Metrics {
    fn new(registry: &Registry) -> Result<Self, PrometheusError> {
        let gauge = |name, help| register(Gauge::<U64>::new(name, help)?, registry);
        let counter = |name, help| register(Counter::<U64>::new(name, help)?, registry);
        Ok(Self {
            block_time: register(
                GaugeVec::new(
                    Opts::new(
                        "salus_block_timestamp_seconds",
                        "The chain's time in the block, since the Unix epoch",
                    ),
                    &["status"],
                )?,
                registry,
            )?,
            block_delay: register(
                Gauge::new(
                    "salus_block_delay_seconds",
                    "This machine's time minus the block's when another node's newest block arrived",
                )?,
                registry,
            )?,
            authored: counter("salus_blocks_authored_total", "Blocks that this node made")?,
            retracted: counter(
                "salus_blocks_retracted_total",
                "Blocks that were on the best chain and are not any more",
            )?,
            validators: gauge("salus_validators", "Validators of this session")?,
            active: gauge(
                "salus_validator_active",
                "Whether this node's keys are among the validators of this session",
            )?,
            planned: gauge(
                "salus_validator_planned",
                "Whether this node's keys are among the validators of the next session",
            )?,
            session_blocks: gauge(
                "salus_validator_session_blocks",
                "Blocks of this session by this node's validator",
            )?,
            standing: register(
                GaugeVec::new(
                    Opts::new(
                        "salus_validator_standing",
                        "1 for how this node's validator stands",
                    ),
                    &["standing"],
                )?,
                registry,
            )?,
            own_slashes: gauge(
                "salus_validator_pending_slashes",
                "Slashes of this node's validator that wait for their session",
            )?,
            slashes: gauge(
                "salus_pending_slashes",
                "Slashes of all candidates that wait for their session",
            )?,
            disk_available: gauge(
                "salus_disk_available_bytes",
                "Free bytes of the file system with the base path",
            )?,
            disk_size: gauge(
                "salus_disk_size_bytes",
                "Size of the file system with the base path",
            )?,
        })
    }

    fn imported(&self, block: &BlockImportNotification<Block>, time: Option<f64>) {
        if let Some(route) = &block.tree_route {
            self.retracted.inc_by(route.retracted().len() as u64);
        }
        match block.origin {
            BlockOrigin::Own => self.authored.inc(),
            BlockOrigin::NetworkBroadcast | BlockOrigin::ConsensusBroadcast => {
                if let (Some(now), Some(time)) = (clock(), time) {
                    self.block_delay.set(now - time);
                }
            }
            _ => {}
        }
    }

    fn validator(&self, info: Option<ValidatorInfo<AccountId>>) {
        let (standing, authored, slashes) = info.map_or((None, 0, 0), |info| {
            (info.standing, info.authored, info.pending_slashes)
        });
        let name = standing_name(standing);
        for standing in STANDINGS {
            self.standing
                .with_label_values(&[standing])
                .set(u64::from(standing == name));
        }
        self.session_blocks.set(authored.into());
        self.own_slashes.set(slashes.into());
    }

    fn disk(&self, path: &Path) {
        match rustix::fs::statvfs(path) {
            Ok(stat) => {
                let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
                self.disk_available.set(bytes(stat.f_bavail));
                self.disk_size.set(bytes(stat.f_blocks));
            }
            Err(error) => log::warn!(target: "metrics", "{}: {error}", path.display()),
        }
    }
}

/// Seconds since the Unix epoch.
fn clock() -> Option<f64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some(since.as_secs_f64())
}

/// What the figures are read from.
pub struct Watcher {
    metrics: Metrics,
    client: Arc<FullClient>,
    keystore: KeystorePtr,
    base_path: PathBuf,
}

impl Watcher {
    pub fn new(
        registry: &Registry,
        client: Arc<FullClient>,
        keystore: KeystorePtr,
        base_path: PathBuf,
    ) -> Result<Self, PrometheusError> {
        let watcher = Self {
            metrics: Metrics::new(registry)?,
            client,
            keystore,
            base_path,
        };
        watcher.metrics.validator(None);
        for status in ["best", "finalized"] {
            watcher.metrics.block_time.with_label_values(&[status]);
        }
        Ok(watcher)
    }

    /// Looks at once, then keeps the figures current, for ever.
    pub async fn run(self) {
        let mut imports = self.client.every_import_notification_stream();
        let mut ticks = tokio::time::interval(PERIOD);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut candidates = tokio::time::interval(CANDIDATES_PERIOD);
        candidates.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                block = imports.next() => match block {
                    Some(block) => self.metrics.imported(&block, self.arrived(&block)),
                    None => return,
                },
                _ = ticks.tick() => self.look(),
                _ = candidates.tick() => self.look_at_candidates(),
            }
        }
    }

    /// The time in a block that just arrived; blocks of a long sync are not asked about.
    fn arrived(&self, block: &BlockImportNotification<Block>) -> Option<f64> {
        match block.origin {
            BlockOrigin::NetworkBroadcast | BlockOrigin::ConsensusBroadcast => {
                self.time(block.hash).ok()
            }
            _ => None,
        }
    }

    fn look(&self) {
        self.metrics.disk(&self.base_path);
        // While a warp sync has no state there is no answer; the figures stay.
        if let Err(error) = self.look_at_chain() {
            log::debug!(target: "metrics", "the chain does not answer: {error}");
        }
    }

    fn look_at_chain(&self) -> Result<(), ApiError> {
        let info = self.client.info();
        for (status, block) in [("best", info.best_hash), ("finalized", info.finalized_hash)] {
            let time = self.time(block)?;
            self.metrics
                .block_time
                .with_label_values(&[status])
                .set(time);
        }
        let api = self.client.runtime_api();
        let now = api.current_epoch(info.best_hash)?.authorities;
        let next = api.next_epoch(info.best_hash)?.authorities;
        self.metrics.validators.set(now.len() as u64);
        let mine: Vec<AuthorityId> = self
            .keystore
            .sr25519_public_keys(AuthorityId::ID)
            .into_iter()
            .map(Into::into)
            .collect();
        for (gauge, session) in [(&self.metrics.active, now), (&self.metrics.planned, next)] {
            let there = session.iter().any(|(key, _)| mine.contains(key));
            gauge.set(u64::from(there));
        }
        // Old keys stay in the keystore; one of them is the validator's.
        for key in mine {
            let info = api.validator(info.best_hash, AuthorityId::ID, key.encode())?;
            if info.is_some() {
                self.metrics.validator(info);
                return Ok(());
            }
        }
        self.metrics.validator(None);
        Ok(())
    }

    fn look_at_candidates(&self) {
        match self.pending_slashes() {
            Ok(slashes) => self.metrics.slashes.set(slashes),
            Err(error) => log::debug!(target: "metrics", "candidates: {error}"),
        }
    }

    /// Of all candidates.
    fn pending_slashes(&self) -> Result<u64, ApiError> {
        let best = self.client.info().best_hash;
        let (mut start, mut slashes) = (0, 0);
        loop {
            let page = StakeApi::<Block, AccountId, Balance>::candidates(
                &*self.client.runtime_api(),
                best,
                start,
                PAGE,
            )?;
            slashes += page
                .iter()
                .map(|candidate| u64::from(candidate.pending_slashes))
                .sum::<u64>();
            if page.len() < PAGE as usize {
                return Ok(slashes);
            }
            start += PAGE;
        }
    }

    fn time(&self, at: Hash) -> Result<f64, ApiError> {
        let time = self.client.runtime_api().now(at)?;
        Ok(Duration::from_millis(time).as_secs_f64())
    }
}

/// Counts what a gateway answers.
pub fn gateway(registry: &Registry, gateway: Gateway) -> Result<(), PrometheusError> {
    let opts = Opts::new(
        "salus_gateway_requests_total",
        "Answers to requests for blobs, by method and status",
    )
    .variable_label("method")
    .variable_label("code");
    register(
        SourcedCounter::new(&opts, GatewayAnswers(gateway))?,
        registry,
    )?;
    Ok(())
}

#[derive(Clone)]
struct GatewayAnswers(Gateway);

impl MetricSource for GatewayAnswers {
    type N = u64;

    fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
        for (method, code, count) in self.0.answers() {
            set(&[method, &code.to_string()], count);
        }
    }
}
