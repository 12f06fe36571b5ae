//! Jobs as the chain has them.

use std::time::Duration;

use anyhow::bail;
use salus_primitives::{
    jobs::{Failure, InputSpec, JobId, Outcome},
    Balance,
};
use serde::Serialize;
use subxt::utils::AccountId32;

use super::Panel;
use crate::{
    chain::{
        api::{self, runtime_types::pallet_jobs::types as jobs},
        text::{hex_of, moment_text},
        At, Chain,
    },
    error::usage,
    output,
    record::codes::purpose_name,
};

/// A live job as the chain keeps it.
pub type Entry = jobs::Job<AccountId32, u128, u32>;
/// A finished job as the chain keeps it.
pub type Finished = jobs::Finished<AccountId32, u128, u32>;

/// Between two looks at the chain.
const PAUSE: Duration = Duration::from_millis(700);
/// How far back the end of a job is looked for, blocks: what a node that is no archive still has.
const MEMORY: u64 = 240;

/// Where a job is.
#[derive(Clone, Debug)]
pub enum Phase {
    /// Not settled.
    Live(Entry),
    /// It found a quorum.
    Finished(Finished),
    /// It ended without an outcome.
    Gone,
}

/// Where a job is at this block; an error where it was never posted.
pub async fn phase(chain: &Chain, at: &At, job: JobId) -> anyhow::Result<Phase> {
    let storage = || api::storage().jobs();
    if let Some(entry) = chain.get(at, storage().jobs(), (job,)).await? {
        return Ok(Phase::Live(entry));
    }
    if let Some(entry) = chain.get(at, storage().finished_jobs(), (job,)).await? {
        return Ok(Phase::Finished(entry));
    }
    let next = chain.get(at, storage().next_job_id(), ()).await?;
    match job < next.unwrap_or_default() {
        true => Ok(Phase::Gone),
        false => Err(usage(format!("there is no job {job}"))),
    }
}

/// Waits until the panel is drawn. An error in words where the job ends instead.
pub async fn wait_for_panel(chain: &Chain, job: JobId) -> anyhow::Result<Panel> {
    loop {
        let at = chain.finalized().await?;
        match phase(chain, &at, job).await? {
            Phase::Live(entry)
                if matches!(
                    entry.state,
                    jobs::State::Requested | jobs::State::Waiting { .. }
                ) => {}
            Phase::Live(entry) => {
                return Ok(Panel {
                    seats: entry.seats.0.clone(),
                    reserves: entry.reserves.0.clone(),
                })
            }
            Phase::Finished(_) => bail!("job {job} is finished already"),
            Phase::Gone => {
                let reason = end_reason(chain, job).await?;
                bail!("job {job} ended without a panel: {reason}");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Why a job ended without an outcome, in words.
pub fn reason_words(reason: &jobs::EndReason) -> &'static str {
    match reason {
        jobs::EndReason::Cancelled => "it was cancelled while that was free",
        jobs::EndReason::CancelledLate => {
            "it was cancelled shortly before the draw, and the treasury got the fee of a draw"
        }
        jobs::EndReason::CancelledAfterDraw => {
            "it was cancelled after the draw, and the panel was paid for its time"
        }
        jobs::EndReason::TooFewWorkers => "there are too few workers for the panel",
        jobs::EndReason::NoRandomness => "no young enough randomness came in time",
        jobs::EndReason::DrawsUsedUp => {
            "another job of the client used up the draws of a record, and the treasury got the fee \
             of a draw"
        }
        jobs::EndReason::WorkersBusy => {
            "a worker of its panel stayed busy, and the treasury got the fee of a draw"
        }
        jobs::EndReason::InputsMissing => {
            "its inputs were not complete in time, and the panel was paid for its time"
        }
        jobs::EndReason::ConsentRevoked => {
            "a record may not be analysed any more, and the panel was paid for its time"
        }
        jobs::EndReason::NoQuorum => "too few workers agreed; the client has everything back",
    }
}

/// Looks for the end of a job that is gone in the blocks that the node still has.
pub async fn end_reason(chain: &Chain, job: JobId) -> anyhow::Result<String> {
    let at = chain.finalized().await?;
    let last = at.block_number();
    for number in (last.saturating_sub(MEMORY)..=last).rev() {
        let Ok(at) = chain.at(u32::try_from(number)?).await else {
            break;
        };
        let Ok(events) = at.events().fetch().await else {
            break;
        };
        for ended in events.find::<api::jobs::events::Ended>() {
            let ended = ended?;
            if ended.job == job {
                return Ok(reason_words(&ended.reason).to_owned());
            }
        }
    }
    Ok("the reason is in a block that this node does not have any more".to_owned())
}

/// An outcome in words.
pub fn outcome_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Success(digest) => format!("result {}", hex_of(digest)),
        Outcome::Failed(failure) => failure_words(*failure).to_owned(),
    }
}

/// Why there is no result, in words.
pub fn failure_words(failure: Failure) -> &'static str {
    match failure {
        Failure::CannotOpen => "an input could not be opened with the key that was sealed",
        Failure::Unavailable => "an input could not be fetched in time",
        Failure::DigestMismatch => "an input is not what the chain names",
        Failure::InvalidInput => "the inputs or the parameters are not what the algorithm takes",
        Failure::OverLimit => "the inputs are more than the work bound allows",
    }
}

