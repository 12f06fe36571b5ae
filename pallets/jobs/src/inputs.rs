//! Completing a job's inputs once its panel is drawn.

use codec::Encode;
use polkadot_sdk::{
    frame_support::ensure,
    sp_runtime::{
        traits::{CheckedDiv, One, Saturating},
        DispatchResult,
    },
};
use salus_primitives::{
    blobs::{BlobAccess, BlobPointer},
    jobs::{Ciphertext, InputSpec, JobId},
    membership::{Membership, Recipient},
    records::{RecordAccess, Right},
    Digest,
};

use crate::{
    AccountIdOf, BlobOwner, Blobs, Capsules, Config, Error, Event, HoldReason, InputBlobs, Inputs,
    Items, JobOf, JobRecipients, Jobs, Pallet, RecordBlobs, SealedKey, SealedKeys, State,
    SuppliedInput, Unsealed,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_provide(
        who: AccountIdOf<T>,
        id: JobId,
        recipient: Recipient,
        items: Items,
        capsules: Capsules,
    ) -> DispatchResult {
        let mut job = Self::job_of_client(&who, id)?;
        Self::ensure_providable(&job)?;
        ensure!(!items.is_empty(), Error::<T>::InvalidInputs);
        match JobRecipients::<T>::get(id) {
            None => {
                ensure!(
                    capsules.len() == sealed_to::<T>(&job),
                    Error::<T>::CapsuleMismatch
                );
                JobRecipients::<T>::insert(id, recipient);
            }
            Some(known) => ensure!(
                known == recipient && capsules.is_empty(),
                Error::<T>::CapsuleMismatch
            ),
        }
        let deposit =
            Self::deposit_for(items.encoded_size().saturating_add(capsules.encoded_size()));
        Self::hold(HoldReason::JobDeposit, &who, deposit)?;
        job.deposit.saturating_accrue(deposit);
        if !capsules.is_empty() {
            SealedKeys::<T>::insert(id, SealedKey::Job, capsules);
        }

        let count = items.len() as u32;
        for (index, ciphertext) in items {
            let Some(InputSpec::Own { commitment }) = job.spec.inputs.get(index as usize) else {
                return Err(Error::<T>::InputNotFound.into());
            };
            if let Ciphertext::Blob(blob) = &ciphertext {
                check_blob::<T>(blob)?;
                Self::claim_input_blob(&who, blob.digest)?;
            }
            let input = SuppliedInput {
                ciphertext,
                commitment: *commitment,
                recipient,
            };
            Self::supply(id, &mut job, index, input)?;
        }
        Self::deposit_event(Event::Provided {
            job: id,
            items: count,
        });
        Self::start_if_complete(id, &mut job);
        Jobs::<T>::insert(id, job);
        Ok(())
    }

    pub(crate) fn do_seal_record(
        who: AccountIdOf<T>,
        id: JobId,
        index: u32,
        capsules: Capsules,
    ) -> DispatchResult {
        let mut job = Jobs::<T>::get(id).ok_or(Error::<T>::JobNotFound)?;
        Self::ensure_providable(&job)?;
        let Some(InputSpec::Record { record }) = job.spec.inputs.get(index as usize) else {
            return Err(Error::<T>::InputNotFound.into());
        };
        let record = *record;
        let stored = T::Records::stored(&record).ok_or(Error::<T>::InputNotFound)?;
        ensure!(
            T::Membership::principal(&who) == stored.patient || who == stored.patient,
            Error::<T>::NotAuthorized
        );
        ensure!(
            T::Records::may(&job.client, &record, Right::Analyse, job.spec.purpose),
            Error::<T>::NoConsent
        );
        ensure!(
            capsules.len() == sealed_to::<T>(&job),
            Error::<T>::CapsuleMismatch
        );
        RecordBlobs::<T>::mutate(stored.blob.digest, |uses| uses.saturating_inc());
        let input = SuppliedInput {
            ciphertext: Ciphertext::Blob(stored.blob),
            commitment: stored.commitment,
            recipient: stored.recipient,
        };
        Self::supply(id, &mut job, index, input)?;
        SealedKeys::<T>::insert(id, SealedKey::Record(index), capsules);
        Unsealed::<T>::remove(&stored.patient, (id, index));
        Self::deposit_event(Event::RecordSealed { job: id, index });
        Self::start_if_complete(id, &mut job);
        Jobs::<T>::insert(id, job);
        Ok(())
    }

    fn ensure_providable(job: &JobOf<T>) -> DispatchResult {
        match job.state {
            State::Drawn { provide_by } if Self::now() <= provide_by => Ok(()),
            _ => Err(Error::<T>::WrongTime.into()),
        }
    }

    fn supply(id: JobId, job: &mut JobOf<T>, index: u32, input: SuppliedInput) -> DispatchResult {
        ensure!(
            !Inputs::<T>::contains_key(id, index),
            Error::<T>::AlreadyProvided
        );
        if let Ciphertext::Blob(blob) = &input.ciphertext {
            InputBlobs::<T>::insert(id, blob.digest, index);
        }
        Inputs::<T>::insert(id, index, input);
        job.missing.saturating_dec();
        Ok(())
    }

    /// Opens the commit window with the last input.
    fn start_if_complete(id: JobId, job: &mut JobOf<T>) {
        if job.missing > 0 {
            return;
        }
        let since = Self::now();
        let window = job.spec.commit_window;
        let half = window.checked_div(&2u32.into()).unwrap_or_default();
        let commit_by = since.saturating_add(window);
        job.state = State::Working {
            since,
            middle: since.saturating_add(half),
            commit_by,
        };
        Self::reschedule(id, job, commit_by.saturating_add(One::one()));
        Self::deposit_event(Event::Started { job: id, commit_by });
    }

    /// Makes the blob an own input of the client. A blob that anything else refers to is refused:
    /// naming it would open it to the client and the panel.
    fn claim_input_blob(client: &AccountIdOf<T>, digest: Digest) -> DispatchResult {
        ensure!(
            !RecordBlobs::<T>::contains_key(digest) && !T::OtherBlobs::is_taken(&digest),
            Error::<T>::BlobInUse
        );
        Blobs::<T>::try_mutate(digest, |owner| match owner {
            None => {
                *owner = Some(BlobOwner::Input {
                    client: client.clone(),
                    uses: 1,
                });
                Ok(())
            }
            Some(BlobOwner::Input { client: of, uses }) if of == client => {
                uses.saturating_inc();
                Ok(())
            }
            Some(_) => Err(Error::<T>::BlobInUse.into()),
        })
    }

    /// Removes a job's inputs with their capsules and their claims on blobs.
    pub(crate) fn clear_inputs(id: JobId, job: &JobOf<T>) {
        Self::forget_sealing(id, job);
        for (index, input) in Inputs::<T>::drain_prefix(id) {
            let Ciphertext::Blob(blob) = input.ciphertext else {
                continue;
            };
            match job.spec.inputs.get(index as usize) {
                Some(InputSpec::Record { .. }) => {
                    RecordBlobs::<T>::mutate_exists(blob.digest, |uses| {
                        *uses = uses.map(|n| n.saturating_sub(1)).filter(|n| *n > 0);
                    });
                }
                _ => Blobs::<T>::mutate_exists(blob.digest, |owner| {
                    if let Some(BlobOwner::Input { uses, .. }) = owner {
                        uses.saturating_dec();
                        if *uses == 0 {
                            *owner = None;
                        }
                    }
                }),
            }
        }
        // Both maps have at most one entry for each input, and one more.
        let _ = InputBlobs::<T>::clear_prefix(id, u32::MAX, None);
        let _ = SealedKeys::<T>::clear_prefix(id, u32::MAX, None);
        JobRecipients::<T>::remove(id);
    }
}

/// To how many workers a key has to be sealed.
fn sealed_to<T: Config>(job: &JobOf<T>) -> usize {
    job.seats.len().saturating_add(job.reserves.len())
}

pub(crate) fn check_blob<T: Config>(blob: &BlobPointer) -> DispatchResult {
    ensure!(
        blob.size > 0 && !blob.location.is_empty(),
        Error::<T>::InvalidBlob
    );
    Ok(())
}
