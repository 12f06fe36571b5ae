//! What the hook does in a block.

use polkadot_sdk::frame_support::{traits::Hooks, weights::Weight};
use salus_primitives::training::Backend;

use crate::{mock::*, Agenda, NextAgenda, Trainings, WeightInfo};

#[test]
fn the_constants_fit_together() {
    build_and_execute(|| {
        <PalletTraining as Hooks<u32>>::integrity_test();
    });
}

fn due_together(count: u64) {
    for n in 0..count {
        let asked = vec![20].try_into().unwrap();
        let mut wanted = terms(Backend::Masked);
        wanted.min_participants = 1;
        PalletTraining::open(signed(11 + n), wanted, asked).unwrap();
    }
}

#[test]
fn a_block_does_one_and_what_fits() {
    build_and_execute(|| {
        MaxDueWeight::set(Weight::zero());
        due_together(3);
        run_to(1 + JOIN);
        assert_eq!(Trainings::<Test>::iter().count(), 3);
        for left in [2, 1, 0] {
            run(1);
            assert_eq!(Trainings::<Test>::iter().count(), left);
            PalletTraining::do_try_state().unwrap();
        }
        assert_eq!(Agenda::<Test>::iter().count(), 0);

        MaxDueWeight::set(Weight::MAX);
        due_together(3);
        run(JOIN + 1);
        assert_eq!(Trainings::<Test>::iter().count(), 0);
    });
}

#[test]
fn what_is_left_over_opens_nothing_that_has_closed() {
    build_and_execute(|| {
        MaxDueWeight::set(Weight::zero());
        due_together(2);
        run(JOIN + 1);
        let left = Trainings::<Test>::iter_keys().next().unwrap();
        let data_set = declare(
            20,
            spec(salus_primitives::training::Partition::Homogeneous, 1),
        );
        let join = PalletTraining::join(signed(20), left, data_set);
        assert_eq!(
            join.unwrap_err().error,
            crate::Error::<Test>::WrongTime.into()
        );
    });
}

#[test]
fn it_catches_up_when_numbers_jump() {
    build_and_execute(|| {
        due_together(1);
        System::set_block_number(100);
        let most = MaxSlotsPerBlock::get();
        let weight = <PalletTraining as Hooks<u32>>::on_initialize(100);
        assert!(weight.ref_time() >= <() as WeightInfo>::agenda_slot().ref_time() * 10);
        assert_eq!(NextAgenda::<Test>::get(), 2 + most);
        assert_eq!(Trainings::<Test>::iter().count(), 0);
    });
}

#[test]
fn an_early_end_leaves_nothing_due() {
    build_and_execute(|| {
        let id = homogeneous();
        post_all(id, &[ANALYST, 11, 12, 13], last_root(1, 1));
        assert_eq!(Agenda::<Test>::iter().count(), 0);
    });
}
