//! Threshold Paillier: t of n parties decrypt together, fewer learn nothing.
//!
//! N = p q of safe primes p = 2 p' + 1, q = 2 q' + 1; m = p' q'. The secret d is 0 mod m and 1 mod
//! N, and is shared by a polynomial of degree t - 1 modulo N m. Party i decrypts c to
//! c^(2 D s_i) mod N^2, D = n!. It proves that it used its s_i by a proof that the logarithms of
//! c_i^2 to base c^4 and of v_i = v^(D s_i) to base v are equal.
//!
//! Ciphertexts are decrypted in batches: a [`Share`] is one party's part of the decryption of all
//! ciphertexts of a batch, and its proof is one for all of them.

mod combine;
mod setup;
mod share;

use std::{fmt, sync::Arc};

use crypto_bigint::{BoxedUint, Gcd};
use zeroize::Zeroizing;

pub use combine::Opened;
pub use setup::{Dealer, Setup};
pub use share::Share;

use crate::{
    encoding::{Kind, Reader, Writer},
    modular::Residue,
    Error, Kernel, PublicKey,
};

/// Most parties of a key.
pub const MAX_PARTIES: u16 = 32;

const PUBLIC: Kind = Kind {
    magic: *b"salusPTK",
    name: "threshold Paillier key",
};
const SECRET: Kind = Kind {
    magic: *b"salusPKS",
    name: "share of a threshold Paillier key",
};

/// The public part of a threshold key: the encryption key, and what shares are verified with.
#[derive(Clone)]
pub struct ThresholdKey(Arc<Public>);

struct Public {
    key: PublicKey,
    threshold: u16,
    /// v, a square.
    base: Residue,
    /// v_i = v^(D s_i).
    verification: Vec<Residue>,
    /// n!
    factorial: BoxedUint,
}

impl fmt::Debug for ThresholdKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThresholdKey")
            .field("key", &self.0.key)
            .field("threshold", &self.0.threshold)
            .field("parties", &self.parties())
            .finish()
    }
}

pub(crate) fn check_parties(threshold: u16, parties: u16) -> Result<(), Error> {
    match (1..=parties).contains(&threshold) && parties <= MAX_PARTIES {
        true => Ok(()),
        false => Err(Error::Threshold { threshold, parties }),
    }
}

impl ThresholdKey {
    fn new(key: PublicKey, threshold: u16, base: Residue, verification: Vec<Residue>) -> Self {
        let factorial = (2..=verification.len() as u64)
            .fold(BoxedUint::one_with_precision(128), |product, factor| {
                product.wrapping_mul(BoxedUint::from(factor))
            });
        ThresholdKey(Arc::new(Public {
            key,
            threshold,
            base,
            verification,
            factorial,
        }))
    }

    /// The key to encrypt under.
    pub fn key(&self) -> &PublicKey {
        &self.0.key
    }

    /// Parties that are needed to decrypt, t.
    pub fn threshold(&self) -> u16 {
        self.0.threshold
    }

    /// Parties that there are, n. They are numbered from 1.
    pub fn parties(&self) -> u16 {
        self.0.verification.len() as u16
    }

    fn base(&self) -> &Residue {
        &self.0.base
    }

    fn factorial(&self) -> &BoxedUint {
        &self.0.factorial
    }

    /// v_i of a party.
    fn verification(&self, party: u16) -> Result<&Residue, Error> {
        let index = usize::from(party).checked_sub(1);
        let key = index.and_then(|index| self.0.verification.get(index));
        key.ok_or(Error::Party(party))
    }

    /// Bits of D s_i, at most: those of N m and of n!.
    fn secret_bits(&self) -> u32 {
        2 * self.key().bits() + self.factorial().bits()
    }

    /// Canonical bytes: magic `salusPTK`, version, the public key's fields, t, n, v, the v_i.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(&PUBLIC);
        self.write(&mut writer);
        writer.finish()
    }

    fn write(&self, writer: &mut Writer) {
        let key = self.key();
        key.write(writer);
        writer.short(self.threshold());
        writer.short(self.parties());
        for residue in std::iter::once(self.base()).chain(&self.0.verification) {
            writer.number(&key.square().value_of(residue), 2 * key.bits());
        }
    }

    /// Reads canonical bytes; v and the v_i must be units modulo N^2.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes, &PUBLIC)?;
        let key = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(key)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let key = PublicKey::read(reader, Kernel::Auto)?;
        let (threshold, parties) = (reader.short()?, reader.short()?);
        check_parties(threshold, parties)?;
        let values = reader.numbers(usize::from(parties) + 1, 2 * key.bits())?;
        let mut units = key
            .units(&values)
            .map_err(|_| Error::Key("v or one of the v_i is no unit modulo N^2"))?
            .into_iter();
        let base = units.next().ok_or(Error::Key("v is missing"))?;
        Ok(Self::new(key, threshold, base, units.collect()))
    }
}

/// One party's secret s_i. Wiped when dropped; never shown by `Debug`.
pub struct KeyShare {
    key: ThresholdKey,
    party: u16,
    secret: Zeroizing<BoxedUint>,
}

impl fmt::Debug for KeyShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyShare")
            .field("key", &self.key)
            .field("party", &self.party)
            .finish_non_exhaustive()
    }
}

impl KeyShare {
    /// The public part.
    pub fn key(&self) -> &ThresholdKey {
        &self.key
    }

    /// Its owner, from 1.
    pub fn party(&self) -> u16 {
        self.party
    }

    /// D s_i.
    fn exponent(&self) -> Zeroizing<BoxedUint> {
        use crypto_bigint::ConcatenatingMul;
        Zeroizing::new(self.secret.concatenating_mul(self.key.factorial()))
    }

    /// Canonical bytes: magic `salusPKS`, version, the fields of the threshold key, i, s_i.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new(&SECRET);
        self.key.write(&mut writer);
        writer.short(self.party);
        writer.number(&self.secret, 2 * self.key.key().bits());
        Zeroizing::new(writer.finish())
    }

    /// Reads canonical bytes, and checks the secret against v_i.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes, &SECRET)?;
        let key = ThresholdKey::read(&mut reader)?;
        let party = reader.short()?;
        let secret = Zeroizing::new(reader.number(2 * key.key().bits())?);
        reader.finish()?;
        let share = KeyShare { key, party, secret };
        let square = share.key.key().square();
        let bits = share.key.secret_bits();
        let power = square.power(share.key.base(), &share.exponent(), bits);
        match square
            .equal(&power, share.key.verification(party)?)
            .to_bool()
        {
            true => Ok(share),
            false => Err(Error::Key("the secret is not the one of its party")),
        }
    }
}

/// Whether a number is prime to N.
fn is_unit(key: &PublicKey, value: &BoxedUint) -> bool {
    let rest = value.rem_vartime(key.n().as_nz_ref());
    bool::from(key.n().gcd_vartime(&rest).get().is_one())
}
