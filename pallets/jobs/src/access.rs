//! What workers and gateways ask.

use alloc::vec::Vec;
use polkadot_sdk::frame_system::pallet_prelude::BlockNumberFor;
use polkadot_sdk::sp_runtime::traits::SaturatedConversion;
use salus_primitives::{
    blobs::BlobAccess,
    jobs::{AssignedInput, Assignment, InputSpec, JobId},
    Digest,
};

use crate::{
    answers::has_turn, AccountIdOf, Answers, BlobOwner, Blobs, Config, FinishedJobs, InputBlobs,
    Inputs, JobOf, Jobs, Pallet, RecordBlobs, SealedKey, SealedKeys, Seats, State,
};

impl<T: Config> Pallet<T> {
    /// What `worker` needs to compute the job: `None` where it has no part in it now, and where a
    /// patient no longer lets the client have a record among the inputs analysed. Who committed has it
    /// until the settlement, to be able to reveal after a crash.
    pub fn assignment(id: JobId, worker: AccountIdOf<T>) -> Option<Assignment<AccountIdOf<T>>> {
        let job = Jobs::<T>::get(id)?;
        Self::assignment_of(id, &job, &worker)
    }

    pub(crate) fn assignment_of(
        id: JobId,
        job: &JobOf<T>,
        worker: &AccountIdOf<T>,
    ) -> Option<Assignment<AccountIdOf<T>>> {
        if !is_at_work::<T>(job, worker, Self::now()) {
            return None;
        }
        let committed = Answers::<T>::get(id, worker).map(|answer| answer.commitment);
        if committed.is_none() && !Self::patients_consent(&job.client, &job.spec) {
            return None;
        }
        let place = job
            .seats
            .iter()
            .chain(job.reserves.iter())
            .position(|other| other == worker)?;
        let own_key = SealedKeys::<T>::get(id, SealedKey::Job);
        let mut inputs = Vec::with_capacity(job.spec.inputs.len());
        for (index, spec) in (0u32..).zip(job.spec.inputs.iter()) {
            let input = Inputs::<T>::get(id, index)?;
            let capsule = match spec {
                InputSpec::Own { .. } => own_key.as_ref()?.get(place)?.clone(),
                InputSpec::Record { .. } => SealedKeys::<T>::get(id, SealedKey::Record(index))?
                    .get(place)?
                    .clone(),
            };
            inputs.push(AssignedInput {
                spec: spec.clone(),
                ciphertext: input.ciphertext,
                commitment: input.commitment,
                recipient: input.recipient,
                capsule,
            });
        }
        let commit_deadline = match job.state {
            State::Working { commit_by, .. } => commit_by,
            // Commitments are over.
            State::Revealing { since, .. } => since,
            State::Requested | State::Waiting { .. } | State::Drawn { .. } => return None,
        };
        Some(Assignment {
            job: id,
            client: job.client.clone(),
            client_recipient: job.client_recipient,
            algorithm: job.spec.algorithm.to_vec(),
            parameters: job.spec.parameters.to_vec(),
            purpose: job.spec.purpose,
            bound: job.spec.bound,
            cipher: job.spec.cipher,
            form: job.spec.form,
            inputs,
            commit_deadline: commit_deadline.saturated_into(),
            committed,
        })
    }

    /// Whether the worker may fetch the blob as an input of this job.
    fn may_fetch_input(id: JobId, worker: &AccountIdOf<T>, digest: &Digest) -> bool {
        let Some(index) = InputBlobs::<T>::get(id, digest) else {
            return false;
        };
        let Some(job) = Jobs::<T>::get(id) else {
            return false;
        };
        is_at_work::<T>(&job, worker, Self::now())
            && match job.spec.inputs.get(index as usize) {
                Some(InputSpec::Own { .. }) => true,
                Some(InputSpec::Record { record }) => {
                    Self::patient_consents(&job.client, record, job.spec.purpose)
                }
                None => false,
            }
    }
}

/// Whether the worker computes for the job at this block: a seat, or a reserve in its turn, until
/// the commitments end, and who committed until the reveals end.
fn is_at_work<T: Config>(job: &JobOf<T>, worker: &AccountIdOf<T>, now: BlockNumberFor<T>) -> bool {
    match job.state {
        State::Working { commit_by, .. } => {
            job.committed.contains(worker) || (now <= commit_by && has_turn::<T>(job, worker, now))
        }
        State::Revealing { .. } => job.committed.contains(worker),
        State::Requested | State::Waiting { .. } | State::Drawn { .. } => false,
    }
}

impl<T: Config> BlobAccess<AccountIdOf<T>> for Pallet<T> {
    /// Own inputs: the client, and the panel at work. Records: the panel at work, as long as the
    /// consent holds. Results: the client and the winners, from the settlement on.
    fn may_fetch(who: &AccountIdOf<T>, digest: &Digest) -> bool {
        let owns = match Blobs::<T>::get(digest) {
            Some(BlobOwner::Input { client, .. }) => client == *who,
            Some(BlobOwner::Result { job }) => FinishedJobs::<T>::get(job)
                .is_some_and(|job| job.client == *who || job.winners.contains(who)),
            None => false,
        };
        // At most `MaxActiveSeats` jobs.
        owns || Seats::<T>::iter_key_prefix(who).any(|job| Self::may_fetch_input(job, who, digest))
    }

    fn is_referenced(digest: &Digest) -> bool {
        Blobs::<T>::contains_key(digest) || RecordBlobs::<T>::contains_key(digest)
    }
}
