//! From a job that is owed to a result that its client reads.

use salus_agent::{Agent, Config, Error, Stage};
use salus_envelope::decrypt;
use salus_primitives::{
    duties::DutyKind,
    jobs::{Ciphertext, Outcome, ResultForm, ResultPointer},
    AccountId,
};

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn commits_reveals_and_is_done() {
    let world = World::new();
    let mut worker = world.worker(1);
    let job = world.post(7, table(8), &[&worker]);
    world.start(&mut worker);

    worker.commits_to(7, Outcome::Success(job.digest())).await;
    worker.reaches(7, Stage::Ready).await;
    world.chain.accept_commitment(&worker, 7, 200);
    world.chain.finalize();

    let reveal = until("a reveal", || worker.reveal(7)).await;
    assert_eq!(reveal.outcome, Outcome::Success(job.digest()));
    assert_eq!(reveal.salt, worker.salt(7));
    let Some(ResultPointer::Inline(sealed)) = reveal.result else {
        panic!("a small result is inline: {:?}", reveal.result);
    };
    let opened = decrypt(&sealed, &job.client).expect("the client opens it");
    assert_eq!(*opened, job.expected());
    assert_eq!(worker.commitment(7), None, "taken by the chain, tidied");
    assert_eq!(worker.computations(), 1);

    world.chain.settle(DutyKind::JobReveal, 7);
    world.chain.end_job(7);
    world.chain.finalize();
    until("the end", || worker.status().is_empty().then_some(())).await;
    assert_eq!(worker.ended("job-commit", "done"), 1);
    until("done", || {
        (worker.ended("job-reveal", "done") == 1).then_some(())
    })
    .await;
    assert_eq!(worker.ended("job-reveal", "missed"), 0);
    until("the tidied answer", || {
        worker.reveal(7).is_none().then_some(())
    })
    .await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_result_is_uploaded_in_the_form_the_client_asked_for() {
    for form in [ResultForm::Sealed, ResultForm::Clear] {
        let world = World::new();
        let mut worker = world.worker(1);
        let job = world.post(1, table(1000), &[&worker]);
        world.chain.change(1, |assignment| assignment.form = form);
        *world.blobs.upload_failures.lock() = 2;
        world.start(&mut worker);
        worker.commits_to(1, Outcome::Success(job.digest())).await;
        world.chain.accept_commitment(&worker, 1, 200);
        world.chain.finalize();

        let reveal = until("a reveal", || worker.reveal(1)).await;
        let Some(ResultPointer::Blob(pointer)) = reveal.result else {
            panic!("a large result is a blob: {:?}", reveal.result);
        };
        let blob = world.blobs.get(&pointer.digest).expect("uploaded");
        let bytes = match form {
            ResultForm::Clear => blob,
            ResultForm::Sealed => decrypt(&blob, &job.client).expect("opens").to_vec(),
        };
        assert_eq!(bytes, job.expected());
        assert_eq!(
            worker.metric("salus_agent_transfer_failures_total", &[]),
            Some(2)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_kept_on_chain_needs_no_gateway() {
    let world = World::new();
    let mut worker = world.worker(1);
    let job = world.post(1, table(8), &[&worker]);
    world.chain.change(1, |assignment| {
        let inline = job.ciphertext.clone().try_into().expect("it is small");
        assignment.inputs[0].ciphertext = Ciphertext::Inline(inline);
    });
    world.start(&mut worker);
    worker.commits_to(1, Outcome::Success(job.digest())).await;
    assert_eq!(*world.blobs.asked.lock(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_agree_and_their_commitments_differ() {
    let world = World::new();
    let (mut one, mut two) = (world.worker(1), world.worker(2));
    let job = world.post(1, table(50), &[&one, &two]);
    world.start(&mut one);
    world.start(&mut two);
    one.commits_to(1, Outcome::Success(job.digest())).await;
    two.commits_to(1, Outcome::Success(job.digest())).await;
    assert_ne!(one.salt(1), two.salt(1));
    assert_ne!(one.salt(1), one.salt(2));
    assert_ne!(one.commitment(1), two.commitment(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_is_no_longer_owed_stops_and_frees_its_slot() {
    let world = World::new();
    let mut worker = world.worker(1);
    world.post_with(1, noise(50_000), &[&worker], endless(), 50);
    world.start(&mut worker);

    worker.reaches(1, Stage::Computing).await;
    let second = world.post(2, table(8), &[&worker]);
    world.chain.finalize();
    until("the second input to be fetched", || {
        (*world.blobs.asked.lock() == 2).then_some(())
    })
    .await;
    // One slot, one job.
    worker.reaches(2, Stage::Waiting).await;
    until("progress", || {
        let status = worker.status();
        status
            .iter()
            .any(|duty| duty.progress.is_some())
            .then_some(())
    })
    .await;
    world.chain.settle(DutyKind::JobCommit, 1);
    world.chain.end_job(1);
    world.chain.finalize();
    until("the cancellation", || {
        worker.stage(1).is_none().then_some(())
    })
    .await;
    assert_eq!(worker.ended("job-commit", "cancelled"), 1);

    // The slot is free once the thread saw the flag.
    worker
        .commits_to(2, Outcome::Success(second.digest()))
        .await;
    assert_eq!(worker.commitment(1), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_deadline_is_counted() {
    let world = World::new();
    let mut worker = world.worker(1);
    world.post_with(1, noise(50_000), &[&worker], endless(), 2);
    world.start(&mut worker);
    worker.reaches(1, Stage::Computing).await;
    world.chain.settle(DutyKind::JobCommit, 1);
    for _ in 0..3 {
        world.chain.finalize();
    }
    until("the end", || worker.stage(1).is_none().then_some(())).await;
    // The three blocks may have been seen as one or as three.
    let ended = worker.ended("job-commit", "missed") + worker.ended("job-commit", "cancelled");
    assert_eq!(ended, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn goes_on_when_the_stream_of_blocks_ends() {
    let world = World::new();
    let mut worker = world.worker(1);
    world.start(&mut worker);
    world.chain.finalize();
    world.chain.drop_streams();
    let job = world.post(1, table(8), &[&worker]);
    until("the new subscription", || {
        world.chain.finalize();
        worker.commitment(1)
    })
    .await;
    worker.commits_to(1, Outcome::Success(job.digest())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_age_of_a_ready_answer_is_a_metric() {
    let world = World::new();
    let mut worker = world.worker(1);
    world.start(&mut worker);
    let metric = |worker: &Worker| worker.metric("salus_agent_oldest_ready_blocks", &[]);
    assert_eq!(metric(&worker), Some(0));
    assert_eq!(
        worker.metric("salus_agent_duties_owed", &["job-reveal"]),
        Some(0)
    );
    world.post(1, table(8), &[&worker]);
    world.chain.finalize();
    worker.reaches(1, Stage::Ready).await;
    world.chain.finalize();
    world.chain.finalize();
    until("two blocks of age", || {
        (metric(&worker) >= Some(2)).then_some(())
    })
    .await;
    assert_eq!(
        worker.metric("salus_agent_duties_owed", &["job-commit"]),
        Some(1)
    );
}

#[test]
fn an_agent_needs_a_key() {
    let world = World::new();
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config::new(AccountId::new([1; 32]), vec![], folder.path().into());
    let store = std::sync::Arc::new(MemoryStore::default());
    let refused = Agent::new(config, world.chain, store, world.blobs, None, None);
    assert!(matches!(refused, Err(Error::NoIdentity)));
}
