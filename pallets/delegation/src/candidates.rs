//! Who wants to be elected.

use polkadot_sdk::{
    frame_support::{
        ensure,
        traits::{
            fungible::MutateHold, tokens::Precision, Get, ValidatorRegistration, ValidatorSet,
        },
    },
    sp_runtime::{DispatchError, DispatchResult, Perbill},
};
use salus_primitives::{
    membership::Membership,
    stake::{SessionIndex, Standing},
    Balance,
};

use crate::{
    AccountIdOf, Attendance, Candidate, Candidates, Chill, Config, Error, Event, HoldReason,
    Pallet, MAX_CANDIDATES,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn session() -> SessionIndex {
        <T::Session as ValidatorSet<AccountIdOf<T>>>::session_index()
    }

    /// The last session for which stake of now is counted: the planned one.
    pub(crate) fn backed_until() -> SessionIndex {
        Self::session().saturating_add(1)
    }

    /// The first session in which stake can be withdrawn that backed nothing after `session`.
    pub(crate) fn unlocks(session: SessionIndex) -> SessionIndex {
        session.saturating_add(T::UnbondingSessions::get())
    }

    pub(crate) fn candidate(who: &AccountIdOf<T>) -> Result<Candidate, DispatchError> {
        Ok(Candidates::<T>::get(who).ok_or(Error::<T>::CandidateNotFound)?)
    }

    /// Changes a candidate, if there is one.
    pub(crate) fn alter(who: &AccountIdOf<T>, change: impl FnOnce(&mut Candidate)) {
        Candidates::<T>::mutate_exists(who, |slot| {
            if let Some(candidate) = slot {
                change(candidate);
            }
        });
    }

    /// Whether it can be elected, or the first thing in its way.
    pub(crate) fn standing(who: &AccountIdOf<T>, candidate: &Candidate) -> Standing {
        if candidate.leaving.is_some() {
            Standing::Leaving
        } else if candidate.chilled.is_some() {
            Standing::Chilled
        } else if candidate.bond < T::MinBond::get() {
            Standing::BondTooSmall
        } else if !T::Membership::is_institution(who) {
            Standing::NotInstitution
        } else if !T::Session::is_registered(who) {
            Standing::NoSessionKeys
        } else {
            Standing::Electable
        }
    }

    /// Enters a candidate without asking what it is: genesis has no order of pallets, and the
    /// election asks again.
    pub(crate) fn add_candidate(
        who: &AccountIdOf<T>,
        bond: Balance,
        commission: Perbill,
    ) -> DispatchResult {
        ensure!(
            !Candidates::<T>::contains_key(who),
            Error::<T>::AlreadyExists
        );
        ensure!(
            Candidates::<T>::count() < MAX_CANDIDATES,
            Error::<T>::TooManyCandidates
        );
        ensure!(bond >= T::MinBond::get(), Error::<T>::BondTooSmall);
        T::Currency::hold(&HoldReason::Bond.into(), who, bond)?;
        let candidate = Candidate {
            bond,
            commission,
            announced: None,
            chilled: None,
            leaving: None,
            attendance: Attendance::default(),
            pending_slashes: 0,
        };
        Candidates::<T>::insert(who, candidate);
        Self::deposit_event(Event::CandidateRegistered {
            candidate: who.clone(),
            bond,
            commission,
        });
        Ok(())
    }

    pub(crate) fn do_register_candidate(
        who: AccountIdOf<T>,
        bond: Balance,
        commission: Perbill,
    ) -> DispatchResult {
        ensure!(
            T::Membership::is_institution(&who),
            Error::<T>::NotInstitution
        );
        ensure!(T::Session::is_registered(&who), Error::<T>::NoSessionKeys);
        Self::add_candidate(&who, bond, commission)
    }

    pub(crate) fn do_add_bond(who: AccountIdOf<T>, amount: Balance) -> DispatchResult {
        let mut candidate = Self::candidate(&who)?;
        ensure!(candidate.leaving.is_none(), Error::<T>::Leaving);
        T::Currency::hold(&HoldReason::Bond.into(), &who, amount)?;
        candidate.bond = candidate.bond.saturating_add(amount);
        Candidates::<T>::insert(&who, candidate);
        Self::deposit_event(Event::BondAdded {
            candidate: who,
            amount,
        });
        Ok(())
    }

    pub(crate) fn do_set_commission(who: AccountIdOf<T>, commission: Perbill) -> DispatchResult {
        let mut candidate = Self::candidate(&who)?;
        let now = Self::session();
        candidate.commission = candidate.commission_in(now);
        let from = if commission <= candidate.commission {
            candidate.commission = commission;
            candidate.announced = None;
            now
        } else {
            let from = now.saturating_add(T::CommissionNotice::get());
            candidate.announced = Some((commission, from));
            from
        };
        Candidates::<T>::insert(&who, candidate);
        Self::deposit_event(Event::CommissionSet {
            candidate: who,
            commission,
            from,
        });
        Ok(())
    }

    pub(crate) fn do_leave(who: AccountIdOf<T>) -> DispatchResult {
        let mut candidate = Self::candidate(&who)?;
        ensure!(candidate.leaving.is_none(), Error::<T>::Leaving);
        let unlocks = Self::unlocks(Self::backed_until());
        candidate.leaving = Some(unlocks);
        Candidates::<T>::insert(&who, candidate);
        Self::deposit_event(Event::CandidateLeft {
            candidate: who,
            unlocks,
        });
        Ok(())
    }

    pub(crate) fn do_withdraw_bond(who: AccountIdOf<T>) -> DispatchResult {
        Self::ensure_no_slash_due()?;
        let candidate = Self::candidate(&who)?;
        let unlocks = candidate.leaving.ok_or(Error::<T>::NotLeaving)?;
        ensure!(Self::session() >= unlocks, Error::<T>::BondLocked);
        ensure!(candidate.pending_slashes == 0, Error::<T>::SlashPending);
        T::Currency::release(
            &HoldReason::Bond.into(),
            &who,
            candidate.bond,
            Precision::Exact,
        )?;
        Candidates::<T>::remove(&who);
        Self::deposit_event(Event::BondWithdrawn {
            candidate: who,
            amount: candidate.bond,
        });
        Ok(())
    }

    pub(crate) fn do_back(who: AccountIdOf<T>) -> DispatchResult {
        let who = T::Membership::principal(&who);
        let mut candidate = Candidates::<T>::get(&who)
            .filter(|candidate| candidate.chilled.is_some())
            .ok_or(Error::<T>::NotChilled)?;
        candidate.chilled = None;
        candidate.attendance = Attendance::default();
        Candidates::<T>::insert(&who, candidate);
        Self::deposit_event(Event::CameBack { candidate: who });
        Ok(())
    }

    /// Marks a candidate as chilled. The caller stores it.
    pub(crate) fn chill(who: &AccountIdOf<T>, candidate: &mut Candidate, reason: Chill) {
        if candidate.chilled == Some(reason) {
            return;
        }
        candidate.chilled = Some(reason);
        Self::deposit_event(Event::Chilled {
            candidate: who.clone(),
            reason,
        });
    }
}
