use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok},
    sp_runtime::TokenError,
};
use salus_primitives::{membership::Role, Moment};

use crate::{mock::*, *};

fn request(
    who: AccountId,
    patient: AccountId,
    expires: Moment,
) -> polkadot_sdk::sp_runtime::DispatchResult {
    RecordsPallet::request_access(signed(who), patient, batch(vec![]), PURPOSE, expires)
}

#[test]
fn member_asks() {
    build_and_execute(|| {
        let id = released(1);
        System::set_block_number(6);
        assert_ok!(RecordsPallet::request_access(
            signed(RESEARCHER),
            PATIENT,
            batch(vec![id]),
            PURPOSE,
            EXPIRES
        ));
        let request = Requests::<Test>::get(0).unwrap();
        assert_eq!(request.requester, RESEARCHER);
        assert_eq!(request.patient, PATIENT);
        assert_eq!(request.purpose, PURPOSE);
        assert_eq!(request.records.to_vec(), vec![id]);
        assert_eq!(request.created, 6);
        assert_eq!(request.expires, EXPIRES);
        assert_eq!(PendingRequests::<Test>::get(PATIENT), 1);
        assert!(RequestsOf::<Test>::contains_key(PATIENT, 0));
        assert_eq!(held(RESEARCHER), BASE + 33 * PER_BYTE);
        assert_last_event(Event::AccessRequested {
            request: 0,
            requester: RESEARCHER,
            patient: PATIENT,
            purpose: PURPOSE,
        });
    });
}

#[test]
fn only_admitted_members_ask_and_only_who_can_own_records_is_asked() {
    build_and_execute(|| {
        for who in [STRANGER, OTHER_PATIENT, OPERATOR] {
            assert_noop!(request(who, PATIENT, EXPIRES), Error::<Test>::NotAdmitted);
        }
        for who in [STRANGER, INSURER, OPERATOR] {
            assert_noop!(request(RESEARCHER, who, EXPIRES), Error::<Test>::NotOwner);
        }
        Members::change(RESEARCHER, |m| m.active = false);
        assert_noop!(
            request(RESEARCHER, PATIENT, EXPIRES),
            Error::<Test>::NotAdmitted
        );
    });
}

#[test]
fn expiry_lies_ahead_but_not_too_far() {
    build_and_execute(|| {
        for expires in [0, START, START + MAX_TERM + 1, Moment::MAX] {
            assert_noop!(
                request(RESEARCHER, PATIENT, expires),
                Error::<Test>::InvalidExpiry
            );
        }
        assert_ok!(request(RESEARCHER, PATIENT, START + 1));
        assert_ok!(request(RESEARCHER, PATIENT, START + MAX_TERM));
    });
}

#[test]
fn records_must_be_the_patients() {
    build_and_execute(|| {
        let other = released_to(OTHER_PATIENT, 1);
        for (id, error) in [
            (digest(0), Error::<Test>::RecordNotFound),
            (other, Error::<Test>::RequestMismatch),
        ] {
            assert_noop!(
                RecordsPallet::request_access(
                    signed(RESEARCHER),
                    PATIENT,
                    batch(vec![id]),
                    PURPOSE,
                    EXPIRES
                ),
                error
            );
        }
    });
}

#[test]
fn pending_requests_are_bounded_for_each_patient() {
    build_and_execute(|| {
        for _ in 0..MAX_REQUESTS {
            assert_ok!(request(RESEARCHER, PATIENT, EXPIRES));
        }
        assert_noop!(
            request(INSURER, PATIENT, EXPIRES),
            Error::<Test>::TooManyRequests
        );
        assert_ok!(request(INSURER, OTHER_PATIENT, EXPIRES));
        assert_ok!(RecordsPallet::decline_request(signed(PATIENT), 1));
        assert_ok!(request(INSURER, PATIENT, EXPIRES));
    });
}

#[test]
fn member_must_afford_the_deposit() {
    build_and_execute(|| {
        Members::add(POOR, Role::Regulator);
        assert_noop!(
            request(POOR, PATIENT, EXPIRES),
            TokenError::FundsUnavailable
        );
    });
}
