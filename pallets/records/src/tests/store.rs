use polkadot_sdk::frame_support::{assert_noop, assert_ok};

use crate::{mock::*, *};

#[test]
fn patient_stores() {
    build_and_execute(|| {
        let id = released(1);
        System::set_block_number(8);
        assert_ok!(RecordsPallet::store(signed(PATIENT), id, blob(1), key(1)));
        let record = Records::<Test>::get(id).unwrap();
        let State::Stored(storage) = record.state else {
            panic!("not stored")
        };
        assert_eq!(storage.blob, blob(1));
        assert_eq!(storage.recipient, key(1));
        assert_eq!(storage.stored_at, 8);
        // The delivery is gone, and with it its part of the institution's deposit.
        assert_eq!(BlobOwner::<Test>::get(digest(2_001)), None);
        assert_eq!(
            BlobOwner::<Test>::get(digest(1)),
            Some((BlobRole::Stored, id))
        );
        assert_eq!(held(HOSPITAL), BASE);
        assert_eq!(held(PATIENT), BASE + BLOB_PRICE);
        assert_last_event(Event::Stored {
            record: id,
            patient: PATIENT,
            blob: digest(1),
        });
    });
}

#[test]
fn a_jobs_blob_cannot_become_a_records() {
    build_and_execute(|| {
        let id = released(1);
        JobBlobs::set(vec![digest(1), digest(7)]);
        assert_noop!(
            RecordsPallet::store(signed(PATIENT), id, blob(1), key(1)),
            Error::<Test>::BlobInUse
        );
        // A result in the clear must not be opened to a patient as a delivery.
        assert_noop!(
            RecordsPallet::release(signed(CLINIC), OTHER_PATIENT, digest(5), 1, blob(7)),
            Error::<Test>::BlobInUse
        );
        JobBlobs::take();
        assert_ok!(RecordsPallet::store(signed(PATIENT), id, blob(1), key(1)));
    });
}

#[test]
fn delivery_digest_becomes_free() {
    build_and_execute(|| {
        let id = released(1);
        assert_ok!(RecordsPallet::store(signed(PATIENT), id, blob(1), key(1)));
        assert_ok!(RecordsPallet::release(
            signed(CLINIC),
            PATIENT,
            digest(5),
            1,
            blob(2_001)
        ));
    });
}

#[test]
fn only_the_patient_of_a_record_that_exists() {
    build_and_execute(|| {
        let id = released(1);
        assert_noop!(
            RecordsPallet::store(signed(PATIENT), digest(0), blob(1), key(1)),
            Error::<Test>::RecordNotFound
        );
        for who in [HOSPITAL, OTHER_PATIENT, STRANGER] {
            assert_noop!(
                RecordsPallet::store(signed(who), id, blob(1), key(1)),
                Error::<Test>::NotAuthorized
            );
        }
        Members::change(PATIENT, |m| m.active = false);
        assert_noop!(
            RecordsPallet::store(signed(PATIENT), id, blob(1), key(1)),
            Error::<Test>::NotPatient
        );
    });
}

#[test]
fn only_once_and_only_while_released() {
    build_and_execute(|| {
        let store = |id| RecordsPallet::store(signed(PATIENT), id, blob(9), key(9));
        let kept = stored(1);
        assert_noop!(store(kept), Error::<Test>::NotReleased);
        let disputed = released(2);
        assert_ok!(RecordsPallet::dispute(signed(PATIENT), disputed, digest(0)));
        assert_noop!(store(disputed), Error::<Test>::NotReleased);
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), disputed, None));
        assert_noop!(store(disputed), Error::<Test>::RecordTerminated);
    });
}

#[test]
fn key_must_not_be_the_patients_own() {
    build_and_execute(|| {
        let id = released(1);
        assert_noop!(
            RecordsPallet::store(signed(PATIENT), id, blob(1), own_key(PATIENT)),
            Error::<Test>::KeyNotFresh
        );
    });
}

#[test]
fn blob_must_be_new_and_usable() {
    build_and_execute(|| {
        let id = released(1);
        let store = |blob| RecordsPallet::store(signed(PATIENT), id, blob, key(1));
        stored(2);
        assert_noop!(store(blob(3_002)), Error::<Test>::BlobInUse);
        // Not even the record's own delivery, which opens with the patient's own key.
        assert_noop!(store(blob(2_001)), Error::<Test>::BlobInUse);
        let mut empty = blob(1);
        empty.size = 0;
        assert_noop!(store(empty), Error::<Test>::InvalidBlob);
    });
}
