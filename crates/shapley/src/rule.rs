//! The games: owners alone, and the three groups.

use alloc::vec::Vec;
use primitive_types::U512;

use crate::{
    numbers::{add, binomial, div, lcm_to, mul, sub},
    Error,
};

/// Most validators: with 25 owners the weights, a table's sums and an amount of 128 bits still
/// multiply below 2^512 (211 + 36 + 63 + 128 bits), and so do shares by healthy rounds.
pub const MAX_VALIDATORS: u32 = 200;

/// Which game divides the revenue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// Theorem 1: the owners have all of it.
    Owners,
    /// Theorem 2: a coalition is worth something only with the third party and a validator.
    Groups {
        /// Elected seats of the period.
        validators: u32,
    },
}

/// Whole weights of the sums of a [`crate::Profile`], in units of 1/`unit`.
pub(crate) struct Weights {
    /// Of what an owner adds to coalitions of h others, h = 0 to H - 1.
    pub owners: Vec<U512>,
    /// Of worths of coalitions of h owners, h = 0 to H: for the validators together.
    pub validators: Vec<U512>,
    /// The same for the third party.
    pub third_party: Vec<U512>,
    /// The denominator.
    pub unit: U512,
}

impl Rule {
    /// Fails for a number of validators that there may not be.
    pub fn validate(&self) -> Result<(), Error> {
        match self {
            Rule::Groups { validators } if !(1..=MAX_VALIDATORS).contains(validators) => {
                Err(Error::Validators)
            }
            _ => Ok(()),
        }
    }

    /// Validators of the game.
    pub fn validators(&self) -> u32 {
        match self {
            Rule::Owners => 0,
            Rule::Groups { validators } => *validators,
        }
    }

    pub(crate) fn weights(&self, owners: u32) -> Result<Weights, Error> {
        self.validate()?;
        let Rule::Groups { validators } = *self else {
            let unit = lcm_to(owners)?;
            let weight = |h| part(unit, owners, h);
            return Ok(Weights {
                owners: (0..owners).map(weight).collect::<Result<_, _>>()?,
                validators: Vec::new(),
                third_party: Vec::new(),
                unit,
            });
        };
        // All of them, and the owners with the third party alone.
        let all = add(owners.into(), validators.into())?
            .low_u32()
            .saturating_add(1);
        let some = owners.saturating_add(1);
        let mut unit = lcm_to(some)?;
        for factor in (0..=all).rev().take(owners.saturating_add(2) as usize) {
            unit = mul(unit, factor)?;
        }
        let difference = |k| sub(part(unit, some, k)?, part(unit, all, k)?);
        let mut weights = Weights {
            owners: Vec::new(),
            validators: Vec::new(),
            third_party: Vec::new(),
            unit,
        };
        for h in 0..=owners {
            let next = h.saturating_add(1);
            if h < owners {
                weights.owners.push(difference(next)?);
            }
            weights
                .validators
                .push(mul(part(unit, all, next)?, validators)?);
            weights.third_party.push(difference(h)?);
        }
        Ok(weights)
    }
}

/// unit x k! (n - 1 - k)! / n!: the weight of a coalition of k others in a game of n.
fn part(unit: U512, n: u32, k: u32) -> Result<U512, Error> {
    div(unit, mul(binomial(n.saturating_sub(1), k)?, n)?)
}
