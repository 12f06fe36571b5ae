//! One number over the lanes of vectors: for chains, where a product waits for the one before.

use std::arch::x86_64::*;

use super::{Constants, MASK};

/// The product of two numbers whose halves have Z vectors.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn multiply<const Z: usize>(
    out: &mut [u64],
    x: &[u64],
    y: &[u64],
    constants: &Constants,
) {
    let (a, b) = (load::<Z>(x, 0), load::<Z>(x, 1));
    assert!(y.len() == 16 * Z);
    let (c, d) = y.split_at(8 * Z);
    let product = chain::<Z, 2>(&a, c, [&a, &b], [d, c], constants);
    store(out, product);
}

/// The square of a number whose halves have Z vectors.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn square<const Z: usize>(out: &mut [u64], x: &[u64], constants: &Constants) {
    let a = load::<Z>(x, 0);
    let (c, d) = x.split_at(8 * Z);
    // 2 a: the highest bit of each limb goes to the next one.
    let mask = _mm512_set1_epi64(MASK as i64);
    let mut twice = a;
    let mut previous = _mm512_setzero_si512();
    for z in 0..Z {
        let top = _mm512_srli_epi64::<51>(a[z]);
        let moved = _mm512_alignr_epi64::<7>(top, previous);
        previous = top;
        twice[z] = _mm512_or_si512(_mm512_and_si512(_mm512_slli_epi64::<1>(a[z]), mask), moved);
    }
    let product = chain::<Z, 1>(&a, c, [&twice], [d], constants);
    store(out, product);
}

/// Half 0 or 1 of a number.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn load<const Z: usize>(x: &[u64], half: usize) -> [__m512i; Z] {
    assert!(x.len() == 16 * Z && half < 2);
    let mut vectors = [_mm512_setzero_si512(); Z];
    for z in 0..Z {
        // Safety: a half has 8 Z words.
        vectors[z] = unsafe { _mm512_loadu_si512(x.as_ptr().add(8 * (Z * half + z)).cast()) };
    }
    vectors
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn store<const Z: usize>(out: &mut [u64], halves: [[__m512i; Z]; 2]) {
    assert!(out.len() == 16 * Z);
    for (half, sum) in halves.into_iter().enumerate() {
        let limbs = settle(sum);
        for z in 0..Z {
            let place = 8 * (Z * half + z);
            // Safety: `out` has 16 Z words.
            unsafe { _mm512_storeu_si512(out.as_mut_ptr().add(place).cast(), limbs[z]) };
        }
    }
}

