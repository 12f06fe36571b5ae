//! What falls due.

use polkadot_sdk::frame_support::{assert_noop, assert_ok, weights::Weight};
use salus_primitives::jobs::InputSpec;

use crate::{mock::*, Agenda, Error, Event, Jobs, NextAgenda, SpecOf, State, WeightInfo, Workers};

/// Jobs whose panel is drawn, also where it waits for one who is busy.
fn drawn_jobs() -> usize {
    Jobs::<Test>::iter_values()
        .filter(|job| !matches!(job.state, State::Requested))
        .count()
}

/// A job of one seat: of all jobs the cheapest to have drawn.
fn cheap(n: u32) -> SpecOf<Test> {
    let mut one = spec();
    one.inputs = vec![InputSpec::Own {
        commitment: digest_of(n),
    }]
    .try_into()
    .unwrap();
    (one.quorum, one.panel, one.reserves) = (1, 1, 0);
    one
}

fn digest_of(n: u32) -> salus_primitives::Digest {
    let mut bytes = [9; 32];
    bytes[..4].copy_from_slice(&n.to_le_bytes());
    bytes.into()
}

#[test]
fn a_full_block_leaves_the_rest_to_the_next() {
    ExtBuilder::default()
        .workers(WORKERS)
        .build_and_execute(|| {
            for n in 0..MaxLiveJobs::get() {
                post(cheap(n));
            }
            run(draw_delay());
            let first = drawn_jobs();
            assert!((1..MaxLiveJobs::get() as usize).contains(&first), "{first}");
            let slot = System::block_number();
            assert_eq!(NextAgenda::<Test>::get(), slot);
            PalletJobs::do_try_state().unwrap();
            while drawn_jobs() < MaxLiveJobs::get() as usize {
                let before = drawn_jobs();
                run(1);
                assert!(drawn_jobs() > before, "a block did nothing");
                assert!(drawn_jobs() <= before + first + 1, "a block did too much");
            }
            assert_eq!(NextAgenda::<Test>::get(), System::block_number() + 1);
        });
}

#[test]
fn due_work_keeps_to_its_weight() {
    ExtBuilder::default()
        .workers(WORKERS)
        .build_and_execute(|| {
            for n in 0..MaxLiveJobs::get() {
                post(cheap(n));
            }
            run(draw_delay() - 1);
            for _ in 0..MaxLiveJobs::get() {
                System::set_block_number(System::block_number() + 1);
                PalletJobs::absorb_randomness();
                let weight = PalletJobs::work_off_agenda();
                assert!(!weight.any_gt(MaxDueWeight::get()), "{weight}");
            }
            let drawn = events()
                .iter()
                .filter(|event| matches!(event, Event::Drawn { .. }))
                .count();
            assert_eq!(drawn, MaxLiveJobs::get() as usize);
        });
}

#[test]
fn an_entry_heavier_than_the_budget_is_worked_off() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        MaxDueWeight::set(Weight::zero());
        answer(id, &[good(); 3]);
        assert!(!Jobs::<Test>::contains_key(id));
        MaxDueWeight::set(DUE_WEIGHT);
    });
}

#[test]
fn a_flood_of_cheap_jobs_delays_others_by_a_few_blocks() {
    ExtBuilder::default()
        .workers(WORKERS)
        .build_and_execute(|| {
            // The answers of one job are in when as many draws as another client can have are due.
            let id = working(spec());
            for n in 0..MaxLiveJobs::get() {
                assert_ok!(PalletJobs::post(signed(OTHER_CLIENT), cheap(n)));
            }
            assert_noop!(
                PalletJobs::post(signed(OTHER_CLIENT), cheap(99)),
                Error::<Test>::TooManyJobs
            );
            run(draw_delay() - 1);
            for who in job(id).seats {
                commit(id, who, good());
            }
            for who in job(id).seats {
                reveal(id, who, good());
            }
            let due = job(id).due;
            // No block leaves more than one entry's weight of the budget unused.
            let draw = <() as WeightInfo>::draw(8, 0) + <() as WeightInfo>::agenda_slot();
            let unused = <() as WeightInfo>::draw(MaxWorkers::get(), 0);
            let per_block = (MaxDueWeight::get() - unused).ref_time() / draw.ref_time();
            assert!(per_block > 0);
            let bound = u64::from(MaxLiveJobs::get()).div_ceil(per_block) as u32 + 1;
            while Jobs::<Test>::contains_key(id) {
                run(1);
                assert!(System::block_number() <= due + bound);
            }
        });
}

#[test]
fn a_job_that_waits_weighs_little() {
    ExtBuilder::default().build_and_execute(|| {
        let id = post(spec());
        let all: Vec<_> = (11..=16).collect();
        let busy = |active| {
            for who in &all {
                Workers::<Test>::mutate_extant(who, |worker| worker.active = active);
            }
        };
        busy(MaxActiveSeats::get());
        run(draw_delay() + BusyInterval::get() - 1);
        let slot = <() as WeightInfo>::agenda_slot();
        System::set_block_number(System::block_number() + 1);
        let weight = PalletJobs::work_off_agenda();
        assert_eq!(weight, <() as WeightInfo>::wait() + slot * 3);
        assert_eq!(job(id).due, System::block_number() + BusyInterval::get());
        busy(0);
        run(BusyInterval::get());
        assert_eq!(job(id).seats.len(), 3);
    });
}

#[test]
fn block_numbers_that_jump_lose_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        System::set_block_number(1_000);
        for _ in 0..1_000 / MaxSlotsPerBlock::get() + 1 {
            PalletJobs::work_off_agenda();
            PalletJobs::do_try_state().unwrap();
        }
        assert!(!Jobs::<Test>::contains_key(id));
        assert_eq!(NextAgenda::<Test>::get(), 1_001);
    });
}

#[test]
fn a_block_number_that_stands_still_loses_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        PalletJobs::work_off_agenda();
        for who in job(id).seats {
            commit(id, who, good());
        }
        for who in job(id).seats {
            reveal(id, who, good());
        }
        PalletJobs::work_off_agenda();
        assert!(Jobs::<Test>::contains_key(id));
        run(1);
        assert!(!Jobs::<Test>::contains_key(id));
    });
}

#[test]
fn the_work_is_weighed() {
    ExtBuilder::default().build_and_execute(|| {
        post(spec());
        run(draw_delay() - 1);
        let slot = <() as WeightInfo>::agenda_slot();
        System::set_block_number(System::block_number() + 1);
        PalletJobs::absorb_randomness();
        let weight = PalletJobs::work_off_agenda();
        assert!(weight.all_gte(<() as WeightInfo>::draw(4, 0) + slot));
        assert_eq!(
            Agenda::<Test>::iter_key_prefix(System::block_number()).count(),
            0
        );
        System::set_block_number(System::block_number() + 1);
        let idle = PalletJobs::work_off_agenda();
        assert_eq!(idle, slot + slot);
    });
}
