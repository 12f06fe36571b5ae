//! What goes between the nodes of two parties: messages and control messages of one, in one packet,
//! sealed to the other's X25519 key.

use codec::{Decode, DecodeAll, Encode};
use polkadot_sdk::sp_core::{sr25519, Pair};
use salus_envelope::Identity;
use salus_primitives::training::{Position, TrainingId};
use salus_training::{
    stage::Signed, Envelope, PartyId, SessionId, Signer as Signs, Verifier as Verifies,
};

use zeroize::Zeroizing;

use super::Training;

/// Bytes that a packet takes beside its messages: sealing takes 16 for each 64 KiB and 300 more.
const OVERHEAD: usize = 64 * 1024;
/// Messages in one packet at most.
pub(super) const MAX_ITEMS: usize = 256;

/// The body of `POST /train/<id>`.
#[derive(Encode, Decode)]
struct Packet {
    from: Position,
    /// age file, to the receiver's key of this training: SCALE(`Vec<Item>`).
    sealed: Vec<u8>,
}

/// One message in a packet.
#[derive(Clone, Debug, Encode, Decode)]
pub(super) enum Item {
    #[codec(index = 0)]
    Message(Envelope),
    #[codec(index = 1)]
    Control(Signed),
}

impl Item {
    pub(super) fn size(&self) -> usize {
        match self {
            Item::Message(envelope) => envelope.body.len().saturating_add(256),
            Item::Control(signed) => signed.encoded_size(),
        }
    }
}

/// Why a packet is not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// This node takes no part in it, or not any more.
    #[error("this node takes no part in training {0}")]
    Unknown(TrainingId),
    /// It is not ready, or has too much to do.
    #[error("{0}; send it again")]
    Busy(&'static str),
    /// More bytes than any message of the training.
    #[error("the message has more than {0} bytes")]
    TooLong(usize),
    /// Not a packet of a party.
    #[error("{0}")]
    Wrong(String),
}

/// Signs for this party.
pub(super) struct Signer(pub(super) sr25519::Pair);

impl Signs for Signer {
    fn sign(&self, digest: &[u8; 32]) -> Vec<u8> {
        self.0.sign(digest).0.to_vec()
    }
}

/// For messages that were verified when they came.
pub(super) struct Verified;

impl Verifies for Verified {
    fn verify(&self, _: PartyId, _: &[u8; 32], _: &[u8]) -> bool {
        true
    }
}

/// A party as the others reach it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Peer {
    pub(super) signing: [u8; 32],
    pub(super) exchange: [u8; 32],
    pub(super) gateway: String,
}

/// The parties that committed to keys, by position.
pub(super) fn peers(training: &Training) -> Vec<Option<Peer>> {
    let parties = training.parties.iter();
    parties
        .map(|party| {
            let keys = party.keys.as_ref()?;
            Some(Peer {
                signing: keys.signing,
                exchange: keys.exchange,
                gateway: String::from_utf8_lossy(&keys.gateway).into_owned(),
            })
        })
        .collect()
}

/// Seals a packet to a party.
pub(super) fn seal(me: PartyId, to: &Peer, items: &[Item]) -> Result<Vec<u8>, String> {
    // It may hold a share of a key.
    let plain = Zeroizing::new(items.encode());
    let sealed =
        salus_envelope::encrypt(&plain, &[to.exchange]).map_err(|error| error.to_string())?;
    let from = me.0;
    Ok(Packet { from, sealed }.encode())
}

/// Opens packets for one training.
pub(super) struct Opener {
    pub(super) id: TrainingId,
    pub(super) session: SessionId,
    pub(super) me: PartyId,
    pub(super) exchange: Identity,
    pub(super) peers: Vec<Option<Peer>>,
    /// Longest body of a message.
    pub(super) max_body: usize,
}

impl Verifies for Opener {
    fn verify(&self, party: PartyId, digest: &[u8; 32], signature: &[u8]) -> bool {
        let peer = self
            .peers
            .get(usize::from(party.0))
            .and_then(Option::as_ref);
        let signature = <[u8; 64]>::try_from(signature).map(sr25519::Signature::from_raw);
        match (peer, signature) {
            (Some(peer), Ok(signature)) => {
                let key = sr25519::Public::from_raw(peer.signing);
                sr25519::Pair::verify(&signature, digest, &key)
            }
            _ => false,
        }
    }
}

impl Opener {
    /// Longest packet.
    pub(super) fn limit(&self) -> usize {
        limit(self.max_body)
    }

    /// Opens a packet and verifies everything in it.
    pub(super) fn open(&self, packet: &[u8]) -> Result<(PartyId, Vec<Item>), Refusal> {
        let wrong = |what: &str| Refusal::Wrong(what.into());
        if packet.len() > self.limit() {
            return Err(Refusal::TooLong(self.limit()));
        }
        let packet = Packet::decode_all(&mut &*packet)
            .map_err(|_| wrong("this is no packet of messages"))?;
        let from = PartyId(packet.from);
        let known = self
            .peers
            .get(usize::from(from.0))
            .is_some_and(Option::is_some);
        if !known || from == self.me {
            return Err(Refusal::Wrong(format!(
                "participant {from} takes no part in training {}",
                self.id
            )));
        }
        let plain =
            salus_envelope::decrypt_limited(&packet.sealed, &self.exchange, self.limit() as u64)
                .map_err(|_| wrong("the packet is not sealed to this party's key"))?;
        let items = Vec::<Item>::decode_all(&mut &plain[..])
            .map_err(|_| wrong("the packet does not hold messages"))?;
        if items.len() > MAX_ITEMS || !items.iter().all(|item| self.is_from(from, item)) {
            return Err(Refusal::Wrong(format!(
                "participant {from} did not sign what the packet holds"
            )));
        }
        Ok((from, items))
    }

