//! Stake as others see it.

use anyhow::Context;
use salus_primitives::{stake::SessionIndex, Balance};
use serde::Serialize;
use subxt::utils::AccountId32;

use super::percent;
use crate::{
    chain::{
        api::{
            self,
            runtime_types::{
                pallet_delegation::types::Chill,
                salus_primitives::stake::{CandidateInfo, StakeInfo, Standing},
            },
        },
        At, Chain,
    },
    error::usage,
    output::{self, amount, med},
};

/// Entries that the runtime gives at a time.
const PAGE: u32 = 64;

/// A candidate.
#[derive(Clone, Debug, Serialize)]
pub struct Candidate {
    /// Its account.
    pub account: AccountId32,
    /// Its own stake.
    #[serde(serialize_with = "amount")]
    pub bond: Balance,
    /// What others delegated to it.
    #[serde(serialize_with = "amount")]
    pub delegated: Balance,
    /// Part of the rewards that it takes before they are shared, in 10^-9.
    pub commission: u32,
    /// A higher commission, in 10^-9, and the first session in which it holds.
    pub announced: Option<(u32, SessionIndex)>,
    /// `electable`, `leaving`, `absent`, `offender`, `bond-too-small`, `not-an-institution`,
    /// `no-session-keys`.
    pub standing: &'static str,
    /// Whether it was elected for the session that was planned last.
    pub elected: bool,
    /// Slashes that wait for their session.
    pub pending_slashes: u32,
}

impl Candidate {
    /// As a table.
    pub fn table(all: &[Self]) -> String {
        let rows: Vec<_> = all
            .iter()
            .map(|one| {
                vec![
                    one.account.to_string(),
                    med(one.bond),
                    med(one.delegated),
                    match one.announced {
                        Some((to, from)) => format!(
                            "{}, {} from session {from}",
                            percent(one.commission),
                            percent(to)
                        ),
                        None => percent(one.commission),
                    },
                    one.standing.to_owned(),
                    if one.elected { "yes" } else { "no" }.to_owned(),
                    one.pending_slashes.to_string(),
                ]
            })
            .collect();
        output::table(
            &[
                "Candidate",
                "Bond",
                "Delegated",
                "Commission",
                "Standing",
                "Elected",
                "Slashes",
            ],
            &rows,
        )
    }
}

/// Who validates, now and next.
#[derive(Clone, Debug, Serialize)]
pub struct Elected {
    /// The session of now.
    pub session: SessionIndex,
    /// Who validates in it.
    pub validators: Vec<AccountId32>,
    /// Who validates in the next.
    pub planned: Vec<AccountId32>,
    /// Who would be elected if the session after were planned now; none where too few can be.
    pub would_be: Vec<AccountId32>,
}

impl Elected {
    /// In words.
    pub fn words(&self) -> String {
        let list = |all: &[AccountId32]| -> String {
            all.iter().map(|who| format!("  {who}\n")).collect()
        };
        let would_be = match self.would_be.as_slice() {
            [] => "  too few can be elected: the validators stay\n".to_owned(),
            all => list(all),
        };
        format!(
            "Session {}\n{}Planned for session {}\n{}Would be elected now\n{would_be}",
            self.session,
            list(&self.validators),
            self.session.saturating_add(1),
            list(&self.planned),
        )
    }
}

/// What an account has with one candidate.
#[derive(Clone, Debug, Serialize)]
pub struct Delegated {
    /// The candidate.
    pub candidate: AccountId32,
    /// What its shares are worth.
    #[serde(serialize_with = "amount")]
    pub worth: Balance,
    /// What came from another candidate and cannot leave yet.
    #[serde(serialize_with = "amount")]
    pub locked: Balance,
    /// What is on its way back.
    pub unbonding: Vec<Unbonding>,
}

/// Stake on its way back.
#[derive(Clone, Debug, Serialize)]
pub struct Unbonding {
    /// How much.
    #[serde(serialize_with = "amount")]
    pub amount: Balance,
    /// The first session in which it can be withdrawn.
    pub unlocks: SessionIndex,
}

