//! What others may ask: who may do what with a record, and who may fetch a blob.

use polkadot_sdk::frame_support::traits::Time;
use salus_primitives::{
    blobs::BlobAccess,
    membership::Membership,
    records::{Purpose, RecordAccess, RecordId, Right, StoredRecord},
    Digest,
};

use crate::{
    AccountIdOf, BlobOwner, BlobRole, Config, Pallet, RecordOf, Records, ShareOf, Shares, State,
};

impl<T: Config> Pallet<T> {
    /// A share that holds now, whether or not its grantee is an active member.
    fn unexpired_share(who: &AccountIdOf<T>, id: &RecordId) -> Option<ShareOf<T>> {
        Shares::<T>::get(id, who).filter(|share| share.holds_at(T::Time::now()))
    }

    /// A share that holds now, of an active member.
    fn share_in_force(who: &AccountIdOf<T>, id: &RecordId) -> Option<ShareOf<T>> {
        Self::unexpired_share(who, id).filter(|_| T::Membership::role(who).is_some())
    }

    fn stored_record(id: &RecordId) -> Option<RecordOf<T>> {
        Records::<T>::get(id).filter(|record| matches!(record.state, State::Stored(_)))
    }
}

impl<T: Config> RecordAccess<AccountIdOf<T>> for Pallet<T> {
    fn stored(id: &RecordId) -> Option<StoredRecord<AccountIdOf<T>>> {
        let record = Records::<T>::get(id)?;
        let State::Stored(storage) = record.state else {
            return None;
        };
        Some(StoredRecord {
            patient: record.patient,
            institution: record.institution,
            commitment: record.commitment,
            blob: storage.blob,
            recipient: storage.recipient,
        })
    }

    fn owner(id: &RecordId) -> Option<AccountIdOf<T>> {
        Records::<T>::get(id).map(|record| record.patient)
    }

    fn may(who: &AccountIdOf<T>, id: &RecordId, right: Right, purpose: Purpose) -> bool {
        Self::consents(who, id, right, purpose)
            && (T::Membership::role(who).is_some() || Self::owner(id).as_ref() == Some(who))
    }

    fn consents(who: &AccountIdOf<T>, id: &RecordId, right: Right, purpose: Purpose) -> bool {
        let Some(record) = Self::stored_record(id) else {
            return false;
        };
        record.patient == *who
            || Self::unexpired_share(who, id).is_some_and(|share| {
                let granted = match right {
                    Right::Read => share.rights.read,
                    Right::Analyse => share.rights.analyse,
                };
                granted && share.purpose == purpose
            })
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn make_record(patient: &AccountIdOf<T>, grantee: &AccountIdOf<T>, seed: u32) -> RecordId {
        crate::benchmarking::make_record::<T>(patient, grantee, seed)
    }
}

impl<T: Config> BlobAccess<AccountIdOf<T>> for Pallet<T> {
    fn may_fetch(who: &AccountIdOf<T>, digest: &Digest) -> bool {
        let Some((role, id)) = BlobOwner::<T>::get(digest) else {
            return false;
        };
        let Some(record) = Records::<T>::get(id) else {
            return false;
        };
        let is_patient = record.patient == *who;
        match role {
            BlobRole::Delivery => is_patient,
            BlobRole::Stored => {
                is_patient || Self::share_in_force(who, &id).is_some_and(|share| share.rights.read)
            }
            BlobRole::Retired => false,
        }
    }

    fn is_taken(digest: &Digest) -> bool {
        BlobOwner::<T>::contains_key(digest)
    }

    fn is_referenced(digest: &Digest) -> bool {
        BlobOwner::<T>::get(digest).is_some_and(|(role, _)| role != BlobRole::Retired)
    }
}
