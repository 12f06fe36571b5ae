//! Commitments and reveals.

use polkadot_sdk::{
    frame_support::{ensure, traits::Get, weights::Weight},
    frame_system::pallet_prelude::BlockNumberFor,
    sp_runtime::{
        traits::{One, Saturating},
        DispatchError, DispatchResult,
    },
};
use salus_primitives::{
    jobs::{commitment, JobId, Outcome, ResultPointer, Reveal},
    membership::Membership,
    Digest,
};

use crate::{
    inputs::check_blob, posting::records_of, AccountIdOf, Answer, Answers, Config, Error, Event,
    JobOf, Jobs, Pallet, Seats, State, WeightInfo,
};

impl<T: Config> Pallet<T> {
    /// What it weighed, by the records whose consents were asked for.
    pub(crate) fn do_commit(
        who: AccountIdOf<T>,
        id: JobId,
        commitment: Digest,
    ) -> Result<Weight, DispatchError> {
        let worker = Self::worker_behind(who, id);
        let mut job = Jobs::<T>::get(id).ok_or(Error::<T>::JobNotFound)?;
        let now = Self::now();
        match job.state {
            State::Working { commit_by, .. } if now <= commit_by => {}
            _ => return Err(Error::<T>::WrongTime.into()),
        }
        ensure!(
            !job.committed.contains(&worker),
            Error::<T>::AlreadyCommitted
        );
        ensure!(has_turn::<T>(&job, &worker, now), Error::<T>::NotOnPanel);
        ensure!(T::Membership::is_admitted(&worker), Error::<T>::NotAdmitted);
        let weight = T::WeightInfo::commit(records_of(&job.spec.inputs).len() as u32);
        if !Self::patients_consent(&job.client, &job.spec) {
            Self::end_without_consent(id, job);
            return Ok(weight.saturating_add(T::WeightInfo::end_job()));
        }
        if job.committed.len() as u32 >= job.spec.panel {
            Self::stand_down_reserve(id, &mut job);
        }
        job.committed
            .try_push(worker.clone())
            .map_err(|_| Error::<T>::WrongTime)?;
        let answer = Answer {
            commitment,
            revealed: None,
        };
        Answers::<T>::insert(id, &worker, answer);
        Self::deposit_event(Event::Committed {
            job: id,
            worker,
            commitment,
        });
        let seats = job.committed.iter().filter(|who| job.seats.contains(who));
        if seats.count() as u32 >= job.spec.panel {
            Self::open_reveals(id, &mut job);
        }
        Jobs::<T>::insert(id, job);
        Ok(weight)
    }

    /// Makes room for a seat: the last reserve that committed has done so for nothing.
    fn stand_down_reserve(id: JobId, job: &mut JobOf<T>) {
        let last = job
            .committed
            .iter()
            .rposition(|who| !job.seats.contains(who));
        if let Some(place) = last {
            let worker = job.committed.remove(place);
            Answers::<T>::remove(id, &worker);
            Self::deposit_event(Event::StoodDown { job: id, worker });
        }
    }

    /// The worker in whose name `who` acts in this job: itself where it has a place in the panel,
    /// else the member whose operator key it is.
    fn worker_behind(who: AccountIdOf<T>, id: JobId) -> AccountIdOf<T> {
        if Seats::<T>::contains_key(&who, id) {
            who
        } else {
            T::Membership::principal(&who)
        }
    }

    /// Ends the commitments. The caller stores the job.
    pub(crate) fn open_reveals(id: JobId, job: &mut JobOf<T>) {
        let since = Self::now();
        let reveal_by = since.saturating_add(T::RevealWindow::get());
        job.state = State::Revealing { since, reveal_by };
        Self::reschedule(id, job, reveal_by.saturating_add(One::one()));
        Self::deposit_event(Event::RevealsOpened { job: id, reveal_by });
    }

    pub(crate) fn do_reveal(who: AccountIdOf<T>, id: JobId, reveal: Reveal) -> DispatchResult {
        let worker = Self::worker_behind(who, id);
        let mut job = Jobs::<T>::get(id).ok_or(Error::<T>::JobNotFound)?;
        let now = Self::now();
        match job.state {
            State::Revealing { reveal_by, .. } if now <= reveal_by => {}
            _ => return Err(Error::<T>::WrongTime.into()),
        }
        let mut answer = Answers::<T>::get(id, &worker).ok_or(Error::<T>::CommitmentNotFound)?;
        ensure!(answer.revealed.is_none(), Error::<T>::AlreadyRevealed);
        let Reveal {
            outcome,
            salt,
            result,
        } = reveal;
        ensure!(
            commitment(id, &worker, &outcome, &salt) == answer.commitment,
            Error::<T>::CommitmentMismatch
        );
        ensure!(
            matches!(outcome, Outcome::Success(_)) == result.is_some(),
            Error::<T>::ResultMismatch
        );
        if let Some(ResultPointer::Blob(blob)) = &result {
            check_blob::<T>(blob)?;
            Self::claim_result_blob(id, blob.digest);
        }
        answer.revealed = Some((outcome, result));
        Answers::<T>::insert(id, &worker, answer);
        job.revealed.saturating_inc();
        if job.revealed as usize >= job.committed.len() {
            // Nobody is waited for: settle in the next block, where the weight is accounted for.
            Self::reschedule(id, &mut job, now);
        }
        Jobs::<T>::insert(id, job);
        Self::deposit_event(Event::Revealed {
            job: id,
            worker,
            outcome,
        });
        Ok(())
    }
}

/// Whether the worker may commit to the job, as far as its place in the panel goes: seats in the
/// whole window, reserves from its middle as long as commitments are missing.
pub(crate) fn has_turn<T: Config>(
    job: &JobOf<T>,
    worker: &AccountIdOf<T>,
    now: BlockNumberFor<T>,
) -> bool {
    match job.state {
        State::Working { middle, .. } => {
            job.seats.contains(worker)
                || (now >= middle
                    && (job.committed.len() as u32) < job.spec.panel
                    && job.reserves.contains(worker))
        }
        _ => false,
    }
}
