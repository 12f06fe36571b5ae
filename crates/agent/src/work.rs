//! What each kind of duty asks for.

use std::sync::Arc;

use codec::Encode;
use salus_envelope::Identity;
use salus_primitives::{
    duties::DutyKind,
    jobs::{
        commitment, Assignment, Ciphertext, Failure, JobId, Outcome, ResultForm, ResultPointer,
        Reveal, MAX_INLINE, MAX_JOB_BYTES,
    },
    AccountId, Digest, Hash,
};
use tokio::sync::OwnedSemaphorePermit;
use zeroize::Zeroizing;

use crate::{
    board::{Stage, Ticket},
    chain::ChainError,
    compute,
    context::Context,
    fetch,
    kept::{fingerprint, Kept},
    seal, LOG,
};

/// A kept file up to this size, bytes, is read and revealed without a place.
const SMALL_RESULT: u64 = 1 << 16;

/// Why there is no answer this time.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Asked to stop.
    Cancelled,
    /// The chain has no assignment (any more): no seat, or consent was revoked.
    Withdrawn,
    /// Not the agent's fault: again at the next block.
    Retry(String),
    /// Cannot be done here.
    Declined(String),
    /// This build does not have the algorithm.
    UnknownAlgorithm(String),
}

impl From<ChainError> for Stop {
    fn from(error: ChainError) -> Self {
        Stop::Retry(error.to_string())
    }
}

/// Does a duty; returns the encoded answer.
pub(crate) async fn perform(context: &Arc<Context>, ticket: &Ticket) -> Result<Vec<u8>, Stop> {
    match ticket.duty.kind {
        DutyKind::JobCommit => commit(context, ticket, &assigned(context, ticket).await?).await,
        DutyKind::JobReveal => reveal(context, ticket, &assigned(context, ticket).await?).await,
        DutyKind::RecordSeal => seal::seal(context, ticket).await,
        DutyKind::TrainingKeys | DutyKind::TrainingPost | DutyKind::TrainingDeliver => {
            context.trainings.perform(context, ticket).await
        }
    }
}

/// What the chain assigns, where this agent can take it.
async fn assigned(context: &Context, ticket: &Ticket) -> Result<Assigned, Stop> {
    let duty = &ticket.duty;
    let assignment = context
        .assignment(duty.subject, &duty.member)
        .await?
        .ok_or(Stop::Withdrawn)?;
    let over_limit = is_over_limit(context, &assignment)?;
    Ok(Assigned {
        assignment,
        over_limit,
    })
}

/// A job that this agent can take.
struct Assigned {
    assignment: Assignment<AccountId>,
    /// Its inputs are more than any worker has to take.
    over_limit: bool,
}

/// Whether the job's inputs are more than any worker has to take; an error where this agent cannot
/// take the job at all.
fn is_over_limit(context: &Context, assignment: &Assignment<AccountId>) -> Result<bool, Stop> {
    let name = String::from_utf8_lossy(&assignment.algorithm);
    if !salus_analytics::job::ALGORITHMS.contains(&&*name) {
        return Err(Stop::UnknownAlgorithm(name.into_owned()));
    }
    let total = input_bytes(assignment);
    if total > context.config.max_input_bytes && total <= MAX_JOB_BYTES {
        return Err(Stop::Declined(format!(
            "the inputs take {total} bytes, this agent takes {}",
            context.config.max_input_bytes
        )));
    }
    Ok(total > MAX_JOB_BYTES)
}

/// Ciphertext of all inputs, as the chain announces it.
pub(crate) fn input_bytes(assignment: &Assignment<AccountId>) -> u64 {
    assignment.inputs.iter().fold(0u64, |sum, input| {
        sum.saturating_add(match &input.ciphertext {
            Ciphertext::Inline(bytes) => bytes.len() as u64,
            Ciphertext::Blob(pointer) => pointer.size,
        })
    })
}

/// Salt of a commitment: the same after a crash, another for every worker, job and chain.
fn salt(identity: &Identity, genesis: Hash, job: JobId, worker: &AccountId) -> [u8; 32] {
    identity.derive(
        b"salus/job-salt",
        &[genesis.as_bytes(), &job.to_le_bytes(), worker.as_ref()],
    )
}

async fn commit(
    context: &Arc<Context>,
    ticket: &Ticket,
    assigned: &Assigned,
) -> Result<Vec<u8>, Stop> {
    let kept = match load(context, ticket, assigned).await? {
        Some((kept, _)) => kept,
        None => work_out(context, ticket, assigned).await?,
    };
    let (job, worker) = (assigned.assignment.job, &ticket.duty.member);
    // Who revoked while it was worked out is not answered for.
    let now = context.assignment_now(job, worker).await?;
    fetch::unchanged(&assigned.assignment, now)?;
    Ok(commitment(job, worker, &kept.outcome, &kept.salt).encode())
}

