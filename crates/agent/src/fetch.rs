//! Downloads and uploads that are tried until the deadline comes near.

use std::time::Duration;

use polkadot_sdk::sp_crypto_hashing::blake2_256;
use salus_primitives::{
    blobs::BlobPointer,
    jobs::{Ciphertext, Failure},
    BlockNumber,
};

use crate::{blobs::BlobError, board::Ticket, context::Context, work::Stop, LOG};

/// Downloads of the wrong bytes before the pointer is held to be wrong and not the line.
const MISMATCHES: u32 = 3;
/// The pause between tries doubles up to this many times `retry_after`.
const MAX_BACKOFF: u32 = 16;

/// The bytes of an input, or the failure that is the job's outcome.
pub(crate) async fn ciphertext(
    context: &Context,
    ticket: &Ticket,
    source: &Ciphertext,
    deadline: BlockNumber,
) -> Result<Result<Vec<u8>, Failure>, Stop> {
    match source {
        Ciphertext::Inline(bytes) => Ok(Ok(bytes.to_vec())),
        Ciphertext::Blob(pointer) => tokio::select! {
            biased;
            () = ticket.cancel.cancelled() => Err(Stop::Cancelled),
            fetched = download(context, ticket, pointer) => Ok(fetched),
            () = context.window_over(deadline) => Ok(Err(Failure::Unavailable)),
        },
    }
}

/// Tries until the bytes are there, or are wrong for the last time.
async fn download(
    context: &Context,
    ticket: &Ticket,
    pointer: &BlobPointer,
) -> Result<Vec<u8>, Failure> {
    let mut mismatches = 0;
    let mut pause = Backoff::new(context.config.retry_after);
    loop {
        let attempt = context.blobs.fetch(pointer);
        let error = match tokio::time::timeout(context.config.transfer_timeout, attempt).await {
            Ok(Ok(bytes)) if is_named(&bytes, pointer) => return Ok(bytes),
            Ok(Ok(_)) => BlobError::Mismatch,
            Ok(Err(error)) => error,
            Err(_) => BlobError::Unavailable("timed out".into()),
        };
        context.metrics.transfer_failed();
        log::debug!(
            target: LOG,
            "job={} blob={:?} download failed: {error}", ticket.duty.subject, pointer.digest,
        );
        if matches!(error, BlobError::Mismatch) {
            mismatches += 1;
            if mismatches == MISMATCHES {
                return Err(Failure::DigestMismatch);
            }
        }
        pause.sleep().await;
    }
}

fn is_named(bytes: &[u8], pointer: &BlobPointer) -> bool {
    bytes.len() as u64 == pointer.size && blake2_256(bytes) == pointer.digest.0
}

/// Puts a result on the worker's gateway.
pub(crate) async fn publish(
    context: &Context,
    ticket: &Ticket,
    blob: &[u8],
) -> Result<BlobPointer, Stop> {
    let upload = async {
        let mut pause = Backoff::new(context.config.retry_after);
        loop {
            let attempt = context.blobs.publish(blob);
            let error = match tokio::time::timeout(context.config.transfer_timeout, attempt).await {
                Ok(Ok(pointer)) if is_named(blob, &pointer) => return pointer,
                Ok(Ok(_)) => BlobError::Mismatch,
                Ok(Err(error)) => error,
                Err(_) => BlobError::Unavailable("timed out".into()),
            };
            context.metrics.transfer_failed();
            log::warn!(
                target: LOG,
                "job={} upload of the result failed: {error}", ticket.duty.subject,
            );
            pause.sleep().await;
        }
    };
    tokio::select! {
        biased;
        () = ticket.cancel.cancelled() => Err(Stop::Cancelled),
        pointer = upload => Ok(pointer),
        () = context.window_over(ticket.duty.deadline) => {
            Err(Stop::Retry("the result could not be uploaded".into()))
        }
    }
}

struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    fn new(first: Duration) -> Self {
        Self {
            next: first,
            longest: first.saturating_mul(MAX_BACKOFF),
        }
    }

    async fn sleep(&mut self) {
        tokio::time::sleep(self.next).await;
        self.next = self.next.saturating_mul(2).min(self.longest);
    }
}
