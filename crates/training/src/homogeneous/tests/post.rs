//! A training over a network that loses, repeats, reorders and spoils messages.

use std::collections::VecDeque;

use blake2::{digest::consts::U32, Blake2b, Digest};
use codec::{Decode, Encode};
use rand_core::Rng;

use super::*;
use crate::{Envelope, Post, Signer, Verifier};

/// A signature that whoever knows the number can make: stands for sr25519 here.
struct Keys(PartyId);

fn sign(party: PartyId, digest: &[u8; 32]) -> Vec<u8> {
    Blake2b::<U32>::digest((party, 5u8, digest).encode()).to_vec()
}

impl Signer for Keys {
    fn sign(&self, digest: &[u8; 32]) -> Vec<u8> {
        sign(self.0, digest)
    }
}

impl Verifier for Keys {
    fn verify(&self, party: PartyId, digest: &[u8; 32], signature: &[u8]) -> bool {
        sign(party, digest) == signature
    }
}

struct Seat {
    party: Box<dyn Party>,
    post: Post,
}

#[test]
fn a_bad_network_changes_nothing() {
    let rows = cloud(120, 3, 9);
    let mut terms = terms(Backend::Masked, Loss::SquaredHinge, 3, 3);
    terms.min_changed = 1;
    let parts = parts(&terms, &rows);
    let ids: Vec<PartyId> = (0..4).map(PartyId).collect();
    let mut seats: BTreeMap<PartyId, Seat> = BTreeMap::new();
    for id in &ids {
        let post = Post::new(terms.session, *id, &ids, terms.max_body());
        seats.insert(
            *id,
            Seat {
                party: party(&terms, *id, &parts),
                post,
            },
        );
    }
    let mut random = seed(31).random();
    let mut wire: VecDeque<(PartyId, PartyId, Vec<u8>)> = VecDeque::new();
    let mut outcomes = BTreeMap::new();
    fn post(
        seat: &mut Seat,
        id: PartyId,
        step: &Step,
        wire: &mut VecDeque<(PartyId, PartyId, Vec<u8>)>,
    ) {
        for outgoing in &step.send {
            for envelope in seat.post.seal(outgoing, &Keys(id)).unwrap() {
                wire.push_back((id, envelope.header.to, envelope.encode()));
            }
        }
    }
    for id in &ids {
        let seat = seats.get_mut(id).unwrap();
        let step = seat.party.start().unwrap();
        post(seat, *id, &step, &mut wire);
    }
    let (mut lost, mut spoilt, mut repeated, mut crashes) = (0, 0, 0, 0);
    for _ in 0..100_000 {
        let Some(count) = Some(wire.len() as u64).filter(|count| *count > 0) else {
            if outcomes.len() == ids.len() {
                break;
            }
            // Nothing moves: what was not acknowledged is sent again.
            for (id, seat) in &seats {
                for envelope in seat.post.unacknowledged(&Keys(*id)) {
                    wire.push_back((*id, envelope.header.to, envelope.encode()));
                }
            }
            continue;
        };
        // Any message may be the next.
        let (from, to, bytes) = wire.remove((random.next_u64() % count) as usize).unwrap();
        let seat = seats.get_mut(&to).unwrap();
        match random.next_u32() % 10 {
            0 => {
                lost += 1;
                continue;
            }
            1 => {
                let mut forged = bytes.clone();
                let place = random.next_u64() as usize % forged.len();
                forged[place] ^= 1 << (random.next_u32() % 8);
                let fault = seat.post.open(from, &forged, &Keys(to)).unwrap_err();
                assert_eq!(fault.party, from);
                spoilt += 1;
            }
            2 => {
                wire.push_back((from, to, bytes.clone()));
                repeated += 1;
            }
            3 => {
                // It dies, and starts again from what was stored.
                let (state, links) = (seat.party.checkpoint(), seat.post.checkpoint());
                seat.party = party(&terms, to, &parts);
                seat.party.resume(&state).unwrap();
                seat.post = Post::new(terms.session, to, &ids, terms.max_body());
                seat.post.resume(&links).unwrap();
                crashes += 1;
            }
            _ => {}
        }
        match seat.post.open(from, &bytes, &Keys(to)) {
            Ok(bodies) => {
                for body in bodies {
                    if outcomes.contains_key(&to) {
                        continue;
                    }
                    let step = seat
                        .party
                        .receive(body.from, body.round, &body.body)
                        .unwrap();
                    post(seat, to, &step, &mut wire);
                    if let Some(outcome) = step.outcome {
                        outcomes.insert(to, outcome);
                    }
                }
            }
            Err(fault) => assert!(matches!(fault.reason, Reason::Replayed(_)), "{fault}"),
        }
    }
    assert!(lost > 20 && spoilt > 20 && repeated > 20 && crashes > 20);
    let expected = pooled(&terms, &rows).unwrap();
    assert_eq!(outcomes.len(), ids.len());
    assert!(outcomes.values().all(|outcome| *outcome == expected));
    // Both ends of every link have the same chain once all has arrived.
    for (id, seat) in &seats {
        let transcript = seat.post.transcript();
        assert_ne!(transcript.root(), [0; 32]);
        for (from, to, count, head) in transcript.links.iter().filter(|(from, ..)| from == id) {
            let theirs = seats[to].post.transcript();
            let other = theirs
                .links
                .iter()
                .find(|(f, t, ..)| f == from && t == to)
                .unwrap();
            if other.2 == *count {
                assert_eq!(other.3, *head);
            }
        }
    }
}

