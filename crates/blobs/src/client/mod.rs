//! Fetching and uploading blobs.

mod address;
mod fetch;
mod post;
mod upload;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use reqwest::{redirect::Policy, ClientBuilder, Response, StatusCode};
use salus_primitives::{Digest, Hash};
use url::{Host, Url};

use crate::{
    auth::{Method, Request, SignError, Signer, StartId},
    gateway::Info,
    Base,
};

pub use address::AddressPolicy;
pub use fetch::FetchError;
pub use ipnet::IpNet;
pub use post::PostError;
pub use upload::UploadError;

/// Largest answer to `GET /` and largest error read, bytes.
const MAX_SMALL: usize = 16 * 1024;
/// How long a gateway's start id is believed.
const INFO_LIFETIME: Duration = Duration::from_secs(300);

/// Bounds of one transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest blob, bytes.
    pub max_size: u64,
    /// The whole transfer, all attempts together.
    pub deadline: Duration,
    /// Longest silence: until the answer begins, and between two pieces of it.
    pub read_timeout: Duration,
    /// Attempts in a row that bring nothing before giving up.
    pub attempts: u32,
}

impl Default for Limits {
    /// 256 MiB, ten minutes, 15 s of silence, 4 attempts.
    fn default() -> Self {
        Self {
            max_size: 256 * 1024 * 1024,
            deadline: Duration::from_secs(600),
            read_timeout: Duration::from_secs(15),
            attempts: 4,
        }
    }
}

/// Hears how many bytes of a transfer are done, and of how many. They begin again where an attempt
/// has to.
pub type Progress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// Fetches from gateways and authenticated URLs, and uploads to gateways.
pub struct Client {
    http: reqwest::Client,
    /// For this machine itself: never through the proxy that the environment names.
    local: reqwest::Client,
    /// For addresses that others name, where not every one is fetched from.
    guarded: Option<reqwest::Client>,
    policy: AddressPolicy,
    routes: HashMap<Base, Base>,
    signer: Arc<dyn Signer>,
    progress: Option<Progress>,
    genesis: Hash,
    starts: Mutex<HashMap<Base, (StartId, Instant)>>,
}

/// How a gateway is reached.
#[derive(Clone, Copy)]
struct Route<'a> {
    /// What it calls itself and tokens are bound to.
    base: &'a Base,
    /// Where requests are sent.
    dial: &'a Base,
    http: &'a reqwest::Client,
}

/// A failed exchange, before it is known what it was for.
enum Failed {
    /// Worth another attempt.
    Transient(String),
    /// The gateway says 401, 403 or 404.
    NotFound,
    /// The gateway belongs to another chain.
    WrongGenesis(String),
    /// The gateway does not answer to the address that was asked.
    WrongGateway(String),
    /// The signer refuses.
    Sign(SignError),
}

impl From<SignError> for Failed {
    fn from(error: SignError) -> Self {
        Self::Sign(error)
    }
}

impl Client {
    /// A client that signs with `signer` for the chain with this genesis hash and fetches from any
    /// address. Fails where TLS cannot be set up.
    pub fn new(genesis: Hash, signer: Arc<dyn Signer>) -> Result<Self, reqwest::Error> {
        Ok(Self {
            http: builder().build()?,
            local: builder().no_proxy().build()?,
            guarded: None,
            policy: AddressPolicy::Any,
            routes: HashMap::new(),
            signer,
            progress: None,
            genesis,
            starts: Mutex::new(HashMap::new()),
        })
    }

    /// Fetches only from addresses that the policy permits; for programs that fetch unattended what
    /// others name. Then no proxy is used, which would resolve names by itself.
    pub fn fetching_from(mut self, policy: AddressPolicy) -> Result<Self, reqwest::Error> {
        self.guarded = match &policy {
            AddressPolicy::Any => None,
            AddressPolicy::Public { .. } => {
                let resolver = Arc::new(address::Resolver(Arc::new(policy.clone())));
                Some(builder().no_proxy().dns_resolver(resolver).build()?)
            }
        };
        self.policy = policy;
        Ok(self)
    }

    /// Sends requests for the gateway `base` to `dial`, such as the port behind its TLS proxy. They
    /// are signed for `base`, so `dial` has to be that gateway.
    pub fn with_route(mut self, base: Base, dial: Base) -> Self {
        self.routes.insert(base, dial);
        self
    }

    /// Tells `progress` how transfers go.
    pub fn with_progress(mut self, progress: Progress) -> Self {
        self.progress = Some(progress);
        self
    }

