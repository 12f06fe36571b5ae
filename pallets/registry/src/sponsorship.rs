//! Institutions that vouch for patients and pay for them.
//!
//! What is left of a quota is held on the sponsor under `HoldReason::Sponsorship`. A deposit moves
//! its amount out of that hold, for the pallet that asked to hold it again under its own reason; a
//! refund moves it back in. A fee leaves the hold for good. In the first use of each period the
//! fee budget is filled up again from the sponsor's free balance, all of it or not at all, so that
//! a budget never promises more than is held.

use polkadot_sdk::{
    frame_support::{
        ensure,
        storage::with_storage_layer,
        traits::{fungible::MutateHold, tokens::Precision, Get},
    },
    sp_runtime::{
        traits::{BlockNumberProvider, CheckedDiv, Saturating, Zero},
        DispatchError, DispatchResult,
    },
};
use salus_primitives::membership::{Membership, Role, Sponsorship};

use crate::{
    AccountIdOf, Attestations, BalanceOf, Config, Error, Event, HoldReason, Members, Operators,
    Outstanding, Pallet, Quota, Sponsorships,
};
use polkadot_sdk::frame_system::pallet_prelude::BlockNumberFor;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_attest(
        institution: AccountIdOf<T>,
        patient: AccountIdOf<T>,
    ) -> DispatchResult {
        ensure!(
            Self::is_institution(&institution),
            Error::<T>::NotInstitution
        );
        ensure!(
            Self::role(&patient) == Some(Role::Patient),
            Error::<T>::NotPatient
        );
        // One whose attester has left may be attested anew.
        ensure!(!Self::is_attested(&patient), Error::<T>::AlreadyAttested);
        Attestations::<T>::insert(&patient, &institution);
        Self::deposit_event(Event::Attested {
            patient,
            institution,
        });
        Ok(())
    }

    pub(crate) fn do_revoke_attestation(
        institution: AccountIdOf<T>,
        patient: AccountIdOf<T>,
    ) -> DispatchResult {
        let attester = Attestations::<T>::get(&patient).ok_or(Error::<T>::AttestationNotFound)?;
        ensure!(attester == institution, Error::<T>::NotAuthorized);
        Attestations::<T>::remove(&patient);
        Self::deposit_event(Event::AttestationRevoked {
            patient,
            institution,
        });
        Ok(())
    }

    fn period() -> BlockNumberFor<T> {
        T::BlockNumberProvider::current_block_number()
            .checked_div(&T::SponsorPeriod::get())
            .unwrap_or_default()
    }

    pub(crate) fn do_sponsor(
        sponsor: AccountIdOf<T>,
        patient: AccountIdOf<T>,
        deposit_quota: BalanceOf<T>,
        fee_quota: BalanceOf<T>,
    ) -> DispatchResult {
        ensure!(Self::is_institution(&sponsor), Error::<T>::NotInstitution);
        ensure!(
            !Operators::<T>::contains_key(&patient),
            Error::<T>::NotPatient
        );
        if Members::<T>::contains_key(&patient) {
            ensure!(
                Self::role(&patient) == Some(Role::Patient),
                Error::<T>::NotPatient
            );
        }
        ensure!(
            !Sponsorships::<T>::contains_key(&patient),
            Error::<T>::AlreadySponsored
        );
        let max = T::MaxSponsorQuota::get();
        ensure!(
            deposit_quota <= max && fee_quota <= max,
            Error::<T>::QuotaTooLarge
        );
        ensure!(
            deposit_quota >= T::RegistrationDeposit::get(),
            Error::<T>::QuotaTooSmall
        );
        // Deposits of an earlier sponsorship that are still out count against this one.
        let deposit_left = deposit_quota.saturating_sub(Outstanding::<T>::get(&patient, &sponsor));
        T::Currency::hold(
            &HoldReason::Sponsorship.into(),
            &sponsor,
            deposit_left.saturating_add(fee_quota),
        )?;
        let quota = Quota {
            sponsor: sponsor.clone(),
            deposit_quota,
            deposit_left,
            fee_quota,
            fee_left: fee_quota,
            period: Self::period(),
        };
        Sponsorships::<T>::insert(&patient, quota);
        Self::provide(&patient);
        Self::deposit_event(Event::Sponsored {
            patient,
            sponsor,
            deposit_quota,
            fee_quota,
        });
        Ok(())
    }

    pub(crate) fn do_end_sponsorship(
        by: AccountIdOf<T>,
        patient: AccountIdOf<T>,
    ) -> DispatchResult {
        let quota = Sponsorships::<T>::get(&patient).ok_or(Error::<T>::SponsorshipNotFound)?;
        ensure!(
            by == quota.sponsor || by == patient,
            Error::<T>::NotAuthorized
        );
        Self::close_sponsorship(&patient)
    }

    /// Ends the sponsorship of a patient; deposits that are out stay out until they are returned.
    pub(crate) fn close_sponsorship(patient: &AccountIdOf<T>) -> DispatchResult {
        let quota = Sponsorships::<T>::take(patient).ok_or(Error::<T>::SponsorshipNotFound)?;
        let released = T::Currency::release(
            &HoldReason::Sponsorship.into(),
            &quota.sponsor,
            quota.deposit_left.saturating_add(quota.fee_left),
            Precision::Exact,
        )?;
        Self::unprovide(patient);
        Self::deposit_event(Event::SponsorshipEnded {
            patient: patient.clone(),
            sponsor: quota.sponsor,
            released,
        });
        Ok(())
    }

    /// Takes `fee` out of the budget and the hold; the sponsor, on whose free balance it is now.
    pub(crate) fn spend_fee(
        patient: &AccountIdOf<T>,
        fee: BalanceOf<T>,
    ) -> Result<AccountIdOf<T>, DispatchError> {
        let reason = HoldReason::Sponsorship.into();
        Sponsorships::<T>::try_mutate(patient, |quota| {
            let quota = quota.as_mut().ok_or(Error::<T>::SponsorshipNotFound)?;
            ensure!(
                Self::is_institution(&quota.sponsor),
                Error::<T>::NotInstitution
            );
            let period = Self::period();
            if quota.period != period {
                let missing = quota.fee_quota.saturating_sub(quota.fee_left);
                // A sponsor without means now may have them later in the period.
                if T::Currency::hold(&reason, &quota.sponsor, missing).is_ok() {
                    quota.fee_left = quota.fee_quota;
                    quota.period = period;
                }
            }
            ensure!(quota.fee_left >= fee, Error::<T>::QuotaTooSmall);
            T::Currency::release(&reason, &quota.sponsor, fee, Precision::Exact)?;
            quota.fee_left = quota.fee_left.saturating_sub(fee);
            Ok(quota.sponsor.clone())
        })
    }

    /// Puts what was taken for a fee and not needed back into the budget, if it is still there.
    pub(crate) fn return_fee(
        patient: &AccountIdOf<T>,
        sponsor: &AccountIdOf<T>,
        amount: BalanceOf<T>,
    ) {
        Sponsorships::<T>::mutate(patient, |quota| {
            if let Some(quota) = quota.as_mut().filter(|quota| quota.sponsor == *sponsor) {
                let amount = amount.min(quota.fee_quota.saturating_sub(quota.fee_left));
                let reason = HoldReason::Sponsorship.into();
                if T::Currency::hold(&reason, sponsor, amount).is_ok() {
                    quota.fee_left = quota.fee_left.saturating_add(amount);
                }
            }
        });
    }
}

