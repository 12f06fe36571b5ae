//! Shares, amounts and parts of them. Nothing here reads or writes storage.

use polkadot_sdk::{
    sp_arithmetic::helpers_128bit::multiply_by_rational_with_rounding,
    sp_runtime::{PerThing, Perbill, Perquintill, Rounding},
};
use salus_primitives::Balance;

use crate::{Pool, SubPool, MAX_SHARES_PER_UNIT};

/// `amount` × `part` / `whole`, rounded down; `amount` where there is no whole.
pub fn proportion(amount: Balance, part: Balance, whole: Balance) -> Balance {
    multiply_by_rational_with_rounding(amount, part, whole, Rounding::Down).unwrap_or(amount)
}

/// What of `kept` is left when `fraction` is taken.
pub fn keep(kept: Perquintill, fraction: Perbill) -> Perquintill {
    let left = u64::from(fraction.left_from_one().deconstruct());
    // Both in units of 10^-9 × 10^-18.
    let parts = proportion(
        Balance::from(kept.deconstruct()),
        Balance::from(left),
        1_000_000_000,
    );
    Perquintill::from_parts(u64::try_from(parts).unwrap_or(u64::MAX))
}

impl Pool {
    /// What `shares` are worth, rounded down; all of them everything.
    pub fn worth(&self, shares: Balance) -> Balance {
        if shares >= self.shares {
            return self.value;
        }
        proportion(self.value, shares, self.shares)
    }

    /// Shares that `amount` buys, rounded down.
    pub fn shares_for(&self, amount: Balance) -> Balance {
        if self.shares == 0 {
            return amount;
        }
        proportion(amount, self.shares, self.value)
    }

    /// The fewest shares that are worth `amount`.
    pub fn shares_worth(&self, amount: Balance) -> Balance {
        multiply_by_rational_with_rounding(amount, self.shares, self.value, Rounding::Up)
            .unwrap_or(self.shares)
            .min(self.shares)
    }

    /// Puts `amount` in; the shares it bought.
    pub(crate) fn buy(&mut self, amount: Balance) -> Balance {
        let shares = self.shares_for(amount);
        self.value = self.value.saturating_add(amount);
        self.shares = self.shares.saturating_add(shares);
        shares
    }

    /// Takes `shares` out; what they were worth.
    pub(crate) fn sell(&mut self, shares: Balance) -> Balance {
        let worth = self.worth(shares);
        self.value = self.value.saturating_sub(worth);
        self.shares = self.shares.saturating_sub(shares);
        worth
    }

    /// Takes `fraction` of the value; what was taken. A pool with next to nothing left ends.
    pub(crate) fn slash(&mut self, fraction: Perbill) -> Balance {
        if self.shares == 0 {
            return 0;
        }
        let mut taken = fraction.mul_floor(self.value);
        let left = self.value.saturating_sub(taken);
        if left.saturating_mul(MAX_SHARES_PER_UNIT) < self.shares {
            taken = self.value;
            self.shares = 0;
            self.generation = self.generation.saturating_add(1);
        }
        self.value = self.value.saturating_sub(taken);
        taken
    }
}

impl SubPool {
    /// Takes `fraction` of what is left; what was taken.
    pub(crate) fn slash(&mut self, fraction: Perbill) -> Balance {
        self.kept = keep(self.kept, fraction);
        let left = self.kept.mul_floor(self.amount).min(self.value);
        let taken = self.value.saturating_sub(left);
        self.value = left;
        taken
    }

    /// Takes one amount out; what is left of it. The last one gets all there is.
    pub(crate) fn withdraw(&mut self, amount: Balance) -> Balance {
        let left = if amount >= self.amount {
            self.value
        } else {
            self.kept.mul_floor(amount).min(self.value)
        };
        self.amount = self.amount.saturating_sub(amount);
        self.value = self.value.saturating_sub(left);
        left
    }

    /// Whether nothing refers to it.
    pub(crate) fn is_idle(&self) -> bool {
        self.amount == 0 && self.moved == 0
    }
}
