//! Why the pallet refuses a call. Imported into the pallet's module.

use polkadot_sdk::frame_support::pallet_macros::pallet_section;

#[pallet_section]
mod errors {
    #[pallet::error]
    pub enum Error<T> {
        /// The account is not a candidate.
        #[codec(index = 0)]
        CandidateNotFound,
        /// The account has nothing with this candidate.
        #[codec(index = 1)]
        DelegationNotFound,
        /// No slash is pending for this candidate and session.
        #[codec(index = 2)]
        SlashNotFound,
        /// Only an admitted institution in office can be a candidate.
        #[codec(index = 3)]
        NotInstitution,
        /// The account has no session keys: set them first.
        #[codec(index = 4)]
        NoSessionKeys,
        /// The account is a candidate already.
        #[codec(index = 5)]
        AlreadyExists,
        /// There are as many candidates as there may be: try again when one has left.
        #[codec(index = 6)]
        TooManyCandidates,
        /// The bond is smaller than the smallest bond.
        #[codec(index = 7)]
        BondTooSmall,
        /// The bond is still locked: wait for the end of the unbonding period.
        #[codec(index = 8)]
        BondLocked,
        /// The candidate is leaving.
        #[codec(index = 9)]
        Leaving,
        /// The candidate has not left: leave first.
        #[codec(index = 10)]
        NotLeaving,
        /// The candidate is not chilled, or this is not its account nor its operator key.
        #[codec(index = 11)]
        NotChilled,
        /// With this amount the delegation would be smaller than the smallest, or it buys no share.
        #[codec(index = 12)]
        DelegationTooSmall,
        /// The amount is nothing, or not worth one share.
        #[codec(index = 13)]
        AmountTooSmall,
        /// A slash of this candidate is pending: who came now would pay for it, and its bond has to.
        #[codec(index = 14)]
        SlashPending,
        /// Slashes that fell due are being taken: try again in the next block.
        #[codec(index = 15)]
        SlashesDue,
        /// Stake that came from another candidate cannot leave before it can no longer be slashed
        /// for that one.
        #[codec(index = 16)]
        StakeLocked,
        /// Too much came from other candidates in different sessions: wait for the oldest.
        #[codec(index = 17)]
        TooManyMoves,
        /// Too much is on its way back: withdraw what can be withdrawn, or wait for it.
        #[codec(index = 18)]
        TooManyUnbonding,
        /// Nothing is at the end of its unbonding period.
        #[codec(index = 19)]
        NothingToWithdraw,
        /// The delegation is not worth more than what was paid for it.
        #[codec(index = 20)]
        NothingToClaim,
        /// Stake cannot move to where it is.
        #[codec(index = 21)]
        SameCandidate,
    }
}
