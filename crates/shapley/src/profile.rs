//! Sums over a worth table from which every division of this crate follows.

use alloc::{vec, vec::Vec};

use crate::{numbers, Error, Table, Worth};

/// Players whose coalitions make one block of a table: 8 KiB of worths.
const LOW: u32 = 10;

/// What each player adds, by the number of players before it, and what coalitions of each size are
/// worth.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Profile {
    players: u32,
    /// players x players: sum over coalitions of h others of what player i adds to them.
    marginals: Vec<i128>,
    /// players + 1: sum of the worths of the coalitions of each size.
    totals: Vec<i128>,
}

/// Exact fractions with one denominator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fractions {
    /// One for each player.
    pub numerators: Vec<i128>,
    /// The denominator of all.
    pub denominator: i128,
}

impl Profile {
    /// Reads every worth twice, adds it twice: 2 x 2^n additions and some n 2^(n/2) more.
    pub fn of(table: Table<'_>) -> Self {
        let players = table.players();
        let low = players.min(LOW);
        let high = players.saturating_sub(low);
        let sizes = by_size(low);
        let block = 1usize << low;
        let count = |mask: usize| mask.count_ones() as usize;

        // Columns: for each number of high players, sums over those coalitions of them.
        let mut columns = vec![0 as Worth; block.saturating_mul(high.saturating_add(1) as usize)];
        // Rows: for each coalition of high players, sums over the low ones of each size.
        let mut rows = Vec::with_capacity(1 << high);
        for (mask, worths) in table.worths().chunks_exact(block).enumerate() {
            if let Some(sums) = columns.chunks_exact_mut(block).nth(count(mask)) {
                for (sum, worth) in sums.iter_mut().zip(worths) {
                    // 2^25 worths of 2^37 at most: no sum reaches 2^63.
                    *sum = sum.wrapping_add(*worth);
                }
            }
            let sum = |order: &Vec<u16>| {
                order.iter().fold(0 as Worth, |sum, position| {
                    let worth = worths.get(usize::from(*position)).copied();
                    sum.wrapping_add(worth.unwrap_or_default())
                })
            };
            rows.push(sizes.iter().map(sum).collect::<Vec<Worth>>());
        }

        let width = players.saturating_add(1) as usize;
        let mut totals = vec![0i128; width];
        let mut with = vec![0i128; width.saturating_mul(players as usize)];
        let mut note = |players: usize, first: usize, size: usize, sum: Worth| {
            let mut rest = players;
            while let Some(player) = rest.checked_ilog2() {
                rest ^= 1 << player;
                let place = (player as usize)
                    .saturating_add(first)
                    .saturating_mul(width);
                if let Some(entry) = with.get_mut(place.saturating_add(size)) {
                    *entry = entry.saturating_add(sum.into());
                }
            }
        };
        for (others, sums) in columns.chunks_exact(block).enumerate() {
            for (mask, sum) in sums.iter().enumerate() {
                note(mask, 0, count(mask).saturating_add(others), *sum);
            }
        }
        for (mask, sums) in rows.iter().enumerate() {
            for (others, sum) in sums.iter().enumerate() {
                let size = count(mask).saturating_add(others);
                note(mask, low as usize, size, *sum);
                if let Some(total) = totals.get_mut(size) {
                    *total = total.saturating_add((*sum).into());
                }
            }
        }

        // Those with i, one larger, less those without i.
        let marginals = with.chunks_exact(width).flat_map(|with| {
            let without = totals.iter().zip(with);
            let without = without.map(|(total, with)| total.saturating_sub(*with));
            let larger = with.iter().skip(1);
            larger
                .zip(without)
                .map(|(with, without)| with.saturating_sub(without))
        });
        Profile {
            players,
            marginals: marginals.collect(),
            totals,
        }
    }

    /// Players n.
    pub fn players(&self) -> u32 {
        self.players
    }

    /// For each player: what it adds, summed over all coalitions of 0, 1, … n - 1 others.
    pub fn marginals(&self) -> impl Iterator<Item = &[i128]> {
        self.marginals.chunks_exact(self.players as usize)
    }

    /// The sums of the worths of all coalitions of 0, 1, … n players.
    pub fn totals(&self) -> &[i128] {
        &self.totals
    }

    /// The Shapley values: exact, negative where a player does harm.
    pub fn values(&self) -> Result<Fractions, Error> {
        let players = self.players;
        let small = |number: primitive_types::U512| -> Result<i128, Error> {
            i128::try_from(number.low_u128()).map_err(|_| Error::Overflow)
        };
        let denominator = numbers::lcm_to(players)?;
        let mut weights = Vec::with_capacity(players as usize);
        for others in 0..players {
            let orders = numbers::binomial(players.saturating_sub(1), others)?;
            let whole = numbers::mul(orders, players)?;
            weights.push(small(numbers::div(denominator, whole)?)?);
        }
        let value = |marginals: &[i128]| {
            let parts = weights.iter().zip(marginals);
            // Weights are below 2^35 and sums below 2^63.
            parts.fold(0i128, |sum, (weight, marginal)| {
                sum.saturating_add(weight.saturating_mul(*marginal))
            })
        };
        Ok(Fractions {
            numerators: self.marginals().map(value).collect(),
            denominator: small(denominator)?,
        })
    }
}

/// The coalitions of `players` players by their size.
fn by_size(players: u32) -> Vec<Vec<u16>> {
    let mut sizes = vec![Vec::new(); players.saturating_add(1) as usize];
    for mask in 0..1u16 << players {
        if let Some(size) = sizes.get_mut(mask.count_ones() as usize) {
            size.push(mask);
        }
    }
    sizes
}
