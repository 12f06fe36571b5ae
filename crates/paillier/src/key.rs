//! Keys.

use std::{fmt, sync::Arc};

use blake2::{digest::consts::U32, Blake2b, Digest};
use crypto_bigint::{BoxedUint, ConcatenatingMul, Gcd, Limb, NonZero, Odd, Resize};
use crypto_primes::{
    hazmat::{SetBits, SmallFactorsSieveFactory},
    sieve_and_find, Flavor,
};
use rand_core::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

use crate::{
    encoding::{Kind, Reader, Writer},
    modular::{Modulus, Residue},
    Ciphertext, Error, Kernel, Plaintext,
};

const PUBLIC: Kind = Kind {
    magic: *b"salusPPK",
    name: "Paillier public key",
};
const SECRET: Kind = Kind {
    magic: *b"salusPSK",
    name: "Paillier secret key",
};

/// Moduli with a prime factor below this are refused.
const SMALL_FACTORS: u64 = 1 << 12;

/// Refuses every length of modulus but the supported ones.
pub(crate) fn check_size(bits: u32) -> Result<(), Error> {
    match bits {
        2048 | 3072 => Ok(()),
        1024 if cfg!(feature = "bench-legacy") => Ok(()),
        1024 => Err(Error::LegacyKeySize),
        // Keys that tests compute with quickly. No other build has them.
        256 | 512 if cfg!(test) => Ok(()),
        _ => Err(Error::KeySize(bits)),
    }
}

/// A Paillier public key: N. The base h, whose N-th power the masks of ciphertexts are powers of, is
/// derived from it, so that nobody can choose a bad one.
#[derive(Clone)]
pub struct PublicKey(Arc<Public>);

struct Public {
    bits: u32,
    n: Odd<BoxedUint>,
    /// (N - 1)/2.
    half: BoxedUint,
    /// h^N mod N^2.
    base: Residue,
    /// Its inverse.
    inverse: Residue,
    square: Modulus,
    id: [u8; 32],
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("bits", &self.0.bits)
            .finish_non_exhaustive()
    }
}

impl PublicKey {
    /// Checks what can be checked without the factors.
    pub(crate) fn new(n: BoxedUint, kernel: Kernel) -> Result<Self, Error> {
        let bits = n.bits();
        check_size(bits)?;
        if n.bits_precision() != bits || n.as_words()[0] & 3 != 1 {
            return Err(Error::Key(
                "N is not 1 modulo 4, as a product of two primes that are 3 is",
            ));
        }
        let small = |factor: &u64| {
            let factor = Limb::from(*factor).to_nz();
            factor
                .into_option()
                .is_some_and(|factor| n.rem_limb(factor) == Limb::ZERO)
        };
        if (3..SMALL_FACTORS).step_by(2).any(|factor| small(&factor)) {
            return Err(Error::Key("N has a small factor"));
        }
        if n.checked_sqrt_vartime().is_some() {
            return Err(Error::Key("N is a square"));
        }
        let n = n.to_odd().into_option().ok_or(Error::Key("N is even"))?;
        let square = Modulus::new(n.clone(), kernel);
        let base = square.power(&square.residue(&base_of(&n)), n.as_ref(), bits);
        let inverse = square.invert_vartime(&base);
        let inverse = inverse.ok_or(Error::Key("N has no base for encryption"))?;
        let mut writer = Writer::new(&PUBLIC);
        writer.count(bits as usize);
        writer.number(&n, bits);
        let id = Blake2b::<U32>::digest(writer.finish()).into();
        Ok(PublicKey(Arc::new(Public {
            bits,
            half: n.shr(1),
            n,
            base,
            inverse,
            square,
            id,
        })))
    }

    /// Bits of N.
    pub fn bits(&self) -> u32 {
        self.0.bits
    }

    /// Digest of the key, which names it.
    pub fn id(&self) -> &[u8; 32] {
        &self.0.id
    }

    /// N, little-endian.
    pub fn modulus_bytes(&self) -> Vec<u8> {
        self.0.n.to_le_bytes().to_vec()
    }

    pub(crate) fn n(&self) -> &Odd<BoxedUint> {
        &self.0.n
    }

    pub(crate) fn half(&self) -> &BoxedUint {
        &self.0.half
    }

    pub(crate) fn base(&self) -> &Residue {
        &self.0.base
    }

    pub(crate) fn base_inverse(&self) -> &Residue {
        &self.0.inverse
    }

