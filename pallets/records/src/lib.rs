#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::float_arithmetic
    )
)]

extern crate alloc;

mod access;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod deposits;
mod ending;
mod errors;
mod events;
mod release;
mod requests;
mod sharing;
#[cfg(any(test, feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

use polkadot_sdk::{
    frame_support::{self, pallet_macros::import_section},
    frame_system, sp_runtime,
};

// The macros of the pallet expand to `expect`.
#[allow(clippy::expect_used)]
#[import_section(errors::errors)]
#[import_section(events::events)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use frame_support::{
        pallet_prelude::*,
        traits::{fungible, Time},
    };
    use frame_system::pallet_prelude::*;
    use salus_primitives::{
        blobs::{BlobAccess, BlobPointer, Capsule},
        membership::{Membership, Recipient, Sponsorship},
        records::{Purpose, RecordId, Rights},
        stake::Contribution,
        Digest, Moment,
    };
    use sp_runtime::traits::BlockNumberProvider;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Deposits are held in this currency.
        type Currency: fungible::Mutate<Self::AccountId>
            + fungible::MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

        /// The runtime's reasons for holds.
        type RuntimeHoldReason: From<HoldReason>;

        /// Who is an institution, a patient, a member.
        type Membership: Membership<Self::AccountId>;

        /// Who pays a patient's deposits.
        type Sponsorship: Sponsorship<Self::AccountId, BalanceOf<Self>>;

        /// The other pallets' blobs: a record cannot name one of them as its own.
        type OtherBlobs: BlobAccess<Self::AccountId>;

        /// Is told which records are stored, and which of them end.
        type Contribution: Contribution<Self::AccountId>;

        /// Chain time, by which requests and shares expire.
        type Time: Time<Moment = Moment>;

        /// Source of the block numbers in records.
        type BlockNumberProvider: BlockNumberProvider<BlockNumber = BlockNumberFor<Self>>;

        /// Deposit for one entry (record, stored blob, share, request). It covers the fixed part of
        /// the largest, a record with its keys and indices: about 500 bytes.
        #[pallet::constant]
        type DepositBase: Get<BalanceOf<Self>>;

        /// Deposit for each byte of variable length: pointers, capsules, lists of records.
        #[pallet::constant]
        type DepositPerByte: Get<BalanceOf<Self>>;

        /// Most records in one call. 16 shares with the largest capsule take 17 kB of a block.
        #[pallet::constant]
        type MaxBatch: Get<u32>;

        /// Most shares of one record. A rekey touches all of them in one call: 128 × about 1 kB of
        /// capsules is 135 kB, about 800 reads and 650 writes.
        #[pallet::constant]
        type MaxShares: Get<u32>;

        /// Most unanswered requests to one patient.
        #[pallet::constant]
        type MaxRequests: Get<u32>;

        /// How far ahead a share or a request may expire, ms.
        #[pallet::constant]
        type MaxShareTerm: Get<Moment>;

        type WeightInfo: WeightInfo;
    }

    /// Why this pallet holds somebody's balance.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// A record's entry and its delivery, by the institution.
        #[codec(index = 0)]
        Release,
        /// A stored blob's entry, by the patient or its sponsor; the part for replaced and ended
        /// blobs' digests for ever.
        #[codec(index = 1)]
        Storage,
        /// A share, by the patient or its sponsor.
        #[codec(index = 2)]
        Share,
        /// A request, by who made it.
        #[codec(index = 3)]
        Request,
    }

    /// Every record, tombstones included.
    #[pallet::storage]
    pub type Records<T: Config> = StorageMap<_, Identity, RecordId, RecordOf<T>>;

    /// The records of a patient.
    #[pallet::storage]
    pub type RecordsOf<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Identity, RecordId, ()>;

    /// To which record a blob belongs, or belonged. A digest belongs to one entry only.
    // The digest is chosen by who names it, so the key must not be its own hash. The role comes first:
    // an identifier and a zero byte can be, byte for byte, a node of the trie of `RecordsOf`, and the
    // node's cache takes the one for the other.
    #[pallet::storage]
    pub type BlobOwner<T: Config> = StorageMap<_, Blake2_128Concat, Digest, (BlobRole, RecordId)>;

    /// What patients let others do with a record.
    #[pallet::storage]
    pub type Shares<T: Config> =
        StorageDoubleMap<_, Identity, RecordId, Blake2_128Concat, T::AccountId, ShareOf<T>>;

    /// Unanswered requests.
    #[pallet::storage]
    pub type Requests<T: Config> = StorageMap<_, Twox64Concat, RequestId, Request<T>>;

    /// Unanswered requests to a patient.
    #[pallet::storage]
    pub type RequestsOf<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, RequestId, ()>;

    /// Number of unanswered requests to a patient.
    #[pallet::storage]
    pub type PendingRequests<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

    /// Number of the next request.
    #[pallet::storage]
    pub type NextRequestId<T: Config> = StorageValue<_, RequestId, ValueQuery>;

    /// What the owner and the recovery account each propose for a record's end. One cannot undo the
    /// other's proposal.
    #[pallet::storage]
    pub type PendingEnds<T: Config> = StorageMap<
        _,
        Identity,
        RecordId,
        BoundedVec<Proposal<T::AccountId>, ConstU32<2>>,
        ValueQuery,
    >;

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            assert!(
                T::MaxBatch::get() > 0,
                "a call must be able to name a record"
            );
            assert!(T::MaxShares::get() > 0, "a record must be sharable");
            assert!(T::MaxRequests::get() > 0, "access must be requestable");
            assert!(T::MaxShareTerm::get() > 0, "a share must be able to last");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Records that an institution made a medical record of a patient.
        ///
        /// Origin: an active institution, or its operator key. `commitment` is
        /// blake2-256(salt ‖ plaintext); `delivery` is the content encrypted to the patient's
        /// recipient, which only the patient may fetch. Holds a deposit on the institution.
        ///
        /// Errors: `NotInstitution`, `NotPatient`, `AlreadyExists`, `InvalidBlob`, `BlobInUse`.
        /// Event: `Released`.
        #[pallet::call_index(0)]
        #[pallet::weight(<T as Config>::WeightInfo::release())]
        pub fn release(
            origin: OriginFor<T>,
            patient: T::AccountId,
            commitment: Digest,
            format: Format,
            delivery: BlobPointer,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_release(who, patient, commitment, format, delivery)
        }

        /// Records where the patient keeps a record's content, after checking it.
        ///
        /// Origin: the patient. `blob` is encrypted to a fresh record key, whose public key is
        /// `recipient`. The delivery blob is no longer referred to; its deposit goes back. Holds a
        /// deposit on the patient or its sponsor.
        ///
        /// Errors: `RecordNotFound`, `NotAuthorized`, `NotPatient`, `RecordTerminated`,
        /// `NotReleased`, `KeyNotFresh`, `InvalidBlob`, `BlobInUse`. Event: `Stored`.
        #[pallet::call_index(1)]
        #[pallet::weight(
            <T as Config>::WeightInfo::store().saturating_add(T::Contribution::stored_weight())
        )]
        pub fn store(
            origin: OriginFor<T>,
            record: RecordId,
            blob: BlobPointer,
            recipient: Recipient,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_store(who, record, blob, recipient)
        }

        /// Moves a stored record's content.
        ///
        /// Origin: the patient. With another digest it is a rekey: `recipient` must be new, read
        /// shares named in `capsules` get their new capsule (a rejected one holds again), all other
        /// read shares end. With the same digest and recipient only the location changes, and no
        /// share ends.
        ///
        /// Errors: `RecordNotFound`, `NotAuthorized`, `RecordTerminated`, `NotStored`,
        /// `KeyNotFresh`, `InvalidBlob`, `BlobInUse`, `ShareNotFound`, `CapsuleMismatch`,
        /// `NotMember`. Events: `Moved`, and `Revoked` for each share that ends.
        #[pallet::call_index(2)]
        #[pallet::weight(<T as Config>::WeightInfo::move_blob(T::MaxShares::get()))]
        pub fn move_blob(
            origin: OriginFor<T>,
            record: RecordId,
            blob: BlobPointer,
            recipient: Recipient,
            capsules: BoundedVec<(T::AccountId, Capsule), T::MaxShares>,
        ) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            let touched = Self::do_move_blob(who, record, blob, recipient, capsules)?;
            Ok(Some(<T as Config>::WeightInfo::move_blob(touched)).into())
        }

        /// Says that the delivered content does not match the commitment or cannot be had.
        ///
        /// Origin: the patient. `reason` is blake2-256 of the reasons, which stay off chain. The
        /// institution's way out is `withdraw_release`.
        ///
        /// Errors: `RecordNotFound`, `NotAuthorized`, `RecordTerminated`, `NotReleased`. Event:
        /// `Disputed`.
        #[pallet::call_index(3)]
        #[pallet::weight(<T as Config>::WeightInfo::dispute())]
        pub fn dispute(origin: OriginFor<T>, record: RecordId, reason: Digest) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_dispute(who, record, reason)
        }

        /// Takes back a release that was not stored. The record is gone and its deposit goes back.
        ///
        /// Origin: the institution that made it, or its operator key.
        ///
        /// Errors: `RecordNotFound`, `NotAuthorized`, `RecordTerminated`, `NotReleased`. Event:
        /// `ReleaseWithdrawn`.
        #[pallet::call_index(4)]
        #[pallet::weight(<T as Config>::WeightInfo::withdraw_release())]
        pub fn withdraw_release(origin: OriginFor<T>, record: RecordId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_withdraw_release(who, record)
        }

        /// Asks a patient for access to some records, or to any where `records` is empty.
        ///
        /// Origin: an admitted member. The request can be answered before the moment `expires`.
        /// Holds a deposit on the member.
        ///
        /// Errors: `NotAdmitted`, `NotOwner`, `InvalidExpiry`, `RecordNotFound`,
        /// `RequestMismatch` (a record of another patient), `TooManyRequests`. Event:
        /// `AccessRequested`.
        #[pallet::call_index(5)]
        #[pallet::weight(<T as Config>::WeightInfo::request_access(records.len() as u32))]
        pub fn request_access(
            origin: OriginFor<T>,
            patient: T::AccountId,
            records: BoundedVec<RecordId, T::MaxBatch>,
            purpose: Purpose,
            expires: Moment,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_request_access(who, patient, records, purpose, expires)
        }

        /// Takes back a request. Its deposit goes back.
        ///
        /// Origin: who made it; anybody once it has lapsed.
        ///
        /// Errors: `RequestNotFound`, `NotAuthorized`. Event: `RequestWithdrawn`.
        #[pallet::call_index(6)]
        #[pallet::weight(<T as Config>::WeightInfo::withdraw_request())]
        pub fn withdraw_request(origin: OriginFor<T>, id: RequestId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_withdraw_request(who, id)
        }

        /// Declines a request. Its deposit goes back.
        ///
        /// Origin: the patient asked.
        ///
        /// Errors: `RequestNotFound`, `NotAuthorized`. Event: `RequestDeclined`.
        #[pallet::call_index(7)]
        #[pallet::weight(<T as Config>::WeightInfo::decline_request())]
        pub fn decline_request(origin: OriginFor<T>, id: RequestId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_decline_request(who, id)
        }

        /// Shares one or many stored records with a member, all or none.
        ///
        /// Origin: the patient. Each item carries the record key sealed to the grantee exactly if
        /// `rights.read`. The share holds before the moment `expires`. Sharing again replaces. A
        /// `request` is answered, and gone, with this. Holds a deposit for each record on the
        /// patient or its sponsor.
        ///
        /// Errors: `NotOwner`, `NoRights`, `NothingNamed`, `GranteeIsPatient`, `NotMember`,
        /// `InvalidExpiry`, `RequestNotFound`, `RequestMismatch`, `RequestLapsed`,
        /// `RecordNotFound`, `NotAuthorized`, `RecordTerminated`, `NotStored`, `CapsuleMismatch`,
        /// `TooManyShares`. Event: `Shared` for each record.
        #[pallet::call_index(8)]
        #[pallet::weight(<T as Config>::WeightInfo::share(items.len() as u32))]
        pub fn share(
            origin: OriginFor<T>,
            grantee: T::AccountId,
            items: BoundedVec<(RecordId, Option<Capsule>), T::MaxBatch>,
            rights: Rights,
            purpose: Purpose,
            expires: Moment,
            request: Option<RequestId>,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            let terms = sharing::Terms {
                rights,
                purpose,
                expires,
                request,
            };
            Self::do_share(who, grantee, items, terms)
        }

        /// Says that a share's capsule does not open to the recorded recipient: the share failed.
        ///
        /// Origin: the grantee.
        ///
        /// Errors: `ShareNotFound`, `NoCapsule`, `AlreadyRejected`. Event: `ShareRejected`.
        #[pallet::call_index(9)]
        #[pallet::weight(<T as Config>::WeightInfo::reject_share())]
        pub fn reject_share(origin: OriginFor<T>, record: RecordId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_reject_share(who, record)
        }

        /// Ends shares, effective in the same block. Deposits go back.
        ///
        /// Origin: the patient. It cannot recall a key already given; `move_blob` changes the key.
        ///
        /// Errors: `NothingNamed`, `RecordNotFound`, `NotAuthorized`, `ShareNotFound`. Event:
        /// `Revoked` for each record.
        #[pallet::call_index(10)]
        #[pallet::weight(<T as Config>::WeightInfo::revoke(records.len() as u32))]
        pub fn revoke(
            origin: OriginFor<T>,
            grantee: T::AccountId,
            records: BoundedVec<RecordId, T::MaxBatch>,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_revoke(who, grantee, records)
        }

        /// Clears a share that is expired, rejected, or of a terminated record. The deposit goes
        /// back to who paid it.
        ///
        /// Origin: anybody.
        ///
        /// Errors: `RecordNotFound`, `ShareNotFound`, `ShareInForce`. Event: `ShareCleared`.
        #[pallet::call_index(11)]
        #[pallet::weight(<T as Config>::WeightInfo::clear_share())]
        pub fn clear_share(
            origin: OriginFor<T>,
            record: RecordId,
            grantee: T::AccountId,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_clear_share(record, grantee)
        }

        /// Ends a record for good, optionally naming the record that takes its place.
        ///
        /// Origin: the patient. Where a recovery account is set, both: the first of the two
        /// proposes, the other confirms with the same call. Shares are void at once, the stored
        /// blob is no longer referred to, its deposit goes back but for the digests that stay
        /// retired; a tombstone stays.
        ///
        /// Errors: `RecordNotFound`, `NotAuthorized`, `RecordTerminated`, `InvalidSuccessor`,
        /// `AlreadyProposed`. Event: `EndProposed` or `Terminated`.
        #[pallet::call_index(12)]
        #[pallet::weight(
            <T as Config>::WeightInfo::terminate().saturating_add(T::Contribution::revoked_weight())
        )]
        pub fn terminate(
            origin: OriginFor<T>,
            record: RecordId,
            successor: Option<RecordId>,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_end(who, record, End::Terminate { successor })
        }

        /// Puts another record, of this or another patient account, in a record's place, and ends
        /// the record if it has not ended. A tombstone without successor can get one, once.
        ///
        /// Origin: as `terminate`. The new record must be stored. The link says what the old
        /// record's owner says; the new record is not changed by it.
        ///
        /// Errors: as `terminate`. Event: `EndProposed` or `Superseded`.
        #[pallet::call_index(13)]
        #[pallet::weight(
            <T as Config>::WeightInfo::supersede().saturating_add(T::Contribution::revoked_weight())
        )]
        pub fn supersede(
            origin: OriginFor<T>,
            record: RecordId,
            new_record: RecordId,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_end(who, record, End::Supersede { new_record })
        }

        /// Takes back one's own proposal to end a record.
        ///
        /// Origin: who proposed. Nobody can take back another's.
        ///
        /// Errors: `ProposalNotFound`. Event: `EndCancelled`.
        #[pallet::call_index(14)]
        #[pallet::weight(<T as Config>::WeightInfo::cancel_end())]
        pub fn cancel_end(origin: OriginFor<T>, record: RecordId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_cancel_end(who, record)
        }

        /// Records a data set of the institution's own, of which it is the patient too: stored at
        /// once, and then shared, moved and ended like a patient's record.
        ///
        /// Origin: an active institution. `commitment` is blake2-256(salt ‖ plaintext), `blob` is
        /// encrypted to a fresh record key, whose public key is `recipient`. Holds the deposits of a
        /// release without delivery and of a stored blob.
        ///
        /// Errors: `NotInstitution`, `KeyNotFresh`, `AlreadyExists`, `InvalidBlob`, `BlobInUse`.
        /// Events: `Released`, `Stored`.
        #[pallet::call_index(15)]
        #[pallet::weight(<T as Config>::WeightInfo::store_own())]
        pub fn store_own(
            origin: OriginFor<T>,
            commitment: Digest,
            format: Format,
            blob: BlobPointer,
            recipient: Recipient,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_store_own(who, commitment, format, blob, recipient)
        }
    }
}
