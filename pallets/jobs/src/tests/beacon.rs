//! The randomness that panels are drawn from.

use codec::Encode;
use polkadot_sdk::{frame_support::traits::Randomness, sp_io::hashing::blake2_256};

use crate::{mock::*, Beacon, EndReason, Event, Gatherings, BEACON_MEMORY};

fn value() -> [u8; 32] {
    Beacon::<Test>::get().last().unwrap().value
}

fn set_output(seed: u8, known_since: Option<u32>) {
    RANDOM.set((seed, known_since));
}

/// As a post does.
fn wait_for_value(posted: u32) {
    PalletJobs::enter_gathering(posted);
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
        wait_for_value(posted);
        run(draw_delay() - 1);
        assert_eq!(PalletJobs::gathered(posted), None);
        run(1);
        let gathered = PalletJobs::gathered(posted).unwrap();
        assert_eq!(gathered, value());
        PalletJobs::leave_gathering(posted);
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
            wait_for_value(posted);
            for step in 1..=draw_delay() {
                set_output((changed == Some(step)).into(), None);
                run(1);
            }
            found = PalletJobs::gathered(posted);
            PalletJobs::leave_gathering(posted);
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
        wait_for_value(posted);
        wait_for_value(posted);
        run(draw_delay());
        let gathered = PalletJobs::gathered(posted);
        assert!(gathered.is_some());
        // Longer than the beacon remembers outputs.
        run(2 * BEACON_MEMORY);
        assert_eq!(PalletJobs::gathered(posted), gathered);
        PalletJobs::leave_gathering(posted);
        assert_eq!(PalletJobs::gathered(posted), gathered);
        PalletJobs::leave_gathering(posted);
        assert_eq!(Gatherings::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_late_draw_gets_the_panel_that_it_would_have_had() {
    let panel = |late: u32| {
        let mut seats = Vec::new();
        ExtBuilder::default().build_and_execute(|| {
            let id = post(spec());
            run(draw_delay() - 1);
            // The agenda is kept from coming to it.
            for _ in 0..=late {
                System::set_block_number(System::block_number() + 1);
                PalletJobs::absorb_randomness();
            }
            run_agenda(late);
            seats = job(id).seats.to_vec();
        });
        seats
    };
    let in_time = panel(0);
    assert_eq!(in_time.len(), 3);
    assert_eq!(panel(3 * BEACON_MEMORY), in_time);
}

/// Works off as many slots as the agenda is late.
fn run_agenda(late: u32) {
    for _ in 0..=late / MaxSlotsPerBlock::get() {
        PalletJobs::work_off_agenda();
    }
}

#[test]
fn missing_outputs_complete_several_blocks_at_once() {
    ExtBuilder::default().build_and_execute(|| {
        run(10);
        let first = System::block_number();
        // No output of the blocks in which cancelling ends.
        let missing = MaxDrawRetries::get();
        let mut posts = Vec::new();
        for n in 0..=missing {
            posts.push(post(spec()));
            wait_for_value(first + n);
            if n < missing {
                set_output(0, Some(first + FreeCancelWindow::get()));
                run(1);
            }
        }
        set_output(0, None);
        let resumed = System::block_number();
        run(GatherOutputs::get() - 1);
        assert_eq!(PalletJobs::gathered(first), None);
        run(1);
        assert!(PalletJobs::gathered(first).is_some());
        let next = PalletJobs::gathered(first + 1);
        assert_eq!(PalletJobs::gathered(first), next, "the same outputs");
        run(draw_delay() - GatherOutputs::get());
        assert!((first..=resumed).all(|at| PalletJobs::gathered(at).is_some()));
        for at in first..=resumed {
            PalletJobs::leave_gathering(at);
        }
        run(1);
        for id in posts {
            assert_eq!(job(id).seats.len(), 3);
        }
    });
}

#[test]
fn a_value_that_can_never_come_is_not_waited_for() {
    ExtBuilder::default().build_and_execute(|| {
        set_output(0, Some(0));
        let id = post(spec());
        // The agenda comes late.
        let late = System::block_number() + draw_delay() + MaxDrawRetries::get();
        System::set_block_number(late);
        PalletJobs::work_off_agenda();
        assert_eq!(
            last_event(),
            Event::Ended {
                job: id,
                reason: EndReason::NoRandomness,
                share: 0
            }
        );
    });
}
