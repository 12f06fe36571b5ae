//! Delegating, taking back, claiming.

use polkadot_sdk::{
    frame_support::{ensure, traits::Get},
    sp_runtime::{DispatchError, DispatchResult},
};
use salus_primitives::{stake::SessionIndex, Balance};

use crate::{
    math::proportion, AccountIdOf, Config, Delegation, Delegations, Error, Event, Pallet, Pool,
    Pools, SubPools, Unbonding,
};

pub(crate) type DelegationOf<T> = Delegation<AccountIdOf<T>>;

impl<T: Config> Pallet<T> {
    /// A delegation and its pool, with what it owes paid. The caller closes them.
    pub(crate) fn open(
        who: &AccountIdOf<T>,
        candidate: &AccountIdOf<T>,
    ) -> Result<Option<(DelegationOf<T>, Pool)>, DispatchError> {
        Self::ensure_no_slash_due()?;
        let Some(mut delegation) = Delegations::<T>::get(who, candidate) else {
            return Ok(None);
        };
        let mut pool = Pools::<T>::get(candidate);
        Self::settle_moved(who, candidate, &mut delegation, &mut pool);
        Ok(Some((delegation, pool)))
    }

    pub(crate) fn open_existing(
        who: &AccountIdOf<T>,
        candidate: &AccountIdOf<T>,
    ) -> Result<(DelegationOf<T>, Pool), DispatchError> {
        Ok(Self::open(who, candidate)?.ok_or(Error::<T>::DelegationNotFound)?)
    }

    pub(crate) fn open_or_new(
        who: &AccountIdOf<T>,
        candidate: &AccountIdOf<T>,
    ) -> Result<(DelegationOf<T>, Pool), DispatchError> {
        Ok(Self::open(who, candidate)?.unwrap_or_else(|| {
            let pool = Pools::<T>::get(candidate);
            (Delegation::of(&pool), pool)
        }))
    }

    pub(crate) fn close(
        who: &AccountIdOf<T>,
        candidate: &AccountIdOf<T>,
        delegation: DelegationOf<T>,
        pool: Pool,
    ) {
        if delegation.shares == 0 && delegation.unbonding.is_empty() {
            Delegations::<T>::remove(who, candidate);
        } else {
            Delegations::<T>::insert(who, candidate, delegation);
        }
        // A later generation has to be remembered: shares of an earlier one may be left.
        if pool == Pool::default() {
            Pools::<T>::remove(candidate);
        } else {
            Pools::<T>::insert(candidate, pool);
        }
    }

    /// Buys shares for `amount` that is in the pot and for which `principal` was paid; the shares.
    pub(crate) fn buy_for(
        delegation: &mut DelegationOf<T>,
        pool: &mut Pool,
        amount: Balance,
        principal: Balance,
    ) -> Result<Balance, DispatchError> {
        let worth = pool.worth_of(delegation);
        ensure!(
            worth.saturating_add(amount) >= T::MinDelegation::get(),
            Error::<T>::DelegationTooSmall
        );
        let shares = pool.buy(amount);
        ensure!(shares > 0, Error::<T>::DelegationTooSmall);
        delegation.shares = delegation.shares.saturating_add(shares);
        delegation.principal = delegation.principal.saturating_add(principal);
        Ok(shares)
    }

    /// Sells the shares worth `amount`, or all where less than the smallest delegation would stay;
    /// what they were worth, and what of the principal went with them.
    pub(crate) fn sell_from(
        delegation: &mut DelegationOf<T>,
        pool: &mut Pool,
        amount: Balance,
    ) -> Result<(Balance, Balance), DispatchError> {
        ensure!(amount > 0, Error::<T>::AmountTooSmall);
        let all = delegation.shares;
        let mut shares = if amount >= pool.worth_of(delegation) {
            all
        } else {
            pool.shares_worth(amount).min(all)
        };
        if pool.worth(all.saturating_sub(shares)) < T::MinDelegation::get() {
            shares = all;
        }
        ensure!(
            shares <= all.saturating_sub(delegation.locked()),
            Error::<T>::StakeLocked
        );
        let principal = proportion(delegation.principal, shares, all);
        delegation.principal = delegation.principal.saturating_sub(principal);
        delegation.shares = all.saturating_sub(shares);
        let value = pool.sell(shares);
        ensure!(value > 0, Error::<T>::AmountTooSmall);
        Ok((value, principal))
    }

