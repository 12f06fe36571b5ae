//! A clustering job that survives a liar and a crash.

use std::{path::Path, time::Duration};

use anyhow::{bail, ensure, Context};
use rand::{rngs::OsRng, RngCore};
use salus_analytics::{
    job::FCM_1,
    result::{self, FcmResult},
};
use salus_envelope::encrypt;
use salus_primitives::{
    jobs::{commitment, JobId, Outcome, ResultPointer},
    AccountId, Balance,
};
use serde::Serialize;
use subxt::utils::AccountId32;
use zeroize::Zeroizing;

use super::{
    cohort::Cohort,
    people::Person,
    records::RESEARCH,
    report::Story,
    wait::{until_ok, until_some},
};
use crate::{
    analyse::Analysis,
    chain::{
        self,
        api::{self, runtime_types::pallet_jobs::types::State},
        Chain,
    },
    job::{self, Client, Entry, Finished, Input, Order, Panel, Phase},
    network::Network,
    output::{med, table},
    record::Wallet,
    worker,
};

/// Equal outcomes that decide.
const QUORUM: u32 = 2;
/// Seats.
const PANEL: u32 = 3;
/// Who steps in for one who is missing.
const RESERVES: u32 = 1;
/// Blocks for commitments: ten minutes, which a crowded machine may need to restart a node.
const WINDOW: u32 = 300;
/// Longest wait for one step of the job.
const PATIENCE: Duration = Duration::from_secs(600);
/// Longest wait for a node to come back.
const RESTART: Duration = Duration::from_secs(300);

/// What the job is played with.
pub struct Cast<'a> {
    /// The founding institutions, all of them workers.
    pub founders: &'a [Person],
    /// The client.
    pub client: &'a Person,
    /// What is analysed.
    pub cohort: &'a Cohort,
    /// The same analysis, done here.
    pub local: &'a Analysis,
    /// Folder of the wallets.
    pub folder: &'a Path,
}

/// Who does what, known after the draw.
struct Roles<'a> {
    /// Seat whose operator submits a false result.
    liar: &'a Person,
    /// Seat whose node is killed after its commitment.
    killed: &'a Person,
    /// Seat that nothing happens to.
    honest: &'a Person,
    /// Reserve, whose node and gateway the client uses meanwhile.
    reserve: &'a Person,
}

/// A worker's account, as it is shown.
#[derive(Clone, Debug, Serialize)]
struct Purse {
    name: String,
    part: &'static str,
    #[serde(serialize_with = "crate::output::amount")]
    free_before: Balance,
    #[serde(serialize_with = "crate::output::amount")]
    free_after: Balance,
    #[serde(serialize_with = "crate::output::amount")]
    bond_before: Balance,
    #[serde(serialize_with = "crate::output::amount")]
    bond_after: Balance,
}

