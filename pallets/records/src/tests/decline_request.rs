use polkadot_sdk::frame_support::{assert_noop, assert_ok};

use crate::{mock::*, *};

#[test]
fn patient_declines() {
    build_and_execute(|| {
        let id = requested(vec![]);
        for who in [RESEARCHER, OTHER_PATIENT] {
            assert_noop!(
                RecordsPallet::decline_request(signed(who), id),
                Error::<Test>::NotAuthorized
            );
        }
        // Withholding consent needs no membership.
        Members::change(PATIENT, |m| m.active = false);
        assert_ok!(RecordsPallet::decline_request(signed(PATIENT), id));
        assert_eq!(held(RESEARCHER), 0);
        assert_last_event(Event::RequestDeclined { request: id });
        assert_noop!(
            RecordsPallet::decline_request(signed(PATIENT), id),
            Error::<Test>::RequestNotFound
        );
    });
}