    /// Puts `amount`, sold from the pool, on its way back; when it can be withdrawn.
    fn begin_unbonding(
        candidate: &AccountIdOf<T>,
        delegation: &mut DelegationOf<T>,
        amount: Balance,
    ) -> Result<SessionIndex, DispatchError> {
        let session = Self::backed_until();
        match delegation.unbonding.last_mut() {
            Some(last) if last.session == session => {
                last.amount = last.amount.saturating_add(amount);
            }
            _ => delegation
                .unbonding
                .try_push(Unbonding { session, amount })
                .map_err(|_| Error::<T>::TooManyUnbonding)?,
        }
        // Nothing was slashed of it yet: slashes are taken at the start of a session, when only
        // those of earlier sessions exist.
        SubPools::<T>::mutate(candidate, session, |sub| {
            let sub = sub.get_or_insert_default();
            sub.amount = sub.amount.saturating_add(amount);
            sub.value = sub.value.saturating_add(amount);
        });
        Ok(Self::unlocks(session))
    }

    pub(crate) fn do_delegate(
        who: AccountIdOf<T>,
        candidate: AccountIdOf<T>,
        amount: Balance,
    ) -> DispatchResult {
        Self::ensure_open_to_stake(&candidate)?;
        let (mut delegation, mut pool) = Self::open_or_new(&who, &candidate)?;
        let shares = Self::buy_for(&mut delegation, &mut pool, amount, amount)?;
        Self::pay_in(&who, amount)?;
        Self::close(&who, &candidate, delegation, pool);
        Self::deposit_event(Event::Delegated {
            delegator: who,
            candidate,
            amount,
            shares,
        });
        Ok(())
    }

    pub(crate) fn do_unbond(
        who: AccountIdOf<T>,
        candidate: AccountIdOf<T>,
        amount: Balance,
    ) -> DispatchResult {
        let (mut delegation, mut pool) = Self::open_existing(&who, &candidate)?;
        let (amount, _) = Self::sell_from(&mut delegation, &mut pool, amount)?;
        let unlocks = Self::begin_unbonding(&candidate, &mut delegation, amount)?;
        Self::close(&who, &candidate, delegation, pool);
        Self::deposit_event(Event::Unbonding {
            delegator: who,
            candidate,
            amount,
            unlocks,
        });
        Ok(())
    }

    /// The shares that `claim` sells: what is worth more than was paid, without what cannot leave
    /// yet; not less stays than after `unbond`.
    pub(crate) fn claimable(delegation: &DelegationOf<T>, pool: &Pool) -> Balance {
        let stays = delegation.principal.max(T::MinDelegation::get());
        let gain = pool.worth_of(delegation).saturating_sub(stays);
        if gain == 0 {
            return 0;
        }
        pool.shares_for(gain)
            .min(delegation.shares.saturating_sub(delegation.locked()))
    }

    pub(crate) fn do_claim(who: AccountIdOf<T>, candidate: AccountIdOf<T>) -> DispatchResult {
        let (mut delegation, mut pool) = Self::open_existing(&who, &candidate)?;
        let shares = Self::claimable(&delegation, &pool);
        let amount = pool.sell(shares);
        ensure!(amount > 0, Error::<T>::NothingToClaim);
        delegation.shares = delegation.shares.saturating_sub(shares);
        let unlocks = Self::begin_unbonding(&candidate, &mut delegation, amount)?;
        Self::close(&who, &candidate, delegation, pool);
        Self::deposit_event(Event::Claimed {
            delegator: who,
            candidate,
            amount,
            unlocks,
        });
        Ok(())
    }

    pub(crate) fn do_withdraw(who: AccountIdOf<T>, candidate: AccountIdOf<T>) -> DispatchResult {
        let (mut delegation, pool) = Self::open_existing(&who, &candidate)?;
        let now = Self::session();
        let mut amount: Balance = 0;
        let before = delegation.unbonding.len();
        delegation.unbonding.retain(|part| {
            if Self::unlocks(part.session) > now {
                return true;
            }
            SubPools::<T>::mutate_exists(&candidate, part.session, |slot| {
                if let Some(sub) = slot {
                    amount = amount.saturating_add(sub.withdraw(part.amount));
                    if sub.is_idle() {
                        *slot = None;
                    }
                }
            });
            false
        });
        ensure!(
            delegation.unbonding.len() < before,
            Error::<T>::NothingToWithdraw
        );
        Self::pay_out(&who, amount)?;
        Self::close(&who, &candidate, delegation, pool);
        Self::deposit_event(Event::Withdrawn {
            delegator: who,
            candidate,
            amount,
        });
        Ok(())
    }

    /// Whether stake may come to a candidate.
    pub(crate) fn ensure_open_to_stake(candidate: &AccountIdOf<T>) -> DispatchResult {
        let candidate = Self::candidate(candidate)?;
        ensure!(candidate.leaving.is_none(), Error::<T>::Leaving);
        ensure!(candidate.pending_slashes == 0, Error::<T>::SlashPending);
        Ok(())
    }
}

impl Pool {
    /// What a delegation to it is worth, of whatever generation it is.
    pub(crate) fn worth_of<AccountId>(&self, delegation: &Delegation<AccountId>) -> Balance {
        if delegation.shares == 0 || delegation.generation != self.generation {
            return 0;
        }
        self.worth(delegation.shares)
    }
}
