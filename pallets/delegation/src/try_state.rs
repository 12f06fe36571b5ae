//! Invariants of the storage.

use alloc::{collections::BTreeMap, vec::Vec};
use polkadot_sdk::{
    frame_support::{
        ensure,
        traits::fungible::{Inspect, InspectHold},
    },
    sp_runtime::TryRuntimeError,
};
use salus_primitives::{
    stake::{SessionIndex, Standing},
    Balance,
};

use crate::{
    election::{sort, RankedOf},
    AccountIdOf, Candidates, Config, Delegations, DueSlashes, HoldReason, LastElected, NextDue,
    Pallet, Pools, Slashes, SubPools, MAX_CANDIDATES, MAX_SHARES_PER_UNIT,
};

/// What delegations say that a sub-pool has.
#[derive(Default)]
struct Claims {
    amount: Balance,
    owed: Balance,
    moved: u32,
}

impl<T: Config> Pallet<T> {
    /// Checks that totals are sums, that the pot has what is owed, and that the rule of the election
    /// gives what a slow reading of it gives.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::check_candidates()?;
        let owed = Self::check_pools()?;
        ensure!(
            T::Currency::balance(&Self::pot())
                >= owed.saturating_add(T::Currency::minimum_balance()),
            "the pot has less than is owed"
        );
        Self::check_slashes()?;
        Self::check_election()
    }

    fn check_candidates() -> Result<(), TryRuntimeError> {
        ensure!(
            Candidates::<T>::count() <= MAX_CANDIDATES
                && Candidates::<T>::count() as usize == Candidates::<T>::iter_keys().count(),
            "the number of candidates is wrong"
        );
        for (who, candidate) in Candidates::<T>::iter() {
            ensure!(
                T::Currency::balance_on_hold(&HoldReason::Bond.into(), &who) == candidate.bond,
                "a bond is not what is held"
            );
            let pending = Slashes::<T>::iter_prefix_values(&who)
                .filter(|slash| !slash.cancelled)
                .count();
            ensure!(
                pending == candidate.pending_slashes as usize,
                "the number of pending slashes is wrong"
            );
        }
        Ok(())
    }

    /// Shares and parts add up; what the pot owes.
    fn check_pools() -> Result<Balance, TryRuntimeError> {
        let mut shares = BTreeMap::<AccountIdOf<T>, Balance>::new();
        let mut claims = BTreeMap::<(AccountIdOf<T>, SessionIndex), Claims>::new();
        for (_, candidate, delegation) in Delegations::<T>::iter() {
            let pool = Pools::<T>::get(&candidate);
            ensure!(
                delegation.generation <= pool.generation,
                "shares of a pool that is not there yet"
            );
            ensure!(
                delegation.shares > 0 || !delegation.unbonding.is_empty(),
                "an empty delegation"
            );
            ensure!(
                delegation.locked() <= delegation.shares,
                "more shares came than there are"
            );
            if delegation.generation == pool.generation {
                let sum = shares.entry(candidate.clone()).or_default();
                *sum = sum.saturating_add(delegation.shares);
            }
            for moved in &delegation.moved {
                let sub = SubPools::<T>::get(&moved.from, moved.session)
                    .ok_or("a moved part of no sub-pool")?;
                ensure!(sub.kept <= moved.kept, "a slash gave something back");
                let claim = claims
                    .entry((moved.from.clone(), moved.session))
                    .or_default();
                claim.moved = claim.moved.saturating_add(1);
            }
            let mut last = None;
            for part in &delegation.unbonding {
                ensure!(
                    last < Some(part.session),
                    "unbonding parts are not in order"
                );
                last = Some(part.session);
                let sub = SubPools::<T>::get(&candidate, part.session)
                    .ok_or("an unbonding part of no sub-pool")?;
                let claim = claims.entry((candidate.clone(), part.session)).or_default();
                claim.amount = claim.amount.saturating_add(part.amount);
                claim.owed = claim.owed.saturating_add(sub.kept.mul_floor(part.amount));
            }
        }

        let mut owed: Balance = 0;
        for (candidate, pool) in Pools::<T>::iter() {
            ensure!(
                shares.remove(&candidate).unwrap_or(0) == pool.shares,
                "the shares of a pool are not the sum of its delegators'"
            );
            ensure!(
                (pool.shares == 0) == (pool.value == 0),
                "value without shares, or shares without value"
            );
            ensure!(
                pool.shares <= pool.value.saturating_mul(MAX_SHARES_PER_UNIT),
                "the price of a share is too small"
            );
            owed = owed.saturating_add(pool.value);
        }
        ensure!(
            shares.into_values().all(|sum| sum == 0),
            "shares of no pool"
        );
        for (candidate, session, sub) in SubPools::<T>::iter() {
            let claim = claims.remove(&(candidate, session)).unwrap_or_default();
            ensure!(
                claim.amount == sub.amount && claim.moved == sub.moved && !sub.is_idle(),
                "a sub-pool is not the sum of its parts"
            );
            ensure!(
                claim.owed <= sub.value,
                "a sub-pool does not have what it owes"
            );
            owed = owed.saturating_add(sub.value);
        }
        ensure!(claims.is_empty(), "parts of no sub-pool");
        Ok(owed)
    }

    fn check_slashes() -> Result<(), TryRuntimeError> {
        for (candidate, session, slash) in Slashes::<T>::iter() {
            ensure!(
                DueSlashes::<T>::contains_key(slash.due, (&candidate, session)),
                "a slash that never falls due"
            );
            // A cancelled one does not keep its candidate's bond.
            ensure!(
                slash.cancelled || Candidates::<T>::contains_key(&candidate),
                "a slash of no candidate"
            );
        }
        ensure!(
            DueSlashes::<T>::iter().count() == Slashes::<T>::iter().count(),
            "a slash falls due twice or is not there"
        );
        ensure!(
            DueSlashes::<T>::iter_keys().all(|(due, _)| due >= NextDue::<T>::get()),
            "a due slash was passed over"
        );
        Ok(())
    }

    /// By repeated search for the best that is left, and against the last result.
    fn check_election() -> Result<(), TryRuntimeError> {
        let mut left: Vec<RankedOf<T>> = Candidates::<T>::iter()
            .filter(|(who, candidate)| Self::standing(who, candidate) == Standing::Electable)
            .map(|(who, candidate)| Self::rank(who, &candidate))
            .collect();
        for won in Self::ranking().iter() {
            let best = left
                .iter()
                .fold(None::<&RankedOf<T>>, |best, one| match best {
                    Some(best) if !beats(one, best) => Some(best),
                    _ => Some(one),
                })
                .cloned();
            ensure!(best.as_ref() == Some(won), "the ranking is not the rule's");
            left.retain(|one| Some(one) != best.as_ref());
        }
        ensure!(left.is_empty(), "the ranking left out a candidate");

        let elected = LastElected::<T>::get();
        let mut sorted = elected.to_vec();
        sort(&mut sorted);
        ensure!(
            sorted == elected.to_vec(),
            "the elected are not in the order of the rule"
        );
        let mut accounts: Vec<_> = sorted.iter().map(|won| &won.account).collect();
        accounts.sort();
        accounts.dedup();
        ensure!(
            accounts.len() == elected.len(),
            "somebody was elected twice"
        );
        Ok(())
    }
}

fn beats<AccountId: Ord>(one: &crate::Ranked<AccountId>, other: &crate::Ranked<AccountId>) -> bool {
    if one.backing != other.backing {
        return one.backing > other.backing;
    }
    if one.bond != other.bond {
        return one.bond > other.bond;
    }
    one.account < other.account
}
