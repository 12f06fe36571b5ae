//! `delegate`.

use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok, traits::fungible::Mutate},
    sp_runtime::TokenError,
};

use crate::{mock::*, Delegations, Error, Event, NextDue, Pool, Pools};

#[test]
fn stake_is_shares_of_a_pool() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Delegation::delegate(signed(ALICE), 6, 1_000));
        assert_eq!(
            last_event(),
            Event::Delegated {
                delegator: ALICE,
                candidate: 6,
                amount: 1_000,
                shares: 1_000
            }
        );
        assert_eq!(free(ALICE), START - 1_000);
        assert_ok!(Delegation::delegate(signed(ALICE), 6, 1));
        assert_ok!(Delegation::delegate(signed(ALICE), 5, 500));
        assert_ok!(Delegation::delegate(signed(BOB), 6, 999));
        assert_eq!(
            Pools::<Test>::get(6),
            Pool {
                value: 2_000,
                shares: 2_000,
                generation: 0
            }
        );
        assert_eq!((worth(ALICE, 6), worth(ALICE, 5)), (1_001, 500));

        // A pool that gained sells its shares dearer, and rounds for itself.
        Pools::<Test>::mutate(6, |pool| pool.value += 1_000);
        <Balances as Mutate<_>>::mint_into(&Delegation::pot(), 1_000).unwrap();
        assert_ok!(Delegation::delegate(signed(CAROL), 6, 1_000));
        assert_eq!(
            Delegations::<Test>::get(CAROL, 6).unwrap().shares,
            1_000 * 2_000 / 3_000
        );
        assert_eq!(worth(CAROL, 6), 999);
    });
}

#[test]
fn what_is_refused() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Delegation::delegate(signed(ALICE), STRANGER, 1_000),
            Error::<Test>::CandidateNotFound
        );
        assert_noop!(
            Delegation::delegate(signed(ALICE), 6, MIN_DELEGATION - 1),
            Error::<Test>::DelegationTooSmall
        );
        assert_noop!(
            Delegation::delegate(signed(ALICE), 6, START),
            TokenError::NotExpendable
        );
        Delegation::leave(signed(5)).unwrap();
        assert_noop!(
            Delegation::delegate(signed(ALICE), 5, 1_000),
            Error::<Test>::Leaving
        );
        report(6, 0, 1, 10).unwrap();
        assert_noop!(
            Delegation::delegate(signed(ALICE), 6, 1_000),
            Error::<Test>::SlashPending
        );
        let next = NextDue::<Test>::get();
        NextDue::<Test>::put(session());
        assert_noop!(
            Delegation::delegate(signed(ALICE), 4, 1_000),
            Error::<Test>::SlashesDue
        );
        NextDue::<Test>::put(next);
    });
}

#[test]
fn an_amount_that_buys_no_share_is_refused() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(ALICE, 6, 1_000);
        // Shares worth a thousand units each.
        Pools::<Test>::mutate(6, |pool| pool.shares = 1);
        Delegations::<Test>::mutate(ALICE, 6, |delegation| {
            delegation.as_mut().unwrap().shares = 1;
        });
        assert_noop!(
            Delegation::delegate(signed(ALICE), 6, 999),
            Error::<Test>::DelegationTooSmall
        );
    });
}
