//! Eight numbers side by side: eight products at once.

use std::arch::x86_64::*;

use zeroize::Zeroize;

use super::{Constants, Field, Lane, Lanes, MASK};

impl Field {
    /// Room for the products below.
    pub(in crate::modular) fn scratch(&self) -> Lanes {
        vec![Lane::default(); 3 * self.half()]
    }

    /// As [`Field::multiply`], eight at a time.
    pub(in crate::modular) fn multiply_lanes(
        &self,
        out: &mut [Lane],
        x: &[Lane],
        y: &[Lane],
        scratch: &mut [Lane],
    ) {
        let half = self.half();
        let ((low, high), (a, b)) = (out.split_at_mut(half), x.split_at(half));
        let ((c, d), (sum, digits, _)) = (y.split_at(half), self.parts(scratch));
        // Safety: `available` said yes, or there would be no `Field`.
        unsafe {
            reduce::<1, false>(low, [a], [c], &self.constants, digits, sum);
            reduce::<2, true>(high, [a, b], [d, c], &self.constants, digits, sum);
        }
    }

    /// As [`Field::multiply_lanes`], by factors (c, 0) of which only c is given.
    pub(in crate::modular) fn multiply_lanes_half(
        &self,
        out: &mut [Lane],
        x: &[Lane],
        c: &[Lane],
        scratch: &mut [Lane],
    ) {
        let half = self.half();
        let ((low, high), (a, b)) = (out.split_at_mut(half), x.split_at(half));
        let (sum, digits, _) = self.parts(scratch);
        // Safety: as above.
        unsafe {
            reduce::<1, false>(low, [a], [c], &self.constants, digits, sum);
            reduce::<1, true>(high, [b], [c], &self.constants, digits, sum);
        }
    }

    /// The first halves of [`Field::multiply_lanes`], of factors (a, 0) and (c, 0).
    pub(in crate::modular) fn multiply_lanes_first(
        &self,
        out: &mut [Lane],
        a: &[Lane],
        c: &[Lane],
        scratch: &mut [Lane],
    ) {
        let (sum, digits, _) = self.parts(scratch);
        // Safety: as above.
        unsafe { reduce::<1, false>(out, [a], [c], &self.constants, digits, sum) }
    }

    /// As [`Field::square`], eight at a time.
    pub(in crate::modular) fn square_lanes(
        &self,
        out: &mut [Lane],
        x: &[Lane],
        scratch: &mut [Lane],
    ) {
        let half = self.half();
        let ((low, high), (a, b)) = (out.split_at_mut(half), x.split_at(half));
        let (sum, digits, twice) = self.parts(scratch);
        // Safety: as above.
        unsafe {
            double(twice, a);
            reduce::<1, false>(low, [a], [a], &self.constants, digits, sum);
            reduce::<1, true>(high, [twice], [b], &self.constants, digits, sum);
        }
    }

    /// As [`Field::lift`], eight at a time, into `x`.
    pub(in crate::modular) fn lift_lanes(
        &self,
        x: &mut Lanes,
        u: &mut [Lane],
        scratch: &mut [Lane],
    ) {
        let mut carry = [0; 8];
        for lane in u.iter_mut() {
            for (limb, carry) in lane.0.iter_mut().zip(&mut carry) {
                *limb += *carry;
                *carry = *limb >> 52;
                *limb &= MASK;
            }
        }
        let mut plain = vec![Lane::default(); self.limbs()];
        plain[0] = Lane([1; 8]);
        plain[self.half()..].copy_from_slice(u);
        let r2: Lanes = self.r2.iter().map(|limb| Lane([*limb; 8])).collect();
        let mut factor = vec![Lane::default(); self.limbs()];
        self.multiply_lanes(&mut factor, &plain, &r2, scratch);
        self.multiply_lanes(&mut plain, x, &factor, scratch);
        std::mem::swap(x, &mut plain);
        plain.zeroize();
        factor.zeroize();
    }

    fn parts<'s>(
        &self,
        scratch: &'s mut [Lane],
    ) -> (&'s mut [Lane], &'s mut [Lane], &'s mut [Lane]) {
        let (sum, rest) = scratch.split_at_mut(self.half());
        let (digits, twice) = rest.split_at_mut(self.half());
        (sum, digits, twice)
    }
}

/// A block for each number from 0 to 7, which is a constant in it: the compiler does not unroll
/// loops of this size.
macro_rules! eight {
    ($number:ident => $block:block) => {
        eight!($number, $block, 0, 1, 2, 3, 4, 5, 6, 7)
    };
    ($number:ident, $block:block, $($value:literal),*) => {
        $({
            const $number: usize = $value;
            $block
        })*
    };
}

/// 2 x, of limbs below 2^52.
#[target_feature(enable = "avx512f")]
fn double(out: &mut [Lane], x: &[Lane]) {
    let mut top = [0; 8];
    for (out, x) in out.iter_mut().zip(x) {
        for lane in 0..8 {
            out.0[lane] = (x.0[lane] << 1 & MASK) | top[lane];
            top[lane] = x.0[lane] >> 51;
        }
    }
}

