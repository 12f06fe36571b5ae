//! What counts as a unit of data, and `revoked`.

use crate::{mock::*, Event, PatientUnits, Periods, ReleasedUnits, Units};

fn units() -> usize {
    Units::<Test>::iter().count()
}

#[test]
fn a_stored_record_counts_once() {
    build_and_execute(|| {
        stored(1, PATIENT, HOSPITAL);
        assert_eq!(
            last_event(),
            Event::Counted {
                record: record(1),
                period: 0
            }
        );
        stored(1, PATIENT, HOSPITAL);
        assert_eq!(units(), 1);
        assert_eq!(Periods::<Test>::get(0).unwrap().open, 1);
        assert_eq!(Periods::<Test>::get(0).unwrap().pool, pool());
    });
}

#[test]
fn what_does_not_count() {
    build_and_execute(|| {
        UNATTESTED.with_borrow_mut(|set| set.insert(OTHER_PATIENT));
        stored(1, OTHER_PATIENT, HOSPITAL);
        SUSPENDED.with_borrow_mut(|set| set.insert(CLINIC));
        stored(2, PATIENT, CLINIC);
        assert_eq!(units(), 0);

        // Only so many of a patient in a period, from whatever institution.
        for n in 0..MaxUnits::get() {
            stored(u64::from(10 + n), PATIENT, HOSPITAL + u64::from(n));
        }
        SUSPENDED.with_borrow_mut(|set| set.clear());
        stored(20, PATIENT, 9);
        assert_eq!(units(), 3);
        run_to(PERIOD);
        stored(21, PATIENT, 9);
        assert_eq!(Units::<Test>::get(record(21)).unwrap().period, 1);
    });
}

#[test]
fn a_record_that_ends_in_its_period_never_counted() {
    build_and_execute(|| {
        for n in 1..=3 {
            stored(n, PATIENT, HOSPITAL);
        }
        revoked(1);
        assert_eq!(
            last_event(),
            Event::Revoked {
                record: record(1),
                burnt: 0
            }
        );
        revoked(1);
        assert_eq!(PatientUnits::<Test>::get(0, PATIENT), 2);
        // There is room for another.
        stored(4, PATIENT, HOSPITAL);
        assert_eq!(units(), 3);
        for n in 2..=4 {
            revoked(n);
        }
        assert_eq!(Periods::<Test>::iter().count(), 0);
        assert_eq!(ReleasedUnits::<Test>::iter().count(), 0);
        assert_eq!(PatientUnits::<Test>::iter().count(), 0);
    });
}

#[test]
fn what_was_minted_for_a_revoked_record_is_burnt() {
    build_and_execute(|| {
        stored(1, PATIENT, HOSPITAL);
        stored(2, PATIENT, CLINIC);
        run_to(PERIOD);
        let supply = Balances::total_issuance();
        claim(1);
        let minted = Balances::total_issuance() - supply;
        assert_eq!(minted, pool() / 5);
        run_to(PERIOD + WINDOW - 1);
        revoked(1);
        assert_eq!(
            last_event(),
            Event::Revoked {
                record: record(1),
                burnt: minted
            }
        );
        assert_eq!(Balances::total_issuance(), supply);
        // The counts stand still: the other's part is what it was.
        run_to(PERIOD + WINDOW);
        claim(2);
        assert_eq!(Balances::total_issuance() - supply, pool() / 5);
    });
}

#[test]
fn what_has_vested_is_not_revoked() {
    build_and_execute(|| {
        stored(1, PATIENT, HOSPITAL);
        stored(2, PATIENT, HOSPITAL);
        run_to(PERIOD + WINDOW);
        claim(1);
        revoked(1);
        revoked(2);
        let before = free(PATIENT);
        claim(2);
        assert!(free(PATIENT) > before);
    });
}
