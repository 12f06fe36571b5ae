//! The HTTP gateway.

mod answers;
mod collect;
mod fetch;
mod inbox;
mod known;
mod patient;
mod range;
mod serve;
mod upload;

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    extract::State,
    http::{header, HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
    Json, Router,
};
use parking_lot::Mutex;
use rand::{rngs::OsRng, RngCore};
use salus_primitives::AccountId;
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    auth::{StartId, Token, TokenError},
    base::{Base, InvalidBase},
    chain::{Chain, ChainError},
    ledger::Ledger,
    nonces::Nonces,
    Store, StoreError,
};

use answers::Answers;
use collect::Looks;
pub use collect::{CollectError, Collected};
pub use inbox::{Inbox, Refused};
use known::{Health, Known};
pub use serve::serve;

/// Bounds and timeouts of a gateway.
#[derive(Clone, Debug)]
pub struct Config {
    /// Base addresses under which clients reach this gateway, and no other. Tokens made for any
    /// other address are refused.
    pub bases: Vec<String>,
    /// Largest blob taken, bytes.
    pub max_blob: u64,
    /// Oldest best block with which anything is served or taken.
    pub max_head_age: Duration,
    /// Requests of one account at once; further ones wait for `permit_timeout`.
    pub per_account: usize,
    /// Open connections; further ones wait in the listener's queue.
    pub connections: usize,
    /// Tokens remembered until they expire: about 150 bytes each.
    pub nonces: usize,
    /// Calls to the chain at once, for accounts that were granted something within the last hour.
    pub chain_calls: usize,
    /// The same for all others together: keys cost nothing.
    pub stranger_calls: usize,
    /// Longest wait for a free place.
    pub permit_timeout: Duration,
    /// Longest wait for the chain.
    pub chain_timeout: Duration,
    /// Longest time from one request's end to the end of the next one's headers.
    pub header_timeout: Duration,
    /// Longest silence within an upload, and of a client that does not take what it asked for.
    pub idle_timeout: Duration,
    /// Longest upload.
    pub upload_timeout: Duration,
    /// How long requests under way may take when the gateway stops.
    pub drain_timeout: Duration,
    /// How long a blob is kept that nothing on chain refers to.
    pub grace: Duration,
    /// Time between two collections.
    pub collect_every: Duration,
    /// Most blobs that one collection asks the chain about; the rest is the next one's.
    pub collect_looks: usize,
    /// How long a blob that something refers to is not asked about again.
    pub referenced_for: Duration,
}

impl Config {
    /// Defaults: blobs up to 256 MiB, head not older than 30 s, 8 requests an account, an hour of
    /// grace.
    pub fn new(base: impl Into<String>) -> Self {
        Self {
            bases: vec![base.into()],
            max_blob: 256 * 1024 * 1024,
            max_head_age: Duration::from_secs(30),
            per_account: 8,
            connections: 512,
            nonces: 65_536,
            chain_calls: 16,
            stranger_calls: 4,
            permit_timeout: Duration::from_secs(5),
            chain_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(15),
            upload_timeout: Duration::from_secs(600),
            drain_timeout: Duration::from_secs(5),
            grace: Duration::from_secs(3600),
            collect_every: Duration::from_secs(60),
            collect_looks: 1024,
            referenced_for: Duration::from_secs(3600),
        }
    }
}

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// There is no base address.
    #[error("a gateway needs a base address")]
    NoBase,
    /// Not a base address.
    #[error("{base:?} is no base address of a gateway: {reason}")]
    InvalidBase {
        /// What was given.
        base: String,
        /// Why not.
        reason: InvalidBase,
    },
    /// The notes about uploads cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What `GET /` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    /// Genesis hash of the chain, `0x` and hex.
    pub genesis: String,
    /// Base addresses of the gateway, as [`Base`] writes them.
    pub bases: Vec<String>,
    /// Its [`StartId`], `0x` and hex.
    pub start: String,
}

impl Info {
    /// The start id, where it is one.
    pub fn start_id(&self) -> Option<StartId> {
        let mut start = StartId::default();
        let digits = self.start.strip_prefix("0x")?;
        hex::decode_to_slice(digits, &mut start).ok()?;
        Some(start)
    }
}

/// A gateway. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    chain: Arc<dyn Chain>,
    config: Config,
    /// The configured ones, each in the form that tokens have.
    bases: Vec<String>,
    start: StartId,
    nonces: Mutex<Nonces>,
    ledger: Mutex<Ledger>,
    /// Held while a blob becomes visible or goes, so that collecting never meets an upload.
    commit: tokio::sync::Mutex<()>,
    places: Mutex<HashMap<AccountId, Arc<Semaphore>>>,
    chain_calls: Arc<Semaphore>,
    stranger_calls: Arc<Semaphore>,
    known: Known,
    health: Health,
    looks: Mutex<Looks>,
    answers: Answers,
    /// Who takes messages of trainings, where somebody does.
    inbox: OnceLock<Arc<dyn Inbox>>,
    messages: inbox::Room,
}

