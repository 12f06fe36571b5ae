//! Shapley values of rows in closed form, for k nearest neighbours.

use alloc::{vec, vec::Vec};
use primitive_types::U512;

use crate::{Error, MAX_SAMPLED};

/// Values of rows are multiples of 2^-64, rounded down term by term.
const UNIT: u128 = 1 << 64;

/// A training row, seen from a test row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Neighbour {
    /// Whose row it is.
    pub owner: u32,
    /// Whether it has the test row's class.
    pub right: bool,
}

/// Values of owners' rows in the game whose players are rows, and in which rows are worth the part
/// of the k nearest among them that have the test row's class, averaged over the test rows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Neighbours {
    k: u32,
    values: Vec<i128>,
}

impl Neighbours {
    /// No test row yet.
    pub fn new(owners: u32, k: u32) -> Result<Self, Error> {
        if !(1..=MAX_SAMPLED).contains(&owners) {
            return Err(Error::Players);
        }
        match k {
            0 => Err(Error::Parameter("k must be at least 1")),
            _ => Ok(Neighbours {
                k,
                values: vec![0; owners as usize],
            }),
        }
    }

    /// Notes a test row: all training rows, the nearest first.
    ///
    /// From the farthest row on, i = n to 1: s_n = r_n min(k, n)/(k n), and
    /// s_i = s_(i+1) + (r_i - r_(i+1)) min(k, i)/(k i), r = 1 for rows of the right class.
    pub fn note(&mut self, rows: &[Neighbour]) -> Result<(), Error> {
        let owners = self.values.len();
        if rows.iter().any(|row| row.owner as usize >= owners) {
            return Err(Error::NotFound);
        }
        let mut value = 0i128;
        let mut farther = false;
        for (nearer, row) in rows.iter().enumerate().rev() {
            let place = (nearer as u128).saturating_add(1);
            let term = UNIT
                .checked_div(place.max(self.k.into()))
                .unwrap_or_default();
            // At most 2^64.
            let term = term as i128;
            value = match (row.right, farther) {
                (true, false) => value.saturating_add(term),
                (false, true) => value.saturating_sub(term),
                _ => value,
            };
            farther = row.right;
            if let Some(sum) = self.values.get_mut(row.owner as usize) {
                *sum = sum.checked_add(value).ok_or(Error::Overflow)?;
            }
        }
        Ok(())
    }

    /// Sums of the owners' rows over the test rows, in units of 2^-64.
    pub fn values(&self) -> &[i128] {
        &self.values
    }

    /// Weights for [`crate::split`]: an owner whose rows do harm on balance has none.
    pub fn weights(&self) -> Vec<U512> {
        let values = self.values.iter();
        values
            .map(|value| u128::try_from(*value).unwrap_or_default().into())
            .collect()
    }
}
