//! Crashes: nothing is computed twice, nothing is committed to twice, secrets come back.

use salus_agent::Stage;
use salus_envelope::Identity;
use salus_primitives::jobs::{Failure, Outcome, ResultPointer};

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_between_commit_and_reveal_nothing_is_computed_again() {
    let world = World::new();
    let mut worker = world.worker(1);
    let job = world.post(1, table(8), &[&worker]);
    world.start(&mut worker);
    worker.commits_to(1, Outcome::Success(job.digest())).await;
    assert_eq!(worker.computations(), 1);
    worker.crash().await;

    world.chain.accept_commitment(&worker, 1, 200);
    world.start(&mut worker);
    let reveal = until("a reveal", || worker.reveal(1)).await;
    assert_eq!(reveal.outcome, Outcome::Success(job.digest()));
    assert_eq!(reveal.salt, worker.salt(1));
    assert!(matches!(reveal.result, Some(ResultPointer::Inline(_))));
    assert_eq!(worker.computations(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_with_the_answer_ready_nothing_is_done() {
    let world = World::new();
    let mut worker = world.worker(1);
    world.post(1, table(8), &[&worker]);
    world.start(&mut worker);
    let before = until("a commitment", || worker.commitment(1)).await;
    worker.crash().await;
    let asked = *world.blobs.asked.lock();

    world.start(&mut worker);
    worker.reaches(1, Stage::Ready).await;
    assert_eq!(worker.commitment(1), Some(before));
    assert_eq!(worker.computations(), 0);
    assert_eq!(*world.blobs.asked.lock(), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_comes_back_from_the_kept_result() {
    let world = World::new();
    let mut worker = world.worker(1);
    let job = world.post(1, table(8), &[&worker]);
    world.start(&mut worker);
    worker.commits_to(1, Outcome::Success(job.digest())).await;
    worker.crash().await;

    worker.store = Default::default();
    world.start(&mut worker);
    worker.commits_to(1, Outcome::Success(job.digest())).await;
    assert_eq!(worker.computations(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_result_is_computed_again_and_fits_the_commitment() {
    let world = World::new();
    let mut worker = world.worker(1);
    let job = world.post(1, table(8), &[&worker]);
    world.start(&mut worker);
    worker.commits_to(1, Outcome::Success(job.digest())).await;
    worker.stop().await;

    std::fs::remove_dir_all(worker.data_dir()).expect("removed");
    world.chain.accept_commitment(&worker, 1, 200);
    world.start(&mut worker);
    let reveal = until("a reveal", || worker.reveal(1)).await;
    assert_eq!(reveal.outcome, Outcome::Success(job.digest()));
    assert_eq!(reveal.salt, worker.salt(1));
    assert_eq!(worker.computations(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_was_committed_to_is_revealed_although_it_is_over() {
    let world = World::new();
    let mut worker = world.worker(1);
    let job = world.post(1, table(8), &[&worker]);
    world.blobs.answer(job.blob(), Answer::Refuse);
    world.chain.grow_to(90);
    world.start(&mut worker);
    let unavailable = Outcome::Failed(Failure::Unavailable);
    worker.commits_to(1, unavailable).await;
    worker.stop().await;

    // Both the kept outcome and the gateway's trouble are gone.
    std::fs::remove_dir_all(worker.data_dir()).expect("removed");
    world.blobs.put(&job.ciphertext);
    world.chain.accept_commitment(&worker, 1, 200);
    world.start(&mut worker);
    let reveal = until("a reveal", || worker.reveal(1)).await;
    assert_eq!(reveal.outcome, unavailable);
    assert_eq!(reveal.salt, worker.salt(1));
    assert_eq!(reveal.result, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_key_rotation_the_old_commitment_is_revealed() {
    for lose_result in [false, true] {
        let world = World::new();
        let mut worker = world.worker(1);
        let job = world.post(1, table(8), &[&worker]);
        world.start(&mut worker);
        worker.commits_to(1, Outcome::Success(job.digest())).await;
        worker.stop().await;
        if lose_result {
            std::fs::remove_dir_all(worker.data_dir()).expect("removed");
        }
        world.chain.accept_commitment(&worker, 1, 200);
        world.start_with(&mut worker, |config| {
            config.identities.insert(0, Identity::generate());
        });
        let reveal = until("a reveal", || worker.reveal(1)).await;
        assert_eq!(reveal.outcome, Outcome::Success(job.digest()));
        assert_eq!(reveal.salt, worker.salt(1), "of the key it was made with");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commitment_of_somebody_else_is_not_revealed() {
    let world = World::new();
    let mut worker = world.worker(1);
    world.post(1, table(8), &[&worker]);
    world.start(&mut worker);
    until("a commitment", || worker.commitment(1)).await;
    world.chain.accept_commitment(&worker, 1, 200);
    world.chain.change(1, |assignment| {
        assignment.committed = Some(salus_primitives::Digest::repeat_byte(9));
    });
    world.chain.finalize();
    worker.reaches(1, Stage::Declined).await;
    assert_eq!(worker.reveal(1), None);
    assert_eq!(worker.ended("job-reveal", "declined"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_settled_job_left_is_removed_although_nothing_is_owed() {
    let world = World::new();
    let mut worker = world.worker(1);
    let job = world.post(1, table(8), &[&worker]);
    world.start(&mut worker);
    worker.commits_to(1, Outcome::Success(job.digest())).await;
    worker.crash().await;
    let results = worker.data_dir().join("results");
    let files = || std::fs::read_dir(&results).expect("is there").count();
    assert_eq!(files(), 1);

    // The job ended while the node was away.
    world
        .chain
        .settle(salus_primitives::duties::DutyKind::JobCommit, 1);
    world.chain.end_job(1);
    world.start(&mut worker);
    until("an empty folder", || (files() == 0).then_some(())).await;
    until("no answer", || worker.commitment(1).is_none().then_some(())).await;
}

/// Ends the agent as the death of the process would: its note that it works on a job stays.
async fn die(worker: &mut Worker) {
    let results = worker.data_dir().join("results");
    let note = || {
        let files = std::fs::read_dir(&results).expect("is there");
        files
            .map(|file| file.expect("readable").path())
            .find(|path| path.extension().is_some_and(|end| end == "attempts"))
    };
    let path = note().expect("it works on a job");
    let bytes = std::fs::read(&path).expect("readable");
    worker.crash().await;
    until("the note to go", || note().is_none().then_some(())).await;
    std::fs::write(path, bytes).expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_killed_the_process_twice_is_left_alone() {
    let world = World::new();
    let mut worker = world.worker(1);
    world.post_with(1, noise(50_000), &[&worker], endless(), 100);
    for _ in 0..2 {
        world.start(&mut worker);
        worker.reaches(1, Stage::Computing).await;
        die(&mut worker).await;
    }
    world.start(&mut worker);
    worker.reaches(1, Stage::Declined).await;
    assert_eq!(worker.computations(), 0, "not decrypted");
    assert_eq!(worker.ended("job-commit", "declined"), 1);
    let other = world.post(2, table(8), &[&worker]);
    world.chain.finalize();
    worker.commits_to(2, Outcome::Success(other.digest())).await;

    // The chain assigns it no more: nothing stays behind.
    world
        .chain
        .settle(salus_primitives::duties::DutyKind::JobCommit, 1);
    world.chain.end_job(1);
    worker.stop().await;
    world.start(&mut worker);
    until("the note to go", || {
        (worker.kept_files() == 1).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn restarts_in_good_order_are_no_deaths() {
    let world = World::new();
    let mut worker = world.worker(1);
    world.post_with(1, noise(50_000), &[&worker], endless(), 100);
    for _ in 0..4 {
        world.start(&mut worker);
        worker.reaches(1, Stage::Computing).await;
        worker.stop().await;
        until("the note to go", || {
            (worker.kept_files() == 0).then_some(())
        })
        .await;
    }
}