impl Delegated {
    /// As a table.
    pub fn table(all: &[Self]) -> String {
        let rows: Vec<_> = all
            .iter()
            .map(|one| {
                let unbonding: Vec<_> = one
                    .unbonding
                    .iter()
                    .map(|part| format!("{} in session {}", med(part.amount), part.unlocks))
                    .collect();
                vec![
                    one.candidate.to_string(),
                    med(one.worth),
                    med(one.locked),
                    unbonding.join(", "),
                ]
            })
            .collect();
        output::table(&["Candidate", "Worth", "Locked", "Unbonding"], &rows)
    }
}

/// What a delegation gained.
#[derive(Clone, Debug, Serialize)]
pub struct Gain {
    /// The candidate.
    pub candidate: AccountId32,
    /// What `salus stake claim` takes out.
    #[serde(serialize_with = "amount")]
    pub amount: Balance,
}

impl Gain {
    /// As a table.
    pub fn table(all: &[Self]) -> String {
        let rows: Vec<_> = all
            .iter()
            .map(|one| vec![one.candidate.to_string(), med(one.amount)])
            .collect();
        output::table(&["Candidate", "Gained"], &rows)
    }
}

/// What a delegation would gain.
#[derive(Clone, Debug, Serialize)]
pub struct Yield {
    /// The candidate.
    pub candidate: AccountId32,
    /// Gain of a year on one MED, in 10^-18 MED, as a string.
    #[serde(serialize_with = "amount")]
    pub yearly: u128,
}

impl Yield {
    /// As a table.
    pub fn table(all: &[Self]) -> String {
        let rows: Vec<_> = all
            .iter()
            .map(|one| {
                // 10^-4 percent.
                let parts = one.yearly / 1_000_000_000_000;
                vec![
                    one.candidate.to_string(),
                    format!("{}.{:04}%", parts / 10_000, parts % 10_000),
                ]
            })
            .collect();
        output::table(&["Candidate", "A year"], &rows)
    }
}

/// A slash that waits for its session.
#[derive(Clone, Debug, Serialize)]
pub struct Slash {
    /// Who is accused.
    pub candidate: AccountId32,
    /// Session of the offence.
    pub session: SessionIndex,
    /// Part of the stake, in 10^-9.
    pub fraction: u32,
    /// Session at whose start it is taken.
    pub due: SessionIndex,
    /// Whether the council cancelled it.
    pub cancelled: bool,
    /// Who shares the reward.
    pub reporters: Vec<AccountId32>,
}

impl Slash {
    /// As a table.
    pub fn table(all: &[Self]) -> String {
        let rows: Vec<_> = all
            .iter()
            .map(|one| {
                vec![
                    one.candidate.to_string(),
                    one.session.to_string(),
                    percent(one.fraction),
                    match one.cancelled {
                        true => "cancelled".to_owned(),
                        false => format!("at the start of session {}", one.due),
                    },
                ]
            })
            .collect();
        output::table(&["Candidate", "Session", "Part", "Taken"], &rows)
    }
}

/// Whether an account is a candidate.
pub async fn is_candidate(chain: &Chain, account: AccountId32) -> anyhow::Result<bool> {
    let at = chain.finalized().await?;
    let found = chain
        .get(&at, api::storage().delegation().candidates(), (account,))
        .await?;
    Ok(found.is_some())
}

async fn standing(
    chain: &Chain,
    at: &At,
    info: &CandidateInfo<AccountId32, u128>,
) -> anyhow::Result<&'static str> {
    Ok(match info.standing {
        Standing::Electable => "electable",
        Standing::Leaving => "leaving",
        Standing::BondTooSmall => "bond-too-small",
        Standing::NotInstitution => "not-an-institution",
        Standing::NoSessionKeys => "no-session-keys",
        Standing::Chilled => {
            let entry = api::storage().delegation().candidates();
            let found = chain.get(at, entry, (info.account,)).await?;
            match found.and_then(|candidate| candidate.chilled) {
                Some(Chill::Offence) => "offender",
                _ => "absent",
            }
        }
    })
}

/// The candidates, best backed first.
pub async fn candidates(chain: &Chain) -> anyhow::Result<Vec<Candidate>> {
    let at = chain.finalized().await?;
    let mut all = Vec::new();
    loop {
        let start = u32::try_from(all.len())?;
        let question = api::runtime_apis().stake_api().candidates(start, PAGE);
        let page = chain.ask(&at, question).await?;
        let last = page.len() < PAGE as usize;
        for info in page {
            all.push(Candidate {
                account: info.account,
                bond: info.bond,
                delegated: info.delegated,
                commission: info.commission.0,
                announced: info
                    .announced
                    .as_ref()
                    .map(|(commission, from)| (commission.0, *from)),
                standing: standing(chain, &at, &info).await?,
                elected: info.elected,
                pending_slashes: info.pending_slashes,
            });
        }
        if last {
            return Ok(all);
        }
    }
}

