//! Tests against a slow model over `num-bigint`, with small keys that only this module can make.

mod encoding;
mod keys;
mod linear;
mod modular;
mod number;
mod packing;
mod scheme;
mod threshold;
mod vectors;

use std::sync::LazyLock;

use num_bigint::{BigInt, BigUint, Sign};
use rand::{rngs::StdRng, SeedableRng};

use crate::{Encryptor, Exponent, Int, Kernel, Plaintext, PublicKey, SecretKey};

/// Safe primes, which are 3 modulo 4 as well.
const P128: &str = "f8a1abcc34d22d8e9b49f3f878db60cf";
const Q128: &str = "d710cf524f5886b4f52f8c86cac83b47";
const P256: &str = "fd72445399d4e3fe94290ed5d5fe3413194b32cccd9d566c0a257a2622104233";
const Q256: &str = "c79d67928da958f4b872056712c7b8dd0a69e8ae71a091d81e21338d87c44377";
const P1024: &str = "c0031ad645db270e9580699ee3669c8fc9c555fa62012c493c470f4a9639de7227cfac23a2c76ec95c2eb0953db38c43bd2ff5e1e2f95059b905e4a4d22393bb4dc8cca78cec2ed44e4a2b9bee98702ca4b2bb5e93f7586ca5476302094fe00ea77c8e43eb73c3eb59b58c2b7841ec4c92457399e8d35df1edcfa0f1cab8dde7";
const Q1024: &str = "e9726010674137f3e6e40fc7c1e5f1d21b5759a119e9583071d5f195c1793546c31d85b390e1688d8a1f361f9ea7964acaa4171e3b55ee0483c1f1e5c0ba97a13853199206b663c850408d53d83fd4fe6c21c8a201ad00919895310a6fe4aab6c7e80cd1dadec858ceb530f37e3488f0f1c20153236ef5eaeddcf0ed4537df6b";

/// Both kernels, where there are two.
const KERNELS: [Kernel; 2] = [Kernel::Portable, Kernel::Ifma];

fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// Hexadecimal, to little-endian bytes.
fn hex(text: &str) -> Vec<u8> {
    let mut bytes = hex::decode(text).unwrap();
    bytes.reverse();
    bytes
}

fn secret(p: &str, q: &str) -> SecretKey {
    SecretKey::from_primes(&hex(p), &hex(q)).unwrap()
}

/// A key of 256 bits, with each kernel.
static SMALL: LazyLock<[SecretKey; 2]> =
    LazyLock::new(|| KERNELS.map(|kernel| secret(P128, Q128).with_kernel(kernel)));
/// A key of 512 bits, with each kernel.
static MEDIUM: LazyLock<[SecretKey; 2]> =
    LazyLock::new(|| KERNELS.map(|kernel| secret(P256, Q256).with_kernel(kernel)));
/// A key of 2048 bits, with each kernel.
static LARGE: LazyLock<[SecretKey; 2]> =
    LazyLock::new(|| KERNELS.map(|kernel| secret(P1024, Q1024).with_kernel(kernel)));

fn big(bytes: &[u8]) -> BigUint {
    BigUint::from_bytes_le(bytes)
}

fn n(key: &PublicKey) -> BigUint {
    big(&key.modulus_bytes())
}

/// The ciphertext as a number.
fn ciphertext(key: &PublicKey, ciphertext: &crate::Ciphertext) -> BigUint {
    let bytes = key
        .ciphertexts_to_bytes(std::slice::from_ref(ciphertext))
        .unwrap();
    big(&bytes[8 + 2 + 32 + 4..])
}

/// The number as a ciphertext, through the checks of the decoder.
fn from_big(key: &PublicKey, value: &BigUint) -> crate::Ciphertext {
    try_from_big(key, value).unwrap()
}

fn try_from_big(key: &PublicKey, value: &BigUint) -> Result<crate::Ciphertext, crate::Error> {
    let mut bytes = key.ciphertexts_to_bytes(&[]).unwrap();
    bytes.truncate(8 + 2 + 32);
    bytes.extend(1u32.to_le_bytes());
    let mut number = value.to_bytes_le();
    number.resize(key.bits() as usize / 4, 0);
    bytes.extend(number);
    Ok(key.ciphertexts_from_bytes(&bytes)?.remove(0))
}

/// The textbook: L(c^phi mod N^2) / phi mod N.
fn slow_decrypt(p: &str, q: &str, c: &BigUint) -> BigUint {
    let (p, q) = (big(&hex(p)), big(&hex(q)));
    let one = BigUint::from(1u8);
    let (n, phi) = (&p * &q, (&p - &one) * (&q - &one));
    let x = c.modpow(&phi, &(&n * &n));
    assert_eq!(&x % &n, one);
    ((x - &one) / &n) * phi.modinv(&n).unwrap() % n
}

fn signed(value: &Int) -> BigInt {
    BigInt::from_signed_bytes_le(
        &value
            .as_words()
            .iter()
            .flat_map(|w| w.to_le_bytes())
            .collect::<Vec<_>>(),
    )
}

fn int(value: &BigInt) -> Int {
    let mut bytes = value.to_signed_bytes_le();
    let fill = if value.sign() == Sign::Minus { 255 } else { 0 };
    bytes.resize(64, fill);
    let words = bytes
        .chunks(8)
        .map(|word| u64::from_le_bytes(word.try_into().unwrap()));
    Int::from_words(words.collect::<Vec<_>>().try_into().unwrap())
}

fn plain(key: &PublicKey, value: i128) -> Plaintext {
    Plaintext::from_int(key, &Int::from(value)).unwrap()
}

fn encryptor(key: &PublicKey) -> Encryptor {
    Encryptor::new(key, Exponent::Half)
}

/// A signed number modulo N.
fn modulo(value: &BigInt, n: &BigUint) -> BigUint {
    let n = BigInt::from(n.clone());
    (((value % &n) + &n) % n).to_biguint().unwrap()
}
