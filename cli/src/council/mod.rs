//! `salus council`: motions of the consortium's council, which decides by more than half, and by two
//! thirds on what needs root.

mod root;

use std::{fs, path::PathBuf};

use anyhow::{bail, Context};
use clap::Subcommand;
use salus_primitives::Digest;
use serde::Serialize;
use subxt::{error::DispatchError, utils::AccountId32};
use subxt_signer::sr25519::Keypair;

use crate::{
    args::Global,
    chain::{
        account_of, api, call_words, encode, refusal,
        text::{hex_of, parse_digest, span_text},
        At, Chain, Receipt,
    },
    error::usage,
    keys::KeyArgs,
    registry::{self, CouncilArgs},
};

pub use root::{replace_authorities, upgrade, Upgrade};

/// Commands of council members.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show who sits in the council and what it decides on.
    #[command(visible_alias = "list")]
    Show,
    /// Vote on a motion; it is carried out with the last vote that it needs.
    Vote {
        /// Who votes.
        #[command(flatten)]
        who: KeyArgs,

        /// Hash of the motion, of `salus council show`.
        #[arg(value_parser = parse_digest)]
        motion: Digest,

        /// Vote against it.
        #[arg(long)]
        against: bool,
    },
    /// Carry out a motion that has its votes, or clear one that was lost or timed out.
    Close {
        /// Who closes it: any account.
        #[command(flatten)]
        who: KeyArgs,

        /// Hash of the motion, of `salus council show`.
        #[arg(value_parser = parse_digest)]
        motion: Digest,
    },
    /// Upgrade the chain's runtime: two thirds of the council allow it, then anybody applies it.
    ///
    /// It is taken as far as the keys go. Once the others have voted, anybody runs it again.
    Upgrade {
        /// The new runtime: salus_runtime.compact.compressed.wasm of the build.
        #[arg(value_name = "BLOB")]
        blob: PathBuf,

        /// The council's keys at hand; the first pays.
        #[command(flatten)]
        council: CouncilArgs,
    },
    /// Get finality back where more than a third of the validators are gone for good.
    ///
    /// With two thirds of the council the next session's validators take GRANDPA over, without a vote
    /// of the old ones. Read "When finality has stalled" in docs/operations.md first. Needs
    /// --unfinalized, as every command while finality stands still.
    RestartFinality {
        /// Highest block that a validator of the next session has finalized.
        #[arg(long, value_name = "BLOCK")]
        finalized: u32,

        /// Blocks from the start of the next session until it takes effect: so many that all nodes
        /// have that start by then.
        #[arg(long, value_name = "BLOCKS", default_value_t = 10)]
        delay: u32,

        /// The council's keys at hand.
        #[command(flatten)]
        council: CouncilArgs,
    },
}

/// A motion and its votes.
#[derive(Clone, Debug, Serialize)]
pub struct Motion {
    /// blake2-256 of the call.
    pub hash: Digest,
    /// Number of the motion.
    pub index: u32,
    /// The call in words.
    pub call: String,
    /// Votes that it needs.
    pub threshold: u32,
    /// Who is for it.
    pub ayes: Vec<AccountId32>,
    /// Who is against it.
    pub nays: Vec<AccountId32>,
    /// Last block in which votes are taken.
    pub end: u32,
}

/// The council.
#[derive(Clone, Debug, Serialize)]
pub struct Council {
    /// Who sits in it.
    pub members: Vec<AccountId32>,
    /// What it decides on.
    pub motions: Vec<Motion>,
}

/// How far a motion got.
#[derive(Clone, Debug, Serialize)]
pub struct Progress {
    /// The motion; gone from the chain where it was carried out.
    pub hash: Digest,
    /// Its call in words.
    pub call: String,
    /// Number of the motion; `None` where one vote was enough.
    pub index: Option<u32>,
    /// Votes for it.
    pub ayes: u32,
    /// Votes that it needs.
    pub threshold: u32,
    /// Whether it was carried out, with success.
    pub done: bool,
    /// Block of the last step.
    pub block: u32,
}

impl Progress {
    /// In words; `what` is what was moved.
    pub fn words(&self, what: &str) -> String {
        match self.done {
            true => format!("{what}: carried out in block {}", self.block),
            false => format!(
                "{what}: moved, with {} of {} votes. Other members of the council vote with\n  \
                 salus council vote {}",
                self.ayes,
                self.threshold,
                hex_of(&self.hash)
            ),
        }
    }
}

/// Who sits in the council, and its motions.
pub async fn show(chain: &Chain) -> anyhow::Result<Council> {
    let at = chain.finalized().await?;
    let storage = || api::storage().council();
    let hashes = chain.get(&at, storage().proposals(), ()).await?;
    let mut motions = Vec::new();
    for hash in hashes.map(|hashes| hashes.0).unwrap_or_default() {
        motions.extend(motion(chain, &at, hash).await?);
    }
    Ok(Council {
        members: members(chain, &at).await?,
        motions,
    })
}

