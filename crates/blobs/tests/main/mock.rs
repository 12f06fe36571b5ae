//! A chain in memory and a gateway on a free port.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
};

use polkadot_sdk::sp_core::{sr25519, Pair};
use salus_blobs::{
    auth::{Method, Request, Signer, StartId, Token},
    chain::{Chain, ChainError, Quota, View},
    client::{Client, Limits},
    gateway::{serve, Config, Gateway},
    Base, Store,
};
use salus_primitives::{blobs::BlobPointer, AccountId, Digest, Hash};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

pub const BEST: Hash = Hash::repeat_byte(1);
pub const FINALIZED: Hash = Hash::repeat_byte(2);
pub const GENESIS: Hash = Hash::repeat_byte(3);

#[derive(Default)]
struct State {
    fetchers: HashSet<(Hash, AccountId, Digest)>,
    referenced: HashSet<(Hash, Digest)>,
    quota: HashMap<(Hash, AccountId), u64>,
    operators: HashMap<(Hash, AccountId), AccountId>,
    age_ms: u64,
    silent: bool,
    asked: usize,
    viewed: usize,
    looked_for: usize,
    stalls: bool,
}

#[derive(Default)]
pub struct MockChain(Mutex<State>);

impl MockChain {
    pub fn allow(&self, at: Hash, who: &AccountId, digest: Digest) {
        let mut state = self.0.lock().unwrap();
        state.fetchers.insert((at, who.clone(), digest));
    }

    pub fn allow_everywhere(&self, who: &AccountId, digest: Digest) {
        self.allow(BEST, who, digest);
        self.allow(FINALIZED, who, digest);
    }

    pub fn revoke(&self, at: Hash, who: &AccountId, digest: Digest) {
        let mut state = self.0.lock().unwrap();
        state.fetchers.remove(&(at, who.clone(), digest));
    }

    pub fn refer(&self, at: Hash, digest: Digest) {
        self.0.lock().unwrap().referenced.insert((at, digest));
    }

    pub fn forget(&self, at: Hash, digest: Digest) {
        self.0.lock().unwrap().referenced.remove(&(at, digest));
    }

    pub fn set_quota(&self, who: &AccountId, best: u64, finalized: u64) {
        let mut state = self.0.lock().unwrap();
        state.quota.insert((BEST, who.clone()), best);
        state.quota.insert((FINALIZED, who.clone()), finalized);
    }

    /// Makes `operator` act for `member` from the best and the finalized block on.
    pub fn set_operator(&self, operator: &AccountId, best: &AccountId, finalized: &AccountId) {
        let mut state = self.0.lock().unwrap();
        for (at, member) in [(BEST, best), (FINALIZED, finalized)] {
            state
                .operators
                .insert((at, operator.clone()), member.clone());
        }
    }

    pub fn set_age(&self, age_ms: u64) {
        self.0.lock().unwrap().age_ms = age_ms;
    }

    /// How often it was asked who may fetch, since the last time.
    pub fn take_asked(&self) -> usize {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }

    /// How often it was asked for its blocks, since the last time.
    pub fn take_viewed(&self) -> usize {
        std::mem::take(&mut self.0.lock().unwrap().viewed)
    }

    /// How often it was asked whether something refers to a blob, since the last time.
    pub fn take_looked_for(&self) -> usize {
        std::mem::take(&mut self.0.lock().unwrap().looked_for)
    }

    /// Lets questions about accounts that may fetch nothing take a second.
    pub fn stall_strangers(&self) {
        self.0.lock().unwrap().stalls = true;
    }

    pub fn set_silent(&self, silent: bool) {
        self.0.lock().unwrap().silent = silent;
    }
}

impl Chain for MockChain {
    fn genesis(&self) -> Hash {
        GENESIS
    }

    fn view(&self) -> Result<View, ChainError> {
        let mut state = self.0.lock().unwrap();
        state.viewed += 1;
        if state.silent {
            return Err(ChainError("silent".into()));
        }
        Ok(View {
            best: BEST,
            finalized: FINALIZED,
            best_age_ms: state.age_ms,
        })
    }

    fn may_fetch(&self, at: Hash, who: &AccountId, digest: &Digest) -> Result<bool, ChainError> {
        let mut state = self.0.lock().unwrap();
        state.asked += 1;
        let may = state.fetchers.contains(&(at, who.clone(), *digest));
        let stalls = state.stalls && !may;
        drop(state);
        if stalls {
            std::thread::sleep(std::time::Duration::from_secs(1));
        }
        Ok(may)
    }

    fn is_referenced(&self, at: Hash, digest: &Digest) -> Result<bool, ChainError> {
        let mut state = self.0.lock().unwrap();
        state.looked_for += 1;
        Ok(state.referenced.contains(&(at, *digest)))
    }

