//! Signs of sums that nobody knows: masked one after the other, packed, decrypted together.

use rayon::prelude::*;
use salus_paillier::{
    threshold::{KeyShare, Share, ThresholdKey},
    Ciphertext, Encryptor, Exponent, Int, Plaintext, PublicKey,
};

use crate::{Error, Random, Seed};

/// Octaves that a mask is drawn from, log-uniformly.
pub const MASK_OCTAVES: u32 = 64;
/// Bits of the smallest mask: below, too few masks share an octave for one to hide among.
const MASK_LOW: u32 = 16;
/// Bits of the largest mask.
const MASK_BITS: u32 = MASK_LOW + MASK_OCTAVES;
/// Bits by which the noise of one participant exceeds the masks of all others.
const GUARD: u32 = 16;
/// Ciphertexts of a task: whole lanes of the arithmetic, enough for one pass through its tables, and
/// half of a hundred rows. It is the same on every machine: randomness is drawn task by task, and a
/// participant that starts again must send what it sent before.
const TASK: usize = 56;
/// Groups of numbers that are packed together: lanes of the arithmetic.
const LANES: usize = 8;

/// Where the bits of a masked number are.
///
/// With n participants, z of `margin` bits becomes V = r_1 … r_n (2^unit z + noise):
///
/// - r_i < 2^80;
/// - each adds noise below 2^fine twice, to its part of z and after its mask, where
///   fine = 80 (n - 1) + 16: what one adds covers the product of all other masks;
/// - all noise together is below 2 n 2^fine <= 2^unit, less than one unit of z, so V < 0 exactly
///   when z < 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layout {
    participants: u32,
    margin_bits: u32,
    fine_bits: u32,
    unit_bits: u32,
    value_bits: u32,
    slot_bits: u32,
    slots: usize,
}

impl Layout {
    /// For keys of `key_bits` bits and |z| < 2^margin_bits.
    pub fn new(key_bits: u32, participants: u16, margin_bits: u32) -> Result<Self, Error> {
        let participants = u32::from(participants);
        if !(2..=5).contains(&participants) {
            return Err(Error::Parameter(format!(
                "{participants} participants; from 2 to 5 can train on columns"
            )));
        }
        if !(16..=120).contains(&margin_bits) {
            return Err(Error::Parameter(format!(
                "margins of {margin_bits} bits; from 16 to 120 are possible"
            )));
        }
        let fine_bits = MASK_BITS * (participants - 1) + GUARD;
        let unit_bits = fine_bits + 1 + participants.next_power_of_two().ilog2();
        let value_bits = margin_bits + unit_bits + MASK_BITS * participants;
        let room = key_bits.saturating_sub(1);
        let slots = room / (value_bits + 1);
        if slots == 0 {
            return Err(Error::Parameter(format!(
                "masked numbers of {value_bits} bits do not fit in a key of {key_bits}"
            )));
        }
        Ok(Layout {
            participants,
            margin_bits,
            fine_bits,
            unit_bits,
            value_bits,
            slot_bits: room / slots,
            slots: slots as usize,
        })
    }

    /// Numbers that one decryption serves.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Bits of a slot.
    pub fn slot_bits(&self) -> u32 {
        self.slot_bits
    }

    /// Bits of the unit that z is a multiple of.
    pub fn unit_bits(&self) -> u32 {
        self.unit_bits
    }

    /// Bits of the noise that one participant adds.
    pub fn fine_bits(&self) -> u32 {
        self.fine_bits
    }

    /// Largest magnitude, as a power of two, of one participant's part of z.
    pub fn part_bits(&self) -> u32 {
        self.margin_bits - self.participants.next_power_of_two().ilog2()
    }
}

/// Number whose lowest words these are.
fn natural(words: &[u64]) -> Int {
    let mut all = [0; 8];
    for (to, from) in all.iter_mut().zip(words) {
        *to = *from;
    }
    Int::from_words(all)
}

/// A random number of this many bits, at most 448.
fn random_bits(bits: u32, random: &mut Random) -> Int {
    use rand_core::Rng;
    let mut words = [0; 7];
    for (index, word) in words.iter_mut().enumerate() {
        let left = bits.saturating_sub(64 * index as u32);
        *word = match left {
            0 => 0,
            1..=63 => random.next_u64() & ((1 << left) - 1),
            _ => random.next_u64(),
        };
    }
    natural(&words)
}

