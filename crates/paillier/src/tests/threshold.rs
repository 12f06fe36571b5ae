use proptest::prelude::*;

use super::*;
use crate::{
    threshold::{Dealer, KeyShare, Setup, Share, ThresholdKey},
    Ciphertext, Error,
};

fn deal(threshold: u16, parties: u16) -> (ThresholdKey, Vec<KeyShare>) {
    deal_with(P128, Q128, threshold, parties)
}

fn deal_with(p: &str, q: &str, threshold: u16, parties: u16) -> (ThresholdKey, Vec<KeyShare>) {
    let dealer = Dealer::from_primes(&hex(p), &hex(q)).unwrap();
    dealer
        .run(
            threshold,
            parties,
            &mut rng(u64::from(threshold * 100 + parties)),
        )
        .unwrap()
}

fn encrypt(key: &PublicKey, values: &[i64]) -> Vec<Ciphertext> {
    let plaintexts: Vec<_> = values.iter().map(|v| plain(key, (*v).into())).collect();
    encryptor(key)
        .encrypt_many(&plaintexts, &mut rng(3))
        .unwrap()
}

fn ints(key: &PublicKey, plaintexts: &[Plaintext]) -> Vec<Int> {
    plaintexts.iter().map(|p| p.to_int(key).unwrap()).collect()
}

#[test]
fn any_t_parties_open_and_fewer_do_not() {
    for (t, n) in [(1, 1), (1, 3), (2, 2), (2, 3), (3, 3), (3, 5), (5, 5)] {
        let (public, secrets) = deal(t, n);
        let key = public.key();
        let values = [0, 1, -1, i64::MAX, i64::MIN];
        let ciphertexts = encrypt(key, &values);
        let expected: Vec<Int> = values.map(Int::from).to_vec();
        let shares: Vec<Share> = secrets
            .iter()
            .map(|s| s.decrypt(&ciphertexts).unwrap())
            .collect();
        // All sets of t parties, in every rotation.
        for set in 0u32..1 << n {
            let mut chosen: Vec<Share> = (0..n)
                .filter(|i| set >> i & 1 == 1)
                .map(|i| shares[usize::from(i)].clone())
                .collect();
            if chosen.len() != usize::from(t) {
                assert!(matches!(
                    public.open_unproved(&ciphertexts, &chosen),
                    Err(Error::Count { .. })
                ));
                continue;
            }
            let turn = set as usize % chosen.len();
            chosen.rotate_left(turn);
            assert_eq!(
                ints(key, &public.open_unproved(&ciphertexts, &chosen).unwrap()),
                expected
            );
        }
    }
}

#[test]
fn fewer_shares_than_t_interpolate_to_nothing() {
    // Two parties of a key of three who pretend that it is one of two.
    let (public, secrets) = deal(3, 3);
    let ciphertexts = encrypt(public.key(), &[42]);
    let shares: Vec<Share> = secrets
        .iter()
        .take(2)
        .map(|s| s.decrypt(&ciphertexts).unwrap())
        .collect();
    let mut bytes = public.to_bytes();
    let place = 8 + 2 + 4 + 32;
    assert_eq!(bytes[place], 3);
    bytes[place] = 2;
    let pretended = ThresholdKey::from_bytes(&bytes).unwrap();
    assert_eq!(
        pretended.open_unproved(&ciphertexts, &shares).map(drop),
        Err(Error::SharesDisagree(0))
    );
}

#[test]
fn many_parties() {
    let (public, secrets) = deal(20, 32);
    let ciphertexts = encrypt(public.key(), &[-77]);
    let shares: Vec<Share> = secrets
        .iter()
        .rev()
        .take(20)
        .map(|s| s.decrypt(&ciphertexts).unwrap())
        .collect();
    let opened = public.open_unproved(&ciphertexts, &shares).unwrap();
    assert_eq!(ints(public.key(), &opened), [Int::from(-77i64)]);
}

