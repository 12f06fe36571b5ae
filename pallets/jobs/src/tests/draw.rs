//! The draw of panels.

use std::collections::{BTreeMap, BTreeSet};

use polkadot_sdk::frame_support::assert_ok;
use salus_primitives::{jobs::InputSpec, membership::Role};

use crate::{mock::*, EndReason, Event, Jobs, Panels, Seats, State, Workers};

fn seed(seed: u8) {
    RANDOM.with_borrow_mut(|random| random.0 = seed);
}

#[test]
fn the_panel_is_drawn_after_the_delay() {
    ExtBuilder::default().build_and_execute(|| {
        let id = post(spec());
        run(DrawDelay::get() - 1);
        assert!(job(id).seats.is_empty());
        run(1);
        let drawn = job(id);
        let provide_by = System::block_number() + ProvideWindow::get();
        assert_eq!(drawn.state, State::Drawn { provide_by });
        let places: BTreeSet<_> = drawn.seats.iter().chain(&drawn.reserves).copied().collect();
        assert_eq!(
            (drawn.seats.len(), drawn.reserves.len(), places.len()),
            (3, 1, 4)
        );
        for who in places {
            assert!(Seats::<Test>::contains_key(who, id));
            assert_eq!(Workers::<Test>::get(who).unwrap().active, 1);
        }
        assert_eq!(
            last_event(),
            Event::Drawn {
                job: id,
                seats: drawn.seats.to_vec(),
                reserves: drawn.reserves.to_vec(),
                remembered: 0
            }
        );
    });
}

#[test]
fn every_worker_is_drawn_about_equally_often() {
    let mut seats = BTreeMap::<AccountId, u32>::new();
    for n in 0..200u8 {
        ExtBuilder::default().build_and_execute(|| {
            seed(n);
            let mut one = spec();
            (one.quorum, one.panel, one.reserves) = (1, 1, 0);
            let id = drawn(one);
            *seats.entry(job(id).seats[0]).or_default() += 1;
        });
    }
    // 200 draws of one among six: 33 expected, standard deviation 5.3.
    assert_eq!(seats.len(), 6);
    assert!(
        seats.values().all(|count| (13..=54).contains(count)),
        "{seats:?}"
    );
}

#[test]
fn randomness_known_at_the_post_postpones_the_draw() {
    ExtBuilder::default().build_and_execute(|| {
        let id = post(spec());
        let posted = System::block_number();
        RANDOM.with_borrow_mut(|random| random.1 = Some(posted));
        run(DrawDelay::get());
        assert_eq!(job(id).state, State::Requested { retries: 1 });
        run(1);
        assert_eq!(job(id).state, State::Requested { retries: 2 });
        RANDOM.with_borrow_mut(|random| random.1 = Some(posted + 1));
        run(1);
        assert!(matches!(job(id).state, State::Drawn { .. }));
    });
}

#[test]
fn a_draw_without_randomness_is_given_up() {
    ExtBuilder::default().build_and_execute(|| {
        RANDOM.with_borrow_mut(|random| random.1 = Some(0));
        let id = post(spec());
        run(DrawDelay::get() + MaxDrawRetries::get() - 1);
        assert!(Jobs::<Test>::contains_key(id));
        run(1);
        assert_eq!(
            last_event(),
            Event::Ended {
                job: id,
                reason: EndReason::NoRandomness,
                share: 0
            }
        );
        assert_eq!((free(CLIENT), held(CLIENT)), (START, 0));
    });
}

#[test]
fn too_few_workers_refund() {
    ExtBuilder::default()
        .workers([11, 12])
        .build_and_execute(|| {
            let id = drawn_or_ended();
            assert_eq!(
                last_event(),
                Event::Ended {
                    job: id,
                    reason: EndReason::TooFewWorkers,
                    share: 0
                }
            );
            assert_eq!((free(CLIENT), held(CLIENT)), (START, 0));
        });
}

fn drawn_or_ended() -> u64 {
    let id = post(spec());
    run(DrawDelay::get());
    id
}

#[test]
fn reserves_are_as_many_as_there_are() {
    ExtBuilder::default()
        .workers(11..=13)
        .build_and_execute(|| {
            let id = drawn_or_ended();
            assert_eq!((job(id).seats.len(), job(id).reserves.len()), (3, 0));
        });
}

