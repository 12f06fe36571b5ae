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

mod errors;
mod events;
mod existence;
mod fees;
mod genesis;
mod members;
mod membership;
mod operators;
mod recovery;
mod sponsorship;
mod storage;
#[cfg(any(test, feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use fees::{Payer, SponsoredFees};
pub use genesis::GenesisMember;
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

use polkadot_sdk::{
    frame_support::{self, pallet_macros::import_section},
    frame_system, sp_core, sp_runtime,
};

// The metadata that the macro writes for storage expects in places that cannot fail.
#[allow(clippy::expect_used)]
#[import_section(errors::errors)]
#[import_section(events::events)]
#[import_section(storage::storage)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use alloc::vec::Vec;
    use frame_support::{
        pallet_prelude::*,
        traits::{fungible, Contains, Time},
    };
    use frame_system::pallet_prelude::*;
    use salus_primitives::{
        membership::{KeyVersion, Recipient, Role},
        Moment,
    };
    use sp_core::H256;
    use sp_runtime::traits::{BlockNumberProvider, Zero};

    // The second is what an upgrade is rehearsed with.
    const STORAGE_VERSION: StorageVersion =
        StorageVersion::new(if cfg!(feature = "rehearsal") { 2 } else { 1 });

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Who admits, renews, suspends and ends: the majority of the council.
        type AdmitOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// Calls whose fees a member pays when its operator key signs them.
        type OperatorCalls: Contains<<Self as polkadot_sdk::frame_system::Config>::RuntimeCall>;

        /// Deposits and quotas are held in this currency.
        type Currency: fungible::Mutate<Self::AccountId>
            + fungible::MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

        /// The runtime's reasons for holds.
        type RuntimeHoldReason: From<HoldReason>;

        /// Chain time, by which terms end.
        type Time: Time<Moment = Moment>;

        /// Source of the block numbers in entries and delays.
        type BlockNumberProvider: BlockNumberProvider<BlockNumber = BlockNumberFor<Self>>;

        /// Deposit of a patient. Covers an entry of about 200 bytes and `MaxKeyVersions` recipients
        /// of about 120 bytes with their keys: 2 kB at 16 versions.
        #[pallet::constant]
        type RegistrationDeposit: Get<BalanceOf<Self>>;

        /// Deposit of an applicant, kept while it is a member. As for a patient, and a node of 64 +
        /// 8 × 128 bytes with its operator: 3.5 kB.
        #[pallet::constant]
        type ApplicationDeposit: Get<BalanceOf<Self>>;

        /// What of a deposit stays held after the end, for each byte that stays.
        #[pallet::constant]
        type DepositPerByte: Get<BalanceOf<Self>>;

        /// Shortest term, ms.
        #[pallet::constant]
        type MinTerm: Get<Moment>;

        /// Longest term, ms.
        #[pallet::constant]
        type MaxTerm: Get<Moment>;

        /// Most recipients of a member over its life; all stay readable. With one rotation a year
        /// 16 last for 15 years.
        #[pallet::constant]
        type MaxKeyVersions: Get<KeyVersion>;

        /// Blocks in which the recovery account can stop its own removal.
        #[pallet::constant]
        type RecoveryDelay: Get<BlockNumberFor<Self>>;

        /// Blocks after which a fee budget is filled up again.
        #[pallet::constant]
        type SponsorPeriod: Get<BlockNumberFor<Self>>;

        /// Largest quota, of deposits or of fees, for one patient.
        #[pallet::constant]
        type MaxSponsorQuota: Get<BalanceOf<Self>>;

        type WeightInfo: WeightInfo;
    }

    /// Why this pallet holds somebody's balance.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// The deposit of an entry, by the member or its sponsor.
        #[codec(index = 0)]
        Membership,
        /// What a sponsor's quotas have left.
        #[codec(index = 1)]
        Sponsorship,
    }

    /// Members from the first block on: account, role, credential, recipient, operator, end of the
    /// term (`None`: no end). They pay no deposit.
    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        pub members: Vec<GenesisMember<T::AccountId>>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            Pallet::<T>::build_genesis(&self.members);
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            assert!(T::MinTerm::get() > 0, "a term must be able to last");
            assert!(T::MinTerm::get() <= T::MaxTerm::get(), "no term is allowed");
            assert!(T::MaxKeyVersions::get() > 0, "a member needs a recipient");
            assert!(!T::RecoveryDelay::get().is_zero(), "a veto needs time");
            assert!(!T::SponsorPeriod::get().is_zero(), "a period needs blocks");
            assert!(
                T::RegistrationDeposit::get() <= T::MaxSponsorQuota::get(),
                "a sponsor must be able to pay for a registration"
            );
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// A patient registers itself.
        ///
        /// Origin: any account that is not in the register. `credential` is a salted commitment,
        /// `recipient` the account's first encryption key. With `sponsor` the patient accepts that
        /// institution's offer, which then pays the deposit and this call; else it pays itself.
        ///
        /// Errors: `AlreadyExists`, `OperatorIsMember`, `InvalidRecipient`, `OfferNotFound`,
        /// `SponsorInactive`, `SponsorCannotPay`.
        /// Event: `PatientRegistered`, with a sponsor `SponsorshipAccepted` before it.
        #[pallet::call_index(0)]
        #[pallet::weight(<T as Config>::WeightInfo::register_patient())]
        pub fn register_patient(
            origin: OriginFor<T>,
            credential: H256,
            recipient: Recipient,
            sponsor: Option<T::AccountId>,
        ) -> DispatchResult {
            let signer = ensure_signed(origin)?;
            Self::do_register_patient(signer, credential, recipient, sponsor)
        }

        /// Asks to be admitted.
        ///
        /// Origin: any account that is not in the register. Holds the application's deposit until
        /// the membership ends.
        ///
        /// Errors: `InvalidRole`, `AlreadyExists`, `OperatorIsMember`, `InvalidRecipient`.
        /// Event: `Applied`.
        #[pallet::call_index(1)]
        #[pallet::weight(<T as Config>::WeightInfo::apply())]
        pub fn apply(
            origin: OriginFor<T>,
            role: Role,
            credential: H256,
            recipient: Recipient,
        ) -> DispatchResult {
            let signer = ensure_signed(origin)?;
            Self::do_apply(signer, role, credential, recipient)
        }

        /// Takes an application back.
        ///
        /// Origin: the applicant. Removes the entry and returns the deposit.
        ///
        /// Errors: `NotApplying`.
        /// Event: `ApplicationWithdrawn`.
        #[pallet::call_index(2)]
        #[pallet::weight(<T as Config>::WeightInfo::withdraw_application())]
        pub fn withdraw_application(origin: OriginFor<T>) -> DispatchResult {
            let signer = ensure_signed(origin)?;
            Self::do_withdraw_application(signer)
        }

        /// Admits an applicant for `term` ms from now.
        ///
        /// Origin: `AdmitOrigin`.
        ///
        /// Errors: `NotFound`, `NotApplying`, `InvalidTerm`.
        /// Event: `Admitted`.
        #[pallet::call_index(3)]
        #[pallet::weight(<T as Config>::WeightInfo::admit())]
        pub fn admit(origin: OriginFor<T>, who: T::AccountId, term: Moment) -> DispatchResult {
            T::AdmitOrigin::ensure_origin(origin)?;
            Self::do_admit(who, term)
        }

        /// Gives a member a new term of `term` ms from now.
        ///
        /// Origin: `AdmitOrigin`. A term that is over can be renewed.
        ///
        /// Errors: `NotFound`, `NotAdmitted`, `InvalidTerm`.
        /// Event: `Renewed`.
        #[pallet::call_index(4)]
        #[pallet::weight(<T as Config>::WeightInfo::renew())]
        pub fn renew(origin: OriginFor<T>, who: T::AccountId, term: Moment) -> DispatchResult {
            T::AdmitOrigin::ensure_origin(origin)?;
            Self::do_renew(who, term)
        }

        /// Takes an admitted member's rights for the time being.
        ///
        /// Origin: `AdmitOrigin`. Not for patients.
        ///
        /// Errors: `NotFound`, `NotAdmitted`, `NotActive`.
        /// Event: `Suspended`.
        #[pallet::call_index(5)]
        #[pallet::weight(<T as Config>::WeightInfo::suspend())]
        pub fn suspend(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
            T::AdmitOrigin::ensure_origin(origin)?;
            Self::do_suspend(who)
        }

        /// Lifts a suspension.
        ///
        /// Origin: `AdmitOrigin`.
        ///
        /// Errors: `NotFound`, `NotSuspended`.
        /// Event: `Reinstated`.
        #[pallet::call_index(6)]
        #[pallet::weight(<T as Config>::WeightInfo::reinstate())]
        pub fn reinstate(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
            T::AdmitOrigin::ensure_origin(origin)?;
            Self::do_reinstate(who)
        }

        /// Ends a membership for good, or declines an application.
        ///
        /// Origin: the member itself, or `AdmitOrigin` for all but patients. Returns the deposit
        /// but what is for the bytes that stay, frees operator, node, recovery account, attestation
        /// and sponsorship; the entry stays as a tombstone, recipients stay readable.
        ///
        /// Errors: `NotFound`, `NotAuthorized`, `NotAdmitted`, `RecoverySet`.
        /// Event: `Ended`.
        #[pallet::call_index(7)]
        #[pallet::weight(<T as Config>::WeightInfo::end())]
        pub fn end(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
            let by = match T::AdmitOrigin::try_origin(origin) {
                Ok(_) => EndedBy::Council,
                Err(origin) => {
                    ensure!(ensure_signed(origin)? == who, Error::<T>::NotAuthorized);
                    EndedBy::Member
                }
            };
            Self::do_end(who, by)
        }

        /// Publishes a new encryption recipient; earlier ones stay readable.
        ///
        /// Origin: an active or suspended member.
        ///
        /// Errors: `NotFound`, `NotActive`, `InvalidRecipient`, `TooManyKeys`.
        /// Event: `KeyRotated`.
        #[pallet::call_index(8)]
        #[pallet::weight(<T as Config>::WeightInfo::rotate_key())]
        pub fn rotate_key(origin: OriginFor<T>, recipient: Recipient) -> DispatchResult {
            let signer = ensure_signed(origin)?;
            Self::do_rotate_key(signer, recipient)
        }

        /// Asks a key to be the operator of the member's nodes, or with `None` removes operator and
        /// request.
        ///
        /// Origin: an admitted, active member; to remove, any member. The operator in office stays
        /// until the new one accepts.
        ///
        /// Errors: `NotFound`, `NotActive`, `NotAdmitted`, `OperatorIsMember`, `OperatorTaken`,
        /// `OperatorNotFound`.
        /// Event: `OperatorProposed` or `OperatorRemoved`.
        #[pallet::call_index(9)]
        #[pallet::weight(<T as Config>::WeightInfo::set_operator())]
        pub fn set_operator(
            origin: OriginFor<T>,
            operator: Option<T::AccountId>,
        ) -> DispatchResult {
            let signer = ensure_signed(origin)?;
            Self::do_set_operator(signer, operator)
        }

        /// Accepts to be a member's operator, in the place of any earlier one.
        ///
        /// Origin: the key that the member asked. The member pays the fee.
        ///
        /// Errors: `OperatorNotFound`, `OperatorIsMember`, `OperatorTaken`.
        /// Event: `OperatorAccepted`.
        #[pallet::call_index(10)]
        #[pallet::weight(<T as Config>::WeightInfo::accept_operator())]
        pub fn accept_operator(origin: OriginFor<T>, member: T::AccountId) -> DispatchResult {
            let signer = ensure_signed(origin)?;
            Self::do_accept_operator(signer, member)
        }

        /// Publishes where the member's node is found; with an empty peer id, that it has none.
        ///
        /// Origin: an admitted, active member or its operator key.
        ///
        /// Errors: `NotFound`, `NotActive`, `NotAdmitted`, `InvalidNode`.
        /// Event: `NodeSet`.
        #[pallet::call_index(11)]
        #[pallet::weight(<T as Config>::WeightInfo::set_node())]
        pub fn set_node(
            origin: OriginFor<T>,
            peer_id: PeerId,
            addresses: Addresses,
        ) -> DispatchResult {
            let signer = ensure_signed(origin)?;
            Self::do_set_node(signer, peer_id, addresses)
        }

        /// Names, changes or removes the recovery account.
        ///
        /// Origin: an active or suspended member. The first is in force at once, a change after
        /// `RecoveryDelay` blocks; naming the one in force takes a change back.
        ///
        /// Errors: `NotFound`, `NotActive`, `InvalidRecovery`, `RecoveryNotFound`.
        /// Event: `RecoverySet`, `RecoveryChangeProposed` or `RecoveryChangeStopped`.
        #[pallet::call_index(12)]
        #[pallet::weight(<T as Config>::WeightInfo::set_recovery())]
        pub fn set_recovery(
            origin: OriginFor<T>,
            recovery: Option<T::AccountId>,
        ) -> DispatchResult {
            let signer = ensure_signed(origin)?;
            Self::do_set_recovery(signer, recovery)
        }

        /// Stops a change of a member's recovery account.
        ///
        /// Origin: the recovery account in force.
        ///
        /// Errors: `RecoveryNotFound`, `NotAuthorized`.
        /// Event: `RecoveryChangeStopped`.
        #[pallet::call_index(13)]
        #[pallet::weight(<T as Config>::WeightInfo::veto_recovery())]
        pub fn veto_recovery(origin: OriginFor<T>, member: T::AccountId) -> DispatchResult {
            let signer = ensure_signed(origin)?;
            Self::do_veto_recovery(signer, member)
        }

        /// Vouches for a patient.
        ///
        /// Origin: an active institution.
        ///
        /// Errors: `NotInstitution`, `NotPatient`, `AlreadyAttested`.
        /// Event: `Attested`.
        #[pallet::call_index(14)]
        #[pallet::weight(<T as Config>::WeightInfo::attest())]
        pub fn attest(origin: OriginFor<T>, patient: T::AccountId) -> DispatchResult {
            let signer = ensure_signed(origin)?;
            Self::do_attest(signer, patient)
        }

        /// Takes back that the institution vouches for a patient.
        ///
        /// Origin: the institution that attested.
        ///
        /// Errors: `AttestationNotFound`, `NotAuthorized`.
        /// Event: `AttestationRevoked`.
        #[pallet::call_index(15)]
        #[pallet::weight(<T as Config>::WeightInfo::revoke_attestation())]
        pub fn revoke_attestation(origin: OriginFor<T>, patient: T::AccountId) -> DispatchResult {
            let signer = ensure_signed(origin)?;
            Self::do_revoke_attestation(signer, patient)
        }

        /// Offers to pay for a patient, who may not exist yet: deposits up to `deposit_quota` at a
        /// time, fees up to `fee_quota` a period. Binds the patient to nothing.
        ///
        /// Origin: an active institution, on which both quotas are held.
        ///
        /// Errors: `NotInstitution`, `NotPatient`, `AlreadySponsored`, `QuotaTooLarge`,
        /// `QuotaTooSmall`.
        /// Event: `SponsorshipOffered`.
        #[pallet::call_index(16)]
        #[pallet::weight(<T as Config>::WeightInfo::sponsor())]
        pub fn sponsor(
            origin: OriginFor<T>,
            patient: T::AccountId,
            deposit_quota: BalanceOf<T>,
            fee_quota: BalanceOf<T>,
        ) -> DispatchResult {
            let signer = ensure_signed(origin)?;
            Self::do_sponsor(signer, patient, deposit_quota, fee_quota)
        }

        /// Ends a sponsorship, or takes the offer of one back; deposits that are out come back when
        /// their state is freed.
        ///
        /// Origin: the institution, or the patient where the sponsorship is in force.
        ///
        /// Errors: `SponsorshipNotFound`, `NotAuthorized`.
        /// Event: `SponsorshipEnded`.
        #[pallet::call_index(17)]
        #[pallet::weight(<T as Config>::WeightInfo::end_sponsorship())]
        pub fn end_sponsorship(origin: OriginFor<T>, patient: T::AccountId) -> DispatchResult {
            let signer = ensure_signed(origin)?;
            Self::do_end_sponsorship(signer, patient)
        }

        /// Accepts an institution's offer, in the place of any sponsorship in force. The offer pays
        /// the fee.
        ///
        /// Origin: a patient.
        ///
        /// Errors: `NotPatient`, `OfferNotFound`, `SponsorInactive`.
        /// Event: `SponsorshipAccepted`, after `SponsorshipEnded` where there was another.
        #[pallet::call_index(18)]
        #[pallet::weight(<T as Config>::WeightInfo::accept_sponsor())]
        pub fn accept_sponsor(origin: OriginFor<T>, sponsor: T::AccountId) -> DispatchResult {
            let signer = ensure_signed(origin)?;
            Self::do_accept_sponsor(signer, sponsor)
        }
    }
}
