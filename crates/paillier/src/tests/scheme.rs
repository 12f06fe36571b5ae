use crypto_bigint::{BoxedUint, RandomBits};
use num_bigint::{BigInt, BigUint};
use proptest::prelude::*;

use super::*;
use crate::Error;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn what_is_encrypted_decrypts(value in any::<i64>(), seed in any::<u64>()) {
        for (secret, p, q) in SMALL.iter().map(|s| (s, P128, Q128)).chain(MEDIUM.iter().map(|s| (s, P256, Q256))) {
            let key = secret.public();
            let c = encryptor(key).encrypt(&plain(key, value.into()), &mut rng(seed)).unwrap();
            prop_assert_eq!(secret.decrypt(&c).unwrap().to_int(key).unwrap(), Int::from(value));
            let slow = slow_decrypt(p, q, &ciphertext(key, &c));
            prop_assert_eq!(slow, modulo(&BigInt::from(value), &n(key)));
        }
    }

    #[test]
    fn operations_on_ciphertexts_are_those_on_numbers(a in any::<i64>(), b in any::<i64>(), k in any::<i64>(), shift in 0u32..40) {
        for secret in SMALL.iter() {
            let key = secret.public();
            let encryptor = encryptor(key);
            let [x, y] = [a, b].map(|v| encryptor.encrypt(&plain(key, v.into()), &mut rng(7)).unwrap());
            let open = |c: &crate::Ciphertext| signed(&secret.decrypt(c).unwrap().to_int(key).unwrap());
            let [a, b, k] = [a, b, k].map(BigInt::from);
            prop_assert_eq!(open(&key.add(&x, &y).unwrap()), &a + &b);
            prop_assert_eq!(open(&key.subtract(&x, &y).unwrap()), &a - &b);
            prop_assert_eq!(open(&key.negate(&x).unwrap()), -&a);
            prop_assert_eq!(open(&key.add_plain(&x, &Plaintext::from_int(key, &int(&b)).unwrap()).unwrap()), &a + &b);
            prop_assert_eq!(open(&key.scale(&x, &int(&k), 64).unwrap()), &a * &k);
            let natural = BigInt::from(k.magnitude().clone());
            prop_assert_eq!(open(&key.scale_natural(&x, &int(&natural), 64).unwrap()), &a * &natural);
            prop_assert_eq!(open(&key.shift(&x, shift).unwrap()), &a << shift);
            // One more than lanes, and a few.
            for count in [9usize, 3, 1] {
                let (many, factors) = (vec![x.clone(); count], vec![int(&natural); count]);
                for scaled in key.scale_natural_many(&many, &factors, 64).unwrap() {
                    prop_assert_eq!(open(&scaled), &a * &natural);
                }
                for shifted in key.shift_many(&many, shift).unwrap() {
                    prop_assert_eq!(open(&shifted), &a << shift);
                }
            }
            prop_assert_eq!(open(&key.sum(&[x.clone(), y.clone(), x.clone()]).unwrap()), &a + &b + &a);
            prop_assert_eq!(open(&encryptor.rerandomise(&x, &mut rng(9)).unwrap()), a.clone());
            prop_assert_eq!(open(&key.encode(&Plaintext::from_int(key, &int(&b)).unwrap())), b);
        }
    }

    #[test]
    fn every_unit_decrypts_as_the_textbook_says(words in prop::collection::vec(any::<u64>(), 8)) {
        for secret in SMALL.iter() {
            let key = secret.public();
            let c = BigUint::from_bytes_le(&words.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<_>>()) % (n(key) * n(key));
            let found = secret.decrypt(&from_big(key, &c)).unwrap();
            prop_assert_eq!(big(&found.to_le_bytes()), slow_decrypt(P128, Q128, &c));
        }
    }
}

#[test]
fn masks_are_powers_of_a_base_that_is_an_nth_residue_and_no_square() {
    for secret in SMALL.iter() {
        let key = secret.public();
        let base = big(&key.square().value_of(key.base()).to_le_bytes());
        let (p, q) = (big(&hex(P128)), big(&hex(Q128)));
        // An N-th residue encrypts 0.
        assert_eq!(slow_decrypt(P128, Q128, &base), BigUint::from(0u8));
        for prime in [&p, &q] {
            let half = (prime - 1u8) / 2u8;
            assert_eq!(base.modpow(&half, prime), prime - 1u8);
        }
        // With safe primes the order is phi, or lacks one of two large primes: it is as long.
        let [p1, q1] = [&p, &q].map(|prime| (prime - 1u8) / 2u8);
        for order in [2u8 * &p1, 2u8 * &q1] {
            assert_ne!(base.modpow(&order, &n(key)), BigUint::from(1u8));
        }
    }
}

