//! `reveal`.

use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok, dispatch::Pays},
    sp_runtime::DispatchResult,
};
use salus_primitives::{
    blobs::BlobAccess,
    jobs::{Ciphertext, Failure, JobId, Outcome, ResultPointer},
    Digest,
};

use crate::{mock::*, BlobOwner, Blobs, Error, Event, FinishedJobs, Jobs, Results};

#[test]
fn a_reveal_is_checked_against_its_commitment() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let seats = job(id).seats;
        commit(id, seats[0], good());
        assert_noop!(
            PalletJobs::reveal(signed(seats[0]), id, reveal_of(seats[0], good())),
            Error::<Test>::WrongTime
        );
        commit(id, seats[1], failed(Failure::Unavailable));
        commit(id, seats[2], good());
        let refused = |who, reveal, error: Error<Test>| {
            assert_noop!(PalletJobs::reveal(signed(who), id, reveal), error);
        };
        refused(
            seats[0],
            reveal_of(seats[0], bad()),
            Error::CommitmentMismatch,
        );
        let mut salted = reveal_of(seats[0], good());
        salted.salt = [0; 32];
        refused(seats[0], salted, Error::CommitmentMismatch);
        let mut bare = reveal_of(seats[0], good());
        bare.result = None;
        refused(seats[0], bare, Error::ResultMismatch);
        let mut dressed = reveal_of(seats[1], failed(Failure::Unavailable));
        dressed.result = Some(ResultPointer::Blob(blob(1)));
        refused(seats[1], dressed, Error::ResultMismatch);
        let mut empty = reveal_of(seats[0], good());
        let mut nothing = blob(1);
        nothing.size = 0;
        empty.result = Some(ResultPointer::Blob(nothing));
        refused(seats[0], empty, Error::InvalidBlob);
        let reserve = job(id).reserves[0];
        refused(
            reserve,
            reveal_of(reserve, good()),
            Error::CommitmentNotFound,
        );
        assert_noop!(
            PalletJobs::reveal(signed(seats[0]), 9, reveal_of(seats[0], good())),
            Error::<Test>::JobNotFound
        );

        let info =
            PalletJobs::reveal(signed(seats[0] + 100), id, reveal_of(seats[0], good())).unwrap();
        assert_eq!(info.pays_fee, Pays::No);
        assert_eq!(
            last_event(),
            Event::Revealed {
                job: id,
                worker: seats[0],
                outcome: good()
            }
        );
        refused(
            seats[0],
            reveal_of(seats[0], good()),
            Error::AlreadyRevealed,
        );
    });
}

#[test]
fn the_window_closes() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let seats = job(id).seats;
        for who in &seats {
            commit(id, *who, good());
        }
        run(RevealWindow::get());
        reveal(id, seats[0], good());
        // The block number can advance before the agenda is worked off.
        System::set_block_number(System::block_number() + 1);
        assert_noop!(
            PalletJobs::reveal(signed(seats[1]), id, reveal_of(seats[1], good())),
            Error::<Test>::WrongTime
        );
        PalletJobs::work_off_agenda();
        assert_noop!(
            PalletJobs::reveal(signed(seats[1]), id, reveal_of(seats[1], good())),
            Error::<Test>::JobNotFound
        );
    });
}

#[test]
fn settlement_does_not_wait_when_all_have_revealed() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        answer(id, &[good(); 3]);
        assert_eq!(
            FinishedJobs::<Test>::get(id).unwrap().settled_at,
            System::block_number()
        );
    });
}

#[test]
fn a_result_is_counted_even_if_its_blob_is_anothers() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let seats = job(id).seats;
        // The first worker's blob is referred to elsewhere before it reveals.
        OTHER_BLOBS.with_borrow_mut(|blobs| blobs.insert(digest(seats[0] as u8 + 60)));
        answer(id, &[good(); 3]);
        let done = FinishedJobs::<Test>::get(id).unwrap();
        assert_eq!(done.winners.len(), 3);
        assert!(Results::<Test>::contains_key(id, seats[0]));
        assert!(!Blobs::<Test>::contains_key(digest(seats[0] as u8 + 60)));
        assert_eq!(
            Blobs::<Test>::get(digest(seats[1] as u8 + 60)),
            Some(BlobOwner::Result { job: id })
        );
    });
}

/// A job whose three seats have committed to these outcomes.
fn committed(outcomes: [Outcome; 3]) -> (JobId, Vec<AccountId>) {
    let id = working(spec());
    let seats = job(id).seats.to_vec();
    for (who, outcome) in seats.iter().zip(outcomes) {
        commit(id, *who, outcome);
    }
    (id, seats)
}

