//! What happens when a session is planned, starts and ends.

use alloc::vec::Vec;
use pallet_session::{historical, SessionInterface};
use polkadot_sdk::{
    frame_support::{dispatch::DispatchClass, traits::Get},
    frame_system::{self, pallet_prelude::BlockNumberFor},
    pallet_authorship,
    sp_runtime::traits::One,
    sp_staking::offence::OffenceSeverity,
};
use salus_primitives::{stake::SessionIndex, Balance};

use crate::{
    math::proportion, AccountIdOf, Attendance, Authored, Candidates, Chill, Config, Pallet,
    WeightInfo, MAX_CANDIDATES,
};

impl<T: Config> pallet_authorship::EventHandler<AccountIdOf<T>, BlockNumberFor<T>> for Pallet<T> {
    fn note_author(author: AccountIdOf<T>) {
        Authored::<T>::mutate(author, |blocks| *blocks = blocks.saturating_add(1));
        frame_system::Pallet::<T>::register_extra_weight_unchecked(
            T::WeightInfo::note_author(),
            DispatchClass::Mandatory,
        );
    }
}

impl<T: Config> pallet_session::SessionManager<AccountIdOf<T>> for Pallet<T> {
    fn new_session(index: SessionIndex) -> Option<Vec<AccountIdOf<T>>> {
        Self::elect(index)
    }

    fn new_session_genesis(_: SessionIndex) -> Option<Vec<AccountIdOf<T>>> {
        Some(T::GenesisValidators::get()).filter(|validators| !validators.is_empty())
    }

    fn start_session(_: SessionIndex) {
        Self::start_slashes();
        Self::disable_offenders();
    }

    fn end_session(index: SessionIndex) {
        Self::finish_session(index);
        // What was reported so far of older sessions stays slashable; nothing new can be reported.
        T::Session::prune_up_to(index.saturating_sub(T::ReportSessions::get()));
    }
}

/// With the historical root of every session: an identification is the account, with nothing beside.
impl<T: Config> historical::SessionManager<AccountIdOf<T>, ()> for Pallet<T> {
    /// Validators that stay are named anew: their keys may have changed, and an offence is proved
    /// with the root of its own session.
    fn new_session(index: SessionIndex) -> Option<Vec<(AccountIdOf<T>, ())>> {
        let validators = Self::elect(index).unwrap_or_else(Self::validators);
        identified(Some(validators).filter(|validators| !validators.is_empty()))
    }

    fn new_session_genesis(index: SessionIndex) -> Option<Vec<(AccountIdOf<T>, ())>> {
        identified(<Self as pallet_session::SessionManager<_>>::new_session_genesis(index))
    }

    fn start_session(index: SessionIndex) {
        <Self as pallet_session::SessionManager<_>>::start_session(index);
    }

    fn end_session(index: SessionIndex) {
        <Self as pallet_session::SessionManager<_>>::end_session(index);
    }
}

fn identified<AccountId>(validators: Option<Vec<AccountId>>) -> Option<Vec<(AccountId, ())>> {
    Some(validators?.into_iter().map(|who| (who, ())).collect())
}

impl<T: Config> Pallet<T> {
    /// The set that starts was planned before an offence of one of it was known.
    fn disable_offenders() {
        for who in Self::validators() {
            let chilled = Candidates::<T>::get(&who).and_then(|candidate| candidate.chilled);
            if chilled == Some(Chill::Offence) {
                T::Session::report_offence(who, OffenceSeverity::max_severity());
            }
        }
    }

    /// Rewards the validators for their blocks and chills those who are gone.
    fn finish_session(index: SessionIndex) {
        let validators = Self::validators();
        let count = validators.len() as u64;
        let blocks: Vec<_> = validators
            .into_iter()
            .map(|who| {
                let authored = Authored::<T>::take(&who);
                (who, authored)
            })
            .collect();
        let total = blocks
            .iter()
            .fold(0u32, |sum, (_, authored)| sum.saturating_add(*authored));
        let reward = Self::session_reward();
        let whole = Balance::from(total.max(T::BlocksPerSession::get()));
        let expected = u64::from(total)
            .saturating_mul(1_000)
            .checked_div(count)
            .unwrap_or(0);
        // Without more than two thirds of the validators finality stands still, and a set without the
        // others could not take office before it goes on. More likely the net is cut, and each side
        // would chill the other in a few sessions. Who is there is counted by author, since the
        // number of their blocks is a matter of luck; blocks tell of a cut that has just begun.
        let present = blocks.iter().filter(|(_, authored)| *authored > 0).count() as u64;
        let is_whole = present.saturating_mul(3) > count.saturating_mul(2)
            && u64::from(total).saturating_mul(3)
                > u64::from(T::BlocksPerSession::get()).saturating_mul(2);

        let mut absent = Vec::new();
        for (who, authored) in blocks {
            let Some(mut candidate) = Candidates::<T>::get(&who) else {
                continue;
            };
            Self::reward(
                &who,
                &candidate,
                proportion(reward, authored.into(), whole),
                index,
            );
            if !is_whole {
                continue;
            }
            let record = &mut candidate.attendance;
            record.expected = record.expected.saturating_add(expected);
            record.authored = record
                .authored
                .saturating_add(u64::from(authored).saturating_mul(1_000));
            if record.expected >= u64::from(T::JudgedBlocks::get()).saturating_mul(1_000) {
                if record.authored < T::MinAttendance::get().mul_floor(record.expected) {
                    absent.push((record.authored, who.clone()));
                } else {
                    *record = Attendance::default();
                }
            }
            Candidates::<T>::insert(&who, candidate);
        }
        // A third at most. Those who were absent most go first, the rest is judged again after the
        // next session.
        absent.sort();
        let limit = count.checked_div(3).unwrap_or(0);
        for (_, who) in absent.into_iter().take(limit as usize) {
            Self::alter(&who, |candidate| {
                candidate.attendance = Attendance::default();
                if candidate.chilled.is_none() {
                    Self::chill(&who, candidate, Chill::Absent);
                }
            });
        }
    }

    /// Whether the constants fit together.
    pub(crate) fn check_constants() {
        assert!(
            T::MinValidators::get() > 0
                && T::MinValidators::get() <= T::Validators::get()
                && T::Validators::get() <= MAX_CANDIDATES,
            "there must be validators, and candidates enough for them"
        );
        assert!(
            T::MinDelegation::get() >= minimum_balance::<T>() && T::MinBond::get() > 0,
            "the smallest delegation must be able to come back"
        );
        assert!(
            T::SlashDeferral::get() > T::ReportSessions::get(),
            "a slash must be taken after the last report of its session"
        );
        assert!(
            T::UnbondingSessions::get()
                > T::ReportSessions::get().saturating_add(T::SlashDeferral::get()),
            "stake must stay until the last slash of a session it backed"
        );
        assert!(
            T::MaxSlashesPerBlock::get() > 0,
            "due slashes must be taken"
        );
        assert!(
            T::BlocksPerSession::get() > 0 && T::JudgedBlocks::get() > 0,
            "a session must have blocks, and a judgement a reason"
        );
        assert!(
            T::CommissionNotice::get() >= SessionIndex::one(),
            "a higher commission needs notice"
        );
    }
}

fn minimum_balance<T: Config>() -> Balance {
    use polkadot_sdk::frame_support::traits::fungible::Inspect;
    T::Currency::minimum_balance()
}