/// Plays it. `chain` is any running node before the draw.
pub async fn play(
    story: &mut Story,
    network: &mut Network,
    chain: &Chain,
    cast: &Cast<'_>,
) -> anyhow::Result<Vec<u8>> {
    let client = cast.client;
    let wallet = Wallet::open(cast.folder.join("client-wallet"))?;
    let identities = [client.identity.clone()];
    let at_hand = Client {
        chain,
        key: &client.key,
        identities: &identities,
        wallet: &wallet,
        gateway: None,
    };
    let before = purses(chain, cast.founders).await?;

    let job = story
        .step(
            "The research team posts a clustering job, the panel is drawn",
            async {
                let order = Order {
                    algorithm: FCM_1.to_owned(),
                    parameters: cast.cohort.parameters.to_canonical_json()?.into_bytes(),
                    inputs: vec![Input::Own(Zeroizing::new(cast.cohort.bytes.clone()))],
                    purpose: RESEARCH,
                    quorum: QUORUM,
                    panel: PANEL,
                    reserves: RESERVES,
                    reward: None,
                    window: Some(WINDOW),
                    clear: false,
                    size: None,
                };
                let posted = at_hand.post(&order).await?;
                let panel = drawn(chain, posted.job).await?;
                let names = |accounts: &[AccountId32]| -> String {
                    let names: Vec<&str> = accounts
                        .iter()
                        .map(|account| name_of(cast.founders, account))
                        .collect();
                    names.join(", ")
                };
                let words = format!(
                    "job {}: {QUORUM} of {PANEL} must agree, for {}\nseats: {}; reserve: {}",
                    posted.job,
                    med(posted.reward),
                    names(&panel.seats),
                    names(&panel.reserves)
                );
                Ok(((posted.job, panel), words))
            },
        )
        .await?;
    let (job, panel) = job;
    story.fact("job", job)?;
    let roles = Roles {
        liar: person(cast.founders, panel.seats.first())?,
        killed: person(cast.founders, panel.seats.get(1))?,
        honest: person(cast.founders, panel.seats.get(2))?,
        reserve: person(cast.founders, panel.reserves.first())?,
    };

    story
        .step(
            "One of the seats is taken over by somebody who will lie",
            async {
                network.stop(&roles.liar.name).await?;
                network.start(&roles.liar.name, Some(false))?;
                network.wait_ready(&roles.liar.name, RESTART).await?;
                let words = format!("{}'s node runs without its agent now", roles.liar.name);
                Ok(((), words))
            },
        )
        .await?;

    // Its node is the only one that nothing happens to before it would be needed.
    let reserve = network.node(&roles.reserve.name)?;
    let gateway = reserve.gateway();
    let chain = Chain::connect_to(&reserve.url(), chain.genesis()).await?;
    let chain = &chain;

    story
        .step("The research team seals the cohort to the panel", async {
            // The node it talks to now may be a block behind the one that told of the draw.
            drawn(chain, job).await?;
            let at_hand = Client {
                chain,
                gateway: Some(&gateway),
                ..at_hand
            };
            let provided = at_hand.provide(job).await?;
            let place = match provided.blobs {
                0 => "on chain".to_owned(),
                _ => format!("at {}'s gateway", roles.reserve.name),
            };
            let words = format!("the ciphertext lies {place}; its key is sealed to each worker");
            Ok(((), words))
        })
        .await?;

    story
        .step(
            "Honest workers analyse and commit; one is killed (kill -9)",
            async {
                let expected = [roles.killed.account(), roles.honest.account()];
                until_some("both commitments", PATIENCE, || async {
                    let entry = live(chain, job).await?;
                    let all = expected
                        .iter()
                        .all(|worker| entry.committed.0.contains(worker));
                    Ok(all.then_some(()))
                })
                .await?;
                network.kill(&roles.killed.name).await?;
                let words = format!(
                    "{} and {} committed; {}'s node was killed before it could reveal",
                    roles.killed.name, roles.honest.name, roles.killed.name
                );
                Ok(((), words))
            },
        )
        .await?;

    let lie = Lie::new(cast.local, job, roles.liar)?;
    story
        .step(
            "The liar commits to a false result, which opens the reveals",
            async {
                let call = api::tx().jobs().commit(job, lie.commitment);
                chain.submit(&roles.liar.key, &call).await?;
                until_some("the reveals", PATIENCE, || async {
                    let entry = live(chain, job).await?;
                    Ok(matches!(entry.state, State::Revealing { .. }).then_some(()))
                })
                .await?;
                let words = format!(
                    "{} commits to 0x{}",
                    roles.liar.name,
                    hex::encode(lie.digest)
                );
                Ok(((), words))
            },
        )
        .await?;

    story
        .step("The killed worker starts again, everybody reveals", async {
            network.start(&roles.killed.name, None)?;
            network.wait_ready(&roles.killed.name, RESTART).await?;
            let sealed = encrypt(b"not what was computed", &[client.identity.recipient()])?;
            let reveal = api::runtime_types::salus_primitives::jobs::Reveal {
                outcome: lie.outcome.into(),
                salt: lie.salt,
                result: Some(
                    ResultPointer::Inline(
                        sealed
                            .try_into()
                            .map_err(|_| anyhow::anyhow!("too long for the chain"))?,
                    )
                    .into(),
                ),
            };
            chain
                .submit(&roles.liar.key, &api::tx().jobs().reveal(job, reveal))
                .await?;
            let words = format!(
                "{} derived the salt of its commitment again; no answer was lost or sent twice",
                roles.killed.name
            );
            until_some("the settlement", PATIENCE, || async {
                match job::phase(chain, &chain.finalized().await?, job).await? {
                    Phase::Live(_) => Ok(None),
                    Phase::Finished(_) => Ok(Some(())),
                    Phase::Gone => bail!("{}", job::end_reason(chain, job).await?),
                }
            })
            .await?;
            Ok(((), words))
        })
        .await?;

    let bytes = story
        .step(
            "The quorum's result is what a run on this machine gives",
            async {
                let finished = finished(chain, job).await?;
                let Outcome::Success(digest) = finished.outcome.0 else {
                    bail!(
                        "the panel agreed on: {}",
                        job::outcome_words(&finished.outcome.0)
                    );
                };
                ensure!(
                    digest.0 == cast.local.digest,
                    "the panel agreed on 0x{}, a local run gives 0x{}",
                    hex::encode(digest.0),
                    hex::encode(cast.local.digest)
                );
                let winners: Vec<&str> = finished
                    .winners
                    .0
                    .iter()
                    .map(|account| name_of(cast.founders, account))
                    .collect();
                for honest in [roles.killed, roles.honest] {
                    ensure!(
                        finished.winners.0.contains(&honest.account()),
                        "{} is not among the winners: {}",
                        honest.name,
                        winners.join(", ")
                    );
                }
                ensure!(
                    !finished.winners.0.contains(&roles.liar.account()),
                    "the liar is among the winners"
                );
                let found =
                    until_ok(RESTART, || job::fetch(chain, &client.key, &identities, job)).await?;
                ensure!(
                    *found.bytes == cast.local.bytes,
                    "the result's bytes differ from the local run's"
                );
                job::accept(chain, &client.key, job).await?;
                let words = format!(
                    "digest 0x{}\nagreed by {}; fetched from {} and accepted",
                    hex::encode(digest.0),
                    winners.join(" and "),
                    name_of(cast.founders, &found.worker)
                );
                Ok((found.bytes.to_vec(), words))
            },
        )
        .await?;

    let after = purses(chain, cast.founders).await?;
    let mut shown: Vec<Purse> = Vec::new();
    for (person, (before, after)) in cast.founders.iter().zip(before.iter().zip(&after)) {
        let part = match person.account() {
            account if account == roles.liar.account() => "lied",
            account if account == roles.killed.account() => "killed, restarted",
            account if account == roles.honest.account() => "honest",
            _ => "reserve",
        };
        shown.push(Purse {
            name: person.name.clone(),
            part,
            free_before: before.0,
            free_after: after.0,
            bond_before: before.1,
            bond_after: after.1,
        });
    }
    story
        .step("Who agreed is paid, who lied pays", async {
            for purse in &shown {
                match purse.part {
                    "lied" => ensure!(
                        purse.bond_after < purse.bond_before,
                        "the liar lost nothing"
                    ),
                    "reserve" => ensure!(purse.bond_after == purse.bond_before, "the reserve lost"),
                    _ => ensure!(
                        purse.bond_after == purse.bond_before
                            && purse.free_after > purse.free_before,
                        "{} was not paid",
                        purse.name
                    ),
                }
            }
            Ok(((), purse_table(&shown)))
        })
        .await?;
    story.fact("balances", &shown)?;
    story.fact(
        "panel",
        serde_json::json!({
            "liar": roles.liar.name,
            "killed": roles.killed.name,
            "honest": roles.honest.name,
            "reserve": roles.reserve.name,
        }),
    )?;
    Ok(bytes)
}

