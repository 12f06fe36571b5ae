use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok},
    sp_runtime::TokenError,
};
use salus_primitives::{blobs::BlobPointer, Digest};

use crate::{mock::*, *};

fn release(
    who: AccountId,
    blob: BlobPointer,
) -> Result<(), polkadot_sdk::sp_runtime::DispatchError> {
    RecordsPallet::release(signed(who), PATIENT, digest(5), 9, blob)
}

#[test]
fn institution_releases() {
    build_and_execute(|| {
        System::set_block_number(12);
        Members::change(PATIENT, |m| m.key = Some((3, own_key(PATIENT))));
        assert_ok!(release(HOSPITAL, blob(1)));
        let id = RecordsPallet::record_id(&HOSPITAL, &PATIENT, &digest(5));
        let record = Records::<Test>::get(id).unwrap();
        assert_eq!(record.patient, PATIENT);
        assert_eq!(record.institution, HOSPITAL);
        assert_eq!(record.commitment, digest(5));
        assert_eq!(record.format, 9);
        assert_eq!(record.released_at, 12);
        let State::Released(delivery) = record.state else {
            panic!("not released")
        };
        assert_eq!(delivery.blob, blob(1));
        assert_eq!(delivery.key_version, 3);
        assert_eq!(
            BlobOwner::<Test>::get(digest(1)),
            Some((BlobRole::Delivery, id))
        );
        assert_eq!(held(HOSPITAL), BASE + BLOB_PRICE);
        assert_last_event(Event::Released {
            record: id,
            patient: PATIENT,
            institution: HOSPITAL,
            by: Signer::Institution,
        });
    });
}

#[test]
fn identifier_is_the_documented_hash() {
    build_and_execute(|| {
        let mut bytes = Vec::new();
        bytes.extend(HOSPITAL.to_le_bytes());
        bytes.extend(PATIENT.to_le_bytes());
        bytes.extend(digest(5).0);
        let expected: Digest = polkadot_sdk::sp_io::hashing::blake2_256(&bytes).into();
        assert_eq!(
            RecordsPallet::record_id(&HOSPITAL, &PATIENT, &digest(5)),
            expected
        );
    });
}

#[test]
fn operator_key_releases_for_its_institution() {
    build_and_execute(|| {
        assert_ok!(release(OPERATOR, blob(1)));
        let id = RecordsPallet::record_id(&HOSPITAL, &PATIENT, &digest(5));
        assert_eq!(held(HOSPITAL), BASE + BLOB_PRICE);
        assert_eq!(held(OPERATOR), 0);
        assert_last_event(Event::Released {
            record: id,
            patient: PATIENT,
            institution: HOSPITAL,
            by: Signer::Operator,
        });
    });
}

#[test]
fn only_active_institutions_release() {
    build_and_execute(|| {
        for who in [PATIENT, RESEARCHER, REGULATOR, STRANGER] {
            assert_noop!(release(who, blob(1)), Error::<Test>::NotInstitution);
        }
        Members::change(HOSPITAL, |m| m.active = false);
        assert_noop!(release(HOSPITAL, blob(1)), Error::<Test>::NotInstitution);
        assert_noop!(release(OPERATOR, blob(1)), Error::<Test>::NotInstitution);
    });
}

#[test]
fn only_to_active_patients_with_a_key() {
    build_and_execute(|| {
        let to = |patient| RecordsPallet::release(signed(HOSPITAL), patient, digest(5), 9, blob(1));
        for who in [STRANGER, CLINIC, RESEARCHER] {
            assert_noop!(to(who), Error::<Test>::NotPatient);
        }
        Members::change(PATIENT, |m| m.active = false);
        assert_noop!(to(PATIENT), Error::<Test>::NotPatient);
        Members::change(OTHER_PATIENT, |m| m.key = None);
        assert_noop!(to(OTHER_PATIENT), Error::<Test>::NotPatient);
    });
}

#[test]
fn not_twice() {
    build_and_execute(|| {
        assert_ok!(release(HOSPITAL, blob(1)));
        assert_noop!(release(HOSPITAL, blob(2)), Error::<Test>::AlreadyExists);
        // The same content from another institution is another record.
        assert_ok!(release(CLINIC, blob(2)));
        assert_eq!(RecordsOf::<Test>::iter_prefix(PATIENT).count(), 2);
    });
}

#[test]
fn blob_must_be_usable_and_nobody_elses() {
    build_and_execute(|| {
        let mut empty = blob(1);
        empty.size = 0;
        assert_noop!(release(HOSPITAL, empty), Error::<Test>::InvalidBlob);
        let mut nowhere = blob(1);
        nowhere.location = Default::default();
        assert_noop!(release(HOSPITAL, nowhere), Error::<Test>::InvalidBlob);
        assert_ok!(release(CLINIC, blob(1)));
        assert_noop!(release(HOSPITAL, blob(1)), Error::<Test>::BlobInUse);
    });
}

#[test]
fn institution_must_afford_the_deposit() {
    build_and_execute(|| {
        Members::add(POOR, salus_primitives::membership::Role::Institution);
        assert_noop!(release(POOR, blob(1)), TokenError::FundsUnavailable);
    });
}
