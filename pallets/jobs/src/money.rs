//! Holds and payouts. Nothing here makes or burns a unit.

use polkadot_sdk::{
    frame_support::traits::{
        fungible::{InspectHold, MutateHold},
        tokens::{Fortitude, Precision, Restriction},
        Get,
    },
    sp_runtime::{
        traits::{SaturatedConversion, Saturating, Zero},
        DispatchResult,
    },
};

use crate::{AccountIdOf, BalanceOf, Config, HoldReason, Pallet};

impl<T: Config> Pallet<T> {
    /// Deposit for `bytes` bytes, without the base.
    pub(crate) fn deposit_for(bytes: usize) -> BalanceOf<T> {
        T::DepositPerByte::get().saturating_mul(bytes.saturated_into::<BalanceOf<T>>())
    }

    pub(crate) fn hold(
        reason: HoldReason,
        who: &AccountIdOf<T>,
        amount: BalanceOf<T>,
    ) -> DispatchResult {
        T::Currency::hold(&reason.into(), who, amount)
    }

    /// Gives a hold back. What is recorded as held is held, so this cannot fail; a difference would
    /// show in `try_state`.
    pub(crate) fn release(reason: HoldReason, who: &AccountIdOf<T>, amount: BalanceOf<T>) {
        let released = T::Currency::release(&reason.into(), who, amount, Precision::BestEffort);
        if released != Ok(amount) {
            log::error!(target: "runtime::jobs", "released {released:?} instead of {amount:?}");
        }
    }

    /// Moves held balance to another account as free balance; what was moved. Nothing is where the
    /// receiver's account does not exist and the amount does not suffice to make it.
    pub(crate) fn pay_held(
        reason: HoldReason,
        from: &AccountIdOf<T>,
        to: &AccountIdOf<T>,
        amount: BalanceOf<T>,
    ) -> BalanceOf<T> {
        if amount.is_zero() {
            return amount;
        }
        let reason = reason.into();
        let before = T::Currency::balance_on_hold(&reason, from);
        let moved = if from == to {
            T::Currency::release(&reason, from, amount, Precision::BestEffort)
        } else {
            T::Currency::transfer_on_hold(
                &reason,
                from,
                to,
                amount,
                Precision::BestEffort,
                Restriction::Free,
                Fortitude::Force,
            )
        };
        match moved {
            Ok(_) => before.saturating_sub(T::Currency::balance_on_hold(&reason, from)),
            Err(error) => {
                log::warn!(target: "runtime::jobs", "payment refused: {error:?}");
                Zero::zero()
            }
        }
    }

    /// Shares `amount` of the client's held reward equally; the share. What does not divide, or
    /// cannot be paid, goes back to the client.
    pub(crate) fn share_reward(
        client: &AccountIdOf<T>,
        to: &[AccountIdOf<T>],
        amount: BalanceOf<T>,
    ) -> BalanceOf<T> {
        let share = equal_share(amount, to.len());
        let mut rest = amount;
        for who in to {
            rest.saturating_reduce(Self::pay_held(HoldReason::Reward, client, who, share));
        }
        Self::release(HoldReason::Reward, client, rest);
        share
    }
}

/// The largest amount that `parts` can get alike.
fn equal_share<Balance: polkadot_sdk::frame_support::traits::tokens::Balance>(
    amount: Balance,
    parts: usize,
) -> Balance {
    amount
        .checked_div(&parts.saturated_into::<Balance>())
        .unwrap_or_else(Zero::zero)
}
