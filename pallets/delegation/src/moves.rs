//! Stake that moves from one candidate to another and can still be slashed for the first.
//!
//! A moved part does not stay in the first candidate's pool: it would be one of as many pools as
//! there are pairs of candidates, times the sessions. It remembers the sub-pool of the session in
//! which it left instead, whose `kept` every slash lowers, and pays the difference when its owner
//! next does something, or anybody calls `settle`. It cannot leave before it has.

use polkadot_sdk::{
    frame_support::{ensure, traits::Get},
    sp_runtime::{DispatchResult, Perquintill},
};
use salus_primitives::{stake::SessionIndex, Balance};

use crate::{
    delegations::DelegationOf, math::proportion, AccountIdOf, Config, Error, Event, Moved, Pallet,
    Pool, SubPools,
};

impl<T: Config> Pallet<T> {
    /// Whether no offence of `session` or before can cost stake any more.
    pub(crate) fn is_past_slashing(session: SessionIndex) -> bool {
        let last_due = session
            .saturating_add(T::ReportSessions::get())
            .saturating_add(T::SlashDeferral::get());
        Self::session() > last_due
    }

    /// Takes off a delegation what slashes of former candidates took from moved parts; what it was
    /// worth. In memory only.
    pub(crate) fn count_moved(delegation: &mut DelegationOf<T>, pool: &mut Pool) -> Balance {
        if delegation.generation != pool.generation {
            delegation.shares = 0;
            delegation.principal = 0;
            delegation.generation = pool.generation;
            for moved in delegation.moved.iter_mut() {
                moved.shares = 0;
            }
            return 0;
        }
        let mut lost: Balance = 0;
        for moved in delegation.moved.iter_mut() {
            let kept = SubPools::<T>::get(&moved.from, moved.session)
                .map_or(moved.kept, |sub| sub.kept)
                .min(moved.kept);
            let left = still_kept(moved.shares, kept, moved.kept);
            lost = lost.saturating_add(moved.shares.saturating_sub(left));
            moved.shares = left;
            moved.kept = kept;
        }
        delegation.shares = delegation.shares.saturating_sub(lost);
        if lost == 0 {
            0
        } else {
            pool.sell(lost)
        }
    }

    /// Pays what moved parts owe, and frees those that no slash can reach any more.
    pub(crate) fn settle_moved(
        who: &AccountIdOf<T>,
        candidate: &AccountIdOf<T>,
        delegation: &mut DelegationOf<T>,
        pool: &mut Pool,
    ) {
        let amount = Self::count_moved(delegation, pool);
        delegation.moved.retain(|moved| {
            let holds = Self::still_holds(moved);
            if !holds {
                Self::forget_moved(moved);
            }
            holds
        });
        if amount > 0 {
            Self::pay_treasury(amount);
            Self::deposit_event(Event::MovedSlashed {
                delegator: who.clone(),
                candidate: candidate.clone(),
                amount,
            });
        }
    }

    /// Whether a moved part can still be slashed.
    pub(crate) fn still_holds(moved: &Moved<AccountIdOf<T>>) -> bool {
        moved.shares > 0 && !Self::is_past_slashing(moved.session)
    }

    fn forget_moved(moved: &Moved<AccountIdOf<T>>) {
        SubPools::<T>::mutate_exists(&moved.from, moved.session, |slot| {
            if let Some(sub) = slot {
                sub.moved = sub.moved.saturating_sub(1);
                if sub.is_idle() {
                    *slot = None;
                }
            }
        });
    }

    pub(crate) fn do_settle(who: AccountIdOf<T>, candidate: AccountIdOf<T>) -> DispatchResult {
        let (delegation, pool) = Self::open_existing(&who, &candidate)?;
        Self::close(&who, &candidate, delegation, pool);
        Ok(())
    }

    pub(crate) fn do_redelegate(
        who: AccountIdOf<T>,
        from: AccountIdOf<T>,
        to: AccountIdOf<T>,
        amount: Balance,
    ) -> DispatchResult {
        ensure!(from != to, Error::<T>::SameCandidate);
        Self::ensure_open_to_stake(&to)?;
        let (mut delegation, mut pool) = Self::open_existing(&who, &from)?;
        let (amount, principal) = Self::sell_from(&mut delegation, &mut pool, amount)?;
        Self::close(&who, &from, delegation, pool);

        let (mut delegation, mut pool) = Self::open_or_new(&who, &to)?;
        let shares = Self::buy_for(&mut delegation, &mut pool, amount, principal)?;
        let session = Self::backed_until();
        match delegation
            .moved
            .iter_mut()
            .find(|moved| moved.from == from && moved.session == session)
        {
            // Nothing was slashed of that session yet, as in `begin_unbonding`.
            Some(moved) => moved.shares = moved.shares.saturating_add(shares),
            None => {
                delegation
                    .moved
                    .try_push(Moved {
                        from: from.clone(),
                        session,
                        shares,
                        kept: Perquintill::one(),
                    })
                    .map_err(|_| Error::<T>::TooManyMoves)?;
                SubPools::<T>::mutate(&from, session, |sub| {
                    let sub = sub.get_or_insert_default();
                    sub.moved = sub.moved.saturating_add(1);
                });
            }
        }
        Self::close(&who, &to, delegation, pool);
        Self::deposit_event(Event::Redelegated {
            delegator: who,
            from,
            to,
            amount,
        });
        Ok(())
    }
}

/// What is left of `shares` when of `before` only `now` is kept.
fn still_kept(shares: Balance, now: Perquintill, before: Perquintill) -> Balance {
    proportion(
        shares,
        now.deconstruct().into(),
        before.deconstruct().into(),
    )
}