impl Gateway {
    /// A gateway over `store`; reads what earlier runs noted about uploads.
    pub async fn new(
        store: Store,
        chain: Arc<dyn Chain>,
        config: Config,
    ) -> Result<Self, GatewayError> {
        if config.bases.is_empty() {
            return Err(GatewayError::NoBase);
        }
        let bases = config
            .bases
            .iter()
            .map(|text| match text.parse::<Base>() {
                Ok(base) => Ok(base.to_string()),
                Err(reason) => Err(GatewayError::InvalidBase {
                    base: text.clone(),
                    reason,
                }),
            })
            .collect::<Result<_, _>>()?;
        let mut start = StartId::default();
        OsRng.fill_bytes(&mut start);
        let ledger = Ledger::load(&store).await?;
        Ok(Self {
            inner: Arc::new(Inner {
                store,
                chain,
                bases,
                start,
                nonces: Mutex::new(Nonces::new(config.nonces)),
                ledger: Mutex::new(ledger),
                commit: tokio::sync::Mutex::new(()),
                places: Mutex::new(HashMap::new()),
                chain_calls: Arc::new(Semaphore::new(config.chain_calls.max(1))),
                stranger_calls: Arc::new(Semaphore::new(config.stranger_calls.max(1))),
                known: Known::default(),
                health: Health::default(),
                looks: Mutex::default(),
                answers: Answers::default(),
                inbox: OnceLock::new(),
                messages: inbox::Room::default(),
                config,
            }),
        })
    }

    /// The routes: `/`, `/health`, `/blobs/{digest}`, `/train/{id}`. [`serve`] adds what keeps slow clients from
    /// holding connections.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/", get(info))
            .route("/health", get(health))
            .route(
                "/blobs/{digest}",
                get(fetch::fetch).head(fetch::fetch).put(upload::upload),
            )
            .route("/train/{id}", post(inbox::take))
            .fallback(fetch::unknown)
            .with_state(self.clone())
    }

    /// What it says of itself, which tokens are made with.
    pub fn info(&self) -> Info {
        let genesis = self.inner.chain.genesis();
        Info {
            genesis: format!("0x{}", hex::encode(genesis.as_bytes())),
            bases: self.inner.bases.clone(),
            start: format!("0x{}", hex::encode(self.inner.start)),
        }
    }

    /// Answers to requests for blobs since the start: method in small letters, status, how many.
    pub fn answers(&self) -> Vec<(&'static str, u16, u64)> {
        self.inner.answers.all()
    }

    /// Its bounds and timeouts.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// Runs a call to the chain for the gateway itself.
    async fn ask<T, F>(&self, call: F) -> Result<T, ChainError>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Chain) -> Result<T, ChainError> + Send + 'static,
    {
        self.ask_among(&self.inner.chain_calls, call).await
    }

    /// Runs a call to the chain for an account.
    async fn ask_for<T, F>(&self, who: &AccountId, call: F) -> Result<T, ChainError>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Chain) -> Result<T, ChainError> + Send + 'static,
    {
        let calls = match self.inner.known.contains(who) {
            true => &self.inner.chain_calls,
            false => &self.inner.stranger_calls,
        };
        self.ask_among(calls, call).await
    }

    /// Runs a call to the chain on the blocking pool, bounded in number and time.
    async fn ask_among<T, F>(&self, calls: &Arc<Semaphore>, call: F) -> Result<T, ChainError>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Chain) -> Result<T, ChainError> + Send + 'static,
    {
        let chain = self.inner.chain.clone();
        let calls = calls.clone();
        let answer = async move {
            let place = calls
                .acquire_owned()
                .await
                .map_err(|error| ChainError(error.to_string()))?;
            tokio::task::spawn_blocking(move || {
                // A call that outlives the timeout keeps its place until it returns.
                let _place = place;
                call(chain.as_ref())
            })
            .await
            .map_err(|error| ChainError(error.to_string()))?
        };
        tokio::time::timeout(self.inner.config.chain_timeout, answer)
            .await
            .map_err(|_| ChainError("no answer in time".into()))?
    }

    /// One of the account's places, for as long as the permit lives.
    async fn place(&self, who: &AccountId) -> Option<OwnedSemaphorePermit> {
        let places = {
            let mut all = self.inner.places.lock();
            if all.len() >= 4096 {
                all.retain(|_, places| Arc::strong_count(places) > 1);
            }
            all.entry(who.clone())
                .or_insert_with(|| Arc::new(Semaphore::new(self.inner.config.per_account.max(1))))
                .clone()
        };
        tokio::time::timeout(self.inner.config.permit_timeout, places.acquire_owned())
            .await
            .ok()?
            .ok()
    }

    fn is_fresh(&self, best_age_ms: u64) -> bool {
        u128::from(best_age_ms) < self.inner.config.max_head_age.as_millis()
    }
}

fn token(headers: &HeaderMap) -> Result<Token, TokenError> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .ok_or(TokenError::Malformed)
        .and_then(Token::from_header)
}

async fn info(State(gateway): State<Gateway>) -> Response {
    Json(gateway.info()).into_response()
}

async fn health(State(gateway): State<Gateway>) -> Response {
    match gateway.problem().await {
        None => Json(serde_json::json!({ "status": "ok" })).into_response(),
        Some(reason) => (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(serde_json::json!({ "status": "unavailable", "reason": reason })),
        )
            .into_response(),
    }
}
