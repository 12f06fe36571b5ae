//! Holds and payouts. Nothing here makes or burns a unit.

use polkadot_sdk::{
    frame_support::traits::{
        fungible::{InspectHold, MutateHold},
        tokens::{Fortitude, Precision, Restriction},
        Get,
    },
    sp_runtime::{
        traits::{CheckedDiv, SaturatedConversion, Saturating, Zero},
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
            log::error!(target: "runtime::training", "released {released:?} instead of {amount:?}");
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
        if amount.is_zero() || from == to {
            return Zero::zero();
        }
        let reason = reason.into();
        let before = T::Currency::balance_on_hold(&reason, from);
        let moved = T::Currency::transfer_on_hold(
            &reason,
            from,
            to,
            amount,
            Precision::BestEffort,
            Restriction::Free,
            Fortitude::Force,
        );
        match moved {
            Ok(_) => before.saturating_sub(T::Currency::balance_on_hold(&reason, from)),
            Err(error) => {
                log::warn!(target: "runtime::training", "payment refused: {error:?}");
                Zero::zero()
            }
        }
    }

    /// Divides `amount` of the initiator's held `reward` equally among `to` and `out` more, whose shares
    /// the treasury gets unless nobody is left; the share. What does not divide, or cannot be paid, and all of the reward that
    /// is not divided, goes back to the initiator.
    pub(crate) fn share_reward(
        initiator: &AccountIdOf<T>,
        to: &[AccountIdOf<T>],
        out: usize,
        amount: BalanceOf<T>,
        reward: BalanceOf<T>,
    ) -> BalanceOf<T> {
        let out: BalanceOf<T> = match to.is_empty() {
            true => Zero::zero(),
            false => out.saturated_into(),
        };
        let share = amount
            .checked_div(
                &to.len()
                    .saturated_into::<BalanceOf<T>>()
                    .saturating_add(out),
            )
            .unwrap_or_else(Zero::zero);
        let mut rest = reward;
        for who in to {
            rest.saturating_reduce(Self::pay_held(HoldReason::Reward, initiator, who, share));
        }
        rest.saturating_reduce(Self::pay_held(
            HoldReason::Reward,
            initiator,
            &T::Treasury::get(),
            share.saturating_mul(out),
        ));
        Self::release(HoldReason::Reward, initiator, rest);
        share
    }

    /// Gives a party's deposit back but, where it is out for its fault, the part that goes to the
    /// treasury, which is returned.
    pub(crate) fn settle_deposit(
        who: &AccountIdOf<T>,
        deposit: BalanceOf<T>,
        at_fault: bool,
    ) -> BalanceOf<T> {
        let lost = match at_fault {
            true => Self::pay_held(
                HoldReason::Party,
                who,
                &T::Treasury::get(),
                T::ForfeitPart::get().mul_floor(deposit),
            ),
            false => Zero::zero(),
        };
        Self::release(HoldReason::Party, who, deposit.saturating_sub(lost));
        lost
    }
}
