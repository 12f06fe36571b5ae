//! What blocks earn.

use polkadot_sdk::sp_runtime::{traits::Saturating, FixedU128, Perbill};

use crate::{mock::*, Authored, Event, Pools};

#[test]
fn blocks_earn_commission_and_shares() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(ALICE, 6, 240_000);
        delegate(BOB, 6, 60_000);
        run_to_session(2);
        let supply = Balances::total_issuance();
        let whole = SessionInflation::get().mul_floor(supply);
        author(6, 10);
        author(5, 5);
        let (six, five) = (free(6), free(5));
        next_session();

        // A session that misses blocks mints less.
        assert_eq!(whole / 20 * 15, Balances::total_issuance() - supply);
        let (of_six, of_five) = (whole / 2, whole / 4);
        let commission = of_six / 10;
        let own = commission + (of_six - commission) * 60_000 / 360_000;
        assert_eq!(free(6) - six, own);
        assert_event(Event::Rewarded {
            candidate: 6,
            own,
            pool: of_six - own,
        });
        assert_eq!(Pools::<Test>::get(6).value, 300_000 + of_six - own);
        assert_eq!(worth(ALICE, 6), 240_000 + (of_six - own) * 4 / 5);
        assert_eq!(worth(BOB, 6), 60_000 + (of_six - own) / 5);
        // Without delegators all is the candidate's.
        assert_eq!(free(5) - five, of_five);
        assert_eq!(Authored::<Test>::iter().count(), 0);
    });
}

#[test]
fn inflation_is_bounded() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_session(2);
        let supply = Balances::total_issuance();
        for who in [6, 5, 4] {
            author(who, 10 * BLOCKS);
        }
        next_session();
        let minted = Balances::total_issuance() - supply;
        let whole = SessionInflation::get().mul_floor(supply);
        assert!(minted <= whole && whole - minted < 3);
    });
}

#[test]
fn who_is_no_candidate_earns_nothing() {
    ExtBuilder::default()
        .candidates([2, 3])
        .build_and_execute(|| {
            let supply = Balances::total_issuance();
            author(1, 5);
            author(STRANGER, 5);
            next_session();
            assert_eq!(Balances::total_issuance(), supply);
        });
}

#[test]
fn a_higher_commission_is_taken_from_its_session_on() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(ALICE, 6, 300_000);
        run_to_session(2);
        Delegation::set_commission(signed(6), Perbill::one()).unwrap();
        for _ in 0..NOTICE {
            let before = worth(ALICE, 6);
            full_session();
            assert!(worth(ALICE, 6) > before);
        }
        let before = worth(ALICE, 6);
        full_session();
        assert_eq!(worth(ALICE, 6), before);
    });
}

#[test]
fn the_expected_yield_is_what_a_session_gives() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(ALICE, 6, 1_000_000);
        run_to_session(2);
        let expected = Delegation::expected_yield(6).unwrap();
        full_session();
        let gain = FixedU128::from_rational(worth(ALICE, 6) - 1_000_000, 1_000_000);
        let a_year = gain.saturating_mul(FixedU128::from_u32(100));
        let difference = a_year.max(expected) - a_year.min(expected);
        assert!(
            difference < FixedU128::from_rational(1, 1_000),
            "{expected:?} {a_year:?}"
        );
        assert_eq!(Delegation::expected_yield(STRANGER), None);
    });
}