    /// How to reach a gateway whose address the caller chose.
    fn route<'a>(&'a self, base: &'a Base) -> Route<'a> {
        let dial = self.routes.get(base).unwrap_or(base);
        let http = self.http(dial.url());
        Route { base, dial, http }
    }

    /// How to reach a gateway whose address somebody else named. Why not, where the policy does not
    /// permit it.
    fn foreign_route<'a>(&'a self, base: &'a Base) -> Result<Route<'a>, String> {
        if self.routes.contains_key(base) {
            return Ok(self.route(base));
        }
        Ok(Route {
            base,
            dial: base,
            http: self.foreign_http(base.url())?,
        })
    }

    fn foreign_http(&self, url: &Url) -> Result<&reqwest::Client, String> {
        self.policy.check(url)?;
        Ok(self.guarded.as_ref().unwrap_or_else(|| self.http(url)))
    }

    fn http(&self, url: &Url) -> &reqwest::Client {
        let local = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if local {
            &self.local
        } else {
            &self.http
        }
    }

    /// Start id of a gateway, which has to be of this client's chain and to know its address.
    async fn start_id(&self, route: Route<'_>, limits: &Limits) -> Result<StartId, Failed> {
        let known = self.starts.lock().get(route.base).copied();
        if let Some((start, since)) = known {
            if since.elapsed() < INFO_LIFETIME {
                return Ok(start);
            }
        }
        let answer = route.http.get(route.dial.url().clone()).send();
        let response = timed(limits, answer).await?;
        if response.status() != StatusCode::OK {
            return Err(Failed::Transient(format!(
                "GET / answered {}",
                response.status()
            )));
        }
        let body = small_body(response, limits).await?;
        let no_gateway = || Failed::Transient("not a Salus gateway".into());
        let info: Info = serde_json::from_slice(&body).map_err(|_| no_gateway())?;
        if info.genesis != format!("0x{}", hex::encode(self.genesis.as_bytes())) {
            return Err(Failed::WrongGenesis(info.genesis));
        }
        // A false gateway may say what it likes: the token names the address that was asked. This
        // only tells an honest mistake from a blob that is missing.
        if !info.bases.contains(&route.base.to_string()) {
            return Err(Failed::WrongGateway(info.bases.join(", ")));
        }
        let start = info.start_id().ok_or_else(no_gateway)?;
        let mut starts = self.starts.lock();
        if starts.len() >= 1024 {
            starts.retain(|_, (_, since)| since.elapsed() < INFO_LIFETIME);
        }
        starts.insert(route.base.clone(), (start, Instant::now()));
        Ok(start)
    }

    /// Forgets a gateway's start id: it may have started anew.
    fn forget(&self, base: &Base) {
        self.starts.lock().remove(base);
    }

    /// Value of the `Authorization` header for one request.
    async fn authorize(
        &self,
        route: Route<'_>,
        method: Method,
        digest: Digest,
        limits: &Limits,
    ) -> Result<String, Failed> {
        let start = self.start_id(route, limits).await?;
        let account = self.signer.account();
        let request = Request::new(self.genesis, route.base, start, method, digest, account);
        Ok(request.sign(self.signer.as_ref())?.to_header())
    }
}

fn builder() -> ClientBuilder {
    reqwest::Client::builder()
        // A redirect would carry a request, or its secret query, to somebody else.
        .redirect(Policy::none())
        .referer(false)
        .connect_timeout(Duration::from_secs(10))
}

/// Waits for an exchange no longer than for a silent server.
async fn timed<T>(
    limits: &Limits,
    exchange: impl std::future::Future<Output = Result<T, reqwest::Error>>,
) -> Result<T, Failed> {
    match tokio::time::timeout(limits.read_timeout, exchange).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Failed::Transient(words(error))),
        Err(_) => Err(Failed::Transient("no answer in time".into())),
    }
}

/// A transport error without its URL, which may hold a secret, but with its cause.
fn words(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

async fn small_body(mut response: Response, limits: &Limits) -> Result<Vec<u8>, Failed> {
    let mut body = Vec::new();
    while let Some(chunk) = timed(limits, response.chunk()).await? {
        if body.len() + chunk.len() > MAX_SMALL {
            return Err(Failed::Transient("the answer is too long".into()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Pause before the next attempt: 100 ms, doubling to 3.2 s.
fn pause(failures: u32) -> Duration {
    Duration::from_millis(100 << failures.saturating_sub(1).min(5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound() {
        assert_eq!(pause(1), Duration::from_millis(100));
        assert_eq!(pause(3), Duration::from_millis(400));
        assert_eq!(pause(60), Duration::from_millis(3200));
    }
}
