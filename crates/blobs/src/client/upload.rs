//! Uploads.

use std::convert::Infallible;

use bytes::Bytes;
use futures::stream;
use reqwest::{
    header::{AUTHORIZATION, CONTENT_LENGTH},
    Body, StatusCode,
};
use salus_primitives::blobs::{BlobPointer, Location};
use serde::Deserialize;
use tokio::time::{sleep, timeout};

use super::{pause, small_body, words, Client, Failed, Limits, Route};
use crate::{
    auth::{Method, SignError},
    Base,
};

/// Bytes of a piece of an upload whose progress is heard of.
const PIECE: usize = 64 * 1024;

/// Why a blob was not uploaded.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The address is no gateway's, or longer than the chain keeps.
    #[error("bad location: {0}")]
    BadLocation(String),
    /// The gateway refuses, for instance over quota.
    #[error("the gateway refused: {message} ({code})")]
    Refused {
        /// `quota`, `member`, `size`, `digest`, `token`, …
        code: String,
        /// In words.
        message: String,
    },
    /// More bytes than the limits allow.
    #[error("{size} bytes are more than the {max} that are sent")]
    TooLarge {
        /// Bytes to send.
        size: u64,
        /// What the limits allow.
        max: u64,
    },
    /// No connection, no answer in time, or the gateway has trouble of its own.
    #[error("unavailable: {0}")]
    Unavailable(String),
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

#[derive(Deserialize)]
struct Refusal {
    error: String,
    message: String,
}

enum Stop {
    Error(UploadError),
    Retry(String),
}

impl From<Failed> for Stop {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Transient(reason) => Self::Retry(reason),
            Failed::NotFound => Self::Retry("not a Salus gateway".into()),
            Failed::WrongGenesis(genesis) => Self::Error(UploadError::WrongGenesis(genesis)),
            Failed::WrongGateway(bases) => Self::Error(UploadError::WrongGateway(bases)),
            Failed::Sign(error) => Self::Error(error.into()),
        }
    }
}

impl Client {
    /// As [`Client::upload_within`] with the default limits.
    pub async fn upload(
        &self,
        gateway: &str,
        bytes: impl Into<Bytes>,
    ) -> Result<BlobPointer, UploadError> {
        self.upload_within(gateway, bytes, &Limits::default()).await
    }

    /// Uploads ciphertext to the gateway at this base address. The pointer's location is the
    /// address. Repeated after a lost connection; uploading twice changes nothing.
    pub async fn upload_within(
        &self,
        gateway: &str,
        bytes: impl Into<Bytes>,
        limits: &Limits,
    ) -> Result<BlobPointer, UploadError> {
        let bytes = bytes.into();
        let size = bytes.len() as u64;
        if size > limits.max_size {
            return Err(UploadError::TooLarge {
                size,
                max: limits.max_size,
            });
        }
        let bad = |reason: &dyn std::fmt::Display| UploadError::BadLocation(reason.to_string());
        let base: Base = gateway.parse().map_err(|error| bad(&error))?;
        let digest = crate::digest(&bytes);
        let location = Location::try_from(base.to_string().into_bytes())
            .map_err(|_| bad(&"longer than the chain keeps"))?;
        let pointer = BlobPointer {
            digest,
            size,
            location,
        };
        timeout(
            limits.deadline,
            self.upload_to(self.route(&base), &pointer, bytes, limits),
        )
        .await
        .map_err(|_| UploadError::Unavailable("the deadline passed".into()))??;
        Ok(pointer)
    }

    async fn upload_to(
        &self,
        route: Route<'_>,
        pointer: &BlobPointer,
        bytes: Bytes,
        limits: &Limits,
    ) -> Result<(), UploadError> {
        let mut failures = 0;
        let mut asked_again = false;
        loop {
            let reason = match self.send(route, pointer, bytes.clone(), limits).await {
                Ok(()) => return Ok(()),
                Err(Stop::Error(UploadError::Refused { code, .. }))
                    if code == "token" && !asked_again =>
                {
                    // The gateway may have started anew.
                    self.forget(route.base);
                    asked_again = true;
                    continue;
                }
                Err(Stop::Error(error)) => return Err(error),
                Err(Stop::Retry(reason)) => reason,
            };
            failures += 1;
            if failures >= limits.attempts.max(1) {
                return Err(UploadError::Unavailable(reason));
            }
            sleep(pause(failures)).await;
        }
    }

    /// The bytes in pieces, so that it is heard of each that is taken.
    fn body(&self, bytes: Bytes) -> Body {
        let Some(progress) = self.progress.clone() else {
            return bytes.into();
        };
        let size = bytes.len();
        let pieces = (0..size).step_by(PIECE).map(move |begin| {
            let end = size.min(begin + PIECE);
            progress(end as u64, size as u64);
            Ok::<_, Infallible>(bytes.slice(begin..end))
        });
        Body::wrap_stream(stream::iter(pieces))
    }

    async fn send(
        &self,
        route: Route<'_>,
        pointer: &BlobPointer,
        bytes: Bytes,
        limits: &Limits,
    ) -> Result<(), Stop> {
        let token = self
            .authorize(route, Method::Put, pointer.digest, limits)
            .await?;
        // The answer comes only after all is sent: the deadline alone bounds it.
        let response = route
            .http
            .put(route.dial.blob(&pointer.digest))
            .header(AUTHORIZATION, token)
            .header(CONTENT_LENGTH, bytes.len())
            .body(self.body(bytes))
            .send()
            .await
            .map_err(|error| Stop::Retry(words(error)))?;
        let status = response.status();
        if status == StatusCode::CREATED || status == StatusCode::OK {
            return Ok(());
        }
        let body = small_body(response, limits).await?;
        let refusal: Option<Refusal> = serde_json::from_slice(&body).ok();
        let in_words = match &refusal {
            Some(refusal) => refusal.message.clone(),
            None => format!("the gateway answered {status}"),
        };
        let own_trouble = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        match refusal {
            Some(refusal) if !own_trouble => Err(Stop::Error(UploadError::Refused {
                code: refusal.error,
                message: refusal.message,
            })),
            _ => Err(Stop::Retry(in_words)),
        }
    }
}
