//! Release by the institution, storage by the patient.

use codec::Encode;
use polkadot_sdk::{
    frame_support::ensure,
    sp_io::hashing::blake2_256,
    sp_runtime::{
        traits::{BlockNumberProvider, SaturatedConversion},
        DispatchError, DispatchResult,
    },
};
use salus_primitives::{
    blobs::{BlobAccess, BlobPointer},
    membership::{Membership, Recipient, Role},
    records::RecordId,
    Digest,
};

use crate::{
    AccountIdOf, BlobOwner, BlobRole, Config, Delivery, DepositOf, Error, Event, Format,
    HoldReason, Pallet, PendingEnds, Record, RecordOf, Records, RecordsOf, Signer, State, Storage,
};

/// Key and value of a retired blob's entry: 16 + 32 and 32 + 1.
const RETIRED_BYTES: usize = 81;

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

    /// The record, if `who` is its patient.
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
        BlobOwner::<T>::insert(blob.digest, (id, role));
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
        BlobOwner::<T>::insert(digest, (id, BlobRole::Retired));
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
        let bytes = blob
            .encoded_size()
            .saturating_add(RETIRED_BYTES.saturating_mul(retired.saturated_into()));
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

        let bytes = Self::price_of_bytes(blob.encoded_size());
        let entry = Self::price_of_entry(0);
        let delivery = Delivery {
            deposit: Self::take_deposit(HoldReason::Release, &institution, bytes)?,
            blob,
            key_version,
        };
        let deposit = Self::take_deposit(HoldReason::Release, &institution, entry)?;
        RecordsOf::<T>::insert(&patient, id, ());
        Records::<T>::insert(
            id,
            Record {
                patient: patient.clone(),
                institution: institution.clone(),
                commitment,
                format,
                released_at: T::BlockNumberProvider::current_block_number(),
                state: State::Released(delivery),
                shares: 0,
                deposit,
            },
        );
        Self::deposit_event(Event::Released {
            record: id,
            patient,
            institution,
            by,
        });
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
        // Sharing hands the record key out: it must never be the patient's own.
        ensure!(
            T::Membership::recipient(&who).map(|(_, own)| own) != Some(recipient),
            Error::<T>::KeyNotFresh
        );
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
        Records::<T>::insert(id, record);
        Self::deposit_event(Event::Stored {
            record: id,
            patient: who,
            blob: digest,
        });
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
