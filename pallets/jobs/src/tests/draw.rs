//! The draw of panels.

use std::collections::{BTreeMap, BTreeSet};

use polkadot_sdk::frame_support::{assert_noop, assert_ok};
use salus_primitives::{jobs::InputSpec, membership::Role};

use crate::{
    mock::*, DrawnFor, EndReason, Error, Event, Jobs, Panels, Seats, SpecOf, State, Workers,
};

fn seed(seed: u8) {
    RANDOM.with_borrow_mut(|random| random.0 = seed);
}

#[test]
fn the_panel_is_drawn_after_the_delay() {
    ExtBuilder::default().build_and_execute(|| {
        let id = post(spec());
        run(draw_delay() - 1);
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
fn too_few_outputs_postpone_the_draw() {
    ExtBuilder::default().build_and_execute(|| {
        let id = post(spec());
        let free_until = System::block_number() + FreeCancelWindow::get();
        // An author left its output out: what was known before is at hand only.
        run(draw_delay() - 1);
        RANDOM.with_borrow_mut(|random| random.1 = Some(free_until));
        run(1);
        assert_eq!(job(id).state, State::Requested);
        run(1);
        assert_eq!(job(id).state, State::Requested);
        RANDOM.with_borrow_mut(|random| random.1 = None);
        run(1);
        assert!(matches!(job(id).state, State::Drawn { .. }));
    });
}

#[test]
fn a_draw_without_randomness_is_given_up() {
    ExtBuilder::default().build_and_execute(|| {
        RANDOM.with_borrow_mut(|random| random.1 = Some(0));
        let id = post(spec());
        run(draw_delay() + MaxDrawRetries::get() - 1);
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
    run(draw_delay());
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
            run(draw_delay());
            let drawn = job(0);
            let places: BTreeSet<_> = drawn.seats.iter().chain(&drawn.reserves).copied().collect();
            assert_eq!(places, BTreeSet::from([16, 17]));
            set_role(14, Some(Role::Institution));
        });
}

/// Fills all places that these workers have.
fn fill(workers: &[AccountId]) {
    for who in workers {
        for n in 0..u64::from(MaxActiveSeats::get()) {
            Seats::<Test>::insert(who, 1_000 + n, ());
        }
        Workers::<Test>::mutate_extant(who, |worker| worker.active = MaxActiveSeats::get());
    }
}

/// The end of `fill`.
fn empty(workers: &[AccountId]) {
    for who in workers {
        for n in 0..u64::from(MaxActiveSeats::get()) {
            Seats::<Test>::remove(who, 1_000 + n);
        }
        Workers::<Test>::mutate_extant(who, |worker| worker.active = 0);
    }
}

/// The panel, seats and reserves, that the first post gets where nobody is busy.
fn undisturbed() -> (Vec<AccountId>, Vec<AccountId>) {
    let mut found = Default::default();
    ExtBuilder::default()
        .workers(WORKERS)
        .build_and_execute(|| {
            let id = drawn(spec());
            found = (job(id).seats.to_vec(), job(id).reserves.to_vec());
        });
    found
}

#[test]
fn a_job_waits_for_a_busy_seat() {
    let (seats, reserves) = undisturbed();
    ExtBuilder::default()
        .workers(WORKERS)
        .build_and_execute(|| {
            let id = post(spec());
            fill(&seats[..1]);
            run(draw_delay());
            let until = System::block_number() + BusyWindow::get();
            assert_eq!(last_event(), Event::PutOff { job: id, until });
            let (state, remembered) = (job(id).state, 0);
            assert_eq!(state, State::Waiting { until, remembered });
            assert_eq!(Seats::<Test>::iter_key_prefix(seats[1]).count(), 0);
            assert_eq!(Workers::<Test>::get(seats[1]).unwrap().active, 0);
            assert!(Panels::<Test>::contains_key(id));
            empty(&seats[..1]);
            PalletJobs::do_try_state().unwrap();

            // Whatever the randomness says meanwhile.
            fill(&seats[1..2]);
            seed(9);
            run(2 * BusyInterval::get());
            assert_eq!(job(id).state, State::Waiting { until, remembered });
            empty(&seats[1..2]);
            run(BusyInterval::get());
            assert!(matches!(job(id).state, State::Drawn { .. }));
            assert_eq!(job(id).seats.to_vec(), seats);
            assert_eq!(job(id).reserves.to_vec(), reserves);
            provide(id);
        });
}

#[test]
fn a_busy_reserve_is_left_out_and_replaced_by_nobody() {
    let (seats, reserves) = undisturbed();
    ExtBuilder::default()
        .workers(WORKERS)
        .build_and_execute(|| {
            let id = post(spec());
            fill(&reserves);
            run(draw_delay());
            assert_eq!(job(id).seats.to_vec(), seats);
            assert!(job(id).reserves.is_empty());
            // It keeps its place in the order.
            let members = Panels::<Test>::get(id).unwrap().members.to_vec();
            assert_eq!(members, [seats, reserves.clone()].concat());
            empty(&reserves);
        });
}

#[test]
fn filling_the_places_of_others_buys_no_other_panel() {
    let (seats, _) = undisturbed();
    let friends = [17, 18];
    let honest: Vec<_> = WORKERS.filter(|who| !friends.contains(who)).collect();
    ExtBuilder::default()
        .workers(honest.clone())
        .build_and_execute(|| {
            // All others are busy when the client's friends come into the pool: neither a post nor
            // the same again is drawn from the friends, and each time costs the draw fee.
            fill(&honest);
            for who in friends {
                assert_ok!(PalletJobs::register_worker(signed(who), BOND));
            }
            let mut wanted = spec();
            (wanted.panel, wanted.reserves) = (3, 0);
            let fee = DrawFee::get().mul_floor(REWARD);
            for n in 1..=2u128 {
                let id = post(wanted.clone());
                run(draw_delay() + BusyWindow::get() - 1);
                assert!(matches!(job(id).state, State::Waiting { .. }));
                assert_eq!(job(id).seats.to_vec(), seats);
                run(1);
                assert_eq!(
                    last_event(),
                    Event::Ended {
                        job: id,
                        reason: EndReason::WorkersBusy,
                        share: 0
                    }
                );
                assert_eq!(free(CLIENT), START - fee * n);
                assert_eq!(free(TREASURY), START + fee * n);
                assert_eq!(held(CLIENT), 0);
                seed(n as u8);
            }
            empty(&honest);
        });
}

#[test]
fn one_who_leaves_while_the_job_waits_gives_its_place_to_the_reserve() {
    let (seats, reserves) = undisturbed();
    ExtBuilder::default()
        .workers(WORKERS)
        .build_and_execute(|| {
            let id = post(spec());
            fill(&seats[..1]);
            run(draw_delay());
            assert_ok!(PalletJobs::leave(signed(seats[1])));
            empty(&seats[..1]);
            run(BusyInterval::get());
            assert_eq!(job(id).seats.to_vec(), [seats[0], seats[2], reserves[0]]);
            assert!(job(id).reserves.is_empty());
            assert_ok!(PalletJobs::cancel(signed(CLIENT), id));

            // Where there is no reserve, the client has everything back, and the rest is remembered.
            let before = free(CLIENT);
            let mut bare = spec();
            bare.reserves = 0;
            let id = post(bare);
            fill(&seats[..1]);
            run(draw_delay());
            assert_ok!(PalletJobs::leave(signed(seats[2])));
            empty(&seats[..1]);
            run(BusyInterval::get());
            assert_eq!(
                last_event(),
                Event::Ended {
                    job: id,
                    reason: EndReason::TooFewWorkers,
                    share: 0
                }
            );
            assert_eq!((free(CLIENT), held(CLIENT)), (before, 0));
        });
}

#[test]
fn a_job_that_waits_can_be_cancelled_or_lose_its_consent() {
    ExtBuilder::default().build_and_execute(|| {
        let all: Vec<_> = (11..=16).collect();
        let id = post(spec());
        let record = make_record(PATIENT, CLIENT, PURPOSE, 1);
        let mut with = spec();
        with.inputs = vec![InputSpec::Record { record }].try_into().unwrap();
        let on_record = post(with);
        fill(&all);
        run(draw_delay());
        let refused = PalletJobs::provide(
            signed(CLIENT),
            id,
            [8; 32],
            vec![(0, inline(1))].try_into().unwrap(),
            capsules(id),
        );
        assert_eq!(refused, Err(Error::<Test>::WrongTime.into()));
        assert_ok!(PalletJobs::cancel(signed(CLIENT), id));
        let reason = EndReason::CancelledLate;
        let share = 0;
        assert_eq!(
            last_event(),
            Event::Ended {
                job: id,
                reason,
                share
            }
        );
        let fee = DrawFee::get().mul_floor(REWARD);
        assert_eq!(free(TREASURY), START + fee);
        for who in &all {
            assert_eq!(free(*who), START - BOND, "it was never kept busy");
        }
        revoke(CLIENT, record);
        run(BusyWindow::get());
        let reason = EndReason::ConsentRevoked;
        let job = on_record;
        assert_eq!(last_event(), Event::Ended { job, reason, share });
        assert_eq!((free(CLIENT), held(CLIENT)), (START - fee, 0));
        empty(&all);
    });
}

#[test]
fn places_cost_by_their_number() {
    ExtBuilder::default().build_and_execute(|| {
        let mut cheapest = spec();
        (cheapest.panel, cheapest.reserves) = (3, 2);
        cheapest.reward = 2_000 * 2 * 3 + MinReward::get() * 5;
        let id = drawn(cheapest);
        run(ProvideWindow::get() + 1);
        // A tenth of the reward is less.
        let fee = MinReward::get() * 5;
        let reason = EndReason::InputsMissing;
        let share = fee / 3;
        assert_eq!(
            last_event(),
            Event::Ended {
                job: id,
                reason,
                share
            }
        );
        assert_eq!(free(CLIENT), START - share * 3);
    });
}

#[test]
fn who_comes_or_goes_while_outputs_are_gathered_moves_nobody() {
    let panel = |meanwhile: &dyn Fn()| {
        let mut places = Vec::new();
        ExtBuilder::default()
            .workers(11..=16)
            .build_and_execute(|| {
                let mut all = spec();
                (all.quorum, all.panel, all.reserves) = (3, 5, 5);
                let id = post(all);
                run(FreeCancelWindow::get() + 1);
                meanwhile();
                run(draw_delay() - FreeCancelWindow::get() - 1);
                places = [job(id).seats.to_vec(), job(id).reserves.to_vec()].concat();
            });
        places
    };
    let undisturbed = panel(&|| ());
    assert_eq!(undisturbed.len(), 6);
    // A worker that sees how the seed turns out cannot come in for it, nor by coming back.
    let joined = panel(&|| {
        assert_ok!(PalletJobs::register_worker(signed(17), BOND));
        assert_ok!(PalletJobs::register_worker(signed(18), BOND));
    });
    assert_eq!(joined, undisturbed);
    let left = panel(&|| {
        assert_ok!(PalletJobs::leave(signed(14)));
    });
    let rest: Vec<_> = undisturbed.into_iter().filter(|who| *who != 14).collect();
    assert_eq!(left, rest);
}

#[test]
fn one_who_comes_back_waits_for_the_next_post() {
    ExtBuilder::default()
        .workers(11..=13)
        .build_and_execute(|| {
            Workers::<Test>::mutate_extant(11, |worker| worker.strikes = MaxStrikes::get() - 1);
            PalletJobs::strike(&11, 0, System::block_number());
            let id = post(spec());
            run(FreeCancelWindow::get() + 1);
            let came_back = System::block_number();
            assert_ok!(PalletJobs::resume(signed(11)));
            assert_eq!(Workers::<Test>::get(11).unwrap().in_pool_since, came_back);
            run(draw_delay());
            assert!(!Jobs::<Test>::contains_key(id), "two cannot be three seats");
            let id = drawn_or_ended();
            assert_eq!(job(id).seats.len(), 3);
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
        run(draw_delay());
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

/// A job of the client on records of the patient, by their seeds.
fn on_records(seeds: &[u32]) -> SpecOf<Test> {
    let mut with = spec();
    with.inputs = seeds
        .iter()
        .map(|seed| InputSpec::Record {
            record: make_record(PATIENT, CLIENT, PURPOSE, *seed),
        })
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    with
}

/// The panel that a post of these records gets; the job is cancelled.
fn panel_of(seeds: &[u32]) -> Vec<AccountId> {
    let id = drawn(on_records(seeds));
    let seats = job(id).seats.to_vec();
    assert_ok!(PalletJobs::cancel(signed(CLIENT), id));
    seats
}

#[test]
fn records_of_an_earlier_draw_keep_its_panel() {
    ExtBuilder::default()
        .workers(WORKERS)
        .build_and_execute(|| {
            let whole = panel_of(&[1, 2, 3]);
            for (n, part) in [&[1u32][..], &[3], &[3, 1], &[2, 3, 1]].iter().enumerate() {
                seed(n as u8 + 1);
                assert_eq!(panel_of(part), whole);
            }
            assert_eq!(Panels::<Test>::iter().count(), 1);
        });
}

#[test]
fn a_panel_is_not_carried_to_a_record_it_was_not_drawn_for() {
    ExtBuilder::default()
        .workers(WORKERS)
        .build_and_execute(|| {
            // Whatever panel the client found for records of its own, a new record is drawn for
            // anew: by chance one draw in 336 is the same.
            let mut same = 0;
            for n in 0..10 {
                let found = panel_of(&[10 * n]);
                seed(n as u8);
                same += u32::from(panel_of(&[10 * n, 10 * n + 1]) == found);
            }
            assert!(same <= 1);
            assert_eq!(Panels::<Test>::iter().count(), 20);
        });
}

#[test]
fn a_record_is_drawn_for_a_few_times_only() {
    ExtBuilder::default()
        .workers(WORKERS)
        .build_and_execute(|| {
            assert_eq!(MaxDraws::get(), 2);
            let first = panel_of(&[1]);
            let second = panel_of(&[1, 2]);
            // A third record would buy a third panel.
            assert_noop!(
                PalletJobs::post(signed(CLIENT), on_records(&[1, 3])),
                Error::<Test>::TooManyDraws
            );
            assert_eq!(panel_of(&[1]), first);
            assert_eq!(panel_of(&[1, 2]), second);
            assert_eq!(panel_of(&[2]), second);
            panel_of(&[2, 3]);
            // Of another client it is not said.
            let mut other = on_records(&[1, 3]);
            other.inputs = vec![other.inputs[0].clone(), own(1)].try_into().unwrap();
            let InputSpec::Record { record } = other.inputs[0] else {
                unreachable!()
            };
            CONSENTS.with_borrow_mut(|set| set.insert((OTHER_CLIENT, record, PURPOSE)));
            assert_ok!(PalletJobs::post(signed(OTHER_CLIENT), other));
            run(PanelMemory::get() + draw_delay());
            assert_eq!(DrawnFor::<Test>::iter().count(), 0);
            panel_of(&[1, 3]);
        });
}

#[test]
fn posts_at_once_buy_no_more_draws() {
    ExtBuilder::default()
        .workers(WORKERS)
        .build_and_execute(|| {
            for n in 2..6 {
                post(on_records(&[1, n]));
            }
            run(draw_delay() + 1);
            let used_up = events()
                .into_iter()
                .filter(|event| {
                    matches!(
                        event,
                        Event::Ended {
                            reason: EndReason::DrawsUsedUp,
                            ..
                        }
                    )
                })
                .count() as u32;
            assert_eq!(used_up, 4 - MaxDraws::get());
            let fee = DrawFee::get().mul_floor(REWARD);
            assert_eq!(free(TREASURY), START + fee * u128::from(used_up));
            assert_eq!(Jobs::<Test>::iter().count() as u32, MaxDraws::get());
        });
}

#[test]
fn a_consent_revoked_before_the_draw_buys_no_other_panel() {
    ExtBuilder::default()
        .workers(WORKERS)
        .build_and_execute(|| {
            let InputSpec::Record { record } = on_records(&[1]).inputs[0] else {
                unreachable!()
            };
            let id = post(on_records(&[1]));
            revoke(CLIENT, record);
            run(draw_delay());
            assert!(!Jobs::<Test>::contains_key(id));
            let members = Panels::<Test>::get(id).unwrap().members;
            seed(9);
            assert_eq!(panel_of(&[1]), members[..3]);
        });
}
