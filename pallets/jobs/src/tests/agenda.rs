//! What falls due.

use crate::{mock::*, Agenda, Jobs, NextAgenda, State, WeightInfo};

fn drawn_jobs() -> usize {
    Jobs::<Test>::iter_values()
        .filter(|job| matches!(job.state, State::Drawn { .. }))
        .count()
}

#[test]
fn a_full_block_leaves_the_rest_to_the_next() {
    ExtBuilder::default()
        .workers(WORKERS)
        .build_and_execute(|| {
            let jobs = 2 * MaxDuePerBlock::get() as usize + 1;
            for n in 0..jobs {
                let mut one = spec();
                one.inputs = vec![own(n as u8)].try_into().unwrap();
                (one.quorum, one.panel, one.reserves) = (1, 1, 0);
                post(one);
            }
            run(DrawDelay::get());
            assert_eq!(drawn_jobs(), MaxDuePerBlock::get() as usize);
            PalletJobs::do_try_state().unwrap();
            run(1);
            assert_eq!(drawn_jobs(), 2 * MaxDuePerBlock::get() as usize);
            run(1);
            assert_eq!(drawn_jobs(), jobs);
            assert_eq!(NextAgenda::<Test>::get(), System::block_number() + 1);
        });
}

#[test]
fn block_numbers_that_jump_lose_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        let id = post(spec());
        System::set_block_number(1_000);
        for _ in 0..1_000 / MaxSlotsPerBlock::get() + 1 {
            PalletJobs::work_off_agenda();
            PalletJobs::do_try_state().unwrap();
        }
        assert!(!job(id).seats.is_empty());
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
        run(DrawDelay::get() - 1);
        let slot = <() as WeightInfo>::agenda_slot();
        System::set_block_number(System::block_number() + 1);
        let weight = PalletJobs::work_off_agenda();
        assert!(weight.all_gte(<() as WeightInfo>::draw(6) + slot));
        assert_eq!(
            Agenda::<Test>::iter_key_prefix(System::block_number()).count(),
            0
        );
        System::set_block_number(System::block_number() + 1);
        let idle = PalletJobs::work_off_agenda();
        assert_eq!(idle, slot + slot);
    });
}
