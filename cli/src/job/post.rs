//! Posting a job, and completing its inputs once the panel is drawn.

use std::time::Duration;

use anyhow::{anyhow, bail, Context};
use salus_analytics::{job as analytics, params::FcmParameters};
use salus_envelope::{content, decrypt_limited, encrypt, seal_identity, Identity};
use salus_primitives::{
    jobs::{
        Cipher, Ciphertext, InputSpec, JobId, ResultForm, WorkBound, MAX_INLINE, MAX_PARAMETERS,
    },
    records::Purpose,
    Balance, BlockNumber, Digest,
};
use serde::Serialize;
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;
use zeroize::Zeroizing;

use super::read::{self, Phase};
use crate::{
    chain::{
        account_of,
        api::{
            self,
            runtime_types::{
                bounded_collections::bounded_vec::BoundedVec, pallet_jobs::types as jobs,
            },
        },
        text::hex_of,
        At, Chain, Receipt,
    },
    error::{self, usage, Failure},
    record::{self, Wallet, MAX_CONTENT},
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

/// How the client completed a job's inputs.
#[derive(Clone, Debug, Serialize)]
pub struct Provided {
    /// The job.
    pub job: JobId,
    /// Own inputs that are on chain.
    pub inline: usize,
    /// Own inputs that lie at the gateway.
    pub blobs: usize,
    /// Records whose patients still have to seal the key to the panel.
    pub records: Vec<String>,
    /// Block in which it was done; `None` where the job has no own inputs.
    pub block: Option<u32>,
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
    let measured = match (order.size, has_records) {
        (None, true) => {
            return Err(usage(
                "records cannot be measured from here: say how many --rows and --columns there \
                 are at most, all inputs together",
            ))
        }
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
            return Err(usage(format!("there is no algorithm {:?}", order.algorithm)))
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
        return Err(usage(format!("parameters take at most {MAX_PARAMETERS} bytes")));
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

/// The public keys of the panel, seats first, then reserves, in drawn order.
async fn panel_recipients(
    chain: &Chain,
    at: &At,
    entry: &read::Entry,
) -> anyhow::Result<Vec<[u8; 32]>> {
    let mut recipients = Vec::new();
    for worker in entry.seats.0.iter().chain(&entry.reserves.0) {
        let (_, recipient) = registry::recipient_of(chain, at, *worker).await?;
        recipients.push(recipient);
    }
    Ok(recipients)
}

fn seal_to_panel(key: &Identity, recipients: &[[u8; 32]]) -> anyhow::Result<Capsules> {
    recipients
        .iter()
        .map(|recipient| Ok(BoundedVec(seal_identity(key, recipient)?)))
        .collect::<anyhow::Result<_>>()
        .map(BoundedVec)
}

type Capsules = BoundedVec<BoundedVec<u8>>;

async fn drawn(chain: &Chain, at: &At, job: JobId) -> anyhow::Result<read::Entry> {
    match read::phase(chain, at, job).await? {
        Phase::Live(entry) => match entry.state {
            jobs::State::Drawn { .. } => Ok(entry),
            jobs::State::Requested { .. } => bail!("the panel of job {job} is not drawn yet"),
            _ => bail!("the inputs of job {job} are complete already"),
        },
        Phase::Finished(_) => bail!("job {job} is finished already"),
        Phase::Gone => Err(usage(format!("there is no live job {job}"))),
    }
}

/// The client completes a job's own inputs: encrypts them once to a fresh job identity, seals that to
/// the panel and the reserves, and names the ciphertexts. What fits goes on chain, the rest to the
/// gateway.
pub async fn provide(
    chain: &Chain,
    client: &Keypair,
    identities: &[Identity],
    wallet: &Wallet,
    gateway: Option<&str>,
    job: JobId,
) -> anyhow::Result<Provided> {
    let at = chain.finalized().await?;
    let entry = drawn(chain, &at, job).await?;
    let (mut own, mut records) = (Vec::new(), Vec::new());
    for (index, spec) in (0u32..).zip(&entry.spec.inputs.0) {
        match spec.0 {
            InputSpec::Own { commitment } => own.push((index, commitment)),
            InputSpec::Record { record } => records.push(hex_of(&record)),
        }
    }
    if own.is_empty() {
        return Ok(Provided {
            job,
            inline: 0,
            blobs: 0,
            records,
            block: None,
        });
    }
    let storage = || api::storage().jobs();
    if chain
        .get(&at, storage().job_recipients(), (job,))
        .await?
        .is_some()
    {
        bail!("the own inputs of job {job} are provided already");
    }

    let key = Identity::generate();
    let recipients = panel_recipients(chain, &at, &entry).await?;
    let capsules = seal_to_panel(&key, &recipients)?;
    let mut items = Vec::new();
    let mut blobs = 0;
    for (index, commitment) in &own {
        let packed = kept_input(wallet, identities, commitment)?;
        let ciphertext = encrypt(&packed, &[key.recipient()])?;
        let ciphertext = match ciphertext.len() <= MAX_INLINE as usize {
            true => Ciphertext::Inline(
                ciphertext
                    .try_into()
                    .map_err(|_| anyhow!("the ciphertext does not fit into the chain"))?,
            ),
            false => {
                let gateway = gateway.ok_or_else(|| {
                    usage("the input is too large for the chain: name a gateway with --gateway")
                })?;
                blobs += 1;
                Ciphertext::Blob(record::upload(chain, client, gateway, ciphertext).await?)
            }
        };
        items.push((*index, ciphertext.into()));
    }
    let call = api::tx()
        .jobs()
        .provide(job, key.recipient(), BoundedVec(items), capsules);
    let receipt = chain.submit(client, &call).await?;
    let commitments: Vec<_> = own.iter().map(|(_, commitment)| *commitment).collect();
    drop_inputs(wallet, &commitments)?;
    Ok(Provided {
        job,
        inline: own.len() - blobs,
        blobs,
        records,
        block: Some(receipt.block),
    })
}

fn drop_inputs(wallet: &Wallet, commitments: &[Digest]) -> anyhow::Result<()> {
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

/// Salted content of an own input, as the wallet keeps it.
fn kept_input(
    wallet: &Wallet,
    identities: &[Identity],
    commitment: &Digest,
) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let sealed = wallet.input(commitment)?.with_context(|| {
        format!(
            "the wallet {} does not have the input with the commitment {}: the job was posted \
             from another one",
            wallet.path().display(),
            hex_of(commitment)
        )
    })?;
    let packed = identities
        .iter()
        .find_map(|identity| decrypt_limited(&sealed, identity, MAX_CONTENT).ok())
        .context("the input in the wallet does not open with this identity")?;
    content::unpack(&packed, &commitment.0)?;
    Ok(packed)
}

/// A patient seals the keys of its records among a job's inputs to the panel. The positions that were
/// sealed; records whose keys were sealed before are passed over.
pub async fn seal_records(
    chain: &Chain,
    patient: &Keypair,
    wallet: &Wallet,
    job: JobId,
) -> anyhow::Result<Vec<(u32, Receipt)>> {
    let at = chain.finalized().await?;
    let entry = drawn(chain, &at, job).await?;
    let account = account_of(patient);
    let recipients = panel_recipients(chain, &at, &entry).await?;
    let mut receipts = Vec::new();
    let mut mine = 0;
    for (index, spec) in (0u32..).zip(&entry.spec.inputs.0) {
        let InputSpec::Record { record: id } = spec.0 else {
            continue;
        };
        let found = record::entry(chain, &at, id).await?;
        if found.patient != account {
            continue;
        }
        mine += 1;
        let supplied = chain
            .get(&at, api::storage().jobs().inputs(), (job, index))
            .await?;
        if supplied.is_some() {
            continue;
        }
        let (_, recipient) = record::stored(id, &found)?;
        let key = wallet.record_key(&id, &recipient)?;
        let capsules = seal_to_panel(&key, &recipients)?;
        let call = api::tx().jobs().seal_record(job, index, capsules);
        receipts.push((index, chain.submit(patient, &call).await?));
    }
    if mine == 0 {
        return Err(usage(format!("job {job} has no record of {account}")));
    }
    Ok(receipts)
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
