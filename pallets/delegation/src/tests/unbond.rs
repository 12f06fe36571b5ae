//! `unbond` and `withdraw`.

use polkadot_sdk::frame_support::{assert_noop, assert_ok};

use crate::{mock::*, Delegations, Error, Event, Pools, SubPools, MAX_UNBONDING};

#[test]
fn stake_comes_back_after_the_unbonding_period() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(ALICE, 6, 1_000);
        let unlocks = 1 + UNBONDING;
        assert_ok!(Delegation::unbond(signed(ALICE), 6, 300));
        assert_eq!(
            last_event(),
            Event::Unbonding {
                delegator: ALICE,
                candidate: 6,
                amount: 300,
                unlocks
            }
        );
        assert_eq!(worth(ALICE, 6), 700);
        assert_ok!(Delegation::unbond(signed(ALICE), 6, 200));
        next_session();
        assert_ok!(Delegation::unbond(signed(ALICE), 6, 100));

        run_to_session(unlocks - 1);
        assert_noop!(
            Delegation::withdraw(signed(ALICE), 6),
            Error::<Test>::NothingToWithdraw
        );
        next_session();
        assert_ok!(Delegation::withdraw(signed(ALICE), 6));
        assert_eq!(
            last_event(),
            Event::Withdrawn {
                delegator: ALICE,
                candidate: 6,
                amount: 500
            }
        );
        assert_eq!(free(ALICE), START - 500);
        next_session();
        assert_ok!(Delegation::withdraw(signed(ALICE), 6));
        assert_eq!(free(ALICE), START - 400);
        assert_eq!(SubPools::<Test>::iter().count(), 0);
    });
}

#[test]
fn the_last_one_out_leaves_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(ALICE, 6, 1_000);
        // Less than the smallest delegation would stay: all goes.
        assert_ok!(Delegation::unbond(
            signed(ALICE),
            6,
            1_000 - MIN_DELEGATION + 1
        ));
        assert_eq!(Pools::<Test>::iter().count(), 0);
        assert_noop!(
            Delegation::unbond(signed(ALICE), 6, 1),
            Error::<Test>::AmountTooSmall
        );
        run_to_session(1 + UNBONDING);
        assert_ok!(Delegation::withdraw(signed(ALICE), 6));
        assert_eq!(Delegations::<Test>::iter().count(), 0);
        assert_eq!(free(ALICE), START);
        assert_eq!(free(Delegation::pot()), DEPOSIT);
    });
}

#[test]
fn stake_comes_back_from_a_candidate_that_is_gone() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(ALICE, 2, 1_000);
        Delegation::leave(signed(2)).unwrap();
        run_to_session(1 + UNBONDING);
        Delegation::withdraw_bond(signed(2)).unwrap();
        assert_ok!(Delegation::unbond(signed(ALICE), 2, 1_000));
        run_to_session(2 + 2 * UNBONDING);
        assert_ok!(Delegation::withdraw(signed(ALICE), 2));
        assert_eq!(free(ALICE), START);
    });
}

#[test]
fn what_is_refused() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(ALICE, 6, 10_000);
        assert_noop!(
            Delegation::unbond(signed(BOB), 6, 1),
            Error::<Test>::DelegationNotFound
        );
        assert_noop!(
            Delegation::withdraw(signed(BOB), 6),
            Error::<Test>::DelegationNotFound
        );
        assert_noop!(
            Delegation::unbond(signed(ALICE), 6, 0),
            Error::<Test>::AmountTooSmall
        );
        for _ in 0..MAX_UNBONDING {
            assert_ok!(Delegation::unbond(signed(ALICE), 6, 100));
            next_session();
        }
        // The oldest part can just be withdrawn, which makes room.
        assert_noop!(
            Delegation::unbond(signed(ALICE), 6, 100),
            Error::<Test>::TooManyUnbonding
        );
        next_session();
        assert_ok!(Delegation::withdraw(signed(ALICE), 6));
        assert_ok!(Delegation::unbond(signed(ALICE), 6, 100));
    });
}
