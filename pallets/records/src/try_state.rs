//! What must hold between blocks.

use alloc::{collections::BTreeMap, vec::Vec};
use polkadot_sdk::{
    frame_support::{
        ensure,
        traits::{fungible::InspectHold as _, Get},
    },
    frame_system,
    sp_runtime::{
        traits::{Saturating, Zero},
        TryRuntimeError,
    },
};
use salus_primitives::Digest;

use crate::{
    AccountIdOf, BalanceOf, BlobOwner, BlobRole, Config, DepositOf, HoldReason, NextRequestId,
    Pallet, PendingEnds, PendingRequests, Records, RecordsOf, Requests, RequestsOf, ShareState,
    Shares, State,
};

const REASONS: [HoldReason; 4] = [
    HoldReason::Release,
    HoldReason::Storage,
    HoldReason::Share,
    HoldReason::Request,
];

/// Sum of the recorded deposits of each payer under one reason.
type Sums<T> = BTreeMap<AccountIdOf<T>, BalanceOf<T>>;

impl<T: Config> Pallet<T> {
    /// Checks the invariants that the README lists.
    pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::check_records()?;
        Self::check_blobs()?;
        Self::check_shares()?;
        Self::check_requests()?;
        Self::check_holds()
    }

    fn check_records() -> Result<(), TryRuntimeError> {
        let mut count = 0usize;
        for (id, record) in Records::<T>::iter() {
            count = count.saturating_add(1);
            ensure!(
                id == Self::record_id(&record.institution, &record.patient, &record.commitment),
                "a record lies under another identifier"
            );
            ensure!(
                RecordsOf::<T>::contains_key(&record.patient, id),
                "a record is missing from its patient's list"
            );
            if let State::Terminated {
                successor: Some(successor),
                ..
            } = record.state
            {
                ensure!(successor != id, "a record succeeds itself");
                ensure!(
                    Records::<T>::contains_key(successor),
                    "a successor is not there"
                );
            }
        }
        ensure!(
            RecordsOf::<T>::iter_keys().count() == count,
            "a patient's list names a record that is not there"
        );
        for (id, proposals) in PendingEnds::<T>::iter() {
            ensure!(
                Records::<T>::contains_key(id),
                "an end is proposed of a record that is not there"
            );
            ensure!(!proposals.is_empty(), "an empty list of proposals is kept");
        }
        Ok(())
    }

    fn check_blobs() -> Result<(), TryRuntimeError> {
        let mut expected = BTreeMap::<Digest, _>::new();
        for (id, record) in Records::<T>::iter() {
            let entry = match &record.state {
                State::Released(delivery) | State::Disputed { delivery, .. } => {
                    (&delivery.blob, BlobRole::Delivery)
                }
                State::Stored(storage) => (&storage.blob, BlobRole::Stored),
                State::Terminated { .. } => continue,
            };
            ensure!(
                expected.insert(entry.0.digest, (entry.1, id)).is_none(),
                "two records refer to one blob"
            );
        }
        let (retired, actual): (BTreeMap<_, _>, BTreeMap<_, _>) =
            BlobOwner::<T>::iter().partition(|(_, (role, _))| *role == BlobRole::Retired);
        ensure!(
            retired
                .values()
                .all(|(_, id)| Records::<T>::contains_key(id)),
            "a retired blob of a record that is not there"
        );
        ensure!(actual == expected, "blob owners do not match the records");
        Ok(())
    }

    fn check_shares() -> Result<(), TryRuntimeError> {
        let mut counts = BTreeMap::<Digest, u32>::new();
        for (id, grantee, share) in Shares::<T>::iter() {
            let record = Records::<T>::get(id).ok_or("a share of a record that is not there")?;
            ensure!(
                matches!(record.state, State::Stored(_) | State::Terminated { .. }),
                "a record that was never stored is shared"
            );
            ensure!(record.patient != grantee, "a patient shares with itself");
            ensure!(
                share.capsule.is_some() == share.rights.read,
                "a capsule without the right to read, or the other way round"
            );
            ensure!(
                share.state == ShareState::Active || share.capsule.is_some(),
                "a share without a capsule was rejected"
            );
            let count = counts.entry(id).or_default();
            *count = count.saturating_add(1);
        }
        for (id, record) in Records::<T>::iter() {
            ensure!(
                record.shares == counts.get(&id).copied().unwrap_or_default(),
                "a record miscounts its shares"
            );
            ensure!(
                record.shares <= T::MaxShares::get(),
                "a record has too many shares"
            );
        }
        Ok(())
    }

    fn check_requests() -> Result<(), TryRuntimeError> {
        let mut counts = BTreeMap::<AccountIdOf<T>, u32>::new();
        let mut total = 0usize;
        for (id, request) in Requests::<T>::iter() {
            total = total.saturating_add(1);
            ensure!(
                id < NextRequestId::<T>::get(),
                "a request has a number of the future"
            );
            ensure!(
                RequestsOf::<T>::contains_key(&request.patient, id),
                "a request is missing from its patient's list"
            );
            let count = counts.entry(request.patient).or_default();
            *count = count.saturating_add(1);
        }
        ensure!(
            RequestsOf::<T>::iter_keys().count() == total,
            "a patient's list names a request that is not there"
        );
        ensure!(
            counts.values().all(|count| *count <= T::MaxRequests::get()),
            "a patient has too many requests"
        );
        let pending: BTreeMap<_, _> = PendingRequests::<T>::iter().collect();
        ensure!(pending == counts, "pending requests are miscounted");
        Ok(())
    }

    fn check_holds() -> Result<(), TryRuntimeError> {
        for (reason, mut sums) in Self::recorded_deposits() {
            // All accounts, so that a hold without an entry shows too.
            for who in frame_system::Account::<T>::iter_keys() {
                let sum = sums.remove(&who).unwrap_or_default();
                ensure!(
                    T::Currency::balance_on_hold(&reason.into(), &who) == sum,
                    "a hold differs from the deposits recorded"
                );
            }
            ensure!(
                sums.values().all(Zero::is_zero),
                "an account that does not exist should hold"
            );
        }
        Ok(())
    }

    /// The deposits recorded beside the state, by reason and payer.
    pub(crate) fn recorded_deposits() -> Vec<(HoldReason, Sums<T>)> {
        let [mut release, mut storage, mut share, mut request] =
            REASONS.map(|reason| (reason, Sums::<T>::new()));
        fn add<T: Config>(sums: &mut (HoldReason, Sums<T>), deposit: &DepositOf<T>) {
            let sum = sums.1.entry(deposit.payer.clone()).or_default();
            *sum = sum.saturating_add(deposit.amount);
        }
        for record in Records::<T>::iter_values() {
            add::<T>(&mut release, &record.deposit);
            match &record.state {
                State::Released(delivery) | State::Disputed { delivery, .. } => {
                    add::<T>(&mut release, &delivery.deposit)
                }
                State::Stored(stored) => add::<T>(&mut storage, &stored.deposit),
                State::Terminated { deposit, .. } => {
                    if let Some(deposit) = deposit {
                        add::<T>(&mut storage, deposit);
                    }
                }
            }
        }
        Shares::<T>::iter_values().for_each(|entry| add::<T>(&mut share, &entry.deposit));
        Requests::<T>::iter_values().for_each(|entry| add::<T>(&mut request, &entry.deposit));
        [release, storage, share, request].into()
    }
}
