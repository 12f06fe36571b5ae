//! Completing a job's inputs once its panel is drawn.

use anyhow::{anyhow, bail, Context};
use salus_envelope::{content, decrypt_limited, encrypt, seal_identity, Identity};
use salus_primitives::{
    jobs::{Ciphertext, InputSpec, JobId, MAX_INLINE},
    Digest,
};
use serde::Serialize;
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;
use zeroize::Zeroizing;

use super::{
    read::{self, Phase},
    Client,
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
        text::hex_of,
        At, Chain, Receipt,
    },
    error::usage,
    record::{self, Wallet, MAX_CONTENT},
    registry,
};

/// How the client completed a job's inputs.
#[derive(Clone, Debug, Serialize)]
pub struct Provided {
    /// The job.
    pub job: JobId,
    /// Own inputs that are on chain.
    pub inline: usize,
    /// Own inputs that lie at the gateway.
    pub blobs: usize,
    /// Records whose owners still have to seal the key to the panel.
    pub records: Vec<String>,
    /// Block in which it was done; `None` where the job has no own inputs.
    pub block: Option<u32>,
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
            jobs::State::Requested => bail!("the panel of job {job} is not drawn yet"),
            jobs::State::Waiting { .. } => {
                bail!("a worker on the panel of job {job} is busy; the job waits for it")
            }
            _ => bail!("the inputs of job {job} are complete already"),
        },
        Phase::Finished(_) => bail!("job {job} is finished already"),
        Phase::Gone => Err(usage(format!("there is no live job {job}"))),
    }
}

/// Refuses jobs of others.
async fn check_client(
    chain: &Chain,
    at: &At,
    job: JobId,
    account: AccountId32,
) -> anyhow::Result<()> {
    let client = match read::phase(chain, at, job).await? {
        Phase::Live(entry) => entry.client,
        Phase::Finished(entry) => entry.client,
        Phase::Gone => return Ok(()),
    };
    match client == account {
        true => Ok(()),
        false => Err(usage(format!("job {job} is {client}'s, not {account}'s"))),
    }
}

impl Client<'_> {
    /// Completes a job's own inputs: encrypts them once to a fresh job identity, seals that to the
    /// panel and the reserves, and names the ciphertexts. What fits goes on chain, the rest to the
    /// gateway.
    pub async fn provide(&self, job: JobId) -> anyhow::Result<Provided> {
        let chain = self.chain;
        let at = chain.finalized().await?;
        check_client(chain, &at, job, account_of(self.key)).await?;
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
        let recipient = api::storage().jobs().job_recipients();
        if chain.get(&at, recipient, (job,)).await?.is_some() {
            bail!("the own inputs of job {job} are provided already");
        }

        let key = Identity::generate();
        let recipients = panel_recipients(chain, &at, &entry).await?;
        let capsules = seal_to_panel(&key, &recipients)?;
        let mut items = Vec::new();
        let mut blobs = 0;
        for (index, commitment) in &own {
            let ciphertext = encrypt(&self.kept_input(commitment)?, &[key.recipient()])?;
            let ciphertext = match ciphertext.len() <= MAX_INLINE as usize {
                true => Ciphertext::Inline(
                    ciphertext
                        .try_into()
                        .map_err(|_| anyhow!("the ciphertext does not fit into the chain"))?,
                ),
                false => {
                    let gateway = self.gateway.ok_or_else(|| {
                        usage("the input is too large for the chain: name a gateway with --gateway")
                    })?;
                    blobs += 1;
                    Ciphertext::Blob(record::upload(chain, self.key, gateway, ciphertext).await?)
                }
            };
            items.push((*index, ciphertext.into()));
        }
        let call = api::tx()
            .jobs()
            .provide(job, key.recipient(), BoundedVec(items), capsules);
        let receipt = chain.submit(self.key, &call).await?;
        let commitments: Vec<_> = own.iter().map(|(_, commitment)| *commitment).collect();
        self.inputs()?.remove(&commitments)?;
        Ok(Provided {
            job,
            inline: own.len() - blobs,
            blobs,
            records,
            block: Some(receipt.block),
        })
    }

    /// Salted content of an own input, as the wallet keeps it.
    fn kept_input(&self, commitment: &Digest) -> anyhow::Result<Zeroizing<Vec<u8>>> {
        let sealed = self.inputs()?.get(commitment)?.with_context(|| {
            format!(
                "the wallet {} does not have the input with the commitment {}: the job was posted \
                 from another one",
                self.wallet.path().display(),
                hex_of(commitment)
            )
        })?;
        let packed = self
            .identities
            .iter()
            .find_map(|identity| decrypt_limited(&sealed, identity, MAX_CONTENT).ok())
            .context("the input in the wallet does not open with this identity")?;
        content::unpack(&packed, &commitment.0)?;
        Ok(packed)
    }
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