/// A job, for printing.
#[derive(Clone, Debug, Serialize)]
pub struct Job {
    /// Its number.
    pub job: JobId,
    /// `requested`, `waiting`, `drawn`, `working`, `revealing`, `finished`.
    pub state: &'static str,
    /// Who posted it.
    pub client: AccountId32,
    /// Name and version of the algorithm.
    pub algorithm: String,
    /// Its options, JSON.
    pub parameters: String,
    /// For what.
    pub purpose: String,
    /// Number of inputs.
    pub inputs: usize,
    /// Records among them.
    pub records: Vec<String>,
    /// Who has a seat.
    pub seats: Vec<AccountId32>,
    /// Who steps in.
    pub reserves: Vec<AccountId32>,
    /// Who committed, or, once it is finished, agreed.
    pub committed: Vec<AccountId32>,
    /// Equal outcomes that decide.
    pub quorum: Option<u32>,
    /// What it pays, or what of it still waits.
    #[serde(serialize_with = "crate::output::amount")]
    pub reward: Balance,
    /// Last block of this state.
    pub until: Option<u32>,
    /// What was found.
    pub outcome: Option<String>,
    /// When it was settled, UTC.
    pub settled: Option<String>,
}

impl Job {
    fn live(job: JobId, entry: &Entry) -> Self {
        let (state, until) = match entry.state {
            jobs::State::Requested => ("requested", None),
            jobs::State::Waiting { until, .. } => ("waiting", Some(until)),
            jobs::State::Drawn { provide_by } => ("drawn", Some(provide_by)),
            jobs::State::Working { commit_by, .. } => ("working", Some(commit_by)),
            jobs::State::Revealing { reveal_by, .. } => ("revealing", Some(reveal_by)),
        };
        let spec = &entry.spec;
        Self {
            job,
            state,
            client: entry.client,
            algorithm: text(&spec.algorithm.0),
            parameters: text(&spec.parameters.0),
            purpose: purpose_name(spec.purpose),
            inputs: spec.inputs.0.len(),
            records: spec
                .inputs
                .0
                .iter()
                .filter_map(|spec| record_of(&spec.0))
                .collect(),
            seats: entry.seats.0.clone(),
            reserves: entry.reserves.0.clone(),
            committed: entry.committed.0.clone(),
            quorum: Some(spec.quorum),
            reward: spec.reward,
            until,
            outcome: None,
            settled: None,
        }
    }

