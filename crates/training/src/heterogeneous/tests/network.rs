//! A training over a network that loses, repeats, reorders and spoils messages, by participants
//! that die and start again.

use blake2::{digest::consts::U32, Blake2b, Digest};

use super::*;
use crate::{Post, Reason, Signer, Verifier};

/// Stands for sr25519: whoever knows a number can sign as its owner.
struct Keys(PartyId);

fn sign(party: PartyId, digest: &[u8; 32]) -> Vec<u8> {
    Blake2b::<U32>::digest((party, digest).encode()).to_vec()
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

type Wire = Vec<(u16, u16, Vec<u8>)>;

fn seal(post: &mut Post, me: u16, step: &Step, wire: &mut Wire) {
    for outgoing in &step.send {
        for envelope in post.seal(outgoing, &Keys(PartyId(me))).unwrap() {
            wire.push((me, envelope.header.to.0, envelope.encode()));
        }
    }
}

#[test]
fn a_bad_network_changes_nothing() {
    let cohort = cohort(3, 15, 2, 1, 80);
    let mut parameters = Parameters::new(SESSION, 3, svm(4, 6));
    parameters.prove_every = 3;
    let expected = Network::of(&cohort, &parameters, 1).train();
    let ids: Vec<PartyId> = (0..3).map(PartyId).collect();
    let longest = parameters.max_body(2048, 30);
    let open_post = |me: u16| Post::new(SESSION, PartyId(me), &ids, longest);
    let mut seats: Vec<(Participant, Post)> = (0..3)
        .map(|me| (cohort.participant(&parameters, me), open_post(me)))
        .collect();
    let (mut wire, mut drawn) = (Wire::new(), random(81));
    let mut parts: Vec<Option<Part>> = vec![None; 3];
    for (me, (party, post)) in (0..).zip(&mut seats) {
        let step = party.start().unwrap();
        seal(post, me, &step, &mut wire);
    }
    let mut happened = [0; 4];
    for _ in 0..20_000 {
        if wire.is_empty() {
            if parts.iter().all(Option::is_some) {
                break;
            }
            // Nothing moves: what nobody said to have taken is sent again.
            for (me, (_, post)) in (0..).zip(&seats) {
                for envelope in post.unacknowledged(&Keys(PartyId(me))) {
                    wire.push((me, envelope.header.to.0, envelope.encode()));
                }
            }
            continue;
        }
        let (from, to, bytes) = wire.swap_remove(drawn.next_u32() as usize % wire.len());
        let (party, post) = &mut seats[usize::from(to)];
        let chance = drawn.next_u32() as usize % 10;
        if let Some(count) = happened.get_mut(chance) {
            *count += 1;
        }
        match chance {
            0 => continue,
            1 => {
                let mut spoilt = bytes.clone();
                let place = drawn.next_u32() as usize % spoilt.len();
                spoilt[place] ^= 1 << (drawn.next_u32() % 8);
                let fault = post.open(PartyId(from), &spoilt, &Keys(PartyId(to)));
                assert_eq!(fault.unwrap_err().party, PartyId(from));
            }
            2 => wire.push((from, to, bytes.clone())),
            3 => {
                let (state, links) = (party.checkpoint(), post.checkpoint());
                *party = cohort.participant(&parameters, to);
                party.resume(&state).unwrap();
                *post = open_post(to);
                post.resume(&links).unwrap();
            }
            _ => {}
        }
        match post.open(PartyId(from), &bytes, &Keys(PartyId(to))) {
            Ok(bodies) => {
                for body in bodies {
                    let step = party.receive(body.from, body.round, &body.body).unwrap();
                    seal(post, to, &step, &mut wire);
                    if let Some(Outcome::Part(part)) = step.outcome {
                        parts[usize::from(to)] = Some(part);
                    }
                }
            }
            Err(fault) => assert!(matches!(fault.reason, Reason::Replayed(_)), "{fault}"),
        }
    }
    assert!(happened.iter().all(|count| *count > 5), "{happened:?}");
    let parts: Vec<Part> = parts.into_iter().map(Option::unwrap).collect();
    assert_eq!(parts, expected);
    // Both ends of every link have the same transcript of it.
    let links: Vec<_> = seats
        .iter()
        .flat_map(|(_, post)| post.transcript().links)
        .collect();
    for link in &links {
        assert_eq!(links.iter().filter(|other| other == &link).count(), 2);
    }
}
