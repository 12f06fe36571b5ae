//! Many signed numbers in one plaintext.

use crypto_bigint::BoxedUint;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    number::{extended, magnitude_bits, narrowed, Int, INT_BITS},
    Ciphertext, Encryptor, Error, Plaintext, PublicKey,
};

/// Slots of equal width: the plaintext of v_0, v_1, … is the sum of v_i 2^(width i).
///
/// A slot of w bits holds -2^(w-1) < v < 2^(w-1), and there are as many slots as leave the top bit
/// of N free, so no sum of slots reaches N/2.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Packing {
    key: PublicKey,
    slot_bits: u32,
}

impl Packing {
    /// Slots of this width, from 2 to 511 bits.
    pub fn new(key: &PublicKey, slot_bits: u32) -> Result<Self, Error> {
        let max = INT_BITS.min(key.bits() - 1);
        match (2..=max).contains(&slot_bits) {
            true => Ok(Packing {
                key: key.clone(),
                slot_bits,
            }),
            false => Err(Error::SlotWidth { slot_bits, max }),
        }
    }

    /// Slots of a plaintext.
    pub fn slots(&self) -> usize {
        ((self.key.bits() - 1) / self.slot_bits) as usize
    }

    /// Bits of a slot.
    pub fn slot_bits(&self) -> u32 {
        self.slot_bits
    }

    /// Up to [`Packing::slots`] values as one plaintext.
    pub fn pack(&self, values: &[Int]) -> Result<Plaintext, Error> {
        if values.len() > self.slots() {
            return Err(Error::Count {
                what: "values",
                got: values.len(),
                expected: self.slots(),
            });
        }
        let bits = self.key.bits();
        let mut sum = Zeroizing::new(BoxedUint::zero_with_precision(bits));
        for (index, value) in values.iter().enumerate().rev() {
            if magnitude_bits(value) >= self.slot_bits {
                return Err(Error::SlotValue(index));
            }
            let shifted = Zeroizing::new(sum.wrapping_shl_vartime(self.slot_bits));
            sum = Zeroizing::new(shifted.wrapping_add(extended(value, bits)));
        }
        Ok(Plaintext::from_signed(&self.key, BoxedUint::clone(&sum)))
    }

    /// The first `count` values of a plaintext. What remains must be 0.
    pub fn unpack(&self, plaintext: &Plaintext, count: usize) -> Result<Vec<Int>, Error> {
        if count > self.slots() {
            return Err(Error::Count {
                what: "values",
                got: count,
                expected: self.slots(),
            });
        }
        let width = self.slot_bits;
        let mut rest = plaintext.to_signed(&self.key);
        let one = BoxedUint::one_with_precision(self.key.bits());
        let mut values = Vec::with_capacity(count);
        for index in 0..count {
            // The slot's own sign bit decides whether the slots above lent it one.
            let unused = 512 - width;
            let low = extended_low(&rest, width);
            let value = narrowed(low.as_words()).ok_or(Error::SlotValue(index))?;
            let value = value.wrapping_shl(unused).shr(unused);
            let lent = BoxedUint::from_words(
                one.as_words()
                    .iter()
                    .map(|word| word & (value.as_words()[7] >> 63)),
            );
            rest = Zeroizing::new(arithmetic_shift(&rest, width).wrapping_add(lent));
            if magnitude_bits(&value) >= width {
                return Err(Error::SlotValue(index));
            }
            values.push(value);
        }
        match rest.is_zero().to_bool() {
            true => Ok(values),
            false => Err(Error::SlotValue(count)),
        }
    }

    /// Encrypts values in as many ciphertexts as they need. `bound` is the largest magnitude that
    /// a value may have, known to all; values above it are refused.
    pub fn encrypt(
        &self,
        encryptor: &Encryptor,
        values: &[Int],
        bound: &Int,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Vec<Packed>, Error> {
        if encryptor.key() != &self.key {
            return Err(Error::OtherKey("encryptor"));
        }
        let bound = Bound::new(bound)?;
        bound.check(self)?;
        if let Some(index) = values.iter().position(|value| !bound.covers(value)) {
            return Err(Error::SlotValue(index));
        }
        let plaintexts = values
            .chunks(self.slots())
            .map(|values| self.pack(values))
            .collect::<Result<Vec<_>, _>>()?;
        let ciphertexts = encryptor.encrypt_many(&plaintexts, rng)?;
        let counts = values.chunks(self.slots()).map(<[Int]>::len);
        let packed = ciphertexts.into_iter().zip(counts);
        Ok(packed
            .map(|(ciphertext, count)| Packed {
                packing: self.clone(),
                ciphertext,
                count,
                bound,
            })
            .collect())
    }

    /// A ciphertext that somebody else packed, `count` values of magnitude up to `bound`, as the
    /// protocol says. Whether it is so, [`Packed::open`] tells.
    pub fn adopt(
        &self,
        ciphertext: Ciphertext,
        count: usize,
        bound: &Int,
    ) -> Result<Packed, Error> {
        ciphertext.residue(&self.key)?;
        let bound = Bound::new(bound)?;
        bound.check(self)?;
        match count <= self.slots() {
            true => Ok(Packed {
                packing: self.clone(),
                ciphertext,
                count,
                bound,
            }),
            false => Err(Error::Count {
                what: "values",
                got: count,
                expected: self.slots(),
            }),
        }
    }

    /// Ciphertexts of one number each as packed ones, by shifting: the first into slot 0.
    pub fn gather(&self, ciphertexts: &[Ciphertext], bound: &Int) -> Result<Vec<Packed>, Error> {
        let gathered = ciphertexts.chunks(self.slots()).map(|ciphertexts| {
            let mut sum = self.key.sum(&[])?;
            for ciphertext in ciphertexts.iter().rev() {
                sum = self
                    .key
                    .add(&self.key.shift(&sum, self.slot_bits)?, ciphertext)?;
            }
            self.adopt(sum, ciphertexts.len(), bound)
        });
        gathered.collect()
    }
}

/// The largest magnitude that a slot's value may have.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Bound(crypto_bigint::U512);

impl Bound {
    fn new(bound: &Int) -> Result<Self, Error> {
        match bound.is_negative().to_bool() {
            true => Err(Error::OutOfRange("a bound is not negative")),
            false => Ok(Bound(bound.abs())),
        }
    }

