//! Offences, and what they cost.
//!
//! The dearest report of a candidate and session counts, once: a node that runs twice equivocates
//! in every slot. The slash is taken at the start of a session, before anything moves in it, from
//! the bond, from the pool, and from all that has left since the session of the offence.

use alloc::vec::Vec;
use pallet_session::SessionInterface;
use polkadot_sdk::{
    frame_support::{ensure, traits::Get, weights::Weight},
    sp_runtime::{DispatchResult, Perbill},
    sp_staking::offence::{OffenceDetails, OffenceSeverity, OnOffenceHandler},
};
use salus_primitives::{stake::SessionIndex, Balance};

use crate::{
    AccountIdOf, Candidates, Chill, Config, DueSlashes, Error, Event, NextDue, Pallet,
    PendingSlash, Pools, SlashedAtStart, Slashes, SubPools, WeightInfo, MAX_REPORTERS,
};

impl<T: Config> OnOffenceHandler<AccountIdOf<T>, (AccountIdOf<T>, ()), Weight> for Pallet<T> {
    fn on_offence(
        offenders: &[OffenceDetails<AccountIdOf<T>, (AccountIdOf<T>, ())>],
        fractions: &[Perbill],
        session: SessionIndex,
    ) -> Weight {
        let mut weight = Weight::zero();
        for (details, fraction) in offenders.iter().zip(fractions) {
            let (who, ()) = &details.offender;
            Self::report(who, *fraction, session, &details.reporters);
            weight.saturating_accrue(T::WeightInfo::report_offence());
        }
        weight
    }
}

impl<T: Config> Pallet<T> {
    fn report(
        who: &AccountIdOf<T>,
        fraction: Perbill,
        session: SessionIndex,
        reporters: &[AccountIdOf<T>],
    ) {
        let now = Self::session();
        if fraction.is_zero() || session.saturating_add(T::ReportSessions::get()) < now {
            return;
        }
        let Some(mut candidate) = Candidates::<T>::get(who) else {
            return;
        };
        let slash = match Slashes::<T>::get(who, session) {
            Some(known) if known.cancelled || known.fraction >= fraction => return,
            Some(known) => PendingSlash { fraction, ..known },
            None => {
                let mut others: Vec<_> =
                    reporters.iter().filter(|by| *by != who).cloned().collect();
                others.truncate(MAX_REPORTERS as usize);
                // A report may come before the first block of its session.
                let due = now.max(session).saturating_add(T::SlashDeferral::get());
                DueSlashes::<T>::insert(due, (who, session), ());
                candidate.pending_slashes = candidate.pending_slashes.saturating_add(1);
                PendingSlash {
                    fraction,
                    due,
                    reporters: others.try_into().unwrap_or_default(),
                    cancelled: false,
                }
            }
        };
        let due = slash.due;
        Slashes::<T>::insert(who, session, slash);
        Self::chill(who, &mut candidate, Chill::Offence);
        Candidates::<T>::insert(who, candidate);
        T::Session::report_offence(who.clone(), OffenceSeverity(fraction));
        Self::deposit_event(Event::SlashReported {
            candidate: who.clone(),
            session,
            fraction,
            due,
        });
    }

    pub(crate) fn do_cancel_slash(
        candidate: AccountIdOf<T>,
        session: SessionIndex,
    ) -> DispatchResult {
        Self::ensure_no_slash_due()?;
        Slashes::<T>::try_mutate(&candidate, session, |slash| match slash {
            Some(slash) if !slash.cancelled => {
                slash.cancelled = true;
                Ok(())
            }
            _ => Err(Error::<T>::SlashNotFound),
        })?;
        Self::alter(&candidate, |candidate| {
            candidate.pending_slashes = candidate.pending_slashes.saturating_sub(1);
        });
        Self::deposit_event(Event::SlashCancelled { candidate, session });
        Ok(())
    }