    fn upload_quota(&self, at: Hash, who: &AccountId) -> Result<Option<Quota>, ChainError> {
        let state = self.0.lock().unwrap();
        let key = (at, who.clone());
        let member = state.operators.get(&key).unwrap_or(who).clone();
        let quota = state.quota.get(&(at, member.clone())).copied();
        Ok(quota
            .filter(|bytes| *bytes > 0)
            .map(|bytes| Quota { member, bytes }))
    }
}

/// A gateway that serves until it is dropped or stopped.
pub struct Running {
    pub chain: Arc<MockChain>,
    pub store: Store,
    pub gateway: Gateway,
    pub base: String,
    pub start: StartId,
    pub folder: Arc<TempDir>,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Running {
    pub async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Self::over(folder, Arc::new(MockChain::default()), change).await
    }

    pub async fn over(
        folder: Arc<TempDir>,
        chain: Arc<MockChain>,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        Self::at("127.0.0.1:0", folder, chain, change).await
    }

    pub async fn at(
        address: &str,
        folder: Arc<TempDir>,
        chain: Arc<MockChain>,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let store = Store::local(folder.path()).unwrap();
        let mut config = Config::new(&base);
        change(&mut config);
        let gateway = Gateway::new(store.clone(), chain.clone(), config)
            .await
            .unwrap();
        let start = gateway.info().start_id().unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serve(listener, gateway.clone(), async {
            let _ = stopped.await;
        }));
        Self {
            chain,
            store,
            gateway,
            base,
            start,
            folder,
            stop: Some(stop),
            served,
        }
    }

    /// Stops it, and gives what a restart needs.
    pub async fn stop(mut self) -> (Arc<TempDir>, Arc<MockChain>) {
        self.stop.take().unwrap().send(()).unwrap();
        self.served.await.unwrap().unwrap();
        (self.folder, self.chain)
    }

    /// Stops it and starts another one over the same folder at the same address.
    pub async fn restart(self) -> Self {
        let address = self.base.trim_start_matches("http://").to_owned();
        let (folder, chain) = self.stop().await;
        Self::at(&address, folder, chain, |_| ()).await
    }

    pub fn request(&self, who: &sr25519::Pair, method: Method, digest: Digest) -> Request {
        let base: Base = self.base.parse().unwrap();
        Request::new(GENESIS, &base, self.start, method, digest, who.account())
    }

    pub fn token(&self, who: &sr25519::Pair, method: Method, digest: Digest) -> Token {
        self.request(who, method, digest).sign(who).unwrap()
    }

    /// Stores a blob that `who` may fetch.
    pub async fn stored(&self, bytes: &[u8], who: &sr25519::Pair) -> BlobPointer {
        let digest = self.store.put(bytes.to_vec().into()).await.unwrap();
        self.chain.allow_everywhere(&who.account(), digest);
        pointer(&self.base, digest, bytes.len() as u64)
    }

    pub fn blob_url(&self, digest: Digest) -> String {
        format!("{}/blobs/{}", self.base, hex::encode(digest.as_bytes()))
    }

    /// Sends a request with this token, if any.
    pub async fn send(
        &self,
        method: reqwest::Method,
        digest: Digest,
        token: Option<&Token>,
    ) -> reqwest::Response {
        let mut request = http().request(method, self.blob_url(digest));
        if let Some(token) = token {
            request = request.header("authorization", token.to_header());
        }
        request.send().await.unwrap()
    }

    pub async fn get(&self, digest: Digest, token: &Token) -> reqwest::Response {
        self.send(reqwest::Method::GET, digest, Some(token)).await
    }

    /// Uploads with a fresh token; the status and the answer.
    pub async fn put(
        &self,
        who: &sr25519::Pair,
        digest: Digest,
        bytes: &[u8],
    ) -> (u16, serde_json::Value) {
        let token = self.token(who, Method::Put, digest);
        let response = http()
            .put(self.blob_url(digest))
            .header("authorization", token.to_header())
            .body(bytes.to_vec())
            .send()
            .await
            .unwrap();
        let status = response.status().as_u16();
        let body = response.bytes().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }
}

pub fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

pub fn somebody(name: &str) -> sr25519::Pair {
    sr25519::Pair::from_string(&format!("//{name}"), None).unwrap()
}

pub fn client(who: &sr25519::Pair) -> Client {
    Client::new(GENESIS, Arc::new(who.clone())).unwrap()
}

pub fn pointer(location: &str, digest: Digest, size: u64) -> BlobPointer {
    BlobPointer {
        digest,
        size,
        location: location.as_bytes().to_vec().try_into().unwrap(),
    }
}

pub fn limits() -> Limits {
    Limits {
        max_size: 16 * 1024 * 1024,
        deadline: std::time::Duration::from_secs(10),
        read_timeout: std::time::Duration::from_millis(500),
        attempts: 3,
    }
}

pub fn now_ms() -> u64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    elapsed.unwrap().as_millis() as u64
}
