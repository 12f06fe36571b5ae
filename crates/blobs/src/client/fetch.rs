//! Downloads that go on where a connection broke, and end with the right bytes or none.

use reqwest::{
    header::{AUTHORIZATION, CONTENT_RANGE, RANGE},
    Response, StatusCode,
};
use salus_primitives::{blobs::BlobPointer, Digest};
use tokio::time::{sleep, timeout};
use url::Url;

use super::{pause, timed, Client, Failed, Limits, Route};
use crate::{
    auth::{Method, SignError},
    base::http_url,
    Base,
};

/// Why a blob was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The location is no address, or not one that is fetched from.
    #[error("bad location: {0}")]
    BadLocation(String),
    /// The gateway has no such blob, or the account may not fetch it: it does not tell which.
    #[error("not found, or not allowed")]
    NotFound,
    /// No connection, no answer in time, or broken off too often.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// All bytes came, and they are others.
    #[error("digest mismatch: expected {expected:x}, got {actual:x}")]
    DigestMismatch {
        /// What the pointer names.
        expected: Digest,
        /// blake2-256 of what came.
        actual: Digest,
    },
    /// Longer or shorter than the pointer announces.
    #[error("wrong size: expected {expected} bytes, got {actual}")]
    WrongSize {
        /// What the pointer announces.
        expected: u64,
        /// What the server announces, or where it stopped; one more than expected where it did
        /// not stop.
        actual: u64,
    },
    /// The pointer announces more than the limits allow.
    #[error("{size} bytes are more than the {max} that are taken")]
    TooLarge {
        /// What the pointer announces.
        size: u64,
        /// What the limits allow.
        max: u64,
    },
    /// The gateway belongs to another chain.
    #[error("the gateway belongs to another chain (genesis {0})")]
    WrongGenesis(String),
    /// The gateway does not answer to the address that was asked, but to these.
    #[error("the gateway's address is {0:?}, not the one that was asked")]
    WrongGateway(String),
    /// The signer refuses.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// Where a blob is fetched.
enum Source {
    /// Below a gateway's base address, with a token.
    Gateway(Base),
    /// At a URL that carries its own authentication.
    Plain(Url),
}

impl Source {
    fn new(pointer: &BlobPointer) -> Result<Self, String> {
        let text = std::str::from_utf8(&pointer.location).map_err(|_| "not UTF-8".to_owned())?;
        let name = hex::encode(pointer.digest.as_bytes());
        if text.contains('?') || text.ends_with(&name) {
            return Ok(Self::Plain(http_url(text)?));
        }
        let base = text.parse::<Base>().map_err(|error| error.to_string())?;
        Ok(Self::Gateway(base))
    }
}

/// A source, and how it is reached.
#[derive(Clone, Copy)]
enum Path<'a> {
    Gateway(Route<'a>),
    Plain(&'a Url, &'a reqwest::Client),
}

/// How an attempt ended that is not worth another.
enum Stop {
    Error(FetchError),
    Retry(String),
}

impl From<Failed> for Stop {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Transient(reason) => Self::Retry(reason),
            Failed::NotFound => Self::Error(FetchError::NotFound),
            Failed::WrongGenesis(genesis) => Self::Error(FetchError::WrongGenesis(genesis)),
            Failed::WrongGateway(bases) => Self::Error(FetchError::WrongGateway(bases)),
            Failed::Sign(error) => Self::Error(error.into()),
        }
    }
}

impl Client {
    /// Fetches a blob and checks its size and digest. A broken connection is taken up again where
    /// it broke; every bound is in `limits`.
    pub async fn fetch(
        &self,
        pointer: &BlobPointer,
        limits: &Limits,
    ) -> Result<Vec<u8>, FetchError> {
        if pointer.size > limits.max_size {
            return Err(FetchError::TooLarge {
                size: pointer.size,
                max: limits.max_size,
            });
        }
        let source = Source::new(pointer).map_err(FetchError::BadLocation)?;
        let path = match &source {
            Source::Gateway(base) => self.foreign_route(base).map(Path::Gateway),
            Source::Plain(url) => self.foreign_http(url).map(|http| Path::Plain(url, http)),
        }
        .map_err(FetchError::BadLocation)?;
        let fetched = timeout(limits.deadline, self.fetch_from(path, pointer, limits));
        let bytes = fetched
            .await
            .map_err(|_| FetchError::Unavailable("the deadline passed".into()))??;
        let actual = crate::digest(&bytes);
        if actual != pointer.digest {
            return Err(FetchError::DigestMismatch {
                expected: pointer.digest,
                actual,
            });
        }
        Ok(bytes)
    }

