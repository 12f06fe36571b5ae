//! Who pays the fee of a transaction.
//!
//! 1. The member, where the signer is its operator key and the call one of `OperatorCalls`, or the
//!    key it proposed and the call is the acceptance.
//! 2. The institution whose offer the call accepts, and for other calls of a patient its sponsor:
//!    from the fee budget.
//! 3. Else, or where these cannot pay, or where there is a tip, the signer.

use core::marker::PhantomData;
use polkadot_sdk::{
    frame_support::{
        storage::{with_storage_layer, with_transaction},
        traits::{fungible::Inspect, Contains, IsSubType},
    },
    frame_system,
    pallet_transaction_payment::{self, OnChargeTransaction, TxCreditHold},
    sp_runtime::{
        traits::{DispatchInfoOf, PostDispatchInfoOf, Saturating, Zero},
        transaction_validity::TransactionValidityError,
        DispatchError, TransactionOutcome,
    },
};
use salus_primitives::membership::{Membership, Role};

use crate::{
    AccountIdOf, BalanceOf, Call, Config, Members, Offers, Operators, Pallet, PendingOperators,
    Sponsorships,
};

type RuntimeCallOf<T> = <T as frame_system::Config>::RuntimeCall;

/// Charges fees through `Inner`, on the account that the register names.
pub struct SponsoredFees<T, Inner>(PhantomData<(T, Inner)>);

/// Who paid, other than the signer.
pub enum Payer<AccountId> {
    /// The member whose operator key signed.
    Member(AccountId),
    /// The sponsor of the patient who signed.
    Sponsor(AccountId),
}

/// Who paid, and what `Inner` has to know about it.
type Paid<T, Inner> = (
    Option<Payer<AccountIdOf<T>>>,
    <Inner as OnChargeTransaction<T>>::LiquidityInfo,
);

impl<T, Inner> SponsoredFees<T, Inner>
where
    T: Config + pallet_transaction_payment::Config,
    RuntimeCallOf<T>: IsSubType<Call<T>>,
{
    /// The member that pays for this signer's call.
    fn member_for(who: &AccountIdOf<T>, call: &RuntimeCallOf<T>) -> Option<AccountIdOf<T>> {
        if let Some(member) = Operators::<T>::get(who) {
            return T::OperatorCalls::contains(call).then_some(member);
        }
        match call.is_sub_type() {
            Some(Call::accept_operator { member })
                if PendingOperators::<T>::get(member).as_ref() == Some(who)
                    && !Members::<T>::contains_key(who) =>
            {
                Some(member.clone())
            }
            _ => None,
        }
    }

    /// The institution from whose fee budget this signer's call may be paid.
    fn sponsor_for(who: &AccountIdOf<T>, call: &RuntimeCallOf<T>) -> Option<AccountIdOf<T>> {
        let named = match call.is_sub_type() {
            Some(Call::register_patient { sponsor, .. }) if !Members::<T>::contains_key(who) => {
                sponsor.as_ref()
            }
            Some(Call::accept_sponsor { sponsor })
                if Pallet::<T>::role(who) == Some(Role::Patient) =>
            {
                Some(sponsor)
            }
            _ => None,
        };
        match named {
            Some(sponsor) if Offers::<T>::contains_key(who, sponsor) => Some(sponsor.clone()),
            _ => Sponsorships::<T>::get(who).map(|quota| quota.sponsor),
        }
    }
}

