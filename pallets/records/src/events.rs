//! What happened, as the chain tells it. A section of the pallet in `lib.rs`.

use polkadot_sdk::frame_support::pallet_macros::pallet_section;

#[pallet_section]
mod events {
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An institution released a record to a patient, or stores a data set of its own, of which
        /// it is institution and patient.
        #[codec(index = 0)]
        Released {
            record: RecordId,
            patient: T::AccountId,
            institution: T::AccountId,
            by: Signer,
        },
        /// The patient stored a record's content.
        #[codec(index = 1)]
        Stored {
            record: RecordId,
            patient: T::AccountId,
            blob: Digest,
        },
        /// The patient moved a record's content. `rekeyed` where it has a new record key: then
        /// `kept` read shares got a new capsule and `ended` did not.
        #[codec(index = 2)]
        Moved {
            record: RecordId,
            blob: Digest,
            rekeyed: bool,
            kept: u32,
            ended: u32,
        },
        /// The patient says that the delivered content does not match.
        #[codec(index = 3)]
        Disputed { record: RecordId, reason: Digest },
        /// The institution took a release back; the record is gone.
        #[codec(index = 4)]
        ReleaseWithdrawn { record: RecordId, by: Signer },
        /// Somebody asks a patient for access.
        #[codec(index = 5)]
        AccessRequested {
            request: RequestId,
            requester: T::AccountId,
            patient: T::AccountId,
            purpose: Purpose,
        },
        /// A request was taken back, or cleared after it lapsed.
        #[codec(index = 6)]
        RequestWithdrawn {
            request: RequestId,
            by: WithdrawRight,
        },
        /// The patient declined a request.
        #[codec(index = 7)]
        RequestDeclined { request: RequestId },
        /// The patient shared a record.
        #[codec(index = 8)]
        Shared {
            record: RecordId,
            grantee: T::AccountId,
            rights: Rights,
            purpose: Purpose,
            expires: Moment,
            request: Option<RequestId>,
        },
        /// The grantee could not open the capsule: the share failed.
        #[codec(index = 9)]
        ShareRejected {
            record: RecordId,
            grantee: T::AccountId,
        },
        /// The patient ended a share.
        #[codec(index = 10)]
        Revoked {
            record: RecordId,
            grantee: T::AccountId,
        },
        /// A void share was cleared away.
        #[codec(index = 11)]
        ShareCleared {
            record: RecordId,
            grantee: T::AccountId,
            reason: ClearReason,
        },
        /// One of two signers proposes to end a record.
        #[codec(index = 12)]
        EndProposed {
            record: RecordId,
            by: T::AccountId,
            end: End,
        },
        /// A record ended for good.
        #[codec(index = 13)]
        Terminated {
            record: RecordId,
            successor: Option<RecordId>,
            by: EndRight,
        },
        /// A record gave its place to another.
        #[codec(index = 14)]
        Superseded {
            record: RecordId,
            new_record: RecordId,
            by: EndRight,
        },
        /// A signer took back what it proposed.
        #[codec(index = 15)]
        EndCancelled { record: RecordId, by: T::AccountId },
    }
}
