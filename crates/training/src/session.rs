//! What a session is, and what it tells to whom.

use std::{fmt, time::Duration};

use codec::{Decode, Encode, MaxEncodedLen};

/// Names a session: the digest of its parameters, its number and its chain.
pub type SessionId = [u8; 32];

/// A way to train.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen)]
pub enum Backend {
    /// Homogeneous: the model travels encrypted, gradients come back.
    SecureSvm,
    /// Homogeneous: packed encrypted sums, squared hinge, Newton's method.
    PackedNewton,
    /// Homogeneous: secure aggregation with double masks.
    Masked,
    /// Heterogeneous: one row a round, its sign judged under threshold Paillier.
    Faithful,
    /// Heterogeneous: many rows a round.
    Batch,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Backend::SecureSvm => "secure-svm",
            Backend::PackedNewton => "packed-newton",
            Backend::Masked => "masked",
            Backend::Faithful => "faithful",
            Backend::Batch => "batch",
        })
    }
}

/// One thing that a back-end tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leak {
    /// Who learns it: a role, such as "the analyst".
    pub to: &'static str,
    /// What.
    pub what: &'static str,
    /// When: "once", "every round".
    pub when: &'static str,
}

/// How long a training takes, from figures measured on this machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Estimate {
    /// Computation of the analyst or coordinator, all rounds.
    pub analyst: Duration,
    /// Computation of the busiest other participant, all rounds. Both take turns.
    pub provider: Duration,
    /// Bytes that all participants send, all rounds.
    pub bytes: u64,
    /// Most rounds, which is what this is the time of.
    pub rounds: u32,
    /// Messages that must arrive before the next can be sent, one after the other: each takes what
    /// the network takes.
    pub exchanges: u32,
}