    fn is_from(&self, from: PartyId, item: &Item) -> bool {
        match item {
            Item::Message(envelope) => {
                let header = &envelope.header;
                (header.session, header.from, header.to) == (self.session, from, self.me)
                    && self.verify(from, &header.digest(&envelope.body), &envelope.signature)
            }
            Item::Control(signed) => {
                (signed.session, signed.from, signed.to) == (self.session, from, self.me)
                    && signed.verify(self)
            }
        }
    }
}

/// Longest packet where messages have bodies up to this length: one such, or many short ones.
pub(super) fn limit(max_body: usize) -> usize {
    max_body
        .saturating_add(max_body / 1024)
        .saturating_add(2 * OVERHEAD)
}

/// Bytes of messages that are put into one packet; a longer one goes alone.
pub(super) fn full(max_body: usize) -> usize {
    max_body.saturating_add(OVERHEAD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_primitives::{training as chain, Digest};
    use salus_training::{stage::Control, Header, Outgoing, Post, To};

    const SESSION: SessionId = [4; 32];

    fn pair(number: u16) -> sr25519::Pair {
        sr25519::Pair::from_seed(&[number as u8 + 1; 32])
    }

    fn exchange(number: u16) -> Identity {
        Identity::from_secret_bytes([number as u8 + 1; 32])
    }

    fn peers() -> Vec<Option<Peer>> {
        let peer = |number: u16| Peer {
            signing: pair(number).public().0,
            exchange: exchange(number).recipient(),
            gateway: String::new(),
        };
        vec![Some(peer(0)), Some(peer(1)), None]
    }

    fn opener() -> Opener {
        Opener {
            id: 3,
            session: SESSION,
            me: PartyId(1),
            exchange: exchange(1),
            peers: peers(),
            max_body: 1000,
        }
    }

    fn message(from: u16, to: u16, signer: u16) -> Item {
        let mut post = Post::new(SESSION, PartyId(from), &[PartyId(0), PartyId(1)], 1000);
        let out = Outgoing {
            to: To::One(PartyId(to)),
            round: 7,
            body: b"body".to_vec(),
        };
        let sealed = post.seal(&out, &Signer(pair(signer))).unwrap();
        Item::Message(sealed[0].clone())
    }

    fn packet(from: u16, items: &[Item]) -> Vec<u8> {
        seal(PartyId(from), peers()[1].as_ref().unwrap(), items).unwrap()
    }

    #[test]
    fn what_a_party_signed_is_taken() {
        let control = Signed::new(
            SESSION,
            PartyId(0),
            PartyId(1),
            Control::Taken(0),
            &Signer(pair(0)),
        );
        let items = [message(0, 1, 0), Item::Control(control)];
        let (from, opened) = opener().open(&packet(0, &items)).unwrap();
        assert_eq!((from, opened.len()), (PartyId(0), 2));
    }

    #[test]
    fn anything_else_is_refused_with_the_reason() {
        let refused = |bytes: &[u8]| opener().open(bytes).map(drop).unwrap_err().to_string();
        assert!(refused(b"garbage").contains("no packet"));
        assert!(refused(&packet(2, &[])).contains("takes no part"));
        assert!(refused(&packet(9, &[])).contains("takes no part"));
        assert!(refused(&packet(0, &[message(0, 1, 1)])).contains("did not sign"));
        let mut bytes = packet(0, &[message(0, 1, 0)]);
        *bytes.last_mut().unwrap() ^= 1;
        assert!(refused(&bytes).contains("not sealed"));
        let elsewhere = seal(PartyId(0), peers()[0].as_ref().unwrap(), &[]).unwrap();
        assert!(refused(&elsewhere).contains("not sealed"));
        assert_eq!(
            opener().open(&vec![0; opener().limit() + 1]).map(drop),
            Err(Refusal::TooLong(opener().limit()))
        );
    }

    /// The protocol's header and digest are those that the chain judges equivocations by.
    #[test]
    fn the_chain_reads_headers_as_the_protocol_writes_them() {
        let header = Header {
            session: SESSION,
            round: 2,
            from: PartyId(3),
            to: PartyId(4),
            sequence: 5,
            taken: 6,
        };
        let chain = chain::MessageHeader {
            session: SESSION.into(),
            round: 2,
            from: 3,
            to: 4,
            sequence: 5,
            taken: 6,
        };
        assert_eq!(header.encode(), chain.encode());
        let body = Digest::from(polkadot_sdk::sp_crypto_hashing::blake2_256(b"body"));
        assert_eq!(header.digest(b"body"), chain.digest(&body).0);
    }
}