#[test]
fn posts_refuse_and_name() {
    let ids: Vec<PartyId> = (0..3).map(PartyId).collect();
    let post = |id: u16| Post::new([1; 32], PartyId(id), &ids, 100);
    let (mut sender, mut receiver) = (post(0), post(1));
    let outgoing = |body: Vec<u8>| Outgoing {
        to: To::One(PartyId(1)),
        round: 4,
        body,
    };
    let mut seal = |body: Vec<u8>| {
        sender
            .seal(&outgoing(body), &Keys(PartyId(0)))
            .unwrap()
            .remove(0)
    };
    let (first, second) = (seal(vec![1]), seal(vec![2]));
    let mut open = |via: u16, envelope: &Envelope| {
        let opened = receiver.open(PartyId(via), &envelope.encode(), &Keys(PartyId(1)));
        opened.map_err(|fault| {
            assert_eq!(fault.party, PartyId(via));
            fault.reason
        })
    };
    // The second waits for the first.
    assert_eq!(open(0, &second), Ok(vec![]));
    let due = open(0, &first).unwrap();
    assert_eq!(
        due.iter()
            .map(|body| (body.round, body.body[0]))
            .collect::<Vec<_>>(),
        [(4, 1), (4, 2)]
    );
    assert_eq!(open(0, &first), Err(Reason::Replayed(0)));
    assert_eq!(open(2, &first), Err(Reason::NotParticipant));
    assert_eq!(open(7, &first), Err(Reason::NotParticipant));
    let changed = |change: &dyn Fn(&mut Envelope)| {
        let mut envelope = first.clone();
        change(&mut envelope);
        envelope
    };
    assert_eq!(
        open(0, &changed(&|e| e.header.session = [2; 32])),
        Err(Reason::OtherSession)
    );
    assert_eq!(
        open(0, &changed(&|e| e.header.to = PartyId(2))),
        Err(Reason::NotParticipant)
    );
    assert_eq!(
        open(0, &changed(&|e| e.header.round = 5)),
        Err(Reason::Signature)
    );
    assert_eq!(
        open(0, &changed(&|e| e.body[0] = 9)),
        Err(Reason::Signature)
    );
    assert_eq!(
        open(0, &changed(&|e| e.body = vec![0; 101])),
        Err(Reason::TooLong { got: 101, max: 100 })
    );
    let far = changed(&|e| {
        e.header.sequence = 900;
        e.signature = sign(PartyId(0), &e.header.digest(&e.body));
    });
    assert_eq!(
        open(0, &far),
        Err(Reason::Ahead {
            got: 900,
            expected: 2
        })
    );
    assert_eq!(
        receiver
            .open(PartyId(0), &[0; 5000], &Keys(PartyId(1)))
            .unwrap_err()
            .reason,
        Reason::TooLong {
            got: 5000,
            max: 286
        }
    );
    assert!(matches!(
        receiver
            .open(PartyId(0), &[3; 40], &Keys(PartyId(1)))
            .unwrap_err()
            .reason,
        Reason::Malformed(_)
    ));
    assert!(Envelope::decode(&mut &first.encode()[..]).is_ok());
    // What is acknowledged is not sent again.
    assert_eq!(sender.unacknowledged(&Keys(PartyId(0))).len(), 2);
    let answer = Outgoing {
        to: To::One(PartyId(0)),
        round: 4,
        body: vec![],
    };
    let answer = receiver.seal(&answer, &Keys(PartyId(1))).unwrap().remove(0);
    sender
        .open(PartyId(1), &answer.encode(), &Keys(PartyId(0)))
        .unwrap();
    assert_eq!(sender.unacknowledged(&Keys(PartyId(0))).len(), 0);
    let checkpoint = sender.checkpoint();
    assert!(matches!(
        post(1).resume(&checkpoint),
        Err(Error::Checkpoint(_))
    ));
    assert!(matches!(
        post(0).resume(&checkpoint[1..]),
        Err(Error::Checkpoint(_))
    ));
    post(0).resume(&checkpoint).unwrap();
}
