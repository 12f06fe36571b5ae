//! Whatever somebody sends, nothing panics, the sender is named, and the training ends as it would
//! have.

use codec::{DecodeAll, Encode};
use rand_core::Rng;
use salus_paillier::{Int, Plaintext};

use super::{
    super::wire::{Order, Report},
    *,
};

/// Runs a training in which `forge` may make another message of each. The forged one goes first:
/// it must be refused with its sender named, or be taken for what it is by a twin of the receiver.
fn attacked(
    terms: &Terms,
    rows: &Rows,
    mut forge: impl FnMut(PartyId, PartyId, u32, &[u8]) -> Option<(u32, Vec<u8>)>,
) -> Vec<Fault> {
    let parts = parts(terms, rows);
    let mut net = net(terms, rows, 21);
    net.start();
    let mut faults = Vec::new();
    while let Some((from, to, round, body)) = net.pick() {
        if net.outcomes.contains_key(&to) {
            continue;
        }
        if let Some((forged_round, forged)) = forge(from, to, round, &body) {
            let before = net.parties[&to].checkpoint();
            let outcome = net
                .parties
                .get_mut(&to)
                .unwrap()
                .receive(from, forged_round, &forged);
            match outcome {
                Err(Refused::Fault(fault)) => {
                    assert_eq!(fault.party, from, "{fault}");
                    assert!(!fault.to_string().is_empty());
                    faults.push(fault);
                    assert_eq!(
                        net.parties[&to].checkpoint(),
                        before,
                        "a refused message changes nothing"
                    );
                }
                // Taken: it goes on from where it was.
                Ok(_) | Err(Refused::Error(_)) => {
                    let mut again = party(terms, to, &parts);
                    again.resume(&before).unwrap();
                    net.parties.insert(to, again);
                }
            }
        }
        net.deliver(from, to, round, &body).unwrap();
    }
    let expected = pooled(terms, rows).unwrap();
    assert_eq!(net.outcomes.len(), terms.providers.len() + 1);
    assert!(net.outcomes.values().all(|outcome| *outcome == expected));
    faults
}

#[test]
fn noise_is_refused_in_every_state() {
    let rows = cloud(90, 3, 4);
    let mut terms = terms(Backend::Masked, Loss::SquaredHinge, 3, 3);
    terms.min_changed = 1;
    terms.svm.iterations = 4;
    let mut random = seed(77).random();
    let mut refused = 0;
    for kind in 0..6 {
        let faults = attacked(&terms, &rows, |_, _, round, body| {
            let place = (random.next_u64() % body.len().max(1) as u64) as usize;
            let mut forged = body.to_vec();
            match kind {
                0 => forged.truncate(place),
                1 => forged[place] ^= 1 << (random.next_u32() % 8),
                2 => forged.push(0),
                3 => random.fill_bytes(&mut forged),
                4 => forged = vec![0xff; place],
                _ => return Some((round.wrapping_add(random.next_u32()), forged)),
            }
            Some((round, forged))
        });
        refused += faults.len();
        assert!(
            kind == 1 || kind == 5 || faults.len() > 50,
            "kind {kind}: {}",
            faults.len()
        );
    }
    assert!(refused > 400, "{refused}");
}

#[test]
fn what_came_before_is_refused() {
    let rows = cloud(90, 3, 4);
    let mut terms = terms(Backend::Masked, Loss::SquaredHinge, 3, 3);
    terms.min_changed = 1;
    terms.svm.iterations = 4;
    // Each message twice, and each once more in the place of the next on its link.
    let mut last: BTreeMap<(PartyId, PartyId), (u32, Vec<u8>)> = BTreeMap::new();
    let mut models = 0;
    let faults = attacked(&terms, &rows, |from, to, round, body| {
        let before = last.insert((from, to), (round, body.to_vec()));
        if let Some(Ok(Order::Query { .. })) = before
            .as_ref()
            .filter(|_| from.0 == 0)
            .map(|(_, b)| Order::decode_all(&mut &b[..]))
        {
            models += 1;
        }
        before
    });
    assert!(
        models >= 9 && faults.len() > 40,
        "{models} {}",
        faults.len()
    );
    // A model of an earlier round in a later one.
    let mut first = None;
    let faults = attacked(&terms, &rows, |from, _, round, body| {
        let Ok(Order::Query { .. }) = Order::decode_all(&mut &body[..]) else {
            return None;
        };
        if from.0 != 0 {
            return None;
        }
        let earlier = first.get_or_insert((round, body.to_vec())).clone();
        (earlier.0 < round).then_some(earlier)
    });
    assert!(faults.len() >= 6);
    assert!(
        faults
            .iter()
            .all(|fault| matches!(fault.reason, Reason::Round { .. } | Reason::Unexpected(_))),
        "{faults:?}"
    );
}

