//! Parties that cannot go on and know nobody to blame.

use polkadot_sdk::frame_support::assert_noop;
use salus_primitives::training::{Backend, Departure, End, Phase, Said, Standing};

use crate::{mock::*, Error, Event, PastTrainings};

fn ended(id: u64, position: u16, departure: Departure, share: u128) -> Event<Test> {
    Event::Ended {
        training: id,
        end: End::Lost {
            position,
            departure,
        },
        share,
    }
}

/// It gets its deposit back, and pays for the stage: it may have the model.
#[test]
fn an_analyst_that_fails_loses_no_deposit() {
    build_and_execute(|| {
        let id = homogeneous();
        post_all(id, &[ANALYST, 11, 12, 13], root(1));
        post(id, ANALYST, Said::Failed);
        assert!(matches!(training(id).phase, Phase::Running { .. }));
        // That they wait for it is no accusation.
        post_all(id, &[11, 12], blocked(&[0], &[]));
        post(id, 13, blocked(&[0, 1], &[]));
        assert!(events().contains(&Event::Departed {
            training: id,
            position: 0,
            who: ANALYST,
            departure: Departure::Failed,
            lost: 0
        }));
        let share = REWARD / 2 * 2 / 3;
        assert_eq!(last_event(), ended(id, 0, Departure::Failed, share));
        assert_eq!(free(TREASURY), START + entry_fee(id));
        assert_eq!(
            free(ANALYST) + held(ANALYST),
            START - 3 * share - entry_fee(id)
        );
        assert_eq!(free(11) + held(11), START + share);
    });
}

#[test]
fn at_the_deadline_it_is_the_same() {
    build_and_execute(|| {
        let id = homogeneous();
        post(id, ANALYST, Said::Failed);
        post_all(id, &[11, 12], blocked(&[0], &[]));
        run(STAGE + 1);
        // Who was silent is out as well, and what it earned is not the others'.
        let share = REWARD / 2 / 3;
        assert_eq!(last_event(), ended(id, 0, Departure::Failed, share));
        assert_eq!(free(13) + held(13), START - DEPOSIT / 2);
        assert_eq!(free(11) + held(11), START + share);
    });
}

/// To say that one cannot go on is no way around what most of the others say of one's messages.
#[test]
fn it_does_not_clear_of_an_accusation() {
    build_and_execute(|| {
        let id = homogeneous();
        post(id, ANALYST, Said::Failed);
        post(id, 11, blocked(&[], &[0]));
        assert!(training(id).parties[0].is_in());
        post(id, 12, blocked(&[], &[0]));
        assert!(matches!(
            last_event(),
            Event::Ended {
                end: End::Lost {
                    position: 0,
                    departure: Departure::Accused
                },
                ..
            }
        ));
        assert_eq!(
            free(ANALYST) + held(ANALYST),
            START - DEPOSIT / 2 - entry_fee(id)
        );

        // With the silent gone, fewer are most of the others.
        let id = running(terms(Backend::Masked), &[14, 15, 16, 17]);
        post(id, ANALYST, Said::Failed);
        post_all(id, &[14, 15], blocked(&[], &[0]));
        run(STAGE + 1);
        assert!(events().contains(&Event::Departed {
            training: id,
            position: 0,
            who: ANALYST,
            departure: Departure::Accused,
            lost: DEPOSIT / 2
        }));
    });
}

#[test]
fn the_others_go_on_without_a_participant() {
    build_and_execute(|| {
        let id = homogeneous();
        let epoch = training(id).epoch;
        post_all(id, &[ANALYST, 11], blocked(&[3], &[]));
        post(id, 12, blocked(&[3], &[]));
        // Until all have said something, or the deadline.
        assert_eq!(training(id).epoch, epoch);
        post(id, 13, Said::Failed);
        let next = training(id);
        assert_eq!(next.parties[3].standing, Standing::Out(Departure::Failed));
        assert_eq!((next.epoch, next.retries), (epoch + 1, 0));
        assert_eq!(free(13) + held(13), START);

        post(id, 12, Said::Failed);
        post_all(id, &[ANALYST, 11], root(1));
        assert!(matches!(
            last_event(),
            Event::Ended {
                end: End::TooFew,
                ..
            }
        ));

        // Where all that are left have the same root, the stage is over.
        let id = running(terms(Backend::Masked), &[14, 15, 16]);
        post(id, 14, Said::Failed);
        post_all(id, &[ANALYST, 15, 16], root(1));
        assert_eq!(training(id).phase.stage(), Some(1));
    });
}

/// Wrong sums of masked numbers: nobody knows whose, and all see it.
#[test]
fn a_heterogeneous_training_ends_and_nobody_pays() {
    build_and_execute(|| {
        let id = heterogeneous();
        post_all(id, &[11, 12], Said::Failed);
        assert!(matches!(training(id).phase, Phase::Running { .. }));
        post(id, 13, Said::Failed);
        assert_eq!(last_event(), ended(id, 0, Departure::Failed, 0));
        assert_eq!(free(TREASURY), START + entry_fee(id));
        for who in [11, 12, 13] {
            assert_eq!(free(who) + held(who), START);
        }
        let past = PastTrainings::<Test>::get(id).unwrap();
        let failed = Some(Departure::Failed);
        assert!(past.parties.iter().all(|party| party.departure == failed));
    });
}

#[test]
fn nothing_follows_it_and_it_follows_no_root() {
    build_and_execute(|| {
        let id = homogeneous();
        post(id, 11, blocked(&[0], &[]));
        post(id, 11, Said::Failed);
        post(id, 12, root(1));
        for (who, what) in [
            (11, root(1)),
            (11, Said::Failed),
            (11, blocked(&[0], &[])),
            (12, Said::Failed),
        ] {
            assert_noop!(
                PalletTraining::post(signed(who), id, said(id, what)),
                Error::<Test>::AlreadyPosted
            );
        }
    });
}

#[test]
fn in_a_dispute_it_is_an_answer() {
    build_and_execute(|| {
        let id = homogeneous();
        post_all(id, &[ANALYST, 11, 12], root(1));
        post(id, 13, root(2));
        post_all(id, &[ANALYST, 11, 12], root(1));
        post(id, 13, Said::Failed);
        let next = training(id);
        assert_eq!(next.phase.stage(), Some(1));
        assert_eq!(next.parties[3].standing, Standing::Out(Departure::Failed));
    });
}
