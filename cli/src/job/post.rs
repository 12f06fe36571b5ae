//! Posting a job.

use anyhow::Context;
use salus_analytics::{job as analytics, params::FcmParameters};
use salus_envelope::{content, encrypt};
use salus_primitives::{
    jobs::{Cipher, InputSpec, JobId, ResultForm, WorkBound, MAX_PANEL, MAX_PARAMETERS},
    records::Purpose,
    Balance, BlockNumber, Digest,
};
use serde::Serialize;
use subxt::utils::AccountId32;
use zeroize::Zeroizing;

use super::{pool::drawable, Client};
use crate::{
    analyse::wrong_table,
    chain::{
        account_of,
        api::{
            self,
            runtime_types::{
                bounded_collections::bounded_vec::BoundedVec, pallet_jobs::types as jobs,
            },
        },
        At, Chain,
    },
    error::{self, usage, Failure},
    output, registry,
};

/// Commit window where none is asked for: five minutes of two-second blocks.
pub const WINDOW: BlockNumber = 150;
/// An input of a job.
#[derive(Clone)]
pub enum Input {
    /// Data of the client's own.
    Own(Zeroizing<Vec<u8>>),
    /// A stored record that the client may have analysed.
    Record(Digest),
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Input::Own(bytes) => write!(f, "Own({} bytes)", bytes.len()),
            Input::Record(id) => write!(f, "Record({id:?})"),
        }
    }
}

/// What is to be analysed, how, and by how many.
#[derive(Clone, Debug)]
pub struct Order {
    /// Name and version, as `fcm/1`.
    pub algorithm: String,
    /// Canonical JSON of the options.
    pub parameters: Vec<u8>,
    /// What to analyse, in this order.
    pub inputs: Vec<Input>,
    /// For what, as in the records' consents.
    pub purpose: Purpose,
    /// Equal outcomes that decide.
    pub quorum: u32,
    /// Seats.
    pub panel: u32,
    /// Reserves.
    pub reserves: u32,
    /// What it pays; the least that the chain takes where `None`.
    pub reward: Option<Balance>,
    /// Blocks from complete inputs to the last commitment; [`WINDOW`] where `None`.
    pub window: Option<BlockNumber>,
    /// Whether the result is kept in the clear.
    pub clear: bool,
    /// Most rows and columns. Measured where `None`, which takes that all inputs are own ones.
    pub size: Option<(u32, u32)>,
}

impl Order {
    /// Records among the inputs.
    fn records(&self) -> impl Iterator<Item = Digest> + '_ {
        self.inputs.iter().filter_map(|input| match input {
            Input::Record(record) => Some(*record),
            Input::Own(_) => None,
        })
    }
}

/// A job that was posted.
#[derive(Clone, Debug, Serialize)]
pub struct Posted {
    /// Its number.
    pub job: JobId,
    /// What it pays.
    #[serde(serialize_with = "crate::output::amount")]
    pub reward: Balance,
    /// The work that it allows.
    pub bound: Bound,
    /// Workers that could be drawn just before.
    pub drawable: u32,
    /// Commitments to the own inputs.
    pub commitments: Vec<Digest>,
    /// Block of the post.
    pub block: u32,
}

/// The work that a job allows.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Bound {
    /// Data rows, all inputs together.
    pub rows: u32,
    /// Columns that are used.
    pub columns: u32,
    /// Clusters.
    pub clusters: u32,
    /// Most iterations.
    pub iterations: u32,
}

impl From<WorkBound> for Bound {
    fn from(bound: WorkBound) -> Self {
        Self {
            rows: bound.rows,
            columns: bound.columns,
            clusters: bound.clusters,
            iterations: bound.iterations,
        }
    }
}

/// A panel.
#[derive(Clone, Debug, Serialize)]
pub struct Panel {
    /// Who has a seat.
    pub seats: Vec<AccountId32>,
    /// Who steps in for one who is missing.
    pub reserves: Vec<AccountId32>,
}

/// A job that is posted and needs its client still. Context of the error that broke its run off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "job {0} is posted and its reward is held: `salus job provide {0}` goes on, `salus job watch {0}` \
     follows it, `salus job cancel {0}` ends it"
)]
pub struct Unfinished(pub JobId);