#[test]
fn batches_are_what_singles_are() {
    for secret in SMALL.iter().chain(MEDIUM.iter()).chain(LARGE.iter()) {
        let key = secret.public();
        let encryptor = encryptor(key);
        for count in [0, 1, 3, 4, 8, 9, 70] {
            let count = if key.bits() > 1024 {
                count.min(9)
            } else {
                count
            };
            let values: Vec<Int> = (0..count)
                .map(|i| Int::from(i as i64 * 1_000_003 - 5))
                .collect();
            let plaintexts: Vec<_> = values
                .iter()
                .map(|v| Plaintext::from_int(key, v).unwrap())
                .collect();
            let ciphertexts = encryptor.encrypt_many(&plaintexts, &mut rng(3)).unwrap();
            let opened = secret.decrypt_many(&ciphertexts).unwrap();
            let again = encryptor
                .rerandomise_many(&ciphertexts, &mut rng(4))
                .unwrap();
            for (index, value) in values.iter().enumerate() {
                assert_eq!(opened[index].to_int(key).unwrap(), *value);
                assert_eq!(
                    secret
                        .decrypt(&ciphertexts[index])
                        .unwrap()
                        .to_int(key)
                        .unwrap(),
                    *value
                );
                assert_eq!(
                    secret.decrypt(&again[index]).unwrap().to_int(key).unwrap(),
                    *value
                );
                assert!(!key.same(&again[index], &ciphertexts[index]).unwrap());
            }
            assert_eq!(opened.len(), values.len());
        }
    }
}

#[test]
fn kernels_give_the_same_ciphertexts() {
    for pair in [&*SMALL, &*MEDIUM, &*LARGE] {
        for exponent in [Exponent::Half, Exponent::Full, Exponent::Bits256] {
            let bytes = pair.each_ref().map(|secret| {
                let key = secret.public();
                let plaintexts: Vec<_> = (0..6).map(|i| plain(key, i - 3)).collect();
                let ciphertexts =
                    Encryptor::new(key, exponent).encrypt_many(&plaintexts, &mut rng(11));
                key.ciphertexts_to_bytes(&ciphertexts.unwrap()).unwrap()
            });
            assert_eq!(bytes[0], bytes[1]);
        }
    }
}

/// Half as long, the owner of the key could tell from a logarithm which guess of a mask is right.
#[test]
fn full_exponents_are_longer_than_the_group() {
    for secret in SMALL.iter() {
        let key = secret.public();
        let encryptor = Encryptor::new(key, Exponent::Full);
        assert_eq!(encryptor.exponent_bits(), key.bits() + 128);
        let exponent = BoxedUint::try_random_bits(&mut rng(5), key.bits() + 128).unwrap();
        let base = big(&key.square().value_of(key.base()).to_le_bytes());
        let square = n(key).pow(2);
        let mask = encryptor.zero(&mut rng(5)).unwrap();
        let expected = base.modpow(&big(&exponent.to_le_bytes()), &square);
        assert_eq!(ciphertext(key, &mask), expected);
    }
}

