//! Who validates: the best-backed candidates that can be elected.

use alloc::vec::Vec;
use core::cmp::Reverse;
use polkadot_sdk::frame_support::traits::{Get, ValidatorSet};
use salus_primitives::stake::{SessionIndex, Standing};

use crate::{
    AccountIdOf, Candidate, Candidates, Config, Event, LastElected, Pallet, Pools, Ranked,
    MAX_CANDIDATES,
};

pub(crate) type RankedOf<T> = Ranked<AccountIdOf<T>>;

impl<T: Config> Pallet<T> {
    pub(crate) fn rank(account: AccountIdOf<T>, candidate: &Candidate) -> RankedOf<T> {
        Ranked {
            backing: candidate
                .bond
                .saturating_add(Pools::<T>::get(&account).value),
            bond: candidate.bond,
            account,
        }
    }

    /// The electable, best backed first; of equals the one with the larger bond, then the one with
    /// the smaller account.
    pub(crate) fn ranking() -> Vec<RankedOf<T>> {
        let mut ranking: Vec<_> = Candidates::<T>::iter()
            .filter(|(who, candidate)| Self::standing(who, candidate) == Standing::Electable)
            .map(|(who, candidate)| Self::rank(who, &candidate))
            .collect();
        sort(&mut ranking);
        ranking
    }

    /// Who would be elected now; `None` where there are too few.
    pub(crate) fn winners() -> Option<Vec<RankedOf<T>>> {
        let mut ranking = Self::ranking();
        ranking.truncate(T::Validators::get().min(MAX_CANDIDATES) as usize);
        (ranking.len() as u32 >= T::MinValidators::get()).then_some(ranking)
    }

    /// Elects for session `session`; `None` where the validators of now stay.
    pub(crate) fn elect(session: SessionIndex) -> Option<Vec<AccountIdOf<T>>> {
        let Some(winners) = Self::winners() else {
            Self::keep_validators(session);
            return None;
        };
        let accounts: Vec<_> = winners.iter().map(|won| won.account.clone()).collect();
        Self::deposit_event(Event::Elected {
            session,
            validators: accounts.len() as u32,
        });
        LastElected::<T>::put(polkadot_sdk::sp_runtime::BoundedVec::truncate_from(winners));
        Some(accounts)
    }

    /// A validator that has left and is kept stays bonded for the session it is kept for.
    fn keep_validators(session: SessionIndex) {
        let mut kept = Vec::new();
        for who in Self::validators() {
            Self::alter(&who, |candidate| {
                if let Some(unlocks) = &mut candidate.leaving {
                    *unlocks = (*unlocks).max(Self::unlocks(session));
                }
                kept.push(Self::rank(who.clone(), candidate));
            });
        }
        sort(&mut kept);
        LastElected::<T>::put(polkadot_sdk::sp_runtime::BoundedVec::truncate_from(kept));
        Self::deposit_event(Event::ValidatorsKept { session });
    }

    /// The validators of this session.
    pub(crate) fn validators() -> Vec<AccountIdOf<T>> {
        <T::Session as ValidatorSet<AccountIdOf<T>>>::validators()
    }
}

pub(crate) fn sort<AccountId: Ord + Clone>(ranking: &mut [Ranked<AccountId>]) {
    ranking.sort_by(|a, b| {
        (Reverse(a.backing), Reverse(a.bond), &a.account).cmp(&(
            Reverse(b.backing),
            Reverse(b.bond),
            &b.account,
        ))
    });
}
