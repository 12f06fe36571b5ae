//! What the pallet keeps in storage and says in events.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{
    frame_support::{traits::fungible, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound},
    frame_system::{self, pallet_prelude::BlockNumberFor},
    sp_runtime::BoundedVec,
};
use salus_primitives::{
    blobs::{BlobPointer, Capsule},
    membership::{KeyVersion, Recipient},
    records::{Purpose, RecordId, Rights},
    Digest, Moment,
};
use scale_info::TypeInfo;

use crate::Config;

/// Number of an access request, counted from 0.
pub type RequestId = u64;

/// Code of the content's format, from a list that the consortium keeps; the chain only records it.
pub type Format = u16;

pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
pub type BalanceOf<T> = <<T as Config>::Currency as fungible::Inspect<AccountIdOf<T>>>::Balance;
pub type DepositOf<T> = Deposit<AccountIdOf<T>, BalanceOf<T>>;
pub type RecordOf<T> = Record<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;
pub type StateOf<T> = State<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;
pub type ShareOf<T> = Share<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;

/// A deposit that is held for a piece of state.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Deposit<AccountId, Balance> {
    /// The account on which the amount is held.
    pub payer: AccountId,
    pub amount: Balance,
}

/// The blob with which an institution hands a record to the patient.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Delivery<AccountId, Balance> {
    /// Ciphertext to the patient's recipient.
    pub blob: BlobPointer,
    /// Version of that recipient when the release was recorded.
    pub key_version: KeyVersion,
    /// Deposit for the bytes of the pointer, held under `HoldReason::Release`.
    pub deposit: Deposit<AccountId, Balance>,
}

/// The blob in which the patient keeps a record.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Storage<AccountId, Balance, BlockNumber> {
    /// Ciphertext to the record key.
    pub blob: BlobPointer,
    /// Public key of the record key.
    pub recipient: Recipient,
    /// Number of blobs of this record that were replaced; their digests stay retired.
    pub retired: u32,
    /// Block in which the content was first stored.
    pub stored_at: BlockNumber,
    /// Held under `HoldReason::Storage`.
    pub deposit: Deposit<AccountId, Balance>,
}

/// Where a record is in its life.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum State<AccountId, Balance, BlockNumber> {
    /// Waits for the patient to fetch, check and store it.
    #[codec(index = 0)]
    Released(Delivery<AccountId, Balance>),
    /// Kept by the patient; can be shared.
    #[codec(index = 1)]
    Stored(Storage<AccountId, Balance, BlockNumber>),
    /// The patient found that the content does not match the commitment.
    #[codec(index = 2)]
    Disputed {
        delivery: Delivery<AccountId, Balance>,
        /// blake2-256 of the patient's reasons, which stay off chain.
        reason: Digest,
        at: BlockNumber,
    },
    /// Ended for good; what is left is a tombstone.
    #[codec(index = 3)]
    Terminated {
        /// The record that took its place.
        successor: Option<RecordId>,
        /// Block of the end.
        at: BlockNumber,
        /// Chain time of the end.
        moment: Moment,
        /// For the digests that stay retired, held under `HoldReason::Storage` for ever; `None`
        /// where nothing was stored.
        deposit: Option<Deposit<AccountId, Balance>>,
    },
}

/// A medical record.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Record<AccountId, Balance, BlockNumber> {
    /// Whose it is: a patient, or, of an institution's own data set, the institution.
    pub patient: AccountId,
    pub institution: AccountId,
    /// blake2-256(salt ‖ plaintext); the 32-byte salt travels inside the ciphertext.
    pub commitment: Digest,
    pub format: Format,
    pub released_at: BlockNumber,
    pub state: State<AccountId, Balance, BlockNumber>,
    /// Number of entries under the record in `Shares`, void ones included.
    pub shares: u32,
    /// Deposit of the institution for the entry itself, held under `HoldReason::Release` for as
    /// long as the entry, or its tombstone, stands.
    pub deposit: Deposit<AccountId, Balance>,
}

/// Whether a share holds.
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
pub enum ShareState {
    #[codec(index = 0)]
    Active,
    /// The grantee could not open the capsule to the recorded recipient.
    #[codec(index = 1)]
    Rejected,
}

/// What a patient lets somebody do with a record.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Share<AccountId, Balance, BlockNumber> {
    pub rights: Rights,
    pub purpose: Purpose,
    /// First moment at which the share holds no more.
    pub expires: Moment,
    /// The record key sealed to the grantee; present exactly if `rights.read`.
    pub capsule: Option<Capsule>,
    /// Version of the grantee's recipient when the share was recorded.
    pub key_version: KeyVersion,
    pub granted_at: BlockNumber,
    /// The request that it answers.
    pub request: Option<RequestId>,
    pub state: ShareState,
    /// Held under `HoldReason::Share`.
    pub deposit: Deposit<AccountId, Balance>,
}

impl<AccountId, Balance, BlockNumber> Share<AccountId, Balance, BlockNumber> {
    /// Whether the share holds at the moment `now`, as far as it alone can tell.
    pub fn holds_at(&self, now: Moment) -> bool {
        self.state == ShareState::Active && now < self.expires
    }
}

/// A wish for access.
#[derive(
    CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(T))]
#[codec(mel_bound())]
pub struct Request<T: Config> {
    pub requester: AccountIdOf<T>,
    pub patient: AccountIdOf<T>,
    pub purpose: Purpose,
    /// The records wished for; empty means whatever the patient is willing to share.
    pub records: BoundedVec<RecordId, T::MaxBatch>,
    pub created: BlockNumberFor<T>,
    /// First moment at which the request can be answered no more.
    pub expires: Moment,
    /// Held under `HoldReason::Request`.
    pub deposit: DepositOf<T>,
}

/// To what a blob belongs.
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
pub enum BlobRole {
    #[codec(index = 0)]
    Delivery,
    #[codec(index = 1)]
    Stored,
    /// Was stored; nobody may fetch it or claim it. Who still has its key could otherwise have it
    /// served again under another record.
    #[codec(index = 2)]
    Retired,
}

/// How a record is to end.
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
pub enum End {
    #[codec(index = 0)]
    Terminate { successor: Option<RecordId> },
    #[codec(index = 1)]
    Supersede { new_record: RecordId },
}

impl End {
    /// The record that is to take the place.
    pub fn successor(&self) -> Option<RecordId> {
        match self {
            End::Terminate { successor } => *successor,
            End::Supersede { new_record } => Some(*new_record),
        }
    }
}

/// One signer's wish to end a record.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Proposal<AccountId> {
    pub by: AccountId,
    pub end: End,
}

/// By which right an institution's act was done.
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
pub enum Signer {
    /// The institution's own account.
    #[codec(index = 0)]
    Institution,
    /// The institution's operator key.
    #[codec(index = 1)]
    Operator,
}

/// By which right a record was ended.
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
pub enum EndRight {
    /// The patient alone, who has no recovery account.
    #[codec(index = 0)]
    Owner,
    /// The patient and the recovery account together.
    #[codec(index = 1)]
    OwnerAndRecovery,
}

/// By which right a request was taken back.
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
pub enum WithdrawRight {
    /// By who made it.
    #[codec(index = 0)]
    Requester,
    /// By anybody, because it had lapsed.
    #[codec(index = 1)]
    Lapsed,
}

/// Why a share could be cleared by anybody.
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
pub enum ClearReason {
    #[codec(index = 0)]
    Expired,
    #[codec(index = 1)]
    Rejected,
    #[codec(index = 2)]
    RecordTerminated,
}
