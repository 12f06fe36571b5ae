//! What institutions and patients do with records.

use anyhow::{anyhow, bail};
use salus_blobs::client::UploadError;
use salus_envelope::{content, encrypt, seal_identity, Identity};
use salus_primitives::{
    blobs::BlobPointer,
    membership::{Recipient, Role},
    records::{Purpose, Rights},
    Digest,
};
use serde::Serialize;
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;

use super::{
    codes::purpose_name,
    read::{self, fetch, holds, open, Entry, Mismatch, ShareEntry},
    wallet::Wallet,
};
use crate::{
    chain::{
        account_of,
        api::{
            self,
            runtime_types::{
                bounded_collections::bounded_vec::BoundedVec, pallet_records::types as records,
            },
        },
        text::{hex_of, moment_text, Until},
        At, Chain, Receipt,
    },
    error::{usage, Failure},
    files, registry,
};

/// A release.
#[derive(Clone, Debug, Serialize)]
pub struct Released {
    /// Id of the record.
    pub record: String,
    /// The same.
    #[serde(skip)]
    pub id: Digest,
    /// Salted commitment to its content.
    pub commitment: String,
    /// Digest of the delivery blob.
    pub blob: String,
    /// Bytes of the delivery blob.
    pub size: u64,
    /// Block of the release.
    pub block: u32,
}

/// Uploads ciphertext to a gateway in the name of a key.
pub async fn upload(
    chain: &Chain,
    key: &Keypair,
    gateway: &str,
    ciphertext: Vec<u8>,
) -> anyhow::Result<BlobPointer> {
    let (blobs, bar) = chain.transfer(key, format!("To {gateway}"))?;
    let uploaded = blobs.upload(gateway, ciphertext).await;
    bar.finish_and_clear();
    uploaded.map_err(|error| match error {
        UploadError::Unavailable(reason) => Failure::Unreachable {
            url: gateway.to_owned(),
            reason,
        }
        .into(),
        other => anyhow::Error::new(other).context(format!("cannot upload to {gateway}")),
    })
}

/// An institution, or its operator key, releases a record: the content goes to the patient
/// encrypted, on chain goes a salted commitment to it.
pub async fn release(
    chain: &Chain,
    institution: &Keypair,
    patient: AccountId32,
    plaintext: &[u8],
    format: u16,
    gateway: &str,
) -> anyhow::Result<Released> {
    let at = chain.finalized().await?;
    let (_, recipient) = registry::recipient_of(chain, &at, patient).await?;
    let packed = content::pack(plaintext);
    let ciphertext = encrypt(&packed.bytes, &[recipient])?;
    let blob = upload(chain, institution, gateway, ciphertext).await?;
    let commitment = Digest::from(packed.commitment);
    let call = api::tx()
        .records()
        .release(patient, commitment, format, blob.clone().into());
    let receipt = chain.submit(institution, &call).await?;
    let released: api::records::events::Released = receipt.event()?;
    Ok(Released {
        record: hex_of(&released.record),
        id: released.record,
        commitment: hex_of(&commitment),
        blob: hex_of(&blob.digest),
        size: blob.size,
        block: receipt.block,
    })
}

/// An institution takes back a release that was not stored.
pub async fn withdraw(chain: &Chain, institution: &Keypair, id: Digest) -> anyhow::Result<Receipt> {
    chain
        .submit(institution, &api::tx().records().withdraw_release(id))
        .await
}

/// A record that the patient stored.
#[derive(Clone, Debug, Serialize)]
pub struct Stored {
    /// Id of the record.
    pub record: String,
    /// Digest of the ciphertext.
    pub blob: String,
    /// Bytes of the ciphertext.
    pub size: u64,
    /// File with the record's key.
    pub key_file: std::path::PathBuf,
    /// How it was stored.
    #[serde(flatten)]
    pub receipt: Receipt,
}

