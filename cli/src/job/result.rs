//! A finished job's result.

use anyhow::{anyhow, bail};
use salus_envelope::{decrypt_limited, Identity};
use salus_primitives::{
    jobs::{JobId, Outcome, ResultForm, ResultPointer},
    Digest,
};
use serde::Serialize;
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;
use zeroize::Zeroizing;

use super::read::{self, failure_words, Phase};
use crate::{
    chain::{account_of, api, text::hex_of, Chain, Receipt},
    error::usage,
    record::{self, MAX_CONTENT},
};

/// A worker whose copy of the result was of no use.
#[derive(Clone, Debug, Serialize)]
pub struct Tried {
    /// Who keeps it.
    pub worker: AccountId32,
    /// What was wrong with it.
    pub reason: String,
}

/// A result that has the digest which the quorum agreed on.
pub struct Found {
    /// Canonical bytes.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Name and version of the algorithm.
    pub algorithm: String,
    /// blake2-256 of them.
    pub digest: Digest,
    /// Whose copy it is.
    pub worker: AccountId32,
    /// Whose copies were of no use before.
    pub tried: Vec<Tried>,
    /// Whether part of the reward still waits for the client to accept.
    pub waits: bool,
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Found")
            .field("digest", &self.digest)
            .field("worker", &self.worker)
            .field("tried", &self.tried)
            .finish_non_exhaustive()
    }
}

/// No agreeing worker's copy of the result was of use.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "no agreeing worker serves the result of job {job}: {}; where that lasts, say so on chain: \
     salus job report {job}",
    tried.iter().map(|t| format!("{}: {}", t.worker, t.reason)).collect::<Vec<_>>().join("; ")
)]
pub struct NoneServes {
    /// The job.
    pub job: JobId,
    /// What was wrong with each copy.
    pub tried: Vec<Tried>,
}

/// Fetches a finished job's result from the first agreeing worker whose copy has the right digest.
/// The client reads a sealed result with its `identities`, current and former.
pub async fn fetch(
    chain: &Chain,
    client: &Keypair,
    identities: &[Identity],
    job: JobId,
) -> anyhow::Result<Found> {
    let at = chain.finalized().await?;
    let entry = match read::phase(chain, &at, job).await? {
        Phase::Finished(entry) => entry,
        Phase::Live(_) => {
            bail!("job {job} is not finished: follow it with `salus job watch {job}`")
        }
        Phase::Gone => bail!(
            "job {job} has no result: {}",
            read::end_reason(chain, job).await?
        ),
    };
    let digest = match entry.outcome.0 {
        Outcome::Success(digest) => digest,
        Outcome::Failed(failure) => bail!(
            "the panel agrees that there is no result: {}",
            failure_words(failure)
        ),
    };
    if !entry.kept {
        bail!("the result of job {job} was given up: its client had the pointers removed");
    }
    let sealed = entry.form.0 == ResultForm::Sealed;
    if sealed && entry.client != account_of(client) {
        return Err(usage(format!(
            "the result of job {job} is encrypted to its client, {}",
            entry.client
        )));
    }
    let mut tried = Vec::new();
    for worker in &entry.winners.0 {
        let pointer = chain
            .get(&at, api::storage().jobs().results(), (job, *worker))
            .await?;
        let copy = match pointer.map(|pointer| pointer.0) {
            Some(pointer) => copy_of(chain, client, identities, pointer, sealed, digest).await,
            None => Err(anyhow!("it named no place")),
        };
        match copy {
            Ok(bytes) => {
                return Ok(Found {
                    bytes,
                    algorithm: String::from_utf8_lossy(&entry.algorithm.0).into_owned(),
                    digest,
                    worker: *worker,
                    tried,
                    waits: entry.holdback.is_some(),
                })
            }
            Err(error) => tried.push(Tried {
                worker: *worker,
                reason: format!("{error:#}"),
            }),
        }
    }
    Err(NoneServes { job, tried }.into())
}

async fn copy_of(
    chain: &Chain,
    client: &Keypair,
    identities: &[Identity],
    pointer: ResultPointer,
    sealed: bool,
    digest: Digest,
) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let stored: Vec<u8> = match pointer {
        ResultPointer::Inline(bytes) => bytes.into_inner(),
        ResultPointer::Blob(blob) => record::fetch(chain, client, &blob).await?,
    };
    let bytes = match sealed {
        false => Zeroizing::new(stored),
        true => identities
            .iter()
            .find_map(|identity| decrypt_limited(&stored, identity, MAX_CONTENT).ok())
            .ok_or_else(|| anyhow!("it does not open with this identity"))?,
    };
    let actual = salus_blobs::digest(&bytes);
    if actual != digest {
        bail!("its digest is {}, not {}", hex_of(&actual), hex_of(&digest));
    }
    Ok(bytes)
}

/// The client accepts the result: the rest of the reward goes to the winners.
pub async fn accept(chain: &Chain, client: &Keypair, job: JobId) -> anyhow::Result<Receipt> {
    chain
        .submit(client, &api::tx().jobs().accept_result(job))
        .await
}

/// The client says that no winner's result could be fetched: the rest of the reward goes to the
/// treasury.
pub async fn report_unavailable(
    chain: &Chain,
    client: &Keypair,
    job: JobId,
) -> anyhow::Result<Receipt> {
    chain
        .submit(client, &api::tx().jobs().report_unavailable(job))
        .await
}

/// The client has the pointers to the results removed, after the retention period.
pub async fn forget(chain: &Chain, client: &Keypair, job: JobId) -> anyhow::Result<Receipt> {
    chain.submit(client, &api::tx().jobs().forget(job)).await
}
