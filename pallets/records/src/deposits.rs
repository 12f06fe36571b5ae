//! Deposits for state: who pays, and how they come back.

use polkadot_sdk::{
    frame_support::traits::{fungible::MutateHold as _, tokens::Precision, Get},
    sp_runtime::{
        traits::{SaturatedConversion, Saturating, Zero},
        DispatchError, DispatchResult,
    },
};
use salus_primitives::membership::Sponsorship;

use crate::{AccountIdOf, BalanceOf, Config, Deposit, DepositOf, HoldReason, Pallet};

impl<T: Config> Pallet<T> {
    /// Price of `bytes` of variable state, without the base.
    pub(crate) fn price_of_bytes(bytes: usize) -> BalanceOf<T> {
        let bytes: BalanceOf<T> = bytes.saturated_into::<u32>().into();
        T::DepositPerByte::get().saturating_mul(bytes)
    }

    /// Price of one entry with `bytes` of variable state.
    pub(crate) fn price_of_entry(bytes: usize) -> BalanceOf<T> {
        T::DepositBase::get().saturating_add(Self::price_of_bytes(bytes))
    }

    /// Holds `amount` on `who` itself.
    pub(crate) fn take_deposit(
        reason: HoldReason,
        who: &AccountIdOf<T>,
        amount: BalanceOf<T>,
    ) -> Result<DepositOf<T>, DispatchError> {
        if !amount.is_zero() {
            T::Currency::hold(&reason.into(), who, amount)?;
        }
        Ok(Deposit {
            payer: who.clone(),
            amount,
        })
    }

    /// Holds `amount` for `who`, on its sponsor where one pays. A sponsor whose balance does not
    /// suffice must not stop a patient who can pay.
    pub(crate) fn take_sponsored_deposit(
        reason: HoldReason,
        who: &AccountIdOf<T>,
        amount: BalanceOf<T>,
    ) -> Result<DepositOf<T>, DispatchError> {
        let payer = T::Sponsorship::charge(who, amount);
        match Self::take_deposit(reason, &payer, amount) {
            Err(_) if payer != *who => {
                T::Sponsorship::refund(&payer, who, amount);
                Self::take_deposit(reason, who, amount)
            }
            taken => taken,
        }
    }

    /// Gives a deposit back to who paid it, for whom it was paid on its own account.
    pub(crate) fn return_deposit(reason: HoldReason, deposit: &DepositOf<T>) -> DispatchResult {
        // Best effort: a hold that something outside this pallet reduced must not make state
        // impossible to free.
        T::Currency::release(
            &reason.into(),
            &deposit.payer,
            deposit.amount,
            Precision::BestEffort,
        )?;
        Ok(())
    }

    /// Gives a deposit back to who paid it for `who`, but `kept` of it; what is kept.
    pub(crate) fn return_all_but(
        reason: HoldReason,
        who: &AccountIdOf<T>,
        deposit: &DepositOf<T>,
        kept: BalanceOf<T>,
    ) -> Result<DepositOf<T>, DispatchError> {
        let kept = Deposit {
            payer: deposit.payer.clone(),
            amount: kept.min(deposit.amount),
        };
        let returned = Deposit {
            payer: deposit.payer.clone(),
            amount: deposit.amount.saturating_sub(kept.amount),
        };
        Self::return_sponsored_deposit(reason, who, &returned)?;
        Ok(kept)
    }

    /// Gives a deposit back to who paid it for `who`.
    pub(crate) fn return_sponsored_deposit(
        reason: HoldReason,
        who: &AccountIdOf<T>,
        deposit: &DepositOf<T>,
    ) -> DispatchResult {
        Self::return_deposit(reason, deposit)?;
        T::Sponsorship::refund(&deposit.payer, who, deposit.amount);
        Ok(())
    }
}