#[test]
fn the_range_of_plaintexts_ends_at_half_of_n() {
    for secret in SMALL.iter() {
        let key = secret.public();
        let half = BigInt::from((n(key) - 1u8) / 2u8);
        for value in [half.clone(), -half.clone(), BigInt::from(0)] {
            let plaintext = Plaintext::from_int(key, &int(&value)).unwrap();
            assert_eq!(big(&plaintext.to_le_bytes()), modulo(&value, &n(key)));
            assert_eq!(signed(&plaintext.to_int(key).unwrap()), value);
            assert_eq!(plaintext.is_negative(key), value < BigInt::from(0));
            assert_eq!(plaintext.is_zero(), value == BigInt::from(0));
            let c = encryptor(key).encrypt(&plaintext, &mut rng(1)).unwrap();
            assert_eq!(
                signed(&secret.decrypt(&c).unwrap().to_int(key).unwrap()),
                value
            );
        }
        for value in [
            &half + 1,
            -&half - 1,
            BigInt::from(1) << 511,
            BigInt::from(-1) << 511,
        ] {
            let value = if value == BigInt::from(1) << 511 {
                value - 1
            } else {
                value
            };
            assert!(matches!(
                Plaintext::from_int(key, &int(&value)),
                Err(Error::OutOfRange(_))
            ));
        }
        assert!(matches!(
            Plaintext::from_le_bytes(key, &key.modulus_bytes()),
            Err(Error::OutOfRange(_))
        ));
        let wide = Plaintext::from_le_bytes(LARGE[0].public(), &[255; 200]).unwrap();
        assert!(matches!(
            wide.to_int(LARGE[0].public()),
            Err(Error::OutOfRange(_))
        ));
    }
}

#[test]
fn ciphertexts_of_another_key_are_refused() {
    let (one, other) = (SMALL[0].public(), MEDIUM[0].public());
    let c = encryptor(one).encrypt(&plain(one, 5), &mut rng(1)).unwrap();
    let d = encryptor(other)
        .encrypt(&plain(other, 5), &mut rng(1))
        .unwrap();
    let refused = Err(Error::OtherKey("ciphertext"));
    assert_eq!(other.add(&c, &d).map(drop), refused);
    assert_eq!(other.sum(&[d.clone(), c.clone()]).map(drop), refused);
    assert_eq!(MEDIUM[0].decrypt(&c).map(drop), refused);
    assert_eq!(other.ciphertexts_to_bytes(&[c]).map(drop), refused);
}

#[test]
fn a_factor_beyond_its_bound_is_refused() {
    let key = SMALL[0].public();
    let c = key.encode(&plain(key, 5));
    assert!(key.scale(&c, &Int::from(255i64), 8).is_ok());
    assert!(key.scale(&c, &Int::from(-255i64), 8).is_ok());
    let refused = Error::Scalar { index: 0, bits: 8 };
    assert_eq!(key.scale(&c, &Int::from(-256i64), 8).unwrap_err(), refused);
    assert!(key.scale(&c, &Int::from(1i64), 511).is_err());
    assert!(key.scale_natural(&c, &Int::from(255i64), 8).is_ok());
    for (factor, bits) in [(256i64, 8), (-1, 8), (1, 511)] {
        assert!(key.scale_natural(&c, &Int::from(factor), bits).is_err());
        let (two, factors) = ([c.clone(), c.clone()], [Int::from(1i64), Int::from(factor)]);
        let error = key.scale_natural_many(&two, &factors, bits).unwrap_err();
        let index = usize::from(bits == 8);
        assert_eq!(error, Error::Scalar { index, bits });
    }
}

#[test]
fn masks_that_cancel_leave_the_sum_only() {
    let secret = &MEDIUM[0];
    let key = secret.public();
    let encryptor = encryptor(key);
    // Three parties; each pair draws the same mask from the same source.
    let values = [7i64, -20, 5];
    let mut masked: Vec<Plaintext> = values.iter().map(|v| plain(key, (*v).into())).collect();
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        let draw = || Plaintext::random(key, &mut rng(10 * one as u64 + other as u64));
        masked[one] = masked[one].add(key, &draw());
        masked[other] = masked[other].subtract(key, &draw());
    }
    let encrypted = encryptor.encrypt_many(&masked, &mut rng(1)).unwrap();
    for (c, value) in encrypted.iter().zip(values) {
        let alone = secret.decrypt(c).unwrap();
        assert_ne!(alone.to_int(key).ok(), Some(Int::from(value)));
    }
    let sum = secret.decrypt(&key.sum(&encrypted).unwrap()).unwrap();
    assert_eq!(sum.to_int(key).unwrap(), Int::from(-8i64));
    // The definition: bytes of the source modulo N.
    let mut bytes = vec![0; 64 + 16];
    rand::Rng::fill_bytes(&mut rng(3), &mut bytes);
    let expected = big(&bytes) % n(key);
    assert_eq!(
        big(&Plaintext::random(key, &mut rng(3)).to_le_bytes()),
        expected
    );
}
