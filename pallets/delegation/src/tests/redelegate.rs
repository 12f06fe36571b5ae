//! `redelegate` and `settle`.

use polkadot_sdk::frame_support::{assert_noop, assert_ok};

use crate::{mock::*, Delegations, Error, Event, SubPools, MAX_MOVED};

/// The first session in which what moved in session `session` is free.
fn free_in(session: u32) -> u32 {
    session + 1 + REPORT + DEFERRAL + 1
}

#[test]
fn stake_moves_at_once() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(ALICE, 6, 1_000);
        assert_ok!(Delegation::redelegate(signed(ALICE), 6, 5, 400));
        assert_eq!(
            last_event(),
            Event::Redelegated {
                delegator: ALICE,
                from: 6,
                to: 5,
                amount: 400
            }
        );
        assert_eq!((worth(ALICE, 6), worth(ALICE, 5)), (600, 400));
        assert_ok!(Delegation::redelegate(signed(ALICE), 6, 5, 100));
        let delegation = Delegations::<Test>::get(ALICE, 5).unwrap();
        assert_eq!(delegation.moved.len(), 1);
        assert_eq!((delegation.locked(), delegation.principal), (500, 500));

        // It is free when the first candidate's sessions can no longer be slashed.
        run_to_session(free_in(0) - 1);
        assert_noop!(
            Delegation::unbond(signed(ALICE), 5, 100),
            Error::<Test>::StakeLocked
        );
        assert_noop!(
            Delegation::redelegate(signed(ALICE), 5, 4, 100),
            Error::<Test>::StakeLocked
        );
        next_session();
        assert_ok!(Delegation::redelegate(signed(ALICE), 5, 4, 100));
        assert_ok!(Delegation::unbond(signed(ALICE), 5, 400));
        assert!(!SubPools::<Test>::contains_key(6, 1));
    });
}

#[test]
fn own_shares_beside_moved_ones_can_leave() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(ALICE, 5, 1_000);
        delegate(ALICE, 6, 1_000);
        assert_ok!(Delegation::redelegate(signed(ALICE), 6, 5, 1_000));
        assert_noop!(
            Delegation::unbond(signed(ALICE), 5, 1_001),
            Error::<Test>::StakeLocked
        );
        assert_ok!(Delegation::unbond(signed(ALICE), 5, 1_000));
        assert_eq!(worth(ALICE, 5), 1_000);
    });
}

#[test]
fn moved_stake_pays_for_the_candidate_that_it_backed() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_session(2);
        delegate(ALICE, 6, 1_000);
        delegate(BOB, 5, 1_000);
        assert_ok!(Delegation::redelegate(signed(ALICE), 6, 5, 1_000));
        report(6, 2, 1, 25).unwrap();
        // A later offence is not this stake's.
        next_session();
        next_session();
        assert_eq!(report(6, 4, 2, 50), Ok(()));
        run_to_session(2 + DEFERRAL);
        assert_eq!(worth(ALICE, 5), 750);
        let before = free(TREASURY);
        assert_ok!(Delegation::settle(signed(STRANGER), ALICE, 5));
        assert_eq!(
            last_event(),
            Event::MovedSlashed {
                delegator: ALICE,
                candidate: 5,
                amount: 250
            }
        );
        assert_eq!(free(TREASURY), before + 250);
        run_to_session(4 + DEFERRAL);
        assert_eq!((worth(ALICE, 5), worth(BOB, 5)), (750, 1_000));
        assert_ok!(Delegation::settle(signed(STRANGER), ALICE, 5));
        assert_eq!(
            free(TREASURY) - before - 250,
            bond_of(6) * 3 / 4 / 2 * 9 / 10
        );
        assert_noop!(
            Delegation::settle(signed(STRANGER), ALICE, 6),
            Error::<Test>::DelegationNotFound
        );
    });
}

#[test]
fn moved_stake_can_be_lost_altogether() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_session(2);
        delegate(ALICE, 6, 1_000);
        assert_ok!(Delegation::redelegate(signed(ALICE), 6, 5, 1_000));
        report(6, 2, 1, 100).unwrap();
        run_to_session(2 + DEFERRAL);
        assert_ok!(Delegation::settle(signed(STRANGER), ALICE, 5));
        assert_eq!(Delegations::<Test>::get(ALICE, 5), None);
        assert_eq!(SubPools::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_pool_that_ends_frees_what_moved_to_it() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_session(2);
        delegate(ALICE, 6, 1_000);
        assert_ok!(Delegation::redelegate(signed(ALICE), 6, 5, 1_000));
        report(5, 2, 1, 100).unwrap();
        run_to_session(2 + DEFERRAL);
        assert_eq!(worth(ALICE, 5), 0);
        assert_ok!(Delegation::settle(signed(STRANGER), ALICE, 5));
        assert_eq!(Delegations::<Test>::get(ALICE, 5), None);
        assert_eq!(SubPools::<Test>::iter().count(), 0);
    });
}

#[test]
fn what_is_refused() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(ALICE, 6, 100_000);
        assert_noop!(
            Delegation::redelegate(signed(ALICE), 6, 6, 100),
            Error::<Test>::SameCandidate
        );
        assert_noop!(
            Delegation::redelegate(signed(ALICE), 6, STRANGER, 100),
            Error::<Test>::CandidateNotFound
        );
        assert_noop!(
            Delegation::redelegate(signed(BOB), 6, 5, 100),
            Error::<Test>::DelegationNotFound
        );
        let redelegate = |from, to, amount| {
            let call = crate::Call::<Test>::redelegate { from, to, amount };
            polkadot_sdk::sp_runtime::traits::Dispatchable::dispatch(
                RuntimeCall::from(call),
                signed(ALICE),
            )
            .map(|_| ())
            .map_err(|refused| refused.error)
        };
        assert_noop!(
            redelegate(6, 5, MIN_DELEGATION - 1),
            Error::<Test>::DelegationTooSmall
        );
        // Moves are forgotten after REPORT + DEFERRAL sessions: in fewer there is room for all that
        // come from one candidate, so the others come from a second one.
        delegate(ALICE, 4, 100_000);
        for _ in 0..MAX_MOVED / 2 {
            assert_ok!(redelegate(6, 5, 100));
            assert_ok!(redelegate(4, 5, 100));
            next_session();
        }
        assert_noop!(redelegate(6, 5, 100), Error::<Test>::TooManyMoves);

        report(3, session(), 1, 10).unwrap();
        assert_noop!(redelegate(6, 3, 1_000), Error::<Test>::SlashPending);
        Delegation::leave(signed(2)).unwrap();
        assert_noop!(redelegate(6, 2, 1_000), Error::<Test>::Leaving);
        // Away from both it may go at any time.
        run_to_session(20);
        assert_ok!(redelegate(6, 4, 1_000));
    });
}
