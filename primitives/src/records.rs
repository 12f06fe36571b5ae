//! Medical records: the capability that `pallet-records` provides.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::{blobs::BlobPointer, membership::Recipient, Digest};

/// blake2-256(institution ‖ patient ‖ commitment), the accounts as their 32 bytes.
pub type RecordId = Digest;

/// Why access is wanted: a code of the HL7 v3 value set PurposeOfUse, by its number in
/// `docs/purposes.md`.
pub type Purpose = u16;

/// What a grantee may do with a record.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct Rights {
    /// Fetch and read it; the share carries the record key.
    pub read: bool,
    /// Have it analysed by a panel of workers, without seeing it.
    pub analyse: bool,
}

/// One of the rights.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Right {
    Read,
    Analyse,
}

/// A stored record as others see it.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct StoredRecord<AccountId> {
    /// Whose it is. An institution's own data set has the institution here too.
    pub patient: AccountId,
    pub institution: AccountId,
    /// blake2-256(salt ‖ plaintext); the 32-byte salt travels inside the ciphertext.
    pub commitment: Digest,
    /// The ciphertext the patient stored.
    pub blob: BlobPointer,
    /// Public key of the record key the ciphertext opens with.
    pub recipient: Recipient,
}

/// Reads of the record register.
pub trait RecordAccess<AccountId> {
    /// A stored record that is neither disputed nor terminated.
    fn stored(record: &RecordId) -> Option<StoredRecord<AccountId>>;

    /// Whose a record is, in whatever state: the patient, or an institution with a data set of its
    /// own.
    fn owner(record: &RecordId) -> Option<AccountId>;

    /// Whether `who` holds `right` on `record` for `purpose` at this block and moment. The owner
    /// holds every right for every purpose.
    fn may(who: &AccountId, record: &RecordId, right: Right, purpose: Purpose) -> bool;

    /// What `may` says of who is an active member, whether or not `who` is one.
    fn consents(who: &AccountId, record: &RecordId, right: Right, purpose: Purpose) -> bool;

    /// Makes a stored record of `patient` on which `grantee` holds both rights for purpose 0.
    #[cfg(feature = "runtime-benchmarks")]
    fn make_record(patient: &AccountId, grantee: &AccountId, seed: u32) -> RecordId;
}

/// There are no records.
impl<AccountId> RecordAccess<AccountId> for () {
    fn stored(_: &RecordId) -> Option<StoredRecord<AccountId>> {
        None
    }
    fn owner(_: &RecordId) -> Option<AccountId> {
        None
    }
    fn may(_: &AccountId, _: &RecordId, _: Right, _: Purpose) -> bool {
        false
    }
    fn consents(_: &AccountId, _: &RecordId, _: Right, _: Purpose) -> bool {
        false
    }
    #[cfg(feature = "runtime-benchmarks")]
    fn make_record(_: &AccountId, _: &AccountId, _: u32) -> RecordId {
        RecordId::default()
    }
}