/// What was found before, and where it is large a place to have it in memory.
async fn load(
    context: &Arc<Context>,
    ticket: &Ticket,
    assigned: &Assigned,
) -> Result<Option<(Kept, Option<OwnedSemaphorePermit>)>, Stop> {
    let (job, worker) = (assigned.assignment.job, ticket.duty.member.clone());
    let place = match context.results.size(job, &worker) {
        0 => return Ok(None),
        1..=SMALL_RESULT => None,
        _ => tokio::select! {
            biased;
            () = ticket.cancel.cancelled() => return Err(Stop::Cancelled),
            place = context.places.result(ticket) => Some(place),
        },
    };
    let kept = context
        .blocking(move |context| {
            let identities = &context.config.identities;
            context.results.load(job, &worker, identities)
        })
        .await?;
    let fingerprint = fingerprint(&assigned.assignment);
    Ok(kept
        .filter(|kept| kept.fingerprint == fingerprint)
        .map(|kept| (kept, place)))
}

/// Works the job and keeps what is found.
async fn work_out(
    context: &Arc<Context>,
    ticket: &Ticket,
    assigned: &Assigned,
) -> Result<Kept, Stop> {
    let assignment = &assigned.assignment;
    let (job, worker) = (assignment.job, &ticket.duty.member);
    let (outcome, result) = match assigned.over_limit {
        // A result like any other, so that nobody is struck.
        true => (Outcome::Failed(Failure::OverLimit), None),
        false => compute::work(context, ticket, assignment).await?,
    };
    let identity = context.current_identity()?;
    let kept = Kept {
        fingerprint: fingerprint(assignment),
        outcome,
        salt: salt(identity, context.genesis, job, worker),
        result,
    };
    let (whose, keep) = (worker.clone(), kept.clone());
    context
        .blocking(move |context| {
            let identity = context.current_identity()?;
            context
                .results
                .save(job, &whose, identity, &keep)
                .map_err(|error| Stop::Retry(format!("the result could not be kept: {error}")))
        })
        .await??;
    Ok(kept)
}

async fn reveal(
    context: &Arc<Context>,
    ticket: &Ticket,
    assigned: &Assigned,
) -> Result<Vec<u8>, Stop> {
    let assignment = &assigned.assignment;
    let committed = assignment
        .committed
        .ok_or_else(|| Stop::Declined("the chain has no commitment to reveal".into()))?;
    let (kept, _place) = match load(context, ticket, assigned).await? {
        Some(kept) => kept,
        None => {
            // Read again, so that a large one is in memory only where it has a place.
            drop(work_out(context, ticket, assigned).await?);
            load(context, ticket, assigned)
                .await?
                .ok_or_else(|| Stop::Retry("the kept result cannot be read".into()))?
        }
    };
    let (outcome, salt) = matching(context, ticket, assignment, &kept, committed)?;
    let result = match (outcome, &kept.result) {
        (Outcome::Success(_), Some(bytes)) => {
            ticket.enter(Stage::Publishing);
            Some(publish(context, ticket, assignment, bytes).await?)
        }
        _ => None,
    };
    let reveal = Reveal {
        outcome,
        salt,
        result,
    };
    Ok(reveal.encode())
}

/// Outcome and salt that were committed to. Where the kept file was lost and the world changed since
/// (an input that could not be fetched then can be now), what was committed to stands.
fn matching(
    context: &Context,
    ticket: &Ticket,
    assignment: &Assignment<AccountId>,
    kept: &Kept,
    committed: Digest,
) -> Result<(Outcome, [u8; 32]), Stop> {
    let (job, worker) = (assignment.job, &ticket.duty.member);
    let failures = [
        Failure::CannotOpen,
        Failure::Unavailable,
        Failure::DigestMismatch,
        Failure::InvalidInput,
        Failure::OverLimit,
    ];
    let outcomes: Vec<Outcome> = std::iter::once(kept.outcome)
        .chain(failures.map(Outcome::Failed))
        .collect();
    let derived = context
        .config
        .identities
        .iter()
        .map(|identity| salt(identity, context.genesis, job, worker));
    for salt in std::iter::once(kept.salt).chain(derived) {
        for outcome in &outcomes {
            if commitment(job, worker, outcome, &salt) == committed {
                return Ok((*outcome, salt));
            }
        }
    }
    Err(Stop::Declined(
        "the commitment on chain is not of this agent's result".into(),
    ))
}

/// Puts the result where the client finds it, in the form it asked for.
async fn publish(
    context: &Arc<Context>,
    ticket: &Ticket,
    assignment: &Assignment<AccountId>,
    bytes: &Arc<Zeroizing<Vec<u8>>>,
) -> Result<ResultPointer, Stop> {
    let blob = match assignment.form {
        ResultForm::Clear => bytes.to_vec(),
        ResultForm::Sealed => {
            let (bytes, client) = (bytes.clone(), assignment.client_recipient);
            context
                .blocking(move |_| salus_envelope::encrypt(&bytes, &[client]))
                .await?
                .map_err(|error| Stop::Declined(format!("sealing to the client: {error}")))?
        }
    };
    if blob.len() <= MAX_INLINE as usize {
        let inline = blob
            .try_into()
            .map_err(|_| Stop::Declined("an inline result is too long".into()))?;
        return Ok(ResultPointer::Inline(inline));
    }
    let pointer = fetch::publish(context, ticket, &blob).await?;
    log::debug!(
        target: LOG,
        "job={} result={:?} size={} uploaded", assignment.job, pointer.digest, pointer.size,
    );
    Ok(ResultPointer::Blob(pointer))
}
