//! The recovery account and its notice period.
use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok},
    sp_runtime::DispatchError,
};
use salus_primitives::membership::Membership;

use crate::{mock::*, *};
type E = Error<Test>;

fn set(recovery: Option<AccountId>) -> Result<(), DispatchError> {
    Registry::set_recovery(signed(PATIENT), recovery)
}

#[test]
fn a_change_waits_and_can_be_vetoed() {
    build_and_execute(|| {
        assert_noop!(set(None), E::NotFound);
        register(PATIENT);
        assert_noop!(set(None), E::RecoveryNotFound);
        assert_noop!(set(Some(PATIENT)), E::InvalidRecovery);
        assert_ok!(set(Some(RECOVERY)));
        assert_last_event(Event::RecoverySet {
            member: PATIENT,
            recovery: RECOVERY,
        });
        let veto = |by| Registry::veto_recovery(signed(by), PATIENT);
        assert_noop!(veto(RECOVERY), E::RecoveryNotFound);
        assert_ok!(set(None));
        let at = 1 + DELAY;
        assert_last_event(Event::RecoveryChangeProposed {
            member: PATIENT,
            recovery: None,
            at,
        });
        assert_noop!(veto(STRANGER), E::NotAuthorized);
        System::set_block_number(at - 1);
        assert_eq!(Registry::recovery(&PATIENT), Some(RECOVERY));
        assert_noop!(Registry::end(signed(PATIENT), PATIENT), E::RecoverySet);
        assert_ok!(veto(RECOVERY));
        assert_last_event(Event::RecoveryChangeStopped {
            member: PATIENT,
            by: RECOVERY,
        });
        System::set_block_number(at);
        assert_eq!(Registry::recovery(&PATIENT), Some(RECOVERY));
        apply(TEAM);
        assert_noop!(
            Registry::set_recovery(signed(TEAM), Some(KEY)),
            E::NotActive
        );
    });
}

#[test]
fn a_change_comes_into_force_by_itself() {
    build_and_execute(|| {
        register(PATIENT);
        assert_ok!(set(Some(RECOVERY)));
        assert_ok!(set(Some(STRANGER)));
        System::set_block_number(1 + DELAY);
        assert_eq!(Registry::recovery(&PATIENT), Some(STRANGER));
        assert_noop!(
            Registry::veto_recovery(signed(RECOVERY), PATIENT),
            E::NotAuthorized
        );
        assert_ok!(set(None));
        assert_ok!(set(Some(STRANGER)));
        assert_last_event(Event::RecoveryChangeStopped {
            member: PATIENT,
            by: PATIENT,
        });
        assert_noop!(set(Some(STRANGER)), E::RecoveryNotFound);
        assert_ok!(set(None));
        System::set_block_number(1 + 2 * DELAY);
        assert_ok!(Registry::end(signed(PATIENT), PATIENT));
    });
}
