//! The randomness that panels are drawn from.

use codec::Encode;
use polkadot_sdk::{frame_support::traits::Randomness, sp_io::hashing::blake2_256};

use crate::{mock::*, Beacon, BEACON_MEMORY};

fn value() -> [u8; 32] {
    Beacon::<Test>::get().last().unwrap().value
}

fn set_output(seed: u8, known_since: Option<u32>) {
    RANDOM.set((seed, known_since));
}

#[test]
fn every_output_is_taken_in_once() {
    ExtBuilder::default().build_and_execute(|| {
        run(3);
        let before = value();
        set_output(7, None);
        run(1);
        let output = Outputs::random(b"salus/panel").0;
        assert_eq!(value(), (before, output).using_encoded(blake2_256));

        let after = Beacon::<Test>::get();
        assert_eq!(
            after.last().unwrap().known_since,
            System::block_number() - 1
        );
        PalletJobs::absorb_randomness();
        assert_eq!(Beacon::<Test>::get(), after);
        // A missing output counts as known since genesis.
        set_output(8, Some(0));
        run(1);
        assert_eq!(Beacon::<Test>::get(), after);
    });
}

#[test]
fn the_memory_is_bounded() {
    ExtBuilder::default().build_and_execute(|| {
        run(2 * BEACON_MEMORY);
        let outputs = Beacon::<Test>::get();
        assert_eq!(outputs.len(), BEACON_MEMORY as usize);
        assert_eq!(
            outputs.first().unwrap().known_since,
            System::block_number() - BEACON_MEMORY
        );
    });
}

#[test]
fn outputs_known_while_cancelling_is_free_do_not_count() {
    ExtBuilder::default().build_and_execute(|| {
        run(10);
        let posted = System::block_number();
        run(draw_delay() - 1);
        assert_eq!(PalletJobs::gathered(posted), None);
        run(1);
        let gathered = PalletJobs::gathered(posted).unwrap();
        assert_eq!(gathered, value());
        let first = posted + FreeCancelWindow::get() + 1;
        let counted = Beacon::<Test>::get()
            .iter()
            .filter(|output| output.known_since >= first)
            .count();
        assert_eq!(counted as u32, GatherOutputs::get());
    });
}

#[test]
fn each_gathered_output_changes_the_value() {
    let gathered = |changed: Option<u32>| {
        let mut found = None;
        ExtBuilder::default().build_and_execute(|| {
            run(5);
            let posted = System::block_number();
            for step in 1..=draw_delay() {
                set_output((changed == Some(step)).into(), None);
                run(1);
            }
            found = PalletJobs::gathered(posted);
        });
        found.unwrap()
    };
    let plain = gathered(None);
    for step in FreeCancelWindow::get() + 2..=draw_delay() {
        assert_ne!(gathered(Some(step)), plain, "step {step}");
    }
}

#[test]
fn the_value_is_the_same_however_late_the_draw() {
    ExtBuilder::default().build_and_execute(|| {
        let posted = System::block_number();
        run(draw_delay());
        let gathered = PalletJobs::gathered(posted);
        assert!(gathered.is_some());
        run(BEACON_MEMORY - GatherOutputs::get() - 1);
        assert_eq!(PalletJobs::gathered(posted), gathered);
        // Later still the outputs may be forgotten, and others must not take their place.
        run(BEACON_MEMORY);
        assert_eq!(PalletJobs::gathered(posted), None);
    });
}