/// How far [`Client::run`] is.
#[derive(Clone, Debug)]
pub enum Stage {
    /// The job is on chain.
    Posted(Posted),
    /// The panel is drawn.
    Drawn(Panel),
}

/// The work bound that a post needs.
pub fn measure(order: &Order) -> anyhow::Result<WorkBound> {
    let own: Vec<&[u8]> = order
        .inputs
        .iter()
        .filter_map(|input| match input {
            Input::Own(bytes) => Some(bytes.as_slice()),
            Input::Record(_) => None,
        })
        .collect();
    let has_records = own.len() < order.inputs.len();
    let measured =
        match (order.size, has_records) {
            (None, true) => return Err(usage(
                "records cannot be measured from here: say how many --rows and --columns there \
                 are at most, all inputs together",
            )),
            (None, false) => analytics::measure(&order.algorithm, &order.parameters, &own)
                .map_err(|error| {
                    let why = FcmParameters::from_json(&order.parameters)
                        .ok()
                        .and_then(|parameters| wrong_table(&parameters, &[], &own));
                    usage(format!(
                        "the inputs cannot be analysed: {}",
                        why.unwrap_or_else(|| error.to_string())
                    ))
                })?,
            (Some((rows, columns)), _) if order.algorithm == analytics::FCM_1 => {
                let parameters = FcmParameters::from_json(&order.parameters)
                    .map_err(|error| usage(error.to_string()))?;
                analytics::Bound {
                    rows,
                    columns,
                    clusters: parameters.clusters,
                    iterations: parameters.max_iterations,
                }
            }
            (Some(_), _) => {
                return Err(usage(format!(
                    "there is no algorithm {:?}",
                    order.algorithm
                )))
            }
        };
    Ok(WorkBound {
        rows: measured.rows,
        columns: measured.columns,
        clusters: measured.clusters,
        iterations: measured.iterations,
    })
}

impl Client<'_> {
    /// Posts a job that can be drawn and pays enough. Its own inputs are kept in the wallet,
    /// encrypted to the client, until it provides them.
    pub async fn post(&self, order: &Order) -> anyhow::Result<Posted> {
        if order.parameters.len() > MAX_PARAMETERS as usize {
            return Err(usage(format!(
                "parameters take at most {MAX_PARAMETERS} bytes"
            )));
        }
        check_panel(order)?;
        let bound = measure(order)?;
        let (chain, account) = (self.chain, account_of(self.key));
        let at = chain.finalized().await?;
        let (_, recipient) = registry::recipient_of(chain, &at, account).await?;
        let drawable = drawable(chain, &at, account, order.records()).await?;
        check_drawable(drawable, order.panel)?;
        let places = (order.panel, order.reserves);
        let least = least_reward(chain, &at, &order.algorithm, bound, places).await?;
        let reward = order.reward.unwrap_or(least);
        if reward < least {
            return Err(usage(format!(
                "{} is too little for {} rows, {} columns, {} clusters and {} iterations by {}: \
                 the least is {}",
                output::med(reward),
                bound.rows,
                bound.columns,
                bound.clusters,
                bound.iterations,
                output::count(order.panel, "worker"),
                output::med(least)
            )));
        }
        let least_window = least_window(chain, &at, bound)?;
        let commit_window = order.window.unwrap_or(WINDOW.max(least_window));
        if commit_window < least_window {
            return Err(usage(format!(
                "a window of {} is too short for this work: the shortest is {least_window}",
                output::count(commit_window, "block")
            )));
        }
        self.forget_ended(&at).await?;

        let inputs = self.inputs()?;
        let mut specs = Vec::new();
        let mut commitments = Vec::new();
        for input in &order.inputs {
            specs.push(match input {
                Input::Own(bytes) => {
                    let packed = content::pack(bytes);
                    let commitment = Digest::from(packed.commitment);
                    // Salt and content cannot be had again otherwise, and after the draw the panel
                    // is paid whether the input comes or not.
                    inputs.save(&commitment, &encrypt(&packed.bytes, &[recipient])?)?;
                    commitments.push(commitment);
                    InputSpec::Own { commitment }
                }
                Input::Record(record) => InputSpec::Record { record: *record },
            });
        }
        let spec = jobs::JobSpec {
            algorithm: BoundedVec(order.algorithm.clone().into_bytes()),
            parameters: BoundedVec(order.parameters.clone()),
            inputs: BoundedVec(specs.into_iter().map(Into::into).collect()),
            purpose: order.purpose,
            quorum: order.quorum,
            panel: order.panel,
            reserves: order.reserves,
            reward,
            bound: bound.into(),
            form: match order.clear {
                true => ResultForm::Clear,
                false => ResultForm::Sealed,
            }
            .into(),
            cipher: Cipher::AgeX25519.into(),
            commit_window,
        };
        let posted = chain.submit(self.key, &api::tx().jobs().post(spec)).await;
        let receipt = match posted {
            Ok(receipt) => receipt,
            Err(error) => {
                // Where it is not certain that the chain refused it, the job may still come to be.
                if matches!(error::failure(&error), Some(Failure::Refused { .. })) {
                    inputs.remove(&commitments)?;
                }
                return Err(error);
            }
        };
        let event: api::jobs::events::Posted = receipt.event()?;
        Ok(Posted {
            job: event.job,
            reward,
            bound: bound.into(),
            drawable,
            commitments,
            block: receipt.block,
        })
    }
}

