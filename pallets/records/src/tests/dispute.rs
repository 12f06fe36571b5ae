use polkadot_sdk::frame_support::{assert_noop, assert_ok};
use salus_primitives::blobs::BlobAccess;

use crate::{mock::*, *};

#[test]
fn patient_disputes() {
    build_and_execute(|| {
        let id = released(1);
        System::set_block_number(4);
        assert_ok!(RecordsPallet::dispute(signed(PATIENT), id, digest(77)));
        let State::Disputed {
            delivery,
            reason,
            at,
        } = Records::<Test>::get(id).unwrap().state
        else {
            panic!("not disputed")
        };
        assert_eq!((delivery.blob, reason, at), (blob(2_001), digest(77), 4));
        // The evidence stays.
        assert!(<RecordsPallet as BlobAccess<_>>::may_fetch(
            &PATIENT,
            &digest(2_001)
        ));
        assert_eq!(held(HOSPITAL), BASE + BLOB_PRICE);
        assert_last_event(Event::Disputed {
            record: id,
            reason: digest(77),
        });
    });
}

#[test]
fn only_the_patient_and_only_while_released() {
    build_and_execute(|| {
        let dispute = |who, id| RecordsPallet::dispute(signed(who), id, digest(0));
        let (id, kept) = (released(1), stored(2));
        assert_noop!(dispute(PATIENT, digest(0)), Error::<Test>::RecordNotFound);
        assert_noop!(dispute(HOSPITAL, id), Error::<Test>::NotAuthorized);
        assert_noop!(dispute(PATIENT, kept), Error::<Test>::NotReleased);
        assert_ok!(dispute(PATIENT, id));
        assert_noop!(dispute(PATIENT, id), Error::<Test>::NotReleased);
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), id, None));
        assert_noop!(dispute(PATIENT, id), Error::<Test>::RecordTerminated);
    });
}
