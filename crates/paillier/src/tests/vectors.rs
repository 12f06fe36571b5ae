//! Vectors of the PyPI packages `phe` and `pypaillier`; `vectors/make_vectors.py` makes them.

use num_bigint::{BigInt, BigUint};
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
    sum: String,
    products: Vec<Product>,
}

#[derive(Deserialize)]
struct Case {
    value: String,
    r: Option<String>,
    cipher: String,
}

#[derive(Deserialize)]
struct Product {
    factor: String,
    cipher: String,
}

fn number(text: &str) -> BigUint {
    BigUint::parse_bytes(text.as_bytes(), 16).unwrap()
}

fn decimal(text: &str) -> BigInt {
    text.parse().unwrap()
}

fn check(name: &str, text: &str) {
    let vectors: Vectors = serde_json::from_str(text).unwrap();
    assert!(
        vectors.cases.len() >= 10 && !vectors.products.is_empty(),
        "{name}"
    );
    for secret in LARGE.iter() {
        let key = secret.public();
        let open = |c: &crate::Ciphertext| signed(&secret.decrypt(c).unwrap().to_int(key).unwrap());
        let modulus = n(key);
        let mut ciphertexts = Vec::new();
        for case in &vectors.cases {
            let value = decimal(&case.value);
            let cipher = from_big(key, &number(&case.cipher));
            assert_eq!(open(&cipher), value, "{name}");
            if let Some(r) = &case.r {
                // The textbook's ciphertext: (1 + m N) r^N.
                let square = &modulus * &modulus;
                let plaintext = Plaintext::from_int(key, &int(&value)).unwrap();
                let unmasked = ciphertext(key, &key.encode(&plaintext));
                let textbook = unmasked * number(r).modpow(&modulus, &square) % square;
                assert_eq!(textbook, number(&case.cipher), "{name}");
            }
            ciphertexts.push(cipher);
        }
        // Sums and products are the same ciphertexts, not only the same numbers.
        let sum = key.add(&ciphertexts[5], &ciphertexts[6]).unwrap();
        assert_eq!(ciphertext(key, &sum), number(&vectors.sum), "{name}");
        for product in &vectors.products {
            let factor = decimal(&product.factor);
            let theirs = from_big(key, &number(&product.cipher));
            assert_eq!(
                open(&theirs),
                &factor * decimal(&vectors.cases[5].value),
                "{name}"
            );
            let ours = key.scale(&ciphertexts[5], &int(&factor), 101).unwrap();
            assert!(key.same(&ours, &theirs).unwrap(), "{name}");
        }
    }
}

#[test]
fn phe_agrees() {
    check("phe", include_str!("../../vectors/phe.json"));
}

#[test]
fn pypaillier_agrees() {
    check("pypaillier", include_str!("../../vectors/pypaillier.json"));
}
