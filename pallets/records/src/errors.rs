//! Why a call is refused, in words that a person can act on. A section of the pallet in `lib.rs`.

use polkadot_sdk::frame_support::pallet_macros::pallet_section;

#[pallet_section]
mod errors {
    #[pallet::error]
    pub enum Error<T> {
        /// There is no record with this identifier.
        #[codec(index = 0)]
        RecordNotFound,
        /// This record is not shared with this account.
        #[codec(index = 1)]
        ShareNotFound,
        /// There is no such request: it was answered, declined or taken back.
        #[codec(index = 2)]
        RequestNotFound,
        /// You have not proposed to end this record.
        #[codec(index = 3)]
        ProposalNotFound,
        /// This is not for you to do: another account owns the record, share or request.
        #[codec(index = 4)]
        NotAuthorized,
        /// Only an active institution, or its operator key, can release a record.
        #[codec(index = 5)]
        NotInstitution,
        /// The account is not an active patient: the patient has to register first.
        #[codec(index = 6)]
        NotPatient,
        /// The account is not an active member with an encryption key.
        #[codec(index = 7)]
        NotMember,
        /// Only an admitted member can ask for access.
        #[codec(index = 8)]
        NotAdmitted,
        /// This record was released already.
        #[codec(index = 9)]
        AlreadyExists,
        /// The blob's size or location is empty.
        #[codec(index = 10)]
        InvalidBlob,
        /// Another entry refers to this blob: encrypt the content afresh.
        #[codec(index = 11)]
        BlobInUse,
        /// The record key is known to others, or is the owner's own: make a new one.
        #[codec(index = 12)]
        KeyNotFresh,
        /// The record does not wait to be stored.
        #[codec(index = 13)]
        NotReleased,
        /// The record is not stored: only a stored record can be moved or shared.
        #[codec(index = 14)]
        NotStored,
        /// The record has ended for good: nothing can be added to it.
        #[codec(index = 15)]
        RecordTerminated,
        /// The record has as many shares as it can have: revoke or clear some.
        #[codec(index = 16)]
        TooManyShares,
        /// The patient has too many unanswered requests: try again later.
        #[codec(index = 17)]
        TooManyRequests,
        /// The expiry is over or too far ahead.
        #[codec(index = 18)]
        InvalidExpiry,
        /// The right to read needs a sealed record key, and only that right may have one.
        #[codec(index = 19)]
        CapsuleMismatch,
        /// The share gives no right: name at least one.
        #[codec(index = 20)]
        NoRights,
        /// Name at least one record.
        #[codec(index = 21)]
        NothingNamed,
        /// Nobody needs a share of a record of their own.
        #[codec(index = 22)]
        GranteeIsPatient,
        /// The request is another's, or asks for another purpose or for other records.
        #[codec(index = 23)]
        RequestMismatch,
        /// The request has lapsed: share without it.
        #[codec(index = 24)]
        RequestLapsed,
        /// The share carries no key that could be rejected.
        #[codec(index = 25)]
        NoCapsule,
        /// This share was rejected already.
        #[codec(index = 26)]
        AlreadyRejected,
        /// The share still holds: only the patient can end it, by revoking it.
        #[codec(index = 27)]
        ShareInForce,
        /// You proposed this already: the other signer has to confirm it with the same call.
        #[codec(index = 28)]
        AlreadyProposed,
        /// The record that is to take the place is not stored, or is the same record.
        #[codec(index = 29)]
        InvalidSuccessor,
        /// The account is neither an active patient nor an active institution: it has no records to
        /// give.
        #[codec(index = 30)]
        NotOwner,
    }
}
