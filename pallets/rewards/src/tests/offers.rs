//! `offer` and `withdraw_offer`.

use polkadot_sdk::frame_support::{assert_noop, assert_ok};

use crate::{mock::*, Error, Event, OfferCounts, OfferKind, Offers};

fn offer(
    who: AccountId,
    price: u128,
    vouchers: u32,
    validity: u32,
) -> polkadot_sdk::sp_runtime::DispatchResult {
    Rewards::offer(
        signed(who),
        OfferKind::PremiumReduction,
        price,
        vouchers,
        validity,
        Default::default(),
    )
}

#[test]
fn a_member_offers_and_withdraws() {
    build_and_execute(|| {
        assert_ok!(offer(INSURER, 500, 3, 100));
        assert_eq!(
            last_event(),
            Event::Offered {
                offer: 0,
                member: INSURER,
                kind: OfferKind::PremiumReduction,
                price: 500
            }
        );
        assert_noop!(
            Rewards::withdraw_offer(signed(HOSPITAL), 0),
            Error::<Test>::NotAuthorized
        );
        assert_ok!(Rewards::withdraw_offer(signed(INSURER), 0));
        assert_eq!(last_event(), Event::OfferWithdrawn { offer: 0 });
        assert_noop!(
            Rewards::withdraw_offer(signed(INSURER), 0),
            Error::<Test>::OfferNotFound
        );
        assert_eq!(OfferCounts::<Test>::iter().count(), 0);
    });
}

#[test]
fn what_is_refused() {
    build_and_execute(|| {
        assert_noop!(offer(PATIENT, 500, 3, 100), Error::<Test>::NotAdmitted);
        for (price, vouchers, validity) in [
            (MIN_PRICE - 1, 3, 100),
            (500, 0, 100),
            (500, 3, 0),
            (500, 3, MAX_VALIDITY + 1),
        ] {
            assert_noop!(
                offer(INSURER, price, vouchers, validity),
                Error::<Test>::InvalidOffer
            );
        }
        for _ in 0..MAX_OFFERS {
            assert_ok!(offer(INSURER, 500, 3, MAX_VALIDITY));
        }
        assert_noop!(offer(INSURER, 500, 3, 100), Error::<Test>::TooManyOffers);
        Rewards::withdraw_offer(signed(INSURER), 1).unwrap();
        assert_ok!(offer(INSURER, 500, 3, 100));
        // Numbers are not used twice.
        assert!(Offers::<Test>::contains_key(MAX_OFFERS));
    });
}
