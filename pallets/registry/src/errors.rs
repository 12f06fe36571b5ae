//! Why a call is refused, in words that a person can act on. A section of the pallet in `lib.rs`.

use polkadot_sdk::frame_support::pallet_macros::pallet_section;

#[pallet_section]
mod errors {
    #[pallet::error]
    pub enum Error<T> {
        /// This account is not in the register: it has to register or apply first.
        #[codec(index = 0)]
        NotFound,
        /// This account is or was in the register: use another account.
        #[codec(index = 1)]
        AlreadyExists,
        /// Only the account named in the entry may do this.
        #[codec(index = 2)]
        NotAuthorized,
        /// This member is not active: it is applying, suspended or ended, or its term is over.
        #[codec(index = 3)]
        NotActive,
        /// There is no open application of this account.
        #[codec(index = 4)]
        NotApplying,
        /// This is only for members that were admitted; a patient is not.
        #[codec(index = 5)]
        NotAdmitted,
        /// This member is not suspended.
        #[codec(index = 6)]
        NotSuspended,
        /// This account is not that of a patient.
        #[codec(index = 7)]
        NotPatient,
        /// Only an active institution may do this.
        #[codec(index = 8)]
        NotInstitution,
        /// Patients register themselves, they do not apply.
        #[codec(index = 9)]
        InvalidRole,
        /// The term is shorter or longer than the chain allows.
        #[codec(index = 10)]
        InvalidTerm,
        /// The encryption recipient is empty or the one already in use.
        #[codec(index = 11)]
        InvalidRecipient,
        /// This member has used up its encryption keys and cannot rotate again.
        #[codec(index = 12)]
        TooManyKeys,
        /// An operator key cannot be a member, nor a member an operator key: use a fresh key.
        #[codec(index = 13)]
        OperatorIsMember,
        /// This operator key already works for a member.
        #[codec(index = 14)]
        OperatorTaken,
        /// The member has not proposed this key as its operator, or has no operator to remove.
        #[codec(index = 15)]
        OperatorNotFound,
        /// Node addresses need a peer id.
        #[codec(index = 16)]
        InvalidNode,
        /// A member cannot be its own recovery account.
        #[codec(index = 17)]
        InvalidRecovery,
        /// There is no recovery account, or no change of it that could be stopped.
        #[codec(index = 18)]
        RecoveryNotFound,
        /// Remove the recovery account first; that takes the notice period.
        #[codec(index = 19)]
        RecoverySet,
        /// An active institution already vouches for this patient.
        #[codec(index = 20)]
        AlreadyAttested,
        /// Nobody vouches for this patient.
        #[codec(index = 21)]
        AttestationNotFound,
        /// This institution already sponsors this account or offers to: end that first.
        #[codec(index = 22)]
        AlreadySponsored,
        /// This account has no sponsor, and no offer of this institution.
        #[codec(index = 23)]
        SponsorshipNotFound,
        /// A quota is above what the chain allows.
        #[codec(index = 24)]
        QuotaTooLarge,
        /// The deposit quota has to cover at least a patient's registration.
        #[codec(index = 25)]
        QuotaTooSmall,
        /// This institution does not offer to sponsor this account.
        #[codec(index = 26)]
        OfferNotFound,
        /// The sponsor is no active institution: it is suspended or gone, or its term is over.
        #[codec(index = 27)]
        SponsorInactive,
        /// The sponsor's quota or balance does not cover the deposit: register without a sponsor,
        /// or ask for a larger offer.
        #[codec(index = 28)]
        SponsorCannotPay,
    }
}
