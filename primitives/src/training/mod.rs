//! Training one model over data that several members hold: types that the pallet, the agent and the
//! command share.

mod api;
mod data_set;
mod end;
mod message;
mod party;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{sp_core::ConstU32, sp_crypto_hashing::blake2_256, sp_runtime::BoundedVec};
use scale_info::TypeInfo;

use crate::{
    jobs::{Algorithm, Parameters},
    records::Purpose,
    Digest,
};

pub use api::*;
pub use data_set::*;
pub use end::*;
pub use message::*;
pub use party::*;

/// Number of a training, counted from 0.
pub type TrainingId = u64;
/// [`data_set_id`]: what a node's configuration calls its local data by.
pub type DataSetId = Digest;
/// Position of a party in [`Training::parties`], which is its number in messages.
pub type Position = u16;
/// Parties by their positions: bit p stands for position p.
pub type Positions = u16;

/// Most participants that bring data.
pub const MAX_PARTICIPANTS: u32 = 10;
/// Most parties: the participants and the analyst.
pub const MAX_PARTIES: u32 = MAX_PARTICIPANTS + 1;
/// Most stages, and so transcript roots, of a training.
pub const MAX_STAGES: u32 = 10;
/// Most records that one data set rests on.
pub const MAX_CONSENTS: u32 = 64;
/// Most rows of a data set, as `svm/1` takes them.
pub const MAX_ROWS: u32 = 1 << 24;
/// Most columns of a data set, as `svm/1` takes them.
pub const MAX_COLUMNS: u32 = 1024;

/// How the data of a training is spread over its holders.
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
pub enum Partition {
    /// The same attributes of different patients.
    #[codec(index = 0)]
    Homogeneous,
    /// Different attributes of the same patients.
    #[codec(index = 1)]
    Heterogeneous,
}

/// A way to train. The index is part of the encoding: append only.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Backend {
    /// Homogeneous: the model travels encrypted, gradients come back.
    #[codec(index = 0)]
    SecureSvm,
    /// Homogeneous: packed encrypted sums, squared hinge, Newton's method.
    #[codec(index = 1)]
    PackedNewton,
    /// Homogeneous: secure aggregation with double masks.
    #[codec(index = 2)]
    Masked,
    /// Heterogeneous: one row a round, its sign judged under threshold Paillier.
    #[codec(index = 3)]
    Faithful,
    /// Heterogeneous: many rows a round.
    #[codec(index = 4)]
    Batch,
}

impl Backend {
    /// The data it is for.
    pub fn partition(self) -> Partition {
        match self {
            Backend::SecureSvm | Backend::PackedNewton | Backend::Masked => Partition::Homogeneous,
            Backend::Faithful | Backend::Batch => Partition::Heterogeneous,
        }
    }

    /// Whether it encrypts under a Paillier key.
    pub fn encrypts(self) -> bool {
        self != Backend::Masked
    }

    /// Whether the analyst has to commit to a Paillier key of its own.
    pub fn analyst_has_key(self) -> bool {
        matches!(self, Backend::SecureSvm | Backend::PackedNewton)
    }
}

/// Who gets the model.
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
pub enum ModelAccess {
    /// Who opened the training.
    #[codec(index = 0)]
    Initiator,
    /// And every participant that stayed to the end.
    #[codec(index = 1)]
    Everyone,
}

/// What is agreed on before anybody joins.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Terms<Balance, BlockNumber> {
    pub backend: Backend,
    /// Name and version, as `svm/1`.
    pub algorithm: Algorithm,
    /// Canonical JSON of the algorithm's options: learning rate, C, rounds T, fraction (S = 2^fraction),
    /// positive class, scaling, seed, cost to stop at.
    pub parameters: Parameters,
    pub purpose: Purpose,
    /// Homogeneous: what the attributes of every data set hash to. Heterogeneous: nothing.
    pub attributes: Option<Digest>,
    /// Bits of the Paillier modulus; 0 where the back-end has none.
    pub key_bits: u16,
    /// K: a round in which fewer rows changed is not released.
    pub min_changed: u32,
    /// Participants below which it does not begin or go on. Heterogeneous: all of them.
    pub min_participants: u32,
    /// Stages at most: after each, all post the root of their transcript.
    pub stages: u32,
    pub access: ModelAccess,
    /// Blocks to join in.
    pub join_window: BlockNumber,
    /// Blocks of a stage.
    pub stage_window: BlockNumber,
    /// Shared by the participants; of the initiator.
    pub reward: Balance,
    /// Of every party, for being there and for sending what verifies.
    pub deposit: Balance,
}

