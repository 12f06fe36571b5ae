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
    running.chain.set_quota(&alice.account(), 1000, 1000);
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
    let (status, _) = running.put(&alice, digest(&[1; 1000]), &[1; 1000]).await;
    assert_eq!(status, 201);
}

#[tokio::test]
async fn the_quota_counts_what_nothing_refers_to() {
    let (running, alice, bob) = (Running::new().await, somebody("Alice"), somebody("Bob"));
    let chain = &running.chain;
    chain.set_quota(&alice.account(), 1000, 1000);
    chain.set_quota(&bob.account(), 1000, 1000);
    let put = |who, byte: u8, size: usize| {
        let running = &running;
        async move {
            let bytes = vec![byte; size];
            running.put(who, digest(&bytes), &bytes).await
        }
    };
    assert_eq!(put(&alice, 1, 600).await.0, 201);
    let (status, answer) = put(&alice, 2, 401).await;
    assert_eq!((status, answer["error"].as_str()), (403, Some("quota")));
    // The same again costs nothing more; somebody else has a quota of their own.
    assert_eq!(put(&alice, 1, 600).await.0, 201);
    assert_eq!(put(&bob, 2, 401).await.0, 201);
    assert_eq!(put(&alice, 3, 400).await.0, 201);
    assert_eq!(put(&alice, 4, 1).await.0, 403);
    // At the best block alone it does not free the room, finalized it does.
    let first = digest(&[1; 600]);
    chain.refer(BEST, first);
    assert_eq!(put(&alice, 4, 1).await.0, 403);
    chain.refer(FINALIZED, first);
    assert_eq!(put(&alice, 4, 600).await.0, 201);
    assert_eq!(put(&alice, 5, 1).await.0, 403);
}

#[tokio::test]
async fn a_restart_keeps_the_quota() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    running.chain.set_quota(&alice.account(), 1000, 1000);
    let bytes = [1; 600];
    assert_eq!(running.put(&alice, digest(&bytes), &bytes).await.0, 201);
    let (folder, chain) = running.stop().await;

    let running = Running::over(folder, chain, |_| ()).await;
    let bytes = [2; 401];
    assert_eq!(running.put(&alice, digest(&bytes), &bytes).await.0, 403);
    let bytes = [2; 400];
    assert_eq!(running.put(&alice, digest(&bytes), &bytes).await.0, 201);
}

/// Uploads at the same time cannot share the same room.
#[tokio::test]
async fn room_is_promised_once() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    running.chain.set_quota(&alice.account(), 1000, 1000);
    let bytes: Vec<Vec<u8>> = (0..6).map(|i| vec![i; 600]).collect();
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
    for (best, finalized) in [(100, 0), (0, 100)] {
        running.chain.set_quota(&alice.account(), best, finalized);
        assert_eq!(running.put(&alice, name, b"x").await.0, 403);
    }
    running.chain.set_quota(&alice.account(), 100, 100);
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
    running.chain.set_quota(&alice.account(), 1000, 1000);
    let name = digest(b"x");
    let put = |token: Option<String>| {
        let mut request = http().put(running.blob_url(name)).body("x");
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let get = token(&alice, Method::Get, name).to_header();
    let other = token(&alice, Method::Put, Digest::zero()).to_header();
    let good = token(&alice, Method::Put, name).to_header();
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
            token(&alice, Method::Put, name).to_header(),
        )
        .body(reqwest::Body::wrap_stream(chunks))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 411);
}
