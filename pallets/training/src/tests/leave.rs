//! `leave`.

use polkadot_sdk::frame_support::{assert_noop, assert_ok};
use salus_primitives::training::{Backend, Departure, End, Phase, Standing};

use crate::{mock::*, DataSets, Error, Event, HoldReason, Trainings};

#[test]
fn before_the_start_leaving_is_free() {
    build_and_execute(|| {
        let id = open(terms(Backend::Masked), &[11, 12, 13, 14]);
        let data_set = join(id, 11);
        assert_ok!(PalletTraining::leave(signed(11), id));
        assert_eq!(
            last_event(),
            Event::Departed {
                training: id,
                position: 1,
                who: 11,
                departure: Departure::NotReady,
                lost: 0
            }
        );
        assert_eq!(held_for(HoldReason::Party, 11), 0);
        assert_eq!(DataSets::<Test>::get(data_set).unwrap().uses, 0);
        // Who was asked can say no as well, once.
        assert_ok!(PalletTraining::leave(signed(12), id));
        for who in [11, 12, STRANGER, ANALYST, 113] {
            assert_noop!(
                PalletTraining::leave(signed(who), id),
                Error::<Test>::NotParty
            );
        }
        assert_noop!(
            PalletTraining::leave(signed(11), 7),
            Error::<Test>::TrainingNotFound
        );
    });
}

#[test]
fn it_starts_when_the_last_that_was_waited_for_leaves() {
    build_and_execute(|| {
        let id = open(terms(Backend::Masked), &[11, 12, 13]);
        for who in [11, 12] {
            join(id, who);
            commit_keys(id, who);
        }
        commit_keys(id, ANALYST);
        assert!(matches!(training(id).phase, Phase::Joining { .. }));
        assert_ok!(PalletTraining::leave(signed(13), id));
        assert_eq!(training(id).phase.stage(), Some(0));
        assert_eq!(
            training(id).parties[3].standing,
            Standing::Out(Departure::NotReady)
        );
    });
}

#[test]
fn it_ends_when_too_few_are_left_to_start() {
    build_and_execute(|| {
        for (backend, leaves) in [(Backend::Masked, &[11, 12][..]), (Backend::Batch, &[12])] {
            let id = open(terms(backend), &[11, 12, 13]);
            for who in leaves {
                assert!(Trainings::<Test>::contains_key(id));
                assert_ok!(PalletTraining::leave(signed(*who), id));
            }
            assert_eq!(
                last_event(),
                Event::Ended {
                    training: id,
                    end: End::NotStarted,
                    share: 0
                }
            );
            assert_eq!((held(ANALYST), free(ANALYST)), (0, START));
        }
    });
}

#[test]
fn after_the_start_one_stays() {
    build_and_execute(|| {
        let id = homogeneous();
        for who in [11, 111, ANALYST] {
            assert_noop!(
                PalletTraining::leave(signed(who), id),
                Error::<Test>::StillBound
            );
        }
        assert_noop!(
            PalletTraining::leave(signed(STRANGER), id),
            Error::<Test>::NotParty
        );
    });
}
