//! Exact numbers that weights are made of.

use primitive_types::U512;

use crate::Error;

pub(crate) fn add(a: U512, b: U512) -> Result<U512, Error> {
    a.checked_add(b).ok_or(Error::Overflow)
}

pub(crate) fn sub(a: U512, b: U512) -> Result<U512, Error> {
    a.checked_sub(b).ok_or(Error::Overflow)
}

pub(crate) fn mul(a: U512, b: impl Into<U512>) -> Result<U512, Error> {
    a.checked_mul(b.into()).ok_or(Error::Overflow)
}

pub(crate) fn div(a: U512, b: impl Into<U512>) -> Result<U512, Error> {
    a.checked_div(b.into()).ok_or(Error::Overflow)
}

/// n over k.
pub(crate) fn binomial(n: u32, k: u32) -> Result<U512, Error> {
    let mut value = U512::one();
    for (above, below) in (0..n).rev().zip(0..k) {
        value = div(
            mul(value, above.saturating_add(1))?,
            below.saturating_add(1),
        )?;
    }
    Ok(if k > n { U512::zero() } else { value })
}

/// The least common multiple of 1 to n. n times the lcm of the binomials of n - 1 is the same
/// number, so it is a common denominator of the weights of n players.
pub(crate) fn lcm_to(n: u32) -> Result<U512, Error> {
    (1..=u64::from(n)).try_fold(U512::one(), lcm)
}

/// The least common multiple with a small number.
pub(crate) fn lcm(a: U512, b: u64) -> Result<U512, Error> {
    let remainder = a.checked_rem(b.into()).ok_or(Error::Overflow)?;
    mul(a, div(b.into(), gcd(b, remainder.low_u64()))?)
}

fn gcd(a: u64, b: u64) -> u64 {
    match a.checked_rem(b) {
        Some(remainder) => gcd(b, remainder),
        None => a,
    }
}
