//! The pot and what goes in and out of it.

use polkadot_sdk::{
    frame_support::traits::{
        fungible::{Inspect, InspectHold, Mutate, MutateHold},
        tokens::{Fortitude, Precision, Preservation, Restriction},
        Get,
    },
    sp_runtime::{traits::AccountIdConversion, DispatchResult},
};
use salus_primitives::Balance;

use crate::{AccountIdOf, Config, HoldReason, Pallet};

impl<T: Config> Pallet<T> {
    /// The account that holds what is delegated, what unbonds, and the existential deposit.
    pub fn pot() -> AccountIdOf<T> {
        T::PalletId::get().into_account_truncating()
    }

    /// Gives the pot the existential deposit, so that the last delegator can take out everything.
    /// At genesis, or by a migration of a chain that begins without this pallet.
    pub fn endow_pot() {
        let missing =
            T::Currency::minimum_balance().saturating_sub(T::Currency::balance(&Self::pot()));
        if missing > 0 {
            if let Err(error) = T::Currency::mint_into(&Self::pot(), missing) {
                log::error!(target: "runtime::delegation", "the pot cannot be made: {error:?}");
            }
        }
    }

    pub(crate) fn pay_in(from: &AccountIdOf<T>, amount: Balance) -> DispatchResult {
        T::Currency::transfer(from, &Self::pot(), amount, Preservation::Preserve).map(|_| ())
    }

    pub(crate) fn pay_out(to: &AccountIdOf<T>, amount: Balance) -> DispatchResult {
        if amount == 0 {
            return Ok(());
        }
        T::Currency::transfer(&Self::pot(), to, amount, Preservation::Preserve).map(|_| ())
    }

    /// Pays what was slashed, and is in the pot, to the treasury.
    pub(crate) fn pay_treasury(amount: Balance) {
        if let Err(error) = Self::pay_out(&T::Treasury::get(), amount) {
            log::error!(target: "runtime::delegation", "{amount} not paid to the treasury: {error:?}");
        }
    }

    /// Moves a part of a bond into the pot; what was moved.
    pub(crate) fn slash_bond(who: &AccountIdOf<T>, amount: Balance) -> Balance {
        if amount == 0 {
            return 0;
        }
        let reason = HoldReason::Bond.into();
        let before = T::Currency::balance_on_hold(&reason, who);
        let moved = T::Currency::transfer_on_hold(
            &reason,
            who,
            &Self::pot(),
            amount,
            Precision::BestEffort,
            Restriction::Free,
            Fortitude::Force,
        );
        if let Err(error) = moved {
            log::error!(target: "runtime::delegation", "bond of {who:?} not slashed: {error:?}");
        }
        before.saturating_sub(T::Currency::balance_on_hold(&reason, who))
    }

    /// Mints a reward; nothing where the account cannot take it.
    pub(crate) fn mint(to: &AccountIdOf<T>, amount: Balance) -> Balance {
        if amount == 0 {
            return 0;
        }
        T::Currency::mint_into(to, amount).unwrap_or(0)
    }
}
