//! Release by the institution, storage by the patient; data sets of an institution's own.

use codec::Encode;
use polkadot_sdk::{
    frame_support::ensure,
    sp_io::hashing::blake2_256,
    sp_runtime::{
        traits::{BlockNumberProvider, SaturatedConversion, Saturating},
        DispatchError, DispatchResult,
    },
};
use salus_primitives::{
    blobs::{BlobAccess, BlobPointer},
    membership::{Membership, Recipient, Role},
    records::RecordId,
    stake::Contribution,
    Digest,
};

use crate::{
    AccountIdOf, BlobOwner, BlobRole, Config, Delivery, Deposit, DepositOf, Error, Event, Format,
    HoldReason, Pallet, PendingEnds, Record, RecordOf, Records, RecordsOf, Signer, State, Storage,
};

/// Bytes of the entries of `count` retired blobs: key and value of each, 16 + 32 and 32 + 1.
pub(crate) fn retired_bytes(count: u32) -> usize {
    81usize.saturating_mul(count.saturated_into())
}

impl<T: Config> Pallet<T> {
    /// blake2-256(institution ‖ patient ‖ commitment).
    pub fn record_id(
        institution: &AccountIdOf<T>,
        patient: &AccountIdOf<T>,
        commitment: &Digest,
    ) -> RecordId {
        (institution, patient, commitment)
            .using_encoded(blake2_256)
            .into()
    }

    /// Whether `who` is one who can have records to give: an active patient, or an active
    /// institution with data sets of its own.
    pub(crate) fn can_own(who: &AccountIdOf<T>) -> bool {
        matches!(
            T::Membership::role(who),
            Some(Role::Patient | Role::Institution)
        )
    }

    /// The record, if it is `who`'s.
    pub(crate) fn owned(who: &AccountIdOf<T>, id: &RecordId) -> Result<RecordOf<T>, DispatchError> {
        let record = Records::<T>::get(id).ok_or(Error::<T>::RecordNotFound)?;
        ensure!(record.patient == *who, Error::<T>::NotAuthorized);
        Ok(record)
    }

    /// Notes that `blob` belongs to the record.
    pub(crate) fn claim_blob(id: RecordId, role: BlobRole, blob: &BlobPointer) -> DispatchResult {
        Self::ensure_valid(blob)?;
        ensure!(
            !BlobOwner::<T>::contains_key(blob.digest) && !T::OtherBlobs::is_taken(&blob.digest),
            Error::<T>::BlobInUse
        );
        BlobOwner::<T>::insert(blob.digest, (role, id));
        Ok(())
    }

    pub(crate) fn ensure_valid(blob: &BlobPointer) -> DispatchResult {
        ensure!(
            blob.size > 0 && !blob.location.is_empty(),
            Error::<T>::InvalidBlob
        );
        Ok(())
    }

    /// Takes a stored blob out of use for good.
    pub(crate) fn retire_blob(id: RecordId, digest: Digest) {
        BlobOwner::<T>::insert(digest, (BlobRole::Retired, id));
    }

    /// Forgets a delivery blob, which only the patient's own key opens.
    pub(crate) fn drop_delivery(
        delivery: &Delivery<AccountIdOf<T>, crate::BalanceOf<T>>,
    ) -> DispatchResult {
        BlobOwner::<T>::remove(delivery.blob.digest);
        Self::return_deposit(HoldReason::Release, &delivery.deposit)
    }

    /// Deposit for a stored blob, paid for the patient.
    pub(crate) fn storage_deposit(
        patient: &AccountIdOf<T>,
        blob: &BlobPointer,
        retired: u32,
    ) -> Result<DepositOf<T>, DispatchError> {
        let bytes = blob.encoded_size().saturating_add(retired_bytes(retired));
        let amount = Self::price_of_entry(bytes);
        Self::take_sponsored_deposit(HoldReason::Storage, patient, amount)
    }

    pub(crate) fn do_release(
        who: AccountIdOf<T>,
        patient: AccountIdOf<T>,
        commitment: Digest,
        format: Format,
        blob: BlobPointer,
    ) -> DispatchResult {
        let (institution, by) = if T::Membership::is_institution(&who) {
            (who, Signer::Institution)
        } else {
            let principal = T::Membership::principal(&who);
            ensure!(
                T::Membership::is_institution(&principal),
                Error::<T>::NotInstitution
            );
            (principal, Signer::Operator)
        };
        ensure!(
            T::Membership::role(&patient) == Some(Role::Patient),
            Error::<T>::NotPatient
        );
        let (key_version, _) = T::Membership::recipient(&patient).ok_or(Error::<T>::NotPatient)?;
        let id = Self::record_id(&institution, &patient, &commitment);
        ensure!(!Records::<T>::contains_key(id), Error::<T>::AlreadyExists);
        Self::claim_blob(id, BlobRole::Delivery, &blob)?;

        let (bytes, entry) = (
            Self::price_of_bytes(blob.encoded_size()),
            Self::price_of_entry(0),
        );
        // One hold for both: holds are most of what a release costs.
        let Deposit { payer, .. } = Self::take_deposit(
            HoldReason::Release,
            &institution,
            bytes.saturating_add(entry),
        )?;
        let delivery = Delivery {
            deposit: Deposit {
                payer: payer.clone(),
                amount: bytes,
            },
            blob,
            key_version,
        };
        let record = Record {
            deposit: Deposit {
                payer,
                amount: entry,
            },
            patient,
            institution,
            commitment,
            format,
            released_at: T::BlockNumberProvider::current_block_number(),
            state: State::Released(delivery),
            shares: 0,
        };
        Self::insert_record(id, record, by);
        Ok(())
    }

