//! `provide`.

use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok},
    sp_runtime::DispatchResult,
};
use salus_primitives::jobs::{Ciphertext, InputSpec, JobId};

use crate::{mock::*, Capsules, Error, Event, Inputs, Jobs, SealedKeys, State};

fn give(id: JobId, items: Vec<(u32, Ciphertext)>, capsules: Capsules) -> DispatchResult {
    PalletJobs::provide(
        signed(CLIENT),
        id,
        [8; 32],
        items.try_into().unwrap(),
        capsules,
    )
}

fn two_inputs() -> JobId {
    let mut two = spec();
    two.inputs = vec![own(1), own(2)].try_into().unwrap();
    drawn(two)
}

#[test]
fn the_last_input_starts_the_panel() {
    ExtBuilder::default().build_and_execute(|| {
        let id = two_inputs();
        let before = held(CLIENT);
        assert_ok!(give(id, vec![(1, inline(2))], capsules(id)));
        assert_eq!(last_event(), Event::Provided { job: id, items: 1 });
        assert!(held(CLIENT) > before + 4 * 200);
        assert!(matches!(job(id).state, State::Drawn { .. }));

        assert_noop!(
            give(id, vec![(0, inline(1))], capsules(id)),
            Error::<Test>::CapsuleMismatch
        );
        assert_ok!(give(
            id,
            vec![(0, Ciphertext::Blob(blob(40)))],
            Default::default()
        ));
        let since = System::block_number();
        assert_eq!(
            last_event(),
            Event::Started {
                job: id,
                commit_by: since + 10
            }
        );
        assert_eq!(
            job(id).state,
            State::Working {
                since,
                middle: since + 5,
                commit_by: since + 10
            }
        );
    });
}

#[test]
fn what_does_not_fit_is_refused() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            give(7, vec![(0, inline(1))], Default::default()),
            Error::<Test>::JobNotFound
        );
        let early = post(spec());
        assert_noop!(
            give(early, vec![(0, inline(1))], Default::default()),
            Error::<Test>::WrongTime
        );
        let id = two_inputs();
        assert_noop!(
            PalletJobs::provide(
                signed(OTHER_CLIENT),
                id,
                [8; 32],
                vec![(0, inline(1))].try_into().unwrap(),
                capsules(id)
            ),
            Error::<Test>::NotAuthorized
        );
        assert_noop!(give(id, vec![], capsules(id)), Error::<Test>::InvalidInputs);
        let mut few = capsules(id);
        few.pop();
        assert_noop!(
            give(id, vec![(0, inline(1))], few),
            Error::<Test>::CapsuleMismatch
        );
        assert_noop!(
            give(id, vec![(2, inline(1))], capsules(id)),
            Error::<Test>::InputNotFound
        );
        assert_noop!(
            give(id, vec![(0, inline(1)), (0, inline(1))], capsules(id)),
            Error::<Test>::AlreadyProvided
        );
        let mut empty = blob(40);
        empty.size = 0;
        assert_noop!(
            give(id, vec![(0, Ciphertext::Blob(empty))], capsules(id)),
            Error::<Test>::InvalidBlob
        );
        let mut nowhere = blob(40);
        nowhere.location = Default::default();
        assert_noop!(
            give(id, vec![(0, Ciphertext::Blob(nowhere))], capsules(id)),
            Error::<Test>::InvalidBlob
        );
    });
}

#[test]
fn a_second_job_identity_is_refused() {
    ExtBuilder::default().build_and_execute(|| {
        let id = two_inputs();
        assert_ok!(give(id, vec![(0, inline(1))], capsules(id)));
        assert_noop!(
            PalletJobs::provide(
                signed(CLIENT),
                id,
                [9; 32],
                vec![(1, inline(1))].try_into().unwrap(),
                Default::default()
            ),
            Error::<Test>::CapsuleMismatch
        );
    });
}

#[test]
fn a_records_position_takes_no_own_ciphertext() {
    ExtBuilder::default().build_and_execute(|| {
        let record = make_record(PATIENT, CLIENT, PURPOSE, 1);
        let mut with = spec();
        with.inputs = vec![InputSpec::Record { record }].try_into().unwrap();
        let id = drawn(with);
        assert_noop!(
            give(id, vec![(0, inline(1))], capsules(id)),
            Error::<Test>::InputNotFound
        );
    });
}

#[test]
fn a_blob_of_somebody_elses_cannot_be_named() {
    ExtBuilder::default()
        .workers(WORKERS)
        .build_and_execute(|| {
            OTHER_BLOBS.with_borrow_mut(|blobs| blobs.insert(digest(40)));
            let id = two_inputs();
            let named = |seed| vec![(0, Ciphertext::Blob(blob(seed)))];
            assert_noop!(give(id, named(40), capsules(id)), Error::<Test>::BlobInUse);
            // Own blobs can serve twice, another client's not.
            assert_ok!(give(id, named(41), capsules(id)));
            let again = drawn(spec());
            assert_ok!(give(again, named(41), capsules(again)));
            assert_ok!(PalletJobs::post(signed(OTHER_CLIENT), spec()));
            run(draw_delay());
            let theirs = again + 1;
            assert_noop!(
                PalletJobs::provide(
                    signed(OTHER_CLIENT),
                    theirs,
                    [8; 32],
                    named(41).try_into().unwrap(),
                    capsules(theirs)
                ),
                Error::<Test>::BlobInUse
            );
        });
}

#[test]
fn nothing_is_taken_after_the_window() {
    ExtBuilder::default().build_and_execute(|| {
        let id = two_inputs();
        let late = capsules(id);
        run(ProvideWindow::get());
        assert_ok!(give(id, vec![(0, inline(1))], late));
        // The block number can advance before the agenda is worked off.
        System::set_block_number(System::block_number() + 1);
        assert_noop!(
            give(id, vec![(1, inline(1))], Default::default()),
            Error::<Test>::WrongTime
        );
        PalletJobs::work_off_agenda();
        assert!(!Jobs::<Test>::contains_key(id));
        assert_eq!(Inputs::<Test>::iter().count(), 0);
        assert_eq!(SealedKeys::<Test>::iter().count(), 0);
        assert_eq!(held(CLIENT), 0);
    });
}
