//! What participants send each other.

use codec::{Decode, Encode};

use super::super::align::Point;

/// What is sent. The header says the round; alignment and commitments are round 0.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub(in super::super) enum Message {
    /// To the next participant: the patients of `origin`, blinded by all from there to here.
    Raised { origin: u16, points: Vec<Point> },
    /// To the next participant: what all have, without the blinding of those before it.
    Common(Vec<Point>),
    /// To all: what all have, unblinded.
    Aligned(Vec<Point>),
    /// To all, from their holder: the classes of the common rows.
    Classes(Vec<bool>),
    /// To all: commitment to this participant's links.
    Commitment([u8; 32]),
    /// To all: the link of round 1.
    Link([u8; 32]),
    /// To all: parts of z of the rows of the round.
    Contribution(Vec<u8>),
    /// To all: z after one more mask; from the last one packed, several to a ciphertext.
    Masked(Vec<u8>),
    /// To all: a share of the decryption, what it is a decryption of, and the next link.
    Share {
        view: [u8; 32],
        share: Vec<u8>,
        link: Option<[u8; 32]>,
    },
    /// To all: proof of all shares since the last one.
    Proof(Vec<u8>),
}

impl Message {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Message::Raised { .. } => "list of blinded patients",
            Message::Common(_) => "list of common patients",
            Message::Aligned(_) => "list of aligned patients",
            Message::Classes(_) => "list of classes",
            Message::Commitment(_) => "commitment",
            Message::Link(_) => "link",
            Message::Contribution(_) => "contribution",
            Message::Masked(_) => "masked number",
            Message::Share { .. } => "share of a decryption",
            Message::Proof(_) => "proof of shares",
        }
    }
}
