use num_bigint::BigUint;
use salus_paillier::{threshold::Share, Plaintext};

use super::*;
use crate::{Fault, Reason};

/// Bytes before the first number of a list of ciphertexts, and before the values of a share.
const LIST_HEAD: usize = 8 + 2 + 32 + 4;
const SHARE_HEAD: usize = 8 + 2 + 32 + 2 + 4;
const NUMBER: usize = 512;

fn setup() -> (Cohort, Parameters) {
    let mut parameters = Parameters::new(SESSION, 3, svm(3, 4));
    parameters.prove_every = 2;
    (cohort(3, 15, 2, 2, 50), parameters)
}

/// What comes of a training in which participant 1 sends something else. Whatever is refused at
/// once changes nothing.
fn with(mut tamper: impl FnMut(&mut Sent)) -> Result<(), Refused> {
    let (cohort, parameters) = setup();
    let mut network = Network::of(&cohort, &parameters, 3);
    let mut tamper = |sent: &mut Sent| {
        if sent.from == 1 {
            tamper(sent);
        }
    };
    network.start(&mut tamper);
    while let Some(sent) = network.draw() {
        let before = network.participants[usize::from(sent.to)].checkpoint();
        match network.deliver(&sent) {
            Ok(step) => network.post(sent.to, step, &mut tamper),
            // Participant 1 deceives itself as well: what it says of others means nothing.
            Err(_) if sent.to == 1 => {}
            Err(refused) => {
                let stays =
                    !matches!(&refused, Refused::Fault(fault) if fault.party.0 == sent.from);
                let after = network.participants[usize::from(sent.to)].checkpoint();
                assert!(stays || before == after || is_final(&refused), "{refused}");
                return Err(refused);
            }
        }
    }
    Ok(())
}

/// Found by joining what several sent, after the last message was taken.
fn is_final(refused: &Refused) -> bool {
    matches!(
        refused,
        Refused::Fault(Fault {
            reason: Reason::Unexpected(_),
            ..
        })
    )
}

#[track_caller]
fn named(tamper: impl FnMut(&mut Sent)) -> Reason {
    match with(tamper) {
        Err(Refused::Fault(Fault {
            party: PartyId(1),
            reason,
        })) => {
            assert!(!reason.to_string().is_empty());
            reason
        }
        other => panic!("{other:?}"),
    }
}

fn modulus() -> BigUint {
    BigUint::from_bytes_le(&number(P)) * BigUint::from_bytes_le(&number(Q))
}

fn put(bytes: &mut [u8], at: usize, value: &BigUint) {
    let mut number = value.to_bytes_le();
    number.resize(NUMBER, 0);
    bytes[at..at + NUMBER].copy_from_slice(&number);
}

/// Numbers that are no ciphertexts: 0, N^2, a multiple of p.
fn no_ciphertexts() -> Vec<BigUint> {
    let n = modulus();
    vec![
        BigUint::from(0u8),
        &n * &n,
        BigUint::from_bytes_le(&number(P)) * 12345u32,
        n,
    ]
}

#[test]
fn contributions_and_masks_that_are_no_ciphertexts_name_their_sender() {
    for bad in no_ciphertexts() {
        let reason = named(|sent| {
            if let Message::Contribution(bytes) = &mut sent.message {
                put(bytes, LIST_HEAD + NUMBER, &bad);
            }
        });
        assert_eq!(reason, Reason::Crypto(salus_paillier::Error::Ciphertext(1)));
        let reason = named(|sent| {
            if let Message::Masked(bytes) = &mut sent.message {
                put(bytes, LIST_HEAD, &bad);
            }
        });
        assert_eq!(reason, Reason::Crypto(salus_paillier::Error::Ciphertext(0)));
    }
}

#[test]
fn garbage_names_its_sender() {
    for length in [0, 1, 7, 45, 46, 47, 600] {
        for kind in 0..4 {
            let reason = named(|sent| {
                let mut garbage = vec![0xa5; length];
                random(length as u64).fill_bytes(&mut garbage);
                match (&mut sent.message, kind) {
                    (Message::Contribution(bytes), 0) => *bytes = garbage,
                    (Message::Masked(bytes), 1) => *bytes = garbage,
                    (Message::Share { share, .. }, 2) => *share = garbage,
                    (Message::Proof(bytes), 3) => *bytes = garbage,
                    _ => {}
                }
            });
            assert!(matches!(reason, Reason::Crypto(_)), "{reason}");
        }
    }
}

