//! A job's way, event by event.

use std::time::Duration;

use salus_primitives::{
    jobs::{JobId, Outcome},
    Balance, BlockNumber,
};
use serde::Serialize;
use subxt::{events::Events, utils::AccountId32};

use super::read::{self, outcome_words, reason_words, Phase};
use crate::{
    chain::{
        api::{jobs::events, runtime_types::pallet_jobs::types as jobs},
        Chain, Config,
    },
    output::{self, count},
};

/// Between two looks at the chain.
const PAUSE: Duration = Duration::from_millis(700);
/// Blocks whose events a node that is no archive still has.
const MEMORY: u64 = 240;

/// Something that happened to a job.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// It was posted.
    Posted {
        /// What it pays.
        #[serde(serialize_with = "crate::output::amount")]
        reward: Balance,
    },
    /// The panel is drawn.
    Drawn {
        /// Who has a seat.
        seats: Vec<AccountId32>,
        /// Who steps in.
        reserves: Vec<AccountId32>,
        /// How many come from an earlier post of the same inputs.
        remembered: u32,
    },
    /// A worker on the panel is busy; the job waits for it.
    PutOff {
        /// Last block of the wait.
        until: BlockNumber,
    },
    /// The client named own inputs.
    Provided {
        /// How many.
        items: u32,
    },
    /// The owner sealed a record's key to the panel.
    RecordSealed {
        /// Position of the record among the inputs.
        index: u32,
    },
    /// Every input is there: the panel works.
    Started {
        /// Last block for commitments.
        commit_by: BlockNumber,
    },
    /// A worker committed to an outcome.
    Committed {
        /// Who.
        worker: AccountId32,
    },
    /// No more commitments.
    RevealsOpened {
        /// Last block for reveals.
        reveal_by: BlockNumber,
    },
    /// A worker revealed its outcome.
    Revealed {
        /// Who.
        worker: AccountId32,
        /// What it found.
        outcome: String,
    },
    /// A worker lost part of its bond.
    Slashed {
        /// Who.
        worker: AccountId32,
        /// Why.
        fault: &'static str,
        /// How much.
        #[serde(serialize_with = "crate::output::amount")]
        amount: Balance,
    },
    /// A worker had a seat and never committed.
    Struck {
        /// Who.
        worker: AccountId32,
        /// How many such jobs in a row.
        strikes: u32,
    },
    /// A quorum agreed.
    Settled {
        /// On what.
        outcome: String,
        /// Who agreed.
        winners: Vec<AccountId32>,
        /// What each of them got.
        #[serde(serialize_with = "crate::output::amount")]
        share: Balance,
    },
    /// It ended without an outcome.
    Ended {
        /// Why.
        reason: &'static str,
    },
}

impl Step {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Step::Posted { reward } => format!("posted, paying {}", output::med(*reward)),
            Step::Drawn {
                seats, reserves, ..
            } => format!(
                "panel drawn: {}, {}",
                count(seats.len() as u64, "seat"),
                count(reserves.len() as u64, "reserve")
            ),
            Step::PutOff { until } => {
                format!("a worker of the panel is busy; waiting until block {until}")
            }
            Step::Provided { items } => format!("the client provided {}", count(*items, "input")),
            Step::RecordSealed { index } => {
                format!("its owner sealed record {index} to the panel")
            }
            Step::Started { commit_by } => {
                format!("inputs complete; the panel works, commitments until block {commit_by}")
            }
            Step::Committed { worker } => format!("{worker} committed"),
            Step::RevealsOpened { reveal_by } => format!("reveals until block {reveal_by}"),
            Step::Revealed { worker, outcome } => format!("{worker} revealed {outcome}"),
            Step::Slashed {
                worker,
                fault,
                amount,
            } => {
                format!("{worker} lost {}: {fault}", output::med(*amount))
            }
            Step::Struck { worker, strikes } => {
                format!("{worker} never committed ({strikes} in a row)")
            }
            Step::Settled {
                outcome,
                winners,
                share,
            } => format!(
                "settled by {}, {} each: {outcome}",
                count(winners.len() as u64, "worker"),
                output::med(*share)
            ),
            Step::Ended { reason } => format!("ended without an outcome: {reason}"),
        }
    }
}

