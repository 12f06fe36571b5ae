//! Uploads: checks, quotas, notes.

use salus_blobs::{
    auth::{Method, Signer},
    client::UploadError,
    digest,
};
use salus_primitives::Digest;

use crate::mock::*;

#[tokio::test]
async fn what_is_uploaded_can_be_fetched() {
    let (running, alice, bob) = (Running::new().await, somebody("Alice"), somebody("Bob"));
    running.chain.set_quota(&alice.account(), 1 << 24, 1 << 24);
    let bytes: Vec<u8> = (0..3_000_000u32).map(|i| (i % 253) as u8).collect();
    let pointer = client(&alice)
        .upload(&running.base, bytes.clone())
        .await
        .unwrap();
    assert_eq!(pointer.digest, digest(&bytes));
    assert_eq!(pointer.size, 3_000_000);
    assert_eq!(pointer.location.as_slice(), running.base.as_bytes());
    // Again, by the same and with the same result.
    let again = client(&alice)
        .upload(&running.base, bytes.clone())
        .await
        .unwrap();
    assert_eq!(again, pointer);

    running
        .chain
        .allow_everywhere(&bob.account(), pointer.digest);
    assert_eq!(
        client(&bob).fetch(&pointer, &limits()).await.unwrap(),
        bytes
    );
}

#[tokio::test]
async fn other_bytes_than_announced_are_dropped() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    running.chain.set_quota(&alice.account(), 10_000, 10_000);
    let (named, sent) = (digest(b"named"), digest(b"other"));
    let (status, answer) = running.put(&alice, named, b"other").await;
    assert_eq!(status, 422);
    let message = answer["message"].as_str().unwrap();
    for digest in [named, sent] {
        assert!(message.contains(&hex::encode(digest)), "{message}");
    }
    assert!(running.store.size(&named).await.is_err());
    assert!(running.store.size(&sent).await.is_err());
    // Nor does it count.
    let bytes = [1; 10_000];
    assert_eq!(running.put(&alice, digest(&bytes), &bytes).await.0, 201);
}

#[tokio::test]
async fn the_quota_counts_what_nothing_refers_to() {
    let (running, alice, bob) = (Running::new().await, somebody("Alice"), somebody("Bob"));
    let chain = &running.chain;
    chain.set_quota(&alice.account(), 10_000, 10_000);
    chain.set_quota(&bob.account(), 10_000, 10_000);
    let put = |who, byte: u8, size: usize| {
        let running = &running;
        async move {
            let bytes = vec![byte; size];
            running.put(who, digest(&bytes), &bytes).await
        }
    };
    assert_eq!(put(&alice, 1, 5000).await.0, 201);
    let (status, answer) = put(&alice, 2, 5001).await;
    assert_eq!((status, answer["error"].as_str()), (403, Some("quota")));
    // The same again costs nothing more; somebody else has a quota of their own.
    assert_eq!(put(&alice, 1, 5000).await.0, 201);
    assert_eq!(put(&bob, 2, 5001).await.0, 201);
    assert_eq!(put(&alice, 3, 5000).await.0, 201);
    assert_eq!(put(&alice, 4, 1).await.0, 403);
    // At the best block alone it does not free the room, finalized it does.
    let first = digest(&[1; 5000]);
    chain.refer(BEST, first);
    assert_eq!(put(&alice, 4, 1).await.0, 403);
    chain.refer(FINALIZED, first);
    assert_eq!(put(&alice, 4, 5000).await.0, 201);
    assert_eq!(put(&alice, 5, 1).await.0, 403);
}

#[tokio::test]
async fn a_restart_keeps_the_quota() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    running.chain.set_quota(&alice.account(), 10_000, 10_000);
    let bytes = [1; 5000];
    assert_eq!(running.put(&alice, digest(&bytes), &bytes).await.0, 201);

    let running = running.restart().await;
    let bytes = [2; 5001];
    assert_eq!(running.put(&alice, digest(&bytes), &bytes).await.0, 403);
    let bytes = [2; 5000];
    assert_eq!(running.put(&alice, digest(&bytes), &bytes).await.0, 201);
}

/// Whichever of a member's keys signs, and however often it names another operator key.
#[tokio::test]
async fn the_keys_of_a_member_share_its_quota() {
    let (running, member) = (Running::new().await, somebody("Alice").account());
    let chain = running.chain.clone();
    chain.set_quota(&member, 10_000, 10_000);
    let first = somebody("first operator key");
    let second = somebody("second operator key");
    for operator in [&first, &second] {
        chain.set_operator(&operator.account(), &member, &member);
    }
    let bytes = [1; 6000];
    assert_eq!(running.put(&first, digest(&bytes), &bytes).await.0, 201);
    let bytes = [2; 6000];
    for key in [&first, &second, &somebody("Alice")] {
        let (status, answer) = running.put(key, digest(&bytes), &bytes).await;
        assert_eq!((status, answer["error"].as_str()), (403, Some("quota")));
    }
    // It is the member's after a restart too.
    let running = running.restart().await;
    assert_eq!(running.put(&second, digest(&bytes), &bytes).await.0, 403);
    let bytes = [3; 4000];
    assert_eq!(running.put(&second, digest(&bytes), &bytes).await.0, 403);
    chain.refer(FINALIZED, digest(&[1; 6000]));
    assert_eq!(running.put(&second, digest(&bytes), &bytes).await.0, 201);
}