impl<T: Config> Sponsorship<AccountIdOf<T>, BalanceOf<T>> for Pallet<T> {
    fn charge(who: &AccountIdOf<T>, amount: BalanceOf<T>) -> AccountIdOf<T> {
        with_storage_layer(|| {
            let sponsor = Sponsorships::<T>::try_mutate(who, |quota| {
                let quota = quota.as_mut().ok_or(Error::<T>::SponsorshipNotFound)?;
                ensure!(
                    Self::is_institution(&quota.sponsor),
                    Error::<T>::NotInstitution
                );
                ensure!(quota.deposit_left >= amount, Error::<T>::QuotaTooSmall);
                let reason = HoldReason::Sponsorship.into();
                T::Currency::release(&reason, &quota.sponsor, amount, Precision::Exact)?;
                quota.deposit_left = quota.deposit_left.saturating_sub(amount);
                Ok::<_, DispatchError>(quota.sponsor.clone())
            })?;
            Outstanding::<T>::mutate(who, &sponsor, |out| *out = out.saturating_add(amount));
            Ok::<_, DispatchError>(sponsor)
        })
        .unwrap_or_else(|_| who.clone())
    }

    fn refund(payer: &AccountIdOf<T>, who: &AccountIdOf<T>, amount: BalanceOf<T>) {
        if payer == who {
            return;
        }
        let left = Outstanding::<T>::mutate_exists(who, payer, |out| {
            let left = out.unwrap_or_default().saturating_sub(amount);
            *out = (!left.is_zero()).then_some(left);
            left
        });
        Sponsorships::<T>::mutate(who, |quota| {
            if let Some(quota) = quota.as_mut().filter(|quota| quota.sponsor == *payer) {
                let room = quota
                    .deposit_quota
                    .saturating_sub(left)
                    .saturating_sub(quota.deposit_left);
                let back = amount.min(room);
                let reason = HoldReason::Sponsorship.into();
                // A sponsor whose free balance is frozen keeps the money, the quota shrinks.
                if T::Currency::hold(&reason, payer, back).is_ok() {
                    quota.deposit_left = quota.deposit_left.saturating_add(back);
                }
            }
        });
    }
}
