//! Deadlines of stages: who is silent, who withholds, and what follows.

use polkadot_sdk::frame_support::{assert_noop, assert_ok};
use salus_primitives::training::{Backend, Departure, End, Phase, Standing};

use crate::{mock::*, Error, Event, HoldReason, PastTrainings, Places, Trainings};

const LOST: u128 = DEPOSIT / 2;

fn out(id: u64, position: u16, who: AccountId, departure: Departure) -> Event<Test> {
    Event::Departed {
        training: id,
        position,
        who,
        departure,
        lost: if departure.costs() { LOST } else { 0 },
    }
}

#[test]
fn a_homogeneous_training_goes_on_without_the_silent() {
    build_and_execute(|| {
        let id = homogeneous();
        post_all(id, &[ANALYST, 11, 13], root(1));
        run_to(1 + STAGE);
        assert_eq!(training(id).phase.stage(), Some(0));
        run(1);
        assert!(events().contains(&out(id, 2, 12, Departure::Silent)));
        let next = training(id);
        assert_eq!(next.parties[2].standing, Standing::Out(Departure::Silent));
        assert_eq!(
            (held_for(HoldReason::Party, 12), free(TREASURY)),
            (0, START + LOST)
        );
        assert!(Places::<Test>::get(12).is_empty());
        // The others' roots are equal: the stage is over.
        assert_eq!(next.phase.stage(), Some(1));
        post_all(id, &[ANALYST, 11, 13], last_root(2, 3));
        assert_eq!(
            last_event(),
            Event::Ended {
                training: id,
                end: End::Completed { model: digest(3) },
                share: REWARD / 3
            }
        );
        // Nobody gets more because another is out.
        assert_eq!(free(13) + held(13), START + REWARD / 3);
        assert_eq!(free(TREASURY), START + LOST + REWARD / 3 + entry_fee(id));
        let past = PastTrainings::<Test>::get(id).unwrap();
        assert_eq!(past.parties[2].departure, Some(Departure::Silent));
    });
}

#[test]
fn who_waited_for_the_silent_is_not_silent() {
    build_and_execute(|| {
        let id = homogeneous();
        let epoch = training(id).epoch;
        post_all(id, &[ANALYST, 11], blocked(&[2], &[]));
        post(id, 13, root(1));
        run(STAGE + 1);
        assert!(events().contains(&out(id, 2, 12, Departure::Silent)));
        let again = training(id);
        let since = System::block_number();
        assert_eq!(
            again.phase,
            Phase::Running {
                stage: 0,
                since,
                until: since + STAGE
            }
        );
        assert_eq!((again.epoch, again.retries), (epoch + 1, 0));
        assert_eq!(
            last_event(),
            Event::Retried {
                training: id,
                stage: 0,
                epoch: epoch + 1,
                until: since + STAGE
            }
        );
        // What was computed with the one that is out counts no more.
        assert!(again.parties.iter().all(|party| party.said.is_none()));
    });
}

#[test]
fn below_the_minimum_it_ends_with_refunds() {
    build_and_execute(|| {
        let id = homogeneous();
        post_all(id, &[ANALYST, 11, 12, 13], root(1));
        post_all(id, &[ANALYST, 13], last_root(1, 1));
        run(STAGE + 1);
        assert_eq!(
            last_event(),
            Event::Ended {
                training: id,
                end: End::TooFew,
                share: 0
            }
        );
        assert_eq!(free(TREASURY), START + 2 * LOST + entry_fee(id));
        assert_eq!(free(ANALYST), START - entry_fee(id));
        assert_eq!(
            (free(11) + held(11), free(13) + held(13)),
            (START - LOST, START)
        );
        assert_eq!(held_for(HoldReason::Party, 13), 0);
    });
}

#[test]
fn a_silent_analyst_pays_for_the_stage_under_way_too() {
    build_and_execute(|| {
        let id = homogeneous();
        post_all(id, &[11, 12, 13], root(1));
        run(STAGE + 1);
        let departure = Departure::Silent;
        assert_eq!(
            last_event(),
            Event::Ended {
                training: id,
                end: End::Lost {
                    position: 0,
                    departure
                },
                share: REWARD / 2 / 3
            }
        );
        assert_eq!(
            free(ANALYST),
            START - LOST - 3 * (REWARD / 2 / 3) - entry_fee(id)
        );
        assert_eq!(held(ANALYST), 0);
    });
}

