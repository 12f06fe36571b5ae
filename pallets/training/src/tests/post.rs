//! `post`, as far as all agree or are blocked.

use polkadot_sdk::frame_support::{assert_noop, assert_ok, dispatch::Pays};
use salus_primitives::training::{Backend, Departure, End, Phase, Said, StagePost, Standing};

use crate::{mock::*, Error, Event, HoldReason, PastTrainings};

#[test]
fn equal_roots_end_a_stage_and_a_model_the_training() {
    build_and_execute(|| {
        let id = homogeneous();
        let first = training(id).epoch;
        let all = [ANALYST, 11, 12, 13];
        post_all(id, &all[..3], root(1));
        assert_eq!(
            last_event(),
            Event::Posted {
                training: id,
                position: 2,
                stage: 0,
                said: root(1)
            }
        );
        assert_eq!(training(id).phase.stage(), Some(0));
        run(2);
        let paid = PalletTraining::post(signed(113), id, said(id, root(1))).unwrap();
        assert_eq!(paid.pays_fee, Pays::No);
        assert_eq!(
            last_event(),
            Event::StageAgreed {
                training: id,
                stage: 0,
                root: digest(1)
            }
        );
        let next = training(id);
        assert_eq!(
            next.phase,
            Phase::Running {
                stage: 1,
                since: 3,
                until: 3 + STAGE
            }
        );
        assert_eq!(next.roots[..], [digest(1)]);
        assert_ne!(next.epoch, first);
        post_all(id, &all, last_root(2, 50));
        assert_eq!(
            last_event(),
            Event::Ended {
                training: id,
                end: End::Completed { model: digest(50) },
                share: REWARD / 3
            }
        );
        let amount = entry_fee(id);
        assert!(events().contains(&Event::EntryPaid {
            training: id,
            amount
        }));
        let past = PastTrainings::<Test>::get(id).unwrap();
        assert_eq!(past.roots[..], [digest(1), digest(2)]);
        assert_eq!(past.terms, terms(Backend::Masked));
        assert_eq!((past.opened_at, past.ended_at, past.ended), (1, 3, 6_000));
        assert!(past.parties.iter().all(|party| party.departure.is_none()));
        assert!(past.parties[0].data_set.is_none() && past.parties[1].data_set.is_some());
        assert!(!past.kept);
    });
}

#[test]
fn a_training_can_converge_early() {
    build_and_execute(|| {
        let id = homogeneous();
        post_all(id, &[ANALYST, 11, 12, 13], last_root(1, 50));
        assert_eq!(
            PastTrainings::<Test>::get(id).unwrap().end,
            End::Completed { model: digest(50) }
        );
    });
}

#[test]
fn what_is_posted_is_checked() {
    build_and_execute(|| {
        let id = homogeneous();
        let of = |what| said(id, what);
        assert_noop!(
            PalletTraining::post(signed(11), 7, of(root(1))),
            Error::<Test>::TrainingNotFound
        );
        assert_noop!(
            PalletTraining::post(signed(14), id, of(root(1))),
            Error::<Test>::NotParty
        );
        let stale = StagePost {
            epoch: 0,
            said: root(1),
        };
        assert_noop!(
            PalletTraining::post(signed(11), id, stale),
            Error::<Test>::WrongEpoch
        );
        for wrong in [
            blocked(&[], &[]),
            blocked(&[1], &[]),
            blocked(&[0], &[1]),
            blocked(&[4], &[]),
            blocked(&[0], &[0]),
            blocked(&[15], &[]),
        ] {
            assert_noop!(
                PalletTraining::post(signed(11), id, of(wrong)),
                Error::<Test>::InvalidPost
            );
        }
        post(id, 11, root(1));
        for again in [root(1), root(2), blocked(&[0], &[])] {
            assert_noop!(
                PalletTraining::post(signed(11), id, of(again)),
                Error::<Test>::AlreadyPosted
            );
        }
        post_all(id, &[ANALYST, 12, 13], root(1));
        assert_noop!(
            PalletTraining::post(signed(11), id, said(id, root(1))),
            Error::<Test>::ModelMissing
        );
        System::set_block_number(2 + STAGE);
        assert_noop!(
            PalletTraining::post(signed(11), id, said(id, last_root(1, 1))),
            Error::<Test>::WrongTime
        );
        let opened = open(terms(Backend::Masked), &[11, 12]);
        join(opened, 11);
        assert_noop!(
            PalletTraining::post(signed(11), opened, said(opened, root(1))),
            Error::<Test>::WrongTime
        );
    });
}

