//! Montgomery multiplication with the AVX-512 IFMA instructions, in radix 2^52.
//!
//! Numbers are k limbs of 52 bits, k a multiple of 8, and R = 2^(52 k) > 4 n. A product of numbers
//! below 2 n is a number below 2 n, so nothing is ever subtracted between products. No branch and
//! no address depends on a value.
//!
//! Two layouts: one number over the lanes of k/8 vectors, for a chain of products, and eight
//! numbers side by side, one a lane ([`Lanes`]), for batches.

// The loops run over the vectors of several arrays at once.
#![allow(clippy::needless_range_loop)]

use std::arch::x86_64::*;

use zeroize::Zeroize;

/// Eight words, in one vector.
#[derive(Clone, Copy, Default)]
#[repr(C, align(64))]
pub(super) struct Lane(pub [u64; 8]);

impl zeroize::DefaultIsZeroes for Lane {}

/// Eight numbers side by side: limb i of all of them is vector i.
pub(super) type Lanes = Vec<Lane>;

/// Product, factors, modulus, -1/n mod 2^52.
type Multiply = unsafe fn(&mut [u64], &[u64], &[u64], &[u64], u64);

const MASK: u64 = (1 << 52) - 1;
/// Vectors that a table of [`select_lanes`] has for each limb, at most: 256 entries.
const MAX_GROUPS: usize = 32;

/// Whether this processor has the instructions.
pub(super) fn available() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma")
}

/// A modulus. Constructed only where [`available`] said yes, which is what makes the calls into
/// the functions below sound.
#[derive(Clone)]
pub(super) struct Field {
    modulus: Vec<u64>,
    /// -1/n mod 2^52.
    factor: u64,
    /// R^2 mod n.
    r2: Vec<u64>,
    /// Product of two numbers of this length.
    multiply: Multiply,
}

impl Drop for Field {
    fn drop(&mut self) {
        self.modulus.zeroize();
        self.r2.zeroize();
    }
}

/// Vectors of a number that the single-number kernel is compiled for.
const SIZES: [(usize, Multiply); 10] = [
    (1, multiply::<1>),
    (2, multiply::<2>),
    (3, multiply::<3>),
    (4, multiply::<4>),
    (5, multiply::<5>),
    (6, multiply::<6>),
    (8, multiply::<8>),
    (10, multiply::<10>),
    (12, multiply::<12>),
    (15, multiply::<15>),
];

