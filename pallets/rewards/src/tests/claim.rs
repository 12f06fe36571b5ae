//! `claim`.

use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok},
    sp_runtime::{Perquintill, TokenError},
};

use crate::{mock::*, Error, Event, PatientUnits, Periods, ReleasedUnits, Units};

#[test]
fn tokens_are_minted_then_paid() {
    build_and_execute(|| {
        // Ten institutions with a unit each: none of them has more than its tenth.
        for institution in INSTITUTIONS {
            stored(institution, PATIENT + institution, institution);
        }
        stored(100, PATIENT, HOSPITAL);
        revoked(HOSPITAL);
        let unit = pool() / 10;
        let (patient, institution) = (unit * 6 / 10, unit - unit * 6 / 10);
        run_to(PERIOD - 1);
        assert_noop!(
            Rewards::claim(signed(STRANGER), record(100)),
            Error::<Test>::PeriodNotOver
        );
        run_to(PERIOD);
        let supply = Balances::total_issuance();
        assert_ok!(Rewards::claim(signed(STRANGER), record(100)));
        assert_eq!(
            last_event(),
            Event::Minted {
                record: record(100),
                patient,
                institution,
                vests: PERIOD + WINDOW
            }
        );
        // In the pot, where it backs nobody.
        assert_eq!(Balances::total_issuance(), supply + unit);
        assert_eq!((free(PATIENT), free(HOSPITAL)), (START, START));
        run_to(PERIOD + WINDOW - 1);
        assert_noop!(
            Rewards::claim(signed(STRANGER), record(100)),
            Error::<Test>::Vesting
        );
        run_to(PERIOD + WINDOW);
        assert_ok!(Rewards::claim(signed(STRANGER), record(100)));
        assert_eq!(
            last_event(),
            Event::Vested {
                record: record(100),
                patient,
                institution
            }
        );
        assert_eq!(
            (free(PATIENT), free(HOSPITAL)),
            (START + patient, START + institution)
        );
        assert_noop!(
            Rewards::claim(signed(STRANGER), record(100)),
            Error::<Test>::UnitNotFound
        );
        // Later both at once.
        let before = free(CLINIC);
        claim(CLINIC);
        assert_eq!(free(CLINIC) - before, institution);
        for institution in 3..=10 {
            claim(institution);
        }
        assert_eq!(Units::<Test>::iter().count(), 0);
        assert_eq!(Periods::<Test>::iter().count(), 0);
        assert_eq!(ReleasedUnits::<Test>::iter().count(), 0);
        assert_eq!(PatientUnits::<Test>::iter().count(), 0);
    });
}

#[test]
fn fake_patients_gain_no_more_than_the_cap() {
    build_and_execute(|| {
        // An institution attests 10,000 patients and releases as many records to them as count.
        let fakes = 10_000;
        let mut n = 1_000_000;
        for fake in 0..fakes {
            for _ in 0..=MaxUnits::get() {
                stored(n, 10_000 + fake, HOSPITAL);
                n += 1;
            }
        }
        // The others have ten patients each, with a record each.
        for institution in 2..=10 {
            for patient in 0..10 {
                stored(
                    institution * 1_000 + patient,
                    5_000 + patient * 10 + institution,
                    institution,
                );
            }
        }
        let period = Periods::<Test>::get(0).unwrap();
        assert_eq!(period.units, 30_000 + 90);
        run_to(PERIOD + WINDOW);
        let supply = Balances::total_issuance();
        let mut of_fakes = 0;
        for n in 1_000_000..n {
            let before = Balances::total_issuance();
            if Units::<Test>::contains_key(record(n)) {
                claim(n);
            }
            of_fakes += Balances::total_issuance() - before;
        }
        // Two tenths of the pool at most, for the institution and all its patients together.
        let cap = pool() / 5;
        assert!(of_fakes <= cap && cap - of_fakes < 30_000);
        for institution in 2..=10 {
            for patient in 0..10 {
                claim(institution * 1_000 + patient);
            }
        }
        // What they did not earn nobody earned.
        let minted = Balances::total_issuance() - supply;
        assert!(minted < pool() / 4);
    });
}

#[test]
fn with_one_or_two_institutions_the_cap_is_the_pool() {
    build_and_execute(|| {
        Count::set(1);
        stored(1, PATIENT, HOSPITAL);
        run_to(PERIOD + WINDOW);
        let supply = Balances::total_issuance();
        claim(1);
        assert_eq!(Balances::total_issuance() - supply, pool());
    });
}

#[test]
fn a_share_that_cannot_be_paid_waits() {
    build_and_execute(|| {
        // A pool so thin that a patient's part is below the existential deposit.
        PeriodInflation::set(Perquintill::from_parts(50_000_000_000));
        assert_eq!(pool(), 70);
        stored(1, POOR_PATIENT, HOSPITAL);
        run_to(PERIOD + WINDOW);
        let before = free(HOSPITAL);
        assert_ok!(Rewards::claim(signed(STRANGER), record(1)));
        let paid = free(HOSPITAL) - before;
        assert!(paid > 0);
        let waiting = Units::<Test>::get(record(1)).unwrap().minted.unwrap();
        assert!(waiting.patient > 0 && waiting.patient < DEPOSIT);
        assert_eq!(waiting.institution, 0);
        assert_noop!(
            Rewards::claim(signed(STRANGER), record(1)),
            TokenError::BelowMinimum
        );
        // It is there when the account is.
        assert_ok!(Balances::force_set_balance(
            RuntimeOrigin::root(),
            POOR_PATIENT,
            DEPOSIT
        ));
        claim(1);
        assert_eq!(free(POOR_PATIENT), DEPOSIT + waiting.patient);
        assert!(!Units::<Test>::contains_key(record(1)));
    });
}