    fn covers(&self, value: &Int) -> bool {
        value.abs() <= self.0
    }

    fn check(&self, packing: &Packing) -> Result<(), Error> {
        let needed = self.0.bits() + 1;
        match needed <= packing.slot_bits {
            true => Ok(()),
            false => Err(Error::SlotOverflow {
                needed,
                slot_bits: packing.slot_bits,
            }),
        }
    }

    fn add(&self, other: &Bound, packing: &Packing) -> Result<Self, Error> {
        let bound = Bound(self.0.saturating_add(&other.0));
        bound.check(packing)?;
        Ok(bound)
    }

    fn scale(&self, factor: &Bound, packing: &Packing) -> Result<Self, Error> {
        let bound = Bound(self.0.saturating_mul(&factor.0));
        bound.check(packing)?;
        Ok(bound)
    }
}

/// An encrypted list of numbers, with the bound on them that every operation keeps. An operation
/// after which a slot could overflow is refused.
#[derive(Clone, Debug)]
pub struct Packed {
    packing: Packing,
    ciphertext: Ciphertext,
    count: usize,
    bound: Bound,
}

impl Packed {
    /// The ciphertext.
    pub fn ciphertext(&self) -> &Ciphertext {
        &self.ciphertext
    }

    /// Values in it.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Bits of the largest magnitude that a value may have.
    pub fn bound_bits(&self) -> u32 {
        self.bound.0.bits()
    }

    /// Slot by slot.
    pub fn add(&self, other: &Packed) -> Result<Packed, Error> {
        self.combined(other, PublicKey::add)
    }

    /// Slot by slot.
    pub fn subtract(&self, other: &Packed) -> Result<Packed, Error> {
        self.combined(other, PublicKey::subtract)
    }

    fn combined(
        &self,
        other: &Packed,
        operation: impl Fn(&PublicKey, &Ciphertext, &Ciphertext) -> Result<Ciphertext, Error>,
    ) -> Result<Packed, Error> {
        if self.packing != other.packing {
            return Err(Error::OtherSlots);
        }
        let bound = self.bound.add(&other.bound, &self.packing)?;
        let key = &self.packing.key;
        Ok(Packed {
            packing: self.packing.clone(),
            ciphertext: operation(key, &self.ciphertext, &other.ciphertext)?,
            count: self.count.max(other.count),
            bound,
        })
    }

    /// Plain values added, each of magnitude up to `bound`.
    pub fn add_plain(&self, values: &[Int], bound: &Int) -> Result<Packed, Error> {
        let added = Bound::new(bound)?;
        if let Some(index) = values.iter().position(|value| !added.covers(value)) {
            return Err(Error::SlotValue(index));
        }
        let bound = self.bound.add(&added, &self.packing)?;
        let plaintext = self.packing.pack(values)?;
        Ok(Packed {
            packing: self.packing.clone(),
            ciphertext: self.packing.key.add_plain(&self.ciphertext, &plaintext)?,
            count: self.count.max(values.len()),
            bound,
        })
    }

    /// Every slot times a factor with |factor| <= largest, which is known to all.
    pub fn scale(&self, factor: &Int, largest: &Int) -> Result<Packed, Error> {
        let largest = Bound::new(largest)?;
        let bits = largest.0.bits();
        if !largest.covers(factor) {
            return Err(Error::Scalar { index: 0, bits });
        }
        let bound = self.bound.scale(&largest, &self.packing)?;
        Ok(Packed {
            packing: self.packing.clone(),
            ciphertext: self.packing.key.scale(&self.ciphertext, factor, bits)?,
            count: self.count,
            bound,
        })
    }

    /// The values of its plaintext. One beyond the bound means that whoever made the ciphertext
    /// did not keep to it.
    pub fn open(&self, plaintext: &Plaintext) -> Result<Vec<Int>, Error> {
        let values = self.packing.unpack(plaintext, self.count)?;
        match values.iter().position(|value| !self.bound.covers(value)) {
            Some(index) => Err(Error::SlotValue(index)),
            None => Ok(values),
        }
    }
}

/// The lowest `width` bits, at most 511, as 512.
fn extended_low(value: &BoxedUint, width: u32) -> BoxedUint {
    let words = (0..8u32).map(|index| {
        let word = value.as_words().get(index as usize).copied().unwrap_or(0);
        match width.saturating_sub(64 * index) {
            0 => 0,
            bits if bits < 64 => word & ((1 << bits) - 1),
            _ => word,
        }
    });
    BoxedUint::from_words(words)
}

/// value / 2^bits of a number in two's complement, rounded down.
fn arithmetic_shift(value: &BoxedUint, bits: u32) -> BoxedUint {
    let words = value.as_words();
    let sign = words.last().map_or(0, |word| ((*word as i64) >> 63) as u64);
    let (skip, shift) = ((bits / 64) as usize, bits % 64);
    let word = |index: usize| words.get(index).copied().unwrap_or(sign);
    let shifted = (0..words.len()).map(|index| {
        let low = word(index + skip) >> shift;
        low | word(index + skip + 1) << 1 << (63 - shift)
    });
    BoxedUint::from_words(shifted)
}
