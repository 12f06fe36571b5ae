//! How jobs end, and who gets what.

use codec::Encode;
use polkadot_sdk::frame_support::{assert_noop, assert_ok};
use salus_primitives::jobs::{commitment, Failure, Outcome, ResultPointer};

use crate::{mock::*, EndReason, Error, Event, Fault, FinishedJobs, Jobs, Results, Seats, Workers};

fn bond(who: AccountId) -> u128 {
    Workers::<Test>::get(who).unwrap().bond
}

fn strikes(who: AccountId) -> u32 {
    Workers::<Test>::get(who).unwrap().strikes
}

#[test]
fn a_job_from_post_to_payment() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let panel = job(id).seats;
        answer(id, &[good(); 3]);

        // A fifth of 100,001 waits, the rest is shared by three; what does not divide returns.
        let waiting = HoldbackPart::get().mul_floor(REWARD);
        let share = (REWARD - waiting) / 3;
        for who in &panel {
            assert_eq!(free(*who), START - BOND + share);
            assert_eq!(bond(*who), BOND);
            assert!(Results::<Test>::contains_key(id, who));
        }
        let done = FinishedJobs::<Test>::get(id).unwrap();
        assert_eq!(done.outcome, good());
        assert_eq!(done.winners, panel);
        assert_eq!(done.algorithm, spec().algorithm);
        assert_eq!(done.settled, u64::from(System::block_number()) * 2_000);
        assert_eq!(held(CLIENT), waiting + done.deposit);
        // What stays for ever is paid for, by the byte.
        let fee = entry_fee(id);
        assert!(events().contains(&Event::EntryPaid {
            job: id,
            amount: fee
        }));
        assert_eq!(free(TREASURY), START + fee);
        assert_eq!(free(CLIENT) + held(CLIENT), START - 3 * share - fee);
        assert!(!Jobs::<Test>::contains_key(id));
        assert_eq!(Seats::<Test>::iter().count(), 0);
        assert_eq!(
            last_event(),
            Event::Settled {
                job: id,
                outcome: good(),
                winners: panel.to_vec(),
                share
            }
        );

        // Nobody has to act for the rest.
        run(ResultWindow::get() + 1);
        for who in &panel {
            assert_eq!(free(*who), START - BOND + share + waiting / 3);
        }
        run(RetentionPeriod::get());
        assert_ok!(PalletJobs::forget(signed(CLIENT), id));
        assert_eq!(held(CLIENT), 0);
    });
}

#[test]
fn a_liar_pays_the_treasury_and_not_the_winners() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let panel = job(id).seats;
        answer(id, &[good(), bad(), good()]);
        let part = SlashPart::get().mul_floor(BOND);
        assert_eq!(bond(panel[1]), BOND - part);
        assert_eq!(free(TREASURY), START + part + entry_fee(id));
        assert_eq!(free(panel[1]), START - BOND);
        let share = (REWARD - HoldbackPart::get().mul_floor(REWARD)) / 2;
        assert_eq!(free(panel[0]), START - BOND + share);
        assert!(!Results::<Test>::contains_key(id, panel[1]));
        assert!(events().contains(&Event::Slashed {
            job: id,
            worker: panel[1],
            fault: Fault::WrongResult,
            amount: part
        }));
    });
}

#[test]
fn a_silent_committer_pays_what_a_liar_pays() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let panel = job(id).seats;
        for who in &panel {
            commit(id, *who, good());
        }
        reveal(id, panel[0], good());
        reveal(id, panel[1], good());
        run(RevealWindow::get());
        assert!(Jobs::<Test>::contains_key(id));
        run(1);
        let part = SlashPart::get().mul_floor(BOND);
        assert_eq!(bond(panel[2]), BOND - part);
        assert_eq!(strikes(panel[2]), 0);
        assert!(events().contains(&Event::Slashed {
            job: id,
            worker: panel[2],
            fault: Fault::NotRevealed,
            amount: part
        }));
    });
}

