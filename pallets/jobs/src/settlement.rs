//! How jobs end.

use alloc::vec::Vec;
use codec::Encode;
use polkadot_sdk::{
    frame_support::{
        traits::{Get, Time},
        BoundedVec,
    },
    sp_runtime::traits::{CheckedDiv, One, SaturatedConversion, Saturating, Zero},
};
use salus_primitives::{
    blobs::BlobAccess,
    jobs::{JobId, Outcome, ResultPointer},
    Digest,
};

use crate::{
    AccountIdOf, Agenda, Answers, BalanceOf, BlobOwner, Blobs, Config, Due, EndReason, Event,
    Fault, Finished, FinishedJobs, FinishedOf, HoldReason, Holdback, JobOf, Jobs, LiveJobs, Pallet,
    RecordBlobs, Results,
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

    /// Ends a job on which nobody has worked, through no fault of the panel: the seats share the
    /// draw fee. Where there is no panel yet, it goes to the treasury.
    pub(crate) fn end_with_draw_fee(id: JobId, job: JobOf<T>, reason: EndReason) {
        let mut fee = Self::draw_fee(&job.spec);
        let rest = job.spec.reward.saturating_sub(fee);
        if job.seats.is_empty() {
            fee.saturating_reduce(Self::pay_held(
                HoldReason::Reward,
                &job.client,
                &T::Treasury::get(),
                fee,
            ));
        }
        let share = Self::share_reward(&job.client, &job.seats, fee);
        Self::release(HoldReason::Reward, &job.client, rest);
        Self::close(id, &job, Zero::zero());
        Self::deposit_event(Event::Ended {
            job: id,
            reason,
            share,
        });
    }

    /// Ends a job at work because a patient takes back a consent. Who committed gets what it would
    /// have got if the whole panel had agreed, the other seats their part of the draw fee.
    pub(crate) fn end_without_consent(id: JobId, job: JobOf<T>) {
        if job.committed.is_empty() {
            return Self::end_with_draw_fee(id, job, EndReason::ConsentRevoked);
        }
        let places = job.spec.panel.into();
        let part_of = |amount: BalanceOf<T>, count: usize| {
            amount
                .checked_div(&places)
                .unwrap_or_else(Zero::zero)
                .saturating_mul(count.saturated_into())
        };
        let earned = part_of(job.spec.reward, job.committed.len());
        let share = Self::share_reward(&job.client, &job.committed, earned);
        let rest = job.spec.reward.saturating_sub(earned);
        let others: Vec<_> = job
            .seats
            .iter()
            .filter(|who| !job.committed.contains(who))
            .cloned()
            .collect();
        // Reserves among those who committed may leave less than the fee.
        let fee = part_of(Self::draw_fee(&job.spec), others.len()).min(rest);
        Self::share_reward(&job.client, &others, fee);
        Self::release(HoldReason::Reward, &job.client, rest.saturating_sub(fee));
        Self::close(id, &job, Zero::zero());
        Self::deposit_event(Event::Ended {
            job: id,
            reason: EndReason::ConsentRevoked,
            share,
        });
    }

    /// Counts what was revealed, pays, punishes and clears up.
    pub(crate) fn settle(id: JobId, job: JobOf<T>) {
        let answers: Vec<Said<AccountIdOf<T>>> = job
            .committed
            .iter()
            .filter_map(|who| Some((who.clone(), Answers::<T>::take(id, who)?.revealed)))
            .collect();
        let Some(outcome) = agreed(&answers, job.spec.quorum) else {
            Self::release_results(id, answers.iter().filter_map(pointer_of), &[]);
            return Self::end_with_refund(id, job, EndReason::NoQuorum);
        };

        let mut winners = BoundedVec::default();
        let mut pointers = Vec::new();
        let mut others = Vec::new();
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
                Some((said, pointer)) => {
                    if let Some(fault) = fault_of(&said, &outcome) {
                        Self::slash(&who, id, fault);
                    }
                    others.extend(pointer);
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
        let now = Self::now();
        let holdback = (!waiting.is_zero()).then(|| Holdback {
            amount: waiting,
            due: Self::schedule(
                Due::Holdback(id),
                now.saturating_add(T::ResultWindow::get())
                    .saturating_add(One::one()),
            ),
        });
        Self::release_results(id, others.iter(), &pointers);
        let mut finished = Finished {
            client: job.client.clone(),
            algorithm: job.spec.algorithm.clone(),
            parameters: job.spec.parameters.clone(),
            inputs: job.spec.inputs.clone(),
            purpose: job.spec.purpose,
            form: job.spec.form,
            outcome,
            winners,
            posted_at: job.posted_at,
            settled_at: now,
            settled: T::Time::now(),
            holdback,
            deposit: Zero::zero(),
            kept: matches!(outcome, Outcome::Success(_)),
        };
        let paid = Self::pay_for_entry(id, &job, &finished);
        // The post paid for the largest entry and results, so this is the smaller.
        finished.deposit = Self::keep_results(id, pointers).min(job.deposit.saturating_sub(paid));
        Self::close(id, &job, finished.deposit.saturating_add(paid));
        Self::deposit_event(Event::Settled {
            job: id,
            outcome,
            winners: finished.winners.to_vec(),
            share,
        });
        FinishedJobs::<T>::insert(id, finished);
    }

    /// Pays the treasury for the bytes that stay of the job for ever; the amount.
    fn pay_for_entry(id: JobId, job: &JobOf<T>, entry: &FinishedOf<T>) -> BalanceOf<T> {
        // The key is the number twice: hashed by Twox64, and itself.
        let bytes = entry
            .encoded_size()
            .saturating_add(id.encoded_size().saturating_mul(2));
        let amount = Self::pay_held(
            HoldReason::JobDeposit,
            &job.client,
            &T::Treasury::get(),
            Self::deposit_for(bytes).min(job.deposit),
        );
        Self::deposit_event(Event::EntryPaid { job: id, amount });
        amount
    }

    /// Makes the blob a result of the job, as soon as its digest is known: nobody else can name it
    /// then, and gateways keep it. Workers of a job may name the same blob, as they do where the
    /// result is in the clear.
    ///
    /// A blob that something else refers to already is not the job's: its pointer stands, and the
    /// client tries the next winner's where the gateway refuses it. Revealing must not fail for it,
    /// or whoever names an honest worker's blob first could have that worker slashed.
    pub(crate) fn claim_result_blob(id: JobId, digest: Digest) {
        let free = !Blobs::<T>::contains_key(digest)
            && !RecordBlobs::<T>::contains_key(digest)
            && !T::OtherBlobs::is_taken(&digest);
        if free {
            Blobs::<T>::insert(digest, BlobOwner::Result { job: id });
        }
    }

    /// Takes back the claims on blobs of results that are not kept, but those that a kept one has too.
    fn release_results<'a>(
        id: JobId,
        pointers: impl Iterator<Item = &'a ResultPointer>,
        kept: &[(AccountIdOf<T>, ResultPointer)],
    ) {
        for digest in pointers.filter_map(blob_of) {
            if !kept.iter().any(|(_, other)| blob_of(other) == Some(digest)) {
                Self::release_result_blob(id, digest);
            }
        }
    }

    pub(crate) fn release_result_blob(id: JobId, digest: Digest) {
        Blobs::<T>::mutate_exists(digest, |owner| {
            if *owner == Some(BlobOwner::Result { job: id }) {
                *owner = None;
            }
        });
    }

    /// Keeps the winners' pointers; the deposit for them. A blob that was another's at the reveal may
    /// be free by now.
    fn keep_results(id: JobId, pointers: Vec<(AccountIdOf<T>, ResultPointer)>) -> BalanceOf<T> {
        let mut bytes = 0usize;
        for (who, pointer) in pointers {
            bytes.saturating_accrue(pointer.encoded_size());
            if let Some(digest) = blob_of(&pointer) {
                Self::claim_result_blob(id, digest);
            }
            Results::<T>::insert(id, who, pointer);
        }
        Self::deposit_for(bytes)
    }

    /// Strikes the seats that never committed, when the window is over: whatever the others agree on,
    /// or workers that are gone could keep every job from a quorum for ever.
    /// How many they are.
    pub(crate) fn strike_absent(id: JobId, job: &JobOf<T>) -> u32 {
        let now = Self::now();
        let mut struck = 0u32;
        for who in &job.seats {
            if !job.committed.contains(who) {
                Self::strike(who, id, now);
                struck.saturating_inc();
            }
        }
        struck
    }

    /// Removes a live job and everything that hangs on it, and gives the deposit back but `kept`,
    /// which stays held or is spent.
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
        LiveJobs::<T>::mutate_exists(&job.client, |jobs| {
            *jobs = jobs.map(|n| n.saturating_sub(1)).filter(|n| *n > 0);
        });
    }
}

/// The pointer that a worker revealed.
fn pointer_of<AccountId>((_, revealed): &Said<AccountId>) -> Option<&ResultPointer> {
    revealed.as_ref()?.1.as_ref()
}

/// Digest of the blob in which a result is kept.
pub(crate) fn blob_of(pointer: &ResultPointer) -> Option<Digest> {
    match pointer {
        ResultPointer::Blob(blob) => Some(blob.digest),
        ResultPointer::Inline(_) => None,
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