/// How a job ended.
#[derive(Clone, Debug)]
pub enum End {
    /// A quorum agreed.
    Settled {
        /// On what.
        outcome: Outcome,
        /// Who agreed.
        winners: Vec<AccountId32>,
    },
    /// Without an outcome, in words.
    Ended(String),
}

/// The job's steps among a block's events.
fn steps(events: &Events<Config>, job: JobId) -> anyhow::Result<Vec<Step>> {
    let mut found = Vec::new();
    for event in events.iter() {
        let event = event?;
        if event.pallet_name() != "Jobs" {
            continue;
        }
        macro_rules! on {
            ($kind:ident, $found:ident => $step:expr) => {
                if let Some($found) = event.decode_fields_as::<events::$kind>() {
                    let $found = $found?;
                    if $found.job == job {
                        found.push($step);
                    }
                    continue;
                }
            };
        }
        on!(Posted, e => Step::Posted { reward: e.reward });
        on!(Drawn, e => Step::Drawn {
            seats: e.seats,
            reserves: e.reserves,
            remembered: e.remembered,
        });
        on!(PutOff, e => Step::PutOff { until: e.until });
        on!(Provided, e => Step::Provided { items: e.items });
        on!(RecordSealed, e => Step::RecordSealed { index: e.index });
        on!(Started, e => Step::Started { commit_by: e.commit_by });
        on!(Committed, e => Step::Committed { worker: e.worker });
        on!(RevealsOpened, e => Step::RevealsOpened { reveal_by: e.reveal_by });
        on!(Revealed, e => Step::Revealed {
            worker: e.worker,
            outcome: outcome_words(&e.outcome),
        });
        on!(Slashed, e => Step::Slashed {
            worker: e.worker,
            fault: fault_words(&e.fault),
            amount: e.amount,
        });
        on!(Struck, e => Step::Struck { worker: e.worker, strikes: e.strikes });
        on!(Settled, e => Step::Settled {
            outcome: outcome_words(&e.outcome),
            winners: e.winners,
            share: e.share,
        });
        on!(Ended, e => Step::Ended { reason: reason_words(&e.reason) });
    }
    Ok(found)
}

fn fault_words(fault: &jobs::Fault) -> &'static str {
    match fault {
        jobs::Fault::WrongResult => "its result is not that of the quorum",
        jobs::Fault::NotRevealed => "it committed and did not reveal",
    }
}

/// Follows a job from its post, as far back as the node remembers, to its end. `on` is called for
/// every step with its block, each once, in final blocks only.
pub async fn watch(
    chain: &Chain,
    job: JobId,
    mut on: impl FnMut(u32, &Step),
) -> anyhow::Result<End> {
    let at = chain.finalized().await?;
    let last = at.block_number();
    let posted_at = match read::phase(chain, &at, job).await? {
        Phase::Live(entry) => entry.posted_at,
        Phase::Finished(entry) => entry.posted_at,
        Phase::Gone => return Ok(End::Ended(read::end_reason(chain, job).await?)),
    };
    let mut next = u64::from(posted_at).max(last.saturating_sub(MEMORY));
    loop {
        let at = chain.finalized().await?;
        while next <= at.block_number() {
            let number = u32::try_from(next)?;
            let events = chain.at(number).await?.events().fetch().await?;
            for step in steps(&events, job)? {
                on(number, &step);
            }
            next += 1;
        }
        match read::phase(chain, &at, job).await? {
            Phase::Live(_) => {}
            Phase::Finished(entry) => {
                return Ok(End::Settled {
                    outcome: entry.outcome.0,
                    winners: entry.winners.0,
                })
            }
            Phase::Gone => return Ok(End::Ended(read::end_reason(chain, job).await?)),
        }
        tokio::time::sleep(PAUSE).await;
    }
}
