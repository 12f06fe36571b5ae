//! Roots that differ.

use polkadot_sdk::frame_support::assert_noop;
use salus_primitives::training::{Backend, Departure, End, Phase, Standing};

use crate::{mock::*, Error, Event, HoldReason, PastTrainings};

/// A homogeneous training of an analyst and four, in a dispute about its second stage.
fn disputed() -> u64 {
    let id = running(terms(Backend::Masked), &[11, 12, 13, 14]);
    post_all(id, &[ANALYST, 11, 12, 13, 14], root(1));
    post_all(id, &[ANALYST, 11, 12, 13], last_root(2, 1));
    post(id, 14, last_root(3, 1));
    id
}

#[test]
fn all_post_again() {
    build_and_execute(|| {
        let id = disputed();
        let now = training(id);
        let until = 1 + DisputeWindow::get();
        assert_eq!(
            last_event(),
            Event::RootsDiffer {
                training: id,
                stage: 1,
                epoch: now.epoch,
                until
            }
        );
        assert_eq!(
            now.phase,
            Phase::Disputed {
                stage: 1,
                since: 1,
                until
            }
        );
        assert!(now.parties.iter().all(|party| party.said.is_none()));
        assert_noop!(
            PalletTraining::post(signed(11), id, said(id, blocked(&[1], &[]))),
            Error::<Test>::InvalidPost
        );
        post_all(id, &[ANALYST, 11, 12, 13, 14], last_root(2, 1));
        let past = PastTrainings::<Test>::get(id).unwrap();
        assert_eq!(past.end, End::Completed { model: digest(1) });
        assert!(past.parties.iter().all(|party| party.departure.is_none()));
    });
}

#[test]
fn more_than_half_decide() {
    build_and_execute(|| {
        let id = disputed();
        post_all(id, &[ANALYST, 11, 13], last_root(2, 1));
        post_all(id, &[12, 14], last_root(3, 1));
        let past = PastTrainings::<Test>::get(id).unwrap();
        assert_eq!(past.end, End::Completed { model: digest(1) });
        assert_eq!(past.roots[..], [digest(1), digest(2)]);
        let outvoted = Some(Departure::Outvoted);
        let departures: Vec<_> = past.parties.iter().map(|party| party.departure).collect();
        assert_eq!(departures, [None, None, outvoted, None, outvoted]);
        // Nothing lost, nothing earned: who is right the chain cannot know.
        assert_eq!(free(12) + held(12), START);
        assert_eq!(held_for(HoldReason::Party, 12), 0);
        assert_eq!(free(11) + held(11), START + REWARD / 4);
        assert_eq!(free(TREASURY), START + REWARD / 4 * 2 + entry_fee(id));
    });
}

#[test]
fn without_a_majority_it_ends() {
    build_and_execute(|| {
        let id = homogeneous();
        post_all(id, &[ANALYST, 11, 12, 13], root(1));
        post_all(id, &[ANALYST, 11], last_root(2, 1));
        post_all(id, &[12, 13], last_root(3, 1));
        post_all(id, &[ANALYST, 11], last_root(2, 1));
        post_all(id, &[12, 13], last_root(3, 1));
        // One of two stages was agreed on.
        assert_eq!(
            last_event(),
            Event::Ended {
                training: id,
                end: End::Disputed,
                share: REWARD / 2 / 3
            }
        );
        assert_eq!(free(TREASURY), START + entry_fee(id));
    });
}

#[test]
fn an_outvoted_analyst_ends_it() {
    build_and_execute(|| {
        let id = homogeneous();
        for _ in 0..2 {
            post(id, ANALYST, root(1));
            post_all(id, &[11, 12, 13], root(2));
        }
        // No stage was agreed on, and most of the others may have lied.
        assert_eq!(
            last_event(),
            Event::Ended {
                training: id,
                end: End::Lost {
                    position: 0,
                    departure: Departure::Outvoted
                },
                share: 0
            }
        );
        assert_eq!(free(ANALYST), START - entry_fee(id));
    });
}

#[test]
fn a_vote_can_leave_too_few() {
    build_and_execute(|| {
        let mut wanted = terms(Backend::Masked);
        wanted.min_participants = 3;
        let id = running(wanted, &[11, 12, 13]);
        for _ in 0..2 {
            post(id, 13, root(1));
            post_all(id, &[ANALYST, 11, 12], root(2));
        }
        assert!(matches!(
            last_event(),
            Event::Ended {
                end: End::TooFew,
                ..
            }
        ));
    });
}

#[test]
fn who_is_silent_in_a_dispute_is_silent() {
    build_and_execute(|| {
        let id = disputed();
        post_all(id, &[ANALYST, 11, 12], last_root(2, 1));
        post(id, 14, last_root(3, 1));
        run(DisputeWindow::get());
        assert!(crate::Trainings::<Test>::contains_key(id));
        run(1);
        let past = PastTrainings::<Test>::get(id).unwrap();
        assert_eq!(past.end, End::Completed { model: digest(1) });
        let departures: Vec<_> = past.parties.iter().map(|party| party.departure).collect();
        assert_eq!(
            departures,
            [
                None,
                None,
                None,
                Some(Departure::Silent),
                Some(Departure::Outvoted)
            ]
        );
        assert_eq!(free(13) + held(13), START - DEPOSIT / 2);
    });
}

#[test]
fn a_heterogeneous_training_needs_all() {
    build_and_execute(|| {
        let id = heterogeneous();
        for _ in 0..2 {
            post_all(id, &[11, 12], root(1));
            post(id, 13, root(2));
        }
        assert_eq!(
            last_event(),
            Event::Ended {
                training: id,
                end: End::Disputed,
                share: 0
            }
        );
        assert_eq!(free(TREASURY), START + entry_fee(id));

        // Who is silent in the dispute is not waited for twice.
        let id = open(terms(Backend::Batch), &[14, 15, 16]);
        for who in [14, 15, 16] {
            join(id, who);
            commit_keys(id, who);
        }
        post_all(id, &[14, 15], root(1));
        post(id, 16, root(2));
        post_all(id, &[14, 15], root(1));
        run(DisputeWindow::get() + 1);
        assert!(matches!(
            last_event(),
            Event::Ended {
                end: End::Lost {
                    position: 2,
                    departure: Departure::Silent
                },
                ..
            }
        ));
    });
}

#[test]
fn the_stage_goes_on_after_a_dispute() {
    build_and_execute(|| {
        let id = running(terms(Backend::Masked), &[11, 12, 13, 14]);
        for _ in 0..2 {
            post_all(id, &[ANALYST, 11, 12, 13], root(1));
            post(id, 14, root(2));
        }
        let next = training(id);
        assert_eq!(next.phase.stage(), Some(1));
        assert_eq!(next.parties[4].standing, Standing::Out(Departure::Outvoted));
        post_all(id, &[ANALYST, 11, 12, 13], last_root(1, 1));
        assert_eq!(
            PastTrainings::<Test>::get(id).unwrap().end,
            End::Completed { model: digest(1) }
        );
    });
}