impl Field {
    /// `power_of_two(e)` is 2^e mod the modulus, in 64-bit words. `None` if the processor lacks the
    /// instructions or the modulus is larger than any that is compiled for.
    pub(super) fn new(
        modulus: &[u64],
        bits: u32,
        power_of_two: impl FnOnce(u32) -> Vec<u64>,
    ) -> Option<Self> {
        if !available() {
            return None;
        }
        let vectors = (bits as usize + 2).div_ceil(8 * 52);
        let (vectors, multiply) = *SIZES.iter().find(|(size, _)| *size >= vectors)?;
        let limbs = 8 * vectors;
        let modulus = split(modulus, limbs);
        let mut inverse = 1u64;
        for _ in 0..6 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(modulus[0].wrapping_mul(inverse)));
        }
        let r2 = split(&power_of_two(2 * 52 * limbs as u32), limbs);
        Some(Field {
            modulus,
            factor: inverse.wrapping_neg() & MASK,
            r2,
            multiply,
        })
    }

    pub(super) fn limbs(&self) -> usize {
        self.modulus.len()
    }

    /// The number with these 64-bit words, which is below R, as a residue.
    pub(super) fn residue(&self, words: &[u64]) -> Vec<u64> {
        let mut plain = split(words, self.limbs());
        let mut out = vec![0; self.limbs()];
        self.multiply(&mut out, &plain, &self.r2);
        plain.zeroize();
        out
    }

    /// a b / R mod n, of numbers of k limbs.
    pub(super) fn multiply(&self, out: &mut [u64], a: &[u64], b: &[u64]) {
        // Safety: `available` said yes, or there would be no `Field`.
        unsafe { (self.multiply)(out, a, b, &self.modulus, self.factor) }
    }

    /// a b mod n in 64-bit words, of a residue a and a plain number b below n.
    pub(super) fn multiply_plain(&self, a: &[u64], words: &[u64], out: &mut [u64]) {
        let mut plain = split(words, self.limbs());
        let mut product = vec![0; self.limbs()];
        self.multiply(&mut product, a, &plain);
        subtract_once(&mut product, &self.modulus);
        join(&product, out);
        plain.zeroize();
        product.zeroize();
    }

    /// As [`Field::multiply`], eight at a time. `scratch` has k vectors.
    pub(super) fn multiply_lanes(
        &self,
        out: &mut Lanes,
        a: &Lanes,
        b: &Lanes,
        scratch: &mut Lanes,
    ) {
        // Safety: as in `multiply`.
        unsafe { multiply_lanes(out, a, b, &self.modulus, self.factor, scratch) }
    }

    /// Entry `index` of a table in the layout of [`Field::table`].
    pub(super) fn select(&self, out: &mut [u64], table: &[Lane], index: usize) {
        // Safety: as in `multiply`.
        unsafe { select(out, table, index as u64) }
    }

    /// For each lane the entry that its index names.
    pub(super) fn select_lanes(&self, out: &mut Lanes, table: &[Lane], indices: &[usize; 8]) {
        let indices = Lane(indices.map(|index| index as u64));
        // Safety: as in `multiply`.
        unsafe { select_lanes(out, table, &indices) }
    }

    /// Residues as a table: limb by limb, the entries of a limb side by side. Their number is a
    /// power of two from 16 to 256.
    pub(super) fn table(&self, entries: &[Vec<u64>]) -> Vec<Lane> {
        let groups = entries.len() / 8;
        let mut table = vec![Lane::default(); self.limbs() * groups];
        for (index, entry) in entries.iter().enumerate() {
            for (limb, value) in entry.iter().enumerate() {
                table[limb * groups + index / 8].0[index % 8] = *value;
            }
        }
        table
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
fn join(limbs: &[u64], words: &mut [u64]) {
    for (index, word) in words.iter_mut().enumerate() {
        let (first, shift) = (64 * index / 52, 64 * index % 52);
        let limb = |offset: usize| limbs.get(first + offset).copied().unwrap_or(0);
        *word = limb(0) >> shift | limb(1) << (52 - shift);
        if shift > 40 {
            *word |= limb(2) << (104 - shift);
        }
    }
}

/// x - n if x >= n, else x.
fn subtract_once(x: &mut [u64], n: &[u64]) {
    let borrow = |x: &[u64]| {
        let mut borrow = 0u64;
        for (x, n) in x.iter().zip(n) {
            borrow = x.wrapping_sub(*n).wrapping_sub(borrow) >> 63;
        }
        borrow
    };
    // All ones where there is something to subtract.
    let keep = std::hint::black_box(borrow(x)).wrapping_sub(1);
    let mut borrow = 0;
    for (x, n) in x.iter_mut().zip(n) {
        let difference = x.wrapping_sub(n & keep).wrapping_sub(borrow);
        borrow = difference >> 63;
        *x = difference & MASK;
    }
}

/// One number over Z vectors.
#[target_feature(enable = "avx512f,avx512ifma")]
fn multiply<const Z: usize>(out: &mut [u64], a: &[u64], b: &[u64], n: &[u64], factor: u64) {
    assert!(out.len() == 8 * Z && a.len() == 8 * Z && b.len() == 8 * Z && n.len() == 8 * Z);
    let zero = _mm512_setzero_si512();
    let (mut x, mut modulus, mut sum) = ([zero; Z], [zero; Z], [zero; Z]);
    for z in 0..Z {
        // Safety: the slices have 8 Z words.
        unsafe {
            x[z] = _mm512_loadu_si512(a.as_ptr().add(8 * z).cast());
            modulus[z] = _mm512_loadu_si512(n.as_ptr().add(8 * z).cast());
        }
    }
    let factor = _mm512_set1_epi64(factor as i64);
    for &limb in b {
        let limb = _mm512_set1_epi64(limb as i64);
        for z in 0..Z {
            sum[z] = _mm512_madd52lo_epu64(sum[z], x[z], limb);
        }
        let lowest = _mm512_broadcastq_epi64(_mm512_castsi512_si128(sum[0]));
        let multiple = _mm512_madd52lo_epu64(zero, factor, lowest);
        for z in 0..Z {
            sum[z] = _mm512_madd52lo_epu64(sum[z], modulus[z], multiple);
        }
        // The lowest limb is now a multiple of 2^52: it leaves, and its carry stays.
        let carry = _mm512_maskz_srli_epi64::<52>(1, sum[0]);
        for z in 0..Z {
            let next = if z + 1 < Z { sum[z + 1] } else { zero };
            sum[z] = _mm512_alignr_epi64::<1>(next, sum[z]);
        }
        sum[0] = _mm512_add_epi64(sum[0], carry);
        for z in 0..Z {
            sum[z] = _mm512_madd52hi_epu64(sum[z], x[z], limb);
        }
        for z in 0..Z {
            sum[z] = _mm512_madd52hi_epu64(sum[z], modulus[z], multiple);
        }
    }

    // Limbs of more than 52 bits pass their carry to the neighbour. What that starts is settled
    // for all at once: a limb above 2^52 - 1 generates a carry, one of exactly that passes it on.
    let mask = _mm512_set1_epi64(MASK as i64);
    let mut previous = zero;
    let (mut generate, mut pass) = (0u128, 0u128);
    for (z, limbs) in sum.iter_mut().enumerate() {
        let carries = _mm512_srli_epi64::<52>(*limbs);
        let moved = _mm512_alignr_epi64::<7>(carries, previous);
        previous = carries;
        *limbs = _mm512_add_epi64(_mm512_and_si512(*limbs, mask), moved);
        generate |= u128::from(_mm512_cmpgt_epu64_mask(*limbs, mask)) << (8 * z);
        pass |= u128::from(_mm512_cmpeq_epu64_mask(*limbs, mask)) << (8 * z);
    }
    let increment = (generate << 1).wrapping_add(pass) ^ pass;
    let one = _mm512_set1_epi64(1);
    for (z, limbs) in sum.iter().enumerate() {
        let chosen = (increment >> (8 * z)) as u8;
        let limbs = _mm512_and_si512(_mm512_mask_add_epi64(*limbs, chosen, *limbs, one), mask);
        // Safety: `out` has 8 Z words.
        unsafe { _mm512_storeu_si512(out.as_mut_ptr().add(8 * z).cast(), limbs) };
    }
}

/// Eight products, column by column. Eight limbs of `b` are taken at once, so that a column of
/// the running sum is read and written once for 32 multiplications.
#[target_feature(enable = "avx512f,avx512ifma")]
fn multiply_lanes(
    out: &mut [Lane],
    a: &[Lane],
    b: &[Lane],
    n: &[u64],
    factor: u64,
    sum: &mut [Lane],
) {
    let k = n.len();
    assert!(k >= 8 && k.is_multiple_of(8));
    assert!(out.len() == k && a.len() == k && b.len() == k && sum.len() == k);
    let zero = _mm512_setzero_si512();
    let factor = _mm512_set1_epi64(factor as i64);
    // Safety of all loads and stores: every index is below k, the length of every slice.
    let at = |lanes: &[Lane], index: usize| unsafe {
        debug_assert!(index < lanes.len());
        _mm512_load_si512(lanes.as_ptr().add(index).cast())
    };
    let put = |lanes: &mut [Lane], index: usize, value: __m512i| unsafe {
        debug_assert!(index < lanes.len());
        _mm512_store_si512(lanes.as_mut_ptr().add(index).cast(), value)
    };
    let modulus = |index: usize| unsafe {
        debug_assert!(index < k);
        _mm512_set1_epi64(*n.get_unchecked(index) as i64)
    };
    for lane in sum.iter_mut() {
        *lane = Lane::default();
    }
    for block in (0..k).step_by(8) {
        let (mut limb, mut multiple) = ([zero; 8], [zero; 8]);
        for (s, limb) in limb.iter_mut().enumerate() {
            *limb = at(b, block + s);
        }
        // The lowest eight columns give the multiples of the modulus that make them vanish.
        let mut carry = zero;
        for c in 0..8 {
            let mut x = _mm512_add_epi64(at(sum, c), carry);
            let mut y = zero;
            for s in 0..8 {
                if s <= c {
                    x = _mm512_madd52lo_epu64(x, at(a, c - s), limb[s]);
                }
                if s < c {
                    y = _mm512_madd52hi_epu64(y, at(a, c - 1 - s), limb[s]);
                    x = _mm512_madd52lo_epu64(x, modulus(c - s), multiple[s]);
                    y = _mm512_madd52hi_epu64(y, modulus(c - 1 - s), multiple[s]);
                }
            }
            x = _mm512_add_epi64(x, y);
            multiple[c] = _mm512_madd52lo_epu64(zero, x, factor);
            x = _mm512_madd52lo_epu64(x, modulus(0), multiple[c]);
            carry = _mm512_srli_epi64::<52>(x);
        }
        for c in 8..k {
            let (mut w, mut x, mut y, mut z) = (at(sum, c), zero, zero, zero);
            for s in 0..9 {
                let (value, modulus) = (at(a, c - s), modulus(c - s));
                if s < 8 {
                    w = _mm512_madd52lo_epu64(w, value, limb[s]);
                    x = _mm512_madd52lo_epu64(x, modulus, multiple[s]);
                }
                if s > 0 {
                    y = _mm512_madd52hi_epu64(y, value, limb[s - 1]);
                    z = _mm512_madd52hi_epu64(z, modulus, multiple[s - 1]);
                }
            }
            let column = _mm512_add_epi64(_mm512_add_epi64(w, x), _mm512_add_epi64(y, z));
            put(sum, c - 8, column);
        }
        for c in 0..8 {
            let (mut x, mut y) = (zero, zero);
            for s in 0..8 {
                if s >= c {
                    x = _mm512_madd52hi_epu64(x, at(a, k + c - 1 - s), limb[s]);
                    y = _mm512_madd52hi_epu64(y, modulus(k + c - 1 - s), multiple[s]);
                }
                if s > c {
                    x = _mm512_madd52lo_epu64(x, at(a, k + c - s), limb[s]);
                    y = _mm512_madd52lo_epu64(y, modulus(k + c - s), multiple[s]);
                }
            }
            put(sum, k - 8 + c, _mm512_add_epi64(x, y));
        }
        let lowest = _mm512_add_epi64(at(sum, 0), carry);
        put(sum, 0, lowest);
    }
    let mask = _mm512_set1_epi64(MASK as i64);
    let mut carry = zero;
    for index in 0..k {
        let limb = _mm512_add_epi64(at(sum, index), carry);
        carry = _mm512_srli_epi64::<52>(limb);
        put(out, index, _mm512_and_si512(limb, mask));
    }
}

/// Reads the whole table.
#[target_feature(enable = "avx512f")]
fn select(out: &mut [u64], table: &[Lane], index: u64) {
    let groups = table.len() / out.len();
    assert!(groups <= MAX_GROUPS && groups * out.len() == table.len());
    let wanted = _mm512_set1_epi64(index as i64);
    let mut masks = [0; MAX_GROUPS];
    let mut place = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
    for mask in masks.iter_mut().take(groups) {
        *mask = _mm512_cmpeq_epi64_mask(place, wanted);
        place = _mm512_add_epi64(place, _mm512_set1_epi64(8));
    }
    for (value, entries) in out.iter_mut().zip(table.chunks_exact(groups)) {
        let mut found = _mm512_setzero_si512();
        for (entry, mask) in entries.iter().zip(masks) {
            // Safety: a `Lane` is a vector.
            let entry = unsafe { _mm512_load_si512(std::ptr::from_ref(entry).cast()) };
            found = _mm512_mask_mov_epi64(found, mask, entry);
        }
        *value = _mm512_reduce_or_epi64(found) as u64;
    }
}

/// Reads the whole table, once for eight lanes.
#[target_feature(enable = "avx512f")]
fn select_lanes(out: &mut [Lane], table: &[Lane], indices: &Lane) {
    let groups = table.len() / out.len();
    assert!(groups <= MAX_GROUPS && groups.is_multiple_of(2) && groups * out.len() == table.len());
    // Safety: a `Lane` is a vector.
    let load = |lane: &Lane| unsafe { _mm512_load_si512(std::ptr::from_ref(lane).cast()) };
    let indices = load(indices);
    let pair = _mm512_srli_epi64::<4>(indices);
    let mut masks = [0; MAX_GROUPS / 2];
    for (number, mask) in masks.iter_mut().take(groups / 2).enumerate() {
        *mask = _mm512_cmpeq_epi64_mask(pair, _mm512_set1_epi64(number as i64));
    }
    for (value, entries) in out.iter_mut().zip(table.chunks_exact(groups)) {
        let mut found = _mm512_setzero_si512();
        for (pair, mask) in entries.chunks_exact(2).zip(masks) {
            let entry = _mm512_permutex2var_epi64(load(&pair[0]), indices, load(&pair[1]));
            found = _mm512_mask_mov_epi64(found, mask, entry);
        }
        // Safety: as above.
        unsafe { _mm512_store_si512(std::ptr::from_mut(value).cast(), found) };
    }
}