impl<T, Inner> OnChargeTransaction<T> for SponsoredFees<T, Inner>
where
    T: Config + pallet_transaction_payment::Config,
    RuntimeCallOf<T>: IsSubType<Call<T>>,
    Inner: OnChargeTransaction<T, Balance = BalanceOf<T>>,
{
    type Balance = BalanceOf<T>;
    type LiquidityInfo = Paid<T, Inner>;

    fn withdraw_fee(
        who: &AccountIdOf<T>,
        call: &RuntimeCallOf<T>,
        info: &DispatchInfoOf<RuntimeCallOf<T>>,
        fee: Self::Balance,
        tip: Self::Balance,
    ) -> Result<Self::LiquidityInfo, TransactionValidityError> {
        if tip.is_zero() && !fee.is_zero() {
            if let Some(member) = Self::member_for(who, call) {
                if Inner::can_withdraw_fee(&member, call, info, fee, tip).is_ok() {
                    let paid = Inner::withdraw_fee(&member, call, info, fee, tip)?;
                    return Ok((Some(Payer::Member(member)), paid));
                }
            } else if let Some(sponsor) = Self::sponsor_for(who, call) {
                let paid = with_storage_layer(|| {
                    Pallet::<T>::spend_fee(who, &sponsor, fee)?;
                    let paid = Inner::withdraw_fee(&sponsor, call, info, fee, tip)
                        .map_err(|_| DispatchError::Other("the sponsor cannot pay"))?;
                    Ok::<_, DispatchError>((Some(Payer::Sponsor(sponsor)), paid))
                });
                if let Ok(paid) = paid {
                    return Ok(paid);
                }
            }
        }
        Inner::withdraw_fee(who, call, info, fee, tip).map(|paid| (None, paid))
    }

    fn can_withdraw_fee(
        who: &AccountIdOf<T>,
        call: &RuntimeCallOf<T>,
        info: &DispatchInfoOf<RuntimeCallOf<T>>,
        fee: Self::Balance,
        tip: Self::Balance,
    ) -> Result<(), TransactionValidityError> {
        if tip.is_zero() && !fee.is_zero() {
            if let Some(member) = Self::member_for(who, call) {
                if Inner::can_withdraw_fee(&member, call, info, fee, tip).is_ok() {
                    return Ok(());
                }
            } else if let Some(sponsor) = Self::sponsor_for(who, call) {
                // Tried out and undone, so that check and charge cannot differ.
                let tried = with_transaction(|| {
                    let result = Pallet::<T>::spend_fee(who, &sponsor, fee).and_then(|()| {
                        Inner::can_withdraw_fee(&sponsor, call, info, fee, tip)
                            .map_err(|_| DispatchError::Other("the sponsor cannot pay"))
                    });
                    TransactionOutcome::Rollback(result)
                });
                if tried.is_ok() {
                    return Ok(());
                }
            }
        }
        Inner::can_withdraw_fee(who, call, info, fee, tip)
    }

    fn correct_and_deposit_fee(
        who: &AccountIdOf<T>,
        info: &DispatchInfoOf<RuntimeCallOf<T>>,
        post_info: &PostDispatchInfoOf<RuntimeCallOf<T>>,
        corrected_fee: Self::Balance,
        tip: Self::Balance,
        (payer, paid): Self::LiquidityInfo,
    ) -> Result<(), TransactionValidityError> {
        let correct = |account: &AccountIdOf<T>| {
            Inner::correct_and_deposit_fee(account, info, post_info, corrected_fee, tip, paid)
        };
        match payer {
            None => correct(who),
            Some(Payer::Member(member)) => correct(&member),
            Some(Payer::Sponsor(sponsor)) => {
                let before = T::Currency::balance(&sponsor);
                correct(&sponsor)?;
                let back = T::Currency::balance(&sponsor).saturating_sub(before);
                Pallet::<T>::return_fee(who, &sponsor, back);
                Ok(())
            }
        }
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn endow_account(who: &AccountIdOf<T>, amount: Self::Balance) {
        Inner::endow_account(who, amount);
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn minimum_balance() -> Self::Balance {
        Inner::minimum_balance()
    }
}

impl<T, Inner> TxCreditHold<T> for SponsoredFees<T, Inner>
where
    T: pallet_transaction_payment::Config,
    Inner: TxCreditHold<T>,
{
    type Credit = Inner::Credit;
}