async fn members(chain: &Chain, at: &At) -> anyhow::Result<Vec<AccountId32>> {
    let members = chain
        .get(at, api::storage().council().members(), ())
        .await?;
    Ok(members.unwrap_or_default())
}

async fn motion(chain: &Chain, at: &At, hash: Digest) -> anyhow::Result<Option<Motion>> {
    let storage = || api::storage().council();
    let Some(votes) = chain.get(at, storage().voting(), (hash,)).await? else {
        return Ok(None);
    };
    let call = match chain.get(at, storage().proposal_of(), (hash,)).await? {
        Some(call) => describe(chain, at, &call).await?,
        None => String::new(),
    };
    Ok(Some(Motion {
        hash,
        index: votes.index,
        call,
        threshold: votes.threshold,
        ayes: votes.ayes,
        nays: votes.nays,
        end: votes.end,
    }))
}

/// What a call does, in words.
async fn describe(chain: &Chain, at: &At, call: &api::Call) -> anyhow::Result<String> {
    use api::runtime_types::pallet_registry::pallet::Call;
    Ok(match call {
        api::Call::Registry(Call::admit { who, term }) => {
            let role = registry::entered_role(chain, at, *who).await?;
            let role = role.map_or_else(String::new, |role| format!(" as {role}"));
            format!("admit {who}{role} for {}", span_text(*term))
        }
        api::Call::Registry(Call::renew { who, term }) => {
            format!("give {who} a new term of {}", span_text(*term))
        }
        api::Call::Registry(Call::suspend { who }) => format!("suspend {who}"),
        api::Call::Registry(Call::reinstate { who }) => {
            format!("lift the suspension of {who}")
        }
        api::Call::Registry(Call::end { who }) => {
            format!("end the membership or the application of {who}")
        }
        other => call_words(at.metadata_ref(), other)?,
    })
}

/// The motion of this hash, which has to be there.
async fn open_motion(chain: &Chain, at: &At, hash: Digest) -> anyhow::Result<Motion> {
    motion(chain, at, hash).await?.ok_or_else(|| {
        usage(format!(
            "there is no motion {}: see `salus council show`",
            hex_of(&hash)
        ))
    })
}

/// Moves that `call` be made in the council's name, votes for it with each of `keys` in turn, and
/// carries it out as soon as it has its votes, more than half. The first key moves it.
pub async fn carry(chain: &Chain, keys: &[Keypair], call: api::Call) -> anyhow::Result<Progress> {
    let at = chain.finalized().await?;
    let members = members(chain, &at).await?.len();
    move_call(chain, keys, call, u32::try_from(members / 2 + 1)?).await
}

async fn move_call(
    chain: &Chain,
    keys: &[Keypair],
    call: api::Call,
    threshold: u32,
) -> anyhow::Result<Progress> {
    let (first, _) = keys
        .split_first()
        .context("a motion needs somebody who moves it")?;
    let at = chain.finalized().await?;
    let members = members(chain, &at).await?;
    for key in keys {
        let account = account_of(key);
        if !members.contains(&account) {
            return Err(usage(format!("{account} does not sit in the council")));
        }
    }
    let length = encoded_length(&at, &call)?;
    let words = describe(chain, &at, &call).await?;
    let receipt = chain
        .submit(first, &api::tx().council().propose(threshold, call, length))
        .await?;
    if let Ok(moved) = receipt.event::<api::council::events::Proposed>() {
        return vote_all(chain, keys, moved.proposal_hash).await;
    }
    // One vote is enough: it was carried out at once.
    let done: api::council::events::Executed = receipt.event()?;
    executed(&at, &receipt)?;
    Ok(Progress {
        hash: done.proposal_hash,
        call: words,
        index: None,
        ayes: 1,
        threshold,
        done: true,
        block: receipt.block,
    })
}

/// Votes for a motion with each of `keys` in turn, until it is carried out.
async fn vote_all(chain: &Chain, keys: &[Keypair], hash: Digest) -> anyhow::Result<Progress> {
    let (first, others) = keys
        .split_first()
        .context("a motion needs somebody who votes")?;
    let mut progress = vote(chain, first, hash, true).await?;
    for key in others {
        if progress.done {
            break;
        }
        progress = vote(chain, key, hash, true).await?;
    }
    Ok(progress)
}

