//! Arithmetic modulo n^2 with the AVX-512 IFMA instructions, in radix 2^52.
//!
//! A number modulo n^2 is a pair (a, b) that stands for a + b n. In a product the term b d n^2
//! vanishes, and with Montgomery's r = (a c + m n)/R
//!
//! (a + b n)(c + d n)/R = r + ((a d + b c - m)/R mod n) n,
//!
//! which is three products and two reductions of half the length, where a product modulo a number
//! of this length takes four and four.
//!
//! Each half has k limbs of 52 bits, k a multiple of 8, and R = 2^(52 k) >= 2^12 n. Halves of a
//! product are below 2 n where those of the factors are below 8 n, so nothing is ever subtracted
//! between products. No branch and no address depends on a value.
//!
//! Two layouts: one number over the lanes of vectors, for a chain of products, and eight numbers
//! side by side, one a lane ([`Lanes`]), for batches.

// The loops run over the vectors of several arrays at once; some of the unrolled ones are empty.
#![allow(clippy::needless_range_loop, clippy::reversed_empty_ranges)]

mod lanes;
mod one;
mod select;

use std::arch::is_x86_feature_detected;

use zeroize::Zeroize;

pub(super) use select::MAX_GROUPS;

/// Eight words, in one vector.
#[derive(Clone, Copy, Default)]
#[repr(C, align(64))]
pub(super) struct Lane(pub [u64; 8]);

impl zeroize::DefaultIsZeroes for Lane {}

/// Eight numbers side by side: limb i of all of them is vector i.
pub(super) type Lanes = Vec<Lane>;

/// Product and factors.
type Multiply = unsafe fn(&mut [u64], &[u64], &[u64], &Constants);
/// Square and root.
type Square = unsafe fn(&mut [u64], &[u64], &Constants);

const MASK: u64 = (1 << 52) - 1;

/// Whether this processor has the instructions.
pub(super) fn available() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma")
}

/// What products need to know of the modulus.
#[derive(Clone)]
struct Constants {
    /// n.
    root: Vec<u64>,
    /// -1/n mod 2^52.
    factor: u64,
    /// 1 - R mod n: with it, digits of R - 1 - m take the place of -m.
    start: Vec<u64>,
}

/// A modulus n^2. Constructed only where [`available`] said yes, which is what makes the calls into
/// the functions of the modules below sound.
#[derive(Clone)]
pub(super) struct Field {
    constants: Constants,
    /// R^2 and R^3 mod n^2.
    r2: Vec<u64>,
    r3: Vec<u64>,
    multiply: Multiply,
    square: Square,
}

impl Drop for Field {
    fn drop(&mut self) {
        self.constants.root.zeroize();
        self.constants.start.zeroize();
        self.r2.zeroize();
        self.r3.zeroize();
    }
}

/// Vectors of half a number that the kernel of one number is compiled for.
const SIZES: [(usize, Multiply, Square); 7] = [
    (1, one::multiply::<1>, one::square::<1>),
    (2, one::multiply::<2>, one::square::<2>),
    (3, one::multiply::<3>, one::square::<3>),
    (4, one::multiply::<4>, one::square::<4>),
    (5, one::multiply::<5>, one::square::<5>),
    (6, one::multiply::<6>, one::square::<6>),
    (8, one::multiply::<8>, one::square::<8>),
];

