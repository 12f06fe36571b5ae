//! The end of a stage: every participant says how much it has sent to each other one, and with what
//! head; each checks what was sent to it; and all hash the same list.

use std::collections::BTreeMap;

use blake2::{digest::consts::U32, Blake2b, Digest};
use codec::{Decode, Encode};

use crate::{data_set::Attributes, Error, PartyId, Post, SessionId, Signer, Verifier};

/// What one participant says at the end of a stage.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Heads {
    /// The stage, from 0.
    pub stage: u32,
    /// To each other participant: messages sent so far, and the head of their chain.
    pub sent: BTreeMap<PartyId, (u32, [u8; 32])>,
    /// Where the training is over.
    pub end: Option<Claim>,
}

/// What a participant has at the end of the training.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Claim {
    /// Commitment to its model or its part of one; none where it has none to deliver.
    pub commitment: Option<[u8; 32]>,
    /// The encoded model, from an analyst to providers that have it too, so that they can check the
    /// commitment.
    pub model: Option<Vec<u8>>,
}

/// What is sent beside the messages of the protocol. It is not part of the transcript.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Control {
    /// The sender has started, and taken so many messages: the rest is to be sent again.
    Taken(u32),
    /// The sender has come to the end of a stage.
    Heads(Heads),
    /// From a provider to the analyst, who has no data: names of the columns.
    Columns(Attributes),
    /// From the dealer: the receiver's share of the key.
    Share(Vec<u8>),
}

/// A control message with its signature.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Signed {
    /// The session.
    pub session: SessionId,
    /// The sender.
    pub from: PartyId,
    /// The receiver.
    pub to: PartyId,
    /// What is said.
    pub control: Control,
    /// Signature of the sender.
    pub signature: Vec<u8>,
}

const LABEL: &[u8; 24] = b"salus/training/control/1";

impl Signed {
    /// Signs for a receiver.
    pub fn new(
        session: SessionId,
        from: PartyId,
        to: PartyId,
        control: Control,
        signer: &dyn Signer,
    ) -> Self {
        let signature = signer.sign(&digest(&session, from, to, &control));
        Signed {
            session,
            from,
            to,
            control,
            signature,
        }
    }

    /// Whether its sender signed it.
    pub fn verify(&self, verifier: &dyn Verifier) -> bool {
        let digest = digest(&self.session, self.from, self.to, &self.control);
        verifier.verify(self.from, &digest, &self.signature)
    }
}

fn digest(session: &SessionId, from: PartyId, to: PartyId, control: &Control) -> [u8; 32] {
    Blake2b::<U32>::digest((LABEL, session, from, to, control).encode()).into()
}

/// Where a stage's end stands at one participant.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Ending {
    heads: BTreeMap<PartyId, Heads>,
}

impl Ending {
    /// Takes what a participant says; what it says later does not count.
    pub fn say(&mut self, from: PartyId, heads: Heads) {
        self.heads.entry(from).or_insert(heads);
    }

    /// What a participant said.
    pub fn of(&self, party: PartyId) -> Option<&Heads> {
        self.heads.get(&party)
    }

    /// Those of `parties` that have said nothing, or whose messages are not all here.
    pub fn missing(&self, me: PartyId, post: &Post, parties: &[PartyId]) -> Vec<PartyId> {
        let lacks = |party: &&PartyId| {
            let sent = self.of(**party).and_then(|heads| heads.sent.get(&me));
            match sent {
                Some((count, _)) => post.taken(**party) < *count,
                None => **party != me || self.of(me).is_none(),
            }
        };
        parties.iter().filter(lacks).copied().collect()
    }

    /// Those of `parties` whose messages are here and not the ones they say.
    pub fn wrong(&self, me: PartyId, post: &Post, parties: &[PartyId]) -> Vec<PartyId> {
        let differs = |party: &&PartyId| {
            let sent = self.of(**party).and_then(|heads| heads.sent.get(&me));
            let here = sent.map(|(count, head)| (post.head_after(**party, *count), head));
            matches!(here, Some((Ok(Some(here)), head)) if here != *head)
        };
        parties.iter().filter(differs).copied().collect()
    }

    /// The root, once nothing is missing or wrong: BLAKE2b-256 of SCALE(`salus/training/root/1`,
    /// session, stage, (sender, receiver, messages, head) of all links between `parties`, ordered).
    pub fn root(
        &self,
        session: &SessionId,
        stage: u32,
        me: PartyId,
        post: &Post,
        parties: &[PartyId],
    ) -> Result<Option<[u8; 32]>, Error> {
        if !self.missing(me, post, parties).is_empty() || !self.wrong(me, post, parties).is_empty()
        {
            return Ok(None);
        }
        let mut links = Vec::new();
        for from in parties {
            for to in parties.iter().filter(|to| *to != from) {
                let sent = self.of(*from).and_then(|heads| heads.sent.get(to));
                let Some((count, head)) = sent else {
                    return Err(Error::Parameter(format!(
                        "participant {from} leaves participant {to} out of its transcript"
                    )));
                };
                links.push((*from, *to, *count, *head));
            }
        }
        links.sort_unstable();
        let list = (b"salus/training/root/1", session, stage, links).encode();
        Ok(Some(Blake2b::<U32>::digest(list).into()))
    }
}