/// Ciphertexts that are none, and one that does not keep to the bound of its slots.
#[test]
fn bad_ciphertexts_name_their_sender() {
    for backend in [Backend::SecureSvm, Backend::PackedNewton] {
        let rows = cloud(90, 3, 4);
        let mut terms = terms(backend, Loss::SquaredHinge, 3, 2);
        terms.svm.iterations = 3;
        terms.min_changed = 1;
        let secret = secret_key(&terms, &seed(1000)).unwrap();
        let key = secret.public().clone();
        let width = 2 * terms.key_bits as usize / 8;
        // Magic, version, digest and count, then numbers.
        let head = 8 + 2 + 32 + 4;
        let bad = |bytes: &[u8], kind: usize| -> Vec<u8> {
            let mut bytes = bytes.to_vec();
            let number = &mut bytes[head..head + width];
            match kind {
                0 => number.fill(0),
                1 => number.fill(0xff),
                2 => {
                    // N shares a factor with N.
                    number.fill(0);
                    let n = key.modulus_bytes();
                    number[..n.len()].copy_from_slice(&n);
                }
                3 => bytes.truncate(head + width / 2),
                _ => bytes[9 + 2] ^= 1,
            }
            bytes
        };
        for kind in 0..5 {
            let faults = attacked(&terms, &rows, |from, _, round, body| {
                let forged = if from.0 == 0 {
                    match Order::decode_all(&mut &body[..]).ok()? {
                        Order::Query { epoch, model } if backend == Backend::SecureSvm => {
                            Order::Query {
                                epoch,
                                model: bad(&model, kind),
                            }
                            .encode()
                        }
                        _ => return None,
                    }
                } else {
                    match Report::decode_all(&mut &body[..]).ok()? {
                        Report::Compare { epoch, ciphertexts } => Report::Compare {
                            epoch,
                            ciphertexts: bad(&ciphertexts, kind),
                        }
                        .encode(),
                        Report::Sums {
                            epoch,
                            slot,
                            blinded,
                        } if backend == Backend::PackedNewton && slot > 0 => Report::Sums {
                            epoch,
                            slot,
                            blinded: bad(&blinded, kind),
                        }
                        .encode(),
                        _ => return None,
                    }
                };
                Some((round, forged))
            });
            assert!(faults.len() >= 4, "{backend} {kind}: {}", faults.len());
            assert!(
                faults
                    .iter()
                    .all(|fault| matches!(fault.reason, Reason::Crypto(_))),
                "{backend} {kind}: {faults:?}"
            );
        }
    }
}

#[test]
fn overflowing_slots_name_their_sender() {
    let rows = cloud(90, 3, 4);
    let mut terms = terms(Backend::SecureSvm, Loss::SquaredHinge, 3, 2);
    terms.svm.iterations = 2;
    terms.min_changed = 1;
    let secret = secret_key(&terms, &seed(1000)).unwrap();
    let key = secret.public().clone();
    for plain in [
        // Too large for its slot by one bit, and as large as a number can be.
        Plaintext::from_int(&key, &Int::from(1i128).wrapping_shl(terms.slot_bits() - 1)).unwrap(),
        Plaintext::from_int(&key, &Int::from(1i128))
            .unwrap()
            .subtract(&key, &Plaintext::from_int(&key, &Int::from(2i128)).unwrap()),
    ]
    .into_iter()
    .enumerate()
    .map(|(kind, plain)| match kind {
        0 => plain,
        // 1 - 2 is a number that fits: shifted up to the top it does not.
        _ => secret
            .decrypt(&key.shift(&key.encode(&plain), terms.key_bits - 3).unwrap())
            .unwrap(),
    }) {
        let forged = key.ciphertexts_to_bytes(&[key.encode(&plain)]).unwrap();
        let faults = attacked(&terms, &rows, |_, to, round, body| {
            match (to.0, Report::decode_all(&mut &body[..]).ok()?) {
                (0, Report::Compare { epoch, .. }) => Some((
                    round,
                    Report::Compare {
                        epoch,
                        ciphertexts: forged.clone(),
                    }
                    .encode(),
                )),
                _ => None,
            }
        });
        assert!(faults.len() >= 2);
        assert!(
            faults.iter().all(|fault| matches!(
                fault.reason,
                Reason::Crypto(salus_paillier::Error::SlotValue(_))
            )),
            "{faults:?}"
        );
    }
}

