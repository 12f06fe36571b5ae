//! Assignments, and who may fetch which blob.

use polkadot_sdk::frame_support::assert_ok;
use salus_primitives::{
    blobs::BlobAccess,
    duties::Duties,
    jobs::{Ciphertext, InputSpec, JobId},
};

use crate::mock::*;

/// A job at work on an own blob (40) and a record's blob (1 ^ 0x80).
fn job_on_blobs() -> (JobId, salus_primitives::records::RecordId) {
    let record = make_record(PATIENT, CLIENT, PURPOSE, 1);
    let mut with = spec();
    with.inputs = vec![InputSpec::Record { record }, own(1)]
        .try_into()
        .unwrap();
    let id = drawn(with);
    assert_ok!(PalletJobs::seal_record(
        signed(PATIENT),
        id,
        0,
        capsules(id)
    ));
    assert!(PalletJobs::assignment(id, job(id).seats[0]).is_none());
    assert!(!PalletJobs::may_fetch(&job(id).seats[0], &digest(0x81)));
    let items = vec![(1, Ciphertext::Blob(blob(40)))].try_into().unwrap();
    assert_ok!(PalletJobs::provide(
        signed(CLIENT),
        id,
        [8; 32],
        items,
        capsules(id)
    ));
    (id, record)
}

#[test]
fn each_worker_gets_its_own_capsules() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, record) = job_on_blobs();
        let posted = job(id);
        for (place, who) in posted.seats.iter().enumerate() {
            let work = PalletJobs::assignment(id, *who).unwrap();
            assert_eq!((work.job, work.client), (id, CLIENT));
            assert_eq!(work.algorithm, b"fcm/1");
            assert_eq!(work.client_recipient, [CLIENT as u8; 32]);
            assert_eq!(work.commit_deadline, System::block_number() + 10);
            assert_eq!(work.inputs.len(), 2);
            assert_eq!(work.inputs[0].spec, InputSpec::Record { record });
            assert_eq!(work.inputs[0].recipient, [99; 32]);
            assert_eq!(work.inputs[1].recipient, [8; 32]);
            for input in &work.inputs {
                assert_eq!(input.capsule[..], [place as u8; 200]);
            }
            assert_eq!(work.committed, None);
        }
        let reserve = posted.reserves[0];
        assert!(PalletJobs::assignment(id, reserve).is_none());
        assert!(PalletJobs::assignment(id, CLIENT).is_none());
        assert!(PalletJobs::assignment(9, posted.seats[0]).is_none());
        run(5);
        let work = PalletJobs::assignment(id, reserve).unwrap();
        assert_eq!(work.inputs[1].capsule[..], [3; 200]);
    });
}

#[test]
fn who_committed_keeps_the_assignment_until_the_settlement() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let seats = job(id).seats;
        for who in &seats {
            commit(id, *who, good());
        }
        assert!(PalletJobs::assignment(id, seats[0])
            .unwrap()
            .committed
            .is_some());
        assert!(PalletJobs::assignment(id, job(id).reserves[0]).is_none());
    });
}

#[test]
fn inputs_are_open_to_the_panel_at_work() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, record) = job_on_blobs();
        let (own_blob, record_blob) = (digest(40), digest(0x81));
        let (seat, reserve) = (job(id).seats[0], job(id).reserves[0]);
        for blob in [own_blob, record_blob] {
            assert!(PalletJobs::is_referenced(&blob));
            assert!(PalletJobs::may_fetch(&seat, &blob));
            assert!(!PalletJobs::may_fetch(&reserve, &blob));
            assert!(!PalletJobs::may_fetch(&OTHER_CLIENT, &blob));
        }
        assert!(PalletJobs::may_fetch(&CLIENT, &own_blob));
        assert!(
            !PalletJobs::may_fetch(&CLIENT, &record_blob),
            "it may not read the record"
        );
        assert!(!PalletJobs::may_fetch(&seat, &digest(41)));
        run(5);
        assert!(PalletJobs::may_fetch(&reserve, &record_blob));

        revoke(CLIENT, record);
        assert!(!PalletJobs::may_fetch(&seat, &record_blob));
        assert!(PalletJobs::may_fetch(&seat, &own_blob));

        run(20);
        for blob in [own_blob, record_blob] {
            assert!(!PalletJobs::is_referenced(&blob));
            assert!(!PalletJobs::may_fetch(&seat, &blob));
            assert!(!PalletJobs::may_fetch(&CLIENT, &blob));
        }
    });
}

#[test]
fn results_are_open_to_client_and_winners() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let seats = job(id).seats;
        answer(id, &[good(), bad(), good()]);
        let result = digest(seats[0] as u8 + 60);
        assert!(PalletJobs::is_referenced(&result));
        for who in [CLIENT, seats[0], seats[2]] {
            assert!(PalletJobs::may_fetch(&who, &result));
        }
        for who in [OTHER_CLIENT, seats[1]] {
            assert!(!PalletJobs::may_fetch(&who, &result));
        }
        assert!(!PalletJobs::is_referenced(&digest(seats[1] as u8 + 60)));
    });
}

#[test]
fn who_did_not_commit_has_no_assignment_without_consent() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, record) = job_on_blobs();
        let seats = job(id).seats;
        commit(id, seats[0], good());
        assert!(PalletJobs::assignment(id, seats[1]).is_some());
        revoke(CLIENT, record);
        assert!(PalletJobs::assignment(id, seats[1]).is_none());
        let owed = <PalletJobs as Duties<AccountId, RuntimeCall>>::owed(&seats[1], 64);
        assert_eq!(owed, []);
        // Who committed may have to reveal.
        let kept = PalletJobs::assignment(id, seats[0]).unwrap();
        assert!(kept.committed.is_some());
    });
}

#[test]
fn a_client_that_leaves_takes_no_assignment_away() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, _) = job_on_blobs();
        set_role(CLIENT, None);
        for who in job(id).seats {
            assert!(PalletJobs::assignment(id, who).is_some());
        }
    });
}
