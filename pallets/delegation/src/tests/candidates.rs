//! `register_candidate`, `add_bond`, `set_commission`, `leave`, `withdraw_bond`.

use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok},
    sp_runtime::{Perbill, TokenError},
};

use crate::{mock::*, Candidates, Error, Event, MAX_CANDIDATES};

const TENTH: Perbill = Perbill::from_percent(10);

#[test]
fn an_institution_enters_and_leaves_with_its_bond() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Delegation::register_candidate(signed(7), 5_000, TENTH));
        assert_eq!(
            last_event(),
            Event::CandidateRegistered {
                candidate: 7,
                bond: 5_000,
                commission: TENTH
            }
        );
        assert_eq!(held(7), 5_000);
        assert_ok!(Delegation::add_bond(signed(7), 50));
        assert_eq!(
            last_event(),
            Event::BondAdded {
                candidate: 7,
                amount: 50
            }
        );
        assert_eq!(held(7), 5_050);

        assert_noop!(
            Delegation::withdraw_bond(signed(7)),
            Error::<Test>::NotLeaving
        );
        // It may be elected for the next session, and stays bonded from its end on.
        let unlocks = 1 + UNBONDING;
        assert_ok!(Delegation::leave(signed(7)));
        assert_eq!(
            last_event(),
            Event::CandidateLeft {
                candidate: 7,
                unlocks
            }
        );
        assert_noop!(Delegation::leave(signed(7)), Error::<Test>::Leaving);
        assert_noop!(Delegation::add_bond(signed(7), 50), Error::<Test>::Leaving);
        run_to_session(unlocks - 1);
        assert_noop!(
            Delegation::withdraw_bond(signed(7)),
            Error::<Test>::BondLocked
        );
        next_session();
        assert_ok!(Delegation::withdraw_bond(signed(7)));
        assert_eq!(
            last_event(),
            Event::BondWithdrawn {
                candidate: 7,
                amount: 5_050
            }
        );
        assert_eq!((held(7), free(7)), (0, START));

        // And may come again.
        assert_ok!(Delegation::register_candidate(signed(7), 1_000, TENTH));
    });
}

#[test]
fn a_bond_waits_for_a_pending_slash() {
    ExtBuilder::default().build_and_execute(|| {
        Delegation::leave(signed(1)).unwrap();
        run_to_session(1 + UNBONDING);
        report(1, session(), 1, 10).unwrap();
        assert_noop!(
            Delegation::withdraw_bond(signed(1)),
            Error::<Test>::SlashPending
        );
        run_to_session(1 + UNBONDING + DEFERRAL);
        assert_ok!(Delegation::withdraw_bond(signed(1)));
        assert_eq!(free(1), START - bond_of(1) / 10);
    });
}

#[test]
fn who_may_be_a_candidate() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Delegation::register_candidate(signed(ALICE), 5_000, TENTH),
            Error::<Test>::NotInstitution
        );
        assert_noop!(
            Delegation::register_candidate(signed(1), 5_000, TENTH),
            Error::<Test>::AlreadyExists
        );
        assert_noop!(
            Delegation::register_candidate(signed(7), MIN_BOND - 1, TENTH),
            Error::<Test>::BondTooSmall
        );
        assert_noop!(
            Delegation::register_candidate(signed(7), START, TENTH),
            TokenError::FundsUnavailable
        );
        pallet_session::NextKeys::<Test>::remove(7);
        assert_noop!(
            Delegation::register_candidate(signed(7), 5_000, TENTH),
            Error::<Test>::NoSessionKeys
        );
        for refused in [
            Delegation::add_bond(signed(7), 1),
            Delegation::set_commission(signed(7), TENTH),
            Delegation::leave(signed(7)),
            Delegation::withdraw_bond(signed(7)),
        ] {
            assert_eq!(refused, Err(Error::<Test>::CandidateNotFound.into()));
        }
    });
}

#[test]
fn there_is_room_for_a_hundred() {
    ExtBuilder::default().build_and_execute(|| {
        for n in Candidates::<Test>::count()..MAX_CANDIDATES {
            let who = 10_001 + u64::from(n);
            polkadot_sdk::frame_support::assert_ok!(Balances::force_set_balance(
                RuntimeOrigin::root(),
                who,
                START
            ));
            set_keys(who);
            assert_ok!(Delegation::register_candidate(signed(who), MIN_BOND, TENTH));
        }
        assert_noop!(
            Delegation::register_candidate(signed(7), MIN_BOND, TENTH),
            Error::<Test>::TooManyCandidates
        );
    });
}

#[test]
fn a_commission_falls_at_once_and_rises_with_notice() {
    ExtBuilder::default().build_and_execute(|| {
        let set = |percent| {
            Delegation::set_commission(signed(6), Perbill::from_percent(percent)).unwrap();
        };
        let in_force = || candidate(6).commission_in(session());
        set(5);
        assert_eq!(in_force(), Perbill::from_percent(5));

        set(20);
        assert_eq!(
            last_event(),
            Event::CommissionSet {
                candidate: 6,
                commission: Perbill::from_percent(20),
                from: NOTICE
            }
        );
        run_to_session(NOTICE - 1);
        assert_eq!(in_force(), Perbill::from_percent(5));
        // A second announcement takes the place of the first, and its notice is its own.
        set(30);
        next_session();
        assert_eq!(in_force(), Perbill::from_percent(5));
        run_to_session(2 * NOTICE - 1);
        assert_eq!(in_force(), Perbill::from_percent(30));

        // Lowering drops what is announced.
        set(40);
        set(29);
        run_to_session(4 * NOTICE);
        assert_eq!(in_force(), Perbill::from_percent(29));
        assert_eq!(candidate(6).announced, None);
    });
}
