//! Exact shares of one service, and what they come to.

use alloc::vec::Vec;
use primitive_types::U512;

use crate::{
    numbers::{add, mul},
    split, Error, Profile, Rule,
};

/// Exact shares: each is its number over `total`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shares {
    /// One for each owner.
    pub owners: Vec<U512>,
    /// Of the validators together.
    pub validators: U512,
    /// Of the third party.
    pub third_party: U512,
    /// The sum of all.
    pub total: U512,
}

/// An amount, divided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payout {
    /// One for each owner.
    pub owners: Vec<u128>,
    /// Of the validators together.
    pub validators: u128,
    /// Of the third party.
    pub third_party: u128,
}

impl Shares {
    /// Shares of the game that `rule` makes of the owners' worths.
    ///
    /// If the coalition of all owners is worth 0, owners have nothing; third party and validators
    /// share as if the owners did not exist, and owners alone are [`Error::NoWorth`].
    pub fn of(profile: &Profile, rule: Rule) -> Result<Self, Error> {
        rule.validate()?;
        let positive = |number: &i128| u128::try_from(*number).map_err(|_| Error::Negative);
        let all = profile.totals().last().map_or(Ok(0), positive)?;
        if all == 0 {
            if profile.totals().iter().any(|total| *total != 0) {
                return Err(Error::Negative);
            }
            return Self::without_owners(profile.players(), rule);
        }
        let weights = rule.weights(profile.players())?;
        let dot = |weights: &[U512], sums: &[i128]| {
            let mut pairs = weights.iter().zip(sums);
            pairs.try_fold(U512::zero(), |sum, (weight, number)| {
                add(sum, mul(*weight, positive(number)?)?)
            })
        };
        let owners = profile.marginals();
        let owners = owners.map(|marginals| dot(&weights.owners, marginals));
        Ok(Shares {
            owners: owners.collect::<Result<_, _>>()?,
            validators: dot(&weights.validators, profile.totals())?,
            third_party: dot(&weights.third_party, profile.totals())?,
            total: mul(weights.unit, all)?,
        })
    }

    pub(crate) fn without_owners(owners: u32, rule: Rule) -> Result<Self, Error> {
        let Rule::Groups { validators } = rule else {
            return Err(Error::NoWorth);
        };
        Ok(Shares {
            owners: (0..owners).map(|_| U512::zero()).collect(),
            validators: U512::one(),
            third_party: validators.into(),
            total: add(validators.into(), U512::one())?,
        })
    }

    /// Divides an amount. Parts that are equal fractions of a unit go to owners in order, then
    /// validators, then the third party.
    pub fn divide(&self, amount: u128) -> Result<Payout, Error> {
        let groups = [self.validators, self.third_party];
        let weights: Vec<U512> = self.owners.iter().copied().chain(groups).collect();
        let mut parts = split(amount, &weights)?;
        let third_party = parts.pop().unwrap_or_default();
        let validators = parts.pop().unwrap_or_default();
        Ok(Payout {
            owners: parts,
            validators,
            third_party,
        })
    }
}
