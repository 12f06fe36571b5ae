//! Ciphertext from and to gateways.

use futures::{future::BoxFuture, FutureExt};
use salus_blobs::{
    client::{Client, FetchError, Limits, PostError},
    Base,
};
use salus_primitives::{blobs::BlobPointer, training::TrainingId};

use crate::training::{PeerError, Peers};

/// Why a transfer did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// Not there, not allowed, not reachable: may be better later.
    #[error("{0}")]
    Unavailable(String),
    /// What came is not what the pointer names.
    #[error("the bytes are not those that the chain names")]
    Mismatch,
}

/// Where ciphertexts come from and results go to.
pub trait Blobs: Send + Sync + 'static {
    /// Fetches a blob; the whole of it, or an error.
    fn fetch<'a>(&'a self, pointer: &'a BlobPointer) -> BoxFuture<'a, Result<Vec<u8>, BlobError>>;

    /// Puts a blob on the worker's own gateway and says where it lies.
    fn publish<'a>(&'a self, blob: &'a [u8]) -> BoxFuture<'a, Result<BlobPointer, BlobError>>;
}

/// Gateways over HTTP, with requests signed by the operator key.
pub struct Gateway {
    client: Client,
    limits: Limits,
    base: String,
}

impl Gateway {
    /// Fetches from wherever `client` does; uploads to the gateway at `base`.
    pub fn new(client: Client, limits: Limits, base: &Base) -> Self {
        Self {
            client,
            limits,
            base: base.to_string(),
        }
    }
}

impl Blobs for Gateway {
    fn fetch<'a>(&'a self, pointer: &'a BlobPointer) -> BoxFuture<'a, Result<Vec<u8>, BlobError>> {
        async move {
            self.client
                .fetch(pointer, &self.limits)
                .await
                .map_err(|error| match error {
                    FetchError::DigestMismatch { .. } | FetchError::WrongSize { .. } => {
                        BlobError::Mismatch
                    }
                    other => BlobError::Unavailable(other.to_string()),
                })
        }
        .boxed()
    }

    fn publish<'a>(&'a self, blob: &'a [u8]) -> BoxFuture<'a, Result<BlobPointer, BlobError>> {
        async move {
            self.client
                .upload_within(&self.base, blob.to_vec(), &self.limits)
                .await
                .map_err(|error| BlobError::Unavailable(error.to_string()))
        }
        .boxed()
    }
}

impl Peers for Gateway {
    fn bring<'a>(
        &'a self,
        gateway: &'a str,
        training: TrainingId,
        packet: Vec<u8>,
    ) -> BoxFuture<'a, Result<(), PeerError>> {
        async move {
            let posted = self.client.post(gateway, training, packet, &self.limits);
            posted.await.map_err(|error| match error {
                PostError::Refused(why) => PeerError::Refused(why),
                other => PeerError::Unavailable(other.to_string()),
            })
        }
        .boxed()
    }
}