/// Quorum and panel as the chain takes them.
fn check_panel(order: &Order) -> anyhow::Result<()> {
    let Order {
        quorum,
        panel,
        reserves,
        ..
    } = *order;
    if panel > MAX_PANEL || reserves > MAX_PANEL {
        return Err(usage(format!(
            "a panel has at most {MAX_PANEL} seats, and as many reserves"
        )));
    }
    match quorum <= panel && u64::from(quorum) * 2 > u64::from(panel) {
        true => Ok(()),
        false => Err(usage(format!(
            "a quorum of {quorum} is not more than half of {}, and no more than all",
            output::count(panel, "seat")
        ))),
    }
}

/// Whether a panel can be drawn from so many workers.
fn check_drawable(drawable: u32, panel: u32) -> anyhow::Result<()> {
    if drawable >= panel {
        return Ok(());
    }
    let advice = match drawable {
        0 => "other members have to offer workers first (`salus worker register`)",
        _ => {
            "take fewer with --panel, or have other members offer workers (`salus worker register`)"
        }
    };
    Err(usage(format!(
        "{} can be drawn for this job now, and its panel has {}; the client's own worker and those of \
         the records' patients are never drawn: {advice}",
        output::count(drawable, "worker"),
        output::count(panel, "seat"),
    )))
}

/// The shortest commit window for this much work, blocks.
fn least_window(chain: &Chain, at: &At, bound: WorkBound) -> anyhow::Result<BlockNumber> {
    let fixed = chain.constant(at, api::constants().jobs().min_window())?;
    let per_block = chain.constant(at, api::constants().jobs().units_per_block())?;
    let blocks = bound.units().checked_div(per_block).unwrap_or_default();
    // Reserves have the second half only.
    let twice = BlockNumber::try_from(blocks.saturating_mul(2)).unwrap_or(BlockNumber::MAX);
    Ok(fixed.saturating_add(twice))
}

/// The smallest reward that the chain takes for this work.
pub async fn least_reward(
    chain: &Chain,
    at: &At,
    algorithm: &str,
    bound: WorkBound,
    (panel, reserves): (u32, u32),
) -> anyhow::Result<Balance> {
    let name = BoundedVec(algorithm.as_bytes().to_vec());
    let price = chain
        .get(at, api::storage().jobs().algorithms(), (name,))
        .await?
        .ok_or_else(|| usage(format!("the chain has no algorithm {algorithm:?}")))?;
    let flat = chain.constant(at, api::constants().jobs().min_reward())?;
    let flat = flat.checked_mul(u128::from(panel) + u128::from(reserves));
    price
        .checked_mul(bound.units())
        .and_then(|seat| seat.checked_mul(panel.into()))
        .and_then(|work| work.checked_add(flat?))
        .context("the work is more than can be paid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_workers_are_explained() {
        let words = |drawable, panel| check_drawable(drawable, panel).unwrap_err().to_string();
        assert!(check_drawable(3, 3).is_ok());
        let none = words(0, 3);
        assert!(none.contains("0 workers can be drawn"), "{none}");
        assert!(none.contains("the client's own worker"), "{none}");
        assert!(none.contains("salus worker register"), "{none}");
        assert!(!none.contains("--panel"), "{none}");
        assert!(words(1, 3).contains("--panel"));
    }
}
