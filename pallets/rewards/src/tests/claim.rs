//! `claim`.

use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo},
    sp_runtime::{Perquintill, TokenError},
};

use crate::{
    data::{earned, price},
    mock::*,
    Error, Event, PatientUnits, Period, Periods, Released, ReleasedUnits, Units, WeightInfo,
    MAX_INSTITUTIONS,
};

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
        assert_eq!((period.open, period.releasing), (30_000 + 90, 10));
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
        // The others share the rest as if the fakes were not there: nine parts of equal size, so each
        // institution has a part of 8/90.
        for institution in 2..=10 {
            let supply = Balances::total_issuance();
            for patient in 0..10 {
                claim(institution * 1_000 + patient);
            }
            let earned = Balances::total_issuance() - supply;
            assert!(earned.abs_diff(pool() * 8 / 90) < 20, "{earned}");
        }
        let minted = Balances::total_issuance() - supply;
        assert!(minted <= pool());
    });
}

#[test]
fn the_cap_of_one_does_not_lower_what_others_have() {
    let period = |institutions| Period {
        pool: 1_000,
        institutions,
        open: 0,
        releasing: 0,
        gone: Default::default(),
        price: None,
    };
    let parts = |institutions, units: &[u32]| {
        let found = price(&period(institutions), units.to_vec());
        let part = |units| earned(&found, &Released { units, open: units }) * u128::from(units);
        units.iter().copied().map(part).collect::<Vec<_>>()
    };
    // By their units, where nobody has too much.
    assert_eq!(parts(4, &[50, 25, 25]), [500, 250, 250]);
    assert_eq!(parts(4, &[100, 25, 25]), [500, 250, 250]);
    assert_eq!(parts(4, &[500, 25, 25]), [500, 250, 250]);
    // The second has too much only because of the first.
    assert_eq!(parts(5, &[400, 70, 10, 10]), [400, 350, 100, 100]);
    assert_eq!(parts(10, &[400, 50, 10, 10, 5]), [0, 200, 200, 200, 200]);
    // All have too much: the rest is not minted.
    assert_eq!(parts(20, &[10, 5, 1]), [100, 100, 100]);
    assert_eq!(parts(1, &[10]), [1_000]);
    assert_eq!(parts(2, &[10, 10]), [500, 500]);
}

#[test]
fn the_price_is_found_once() {
    build_and_execute(|| {
        for institution in INSTITUTIONS {
            stored(institution, PATIENT + institution, institution);
        }
        run_to(PERIOD);
        let claim = crate::Call::<Test>::claim { record: record(1) };
        let most = claim.get_dispatch_info().call_weight;
        let paid = |n| {
            Rewards::claim(signed(STRANGER), record(n))
                .unwrap()
                .actual_weight
                .unwrap()
        };
        let (first, second) = (paid(1), paid(2));
        assert_eq!(
            first,
            <() as WeightInfo>::claim() + <() as WeightInfo>::price(10)
        );
        assert_eq!(second, <() as WeightInfo>::claim());
        assert!(most.all_gte(first));
        let price = Periods::<Test>::get(0).unwrap().price.unwrap();
        assert_eq!((price.pool, price.units), (pool(), 10));
        // What ends later changes it for nobody.
        let supply = Balances::total_issuance();
        revoked(3);
        Rewards::claim(signed(STRANGER), record(4)).unwrap();
        assert_eq!(Balances::total_issuance() - supply, pool() / 10);
    });
}

#[test]
fn what_ends_before_the_first_claim_raises_nothing() {
    build_and_execute(|| {
        for institution in INSTITUTIONS {
            stored(institution, PATIENT + institution, institution);
        }
        run_to(PERIOD);
        // All that two of them released, before there is a price.
        revoked(1);
        revoked(2);
        assert_eq!(ReleasedUnits::<Test>::iter().count(), 8);
        check();
        let supply = Balances::total_issuance();
        let claimed = Rewards::claim(signed(STRANGER), record(3)).unwrap();
        assert_eq!(Balances::total_issuance() - supply, pool() / 10);
        // They are looked at as before.
        assert_eq!(
            claimed.actual_weight.unwrap(),
            <() as WeightInfo>::claim() + <() as WeightInfo>::price(10)
        );
        assert!(Periods::<Test>::get(0).unwrap().gone.is_empty());
        for institution in 3..=10 {
            revoked(institution);
        }
        assert_eq!(Periods::<Test>::iter().count(), 0);
        assert_eq!(Balances::total_issuance(), supply);
    });
}

#[test]
fn institutions_beyond_the_most_do_not_count() {
    build_and_execute(|| {
        let first = 10_000;
        let institutions = first..=first + u64::from(MAX_INSTITUTIONS);
        BENCHMARKED.with_borrow_mut(|set| set.extend(institutions.clone()));
        for institution in institutions {
            stored(institution, 100_000 + institution, institution);
        }
        let period = Periods::<Test>::get(0).unwrap();
        assert_eq!(
            (period.open, period.releasing),
            (MAX_INSTITUTIONS, MAX_INSTITUTIONS)
        );
        // Who is among them may go on, and who goes makes room.
        stored(1, PATIENT, first);
        assert_eq!(Periods::<Test>::get(0).unwrap().open, MAX_INSTITUTIONS + 1);
        revoked(first + 1);
        stored(2, PATIENT, first + u64::from(MAX_INSTITUTIONS));
        assert_eq!(Periods::<Test>::get(0).unwrap().releasing, MAX_INSTITUTIONS);
        assert_eq!(Units::<Test>::get(record(2)).unwrap().period, 0);
    });
}

#[test]
fn a_fraud_that_is_found_in_time_is_not_paid() {
    build_and_execute(|| {
        stored(1, PATIENT, HOSPITAL);
        stored(2, OTHER_PATIENT, HOSPITAL);
        run_to(PERIOD);
        claim(1);
        // The council suspends the hospital, which had attested the first patient.
        SUSPENDED.with_borrow_mut(|set| set.insert(HOSPITAL));
        UNATTESTED.with_borrow_mut(|set| set.insert(PATIENT));
        run_to(PERIOD + WINDOW);
        let supply = Balances::total_issuance();
        assert_noop!(
            Rewards::claim(signed(STRANGER), record(1)),
            Error::<Test>::NotInOffice
        );
        // Another's patient is paid.
        let before = (free(OTHER_PATIENT), free(HOSPITAL));
        claim(2);
        assert!(free(OTHER_PATIENT) > before.0);
        assert_eq!(free(HOSPITAL), before.1);
        let waiting = Units::<Test>::get(record(2)).unwrap().minted.unwrap();
        assert_eq!(waiting.patient, 0);
        assert_noop!(
            Rewards::claim(signed(STRANGER), record(2)),
            Error::<Test>::NotInOffice
        );
        // Whoever is cleared gets it.
        SUSPENDED.with_borrow_mut(|set| set.clear());
        UNATTESTED.with_borrow_mut(|set| set.clear());
        claim(1);
        claim(2);
        assert!(free(PATIENT) > START && free(HOSPITAL) > before.1);
        assert!(Balances::total_issuance() > supply);
        assert_eq!(Units::<Test>::iter().count(), 0);
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
