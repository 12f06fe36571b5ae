//! What blocks earn, and who shares it.

use polkadot_sdk::{
    frame_support::traits::{fungible::Inspect, Get},
    sp_runtime::{
        traits::{Saturating, Zero},
        FixedPointNumber, FixedU128, PerThing,
    },
};
use salus_primitives::{stake::SessionIndex, Balance};

use crate::{math::proportion, AccountIdOf, Candidate, Candidates, Config, Event, Pallet, Pools};

impl<T: Config> Pallet<T> {
    /// What a session with all its blocks mints.
    pub(crate) fn session_reward() -> Balance {
        T::SessionInflation::get().mul_floor(T::Currency::total_issuance())
    }

    /// Pays a validator and its delegators for a session: its commission, then bond and pool each
    /// its part, the pool what does not divide.
    pub(crate) fn reward(
        who: &AccountIdOf<T>,
        candidate: &Candidate,
        amount: Balance,
        session: SessionIndex,
    ) {
        if amount.is_zero() {
            return;
        }
        let commission = candidate.commission_in(session).mul_floor(amount);
        let shared = amount.saturating_sub(commission);
        let (own, delegated) = Pools::<T>::mutate_exists(who, |slot| match slot {
            Some(pool) if pool.shares > 0 => {
                let backing = candidate.bond.saturating_add(pool.value);
                let for_bond = proportion(shared, candidate.bond, backing);
                let minted = Self::mint(&Self::pot(), shared.saturating_sub(for_bond));
                pool.value = pool.value.saturating_add(minted);
                (commission.saturating_add(for_bond), minted)
            }
            _ => (amount, 0),
        });
        let own = Self::mint(who, own);
        Self::deposit_event(Event::Rewarded {
            candidate: who.clone(),
            own,
            pool: delegated,
        });
    }

    /// Gain of a year on one unit delegated now to a validator that misses no block.
    pub(crate) fn yearly_yield(who: &AccountIdOf<T>) -> Option<FixedU128> {
        let candidate = Candidates::<T>::get(who)?;
        let validators = Self::winners().map_or(Self::validators().len(), |won| won.len());
        let reward = Self::session_reward()
            .checked_div(validators as Balance)
            .unwrap_or(0);
        let shared = candidate
            .commission_in(Self::session())
            .left_from_one()
            .mul_floor(reward);
        let backing = candidate.bond.saturating_add(Pools::<T>::get(who).value);
        let of_session = FixedU128::checked_from_rational(shared, backing)?;
        Some(
            of_session
                .saturating_mul(FixedU128::saturating_from_integer(T::SessionsPerYear::get())),
        )
    }
}
