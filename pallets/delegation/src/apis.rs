//! Answers for the runtime API `StakeApi`, paged.

use alloc::vec::Vec;
use core::cmp::Reverse;
use polkadot_sdk::sp_runtime::FixedU128;
use salus_primitives::{
    stake::{CandidateInfo, StakeInfo, ValidatorInfo},
    Balance,
};

use crate::{
    delegations::DelegationOf, AccountIdOf, Authored, Candidates, Config, Delegations, LastElected,
    Pallet, Pool, Pools, SubPools,
};

/// Entries of a page at most.
pub const MAX_PAGE: u32 = 64;

impl<T: Config> Pallet<T> {
    /// Candidates by rank, whether they can be elected or not.
    pub fn candidates(start: u32, limit: u32) -> Vec<CandidateInfo<AccountIdOf<T>, Balance>> {
        let elected = LastElected::<T>::get();
        let mut all: Vec<_> = Candidates::<T>::iter()
            .map(|(account, candidate)| CandidateInfo {
                bond: candidate.bond,
                delegated: Pools::<T>::get(&account).value,
                commission: candidate.commission_in(Self::session()),
                announced: candidate
                    .announced
                    .filter(|(_, from)| *from > Self::session()),
                standing: Self::standing(&account, &candidate),
                elected: elected.iter().any(|won| won.account == account),
                pending_slashes: candidate.pending_slashes,
                account,
            })
            .collect();
        all.sort_by_key(|info| {
            (
                Reverse(info.bond.saturating_add(info.delegated)),
                Reverse(info.bond),
                info.account.clone(),
            )
        });
        all.into_iter()
            .skip(start as usize)
            .take(limit.min(MAX_PAGE) as usize)
            .collect()
    }

    /// What the operator of a validator watches.
    pub fn validator(account: AccountIdOf<T>) -> ValidatorInfo<AccountIdOf<T>> {
        let candidate = Candidates::<T>::get(&account);
        ValidatorInfo {
            standing: candidate
                .as_ref()
                .map(|candidate| Self::standing(&account, candidate)),
            authored: Authored::<T>::get(&account),
            pending_slashes: candidate.map_or(0, |candidate| candidate.pending_slashes),
            account,
        }
    }

    /// A page of an account's delegations.
    pub fn stake_of(
        who: AccountIdOf<T>,
        after: Option<AccountIdOf<T>>,
        limit: u32,
    ) -> Vec<StakeInfo<AccountIdOf<T>, Balance>> {
        Self::page(&who, after, limit)
            .into_iter()
            .map(|(candidate, delegation, pool)| StakeInfo {
                worth: pool.worth_of(&delegation),
                locked: pool.worth(delegation.locked()),
                unbonding: delegation
                    .unbonding
                    .iter()
                    .map(|part| {
                        let left = SubPools::<T>::get(&candidate, part.session)
                            .map_or(0, |mut sub| sub.withdraw(part.amount));
                        (left, Self::unlocks(part.session))
                    })
                    .collect(),
                candidate,
            })
            .collect()
    }

    /// The same page, with what `claim` would take out of each delegation.
    pub fn rewards_of(
        who: AccountIdOf<T>,
        after: Option<AccountIdOf<T>>,
        limit: u32,
    ) -> Vec<(AccountIdOf<T>, Balance)> {
        Self::page(&who, after, limit)
            .into_iter()
            .map(|(candidate, delegation, pool)| {
                let gain = pool.worth(Self::claimable(&delegation, &pool));
                (candidate, gain)
            })
            .collect()
    }

    /// Gain of a year on one unit delegated to a candidate.
    pub fn expected_yield(candidate: AccountIdOf<T>) -> Option<FixedU128> {
        Self::yearly_yield(&candidate)
    }

    /// Who would be elected now.
    pub fn would_be_elected() -> Vec<AccountIdOf<T>> {
        Self::winners()
            .unwrap_or_default()
            .into_iter()
            .map(|won| won.account)
            .collect()
    }

    /// Delegations with what they owe to former candidates taken off, in memory only.
    fn page(
        who: &AccountIdOf<T>,
        after: Option<AccountIdOf<T>>,
        limit: u32,
    ) -> Vec<(AccountIdOf<T>, DelegationOf<T>, Pool)> {
        let all = match after {
            Some(after) => Delegations::<T>::iter_prefix_from(
                who,
                Delegations::<T>::hashed_key_for(who, after),
            ),
            None => Delegations::<T>::iter_prefix(who),
        };
        all.take(limit.min(MAX_PAGE) as usize)
            .map(|(candidate, mut delegation)| {
                let mut pool = Pools::<T>::get(&candidate);
                Self::count_moved(&mut delegation, &mut pool);
                delegation.moved.retain(Self::still_holds);
                (candidate, delegation, pool)
            })
            .collect()
    }
}
