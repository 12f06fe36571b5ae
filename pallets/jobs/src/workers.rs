//! Bonded workers and the pool they are drawn from.

use polkadot_sdk::{
    frame_support::{
        ensure,
        traits::{fungible::Mutate, tokens::Preservation, Get},
    },
    frame_system::pallet_prelude::BlockNumberFor,
    sp_runtime::{
        traits::{Saturating, Zero},
        DispatchResult,
    },
};
use salus_primitives::{jobs::JobId, membership::Membership};

use crate::{
    AccountIdOf, BalanceOf, Config, Error, Event, Fault, HoldReason, Pallet, Pool, Seats, Worker,
    WorkerOf, Workers,
};

impl<T: Config> Pallet<T> {
    /// Enters a worker without asking whether it is a member: genesis has no order of pallets, and
    /// a draw asks again.
    pub(crate) fn add_worker(who: &AccountIdOf<T>, bond: BalanceOf<T>) -> DispatchResult {
        ensure!(!Workers::<T>::contains_key(who), Error::<T>::AlreadyExists);
        ensure!(bond >= T::MinBond::get(), Error::<T>::BondTooSmall);
        Self::hold(HoldReason::WorkerBond, who, bond)?;
        let mut worker = Worker {
            bond,
            strikes: 0,
            suspended: None,
            in_pool_since: Self::now(),
            leaving_at: None,
            active: 0,
        };
        Self::enter_pool(who, &mut worker)?;
        Workers::<T>::insert(who, worker);
        Self::deposit_event(Event::WorkerRegistered {
            worker: who.clone(),
            bond,
        });
        Ok(())
    }

    pub(crate) fn do_register_worker(who: AccountIdOf<T>, bond: BalanceOf<T>) -> DispatchResult {
        ensure!(T::Membership::is_admitted(&who), Error::<T>::NotAdmitted);
        ensure!(
            T::Membership::recipient(&who).is_some(),
            Error::<T>::NotMember
        );
        Self::add_worker(&who, bond)
    }

    pub(crate) fn do_add_bond(who: AccountIdOf<T>, amount: BalanceOf<T>) -> DispatchResult {
        let mut worker = Workers::<T>::get(&who).ok_or(Error::<T>::WorkerNotFound)?;
        ensure!(worker.leaving_at.is_none(), Error::<T>::Leaving);
        Self::hold(HoldReason::WorkerBond, &who, amount)?;
        worker.bond.saturating_accrue(amount);
        if is_drawable::<T>(&worker) {
            Self::enter_pool(&who, &mut worker)?;
        }
        Workers::<T>::insert(&who, worker);
        Self::deposit_event(Event::BondAdded {
            worker: who,
            amount,
        });
        Ok(())
    }

    pub(crate) fn do_leave(who: AccountIdOf<T>) -> DispatchResult {
        let mut worker = Workers::<T>::get(&who).ok_or(Error::<T>::WorkerNotFound)?;
        ensure!(worker.leaving_at.is_none(), Error::<T>::Leaving);
        let unlocks = Self::now().saturating_add(T::UnbondingPeriod::get());
        worker.leaving_at = Some(unlocks);
        Self::exit_pool(&who);
        Workers::<T>::insert(&who, worker);
        Self::deposit_event(Event::WorkerLeft {
            worker: who,
            unlocks,
        });
        Ok(())
    }

    pub(crate) fn do_withdraw_bond(who: AccountIdOf<T>) -> DispatchResult {
        let worker = Workers::<T>::get(&who).ok_or(Error::<T>::WorkerNotFound)?;
        let unlocks = worker.leaving_at.ok_or(Error::<T>::NotLeaving)?;
        ensure!(
            Self::now() >= unlocks && worker.active == 0,
            Error::<T>::BondLocked
        );
        Self::release(HoldReason::WorkerBond, &who, worker.bond);
        Workers::<T>::remove(&who);
        Self::deposit_event(Event::BondWithdrawn {
            worker: who,
            amount: worker.bond,
        });
        Ok(())
    }

