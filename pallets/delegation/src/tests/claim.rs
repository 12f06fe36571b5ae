//! `claim`.

use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok},
    sp_runtime::Perquintill,
};

use crate::{mock::*, Delegations, Error, Event, Pools};

#[test]
fn a_gain_can_be_taken_out() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(ALICE, 6, 1_000_000);
        assert_noop!(
            Delegation::claim(signed(ALICE), 6),
            Error::<Test>::NothingToClaim
        );
        assert_noop!(
            Delegation::claim(signed(BOB), 6),
            Error::<Test>::DelegationNotFound
        );
        run_to_session(2);
        full_session();
        let gain = worth(ALICE, 6) - 1_000_000;
        assert!(gain > 100_000);

        assert_ok!(Delegation::claim(signed(ALICE), 6));
        let Event::Claimed {
            delegator: ALICE,
            candidate: 6,
            amount,
            unlocks,
        } = last_event()
        else {
            panic!("{:?}", last_event());
        };
        // Rounded for the pool, by less than a share's price.
        assert!(gain - amount < 2, "{gain} {amount}");
        assert!(worth(ALICE, 6) - 1_000_000 < 2);
        assert_eq!(unlocks, session() + 1 + UNBONDING);
        assert_noop!(
            Delegation::claim(signed(ALICE), 6),
            Error::<Test>::NothingToClaim
        );
        run_to_session(unlocks);
        assert_ok!(Delegation::withdraw(signed(ALICE), 6));
        assert_eq!(free(ALICE), START - 1_000_000 + amount);
    });
}

#[test]
fn a_gain_moves_with_what_gained_it() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(ALICE, 6, 1_000_000);
        run_to_session(2);
        full_session();
        let gain = worth(ALICE, 6) - 1_000_000;
        let half = worth(ALICE, 6) / 2;
        Delegation::redelegate(signed(ALICE), 6, 5, half).unwrap();
        let there = Delegations::<Test>::get(ALICE, 5).unwrap();
        let here = Delegations::<Test>::get(ALICE, 6).unwrap();
        assert_eq!(here.principal + there.principal, 1_000_000);
        let gain_there = worth(ALICE, 5) - there.principal;
        assert!(gain_there.abs_diff(gain / 2) < 4);
        // What has come from elsewhere is locked, its gain too.
        assert_noop!(
            Delegation::claim(signed(ALICE), 5),
            Error::<Test>::NothingToClaim
        );
    });
}

#[test]
fn no_dust_stays() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(ALICE, 6, 1_000);
        run_to_session(2);
        full_session();
        // What was paid goes with what is sold: nearly all that stays was gained.
        let all = worth(ALICE, 6);
        assert!(all > 10 * 1_000);
        assert_ok!(Delegation::unbond(signed(ALICE), 6, all - 200));
        assert!(Delegations::<Test>::get(ALICE, 6).unwrap().principal < MIN_DELEGATION);
        assert_ok!(Delegation::claim(signed(ALICE), 6));
        // Rounded by less than a share's price.
        let (left, pool) = (worth(ALICE, 6), Pools::<Test>::get(6));
        assert!(left >= MIN_DELEGATION && left <= MIN_DELEGATION + pool.value / pool.shares + 1);
    });
}

#[test]
fn a_loss_has_to_be_made_good_first() {
    ExtBuilder::default().build_and_execute(|| {
        SessionInflation::set(Perquintill::from_parts(10_000_000_000_000));
        run_to_session(2);
        delegate(ALICE, 6, 1_000_000);
        report(6, 2, 1, 50).unwrap();
        Delegation::back(signed(6)).unwrap();
        run_to_session(2 + DEFERRAL);
        full_session();
        assert!(worth(ALICE, 6) > 500_000);
        assert_noop!(
            Delegation::claim(signed(ALICE), 6),
            Error::<Test>::NothingToClaim
        );
    });
}