impl Field {
    /// `root` is n. `power_of_two(e)` is 2^e mod n^2 as a pair of numbers below n, in 64-bit words.
    /// `None` if the processor lacks the instructions or n is larger than any that is compiled for.
    pub(super) fn new(
        root: &[u64],
        bits: u32,
        power_of_two: impl Fn(u32) -> [Vec<u64>; 2],
    ) -> Option<Self> {
        if !available() {
            return None;
        }
        let vectors = (bits as usize + 12).div_ceil(8 * 52);
        let (vectors, multiply, square) = *SIZES.iter().find(|(size, ..)| *size >= vectors)?;
        let limbs = 8 * vectors;
        let root = split(root, limbs);
        let mut inverse = 1u64;
        for _ in 0..6 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(root[0].wrapping_mul(inverse)));
        }
        let power = |exponent: u32| {
            let [a, b] = power_of_two(exponent * 52 * limbs as u32);
            [split(&a, limbs), split(&b, limbs)]
        };
        // 1 + n - (R mod n); that is at most n, for R mod n is a unit.
        let [r, _] = power(1);
        let mut start = root.clone();
        start[0] += 1;
        carry(&mut start);
        subtract(&mut start, &r);
        Some(Field {
            constants: Constants {
                root,
                factor: inverse.wrapping_neg() & MASK,
                start,
            },
            r2: power(2).concat(),
            r3: power(3).concat(),
            multiply,
            square,
        })
    }

    /// Limbs of a number, both halves.
    pub(super) fn limbs(&self) -> usize {
        2 * self.half()
    }

    /// Limbs of half a number.
    pub(super) fn half(&self) -> usize {
        self.constants.root.len()
    }

    /// The number below n^2 with these 64-bit words, as a residue.
    pub(super) fn residue(&self, words: &[u64]) -> Vec<u64> {
        let (half, limbs) = (self.half(), self.limbs());
        // v = v0 + v1 R, and v R = v0 R^2/R + v1 R^3/R.
        let mut plain = split(words, limbs);
        let mut part = vec![0; limbs];
        part[..half].copy_from_slice(&plain[..half]);
        let mut low = vec![0; limbs];
        self.multiply(&mut low, &part, &self.r2);
        part[..half].copy_from_slice(&plain[half..]);
        let mut high = vec![0; limbs];
        self.multiply(&mut high, &part, &self.r3);
        for (low, high) in low.iter_mut().zip(&high) {
            *low += high;
        }
        for half in low.chunks_exact_mut(half) {
            carry(half);
        }
        plain.zeroize();
        part.zeroize();
        high.zeroize();
        low
    }

    /// 1 + m n, of a number m below n in 64-bit words.
    pub(super) fn one_plus(&self, words: &[u64]) -> Vec<u64> {
        let mut plain = split(&[1], self.half());
        plain.extend(split(words, self.half()));
        let mut out = vec![0; self.limbs()];
        self.multiply(&mut out, &plain, &self.r2);
        plain.zeroize();
        out
    }

    /// The numbers a and b below n of a residue that stands for a + b n, in 64-bit words.
    pub(super) fn pair(&self, residue: &[u64], words: usize) -> [Vec<u64>; 2] {
        let mut one = vec![0; self.limbs()];
        one[0] = 1;
        let mut product = vec![0; self.limbs()];
        self.multiply(&mut product, residue, &one);
        let (a, b) = product.split_at_mut(self.half());
        // a may be n itself, and is 0 then.
        b[0] += subtract_once(a, &self.constants.root);
        carry(b);
        subtract_once(b, &self.constants.root);
        let pair = [join(a, words), join(b, words)];
        product.zeroize();
        pair
    }

    /// x (1 + u n), of a sum u of numbers below 2 n whose limbs were not carried.
    pub(super) fn lift(&self, x: &[u64], u: &mut [u64]) -> Vec<u64> {
        carry(u);
        let mut plain = split(&[1], self.half());
        plain.extend_from_slice(u);
        let mut factor = vec![0; self.limbs()];
        self.multiply(&mut factor, &plain, &self.r2);
        let mut out = vec![0; self.limbs()];
        self.multiply(&mut out, x, &factor);
        plain.zeroize();
        factor.zeroize();
        out
    }

    /// a b / R mod n^2.
    pub(super) fn multiply(&self, out: &mut [u64], a: &[u64], b: &[u64]) {
        // Safety: `available` said yes, or there would be no `Field`.
        unsafe { (self.multiply)(out, a, b, &self.constants) }
    }

    /// a^2 / R mod n^2.
    pub(super) fn square(&self, out: &mut [u64], a: &[u64]) {
        // Safety: as in `multiply`.
        unsafe { (self.square)(out, a, &self.constants) }
    }
}

/// 64-bit words as limbs of 52 bits.
fn split(words: &[u64], limbs: usize) -> Vec<u64> {
    let word = |index: usize| words.get(index).copied().unwrap_or(0);
    (0..limbs)
        .map(|limb| {
            let (index, shift) = (52 * limb / 64, 52 * limb % 64);
            let low = word(index) >> shift;
            // Shifted in two steps: a shift by 64 is none.
            let high = word(index + 1) << 1 << (63 - shift);
            (low | high) & MASK
        })
        .collect()
}

/// Limbs of 52 bits as 64-bit words.
fn join(limbs: &[u64], words: usize) -> Vec<u64> {
    let word = |index: usize| {
        let (first, shift) = (64 * index / 52, 64 * index % 52);
        let limb = |offset: usize| limbs.get(first + offset).copied().unwrap_or(0);
        let word = limb(0) >> shift | limb(1) << (52 - shift);
        match shift > 40 {
            true => word | limb(2) << (104 - shift),
            false => word,
        }
    };
    (0..words).map(word).collect()
}

/// Moves to the next limb what exceeds 52 bits.
fn carry(limbs: &mut [u64]) {
    let mut carry = 0;
    for limb in limbs {
        *limb += carry;
        carry = *limb >> 52;
        *limb &= MASK;
    }
}

/// x - y, which is not negative.
fn subtract(x: &mut [u64], y: &[u64]) {
    let mut borrow = 0;
    for (x, y) in x.iter_mut().zip(y) {
        let difference = x.wrapping_sub(*y).wrapping_sub(borrow);
        borrow = difference >> 63;
        *x = difference & MASK;
    }
}

/// x - n if x >= n, else x; how often n was subtracted.
fn subtract_once(x: &mut [u64], n: &[u64]) -> u64 {
    let mut borrow = 0u64;
    for (x, n) in x.iter().zip(n) {
        borrow = x.wrapping_sub(*n).wrapping_sub(borrow) >> 63;
    }
    let larger = std::hint::black_box(borrow ^ 1);
    // All ones where there is something to subtract.
    let keep = larger.wrapping_neg();
    let mut borrow = 0;
    for (x, n) in x.iter_mut().zip(n) {
        let difference = x.wrapping_sub(n & keep).wrapping_sub(borrow);
        borrow = difference >> 63;
        *x = difference & MASK;
    }
    larger
}
