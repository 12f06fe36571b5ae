use polkadot_sdk::frame_support::assert_ok;
use salus_primitives::{
    blobs::BlobAccess,
    records::{RecordAccess, RecordId, Right, StoredRecord},
};

use crate::mock::*;

fn may(who: AccountId, id: RecordId, right: Right, purpose: u16) -> bool {
    <RecordsPallet as RecordAccess<_>>::may(&who, &id, right, purpose)
}

fn may_fetch(who: AccountId, seed: u64) -> bool {
    <RecordsPallet as BlobAccess<_>>::may_fetch(&who, &digest(seed))
}

fn is_referenced(seed: u64) -> bool {
    <RecordsPallet as BlobAccess<_>>::is_referenced(&digest(seed))
}

#[test]
fn a_delivery_is_for_the_patient_only() {
    build_and_execute(|| {
        let id = released(1);
        assert!(is_referenced(2_001));
        assert!(may_fetch(PATIENT, 2_001));
        for who in [HOSPITAL, OPERATOR, RESEARCHER, OTHER_PATIENT] {
            assert!(!may_fetch(who, 2_001));
        }
        assert!(<RecordsPallet as RecordAccess<AccountId>>::stored(&id).is_none());
        assert!(!may(PATIENT, id, Right::Read, PURPOSE));
        assert_ok!(RecordsPallet::store(signed(PATIENT), id, blob(1), key(1)));
        assert!(!is_referenced(2_001));
        assert!(!may_fetch(PATIENT, 2_001));
    });
}

#[test]
fn a_stored_record_as_others_see_it() {
    build_and_execute(|| {
        let id = stored(1);
        assert_eq!(
            <RecordsPallet as RecordAccess<_>>::stored(&id),
            Some(StoredRecord {
                patient: PATIENT,
                institution: HOSPITAL,
                commitment: digest(1_001),
                blob: blob(3_001),
                recipient: key(3_001),
            })
        );
        assert!(<RecordsPallet as RecordAccess<AccountId>>::stored(&digest(0)).is_none());
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), id, None));
        assert!(<RecordsPallet as RecordAccess<AccountId>>::stored(&id).is_none());
    });
}

#[test]
fn the_patient_holds_every_right() {
    build_and_execute(|| {
        let id = stored(1);
        Members::change(PATIENT, |m| m.active = false);
        assert!(may_fetch(PATIENT, 3_001));
        for purpose in [0, PURPOSE, u16::MAX] {
            assert!(may(PATIENT, id, Right::Read, purpose));
            assert!(may(PATIENT, id, Right::Analyse, purpose));
        }
    });
}

#[test]
fn rights_are_apart_and_bound_to_the_purpose() {
    build_and_execute(|| {
        let id = stored(1);
        assert_ok!(share(id, RESEARCHER, READ));
        assert_ok!(share(id, INSURER, ANALYSE));
        assert!(may(RESEARCHER, id, Right::Read, PURPOSE));
        assert!(!may(RESEARCHER, id, Right::Analyse, PURPOSE));
        assert!(!may(RESEARCHER, id, Right::Read, PURPOSE + 1));
        assert!(may(INSURER, id, Right::Analyse, PURPOSE));
        assert!(!may(INSURER, id, Right::Read, PURPOSE));
        assert!(!may(INSURER, id, Right::Analyse, PURPOSE + 1));
        assert!(may_fetch(RESEARCHER, 3_001));
        assert!(!may_fetch(INSURER, 3_001));
        assert!(!may_fetch(HOSPITAL, 3_001));
        assert!(!may(HOSPITAL, id, Right::Read, PURPOSE));
    });
}

#[test]
fn a_share_ends_with_its_time_and_the_grantees_membership() {
    build_and_execute(|| {
        let id = stored(1);
        assert_ok!(share(id, RESEARCHER, BOTH));
        let allowed = || {
            let all = [
                may_fetch(RESEARCHER, 3_001),
                may(RESEARCHER, id, Right::Read, PURPOSE),
                may(RESEARCHER, id, Right::Analyse, PURPOSE),
            ];
            assert!(all.iter().all(|one| *one == all[0]));
            all[0]
        };
        Now::set(EXPIRES - 1);
        assert!(allowed());
        let consents = || {
            <RecordsPallet as RecordAccess<_>>::consents(&RESEARCHER, &id, Right::Analyse, PURPOSE)
        };
        Members::change(RESEARCHER, |m| m.active = false);
        assert!(!allowed());
        assert!(consents(), "the patient's consent is another matter");
        Members::change(RESEARCHER, |m| m.active = true);
        assert!(allowed() && consents());
        Now::set(EXPIRES);
        assert!(!allowed() && !consents());
    });
}

#[test]
fn nothing_is_known_of_other_blobs() {
    build_and_execute(|| {
        assert!(!is_referenced(1));
        assert!(!may_fetch(PATIENT, 1));
        assert!(!may(PATIENT, digest(1), Right::Read, PURPOSE));
    });
}
