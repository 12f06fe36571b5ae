//! How jobs end.

use alloc::vec::Vec;
use codec::Encode;
use polkadot_sdk::{
    frame_support::{
        traits::{Get, Time},
        BoundedVec,
    },
    sp_runtime::traits::{One, Saturating, Zero},
};
use salus_primitives::{
    blobs::BlobAccess,
    jobs::{JobId, Outcome, ResultPointer},
};

use crate::{
    AccountIdOf, Agenda, Answers, BalanceOf, BlobOwner, Blobs, Config, Due, EndReason, Event,
    Fault, Finished, FinishedJobs, HoldReason, Holdback, JobOf, Jobs, Pallet, RecordBlobs, Results,
};

/// A worker who committed, and what it has revealed.
type Said<AccountId> = (AccountId, Option<(Outcome, Option<ResultPointer>)>);

impl<T: Config> Pallet<T> {
    /// Ends a job that has no panel at work: everything goes back to the client.
    pub(crate) fn end_with_refund(id: JobId, job: JobOf<T>, reason: EndReason) {
        Self::release(HoldReason::Reward, &job.client, job.spec.reward);
        Self::close(id, &job, Zero::zero());
        Self::deposit_event(Event::Ended {
            job: id,
            reason,
            share: Zero::zero(),
        });
    }

    /// Ends a job after the draw through no fault of the panel: the seats share the draw fee.
    pub(crate) fn end_with_draw_fee(id: JobId, job: JobOf<T>, reason: EndReason) {
        let fee = T::DrawFee::get().mul_floor(job.spec.reward);
        let share = Self::share_reward(&job.client, &job.seats, fee);
        let rest = job.spec.reward.saturating_sub(fee);
        Self::release(HoldReason::Reward, &job.client, rest);
        Self::close(id, &job, Zero::zero());
        Self::deposit_event(Event::Ended {
            job: id,
            reason,
            share,
        });
    }

    /// Ends a job in which too few agree: no money moves but back to the client. Absences are
    /// noted all the same, or workers that are gone could keep every job from a quorum for ever.
    pub(crate) fn end_without_quorum(id: JobId, job: JobOf<T>) {
        Self::strike_absent(id, &job);
        Self::end_with_refund(id, job, EndReason::NoQuorum);
    }

    /// Counts what was revealed, pays, punishes and clears up.
    pub(crate) fn settle(id: JobId, job: JobOf<T>) {
        let answers: Vec<Said<AccountIdOf<T>>> = job
            .committed
            .iter()
            .filter_map(|who| Some((who.clone(), Answers::<T>::take(id, who)?.revealed)))
            .collect();
        let Some(outcome) = agreed(&answers, job.spec.quorum) else {
            return Self::end_without_quorum(id, job);
        };
        Self::strike_absent(id, &job);

        let mut winners = BoundedVec::default();
        let mut pointers = Vec::new();
        for (who, revealed) in answers {
            match revealed {
                Some((said, pointer)) if said == outcome => {
                    Self::forgive(&who);
                    if let Some(pointer) = pointer {
                        pointers.push((who.clone(), pointer));
                    }
                    // `committed` has the same bound.
                    let _ = winners.try_push(who);
                }
                Some((said, _)) => {
                    if let Some(fault) = fault_of(&said, &outcome) {
                        Self::slash(&who, id, fault);
                    }
                }
                None => Self::slash(&who, id, Fault::NotRevealed),
            }
        }

        let waiting = match outcome {
            Outcome::Success(_) => T::Holdback::get().mul_floor(job.spec.reward),
            Outcome::Failed(_) => Zero::zero(),
        };
        let at_once = job.spec.reward.saturating_sub(waiting);
        let share = Self::share_reward(&job.client, &winners, at_once);
        let deposit = Self::keep_results(id, &job, pointers);
        let now = Self::now();
        let holdback = (!waiting.is_zero()).then(|| Holdback {
            amount: waiting,
            due: Self::schedule(
                Due::Holdback(id),
                now.saturating_add(T::ResultWindow::get())
                    .saturating_add(One::one()),
            ),
        });
        Self::close(id, &job, deposit);
        Self::deposit_event(Event::Settled {
            job: id,
            outcome,
            winners: winners.to_vec(),
            share,
        });
        let finished = Finished {
            client: job.client,
            algorithm: job.spec.algorithm,
            parameters: job.spec.parameters,
            inputs: job.spec.inputs,
            purpose: job.spec.purpose,
            form: job.spec.form,
            outcome,
            winners,
            posted_at: job.posted_at,
            settled_at: now,
            settled: T::Time::now(),
            holdback,
            deposit,
            kept: matches!(outcome, Outcome::Success(_)),
        };
        FinishedJobs::<T>::insert(id, finished);
    }

