//! What stays of a training.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{sp_core::ConstU32, sp_runtime::BoundedVec};
use scale_info::TypeInfo;

use super::{DataSetId, Departure, Position, Terms, MAX_PARTIES, MAX_STAGES};
use crate::{Digest, Moment};

/// How a training ended.
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
pub enum End {
    /// There is a model.
    #[codec(index = 0)]
    Completed { model: Digest },
    /// The initiator did not want it any more, before the start.
    #[codec(index = 1)]
    Cancelled,
    /// Too few were ready in time.
    #[codec(index = 2)]
    NotStarted,
    /// Too few participants were left.
    #[codec(index = 3)]
    TooFew,
    /// One is out without whom it does not go on: the analyst, or any participant of a heterogeneous
    /// training.
    #[codec(index = 4)]
    Lost {
        position: Position,
        departure: Departure,
    },
    /// The roots differ, and no more than half of the parties have the same.
    #[codec(index = 5)]
    Disputed,
    /// Parties that are there blame each other, and no more than half of them the same.
    #[codec(index = 6)]
    Stalled,
    /// Parts of the model were not delivered.
    #[codec(index = 7)]
    Undelivered,
}

/// A party of a training that has ended.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct PastParty<AccountId> {
    /// Why it is out; `None` for who stayed to the end.
    pub departure: Option<Departure>,
    pub account: AccountId,
    pub data_set: Option<DataSetId>,
}

/// What stays of a training that had begun, so that it can be told who trained what on whose data.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct PastTraining<AccountId, Balance, BlockNumber> {
    pub end: End,
    pub terms: Terms<Balance, BlockNumber>,
    pub session: Digest,
    pub initiator: AccountId,
    pub parties: BoundedVec<PastParty<AccountId>, ConstU32<MAX_PARTIES>>,
    pub roots: BoundedVec<Digest, ConstU32<MAX_STAGES>>,
    pub opened_at: BlockNumber,
    pub ended_at: BlockNumber,
    /// Chain time of the end.
    pub ended: Moment,
    /// Of the initiator, for the parts of the model.
    pub deposit: Balance,
    /// Whether the parts of the model are still on the chain.
    pub kept: bool,
}
