//! From an assignment to its outcome.

use std::sync::Arc;

use polkadot_sdk::sp_crypto_hashing::blake2_256;
use salus_analytics::job::{self, Bound};
use salus_envelope::{content, Identity};
use salus_primitives::{
    jobs::{AssignedInput, Assignment, Cipher, Failure, Outcome},
    AccountId,
};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::{
    board::{Progress, Stage, Ticket},
    cancel::Cancel,
    context::Context,
    fetch,
    places::{Memory, Slot},
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

    let keys = match open_capsules(&assignment.inputs, &context.config.identities) {
        Ok(keys) => keys,
        Err(failure) => return failed(failure),
    };
    let (ciphertexts, memory) = match fetch::inputs(context, ticket, assignment).await? {
        Ok(fetched) => fetched,
        Err(failure) => return failed(failure),
    };
    let slot = tokio::select! {
        biased;
        () = ticket.cancel.cancelled() => return Err(Stop::Cancelled),
        slot = context.places.compute(ticket) => slot,
    };
    // Removed when this ends in whatever way but the death of the process.
    let _attempt = context.results.begin(assignment, &ticket.duty.member)?;

    ticket.enter(Stage::Computing);
    let (send, receive) = oneshot::channel();
    let task = Task {
        context: context.clone(),
        worker: ticket.duty.member.clone(),
        assignment: assignment.clone(),
        ciphertexts,
        keys,
        cancel: ticket.cancel.clone(),
        progress: ticket.progress.clone(),
        _held: (slot, memory),
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

/// The part that needs the processor: it owns everything it touches and wipes what is secret.
struct Task {
    context: Arc<Context>,
    worker: AccountId,
    assignment: Assignment<AccountId>,
    ciphertexts: Vec<Vec<u8>>,
    keys: Vec<Identity>,
    cancel: Cancel,
    progress: Progress,
    /// Given back when the thread ends, which may be after its task.
    _held: (Slot, Memory),
}

impl Task {
    fn run(mut self) -> Result<Found, Stop> {
        let contents = match self.decrypt()? {
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
        let bound = self.assignment.bound;
        let result = job::run_on(
            Some(self.context.config.threads),
            &String::from_utf8_lossy(&self.assignment.algorithm),
            &self.assignment.parameters,
            &plaintexts,
            Bound {
                rows: bound.rows,
                columns: bound.columns,
                clusters: bound.clusters,
                iterations: bound.iterations,
            },
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
        log::info!(target: LOG, "job={} the analysis ended with {failure:?}", self.assignment.job);
        Ok((Outcome::Failed(failure), None))
    }

    /// Salted plaintexts that are what the chain names, in the order of the inputs. All are opened
    /// before any is compared; each ciphertext goes when it is open.
    fn decrypt(&mut self) -> Result<Result<Contents, Failure>, Stop> {
        let ciphertexts = std::mem::take(&mut self.ciphertexts);
        let mut contents = Contents::with_capacity(ciphertexts.len());
        for (index, (ciphertext, key)) in ciphertexts.into_iter().zip(&self.keys).enumerate() {
            // Fetching and opening take time in which a patient may have revoked.
            self.check_assignment()?;
            if index == 0 {
                self.context.metrics.computation();
            }
            match salus_envelope::decrypt(&ciphertext, key) {
                Ok(bytes) => contents.push(bytes),
                Err(_) => return Ok(Err(Failure::CannotOpen)),
            }
        }
        for (bytes, input) in contents.iter().zip(&self.assignment.inputs) {
            if content::unpack(bytes, &input.commitment.0).is_err() {
                return Ok(Err(Failure::DigestMismatch));
            }
        }
        Ok(Ok(contents))
    }

    /// Ends the work where the best block does not assign these inputs any more.
    fn check_assignment(&self) -> Result<(), Stop> {
        let chain = &self.context.chain;
        let now = chain.assignment(chain.best().hash, self.assignment.job, &self.worker)?;
        fetch::unchanged(&self.assignment, now)
    }
}

/// Salted plaintexts.
type Contents = Vec<Zeroizing<Vec<u8>>>;