    /// Arithmetic modulo N^2.
    pub(crate) fn square(&self) -> &Modulus {
        &self.0.square
    }

    /// Canonical bytes: magic `salusPPK`, version, bits of N, N.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(&PUBLIC);
        self.write(&mut writer);
        writer.finish()
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.count(self.0.bits as usize);
        writer.number(&self.0.n, self.0.bits);
    }

    /// Reads canonical bytes and checks what can be checked without the factors: the length of N,
    /// that it is 1 modulo 4, no square, and without a small factor.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes, &PUBLIC)?;
        let key = Self::read(&mut reader, Kernel::Auto)?;
        reader.finish()?;
        Ok(key)
    }

    pub(crate) fn read(reader: &mut Reader<'_>, kernel: Kernel) -> Result<Self, Error> {
        let bits = u32::try_from(reader.count()?).unwrap_or(u32::MAX);
        check_size(bits)?;
        let n = reader.number(bits)?;
        if n.bits() != bits {
            return Err(Error::Key("N does not have the bits it is said to have"));
        }
        Self::new(n, kernel)
    }
}

/// h = -x^2 mod N of a number x that BLAKE2b draws from N. When p = q = 3 mod 4 it is no square
/// modulo either, and the group that it generates is the largest there is, but for a chance of
/// some 2/p.
fn base_of(n: &Odd<BoxedUint>) -> BoxedUint {
    let bits = n.bits_precision();
    let one = BoxedUint::one_with_precision(bits);
    let bytes = n.to_le_bytes();
    let mut counter = 0u64;
    loop {
        // 128 bits more than N has: the remainder is as good as uniform.
        let wide = bits + 128;
        let mut drawn = Vec::new();
        while drawn.len() < wide as usize / 8 {
            let mut hash = Blake2b::<U32>::new();
            hash.update(b"salus/paillier/base/1");
            hash.update(counter.to_le_bytes());
            hash.update(&bytes);
            drawn.extend(hash.finalize());
            counter += 1;
        }
        let x = BoxedUint::from_le_slice_truncated(&drawn, wide);
        let x = x.rem_vartime(n.as_nz_ref()).resize_unchecked(bits);
        let h = x.square_mod_vartime(n.as_nz_ref()).neg_mod(n.as_nz_ref());
        let unit = bool::from(n.gcd_vartime(&h).get().is_one());
        if unit && h > one && h < n.wrapping_sub(&one) {
            return h;
        }
    }
}

/// A Paillier secret key. Wiped when dropped; never shown by `Debug`.
pub struct SecretKey {
    public: PublicKey,
    p: Factor,
    q: Factor,
    /// 1/p mod q.
    p_inverse: BoxedUint,
}

/// What decryption modulo the square of one factor needs.
struct Factor {
    prime: NonZero<BoxedUint>,
    /// prime - 1.
    order: BoxedUint,
    square: Modulus,
    /// 1/prime mod 2^bits, for exact division.
    inverse: BoxedUint,
    /// 1/L((1 + N)^(prime - 1)) mod prime.
    scale: BoxedUint,
}

impl Drop for Factor {
    fn drop(&mut self) {
        self.prime.zeroize();
        self.order.zeroize();
        self.inverse.zeroize();
        self.scale.zeroize();
    }
}

