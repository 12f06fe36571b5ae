//! Fetching and uploading blobs.

mod fetch;
mod upload;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use reqwest::{redirect::Policy, Response, StatusCode};
use salus_primitives::{Digest, Hash};
use url::{Host, Url};

use crate::{
    auth::{Method, Request, SignError, Signer},
    gateway::Info,
};

pub use fetch::FetchError;
pub use upload::UploadError;

/// Largest answer to `GET /` and largest error read, bytes.
const MAX_SMALL: usize = 16 * 1024;
/// How long a gateway's id is believed.
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

/// Fetches from gateways and authenticated URLs, and uploads to gateways.
pub struct Client {
    http: reqwest::Client,
    /// For this machine itself: never through the proxy that the environment names.
    local: reqwest::Client,
    signer: Arc<dyn Signer>,
    genesis: Hash,
    gateways: Mutex<HashMap<String, (String, Instant)>>,
}

/// A failed exchange, before it is known what it was for.
enum Failed {
    /// Worth another attempt.
    Transient(String),
    /// The gateway says 401, 403 or 404.
    NotFound,
    /// The gateway belongs to another chain.
    WrongGenesis(String),
    /// The signer refuses.
    Sign(SignError),
}

impl From<SignError> for Failed {
    fn from(error: SignError) -> Self {
        Self::Sign(error)
    }
}

impl Client {
    /// A client that signs with `signer` for the chain with this genesis hash. Fails where TLS
    /// cannot be set up.
    pub fn new(genesis: Hash, signer: Arc<dyn Signer>) -> Result<Self, reqwest::Error> {
        let builder = || {
            reqwest::Client::builder()
                // A redirect would carry a request, or its secret query, to somebody else.
                .redirect(Policy::none())
                .referer(false)
                .connect_timeout(Duration::from_secs(10))
        };
        Ok(Self {
            http: builder().build()?,
            local: builder().no_proxy().build()?,
            signer,
            genesis,
            gateways: Mutex::new(HashMap::new()),
        })
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

    /// Id of the gateway at this base address, which has to be of this client's chain.
    async fn gateway_id(&self, base: &Url, limits: &Limits) -> Result<String, Failed> {
        let known = self.gateways.lock().get(base.as_str()).cloned();
        if let Some((id, since)) = known {
            if since.elapsed() < INFO_LIFETIME {
                return Ok(id);
            }
        }
        let response = timed(limits, self.http(base).get(base.clone()).send()).await?;
        if response.status() != StatusCode::OK {
            return Err(Failed::Transient(format!(
                "GET / answered {}",
                response.status()
            )));
        }
        let body = small_body(response, limits).await?;
        let info: Info = serde_json::from_slice(&body)
            .map_err(|_| Failed::Transient("not a Salus gateway".into()))?;
        if info.genesis != format!("0x{}", hex::encode(self.genesis.as_bytes())) {
            return Err(Failed::WrongGenesis(info.genesis));
        }
        let mut known = self.gateways.lock();
        if known.len() >= 1024 {
            known.retain(|_, (_, since)| since.elapsed() < INFO_LIFETIME);
        }
        known.insert(base.to_string(), (info.gateway.clone(), Instant::now()));
        Ok(info.gateway)
    }

    /// Forgets a gateway's id: it may have started anew under another one.
    fn forget(&self, base: &Url) {
        self.gateways.lock().remove(base.as_str());
    }

    /// Value of the `Authorization` header for one request.
    async fn authorize(
        &self,
        base: &Url,
        method: Method,
        digest: Digest,
        limits: &Limits,
    ) -> Result<String, Failed> {
        let gateway = self.gateway_id(base, limits).await?;
        let account = self.signer.account();
        let request = Request::new(self.genesis, &gateway, method, digest, account);
        Ok(request.sign(self.signer.as_ref())?.to_header())
    }
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

/// An absolute http or https URL without user and password.
fn http_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("the scheme {} is not http or https", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("user and password in a URL are not taken".into());
    }
    Ok(url)
}

/// Base address of a gateway, with a trailing slash so that paths go below it.
fn base_url(text: &str) -> Result<Url, String> {
    let mut url = http_url(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("a gateway's address has no query".into());
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

fn blob_url(base: &Url, digest: &Digest) -> Result<Url, String> {
    base.join(&format!("blobs/{}", hex::encode(digest.as_bytes())))
        .map_err(|error| error.to_string())
}

/// Pause before the next attempt: 100 ms, doubling to 3.2 s.
fn pause(failures: u32) -> Duration {
    Duration::from_millis(100 << failures.saturating_sub(1).min(5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let digest = Digest::repeat_byte(0xab);
        for base in ["http://h:1/g", "http://h:1/g/"] {
            let url = blob_url(&base_url(base).unwrap(), &digest).unwrap();
            assert_eq!(
                url.as_str(),
                format!("http://h:1/g/blobs/{}", "ab".repeat(32))
            );
        }
        for bad in [
            "file:///etc/passwd",
            "ftp://host/",
            "/blobs",
            "host:80",
            "http://user:pw@host/",
            "http://host/?q",
            "http://host/#f",
        ] {
            assert!(base_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn pauses_double_up_to_a_bound() {
        assert_eq!(pause(1), Duration::from_millis(100));
        assert_eq!(pause(3), Duration::from_millis(400));
        assert_eq!(pause(60), Duration::from_millis(3200));
    }
}
