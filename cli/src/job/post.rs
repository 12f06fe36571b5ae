//! Posting and cancelling a job.

use std::time::Duration;

use anyhow::{bail, Context};
use salus_analytics::{job as analytics, params::FcmParameters};
use salus_envelope::{content, encrypt, Identity};
use salus_primitives::{
    jobs::{Cipher, InputSpec, JobId, ResultForm, WorkBound, MAX_PARAMETERS},
    records::Purpose,
    Balance, BlockNumber, Digest,
};
use serde::Serialize;
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;
use zeroize::Zeroizing;

use super::{
    provide::{provide, Provided},
    read::{self, Phase},
};
use crate::{
    chain::{
        account_of,
        api::{
            self,
            runtime_types::{
                bounded_collections::bounded_vec::BoundedVec, pallet_jobs::types as jobs,
            },
        },
        At, Chain, Receipt,
    },
    error::{self, usage, Failure},
    record::Wallet,
    registry,
};

/// Commit window where none is asked for: five minutes of two-second blocks.
pub const WINDOW: BlockNumber = 150;
/// Between two looks at the chain.
const PAUSE: Duration = Duration::from_millis(700);

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

/// A job that was posted.
#[derive(Clone, Debug, Serialize)]
pub struct Posted {
    /// Its number.
    pub job: JobId,
    /// What it pays.
    pub reward: Balance,
    /// Rows, columns, clusters and iterations that it allows.
    pub bound: [u32; 4],
    /// Commitments to the own inputs.
    pub commitments: Vec<Digest>,
    /// Block of the post.
    pub block: u32,
}

/// A panel.
#[derive(Clone, Debug, Serialize)]
pub struct Panel {
    /// Who has a seat.
    pub seats: Vec<AccountId32>,
    /// Who steps in for one who is missing.
    pub reserves: Vec<AccountId32>,
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
                .map_err(|error| usage(format!("the inputs cannot be analysed: {error}")))?,
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

/// Posts a job. Its own inputs are kept in the wallet, encrypted to the client, until [`provide`].
pub async fn post(
    chain: &Chain,
    client: &Keypair,
    wallet: &Wallet,
    order: &Order,
) -> anyhow::Result<Posted> {
    if order.parameters.len() > MAX_PARAMETERS as usize {
        return Err(usage(format!(
            "parameters take at most {MAX_PARAMETERS} bytes"
        )));
    }
    let bound = measure(order)?;
    let at = chain.finalized().await?;
    let (_, recipient) = registry::recipient_of(chain, &at, account_of(client)).await?;
    let mut specs = Vec::new();
    let mut commitments = Vec::new();
    for input in &order.inputs {
        specs.push(match input {
            Input::Own(bytes) => {
                let packed = content::pack(bytes);
                let commitment = Digest::from(packed.commitment);
                // Salt and content cannot be had again otherwise, and after the draw the panel is
                // paid whether the input comes or not.
                wallet.save_input(&commitment, &encrypt(&packed.bytes, &[recipient])?)?;
                commitments.push(commitment);
                InputSpec::Own { commitment }
            }
            Input::Record(record) => InputSpec::Record { record: *record },
        });
    }
    let reward = match order.reward {
        Some(reward) => reward,
        None => least_reward(chain, &at, &order.algorithm, bound, order.panel).await?,
    };
    let least_window = chain.constant(&at, api::constants().jobs().min_window())?;
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
        commit_window: order.window.unwrap_or(WINDOW.max(least_window)),
    };
    let posted = chain.submit(client, &api::tx().jobs().post(spec)).await;
    let receipt = match posted {
        Ok(receipt) => receipt,
        Err(error) => {
            // Where it is not certain that the chain refused it, the job may still come to be.
            if matches!(error::failure(&error), Some(Failure::Refused { .. })) {
                drop_inputs(wallet, &commitments)?;
            }
            return Err(error);
        }
    };
    let event: api::jobs::events::Posted = receipt.event()?;
    Ok(Posted {
        job: event.job,
        reward,
        bound: [bound.rows, bound.columns, bound.clusters, bound.iterations],
        commitments,
        block: receipt.block,
    })
}

