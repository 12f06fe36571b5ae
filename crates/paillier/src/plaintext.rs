//! Numbers modulo N, read as signed ones.

use crypto_bigint::{BoxedUint, Limb, Word};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    number::{extended, magnitude, narrowed, Int},
    Error, PublicKey,
};

/// A number modulo N; those above N/2 stand for negative ones. Wiped when dropped.
#[derive(Clone)]
pub struct Plaintext(Zeroizing<BoxedUint>);

impl Plaintext {
    pub(crate) fn new(value: BoxedUint) -> Self {
        Plaintext(Zeroizing::new(value))
    }

    pub(crate) fn value(&self) -> &BoxedUint {
        &self.0
    }

    /// A signed number, which lies in [-(N - 1)/2, (N - 1)/2].
    pub fn from_int(key: &PublicKey, value: &Int) -> Result<Self, Error> {
        const RANGE: Error = Error::OutOfRange("it is not between -N/2 and N/2");
        if *magnitude(value) > *key.half() {
            return Err(RANGE);
        }
        Ok(Self::from_signed(key, extended(value, key.bits())))
    }

    /// The number with these bits in two's complement, which is in range.
    pub(crate) fn from_signed(key: &PublicKey, bits: BoxedUint) -> Self {
        let bits = Zeroizing::new(bits);
        let sign = bits.as_words().last().map_or(0, |word| word >> 63);
        Self::new(bits.wrapping_add(masked(key.n().as_ref(), sign)))
    }

    /// Two's complement in as many bits as N has.
    pub(crate) fn to_signed(&self, key: &PublicKey) -> Zeroizing<BoxedUint> {
        let (_, above) = key.half().borrowing_sub(&*self.0, Limb::ZERO);
        let subtracted = Zeroizing::new(masked(key.n().as_ref(), above.0 & 1));
        Zeroizing::new(self.0.wrapping_sub(&*subtracted))
    }

    /// The signed number, if an [`Int`] holds it.
    pub fn to_int(&self, key: &PublicKey) -> Result<Int, Error> {
        narrowed(self.to_signed(key).as_words())
            .ok_or(Error::OutOfRange("it does not fit in 512 bits"))
    }

    /// Whether it stands for a negative number.
    pub fn is_negative(&self, key: &PublicKey) -> bool {
        let (_, above) = key.half().borrowing_sub(&*self.0, Limb::ZERO);
        above.0 & 1 == 1
    }

    /// A random number modulo N: as many bytes as N has and 16 more from the source, little-endian,
    /// modulo N. Two parties whose sources give the same bytes get the same number, which added by
    /// one and subtracted by the other hides both of their numbers and not the sum.
    pub fn random(key: &PublicKey, rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let bits = key.bits() + 128;
        let mut bytes = Zeroizing::new(vec![0; bits as usize / 8]);
        rng.fill_bytes(&mut bytes);
        let wide = Zeroizing::new(BoxedUint::from_le_slice_truncated(&bytes, bits));
        Self::new(wide.rem(key.n().as_nz_ref()))
    }

    /// The sum modulo N.
    pub fn add(&self, key: &PublicKey, other: &Plaintext) -> Self {
        Self::new(self.0.add_mod(&other.0, key.n().as_nz_ref()))
    }

    /// The difference modulo N.
    pub fn subtract(&self, key: &PublicKey, other: &Plaintext) -> Self {
        Self::new(self.0.sub_mod(&other.0, key.n().as_nz_ref()))
    }

    /// Whether it is 0.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero().to_bool()
    }

    /// The number from 0 to N - 1, little-endian, in as many bytes as N has.
    pub fn to_le_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.to_le_bytes().to_vec())
    }

    /// The number from 0 to N - 1 with these bytes, little-endian.
    pub fn from_le_bytes(key: &PublicKey, bytes: &[u8]) -> Result<Self, Error> {
        const RANGE: Error = Error::OutOfRange("it is not below N");
        let value = BoxedUint::from_le_slice(bytes, key.bits()).map_err(|_| RANGE)?;
        match value < *key.n().as_ref() {
            true => Ok(Self::new(value)),
            false => Err(RANGE),
        }
    }
}

/// The value if `choice` is 1, 0 if it is 0.
fn masked(value: &BoxedUint, choice: Word) -> BoxedUint {
    let mask = std::hint::black_box(choice).wrapping_neg();
    BoxedUint::from_words(value.as_words().iter().map(|word| word & mask))
}
