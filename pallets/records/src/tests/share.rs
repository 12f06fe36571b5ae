use polkadot_sdk::frame_support::{assert_noop, assert_ok};
use salus_primitives::{
    blobs::Capsule,
    membership::Role,
    records::{RecordId, Rights},
    Moment,
};

use crate::{mock::*, *};

/// Shares records of `PATIENT` with `RESEARCHER` to read.
fn give(
    items: Vec<(RecordId, Option<Capsule>)>,
    request: Option<RequestId>,
) -> polkadot_sdk::sp_runtime::DispatchResult {
    RecordsPallet::share(
        signed(PATIENT),
        RESEARCHER,
        batch(items),
        READ,
        PURPOSE,
        EXPIRES,
        request,
    )
}

#[test]
fn patient_shares_many_at_once() {
    build_and_execute(|| {
        let ids = [stored(1), stored(2)];
        let before = held(PATIENT);
        System::set_block_number(9);
        Members::change(RESEARCHER, |m| m.key = Some((4, own_key(RESEARCHER))));
        assert_ok!(give(ids.map(|id| (id, Some(capsule(200)))).to_vec(), None));
        for id in ids {
            let share = Shares::<Test>::get(id, RESEARCHER).unwrap();
            assert_eq!(share.rights, READ);
            assert_eq!(share.purpose, PURPOSE);
            assert_eq!(share.expires, EXPIRES);
            assert_eq!(share.capsule, Some(capsule(200)));
            assert_eq!(share.key_version, 4);
            assert_eq!(share.granted_at, 9);
            assert_eq!(share.request, None);
            assert_eq!(share.state, ShareState::Active);
            assert_eq!(Records::<Test>::get(id).unwrap().shares, 1);
            assert_event(Event::Shared {
                record: id,
                grantee: RESEARCHER,
                rights: READ,
                purpose: PURPOSE,
                expires: EXPIRES,
                request: None,
            });
        }
        assert_eq!(held(PATIENT) - before, 2 * (BASE + 200 * PER_BYTE));
    });
}

#[test]
fn any_active_member_can_be_the_grantee() {
    build_and_execute(|| {
        let id = stored(1);
        for who in [CLINIC, OTHER_PATIENT, RESEARCHER, REGULATOR] {
            assert_ok!(share(id, who, BOTH));
        }
        assert_noop!(share(id, STRANGER, BOTH), Error::<Test>::NotMember);
        Members::change(INSURER, |m| m.active = false);
        assert_noop!(share(id, INSURER, BOTH), Error::<Test>::NotMember);
        Members::change(INSURER, |m| (m.active, m.key) = (true, None));
        assert_noop!(share(id, INSURER, BOTH), Error::<Test>::NotMember);
        assert_noop!(share(id, PATIENT, BOTH), Error::<Test>::GranteeIsPatient);
    });
}

#[test]
fn only_an_active_patient_shares_own_records() {
    build_and_execute(|| {
        let id = stored(1);
        let by = |who| {
            RecordsPallet::share(
                signed(who),
                RESEARCHER,
                batch(vec![(id, None)]),
                ANALYSE,
                PURPOSE,
                EXPIRES,
                None,
            )
        };
        assert_noop!(by(RESEARCHER), Error::<Test>::NotOwner);
        assert_noop!(by(HOSPITAL), Error::<Test>::NotAuthorized);
        assert_noop!(by(OTHER_PATIENT), Error::<Test>::NotAuthorized);
        Members::change(PATIENT, |m| m.active = false);
        assert_noop!(by(PATIENT), Error::<Test>::NotOwner);
    });
}

#[test]
fn capsule_exactly_with_the_right_to_read() {
    build_and_execute(|| {
        let id = stored(1);
        let with = |rights, capsule| {
            RecordsPallet::share(
                signed(PATIENT),
                RESEARCHER,
                batch(vec![(id, capsule)]),
                rights,
                PURPOSE,
                EXPIRES,
                None,
            )
        };
        let none = Rights {
            read: false,
            analyse: false,
        };
        assert_noop!(with(none, None), Error::<Test>::NoRights);
        assert_noop!(with(READ, None), Error::<Test>::CapsuleMismatch);
        assert_noop!(with(BOTH, None), Error::<Test>::CapsuleMismatch);
        assert_noop!(with(READ, Some(capsule(0))), Error::<Test>::CapsuleMismatch);
        assert_noop!(
            with(ANALYSE, Some(capsule(9))),
            Error::<Test>::CapsuleMismatch
        );
        assert_ok!(with(READ, Some(capsule(9))));
        assert_ok!(with(BOTH, Some(capsule(9))));
        assert_ok!(with(ANALYSE, None));
    });
}

