//! Stake and tokens from data: what `pallet-delegation` and `pallet-rewards` provide and ask for.

// The macro writes the bound of a type parameter twice.
#![allow(clippy::multiple_bound_locations)]

use alloc::vec::Vec;
use codec::{Codec, Decode, Encode};
use polkadot_sdk::{
    sp_runtime::{FixedU128, KeyTypeId, Perbill},
    sp_weights::Weight,
};
use scale_info::TypeInfo;

use crate::records::RecordId;

/// Number of a session, from 0 at genesis.
pub type SessionIndex = u32;

/// Is told of records as of data that earns tokens.
pub trait Contribution<AccountId> {
    /// `patient` stored the record that `institution` released.
    fn stored(record: &RecordId, patient: &AccountId, institution: &AccountId);

    /// The record has ended: what it earned and is not vested is taken back.
    fn revoked(record: &RecordId);

    /// What `stored` weighs, beside the call that stores.
    fn stored_weight() -> Weight;

    /// What `revoked` weighs, beside the call that ends.
    fn revoked_weight() -> Weight;
}

/// Data earns nothing.
impl<AccountId> Contribution<AccountId> for () {
    fn stored(_: &RecordId, _: &AccountId, _: &AccountId) {}
    fn revoked(_: &RecordId) {}
    fn stored_weight() -> Weight {
        Weight::zero()
    }
    fn revoked_weight() -> Weight {
        Weight::zero()
    }
}

/// How many institutions there are.
pub trait Institutions {
    /// Admitted institutions in office.
    fn count() -> u32;
}

/// Nobody is admitted.
impl Institutions for () {
    fn count() -> u32 {
        0
    }
}

/// Whether a candidate can be elected, and if not, the first thing that is in its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub enum Standing {
    #[codec(index = 0)]
    Electable,
    /// It asked to leave.
    #[codec(index = 1)]
    Leaving,
    /// It authored far too little or was reported, and has not said that it is back.
    #[codec(index = 2)]
    Chilled,
    /// A slash left less than the smallest bond.
    #[codec(index = 3)]
    BondTooSmall,
    /// It is not an institution in office.
    #[codec(index = 4)]
    NotInstitution,
    #[codec(index = 5)]
    NoSessionKeys,
}

/// A candidate as `salus stake candidates` shows it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct CandidateInfo<AccountId, Balance> {
    pub account: AccountId,
    /// Its own stake.
    pub bond: Balance,
    /// What others delegated to it.
    pub delegated: Balance,
    /// Part of a reward that it takes before it is shared.
    pub commission: Perbill,
    /// An announced higher commission, and the first session it holds in.
    pub announced: Option<(Perbill, SessionIndex)>,
    pub standing: Standing,
    /// Whether it was elected for the session that was planned last.
    pub elected: bool,
    /// Slashes that wait for their session.
    pub pending_slashes: u32,
}

/// What the operator of a validator watches.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct ValidatorInfo<AccountId> {
    /// Whose session keys they are.
    pub account: AccountId,
    /// `None`: not a candidate.
    pub standing: Option<Standing>,
    /// Blocks of this session that it authored.
    pub authored: u32,
    /// Slashes that wait for their session.
    pub pending_slashes: u32,
}

/// What an account has delegated to one candidate.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct StakeInfo<AccountId, Balance> {
    pub candidate: AccountId,
    /// What the shares are worth.
    pub worth: Balance,
    /// Of that, what came from another candidate and cannot leave yet.
    pub locked: Balance,
    /// What left and is on its way back, with the first session in which it can be withdrawn.
    pub unbonding: Vec<(Balance, SessionIndex)>,
}

polkadot_sdk::sp_api::decl_runtime_apis! {
    /// Who can be elected and whose stake is where. `limit` is capped at 64.
    pub trait StakeApi<AccountId: Codec, Balance: Codec> {
        /// Candidates by rank, best backed first, from the one at position `start`.
        fn candidates(start: u32, limit: u32) -> Vec<CandidateInfo<AccountId, Balance>>;
        /// Delegations of an account, the page that follows the one to `after`; the order means
        /// nothing.
        fn stake_of(
            who: AccountId,
            after: Option<AccountId>,
            limit: u32,
        ) -> Vec<StakeInfo<AccountId, Balance>>;
        /// What the same delegations gained and `claim` would take out.
        fn rewards_of(
            who: AccountId,
            after: Option<AccountId>,
            limit: u32,
        ) -> Vec<(AccountId, Balance)>;
        /// Gain of a year on one unit delegated to the candidate now, if it is elected in every
        /// session, misses no block, and nothing else changes. `None`: not a candidate.
        fn expected_yield(candidate: AccountId) -> Option<FixedU128>;
        /// Who would be elected if a session were planned now, best backed first; empty where the
        /// electable are too few and the validators stay.
        fn would_be_elected() -> Vec<AccountId>;
        /// The validator with this session key of type `key_type`; `None` where nobody has it.
        fn validator(key_type: KeyTypeId, key: Vec<u8>) -> Option<ValidatorInfo<AccountId>>;
    }
}
