//! The account that protects a member against the theft of its key.
//!
//! The first one is in force at once. A change takes `RecoveryDelay` blocks, during which the
//! account in force can stop it; after that it is in force without anybody acting.

use polkadot_sdk::{
    frame_support::{ensure, traits::Get},
    sp_runtime::{
        traits::{BlockNumberProvider, Saturating},
        DispatchResult,
    },
};
use salus_primitives::membership::Membership;

use crate::{
    AccountIdOf, Config, Error, Event, Members, Pallet, PendingRecovery, Recovery, RecoveryChange,
    Status,
};

impl<T: Config> Pallet<T> {
    /// Writes a change whose time has come into `Recovery`; what is in force.
    fn settle_recovery(member: &AccountIdOf<T>) -> Option<AccountIdOf<T>> {
        let now = T::BlockNumberProvider::current_block_number();
        let current = <Self as Membership<_>>::recovery(member);
        if PendingRecovery::<T>::get(member).is_some_and(|change| change.at <= now) {
            PendingRecovery::<T>::remove(member);
            Recovery::<T>::set(member, current.clone());
        }
        current
    }

    pub(crate) fn do_set_recovery(
        member: AccountIdOf<T>,
        recovery: Option<AccountIdOf<T>>,
    ) -> DispatchResult {
        let entry = Members::<T>::get(&member).ok_or(Error::<T>::NotFound)?;
        ensure!(
            matches!(entry.status, Status::Active | Status::Suspended),
            Error::<T>::NotActive
        );
        ensure!(
            recovery.as_ref() != Some(&member),
            Error::<T>::InvalidRecovery
        );
        match (Self::settle_recovery(&member), recovery) {
            (None, None) => return Err(Error::<T>::RecoveryNotFound.into()),
            (None, Some(recovery)) => {
                Recovery::<T>::insert(&member, &recovery);
                Self::deposit_event(Event::RecoverySet { member, recovery });
            }
            // Naming the one in force takes an announced change back.
            (Some(current), Some(recovery)) if current == recovery => {
                ensure!(
                    PendingRecovery::<T>::take(&member).is_some(),
                    Error::<T>::RecoveryNotFound
                );
                let by = member.clone();
                Self::deposit_event(Event::RecoveryChangeStopped { member, by });
            }
            (Some(_), recovery) => {
                let now = T::BlockNumberProvider::current_block_number();
                let at = now.saturating_add(T::RecoveryDelay::get());
                let change = RecoveryChange {
                    recovery: recovery.clone(),
                    at,
                };
                PendingRecovery::<T>::insert(&member, change);
                Self::deposit_event(Event::RecoveryChangeProposed {
                    member,
                    recovery,
                    at,
                });
            }
        }
        Ok(())
    }

    pub(crate) fn do_veto_recovery(by: AccountIdOf<T>, member: AccountIdOf<T>) -> DispatchResult {
        let current = Self::settle_recovery(&member).ok_or(Error::<T>::RecoveryNotFound)?;
        ensure!(current == by, Error::<T>::NotAuthorized);
        ensure!(
            PendingRecovery::<T>::take(&member).is_some(),
            Error::<T>::RecoveryNotFound
        );
        Self::deposit_event(Event::RecoveryChangeStopped { member, by });
        Ok(())
    }
}
