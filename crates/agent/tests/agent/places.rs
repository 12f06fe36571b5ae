//! Work that waits for something holds nothing that other work needs.

use std::time::Duration;

use salus_agent::{Config, Stage};
use salus_primitives::{
    jobs::{Ciphertext, Outcome},
    AccountId,
};

use crate::support::*;

/// A job of another client whose input's server never answers.
fn post_hanging(world: &World, id: u64, worker: &Worker) {
    // The salt in the ciphertext makes each its own blob.
    let job = world.post(id, table(8), &[worker]);
    world.blobs.answer(job.blob(), Answer::Hang);
    let client = AccountId::new([0xd; 32]);
    world
        .chain
        .change(id, |assignment| assignment.client = client.clone());
}

/// The gateway was asked so often.
async fn asked(world: &World, times: u32) {
    until("the gateway to be asked", || {
        (*world.blobs.asked.lock() >= times).then_some(())
    })
    .await;
}

fn downloads(config: &mut Config, places: usize) {
    config.downloads = places.try_into().expect("not 0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reveal_and_another_job_go_on_behind_a_server_that_hangs() {
    let world = World::new();
    let mut worker = world.worker(1);
    let first = world.post(1, table(8), &[&worker]);
    world.start(&mut worker);
    worker.commits_to(1, Outcome::Success(first.digest())).await;

    post_hanging(&world, 2, &worker);
    world.chain.finalize();
    asked(&world, 2).await;
    world.chain.accept_commitment(&worker, 1, 200);
    let third = world.post(3, table(9), &[&worker]);
    world.chain.finalize();
    let reveal = until("a reveal", || worker.reveal(1)).await;
    assert_eq!(reveal.outcome, Outcome::Success(first.digest()));
    worker.commits_to(3, Outcome::Success(third.digest())).await;
    assert_eq!(worker.stage(2), Some(Stage::Fetching));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reveal_does_not_wait_for_an_analysis() {
    let world = World::new();
    let mut worker = world.worker(1);
    let first = world.post(1, table(8), &[&worker]);
    world.start(&mut worker);
    worker.commits_to(1, Outcome::Success(first.digest())).await;
    world.post_with(2, noise(50_000), &[&worker], endless(), 150);
    world.chain.finalize();
    worker.reaches(2, Stage::Computing).await;
    world.chain.accept_commitment(&worker, 1, 200);
    world.chain.finalize();
    let reveal = until("a reveal", || worker.reveal(1)).await;
    assert_eq!(reveal.outcome, Outcome::Success(first.digest()));
    assert_eq!(worker.stage(2), Some(Stage::Computing));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_s_hanging_downloads_leave_places_to_others() {
    let world = World::new();
    let mut worker = world.worker(1);
    for id in 1..=4 {
        post_hanging(&world, id, &worker);
    }
    // The default timeout of one download is minutes.
    world.start_with(&mut worker, |config| downloads(config, 3));
    asked(&world, 2).await;
    let job = world.post(5, table(8), &[&worker]);
    world.chain.finalize();
    worker.commits_to(5, Outcome::Success(job.digest())).await;
    assert_eq!(*world.blobs.asked.lock(), 3);
    let stages: Vec<_> = (1..=4).filter_map(|id| worker.stage(id)).collect();
    let waiting = stages.iter().filter(|stage| **stage == Stage::Waiting);
    assert_eq!(waiting.count(), 2, "{stages:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_waits_for_memory_takes_no_place() {
    let world = World::new();
    let mut worker = world.worker(1);
    for id in 1..=3 {
        post_hanging(&world, id, &worker);
        world.chain.change(id, |assignment| {
            assignment.client = AccountId::new([id as u8; 32]);
            if let Ciphertext::Blob(pointer) = &mut assignment.inputs[0].ciphertext {
                pointer.size = 1 << 30;
            }
        });
    }
    world.start_with(&mut worker, |config| downloads(config, 3));
    asked(&world, 2).await;
    let small = world.post(4, table(8), &[&worker]);
    world.chain.finalize();
    worker.commits_to(4, Outcome::Success(small.digest())).await;
    assert_eq!(*world.blobs.asked.lock(), 3, "one has no memory");
    let waiting = (1..=3).filter(|id| worker.stage(*id) == Some(Stage::Waiting));
    assert_eq!(waiting.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_hangs_gives_its_place_back() {
    let world = World::new();
    let mut worker = world.worker(1);
    for id in 1..=4 {
        post_hanging(&world, id, &worker);
    }
    world.start_with(&mut worker, |config| {
        downloads(config, 1);
        config.transfer_timeout = Duration::from_millis(50);
    });
    // All have had their first attempt, and are tried on.
    asked(&world, 6).await;
    let job = world.post(5, table(8), &[&worker]);
    world.chain.finalize();
    worker.commits_to(5, Outcome::Success(job.digest())).await;
    for id in 1..=4 {
        assert_eq!(worker.commitment(id), None, "there is time");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_had_no_place_is_not_called_unavailable() {
    let world = World::new();
    let mut worker = world.worker(1);
    post_hanging(&world, 1, &worker);
    world.start_with(&mut worker, |config| downloads(config, 1));
    asked(&world, 1).await;
    let job = world.post_with(2, table(8), &[&worker], Default::default(), 50);
    world.chain.finalize();
    worker.reaches(2, Stage::Waiting).await;
    world.chain.grow_to(40);
    worker.reaches(2, Stage::Retrying).await;
    assert_eq!(worker.commitment(2), None);
    // The first job's place is free before the second window is over.
    world
        .chain
        .settle(salus_primitives::duties::DutyKind::JobCommit, 1);
    world.chain.finalize();
    until("the second job", || {
        world.chain.finalize();
        worker.commitment(2)
    })
    .await;
    worker.commits_to(2, Outcome::Success(job.digest())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_jobs_are_done_within_one_finality_event() {
    let world = World::new();
    let mut worker = world.worker(1);
    let jobs: Vec<_> = (1..=3)
        .map(|id| world.post(id, table(8), &[&worker]))
        .collect();
    world.start(&mut worker);
    for (id, job) in (1..).zip(&jobs) {
        worker.commits_to(id, Outcome::Success(job.digest())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_slot_goes_to_the_earliest_deadline() {
    let world = World::new();
    let mut worker = world.worker(1);
    world.post_with(1, noise(50_000), &[&worker], endless(), 50);
    world.start(&mut worker);
    worker.reaches(1, Stage::Computing).await;
    let later = world.post(2, table(8), &[&worker]);
    world.chain.finalize();
    asked(&world, 2).await;
    worker.reaches(2, Stage::Waiting).await;
    world.post_with(3, noise(50_000), &[&worker], endless(), 60);
    world.chain.finalize();
    asked(&world, 3).await;
    worker.reaches(3, Stage::Waiting).await;
    // Both are in the queue.
    tokio::time::sleep(Duration::from_millis(200)).await;

    for id in [1, 3] {
        world
            .chain
            .settle(salus_primitives::duties::DutyKind::JobCommit, id);
        world.chain.finalize();
        if id == 1 {
            worker.reaches(3, Stage::Computing).await;
            assert_eq!(worker.stage(2), Some(Stage::Waiting));
        }
    }
    worker.commits_to(2, Outcome::Success(later.digest())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_fail_hold_up_no_analysis_and_no_small_reveal() {
    let world = World::new();
    let mut worker = world.worker(1);
    world.start(&mut worker);
    *world.blobs.upload_failures.lock() = u32::MAX;
    for id in 1..=3 {
        let large = world.post(id, table(5_000), &[&worker]);
        world.chain.finalize();
        worker
            .commits_to(id, Outcome::Success(large.digest()))
            .await;
        world.chain.accept_commitment(&worker, id, 200);
    }
    world.chain.finalize();
    until("two uploads", || {
        let uploads = (1..=3).filter(|id| worker.stage(*id) == Some(Stage::Publishing));
        (uploads.count() == 2).then_some(())
    })
    .await;
    let small = world.post(4, table(8), &[&worker]);
    world.chain.finalize();
    worker.commits_to(4, Outcome::Success(small.digest())).await;
    world.chain.accept_commitment(&worker, 4, 200);
    world.chain.finalize();
    let reveal = until("a reveal", || worker.reveal(4)).await;
    assert_eq!(reveal.outcome, Outcome::Success(small.digest()));

    // The third has its turn when the gateway takes results again.
    *world.blobs.upload_failures.lock() = 0;
    for id in 1..=3 {
        until("a reveal", || worker.reveal(id)).await;
    }
}
