//! What workers owe to jobs, and owners of records to the panels, as their nodes read it.

use alloc::vec::Vec;
use codec::{DecodeAll, Encode};
use polkadot_sdk::{
    frame_support::traits::Get,
    sp_io::hashing::blake2_256,
    sp_runtime::traits::{SaturatedConversion, Saturating},
};
use salus_primitives::{
    duties::{Duties, Duty, DutyKind},
    jobs::{Assignment, InputSpec, JobId, Reveal, SealedRecord, Sealing, MAX_INPUTS},
    membership::Membership,
    records::{RecordAccess, RecordId, Right},
    Digest,
};

use crate::{
    AccountIdOf, Answers, Call, Config, Inputs, JobOf, Jobs, Pallet, Seats, State, Unsealed,
};

impl<T: Config> Pallet<T> {
    /// What the member owes to one job.
    fn duty(id: JobId, job: &JobOf<T>, member: &AccountIdOf<T>) -> Option<Duty<AccountIdOf<T>>> {
        let now = Self::now();
        let answer = Answers::<T>::get(id, member);
        let (kind, since, deadline) = match (&job.state, answer) {
            (
                State::Working {
                    since,
                    middle,
                    commit_by,
                },
                None,
            ) if now <= *commit_by => {
                let from = if job.seats.contains(member) {
                    since
                } else {
                    middle
                };
                (DutyKind::JobCommit, *from, *commit_by)
            }
            (State::Revealing { since, reveal_by }, Some(answer))
                if answer.revealed.is_none() && now <= *reveal_by =>
            {
                (DutyKind::JobReveal, *since, *reveal_by)
            }
            _ => return None,
        };
        // `None` for a reserve whose turn has not come, and where a consent has ended.
        let assignment = Self::assignment_of(id, job, member)?;
        Some(Duty {
            kind,
            subject: id,
            member: member.clone(),
            input: input_digest(&assignment),
            since: since.saturated_into(),
            deadline: deadline.saturated_into(),
        })
    }

    /// What the owner's node needs to seal its records to the job's panel: nothing for records that
    /// are sealed, and for those that the client may not have analysed at this block.
    pub fn sealings(id: JobId, owner: AccountIdOf<T>) -> Vec<Sealing<AccountIdOf<T>>> {
        let Some(job) = Jobs::<T>::get(id) else {
            return Vec::new();
        };
        (0..MAX_INPUTS)
            .filter_map(|index| Self::sealing(id, &job, index, &owner))
            .collect()
    }

    fn sealing(
        id: JobId,
        job: &JobOf<T>,
        index: u32,
        owner: &AccountIdOf<T>,
    ) -> Option<Sealing<AccountIdOf<T>>> {
        if !Unsealed::<T>::contains_key(owner, (id, index)) {
            return None;
        }
        let InputSpec::Record { record } = job.spec.inputs.get(index as usize)? else {
            return None;
        };
        let (client, purpose) = (&job.client, job.spec.purpose);
        if !T::Records::may(client, record, Right::Analyse, purpose) {
            return None;
        }
        Some(Sealing {
            job: id,
            index,
            record: *record,
            recipient: T::Records::stored(record)?.recipient,
            client: client.clone(),
            purpose,
            panel: job
                .seats
                .iter()
                .chain(job.reserves.iter())
                .map(|worker| T::Membership::recipient(worker).map(|(_, key)| key))
                .collect::<Option<_>>()?,
        })
    }

    fn sealing_duty(
        id: JobId,
        index: u32,
        member: &AccountIdOf<T>,
    ) -> Option<Duty<AccountIdOf<T>>> {
        let job = Jobs::<T>::get(id)?;
        let State::Drawn { provide_by } = job.state else {
            return None;
        };
        if Self::now() > provide_by {
            return None;
        }
        Some(Duty {
            kind: DutyKind::RecordSeal,
            subject: id,
            member: member.clone(),
            input: Self::sealing(id, &job, index, member)?.digest(),
            since: provide_by
                .saturating_sub(T::ProvideWindow::get())
                .saturated_into(),
            deadline: provide_by.saturated_into(),
        })
    }

    /// Notes what a panel that was just drawn waits for.
    pub(crate) fn await_sealing(id: JobId, job: &JobOf<T>) {
        for (index, record) in records_with_index(job) {
            if let Some(owner) = T::Records::owner(record) {
                Unsealed::<T>::insert(owner, (id, index), ());
            }
        }
    }

