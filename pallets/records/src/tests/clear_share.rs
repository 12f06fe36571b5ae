use polkadot_sdk::frame_support::{assert_noop, assert_ok};

use crate::{mock::*, *};

#[test]
fn expired() {
    build_and_execute(|| {
        let id = stored(1);
        let before = held(PATIENT);
        assert_ok!(share(id, RESEARCHER, BOTH));
        Now::set(EXPIRES - 1);
        assert_noop!(
            RecordsPallet::clear_share(signed(STRANGER), id, RESEARCHER),
            Error::<Test>::ShareInForce
        );
        Now::set(EXPIRES);
        assert_ok!(RecordsPallet::clear_share(signed(STRANGER), id, RESEARCHER));
        assert_eq!(held(PATIENT), before);
        assert_last_event(Event::ShareCleared {
            record: id,
            grantee: RESEARCHER,
            reason: ClearReason::Expired,
        });
    });
}

#[test]
fn rejected() {
    build_and_execute(|| {
        let id = stored(1);
        assert_ok!(share(id, RESEARCHER, READ));
        assert_ok!(RecordsPallet::reject_share(signed(RESEARCHER), id));
        assert_ok!(RecordsPallet::clear_share(signed(STRANGER), id, RESEARCHER));
        assert_last_event(Event::ShareCleared {
            record: id,
            grantee: RESEARCHER,
            reason: ClearReason::Rejected,
        });
    });
}

#[test]
fn of_a_terminated_record() {
    build_and_execute(|| {
        let id = stored(1);
        assert_ok!(share(id, RESEARCHER, READ));
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), id, None));
        assert_eq!(held(PATIENT), RETIRED_PRICE + BASE + 100);
        assert_ok!(RecordsPallet::clear_share(signed(STRANGER), id, RESEARCHER));
        assert_eq!(held(PATIENT), RETIRED_PRICE);
        assert_eq!(Records::<Test>::get(id).unwrap().shares, 0);
        assert_last_event(Event::ShareCleared {
            record: id,
            grantee: RESEARCHER,
            reason: ClearReason::RecordTerminated,
        });
    });
}

#[test]
fn that_is_not_there() {
    build_and_execute(|| {
        assert_noop!(
            RecordsPallet::clear_share(signed(STRANGER), digest(0), RESEARCHER),
            Error::<Test>::RecordNotFound
        );
        let id = stored(1);
        assert_noop!(
            RecordsPallet::clear_share(signed(STRANGER), id, RESEARCHER),
            Error::<Test>::ShareNotFound
        );
    });
}
