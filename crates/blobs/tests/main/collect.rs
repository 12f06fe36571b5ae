//! Blobs that nothing refers to go, after a while.

use std::time::Duration;

use salus_blobs::{
    auth::Signer,
    digest,
    gateway::{CollectError, Collected, Config},
};
use tokio::time::sleep;

use crate::mock::*;

const LONG: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn unreferenced_blobs_go_after_the_grace_period() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    running.chain.set_quota(&alice.account(), 12_288, 12_288);
    for bytes in [b"kept", b"tip.", b"gone"] {
        assert_eq!(running.put(&alice, digest(bytes), bytes).await.0, 201);
    }
    running.chain.refer(FINALIZED, digest(b"kept"));
    running.chain.refer(BEST, digest(b"tip."));
    let collected = running.gateway.collect(LONG).await.unwrap();
    let expected = Collected {
        referenced: 2,
        waiting: 1,
        ..Default::default()
    };
    assert_eq!(collected, expected);
    let collected = running.gateway.collect(Duration::ZERO).await.unwrap();
    let expected = Collected {
        referenced: 2,
        dropped: 1,
        freed: 4,
        ..Default::default()
    };
    assert_eq!(collected, expected);
    assert!(running.store.size(&digest(b"gone")).await.is_err());
    assert!(running.store.size(&digest(b"kept")).await.is_ok());
    assert!(running.store.size(&digest(b"tip.")).await.is_ok());
    // The room is free again.
    let bytes = [1; 12_288];
    assert_eq!(running.put(&alice, digest(&bytes), &bytes).await.0, 201);
}

/// The clock starts anew when the last reference goes.
#[tokio::test]
async fn the_grace_period_begins_when_the_reference_ends() {
    let at_once = |config: &mut Config| config.referenced_for = Duration::ZERO;
    let (running, alice) = (Running::with(at_once).await, somebody("Alice"));
    running.chain.set_quota(&alice.account(), 10_000, 10_000);
    let name = digest(b"x");
    assert_eq!(running.put(&alice, name, b"x").await.0, 201);
    running.chain.refer(FINALIZED, name);
    running.gateway.collect(Duration::ZERO).await.unwrap();
    running.chain.forget(FINALIZED, name);
    let grace = Duration::from_millis(300);
    sleep(grace).await;
    assert_eq!(running.gateway.collect(grace).await.unwrap().waiting, 1);
    sleep(grace).await;
    assert_eq!(running.gateway.collect(grace).await.unwrap().dropped, 1);
}

/// Blobs that came another way have no note: they wait too.
#[tokio::test]
async fn blobs_without_a_note_wait_too() {
    let running = Running::new().await;
    running.store.put("x".into()).await.unwrap();
    let waiting = running.gateway.collect(Duration::ZERO).await.unwrap();
    assert_eq!((waiting.waiting, waiting.dropped), (1, 0));
    let dropped = running.gateway.collect(Duration::ZERO).await.unwrap();
    assert_eq!(dropped.dropped, 1);
}

#[tokio::test]
async fn what_was_referred_to_is_asked_about_rarely() {
    let running = Running::with(|config| {
        config.referenced_for = Duration::from_millis(500);
    })
    .await;
    for bytes in ["kept", "gone"] {
        running.store.put(bytes.into()).await.unwrap();
    }
    running.chain.refer(FINALIZED, digest(b"kept"));
    let collect = || async { running.gateway.collect(LONG).await.unwrap() };
    let expected = Collected {
        referenced: 1,
        waiting: 1,
        ..Default::default()
    };
    assert_eq!(collect().await, expected);
    assert_eq!(running.chain.take_looked_for(), 3, "one, and both blocks");
    assert_eq!(collect().await, expected);
    assert_eq!(running.chain.take_looked_for(), 2, "both blocks for one");
    running.chain.forget(FINALIZED, digest(b"kept"));
    assert_eq!(collect().await, expected);
    sleep(Duration::from_millis(600)).await;
    assert_eq!(collect().await.waiting, 2);
}

#[tokio::test]
async fn a_collection_has_a_most_that_it_asks_and_the_next_goes_on() {
    let running = Running::with(|config| config.collect_looks = 2).await;
    for byte in 0..5_u8 {
        running.store.put(vec![byte].into()).await.unwrap();
    }
    // Found without reference one after the other, and dropped so when all were found.
    let mut dropped = 0;
    for round in 1..=6 {
        let collected = running.gateway.collect(Duration::ZERO).await.unwrap();
        assert!(running.chain.take_looked_for() <= 4, "round {round}");
        dropped += collected.dropped;
        if round <= 2 {
            assert_eq!(dropped, 0, "round {round}: others first");
        }
    }
    assert_eq!(dropped, 5);
}

#[tokio::test]
async fn nothing_goes_while_the_node_is_stalled() {
    let running = Running::new().await;
    let name = running.store.put("x".into()).await.unwrap();
    running.gateway.collect(Duration::ZERO).await.unwrap();
    running.chain.set_age(30_000);
    let result = running.gateway.collect(Duration::ZERO).await;
    assert!(matches!(result, Err(CollectError::Stale(30_000))));
    running.chain.set_silent(true);
    let result = running.gateway.collect(Duration::ZERO).await;
    assert!(matches!(result, Err(CollectError::Chain(_))));
    assert!(running.store.size(&name).await.is_ok());
}

#[tokio::test]
async fn the_background_task_collects() {
    let running = Running::with(|config| {
        config.grace = Duration::ZERO;
        config.collect_every = Duration::from_millis(50);
    })
    .await;
    let name = running.store.put("x".into()).await.unwrap();
    for _ in 0..100 {
        if running.store.size(&name).await.is_err() {
            running.stop().await;
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("the blob is still there");
}

/// A note whose blob never came (a crash in between) stops counting.
#[tokio::test]
async fn notes_without_a_blob_go() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    running.chain.set_quota(&alice.account(), 6000, 6000);
    let bytes = [1; 60];
    assert_eq!(running.put(&alice, digest(&bytes), &bytes).await.0, 201);
    running.store.delete(&digest(&bytes)).await.unwrap();
    let bytes = [2; 60];
    assert_eq!(running.put(&alice, digest(&bytes), &bytes).await.0, 403);
    running.gateway.collect(Duration::ZERO).await.unwrap();
    assert_eq!(running.put(&alice, digest(&bytes), &bytes).await.0, 201);
}