    /// Keeps the winners' pointers; the deposit that stays for them.
    ///
    /// A blob that something else refers to already is not the job's: its pointer stands, and the
    /// client tries the next winner's where the gateway refuses it. Revealing must not fail for it,
    /// or whoever names an honest worker's blob first could have that worker slashed.
    fn keep_results(
        id: JobId,
        job: &JobOf<T>,
        pointers: Vec<(AccountIdOf<T>, ResultPointer)>,
    ) -> BalanceOf<T> {
        let mut bytes = 0usize;
        for (who, pointer) in pointers {
            bytes.saturating_accrue(pointer.encoded_size());
            if let ResultPointer::Blob(blob) = &pointer {
                let free = !Blobs::<T>::contains_key(blob.digest)
                    && !RecordBlobs::<T>::contains_key(blob.digest)
                    && !T::OtherBlobs::is_taken(&blob.digest);
                if free {
                    Blobs::<T>::insert(blob.digest, BlobOwner::Result { job: id });
                }
            }
            Results::<T>::insert(id, who, pointer);
        }
        // The post paid for the largest results, so this is the smaller.
        Self::deposit_for(bytes).min(job.deposit)
    }

    /// Strikes the seats that never committed.
    fn strike_absent(id: JobId, job: &JobOf<T>) {
        let now = Self::now();
        for who in &job.seats {
            if !job.committed.contains(who) {
                Self::strike(who, id, now);
            }
        }
    }

    /// Removes a live job and everything that hangs on it, and gives the deposit back but `kept`.
    fn close(id: JobId, job: &JobOf<T>, kept: BalanceOf<T>) {
        Self::release(
            HoldReason::JobDeposit,
            &job.client,
            job.deposit.saturating_sub(kept),
        );
        Agenda::<T>::remove(job.due, Due::Job(id));
        for who in job.seats.iter().chain(job.reserves.iter()) {
            Self::give_up_seat(who, id);
        }
        Self::clear_inputs(id, job);
        // At most one entry for each seat.
        let _ = Answers::<T>::clear_prefix(id, u32::MAX, None);
        Jobs::<T>::remove(id);
    }
}

/// The outcome that at least `quorum` revealed. There is one at most, as a quorum is more than half
/// of a panel and no more than a panel commit.
///
/// Outcomes are compared, not their digests: one who commits to the digest of a failure and reveals
/// it as that of a result is not counted with those who failed.
fn agreed<AccountId>(answers: &[Said<AccountId>], quorum: u32) -> Option<Outcome> {
    let said = || {
        answers
            .iter()
            .filter_map(|(_, revealed)| revealed.as_ref().map(|(outcome, _)| *outcome))
    };
    said().find(|candidate| said().filter(|other| other == candidate).count() >= quorum as usize)
}

/// What it costs to have revealed `said` where `agreed` won: only a result against a result. A
/// failure may be true of one worker alone (a client can seal it a bad capsule), and where the
/// failures win, the client may have let only a minority succeed.
fn fault_of(said: &Outcome, agreed: &Outcome) -> Option<Fault> {
    match (said, agreed) {
        (Outcome::Success(a), Outcome::Success(b)) if a != b => Some(Fault::WrongResult),
        _ => None,
    }
}
