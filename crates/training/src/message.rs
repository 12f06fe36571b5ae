//! Messages on their way: numbered, signed, each taken once and in order.

use std::collections::{BTreeMap, VecDeque};

use blake2::{digest::consts::U32, Blake2b, Digest};
use codec::{Decode, DecodeAll, Encode, MaxEncodedLen};

use crate::{Error, Fault, Outgoing, PartyId, Reason, SessionId, To};

/// Messages that are kept while an earlier one is missing.
const WINDOW: u32 = 64;
/// Heads of taken messages that are kept, for whoever says later how many it had sent.
const RECENT: usize = 1024;
/// Longest signature.
const MAX_SIGNATURE: usize = 128;

/// What a message says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen)]
pub struct Header {
    /// The session.
    pub session: SessionId,
    /// The round, as the protocol counts them.
    pub round: u32,
    /// The sender.
    pub from: PartyId,
    /// The receiver.
    pub to: PartyId,
    /// Number among the messages from this sender to this receiver, from 0.
    pub sequence: u32,
    /// Messages of the receiver that the sender has taken.
    pub taken: u32,
}

impl Header {
    /// What is signed: BLAKE2b-256 of a label, the header and the digest of the body.
    pub fn digest(&self, body: &[u8]) -> [u8; 32] {
        let mut hash = Blake2b::<U32>::new();
        hash.update(b"salus/training/message/1");
        hash.update(self.encode());
        hash.update(Blake2b::<U32>::digest(body));
        hash.finalize().into()
    }
}

/// A message as it is sent.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Envelope {
    /// What it says of itself.
    pub header: Header,
    /// The message of the protocol.
    pub body: Vec<u8>,
    /// Signature of the sender over [`Header::digest`].
    pub signature: Vec<u8>,
}

/// A message that was taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Body {
    /// Who sent it.
    pub from: PartyId,
    /// Its round.
    pub round: u32,
    /// The message of the protocol.
    pub body: Vec<u8>,
}

/// Signs for one participant.
pub trait Signer: Send + Sync {
    /// A signature of at most 128 bytes.
    fn sign(&self, digest: &[u8; 32]) -> Vec<u8>;
}

/// Knows the participants' keys.
pub trait Verifier: Send + Sync {
    /// Whether this participant signed this.
    fn verify(&self, party: PartyId, digest: &[u8; 32], signature: &[u8]) -> bool;
}

/// Messages between this participant and one other.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Link {
    /// Messages sent, and the head of their chain of digests.
    sent: (u32, [u8; 32]),
    /// Messages taken, and the head of their chain.
    taken: (u32, [u8; 32]),
    /// Sent, and not yet said to be taken.
    outbox: VecDeque<(Header, Vec<u8>)>,
    /// Heads after the last messages taken, the latest last.
    recent: VecDeque<[u8; 32]>,
    /// Came before their time.
    early: BTreeMap<u32, (Header, Vec<u8>)>,
}

/// The head of a chain after one more message. `taken` is not part of it: a message that is sent
/// again may say another one.
fn chained(head: &[u8; 32], header: &Header, body: &[u8]) -> [u8; 32] {
    let mut hash = Blake2b::<U32>::new();
    hash.update(b"salus/training/chain/1");
    hash.update(head);
    hash.update(
        Header {
            taken: 0,
            ..*header
        }
        .digest(body),
    );
    hash.finalize().into()
}

/// What two participants can compare: for each pair and direction the number of messages and the
/// head of the chain of their digests. Both ends of a link have the same.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Transcript {
    /// The session.
    pub session: SessionId,
    /// Sender, receiver, messages, head.
    pub links: Vec<(PartyId, PartyId, u32, [u8; 32])>,
}

impl Transcript {
    /// BLAKE2b-256 of the SCALE encoding: what goes on the chain.
    pub fn root(&self) -> [u8; 32] {
        Blake2b::<U32>::digest(self.encode()).into()
    }
}