/// Half of eight products: the sum of x y over the terms, reduced, column by column. Eight limbs of
/// each y are taken at once, so that a column of the running sum is read and written once for all.
/// The first half leaves the digits of m in `digits`, the second subtracts them.
#[target_feature(enable = "avx512f,avx512ifma")]
fn reduce<const TERMS: usize, const SECOND: bool>(
    out: &mut [Lane],
    x: [&[Lane]; TERMS],
    y: [&[Lane]; TERMS],
    constants: &Constants,
    digits: &mut [Lane],
    sum: &mut [Lane],
) {
    let (n, start) = (&constants.root[..], &constants.start[..]);
    let k = n.len();
    assert!(k >= 8 && k.is_multiple_of(8) && start.len() == k);
    assert!(out.len() == k && digits.len() == k && sum.len() == k);
    assert!(x.iter().chain(&y).all(|lanes| lanes.len() == k));
    let zero = _mm512_setzero_si512();
    let mask = _mm512_set1_epi64(MASK as i64);
    let factor = _mm512_set1_epi64(constants.factor as i64);
    // Safety of all loads and stores: every index is below k, the length of every slice.
    let at = |lanes: &[Lane], index: usize| unsafe {
        debug_assert!(index < lanes.len());
        _mm512_load_si512(lanes.as_ptr().add(index).cast())
    };
    let put = |lanes: &mut [Lane], index: usize, value: __m512i| unsafe {
        debug_assert!(index < lanes.len());
        _mm512_store_si512(lanes.as_mut_ptr().add(index).cast(), value)
    };
    let all = |limbs: &[u64], index: usize| unsafe {
        debug_assert!(index < limbs.len());
        _mm512_set1_epi64(*limbs.get_unchecked(index) as i64)
    };
    for index in 0..k {
        put(sum, index, if SECOND { all(start, index) } else { zero });
    }
    for block in (0..k).step_by(8) {
        let (mut limb, mut multiple) = ([[zero; 8]; TERMS], [zero; 8]);
        for term in 0..TERMS {
            for (s, limb) in limb[term].iter_mut().enumerate() {
                *limb = at(y[term], block + s);
            }
        }
        // The lowest eight columns give the multiples of the modulus that make them vanish. What
        // does not wait for one of these comes first.
        let mut carry = zero;
        eight!(C => {
            let (mut v, mut w) = (at(sum, C), zero);
            if SECOND {
                v = _mm512_add_epi64(v, _mm512_xor_si512(at(digits, block + C), mask));
            }
            for term in 0..TERMS {
                for s in 0..=C {
                    v = _mm512_madd52lo_epu64(v, at(x[term], C - s), limb[term][s]);
                }
                for s in 0..C {
                    w = _mm512_madd52hi_epu64(w, at(x[term], C - s - 1), limb[term][s]);
                }
            }
            let (mut lo, mut hi) = (v, w);
            for s in 0..C {
                lo = _mm512_madd52lo_epu64(lo, all(n, C - s), multiple[s]);
                hi = _mm512_madd52hi_epu64(hi, all(n, C - s - 1), multiple[s]);
            }
            lo = _mm512_add_epi64(lo, _mm512_add_epi64(hi, carry));
            multiple[C] = _mm512_madd52lo_epu64(zero, lo, factor);
            lo = _mm512_madd52lo_epu64(lo, all(n, 0), multiple[C]);
            carry = _mm512_srli_epi64::<52>(lo);
            if !SECOND {
                put(digits, block + C, multiple[C]);
            }
        });
        for c in 8..k {
            let (mut lo, mut hi) = ([zero; TERMS], [zero; TERMS]);
            let (mut low, mut high) = (at(sum, c), zero);
            for s in 0..9 {
                let root = all(n, c - s);
                for term in 0..TERMS {
                    let value = at(x[term], c - s);
                    if s < 8 {
                        lo[term] = _mm512_madd52lo_epu64(lo[term], value, limb[term][s]);
                    }
                    if s > 0 {
                        hi[term] = _mm512_madd52hi_epu64(hi[term], value, limb[term][s - 1]);
                    }
                }
                if s < 8 {
                    low = _mm512_madd52lo_epu64(low, root, multiple[s]);
                }
                if s > 0 {
                    high = _mm512_madd52hi_epu64(high, root, multiple[s - 1]);
                }
            }
            let mut column = _mm512_add_epi64(low, high);
            for term in 0..TERMS {
                column = _mm512_add_epi64(column, _mm512_add_epi64(lo[term], hi[term]));
            }
            put(sum, c - 8, column);
        }
        eight!(C => {
            let (mut lo, mut hi) = (zero, zero);
            for term in 0..TERMS {
                for s in C..8 {
                    hi = _mm512_madd52hi_epu64(hi, at(x[term], k + C - 1 - s), limb[term][s]);
                }
                for s in C + 1..8 {
                    lo = _mm512_madd52lo_epu64(lo, at(x[term], k + C - s), limb[term][s]);
                }
            }
            let (mut low, mut high) = (zero, zero);
            for s in C..8 {
                high = _mm512_madd52hi_epu64(high, all(n, k + C - 1 - s), multiple[s]);
            }
            for s in C + 1..8 {
                low = _mm512_madd52lo_epu64(low, all(n, k + C - s), multiple[s]);
            }
            let column = _mm512_add_epi64(_mm512_add_epi64(lo, hi), _mm512_add_epi64(low, high));
            put(sum, k - 8 + C, column);
        });
        let lowest = _mm512_add_epi64(at(sum, 0), carry);
        put(sum, 0, lowest);
    }
    let mut carry = zero;
    for index in 0..k {
        let limb = _mm512_add_epi64(at(sum, index), carry);
        carry = _mm512_srli_epi64::<52>(limb);
        put(out, index, _mm512_and_si512(limb, mask));
    }
}