fn result_of(who: AccountId) -> Digest {
    digest(who as u8 + 60)
}

/// Names the blob as the input of another client's job.
fn name(id: JobId, digest: Digest) -> DispatchResult {
    let mut named = blob(0);
    named.digest = digest;
    let items = vec![(0, Ciphertext::Blob(named))].try_into().unwrap();
    PalletJobs::provide(signed(OTHER_CLIENT), id, [8; 32], items, capsules(id))
}

#[test]
fn a_result_is_the_jobs_from_its_reveal_on() {
    ExtBuilder::default().build_and_execute(|| {
        let other = crate::NextJobId::<Test>::get();
        assert_ok!(PalletJobs::post(signed(OTHER_CLIENT), spec()));
        let (id, seats) = committed([good(), bad(), good()]);
        for (who, said) in seats.iter().zip([good(), bad()]) {
            reveal(id, *who, said);
            let blob = result_of(*who);
            // Gateways keep it, nobody can name it, and nobody has it before the settlement.
            assert!(PalletJobs::is_referenced(&blob));
            assert_noop!(name(other, blob), Error::<Test>::BlobInUse);
            assert!(!PalletJobs::may_fetch(&CLIENT, &blob));
            assert!(!PalletJobs::may_fetch(who, &blob));
        }
        reveal(id, seats[2], good());
        run(1);
        assert!(PalletJobs::may_fetch(&CLIENT, &result_of(seats[0])));
        assert_noop!(name(other, result_of(seats[0])), Error::<Test>::BlobInUse);
        // The loser's is free.
        assert!(!PalletJobs::is_referenced(&result_of(seats[1])));
        assert_ok!(name(other, result_of(seats[1])));
    });
}

#[test]
fn claims_end_where_nothing_is_agreed() {
    ExtBuilder::default().build_and_execute(|| {
        let third = Outcome::Success(digest(52));
        let said = [good(), bad(), third];
        let (id, seats) = committed(said);
        for (who, said) in seats.iter().zip(said) {
            reveal(id, *who, said);
        }
        run(1);
        assert!(!Jobs::<Test>::contains_key(id));
        assert_eq!(Blobs::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_clear_result_is_one_blob_of_all_who_found_it() {
    // A loser names the winners' blob too: its claim is not released with its answer.
    for liar in 0..3 {
        ExtBuilder::default().build_and_execute(|| {
            let mut said = [good(); 3];
            said[liar] = bad();
            let (id, seats) = committed(said);
            for (who, said) in seats.iter().zip(said) {
                let mut shared = reveal_of(*who, said);
                shared.result = Some(ResultPointer::Blob(blob(90)));
                assert_ok!(PalletJobs::reveal(signed(*who), id, shared));
            }
            run(1);
            let result = Some(BlobOwner::Result { job: id });
            assert_eq!(Blobs::<Test>::get(digest(90)), result);
            assert!(PalletJobs::may_fetch(&CLIENT, &digest(90)));
            run(RetentionPeriod::get());
            assert_ok!(PalletJobs::forget(signed(CLIENT), id));
            assert_eq!(Blobs::<Test>::iter().count(), 0);
        });
    }
}

#[test]
fn a_blob_that_is_free_by_the_settlement_is_the_jobs() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, seats) = committed([good(); 3]);
        let blob = result_of(seats[0]);
        OTHER_BLOBS.with_borrow_mut(|blobs| blobs.insert(blob));
        reveal(id, seats[0], good());
        assert!(!Blobs::<Test>::contains_key(blob));
        OTHER_BLOBS.with_borrow_mut(|blobs| blobs.remove(&blob));
        reveal(id, seats[1], good());
        reveal(id, seats[2], good());
        run(1);
        assert!(PalletJobs::may_fetch(&CLIENT, &blob));
    });
}

#[test]
fn the_largest_inline_results_are_paid_for_by_the_post() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let seats = job(id).seats;
        for who in &seats {
            commit(id, *who, good());
        }
        for who in &seats {
            let mut full = reveal_of(*who, good());
            full.result = Some(ResultPointer::Inline(vec![1; 4096].try_into().unwrap()));
            assert_ok!(PalletJobs::reveal(signed(*who), id, full));
        }
        run(1);
        let done = FinishedJobs::<Test>::get(id).unwrap();
        assert!(done.deposit >= 3 * 4096 * DepositPerByte::get());
    });
}
