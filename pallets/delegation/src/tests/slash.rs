//! Offences, their slashes, and `cancel_slash`.

use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok},
    sp_runtime::{DispatchError, Perbill},
    sp_staking::offence::OffenceError,
};

use crate::{
    mock::*, Chill, Delegations, DueSlashes, Error, Event, Pools, Slashes, SubPools,
    MAX_SHARES_PER_UNIT,
};

const QUARTER: Perbill = Perbill::from_percent(25);

#[test]
fn a_slash_reaches_bond_pool_and_what_left() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(ALICE, 6, 10_000);
        delegate(BOB, 6, 10_000);
        delegate(CAROL, 6, 10_000);
        run_to_session(3);
        // Leaves before the offence: backed the sessions up to 4, the offence is of session 5.
        Delegation::unbond(signed(CAROL), 6, 4_000).unwrap();
        run_to_session(4);
        // The planned session is the offence's.
        Delegation::unbond(signed(BOB), 6, 4_000).unwrap();
        run_to_session(5);
        report(6, 5, 1, 25).unwrap();
        let due = 5 + DEFERRAL;
        assert_eq!(
            last_event(),
            Event::SlashReported {
                candidate: 6,
                session: 5,
                fraction: QUARTER,
                due
            }
        );
        assert_eq!(candidate(6).chilled, Some(Chill::Offence));
        run_to_session(due - 1);
        // Leaving does not help any more.
        Delegation::unbond(signed(ALICE), 6, 4_000).unwrap();
        assert_eq!(Pools::<Test>::get(6).value, 18_000);

        let (treasury, reporter) = (free(TREASURY), free(REPORTER));
        next_session();
        let delegated = 18_000 / 4 + 4_000 / 4 + 4_000 / 4;
        let reward = 15_000 / 10;
        assert_event(Event::Slashed {
            candidate: 6,
            session: 5,
            bond: 15_000,
            delegated,
            reward,
        });
        assert_eq!(held(6), 45_000);
        assert_eq!(free(REPORTER), reporter + reward);
        assert_eq!(free(TREASURY), treasury + 15_000 + delegated - reward);
        assert_eq!((worth(ALICE, 6), worth(BOB, 6)), (4_500, 4_500));

        run_to_session(due + UNBONDING);
        for (who, back) in [(ALICE, 3_000), (BOB, 3_000), (CAROL, 4_000)] {
            let before = free(who);
            assert_ok!(Delegation::withdraw(signed(who), 6));
            assert_eq!(free(who) - before, back, "{who}");
        }
        assert_eq!(SubPools::<Test>::iter().count(), 0);
    });
}

#[test]
fn the_dearest_report_of_a_session_counts_once() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_session(2);
        report(6, 2, 1, 25).unwrap();
        assert_eq!(report(6, 2, 1, 25), Err(OffenceError::DuplicateReport));
        report(6, 2, 2, 10).unwrap();
        next_session();
        report(6, 2, 3, 50).unwrap();
        assert_eq!(candidate(6).pending_slashes, 1);
        run_to_session(2 + DEFERRAL);
        assert_eq!(held(6), bond_of(6) / 2);
        assert_eq!(Slashes::<Test>::iter().count(), 0);
        assert_eq!(DueSlashes::<Test>::iter().count(), 0);
    });
}

#[test]
fn more_offenders_of_a_slot_raise_the_slash_of_all() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_session(2);
        report(6, 2, 1, 10).unwrap();
        // The offences pallet reports the first again, with what two at a time cost.
        report(5, 2, 1, 40).unwrap();
        run_to_session(2 + DEFERRAL);
        assert_eq!(held(6), bond_of(6) * 6 / 10);
        assert_eq!(held(5), bond_of(5) * 6 / 10);
    });
}

#[test]
fn offences_of_two_sessions_are_two() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_session(2);
        report(6, 1, 1, 50).unwrap();
        report(6, 2, 1, 50).unwrap();
        assert_eq!(candidate(6).pending_slashes, 2);
        run_to_session(2 + DEFERRAL);
        assert_eq!(held(6), bond_of(6) / 4);
    });
}

#[test]
fn what_is_not_slashed() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_session(REPORT + 1);
        // Too old, for nothing, and not a candidate.
        report(6, 0, 1, 25).unwrap();
        report(6, 1, 1, 0).unwrap();
        report(7, 1, 3, 25).unwrap();
        assert_eq!(Slashes::<Test>::iter().count(), 0);
        assert_eq!(candidate(6).chilled, None);
        report(6, 1, 2, 25).unwrap();
        assert_eq!(Slashes::<Test>::iter().count(), 1);
    });
}

#[test]
fn the_council_cancels() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_session(2);
        report(6, 2, 1, 25).unwrap();
        assert_noop!(
            Delegation::cancel_slash(signed(ALICE), 6, 2),
            DispatchError::BadOrigin
        );
        assert_noop!(
            Delegation::cancel_slash(RuntimeOrigin::root(), 6, 1),
            Error::<Test>::SlashNotFound
        );
        assert_ok!(Delegation::cancel_slash(RuntimeOrigin::root(), 6, 2));
        assert_eq!(
            last_event(),
            Event::SlashCancelled {
                candidate: 6,
                session: 2
            }
        );
        assert_noop!(
            Delegation::cancel_slash(RuntimeOrigin::root(), 6, 2),
            Error::<Test>::SlashNotFound
        );
        // Another report of the session does not bring it back.
        report(6, 2, 2, 50).unwrap();
        delegate(ALICE, 6, 1_000);
        assert_ok!(Delegation::back(signed(6)));
        run_to_session(2 + DEFERRAL);
        assert_eq!(held(6), bond_of(6));
        assert_eq!(Slashes::<Test>::iter().count(), 0);
    });
}

