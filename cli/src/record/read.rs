//! Records as the chain has them, and their content for whom it opens to.

use anyhow::{anyhow, bail, Context};
use salus_blobs::client::{FetchError, Limits};
use salus_envelope::{content, decrypt_limited, open_capsule, Identity};
use salus_primitives::{
    blobs::BlobPointer, membership::Recipient, records::Rights, Digest, Moment,
};
use serde::Serialize;
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;
use zeroize::Zeroizing;

use super::{
    codes::{format_name, purpose_name},
    wallet::Wallet,
};
use crate::{
    chain::{
        account_of,
        api::{self, runtime_types::pallet_records::types as records},
        text::{hex_of, moment_text},
        At, Chain, Receipt,
    },
    error::usage,
    output, registry,
};

/// A record as the chain keeps it.
pub type Entry = records::Record<AccountId32, u128, u32>;
/// A share as the chain keeps it.
pub type ShareEntry = records::Share<AccountId32, u128, u32>;

/// Largest content that is fetched and opened in memory, bytes.
pub const MAX_CONTENT: u64 = 256 * 1024 * 1024;
// The largest result of an analysis is among it, also sealed: 16 bytes for 64 KiB and a header.
const _: () = {
    let result = salus_analytics::job::MAX_RESULT;
    assert!(result + result / 4096 + 4096 <= MAX_CONTENT);
};

/// A share, for printing.
#[derive(Clone, Debug, Serialize)]
pub struct Share {
    /// Who may.
    pub grantee: AccountId32,
    /// Read it.
    pub read: bool,
    /// Have it analysed.
    pub analyse: bool,
    /// For what.
    pub purpose: String,
    /// Until when, UTC.
    pub expires: String,
    /// `active`, `expired`, `void` where the record has ended, or `rejected` where the grantee could
    /// not open its key.
    pub state: &'static str,
}

/// A record, for printing.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub patient: AccountId32,
    /// Who made it.
    pub institution: AccountId32,
    /// Salted commitment to its content.
    pub commitment: String,
    /// Format of the content.
    pub format: String,
    /// `released`, `stored`, `disputed` or `terminated`.
    pub state: &'static str,
    /// Block of the release.
    pub released_at: u32,
    /// Digest of the ciphertext in use.
    pub blob: Option<String>,
    /// Where the ciphertext lies.
    pub location: Option<String>,
    /// Record that took its place.
    pub successor: Option<String>,
    /// When it ended, UTC.
    pub ended: Option<String>,
    /// Who may do what with it.
    pub shares: Vec<Share>,
}

impl Record {
    fn new(id: Digest, entry: &Entry, shares: Vec<Share>) -> Self {
        let (mut successor, mut ended) = (None, None);
        let (state, blob) = match &entry.state {
            records::State::Released(delivery) => ("released", Some(&delivery.blob)),
            records::State::Stored(storage) => ("stored", Some(&storage.blob)),
            records::State::Disputed { delivery, .. } => ("disputed", Some(&delivery.blob)),
            records::State::Terminated {
                successor: next,
                moment,
                ..
            } => {
                successor = next.map(|next| hex_of(&next));
                ended = Some(moment_text(*moment));
                ("terminated", None)
            }
        };
        Self {
            id: hex_of(&id),
            patient: entry.patient,
            institution: entry.institution,
            commitment: hex_of(&entry.commitment),
            format: format_name(entry.format),
            state,
            released_at: entry.released_at,
            blob: blob.map(|blob| hex_of(&blob.digest)),
            location: blob.map(|blob| String::from_utf8_lossy(&blob.location).into_owned()),
            successor,
            ended,
            shares,
        }
    }

    /// In words.
    pub fn words(&self) -> String {
        let mut rows = vec![
            ("Record", self.id.clone()),
            ("State", self.state.to_owned()),
            ("Patient", self.patient.to_string()),
            ("Institution", self.institution.to_string()),
            ("Format", self.format.clone()),
            ("Released", format!("in block {}", self.released_at)),
            ("Commitment", self.commitment.clone()),
        ];
        for (name, value) in [
            ("Blob", &self.blob),
            ("Location", &self.location),
            ("Ended", &self.ended),
            ("Successor", &self.successor),
        ] {
            rows.extend(value.clone().map(|value| (name, value)));
        }
        let mut text = output::fields(&rows);
        if !self.shares.is_empty() {
            let rows: Vec<_> = self
                .shares
                .iter()
                .map(|share| {
                    vec![
                        share.grantee.to_string(),
                        rights_name(share.read, share.analyse).to_owned(),
                        share.purpose.clone(),
                        share.expires.clone(),
                        share.state.to_owned(),
                    ]
                })
                .collect();
            text.push('\n');
            text.push_str(&output::table(
                &["Shared with", "Rights", "Purpose", "Until", "State"],
                &rows,
            ));
        }
        text
    }
}

fn rights_name(read: bool, analyse: bool) -> &'static str {
    match (read, analyse) {
        (true, true) => "read, analyse",
        (true, false) => "read",
        (false, true) => "analyse",
        (false, false) => "none",
    }
}