    async fn fetch_from(
        &self,
        path: Path<'_>,
        pointer: &BlobPointer,
        limits: &Limits,
    ) -> Result<Vec<u8>, FetchError> {
        let mut bytes = Vec::new();
        let mut failures = 0;
        let mut asked_again = false;
        loop {
            let had = bytes.len();
            let reason = match self.attempt(path, pointer, limits, &mut bytes).await {
                Ok(()) => return Ok(bytes),
                Err(Stop::Error(FetchError::NotFound)) if !asked_again => {
                    // The gateway may have started anew.
                    let Path::Gateway(route) = path else {
                        return Err(FetchError::NotFound);
                    };
                    self.forget(route.base);
                    asked_again = true;
                    continue;
                }
                Err(Stop::Error(error)) => return Err(error),
                Err(Stop::Retry(reason)) => reason,
            };
            failures = if bytes.len() > had { 1 } else { failures + 1 };
            if failures >= limits.attempts.max(1) {
                return Err(FetchError::Unavailable(reason));
            }
            sleep(pause(failures)).await;
        }
    }

    /// One request for what is missing.
    async fn attempt(
        &self,
        path: Path<'_>,
        pointer: &BlobPointer,
        limits: &Limits,
        bytes: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        let size = pointer.size;
        let mut request = match path {
            Path::Plain(url, http) => http.get(url.clone()),
            Path::Gateway(route) => {
                let token = self
                    .authorize(route, Method::Get, pointer.digest, limits)
                    .await?;
                let url = route.dial.blob(&pointer.digest);
                route.http.get(url).header(AUTHORIZATION, token)
            }
        };
        let resume = !bytes.is_empty() && (bytes.len() as u64) < size;
        if resume {
            request = request.header(RANGE, format!("bytes={}-", bytes.len()));
        } else {
            bytes.clear();
        }
        let mut response = timed(limits, request.send()).await?;
        match response.status() {
            StatusCode::OK => bytes.clear(),
            StatusCode::PARTIAL_CONTENT if resume => {
                check_part(&response, bytes.len() as u64, size)?
            }
            StatusCode::NOT_FOUND
            | StatusCode::GONE
            | StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN => return Err(Failed::NotFound.into()),
            StatusCode::RANGE_NOT_SATISFIABLE => {
                // Shorter than what is here already, or a server that cannot resume.
                bytes.clear();
                return Err(Stop::Retry("the server cannot resume".into()));
            }
            status => return Err(Stop::Retry(format!("the server answered {status}"))),
        }
        let wrong = |actual| {
            Stop::Error(FetchError::WrongSize {
                expected: size,
                actual,
            })
        };
        if let Some(length) = response.content_length() {
            let announced = (bytes.len() as u64).saturating_add(length);
            if announced != size {
                return Err(wrong(announced));
            }
        }
        while let Some(chunk) = timed(limits, response.chunk()).await? {
            if bytes.len() as u64 + chunk.len() as u64 > size {
                return Err(wrong(size.saturating_add(1)));
            }
            bytes.extend_from_slice(&chunk);
            if let Some(progress) = &self.progress {
                progress(bytes.len() as u64, size);
            }
        }
        // Ended in good order: what is missing now is not there.
        if bytes.len() as u64 != size {
            return Err(wrong(bytes.len() as u64));
        }
        Ok(())
    }
}

/// A part has to go on where the bytes end, in a blob of the announced size.
fn check_part(response: &Response, have: u64, size: u64) -> Result<(), Stop> {
    let range = response
        .headers()
        .get(CONTENT_RANGE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("bytes "))
        .and_then(|value| value.split_once('/'));
    let Some((range, total)) = range else {
        return Err(Stop::Retry("a part without its range".into()));
    };
    if let Ok(total) = total.parse::<u64>() {
        if total != size {
            return Err(Stop::Error(FetchError::WrongSize {
                expected: size,
                actual: total,
            }));
        }
    }
    let first = range.split('-').next().and_then(|n| n.parse::<u64>().ok());
    if first != Some(have) {
        return Err(Stop::Retry("a part from another place".into()));
    }
    Ok(())
}