    /// Enters a new record.
    fn insert_record(id: RecordId, record: RecordOf<T>, by: Signer) {
        let (patient, institution) = (record.patient.clone(), record.institution.clone());
        RecordsOf::<T>::insert(&patient, id, ());
        Records::<T>::insert(id, record);
        Self::deposit_event(Event::Released {
            record: id,
            patient,
            institution,
            by,
        });
    }

    pub(crate) fn do_store_own(
        who: AccountIdOf<T>,
        commitment: Digest,
        format: Format,
        blob: BlobPointer,
        recipient: Recipient,
    ) -> DispatchResult {
        ensure!(
            T::Membership::is_institution(&who),
            Error::<T>::NotInstitution
        );
        Self::ensure_fresh_key(&who, recipient)?;
        let id = Self::record_id(&who, &who, &commitment);
        ensure!(!Records::<T>::contains_key(id), Error::<T>::AlreadyExists);
        Self::claim_blob(id, BlobRole::Stored, &blob)?;
        let (digest, now) = (blob.digest, T::BlockNumberProvider::current_block_number());
        let entry = Self::price_of_entry(0);
        let record = Record {
            deposit: Self::take_deposit(HoldReason::Release, &who, entry)?,
            patient: who.clone(),
            institution: who.clone(),
            commitment,
            format,
            released_at: now,
            state: State::Stored(Storage {
                deposit: Self::storage_deposit(&who, &blob, 0)?,
                blob,
                recipient,
                retired: 0,
                stored_at: now,
            }),
            shares: 0,
        };
        Self::insert_record(id, record, Signer::Institution);
        Self::deposit_event(Event::Stored {
            record: id,
            patient: who,
            blob: digest,
        });
        Ok(())
    }

    /// Sharing hands the record key out: it must never be the owner's own.
    fn ensure_fresh_key(owner: &AccountIdOf<T>, recipient: Recipient) -> DispatchResult {
        ensure!(
            T::Membership::recipient(owner).map(|(_, own)| own) != Some(recipient),
            Error::<T>::KeyNotFresh
        );
        Ok(())
    }

    pub(crate) fn do_store(
        who: AccountIdOf<T>,
        id: RecordId,
        blob: BlobPointer,
        recipient: Recipient,
    ) -> DispatchResult {
        let mut record = Self::owned(&who, &id)?;
        ensure!(
            T::Membership::role(&who) == Some(Role::Patient),
            Error::<T>::NotPatient
        );
        let State::Released(delivery) = &record.state else {
            return Err(Self::not_released(&record));
        };
        Self::ensure_fresh_key(&who, recipient)?;
        // Claimed before the delivery is dropped, so that the delivery blob, which opens with the
        // patient's own key, cannot be kept as the stored one.
        Self::claim_blob(id, BlobRole::Stored, &blob)?;
        Self::drop_delivery(delivery)?;
        let digest = blob.digest;
        record.state = State::Stored(Storage {
            deposit: Self::storage_deposit(&who, &blob, 0)?,
            blob,
            recipient,
            retired: 0,
            stored_at: T::BlockNumberProvider::current_block_number(),
        });
        let institution = record.institution.clone();
        Records::<T>::insert(id, record);
        Self::deposit_event(Event::Stored {
            record: id,
            patient: who.clone(),
            blob: digest,
        });
        T::Contribution::stored(&id, &who, &institution);
        Ok(())
    }

    pub(crate) fn do_dispute(who: AccountIdOf<T>, id: RecordId, reason: Digest) -> DispatchResult {
        let mut record = Self::owned(&who, &id)?;
        let State::Released(delivery) = record.state else {
            return Err(Self::not_released(&record));
        };
        record.state = State::Disputed {
            delivery,
            reason,
            at: T::BlockNumberProvider::current_block_number(),
        };
        Records::<T>::insert(id, record);
        Self::deposit_event(Event::Disputed { record: id, reason });
        Ok(())
    }

    pub(crate) fn do_withdraw_release(who: AccountIdOf<T>, id: RecordId) -> DispatchResult {
        let record = Records::<T>::get(id).ok_or(Error::<T>::RecordNotFound)?;
        let by = if record.institution == who {
            Signer::Institution
        } else {
            ensure!(
                T::Membership::principal(&who) == record.institution,
                Error::<T>::NotAuthorized
            );
            Signer::Operator
        };
        let (State::Released(delivery) | State::Disputed { delivery, .. }) = &record.state else {
            return Err(Self::not_released(&record));
        };
        Self::drop_delivery(delivery)?;
        Self::return_deposit(HoldReason::Release, &record.deposit)?;
        RecordsOf::<T>::remove(&record.patient, id);
        PendingEnds::<T>::remove(id);
        Records::<T>::remove(id);
        Self::deposit_event(Event::ReleaseWithdrawn { record: id, by });
        Ok(())
    }

    fn not_released(record: &RecordOf<T>) -> DispatchError {
        match record.state {
            State::Terminated { .. } => Error::<T>::RecordTerminated.into(),
            _ => Error::<T>::NotReleased.into(),
        }
    }
}
