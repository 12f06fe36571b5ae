//! What tokens buy: offers of members, and vouchers.

use polkadot_sdk::{
    frame_support::{
        ensure,
        traits::{
            fungible::MutateHold,
            tokens::{Fortitude, Precision, Restriction},
            Get,
        },
    },
    sp_io::hashing::blake2_256,
    sp_runtime::{
        traits::{BlockNumberProvider, Saturating, Zero},
        DispatchError, DispatchResult,
    },
};
use salus_primitives::{membership::Membership, Balance, Digest};

use crate::{
    AccountIdOf, Config, Error, Event, HoldReason, NextOfferId, NextVoucherId, OfferCounts,
    OfferId, OfferOf, Offers, Pallet, Secret, Voucher, VoucherId, VoucherOf, Vouchers,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_offer(offer: OfferOf<T>) -> DispatchResult {
        ensure!(
            T::Membership::is_admitted(&offer.member),
            Error::<T>::NotAdmitted
        );
        ensure!(
            offer.price >= T::MinPrice::get()
                && offer.left > 0
                && !offer.validity.is_zero()
                && offer.validity <= T::MaxValidity::get(),
            Error::<T>::InvalidOffer
        );
        OfferCounts::<T>::try_mutate(&offer.member, |count| {
            ensure!(*count < T::MaxOffers::get(), Error::<T>::TooManyOffers);
            *count = count.saturating_add(1);
            Ok::<_, DispatchError>(())
        })?;
        let id = NextOfferId::<T>::get();
        NextOfferId::<T>::put(id.saturating_add(1));
        Self::deposit_event(Event::Offered {
            offer: id,
            member: offer.member.clone(),
            kind: offer.kind,
            price: offer.price,
        });
        Offers::<T>::insert(id, offer);
        Ok(())
    }

    pub(crate) fn do_withdraw_offer(who: AccountIdOf<T>, id: OfferId) -> DispatchResult {
        let offer = Offers::<T>::get(id).ok_or(Error::<T>::OfferNotFound)?;
        ensure!(offer.member == who, Error::<T>::NotAuthorized);
        Offers::<T>::remove(id);
        OfferCounts::<T>::mutate_exists(&who, |slot| {
            *slot = slot
                .map(|count| count.saturating_sub(1))
                .filter(|count| *count > 0);
        });
        Self::deposit_event(Event::OfferWithdrawn { offer: id });
        Ok(())
    }

    pub(crate) fn do_redeem(
        who: AccountIdOf<T>,
        id: OfferId,
        price: Balance,
        commitment: Digest,
    ) -> DispatchResult {
        let mut offer = Offers::<T>::get(id).ok_or(Error::<T>::OfferNotFound)?;
        ensure!(offer.member != who, Error::<T>::OwnOffer);
        // Nobody is there to honour it otherwise, and the price would be held until it expires.
        ensure!(
            T::Membership::is_admitted(&offer.member),
            Error::<T>::NotAdmitted
        );
        ensure!(offer.left > 0, Error::<T>::SoldOut);
        ensure!(offer.price <= price, Error::<T>::TooExpensive);
        T::Currency::hold(&HoldReason::Voucher.into(), &who, offer.price)?;
        offer.left = offer.left.saturating_sub(1);
        let expires = T::BlockNumberProvider::current_block_number().saturating_add(offer.validity);
        let voucher = NextVoucherId::<T>::get();
        NextVoucherId::<T>::put(voucher.saturating_add(1));
        Vouchers::<T>::insert(
            voucher,
            Voucher {
                holder: who.clone(),
                member: offer.member.clone(),
                offer: id,
                price: offer.price,
                commitment,
                expires,
            },
        );
        Offers::<T>::insert(id, offer);
        Self::deposit_event(Event::Redeemed {
            voucher,
            offer: id,
            holder: who,
            expires,
        });
        Ok(())
    }

    pub(crate) fn do_honour(who: AccountIdOf<T>, id: VoucherId, secret: Secret) -> DispatchResult {
        let voucher = Self::voucher(id)?;
        ensure!(
            voucher.member == T::Membership::principal(&who),
            Error::<T>::NotAuthorized
        );
        ensure!(!Self::has_expired(&voucher), Error::<T>::VoucherExpired);
        ensure!(
            voucher.commitment == Digest::from(blake2_256(&secret)),
            Error::<T>::WrongSecret
        );
        T::Currency::transfer_on_hold(
            &HoldReason::Voucher.into(),
            &voucher.holder,
            &voucher.member,
            voucher.price,
            Precision::Exact,
            Restriction::Free,
            Fortitude::Polite,
        )?;
        Vouchers::<T>::remove(id);
        Self::deposit_event(Event::Honoured {
            voucher: id,
            member: voucher.member,
        });
        Ok(())
    }

    pub(crate) fn do_refund(who: AccountIdOf<T>, id: VoucherId) -> DispatchResult {
        let voucher = Self::voucher(id)?;
        if !Self::has_expired(&voucher) {
            let holds = voucher.holder == who;
            let gave = voucher.member == T::Membership::principal(&who);
            ensure!(holds || gave, Error::<T>::NotAuthorized);
            ensure!(gave, Error::<T>::VoucherValid);
        }
        T::Currency::release(
            &HoldReason::Voucher.into(),
            &voucher.holder,
            voucher.price,
            Precision::Exact,
        )?;
        Vouchers::<T>::remove(id);
        Self::deposit_event(Event::Refunded {
            voucher: id,
            holder: voucher.holder,
        });
        Ok(())
    }

    fn voucher(id: VoucherId) -> Result<VoucherOf<T>, DispatchError> {
        Ok(Vouchers::<T>::get(id).ok_or(Error::<T>::VoucherNotFound)?)
    }

    fn has_expired(voucher: &VoucherOf<T>) -> bool {
        T::BlockNumberProvider::current_block_number() >= voucher.expires
    }
}