    /// Stake stands still while a slash that fell due waits for its block: what left in between
    /// would escape it.
    pub(crate) fn ensure_no_slash_due() -> DispatchResult {
        ensure!(
            NextDue::<T>::get() > Self::session(),
            Error::<T>::SlashesDue
        );
        Ok(())
    }

    /// Takes due slashes before anything moves in a session that starts, as many as a block may.
    pub(crate) fn start_slashes() {
        Self::take_due_slashes();
        if NextDue::<T>::get() <= Self::session() {
            SlashedAtStart::<T>::put(true);
        }
    }

    /// Goes on with them in the blocks after it.
    pub(crate) fn go_on_with_slashes() -> Weight {
        if NextDue::<T>::get() <= Self::session() && SlashedAtStart::<T>::take() {
            return T::WeightInfo::due_slot();
        }
        Self::take_due_slashes()
    }

    /// Takes the slashes that are due, as many as a block may.
    pub(crate) fn take_due_slashes() -> Weight {
        let now = Self::session();
        let mut next = NextDue::<T>::get();
        let mut weight = T::WeightInfo::due_slot();
        if next > now {
            return weight;
        }
        if next == 0 {
            // The pallet has just come to the chain: nothing was due before.
            next = now;
        }
        let sessions = T::ReportSessions::get().saturating_add(T::SlashDeferral::get());
        let mut left = T::MaxSlashesPerBlock::get();
        while next <= now {
            match DueSlashes::<T>::iter_key_prefix(next).next() {
                Some((candidate, session)) => {
                    if left == 0 {
                        break;
                    }
                    left = left.saturating_sub(1);
                    DueSlashes::<T>::remove(next, (&candidate, session));
                    Self::take_slash(candidate, session);
                    weight.saturating_accrue(T::WeightInfo::take_slash(sessions));
                }
                None => {
                    next = next.saturating_add(1);
                    weight.saturating_accrue(T::WeightInfo::due_slot());
                }
            }
        }
        NextDue::<T>::put(next);
        weight
    }

    pub(crate) fn take_slash(who: AccountIdOf<T>, session: SessionIndex) {
        let Some(slash) = Slashes::<T>::take(&who, session) else {
            return;
        };
        if slash.cancelled {
            return;
        }
        let fraction = slash.fraction;
        let mut bond: Balance = 0;
        Self::alter(&who, |candidate| {
            bond = Self::slash_bond(&who, fraction.mul_floor(candidate.bond));
            candidate.bond = candidate.bond.saturating_sub(bond);
            candidate.pending_slashes = candidate.pending_slashes.saturating_sub(1);
        });
        let mut delegated = Pools::<T>::mutate_extant(&who, |pool| pool.slash(fraction));
        // What left in this session backed the next: none of it exists yet.
        for backed in session..=Self::session() {
            SubPools::<T>::mutate_exists(&who, backed, |slot| {
                if let Some(sub) = slot {
                    delegated = delegated.saturating_add(sub.slash(fraction));
                }
            });
        }
        let reward = Self::share_out(bond, delegated, &slash.reporters);
        Self::deposit_event(Event::Slashed {
            candidate: who,
            session,
            bond,
            delegated,
            reward,
        });
    }

    /// Shares what was slashed, and is in the pot, among reporters and treasury; what the reporters
    /// got. That is a part of the bond only: of the delegators' stake an offender could earn by
    /// having itself reported.
    fn share_out(bond: Balance, delegated: Balance, reporters: &[AccountIdOf<T>]) -> Balance {
        let share = T::ReporterPart::get()
            .mul_floor(bond)
            .checked_div(reporters.len() as Balance)
            .unwrap_or(0);
        let mut paid: Balance = 0;
        for reporter in reporters {
            // One whose account is gone gets nothing where the share cannot bring it back.
            if Self::pay_out(reporter, share).is_ok() {
                paid = paid.saturating_add(share);
            }
        }
        Self::pay_treasury(bond.saturating_add(delegated).saturating_sub(paid));
        paid
    }
}
