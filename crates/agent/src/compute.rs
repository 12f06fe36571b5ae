//! From an assignment to its outcome.

use std::{num::NonZeroUsize, sync::Arc};

use polkadot_sdk::sp_crypto_hashing::blake2_256;
use salus_analytics::job::{self, Bound};
use salus_envelope::{content, Identity};
use salus_primitives::{
    jobs::{AssignedInput, Assignment, Cipher, Failure, JobId, Outcome},
    AccountId,
};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::{
    board::{Progress, Stage, Ticket},
    cancel::Cancel,
    context::Context,
    fetch,
    work::Stop,
    LOG,
};

/// Outcome, and the canonical bytes of a success.
pub(crate) type Found = (Outcome, Option<Arc<Zeroizing<Vec<u8>>>>);

/// Works a job from its capsules to its outcome.
pub(crate) async fn work(
    context: &Arc<Context>,
    ticket: &Ticket,
    assignment: &Assignment<AccountId>,
) -> Result<Found, Stop> {
    let failed = |failure: Failure| Ok((Outcome::Failed(failure), None));
    let Cipher::AgeX25519 = assignment.cipher;

    ticket.enter(Stage::Fetching);
    let keys = match open_capsules(&assignment.inputs, &context.config.identities) {
        Ok(keys) => keys,
        Err(failure) => return failed(failure),
    };
    let ciphertexts = match fetch_all(context, ticket, assignment).await? {
        Ok(ciphertexts) => ciphertexts,
        Err(failure) => return failed(failure),
    };

    // Fetching takes time in which a patient may have revoked.
    let now = context
        .assignment_now(assignment.job, &ticket.duty.member)
        .await?
        .ok_or(Stop::Withdrawn)?;
    if now.inputs != assignment.inputs {
        return Err(Stop::Retry(
            "the inputs changed while they were fetched".into(),
        ));
    }

    ticket.enter(Stage::Computing);
    context.metrics.computation();
    let (send, receive) = oneshot::channel();
    let task = Task {
        job: assignment.job,
        algorithm: String::from_utf8_lossy(&assignment.algorithm).into_owned(),
        parameters: assignment.parameters.clone(),
        bound: Bound {
            rows: assignment.bound.rows,
            columns: assignment.bound.columns,
            clusters: assignment.bound.clusters,
            iterations: assignment.bound.iterations,
        },
        inputs: assignment.inputs.clone(),
        ciphertexts,
        keys,
        threads: context.config.threads,
        cancel: ticket.cancel.clone(),
        progress: ticket.progress.clone(),
    };
    // A thread of its own: analyses last minutes, and the slots bound how many there are.
    std::thread::Builder::new()
        .name(format!("salus-job-{}", assignment.job))
        .spawn(move || {
            // Nobody waits where the agent stopped.
            let _ = send.send(task.run());
        })
        .map_err(|error| Stop::Retry(format!("no thread for the analysis: {error}")))?;
    receive
        .await
        .unwrap_or_else(|_| Err(Stop::Declined("the analysis panicked".into())))
}

/// The keys of the inputs, in their order.
fn open_capsules(
    inputs: &[AssignedInput],
    identities: &[Identity],
) -> Result<Vec<Identity>, Failure> {
    inputs
        .iter()
        .map(|input| {
            identities
                .iter()
                .find_map(|identity| {
                    salus_envelope::open_capsule(&input.capsule, identity, &input.recipient).ok()
                })
                .ok_or(Failure::CannotOpen)
        })
        .collect()
}

/// The ciphertexts of the inputs, fetched in their order.
async fn fetch_all(
    context: &Arc<Context>,
    ticket: &Ticket,
    assignment: &Assignment<AccountId>,
) -> Result<Result<Vec<Vec<u8>>, Failure>, Stop> {
    // The chain's window, also where the result is worked out again to be revealed.
    let deadline = ticket.duty.deadline;
    let mut ciphertexts = Vec::with_capacity(assignment.inputs.len());
    for (index, input) in assignment.inputs.iter().enumerate() {
        ticket
            .progress
            .set(index as f64 / assignment.inputs.len() as f64);
        match fetch::ciphertext(context, ticket, &input.ciphertext, deadline).await? {
            Ok(bytes) => ciphertexts.push(bytes),
            Err(failure) => return Ok(Err(failure)),
        }
    }
    Ok(Ok(ciphertexts))
}

/// The part that needs the processor: it owns everything it touches and wipes what is secret.
struct Task {
    job: JobId,
    algorithm: String,
    parameters: Vec<u8>,
    bound: Bound,
    inputs: Vec<AssignedInput>,
    ciphertexts: Vec<Vec<u8>>,
    keys: Vec<Identity>,
    threads: NonZeroUsize,
    cancel: Cancel,
    progress: Progress,
}

impl Task {
    fn run(mut self) -> Result<Found, Stop> {
        let contents = match self.decrypt() {
            Ok(contents) => contents,
            Err(failure) => return Ok((Outcome::Failed(failure), None)),
        };
        if self.cancel.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        let plaintexts: Vec<&[u8]> = contents
            .iter()
            .map(|bytes| &bytes[content::SALT..])
            .collect();
        let result = job::run_on(
            Some(self.threads),
            &self.algorithm,
            &self.parameters,
            &plaintexts,
            self.bound,
            self.cancel.flag(),
            &|part| self.progress.set(part),
        );
        let failure = match result {
            Ok(bytes) => {
                let bytes = Arc::new(Zeroizing::new(bytes));
                let digest = blake2_256(&bytes).into();
                return Ok((Outcome::Success(digest), Some(bytes)));
            }
            Err(job::Error::InvalidInput(_)) => Failure::InvalidInput,
            Err(job::Error::OverLimit(_)) => Failure::OverLimit,
            Err(job::Error::Cancelled) => return Err(Stop::Cancelled),
            Err(job::Error::UnknownAlgorithm(name)) => return Err(Stop::UnknownAlgorithm(name)),
        };
        // Why in words could quote the data, so the log has the outcome only.
        log::info!(target: LOG, "job={} the analysis ended with {failure:?}", self.job);
        Ok((Outcome::Failed(failure), None))
    }

    /// Salted plaintexts that are what the chain names, in the order of the inputs. All are opened
    /// before any is compared; each ciphertext goes when it is open.
    fn decrypt(&mut self) -> Result<Vec<Zeroizing<Vec<u8>>>, Failure> {
        let contents: Vec<_> = std::mem::take(&mut self.ciphertexts)
            .into_iter()
            .zip(&self.keys)
            .map(|(ciphertext, key)| {
                salus_envelope::decrypt(&ciphertext, key).map_err(|_| Failure::CannotOpen)
            })
            .collect::<Result<_, _>>()?;
        for (bytes, input) in contents.iter().zip(&self.inputs) {
            content::unpack(bytes, &input.commitment.0).map_err(|_| Failure::DigestMismatch)?;
        }
        Ok(contents)
    }
}
