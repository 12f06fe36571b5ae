//! Keys of the member's own records go to the panels of jobs that may analyse them, and nowhere else.

use salus_agent::Stage;
use salus_envelope::{open_capsule, Identity};
use salus_primitives::duties::DutyKind;

use crate::support::*;

/// A data set's owner whose node has the key, and two workers.
fn cast(world: &World) -> (Worker, Identity, Worker, Worker) {
    let owner = world.worker(1);
    let key = Identity::generate();
    let kept = owner.keys();
    kept.save(&RECORD.0, &key, &owner.identity.recipient())
        .expect("saved");
    (owner, key, world.worker(2), world.worker(3))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_sealed_to_each_worker_in_the_panels_order() {
    let world = World::new();
    let (mut owner, key, first, second) = cast(&world);
    let panel = [&first, &second];
    world.chain.wait_for(&owner, &key, 1, &panel);
    world.start(&mut owner);
    let sealed = until("the capsules", || owner.sealed(1, &key, &panel)).await;
    assert_eq!(sealed.index, 3);
    assert_eq!(sealed.capsules.len(), 2);
    for (capsule, worker) in sealed.capsules.iter().zip(panel) {
        let opened = open_capsule(capsule, &worker.identity, &key.recipient());
        assert_eq!(opened.expect("opens").recipient(), key.recipient());
        let foreign = open_capsule(capsule, &owner.identity, &key.recipient());
        assert!(foreign.is_err());
    }
    owner.reaches(1, Stage::Ready).await;
    world.chain.settle(DutyKind::RecordSeal, 1);
    world.chain.finalize();
    until("the end", || {
        (owner.ended("record-seal", "done") == 1).then_some(())
    })
    .await;
    assert!(owner.sealed(1, &key, &panel).is_none(), "nothing stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_records_of_one_job_are_sealed_apart() {
    let world = World::new();
    let (mut owner, key, worker, _) = cast(&world);
    let newer = Identity::generate();
    owner
        .keys()
        .save(&RECORD.0, &newer, &owner.identity.recipient())
        .expect("saved");
    for key in [&key, &newer] {
        world.chain.wait_for(&owner, key, 1, &[&worker]);
    }
    world.start(&mut owner);
    for key in [&key, &newer] {
        let sealed = until("the capsules", || owner.sealed(1, key, &[&worker])).await;
        let opened = open_capsule(&sealed.capsules[0], &worker.identity, &key.recipient());
        opened.expect("the key of this record");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_consent_at_the_best_block_nothing_is_sealed() {
    let world = World::new();
    let (mut owner, key, worker, _) = cast(&world);
    world.chain.wait_for(&owner, &key, 1, &[&worker]);
    // Revoked, but not finally.
    world.chain.revoke(1);
    world.start(&mut owner);
    owner.reaches(1, Stage::Retrying).await;
    world.chain.finalize();
    owner.reaches(1, Stage::Retrying).await;
    assert!(owner.sealed(1, &key, &[&worker]).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_panel_than_the_dutys_is_not_sealed_to() {
    let world = World::new();
    let (mut owner, key, worker, other) = cast(&world);
    world.chain.wait_for(&owner, &key, 1, &[&worker]);
    // The duty names other inputs than the chain does.
    world.chain.settle(DutyKind::RecordSeal, 1);
    let mut stale = duty(DutyKind::RecordSeal, 1, &owner.member, 100);
    stale.input = salus_primitives::Digest::repeat_byte(9);
    world.chain.owe(stale.clone());
    world.start(&mut owner);
    owner.reaches(1, Stage::Retrying).await;
    use salus_agent::AnswerStore;
    assert!(owner.store.get(&stale.answer_key()).is_none());
    assert!(owner.sealed(1, &key, &[&other]).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_comes_later_is_used() {
    let world = World::new();
    let (mut owner, _, worker, _) = cast(&world);
    // Not the one that the chain names.
    let key = Identity::generate();
    world.chain.wait_for(&owner, &key, 1, &[&worker]);
    world.start(&mut owner);
    owner.reaches(1, Stage::Declined).await;
    world.chain.finalize();
    world.chain.finalize();
    assert_eq!(owner.stage(1), Some(Stage::Declined), "asked once");

    owner
        .keys()
        .save(&RECORD.0, &key, &owner.identity.recipient())
        .expect("saved");
    world.chain.finalize();
    until("the capsules", || owner.sealed(1, &key, &[&worker])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_for_somebody_else_is_declined() {
    let world = World::new();
    let (mut owner, key, worker, _) = cast(&world);
    owner
        .keys()
        .save(&RECORD.0, &key, &worker.identity.recipient())
        .expect("saved");
    world.chain.wait_for(&owner, &key, 1, &[&worker]);
    world.start(&mut owner);
    owner.reaches(1, Stage::Declined).await;
    assert_eq!(owner.ended("record-seal", "declined"), 1);
    assert!(owner.sealed(1, &key, &[&worker]).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_analysis_that_takes_long_does_not_hold_up_the_sealing() {
    let world = World::new();
    let (mut owner, key, worker, _) = cast(&world);
    let job = world.post(7, table(8), &[&owner]);
    world.blobs.answer(job.blob(), Answer::Hang);
    world.start(&mut owner);
    owner.reaches(7, Stage::Fetching).await;
    world.chain.wait_for(&owner, &key, 1, &[&worker]);
    world.chain.finalize();
    until("the capsules", || owner.sealed(1, &key, &[&worker])).await;
    assert_eq!(owner.stage(7), Some(Stage::Fetching));
}