/// All links of one participant in one session.
#[derive(Clone, Debug)]
pub struct Post {
    session: SessionId,
    me: PartyId,
    max_body: usize,
    links: BTreeMap<PartyId, Link>,
}

impl Post {
    /// Of participant `me` among `parties`, for bodies of at most `max_body` bytes.
    pub fn new(session: SessionId, me: PartyId, parties: &[PartyId], max_body: usize) -> Self {
        let others = parties.iter().filter(|party| **party != me);
        Post {
            session,
            me,
            max_body,
            links: others.map(|party| (*party, Link::default())).collect(),
        }
    }

    /// Numbers a message and signs it, once for each receiver.
    pub fn seal(
        &mut self,
        outgoing: &Outgoing,
        signer: &dyn Signer,
    ) -> Result<Vec<Envelope>, Error> {
        let receivers: Vec<PartyId> = match outgoing.to {
            To::One(party) => vec![party],
            To::All => self.links.keys().copied().collect(),
        };
        let mut sealed = Vec::with_capacity(receivers.len());
        for to in receivers {
            let link = self.links.get_mut(&to).ok_or_else(|| {
                Error::Parameter(format!("participant {to} is none of this session's"))
            })?;
            let header = Header {
                session: self.session,
                round: outgoing.round,
                from: self.me,
                to,
                sequence: link.sent.0,
                taken: link.taken.0,
            };
            let head = chained(&link.sent.1, &header, &outgoing.body);
            link.sent = (link.sent.0.saturating_add(1), head);
            link.outbox.push_back((header, outgoing.body.clone()));
            sealed.push(signed(header, outgoing.body.clone(), signer));
        }
        Ok(sealed)
    }

    /// Messages that nobody said to have taken, signed again: for peers that were away.
    pub fn unacknowledged(&self, signer: &dyn Signer) -> Vec<Envelope> {
        let parties = self.links.keys();
        parties
            .flat_map(|to| self.unacknowledged_by(*to, signer))
            .collect()
    }

    /// Those for one participant.
    pub fn unacknowledged_by(&self, to: PartyId, signer: &dyn Signer) -> Vec<Envelope> {
        let waiting = self.links.get(&to).into_iter().flat_map(|link| {
            let again = |(header, body): &(Header, Vec<u8>)| {
                let taken = link.taken.0;
                (Header { taken, ..*header }, body.clone())
            };
            link.outbox.iter().map(again)
        });
        waiting
            .map(|(header, body)| signed(header, body, signer))
            .collect()
    }

    /// Takes an envelope that came over the connection of participant `via`: the messages that are
    /// due now, in order. None if an earlier one is missing.
    pub fn open(
        &mut self,
        via: PartyId,
        bytes: &[u8],
        verifier: &dyn Verifier,
    ) -> Result<Vec<Body>, Fault> {
        self.take(via, bytes, verifier)
            .map_err(|reason| Fault { party: via, reason })
    }

    fn take(
        &mut self,
        via: PartyId,
        bytes: &[u8],
        verifier: &dyn Verifier,
    ) -> Result<Vec<Body>, Reason> {
        let longest = self.max_body + Header::max_encoded_len() + MAX_SIGNATURE + 10;
        if bytes.len() > longest {
            return Err(Reason::TooLong {
                got: bytes.len(),
                max: longest,
            });
        }
        let envelope =
            Envelope::decode_all(&mut &*bytes).map_err(|_| Reason::Malformed("envelope"))?;
        let Envelope {
            header,
            body,
            signature,
        } = envelope;
        if header.session != self.session {
            return Err(Reason::OtherSession);
        }
        if header.from != via || header.to != self.me {
            return Err(Reason::NotParticipant);
        }
        let link = self.links.get_mut(&via).ok_or(Reason::NotParticipant)?;
        if body.len() > self.max_body {
            return Err(Reason::TooLong {
                got: body.len(),
                max: self.max_body,
            });
        }
        if !verifier.verify(via, &header.digest(&body), &signature) {
            return Err(Reason::Signature);
        }
        let expected = link.taken.0;
        if header.sequence < expected {
            link.acknowledge(header.taken);
            return Err(Reason::Replayed(header.sequence));
        }
        if header.sequence >= expected.saturating_add(WINDOW) {
            return Err(Reason::Ahead {
                got: header.sequence,
                expected,
            });
        }
        link.acknowledge(header.taken);
        // The first of two under one number counts: what came is what was signed.
        link.early.entry(header.sequence).or_insert((header, body));
        let mut due = Vec::new();
        while let Some((header, body)) = link.early.remove(&link.taken.0) {
            let head = chained(&link.taken.1, &header, &body);
            link.taken = (link.taken.0.saturating_add(1), head);
            if link.recent.len() >= RECENT {
                link.recent.pop_front();
            }
            link.recent.push_back(head);
            due.push(Body {
                from: via,
                round: header.round,
                body,
            });
        }
        Ok(due)
    }