#[test]
fn a_wrong_share_is_found_and_its_owner_named() {
    let (public, secrets) = deal(2, 4);
    let key = public.key();
    let ciphertexts = encrypt(key, &[5, -6, 7]);
    let other = encrypt(key, &[5, -7, 7]);
    let prove = |index: usize, ciphertexts: &[Ciphertext], context: &[u8]| {
        secrets[index]
            .decrypt_proved(ciphertexts, context, &mut rng(index as u64))
            .unwrap()
    };
    let right: Vec<Share> = (0..4).map(|i| prove(i, &ciphertexts, b"round 1")).collect();
    let expected: Vec<Int> = [5i64, -6, 7].map(Int::from).to_vec();
    let opened = public.open(&ciphertexts, b"round 1", &right).unwrap();
    assert_eq!(
        (ints(key, &opened.plaintexts), opened.wrong),
        (expected.clone(), vec![])
    );

    // Shares of another batch, of another round, without a proof, and with one value replaced.
    let replaced = {
        let mut bytes = right[1].to_bytes(&public).unwrap();
        let first = 8 + 2 + 32 + 2 + 4;
        let value = key.ciphertexts_to_bytes(&other[1..2]).unwrap();
        bytes[first + 64..first + 128].copy_from_slice(&value[46..]);
        Share::from_bytes(&public, &bytes).unwrap()
    };
    for wrong in [
        prove(1, &other, b"round 1"),
        prove(1, &ciphertexts[..2], b"round 1"),
        prove(1, &ciphertexts, b"round 2"),
        secrets[1].decrypt(&ciphertexts).unwrap(),
        replaced,
    ] {
        assert!(!wrong.verify(&public, &ciphertexts, b"round 1").unwrap());
        let mut shares = right.clone();
        shares[1] = wrong.clone();
        let opened = public.open(&ciphertexts, b"round 1", &shares).unwrap();
        assert_eq!(
            (ints(key, &opened.plaintexts), opened.wrong),
            (expected.clone(), vec![2])
        );
        // With too few right ones nothing opens, and the owner is named all the same.
        let few = Error::TooFewShares {
            needed: 2,
            right: 1,
            wrong: vec![2],
        };
        assert_eq!(
            public
                .open(&ciphertexts, b"round 1", &shares[..2])
                .map(drop),
            Err(few)
        );
    }
    // Without proofs a share of something else is found, but not whose it is.
    let else_where = vec![encryptor(key).zero(&mut rng(4)).unwrap(); 3];
    let mut shares = vec![right[0].clone(), secrets[1].decrypt(&else_where).unwrap()];
    assert_eq!(
        public.open_unproved(&ciphertexts, &shares).map(drop),
        Err(Error::SharesDisagree(0))
    );
    // Nobody counts twice, and nobody speaks for somebody else.
    shares[1] = right[0].clone();
    assert_eq!(
        public.open(&ciphertexts, b"round 1", &shares).map(drop),
        Err(Error::Party(1))
    );
    let mut bytes = right[0].to_bytes(&public).unwrap();
    bytes[42] = 3;
    let stolen = Share::from_bytes(&public, &bytes).unwrap();
    assert!(!stolen.verify(&public, &ciphertexts, b"round 1").unwrap());
    bytes[42] = 5;
    assert_eq!(
        Share::from_bytes(&public, &bytes).map(drop),
        Err(Error::Party(5))
    );
}

#[test]
fn a_share_that_moves_the_plaintext_is_seen_by_its_proof_only() {
    let (public, secrets) = deal(2, 2);
    let key = public.key();
    let ciphertexts = encrypt(key, &[1000]);
    let shares: Vec<Share> = secrets
        .iter()
        .map(|s| s.decrypt_proved(&ciphertexts, b"", &mut rng(5)).unwrap())
        .collect();
    // The share times 1 + N: whatever it opens to, it opens.
    let mut bytes = shares[0].to_bytes(&public).unwrap();
    let (first, modulus) = (8 + 2 + 32 + 2 + 4, n(key));
    let moved = big(&bytes[first..first + 64]) * (&modulus + 1u8) % (&modulus * &modulus);
    let mut moved = moved.to_bytes_le();
    moved.resize(64, 0);
    bytes[first..first + 64].copy_from_slice(&moved);
    let moved = Share::from_bytes(&public, &bytes).unwrap();
    let both = [moved, shares[1].clone()];
    let opened = public.open_unproved(&ciphertexts, &both).unwrap();
    assert_ne!(ints_or_none(key, &opened), [Some(Int::from(1000i64))]);
    let few = Error::TooFewShares {
        needed: 2,
        right: 1,
        wrong: vec![1],
    };
    assert_eq!(public.open(&ciphertexts, b"", &both).map(drop), Err(few));
}

