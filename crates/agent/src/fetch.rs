//! Downloads and uploads that are tried until the deadline comes near.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use polkadot_sdk::sp_crypto_hashing::blake2_256;
use salus_primitives::{
    blobs::BlobPointer,
    jobs::{Assignment, Ciphertext, Failure},
    AccountId,
};

use crate::{
    blobs::BlobError,
    board::Ticket,
    context::Context,
    places::{Memory, SMALL},
    work::{input_bytes, Stop},
    LOG,
};

/// Downloads of the wrong bytes before the pointer is held to be wrong and not the line.
const MISMATCHES: u32 = 3;
/// The pause between tries doubles up to this many times `retry_after`.
const MAX_BACKOFF: u32 = 16;
/// An attempt that lasted so long and failed was slow.
const SLOW: Duration = Duration::from_secs(5);
/// Bytes for which an attempt has the time of one transfer.
const PART: u64 = 256 << 20;

/// The ciphertexts of a job's inputs in their order and the memory reserved for them, or the failure
/// that is the job's outcome.
pub(crate) async fn inputs(
    context: &Context,
    ticket: &Ticket,
    assignment: &Assignment<AccountId>,
) -> Result<Result<Fetched, Failure>, Stop> {
    let tried = AtomicBool::new(false);
    tokio::select! {
        biased;
        () = ticket.cancel.cancelled() => Err(Stop::Cancelled),
        fetched = attempts(context, ticket, assignment, &tried) => fetched,
        // The chain's window, also where the result is worked out again to be revealed.
        () = context.window_over(ticket.duty.deadline) => match tried.load(Ordering::Relaxed) {
            true => Ok(Err(Failure::Unavailable)),
            // Says nothing about the input.
            false => Err(Stop::Retry("no place was free to fetch the inputs".into())),
        },
    }
}

/// Ciphertexts, and the memory that they take.
pub(crate) type Fetched = (Vec<Vec<u8>>, Memory);

/// Tries until all inputs are there, or one is wrong for the last time. Between two attempts nothing
/// is held that other jobs could use.
async fn attempts(
    context: &Context,
    ticket: &Ticket,
    assignment: &Assignment<AccountId>,
    tried: &AtomicBool,
) -> Result<Result<Fetched, Failure>, Stop> {
    let mut inputs: Vec<Input> = assignment
        .inputs
        .iter()
        .map(|input| match &input.ciphertext {
            Ciphertext::Inline(bytes) => Input::Here(bytes.to_vec()),
            Ciphertext::Blob(pointer) => Input::At(pointer, 0),
        })
        .collect();
    let bytes = input_bytes(assignment);
    let config = &context.config;
    let parts = u32::try_from(bytes / PART).unwrap_or(u32::MAX);
    let longest = config
        .transfer_timeout
        .saturating_mul(parts.saturating_add(1));
    let mut pause = Backoff::new(config.retry_after);
    let mut slow = false;
    loop {
        if inputs.iter().all(Input::is_here) {
            return Ok(Ok((
                inputs.into_iter().filter_map(Input::bytes).collect(),
                None,
            )));
        }
        let (place, memory) = context
            .places
            .download(ticket, &assignment.client, bytes, slow)
            .await;
        let begun = Instant::now();
        let attempt = attempt(context, ticket, &mut inputs, tried);
        match tokio::time::timeout(longest, attempt).await {
            Ok(Ok(true)) => {
                let ciphertexts = inputs.into_iter().filter_map(Input::bytes).collect();
                return Ok(Ok((ciphertexts, memory)));
            }
            Ok(Ok(false)) | Err(_) => (),
            Ok(Err(failure)) => return Ok(Err(failure)),
        }
        slow = begun.elapsed() >= SLOW.min(config.transfer_timeout);
        if bytes > SMALL {
            for (input, assigned) in inputs.iter_mut().zip(&assignment.inputs) {
                if let (Input::Here(_), Ciphertext::Blob(pointer)) = (&*input, &assigned.ciphertext)
                {
                    *input = Input::At(pointer, 0);
                }
            }
        }
        drop((place, memory));
        pause.sleep().await;
        // What was revoked is not served any more, and what moved is elsewhere.
        let now = context
            .assignment_now(assignment.job, &ticket.duty.member)
            .await?;
        unchanged(assignment, now)?;
    }
}

/// Whether the chain still assigns the inputs that are worked on.
pub(crate) fn unchanged(
    assignment: &Assignment<AccountId>,
    now: Option<Assignment<AccountId>>,
) -> Result<(), Stop> {
    match now {
        None => Err(Stop::Withdrawn),
        Some(now) if now.inputs != assignment.inputs => Err(Stop::Retry(
            "the inputs changed while they were worked on".into(),
        )),
        Some(_) => Ok(()),
    }
}

/// One input's ciphertext.
enum Input<'a> {
    Here(Vec<u8>),
    /// To be fetched; so many downloads brought other bytes.
    At(&'a BlobPointer, u32),
}

impl Input<'_> {
    fn is_here(&self) -> bool {
        matches!(self, Input::Here(_))
    }

    fn bytes(self) -> Option<Vec<u8>> {
        match self {
            Input::Here(bytes) => Some(bytes),
            Input::At(..) => None,
        }
    }
}

/// Fetches what is not there yet, in order; whether all is there then.
async fn attempt(
    context: &Context,
    ticket: &Ticket,
    inputs: &mut [Input<'_>],
    tried: &AtomicBool,
) -> Result<bool, Failure> {
    let count = inputs.len();
    for (index, input) in inputs.iter_mut().enumerate() {
        let Input::At(pointer, mismatches) = input else {
            continue;
        };
        ticket.progress.set(index as f64 / count as f64);
        tried.store(true, Ordering::Relaxed);
        let download = context.blobs.fetch(pointer);
        let fetched = tokio::time::timeout(context.config.transfer_timeout, download).await;
        let error = match fetched {
            Ok(Ok(bytes)) if is_named(&bytes, pointer) => {
                *input = Input::Here(bytes);
                continue;
            }
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
            *mismatches += 1;
            if *mismatches == MISMATCHES {
                return Err(Failure::DigestMismatch);
            }
        }
        return Ok(false);
    }
    Ok(true)
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