    /// Messages sent on each link so far, and the head of their chain.
    pub fn sent(&self) -> Vec<(PartyId, u32, [u8; 32])> {
        let links = self.links.iter();
        links
            .map(|(party, link)| (*party, link.sent.0, link.sent.1))
            .collect()
    }

    /// Messages taken of a participant.
    pub fn taken(&self, from: PartyId) -> u32 {
        self.links.get(&from).map_or(0, |link| link.taken.0)
    }

    /// The head after so many messages of a participant: none as long as they are not here, and the
    /// error if they are too far back.
    pub fn head_after(&self, from: PartyId, count: u32) -> Result<Option<[u8; 32]>, Error> {
        let none = || Error::Parameter(format!("participant {from} is none of this session's"));
        let link = self.links.get(&from).ok_or_else(none)?;
        if count == 0 {
            return Ok(Some([0; 32]));
        }
        let Some(back) = link.taken.0.checked_sub(count) else {
            return Ok(None);
        };
        let place = link.recent.len().checked_sub(1 + back as usize);
        match place.and_then(|place| link.recent.get(place)) {
            Some(head) => Ok(Some(*head)),
            None => Err(Error::Parameter(format!(
                "message {count} of participant {from} is too long ago to be compared"
            ))),
        }
    }

    /// Whether a participant has not said to have taken all.
    pub fn is_waiting(&self, to: PartyId) -> bool {
        self.links
            .get(&to)
            .is_some_and(|link| !link.outbox.is_empty())
    }

    /// The state of all links.
    pub fn transcript(&self) -> Transcript {
        let links = self.links.iter().flat_map(|(party, link)| {
            let (sent, taken) = (link.sent, link.taken);
            [
                (self.me, *party, sent.0, sent.1),
                (*party, self.me, taken.0, taken.1),
            ]
        });
        Transcript {
            session: self.session,
            links: links.collect(),
        }
    }

    /// What must survive a crash: to be stored together with the party's checkpoint, before the
    /// messages of its step go out.
    pub fn checkpoint(&self) -> Vec<u8> {
        (self.session, self.me, &self.links).encode()
    }

    /// Continues from a checkpoint.
    pub fn resume(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        type State = (SessionId, PartyId, BTreeMap<PartyId, Link>);
        let (session, me, links) = State::decode_all(&mut &*checkpoint)
            .map_err(|_| Error::Checkpoint("it is cut short or not of this version"))?;
        if session != self.session || me != self.me || !links.keys().eq(self.links.keys()) {
            return Err(Error::Checkpoint("it is of another session or participant"));
        }
        self.links = links;
        Ok(())
    }
}

impl Link {
    fn acknowledge(&mut self, taken: u32) {
        while self
            .outbox
            .front()
            .is_some_and(|(header, _)| header.sequence < taken)
        {
            self.outbox.pop_front();
        }
    }
}

fn signed(header: Header, body: Vec<u8>, signer: &dyn Signer) -> Envelope {
    let signature = signer.sign(&header.digest(&body));
    Envelope {
        header,
        body,
        signature,
    }
}
