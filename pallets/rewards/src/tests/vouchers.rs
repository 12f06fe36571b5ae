//! `redeem`, `honour`, `refund`.

use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok},
    sp_runtime::TokenError,
};

use crate::{mock::*, Error, Event, OfferKind, Offers, Vouchers};

const PRICE: u128 = 500;
const VALIDITY: u32 = 100;

/// Offer 0 of the hospital, of two vouchers.
fn offered() {
    Rewards::offer(
        signed(HOSPITAL),
        OfferKind::Treatment,
        PRICE,
        2,
        VALIDITY,
        Default::default(),
    )
    .unwrap();
}

fn redeem(who: AccountId) -> polkadot_sdk::sp_runtime::DispatchResult {
    Rewards::redeem(signed(who), 0, PRICE, commitment())
}

#[test]
fn a_voucher_is_used_once() {
    build_and_execute(|| {
        offered();
        assert_ok!(redeem(PATIENT));
        let expires = 1 + VALIDITY;
        assert_eq!(
            last_event(),
            Event::Redeemed {
                voucher: 0,
                offer: 0,
                holder: PATIENT,
                expires
            }
        );
        assert_eq!((held(PATIENT), free(PATIENT)), (PRICE, START - PRICE));
        assert_eq!(Offers::<Test>::get(0).unwrap().left, 1);

        assert_noop!(
            Rewards::honour(signed(CLINIC), 0, SECRET),
            Error::<Test>::NotAuthorized
        );
        assert_noop!(
            Rewards::honour(signed(HOSPITAL), 0, [8; 32]),
            Error::<Test>::WrongSecret
        );
        // By the operator key, of an offer that is not made any more.
        Rewards::withdraw_offer(signed(HOSPITAL), 0).unwrap();
        run_to(expires - 1);
        assert_ok!(Rewards::honour(signed(HOSPITAL + 100), 0, SECRET));
        assert_eq!(
            last_event(),
            Event::Honoured {
                voucher: 0,
                member: HOSPITAL
            }
        );
        assert_eq!((held(PATIENT), free(HOSPITAL)), (0, START + PRICE));
        assert_noop!(
            Rewards::honour(signed(HOSPITAL), 0, SECRET),
            Error::<Test>::VoucherNotFound
        );
    });
}

#[test]
fn an_unused_voucher_gives_its_price_back() {
    build_and_execute(|| {
        offered();
        assert_ok!(redeem(PATIENT));
        assert_ok!(redeem(OTHER_PATIENT));
        assert_noop!(
            Rewards::refund(signed(STRANGER), 0),
            Error::<Test>::NotAuthorized
        );
        assert_noop!(
            Rewards::refund(signed(PATIENT), 0),
            Error::<Test>::VoucherValid
        );
        // The member that cannot keep its promise gives it back at once.
        assert_ok!(Rewards::refund(signed(HOSPITAL), 1));
        assert_eq!(
            last_event(),
            Event::Refunded {
                voucher: 1,
                holder: OTHER_PATIENT
            }
        );
        run_to(1 + VALIDITY);
        assert_noop!(
            Rewards::honour(signed(HOSPITAL), 0, SECRET),
            Error::<Test>::VoucherExpired
        );
        // Anybody tidies up; the price goes to its holder.
        assert_ok!(Rewards::refund(signed(STRANGER), 0));
        assert_eq!(free(STRANGER), START);
        assert_eq!((free(PATIENT), free(OTHER_PATIENT)), (START, START));
        assert_noop!(
            Rewards::refund(signed(PATIENT), 0),
            Error::<Test>::VoucherNotFound
        );
        assert_eq!(Vouchers::<Test>::iter().count(), 0);
    });
}

#[test]
fn what_is_refused() {
    build_and_execute(|| {
        assert_noop!(redeem(PATIENT), Error::<Test>::OfferNotFound);
        offered();
        assert_noop!(redeem(HOSPITAL), Error::<Test>::OwnOffer);
        assert_noop!(
            Rewards::redeem(signed(PATIENT), 0, PRICE - 1, commitment()),
            Error::<Test>::TooExpensive
        );
        assert_noop!(redeem(POOR_PATIENT), TokenError::FundsUnavailable);
        SUSPENDED.with_borrow_mut(|set| set.insert(HOSPITAL));
        assert_noop!(redeem(PATIENT), Error::<Test>::NotAdmitted);
        SUSPENDED.with_borrow_mut(|set| set.clear());
        assert_ok!(redeem(PATIENT));
        assert_ok!(redeem(PATIENT));
        assert_noop!(redeem(PATIENT), Error::<Test>::SoldOut);
    });
}
