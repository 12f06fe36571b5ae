//! What the council decides, and the end.
use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok},
    sp_core::H256,
    sp_runtime::DispatchError,
};
use salus_primitives::membership::{Membership, Role};

use crate::{mock::*, *};
type E = Error<Test>;

#[test]
fn admission_lasts_for_its_term() {
    build_and_execute(|| {
        apply(TEAM);
        let root = RuntimeOrigin::root;
        assert_noop!(
            Registry::admit(signed(HOSPITAL), TEAM, TERM),
            DispatchError::BadOrigin
        );
        assert_noop!(Registry::admit(root(), TEAM, 99), E::InvalidTerm);
        assert_noop!(Registry::admit(root(), TEAM, 10_001), E::InvalidTerm);
        assert_noop!(Registry::admit(root(), STRANGER, TERM), E::NotFound);
        assert_ok!(Registry::admit(root(), TEAM, TERM));
        let term_end = START + TERM;
        assert_last_event(Event::Admitted {
            who: TEAM,
            role: RESEARCH,
            term_end,
        });
        assert_noop!(Registry::admit(root(), TEAM, TERM), E::NotApplying);
        Now::set(term_end - 1);
        assert_eq!(Registry::role(&TEAM), Some(RESEARCH));
        Now::set(term_end);
        assert_eq!(Registry::role(&TEAM), None);
        assert_ok!(Registry::renew(root(), TEAM, TERM));
        assert_last_event(Event::Renewed {
            who: TEAM,
            term_end: term_end + TERM,
        });
        assert_eq!(Registry::role(&TEAM), Some(RESEARCH));
    });
}

#[test]
fn suspends_and_reinstates() {
    build_and_execute(|| {
        admit(TEAM);
        register(PATIENT);
        let root = RuntimeOrigin::root;
        assert_noop!(
            Registry::suspend(signed(TEAM), TEAM),
            DispatchError::BadOrigin
        );
        assert_noop!(Registry::suspend(root(), PATIENT), E::NotAdmitted);
        assert_noop!(Registry::renew(root(), PATIENT, TERM), E::NotAdmitted);
        assert_noop!(Registry::reinstate(root(), TEAM), E::NotSuspended);
        assert_ok!(Registry::suspend(root(), TEAM));
        assert_last_event(Event::Suspended { who: TEAM });
        assert_eq!(Registry::role(&TEAM), None);
        assert_noop!(Registry::suspend(root(), TEAM), E::NotActive);
        assert_ok!(Registry::reinstate(root(), TEAM));
        assert_last_event(Event::Reinstated { who: TEAM });
        assert_eq!(Registry::role(&TEAM), Some(RESEARCH));
    });
}

#[test]
fn an_ended_pseudonym_is_never_used_again() {
    build_and_execute(|| {
        let before = Balances::free_balance(TEAM);
        admit(TEAM);
        assert_noop!(Registry::end(signed(STRANGER), TEAM), E::NotAuthorized);
        assert_ok!(Registry::end(signed(TEAM), TEAM));
        assert_last_event(Event::Ended {
            who: TEAM,
            by: EndedBy::Member,
        });
        assert_eq!(Balances::free_balance(TEAM), before - TOMBSTONE);
        assert_eq!(Counters::<Test>::get(RESEARCH), 0);
        assert_eq!(Registry::recipient(&TEAM), Some((0, [8; 32])));
        assert_noop!(Registry::end(signed(TEAM), TEAM), E::NotFound);
        assert_noop!(
            Registry::register_patient(signed(TEAM), H256::zero(), [1; 32], None),
            E::AlreadyExists
        );
    });
}

#[test]
fn the_council_ends_members_and_declines_but_not_patients() {
    build_and_execute(|| {
        register(PATIENT);
        apply(TEAM);
        let root = RuntimeOrigin::root;
        assert_noop!(Registry::end(root(), PATIENT), E::NotAdmitted);
        assert_ok!(Registry::end(root(), HOSPITAL));
        assert_last_event(Event::Ended {
            who: HOSPITAL,
            by: EndedBy::Council,
        });
        assert_eq!(Registry::member_of(&OPERATOR), None);
        assert_ok!(Registry::end(root(), TEAM));
        assert_eq!(deposit_of(TEAM), 0);
        assert!(!Members::<Test>::contains_key(TEAM));
    });
}

#[test]
fn what_stays_after_the_end_stays_paid_for() {
    build_and_execute(|| {
        register(PATIENT);
        assert_ok!(Registry::rotate_key(signed(PATIENT), [7; 32]));
        assert_ok!(Registry::end(signed(PATIENT), PATIENT));
        let paid = TOMBSTONE + 120;
        assert_eq!(deposit_of(PATIENT), paid);
        assert_eq!(Members::<Test>::get(PATIENT).unwrap().deposit, paid);
        // A deposit that does not suffice stays as it is.
        RegistrationDeposit::set(10);
        assert_ok!(Balances::transfer_allow_death(signed(HOSPITAL), KEY, 1_000));
        register(KEY);
        assert_ok!(Registry::end(signed(KEY), KEY));
        assert_eq!(deposit_of(KEY), 10);
    });
}

#[test]
fn an_institution_with_a_term_loses_its_role() {
    build_and_execute(|| {
        assert_eq!(Registry::role(&CLINIC), Some(Role::Institution));
        Now::set(CLINIC_END);
        assert_eq!(Registry::role(&CLINIC), None);
        assert_eq!(Registry::role(&HOSPITAL), Some(Role::Institution));
        assert_eq!(System::event_count(), 0);
    });
}