#[test]
fn expiry_lies_ahead_but_not_too_far() {
    build_and_execute(|| {
        let id = stored(1);
        let until = |expires: Moment| {
            RecordsPallet::share(
                signed(PATIENT),
                RESEARCHER,
                batch(vec![(id, None)]),
                ANALYSE,
                PURPOSE,
                expires,
                None,
            )
        };
        for expires in [0, START, START + MAX_TERM + 1, Moment::MAX] {
            assert_noop!(until(expires), Error::<Test>::InvalidExpiry);
        }
        assert_ok!(until(START + 1));
        assert_ok!(until(START + MAX_TERM));
    });
}

#[test]
fn all_or_nothing() {
    build_and_execute(|| {
        let good = stored(1);
        let waiting = released(2);
        let ended = stored(3);
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), ended, None));
        for (bad, error) in [
            (digest(0), Error::<Test>::RecordNotFound),
            (waiting, Error::<Test>::NotStored),
            (ended, Error::<Test>::RecordTerminated),
        ] {
            let items = vec![(good, Some(capsule(9))), (bad, Some(capsule(9)))];
            assert_noop!(give(items, None), error);
        }
        assert_noop!(give(vec![], None), Error::<Test>::NothingNamed);
        assert_eq!(Shares::<Test>::iter().count(), 0);
    });
}

#[test]
fn sharing_again_replaces() {
    build_and_execute(|| {
        let id = stored(1);
        let before = held(PATIENT);
        assert_ok!(give(vec![(id, Some(capsule(300)))], None));
        assert_ok!(RecordsPallet::reject_share(signed(RESEARCHER), id));
        assert_ok!(share(id, RESEARCHER, ANALYSE));
        let share = Shares::<Test>::get(id, RESEARCHER).unwrap();
        assert_eq!((share.rights, share.capsule), (ANALYSE, None));
        assert_eq!(share.state, ShareState::Active);
        assert_eq!(Records::<Test>::get(id).unwrap().shares, 1);
        assert_eq!(held(PATIENT) - before, BASE);
    });
}

#[test]
fn shares_of_a_record_are_bounded() {
    build_and_execute(|| {
        let id = stored(1);
        let grantees = 100..100 + u64::from(MAX_SHARES);
        for who in grantees.clone() {
            Members::add(who, Role::Regulator);
            assert_ok!(share(id, who, ANALYSE));
        }
        assert_noop!(share(id, RESEARCHER, ANALYSE), Error::<Test>::TooManyShares);
        // Replacing takes no place.
        assert_ok!(share(id, grantees.start, READ));
        assert_ok!(RecordsPallet::revoke(
            signed(PATIENT),
            grantees.start,
            batch(vec![id])
        ));
        assert_ok!(share(id, RESEARCHER, ANALYSE));
    });
}

#[test]
fn a_request_is_answered_and_gone() {
    build_and_execute(|| {
        let ids = [stored(1), stored(2)];
        let request = requested(ids.to_vec());
        assert_ok!(give(vec![(ids[0], Some(capsule(9)))], Some(request)));
        assert_eq!(held(RESEARCHER), 0);
        assert_eq!(Requests::<Test>::iter().count(), 0);
        assert_eq!(
            Shares::<Test>::get(ids[0], RESEARCHER).unwrap().request,
            Some(request)
        );
        assert_last_event(Event::Shared {
            record: ids[0],
            grantee: RESEARCHER,
            rights: READ,
            purpose: PURPOSE,
            expires: EXPIRES,
            request: Some(request),
        });
        assert_noop!(
            give(vec![(ids[1], Some(capsule(9)))], Some(request)),
            Error::<Test>::RequestNotFound
        );
        // A request that names no records takes any.
        let open = requested(vec![]);
        assert_ok!(give(vec![(ids[1], Some(capsule(9)))], Some(open)));
    });
}

#[test]
fn an_answer_fits_the_request() {
    build_and_execute(|| {
        let (id, other) = (stored(1), stored(2));
        let request = requested(vec![id]);
        let answer = |grantee, record, purpose, request| {
            RecordsPallet::share(
                signed(PATIENT),
                grantee,
                batch(vec![(record, None)]),
                ANALYSE,
                purpose,
                EXPIRES,
                Some(request),
            )
        };
        for (grantee, record, purpose) in [
            (INSURER, id, PURPOSE),
            (RESEARCHER, other, PURPOSE),
            (RESEARCHER, id, PURPOSE + 1),
        ] {
            assert_noop!(
                answer(grantee, record, purpose, request),
                Error::<Test>::RequestMismatch
            );
        }
        // A request to another patient.
        assert_ok!(RecordsPallet::request_access(
            signed(RESEARCHER),
            OTHER_PATIENT,
            batch(vec![]),
            PURPOSE,
            EXPIRES
        ));
        assert_noop!(
            answer(RESEARCHER, id, PURPOSE, request + 1),
            Error::<Test>::RequestMismatch
        );
        Now::set(EXPIRES);
        assert_noop!(
            RecordsPallet::share(
                signed(PATIENT),
                RESEARCHER,
                batch(vec![(id, None)]),
                ANALYSE,
                PURPOSE,
                EXPIRES + 1,
                Some(request),
            ),
            Error::<Test>::RequestLapsed
        );
    });
}