fn ints_or_none(key: &PublicKey, plaintexts: &[Plaintext]) -> Vec<Option<Int>> {
    plaintexts.iter().map(|p| p.to_int(key).ok()).collect()
}

#[test]
fn the_sign_of_a_share_is_its_owners() {
    // -c_i has the same square as c_i, so the proof holds for it; the plaintext is the same too.
    let (public, secrets) = deal(2, 2);
    let key = public.key();
    let ciphertexts = encrypt(key, &[1234]);
    let shares: Vec<Share> = secrets
        .iter()
        .map(|s| s.decrypt_proved(&ciphertexts, b"", &mut rng(5)).unwrap())
        .collect();
    let mut bytes = shares[0].to_bytes(&public).unwrap();
    let first = 8 + 2 + 32 + 2 + 4;
    let square = n(key) * n(key);
    let mut negated = (square - big(&bytes[first..first + 64])).to_bytes_le();
    negated.resize(64, 0);
    bytes[first..first + 64].copy_from_slice(&negated);
    let negated = Share::from_bytes(&public, &bytes).unwrap();
    // The proof is bound to the value all the same.
    assert!(!negated.verify(&public, &ciphertexts, b"").unwrap());
    let opened = public
        .open_unproved(&ciphertexts, &[negated, shares[1].clone()])
        .unwrap();
    assert_eq!(ints(key, &opened), [Int::from(1234i64)]);
}

#[test]
fn proofs_differ_and_each_bit_counts() {
    let (public, secrets) = deal(1, 2);
    let ciphertexts = encrypt(public.key(), &[1, 2]);
    let [a, b] = [1, 2].map(|seed| {
        secrets[0]
            .decrypt_proved(&ciphertexts, b"", &mut rng(seed))
            .unwrap()
            .to_bytes(&public)
            .unwrap()
    });
    assert_ne!(a, b);
    let proof = 8 + 2 + 32 + 2 + 4 + 2 * 64 + 1;
    assert_eq!(a[..proof], b[..proof]);
    for place in (proof..a.len()).step_by(7) {
        let mut changed = a.clone();
        changed[place] ^= 1 << (place % 8);
        let share = Share::from_bytes(&public, &changed).unwrap();
        assert!(
            !share.verify(&public, &ciphertexts, b"").unwrap(),
            "byte {place}"
        );
    }
}

#[test]
fn keys_of_parties_survive_the_round_trip_and_are_checked() {
    let (public, secrets) = deal(2, 3);
    let ciphertexts = encrypt(public.key(), &[99]);
    let again = ThresholdKey::from_bytes(&public.to_bytes()).unwrap();
    let shares: Vec<Share> = secrets
        .iter()
        .skip(1)
        .map(|secret| {
            let secret = KeyShare::from_bytes(&secret.to_bytes()).unwrap();
            let share = secret
                .decrypt_proved(&ciphertexts, b"x", &mut rng(1))
                .unwrap();
            Share::from_bytes(&again, &share.to_bytes(&again).unwrap()).unwrap()
        })
        .collect();
    let opened = again.open(&ciphertexts, b"x", &shares).unwrap();
    assert_eq!(ints(again.key(), &opened.plaintexts), [Int::from(99i64)]);
    // Another party's number on a secret.
    let mut bytes = secrets[0].to_bytes().to_vec();
    let place = public.to_bytes().len();
    assert_eq!(bytes[place], 1);
    bytes[place] = 2;
    let refused = Error::Key("the secret is not the one of its party");
    assert_eq!(KeyShare::from_bytes(&bytes).map(drop), Err(refused));
}