/// Rounds after which a stage is over: the rounds of a training divided among the stages. The last one,
/// and any stage in which the training ends, is over with the training.
pub fn last_round(stage: u32, stages: u32, rounds: u32) -> u32 {
    let part = u64::from(rounds) * (u64::from(stage) + 1);
    u32::try_from(part.div_ceil(u64::from(stages.max(1)))).unwrap_or(u32::MAX)
}

/// The stage in which a training of `stages` that ended after `rounds` of at most `of` was.
pub fn stage_of_end(rounds: u32, stages: u32, of: u32) -> u32 {
    let stages = stages.max(1);
    (0..stages)
        .find(|stage| rounds <= last_round(*stage, stages, of))
        .unwrap_or(stages - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Outgoing, To};

    struct Nobody;
    impl Signer for Nobody {
        fn sign(&self, digest: &[u8; 32]) -> Vec<u8> {
            digest.to_vec()
        }
    }
    impl Verifier for Nobody {
        fn verify(&self, _: PartyId, digest: &[u8; 32], signature: &[u8]) -> bool {
            digest == signature
        }
    }

    const SESSION: SessionId = [9; 32];

    fn parties() -> [PartyId; 3] {
        [PartyId(0), PartyId(1), PartyId(2)]
    }

    /// Posts of three that have each sent so many messages to all; not yet delivered.
    fn posts(messages: u32) -> (Vec<Post>, Vec<crate::Envelope>) {
        let mut posts: Vec<_> = parties()
            .iter()
            .map(|me| Post::new(SESSION, *me, &parties(), 100))
            .collect();
        let mut sent = Vec::new();
        for post in &mut posts {
            for number in 0..messages {
                let out = Outgoing {
                    to: To::All,
                    round: 0,
                    body: vec![number as u8],
                };
                sent.extend(post.seal(&out, &Nobody).unwrap());
            }
        }
        (posts, sent)
    }

    fn deliver(posts: &mut [Post], sent: &[crate::Envelope]) {
        for envelope in sent {
            let to = &mut posts[usize::from(envelope.header.to.0)];
            to.open(envelope.header.from, &envelope.encode(), &Nobody)
                .unwrap();
        }
    }

    fn heads(post: &Post) -> Heads {
        let sent = post.sent().into_iter();
        Heads {
            stage: 0,
            sent: sent.map(|(to, count, head)| (to, (count, head))).collect(),
            end: None,
        }
    }

    #[test]
    fn all_have_one_root_once_everything_came() {
        let (mut posts, sent) = posts(3);
        let said: Vec<_> = posts.iter().map(heads).collect();
        let mut endings = vec![Ending::default(); 3];
        for ending in &mut endings {
            for (party, heads) in parties().iter().zip(&said) {
                ending.say(*party, heads.clone());
            }
        }
        let (early, late) = sent.split_at(sent.len() - 1);
        deliver(&mut posts, early);
        let root = |posts: &[Post], me: usize| {
            let me_id = PartyId(me as u16);
            endings[me]
                .root(&SESSION, 0, me_id, &posts[me], &parties())
                .unwrap()
        };
        let last = usize::from(late[0].header.to.0);
        assert_eq!(root(&posts, last), None);
        deliver(&mut posts, late);
        let all: Vec<_> = (0..3).map(|me| root(&posts, me)).collect();
        assert!(all[0].is_some() && all.iter().all(|root| *root == all[0]));
        // What is sent after the end of the stage changes nothing.
        let out = Outgoing {
            to: To::All,
            round: 1,
            body: vec![1],
        };
        let more = posts[0].seal(&out, &Nobody).unwrap();
        deliver(&mut posts, &more);
        assert_eq!(root(&posts, 1), all[0]);
    }

    #[test]
    fn who_says_other_heads_than_it_sent_is_named() {
        let (mut posts, sent) = posts(2);
        deliver(&mut posts, &sent);
        let mut ending = Ending::default();
        for (party, post) in parties().iter().zip(&posts) {
            let mut said = heads(post);
            if *party == PartyId(2) {
                said.sent.insert(PartyId(0), (2, [1; 32]));
            }
            ending.say(*party, said);
        }
        let wrong = ending.wrong(PartyId(0), &posts[0], &parties());
        assert_eq!(wrong, [PartyId(2)]);
        let root = ending.root(&SESSION, 0, PartyId(0), &posts[0], &parties());
        assert_eq!(root, Ok(None));
        // Without it the others have a root.
        let rest = &parties()[..2];
        let root = ending.root(&SESSION, 0, PartyId(0), &posts[0], rest);
        assert!(root.unwrap().is_some());
    }

    #[test]
    fn stages_divide_the_rounds() {
        let ends: Vec<_> = (0..3).map(|stage| last_round(stage, 3, 10)).collect();
        assert_eq!(ends, [4, 7, 10]);
        assert_eq!(stage_of_end(10, 3, 10), 2);
        assert_eq!(stage_of_end(5, 3, 10), 1);
        assert_eq!(stage_of_end(0, 3, 10), 0);
        assert_eq!(stage_of_end(7, 1, 10), 0);
    }

    #[test]
    fn control_messages_are_signed_for_one_receiver() {
        let signed = Signed::new(SESSION, PartyId(0), PartyId(1), Control::Taken(4), &Nobody);
        assert!(signed.verify(&Nobody));
        let other = Signed {
            to: PartyId(2),
            ..signed
        };
        assert!(!other.verify(&Nobody));
    }
}