#[test]
fn wrong_shares_name_their_sender() {
    let rows = cloud(90, 3, 4);
    let mut terms = terms(Backend::Masked, Loss::SquaredHinge, 3, 3);
    terms.svm.iterations = 3;
    terms.min_changed = 1;
    let faults = attacked(&terms, &rows, |_, to, round, body| {
        match (to.0, Report::decode_all(&mut &body[..]).ok()?) {
            (
                0,
                Report::Shares {
                    epoch,
                    slot,
                    mut shares,
                },
            ) => {
                shares[1][3] ^= 4;
                Some((
                    round,
                    Report::Shares {
                        epoch,
                        slot,
                        shares,
                    }
                    .encode(),
                ))
            }
            _ => None,
        }
    });
    assert!(faults.len() >= 4);
    assert!(
        faults
            .iter()
            .all(|fault| fault.reason == Reason::Proof("share")),
        "{faults:?}"
    );
    // A deal whose sealed share is not the one of its digests: its last bytes are sealed shares.
    let faults = attacked(&terms, &rows, |from, to, round, body| {
        let report = if from.0 > 0 {
            Report::decode_all(&mut &body[..]).ok()?
        } else {
            return None;
        };
        let mut forged = body.to_vec();
        match report {
            Report::Deal { .. } if to.0 > 0 => {
                let last = forged.len()
                    - 1040
                        * (if to.0 == 3 || (to.0 == 2 && from.0 == 3) {
                            1
                        } else {
                            2
                        })
                    + 700;
                forged[last] ^= 1;
                Some((round, forged))
            }
            _ => None,
        }
    });
    assert!(
        faults
            .iter()
            .any(|fault| fault.reason == Reason::Proof("share")),
        "{faults:?}"
    );
}

#[test]
fn bad_keys_and_terms_are_refused() {
    let rows = cloud(90, 3, 4);
    let terms = terms(Backend::Masked, Loss::SquaredHinge, 3, 2);
    let faults = attacked(&terms, &rows, |from, _, round, body| {
        if from.0 == 0 {
            return match Order::decode_all(&mut &body[..]).ok()? {
                Order::Setup { mut terms, setup } => {
                    terms[0] ^= 1;
                    Some((round, Order::Setup { terms, setup }.encode()))
                }
                _ => None,
            };
        }
        match Report::decode_all(&mut &body[..]).ok()? {
            // A point of small order: the secret would be known to all.
            Report::Key(_) => Some((round, Report::Key([0; 32]).encode())),
            _ => None,
        }
    });
    assert!(faults
        .iter()
        .any(|fault| fault.reason == Reason::Proof("digest of the terms")));
    assert!(faults
        .iter()
        .any(|fault| fault.reason == Reason::OutOfRange("public key")));
    let newton = super::terms(Backend::PackedNewton, Loss::SquaredHinge, 3, 2);
    let faults = attacked(&newton, &rows, |from, _, round, body| {
        match (from.0, Order::decode_all(&mut &body[..]).ok()?) {
            (0, Order::Setup { terms, mut setup }) => {
                // An even N.
                setup[14] ^= 1;
                Some((round, Order::Setup { terms, setup }.encode()))
            }
            _ => None,
        }
    });
    assert!(
        faults.len() >= 2
            && faults
                .iter()
                .all(|fault| matches!(fault.reason, Reason::Crypto(_))),
        "{faults:?}"
    );
}

/// An analyst cannot have a round again by asking for new masks.
#[test]
fn deals_are_not_at_will() {
    let rows = cloud(90, 3, 4);
    let mut terms = terms(Backend::Masked, Loss::Hinge, 3, 3);
    terms.min_changed = 1;
    // More releases than one deal is for.
    terms.svm.iterations = 40;
    let mut deals = 0;
    let faults = attacked(&terms, &rows, |from, _, round, body| {
        if from.0 != 0 {
            return None;
        }
        match Order::decode_all(&mut &body[..]).ok()? {
            Order::Deal { .. } => {
                deals += 1;
                None
            }
            Order::Query { epoch, .. } => {
                let members = terms.providers.clone();
                Some((
                    round,
                    Order::Deal {
                        epoch: epoch + 1,
                        members,
                    }
                    .encode(),
                ))
            }
            _ => None,
        }
    });
    assert!(deals >= 6, "{deals}");
    assert!(faults.len() > 30);
    assert!(
        faults
            .iter()
            .all(|fault| fault.reason == Reason::Unexpected("deal of shares")),
        "{faults:?}"
    );
}