/// Votes on a motion, and carries it out where it has its votes then.
pub async fn vote(
    chain: &Chain,
    key: &Keypair,
    hash: Digest,
    approve: bool,
) -> anyhow::Result<Progress> {
    let at = chain.finalized().await?;
    let found = open_motion(chain, &at, hash).await?;
    let account = account_of(key);
    let already = if approve { &found.ayes } else { &found.nays };
    let mut block = u32::try_from(at.block_number())?;
    let mut ayes = found.ayes.clone();
    ayes.retain(|other| *other != account);
    if approve {
        ayes.push(account);
    }
    if !already.contains(&account) {
        let call = api::tx().council().vote(hash, found.index, approve);
        block = chain.submit(key, &call).await?.block;
    }
    let ayes = u32::try_from(ayes.len())?;
    let progress = Progress {
        hash,
        call: found.call,
        index: Some(found.index),
        ayes,
        threshold: found.threshold,
        done: false,
        block,
    };
    match approve && ayes >= found.threshold {
        true => close(chain, key, hash).await,
        false => Ok(progress),
    }
}

/// Carries out a motion that has its votes; an error with the call's own error where that fails.
pub async fn close(chain: &Chain, key: &Keypair, hash: Digest) -> anyhow::Result<Progress> {
    let at = chain.finalized().await?;
    let found = open_motion(chain, &at, hash).await?;
    let call = chain
        .get(&at, api::storage().council().proposal_of(), (hash,))
        .await?
        .context("the motion has lost its call")?;
    let length = encoded_length(&at, &call)?;
    let question = api::runtime_apis()
        .transaction_payment_call_api()
        .query_call_info(call, length);
    let weight = chain.ask(&at, question).await?.weight;
    let call = api::tx().council().close(hash, found.index, weight, length);
    let receipt = chain.submit(key, &call).await?;
    let done = receipt.event::<api::council::events::Executed>().is_ok();
    if done {
        executed(&at, &receipt)?;
    }
    Ok(Progress {
        hash,
        call: found.call,
        index: Some(found.index),
        ayes: u32::try_from(found.ayes.len())?,
        threshold: found.threshold,
        done,
        block: receipt.block,
    })
}

/// Bytes of a call as the chain counts them.
fn encoded_length(at: &At, call: &api::Call) -> anyhow::Result<u32> {
    Ok(u32::try_from(encode(at.metadata_ref(), call)?.len())?)
}

/// The result of the call that a motion made.
fn executed(at: &At, receipt: &Receipt) -> anyhow::Result<()> {
    let fields = receipt
        .fields("Council", "Executed")
        .context("the motion was not carried out")?;
    // The motion's hash (32 bytes), then a `Result`.
    match fields.get(32) {
        Some(0) => Ok(()),
        Some(1) => {
            let error = DispatchError::decode_from(&fields[33..], at.metadata())?;
            Err(refusal("the council's motion", &error).into())
        }
        _ => bail!("the node reports the motion's result in an unknown form"),
    }
}

impl Command {
    /// Does it.
    pub async fn run(self, global: &Global) -> anyhow::Result<()> {
        let output = global.output();
        let chain = Chain::open(global).await?;
        match self {
            Command::Show => output.result(&show(&chain).await?, |council| {
                let mut text = String::from("Members\n");
                for member in &council.members {
                    text.push_str(&format!("  {member}\n"));
                }
                if council.motions.is_empty() {
                    text.push_str("No motions\n");
                }
                for motion in &council.motions {
                    text.push_str(&format!(
                        "Motion {} {}\n  {}\n  {} of {} votes for it, {} against, until block {}\n",
                        motion.index,
                        hex_of(&motion.hash),
                        motion.call,
                        motion.ayes.len(),
                        motion.threshold,
                        motion.nays.len(),
                        motion.end
                    ));
                }
                text
            }),
            Command::Vote {
                who,
                motion,
                against,
            } => {
                let progress = vote(&chain, &who.account()?, motion, !against).await?;
                output.result(&progress, |progress| progress.words(&progress.call))
            }
            Command::Close { who, motion } => {
                let progress = close(&chain, &who.account()?, motion).await?;
                output.result(&progress, |progress| match progress.done {
                    true => progress.words(&progress.call),
                    false => format!("{}: not carried; the motion is closed", progress.call),
                })
            }
            Command::Upgrade { blob, council } => {
                let shown = blob.display();
                let bytes = fs::read(&blob)
                    .map_err(|error| usage(format!("cannot read {shown}: {error}")))?;
                let upgrade = upgrade(&chain, &council.keys()?, bytes).await?;
                output.result(&upgrade, Upgrade::words)
            }
            Command::RestartFinality {
                finalized,
                delay,
                council,
            } => {
                let keys = council.keys()?;
                let progress = replace_authorities(&chain, &keys, finalized, delay).await?;
                output.result(&progress, |progress| match progress {
                    Some(progress) if !progress.done => progress.words(&progress.call),
                    _ => format!(
                        "the validators of the next session finalize from block {finalized} on, \
                         {delay} blocks after its start"
                    ),
                })
            }
        }
    }
}