impl Drop for SecretKey {
    fn drop(&mut self) {
        self.p_inverse.zeroize();
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

impl Factor {
    fn new(prime: &BoxedUint, other: &BoxedUint, kernel: Kernel) -> Result<Self, Error> {
        const WRONG: Error = Error::Key("the factors are not two different odd primes");
        let bits = prime.bits_precision();
        let odd = prime.to_odd().into_option().ok_or(WRONG)?;
        // L((1 + N)^(prime - 1)) is -other.
        let scale = other.rem(odd.as_nz_ref()).neg_mod(odd.as_nz_ref());
        let scale = scale.invert_odd_mod(&odd).into_option().ok_or(WRONG)?;
        let (inverse, _) = prime.invert_mod2k(bits);
        Ok(Factor {
            order: prime.wrapping_sub(BoxedUint::one_with_precision(bits)),
            square: Modulus::new(odd.clone(), kernel),
            inverse,
            scale,
            prime: odd.as_nz_ref().clone(),
        })
    }

    fn bits(&self) -> u32 {
        self.prime.bits_precision()
    }

    /// The plaintext modulo this factor, from c^(prime - 1).
    fn plaintext(&self, power: &Residue) -> Zeroizing<BoxedUint> {
        let power = Zeroizing::new(self.square.value_of(power));
        let one = BoxedUint::one_with_precision(power.bits_precision());
        let difference = Zeroizing::new(power.wrapping_sub(&one).resize_unchecked(self.bits()));
        let quotient = Zeroizing::new(difference.wrapping_mul(&self.inverse));
        Zeroizing::new(quotient.mul_mod(&self.scale, &self.prime))
    }
}

impl SecretKey {
    /// A new key of 2048 or 3072 bits: a second or some.
    pub fn generate(bits: u32, rng: &mut (impl CryptoRng + ?Sized)) -> Result<Self, Error> {
        check_size(bits)?;
        let half = bits / 2;
        loop {
            let p = Zeroizing::new(blum_prime(half, rng)?);
            let q = Zeroizing::new(blum_prime(half, rng)?);
            match Self::from_factors(&p, &q) {
                // One pair in some fails: the orders share a factor besides 2.
                Err(Error::Key(_)) => continue,
                outcome => return outcome,
            }
        }
    }

    /// The key with these prime factors, little-endian. They must be primes of equal length, 3
    /// modulo 4, and p - 1 and q - 1 must have no common factor but 2.
    pub fn from_primes(p: &[u8], q: &[u8]) -> Result<Self, Error> {
        let (p, q) = read_primes(p, q)?;
        Self::from_factors(&p, &q)
    }

    fn from_factors(p: &BoxedUint, q: &BoxedUint) -> Result<Self, Error> {
        check_primes(p, q)?;
        let public = PublicKey::new(p.concatenating_mul(q), Kernel::Auto)?;
        Self::assemble(public, p, q, Kernel::Auto)
    }

    #[cfg(test)]
    pub(crate) fn with_kernel(&self, kernel: Kernel) -> Self {
        let public = PublicKey::new(self.public.n().clone().get(), kernel);
        let (p, q) = (self.p.prime.clone().get(), self.q.prime.clone().get());
        Self::assemble(public.unwrap(), &p, &q, kernel).unwrap()
    }

    fn assemble(
        public: PublicKey,
        p: &BoxedUint,
        q: &BoxedUint,
        kernel: Kernel,
    ) -> Result<Self, Error> {
        let (factor_p, factor_q) = (Factor::new(p, q, kernel)?, Factor::new(q, p, kernel)?);
        let odd = q.to_odd().into_option().ok_or(Error::Key("q is even"))?;
        let p_inverse = p.rem(&factor_q.prime).invert_odd_mod(&odd);
        Ok(SecretKey {
            public,
            p: factor_p,
            q: factor_q,
            p_inverse: p_inverse
                .into_option()
                .ok_or(Error::Key("p and q are equal"))?,
        })
    }

    /// The public key.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The plaintext. Constant time: exponents, tables and the recombination of the two halves
    /// take the same steps whatever the key and the ciphertext are.
    pub fn decrypt(&self, ciphertext: &Ciphertext) -> Result<Plaintext, Error> {
        let [p, q] = self.halves(std::slice::from_ref(ciphertext))?;
        match (p.first(), q.first()) {
            (Some(p), Some(q)) => Ok(self.recombine(p, q)),
            _ => Err(Error::Ciphertext(0)),
        }
    }

    /// As [`SecretKey::decrypt`], eight at a time where the processor can.
    pub fn decrypt_many(&self, ciphertexts: &[Ciphertext]) -> Result<Vec<Plaintext>, Error> {
        let [p, q] = self.halves(ciphertexts)?;
        Ok(p.iter()
            .zip(&q)
            .map(|(p, q)| self.recombine(p, q))
            .collect())
    }

    /// c^(p - 1) mod p^2 and c^(q - 1) mod q^2.
    fn halves(&self, ciphertexts: &[Ciphertext]) -> Result<[Vec<Residue>; 2], Error> {
        let values = ciphertexts
            .iter()
            .map(|ciphertext| {
                Ok(self
                    .public
                    .square()
                    .value_of(ciphertext.residue(&self.public)?))
            })
            .collect::<Result<Vec<_>, Error>>()?;
        Ok([&self.p, &self.q].map(|factor| {
            let residues: Vec<_> = values
                .iter()
                .map(|value| factor.square.residue(value))
                .collect();
            factor
                .square
                .power_many(&residues, &factor.order, factor.bits())
        }))
    }

    /// The Chinese remainder theorem: m_p + p ((m_q - m_p)/p mod q).
    fn recombine(&self, p: &Residue, q: &Residue) -> Plaintext {
        let (low, high) = (self.p.plaintext(p), self.q.plaintext(q));
        let reduced = Zeroizing::new(low.rem(&self.q.prime));
        let difference = Zeroizing::new(high.sub_mod(&reduced, &self.q.prime));
        let quotient = Zeroizing::new(difference.mul_mod(&self.p_inverse, &self.q.prime));
        let multiple = Zeroizing::new(self.p.prime.as_ref().concatenating_mul(&*quotient));
        Plaintext::new(multiple.wrapping_add(&*low))
    }

    /// Canonical bytes: magic `salusPSK`, version, the public key's fields, p, q. Whoever holds
    /// them decrypts.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new(&SECRET);
        self.public.write(&mut writer);
        let half = self.public.bits() / 2;
        writer.number(self.p.prime.as_ref(), half);
        writer.number(self.q.prime.as_ref(), half);
        Zeroizing::new(writer.finish())
    }

    /// Reads canonical bytes, with all checks of [`SecretKey::from_primes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes, &SECRET)?;
        let public = PublicKey::read(&mut reader, Kernel::Auto)?;
        let half = public.bits() / 2;
        let p = Zeroizing::new(reader.number(half)?);
        let q = Zeroizing::new(reader.number(half)?);
        reader.finish()?;
        check_primes(&p, &q)?;
        if p.concatenating_mul(&*q) != *public.n().as_ref() {
            return Err(Error::Key("N is not the product of the factors"));
        }
        Self::assemble(public, &p, &q, Kernel::Auto)
    }
}