/// The patient fetches a released record, checks it, and stores it encrypted to a fresh key, which is
/// kept in the wallet. `identities` are the patient's, current and former. An error that
/// `downcast_ref`s to [`Mismatch`] is a reason to [`dispute`].
pub async fn store(
    chain: &Chain,
    patient: &Keypair,
    identities: &[Identity],
    wallet: &Wallet,
    id: Digest,
    gateway: &str,
) -> anyhow::Result<Stored> {
    let at = chain.finalized().await?;
    let entry = read::entry(chain, &at, id).await?;
    own(patient, id, &entry)?;
    let records::State::Released(delivery) = &entry.state else {
        bail!("record {} does not wait to be stored", hex_of(&id));
    };
    // The release is in the chain's state, so the institution signed it; what is left to see is
    // whether it is one that the consortium stands for.
    if registry::role_of(chain, &at, entry.institution).await? != Some(Role::Institution) {
        bail!(
            "record {} comes from {}, which is no active institution of the consortium now",
            hex_of(&id),
            entry.institution
        );
    }
    let ciphertext = fetch(chain, patient, &delivery.blob).await?;
    let bytes = identities
        .iter()
        .find_map(
            |identity| match open(&ciphertext, identity, &entry.commitment) {
                // Another key may open it; content that opens and differs is final.
                Err(error) if error.downcast_ref::<Mismatch>().is_none() => None,
                opened => Some(opened),
            },
        )
        .unwrap_or_else(|| {
            Err(anyhow!(
                "the delivery does not open with this identity; it was encrypted to version {} of \
                 your encryption key",
                delivery.key_version
            ))
        })?;

    let record_key = Identity::generate();
    let ciphertext = encrypt(&bytes, &[record_key.recipient()])?;
    // Before the chain knows the key: a crash in between costs a file, not the record.
    wallet.save_record_key(&id, &record_key)?;
    let blob = upload(chain, patient, gateway, ciphertext).await?;
    let (digest, size) = (blob.digest, blob.size);
    let call = api::tx()
        .records()
        .store(id, blob.into(), record_key.recipient());
    let receipt = match chain.submit(patient, &call).await {
        Ok(receipt) => receipt,
        Err(error) => {
            // Refused for certain: nothing will ever be encrypted to it.
            if matches!(crate::error::failure(&error), Some(Failure::Refused { .. })) {
                wallet.remove_record_key(&id, &record_key.recipient())?;
            }
            return Err(error);
        }
    };
    Ok(Stored {
        record: hex_of(&id),
        blob: hex_of(&digest),
        size,
        key_file: wallet.record_key_path(&id, &record_key.recipient()),
        receipt,
    })
}

/// The patient says that a release does not match its commitment, or cannot be had. On chain goes a
/// salted digest of the reason; salt and reason are written to `statement`, for whom it may concern.
pub async fn dispute(
    chain: &Chain,
    patient: &Keypair,
    id: Digest,
    reason: &str,
    statement: Option<&std::path::Path>,
) -> anyhow::Result<Receipt> {
    let packed = content::pack(reason.as_bytes());
    if let Some(path) = statement {
        files::write(path, &packed.bytes)?;
    }
    let call = api::tx().records().dispute(id, packed.commitment.into());
    chain.submit(patient, &call).await
}

/// On what terms records are shared.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// What the grantee may do.
    pub rights: Rights,
    /// For what.
    pub purpose: Purpose,
    /// Until when.
    pub until: Until,
    /// The request that it answers.
    pub request: Option<u64>,
}

/// Records that were shared in one transaction.
#[derive(Clone, Debug, Serialize)]
pub struct Shared {
    /// Their ids.
    pub records: Vec<String>,
    /// With whom.
    pub grantee: AccountId32,
    /// What it may do.
    pub rights: &'static str,
    /// For what.
    pub purpose: String,
    /// Until when, UTC.
    pub expires: String,
    /// How they were shared.
    #[serde(flatten)]
    pub receipt: Receipt,
}

