//! Ciphertexts and what a public key does with them.

use std::fmt;

use crypto_bigint::{BoxedUint, Gcd};
use zeroize::Zeroizing;

use crate::{
    encoding::{Kind, Reader, Writer},
    linear::offset,
    modular::Residue,
    number::{magnitude, magnitude_bits, Int, INT_BITS},
    Error, Plaintext, PublicKey,
};

const CIPHERTEXTS: Kind = Kind {
    magic: *b"salusPCT",
    name: "list of Paillier ciphertexts",
};

/// An encrypted number: a unit modulo N^2.
#[derive(Clone)]
pub struct Ciphertext {
    value: Residue,
    /// First bytes of the key's digest.
    key: [u8; 8],
}

impl fmt::Debug for Ciphertext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ciphertext").finish_non_exhaustive()
    }
}

fn short_id(key: &PublicKey) -> [u8; 8] {
    let mut id = [0; 8];
    for (to, from) in id.iter_mut().zip(key.id()) {
        *to = *from;
    }
    id
}

impl Ciphertext {
    pub(crate) fn new(key: &PublicKey, value: Residue) -> Self {
        Ciphertext {
            value,
            key: short_id(key),
        }
    }

    /// Its residue modulo N^2, if it belongs to this key.
    pub(crate) fn residue(&self, key: &PublicKey) -> Result<&Residue, Error> {
        match self.key == short_id(key) {
            true => Ok(&self.value),
            false => Err(Error::OtherKey("ciphertext")),
        }
    }
}

/// A factor that is not negative, below 2^bits.
fn natural(index: usize, factor: &Int, bits: u32) -> Result<Zeroizing<BoxedUint>, Error> {
    if factor.is_negative().to_bool() || bits >= INT_BITS || magnitude_bits(factor) > bits {
        return Err(Error::Scalar { index, bits });
    }
    Ok(magnitude(factor))
}

/// Residues of a list of ciphertexts.
pub(crate) fn residues<'c>(
    key: &PublicKey,
    ciphertexts: &'c [Ciphertext],
) -> Result<Vec<&'c Residue>, Error> {
    ciphertexts.iter().map(|c| c.residue(key)).collect()
}

impl PublicKey {
    /// m encrypted with mask 1, that is, not hidden at all: for public numbers.
    pub fn encode(&self, plaintext: &Plaintext) -> Ciphertext {
        Ciphertext::new(self, self.square().one_plus(plaintext.value()))
    }

    /// The sum of two encrypted numbers.
    pub fn add(&self, a: &Ciphertext, b: &Ciphertext) -> Result<Ciphertext, Error> {
        let sum = self.square().multiply(a.residue(self)?, b.residue(self)?);
        Ok(Ciphertext::new(self, sum))
    }

    /// The sum of all; of none, 0 in the open.
    pub fn sum(&self, ciphertexts: &[Ciphertext]) -> Result<Ciphertext, Error> {
        let residues = residues(self, ciphertexts)?;
        Ok(Ciphertext::new(self, self.square().product(residues)))
    }

    /// The difference a - b.
    pub fn subtract(&self, a: &Ciphertext, b: &Ciphertext) -> Result<Ciphertext, Error> {
        self.add(a, &self.negate(b)?)
    }

    /// -a. Its time depends on the ciphertext, not on what it hides.
    pub fn negate(&self, a: &Ciphertext) -> Result<Ciphertext, Error> {
        let inverse = self.square().invert_vartime(a.residue(self)?);
        let inverse = inverse.ok_or(Error::Ciphertext(0))?;
        Ok(Ciphertext::new(self, inverse))
    }

    /// The sum with a plain number. The result is as hidden as `a` is.
    pub fn add_plain(&self, a: &Ciphertext, plaintext: &Plaintext) -> Result<Ciphertext, Error> {
        let residue = self.square().one_plus(plaintext.value());
        let sum = self.square().multiply(a.residue(self)?, &residue);
        Ok(Ciphertext::new(self, sum))
    }

    /// factor a, of a factor with |factor| < 2^bits, bits at most 510. The factor stays secret;
    /// the bound does not. Whoever knows `a` can test guesses of a factor unless the result is
    /// re-randomised.
    pub fn scale(&self, a: &Ciphertext, factor: &Int, bits: u32) -> Result<Ciphertext, Error> {
        let exponent = offset(0, factor, bits)?;
        let residue = a.residue(self)?;
        let square = self.square();
        let power = square.power(residue, &exponent, bits + 1);
        let inverse = square.invert_vartime(residue).ok_or(Error::Ciphertext(0))?;
        let correction = square.square_times(&inverse, bits);
        Ok(Ciphertext::new(self, square.multiply(&power, &correction)))
    }