/// The sums of both halves of a product, carries not yet passed on: a c, and the sum of products
/// `second` times `by`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn chain<const Z: usize, const TERMS: usize>(
    a: &[__m512i; Z],
    c: &[u64],
    second: [&[__m512i; Z]; TERMS],
    by: [&[u64]; TERMS],
    constants: &Constants,
) -> [[__m512i; Z]; 2] {
    let (n, start) = (&constants.root[..], &constants.start[..]);
    assert!(n.len() == 8 * Z && start.len() == 8 * Z && c.len() == 8 * Z);
    assert!(by.iter().all(|limbs| limbs.len() == 8 * Z));
    let zero = _mm512_setzero_si512();
    let (mut root, mut low, mut high) = ([zero; Z], [zero; Z], [zero; Z]);
    for z in 0..Z {
        // Safety: the slices have 8 Z words.
        unsafe {
            root[z] = _mm512_loadu_si512(n.as_ptr().add(8 * z).cast());
            high[z] = _mm512_loadu_si512(start.as_ptr().add(8 * z).cast());
        }
    }
    let factor = _mm512_set1_epi64(constants.factor as i64);
    let mask = _mm512_set1_epi64(MASK as i64);
    for index in 0..8 * Z {
        let limb = _mm512_set1_epi64(c[index] as i64);
        let mut limbs = [zero; TERMS];
        for term in 0..TERMS {
            limbs[term] = _mm512_set1_epi64(by[term][index] as i64);
        }
        // The next digit waits for vector 0: products that do not wait are added to it last.
        low[0] = _mm512_add_epi64(low[0], _mm512_madd52lo_epu64(zero, a[0], limb));
        for z in 1..Z {
            low[z] = _mm512_madd52lo_epu64(low[z], a[z], limb);
        }
        let mut first = zero;
        for term in 0..TERMS {
            first = _mm512_madd52lo_epu64(first, second[term][0], limbs[term]);
            for z in 1..Z {
                high[z] = _mm512_madd52lo_epu64(high[z], second[term][z], limbs[term]);
            }
        }
        high[0] = _mm512_add_epi64(high[0], first);
        let lowest = _mm512_broadcastq_epi64(_mm512_castsi512_si128(low[0]));
        let multiple = _mm512_madd52lo_epu64(zero, factor, lowest);
        // 2^52 - 1 less the digit of m.
        high[0] = _mm512_mask_add_epi64(high[0], 1, high[0], _mm512_xor_si512(multiple, mask));
        let lowest = _mm512_broadcastq_epi64(_mm512_castsi512_si128(high[0]));
        let second_multiple = _mm512_madd52lo_epu64(zero, factor, lowest);
        for z in 0..Z {
            low[z] = _mm512_madd52lo_epu64(low[z], root[z], multiple);
        }
        for z in 0..Z {
            high[z] = _mm512_madd52lo_epu64(high[z], root[z], second_multiple);
        }
        low = shift(low);
        high = shift(high);
        for z in 0..Z {
            low[z] = _mm512_madd52hi_epu64(low[z], root[z], multiple);
            high[z] = _mm512_madd52hi_epu64(high[z], root[z], second_multiple);
        }
        low[0] = _mm512_add_epi64(low[0], _mm512_madd52hi_epu64(zero, a[0], limb));
        for z in 1..Z {
            low[z] = _mm512_madd52hi_epu64(low[z], a[z], limb);
        }
        let mut first = zero;
        for term in 0..TERMS {
            first = _mm512_madd52hi_epu64(first, second[term][0], limbs[term]);
            for z in 1..Z {
                high[z] = _mm512_madd52hi_epu64(high[z], second[term][z], limbs[term]);
            }
        }
        high[0] = _mm512_add_epi64(high[0], first);
    }
    [low, high]
}

/// The lowest limb, a multiple of 2^52, leaves, and its carry stays.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn shift<const Z: usize>(sum: [__m512i; Z]) -> [__m512i; Z] {
    let zero = _mm512_setzero_si512();
    let carry = _mm512_maskz_srli_epi64::<52>(1, sum[0]);
    let mut shifted = sum;
    for z in 0..Z {
        let next = if z + 1 < Z { sum[z + 1] } else { zero };
        shifted[z] = _mm512_alignr_epi64::<1>(next, sum[z]);
    }
    shifted[0] = _mm512_add_epi64(shifted[0], carry);
    shifted
}

/// Limbs of more than 52 bits pass their carry to the neighbour. What that starts is settled for
/// all at once: a limb above 2^52 - 1 generates a carry, one of exactly that passes it on.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn settle<const Z: usize>(mut sum: [__m512i; Z]) -> [__m512i; Z] {
    let mask = _mm512_set1_epi64(MASK as i64);
    let mut previous = _mm512_setzero_si512();
    let (mut generate, mut pass) = (0u64, 0u64);
    for (z, limbs) in sum.iter_mut().enumerate() {
        let carries = _mm512_srli_epi64::<52>(*limbs);
        let moved = _mm512_alignr_epi64::<7>(carries, previous);
        previous = carries;
        *limbs = _mm512_add_epi64(_mm512_and_si512(*limbs, mask), moved);
        generate |= u64::from(_mm512_cmpgt_epu64_mask(*limbs, mask)) << (8 * z);
        pass |= u64::from(_mm512_cmpeq_epu64_mask(*limbs, mask)) << (8 * z);
    }
    let increment = (generate << 1).wrapping_add(pass) ^ pass;
    let one = _mm512_set1_epi64(1);
    for (z, limbs) in sum.iter_mut().enumerate() {
        let chosen = (increment >> (8 * z)) as u8;
        *limbs = _mm512_and_si512(_mm512_mask_add_epi64(*limbs, chosen, *limbs, one), mask);
    }
    sum
}
