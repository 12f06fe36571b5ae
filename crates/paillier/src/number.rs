//! Signed numbers, and fixed point.

use crypto_bigint::{BoxedUint, I512};
use zeroize::Zeroizing;

use crate::Error;

/// A signed integer of 512 bits: a value, a factor, or what a slot holds.
///
/// `Int::from` takes the integers of the language.
pub type Int = I512;

/// Words of an [`Int`].
pub(crate) const INT_WORDS: usize = 8;
/// Bits of an [`Int`] without its sign.
pub(crate) const INT_BITS: u32 = 511;

/// Two's complement in `bits` bits, a multiple of 64.
pub(crate) fn extended(value: &Int, bits: u32) -> BoxedUint {
    let words = value.as_words();
    let sign = ((words[INT_WORDS - 1] as i64) >> 63) as u64;
    let words = (0..bits as usize / 64).map(|index| words.get(index).copied().unwrap_or(sign));
    BoxedUint::from_words(words)
}

/// The number with these words in two's complement, if an [`Int`] holds it.
pub(crate) fn narrowed(words: &[u64]) -> Option<Int> {
    let last = words.get(INT_WORDS - 1).or(words.last())?;
    let sign = ((*last as i64) >> 63) as u64;
    let mut low = [sign; INT_WORDS];
    for (low, word) in low.iter_mut().zip(words) {
        *low = *word;
    }
    let rest = words.iter().skip(INT_WORDS);
    match rest.fold(0, |difference, word| difference | (word ^ sign)) {
        0 => Some(Int::from_words(low)),
        _ => None,
    }
}

/// A value's magnitude.
pub(crate) fn magnitude(value: &Int) -> Zeroizing<BoxedUint> {
    Zeroizing::new(BoxedUint::from_words(value.abs().to_words()))
}

/// Bits of a value's magnitude.
pub(crate) fn magnitude_bits(value: &Int) -> u32 {
    value.abs().bits()
}

/// Numbers as integers in units of 2^-fraction: fixed point with scale S = 2^fraction.
///
/// Multiplying by S is exact in binary floating point, so an encoding is the same everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FixedPoint {
    fraction: u32,
}

impl FixedPoint {
    /// With this many bits after the point, at most 62.
    pub fn new(fraction: u32) -> Result<Self, Error> {
        match fraction {
            0..=62 => Ok(FixedPoint { fraction }),
            _ => Err(Error::FixedPoint("a fraction of more than 62 bits")),
        }
    }

    /// The scale S.
    pub fn scale(&self) -> i64 {
        1 << self.fraction
    }

    /// x S, rounded to the nearest integer, halves to even.
    pub fn encode(&self, value: f64) -> Result<Int, Error> {
        let scaled = value * self.scale() as f64;
        match scaled.is_finite() && scaled.abs() < 2f64.powi(126) {
            true => Ok(Int::from(scaled.round_ties_even() as i128)),
            false => Err(Error::FixedPoint(
                "infinity, or a number of 2^126 units or more,",
            )),
        }
    }

    /// The nearest double to value / S^factors, for a value that is a product of that many
    /// encodings.
    pub fn decode(&self, value: &Int, factors: u32) -> f64 {
        let mut words = *value.abs().as_words();
        // One rounding only: what lies below the highest 128 bits is kept as one sticky bit.
        let bits = value.abs().bits();
        let shift = bits.saturating_sub(128);
        let magnitude = value.abs().shr(shift);
        let sticky = shift > 0 && magnitude.shl(shift) != value.abs();
        words.copy_from_slice(magnitude.as_words());
        let top = u128::from(words[0]) | u128::from(words[1]) << 64 | u128::from(sticky);
        let exponent = i64::from(shift) - i64::from(self.fraction) * i64::from(factors);
        let exponent = i32::try_from(exponent).unwrap_or(i32::MIN / 2);
        let size = scale_by_power_of_two(top as f64, exponent);
        match bool::from(value.is_negative()) {
            true => -size,
            false => size,
        }
    }
}

/// x 2^exponent, in steps that neither overflow nor underflow before the end.
fn scale_by_power_of_two(mut x: f64, mut exponent: i32) -> f64 {
    while exponent < -1000 && x != 0.0 {
        (x, exponent) = (x * 2f64.powi(-1000), exponent + 1000);
    }
    while exponent > 1000 && x.is_finite() {
        (x, exponent) = (x * 2f64.powi(1000), exponent - 1000);
    }
    match x == 0.0 || x.is_infinite() {
        true => x,
        false => x * 2f64.powi(exponent),
    }
}
