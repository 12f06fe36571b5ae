//! Powers that the exponent m asks for, in operations that IEEE 754 rounds correctly where m
//! allows it.

use super::vector::Vector;

/// The two powers of m, element by element.
pub(crate) trait Exponent: Copy + Sync {
    /// q^(1/(m-1)) of a ratio of squared distances, 0 <= q <= 1.
    fn ratio<V: Vector>(self, q: V) -> V;
    /// u^m of a membership.
    fn fuzzy<V: Vector>(self, u: V) -> V;
}

/// m = 5: 1/(m-1) = 1/4.
#[derive(Clone, Copy)]
pub(crate) struct Quarter;
/// m = 3: 1/(m-1) = 1/2.
#[derive(Clone, Copy)]
pub(crate) struct Half;
/// m = 2: 1/(m-1) = 1.
#[derive(Clone, Copy)]
pub(crate) struct One;
/// m = 1.5: 1/(m-1) = 2.
#[derive(Clone, Copy)]
pub(crate) struct Two;
/// m = 1.25: 1/(m-1) = 4.
#[derive(Clone, Copy)]
pub(crate) struct Four;
/// Any other m, through the pinned `libm`.
#[derive(Clone, Copy)]
pub(crate) struct General {
    pub m: f64,
}

impl Exponent for Quarter {
    #[inline(always)]
    fn ratio<V: Vector>(self, q: V) -> V {
        q.sqrt().sqrt()
    }
    #[inline(always)]
    fn fuzzy<V: Vector>(self, u: V) -> V {
        let square = u.mul(u);
        square.mul(square).mul(u)
    }
}

impl Exponent for Half {
    #[inline(always)]
    fn ratio<V: Vector>(self, q: V) -> V {
        q.sqrt()
    }
    #[inline(always)]
    fn fuzzy<V: Vector>(self, u: V) -> V {
        u.mul(u).mul(u)
    }
}

impl Exponent for One {
    #[inline(always)]
    fn ratio<V: Vector>(self, q: V) -> V {
        q
    }
    #[inline(always)]
    fn fuzzy<V: Vector>(self, u: V) -> V {
        u.mul(u)
    }
}

impl Exponent for Two {
    #[inline(always)]
    fn ratio<V: Vector>(self, q: V) -> V {
        q.mul(q)
    }
    #[inline(always)]
    fn fuzzy<V: Vector>(self, u: V) -> V {
        u.mul(u.sqrt())
    }
}

impl Exponent for Four {
    #[inline(always)]
    fn ratio<V: Vector>(self, q: V) -> V {
        let square = q.mul(q);
        square.mul(square)
    }
    #[inline(always)]
    fn fuzzy<V: Vector>(self, u: V) -> V {
        u.mul(u.sqrt().sqrt())
    }
}

impl Exponent for General {
    #[inline(always)]
    fn ratio<V: Vector>(self, q: V) -> V {
        let power = 1.0 / (self.m - 1.0);
        q.map(|q| libm::pow(q, power))
    }
    #[inline(always)]
    fn fuzzy<V: Vector>(self, u: V) -> V {
        u.map(|u| libm::pow(u, self.m))
    }
}
