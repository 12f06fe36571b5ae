//! Shares: given, failed, ended, and given anew with a new key.

use alloc::{collections::BTreeMap, vec::Vec};
use polkadot_sdk::{
    frame_support::{
        ensure,
        traits::{Get, Time},
    },
    sp_runtime::{traits::BlockNumberProvider, BoundedVec, DispatchError, DispatchResult},
};
use salus_primitives::{
    blobs::{BlobPointer, Capsule},
    membership::{KeyVersion, Membership, Recipient},
    records::{Purpose, RecordId, Rights},
    Moment,
};

use crate::{
    AccountIdOf, BlobRole, ClearReason, Config, DepositOf, Error, Event, HoldReason, Pallet,
    RecordOf, Records, RequestId, Share, ShareOf, ShareState, Shares, State,
};

/// On what terms a share is given.
pub struct Terms {
    pub rights: Rights,
    pub purpose: Purpose,
    pub expires: Moment,
    pub request: Option<RequestId>,
}

impl<T: Config> Pallet<T> {
    pub(crate) fn do_share(
        patient: AccountIdOf<T>,
        grantee: AccountIdOf<T>,
        items: BoundedVec<(RecordId, Option<Capsule>), T::MaxBatch>,
        terms: Terms,
    ) -> DispatchResult {
        ensure!(Self::can_own(&patient), Error::<T>::NotOwner);
        ensure!(
            terms.rights.read || terms.rights.analyse,
            Error::<T>::NoRights
        );
        ensure!(!items.is_empty(), Error::<T>::NothingNamed);
        ensure!(grantee != patient, Error::<T>::GranteeIsPatient);
        ensure!(
            T::Membership::role(&grantee).is_some(),
            Error::<T>::NotMember
        );
        let (key_version, _) = T::Membership::recipient(&grantee).ok_or(Error::<T>::NotMember)?;
        Self::ensure_expiry(terms.expires)?;
        if let Some(request) = terms.request {
            Self::answer_request(
                request,
                &patient,
                &grantee,
                terms.purpose,
                items.iter().map(|(record, _)| *record),
            )?;
        }
        for (id, capsule) in items {
            Self::put_share(&patient, &grantee, key_version, id, capsule, &terms)?;
        }
        Ok(())
    }

    fn put_share(
        patient: &AccountIdOf<T>,
        grantee: &AccountIdOf<T>,
        key_version: KeyVersion,
        id: RecordId,
        capsule: Option<Capsule>,
        terms: &Terms,
    ) -> DispatchResult {
        let mut record = Self::owned(patient, &id)?;
        Self::ensure_stored(&record)?;
        Self::ensure_capsule(terms.rights, capsule.as_ref())?;
        match Shares::<T>::get(id, grantee) {
            Some(old) => {
                Self::return_sponsored_deposit(HoldReason::Share, patient, &old.deposit)?;
            }
            None => {
                ensure!(
                    record.shares < T::MaxShares::get(),
                    Error::<T>::TooManyShares
                );
                record.shares = record.shares.saturating_add(1);
                Records::<T>::insert(id, record);
            }
        }
        let share = Share {
            rights: terms.rights,
            purpose: terms.purpose,
            expires: terms.expires,
            deposit: Self::share_deposit(patient, capsule.as_ref())?,
            capsule,
            key_version,
            granted_at: T::BlockNumberProvider::current_block_number(),
            request: terms.request,
            state: ShareState::Active,
        };
        Shares::<T>::insert(id, grantee, share);
        Self::deposit_event(Event::Shared {
            record: id,
            grantee: grantee.clone(),
            rights: terms.rights,
            purpose: terms.purpose,
            expires: terms.expires,
            request: terms.request,
        });
        Ok(())
    }

    /// Returns the number of shares touched.
    pub(crate) fn do_move_blob(
        who: AccountIdOf<T>,
        id: RecordId,
        blob: BlobPointer,
        recipient: Recipient,
        capsules: BoundedVec<(AccountIdOf<T>, Capsule), T::MaxShares>,
    ) -> Result<u32, DispatchError> {
        let mut record = Self::owned(&who, &id)?;
        Self::ensure_stored(&record)?;
        let State::Stored(storage) = &mut record.state else {
            return Err(Error::<T>::NotStored.into());
        };
        let rekeyed = storage.blob.digest != blob.digest;
        // The same ciphertext cannot have another key, and another ciphertext must: whoever holds
        // the old key could read it.
        ensure!(
            rekeyed == (storage.recipient != recipient)
                && T::Membership::recipient(&who).map(|(_, own)| own) != Some(recipient),
            Error::<T>::KeyNotFresh
        );
        if rekeyed {
            Self::claim_blob(id, BlobRole::Stored, &blob)?;
            Self::retire_blob(id, storage.blob.digest);
            storage.retired = storage.retired.saturating_add(1);
        } else {
            Self::ensure_valid(&blob)?;
        }
        Self::return_sponsored_deposit(HoldReason::Storage, &who, &storage.deposit)?;
        storage.deposit = Self::storage_deposit(&who, &blob, storage.retired)?;
        storage.recipient = recipient;
        let digest = blob.digest;
        storage.blob = blob;

        let mut capsules: BTreeMap<_, _> = capsules.into_iter().collect();
        // Bounded by `MaxShares`.
        let shares: Vec<_> = Shares::<T>::iter_prefix(id).collect();
        let touched = record.shares;
        let (mut kept, mut ended) = (0u32, 0u32);
        for (grantee, share) in shares {
            match capsules.remove(&grantee) {
                Some(capsule) => {
                    Self::renew_share(&who, id, &grantee, share, capsule)?;
                    kept = kept.saturating_add(1);
                }
                None if rekeyed && share.rights.read => {
                    Self::remove_share(&mut record, id, &grantee, &share)?;
                    Self::deposit_event(Event::Revoked {
                        record: id,
                        grantee,
                    });
                    ended = ended.saturating_add(1);
                }
                None => {}
            }
        }
        ensure!(capsules.is_empty(), Error::<T>::ShareNotFound);
        Records::<T>::insert(id, record);
        Self::deposit_event(Event::Moved {
            record: id,
            blob: digest,
            rekeyed,
            kept,
            ended,
        });
        Ok(touched)
    }