/// Where a live training is. What is due in it is accepted up to and in block `until`.
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
pub enum Phase<BlockNumber> {
    /// The invited join and commit to keys.
    #[codec(index = 0)]
    Joining {
        since: BlockNumber,
        until: BlockNumber,
    },
    /// The parties exchange messages and post what they have of this stage, from 0.
    #[codec(index = 1)]
    Running {
        stage: u32,
        since: BlockNumber,
        until: BlockNumber,
    },
    /// Heterogeneous: somebody was silent, and can come back.
    #[codec(index = 2)]
    Paused {
        stage: u32,
        since: BlockNumber,
        until: BlockNumber,
    },
    /// The roots differ: all post again, and more than half of them decide.
    #[codec(index = 3)]
    Disputed {
        stage: u32,
        since: BlockNumber,
        until: BlockNumber,
    },
    /// The model is agreed on; who has a part of it delivers that, sealed.
    #[codec(index = 4)]
    Delivering {
        since: BlockNumber,
        until: BlockNumber,
    },
}

impl<BlockNumber: Copy> Phase<BlockNumber> {
    /// First block of the phase.
    pub fn since(&self) -> BlockNumber {
        match self {
            Phase::Joining { since, .. }
            | Phase::Running { since, .. }
            | Phase::Paused { since, .. }
            | Phase::Disputed { since, .. }
            | Phase::Delivering { since, .. } => *since,
        }
    }

    /// Last block of the phase.
    pub fn until(&self) -> BlockNumber {
        match self {
            Phase::Joining { until, .. }
            | Phase::Running { until, .. }
            | Phase::Paused { until, .. }
            | Phase::Disputed { until, .. }
            | Phase::Delivering { until, .. } => *until,
        }
    }

    /// The stage of which posts are taken.
    pub fn stage(&self) -> Option<u32> {
        match self {
            Phase::Running { stage, .. }
            | Phase::Paused { stage, .. }
            | Phase::Disputed { stage, .. } => Some(*stage),
            Phase::Joining { .. } | Phase::Delivering { .. } => None,
        }
    }
}

/// A training until it ends.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Training<AccountId, Balance, BlockNumber> {
    pub terms: Terms<Balance, BlockNumber>,
    pub phase: Phase<BlockNumber>,
    /// [`session_digest`], which every message names.
    pub session: Digest,
    pub initiator: AccountId,
    /// Homogeneous: the analyst, who is the initiator, then the participants as they were invited.
    /// Heterogeneous: the participants.
    pub parties: BoundedVec<Party<AccountId>, ConstU32<MAX_PARTIES>>,
    /// Changes whenever all have to post anew.
    pub epoch: u32,
    /// Stages that were begun again though nobody was to blame.
    pub retries: u32,
    /// The roots agreed on, one for each stage.
    pub roots: BoundedVec<Digest, ConstU32<MAX_STAGES>>,
    /// The model agreed on.
    pub model: Option<Digest>,
    pub opened_at: BlockNumber,
    /// The slot of the agenda in which it stands.
    pub due: BlockNumber,
    /// Of the initiator, for the bytes.
    pub deposit: Balance,
}

impl<AccountId, Balance, BlockNumber> Training<AccountId, Balance, BlockNumber> {
    /// Whether the party at position 0 is the analyst, who has no data.
    pub fn has_analyst(&self) -> bool {
        self.terms.backend.partition() == Partition::Homogeneous
    }

    /// Whether the party at this position brings data.
    pub fn brings_data(&self, position: Position) -> bool {
        position > 0 || !self.has_analyst()
    }

    /// Parties that take part, with their positions.
    pub fn joined(&self) -> impl Iterator<Item = (Position, &Party<AccountId>)> {
        (0..)
            .zip(self.parties.iter())
            .filter(|(_, party)| party.is_in())
    }

    /// Participants with data that take part.
    pub fn participants(&self) -> impl Iterator<Item = (Position, &Party<AccountId>)> {
        self.joined()
            .filter(|(position, _)| self.brings_data(*position))
    }
}

/// blake2-256(`salus/training/session/1` ‖ genesis ‖ number ‖ initiator ‖ participants ‖ terms): what
/// a signature under a message of the training covers, so that it is worth nothing in another one.
pub fn session_digest<Hash: Encode, AccountId: Encode, Balance: Encode, BlockNumber: Encode>(
    genesis: &Hash,
    training: TrainingId,
    initiator: &AccountId,
    participants: &[AccountId],
    terms: &Terms<Balance, BlockNumber>,
) -> Digest {
    (
        b"salus/training/session/1",
        genesis,
        training,
        initiator,
        participants,
        terms,
    )
        .using_encoded(blake2_256)
        .into()
}

/// How a member is involved in a live training.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub enum Involvement {
    /// It opened it or joined it.
    #[codec(index = 0)]
    TakesPart,
    /// It was asked to join.
    #[codec(index = 1)]
    Invited,
}
