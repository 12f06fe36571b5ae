//! Requests for access.

use codec::Encode;
use polkadot_sdk::{
    frame_support::{
        ensure,
        traits::{Get, Time},
    },
    sp_runtime::{traits::BlockNumberProvider, BoundedVec, DispatchError, DispatchResult},
};
use salus_primitives::{
    membership::Membership,
    records::{Purpose, RecordId},
    Moment,
};

use crate::{
    AccountIdOf, Config, Error, Event, HoldReason, NextRequestId, Pallet, PendingRequests, Records,
    Request, RequestId, Requests, RequestsOf, WithdrawRight,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_request_access(
        requester: AccountIdOf<T>,
        patient: AccountIdOf<T>,
        records: BoundedVec<RecordId, T::MaxBatch>,
        purpose: Purpose,
        expires: Moment,
    ) -> DispatchResult {
        ensure!(
            T::Membership::is_admitted(&requester),
            Error::<T>::NotAdmitted
        );
        ensure!(Self::can_own(&patient), Error::<T>::NotOwner);
        Self::ensure_expiry(expires)?;
        for id in &records {
            let record = Records::<T>::get(id).ok_or(Error::<T>::RecordNotFound)?;
            ensure!(record.patient == patient, Error::<T>::RequestMismatch);
        }
        PendingRequests::<T>::try_mutate(&patient, |pending| {
            ensure!(
                *pending < T::MaxRequests::get(),
                Error::<T>::TooManyRequests
            );
            *pending = pending.saturating_add(1);
            Ok::<_, DispatchError>(())
        })?;
        let id = NextRequestId::<T>::mutate(|next| {
            let id = *next;
            // 2^64 requests are not made.
            *next = next.saturating_add(1);
            id
        });
        let amount = Self::price_of_entry(records.encoded_size());
        let deposit = Self::take_deposit(HoldReason::Request, &requester, amount)?;
        RequestsOf::<T>::insert(&patient, id, ());
        Requests::<T>::insert(
            id,
            Request {
                requester: requester.clone(),
                patient: patient.clone(),
                purpose,
                records,
                created: T::BlockNumberProvider::current_block_number(),
                expires,
                deposit,
            },
        );
        Self::deposit_event(Event::AccessRequested {
            request: id,
            requester,
            patient,
            purpose,
        });
        Ok(())
    }

    pub(crate) fn do_withdraw_request(who: AccountIdOf<T>, id: RequestId) -> DispatchResult {
        let request = Requests::<T>::get(id).ok_or(Error::<T>::RequestNotFound)?;
        let by = if request.requester == who {
            WithdrawRight::Requester
        } else {
            ensure!(request.expires <= T::Time::now(), Error::<T>::NotAuthorized);
            WithdrawRight::Lapsed
        };
        Self::remove_request(id, &request)?;
        Self::deposit_event(Event::RequestWithdrawn { request: id, by });
        Ok(())
    }

    pub(crate) fn do_decline_request(who: AccountIdOf<T>, id: RequestId) -> DispatchResult {
        let request = Requests::<T>::get(id).ok_or(Error::<T>::RequestNotFound)?;
        ensure!(request.patient == who, Error::<T>::NotAuthorized);
        Self::remove_request(id, &request)?;
        Self::deposit_event(Event::RequestDeclined { request: id });
        Ok(())
    }

    /// Removes the request that a share of `records` by `patient` with `grantee` answers.
    pub(crate) fn answer_request(
        id: RequestId,
        patient: &AccountIdOf<T>,
        grantee: &AccountIdOf<T>,
        purpose: Purpose,
        mut records: impl Iterator<Item = RecordId>,
    ) -> DispatchResult {
        let request = Requests::<T>::get(id).ok_or(Error::<T>::RequestNotFound)?;
        ensure!(
            request.patient == *patient
                && request.requester == *grantee
                && request.purpose == purpose
                && (request.records.is_empty()
                    || records.all(|record| request.records.contains(&record))),
            Error::<T>::RequestMismatch
        );
        ensure!(T::Time::now() < request.expires, Error::<T>::RequestLapsed);
        Self::remove_request(id, &request)
    }

    /// Whether a share or request may expire at this moment.
    pub(crate) fn ensure_expiry(expires: Moment) -> DispatchResult {
        let now = T::Time::now();
        ensure!(
            now < expires && expires <= now.saturating_add(T::MaxShareTerm::get()),
            Error::<T>::InvalidExpiry
        );
        Ok(())
    }

    fn remove_request(id: RequestId, request: &Request<T>) -> DispatchResult {
        Self::return_deposit(HoldReason::Request, &request.deposit)?;
        Requests::<T>::remove(id);
        RequestsOf::<T>::remove(&request.patient, id);
        PendingRequests::<T>::mutate_exists(&request.patient, |pending| {
            *pending = pending
                .map(|count| count.saturating_sub(1))
                .filter(|count| *count > 0);
        });
        Ok(())
    }
}