/// The smallest reward that the chain takes for this work.
pub async fn least_reward(
    chain: &Chain,
    at: &At,
    algorithm: &str,
    bound: WorkBound,
    panel: u32,
) -> anyhow::Result<Balance> {
    let name = BoundedVec(algorithm.as_bytes().to_vec());
    let price = chain
        .get(at, api::storage().jobs().algorithms(), (name,))
        .await?
        .ok_or_else(|| usage(format!("the chain has no algorithm {algorithm:?}")))?;
    let flat = chain.constant(at, api::constants().jobs().min_reward())?;
    price
        .checked_mul(bound.units())
        .and_then(|seat| seat.checked_mul(panel.into()))
        .and_then(|work| work.checked_add(flat))
        .context("the work is more than can be paid")
}

/// Waits until the panel is drawn. An error in words where the job ends instead.
pub async fn wait_for_panel(chain: &Chain, job: JobId) -> anyhow::Result<Panel> {
    loop {
        let at = chain.finalized().await?;
        match read::phase(chain, &at, job).await? {
            Phase::Live(entry) if matches!(entry.state, jobs::State::Requested { .. }) => {}
            Phase::Live(entry) => {
                return Ok(Panel {
                    seats: entry.seats.0.clone(),
                    reserves: entry.reserves.0.clone(),
                })
            }
            Phase::Finished(_) => bail!("job {job} is finished already"),
            Phase::Gone => {
                let reason = read::end_reason(chain, job).await?;
                bail!("job {job} ended without a panel: {reason}");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

pub(super) fn drop_inputs(wallet: &Wallet, commitments: &[Digest]) -> anyhow::Result<()> {
    commitments
        .iter()
        .try_for_each(|commitment| wallet.remove_input(commitment))
}

/// The client ends a job whose inputs are not complete: free before the draw. Inputs that the wallet
/// keeps for it are forgotten.
pub async fn cancel(
    chain: &Chain,
    client: &Keypair,
    wallet: &Wallet,
    job: JobId,
) -> anyhow::Result<Receipt> {
    let at = chain.finalized().await?;
    let own: Vec<Digest> = match read::phase(chain, &at, job).await? {
        Phase::Live(entry) if entry.client == account_of(client) => {
            let specs = entry.spec.inputs.0.iter();
            specs
                .filter_map(|spec| match spec.0 {
                    InputSpec::Own { commitment } => Some(commitment),
                    InputSpec::Record { .. } => None,
                })
                .collect()
        }
        _ => Vec::new(),
    };
    let receipt = chain.submit(client, &api::tx().jobs().cancel(job)).await?;
    drop_inputs(wallet, &own)?;
    Ok(receipt)
}

/// What a step of [`run`] is about to do, for whoever shows progress.
#[derive(Clone, Debug)]
pub enum Stage {
    /// The job is on chain.
    Posted(Posted),
    /// The panel is drawn.
    Drawn(Panel),
}

/// Posts a job, waits for its panel, and completes its own inputs.
pub async fn run(
    chain: &Chain,
    client: &Keypair,
    identities: &[Identity],
    wallet: &Wallet,
    gateway: Option<&str>,
    order: &Order,
    mut on: impl FnMut(&Stage),
) -> anyhow::Result<(Posted, Panel, Provided)> {
    let posted = post(chain, client, wallet, order).await?;
    on(&Stage::Posted(posted.clone()));
    let panel = match wait_for_panel(chain, posted.job).await {
        Ok(panel) => panel,
        Err(error) => {
            let at = chain.finalized().await?;
            if matches!(read::phase(chain, &at, posted.job).await?, Phase::Gone) {
                drop_inputs(wallet, &posted.commitments)?;
            }
            return Err(error);
        }
    };
    on(&Stage::Drawn(panel.clone()));
    let provided = provide(chain, client, identities, wallet, gateway, posted.job)
        .await
        .with_context(|| {
            format!(
                "job {} is posted and drawn; complete it with `salus job provide {}`",
                posted.job, posted.job
            )
        })?;
    Ok((posted, panel, provided))
}
