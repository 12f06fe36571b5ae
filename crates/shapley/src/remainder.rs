//! Amounts in whole units.

use alloc::vec::Vec;
use core::cmp::Reverse;
use primitive_types::U512;

use crate::{
    numbers::{add, mul},
    Error,
};

/// Divides `amount` in proportion to weights, by largest remainder: each part is rounded down, and
/// what is left goes, a unit each, to those who lost the largest fractions; among equals to the
/// first. The parts add up to the amount.
pub fn split(amount: u128, weights: &[U512]) -> Result<Vec<u128>, Error> {
    let total = weights
        .iter()
        .try_fold(U512::zero(), |sum, w| add(sum, *w))?;
    if total.is_zero() {
        return Err(Error::NoWorth);
    }
    let mut parts = Vec::with_capacity(weights.len());
    let mut lost = Vec::with_capacity(weights.len());
    let mut left = amount;
    for (position, weight) in weights.iter().enumerate() {
        let product = mul(*weight, amount)?;
        let whole = product.checked_div(total).ok_or(Error::Overflow)?;
        let remainder = product.checked_rem(total).ok_or(Error::Overflow)?;
        // The weight is at most the total, so the part is at most the amount.
        let part = whole.low_u128();
        left = left.checked_sub(part).ok_or(Error::Overflow)?;
        parts.push(part);
        lost.push((remainder, Reverse(position)));
    }
    lost.sort_unstable_by(|a, b| b.cmp(a));
    // The remainders are fractions of a unit each: fewer units are left than there are parts.
    for (_, Reverse(position)) in lost
        .iter()
        .take(usize::try_from(left).unwrap_or(usize::MAX))
    {
        if let Some(part) = parts.get_mut(*position) {
            *part = part.checked_add(1).ok_or(Error::Overflow)?;
        }
    }
    Ok(parts)
}
