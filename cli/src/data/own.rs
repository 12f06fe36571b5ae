//! Data sets of an institution's own: recorded, and their keys given to nodes.

use std::path::PathBuf;

use anyhow::bail;
use salus_analytics::{job, params::FcmParameters, table::Missing};
use salus_envelope::{content, encrypt, Identity, KeyFolder};
use salus_primitives::{membership::Role, Digest};
use serde::Serialize;
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;

use crate::{
    chain::{
        account_of, api,
        text::{hex_of, parse_digest},
        Chain,
    },
    error::{usage, Failure},
    record::{self, Record, Wallet},
    registry,
};

/// A data set that is on chain.
#[derive(Clone, Debug, Serialize)]
pub struct Added {
    /// Id of its record.
    pub record: String,
    /// The same.
    #[serde(skip)]
    pub id: Digest,
    /// Salted commitment to its content.
    pub commitment: String,
    /// Digest of the ciphertext.
    pub blob: String,
    /// Bytes of the ciphertext.
    pub size: u64,
    /// Rows of the table, as a job's bound counts them; `None` where fcm/1 cannot read it as it is.
    pub rows: Option<u32>,
    /// Columns of the table, all of them.
    pub columns: Option<u32>,
    /// File with the record key, in the wallet.
    pub key_file: PathBuf,
    /// File with the record key sealed to the institution, in the node's folder.
    pub node_key: Option<PathBuf>,
    /// Block in which it was recorded.
    pub block: u32,
}

/// An institution keeps a data set of its own: the content goes to the gateway encrypted to a fresh
/// key, on chain goes a salted commitment to it. The key stays in the wallet and, sealed to the
/// institution, with the node in whose folder `node` is.
pub async fn add(
    chain: &Chain,
    institution: &Keypair,
    wallet: &Wallet,
    node: Option<&KeyFolder>,
    plaintext: &[u8],
    format: u16,
    gateway: &str,
) -> anyhow::Result<Added> {
    let account = account_of(institution);
    let at = chain.finalized().await?;
    if registry::role_of(chain, &at, account).await? != Some(Role::Institution) {
        bail!("{account} is no active institution: only institutions keep data sets of their own");
    }
    let (_, holder) = registry::recipient_of(chain, &at, account).await?;
    let size = table_size(plaintext).ok();
    let packed = content::pack(plaintext);
    let commitment = Digest::from(packed.commitment);
    let id = record_id(&account, &commitment);
    let key = Identity::generate();
    let ciphertext = encrypt(&packed.bytes, &[key.recipient()])?;
    // Before the chain knows the key: a crash in between costs a file, not the data.
    wallet.save_record_key(&id, &key)?;
    let node_key = node
        .map(|keys| keys.save(&id.0, &key, &holder))
        .transpose()?;
    let blob = record::upload(chain, institution, gateway, ciphertext).await?;
    let (digest, bytes) = (blob.digest, blob.size);
    let call = subxt::dynamic::tx(
        "Records",
        "store_own",
        (
            commitment,
            format,
            subxt::utils::Static(blob),
            key.recipient(),
        ),
    );
    let receipt = match chain.submit(institution, &call).await {
        Ok(receipt) => receipt,
        Err(error) => {
            // Refused for certain: nothing will ever be encrypted to it.
            if matches!(crate::error::failure(&error), Some(Failure::Refused { .. })) {
                wallet.remove_record_key(&id, &key.recipient())?;
                node.map(|keys| keys.remove(&id.0)).transpose()?;
            }
            return Err(error);
        }
    };
    let stored: api::records::events::Stored = receipt.event()?;
    anyhow::ensure!(
        stored.record == id,
        "the chain has the data set under {}, not under {}",
        hex_of(&stored.record),
        hex_of(&id)
    );
    Ok(Added {
        record: hex_of(&id),
        id,
        commitment: hex_of(&commitment),
        blob: hex_of(&digest),
        size: bytes,
        rows: size.map(|(rows, _)| rows),
        columns: size.map(|(_, columns)| columns),
        key_file: wallet.record_key_path(&id, &key.recipient()),
        node_key,
        block: receipt.block,
    })
}

/// blake2-256(institution ‖ patient ‖ commitment), both the same account.
fn record_id(account: &AccountId32, commitment: &Digest) -> Digest {
    content::commit(&[&account.0[..], &account.0[..], commitment.as_bytes()].concat()).into()
}

/// Rows and columns of a table as a job's bound counts them: rows with missing values too.
pub(super) fn table_size(bytes: &[u8]) -> anyhow::Result<(u32, u32)> {
    let mut parameters = FcmParameters::default();
    parameters.table.missing = Missing::Drop;
    let json = parameters.to_canonical_json()?;
    let bound = job::measure(job::FCM_1, json.as_bytes(), &[bytes])?;
    Ok((bound.rows, bound.columns))
}

/// The institution gives the key of a data set of its own, as it is now, to a node.
pub async fn give_key(
    chain: &Chain,
    institution: AccountId32,
    wallet: &Wallet,
    node: &KeyFolder,
    id: Digest,
) -> anyhow::Result<PathBuf> {
    let at = chain.finalized().await?;
    let entry = record::entry(chain, &at, id).await?;
    if entry.patient != institution {
        return Err(usage(format!(
            "record {} is not {institution}'s but {}'s",
            hex_of(&id),
            entry.patient
        )));
    }
    let (_, recipient) = record::stored(id, &entry)?;
    let key = wallet.record_key(&id, &recipient)?;
    let (_, holder) = registry::recipient_of(chain, &at, institution).await?;
    // Former keys open nothing that a panel could be given.
    node.remove(&id.0)?;
    Ok(node.save(&id.0, &key, &holder)?)
}

/// The data sets of an institution that have not ended, with their shares.
pub async fn list(chain: &Chain, institution: AccountId32) -> anyhow::Result<Vec<Record>> {
    let mut found = Vec::new();
    for listed in record::list(chain, institution).await? {
        if listed.institution == institution && listed.state == "stored" {
            let id = parse_digest(&listed.id).map_err(anyhow::Error::msg)?;
            found.push(record::show(chain, id).await?);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_measured_with_its_gaps() {
        let (rows, columns) = table_size(b"a,b\n1,2\n3,?\n4,5\n").unwrap();
        assert_eq!((rows, columns), (3, 2));
        assert!(table_size(b"a,b\n1,x\n").is_err());
    }

    #[test]
    fn a_record_is_under_the_digest_of_its_parties() {
        let (account, commitment) = (AccountId32([7; 32]), Digest::repeat_byte(9));
        let id = record_id(&account, &commitment);
        let all = [[7; 32], [7; 32], [9; 32]].concat();
        assert_eq!(id.0, content::commit(&all));
    }
}
