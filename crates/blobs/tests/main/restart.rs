//! Tokens and clients over a restart of the gateway.

use reqwest::Method as Http;
use salus_blobs::{
    auth::{Method, Signer},
    digest,
};

use crate::mock::*;

/// The memory of used tokens is gone, and so is everything that was made for it.
#[tokio::test]
async fn no_token_of_before_is_good() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    running.chain.set_quota(&alice.account(), 10_000, 10_000);
    let name = running.stored(b"ciphertext", &alice).await.digest;
    let used = running.token(&alice, Method::Get, name);
    let unused = running.token(&alice, Method::Get, name);
    assert_eq!(running.get(name, &used).await.status(), 200);
    assert_eq!(running.get(name, &used).await.status(), 404);
    let upload = running.token(&alice, Method::Put, digest(b"x"));
    let put = |running: &Running| {
        http()
            .put(running.blob_url(digest(b"x")))
            .header("authorization", upload.to_header())
            .body("x")
            .send()
    };
    assert_eq!(put(&running).await.unwrap().status(), 201);

    let running = running.restart().await;
    assert_eq!(running.get(name, &used).await.status(), 404);
    assert_eq!(running.get(name, &unused).await.status(), 404);
    let answer = put(&running).await.unwrap();
    assert_eq!(answer.status(), 401);
    let body = answer.text().await.unwrap();
    assert!(body.contains("before the gateway's start"), "{body}");
    // The blob is there and may be fetched, with a token made for this start.
    let mut request = used.request;
    request.start = running.start;
    let token = request.sign(&alice).unwrap();
    assert_eq!(running.get(name, &token).await.status(), 200);
    let head = running.token(&alice, Method::Head, name);
    let answer = running.send(Http::HEAD, name, Some(&head)).await;
    assert_eq!(answer.status(), 200);
}

/// A client that knew the gateway before asks it again.
#[tokio::test]
async fn clients_notice() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    running.chain.set_quota(&alice.account(), 100_000, 100_000);
    let pointer = running.stored(b"ciphertext", &alice).await;
    let client = client(&alice);
    client.fetch(&pointer, &limits()).await.unwrap();
    let running = running.restart().await;
    let fetched = client.fetch(&pointer, &limits()).await.unwrap();
    assert_eq!(fetched, b"ciphertext");
    let running = running.restart().await;
    client.upload(&running.base, "more").await.unwrap();
}