#[test]
fn other_numbers_of_ciphertexts_name_their_sender() {
    for count in [0usize, 2, 4] {
        let cut = |bytes: &mut Vec<u8>| {
            let number = bytes[LIST_HEAD..LIST_HEAD + NUMBER].to_vec();
            bytes.truncate(LIST_HEAD);
            bytes[LIST_HEAD - 4..].copy_from_slice(&(count as u32).to_le_bytes());
            (0..count).for_each(|_| bytes.extend(&number));
        };
        let expected = Reason::Count {
            what: "ciphertexts",
            got: count,
            expected: 3,
        };
        let reason = named(|sent| {
            if let Message::Contribution(bytes) = &mut sent.message {
                cut(bytes);
            }
        });
        assert_eq!(reason, expected);
        let reason = named(|sent| {
            if let Message::Masked(bytes) = &mut sent.message {
                cut(bytes);
            }
        });
        assert_eq!(reason, expected);
    }
}

/// A share that opens to another number without any trace: only its proof tells.
#[test]
fn a_share_that_shifts_the_result_is_found_by_its_proof() {
    let n = modulus();
    let shift = BigUint::from(1u8) + &n * 99u32;
    let reason = named(|sent| {
        if let Message::Share { share, .. } = &mut sent.message {
            if sent.round == 2 {
                let value = BigUint::from_bytes_le(&share[SHARE_HEAD..SHARE_HEAD + NUMBER]);
                put(share, SHARE_HEAD, &(value * &shift % (&n * &n)));
            }
        }
    });
    assert_eq!(reason, Reason::Proof("share of a decryption"));
}

/// One that opens to nothing asks for proofs at once.
#[test]
fn a_share_that_opens_nothing_is_found_at_once() {
    let reason = named(|sent| {
        if let Message::Share { share, .. } = &mut sent.message {
            if sent.round == 1 {
                put(share, SHARE_HEAD, &BigUint::from(4u8));
            }
        }
    });
    assert_eq!(reason, Reason::Proof("share of a decryption"));
}

/// Nor can one participant be made to look wrong to another by what a third told it.
#[test]
fn a_share_that_only_one_cannot_open_does_not_shift_the_blame() {
    for to in [0, 2] {
        let reason = named(|sent| {
            if let Message::Share { share, .. } = &mut sent.message {
                if sent.round == 1 && sent.to == to {
                    put(share, SHARE_HEAD, &BigUint::from(4u8));
                }
            }
        });
        assert_eq!(reason, Reason::Proof("share of a decryption"));
    }
}

#[test]
fn without_proofs_a_wrong_share_ends_the_training_unnamed() {
    let (cohort, mut parameters) = setup();
    parameters.prove_every = 0;
    let mut network = Network::of(&cohort, &parameters, 3);
    let mut tamper = |sent: &mut Sent| {
        if let Message::Share { share, .. } = &mut sent.message {
            put(share, SHARE_HEAD, &BigUint::from(4u8));
        }
    };
    network.start(&mut tamper);
    let (_, refused) = network.run(&mut tamper).unwrap_err();
    assert!(matches!(refused, Refused::Error(Error::Unattributed(_))));
}

/// What a participant sent in the round before, under the header of this one.
#[test]
fn a_share_or_proof_of_another_round_names_its_sender() {
    let mut first: Option<Vec<u8>> = None;
    let reason = named(|sent| {
        if let Message::Share { share, .. } = &mut sent.message {
            match (sent.round, &first) {
                (1, _) => first = Some(share.clone()),
                (_, Some(first)) => share.clone_from(first),
                _ => {}
            }
        }
    });
    assert_eq!(reason, Reason::Proof("share of a decryption"));
    let mut first: Option<Vec<u8>> = None;
    let reason = named(|sent| {
        if let Message::Proof(bytes) = &mut sent.message {
            match (sent.round, &first) {
                (2, _) => first = Some(bytes.clone()),
                (_, Some(first)) => bytes.clone_from(first),
                _ => {}
            }
        }
    });
    assert_eq!(reason, Reason::Proof("share of a decryption"));
}

#[test]
fn messages_of_earlier_or_later_rounds_name_their_sender() {
    let reason = named(|sent| {
        if sent.round == 3 {
            sent.round = 2;
        }
    });
    assert!(matches!(reason, Reason::Round { got: 2, .. }), "{reason}");
    let reason = named(|sent| {
        if matches!(sent.message, Message::Masked(_)) {
            sent.round += 1;
        }
    });
    assert!(matches!(reason, Reason::Round { .. }), "{reason}");
}