#[test]
fn impossible_thresholds_and_unsafe_primes_are_refused() {
    for (t, n) in [(0, 3), (4, 3), (0, 0), (1, 33)] {
        let dealer = Dealer::from_primes(&hex(P128), &hex(Q128)).unwrap();
        let refused = Error::Threshold {
            threshold: t,
            parties: n,
        };
        assert_eq!(dealer.run(t, n, &mut rng(1)).map(drop), Err(refused));
    }
    let secret = SecretKey::generate(256, &mut rng(5)).unwrap().to_bytes();
    let (p, q) = secret[secret.len() - 32..].split_at(16);
    let refused = Error::Key("a factor is not a safe prime");
    assert_eq!(Dealer::from_primes(p, q).map(drop), Err(refused));
    assert!(Dealer::new(256, &mut rng(6)).is_ok());
}

#[test]
fn a_share_of_another_key_is_refused() {
    let (public, secrets) = deal(1, 1);
    let (other, _) = deal_with(P256, Q256, 1, 1);
    let ciphertexts = encrypt(public.key(), &[1]);
    let share = secrets[0].decrypt(&ciphertexts).unwrap();
    let theirs = encrypt(other.key(), &[1]);
    assert!(matches!(
        other.open_unproved(&theirs, std::slice::from_ref(&share)),
        Err(Error::OtherKey(_))
    ));
    assert!(matches!(share.to_bytes(&other), Err(Error::OtherKey(_))));
    assert!(secrets[0].decrypt(&theirs).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn sums_open_under_the_threshold_key(a in any::<i64>(), b in any::<i64>(), count in 1usize..12) {
        let (public, secrets) = deal(2, 3);
        let key = public.key();
        let ciphertexts = encrypt(key, &[a, b]);
        let sum = vec![key.add(&ciphertexts[0], &ciphertexts[1]).unwrap(); count];
        let shares: Vec<Share> = secrets.iter().take(2).map(|s| s.decrypt_proved(&sum, b"", &mut rng(1)).unwrap()).collect();
        let opened = public.open(&sum, b"", &shares).unwrap();
        prop_assert_eq!(ints(key, &opened.plaintexts), vec![Int::from(i128::from(a) + i128::from(b)); count]);
    }
}

/// Shares of several batches, proved later and together; the proof travels without the values.
#[test]
fn batches_are_joined_and_proved_at_once() {
    let (public, secrets) = deal(2, 2);
    let ciphertexts = encrypt(public.key(), &[5, -6, 7]);
    let secret = &secrets[1];
    let parts = [
        secret.decrypt(&ciphertexts[..2]).unwrap(),
        secret.decrypt(&ciphertexts[2..]).unwrap(),
    ];
    let joined = Share::joined(&parts).unwrap();
    assert_eq!((joined.count(), joined.is_proved()), (3, false));
    let proved = secret
        .prove(joined.clone(), &ciphertexts, b"late", &mut rng(1))
        .unwrap();
    let bytes = proved.proof_only().to_bytes(&public).unwrap();
    let proof = Share::from_bytes(&public, &bytes).unwrap();
    assert_eq!(proof.count(), 0);
    let again = joined.clone().with_proof_of(&proof);
    assert!(again.verify(&public, &ciphertexts, b"late").unwrap());
    assert!(!again.verify(&public, &ciphertexts, b"other").unwrap());
    let mut turned = parts.clone();
    turned.swap(0, 1);
    let turned = Share::joined(&turned).unwrap().with_proof_of(&proof);
    assert!(!turned.verify(&public, &ciphertexts, b"late").unwrap());

    let other = secrets[0].decrypt(&ciphertexts[..1]).unwrap();
    assert!(Share::joined(&[parts[0].clone(), other.clone()]).is_err());
    assert!(Share::joined(&[]).is_err());
    assert!(secret
        .prove(other, &ciphertexts[..1], b"", &mut rng(1))
        .is_err());
    assert!(secret
        .prove(joined, &ciphertexts[..1], b"", &mut rng(1))
        .is_err());
}