/// A record at this block; an error where there is none.
pub async fn entry(chain: &Chain, at: &At, id: Digest) -> anyhow::Result<Entry> {
    chain
        .get(at, api::storage().records().records(), (id,))
        .await?
        .ok_or_else(|| usage(format!("there is no record {}", hex_of(&id))))
}

/// All shares of a record at this block, void ones included.
pub async fn shares(
    chain: &Chain,
    at: &At,
    id: Digest,
) -> anyhow::Result<Vec<(AccountId32, ShareEntry)>> {
    let found = chain
        .list(at, api::storage().records().shares(), (id,))
        .await?;
    Ok(found
        .into_iter()
        .map(|((_, grantee), share)| (grantee, share))
        .collect())
}

/// Whether a share holds at this moment, as far as it alone can tell.
pub fn holds(share: &ShareEntry, now: Moment) -> bool {
    over(share, now).is_none()
}

/// Why a share does not hold at this moment, as far as it alone can tell.
fn over(share: &ShareEntry, now: Moment) -> Option<String> {
    match share.state {
        records::ShareState::Rejected => Some(
            "was rejected, since its key did not open: the patient has to share the record again"
                .to_owned(),
        ),
        records::ShareState::Active if share.expires <= now => {
            Some(format!("expired on {}", moment_text(share.expires)))
        }
        records::ShareState::Active => None,
    }
}

/// Shows a record with its shares.
pub async fn show(chain: &Chain, id: Digest) -> anyhow::Result<Record> {
    let at = chain.finalized().await?;
    let entry = entry(chain, &at, id).await?;
    let now = chain.now(&at).await?;
    let ended = matches!(entry.state, records::State::Terminated { .. });
    let shares = shares(chain, &at, id).await?;
    let shares = shares
        .into_iter()
        .map(|(grantee, share)| Share {
            grantee,
            read: share.rights.read,
            analyse: share.rights.analyse,
            purpose: purpose_name(share.purpose),
            expires: moment_text(share.expires),
            state: match share.state {
                _ if ended => "void",
                records::ShareState::Rejected => "rejected",
                records::ShareState::Active if share.expires <= now => "expired",
                records::ShareState::Active => "active",
            },
        })
        .collect();
    Ok(Record::new(id, &entry, shares))
}

/// The records of a patient, oldest first; shares are left out.
pub async fn list(chain: &Chain, patient: AccountId32) -> anyhow::Result<Vec<Record>> {
    let at = chain.finalized().await?;
    let ids = chain
        .list(&at, api::storage().records().records_of(), (patient,))
        .await?;
    let mut found = Vec::new();
    for ((_, id), ()) in ids {
        let entry = entry(chain, &at, id).await?;
        found.push(Record::new(id, &entry, Vec::new()));
    }
    found.sort_by(|a, b| (a.released_at, &a.id).cmp(&(b.released_at, &b.id)));
    Ok(found)
}

/// The records that a member may read or have analysed now, whoever's they are.
pub async fn shared_with(chain: &Chain, grantee: AccountId32) -> anyhow::Result<Vec<Record>> {
    let at = chain.finalized().await?;
    let now = chain.now(&at).await?;
    // Shares are kept by record, so this reads all of them: for small chains and for people.
    let all = chain
        .list(&at, api::storage().records().shares(), ())
        .await?;
    let mut found = Vec::new();
    for ((id, who), share) in all {
        if who == grantee && holds(&share, now) {
            let record = show(chain, id).await?;
            if record.state == "stored" {
                found.push(record);
            }
        }
    }
    Ok(found)
}

/// The ciphertext and the record key's public key of a stored record.
pub fn stored(id: Digest, entry: &Entry) -> anyhow::Result<(BlobPointer, Recipient)> {
    match &entry.state {
        records::State::Stored(storage) => Ok((storage.blob.0.clone(), storage.recipient)),
        records::State::Released(_) => bail!(
            "record {} was released and not stored yet: its patient runs `salus record store`",
            hex_of(&id)
        ),
        records::State::Disputed { .. } => {
            bail!(
                "record {} is disputed: its content was not accepted",
                hex_of(&id)
            )
        }
        records::State::Terminated {
            successor, moment, ..
        } => {
            let next = successor.map_or_else(String::new, |next| {
                format!("; its successor is {}", hex_of(&next))
            });
            bail!(
                "record {} ended on {}{next}",
                hex_of(&id),
                moment_text(*moment)
            )
        }
    }
}

/// A location without its query, which may carry a secret.
fn without_query(location: &str) -> &str {
    location.split('?').next().unwrap_or_default()
}

