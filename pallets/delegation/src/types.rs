//! What the pallet keeps in storage.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{
    frame_system,
    sp_core::ConstU32,
    sp_runtime::{BoundedVec, Perbill, Perquintill},
};
use salus_primitives::{stake::SessionIndex, Balance};
use scale_info::TypeInfo;

pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;

/// Most candidates and most validators: the election reads about 8 entries of each, and the blocks
/// of a session, 300 of two seconds, leave each of a hundred validators three.
pub const MAX_CANDIDATES: u32 = 100;
/// Most parts of a delegation that are on their way back at a time.
pub const MAX_UNBONDING: u32 = 8;
/// Most parts of a delegation that came from other candidates and can still be slashed for those.
pub const MAX_MOVED: u32 = 8;
/// Most reporters of an offence that share the reward.
pub const MAX_REPORTERS: u32 = 4;
/// Shares that may be worth one unit. A pool whose price a slash takes below ends, so that no number
/// of shares overflows: 10^22 units of supply make at most 10^31 shares.
pub const MAX_SHARES_PER_UNIT: Balance = 1_000_000_000;

/// Somebody who wants to be elected.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Candidate {
    /// Held under `HoldReason::Bond`.
    pub bond: Balance,
    /// Part of a reward that it takes before it is shared.
    pub commission: Perbill,
    /// A higher commission, and the first session it holds in.
    pub announced: Option<(Perbill, SessionIndex)>,
    pub chilled: Option<Chill>,
    /// Once it left: the first session in which the bond can be withdrawn.
    pub leaving: Option<SessionIndex>,
    pub attendance: Attendance,
    /// Slashes that wait for their session, without the cancelled.
    pub pending_slashes: u32,
}

impl Candidate {
    /// The commission that holds in a session.
    pub fn commission_in(&self, session: SessionIndex) -> Perbill {
        match self.announced {
            Some((commission, from)) if from <= session => commission,
            _ => self.commission,
        }
    }
}

/// Why a candidate cannot be elected before it says that it is back.
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
pub enum Chill {
    /// It authored far too little.
    #[codec(index = 0)]
    Absent,
    /// An offence was proved.
    #[codec(index = 1)]
    Offence,
}

/// Blocks since a validator was last judged, in thousandths.
#[derive(
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Attendance {
    /// Its equal part of the blocks there were.
    pub expected: u64,
    /// What it authored.
    pub authored: u64,
}

/// What is delegated to a candidate. `value` units in the pot belong to `shares` shares; there are
/// none of the one without the other.
#[derive(
    Clone,
    Default,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Pool {
    pub value: Balance,
    pub shares: Balance,
    /// How often a slash took all of it. Shares of an earlier generation are worth nothing.
    pub generation: u32,
}

/// What one account has with one candidate.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Delegation<AccountId> {
    /// Of the candidate's pool.
    pub shares: Balance,
    /// Of the pool when the shares were bought.
    pub generation: u32,
    /// What was paid for the shares; what they are worth beyond it was gained.
    pub principal: Balance,
    /// Shares among `shares` that can still be slashed for another candidate's offences.
    pub moved: BoundedVec<Moved<AccountId>, ConstU32<MAX_MOVED>>,
    /// What left, oldest first.
    pub unbonding: BoundedVec<Unbonding, ConstU32<MAX_UNBONDING>>,
}

impl<AccountId> Delegation<AccountId> {
    pub(crate) fn of(pool: &Pool) -> Self {
        Self {
            shares: 0,
            generation: pool.generation,
            principal: 0,
            moved: BoundedVec::new(),
            unbonding: BoundedVec::new(),
        }
    }

    /// Shares that cannot leave yet.
    pub fn locked(&self) -> Balance {
        self.moved
            .iter()
            .fold(0, |sum: Balance, moved| sum.saturating_add(moved.shares))
    }
}

/// Shares bought with stake that had backed another candidate.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Moved<AccountId> {
    pub from: AccountId,
    /// The last session in which it backed `from`.
    pub session: SessionIndex,
    pub shares: Balance,
    /// `SubPool::kept` when the shares were last counted.
    pub kept: Perquintill,
}

/// Stake on its way back to its owner.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Unbonding {
    /// The last session in which it backed the candidate.
    pub session: SessionIndex,
    /// What left; `SubPool::kept` of it is left after slashes.
    pub amount: Balance,
}

/// All that backed a candidate up to one session and no longer.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct SubPool {
    /// Part that slashes since have left.
    pub kept: Perquintill,
    /// Sum of the amounts that unbond.
    pub amount: Balance,
    /// Units in the pot for them.
    pub value: Balance,
    /// Entries of `Delegation::moved` that ask for `kept`.
    pub moved: u32,
}

impl Default for SubPool {
    fn default() -> Self {
        Self {
            kept: Perquintill::one(),
            amount: 0,
            value: 0,
            moved: 0,
        }
    }
}

/// An offence that will cost stake.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct PendingSlash<AccountId> {
    /// Part of the stake that backed the candidate in the session of the offence.
    pub fraction: Perbill,
    /// The session at whose start it is taken.
    pub due: SessionIndex,
    pub reporters: BoundedVec<AccountId, ConstU32<MAX_REPORTERS>>,
    /// Kept until `due`, so that another report of the same session does not bring it back.
    pub cancelled: bool,
}

/// A candidate's place in an election.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Ranked<AccountId> {
    pub account: AccountId,
    /// Own bond and delegations.
    pub backing: Balance,
    pub bond: Balance,
}
