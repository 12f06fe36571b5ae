//! The contract between a protocol and whoever carries its messages.

use std::fmt;

use codec::{Decode, Encode, MaxEncodedLen};
use salus_analytics::svm::Model;

use crate::{Error, Refused};

/// Index of a participant in a session. The analyst or coordinator is 0 where there is one.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode, MaxEncodedLen,
)]
pub struct PartyId(pub u16);

impl fmt::Display for PartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who a message is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum To {
    /// One participant.
    One(PartyId),
    /// Every other participant.
    All,
}

/// A message to send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outgoing {
    /// Who it is for.
    pub to: To,
    /// The round that it belongs to, as the protocol counts them.
    pub round: u32,
    /// SCALE-encoded message of the protocol.
    pub body: Vec<u8>,
}

/// How far a party is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// Rounds that are over.
    pub round: u32,
    /// Most rounds.
    pub of: u32,
}

/// Why a training ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Ended {
    /// All rounds were done.
    Rounds,
    /// The cost is low enough, or the model repeats.
    Converged,
    /// Too few rows changed in a round: to release its sums would say something of them. The model
    /// is that of the round before.
    FewRowsChanged,
}

/// What one party has at the end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The model of all columns.
    Model {
        /// The model.
        model: Model,
        /// Rounds.
        rounds: u32,
        /// Why it ended.
        ended: Ended,
    },
    /// This party's part of the model.
    Part(Part),
    /// The training is over, and this party learns no model.
    Done {
        /// Rounds.
        rounds: u32,
        /// Why it ended.
        ended: Ended,
    },
}

/// Weights of one party's columns, in units of 1/S.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Part {
    /// Bits after the point.
    pub fraction: u32,
    /// Weights of its columns, in their order.
    pub weights: Vec<i64>,
    /// The bias, at the one party that keeps it.
    pub bias: Option<i64>,
    /// Rounds.
    pub rounds: u32,
    /// Why it ended.
    pub ended: Ended,
}

/// What follows from a call.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Step {
    /// To be sent, in this order, once the checkpoint is stored.
    pub send: Vec<Outgoing>,
    /// The end of this party. Messages of `send` go out all the same.
    pub outcome: Option<Outcome>,
}

/// One participant of a protocol: messages in, messages out, no network and no clock.
///
/// All randomness is derived from a [`crate::Seed`] and from what is answered, so a party that is
/// started again computes the same messages again and never masks two numbers alike.
pub trait Party: Send {
    /// Begins.
    fn start(&mut self) -> Result<Step, Error>;

    /// Takes a message whose sender is who it says, of the round that its header says. A refused
    /// message changes nothing.
    fn receive(&mut self, from: PartyId, round: u32, body: &[u8]) -> Result<Step, Refused>;

    /// The chain judged this participant silent: goes on without it, or says why that cannot be.
    fn absent(&mut self, who: PartyId) -> Result<Step, Error>;

    /// What must survive a crash. No secrets: they are derived from the seed again.
    fn checkpoint(&self) -> Vec<u8>;

    /// In place of `start`, on a party made with the same parameters, data and seed: continues
    /// from a checkpoint. Nothing is sent: what was not delivered is in the checkpoint of the
    /// [`crate::Post`].
    fn resume(&mut self, checkpoint: &[u8]) -> Result<(), Error>;

    /// Whose messages it waits for, in ascending order.
    fn waits_for(&self) -> Vec<PartyId>;

    /// How far it is.
    fn progress(&self) -> Progress;
}
