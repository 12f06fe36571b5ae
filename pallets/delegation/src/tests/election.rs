//! The election, and sessions with too few to elect.

use polkadot_sdk::frame_support::assert_ok;
use salus_primitives::stake::Standing;

use crate::{mock::*, Event, NextDue};

#[test]
fn the_best_backed_are_elected() {
    ExtBuilder::default().build_and_execute(|| {
        assert_eq!(Session::validators(), vec![1, 2, 3, 4]);
        next_session();
        assert_event(Event::Elected {
            session: 2,
            validators: 4,
        });
        assert_eq!(elected(), vec![6, 5, 4, 3]);
        // Planned, not yet in office.
        assert_eq!(Session::validators(), vec![1, 2, 3, 4]);

        delegate(ALICE, 1, 45_000);
        next_session();
        assert_eq!(Session::validators(), vec![6, 5, 4, 3]);
        assert_eq!(elected(), vec![6, 1, 5, 4]);
        next_session();
        assert_eq!(Session::validators(), vec![6, 1, 5, 4]);
    });
}

#[test]
fn ties_go_to_the_larger_bond_then_to_the_smaller_account() {
    ExtBuilder::default()
        .candidates([1, 2, 3, 4])
        .build_and_execute(|| {
            // 1, 2, 3 and 4 are all backed with 40,000, by bonds of 10,000 to 40,000.
            for who in 1..=3 {
                delegate(ALICE, who, 40_000 - bond_of(who));
            }
            assert_eq!(Delegation::would_be_elected(), vec![4, 3, 2, 1]);
            for who in [8, 7] {
                assert_ok!(Delegation::register_candidate(
                    signed(who),
                    40_000,
                    Default::default()
                ));
            }
            assert_eq!(Delegation::would_be_elected(), vec![4, 7, 8, 3]);
        });
}

#[test]
fn who_is_passed_over() {
    ExtBuilder::default().build_and_execute(|| {
        let standing = |who| Delegation::standing(&who, &candidate(who));
        assert_eq!(standing(6), Standing::Electable);
        pallet_session::NextKeys::<Test>::remove(6);
        assert_eq!(standing(6), Standing::NoSessionKeys);
        NOT_INSTITUTIONS.with_borrow_mut(|set| set.insert(6));
        assert_eq!(standing(6), Standing::NotInstitution);
        report(4, 0, 1, 95).unwrap();
        assert_eq!(standing(4), Standing::Chilled);
        Delegation::leave(signed(5)).unwrap();
        assert_eq!(standing(5), Standing::Leaving);
        assert_eq!(Delegation::would_be_elected(), vec![3, 2, 1]);
        run_to_session(DEFERRAL);
        Delegation::back(signed(4)).unwrap();
        assert_eq!(standing(4), Standing::Electable);
        report(4, DEFERRAL, 2, 99).unwrap();
        Delegation::back(signed(4)).unwrap();
        run_to_session(2 * DEFERRAL);
        assert_eq!(standing(4), Standing::BondTooSmall);
        // It can recover.
        assert_ok!(Delegation::add_bond(signed(4), MIN_BOND));
        assert_eq!(standing(4), Standing::Electable);
    });
}

#[test]
fn too_few_candidates_keep_the_validators() {
    ExtBuilder::default()
        .candidates([1, 2, 3])
        .build_and_execute(|| {
            run_to_session(3);
            assert_eq!(Session::validators(), vec![3, 2, 1]);
            Delegation::leave(signed(1)).unwrap();
            Delegation::leave(signed(2)).unwrap();
            let promised = candidate(1).leaving.unwrap();
            assert_eq!(Delegation::would_be_elected(), Vec::<u64>::new());
            run_to_session(8);
            assert_event(Event::ValidatorsKept { session: 9 });
            assert_eq!(elected(), vec![3, 2, 1]);
            assert_eq!(Session::validators(), vec![3, 2, 1]);
            // Who validates stays bonded, against its will too.
            assert_eq!(promised, 4 + UNBONDING);
            assert_eq!(candidate(1).leaving, Some(9 + UNBONDING));

            for who in [7, 8] {
                assert_ok!(Delegation::register_candidate(
                    signed(who),
                    MIN_BOND,
                    Default::default()
                ));
            }
            run_to_session(10);
            assert_eq!(Session::validators(), vec![3, 7, 8]);
            run_to_session(9 + UNBONDING);
            assert_ok!(Delegation::withdraw_bond(signed(1)));
        });
}

#[test]
fn every_session_has_its_historical_root() {
    ExtBuilder::default().candidates([1]).build_and_execute(|| {
        for n in 0..6 {
            for known in (n + 1u32).saturating_sub(REPORT + 1)..=n + 1 {
                assert!(
                    pallet_session::historical::HistoricalSessions::<Test>::contains_key(known),
                    "session {known} in session {n}"
                );
            }
            next_session();
        }
        assert!(
            !pallet_session::historical::HistoricalSessions::<Test>::contains_key(5 - REPORT - 1)
        );
    });
}

#[test]
fn a_chain_that_gets_the_pallet_later_has_nothing_due() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_session(5);
        NextDue::<Test>::kill();
        next_block();
        assert_eq!(NextDue::<Test>::get(), 6);
        Delegation::endow_pot();
        assert_eq!(free(Delegation::pot()), DEPOSIT);
    });
}