/// r, from 2^16 to 2^80: the octave uniform, and uniform within it.
fn factor(random: &mut Random) -> Int {
    use rand_core::Rng;
    let octave = MASK_LOW + random.next_u32() % MASK_OCTAVES;
    let low = u128::from(random.next_u64()) | u128::from(random.next_u64()) << 64;
    let factor = (1u128 << octave) | (low & ((1 << octave) - 1));
    natural(&[factor as u64, (factor >> 64) as u64])
}

/// What all participants of a session compute with.
pub struct Judge {
    key: ThresholdKey,
    encryptor: Encryptor,
    layout: Layout,
}

impl Judge {
    /// Computes the tables of the key.
    pub fn new(key: ThresholdKey, exponent: Exponent, layout: Layout) -> Self {
        Judge {
            encryptor: Encryptor::new(key.key(), exponent),
            key,
            layout,
        }
    }

    /// The layout.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    fn public(&self) -> &PublicKey {
        self.key.key()
    }

    /// Tasks over runs of items, each with randomness of its own.
    fn tasks<T: Sync>(
        &self,
        items: &[T],
        seed: &Seed,
        task: impl Fn(&[T], &mut Random) -> Result<Vec<Ciphertext>, Error> + Sync,
    ) -> Result<Vec<Ciphertext>, Error> {
        let runs: Vec<(usize, &[T])> = items.chunks(TASK).enumerate().collect();
        let done = runs.into_par_iter().map(|(number, items)| {
            let seed = seed.derive("task", &[&(number as u64).to_le_bytes()]);
            task(items, &mut seed.random())
        });
        let done: Vec<Vec<Ciphertext>> = done.collect::<Result<_, Error>>()?;
        Ok(done.into_iter().flatten().collect())
    }

    /// One participant's parts of z, noise added, encrypted.
    pub fn contribute(&self, parts: &[i128], seed: &Seed) -> Result<Vec<Ciphertext>, Error> {
        let bound = 1i128 << self.layout.part_bits();
        if parts.iter().any(|part| part.abs() >= bound) {
            return Err(Error::Parameter(format!(
                "a margin needs more than {} bits; use a smaller learning rate, scaled columns or \
                 wider margins",
                self.layout.margin_bits
            )));
        }
        self.tasks(parts, seed, |parts, random| {
            let plaintexts = parts.iter().map(|part| {
                let noise = random_bits(self.layout.fine_bits, random);
                let value = Int::from(*part).wrapping_shl(self.layout.unit_bits);
                Ok(Plaintext::from_int(
                    self.public(),
                    &value.wrapping_add(&noise),
                )?)
            });
            let plaintexts = plaintexts.collect::<Result<Vec<_>, Error>>()?;
            Ok(self.encryptor.encrypt_many(&plaintexts, random)?)
        })
    }

    /// The sums of all participants' parts.
    pub fn sum(&self, parts: &[&[Ciphertext]]) -> Result<Vec<Ciphertext>, Error> {
        let (first, rest) = parts.split_first().ok_or(Error::Ended)?;
        let sums = first.iter().enumerate().map(|(row, first)| {
            rest.iter().try_fold(first.clone(), |sum, part| {
                let part = part.get(row).ok_or(Error::Ended)?;
                Ok(self.public().add(&sum, part)?)
            })
        });
        sums.collect()
    }

    /// One participant's masks: u becomes r u + rho, re-randomised, 0 <= rho < 2^fine r.
    pub fn mask(&self, sums: &[Ciphertext], seed: &Seed) -> Result<Vec<Ciphertext>, Error> {
        let key = self.public();
        self.tasks(sums, seed, |sums, random| {
            let masks = sums.iter().map(|_| {
                let factor = factor(random);
                // Uniform below r, but for 2^-48: the high part of a product.
                let low = random_bits(128, random).wrapping_mul(&factor).shr(128);
                let high = random_bits(self.layout.fine_bits, random).wrapping_mul(&factor);
                (factor, high.wrapping_add(&low))
            });
            let (factors, noise): (Vec<Int>, Vec<Int>) = masks.unzip();
            let scaled = key.scale_natural_many(sums, &factors, MASK_BITS)?;
            let masked = scaled.iter().zip(&noise).map(|(scaled, noise)| {
                Ok(key.add_plain(scaled, &Plaintext::from_int(key, noise)?)?)
            });
            let masked = masked.collect::<Result<Vec<_>, Error>>()?;
            Ok(self.encryptor.rerandomise_many(&masked, random)?)
        })
    }

    /// Ciphertexts that so many numbers are packed into.
    pub fn packs(&self, numbers: usize) -> usize {
        numbers.div_ceil(self.layout.slots)
    }

    /// Masked numbers, several to a ciphertext and none negative: what is decrypted.
    pub fn pack(&self, masked: &[Ciphertext]) -> Result<Vec<Ciphertext>, Error> {
        let groups: Vec<&[Ciphertext]> = masked.chunks(self.layout.slots).collect();
        let runs: Vec<&[&[Ciphertext]]> = groups.chunks(LANES).collect();
        let packed = runs.into_par_iter().map(|groups| self.pack_run(groups));
        let packed: Vec<Vec<Ciphertext>> = packed.collect::<Result<_, Error>>()?;
        Ok(packed.into_iter().flatten().collect())
    }

    /// A ciphertext for each group: the numbers of one place of all groups together, the highest
    /// place first. A group may be shorter than the others.
    fn pack_run(&self, groups: &[&[Ciphertext]]) -> Result<Vec<Ciphertext>, Error> {
        let key = self.public();
        let nothing = key.sum(&[])?;
        let mut sums = vec![nothing; groups.len()];
        for place in (0..self.layout.slots).rev() {
            if place + 1 < self.layout.slots {
                sums = key.shift_many(&sums, self.layout.slot_bits)?;
            }
            for (sum, group) in sums.iter_mut().zip(groups) {
                if let Some(number) = group.get(place) {
                    *sum = key.add(sum, number)?;
                }
            }
        }
        let sums = sums.iter().zip(groups);
        sums.map(|(sum, group)| Ok(key.add_plain(sum, &self.offset(group.len())?)?))
            .collect()
    }

    /// Half a slot in each slot.
    fn offset(&self, slots: usize) -> Result<Plaintext, Error> {
        let mut bytes = vec![0u8; self.public().bits() as usize / 8];
        for slot in 1..=slots as u32 {
            let bit = slot * self.layout.slot_bits - 1;
            if let Some(byte) = bytes.get_mut(bit as usize / 8) {
                *byte |= 1 << (bit % 8);
            }
        }
        Ok(Plaintext::from_le_bytes(self.public(), &bytes)?)
    }

    /// Which of `count` numbers are negative. None if one is larger than honest masks make it.
    pub fn negative(&self, opened: &[Plaintext], count: usize) -> Option<Vec<bool>> {
        let mut signs = Vec::with_capacity(count);
        for (number, plaintext) in opened.iter().enumerate() {
            let bytes = plaintext.to_le_bytes();
            let bit = |at: u32| {
                let byte = bytes.get(at as usize / 8).copied().unwrap_or(0);
                byte >> (at % 8) & 1 == 1
            };
            let here = count
                .saturating_sub(number * self.layout.slots)
                .min(self.layout.slots) as u32;
            for slot in 0..here {
                let top = (slot + 1) * self.layout.slot_bits - 1;
                let negative = !bit(top);
                let spare = slot * self.layout.slot_bits + self.layout.value_bits;
                // Below the sign, only zeros of a positive number and only ones of a negative.
                if (spare..top).any(|at| bit(at) != negative) {
                    return None;
                }
                signs.push(negative);
            }
            let end = here * self.layout.slot_bits;
            if (end..self.public().bits()).any(bit) {
                return None;
            }
        }
        (signs.len() == count).then_some(signs)
    }

    /// One participant's share of the decryption.
    pub fn share(&self, secret: &KeyShare, packed: &[Ciphertext]) -> Result<Share, Error> {
        let runs: Vec<&[Ciphertext]> = packed.chunks(8).collect();
        let shares = runs.into_par_iter().map(|run| secret.decrypt(run));
        let shares = shares.collect::<Result<Vec<_>, _>>()?;
        Ok(Share::joined(&shares)?)
    }

    /// Reads ciphertexts.
    pub fn read(&self, bytes: &[u8]) -> Result<Vec<Ciphertext>, salus_paillier::Error> {
        self.public().ciphertexts_from_bytes(bytes)
    }

    /// Writes ciphertexts.
    pub fn write(&self, ciphertexts: &[Ciphertext]) -> Result<Vec<u8>, Error> {
        Ok(self.public().ciphertexts_to_bytes(ciphertexts)?)
    }
}
