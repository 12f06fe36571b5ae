use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok},
    sp_runtime::TokenError,
};
use salus_primitives::{
    blobs::BlobAccess,
    membership::Role,
    records::{RecordAccess, RecordId, Right, Rights},
};

use crate::{mock::*, *};

fn store_own(who: AccountId) -> Result<(), polkadot_sdk::sp_runtime::DispatchError> {
    RecordsPallet::store_own(signed(who), digest(5), 9, blob(1), key(1))
}

/// A data set of `HOSPITAL`'s own.
fn own() -> RecordId {
    assert_ok!(store_own(HOSPITAL));
    RecordsPallet::record_id(&HOSPITAL, &HOSPITAL, &digest(5))
}

#[test]
fn a_data_set_is_stored_at_once() {
    build_and_execute(|| {
        System::set_block_number(12);
        let id = own();
        let deposit = |amount| Deposit {
            payer: HOSPITAL,
            amount,
        };
        assert_eq!(
            Records::<Test>::get(id).unwrap(),
            Record {
                patient: HOSPITAL,
                institution: HOSPITAL,
                commitment: digest(5),
                format: 9,
                released_at: 12,
                state: State::Stored(Storage {
                    blob: blob(1),
                    recipient: key(1),
                    retired: 0,
                    stored_at: 12,
                    deposit: deposit(BASE + BLOB_PRICE),
                }),
                shares: 0,
                deposit: deposit(BASE),
            }
        );
        assert!(RecordsOf::<Test>::contains_key(HOSPITAL, id));
        assert_eq!(
            BlobOwner::<Test>::get(digest(1)),
            Some((BlobRole::Stored, id))
        );
        assert_event(Event::Released {
            record: id,
            patient: HOSPITAL,
            institution: HOSPITAL,
            by: Signer::Institution,
        });
        assert_last_event(Event::Stored {
            record: id,
            patient: HOSPITAL,
            blob: digest(1),
        });
        assert_noop!(store_own(HOSPITAL), Error::<Test>::AlreadyExists);
    });
}

#[test]
fn its_institution_has_the_say_over_it() {
    build_and_execute(|| {
        let id = own();
        let share = |who, rights: Rights| {
            RecordsPallet::share(
                signed(who),
                RESEARCHER,
                batch(vec![(id, rights.read.then(|| capsule(100)))]),
                rights,
                PURPOSE,
                EXPIRES,
                None,
            )
        };
        for other in [CLINIC, PATIENT] {
            assert_noop!(share(other, ANALYSE), Error::<Test>::NotAuthorized);
        }
        // The operator key stores and shares nothing.
        assert_noop!(share(OPERATOR, ANALYSE), Error::<Test>::NotOwner);
        assert_ok!(share(HOSPITAL, ANALYSE));
        let may = |right| <RecordsPallet as RecordAccess<_>>::may(&RESEARCHER, &id, right, PURPOSE);
        assert!(may(Right::Analyse));
        assert!(!may(Right::Read));
        let fetches = |who| <RecordsPallet as BlobAccess<_>>::may_fetch(&who, &digest(1));
        assert!(fetches(HOSPITAL));
        assert!(!fetches(RESEARCHER));

        assert_noop!(
            RecordsPallet::withdraw_release(signed(HOSPITAL), id),
            Error::<Test>::NotReleased
        );
        assert_ok!(RecordsPallet::move_blob(
            signed(HOSPITAL),
            id,
            blob(2),
            key(2),
            Default::default()
        ));
        assert!(may(Right::Analyse), "a share without key survives a rekey");
        assert_ok!(RecordsPallet::revoke(
            signed(HOSPITAL),
            RESEARCHER,
            batch(vec![id])
        ));
        assert!(!may(Right::Analyse));
        assert_ok!(RecordsPallet::terminate(signed(HOSPITAL), id, None));
        assert_eq!(held(HOSPITAL), BASE + 2 * RETIRED_PRICE);
        assert_eq!(
            <RecordsPallet as RecordAccess<_>>::owner(&id),
            Some(HOSPITAL)
        );
    });
}

#[test]
fn it_can_be_asked_for() {
    build_and_execute(|| {
        let id = own();
        assert_ok!(RecordsPallet::request_access(
            signed(RESEARCHER),
            HOSPITAL,
            batch(vec![id]),
            PURPOSE,
            EXPIRES
        ));
        assert_ok!(RecordsPallet::share(
            signed(HOSPITAL),
            RESEARCHER,
            batch(vec![(id, None)]),
            ANALYSE,
            PURPOSE,
            EXPIRES,
            Some(0)
        ));
        assert_eq!(Requests::<Test>::iter().count(), 0);
    });
}

#[test]
fn by_an_active_institution_itself_only() {
    build_and_execute(|| {
        for who in [OPERATOR, PATIENT, RESEARCHER, REGULATOR, STRANGER] {
            assert_noop!(store_own(who), Error::<Test>::NotInstitution);
        }
        Members::change(HOSPITAL, |m| m.active = false);
        assert_noop!(store_own(HOSPITAL), Error::<Test>::NotInstitution);
        // One that is not active any more gives nothing, but takes back.
        Members::change(HOSPITAL, |m| m.active = true);
        let id = own();
        Members::change(HOSPITAL, |m| m.active = false);
        assert_noop!(
            RecordsPallet::share(
                signed(HOSPITAL),
                RESEARCHER,
                batch(vec![(id, None)]),
                ANALYSE,
                PURPOSE,
                EXPIRES,
                None
            ),
            Error::<Test>::NotOwner
        );
        assert_ok!(RecordsPallet::terminate(signed(HOSPITAL), id, None));
    });
}

#[test]
fn key_and_blob_must_be_new() {
    build_and_execute(|| {
        let store = |blob, key| RecordsPallet::store_own(signed(HOSPITAL), digest(5), 9, blob, key);
        assert_noop!(
            store(blob(1), own_key(HOSPITAL)),
            Error::<Test>::KeyNotFresh
        );
        stored(2);
        assert_noop!(store(blob(3_002), key(1)), Error::<Test>::BlobInUse);
        let mut empty = blob(1);
        empty.size = 0;
        assert_noop!(store(empty, key(1)), Error::<Test>::InvalidBlob);
    });
}

#[test]
fn its_deposits_have_to_be_paid() {
    build_and_execute(|| {
        Members::add(POOR, Role::Institution);
        assert_noop!(store_own(POOR), TokenError::FundsUnavailable);
    });
}
