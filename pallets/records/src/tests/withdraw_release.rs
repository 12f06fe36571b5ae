use polkadot_sdk::frame_support::{assert_noop, assert_ok};

use crate::{mock::*, *};

#[test]
fn institution_withdraws() {
    build_and_execute(|| {
        let id = released(1);
        assert_ok!(RecordsPallet::withdraw_release(signed(HOSPITAL), id));
        assert_eq!(held(HOSPITAL), 0);
        assert!(!Records::<Test>::contains_key(id));
        assert_eq!(RecordsOf::<Test>::iter_prefix(PATIENT).count(), 0);
        assert_eq!(BlobOwner::<Test>::iter().count(), 0);
        assert_last_event(Event::ReleaseWithdrawn {
            record: id,
            by: Signer::Institution,
        });
        // It can be made again.
        assert_eq!(released(1), id);
    });
}

#[test]
fn operator_key_withdraws_a_disputed_one() {
    build_and_execute(|| {
        let id = released(1);
        assert_ok!(RecordsPallet::dispute(signed(PATIENT), id, digest(0)));
        assert_ok!(RecordsPallet::withdraw_release(signed(OPERATOR), id));
        assert_eq!(held(HOSPITAL), 0);
        assert_last_event(Event::ReleaseWithdrawn {
            record: id,
            by: Signer::Operator,
        });
    });
}

#[test]
fn an_institution_that_left_can_free_its_deposit() {
    build_and_execute(|| {
        let id = released(1);
        Members::change(HOSPITAL, |m| m.active = false);
        assert_ok!(RecordsPallet::withdraw_release(signed(HOSPITAL), id));
    });
}

#[test]
fn proposals_to_end_go_with_it() {
    build_and_execute(|| {
        Members::change(PATIENT, |m| m.recovery = Some(RECOVERY));
        let id = released(1);
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), id, None));
        assert_ok!(RecordsPallet::withdraw_release(signed(HOSPITAL), id));
        assert_eq!(PendingEnds::<Test>::iter().count(), 0);
    });
}

#[test]
fn only_its_maker_and_only_before_it_is_stored() {
    build_and_execute(|| {
        let (id, kept) = (released(1), stored(2));
        assert_noop!(
            RecordsPallet::withdraw_release(signed(HOSPITAL), digest(0)),
            Error::<Test>::RecordNotFound
        );
        for who in [CLINIC, PATIENT, STRANGER] {
            assert_noop!(
                RecordsPallet::withdraw_release(signed(who), id),
                Error::<Test>::NotAuthorized
            );
        }
        assert_noop!(
            RecordsPallet::withdraw_release(signed(HOSPITAL), kept),
            Error::<Test>::NotReleased
        );
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), id, None));
        assert_noop!(
            RecordsPallet::withdraw_release(signed(HOSPITAL), id),
            Error::<Test>::RecordTerminated
        );
    });
}
