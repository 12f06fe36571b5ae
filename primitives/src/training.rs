//! Training one model over data that several members hold: types that the pallet, the agent and the
//! command share.

// The macro writes the bound of a type parameter twice.
#![allow(clippy::multiple_bound_locations)]

use alloc::vec::Vec;
use codec::{Codec, Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{sp_core::ConstU32, sp_crypto_hashing::blake2_256, sp_runtime::BoundedVec};
use scale_info::TypeInfo;

use crate::{
    jobs::{Algorithm, Parameters, ResultPointer},
    membership::Recipient,
    records::{Purpose, RecordId},
    BlockNumber, Digest, Moment,
};

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

/// What a member says of data that it holds. Nothing in it can be read back into data.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct DataSetSpec {
    pub partition: Partition,
    /// blake2-256(salt ‖ file), the 32-byte salt kept beside the file.
    pub commitment: Digest,
    /// blake2-256 of the list of its columns, so that holders see whether theirs are the same.
    pub attributes: Digest,
    /// It has no more rows than this.
    pub rows: u32,
    pub columns: u32,
    /// What the patients agreed to, and what a training has to be for.
    pub purpose: Purpose,
    /// The records it is made of, each of which the holder may have analysed for the purpose. Empty:
    /// the holder alone answers for it, as for own inputs of jobs.
    pub consents: BoundedVec<RecordId, ConstU32<MAX_CONSENTS>>,
}

/// A declared data set.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct DataSet<AccountId, Balance, BlockNumber> {
    pub spec: DataSetSpec,
    pub holder: AccountId,
    pub declared_at: BlockNumber,
    /// Live trainings that it takes part in.
    pub uses: u32,
    /// Of the holder, for the bytes.
    pub deposit: Balance,
}

/// blake2-256(`salus/data-set` ‖ holder ‖ commitment): known before the data set is declared.
pub fn data_set_id<AccountId: Encode>(holder: &AccountId, commitment: &Digest) -> DataSetId {
    (b"salus/data-set", holder, commitment)
        .using_encoded(blake2_256)
        .into()
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

/// Longest address of a party's gateway, bytes.
pub const MAX_GATEWAY: u32 = 128;

/// Keys of one party for one training, and where it takes messages.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct PartyKeys {
    /// sr25519 public key that signs its messages: its operator key, or one for this training.
    pub signing: [u8; 32],
    /// X25519 public key from which masks of pairs are agreed.
    pub exchange: Recipient,
    /// blake2-256 of its Paillier public key; `None` where it has none.
    pub paillier: Option<Digest>,
    /// Base address of the gateway where its node takes messages, as `https://gateway.example`.
    pub gateway: BoundedVec<u8, ConstU32<MAX_GATEWAY>>,
}

/// What a party says of a stage.
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
pub enum Said {
    /// The stage is over.
    #[codec(index = 0)]
    Root {
        /// Root of the transcript of all links so far.
        root: Digest,
        /// Where this stage is the last: digest of the model, or, where nobody has all of it, of the
        /// list of commitments to its parts, by position.
        model: Option<Digest>,
    },
    /// It is there, and cannot finish the stage.
    #[codec(index = 1)]
    Blocked {
        /// Whose messages did not come.
        missing: Positions,
        /// Whose messages came and do not verify.
        invalid: Positions,
    },
}

/// The answer to `DutyKind::TrainingPost`.
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
pub struct StagePost {
    /// [`Training::epoch`]: what was said for another one does not count.
    pub epoch: u32,
    pub said: Said,
}

/// `Duty::input` of what is owed to a training: blake2-256(session ‖ epoch ‖ whether something was said
/// in it). Who is blocked may have a root later: another answer, under another key.
pub fn duty_input(session: &Digest, epoch: u32, said: bool) -> Digest {
    (session, epoch, said).using_encoded(blake2_256).into()
}

/// Why a party is out.
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
pub enum Departure {
    /// It did not want to, or was not ready in time. Before the start: nobody's fault.
    #[codec(index = 0)]
    NotReady,
    /// A patient ended a consent that its data rests on.
    #[codec(index = 1)]
    ConsentEnded,
    /// More than half of the parties had another root, twice, or had one where it was blocked, as often
    /// as a stage is begun again.
    #[codec(index = 2)]
    Outvoted,
    /// It posted nothing in time: a fact.
    #[codec(index = 3)]
    Silent,
    /// More than half of the others, and at least two, lack messages of it that verify: their word.
    #[codec(index = 4)]
    Withheld,
    /// More than half of the others, and at least two, say that its messages do not verify: their
    /// word.
    #[codec(index = 5)]
    Accused,
    /// It signed two different messages under one number: proven.
    #[codec(index = 6)]
    Equivocated,
}

impl Departure {
    /// Whether part of the deposit is lost.
    pub fn costs(self) -> bool {
        matches!(
            self,
            Departure::Silent | Departure::Withheld | Departure::Accused | Departure::Equivocated
        )
    }
}

/// How a party stands.
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
pub enum Standing {
    #[codec(index = 0)]
    Invited,
    /// Its deposit is held.
    #[codec(index = 1)]
    Joined,
    /// Its deposit is back, but for what was lost.
    #[codec(index = 2)]
    Out(Departure),
}

/// One who takes part.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Party<AccountId> {
    pub standing: Standing,
    pub account: AccountId,
    /// `None` for the analyst, and for one who has not joined.
    pub data_set: Option<DataSetId>,
    pub keys: Option<PartyKeys>,
    /// What it said of the stage under way.
    pub said: Option<Said>,
    /// Whether its part of the model is delivered.
    pub delivered: bool,
}