    fn finished(job: JobId, entry: &Finished) -> Self {
        Self {
            job,
            state: "finished",
            client: entry.client,
            algorithm: text(&entry.algorithm.0),
            parameters: text(&entry.parameters.0),
            purpose: purpose_name(entry.purpose),
            inputs: entry.inputs.0.len(),
            records: entry
                .inputs
                .0
                .iter()
                .filter_map(|spec| record_of(&spec.0))
                .collect(),
            seats: Vec::new(),
            reserves: Vec::new(),
            committed: entry.winners.0.clone(),
            quorum: None,
            reward: entry
                .holdback
                .as_ref()
                .map_or(0, |holdback| holdback.amount),
            until: None,
            outcome: Some(outcome_words(&entry.outcome)),
            settled: Some(moment_text(entry.settled)),
        }
    }

    /// In words.
    pub fn words(&self) -> String {
        let accounts = |of: &[AccountId32]| {
            of.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n            ")
        };
        let mut rows = vec![
            ("Job", self.job.to_string()),
            (
                "State",
                match self.until {
                    Some(until) => format!("{} until block {until}", self.state),
                    None => self.state.to_owned(),
                },
            ),
            ("Client", self.client.to_string()),
            (
                "Algorithm",
                format!("{} {}", self.algorithm, self.parameters),
            ),
            ("Purpose", self.purpose.clone()),
            ("Inputs", self.inputs.to_string()),
        ];
        for record in &self.records {
            rows.push(("Record", record.clone()));
        }
        if let Some(quorum) = self.quorum {
            rows.push(("Quorum", format!("{quorum} of {}", self.seats.len())));
        }
        for (name, of) in [("Seats", &self.seats), ("Reserves", &self.reserves)] {
            if !of.is_empty() {
                rows.push((name, accounts(of)));
            }
        }
        if !self.committed.is_empty() {
            let name = if self.outcome.is_some() {
                "Agreed"
            } else {
                "Committed"
            };
            rows.push((name, accounts(&self.committed)));
        }
        rows.push((
            "Reward",
            match self.outcome {
                Some(_) if self.reward == 0 => "paid".to_owned(),
                Some(_) => format!("{} of it still wait", output::med(self.reward)),
                None => output::med(self.reward),
            },
        ));
        rows.extend(self.outcome.clone().map(|outcome| ("Outcome", outcome)));
        rows.extend(self.settled.clone().map(|settled| ("Settled", settled)));
        output::fields(&rows)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn record_of(spec: &InputSpec) -> Option<String> {
    match spec {
        InputSpec::Record { record } => Some(hex_of(record)),
        InputSpec::Own { .. } => None,
    }
}

/// Shows a job; an error with the reason where it ended without an outcome.
pub async fn show(chain: &Chain, job: JobId) -> anyhow::Result<Job> {
    let at = chain.finalized().await?;
    match phase(chain, &at, job).await? {
        Phase::Live(entry) => Ok(Job::live(job, &entry)),
        Phase::Finished(entry) => Ok(Job::finished(job, &entry)),
        Phase::Gone => bail!(
            "job {job} ended without an outcome: {}",
            end_reason(chain, job).await?
        ),
    }
}

/// All live and finished jobs, of one client where one is named, newest first.
pub async fn list(chain: &Chain, client: Option<AccountId32>) -> anyhow::Result<Vec<Job>> {
    let at = chain.finalized().await?;
    let storage = || api::storage().jobs();
    let mut found = Vec::new();
    for ((job,), entry) in chain.list(&at, storage().jobs(), ()).await? {
        found.push(Job::live(job, &entry));
    }
    for ((job,), entry) in chain.list(&at, storage().finished_jobs(), ()).await? {
        found.push(Job::finished(job, &entry));
    }
    found.retain(|job| client.is_none_or(|client| job.client == client));
    found.sort_by_key(|job| std::cmp::Reverse(job.job));
    Ok(found)
}
