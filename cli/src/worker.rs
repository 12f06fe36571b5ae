//! `salus worker`: bonded members that analyse for others.

use anyhow::Context;
use clap::Subcommand;
use salus_primitives::{Balance, BlockNumber};
use serde::{Deserialize, Serialize};
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;

use crate::{
    args::{Global, ACCOUNT},
    chain::{account_of, api, Chain, Receipt},
    error::usage,
    keys::{parse_account, KeyArgs},
    output,
};

/// Commands of workers.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Put up a bond and be drawn into panels.
    Register {
        /// An admitted member.
        #[command(flatten)]
        who: KeyArgs,
        /// The bond, MED [default: the smallest that the chain takes].
        #[arg(long, value_name = "MED", value_parser = output::parse_med)]
        bond: Option<Balance>,
    },
    /// Show what your node owes and how far it is, and how a worker stands on chain.
    Status {
        /// A worker, to show its bond and strikes.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        account: Option<AccountId32>,
    },
    /// Add to the bond.
    AddBond {
        /// The worker.
        #[command(flatten)]
        who: KeyArgs,
        /// How much, MED.
        #[arg(value_parser = output::parse_med)]
        amount: Balance,
    },
    /// Leave the pool; the bond comes back after the unbonding period.
    Leave {
        /// The worker.
        #[command(flatten)]
        who: KeyArgs,
    },
    /// Take the bond back.
    Withdraw {
        /// The worker.
        #[command(flatten)]
        who: KeyArgs,
    },
    /// Come back from a suspension.
    Resume {
        /// The worker.
        #[command(flatten)]
        who: KeyArgs,
    },
}

/// What a node's agent does about one duty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Duty {
    /// `job-commit` or `job-reveal`.
    pub kind: String,
    /// Number of the job.
    pub subject: u64,
    /// `waiting`, `fetching`, `computing`, `publishing`, `ready`, `retrying`, `declined`.
    pub stage: String,
    /// Part of the stage that is done, 0 to 1.
    pub progress: Option<f64>,
    /// First block at which it was owed.
    pub since: BlockNumber,
    /// Last block in which it is accepted.
    pub deadline: BlockNumber,
}

/// How a worker stands on chain.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    /// The worker.
    pub account: AccountId32,
    /// `drawable`, `suspended`, `leaving`, or `bond-too-small`.
    pub state: &'static str,
    /// Its bond.
    #[serde(serialize_with = "crate::output::amount")]
    pub bond: Balance,
    /// Jobs in a row in which it had a seat and never committed.
    pub strikes: u32,
    /// Panels in which it is now, reserves included.
    pub active: u32,
    /// First block in which the bond can be withdrawn.
    pub unlocks: Option<BlockNumber>,
}

/// What a node and a worker do.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// What the node's agent owes; `None` where the node runs without one.
    pub duties: Option<Vec<Duty>>,
    /// The worker, where one was named and is bonded.
    pub worker: Option<Standing>,
}

/// What the agent of the connected node owes; `None` where it runs without one.
pub async fn duties(chain: &Chain) -> anyhow::Result<Option<Vec<Duty>>> {
    chain.rpc("salus_workerStatus").await
}

/// How a worker stands on chain; `None` for an account that is none.
pub async fn standing(chain: &Chain, account: AccountId32) -> anyhow::Result<Option<Standing>> {
    let at = chain.finalized().await?;
    let found = chain
        .get(&at, api::storage().jobs().workers(), (account,))
        .await?;
    let Some(worker) = found else {
        return Ok(None);
    };
    let least = chain.constant(&at, api::constants().jobs().min_bond())?;
    let state = if worker.leaving_at.is_some() {
        "leaving"
    } else if worker.suspended.is_some() {
        "suspended"
    } else if worker.bond < least {
        "bond-too-small"
    } else {
        "drawable"
    };
    Ok(Some(Standing {
        account,
        state,
        bond: worker.bond,
        strikes: worker.strikes,
        active: worker.active,
        unlocks: worker.leaving_at,
    }))
}

/// An admitted member puts up a bond, the smallest that the chain takes where `None`.
pub async fn register(
    chain: &Chain,
    key: &Keypair,
    bond: Option<Balance>,
) -> anyhow::Result<Receipt> {
    let bond = match bond {
        Some(bond) => bond,
        None => {
            let at = chain.finalized().await?;
            chain.constant(&at, api::constants().jobs().min_bond())?
        }
    };
    chain
        .submit(key, &api::tx().jobs().register_worker(bond))
        .await
}

/// A worker adds to its bond.
pub async fn add_bond(chain: &Chain, key: &Keypair, amount: Balance) -> anyhow::Result<Receipt> {
    chain.submit(key, &api::tx().jobs().add_bond(amount)).await
}

