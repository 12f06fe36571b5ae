//! What follows the settlement: the rest of the reward, and forgetting.

use polkadot_sdk::{
    frame_support::{ensure, traits::Get},
    sp_runtime::{
        traits::{Saturating, Zero},
        DispatchResult,
    },
};
use salus_primitives::jobs::JobId;

use crate::{
    settlement::blob_of, AccountIdOf, Agenda, Config, Due, Error, Event, FinishedJobs, FinishedOf,
    HoldReason, HoldbackEnd, Pallet, Results,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_accept_result(who: AccountIdOf<T>, id: JobId) -> DispatchResult {
        let job = Self::finished_of_client(&who, id)?;
        ensure!(job.holdback.is_some(), Error::<T>::NoHoldback);
        Self::end_holdback(id, HoldbackEnd::Accepted);
        Ok(())
    }

    pub(crate) fn do_report_unavailable(who: AccountIdOf<T>, id: JobId) -> DispatchResult {
        let job = Self::finished_of_client(&who, id)?;
        let holdback = job.holdback.ok_or(Error::<T>::NoHoldback)?;
        ensure!(Self::now() < holdback.due, Error::<T>::WrongTime);
        Self::end_holdback(id, HoldbackEnd::Unavailable);
        Ok(())
    }

    /// Pays what waits of a job's reward.
    pub(crate) fn end_holdback(id: JobId, end: HoldbackEnd) {
        let Some(mut job) = FinishedJobs::<T>::get(id) else {
            return;
        };
        let Some(holdback) = job.holdback.take() else {
            return;
        };
        Agenda::<T>::remove(holdback.due, Due::Holdback(id));
        let mut amount = holdback.amount;
        if end == HoldbackEnd::Unavailable {
            amount.saturating_reduce(Self::pay_held(
                HoldReason::Reward,
                &job.client,
                &T::Treasury::get(),
                amount,
            ));
        }
        if !amount.is_zero() {
            Self::share_reward(&job.client, &job.winners, amount);
        }
        FinishedJobs::<T>::insert(id, job);
        Self::deposit_event(Event::HoldbackPaid {
            job: id,
            end,
            amount: holdback.amount,
        });
    }

    pub(crate) fn do_forget(who: AccountIdOf<T>, id: JobId) -> DispatchResult {
        let mut job = Self::finished_of_client(&who, id)?;
        let after = job.settled_at.saturating_add(T::RetentionPeriod::get());
        ensure!(
            job.kept && job.holdback.is_none() && Self::now() >= after,
            Error::<T>::WrongTime
        );
        for (_, pointer) in Results::<T>::drain_prefix(id) {
            if let Some(digest) = blob_of(&pointer) {
                Self::release_result_blob(id, digest);
            }
        }
        Self::release(HoldReason::JobDeposit, &who, job.deposit);
        job.deposit = Zero::zero();
        job.kept = false;
        FinishedJobs::<T>::insert(id, job);
        Self::deposit_event(Event::Forgotten { job: id });
        Ok(())
    }

    fn finished_of_client(who: &AccountIdOf<T>, id: JobId) -> Result<FinishedOf<T>, Error<T>> {
        let job = FinishedJobs::<T>::get(id).ok_or(Error::<T>::JobNotFound)?;
        ensure!(job.client == *who, Error::<T>::NotAuthorized);
        Ok(job)
    }
}