#[test]
fn a_copied_commitment_cannot_be_revealed() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let panel = job(id).seats;
        let theirs = commitment(id, &panel[0], &good(), &salt(panel[0]));
        assert_ok!(PalletJobs::commit(signed(panel[0]), id, theirs));
        assert_ok!(PalletJobs::commit(signed(panel[1]), id, theirs));
        commit(id, panel[2], good());
        reveal(id, panel[0], good());
        assert_noop!(
            PalletJobs::reveal(signed(panel[1]), id, reveal_of(panel[0], good())),
            Error::<Test>::CommitmentMismatch
        );
        reveal(id, panel[2], good());
        run(RevealWindow::get() + 1);
        assert!(bond(panel[1]) < BOND);
        assert_eq!(FinishedJobs::<Test>::get(id).unwrap().winners.len(), 2);
    });
}

#[test]
fn a_bad_capsule_for_one_worker_costs_it_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let panel = job(id).seats;
        answer(id, &[good(), failed(Failure::CannotOpen), good()]);
        assert_eq!(bond(panel[1]), BOND);
        assert_eq!(free(panel[1]), START - BOND);
        assert_eq!(strikes(panel[1]), 0);
        assert_eq!(FinishedJobs::<Test>::get(id).unwrap().outcome, good());
    });
}

#[test]
fn agreed_failure_pays_the_workers_and_spares_who_succeeded() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let panel = job(id).seats;
        let failure = failed(Failure::CannotOpen);
        answer(id, &[failure, good(), failure]);
        assert_eq!(free(panel[0]), START - BOND + REWARD / 2);
        assert_eq!(free(panel[1]), START - BOND);
        assert_eq!(bond(panel[1]), BOND);
        // Nothing waits, no result is kept, and the client has been charged.
        assert_eq!(held(CLIENT), 0);
        assert_eq!(free(CLIENT), START - REWARD / 2 * 2 - entry_fee(id));
        assert_eq!(free(TREASURY), START + entry_fee(id));
        let done = FinishedJobs::<Test>::get(id).unwrap();
        assert_eq!(done.outcome, failure);
        assert_eq!((done.holdback, done.kept), (None, false));
        assert_eq!(Results::<Test>::iter().count(), 0);
    });
}

#[test]
fn different_failures_are_different_outcomes() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        answer(
            id,
            &[
                failed(Failure::CannotOpen),
                failed(Failure::Unavailable),
                failed(Failure::OverLimit),
            ],
        );
        assert_no_quorum(id);
    });
}

#[test]
fn a_failure_dressed_as_a_result_does_not_count_with_failures() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let failure = failed(Failure::CannotOpen);
        let dressed = Outcome::Success(failure.digest(id));
        answer(id, &[failure, dressed, good()]);
        assert_no_quorum(id);
    });
}

fn assert_no_quorum(id: u64) {
    assert_eq!(free(CLIENT), START);
    assert_eq!(held(CLIENT), 0);
    assert_eq!(free(TREASURY), START);
    assert!(FinishedJobs::<Test>::get(id).is_none());
    for who in 11..=16 {
        assert_eq!(bond(who), BOND);
        assert_eq!(Workers::<Test>::get(who).unwrap().active, 0);
    }
    assert_eq!(
        last_event(),
        Event::Ended {
            job: id,
            reason: EndReason::NoQuorum,
            share: 0
        }
    );
}

#[test]
fn no_quorum_refunds_and_punishes_nobody() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        answer(id, &[good(), bad(), Outcome::Success(digest(52))]);
        assert_no_quorum(id);
    });
}

#[test]
fn silence_after_commitments_without_quorum_punishes_nobody() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        for who in job(id).seats {
            commit(id, who, good());
        }
        run(RevealWindow::get() + 1);
        assert_no_quorum(id);
    });
}

#[test]
fn too_few_commitments_end_the_job_with_the_window() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let panel = job(id).seats;
        commit(id, panel[0], good());
        run(spec().commit_window + 1);
        assert_no_quorum(id);
        assert_eq!(strikes(panel[0]), 0);
        assert_eq!(strikes(panel[1]), 1);
        assert_eq!(strikes(panel[2]), 1);
    });
}

