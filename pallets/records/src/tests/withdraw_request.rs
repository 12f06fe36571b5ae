use polkadot_sdk::frame_support::{assert_noop, assert_ok};

use crate::{mock::*, *};

#[test]
fn requester_withdraws() {
    build_and_execute(|| {
        let id = requested(vec![]);
        // Leaving does not bind the deposit.
        Members::change(RESEARCHER, |m| m.active = false);
        assert_ok!(RecordsPallet::withdraw_request(signed(RESEARCHER), id));
        assert_eq!(held(RESEARCHER), 0);
        assert_eq!(Requests::<Test>::iter().count(), 0);
        assert!(!PendingRequests::<Test>::contains_key(PATIENT));
        assert_last_event(Event::RequestWithdrawn {
            request: id,
            by: WithdrawRight::Requester,
        });
    });
}

#[test]
fn anybody_clears_a_lapsed_one() {
    build_and_execute(|| {
        let id = requested(vec![]);
        Now::set(EXPIRES - 1);
        for who in [STRANGER, PATIENT] {
            assert_noop!(
                RecordsPallet::withdraw_request(signed(who), id),
                Error::<Test>::NotAuthorized
            );
        }
        Now::set(EXPIRES);
        assert_ok!(RecordsPallet::withdraw_request(signed(STRANGER), id));
        assert_eq!(held(RESEARCHER), 0);
        assert_last_event(Event::RequestWithdrawn {
            request: id,
            by: WithdrawRight::Lapsed,
        });
        assert_noop!(
            RecordsPallet::withdraw_request(signed(RESEARCHER), id),
            Error::<Test>::RequestNotFound
        );
    });
}