/// The patient shares stored records. With the right to read goes each record's key, sealed to the
/// grantee. More records than fit into a call are shared in several.
pub async fn share(
    chain: &Chain,
    patient: &Keypair,
    wallet: &Wallet,
    ids: &[Digest],
    grantee: AccountId32,
    terms: Terms,
) -> anyhow::Result<Vec<Shared>> {
    let at = chain.finalized().await?;
    let expires = chain.deadline(&at, terms.until).await?;
    let (_, recipient) = registry::recipient_of(chain, &at, grantee).await?;
    let mut items = Vec::new();
    for id in ids {
        let entry = read::entry(chain, &at, *id).await?;
        own(patient, *id, &entry)?;
        let (_, of_record) = read::stored(*id, &entry)?;
        let capsule = match terms.rights.read {
            true => {
                let key = wallet.record_key(id, &of_record)?;
                Some(BoundedVec(seal_identity(&key, &recipient)?))
            }
            false => None,
        };
        items.push((*id, capsule));
    }
    let most = chain.constant(&at, api::constants().records().max_batch())? as usize;
    if terms.request.is_some() && items.len() > most {
        return Err(usage(format!(
            "a request is answered with at most {most} records"
        )));
    }
    let mut shared = Vec::new();
    for part in items.chunks(most.max(1)) {
        let call = api::tx().records().share(
            grantee,
            BoundedVec(part.to_vec()),
            terms.rights.into(),
            terms.purpose,
            expires,
            terms.request,
        );
        let receipt = chain.submit(patient, &call).await?;
        shared.push(Shared {
            records: part.iter().map(|(id, _)| hex_of(id)).collect(),
            grantee,
            rights: read::rights_words(terms.rights),
            purpose: purpose_name(terms.purpose),
            expires: moment_text(expires),
            receipt,
        });
    }
    Ok(shared)
}

/// Shares that were ended in one transaction.
#[derive(Clone, Debug, Serialize)]
pub struct Revoked {
    /// Ids of the records.
    pub records: Vec<String>,
    /// Who may no longer.
    pub grantee: AccountId32,
    /// How they were ended.
    #[serde(flatten)]
    pub receipt: Receipt,
}

/// The patient ends shares, in the same block. A key that was given cannot be recalled: [`rekey`]
/// makes it useless for what is stored from then on.
pub async fn revoke(
    chain: &Chain,
    patient: &Keypair,
    ids: &[Digest],
    grantee: AccountId32,
) -> anyhow::Result<Vec<Revoked>> {
    let at = chain.finalized().await?;
    let most = chain.constant(&at, api::constants().records().max_batch())? as usize;
    let mut revoked = Vec::new();
    for part in ids.chunks(most.max(1)) {
        let call = api::tx()
            .records()
            .revoke(grantee, BoundedVec(part.to_vec()));
        revoked.push(Revoked {
            records: part.iter().map(hex_of).collect(),
            grantee,
            receipt: chain.submit(patient, &call).await?,
        });
    }
    Ok(revoked)
}

/// Clears away a share that is expired, rejected, or of an ended record: the deposit goes back.
pub async fn clear(
    chain: &Chain,
    key: &Keypair,
    id: Digest,
    grantee: AccountId32,
) -> anyhow::Result<Receipt> {
    chain
        .submit(key, &api::tx().records().clear_share(id, grantee))
        .await
}

/// A record with a new key.
#[derive(Clone, Debug, Serialize)]
pub struct Rekeyed {
    /// Id of the record.
    pub record: String,
    /// Digest of the new ciphertext.
    pub blob: String,
    /// Read shares that have the new key.
    pub kept: u32,
    /// Read shares that ended.
    pub ended: u32,
    /// File with the new key.
    pub key_file: std::path::PathBuf,
    /// Block of the change.
    pub block: u32,
}

