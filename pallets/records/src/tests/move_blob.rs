use polkadot_sdk::frame_support::{assert_noop, assert_ok, dispatch::PostDispatchInfo, BoundedVec};
use salus_primitives::{
    blobs::{BlobAccess, BlobPointer, Capsule},
    membership::Recipient,
    records::RecordId,
};

use crate::{mock::*, *};

fn move_to(
    id: RecordId,
    blob: BlobPointer,
    recipient: Recipient,
    capsules: Vec<(AccountId, Capsule)>,
) -> Result<PostDispatchInfo, polkadot_sdk::sp_runtime::DispatchErrorWithPostInfo<PostDispatchInfo>>
{
    RecordsPallet::move_blob(
        signed(PATIENT),
        id,
        blob,
        recipient,
        BoundedVec::truncate_from(capsules),
    )
}

#[test]
fn rekey_ends_read_shares_without_a_new_capsule() {
    build_and_execute(|| {
        let id = stored(1);
        assert_ok!(share(id, RESEARCHER, READ));
        assert_ok!(share(id, INSURER, BOTH));
        assert_ok!(share(id, REGULATOR, ANALYSE));
        let before = held(PATIENT);
        Members::change(RESEARCHER, |m| m.key = Some((2, own_key(RESEARCHER))));
        let info = move_to(id, blob(9), key(9), vec![(RESEARCHER, capsule(150))]).unwrap();
        assert_eq!(
            info.actual_weight,
            Some(<() as WeightInfo>::move_blob(3)),
            "only the shares there are weigh"
        );
        let State::Stored(storage) = Records::<Test>::get(id).unwrap().state else {
            panic!("not stored")
        };
        assert_eq!((storage.blob, storage.recipient), (blob(9), key(9)));
        assert_eq!(storage.stored_at, 1);
        assert_eq!(
            BlobOwner::<Test>::get(digest(3_001)),
            Some((BlobRole::Retired, id))
        );
        assert_eq!(
            BlobOwner::<Test>::get(digest(9)),
            Some((BlobRole::Stored, id))
        );
        let kept = Shares::<Test>::get(id, RESEARCHER).unwrap();
        assert_eq!((kept.capsule, kept.key_version), (Some(capsule(150)), 2));
        assert!(!Shares::<Test>::contains_key(id, INSURER));
        assert!(Shares::<Test>::contains_key(id, REGULATOR));
        assert_eq!(before - held(PATIENT), BASE + 100 - 50 - RETIRED_PRICE);
        assert_event(Event::Revoked {
            record: id,
            grantee: INSURER,
        });
        assert_last_event(Event::Moved {
            record: id,
            blob: digest(9),
            rekeyed: true,
            kept: 1,
            ended: 1,
        });
    });
}

#[test]
fn a_revoked_reader_cannot_have_the_old_blob_served_again() {
    build_and_execute(|| {
        let id = stored(1);
        assert_ok!(share(id, CLINIC, READ));
        assert_ok!(move_to(id, blob(9), key(9), vec![]));
        let old = digest(3_001);
        assert!(!<RecordsPallet as BlobAccess<AccountId>>::is_referenced(
            &old
        ));
        // Nor as another pallet's blob.
        assert!(<RecordsPallet as BlobAccess<AccountId>>::is_taken(&old));
        for who in [PATIENT, CLINIC] {
            assert!(!<RecordsPallet as BlobAccess<_>>::may_fetch(&who, &old));
        }
        assert_noop!(
            RecordsPallet::release(signed(CLINIC), OTHER_PATIENT, digest(5), 1, blob(3_001)),
            Error::<Test>::BlobInUse
        );
    });
}

#[test]
fn rekey_mends_a_rejected_share() {
    build_and_execute(|| {
        let id = stored(1);
        assert_ok!(share(id, RESEARCHER, READ));
        assert_ok!(RecordsPallet::reject_share(signed(RESEARCHER), id));
        assert_ok!(move_to(id, blob(9), key(9), vec![(RESEARCHER, capsule(9))]));
        assert!(<RecordsPallet as BlobAccess<_>>::may_fetch(
            &RESEARCHER,
            &digest(9)
        ));
    });
}

#[test]
fn a_move_to_another_gateway_ends_nothing() {
    build_and_execute(|| {
        let id = stored(1);
        assert_ok!(share(id, RESEARCHER, READ));
        let mut elsewhere = blob(3_001);
        elsewhere.location = BoundedVec::truncate_from(b"http://other".to_vec());
        assert_ok!(move_to(id, elsewhere, key(3_001), vec![]));
        assert!(Shares::<Test>::contains_key(id, RESEARCHER));
        assert_last_event(Event::Moved {
            record: id,
            blob: digest(3_001),
            rekeyed: false,
            kept: 0,
            ended: 0,
        });
    });
}

#[test]
fn protecting_data_needs_no_membership() {
    build_and_execute(|| {
        let id = stored(1);
        Members::change(PATIENT, |m| m.active = false);
        assert_ok!(move_to(id, blob(9), key(9), vec![]));
    });
}

#[test]
fn content_and_key_change_together() {
    build_and_execute(|| {
        let id = stored(1);
        for (blob, key) in [
            (blob(9), key(3_001)),
            (blob(3_001), key(9)),
            (blob(9), own_key(PATIENT)),
        ] {
            assert_noop!(move_to(id, blob, key, vec![]), Error::<Test>::KeyNotFresh);
        }
    });
}

#[test]
fn blob_must_be_new_and_usable() {
    build_and_execute(|| {
        let id = stored(1);
        stored(2);
        assert_noop!(
            move_to(id, blob(3_002), key(9), vec![]),
            Error::<Test>::BlobInUse
        );
        for seed in [9, 3_001] {
            let mut nowhere = blob(seed);
            nowhere.location = Default::default();
            assert_noop!(
                move_to(id, nowhere, key(seed), vec![]),
                Error::<Test>::InvalidBlob
            );
        }
    });
}

#[test]
fn capsules_are_for_read_shares() {
    build_and_execute(|| {
        let id = stored(1);
        assert_ok!(share(id, RESEARCHER, READ));
        assert_ok!(share(id, REGULATOR, ANALYSE));
        let with = |capsules| move_to(id, blob(9), key(9), capsules);
        assert_noop!(
            with(vec![(INSURER, capsule(9))]),
            Error::<Test>::ShareNotFound
        );
        assert_noop!(
            with(vec![(REGULATOR, capsule(9))]),
            Error::<Test>::CapsuleMismatch
        );
        assert_noop!(
            with(vec![(RESEARCHER, capsule(0))]),
            Error::<Test>::CapsuleMismatch
        );
        Members::change(RESEARCHER, |m| m.key = None);
        assert_noop!(
            with(vec![(RESEARCHER, capsule(9))]),
            Error::<Test>::NotMember
        );
    });
}

#[test]
fn only_the_patient_and_only_while_stored() {
    build_and_execute(|| {
        let (id, waiting) = (stored(1), released(2));
        assert_noop!(
            move_to(digest(0), blob(9), key(9), vec![]),
            Error::<Test>::RecordNotFound
        );
        assert_noop!(
            RecordsPallet::move_blob(signed(HOSPITAL), id, blob(9), key(9), BoundedVec::default()),
            Error::<Test>::NotAuthorized
        );
        assert_noop!(
            move_to(waiting, blob(9), key(9), vec![]),
            Error::<Test>::NotStored
        );
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), id, None));
        assert_noop!(
            move_to(id, blob(9), key(9), vec![]),
            Error::<Test>::RecordTerminated
        );
    });
}
