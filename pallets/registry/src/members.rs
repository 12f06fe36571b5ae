//! Registration, admission and what follows until the end.

use polkadot_sdk::{
    frame_support::{
        ensure,
        traits::{fungible::MutateHold, tokens::Precision, Get, Time},
    },
    sp_core::H256,
    sp_runtime::{
        traits::{BlockNumberProvider, Saturating, Zero},
        DispatchResult,
    },
};
use salus_primitives::{
    membership::{Membership, Recipient, Role, Sponsorship},
    Moment,
};

use crate::{
    AccountIdOf, Attestations, BalanceOf, Config, Counters, EndedBy, Error, Event, HoldReason,
    Member, MemberOf, Members, Nodes, Operators, Pallet, PendingRecovery, Recipients, Recovery,
    Sponsorships, Status,
};

/// Bytes of an entry and of one recipient, with their keys, about.
const BYTES_OF_ENTRY: u32 = 200;
const BYTES_OF_RECIPIENT: u32 = 120;

impl<T: Config> Pallet<T> {
    /// Writes a new entry; the deposit is held already.
    pub(crate) fn insert(
        who: &AccountIdOf<T>,
        role: Role,
        status: Status,
        credential: H256,
        recipient: Recipient,
        (payer, deposit): (AccountIdOf<T>, BalanceOf<T>),
    ) {
        let member = Member {
            role,
            status,
            credential,
            since: T::BlockNumberProvider::current_block_number(),
            term_end: None,
            key_version: 0,
            deposit,
            payer,
        };
        Members::<T>::insert(who, member);
        Recipients::<T>::insert(who, 0, recipient);
        Self::provide(who);
        if status == Status::Active {
            Counters::<T>::mutate(role, |count| *count = count.saturating_add(1));
        }
    }

    fn ensure_new(who: &AccountIdOf<T>, recipient: &Recipient) -> DispatchResult {
        ensure!(!Members::<T>::contains_key(who), Error::<T>::AlreadyExists);
        ensure!(
            !Operators::<T>::contains_key(who),
            Error::<T>::OperatorIsMember
        );
        ensure!(
            recipient != &Recipient::default(),
            Error::<T>::InvalidRecipient
        );
        Ok(())
    }

    pub(crate) fn do_register_patient(
        who: AccountIdOf<T>,
        credential: H256,
        recipient: Recipient,
        sponsor: Option<AccountIdOf<T>>,
    ) -> DispatchResult {
        Self::ensure_new(&who, &recipient)?;
        let deposit = T::RegistrationDeposit::get();
        let hold = |payer| T::Currency::hold(&HoldReason::Membership.into(), payer, deposit);
        let payer = match sponsor {
            None => {
                hold(&who)?;
                who.clone()
            }
            // A patient that names a sponsor did not agree to pay itself.
            Some(sponsor) => {
                Self::take_offer(&who, &sponsor)?;
                let payer = <Self as Sponsorship<_, _>>::charge(&who, deposit);
                ensure!(
                    payer == sponsor && hold(&sponsor).is_ok(),
                    Error::<T>::SponsorCannotPay
                );
                sponsor
            }
        };
        Self::insert(
            &who,
            Role::Patient,
            Status::Active,
            credential,
            recipient,
            (payer.clone(), deposit),
        );
        Self::deposit_event(Event::PatientRegistered { who, payer });
        Ok(())
    }

    pub(crate) fn do_apply(
        who: AccountIdOf<T>,
        role: Role,
        credential: H256,
        recipient: Recipient,
    ) -> DispatchResult {
        ensure!(role != Role::Patient, Error::<T>::InvalidRole);
        Self::ensure_new(&who, &recipient)?;
        let deposit = T::ApplicationDeposit::get();
        T::Currency::hold(&HoldReason::Membership.into(), &who, deposit)?;
        Self::insert(
            &who,
            role,
            Status::Applying,
            credential,
            recipient,
            (who.clone(), deposit),
        );
        Self::deposit_event(Event::Applied { who, role });
        Ok(())
    }

    /// Removes an application without a trace.
    fn drop_application(who: &AccountIdOf<T>, member: &mut MemberOf<T>) -> DispatchResult {
        Self::release_deposit(who, member, Zero::zero())?;
        Recipients::<T>::remove(who, 0);
        Members::<T>::remove(who);
        Self::unprovide(who);
        Ok(())
    }

    pub(crate) fn do_withdraw_application(who: AccountIdOf<T>) -> DispatchResult {
        let mut member = Members::<T>::get(&who).ok_or(Error::<T>::NotApplying)?;
        ensure!(member.status == Status::Applying, Error::<T>::NotApplying);
        Self::drop_application(&who, &mut member)?;
        Self::deposit_event(Event::ApplicationWithdrawn { who });
        Ok(())
    }

    /// When a term that begins now ends.
    fn term_end(term: Moment) -> Result<Moment, Error<T>> {
        ensure!(
            (T::MinTerm::get()..=T::MaxTerm::get()).contains(&term),
            Error::<T>::InvalidTerm
        );
        Ok(T::Time::now().saturating_add(term))
    }

