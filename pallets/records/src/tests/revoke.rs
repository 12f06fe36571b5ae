use polkadot_sdk::frame_support::{assert_noop, assert_ok};
use salus_primitives::{
    blobs::BlobAccess,
    records::{RecordAccess, Right},
};

use crate::{mock::*, *};

#[test]
fn effective_in_the_same_block() {
    build_and_execute(|| {
        let ids = [stored(1), stored(2)];
        let before = held(PATIENT);
        for id in ids {
            assert_ok!(share(id, RESEARCHER, BOTH));
            assert_ok!(share(id, INSURER, READ));
        }
        assert!(<RecordsPallet as BlobAccess<_>>::may_fetch(
            &RESEARCHER,
            &digest(3_001)
        ));
        // Withdrawing consent needs no membership.
        Members::change(PATIENT, |m| m.active = false);
        assert_ok!(RecordsPallet::revoke(
            signed(PATIENT),
            RESEARCHER,
            batch(ids.to_vec())
        ));
        for id in ids {
            assert!(!<RecordsPallet as RecordAccess<_>>::may(
                &RESEARCHER,
                &id,
                Right::Analyse,
                PURPOSE
            ));
            assert_event(Event::Revoked {
                record: id,
                grantee: RESEARCHER,
            });
        }
        assert!(!<RecordsPallet as BlobAccess<_>>::may_fetch(
            &RESEARCHER,
            &digest(3_001)
        ));
        // The other's share is untouched.
        assert!(<RecordsPallet as BlobAccess<_>>::may_fetch(
            &INSURER,
            &digest(3_001)
        ));
        assert_eq!(held(PATIENT) - before, 2 * (BASE + 100));
    });
}

#[test]
fn all_or_nothing() {
    build_and_execute(|| {
        let (id, unshared) = (stored(1), stored(2));
        assert_ok!(share(id, RESEARCHER, READ));
        let revoke = |who, ids| RecordsPallet::revoke(signed(who), RESEARCHER, batch(ids));
        assert_noop!(revoke(PATIENT, vec![]), Error::<Test>::NothingNamed);
        assert_noop!(
            revoke(PATIENT, vec![id, digest(0)]),
            Error::<Test>::RecordNotFound
        );
        assert_noop!(
            revoke(PATIENT, vec![id, unshared]),
            Error::<Test>::ShareNotFound
        );
        assert_noop!(revoke(PATIENT, vec![id, id]), Error::<Test>::ShareNotFound);
        assert_noop!(
            revoke(OTHER_PATIENT, vec![id]),
            Error::<Test>::NotAuthorized
        );
        assert_noop!(revoke(RESEARCHER, vec![id]), Error::<Test>::NotAuthorized);
        assert!(Shares::<Test>::contains_key(id, RESEARCHER));
    });
}
