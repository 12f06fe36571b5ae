//! Registration of patients, applications.
use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok},
    sp_core::H256,
};
use salus_primitives::membership::{Membership, Role};

use crate::{mock::*, *};
type E = Error<Test>;

#[test]
fn a_patient_registers() {
    build_and_execute(|| {
        register(PATIENT);
        assert_last_event(Event::PatientRegistered {
            who: PATIENT,
            payer: PATIENT,
        });
        assert_eq!(Registry::role(&PATIENT), Some(Role::Patient));
        assert_eq!(Registry::recipient(&PATIENT), Some((0, [9; 32])));
        assert_eq!(deposit_of(PATIENT), REGISTRATION);
        assert_eq!(Counters::<Test>::get(Role::Patient), 1);
    });
}

#[test]
fn only_new_accounts_with_a_key_register() {
    build_and_execute(|| {
        register(PATIENT);
        let call = |who, key| Registry::register_patient(signed(who), H256::zero(), key, None);
        assert_noop!(call(PATIENT, [1; 32]), E::AlreadyExists);
        assert_noop!(call(OPERATOR, [1; 32]), E::OperatorIsMember);
        assert_noop!(call(STRANGER, [0; 32]), E::InvalidRecipient);
        assert!(call(POOR, [1; 32]).is_err());
    });
}

#[test]
fn applies_and_withdraws() {
    build_and_execute(|| {
        let before = Balances::free_balance(TEAM);
        apply(TEAM);
        assert_last_event(Event::Applied {
            who: TEAM,
            role: RESEARCH,
        });
        assert_eq!(Registry::role(&TEAM), None);
        assert_eq!(deposit_of(TEAM), APPLICATION);
        assert_noop!(
            Registry::apply(signed(TEAM), RESEARCH, H256::zero(), [1; 32]),
            E::AlreadyExists
        );
        assert_noop!(
            Registry::apply(signed(STRANGER), Role::Patient, H256::zero(), [1; 32]),
            E::InvalidRole
        );
        assert_ok!(Registry::withdraw_application(signed(TEAM)));
        assert_last_event(Event::ApplicationWithdrawn { who: TEAM });
        assert_eq!(Balances::free_balance(TEAM), before);
        assert_noop!(Registry::withdraw_application(signed(TEAM)), E::NotApplying);
        assert_noop!(
            Registry::withdraw_application(signed(HOSPITAL)),
            E::NotApplying
        );
        register(TEAM);
    });
}
