//! Messages between two parties, as far as the chain judges them.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::sp_crypto_hashing::blake2_256;
use scale_info::TypeInfo;

use super::Position;
use crate::Digest;

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
    /// [`Training::session`](super::Training::session).
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
}
