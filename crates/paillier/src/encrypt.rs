//! Encryption with exponents that are shorter than N.

use crypto_bigint::{BoxedUint, RandomBits};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    modular::{FixedBase, Residue},
    Ciphertext, Error, Plaintext, PublicKey,
};

/// Length of the exponent that masks a ciphertext, and with it what the secrecy rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Exponent {
    /// Half the bits of N: the proven choice, under the decisional composite residuosity
    /// assumption and that such powers of h look like any others.
    #[default]
    Half,
    /// 128 bits more than N has: the mask is then as good as uniform among the powers of h, also for
    /// who has the secret key. For what goes to the owner of the key.
    Full,
    /// 256 bits: a stronger assumption, that powers of h with exponents this short cannot be told
    /// from others. The best known attack on it takes 2^128 steps.
    Bits256,
}

/// Encrypts under one key, with a table of powers of its base: at 2048 bits some 12 MiB for
/// [`Exponent::Half`], 25 MiB for [`Exponent::Full`], 3 MiB for [`Exponent::Bits256`].
pub struct Encryptor {
    key: PublicKey,
    bits: u32,
    table: FixedBase,
}

impl Encryptor {
    /// Computes the table.
    pub fn new(key: &PublicKey, exponent: Exponent) -> Self {
        let bits = match exponent {
            Exponent::Half => key.bits() / 2,
            Exponent::Full => key.bits() + 128,
            Exponent::Bits256 => 256.min(key.bits() / 2),
        };
        Encryptor {
            key: key.clone(),
            bits,
            table: FixedBase::new(key.square(), key.base(), key.base_inverse(), bits),
        }
    }

    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Bits of the exponents.
    pub fn exponent_bits(&self) -> u32 {
        self.bits
    }

    /// Encrypts one number.
    pub fn encrypt(
        &self,
        plaintext: &Plaintext,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Ciphertext, Error> {
        self.key.add_plain(&self.zero(rng)?, plaintext)
    }

    /// Encrypts many numbers, eight at a time where the processor can.
    pub fn encrypt_many(
        &self,
        plaintexts: &[Plaintext],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Vec<Ciphertext>, Error> {
        let zeros = self.zeros(plaintexts.len(), rng)?;
        let pairs = zeros.into_iter().zip(plaintexts);
        pairs
            .map(|(zero, plaintext)| {
                self.key
                    .add_plain(&Ciphertext::new(&self.key, zero), plaintext)
            })
            .collect()
    }

    /// The same number, as a ciphertext that cannot be linked to the one given.
    pub fn rerandomise(
        &self,
        ciphertext: &Ciphertext,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Ciphertext, Error> {
        self.key.add(ciphertext, &self.zero(rng)?)
    }

    /// As [`Encryptor::rerandomise`], for many.
    pub fn rerandomise_many(
        &self,
        ciphertexts: &[Ciphertext],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Vec<Ciphertext>, Error> {
        let zeros = self.zeros(ciphertexts.len(), rng)?;
        let pairs = zeros.into_iter().zip(ciphertexts);
        pairs
            .map(|(zero, ciphertext)| self.key.add(&Ciphertext::new(&self.key, zero), ciphertext))
            .collect()
    }

    /// 0, encrypted.
    pub fn zero(&self, rng: &mut (impl CryptoRng + ?Sized)) -> Result<Ciphertext, Error> {
        let exponent = self.exponent(rng)?;
        let mask = self.table.power(self.key.square(), &exponent);
        Ok(Ciphertext::new(&self.key, mask))
    }

    fn zeros(
        &self,
        count: usize,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Vec<Residue>, Error> {
        let exponents = (0..count)
            .map(|_| self.exponent(rng))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(self.table.power_many(self.key.square(), &exponents))
    }

    fn exponent(&self, rng: &mut (impl CryptoRng + ?Sized)) -> Result<Zeroizing<BoxedUint>, Error> {
        let exponent = BoxedUint::try_random_bits(rng, self.bits);
        let exponent = exponent.map_err(|_| Error::OutOfRange("no random exponent"))?;
        Ok(Zeroizing::new(exponent))
    }
}