/// The patient encrypts a stored record anew, to a fresh key, moves the pointer, and gives the new
/// key to everybody who may read it now, except `without`.
pub async fn rekey(
    chain: &Chain,
    patient: &Keypair,
    wallet: &Wallet,
    id: Digest,
    without: &[AccountId32],
    gateway: &str,
) -> anyhow::Result<Rekeyed> {
    let at = chain.finalized().await?;
    let entry = read::entry(chain, &at, id).await?;
    own(patient, id, &entry)?;
    let (blob, former) = read::stored(id, &entry)?;
    let former_key = wallet.record_key(&id, &former)?;
    let ciphertext = fetch(chain, patient, &blob).await?;
    let bytes = open(&ciphertext, &former_key, &entry.commitment)?;

    let record_key = Identity::generate();
    let recipient = record_key.recipient();
    let mut capsules = Vec::new();
    for (grantee, share) in readers(chain, &at, id).await? {
        if !without.contains(&grantee) && holds(&share, chain.now(&at).await?) {
            let (_, to) = registry::recipient_of(chain, &at, grantee).await?;
            capsules.push((grantee, BoundedVec(seal_identity(&record_key, &to)?)));
        }
    }
    let ciphertext = encrypt(&bytes, &[recipient])?;
    wallet.save_record_key(&id, &record_key)?;
    let blob = upload(chain, patient, gateway, ciphertext).await?;
    let digest = blob.digest;
    let call = api::tx()
        .records()
        .move_blob(id, blob.into(), recipient, BoundedVec(capsules));
    let receipt = match chain.submit(patient, &call).await {
        Ok(receipt) => receipt,
        Err(error) => {
            if matches!(crate::error::failure(&error), Some(Failure::Refused { .. })) {
                wallet.remove_record_key(&id, &recipient)?;
            }
            return Err(error);
        }
    };
    let moved: api::records::events::Moved = receipt.event()?;
    wallet.remove_record_key(&id, &former)?;
    Ok(Rekeyed {
        record: hex_of(&id),
        blob: hex_of(&digest),
        kept: moved.kept,
        ended: moved.ended,
        key_file: wallet.record_key_path(&id, &recipient),
        block: receipt.block,
    })
}

async fn readers(
    chain: &Chain,
    at: &At,
    id: Digest,
) -> anyhow::Result<Vec<(AccountId32, ShareEntry)>> {
    let mut shares = read::shares(chain, at, id).await?;
    shares.retain(|(_, share)| share.rights.read);
    Ok(shares)
}

/// Keeps the same ciphertext at another gateway: uploads it there and moves the pointer.
pub async fn relocate(
    chain: &Chain,
    patient: &Keypair,
    id: Digest,
    gateway: &str,
) -> anyhow::Result<Receipt> {
    let at = chain.finalized().await?;
    let entry = read::entry(chain, &at, id).await?;
    own(patient, id, &entry)?;
    let (blob, recipient): (_, Recipient) = read::stored(id, &entry)?;
    let ciphertext = fetch(chain, patient, &blob).await?;
    let blob = upload(chain, patient, gateway, ciphertext).await?;
    let call = api::tx()
        .records()
        .move_blob(id, blob.into(), recipient, BoundedVec(Vec::new()));
    chain.submit(patient, &call).await
}

/// How far the end of a record is.
#[derive(Clone, Debug, Serialize)]
pub struct Ending {
    /// Id of the record.
    pub record: String,
    /// Whether it has ended; else the other signer has to confirm with the same command.
    pub ended: bool,
    /// Block of this step.
    pub block: u32,
}

/// Ends a record for good, by its patient or its patient's recovery account; where there is one,
/// both have to.
pub async fn terminate(
    chain: &Chain,
    key: &Keypair,
    id: Digest,
    successor: Option<Digest>,
) -> anyhow::Result<Ending> {
    let call = api::tx().records().terminate(id, successor);
    let receipt = chain.submit(key, &call).await?;
    let ended = receipt.event::<api::records::events::Terminated>().is_ok();
    Ok(Ending {
        record: hex_of(&id),
        ended,
        block: receipt.block,
    })
}

/// Puts another record in a record's place, and ends it; by whom, see [`terminate`].
pub async fn supersede(
    chain: &Chain,
    key: &Keypair,
    id: Digest,
    by: Digest,
) -> anyhow::Result<Ending> {
    let receipt = chain
        .submit(key, &api::tx().records().supersede(id, by))
        .await?;
    let ended = receipt.event::<api::records::events::Superseded>().is_ok();
    Ok(Ending {
        record: hex_of(&id),
        ended,
        block: receipt.block,
    })
}

/// Takes back one's own proposal to end a record.
pub async fn cancel_end(chain: &Chain, key: &Keypair, id: Digest) -> anyhow::Result<Receipt> {
    chain.submit(key, &api::tx().records().cancel_end(id)).await
}

fn own(patient: &Keypair, id: Digest, entry: &Entry) -> anyhow::Result<()> {
    let account = account_of(patient);
    match entry.patient == account {
        true => Ok(()),
        false => Err(usage(format!(
            "record {} is not {account}'s but {}'s",
            hex_of(&id),
            entry.patient
        ))),
    }
}
