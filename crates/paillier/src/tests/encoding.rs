use num_bigint::BigUint;
use proptest::prelude::*;

use super::*;
use crate::{
    threshold::{Dealer, KeyShare, Setup, Share, ThresholdKey},
    Error,
};

#[test]
fn keys_and_ciphertexts_survive_the_round_trip() {
    for secret in [&SMALL[0], &MEDIUM[1], &LARGE[1]] {
        let key = secret.public();
        let again = PublicKey::from_bytes(&key.to_bytes()).unwrap();
        assert_eq!(&again, key);
        assert_eq!(again.to_bytes(), key.to_bytes());
        let back = SecretKey::from_bytes(&secret.to_bytes()).unwrap();
        assert_eq!(back.to_bytes(), secret.to_bytes());

        let ciphertexts =
            encryptor(key).encrypt_many(&[plain(key, 1), plain(key, -1)], &mut rng(1));
        let bytes = key.ciphertexts_to_bytes(&ciphertexts.unwrap()).unwrap();
        let read = again.ciphertexts_from_bytes(&bytes).unwrap();
        assert_eq!(again.ciphertexts_to_bytes(&read).unwrap(), bytes);
        let opened: Vec<_> = back
            .decrypt_many(&read)
            .unwrap()
            .iter()
            .map(|p| p.to_int(key).unwrap())
            .collect();
        assert_eq!(opened, [Int::from(1i64), Int::from(-1i64)]);
    }
}

#[test]
fn layouts_are_pinned() {
    let key = SMALL[0].public();
    let bytes = key.to_bytes();
    assert_eq!(bytes.len(), 8 + 2 + 4 + 32);
    assert_eq!(&bytes[..14], b"salusPPK\x01\x00\x00\x01\x00\x00");
    assert_eq!(bytes[14..], key.modulus_bytes());
    let bytes = SMALL[0].to_bytes();
    assert_eq!(bytes.len(), 8 + 2 + 4 + 32 + 32);
    assert_eq!(bytes[46..62], hex(P128));
    assert_eq!(bytes[62..], hex(Q128));
    let bytes = key
        .ciphertexts_to_bytes(&[key.encode(&plain(key, 1))])
        .unwrap();
    assert_eq!(&bytes[..10], b"salusPCT\x01\x00");
    assert_eq!(&bytes[10..42], key.id());
    assert_eq!(&bytes[42..46], b"\x01\x00\x00\x00");
    assert_eq!(big(&bytes[46..]), n(key) + 1u8);
}

/// Reads bytes and writes what it read.
type Again = Box<dyn Fn(&[u8]) -> Result<Vec<u8>, Error>>;

/// Every reader of bytes, with what it reads.
fn readers() -> Vec<(Vec<u8>, Again)> {
    let secret = &SMALL[0];
    let key = secret.public().clone();
    let dealer = Dealer::from_primes(&hex(P128), &hex(Q128)).unwrap();
    let (public, shares) = dealer.run(2, 3, &mut rng(8)).unwrap();
    let ciphertexts = vec![public.key().encode(&plain(public.key(), 9)); 2];
    let share = shares[0]
        .decrypt_proved(&ciphertexts, b"", &mut rng(9))
        .unwrap();
    let list =
        key.ciphertexts_to_bytes(&[key.encode(&plain(&key, 3)), key.encode(&plain(&key, 4))]);
    let threshold = public.clone();
    vec![
        (
            key.to_bytes(),
            Box::new(|b: &[u8]| Ok(PublicKey::from_bytes(b)?.to_bytes())),
        ),
        (
            secret.to_bytes().to_vec(),
            Box::new(|b: &[u8]| Ok(SecretKey::from_bytes(b)?.to_bytes().to_vec())),
        ),
        (
            list.unwrap(),
            Box::new(move |b: &[u8]| key.ciphertexts_to_bytes(&key.ciphertexts_from_bytes(b)?)),
        ),
        (
            public.to_bytes(),
            Box::new(|b: &[u8]| Ok(ThresholdKey::from_bytes(b)?.to_bytes())),
        ),
        (
            shares[1].to_bytes().to_vec(),
            Box::new(|b: &[u8]| Ok(KeyShare::from_bytes(b)?.to_bytes().to_vec())),
        ),
        (
            share.to_bytes(&public).unwrap(),
            Box::new(move |b: &[u8]| Share::from_bytes(&threshold, b)?.to_bytes(&threshold)),
        ),
    ]
}

#[test]
fn every_prefix_and_every_addition_is_refused() {
    for (bytes, read) in readers() {
        assert_eq!(read(&bytes).unwrap(), bytes);
        for length in 0..bytes.len() {
            assert!(
                read(&bytes[..length]).is_err(),
                "{length} of {} bytes",
                bytes.len()
            );
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(matches!(read(&longer), Err(Error::Length(_))));
        let mut other = bytes.clone();
        other[0] ^= 1;
        assert!(matches!(read(&other), Err(Error::Magic(_))));
        let mut later = bytes.clone();
        later[8] = 2;
        assert!(matches!(
            read(&later),
            Err(Error::Version { version: 2, .. })
        ));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn changed_bytes_are_refused_or_mean_something_else(places in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 1..20)) {
        for (bytes, read) in readers() {
            for (place, change) in &places {
                let mut changed = bytes.clone();
                changed[place.index(bytes.len())] ^= change;
                // Canonical: what is accepted is written as it was read.
                if let Ok(again) = read(&changed) {
                    prop_assert_eq!(again, changed);
                }
            }
        }
    }
}

#[test]
fn a_count_beyond_the_bytes_takes_no_memory() {
    let key = SMALL[0].public();
    let mut bytes = key.ciphertexts_to_bytes(&[]).unwrap();
    bytes[42..46].copy_from_slice(&[255; 4]);
    assert!(matches!(
        key.ciphertexts_from_bytes(&bytes),
        Err(Error::Length(_))
    ));
}

#[test]
fn what_is_no_unit_is_no_ciphertext() {
    for secret in SMALL.iter() {
        let key = secret.public();
        let (modulus, p) = (n(key), big(&hex(P128)));
        let square = &modulus * &modulus;
        for value in [
            BigUint::from(0u8),
            modulus.clone(),
            p.clone(),
            &square - &p,
            square.clone(),
            &square + 1u8,
        ] {
            assert_eq!(
                try_from_big(key, &value).map(drop),
                Err(Error::Ciphertext(0))
            );
        }
        assert!(try_from_big(key, &(&square - 1u8)).is_ok());
        // In a list, the position is named.
        let good = key.encode(&plain(key, 3));
        let mut bytes = key
            .ciphertexts_to_bytes(&[good.clone(), good.clone(), good])
            .unwrap();
        let start = 46 + 64;
        bytes[start..start + 64].fill(0);
        assert_eq!(
            key.ciphertexts_from_bytes(&bytes).map(drop),
            Err(Error::Ciphertext(1))
        );
    }
}

#[test]
fn a_secret_key_of_another_modulus_is_refused() {
    let mut bytes = SMALL[0].to_bytes().to_vec();
    let other = SecretKey::generate(256, &mut rng(77)).unwrap().to_bytes();
    let length = bytes.len();
    bytes[length - 32..].copy_from_slice(&other[length - 32..]);
    let refused = Error::Key("N is not the product of the factors");
    assert_eq!(SecretKey::from_bytes(&bytes).map(drop), Err(refused));
}
