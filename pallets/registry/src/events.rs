//! What happened, as the chain tells it. A section of the pallet in `lib.rs`.

use polkadot_sdk::frame_support::pallet_macros::pallet_section;

#[pallet_section]
mod events {
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A patient registered; `payer` paid the deposit.
        #[codec(index = 0)]
        PatientRegistered {
            who: T::AccountId,
            payer: T::AccountId,
        },
        /// Somebody asks to be admitted.
        #[codec(index = 1)]
        Applied { who: T::AccountId, role: Role },
        /// An application was taken back.
        #[codec(index = 2)]
        ApplicationWithdrawn { who: T::AccountId },
        /// The council admitted a member until `term_end`, ms since the Unix epoch.
        #[codec(index = 3)]
        Admitted {
            who: T::AccountId,
            role: Role,
            term_end: Moment,
        },
        /// The council gave a member a new term.
        #[codec(index = 4)]
        Renewed { who: T::AccountId, term_end: Moment },
        /// The council suspended a member.
        #[codec(index = 5)]
        Suspended { who: T::AccountId },
        /// The council lifted a suspension.
        #[codec(index = 6)]
        Reinstated { who: T::AccountId },
        /// A membership ended for good, or an application was declined, by this right.
        #[codec(index = 7)]
        Ended { who: T::AccountId, by: EndedBy },
        /// A member has a new encryption recipient.
        #[codec(index = 8)]
        KeyRotated {
            who: T::AccountId,
            version: KeyVersion,
        },
        /// A member asks a key to be its operator.
        #[codec(index = 9)]
        OperatorProposed {
            member: T::AccountId,
            operator: T::AccountId,
        },
        /// A key works for the member from now on, in the place of any earlier one.
        #[codec(index = 10)]
        OperatorAccepted {
            member: T::AccountId,
            operator: T::AccountId,
        },
        /// The member has no operator and asks no key to be one.
        #[codec(index = 11)]
        OperatorRemoved { member: T::AccountId },
        /// A member published where its node is found, or that it has none.
        #[codec(index = 12)]
        NodeSet { member: T::AccountId },
        /// A member's first recovery account, in force at once.
        #[codec(index = 13)]
        RecoverySet {
            member: T::AccountId,
            recovery: T::AccountId,
        },
        /// A member wants another recovery account, or none, from block `at` on.
        #[codec(index = 14)]
        RecoveryChangeProposed {
            member: T::AccountId,
            recovery: Option<T::AccountId>,
            at: BlockNumberFor<T>,
        },
        /// A proposed change of the recovery account was stopped, by this account.
        #[codec(index = 15)]
        RecoveryChangeStopped {
            member: T::AccountId,
            by: T::AccountId,
        },
        /// An institution vouches for a patient.
        #[codec(index = 16)]
        Attested {
            patient: T::AccountId,
            institution: T::AccountId,
        },
        /// An institution no longer vouches for a patient.
        #[codec(index = 17)]
        AttestationRevoked {
            patient: T::AccountId,
            institution: T::AccountId,
        },
        /// An institution offers to sponsor a patient.
        #[codec(index = 18)]
        SponsorshipOffered {
            patient: T::AccountId,
            sponsor: T::AccountId,
            deposit_quota: BalanceOf<T>,
            fee_quota: BalanceOf<T>,
        },
        /// A sponsorship, or the offer of one, ended; `released` went back to the sponsor's free balance.
        #[codec(index = 19)]
        SponsorshipEnded {
            patient: T::AccountId,
            sponsor: T::AccountId,
            released: BalanceOf<T>,
        },
        /// A patient accepted an institution's offer.
        #[codec(index = 20)]
        SponsorshipAccepted {
            patient: T::AccountId,
            sponsor: T::AccountId,
        },
    }
}