    /// factor a, of a factor that is not negative, |factor| < 2^bits: as [`PublicKey::scale`],
    /// without the inverse that it computes.
    pub fn scale_natural(
        &self,
        a: &Ciphertext,
        factor: &Int,
        bits: u32,
    ) -> Result<Ciphertext, Error> {
        let factor = natural(0, factor, bits)?;
        let power = self.square().power(a.residue(self)?, &factor, bits);
        Ok(Ciphertext::new(self, power))
    }

    /// As [`PublicKey::scale_natural`], a factor for each, eight at a time where the processor can.
    pub fn scale_natural_many(
        &self,
        ciphertexts: &[Ciphertext],
        factors: &[Int],
        bits: u32,
    ) -> Result<Vec<Ciphertext>, Error> {
        if factors.len() != ciphertexts.len() {
            return Err(Error::Count {
                what: "factors",
                got: factors.len(),
                expected: ciphertexts.len(),
            });
        }
        let bases: Vec<Residue> = residues(self, ciphertexts)?.into_iter().cloned().collect();
        let factors = factors.iter().enumerate();
        let factors = factors.map(|(index, factor)| natural(index, factor, bits));
        let factors = factors.collect::<Result<Vec<_>, Error>>()?;
        let exponents: Vec<&BoxedUint> = factors.iter().map(|factor| &**factor).collect();
        let powers = self.square().power_each(&bases, &exponents, bits);
        let scaled = powers.into_iter();
        Ok(scaled.map(|power| Ciphertext::new(self, power)).collect())
    }

    /// 2^bits a.
    pub fn shift(&self, a: &Ciphertext, bits: u32) -> Result<Ciphertext, Error> {
        let power = self.square().square_times(a.residue(self)?, bits);
        Ok(Ciphertext::new(self, power))
    }

    /// As [`PublicKey::shift`], for many, eight at a time where the processor can.
    pub fn shift_many(
        &self,
        ciphertexts: &[Ciphertext],
        bits: u32,
    ) -> Result<Vec<Ciphertext>, Error> {
        let values: Vec<Residue> = residues(self, ciphertexts)?.into_iter().cloned().collect();
        let shifted = self.square().square_times_many(&values, bits).into_iter();
        Ok(shifted.map(|power| Ciphertext::new(self, power)).collect())
    }

    /// Whether both are the same ciphertext; two of one number are not, unless one is a copy.
    pub fn same(&self, a: &Ciphertext, b: &Ciphertext) -> Result<bool, Error> {
        let equal = self.square().equal(a.residue(self)?, b.residue(self)?);
        Ok(equal.to_bool())
    }

    /// Canonical bytes: magic `salusPCT`, version, the key's digest, the count, and the numbers.
    pub fn ciphertexts_to_bytes(&self, ciphertexts: &[Ciphertext]) -> Result<Vec<u8>, Error> {
        let mut writer = Writer::new(&CIPHERTEXTS);
        writer.bytes(self.id());
        writer.count(ciphertexts.len());
        for residue in residues(self, ciphertexts)? {
            writer.number(&self.square().value_of(residue), 2 * self.bits());
        }
        Ok(writer.finish())
    }

    /// Reads canonical bytes. Every number must be a unit modulo N^2 below N^2; the error says
    /// which one is not.
    pub fn ciphertexts_from_bytes(&self, bytes: &[u8]) -> Result<Vec<Ciphertext>, Error> {
        let mut reader = Reader::new(bytes, &CIPHERTEXTS)?;
        if reader.array::<32>()? != *self.id() {
            return Err(Error::OtherKey("list of Paillier ciphertexts"));
        }
        let count = reader.count()?;
        let values = reader.numbers(count, 2 * self.bits())?;
        reader.finish()?;
        let residues = self.units(&values)?;
        Ok(residues
            .into_iter()
            .map(|value| Ciphertext::new(self, value))
            .collect())
    }

    /// Residues of numbers that must be units below N^2, all checked with one greatest common
    /// divisor when they are.
    pub(crate) fn units(&self, values: &[BoxedUint]) -> Result<Vec<Residue>, Error> {
        let square = self.square();
        if let Some(index) = values
            .iter()
            .position(|value| value >= square.value().as_ref())
        {
            return Err(Error::Ciphertext(index));
        }
        let residues: Vec<_> = values.iter().map(|value| square.residue(value)).collect();
        let unit = |value: &BoxedUint| {
            let rest = value.rem_vartime(self.n().as_nz_ref());
            bool::from(self.n().gcd_vartime(&rest).get().is_one())
        };
        if !unit(&square.value_of(&square.product(&residues))) {
            let index = values.iter().position(|value| !unit(value));
            return Err(Error::Ciphertext(index.unwrap_or(0)));
        }
        Ok(residues)
    }
}
