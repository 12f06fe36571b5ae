//! Vectors of `f64` in the few operations that the kernels use, each rounded as IEEE 754 says, so
//! that the width changes no bit.

#[cfg(target_arch = "x86_64")]
use core::arch::x86_64::*;

use super::blocks::Eight;

/// `WIDTH` lanes of an [`Eight`]; `part` counts from 0 to `8 / WIDTH`.
///
/// An implementation may be used only on a processor that has its instructions: the kernels are
/// entered through functions that enable them, after detection.
pub(crate) trait Vector: Copy {
    const WIDTH: usize;

    fn splat(value: f64) -> Self;
    /// Lanes of `values[index]`. Safety: `index` is in bounds.
    unsafe fn load(values: &[Eight], index: usize, part: usize) -> Self;
    /// Writes lanes of `values[index]`. Safety: `index` is in bounds.
    unsafe fn store(self, values: &mut [Eight], index: usize, part: usize);
    /// Asks for `values[index]` to be in the cache soon; any index will do.
    #[inline(always)]
    fn prefetch(_values: &[Eight], _index: usize) {}
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    fn sqrt(self) -> Self;
    /// The smaller, lane by lane. No NaN, no -0.0.
    fn min(self, other: Self) -> Self;
    /// 1 in lanes where `left` equals `right`, lanes of `self` elsewhere.
    fn one_where_equal(self, left: Self, right: Self) -> Self;
    fn map(self, f: impl Fn(f64) -> f64) -> Self;
}

/// Arrays that the compiler turns into whatever the target has.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f64; 2]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Portable([f(self.0[0], other.0[0]), f(self.0[1], other.0[1])])
    }
}

impl Vector for Portable {
    const WIDTH: usize = 2;

    #[inline(always)]
    fn splat(value: f64) -> Self {
        Portable([value; 2])
    }
    #[inline(always)]
    unsafe fn load(values: &[Eight], index: usize, part: usize) -> Self {
        let lanes = &values[index].0;
        Portable([lanes[part * 2], lanes[part * 2 + 1]])
    }
    #[inline(always)]
    unsafe fn store(self, values: &mut [Eight], index: usize, part: usize) {
        values[index].0[part * 2..part * 2 + 2].copy_from_slice(&self.0);
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.map(f64::sqrt)
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn one_where_equal(self, left: Self, right: Self) -> Self {
        let pick = |lane: usize| match left.0[lane] == right.0[lane] {
            true => 1.0,
            false => self.0[lane],
        };
        Portable([pick(0), pick(1)])
    }
    #[inline(always)]
    fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Portable([f(self.0[0]), f(self.0[1])])
    }
}

/// One implementation per register of x86-64; they differ in names only.
#[cfg(target_arch = "x86_64")]
macro_rules! x86 {
    ($name:ident, $doc:literal, $register:ident, $width:literal,
     $set1:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $div:ident,
     $sqrt:ident, $min:ident, |$value:ident, $left:ident, $right:ident| $select:expr) => {
        #[doc = $doc]
        #[derive(Clone, Copy)]
        pub(crate) struct $name($register);

        // SAFETY of all blocks: the instructions are there, as the trait demands of its users;
        // lanes of an `Eight` begin at multiples of the register's size because it is aligned to
        // 64 bytes.
        impl Vector for $name {
            const WIDTH: usize = $width;

            #[inline(always)]
            fn splat(value: f64) -> Self {
                $name(unsafe { $set1(value) })
            }
            #[inline(always)]
            unsafe fn load(values: &[Eight], index: usize, part: usize) -> Self {
                debug_assert!(index < values.len() && part < 8 / $width);
                $name(unsafe { $load(values.as_ptr().add(index).cast::<f64>().add(part * $width)) })
            }
            #[inline(always)]
            unsafe fn store(self, values: &mut [Eight], index: usize, part: usize) {
                debug_assert!(index < values.len() && part < 8 / $width);
                unsafe {
                    let target = values.as_mut_ptr().add(index).cast::<f64>();
                    $store(target.add(part * $width), self.0)
                }
            }
            #[inline(always)]
            fn prefetch(values: &[Eight], index: usize) {
                // A hint: the processor ignores addresses that are not mapped.
                let address = values.as_ptr().wrapping_add(index).cast::<i8>();
                unsafe { _mm_prefetch::<_MM_HINT_T0>(address) }
            }
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                $name(unsafe { $add(self.0, other.0) })
            }
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                $name(unsafe { $sub(self.0, other.0) })
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                $name(unsafe { $mul(self.0, other.0) })
            }
            #[inline(always)]
            fn div(self, other: Self) -> Self {
                $name(unsafe { $div(self.0, other.0) })
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $name(unsafe { $sqrt(self.0) })
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                $name(unsafe { $min(self.0, other.0) })
            }
            #[inline(always)]
            fn one_where_equal(self, left: Self, right: Self) -> Self {
                let ($value, $left, $right) = (self.0, left.0, right.0);
                $name(unsafe { $select })
            }
            #[inline(always)]
            fn map(self, f: impl Fn(f64) -> f64) -> Self {
                let mut lanes = [Eight::ZERO];
                // SAFETY: index 0 of one.
                unsafe { self.store(&mut lanes, 0, 0) };
                for lane in &mut lanes[0].0[..$width] {
                    *lane = f(*lane);
                }
                unsafe { Self::load(&lanes, 0, 0) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
x86!(
    Sse2,
    "Part of every x86-64.",
    __m128d,
    2,
    _mm_set1_pd,
    _mm_load_pd,
    _mm_store_pd,
    _mm_add_pd,
    _mm_sub_pd,
    _mm_mul_pd,
    _mm_div_pd,
    _mm_sqrt_pd,
    _mm_min_pd,
    |value, left, right| {
        let equal = _mm_cmpeq_pd(left, right);
        _mm_or_pd(
            _mm_and_pd(equal, _mm_set1_pd(1.0)),
            _mm_andnot_pd(equal, value),
        )
    }
);

#[cfg(target_arch = "x86_64")]
x86!(
    Avx2,
    "Four lanes.",
    __m256d,
    4,
    _mm256_set1_pd,
    _mm256_load_pd,
    _mm256_store_pd,
    _mm256_add_pd,
    _mm256_sub_pd,
    _mm256_mul_pd,
    _mm256_div_pd,
    _mm256_sqrt_pd,
    _mm256_min_pd,
    |value, left, right| {
        let equal = _mm256_cmp_pd::<_CMP_EQ_OQ>(left, right);
        _mm256_blendv_pd(value, _mm256_set1_pd(1.0), equal)
    }
);

#[cfg(target_arch = "x86_64")]
x86!(
    Avx512,
    "Eight lanes.",
    __m512d,
    8,
    _mm512_set1_pd,
    _mm512_load_pd,
    _mm512_store_pd,
    _mm512_add_pd,
    _mm512_sub_pd,
    _mm512_mul_pd,
    _mm512_div_pd,
    _mm512_sqrt_pd,
    _mm512_min_pd,
    |value, left, right| {
        let equal = _mm512_cmp_pd_mask::<_CMP_EQ_OQ>(left, right);
        _mm512_mask_blend_pd(equal, value, _mm512_set1_pd(1.0))
    }
);
