//! Institutions that vouch for patients and pay for them.
//!
//! An institution offers, the patient accepts: nobody is sponsored, nor kept from another sponsor,
//! without having asked. Offers of several institutions stand side by side.
//!
//! What is left of a quota is held on the sponsor from the offer on, under
//! `HoldReason::Sponsorship`. A deposit moves
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
    AccountIdOf, Attestations, BalanceOf, Config, Error, Event, HoldReason, Members, Offers,
    Operators, Outstanding, Pallet, Quota, QuotaOf, Sponsorships,
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
        let sponsored = Sponsorships::<T>::get(&patient).is_some_and(|q| q.sponsor == sponsor);
        ensure!(
            !sponsored && !Offers::<T>::contains_key(&patient, &sponsor),
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
        Offers::<T>::insert(&patient, &sponsor, quota);
        Self::provide(&patient);
        Self::deposit_event(Event::SponsorshipOffered {
            patient,
            sponsor,
            deposit_quota,
            fee_quota,
        });
        Ok(())
    }

    pub(crate) fn do_accept_sponsor(
        patient: AccountIdOf<T>,
        sponsor: AccountIdOf<T>,
    ) -> DispatchResult {
        ensure!(
            Self::role(&patient) == Some(Role::Patient),
            Error::<T>::NotPatient
        );
        Self::take_offer(&patient, &sponsor)
    }

    /// Puts an offer in force, in the place of any sponsorship.
    pub(crate) fn take_offer(patient: &AccountIdOf<T>, sponsor: &AccountIdOf<T>) -> DispatchResult {
        let quota = Offers::<T>::take(patient, sponsor).ok_or(Error::<T>::OfferNotFound)?;
        ensure!(Self::is_institution(sponsor), Error::<T>::SponsorInactive);
        if Sponsorships::<T>::contains_key(patient) {
            Self::close_sponsorship(patient)?;
        }
        // The offer's reason for the account to exist goes over to the sponsorship.
        Sponsorships::<T>::insert(patient, quota);
        Self::deposit_event(Event::SponsorshipAccepted {
            patient: patient.clone(),
            sponsor: sponsor.clone(),
        });
        Ok(())
    }

    pub(crate) fn do_end_sponsorship(
        by: AccountIdOf<T>,
        patient: AccountIdOf<T>,
    ) -> DispatchResult {
        if let Some(quota) = Offers::<T>::take(&patient, &by) {
            return Self::release_quota(&patient, quota);
        }
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
        Self::release_quota(patient, quota)
    }

    /// Gives a sponsor back what a quota that is no more has left.
    fn release_quota(patient: &AccountIdOf<T>, quota: QuotaOf<T>) -> DispatchResult {
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

    /// Changes what `sponsor` lets `patient` use, be it in force or an offer: it is never both.
    fn change_quota<R>(
        patient: &AccountIdOf<T>,
        sponsor: &AccountIdOf<T>,
        change: impl FnOnce(&mut QuotaOf<T>) -> Result<R, DispatchError>,
    ) -> Result<R, DispatchError> {
        if Offers::<T>::contains_key(patient, sponsor) {
            return Offers::<T>::try_mutate(patient, sponsor, |quota| {
                change(quota.as_mut().ok_or(Error::<T>::OfferNotFound)?)
            });
        }
        Sponsorships::<T>::try_mutate(patient, |quota| {
            let quota = quota.as_mut().filter(|quota| quota.sponsor == *sponsor);
            change(quota.ok_or(Error::<T>::SponsorshipNotFound)?)
        })
    }

    /// Takes `fee` out of the budget and the hold: it is on the sponsor's free balance now.
    pub(crate) fn spend_fee(
        patient: &AccountIdOf<T>,
        sponsor: &AccountIdOf<T>,
        fee: BalanceOf<T>,
    ) -> DispatchResult {
        let reason = HoldReason::Sponsorship.into();
        ensure!(Self::is_institution(sponsor), Error::<T>::SponsorInactive);
        Self::change_quota(patient, sponsor, |quota| {
            let period = Self::period();
            if quota.period != period {
                let missing = quota.fee_quota.saturating_sub(quota.fee_left);
                // A sponsor without means now may have them later in the period.
                if T::Currency::hold(&reason, sponsor, missing).is_ok() {
                    quota.fee_left = quota.fee_quota;
                    quota.period = period;
                }
            }
            ensure!(quota.fee_left >= fee, Error::<T>::QuotaTooSmall);
            T::Currency::release(&reason, sponsor, fee, Precision::Exact)?;
            quota.fee_left = quota.fee_left.saturating_sub(fee);
            Ok(())
        })
    }

    /// Puts what was taken for a fee and not needed back into the budget, if it is still there.
    pub(crate) fn return_fee(
        patient: &AccountIdOf<T>,
        sponsor: &AccountIdOf<T>,
        amount: BalanceOf<T>,
    ) {
        // Where nothing can be changed, the sponsor has the money and no promise to keep.
        let _ = Self::change_quota(patient, sponsor, |quota| {
            let amount = amount.min(quota.fee_quota.saturating_sub(quota.fee_left));
            T::Currency::hold(&HoldReason::Sponsorship.into(), sponsor, amount)?;
            quota.fee_left = quota.fee_left.saturating_add(amount);
            Ok(())
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
                    Error::<T>::SponsorInactive
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
        // A sponsor whose balance cannot be held keeps the money, the quota shrinks.
        let _ = Self::change_quota(who, payer, |quota| {
            let room = quota
                .deposit_quota
                .saturating_sub(left)
                .saturating_sub(quota.deposit_left);
            let back = amount.min(room);
            T::Currency::hold(&HoldReason::Sponsorship.into(), payer, back)?;
            quota.deposit_left = quota.deposit_left.saturating_add(back);
            Ok(())
        });
    }
}
