//! What the register keeps.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{
    frame_support::{traits::fungible::Inspect, traits::ConstU32, BoundedVec},
    frame_system::{self, pallet_prelude::BlockNumberFor},
};
use salus_primitives::{
    membership::{KeyVersion, Role},
    Moment,
};
use scale_info::TypeInfo;

use crate::Config;

pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
pub type BalanceOf<T> = <<T as Config>::Currency as Inspect<AccountIdOf<T>>>::Balance;
pub type MemberOf<T> = Member<AccountIdOf<T>, BlockNumberFor<T>, BalanceOf<T>>;
pub type QuotaOf<T> = Quota<AccountIdOf<T>, BlockNumberFor<T>, BalanceOf<T>>;

/// A libp2p peer id in its binary form: a multihash of 34 to 42 bytes for the keys in use.
pub type PeerId = BoundedVec<u8, ConstU32<64>>;
/// Where a node listens: at most 8 multiaddresses in text form, at most 128 bytes each.
pub type Addresses = BoundedVec<BoundedVec<u8, ConstU32<128>>, ConstU32<8>>;

/// Where a membership stands. The index is part of the encoding: append only.
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
pub enum Status {
    /// Asked to be admitted.
    #[codec(index = 0)]
    Applying,
    /// In good standing; the term may be over nevertheless.
    #[codec(index = 1)]
    Active,
    /// Without rights until reinstated.
    #[codec(index = 2)]
    Suspended,
    /// Over for good. The entry stays, so that the pseudonym never stands for somebody else.
    #[codec(index = 3)]
    Ended,
}

/// By which right a membership was ended.
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
pub enum EndedBy {
    /// The member itself.
    #[codec(index = 0)]
    Member,
    /// The origin that admits.
    #[codec(index = 1)]
    Council,
}

/// An entry of the register.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Member<AccountId, BlockNumber, Balance> {
    pub role: Role,
    pub status: Status,
    /// blake2-256(salt ‖ credential); both are known to the member and whom it shows them.
    pub credential: polkadot_sdk::sp_core::H256,
    /// Block of the last change of status.
    pub since: BlockNumber,
    /// End of the term; `None` for patients, applicants and founders without a term.
    pub term_end: Option<Moment>,
    /// Version of the recipient in use.
    pub key_version: KeyVersion,
    /// What is held for this entry.
    pub deposit: Balance,
    /// On whom it is held.
    pub payer: AccountId,
}

/// A member's node.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Node<AccountId> {
    /// The key that the node acts with.
    pub operator: Option<AccountId>,
    /// Empty where the member publishes no node.
    pub peer_id: PeerId,
    pub addresses: Addresses,
}

impl<AccountId> Default for Node<AccountId> {
    fn default() -> Self {
        Self {
            operator: None,
            peer_id: Default::default(),
            addresses: Default::default(),
        }
    }
}

/// An announced change of a recovery account.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct RecoveryChange<AccountId, BlockNumber> {
    /// The account that shall follow, `None` to have none.
    pub recovery: Option<AccountId>,
    /// First block in which it is in force.
    pub at: BlockNumber,
}

/// What a sponsor lets a patient use. What is left is held on the sponsor.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Quota<AccountId, BlockNumber, Balance> {
    pub sponsor: AccountId,
    /// Most deposits outstanding at a time.
    pub deposit_quota: Balance,
    /// Held and not yet used for a deposit.
    pub deposit_left: Balance,
    /// Fees a period.
    pub fee_quota: Balance,
    /// Held and not yet spent.
    pub fee_left: Balance,
    /// Period of the last refill: block number / `SponsorPeriod`.
    pub period: BlockNumber,
}