/// Fetches a blob in the name of a key.
pub async fn fetch(chain: &Chain, key: &Keypair, blob: &BlobPointer) -> anyhow::Result<Vec<u8>> {
    let limits = Limits {
        max_size: MAX_CONTENT,
        ..Limits::default()
    };
    let location = String::from_utf8_lossy(&blob.location).into_owned();
    let (blobs, bar) = chain.transfer(key, format!("From {}", without_query(&location)))?;
    let fetched = blobs.fetch(blob, &limits).await;
    bar.finish_and_clear();
    fetched.map_err(|error| match error {
        FetchError::Unavailable(reason) => crate::error::Failure::Unreachable {
            url: without_query(&location).to_owned(),
            reason,
        }
        .into(),
        FetchError::NotFound => anyhow!(NotServed).context(format!("blob {:#x}", blob.digest)),
        other => anyhow::Error::new(other).context(format!("blob {:#x}", blob.digest)),
    })
}

/// The gateway has no such blob, or this account may not fetch it: it does not tell which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the gateway does not serve it: it is not there, or the chain does not allow this account to \
     fetch it"
)]
pub struct NotServed;

/// The capsule of a share does not open to the key that the chain names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the record key that was shared does not open with this identity; if it is the one that the \
     share was made for, say so on chain: salus record reject"
)]
pub struct BadCapsule;

/// The content is not what the institution committed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the content is not what the institution committed to")]
pub struct Mismatch;

/// Salted content of a ciphertext, checked against the commitment.
pub fn open(
    ciphertext: &[u8],
    key: &Identity,
    commitment: &Digest,
) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let bytes = decrypt_limited(ciphertext, key, MAX_CONTENT)?;
    content::unpack(&bytes, &commitment.0).map_err(|_| Mismatch)?;
    Ok(bytes)
}

/// The key of a stored record: the patient's from the wallet, a grantee's from its capsule.
pub async fn record_key(
    chain: &Chain,
    at: &At,
    reader: AccountId32,
    identities: &[Identity],
    wallet: Option<&Wallet>,
    (id, entry): (Digest, &Entry),
) -> anyhow::Result<Identity> {
    let (_, recipient) = stored(id, entry)?;
    if entry.patient == reader {
        return wallet
            .context("the patient's wallet is needed: it has the record's key")?
            .record_key(&id, &recipient);
    }
    let share = chain
        .get(at, api::storage().records().shares(), (id, reader))
        .await?
        .ok_or_else(|| {
            anyhow!(
                "record {} is not shared with {reader}: it never was, or the share was revoked",
                hex_of(&id)
            )
        })?;
    if let Some(reason) = over(&share, chain.now(at).await?) {
        bail!("the share of record {} with {reader} {reason}", hex_of(&id));
    }
    if registry::role_of(chain, at, reader).await?.is_none() {
        bail!(
            "the share of record {} with {reader} is in force for an active member only, which \
             {reader} is not now: `salus registry show {reader}` tells why",
            hex_of(&id)
        );
    }
    let capsule = share.capsule.with_context(|| {
        format!(
            "record {} may be analysed for {reader}, but not read",
            hex_of(&id)
        )
    })?;
    identities
        .iter()
        .find_map(|identity| open_capsule(&capsule.0, identity, &recipient).ok())
        .ok_or_else(|| BadCapsule.into())
}

/// A record's content.
pub struct Content {
    /// The plaintext, without its salt.
    pub plaintext: Zeroizing<Vec<u8>>,
    /// Code of its format.
    pub format: u16,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

/// Fetches, opens and checks a record. `identities` are those of the reader, current and former;
/// the patient needs its `wallet` instead. [`NotServed`], [`BadCapsule`] and [`Mismatch`] can be told
/// apart by `downcast_ref`.
pub async fn read(
    chain: &Chain,
    key: &Keypair,
    identities: &[Identity],
    wallet: Option<&Wallet>,
    id: Digest,
) -> anyhow::Result<Content> {
    let at = chain.finalized().await?;
    let entry = entry(chain, &at, id).await?;
    let reader = account_of(key);
    let (blob, _) = stored(id, &entry)?;
    let record_key = record_key(chain, &at, reader, identities, wallet, (id, &entry)).await?;
    let ciphertext = fetch(chain, key, &blob).await?;
    let bytes = open(&ciphertext, &record_key, &entry.commitment)?;
    Ok(Content {
        plaintext: Zeroizing::new(bytes[content::SALT..].to_vec()),
        format: entry.format,
    })
}

/// Asks the gateway for a record's ciphertext and nothing else: what a reader whose share ended
/// gets, who may have kept the key.
pub async fn fetch_only(chain: &Chain, key: &Keypair, id: Digest) -> anyhow::Result<Vec<u8>> {
    let at = chain.finalized().await?;
    let entry = entry(chain, &at, id).await?;
    let (blob, _) = stored(id, &entry)?;
    fetch(chain, key, &blob).await
}

/// The grantee says on chain that the key it was given does not open.
pub async fn reject(chain: &Chain, grantee: &Keypair, id: Digest) -> anyhow::Result<Receipt> {
    chain
        .submit(grantee, &api::tx().records().reject_share(id))
        .await
}

/// Rights of both kinds in words.
pub fn rights_words(rights: Rights) -> &'static str {
    rights_name(rights.read, rights.analyse)
}
