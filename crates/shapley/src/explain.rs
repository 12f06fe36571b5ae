//! A share, coalition by coalition.

use primitive_types::U512;

use crate::{numbers::mul, Error, Rule, Table, Worth};

/// What an owner adds to one coalition of others, and what that counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// The others, as a number of the table.
    pub coalition: usize,
    /// Their worth.
    pub without: Worth,
    /// Their worth and the owner's.
    pub with: Worth,
    /// What the difference is multiplied by, in the units of [`crate::Shares::total`].
    pub weight: U512,
}

impl Step {
    /// This coalition's part of the share.
    pub fn part(&self) -> Result<U512, Error> {
        let added = self.with.checked_sub(self.without);
        let added = added.and_then(|added| u64::try_from(added).ok());
        mul(self.weight, added.ok_or(Error::Negative)?)
    }
}

/// Every coalition without `owner`. The parts add up to the owner's number in [`crate::Shares`], of
/// the table and the rule that were given, unless the coalition of all is worth 0.
pub fn explain<'a>(
    table: Table<'a>,
    rule: Rule,
    owner: u32,
) -> Result<impl Iterator<Item = Step> + 'a, Error> {
    if owner >= table.players() {
        return Err(Error::NotFound);
    }
    let weights = rule.weights(table.players())?.owners;
    let bit = 1usize << owner;
    let worths = table.worths();
    let coalitions = worths
        .iter()
        .enumerate()
        .filter(move |(mask, _)| mask & bit == 0);
    Ok(coalitions.filter_map(move |(coalition, without)| {
        Some(Step {
            coalition,
            without: *without,
            with: *worths.get(coalition | bit)?,
            weight: *weights.get(coalition.count_ones() as usize)?,
        })
    }))
}
