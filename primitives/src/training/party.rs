//! Who takes part in a training, and what it says of a stage.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{sp_core::ConstU32, sp_crypto_hashing::blake2_256, sp_runtime::BoundedVec};
use scale_info::TypeInfo;

use super::{DataSetId, Equivocation, Positions};
use crate::{membership::Recipient, Digest};

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
    /// It is there, and cannot go on at all; it knows nobody to blame.
    #[codec(index = 2)]
    Failed,
}

impl Said {
    /// Whether the party says nothing more of the stage.
    pub fn is_last(self) -> bool {
        !matches!(self, Said::Blocked { .. })
    }
}

/// The answer to `DutyKind::TrainingPost`.
// Both are of a few hundred bytes, and there is one at a time.
#[allow(clippy::large_enum_variant)]
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
pub enum StageAnswer {
    /// What the stage came to.
    #[codec(index = 0)]
    Post(StagePost),
    /// First of all what makes an end of the stage: all begin it again without who signed this.
    #[codec(index = 1)]
    Equivocation(Equivocation),
}

/// What a party says of a stage, and of which.
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
    /// [`Training::epoch`](super::Training::epoch): what was said for another one does not count.
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
    /// It said that it cannot go on, and knew nobody to blame.
    #[codec(index = 7)]
    Failed,
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
