//! What can go wrong, and whose doing it is.

use crate::PartyId;

/// Somebody sent what does not verify.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("participant {party}: {reason}")]
pub struct Fault {
    /// Who sent it.
    pub party: PartyId,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a message.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Reason {
    /// Bytes that are no message of this protocol.
    #[error("its message is no {0}")]
    Malformed(&'static str),
    /// A message of another session.
    #[error("its message belongs to another session")]
    OtherSession,
    /// Somebody who does not take part, or is not who it says.
    #[error("it does not take part, or does not act in this role")]
    NotParticipant,
    /// A signature that does not verify.
    #[error("its message is not signed by its key")]
    Signature,
    /// A message that came before.
    #[error("its message {0} was received before")]
    Replayed(u32),
    /// A message too far ahead of those that are missing.
    #[error("its message {got} came while message {expected} is missing")]
    Ahead {
        /// Its number.
        got: u32,
        /// The next number.
        expected: u32,
    },
    /// A message of another round.
    #[error("its message is of round {got}; this is round {expected}")]
    Round {
        /// Its round.
        got: u32,
        /// The round now.
        expected: u32,
    },
    /// A message that nobody waits for in this state.
    #[error("its {0} was not due")]
    Unexpected(&'static str),
    /// Numbers of items that differ from what the session says.
    #[error("it sent {got} {what}, {expected} are due")]
    Count {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        got: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A ciphertext, plaintext or key share that cannot be one.
    #[error("{0}")]
    Crypto(salus_paillier::Error),
    /// A value that no honest party can have computed.
    #[error("its {0} is out of range")]
    OutOfRange(&'static str),
    /// A proof or a commitment that does not verify.
    #[error("its {0} does not verify")]
    Proof(&'static str),
    /// A message longer than any of this protocol.
    #[error("its message has {got} bytes, more than {max}")]
    TooLong {
        /// Its length.
        got: usize,
        /// Largest length.
        max: usize,
    },
}

impl Reason {
    /// Blames it on a party.
    pub(crate) fn by(self, party: PartyId) -> Refused {
        Refused::Fault(Fault {
            party,
            reason: self,
        })
    }
}

/// Why a session cannot begin, or go on. Nobody else is to blame.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// A parameter of the session is out of range, or two contradict each other.
    #[error("{0}")]
    Parameter(String),
    /// The rows cannot be trained on.
    #[error(transparent)]
    Svm(#[from] salus_analytics::svm::Error),
    /// A key or a ciphertext.
    #[error(transparent)]
    Paillier(#[from] salus_paillier::Error),
    /// Bytes that are no checkpoint of this party in this session.
    #[error("this is no checkpoint of this session: {0}")]
    Checkpoint(&'static str),
    /// Too few participants are left.
    #[error("{left} participants are left, at least {needed} are needed")]
    TooFew {
        /// Who is left.
        left: usize,
        /// Who is needed.
        needed: usize,
    },
    /// A participant without whom nothing can go on.
    #[error("participant {0} is absent, and this protocol cannot go on without it")]
    Absent(PartyId),
    /// Sums that cannot be, and nobody can tell whose part is wrong: that is what the masks hide.
    #[error("{0}; somebody sent wrong numbers, and the masks hide who")]
    Unattributed(&'static str),
    /// Another participant heard something else: one of those two lies, or a third told them different
    /// things.
    #[error(
        "participant {0} heard something else of this round; who told different things is not known"
    )]
    HeardOther(PartyId),
    /// The party has ended.
    #[error("this participant has ended")]
    Ended,
}

/// Why a message was not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// The sender is at fault. The state is what it was before.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// This party cannot go on.
    #[error(transparent)]
    Error(#[from] Error),
}

impl Refused {
    /// Who is at fault, if anybody.
    pub fn party(&self) -> Option<PartyId> {
        match self {
            Refused::Fault(fault) => Some(fault.party),
            Refused::Error(_) => None,
        }
    }
}