#[test]
fn shares_of_somebody_else_name_their_sender() {
    let reason = named(|sent| {
        if let Message::Share { share, .. } = &mut sent.message {
            share[8 + 2 + 32] = 3;
        }
    });
    assert_eq!(reason, Reason::Malformed("share of a decryption"));
}

#[test]
fn a_link_that_was_not_committed_to_names_its_sender() {
    let reason = named(|sent| {
        if let Message::Link(link) = &mut sent.message {
            link[0] ^= 1;
        }
    });
    assert_eq!(reason, Reason::Proof("link"));
    for change in [Some([0; 32]), None] {
        let reason = named(|sent| {
            if let Message::Share { link, .. } = &mut sent.message {
                *link = change;
            }
        });
        let expected = match change {
            Some(_) => Reason::Proof("link"),
            None => Reason::Malformed("share of a decryption"),
        };
        assert_eq!(reason, expected);
    }
}

/// Participant 1 tells 2 something else than 0: whichever of the two hears of it first, the other one is
/// honest, and must not be named.
#[test]
fn who_hears_something_else_is_not_blamed() {
    let other = shares(3).remove(0).key().key().clone();
    let refused = with(|sent| {
        if let Message::Contribution(bytes) = &mut sent.message {
            if sent.to == 2 {
                let mut ciphertexts = other.ciphertexts_from_bytes(bytes).unwrap();
                ciphertexts.swap(0, 1);
                *bytes = other.ciphertexts_to_bytes(&ciphertexts).unwrap();
            }
        }
    });
    assert!(
        matches!(refused, Err(Refused::Error(Error::HeardOther(_)))),
        "{refused:?}"
    );
}

/// A number that no slot holds. Whose it was, the masks hide.
#[test]
fn an_overflow_ends_the_training() {
    let key = shares(3).remove(0).key().key().clone();
    let mut huge = vec![0u8; 256];
    huge[200..250].fill(0x5a);
    let plaintext = Plaintext::from_le_bytes(&key, &huge).unwrap();
    for masked in [false, true] {
        let refused = with(|sent| {
            let bytes = match &mut sent.message {
                Message::Contribution(bytes) if !masked => bytes,
                Message::Masked(bytes) if masked => bytes,
                _ => return,
            };
            let mut ciphertexts = key.ciphertexts_from_bytes(bytes).unwrap();
            ciphertexts[0] = key.add_plain(&ciphertexts[0], &plaintext).unwrap();
            *bytes = key.ciphertexts_to_bytes(&ciphertexts).unwrap();
        });
        match refused {
            // Participant 1 itself goes on with its own number: it has heard something else.
            Err(Refused::Error(Error::HeardOther(PartyId(1)))) => {}
            other => assert!(
                matches!(other, Err(Refused::Error(Error::Unattributed(_)))),
                "{other:?}"
            ),
        }
    }
}

#[test]
fn lists_of_patients_that_are_no_points_name_their_sender() {
    // Participant 1 sends on the list of participant 0, and the stripped list.
    type Change = fn(&mut Vec<[u8; 32]>);
    let changes: [Change; 4] = [
        |points| points[3] = [0xff; 32],
        |points| points[0] = [0; 32],
        |points| points.swap(0, 1),
        |points| points[1] = points[0],
    ];
    for change in changes {
        let reason = named(|sent| {
            if let Message::Raised { points, .. } = &mut sent.message {
                change(points);
            }
        });
        assert_eq!(reason, Reason::Malformed("list of blinded patients"));
        let reason = named(|sent| {
            if let Message::Common(points) = &mut sent.message {
                change(points);
            }
        });
        assert_eq!(reason, Reason::Malformed("list of common patients"));
    }
}

#[test]
fn patients_that_are_not_common_end_the_alignment() {
    let stranger = super::super::align::unblinded(&SESSION, &[b"nobody".to_vec()])[0];
    let refused = with(|sent| {
        if let Message::Common(points) = &mut sent.message {
            points[0] = stranger;
            points.sort_unstable();
        }
    });
    assert!(
        matches!(refused, Err(Refused::Error(Error::Unattributed(_)))),
        "{refused:?}"
    );
}