#[test]
fn an_offender_is_disabled_and_not_elected_until_it_is_back() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_session(2);
        assert_eq!(Session::validators(), vec![6, 5, 4, 3]);
        report(6, 2, 1, 25).unwrap();
        assert_eq!(Session::disabled_validators(), vec![0]);
        next_session();
        // Elected before its offence was known: in office, and disabled.
        assert_eq!(Session::validators(), vec![6, 5, 4, 3]);
        assert_eq!(Session::disabled_validators(), vec![0]);
        next_session();
        assert_eq!(Session::validators(), vec![5, 4, 3, 2]);
        assert_eq!(Session::disabled_validators(), Vec::<u32>::new());
        assert_ok!(Delegation::back(signed(6)));
        next_session();
        next_session();
        assert_eq!(Session::validators(), vec![6, 5, 4, 3]);
    });
}

#[test]
fn offenders_are_not_paid_for_reporting_themselves() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_session(2);
        let before = free(6);
        report_by(vec![6], 6, 2, 1, 25).unwrap();
        run_to_session(2 + DEFERRAL);
        assert_eq!((held(6), free(6)), (bond_of(6) * 3 / 4, before));
    });
}

#[test]
fn an_offender_gains_nothing_by_a_friend_that_reports_it() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(ALICE, 1, 1_000_000);
        run_to_session(2);
        let before = free(STRANGER);
        report_by(vec![STRANGER], 1, 2, 1, 50).unwrap();
        run_to_session(2 + DEFERRAL);
        let (lost, gained) = (bond_of(1) - held(1), free(STRANGER) - before);
        assert_eq!((lost, gained), (5_000, 500));
        assert_eq!(worth(ALICE, 1), 500_000);
    });
}

#[test]
fn reporters_share() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_session(2);
        // One of four has no account, which three units cannot make.
        let reporters = vec![REPORTER, ALICE, BOB, 4_000, CAROL];
        let before = balances();
        report_by(reporters, 1, 2, 1, 1).unwrap();
        run_to_session(2 + DEFERRAL);
        let slashed = bond_of(1) / 100;
        let share = slashed / 10 / 4;
        for who in [REPORTER, ALICE, BOB] {
            assert_eq!(balances()[&who] - before[&who], share);
        }
        assert_eq!(balances()[&CAROL], before[&CAROL]);
        assert_event(Event::Slashed {
            candidate: 1,
            session: 2,
            bond: slashed,
            delegated: 0,
            reward: 3 * share,
        });
        assert_eq!(
            balances()[&TREASURY] - before[&TREASURY],
            slashed - 3 * share
        );
    });
}

#[test]
fn while_due_slashes_wait_for_their_block_nothing_moves() {
    ExtBuilder::default().build_and_execute(|| {
        MaxSlashesPerBlock::set(1);
        run_to_session(2);
        delegate(ALICE, 6, 1_000);
        delegate(ALICE, 5, 1_000);
        for who in [4, 5, 6] {
            report(who, 2, who, 50).unwrap();
        }
        run_to_session(1 + DEFERRAL);
        next_session();
        // One is taken when the session starts, one in each block after it.
        for left in [2, 1] {
            assert_eq!(Slashes::<Test>::iter().count(), left);
            for refused in [
                Delegation::unbond(signed(ALICE), 6, 500),
                Delegation::withdraw(signed(ALICE), 6),
                Delegation::claim(signed(ALICE), 6),
                Delegation::settle(signed(ALICE), ALICE, 6),
                Delegation::redelegate(signed(ALICE), 6, 3, 500),
                Delegation::withdraw_bond(signed(6)),
                Delegation::cancel_slash(RuntimeOrigin::root(), 6, 2),
            ] {
                assert_eq!(refused, Err(Error::<Test>::SlashesDue.into()));
            }
            next_block();
        }
        assert_eq!((worth(ALICE, 6), worth(ALICE, 5)), (500, 500));
        assert_ok!(Delegation::unbond(signed(ALICE), 6, 500));
    });
}

#[test]
fn a_pool_that_lost_everything_begins_anew() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_session(2);
        delegate(ALICE, 6, 1_000);
        delegate(BOB, 6, 1_000);
        Delegation::unbond(signed(BOB), 6, 400).unwrap();
        report(6, 2, 1, 100).unwrap();
        run_to_session(2 + DEFERRAL);
        assert_eq!(held(6), 0);
        assert_eq!((worth(ALICE, 6), worth(BOB, 6)), (0, 0));
        assert_eq!(Pools::<Test>::get(6).generation, 1);

        // Newcomers have nothing to do with it, old shares are dropped when touched.
        assert_ok!(Delegation::delegate(signed(CAROL), 6, 1_000));
        assert_ok!(Delegation::delegate(signed(ALICE), 6, 1_000));
        assert_eq!((worth(CAROL, 6), worth(ALICE, 6)), (1_000, 1_000));
        assert_eq!(Delegations::<Test>::get(ALICE, 6).unwrap().principal, 1_000);
        run_to_session(3 + UNBONDING);
        let before = free(BOB);
        assert_ok!(Delegation::withdraw(signed(BOB), 6));
        assert_eq!(free(BOB), before);
        assert_eq!(Delegations::<Test>::get(BOB, 6), None);
    });
}

#[test]
fn a_price_below_the_smallest_ends_a_pool() {
    let mut pool = crate::Pool {
        value: 10,
        shares: 10 * MAX_SHARES_PER_UNIT,
        generation: 3,
    };
    assert_eq!(pool.slash(Perbill::from_percent(9)), 0);
    assert_eq!(pool.slash(Perbill::from_percent(10)), 10);
    assert_eq!((pool.value, pool.shares, pool.generation), (0, 0, 4));
}
