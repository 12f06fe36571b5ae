//! What the pallet says in events. Imported into the pallet's module.

use polkadot_sdk::frame_support::pallet_macros::pallet_section;

#[pallet_section]
mod events {
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An institution put up a bond and can be elected.
        #[codec(index = 0)]
        CandidateRegistered {
            candidate: T::AccountId,
            bond: Balance,
            commission: Perbill,
        },
        /// A candidate's bond grew.
        #[codec(index = 1)]
        BondAdded {
            candidate: T::AccountId,
            amount: Balance,
        },
        /// A candidate takes this commission from session `from` on.
        #[codec(index = 2)]
        CommissionSet {
            candidate: T::AccountId,
            commission: Perbill,
            from: SessionIndex,
        },
        /// A candidate is elected no more; its bond can be withdrawn from session `unlocks` on.
        #[codec(index = 3)]
        CandidateLeft {
            candidate: T::AccountId,
            unlocks: SessionIndex,
        },
        /// A candidate has its bond back and is no candidate any more.
        #[codec(index = 4)]
        BondWithdrawn {
            candidate: T::AccountId,
            amount: Balance,
        },
        /// A candidate is elected no more until it says that it is back.
        #[codec(index = 5)]
        Chilled {
            candidate: T::AccountId,
            reason: Chill,
        },
        /// A chilled candidate can be elected again.
        #[codec(index = 6)]
        CameBack { candidate: T::AccountId },
        /// Stake was delegated.
        #[codec(index = 7)]
        Delegated {
            delegator: T::AccountId,
            candidate: T::AccountId,
            amount: Balance,
            shares: Balance,
        },
        /// Stake is on its way back; it can be withdrawn from session `unlocks` on.
        #[codec(index = 8)]
        Unbonding {
            delegator: T::AccountId,
            candidate: T::AccountId,
            amount: Balance,
            unlocks: SessionIndex,
        },
        /// Stake backs another candidate.
        #[codec(index = 9)]
        Redelegated {
            delegator: T::AccountId,
            from: T::AccountId,
            to: T::AccountId,
            amount: Balance,
        },
        /// Stake is back on its owner's account.
        #[codec(index = 10)]
        Withdrawn {
            delegator: T::AccountId,
            candidate: T::AccountId,
            amount: Balance,
        },
        /// What a delegation gained is on its way back, as `Unbonding` is.
        #[codec(index = 11)]
        Claimed {
            delegator: T::AccountId,
            candidate: T::AccountId,
            amount: Balance,
            unlocks: SessionIndex,
        },
        /// Stake that had come to `candidate` from another paid for that one's offence.
        #[codec(index = 12)]
        MovedSlashed {
            delegator: T::AccountId,
            candidate: T::AccountId,
            amount: Balance,
        },
        /// A session is planned with `validators` best-backed candidates.
        #[codec(index = 13)]
        Elected {
            session: SessionIndex,
            validators: u32,
        },
        /// Too few can be elected: a session is planned with the validators of now.
        #[codec(index = 14)]
        ValidatorsKept { session: SessionIndex },
        /// A validator's blocks of a session were rewarded: `own` for its commission and bond,
        /// `pool` for its delegators.
        #[codec(index = 15)]
        Rewarded {
            candidate: T::AccountId,
            own: Balance,
            pool: Balance,
        },
        /// An offence of session `session` was proved; the slash is taken at the start of `due`.
        #[codec(index = 16)]
        SlashReported {
            candidate: T::AccountId,
            session: SessionIndex,
            fraction: Perbill,
            due: SessionIndex,
        },
        /// A pending slash will not be taken.
        #[codec(index = 17)]
        SlashCancelled {
            candidate: T::AccountId,
            session: SessionIndex,
        },
        /// Stake was taken for an offence: `bond` of the candidate's, `delegated` of what others
        /// had delegated in that session. `reward` of it went to who reported it, the rest to the
        /// treasury.
        #[codec(index = 18)]
        Slashed {
            candidate: T::AccountId,
            session: SessionIndex,
            bond: Balance,
            delegated: Balance,
            reward: Balance,
        },
    }
}