#[test]
fn who_is_blocked_may_have_a_root_later() {
    build_and_execute(|| {
        let id = homogeneous();
        post(id, 11, blocked(&[2], &[]));
        let blocked_twice = said(id, blocked(&[3], &[]));
        assert_noop!(
            PalletTraining::post(signed(11), id, blocked_twice),
            Error::<Test>::AlreadyPosted
        );
        post_all(id, &[ANALYST, 12, 13], root(1));
        assert_eq!(training(id).phase.stage(), Some(0));
        post(id, 11, root(1));
        assert_eq!(training(id).phase.stage(), Some(1));
    });
}

#[test]
fn more_than_half_of_the_others_accuse() {
    build_and_execute(|| {
        // Four others of 11: three are more than half.
        let id = running(terms(Backend::Masked), &[11, 12, 13, 14]);
        post(id, ANALYST, blocked(&[], &[1]));
        post(id, 12, blocked(&[], &[1]));
        assert!(training(id).parties[1].is_in());
        post(id, 13, root(1));
        let epoch = training(id).epoch;
        post(id, 14, blocked(&[2], &[1]));
        let lost = DEPOSIT / 2;
        let all = events();
        assert!(all.contains(&Event::Departed {
            training: id,
            position: 1,
            who: 11,
            departure: Departure::Accused,
            lost
        }));
        assert_eq!(free(TREASURY), START + lost);
        assert_eq!(held_for(HoldReason::Party, 11), 0);
        let again = training(id);
        assert_eq!(again.parties[1].standing, Standing::Out(Departure::Accused));
        assert_eq!(again.epoch, epoch + 1);
        assert!(again.parties.iter().all(|party| party.said.is_none()));
        assert_eq!(
            all.last(),
            Some(&Event::Retried {
                training: id,
                stage: 0,
                epoch: epoch + 1,
                until: 1 + STAGE
            })
        );
        // Who is out posts nothing more.
        assert_noop!(
            PalletTraining::post(signed(111), id, said(id, root(1))),
            Error::<Test>::NotParty
        );
        post_all(id, &[ANALYST, 12, 13, 14], root(2));
        assert_eq!(training(id).roots[..], [digest(2)]);
    });
}

#[test]
fn one_alone_accuses_nobody() {
    build_and_execute(|| {
        // The only other of two.
        let mut two = terms(Backend::Batch);
        two.min_participants = 2;
        let id = running(two, &[11, 12]);
        post(id, 11, blocked(&[], &[1]));
        post(id, 12, blocked(&[], &[0]));
        assert!(training(id).joined().count() == 2);
        run(STAGE + 1);
        assert!(matches!(last_event(), Event::Retried { .. }));
        assert_eq!(training(id).retries, 1);
        post(id, 11, blocked(&[], &[1]));
        post(id, 12, root(1));
        run(STAGE + 1);
        assert_eq!(
            last_event(),
            Event::Ended {
                training: id,
                end: End::Stalled,
                share: 0
            }
        );
        assert_eq!(free(TREASURY), START + entry_fee(id));
        assert_eq!(held_for(HoldReason::Party, 11), 0);
    });
}

#[test]
fn an_accused_participant_ends_a_heterogeneous_training() {
    build_and_execute(|| {
        let id = heterogeneous();
        post(id, 11, blocked(&[], &[2]));
        assert_ok!(PalletTraining::post(
            signed(12),
            id,
            said(id, blocked(&[], &[2]))
        ));
        let departure = Departure::Accused;
        assert_eq!(
            last_event(),
            Event::Ended {
                training: id,
                end: End::Lost {
                    position: 2,
                    departure
                },
                share: 0
            }
        );
        let past = PastTrainings::<Test>::get(id).unwrap();
        assert_eq!(past.parties[2].departure, Some(departure));
        assert_eq!(past.parties[1].departure, None);
    });
}

#[test]
fn a_root_with_another_model_is_another() {
    build_and_execute(|| {
        let id = homogeneous();
        post_all(id, &[ANALYST, 11, 12], root(1));
        post(
            id,
            13,
            Said::Root {
                root: digest(1),
                model: Some(digest(2)),
            },
        );
        assert!(matches!(training(id).phase, Phase::Disputed { .. }));
    });
}