/// A false result: the true one with a prototype moved.
struct Lie {
    outcome: Outcome,
    digest: [u8; 32],
    salt: [u8; 32],
    commitment: salus_primitives::Digest,
}

impl Lie {
    fn new(truth: &Analysis, job: JobId, worker: &Person) -> anyhow::Result<Self> {
        let mut result: FcmResult = truth.result.clone();
        let first = result
            .prototypes
            .first_mut()
            .context("the result has no prototype")?;
        *first += 1.0;
        let digest = result::digest(&result.to_bytes());
        ensure!(digest != truth.digest, "the lie is the truth");
        let outcome = Outcome::Success(digest.into());
        let mut salt = [0; 32];
        OsRng.fill_bytes(&mut salt);
        Ok(Lie {
            outcome,
            digest,
            salt,
            commitment: commitment(job, &AccountId::new(worker.account().0), &outcome, &salt),
        })
    }
}

/// The panel, where it is drawn in time.
async fn drawn(chain: &Chain, job: JobId) -> anyhow::Result<Panel> {
    tokio::time::timeout(PATIENCE, job::wait_for_panel(chain, job))
        .await
        .context("the panel was not drawn in time")?
}

async fn live(chain: &Chain, job: JobId) -> anyhow::Result<Entry> {
    match job::phase(chain, &chain.finalized().await?, job).await? {
        Phase::Live(entry) => Ok(entry),
        Phase::Finished(_) => bail!("the job was settled too early"),
        Phase::Gone => bail!("the job ended: {}", job::end_reason(chain, job).await?),
    }
}

async fn finished(chain: &Chain, job: JobId) -> anyhow::Result<Finished> {
    match job::phase(chain, &chain.finalized().await?, job).await? {
        Phase::Finished(entry) => Ok(entry),
        _ => bail!("the job is not finished"),
    }
}

/// Free balance and bond of each.
async fn purses(chain: &Chain, people: &[Person]) -> anyhow::Result<Vec<(Balance, Balance)>> {
    let mut found = Vec::new();
    for person in people {
        let funds = chain::funds(chain, person.account()).await?;
        let standing = worker::standing(chain, person.account()).await?;
        found.push((funds.free, standing.map_or(0, |standing| standing.bond)));
    }
    Ok(found)
}

fn purse_table(purses: &[Purse]) -> String {
    let change = |before: Balance, after: Balance| match after >= before {
        true => format!("+{}", med(after - before)),
        false => format!("-{}", med(before - after)),
    };
    let rows: Vec<Vec<String>> = purses
        .iter()
        .map(|purse| {
            vec![
                purse.name.clone(),
                purse.part.to_owned(),
                change(purse.free_before, purse.free_after),
                med(purse.bond_before),
                med(purse.bond_after),
            ]
        })
        .collect();
    table(
        &["Worker", "Part", "Balance", "Bond before", "Bond after"],
        &rows,
    )
}

fn person<'a>(people: &'a [Person], account: Option<&AccountId32>) -> anyhow::Result<&'a Person> {
    let account = account.context("the panel is smaller than asked for")?;
    people
        .iter()
        .find(|person| person.account() == *account)
        .with_context(|| format!("{account} is none of the founders"))
}

fn name_of<'a>(people: &'a [Person], account: &AccountId32) -> &'a str {
    people
        .iter()
        .find(|person| person.account() == *account)
        .map_or("somebody", |person| person.name.as_str())
}