/// Terms that do not fit together say what is wrong.
#[test]
fn terms_are_checked() {
    let good = terms(Backend::SecureSvm, Loss::Hinge, 3, 3);
    good.validate().unwrap();
    type Change = fn(&mut Terms);
    let changes: [(Change, &str); 13] = [
        (|t| t.providers.clear(), "1 to 32 providers"),
        (|t| t.providers = vec![PartyId(0)], "1 to 32 providers"),
        (|t| t.providers = vec![PartyId(2), PartyId(1)], "ascending"),
        (|t| t.min_providers = 1, "fewest providers"),
        (|t| t.min_providers = 4, "fewest providers"),
        (|t| t.columns = 0, "columns"),
        (|t| t.svm.batch = 3, "batch"),
        (|t| t.svm.scaling = Scaling::MinMax, "z-score"),
        (|t| t.backend = Backend::PackedNewton, "squared hinge"),
        (|t| t.max_rows = 1 << 30, "2^24"),
        (|t| t.min_changed = 0, "K must"),
        (|t| t.mask_bits = 65, "64 octaves"),
        (|t| t.backend = Backend::Batch, "same patients"),
    ];
    for (change, words) in changes {
        let mut terms = good.clone();
        change(&mut terms);
        let error = terms.validate().unwrap_err().to_string();
        assert!(error.contains(words), "{error}: {words}");
    }
    let mut short = good.clone();
    short.key_bits = 1024;
    assert_eq!(short.validate().is_ok(), cfg!(feature = "bench-legacy"));
    // A provider with fewer rows than K, or more than its part, or other columns.
    let provider = |rows: Rows, terms: &Terms| {
        Provider::new(terms.clone(), PartyId(1), rows, seed(1))
            .err()
            .map(|e| e.to_string())
    };
    assert!(provider(cloud(9, 3, 1), &good)
        .unwrap()
        .contains("fewer than K"));
    assert!(provider(cloud(1400, 3, 1), &good)
        .unwrap()
        .contains("more than the 1365"));
    assert!(provider(cloud(30, 4, 1), &good)
        .unwrap()
        .contains("4 columns"));
    assert!(Provider::new(good.clone(), PartyId(9), cloud(30, 3, 1), seed(1)).is_err());
    let mut large = cloud(30, 3, 1);
    large.values[[0, 0]] = 2e6;
    assert!(provider(large, &good).unwrap().contains("2^20"));
    let mut unscaled = good.clone();
    unscaled.svm.scaling = Scaling::None;
    let mut large = cloud(30, 3, 1);
    large.values.fill(33.0);
    assert!(provider(large, &unscaled).unwrap().contains("wider range"));
}

/// What is said of a session before it begins, and how long it will take.
#[test]
fn leaks_and_time_are_told() {
    for backend in BACKENDS {
        let loss = Loss::SquaredHinge;
        let mut terms = terms(backend, loss, 4, 3);
        terms.svm.iterations = 10;
        terms.key_bits = legacy_or_least();
        let leaks = terms.leaks().unwrap();
        assert!(leaks.len() >= 5 && leaks.iter().all(|leak| !leak.what.is_empty()));
        let model = leaks.iter().any(|leak| {
            leak.to.contains("provider") && leak.what.contains("the model of every round")
        });
        assert_eq!(model, backend != Backend::SecureSvm);
        terms.min_changed = 1;
        assert_eq!(terms.leaks().unwrap().len(), leaks.len() + 1);
        let (short, mut longer) = (estimate(&terms, 200).unwrap(), terms.clone());
        assert!(short.provider.as_nanos() > 0 && short.analyst.as_nanos() > 0 && short.bytes > 0);
        longer.svm.iterations = 1000;
        let long = estimate(&longer, 200).unwrap();
        assert!(
            long.provider > short.provider && long.bytes > 10 * short.bytes,
            "{short:?} {long:?}"
        );
    }
}
