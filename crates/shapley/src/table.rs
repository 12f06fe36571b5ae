//! Worth tables.

use crate::Error;

/// What a coalition is worth.
pub type Worth = i64;

/// Most players of a table: 2^25 worths take 256 MiB.
pub const MAX_PLAYERS: u32 = 25;
/// Largest magnitude of a worth, so that sums over a table stay below 2^63.
pub const MAX_WORTH: Worth = 1 << 37;
/// F1 = 1.
pub const ONE: Worth = 1 << 32;

/// Worths of all coalitions: entry number k is the worth of the players whose bits are set in k,
/// bit 0 for player 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Table<'a> {
    worths: &'a [Worth],
    players: u32,
}

impl<'a> Table<'a> {
    /// A table of 2^n worths, n from 1 to [`MAX_PLAYERS`]; the empty coalition is worth 0.
    pub fn new(worths: &'a [Worth]) -> Result<Self, Error> {
        let players = worths.len().checked_ilog2().unwrap_or(0);
        if !worths.len().is_power_of_two() || !(1..=MAX_PLAYERS).contains(&players) {
            return Err(Error::Length);
        }
        if worths.first() != Some(&0) {
            return Err(Error::Empty);
        }
        // Without a branch in the loop: a table may have millions of worths.
        let largest = worths
            .iter()
            .fold(0, |most, worth| worth.unsigned_abs().max(most));
        match largest <= MAX_WORTH.unsigned_abs() {
            true => Ok(Table { worths, players }),
            false => Err(Error::Worth),
        }
    }

    /// Players n.
    pub fn players(&self) -> u32 {
        self.players
    }

    /// The worths, 2^n of them.
    pub fn worths(&self) -> &'a [Worth] {
        self.worths
    }

    /// What the coalition of all is worth.
    pub fn all(&self) -> Worth {
        self.worths.last().copied().unwrap_or_default()
    }
}

/// F1 = 2TP/(2TP + FP + FN) of a class, in units of 2^-32, rounded down; 0 where there is nothing to
/// divide by.
pub fn f1(true_positives: u32, false_positives: u32, false_negatives: u32) -> Worth {
    let twice = u128::from(true_positives).saturating_mul(2);
    let wrong = u128::from(false_positives).saturating_add(false_negatives.into());
    let units = twice << 32;
    let ratio = units.checked_div(twice.saturating_add(wrong));
    // At most 2^32.
    ratio.unwrap_or_default() as Worth
}

/// Replaces the worth of each coalition by the largest of its subsets': the service would run the
/// best of the models that it has. After it no player has a negative share.
pub fn monotone_hull(worths: &mut [Worth]) -> Result<(), Error> {
    Table::new(worths)?;
    let mut half = 1;
    while half < worths.len() {
        for pair in worths.chunks_exact_mut(half << 1) {
            let (without, with) = pair.split_at_mut(half);
            for (without, with) in without.iter().zip(with) {
                *with = (*with).max(*without);
            }
        }
        half <<= 1;
    }
    Ok(())
}
