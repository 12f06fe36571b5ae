//! P_k: each validator's part of what the validators have together.

use alloc::{collections::BTreeMap, vec, vec::Vec};
use primitive_types::U512;

use crate::{
    numbers::{add, div, lcm, mul},
    Error, MAX_VALIDATORS,
};

/// P_k = w_k / sum w, for [`crate::split`].
pub fn by_stake(stakes: &[u128]) -> Vec<U512> {
    stakes.iter().map(|stake| U512::from(*stake)).collect()
}

/// P_k = 1/n sum 1/q_i over the rounds in which validator k was healthy; q_i is how many were in
/// round i, and rounds without any are left out of n.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HealthyRounds {
    /// By q, for each validator its healthy rounds.
    counts: BTreeMap<u32, Vec<u32>>,
    validators: u32,
}

impl HealthyRounds {
    /// No round yet.
    pub fn new(validators: u32) -> Result<Self, Error> {
        match (1..=MAX_VALIDATORS).contains(&validators) {
            true => Ok(HealthyRounds {
                counts: BTreeMap::new(),
                validators,
            }),
            false => Err(Error::Validators),
        }
    }

    /// Notes `rounds` rounds with the same healthy validators, by position from 0.
    pub fn note(&mut self, healthy: &[u32], rounds: u32) -> Result<(), Error> {
        if healthy.iter().any(|position| *position >= self.validators) {
            return Err(Error::NotFound);
        }
        let mut sorted = healthy.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted.len() != healthy.len() {
            return Err(Error::AlreadyNamed);
        }
        if healthy.is_empty() {
            return Ok(());
        }
        let none = || vec![0; self.validators as usize];
        // No more than MAX_VALIDATORS.
        let counts = self.counts.entry(healthy.len() as u32).or_insert_with(none);
        for position in sorted {
            if let Some(count) = counts.get_mut(position as usize) {
                *count = count.checked_add(rounds).ok_or(Error::Overflow)?;
            }
        }
        Ok(())
    }

    /// Weights for [`crate::split`], which fails if no round had a healthy validator.
    pub fn weights(&self) -> Result<Vec<U512>, Error> {
        let sizes = self.counts.keys();
        let unit = sizes
            .copied()
            .try_fold(U512::one(), |unit, q| lcm(unit, q.into()))?;
        let mut weights = vec![U512::zero(); self.validators as usize];
        for (q, counts) in &self.counts {
            let weight = div(unit, *q)?;
            for (sum, count) in weights.iter_mut().zip(counts) {
                *sum = add(*sum, mul(weight, *count)?)?;
            }
        }
        Ok(weights)
    }
}