#[test]
fn absence_is_a_strike_and_strikes_suspend() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let panel = job(id).seats;
        let absent = panel[2];
        for round in 1..=MaxStrikes::get() {
            let id = if round == 1 { id } else { working(spec()) };
            assert!(job(id).seats.contains(&absent), "a re-post keeps its panel");
            for who in &panel[..2] {
                commit(id, *who, good());
            }
            run(spec().commit_window + 1);
            for who in &panel[..2] {
                reveal(id, *who, good());
            }
            run(1);
            assert!(events().contains(&Event::Struck {
                worker: absent,
                job: id,
                strikes: round
            }));
        }
        assert_eq!(bond(absent), BOND);
        assert!(Workers::<Test>::get(absent).unwrap().suspended.is_some());
        assert!(!crate::Pool::<Test>::get().contains(&absent));
        assert!(events().contains(&Event::WorkerSuspended { worker: absent }));
    });
}

#[test]
fn an_agreed_answer_ends_the_row_of_strikes() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let panel = job(id).seats;
        Workers::<Test>::mutate_extant(panel[0], |worker| worker.strikes = 1);
        answer(id, &[good(); 3]);
        assert_eq!(strikes(panel[0]), 0);
    });
}

#[test]
fn a_bond_slashed_below_the_smallest_leaves_the_pool() {
    ExtBuilder::default().build_and_execute(|| {
        for round in 0..7 {
            let id = working(spec());
            let liar = job(id).seats[0];
            answer(id, &[bad(), good(), good()]);
            let drawable = crate::Pool::<Test>::get().contains(&liar);
            assert_eq!(drawable, bond(liar) >= MinBond::get(), "round {round}");
            if !drawable {
                assert_ok!(PalletJobs::add_bond(signed(liar), BOND));
                assert!(crate::Pool::<Test>::get().contains(&liar));
                return;
            }
        }
        panic!("0.9^7 is less than a half");
    });
}

#[test]
fn the_part_that_waits_does_not_depend_on_who_wins() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        answer(id, &[good(), good(), failed(Failure::Unavailable)]);
        let done = FinishedJobs::<Test>::get(id).unwrap();
        assert_eq!(done.winners.len(), 2);
        assert_eq!(
            done.holdback.unwrap().amount,
            HoldbackPart::get().mul_floor(REWARD)
        );
    });
}

#[test]
fn the_largest_entry_and_results_are_paid_for_by_the_post() {
    ExtBuilder::default().build_and_execute(|| {
        let mut largest = spec();
        largest.inputs = (0..64)
            .map(|n| own(n as u8))
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        largest.parameters = vec![b' '; 1024].try_into().unwrap();
        largest.algorithm = vec![b'a'; 32].try_into().unwrap();
        crate::Algorithms::<Test>::insert(&largest.algorithm, 0);
        let id = drawn(largest);
        let items = (0..64u32)
            .map(|n| (n, inline(1)))
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        assert_ok!(PalletJobs::provide(
            signed(CLIENT),
            id,
            [8; 32],
            items,
            capsules(id)
        ));
        let panel = job(id).seats;
        for who in &panel {
            commit(id, *who, good());
        }
        for who in &panel {
            let mut full = reveal_of(*who, good());
            full.result = Some(ResultPointer::Inline(vec![1; 4096].try_into().unwrap()));
            assert_ok!(PalletJobs::reveal(signed(*who), id, full));
        }
        // Without what the client added after the post.
        let posted = crate::Jobs::<Test>::get(id).unwrap().deposit
            - DepositPerByte::get() * (capsules(id).encoded_size() as u128 + 64 * 107);
        run(1);
        let kept = FinishedJobs::<Test>::get(id).unwrap().deposit;
        assert_eq!(kept, DepositPerByte::get() * 3 * (1 + 2 + 4096));
        assert!(kept + entry_fee(id) < posted);
    });
}