#[test]
fn neither_client_nor_patient_nor_the_unfit_are_drawn() {
    ExtBuilder::default()
        .workers(11..=17)
        .build_and_execute(|| {
            // The client and the patient are workers themselves, another is the client's operator, one
            // is no member any more, one has no key.
            let record = make_record(12, 11, PURPOSE, 1);
            OPERATORS.with_borrow_mut(|operators| operators.insert(13, 11));
            set_role(14, None);
            KEYLESS.with_borrow_mut(|set| set.insert(15));
            let mut wanted = spec();
            wanted.inputs = vec![InputSpec::Record { record }].try_into().unwrap();
            (wanted.quorum, wanted.panel, wanted.reserves) = (2, 2, 5);
            assert_ok!(PalletJobs::post(signed(11), wanted));
            run(DrawDelay::get());
            let drawn = job(0);
            let places: BTreeSet<_> = drawn.seats.iter().chain(&drawn.reserves).copied().collect();
            assert_eq!(places, BTreeSet::from([16, 17]));
            set_role(14, Some(Role::Institution));
        });
}

#[test]
fn a_busy_worker_is_not_drawn() {
    ExtBuilder::default()
        .workers(11..=14)
        .build_and_execute(|| {
            for n in 0..MaxActiveSeats::get() as u8 {
                let mut more = spec();
                more.inputs = vec![own(n + 10)].try_into().unwrap();
                drawn(more);
            }
            let id = drawn_or_ended();
            assert_eq!(
                last_event(),
                Event::Ended {
                    job: id,
                    reason: EndReason::TooFewWorkers,
                    share: 0
                }
            );
        });
}

#[test]
fn the_same_inputs_keep_their_panel() {
    ExtBuilder::default()
        .workers(WORKERS)
        .build_and_execute(|| {
            let mut first = spec();
            first.inputs = vec![own(1), own(2)].try_into().unwrap();
            let id = drawn(first.clone());
            let (seats, reserves) = (job(id).seats, job(id).reserves);
            assert_ok!(PalletJobs::cancel(signed(CLIENT), id));

            // Other randomness, other order, fewer and then more seats.
            seed(1);
            first.inputs = vec![own(2), own(1)].try_into().unwrap();
            let mut smaller = first.clone();
            (smaller.quorum, smaller.panel, smaller.reserves) = (1, 1, 0);
            let id = drawn(smaller);
            assert_eq!(job(id).seats[..], seats[..1]);
            assert_ok!(PalletJobs::cancel(signed(CLIENT), id));
            let mut larger = first.clone();
            (larger.quorum, larger.panel, larger.reserves) = (3, 5, 0);
            let id = drawn(larger);
            assert_eq!(job(id).seats[..3], seats[..]);
            assert_eq!(job(id).seats[3], reserves[0]);
            assert!(matches!(last_event(), Event::Drawn { remembered: 4, .. }));
            let fifth = job(id).seats[4];
            assert_ok!(PalletJobs::cancel(signed(CLIENT), id));

            // One who left the pool gives its place to the next.
            assert_ok!(PalletJobs::leave(signed(seats[0])));
            let id = drawn(first.clone());
            assert_eq!(job(id).seats[..], [seats[1], seats[2], reserves[0]]);
            assert_eq!(job(id).reserves[..], [fifth]);
        });
}

#[test]
fn an_own_input_beside_records_buys_no_other_panel() {
    ExtBuilder::default()
        .workers(WORKERS)
        .build_and_execute(|| {
            let record = InputSpec::Record {
                record: make_record(PATIENT, CLIENT, PURPOSE, 1),
            };
            let mut first = spec();
            first.inputs = vec![record.clone()].try_into().unwrap();
            let id = drawn(first.clone());
            let seats = job(id).seats;
            seed(1);
            first.inputs = vec![own(9), record].try_into().unwrap();
            let id = drawn(first);
            assert_eq!(job(id).seats, seats);
        });
}

#[test]
fn a_panel_is_forgotten() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(spec());
        assert_ok!(PalletJobs::cancel(signed(CLIENT), id));
        assert_eq!(Panels::<Test>::iter().count(), 1);
        run(PanelMemory::get());
        assert_eq!(Panels::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_consent_revoked_before_the_draw_ends_the_job_for_free() {
    ExtBuilder::default().build_and_execute(|| {
        let record = make_record(PATIENT, CLIENT, PURPOSE, 1);
        let mut with = spec();
        with.inputs = vec![InputSpec::Record { record }].try_into().unwrap();
        let id = post(with);
        revoke(CLIENT, record);
        run(DrawDelay::get());
        assert_eq!(
            last_event(),
            Event::Ended {
                job: id,
                reason: EndReason::ConsentRevoked,
                share: 0
            }
        );
        assert_eq!((free(CLIENT), held(CLIENT)), (START, 0));
    });
}