/// Who validates, is planned, and would be elected.
pub async fn elected(chain: &Chain) -> anyhow::Result<Elected> {
    let at = chain.finalized().await?;
    let session = || api::storage().session();
    let question = api::runtime_apis().stake_api().would_be_elected();
    Ok(Elected {
        session: chain
            .get(&at, session().current_index(), ())
            .await?
            .context("the chain has no sessions")?,
        validators: chain
            .get(&at, session().validators(), ())
            .await?
            .unwrap_or_default(),
        planned: chain
            .get(&at, session().queued_keys(), ())
            .await?
            .unwrap_or_default()
            .into_iter()
            .map(|(who, _)| who)
            .collect(),
        would_be: chain.ask(&at, question).await?,
    })
}

/// Whether an account validates on, candidate or not, since nobody can be elected.
pub async fn stays(chain: &Chain, account: AccountId32) -> anyhow::Result<bool> {
    let now = elected(chain).await?;
    Ok(now.would_be.is_empty() && now.planned.contains(&account))
}

/// An account's delegations.
pub async fn shown(chain: &Chain, account: AccountId32) -> anyhow::Result<Vec<Delegated>> {
    let at = chain.finalized().await?;
    let mut all: Vec<Delegated> = Vec::new();
    loop {
        let after = all.last().map(|one| one.candidate);
        let question = api::runtime_apis()
            .stake_api()
            .stake_of(account, after, PAGE);
        let page: Vec<StakeInfo<AccountId32, u128>> = chain.ask(&at, question).await?;
        let last = page.len() < PAGE as usize;
        all.extend(page.into_iter().map(|info| {
            Delegated {
                candidate: info.candidate,
                worth: info.worth,
                locked: info.locked,
                unbonding: info
                    .unbonding
                    .into_iter()
                    .map(|(amount, unlocks)| Unbonding { amount, unlocks })
                    .collect(),
            }
        }));
        if last {
            return Ok(all);
        }
    }
}

/// What an account's delegations gained.
pub async fn gains(chain: &Chain, account: AccountId32) -> anyhow::Result<Vec<Gain>> {
    let at = chain.finalized().await?;
    let mut all: Vec<Gain> = Vec::new();
    loop {
        let after = all.last().map(|one| one.candidate);
        let question = api::runtime_apis()
            .stake_api()
            .rewards_of(account, after, PAGE);
        let page = chain.ask(&at, question).await?;
        let last = page.len() < PAGE as usize;
        all.extend(
            page.into_iter()
                .map(|(candidate, amount)| Gain { candidate, amount }),
        );
        if last {
            return Ok(all);
        }
    }
}

/// What a delegation to a candidate, or to each, would gain in a year.
pub async fn yields(chain: &Chain, candidate: Option<AccountId32>) -> anyhow::Result<Vec<Yield>> {
    let asked = match candidate {
        Some(candidate) => vec![candidate],
        None => candidates(chain)
            .await?
            .into_iter()
            .map(|one| one.account)
            .collect(),
    };
    let at = chain.finalized().await?;
    let mut all = Vec::new();
    for candidate in asked {
        let question = api::runtime_apis().stake_api().expected_yield(candidate);
        let yearly = chain
            .ask(&at, question)
            .await?
            .ok_or_else(|| usage(format!("{candidate} is not a candidate")))?;
        all.push(Yield {
            candidate,
            yearly: yearly.0,
        });
    }
    Ok(all)
}

/// The slashes that wait for their session.
pub async fn slashes(chain: &Chain) -> anyhow::Result<Vec<Slash>> {
    let at = chain.finalized().await?;
    let entries = chain
        .list(&at, api::storage().delegation().slashes(), ())
        .await?;
    let mut all: Vec<_> = entries
        .into_iter()
        .map(|((candidate, session), slash)| Slash {
            candidate,
            session,
            fraction: slash.fraction.0,
            due: slash.due,
            cancelled: slash.cancelled,
            reporters: slash.reporters.0,
        })
        .collect();
    all.sort_by_key(|slash| (slash.due, slash.candidate.0));
    Ok(all)
}