    /// Forgets what is still waited for, with the job. Before its inputs are removed.
    pub(crate) fn forget_sealing(id: JobId, job: &JobOf<T>) {
        // Nothing is waited for before the draw.
        if job.missing == 0 || job.seats.is_empty() {
            return;
        }
        for (index, record) in records_with_index(job) {
            if Inputs::<T>::contains_key(id, index) {
                continue;
            }
            if let Some(owner) = T::Records::owner(record) {
                Unsealed::<T>::remove(owner, (id, index));
            }
        }
    }

    /// `Unsealed` is exactly the records that drawn jobs still miss.
    #[cfg(any(test, feature = "try-runtime"))]
    pub(crate) fn check_sealing() -> Result<(), polkadot_sdk::sp_runtime::TryRuntimeError> {
        use polkadot_sdk::frame_support::ensure;

        let mut awaited = alloc::collections::BTreeSet::new();
        for (id, job) in Jobs::<T>::iter() {
            if !matches!(job.state, State::Drawn { .. }) {
                continue;
            }
            let missing = records_with_index(&job).map(|(index, _)| (id, index));
            awaited.extend(missing.filter(|(id, index)| !Inputs::<T>::contains_key(id, index)));
        }
        let mut noted = 0usize;
        for (_, entry) in Unsealed::<T>::iter_keys() {
            ensure!(awaited.contains(&entry), "a record need not be sealed");
            noted = noted.saturating_add(1);
        }
        ensure!(noted == awaited.len(), "a record to be sealed is not noted");
        Ok(())
    }
}

/// The records among a job's inputs, with their positions.
pub(crate) fn records_with_index<A, B, N>(
    job: &crate::Job<A, B, N>,
) -> impl Iterator<Item = (u32, &RecordId)> {
    (0u32..)
        .zip(job.spec.inputs.iter())
        .filter_map(|(index, input)| match input {
            InputSpec::Record { record } => Some((index, record)),
            InputSpec::Own { .. } => None,
        })
}

/// Everything that the answer depends on, the same for commitment and reveal: blake2-256 of the
/// assignment's fields but the job, the client's account, the deadline and the commitment, in their
/// order.
fn input_digest<AccountId>(assignment: &Assignment<AccountId>) -> Digest {
    (
        &assignment.client_recipient,
        &assignment.algorithm,
        &assignment.parameters,
        assignment.purpose,
        assignment.bound,
        assignment.cipher,
        assignment.form,
        &assignment.inputs,
    )
        .using_encoded(blake2_256)
        .into()
}

impl<T: Config, C: From<Call<T>>> Duties<AccountIdOf<T>, C> for Pallet<T> {
    fn owed(member: &AccountIdOf<T>, limit: u32) -> Vec<Duty<AccountIdOf<T>>> {
        // At most `MaxActiveSeats` jobs.
        let mut owed: Vec<_> = Seats::<T>::iter_key_prefix(member)
            .filter_map(|id| Self::duty(id, &Jobs::<T>::get(id)?, member))
            .collect();
        // Only who may have the member's records analysed can make more of them than `limit`; they
        // then come in no order, those of jobs that end earlier not first.
        owed.extend(
            Unsealed::<T>::iter_key_prefix(member)
                .filter_map(|(id, index)| Self::sealing_duty(id, index, member))
                .take(limit as usize),
        );
        // Seals last: whatever others ask of the member's records, it has its bond to reveal for.
        owed.sort_by_key(|duty| (duty.urgency(), duty.subject));
        owed.truncate(limit as usize);
        owed
    }

    fn call(duty: &Duty<AccountIdOf<T>>, mut answer: &[u8]) -> Option<C> {
        let job = duty.subject;
        let call = match duty.kind {
            DutyKind::JobCommit => Call::commit {
                job,
                commitment: Digest::decode_all(&mut answer).ok()?,
            },
            DutyKind::JobReveal => Call::reveal {
                job,
                reveal: Reveal::decode_all(&mut answer).ok()?,
            },
            DutyKind::RecordSeal => {
                let SealedRecord { index, capsules } =
                    SealedRecord::decode_all(&mut answer).ok()?;
                Call::seal_record {
                    job,
                    index,
                    capsules,
                }
            }
            DutyKind::TrainingKeys | DutyKind::TrainingPost | DutyKind::TrainingDeliver => {
                return None;
            }
        };
        Some(C::from(call))
    }
}