    /// Gives a read share a new capsule.
    fn renew_share(
        patient: &AccountIdOf<T>,
        id: RecordId,
        grantee: &AccountIdOf<T>,
        mut share: ShareOf<T>,
        capsule: Capsule,
    ) -> DispatchResult {
        Self::ensure_capsule(share.rights, Some(&capsule))?;
        let (key_version, _) = T::Membership::recipient(grantee).ok_or(Error::<T>::NotMember)?;
        Self::return_sponsored_deposit(HoldReason::Share, patient, &share.deposit)?;
        share.deposit = Self::share_deposit(patient, Some(&capsule))?;
        share.capsule = Some(capsule);
        share.key_version = key_version;
        share.state = ShareState::Active;
        Shares::<T>::insert(id, grantee, share);
        Ok(())
    }

    pub(crate) fn do_reject_share(grantee: AccountIdOf<T>, id: RecordId) -> DispatchResult {
        Shares::<T>::try_mutate(id, &grantee, |share| {
            let share = share.as_mut().ok_or(Error::<T>::ShareNotFound)?;
            ensure!(share.capsule.is_some(), Error::<T>::NoCapsule);
            ensure!(
                share.state == ShareState::Active,
                Error::<T>::AlreadyRejected
            );
            share.state = ShareState::Rejected;
            Ok::<_, DispatchError>(())
        })?;
        Self::deposit_event(Event::ShareRejected {
            record: id,
            grantee,
        });
        Ok(())
    }

    pub(crate) fn do_revoke(
        patient: AccountIdOf<T>,
        grantee: AccountIdOf<T>,
        records: BoundedVec<RecordId, T::MaxBatch>,
    ) -> DispatchResult {
        ensure!(!records.is_empty(), Error::<T>::NothingNamed);
        for id in records {
            let mut record = Self::owned(&patient, &id)?;
            let share = Shares::<T>::get(id, &grantee).ok_or(Error::<T>::ShareNotFound)?;
            Self::remove_share(&mut record, id, &grantee, &share)?;
            Records::<T>::insert(id, record);
            Self::deposit_event(Event::Revoked {
                record: id,
                grantee: grantee.clone(),
            });
        }
        Ok(())
    }

    pub(crate) fn do_clear_share(id: RecordId, grantee: AccountIdOf<T>) -> DispatchResult {
        let mut record = Records::<T>::get(id).ok_or(Error::<T>::RecordNotFound)?;
        let share = Shares::<T>::get(id, &grantee).ok_or(Error::<T>::ShareNotFound)?;
        let reason = if matches!(record.state, State::Terminated { .. }) {
            ClearReason::RecordTerminated
        } else if share.state == ShareState::Rejected {
            ClearReason::Rejected
        } else {
            ensure!(!share.holds_at(T::Time::now()), Error::<T>::ShareInForce);
            ClearReason::Expired
        };
        Self::remove_share(&mut record, id, &grantee, &share)?;
        Records::<T>::insert(id, record);
        Self::deposit_event(Event::ShareCleared {
            record: id,
            grantee,
            reason,
        });
        Ok(())
    }

    /// Removes a share and counts it out of `record`, which the caller writes.
    fn remove_share(
        record: &mut RecordOf<T>,
        id: RecordId,
        grantee: &AccountIdOf<T>,
        share: &ShareOf<T>,
    ) -> DispatchResult {
        Self::return_sponsored_deposit(HoldReason::Share, &record.patient, &share.deposit)?;
        Shares::<T>::remove(id, grantee);
        record.shares = record.shares.saturating_sub(1);
        Ok(())
    }

    fn ensure_stored(record: &RecordOf<T>) -> DispatchResult {
        match record.state {
            State::Stored(_) => Ok(()),
            State::Terminated { .. } => Err(Error::<T>::RecordTerminated.into()),
            State::Released(_) | State::Disputed { .. } => Err(Error::<T>::NotStored.into()),
        }
    }

    fn ensure_capsule(rights: Rights, capsule: Option<&Capsule>) -> DispatchResult {
        let fits = match capsule {
            Some(capsule) => rights.read && !capsule.is_empty(),
            None => !rights.read,
        };
        ensure!(fits, Error::<T>::CapsuleMismatch);
        Ok(())
    }

    fn share_deposit(
        patient: &AccountIdOf<T>,
        capsule: Option<&Capsule>,
    ) -> Result<DepositOf<T>, DispatchError> {
        let bytes = capsule.map_or(0, |capsule| capsule.len());
        Self::take_sponsored_deposit(HoldReason::Share, patient, Self::price_of_entry(bytes))
    }
}
