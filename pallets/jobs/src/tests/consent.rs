//! Consents that end while a job is live, and clients that leave.

use polkadot_sdk::frame_support::assert_ok;
use salus_primitives::{
    blobs::BlobAccess,
    jobs::{Failure, InputSpec, JobId},
    records::RecordId,
};

use crate::{mock::*, EndReason, Event, FinishedJobs, Jobs, Workers};

/// A job of `client` at work on a record of `patient`.
fn on_record(client: AccountId, patient: AccountId) -> (JobId, RecordId) {
    let record = make_record(patient, client, PURPOSE, 1);
    let mut with = spec();
    with.inputs = vec![InputSpec::Record { record }].try_into().unwrap();
    let id = crate::NextJobId::<Test>::get();
    assert_ok!(PalletJobs::post(signed(client), with));
    run(draw_delay());
    assert_ok!(PalletJobs::seal_record(
        signed(patient),
        id,
        0,
        capsules(id)
    ));
    (id, record)
}

fn fee_share() -> u128 {
    DrawFee::get().mul_floor(REWARD) / 3
}

fn assert_ended(id: JobId, share: u128) {
    assert_eq!(
        last_event(),
        Event::Ended {
            job: id,
            reason: EndReason::ConsentRevoked,
            share
        }
    );
    assert!(!Jobs::<Test>::contains_key(id));
    assert_eq!(held(CLIENT), 0);
    for who in WORKERS {
        let worker = Workers::<Test>::get(who);
        assert!(worker.is_none_or(|worker| worker.strikes == 0 && worker.bond == BOND));
    }
}

#[test]
fn a_patient_ends_a_job_and_who_committed_is_paid_its_part() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, record) = on_record(CLIENT, PATIENT);
        let seats = job(id).seats;
        commit(id, seats[0], good());
        revoke(CLIENT, record);
        assert_ok!(PalletJobs::commit(signed(seats[1]), id, digest(1)));
        assert_ended(id, REWARD / 3);
        assert_eq!(free(seats[0]), START - BOND + REWARD / 3);
        for who in &seats[1..] {
            assert_eq!(free(*who), START - BOND + fee_share());
        }
        assert_eq!(free(CLIENT), START - REWARD / 3 - 2 * fee_share());
    });
}

#[test]
fn a_patient_ends_a_job_on_which_nobody_worked() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, record) = on_record(CLIENT, PATIENT);
        let seats = job(id).seats;
        end_record(record);
        assert_ok!(PalletJobs::commit(signed(seats[1]), id, digest(1)));
        assert_ended(id, fee_share());
        for who in &seats {
            assert_eq!(free(*who), START - BOND + fee_share());
        }
    });
}

#[test]
fn a_revocation_that_no_commitment_follows_is_paid_for_all_the_same() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, record) = on_record(CLIENT, PATIENT);
        let seats = job(id).seats;
        commit(id, seats[0], good());
        revoke(CLIENT, record);
        // The other workers cannot fetch the record any more: they are not struck either.
        run(spec().commit_window + 1);
        assert_ended(id, REWARD / 3);
        assert_eq!(free(seats[0]), START - BOND + REWARD / 3);
        assert_eq!(free(seats[2]), START - BOND + fee_share());
    });
}

#[test]
fn reserves_that_committed_are_paid_and_never_more_than_the_reward() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, record) = on_record(CLIENT, PATIENT);
        let (seats, reserve) = (job(id).seats, job(id).reserves[0]);
        commit(id, seats[0], good());
        commit(id, seats[1], good());
        run(spec().commit_window / 2);
        commit(id, reserve, good());
        revoke(CLIENT, record);
        assert_ok!(PalletJobs::commit(signed(seats[2]), id, digest(1)));
        assert_ended(id, REWARD / 3);
        for who in [seats[0], seats[1], reserve] {
            assert_eq!(free(who), START - BOND + REWARD / 3);
        }
        // Nothing is left of the reward for the seat but what does not divide.
        assert_eq!(free(seats[2]), START - BOND + REWARD % 3);
        assert_eq!(free(CLIENT), START - REWARD);
    });
}

#[test]
fn with_a_quorum_of_commitments_the_panel_goes_on() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, record) = on_record(CLIENT, PATIENT);
        let seats = job(id).seats;
        commit(id, seats[0], good());
        commit(id, seats[1], good());
        revoke(CLIENT, record);
        run(spec().commit_window + 1);
        reveal(id, seats[0], good());
        reveal(id, seats[1], good());
        run(1);
        assert_eq!(FinishedJobs::<Test>::get(id).unwrap().winners.len(), 2);
        // The third owed nothing any more.
        assert_eq!(Workers::<Test>::get(seats[2]).unwrap().strikes, 0);
    });
}

#[test]
fn a_client_that_leaves_pays_the_whole_reward() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, _) = on_record(CLIENT, PATIENT);
        let seats = job(id).seats;
        commit(id, seats[0], good());
        set_role(CLIENT, None);
        for who in &seats {
            assert!(PalletJobs::may_fetch(who, &digest(0x81)), "work goes on");
        }
        for who in &seats[1..] {
            commit(id, *who, good());
        }
        for who in &seats {
            reveal(id, *who, good());
        }
        run(ResultWindow::get() + 2);
        for who in &seats {
            let waiting = HoldbackPart::get().mul_floor(REWARD);
            let paid = (REWARD - waiting) / 3 + waiting / 3;
            assert_eq!(free(*who), START - BOND + paid);
        }
    });
}

#[test]
fn a_client_that_ends_its_own_record_pays_the_whole_reward() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, record) = on_record(PATIENT, PATIENT);
        let seats = job(id).seats;
        commit(id, seats[0], good());
        end_record(record);
        assert!(PalletJobs::may_fetch(&seats[1], &digest(0x81)));
        // A worker that could not fetch it in time says so, and is paid if others say the same.
        commit(id, seats[1], good());
        commit(id, seats[2], failed(Failure::Unavailable));
        reveal(id, seats[0], good());
        reveal(id, seats[1], good());
        reveal(id, seats[2], failed(Failure::Unavailable));
        run(1);
        assert_eq!(FinishedJobs::<Test>::get(id).unwrap().winners.len(), 2);
        let waiting = HoldbackPart::get().mul_floor(REWARD);
        assert_eq!(free(seats[0]), START - BOND + (REWARD - waiting) / 2);
    });
}