/// A key that is moving from one member to another uploads for neither.
#[tokio::test]
async fn both_blocks_name_the_same_member() {
    let (running, operator) = (Running::new().await, somebody("operator key"));
    let (alice, bob) = (somebody("Alice").account(), somebody("Bob").account());
    for member in [&alice, &bob] {
        running.chain.set_quota(member, 10_000, 10_000);
    }
    let name = digest(b"x");
    running
        .chain
        .set_operator(&operator.account(), &bob, &alice);
    let (status, answer) = running.put(&operator, name, b"x").await;
    assert_eq!((status, answer["error"].as_str()), (403, Some("member")));
    running.chain.set_operator(&operator.account(), &bob, &bob);
    assert_eq!(running.put(&operator, name, b"x").await.0, 201);
}

/// A quota of bytes bounds the number of blobs too.
#[tokio::test]
async fn tiny_blobs_count_as_a_block_of_the_disk() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    running.chain.set_quota(&alice.account(), 8192, 8192);
    for (byte, status) in [(1, 201), (2, 201), (3, 403)] {
        let put = running.put(&alice, digest(&[byte]), &[byte]).await;
        assert_eq!(put.0, status, "{byte}");
    }
}

/// Uploads at the same time cannot share the same room.
#[tokio::test]
async fn room_is_promised_once() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    running.chain.set_quota(&alice.account(), 10_000, 10_000);
    let bytes: Vec<Vec<u8>> = (0..6).map(|i| vec![i; 6000]).collect();
    let puts = bytes
        .iter()
        .map(|bytes| running.put(&alice, digest(bytes), bytes));
    let answers = futures::future::join_all(puts).await;
    let taken = answers.iter().filter(|(status, _)| *status == 201).count();
    assert_eq!(taken, 1, "{answers:?}");
}

#[tokio::test]
async fn whoever_is_no_member_uploads_nothing() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    let name = digest(b"x");
    let (status, answer) = running.put(&alice, name, b"x").await;
    assert_eq!((status, answer["error"].as_str()), (403, Some("member")));
    // Both blocks have to know the member.
    for (best, finalized) in [(10_000, 0), (0, 10_000)] {
        running.chain.set_quota(&alice.account(), best, finalized);
        assert_eq!(running.put(&alice, name, b"x").await.0, 403);
    }
    running.chain.set_quota(&alice.account(), 10_000, 10_000);
    running.chain.set_age(30_000);
    let (status, answer) = running.put(&alice, name, b"x").await;
    assert_eq!((status, answer["error"].as_str()), (503, Some("stale")));
    running.chain.set_age(0);
    running.chain.set_silent(true);
    assert_eq!(running.put(&alice, name, b"x").await.0, 503);
    running.chain.set_silent(false);
    assert_eq!(running.put(&alice, name, b"x").await.0, 201);
}

#[tokio::test]
async fn uploads_need_a_token_of_their_own() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    running.chain.set_quota(&alice.account(), 10_000, 10_000);
    let name = digest(b"x");
    let put = |token: Option<String>| {
        let mut request = http().put(running.blob_url(name)).body("x");
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let get = running.token(&alice, Method::Get, name).to_header();
    let other = running
        .token(&alice, Method::Put, Digest::zero())
        .to_header();
    let good = running.token(&alice, Method::Put, name).to_header();
    assert_eq!(put(None).await, 401);
    assert_eq!(put(Some(get)).await, 401);
    assert_eq!(put(Some(other)).await, 401);
    assert!(running.store.size(&name).await.is_err());
    assert_eq!(put(Some(good.clone())).await, 201);
    assert_eq!(put(Some(good)).await, 401, "a replay");
}

#[tokio::test]
async fn oversized_and_nameless_uploads_are_refused() {
    let running = Running::with(|config| config.max_blob = 100).await;
    let alice = somebody("Alice");
    running.chain.set_quota(&alice.account(), 10_000, 10_000);
    let bytes = [0; 101];
    let (status, answer) = running.put(&alice, digest(&bytes), &bytes).await;
    assert_eq!((status, answer["error"].as_str()), (413, Some("size")));
    let error = client(&alice).upload(&running.base, bytes.to_vec()).await;
    assert!(matches!(error, Err(UploadError::Refused { code, .. }) if code == "size"));
    let bytes = [0; 100];
    assert_eq!(running.put(&alice, digest(&bytes), &bytes).await.0, 201);

    let url = format!("{}/blobs/..%2F..%2Fpasswd", running.base);
    let response = http().put(url).body("x").send().await.unwrap();
    assert_eq!(response.status(), 400);
    // Without a length nothing can be promised.
    let chunks = futures::stream::iter([Ok::<_, std::io::Error>("x")]);
    let name = digest(b"x");
    let response = http()
        .put(running.blob_url(name))
        .header(
            "authorization",
            running.token(&alice, Method::Put, name).to_header(),
        )
        .body(reqwest::Body::wrap_stream(chunks))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 411);
}
