//! Everything that can be wrong with a job has one outcome.

use std::time::Duration;

use salus_agent::Stage;
use salus_envelope::{encrypt, seal_identity, Identity};
use salus_primitives::{
    jobs::{Ciphertext, Failure, Outcome},
    Digest,
};

use crate::support::*;

fn failed(failure: Failure) -> Outcome {
    Outcome::Failed(failure)
}

/// A worker that does not run yet, and job 1, which it owes.
fn one_job() -> (World, Worker, Job) {
    let world = World::new();
    let worker = world.worker(1);
    let job = world.post(1, table(8), &[&worker]);
    (world, worker, job)
}

fn start_with_slots(world: &World, worker: &mut Worker, slots: usize) {
    world.start_with(worker, |config| {
        config.slots = slots.try_into().expect("not 0");
    });
}

/// Gives a download up soon.
fn start_impatient(world: &World, worker: &mut Worker) {
    world.start_with(worker, |config| {
        config.transfer_timeout = Duration::from_millis(20);
    });
}

/// Waits until the gateway was asked so often.
async fn asked(world: &World, times: u32) {
    until("the gateway to be asked", || {
        (*world.blobs.asked.lock() >= times).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capsule_for_somebody_else_or_with_another_key_cannot_be_opened() {
    let world = World::new();
    let (mut worker, other) = (world.worker(1), world.worker(2));
    world.post(1, table(8), &[&worker]);
    world.post(2, table(8), &[&worker]);
    let stray = Identity::generate();
    let foreign = seal_identity(&stray, &other.identity.recipient()).expect("seals");
    let wrong = seal_identity(&stray, &worker.identity.recipient()).expect("seals");
    world.chain.change(1, |assignment| {
        assignment.inputs[0].capsule = foreign.clone().try_into().expect("short");
    });
    world.chain.change(2, |assignment| {
        assignment.inputs[0].capsule = wrong.clone().try_into().expect("short");
    });
    start_with_slots(&world, &mut worker, 2);
    worker.commits_to(1, failed(Failure::CannotOpen)).await;
    worker.commits_to(2, failed(Failure::CannotOpen)).await;
    assert_eq!(*world.blobs.asked.lock(), 0, "nothing is fetched for it");

    // A failure is revealed without a result.
    world.chain.accept_commitment(&worker, 1, 200);
    world.chain.finalize();
    let reveal = until("a reveal", || worker.reveal(1)).await;
    assert_eq!(reveal.outcome, failed(Failure::CannotOpen));
    assert_eq!(reveal.result, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tampered_or_truncated_ciphertext_cannot_be_opened() {
    let world = World::new();
    let mut worker = world.worker(1);
    let job = world.post(1, table(500), &[&worker]);
    let mut tampered = job.ciphertext.clone();
    let last = tampered.len() - 1;
    tampered[last] ^= 1;
    let truncated = job.ciphertext[..last].to_vec();
    world.post(2, table(500), &[&worker]);
    for (id, bytes) in [(1, tampered), (2, truncated)] {
        // The client itself published the damaged bytes: their digest is right.
        let pointer = world.blobs.put(&bytes);
        let (recipient, capsule) = capsule_of(&world, &worker, 1);
        world.chain.change(id, |assignment| {
            let input = &mut assignment.inputs[0];
            input.ciphertext = Ciphertext::Blob(pointer.clone());
            (input.recipient, input.capsule) = (recipient, capsule.clone());
        });
        world.chain.finalize();
    }
    start_with_slots(&world, &mut worker, 2);
    worker.commits_to(1, failed(Failure::CannotOpen)).await;
    worker.commits_to(2, failed(Failure::CannotOpen)).await;
}

fn capsule_of(
    world: &World,
    worker: &Worker,
    job: u64,
) -> ([u8; 32], salus_primitives::blobs::Capsule) {
    use salus_agent::Chain;
    let assignment = world
        .chain
        .assignment(Default::default(), job, &worker.member)
        .expect("answers")
        .expect("assigned");
    let input = &assignment.inputs[0];
    (input.recipient, input.capsule.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_bytes_at_the_url_are_a_mismatch_after_three_tries() {
    let (world, mut worker, job) = one_job();
    let mut other = job.ciphertext.clone();
    other[0] ^= 1;
    world.blobs.answer(job.blob(), Answer::Serve(other));
    world.start(&mut worker);
    worker.commits_to(1, failed(Failure::DigestMismatch)).await;
    assert_eq!(*world.blobs.asked.lock(), 3);
    assert_eq!(worker.computations(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_cut_short_on_the_way_is_fetched_again() {
    let (world, mut worker, job) = one_job();
    let cut = job.ciphertext[..40].to_vec();
    world.blobs.answer(job.blob(), Answer::Serve(cut));
    world.start_with(&mut worker, |config| {
        config.retry_after = Duration::from_millis(200);
    });
    asked(&world, 1).await;
    world.blobs.put(&job.ciphertext);
    worker.commits_to(1, Outcome::Success(job.digest())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plaintext_that_is_not_the_committed_one_is_a_mismatch() {
    let (world, mut worker, _) = one_job();
    world.post(2, table(8), &[&worker]);
    world.chain.change(1, |assignment| {
        assignment.inputs[0].commitment = Digest::repeat_byte(1);
    });
    // Shorter than a salt.
    let key = Identity::generate();
    let short = encrypt(b"short", &[key.recipient()]).expect("encrypts");
    let capsule = seal_identity(&key, &worker.identity.recipient()).expect("seals");
    world.chain.change(2, |assignment| {
        let input = &mut assignment.inputs[0];
        input.ciphertext = Ciphertext::Inline(short.clone().try_into().expect("short"));
        input.capsule = capsule.clone().try_into().expect("short");
        input.recipient = key.recipient();
    });
    start_with_slots(&world, &mut worker, 2);
    worker.commits_to(1, failed(Failure::DigestMismatch)).await;
    worker.commits_to(2, failed(Failure::DigestMismatch)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_is_unavailable_before_the_deadline() {
    let (world, mut worker, job) = one_job();
    world.blobs.answer(job.blob(), Answer::Hang);
    start_impatient(&world, &mut worker);
    // Tried over and over while there is time, whatever finality does.
    asked(&world, 3).await;
    world.chain.grow_to(89);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(worker.commitment(1), None, "11 blocks are left");
    world.chain.grow_to(90);
    worker.commits_to(1, failed(Failure::Unavailable)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_download_does_not_outlast_the_window() {
    let (world, mut worker, job) = one_job();
    world.blobs.answer(job.blob(), Answer::Hang);
    // The default timeout of one download is minutes.
    world.start(&mut worker);
    worker.reaches(1, Stage::Fetching).await;
    world.chain.grow_to(90);
    worker.commits_to(1, failed(Failure::Unavailable)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_back_in_time_is_used() {
    let (world, mut worker, job) = one_job();
    world.blobs.answer(job.blob(), Answer::Refuse);
    world.start(&mut worker);
    asked(&world, 1).await;
    world.blobs.put(&job.ciphertext);
    worker.commits_to(1, Outcome::Success(job.digest())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_analysis_refuses_is_named() {
    let world = World::new();
    let mut worker = world.worker(1);
    world.post(1, b"a,b\n1,x\n2,3\n".to_vec(), &[&worker]);
    world.post(2, table(8), &[&worker]);
    world.post(3, table(8), &[&worker]);
    world.chain.change(2, |assignment| {
        assignment.parameters = b"{\"no such option\":1}".to_vec();
    });
    world
        .chain
        .change(3, |assignment| assignment.bound.rows = 7);
    start_with_slots(&world, &mut worker, 3);
    worker.commits_to(1, failed(Failure::InvalidInput)).await;
    worker.commits_to(2, failed(Failure::InvalidInput)).await;
    worker.commits_to(3, failed(Failure::OverLimit)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_algorithm_this_build_does_not_have_is_left_alone() {
    let (world, mut worker, _) = one_job();
    let known = world.post(2, table(8), &[&worker]);
    world
        .chain
        .change(1, |assignment| assignment.algorithm = b"fcm/2".to_vec());
    start_with_slots(&world, &mut worker, 2);
    worker.reaches(1, Stage::Declined).await;
    worker.commits_to(2, Outcome::Success(known.digest())).await;
    assert_eq!(worker.commitment(1), None);
    world.chain.finalize();
    world.chain.finalize();
    assert_eq!(worker.stage(1), Some(Stage::Declined), "asked once");
    assert_eq!(worker.ended("job-commit", "declined"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_larger_than_this_node_takes_is_left_alone() {
    let world = World::new();
    let mut worker = world.worker(1);
    world.post(1, table(500), &[&worker]);
    world.start_with(&mut worker, |config| config.max_input_bytes = 1000);
    worker.reaches(1, Stage::Declined).await;
    assert_eq!(*world.blobs.asked.lock(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_larger_than_any_node_takes_is_over_limit() {
    let (world, mut worker, _) = one_job();
    world.chain.change(1, |assignment| {
        for input in &mut assignment.inputs {
            if let Ciphertext::Blob(pointer) = &mut input.ciphertext {
                pointer.size = u64::MAX;
            }
        }
    });
    world.start(&mut worker);
    worker
        .commits_to(1, Outcome::Failed(Failure::OverLimit))
        .await;
    assert_eq!(*world.blobs.asked.lock(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_that_ends_while_the_input_is_fetched_ends_the_work() {
    let (world, mut worker, job) = one_job();
    world.blobs.answer(job.blob(), Answer::Hang);
    start_impatient(&world, &mut worker);
    asked(&world, 1).await;
    world.chain.revoke(1);
    world.blobs.put(&job.ciphertext);
    worker.reaches(1, Stage::Retrying).await;
    assert_eq!(worker.computations(), 0, "not decrypted");
    assert_eq!(worker.commitment(1), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_that_ends_before_the_second_input_is_decrypted_ends_the_work() {
    let (world, mut worker, _) = one_job();
    world.chain.change(1, |assignment| {
        let second = assignment.inputs[0].clone();
        assignment.inputs.push(second);
    });
    world.chain.revoke_after(1, 1);
    world.start(&mut worker);
    worker.reaches(1, Stage::Retrying).await;
    assert_eq!(worker.computations(), 1, "the first was decrypted");
    assert_eq!(worker.kept_files(), 0, "nothing was analysed");
    assert_eq!(worker.commitment(1), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_that_ends_while_the_input_is_analysed_ends_the_work() {
    let (world, mut worker, _) = one_job();
    world.chain.revoke_after(1, 1);
    world.start(&mut worker);
    worker.reaches(1, Stage::Retrying).await;
    assert_eq!(worker.kept_files(), 1, "it was analysed");
    assert_eq!(worker.commitment(1), None, "and not committed to");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commitment_is_revealed_although_consent_ended() {
    let (world, mut worker, job) = one_job();
    world.start(&mut worker);
    worker.commits_to(1, Outcome::Success(job.digest())).await;
    world.chain.accept_commitment(&worker, 1, 200);
    world.chain.revoke(1);
    world.chain.finalize();
    let reveal = until("a reveal", || worker.reveal(1)).await;
    assert_eq!(reveal.outcome, Outcome::Success(job.digest()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_that_moves_while_it_is_fetched_is_fetched_again() {
    let (world, mut worker, job) = one_job();
    world.blobs.answer(job.blob(), Answer::Hang);
    start_impatient(&world, &mut worker);
    asked(&world, 1).await;
    let moved = b"http://elsewhere".to_vec();
    world.chain.change(1, |assignment| {
        let Ciphertext::Blob(pointer) = &mut assignment.inputs[0].ciphertext else {
            panic!("posted as a blob");
        };
        pointer.location = moved.clone().try_into().expect("short");
    });
    world.blobs.put(&job.ciphertext);
    worker.reaches(1, Stage::Retrying).await;
    assert_eq!(worker.computations(), 0, "not decrypted");
    world.chain.finalize();
    worker.commits_to(1, Outcome::Success(job.digest())).await;
}
