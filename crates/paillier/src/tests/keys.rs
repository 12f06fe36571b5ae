use num_bigint::BigUint;

use super::*;
use crate::Error;

#[test]
fn a_generated_key_works() {
    for bits in [256, 512] {
        let secret = SecretKey::generate(bits, &mut rng(u64::from(bits))).unwrap();
        let key = secret.public();
        assert_eq!(n(key).bits(), u64::from(bits));
        let c = encryptor(key)
            .encrypt(&plain(key, -12345), &mut rng(2))
            .unwrap();
        assert_eq!(
            secret.decrypt(&c).unwrap().to_int(key).unwrap(),
            Int::from(-12345i64)
        );
        let bytes = secret.to_bytes();
        let half = bits as usize / 16;
        for prime in bytes[bytes.len() - 2 * half..].chunks(half) {
            assert_eq!(prime[0] & 3, 3);
            assert_eq!(prime[half - 1] >> 6, 3);
        }
    }
}

#[test]
fn only_supported_lengths_are_keys() {
    assert_eq!(
        SecretKey::generate(4096, &mut rng(1)).unwrap_err(),
        Error::KeySize(4096)
    );
    assert_eq!(
        SecretKey::generate(2047, &mut rng(1)).unwrap_err(),
        Error::KeySize(2047)
    );
    #[cfg(not(feature = "bench-legacy"))]
    {
        let refused = SecretKey::generate(1024, &mut rng(1)).unwrap_err();
        assert_eq!(refused, Error::LegacyKeySize);
        assert!(refused.to_string().contains("factored"));
    }
    let large = LARGE[0].public();
    assert_eq!(large.bits(), 2048);
}

#[test]
fn factors_are_checked() {
    let from = |p: BigUint, q: BigUint| {
        let bytes = |x: BigUint| {
            let mut bytes = x.to_bytes_le();
            bytes.resize(16, 0);
            bytes
        };
        SecretKey::from_primes(&bytes(p), &bytes(q)).map(drop)
    };
    let (p, q) = (big(&hex(P128)), big(&hex(Q128)));
    assert_eq!(from(p.clone(), q.clone()), Ok(()));
    assert_eq!(
        from(p.clone(), p.clone()),
        Err(Error::Key("p and q are equal"))
    );
    assert_eq!(
        from(p.clone(), &q + 4u8),
        Err(Error::Key("a factor is not a prime"))
    );
    assert_eq!(
        from(p.clone(), &q + 2u8),
        Err(Error::Key("a factor is not 3 modulo 4"))
    );
    let short = Err(Error::Key("N does not have twice the bits of its factors"));
    assert_eq!(from(p.clone(), &q >> 1), short);
    let different = SecretKey::from_primes(&hex(P128), &hex(Q256)).map(drop);
    assert_eq!(different, Err(Error::Key("the factors differ in length")));
    // Two primes whose orders are both multiples of 6.
    let prime = |start: BigUint| {
        let mut candidate = start;
        loop {
            let boxed =
                crypto_bigint::BoxedUint::from_le_slice(&candidate.to_bytes_le(), 128).unwrap();
            if crypto_primes::is_prime(crypto_primes::Flavor::Any, &boxed) {
                return candidate;
            }
            candidate += 12u8;
        }
    };
    let start = (BigUint::from(1u8) << 128u32) - (BigUint::from(1u8) << 100u32);
    let start = &start - &start % 12u8 + 7u8;
    let (a, b) = (prime(start.clone()), prime(start + 1_200_000u32));
    let common = Err(Error::Key("p - 1 and q - 1 have a common factor besides 2"));
    assert_eq!(from(a, b), common);
}

#[test]
fn public_keys_are_checked() {
    let key = SMALL[0].public();
    let with = |n: &BigUint| {
        let mut bytes = key.to_bytes()[..14].to_vec();
        let mut number = n.to_bytes_le();
        number.resize(32, 0);
        bytes.extend(number);
        PublicKey::from_bytes(&bytes).map(drop)
    };
    let modulus = n(key);
    assert_eq!(with(&modulus), Ok(()));
    let (p, q) = (big(&hex(P128)), big(&hex(Q128)));
    assert!(matches!(with(&(&modulus + 1u8)), Err(Error::Key(_))));
    assert!(matches!(with(&(&modulus + 2u8)), Err(Error::Key(_))));
    assert_eq!(with(&(&p * &p)), Err(Error::Key("N is a square")));
    let short = Err(Error::Key("N does not have the bits it is said to have"));
    assert_eq!(with(&(&modulus >> 2)), short);
    let mut small = (&q << 128) + 1u8;
    while &small % 1009u32 != BigUint::from(0u8) || &small % 4u8 != BigUint::from(1u8) {
        small += 4u8;
    }
    assert_eq!(with(&small), Err(Error::Key("N has a small factor")));
}

#[test]
fn debug_shows_no_secret() {
    let secret = &SMALL[0];
    let key = secret.public();
    let shown = format!("{secret:?} {key:?} {:?}", key.encode(&plain(key, 4711)));
    assert_eq!(
        shown,
        "SecretKey { public: PublicKey { bits: 256, .. }, .. } PublicKey { bits: 256, .. } Ciphertext { .. }"
    );
}