/// Two factors of equal length.
pub(crate) fn read_primes(
    p: &[u8],
    q: &[u8],
) -> Result<(Zeroizing<BoxedUint>, Zeroizing<BoxedUint>), Error> {
    let bits = 8 * p.len() as u32;
    check_size(bits.saturating_mul(2))?;
    let read = |bytes| {
        let number = BoxedUint::from_le_slice(bytes, bits).map(Zeroizing::new);
        number.map_err(|_| Error::Key("the factors differ in length"))
    };
    Ok((read(p)?, read(q)?))
}

pub(crate) fn check_primes(p: &BoxedUint, q: &BoxedUint) -> Result<(), Error> {
    let (three, bits) = (3, p.bits_precision());
    if p.bits() != bits || q.bits() != bits || p.concatenating_mul(q).bits() != 2 * bits {
        return Err(Error::Key("N does not have twice the bits of its factors"));
    }
    if p.as_words()[0] & three != three || q.as_words()[0] & three != three {
        return Err(Error::Key("a factor is not 3 modulo 4"));
    }
    if p == q {
        return Err(Error::Key("p and q are equal"));
    }
    for prime in [p, q] {
        if !crypto_primes::is_prime(Flavor::Any, prime) {
            return Err(Error::Key("a factor is not a prime"));
        }
    }
    let half_order = |prime: &BoxedUint| Zeroizing::new(prime.shr(1));
    if !bool::from(half_order(p).gcd(&*half_order(q)).is_one()) {
        return Err(Error::Key("p - 1 and q - 1 have a common factor besides 2"));
    }
    Ok(())
}

/// A prime that is 3 modulo 4, its two highest bits set, so that a product of two has full length.
fn blum_prime(bits: u32, rng: &mut (impl CryptoRng + ?Sized)) -> Result<BoxedUint, Error> {
    find_prime(Flavor::Any, bits, rng, |candidate| {
        candidate.as_words()[0] & 3 == 3 && crypto_primes::is_prime(Flavor::Any, candidate)
    })
}

/// A prime p with (p - 1)/2 prime, its two highest bits set.
pub(crate) fn safe_prime(
    bits: u32,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<BoxedUint, Error> {
    find_prime(Flavor::Safe, bits, rng, |candidate| {
        crypto_primes::is_prime(Flavor::Safe, candidate)
    })
}

/// Sieves small factors out before anything is tested.
fn find_prime<R: CryptoRng + ?Sized>(
    flavor: Flavor,
    bits: u32,
    rng: &mut R,
    wanted: impl Fn(&BoxedUint) -> bool,
) -> Result<BoxedUint, Error> {
    const NONE: Error = Error::Key("no prime of this length was found");
    let sieve = SmallFactorsSieveFactory::new(flavor, bits, SetBits::TwoMsb).map_err(|_| NONE)?;
    let found = sieve_and_find(rng, sieve, |_, candidate| wanted(candidate)).map_err(|_| NONE)?;
    found.ok_or(NONE)
}