    pub(crate) fn do_resume(who: AccountIdOf<T>) -> DispatchResult {
        let mut worker = Workers::<T>::get(&who).ok_or(Error::<T>::WorkerNotFound)?;
        let since = worker.suspended.ok_or(Error::<T>::NotSuspended)?;
        ensure!(worker.leaving_at.is_none(), Error::<T>::Leaving);
        ensure!(T::Membership::is_admitted(&who), Error::<T>::NotAdmitted);
        ensure!(worker.bond >= T::MinBond::get(), Error::<T>::BondTooSmall);
        let rested = Self::now() >= since.saturating_add(T::SuspensionPeriod::get());
        let fee = if rested {
            Zero::zero()
        } else {
            T::Currency::transfer(
                &who,
                &T::Treasury::get(),
                T::RestartFee::get(),
                Preservation::Preserve,
            )?
        };
        worker.suspended = None;
        worker.strikes = 0;
        Self::enter_pool(&who, &mut worker)?;
        Workers::<T>::insert(&who, worker);
        Self::deposit_event(Event::WorkerResumed { worker: who, fee });
        Ok(())
    }

    /// Puts a drawable worker into the pool, unless it is in there. The caller stores the worker.
    fn enter_pool(who: &AccountIdOf<T>, worker: &mut WorkerOf<T>) -> DispatchResult {
        debug_assert!(is_drawable::<T>(worker));
        Pool::<T>::try_mutate(|pool| {
            if pool.contains(who) {
                return Ok(());
            }
            worker.in_pool_since = Self::now();
            pool.try_push(who.clone())
                .map_err(|_| Error::<T>::TooManyWorkers.into())
        })
    }

    fn exit_pool(who: &AccountIdOf<T>) {
        Pool::<T>::mutate(|pool| pool.retain(|other| other != who));
    }

    /// Gives `who` a place in the panel of `job`.
    pub(crate) fn take_seat(who: &AccountIdOf<T>, job: JobId) {
        Seats::<T>::insert(who, job, ());
        Workers::<T>::mutate_extant(who, |worker| worker.active.saturating_inc());
    }

    /// The end of `take_seat`.
    pub(crate) fn give_up_seat(who: &AccountIdOf<T>, job: JobId) {
        Seats::<T>::remove(who, job);
        Workers::<T>::mutate_extant(who, |worker| worker.active.saturating_dec());
    }

    /// Notes that `who` had a seat in `job` and never committed.
    pub(crate) fn strike(who: &AccountIdOf<T>, job: JobId, now: BlockNumberFor<T>) {
        let Some(mut worker) = Workers::<T>::get(who) else {
            return;
        };
        worker.strikes.saturating_inc();
        Self::deposit_event(Event::Struck {
            worker: who.clone(),
            job,
            strikes: worker.strikes,
        });
        if worker.strikes >= T::MaxStrikes::get() && worker.suspended.is_none() {
            worker.suspended = Some(now);
            Self::exit_pool(who);
            Self::deposit_event(Event::WorkerSuspended {
                worker: who.clone(),
            });
        }
        Workers::<T>::insert(who, worker);
    }

    /// Strikes count absences in a row: an agreed answer ends the row.
    pub(crate) fn forgive(who: &AccountIdOf<T>) {
        Workers::<T>::mutate_extant(who, |worker| {
            if worker.suspended.is_none() {
                worker.strikes = 0;
            }
        });
    }

    /// Moves part of the bond to the treasury.
    pub(crate) fn slash(who: &AccountIdOf<T>, job: JobId, fault: Fault) {
        let Some(mut worker) = Workers::<T>::get(who) else {
            return;
        };
        let amount = Self::pay_held(
            HoldReason::WorkerBond,
            who,
            &T::Treasury::get(),
            T::SlashPart::get().mul_floor(worker.bond),
        );
        worker.bond.saturating_reduce(amount);
        if !is_drawable::<T>(&worker) {
            Self::exit_pool(who);
        }
        Workers::<T>::insert(who, worker);
        Self::deposit_event(Event::Slashed {
            worker: who.clone(),
            job,
            fault,
            amount,
        });
    }
}

/// Whether the worker belongs in the pool.
pub(crate) fn is_drawable<T: Config>(worker: &WorkerOf<T>) -> bool {
    worker.suspended.is_none() && worker.leaving_at.is_none() && worker.bond >= T::MinBond::get()
}