#[test]
fn who_is_silent_with_the_analyst_gets_nothing() {
    build_and_execute(|| {
        let id = homogeneous();
        post_all(id, &[ANALYST, 11, 12, 13], root(1));
        post(id, 12, last_root(1, 1));
        run(STAGE + 1);
        let share = REWARD / 2 * 2 / 3;
        assert!(matches!(last_event(), Event::Ended { share: s, .. } if s == share));
        assert_eq!(free(12) + held(12), START + share);
        assert_eq!(free(11) + held(11), START - LOST);
        assert_eq!(free(TREASURY), START + 3 * LOST + 2 * share + entry_fee(id));
    });
}

#[test]
fn a_heterogeneous_training_waits_for_the_silent() {
    build_and_execute(|| {
        let id = heterogeneous();
        post_all(id, &[11, 13], root(1));
        run(STAGE + 1);
        let since = System::block_number();
        assert_eq!(
            last_event(),
            Event::Paused {
                training: id,
                silent: 0b10,
                until: since + GraceWindow::get()
            }
        );
        assert_eq!(
            training(id).phase,
            Phase::Paused {
                stage: 0,
                since,
                until: since + GraceWindow::get()
            }
        );
        assert_eq!(held_for(HoldReason::Party, 12), DEPOSIT);
        // It comes back in the last block, and what the others posted counts.
        run(GraceWindow::get());
        post(id, 12, root(1));
        assert_eq!(training(id).phase.stage(), Some(1));
        assert_eq!(training(id).roots[..], [digest(1)]);
    });
}

#[test]
fn who_does_not_come_back_ends_it_and_all_else_is_refunded() {
    build_and_execute(|| {
        let id = heterogeneous();
        post_all(id, &[11, 13], root(1));
        run(STAGE + 1 + GraceWindow::get());
        assert!(Trainings::<Test>::contains_key(id));
        run(1);
        let departure = Departure::Silent;
        assert_eq!(
            last_event(),
            Event::Ended {
                training: id,
                end: End::Lost {
                    position: 1,
                    departure
                },
                share: 0
            }
        );
        assert_eq!(free(ANALYST), START - entry_fee(id));
        for (who, left) in [(11, START), (12, START - LOST), (13, START)] {
            assert_eq!(free(who) + held(who), left);
            assert_eq!(held_for(HoldReason::Party, who), 0);
        }
        assert_eq!(free(TREASURY), START + LOST + entry_fee(id));
    });
}

#[test]
fn who_comes_back_blocked_begins_the_stage_again() {
    build_and_execute(|| {
        let id = heterogeneous();
        post_all(id, &[11, 13], blocked(&[1], &[]));
        run(STAGE + 1);
        post(id, 12, root(1));
        run(GraceWindow::get() + 1);
        // Both others lack its messages, and it lacks none.
        assert!(matches!(
            last_event(),
            Event::Ended {
                end: End::Lost {
                    position: 1,
                    departure: Departure::Withheld
                },
                ..
            }
        ));

        let id = heterogeneous_again();
        post_all(id, &[11, 13], blocked(&[1], &[]));
        run(STAGE + 1);
        post(id, 12, blocked(&[0], &[]));
        run(GraceWindow::get() + 1);
        assert_eq!(training(id).retries, 1);
        post_all(id, &[11, 12, 13], root(2));
        assert_eq!(training(id).roots[..], [digest(2)]);
    });
}

/// One sends garbage to one other, for whom all wait then: of two that name each other the chain cannot
/// know who lies.
#[test]
fn who_waits_for_another_has_withheld_nothing() {
    build_and_execute(|| {
        let id = homogeneous();
        for retries in 0..=MaxRetries::get() {
            assert_eq!(training(id).retries, retries);
            post(id, ANALYST, blocked(&[], &[2]));
            post_all(id, &[11, 12, 13], blocked(&[0], &[]));
            run(STAGE + 1);
        }
        assert!(matches!(
            last_event(),
            Event::Ended {
                end: End::Stalled,
                ..
            }
        ));
        for who in [11, 12, 13] {
            assert_eq!(free(who) + held(who), START);
        }
        assert_eq!(free(ANALYST), START - entry_fee(id));
        assert_eq!(free(TREASURY), START + entry_fee(id));
    });
    build_and_execute(|| {
        let id = heterogeneous();
        for _ in 0..=MaxRetries::get() {
            post(id, 11, blocked(&[], &[2]));
            post_all(id, &[12, 13], blocked(&[0], &[]));
            run(STAGE + 1);
        }
        assert!(matches!(
            last_event(),
            Event::Ended {
                end: End::Stalled,
                ..
            }
        ));
        for who in [11, 12, 13] {
            assert_eq!(free(who) + held(who), START);
        }
    });
}

/// As `heterogeneous`, with the data sets that the members have.
fn heterogeneous_again() -> u64 {
    let id = open(terms(Backend::Batch), &[11, 12, 13]);
    for who in [11, 12, 13] {
        join(id, who);
        commit_keys(id, who);
    }
    id
}