#[test]
fn other_origins_and_roles_name_their_sender() {
    let unexpected = |reason: Reason| {
        assert!(matches!(reason, Reason::Unexpected(_)), "{reason}");
    };
    unexpected(named(|sent| {
        if let Message::Raised { origin, .. } = &mut sent.message {
            *origin = 7;
        }
    }));
    unexpected(named(|sent| {
        if matches!(sent.message, Message::Commitment(_)) {
            sent.message = Message::Classes(vec![true; 15]);
        }
    }));
    unexpected(named(|sent| {
        if matches!(sent.message, Message::Raised { .. }) {
            sent.message = Message::Aligned(Vec::new());
        }
    }));
    unexpected(named(|sent| {
        if let (Message::Masked(bytes), 1) = (&sent.message, sent.round) {
            sent.message = Message::Contribution(bytes.clone());
        }
    }));
}

/// A message that came before its time and turns out to be wrong ends the training, also after
/// a restart.
#[test]
fn a_wrong_message_that_came_early_stops_for_good() {
    let (cohort, parameters) = setup();
    let mut tamper = |sent: &mut Sent| {
        if let (1, Message::Masked(bytes)) = (sent.from, &mut sent.message) {
            bytes.truncate(20);
        }
    };
    for schedule in 0..50 {
        let mut network = Network::of(&cohort, &parameters, schedule);
        network.start(&mut tamper);
        let (sent, refused) = loop {
            let sent = network.draw().unwrap();
            match network.deliver(&sent) {
                Ok(step) => network.post(sent.to, step, &mut tamper),
                Err(refused) => break (sent, refused),
            }
        };
        assert_eq!(refused.party(), Some(PartyId(1)));
        if sent.from == 1 {
            continue;
        }
        let stopped = network.participants[usize::from(sent.to)].checkpoint();
        let mut again = cohort.participant(&parameters, sent.to);
        again.resume(&stopped).unwrap();
        let body = Message::Link([0; 32]).encode();
        assert_eq!(again.receive(PartyId(sent.from), 0, &body), Err(refused));
        return;
    }
    panic!("no message came early");
}

#[test]
fn strangers_are_refused() {
    let (cohort, parameters) = setup();
    let mut party = cohort.participant(&parameters, 0);
    party.start().unwrap();
    for stranger in [0, 3, u16::MAX] {
        let refused = party.receive(PartyId(stranger), 0, &Message::Link([0; 32]).encode());
        let expected = Fault {
            party: PartyId(stranger),
            reason: Reason::NotParticipant,
        };
        assert_eq!(refused, Err(Refused::Fault(expected)));
    }
}

/// Every message of a training with every kind of damage, to a participant in the state that the
/// message meets. Nothing panics, and who is named is who sent it.
#[test]
fn damaged_messages_never_panic() {
    let (cohort, parameters) = setup();
    let mut network = Network::of(&cohort, &parameters, 9);
    network.start(&mut |_| {});
    let mut drawn = random(77);
    let mut victim = cohort.participant(&parameters, 0);
    while let Some(sent) = network.draw() {
        if sent.to == 0 {
            let stored = network.participants[0].checkpoint();
            for _ in 0..3 {
                let mut body = sent.message.encode();
                let place = drawn.next_u32() as usize % body.len();
                match drawn.next_u32() % 4 {
                    0 => body.truncate(place),
                    1 => body[place] ^= 1 << (drawn.next_u32() % 8),
                    2 => body.extend([0; 3]),
                    _ => body[place..].fill(0xff),
                }
                victim.resume(&stored).unwrap();
                if let Err(Refused::Fault(fault)) =
                    victim.receive(PartyId(sent.from), sent.round, &body)
                {
                    assert_eq!(fault.party, PartyId(sent.from));
                    assert_eq!(victim.checkpoint(), stored);
                }
            }
        }
        let step = network.deliver(&sent).unwrap();
        network.post(sent.to, step, &mut |_| {});
    }
}

#[test]
fn shares_of_different_parties_are_not_joined() {
    let secrets = shares(3);
    let key = secrets[0].key().key();
    let ciphertext = key.encode(&Plaintext::from_le_bytes(key, &[1]).unwrap());
    let of = |party: usize| {
        secrets[party]
            .decrypt(std::slice::from_ref(&ciphertext))
            .unwrap()
    };
    assert_eq!(Share::joined(&[of(0), of(0)]).unwrap().count(), 2);
    assert!(Share::joined(&[of(0), of(1)]).is_err());
    assert!(Share::joined(&[]).is_err());
}