impl<AccountId> Party<AccountId> {
    /// Whether it takes part.
    pub fn is_in(&self) -> bool {
        self.standing == Standing::Joined
    }
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

/// What a message between two parties says of itself.
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
pub struct MessageHeader {
    /// [`Training::session`].
    pub session: Digest,
    pub round: u32,
    pub from: Position,
    pub to: Position,
    /// Number among the messages from this sender to this receiver, from 0.
    pub sequence: u32,
    /// Messages of the receiver that the sender has taken: may differ where a message is sent again.
    pub taken: u32,
}

impl MessageHeader {
    /// What is signed: blake2-256(`salus/training/message/1` ‖ header ‖ blake2-256 of the body).
    pub fn digest(&self, body: &Digest) -> Digest {
        (b"salus/training/message/1", self, body)
            .using_encoded(blake2_256)
            .into()
    }
}

/// A signed message without its body.
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
pub struct SignedMessage {
    pub header: MessageHeader,
    /// blake2-256 of the body.
    pub body: Digest,
    /// sr25519, over [`MessageHeader::digest`], in the context `substrate`.
    pub signature: [u8; 64],
}

/// Two messages of one sender to one receiver under one number: the rounds or the bodies differ.
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
pub struct Equivocation {
    pub first: SignedMessage,
    pub second: SignedMessage,
}

impl Equivocation {
    /// Whether the two are different messages under one number; signatures are not looked at.
    pub fn conflicts(&self) -> bool {
        let (a, b) = (&self.first.header, &self.second.header);
        (a.session, a.from, a.to, a.sequence) == (b.session, b.from, b.to, b.sequence)
            && (a.round, self.first.body) != (b.round, self.second.body)
    }
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

polkadot_sdk::sp_api::decl_runtime_apis! {
    /// Trainings and the data sets declared for them. `limit` is capped at 64.
    pub trait TrainingApi<AccountId: Codec, Balance: Codec> {
        /// A training that has not ended.
        fn training(training: TrainingId) -> Option<Training<AccountId, Balance, BlockNumber>>;
        /// What stays of one that has ended.
        fn past_training(
            training: TrainingId,
        ) -> Option<PastTraining<AccountId, Balance, BlockNumber>>;
        /// Live trainings of a member, by number, the page that follows `after`.
        fn trainings_of(
            who: AccountId,
            after: Option<TrainingId>,
            limit: u32,
        ) -> Vec<(TrainingId, Involvement)>;
        /// Who is to have the model, with the keys to seal it to.
        fn entitled(training: TrainingId) -> Vec<(AccountId, Recipient)>;
        /// The sealed parts of the model of a completed training, with the positions of who delivered
        /// them. Nothing for one who is not entitled.
        fn model(training: TrainingId, who: AccountId) -> Vec<(Position, ResultPointer)>;
        /// A declared data set.
        fn data_set(data_set: DataSetId) -> Option<DataSet<AccountId, Balance, BlockNumber>>;
        /// Data sets of a holder, from the one at position `start`.
        fn data_sets_of(holder: AccountId, start: u32, limit: u32) -> Vec<DataSetId>;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_label_header_and_digest_of_the_body() {
        let header = MessageHeader {
            session: [1; 32].into(),
            round: 2,
            from: 3,
            to: 4,
            sequence: 5,
            taken: 6,
        };
        let mut bytes = b"salus/training/message/1".to_vec();
        bytes.extend([1; 32]);
        bytes.extend([2, 0, 0, 0, 3, 0, 4, 0, 5, 0, 0, 0, 6, 0, 0, 0]);
        let body = blake2_256(b"body");
        bytes.extend(body);
        assert_eq!(header.digest(&body.into()).0, blake2_256(&bytes));
    }

    #[test]
    fn a_message_sent_again_is_no_equivocation() {
        let message = SignedMessage {
            header: MessageHeader {
                session: [1; 32].into(),
                round: 2,
                from: 3,
                to: 4,
                sequence: 5,
                taken: 6,
            },
            body: [7; 32].into(),
            signature: [0; 64],
        };
        let with = |change: fn(&mut SignedMessage)| {
            let mut second = message;
            change(&mut second);
            let first = message;
            Equivocation { first, second }.conflicts()
        };
        assert!(!with(|_| ()));
        assert!(!with(|second| second.header.taken = 9));
        assert!(!with(|second| second.signature = [1; 64]));
        assert!(with(|second| second.body = [8; 32].into()));
        assert!(with(|second| second.header.round = 3));
        // Another number, sender, receiver or training is another message.
        for other in [
            (|second| second.header.sequence = 6) as fn(&mut SignedMessage),
            |second| second.header.from = 0,
            |second| second.header.to = 0,
            |second| second.header.session = [0; 32].into(),
        ] {
            let mut second = message;
            second.body = [8; 32].into();
            other(&mut second);
            assert!(!Equivocation {
                first: message,
                second
            }
            .conflicts());
        }
    }

    #[test]
    fn a_data_set_is_named_by_holder_and_commitment() {
        let mut bytes = b"salus/data-set".to_vec();
        bytes.extend([1; 32]);
        bytes.extend([2; 32]);
        let id = data_set_id(&[1u8; 32], &[2; 32].into());
        assert_eq!(id.0, blake2_256(&bytes));
    }
}