#[test]
fn most_of_the_others_say_who_withholds() {
    build_and_execute(|| {
        let id = running(terms(Backend::Masked), &[11, 12, 13, 14]);
        post_all(id, &[ANALYST, 11], blocked(&[4], &[]));
        post(id, 12, blocked(&[], &[4]));
        post_all(id, &[13, 14], root(1));
        run(STAGE);
        assert!(training(id).parties[4].is_in(), "not before the deadline");
        run(1);
        assert!(events().contains(&out(id, 4, 14, Departure::Withheld)));
        let again = training(id);
        assert_eq!((again.phase.stage(), again.retries), (Some(0), 0));
        post_all(id, &[ANALYST, 11, 12, 13], root(1));
        assert_eq!(training(id).phase.stage(), Some(1));
    });
}

/// Who says that it waits for another cannot end a training so; it loses no deposit.
#[test]
fn the_rest_goes_on_without_a_participant_that_most_lack() {
    build_and_execute(|| {
        let id = running(terms(Backend::Masked), &[11, 12, 13, 14]);
        for retries in 0..=MaxRetries::get() {
            assert!(training(id).parties[4].is_in());
            assert_eq!(training(id).retries, retries);
            post_all(id, &[ANALYST, 11, 12], blocked(&[4], &[]));
            post(id, 13, root(1));
            post(id, 14, blocked(&[1], &[]));
            run(STAGE + 1);
        }
        assert!(events().contains(&out(id, 4, 14, Departure::Outvoted)));
        assert_eq!(free(14) + held(14), START);
        assert_eq!(training(id).phase.stage(), Some(0));
        post_all(id, &[ANALYST, 11, 12, 13], root(1));
        assert_eq!(training(id).phase.stage(), Some(1));
    });
}

#[test]
fn parties_that_blame_each_other_stall_it() {
    build_and_execute(|| {
        let id = homogeneous();
        post_all(id, &[ANALYST, 11, 12, 13], root(1));
        for retries in 1..=MaxRetries::get() {
            post(id, ANALYST, blocked(&[1], &[]));
            post(id, 11, blocked(&[0], &[]));
            post_all(id, &[12, 13], last_root(1, 1));
            run(STAGE + 1);
            assert_eq!(training(id).retries, retries);
            assert_eq!(training(id).phase.stage(), Some(1));
        }
        post(id, ANALYST, blocked(&[1], &[]));
        post(id, 11, blocked(&[0], &[]));
        post_all(id, &[12, 13], last_root(1, 1));
        run(STAGE + 1);
        // The first of two stages was agreed on, and is paid for.
        assert_eq!(
            last_event(),
            Event::Ended {
                training: id,
                end: End::Stalled,
                share: REWARD / 2 / 3
            }
        );
        assert_eq!(free(TREASURY), START + entry_fee(id));
    });
}

#[test]
fn one_that_is_blocked_again_and_again_does_not_end_it() {
    build_and_execute(|| {
        let id = homogeneous();
        for _ in 0..=MaxRetries::get() {
            assert!(training(id).parties[1].is_in());
            post(id, 11, blocked(&[2], &[]));
            post_all(id, &[ANALYST, 12, 13], root(1));
            run(STAGE + 1);
        }
        assert!(events().contains(&out(id, 1, 11, Departure::Outvoted)));
        assert_eq!(training(id).roots[..], [digest(1)]);
        assert_eq!(free(11) + held(11), START);
        assert_eq!(free(TREASURY), START);

        // But the analyst does: the retries of a training are used up.
        assert_eq!(training(id).retries, MaxRetries::get());
        post(id, ANALYST, blocked(&[2], &[]));
        post_all(id, &[12, 13], last_root(1, 1));
        run(STAGE + 1);
        assert!(matches!(
            last_event(),
            Event::Ended {
                end: End::Lost {
                    position: 0,
                    departure: Departure::Outvoted
                },
                share,
                ..
            } if share == REWARD / 2 / 3
        ));
    });
}

#[test]
fn anybody_judges_when_the_deadline_has_passed() {
    build_and_execute(|| {
        let id = homogeneous();
        assert_noop!(
            PalletTraining::judge(signed(STRANGER), 7),
            Error::<Test>::TrainingNotFound
        );
        System::set_block_number(1 + STAGE);
        assert_noop!(
            PalletTraining::judge(signed(STRANGER), id),
            Error::<Test>::NotDue
        );
        System::set_block_number(2 + STAGE);
        assert_ok!(PalletTraining::judge(signed(STRANGER), id));
        assert!(!Trainings::<Test>::contains_key(id));
        // The agenda has nothing left to do.
        run(1);
        assert_eq!(crate::Agenda::<Test>::iter().count(), 0);
    });
}
