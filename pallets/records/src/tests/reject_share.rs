use polkadot_sdk::frame_support::{assert_noop, assert_ok};
use salus_primitives::{
    blobs::BlobAccess,
    records::{RecordAccess, Right},
};

use crate::{mock::*, *};

#[test]
fn grantee_rejects() {
    build_and_execute(|| {
        let id = stored(1);
        assert_ok!(share(id, RESEARCHER, BOTH));
        assert_ok!(RecordsPallet::reject_share(signed(RESEARCHER), id));
        let share = Shares::<Test>::get(id, RESEARCHER).unwrap();
        assert_eq!(share.state, ShareState::Rejected);
        assert!(!<RecordsPallet as BlobAccess<_>>::may_fetch(
            &RESEARCHER,
            &digest(3_001)
        ));
        for right in [Right::Read, Right::Analyse] {
            assert!(!<RecordsPallet as RecordAccess<_>>::may(
                &RESEARCHER,
                &id,
                right,
                PURPOSE
            ));
        }
        assert_last_event(Event::ShareRejected {
            record: id,
            grantee: RESEARCHER,
        });
        assert_noop!(
            RecordsPallet::reject_share(signed(RESEARCHER), id),
            Error::<Test>::AlreadyRejected
        );
    });
}

#[test]
fn only_ones_own_share_that_carries_a_key() {
    build_and_execute(|| {
        let id = stored(1);
        assert_ok!(share(id, RESEARCHER, ANALYSE));
        assert_noop!(
            RecordsPallet::reject_share(signed(INSURER), id),
            Error::<Test>::ShareNotFound
        );
        assert_noop!(
            RecordsPallet::reject_share(signed(RESEARCHER), digest(0)),
            Error::<Test>::ShareNotFound
        );
        assert_noop!(
            RecordsPallet::reject_share(signed(RESEARCHER), id),
            Error::<Test>::NoCapsule
        );
    });
}