/// A worker leaves the pool. The first block in which the bond can be withdrawn.
pub async fn leave(chain: &Chain, key: &Keypair) -> anyhow::Result<(BlockNumber, Receipt)> {
    let receipt = chain.submit(key, &api::tx().jobs().leave()).await?;
    let left: api::jobs::events::WorkerLeft = receipt.event()?;
    Ok((left.unlocks, receipt))
}

/// A worker that left takes its bond back.
pub async fn withdraw(chain: &Chain, key: &Keypair) -> anyhow::Result<Receipt> {
    chain.submit(key, &api::tx().jobs().withdraw_bond()).await
}

/// A suspended worker comes back. What it cost.
pub async fn resume(chain: &Chain, key: &Keypair) -> anyhow::Result<(Balance, Receipt)> {
    let receipt = chain.submit(key, &api::tx().jobs().resume()).await?;
    let resumed: api::jobs::events::WorkerResumed = receipt.event()?;
    Ok((resumed.fee, receipt))
}

impl Command {
    /// Does it.
    pub async fn run(self, global: &Global) -> anyhow::Result<()> {
        let output = global.output();
        let chain = Chain::open(global).await?;
        match self {
            Command::Register { who, bond } => {
                let key = who.account()?;
                let receipt = register(&chain, &key, bond).await?;
                let what = format!("{} can be drawn into panels", account_of(&key));
                receipt.tell(&output, what)
            }
            Command::Status { account } => {
                let worker = match account {
                    Some(account) => Some(standing(&chain, account).await?.ok_or_else(|| {
                        usage(format!("{account} is no worker: salus worker register"))
                    })?),
                    None => None,
                };
                let duties = duties(&chain).await.context("this node tells no duties")?;
                output.result(&Status { duties, worker }, status_words)
            }
            Command::AddBond { who, amount } => {
                let receipt = add_bond(&chain, &who.account()?, amount).await?;
                receipt.tell(&output, "The bond has grown")
            }
            Command::Leave { who } => {
                let (unlocks, receipt) = leave(&chain, &who.account()?).await?;
                let what = format!("Left; the bond can be withdrawn from block {unlocks} on");
                receipt.tell(&output, what)
            }
            Command::Withdraw { who } => {
                let receipt = withdraw(&chain, &who.account()?).await?;
                receipt.tell(&output, "The bond is back")
            }
            Command::Resume { who } => {
                let (fee, receipt) = resume(&chain, &who.account()?).await?;
                let what = format!("Back in the pool, for {}", output::med(fee));
                receipt.tell(&output, what)
            }
        }
    }
}

fn status_words(status: &Status) -> String {
    let mut text = String::new();
    if let Some(worker) = &status.worker {
        let mut rows = vec![
            ("Worker", worker.account.to_string()),
            ("State", worker.state.to_owned()),
            ("Bond", output::med(worker.bond)),
            ("Strikes", worker.strikes.to_string()),
            ("Panels", worker.active.to_string()),
        ];
        rows.extend(
            worker
                .unlocks
                .map(|block| ("Unlocks", format!("in block {block}"))),
        );
        text.push_str(&output::fields(&rows));
        text.push('\n');
    }
    match &status.duties {
        None => text.push_str("This node runs without an agent (--agent)"),
        Some(duties) if duties.is_empty() => text.push_str("This node's agent owes nothing"),
        Some(duties) => {
            let rows: Vec<_> = duties
                .iter()
                .map(|duty| {
                    vec![
                        duty.kind.clone(),
                        duty.subject.to_string(),
                        duty.stage.clone(),
                        duty.progress
                            .map_or_else(String::new, |part| format!("{:.0}%", part * 100.0)),
                        duty.since.to_string(),
                        duty.deadline.to_string(),
                    ]
                })
                .collect();
            text.push_str(&output::table(
                &["Duty", "Job", "Stage", "Done", "Since", "Until"],
                &rows,
            ));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the node's RPC answers, as `salus-agent` serializes it.
    #[test]
    fn duties_are_read_as_the_node_writes_them() {
        let json = r#"[{"kind":"job-commit","subject":3,"stage":"computing","progress":0.5,
            "since":10,"deadline":160},{"kind":"job-reveal","subject":2,"stage":"ready",
            "progress":null,"since":9,"deadline":40}]"#;
        let duties: Vec<Duty> = serde_json::from_str(json).unwrap();
        let text = status_words(&Status {
            duties: Some(duties),
            worker: None,
        });
        assert!(text.contains("computing") && text.contains("50%"), "{text}");
    }
}