    /// Changes the entry of a member, `Ended` tombstones included.
    fn change(
        who: &AccountIdOf<T>,
        change: impl FnOnce(&mut MemberOf<T>) -> DispatchResult,
    ) -> DispatchResult {
        Members::<T>::try_mutate(who, |member| {
            change(member.as_mut().ok_or(Error::<T>::NotFound)?)
        })
    }

    pub(crate) fn do_admit(who: AccountIdOf<T>, term: Moment) -> DispatchResult {
        let term_end = Self::term_end(term)?;
        let mut role = Role::Patient;
        Self::change(&who, |member| {
            ensure!(member.status == Status::Applying, Error::<T>::NotApplying);
            role = member.role;
            member.status = Status::Active;
            member.since = T::BlockNumberProvider::current_block_number();
            member.term_end = Some(term_end);
            Ok(())
        })?;
        Counters::<T>::mutate(role, |count| *count = count.saturating_add(1));
        Self::deposit_event(Event::Admitted {
            who,
            role,
            term_end,
        });
        Ok(())
    }

    pub(crate) fn do_renew(who: AccountIdOf<T>, term: Moment) -> DispatchResult {
        let term_end = Self::term_end(term)?;
        Self::change(&who, |member| {
            ensure!(member.role != Role::Patient, Error::<T>::NotAdmitted);
            // A term that is over is what renewal is for; a suspension is lifted separately.
            ensure!(
                matches!(member.status, Status::Active | Status::Suspended),
                Error::<T>::NotAdmitted
            );
            member.term_end = Some(term_end);
            Ok(())
        })?;
        Self::deposit_event(Event::Renewed { who, term_end });
        Ok(())
    }

    pub(crate) fn do_suspend(who: AccountIdOf<T>) -> DispatchResult {
        Self::change(&who, |member| {
            ensure!(member.role != Role::Patient, Error::<T>::NotAdmitted);
            ensure!(member.status == Status::Active, Error::<T>::NotActive);
            member.status = Status::Suspended;
            member.since = T::BlockNumberProvider::current_block_number();
            Ok(())
        })?;
        Self::deposit_event(Event::Suspended { who });
        Ok(())
    }

    pub(crate) fn do_reinstate(who: AccountIdOf<T>) -> DispatchResult {
        Self::change(&who, |member| {
            ensure!(member.status == Status::Suspended, Error::<T>::NotSuspended);
            member.status = Status::Active;
            member.since = T::BlockNumberProvider::current_block_number();
            Ok(())
        })?;
        Self::deposit_event(Event::Reinstated { who });
        Ok(())
    }

    pub(crate) fn do_end(who: AccountIdOf<T>, by: EndedBy) -> DispatchResult {
        let mut member = Members::<T>::get(&who).ok_or(Error::<T>::NotFound)?;
        ensure!(member.status != Status::Ended, Error::<T>::NotFound);
        match by {
            // A stolen key alone must not end what the recovery account protects.
            EndedBy::Member => {
                let recovery = <Self as Membership<_>>::recovery(&who);
                ensure!(recovery.is_none(), Error::<T>::RecoverySet);
            }
            EndedBy::Council => ensure!(member.role != Role::Patient, Error::<T>::NotAdmitted),
        }
        if member.status == Status::Applying {
            // It never had a role that the pseudonym could carry on.
            Self::drop_application(&who, &mut member)?;
        } else {
            let kept = Self::deposit_of_tombstone(&member);
            Self::release_deposit(&who, &mut member, kept)?;
            member.status = Status::Ended;
            member.since = T::BlockNumberProvider::current_block_number();
            let role = member.role;
            Members::<T>::insert(&who, member);
            Counters::<T>::mutate(role, |count| *count = count.saturating_sub(1));
            Self::remove_operator(&who);
            Nodes::<T>::remove(&who);
            Recovery::<T>::remove(&who);
            PendingRecovery::<T>::remove(&who);
            Attestations::<T>::remove(&who);
            if Sponsorships::<T>::contains_key(&who) {
                Self::close_sponsorship(&who)?;
            }
        }
        Self::deposit_event(Event::Ended { who, by });
        Ok(())
    }

    /// What stays held for an entry that stays for ever, with its recipients.
    pub(crate) fn deposit_of_tombstone(member: &MemberOf<T>) -> BalanceOf<T> {
        let bytes = BYTES_OF_RECIPIENT
            .saturating_mul(member.key_version.saturating_add(1))
            .saturating_add(BYTES_OF_ENTRY);
        T::DepositPerByte::get()
            .saturating_mul(bytes.into())
            .min(member.deposit)
    }

    /// Gives the deposit of an entry back to who paid it, but `kept` of it.
    fn release_deposit(
        who: &AccountIdOf<T>,
        member: &mut MemberOf<T>,
        kept: BalanceOf<T>,
    ) -> DispatchResult {
        let back = member.deposit.saturating_sub(kept);
        if back.is_zero() {
            return Ok(());
        }
        let released = T::Currency::release(
            &HoldReason::Membership.into(),
            &member.payer,
            back,
            Precision::Exact,
        )?;
        <Self as Sponsorship<_, _>>::refund(&member.payer, who, released);
        member.deposit = kept;
        Ok(())
    }
}
