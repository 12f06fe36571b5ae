//! Who uploaded what that nothing on chain refers to yet.

use std::collections::HashMap;

use salus_primitives::{AccountId, Digest, Moment};
use serde::{Deserialize, Serialize};

use crate::{Store, StoreError};

/// Least that a blob counts, bytes: about what it and its note take on disk and in memory, so that
/// no quota holds millions of tiny ones.
const MIN_CHARGE: u64 = 4096;

/// What a blob of `size` bytes counts against a quota.
pub(crate) fn charge(size: u64) -> u64 {
    size.max(MIN_CHARGE)
}

/// What is remembered of a blob, across restarts, as JSON beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    /// The member that uploaded it, hex; absent for blobs that came into the store another way.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "account_hex")]
    pub uploader: Option<AccountId>,
    /// Bytes.
    pub size: u64,
    /// When it was uploaded, or first seen, ms since the Unix epoch.
    pub uploaded: Moment,
    /// When it was last found without reference; `None` while something refers to it.
    pub unreferenced_since: Option<Moment>,
}

impl Note {
    pub(crate) fn to_json(&self) -> Result<Vec<u8>, StoreError> {
        serde_json::to_vec(self).map_err(|error| StoreError::Backend(error.to_string()))
    }
}

/// All notes, and the room that uploads on their way have been promised.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) notes: HashMap<Digest, Note>,
    reserved: HashMap<AccountId, u64>,
}

impl Ledger {
    /// Reads the notes. One that does not parse counts as none: the next collection makes it anew.
    pub(crate) async fn load(store: &Store) -> Result<Self, StoreError> {
        let mut notes = HashMap::new();
        for (digest, json) in store.notes().await? {
            match serde_json::from_slice(&json) {
                Ok(note) => {
                    notes.insert(digest, note);
                }
                Err(error) => {
                    log::warn!(target: "salus::blobs", "note of blob {digest:x} is damaged: {error}")
                }
            }
        }
        Ok(Self {
            notes,
            reserved: HashMap::new(),
        })
    }

    /// Bytes that count against the member's quota, without those of `except`.
    fn charged(&self, member: &AccountId, except: &Digest) -> u64 {
        let kept: u64 = self
            .unreferenced_of(member)
            .filter(|(digest, _)| digest != except)
            .map(|(_, note)| charge(note.size))
            .sum();
        kept.saturating_add(self.reserved.get(member).copied().unwrap_or(0))
    }

    /// The member's uploads that nothing refers to as far as known.
    pub(crate) fn unreferenced_of<'a>(
        &'a self,
        member: &'a AccountId,
    ) -> impl Iterator<Item = (Digest, &'a Note)> {
        self.notes
            .iter()
            .filter(move |(_, note)| {
                note.uploader.as_ref() == Some(member) && note.unreferenced_since.is_some()
            })
            .map(|(digest, note)| (*digest, note))
    }

    /// Promises `size` bytes; the sum charged before, where they do not fit.
    pub(crate) fn reserve(
        &mut self,
        member: &AccountId,
        digest: &Digest,
        size: u64,
        quota: u64,
    ) -> Result<(), u64> {
        let charged = self.charged(member, digest);
        if charged.saturating_add(size) > quota {
            return Err(charged);
        }
        *self.reserved.entry(member.clone()).or_default() += size;
        Ok(())
    }

    pub(crate) fn release(&mut self, member: &AccountId, size: u64) {
        if let Some(reserved) = self.reserved.get_mut(member) {
            *reserved = reserved.saturating_sub(size);
            if *reserved == 0 {
                self.reserved.remove(member);
            }
        }
    }
}

mod account_hex {
    use salus_primitives::AccountId;
    use serde::{de::Error, Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(who: &Option<AccountId>, to: S) -> Result<S::Ok, S::Error> {
        who.as_ref()
            .map(|who| hex::encode(AsRef::<[u8]>::as_ref(who)))
            .serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<AccountId>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else {
            return Ok(None);
        };
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(D::Error::custom)?;
        Ok(Some(AccountId::new(bytes)))
    }
}
