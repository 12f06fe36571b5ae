//! Who is served, and that all others learn nothing.

use std::collections::BTreeMap;

use reqwest::{Method as Http, Response};
use salus_blobs::{
    auth::{Method, Signer},
    digest,
};
use salus_primitives::Digest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::mock::*;

/// Status, headers and body; the date alone may differ.
async fn answer(response: Response) -> (u16, BTreeMap<String, String>, Vec<u8>) {
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    let body = response.bytes().await.unwrap().to_vec();
    (status, headers, body)
}

#[tokio::test]
async fn whoever_may_is_served() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    let digest = running.stored(b"ciphertext", &alice).await.digest;
    let (status, headers, body) = answer(
        running
            .get(digest, &running.token(&alice, Method::Get, digest))
            .await,
    )
    .await;
    assert_eq!((status, body.as_slice()), (200, b"ciphertext".as_slice()));
    assert_eq!(headers["content-length"], "10");
    assert_eq!(headers["accept-ranges"], "bytes");

    let head = running.token(&alice, Method::Head, digest);
    let (status, headers, body) = answer(running.send(Http::HEAD, digest, Some(&head)).await).await;
    assert_eq!(
        (status, headers["content-length"].as_str(), body.len()),
        (200, "10", 0)
    );
}

#[tokio::test]
async fn every_refusal_looks_like_a_missing_blob() {
    let (running, alice, mallory) = (
        Running::with(|config| config.nonces = 8).await,
        somebody("Alice"),
        somebody("Mallory"),
    );
    let chain = running.chain.clone();
    let digest = running.stored(b"ciphertext", &alice).await.digest;
    let absent = Digest::repeat_byte(9);
    chain.allow_everywhere(&alice.account(), absent);
    let get = |who, digest| running.token(who, Method::Get, digest);

    let missing = answer(running.get(absent, &get(&alice, absent)).await).await;
    assert_eq!(missing.0, 404);
    let mut refusals = vec![
        ("no token", running.send(Http::GET, digest, None).await),
        (
            "not allowed",
            running.get(digest, &get(&mallory, digest)).await,
        ),
        (
            "another digest",
            running.get(digest, &get(&alice, absent)).await,
        ),
        (
            "not a digest",
            http()
                .get(format!("{}/blobs/none", running.base))
                .header("authorization", get(&alice, digest).to_header())
                .send()
                .await
                .unwrap(),
        ),
        (
            "not a path",
            http()
                .get(format!("{}/secret", running.base))
                .send()
                .await
                .unwrap(),
        ),
        (
            "not a token",
            http()
                .get(running.blob_url(digest))
                .header("authorization", "Salus ????")
                .send()
                .await
                .unwrap(),
        ),
    ];
    chain.revoke(BEST, &alice.account(), digest);
    let revoked = running.get(digest, &get(&alice, digest)).await;
    refusals.push(("revoked at best, not finalized", revoked));
    chain.allow(BEST, &alice.account(), digest);
    chain.revoke(FINALIZED, &alice.account(), digest);
    let early = running.get(digest, &get(&alice, digest)).await;
    refusals.push(("granted at best, not finalized", early));
    chain.allow(FINALIZED, &alice.account(), digest);
    chain.set_age(30_000);
    refusals.push((
        "stale head",
        running.get(digest, &get(&alice, digest)).await,
    ));
    chain.set_age(29_999);
    chain.set_silent(true);
    refusals.push((
        "silent chain",
        running.get(digest, &get(&alice, digest)).await,
    ));
    chain.set_silent(false);
    // The share of one account is one token of eight.
    let used = get(&alice, digest);
    assert_eq!(running.get(digest, &used).await.status(), 200);
    refusals.push(("replay", running.get(digest, &used).await));
    refusals.push(("no room", running.get(digest, &get(&alice, digest)).await));
    for (what, response) in refusals {
        assert_eq!(answer(response).await, missing, "{what}");
    }

    let missing = running.send(Http::HEAD, absent, None).await;
    let refused = running.token(&mallory, Method::Head, digest);
    let refused = running.send(Http::HEAD, digest, Some(&refused)).await;
    assert_eq!(answer(missing).await, answer(refused).await);
}

/// The time of an answer depends on the look-ups, so those are the same too.
#[tokio::test]
async fn every_refusal_makes_the_same_look_ups() {
    let (running, alice, mallory) = (Running::new().await, somebody("Alice"), somebody("Mallory"));
    let digest = running.stored(b"ciphertext", &alice).await.digest;
    let absent = Digest::repeat_byte(9);
    running.chain.allow_everywhere(&alice.account(), absent);
    for (name, who) in [(digest, &alice), (absent, &alice), (digest, &mallory)] {
        running
            .get(name, &running.token(who, Method::Get, name))
            .await;
        assert_eq!(running.chain.take_asked(), 2);
    }
    running.send(Http::GET, digest, None).await;
    assert_eq!(running.chain.take_asked(), 2);
    running
        .get(digest, &running.token(&alice, Method::Put, digest))
        .await;
    assert_eq!(running.chain.take_asked(), 2);
}

#[tokio::test]
async fn only_names_of_blobs_are_looked_up() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    let digest = running.stored(b"ciphertext", &alice).await.digest;
    let name = hex::encode(digest.as_bytes());
    std::fs::write(running.folder.path().join("secret"), "secret").unwrap();
    let address = running.base.trim_start_matches("http://");
    for path in [
        "/blobs/../secret".to_owned(),
        "/blobs/..%2Fsecret".to_owned(),
        "/blobs/%2e%2e%2fsecret".to_owned(),
        "/blobs//../../etc/passwd".to_owned(),
        format!("/blobs/{}", name.to_uppercase()),
        format!("/blobs/0x{name}"),
        format!("/blobs/{name}/"),
        format!("/blobs/./{name}"),
        format!("/blobs/{name}%00"),
    ] {
        // By hand: an HTTP client would tidy up the path.
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let token = running.token(&alice, Method::Get, digest).to_header();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
        assert!(answer.ends_with("{\"error\":\"not found\"}"), "{path}");
    }
}

#[tokio::test]
async fn parts_are_served() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    let bytes: Vec<u8> = (0..200_000u32).map(|i| (i % 251) as u8).collect();
    let digest = running.stored(&bytes, &alice).await.digest;
    let get = |range: &str| {
        http()
            .get(running.blob_url(digest))
            .header(
                "authorization",
                running.token(&alice, Method::Get, digest).to_header(),
            )
            .header("range", range)
            .send()
    };
    for (range, expected) in [
        ("bytes=0-0", 0..1),
        ("bytes=100000-", 100_000..200_000),
        ("bytes=-7", 199_993..200_000),
        ("bytes=5-1000000", 5..200_000),
    ] {
        let response = get(range).await.unwrap();
        assert_eq!(response.status(), 206, "{range}");
        assert_eq!(
            response.headers()["content-range"].to_str().unwrap(),
            format!("bytes {}-{}/200000", expected.start, expected.end - 1)
        );
        assert_eq!(
            response.bytes().await.unwrap(),
            bytes[expected.clone()],
            "{range}"
        );
    }
    let response = get("bytes=200000-").await.unwrap();
    assert_eq!(response.status(), 416);
    assert_eq!(response.headers()["content-range"], "bytes */200000");
    let response = get("bytes=0-1,4-5").await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.content_length()),
        (200, Some(200_000))
    );
}

#[tokio::test]
async fn it_says_which_chain_and_gateway_it_is() {
    let running = Running::new().await;
    let text = reqwest::Response::text(http().get(&running.base).send().await.unwrap());
    let info: salus_blobs::gateway::Info = serde_json::from_str(&text.await.unwrap()).unwrap();
    assert_eq!(info, running.gateway.info());
    assert_eq!(info.bases, std::slice::from_ref(&running.base));
    assert_eq!(info.genesis, format!("0x{}", "03".repeat(32)));
}

#[tokio::test]
async fn health_tells_of_a_stalled_node() {
    let running = Running::new().await;
    let health = || async {
        let url = format!("{}/health", running.base);
        http().get(url).send().await.unwrap().status().as_u16()
    };
    assert_eq!(health().await, 200);
    running.chain.set_age(30_000);
    tokio::time::sleep(LONGER_THAN_HEALTH).await;
    assert_eq!(health().await, 503);
    running.chain.set_age(0);
    running.chain.set_silent(true);
    tokio::time::sleep(LONGER_THAN_HEALTH).await;
    assert_eq!(health().await, 503);
}

/// The state of the node is asked for once a second at most.
const LONGER_THAN_HEALTH: std::time::Duration = std::time::Duration::from_millis(1100);

#[tokio::test]
async fn health_asks_the_node_once_a_second_and_takes_no_place_of_a_request() {
    let running = Running::with(|config| config.stranger_calls = 1).await;
    let alice = somebody("Alice");
    let digest = running.stored(b"ciphertext", &alice).await.digest;
    running.chain.take_viewed();
    let url = format!("{}/health", running.base);
    let asked = (0..20).map(|_| http().get(&url).send());
    for response in futures::future::join_all(asked).await {
        assert_eq!(response.unwrap().status(), 200);
    }
    assert_eq!(running.chain.take_viewed(), 1);

    // All places that requests have are taken.
    running.chain.stall_strangers();
    tokio::time::sleep(LONGER_THAN_HEALTH).await;
    let stranger = running.send(Http::GET, digest, None);
    let health = async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        let begun = std::time::Instant::now();
        assert_eq!(http().get(&url).send().await.unwrap().status(), 200);
        begun.elapsed()
    };
    let (_, took) = futures::join!(stranger, health);
    assert!(took < std::time::Duration::from_millis(500), "{took:?}");
}

#[tokio::test]
async fn fresh_keys_do_not_take_the_places_of_known_accounts() {
    let running = Running::with(|config| {
        config.chain_calls = 2;
        config.stranger_calls = 2;
    })
    .await;
    let alice = somebody("Alice");
    let digest = running.stored(b"ciphertext", &alice).await.digest;
    let get = || async {
        let token = running.token(&alice, Method::Get, digest);
        running.get(digest, &token).await.status()
    };
    // From now on she is known.
    assert_eq!(get().await, 200);
    running.chain.stall_strangers();
    let strangers = (0..10).map(|index| {
        let token = running.token(&somebody(&format!("{index}")), Method::Get, digest);
        let running = &running;
        async move { running.get(digest, &token).await.status() }
    });
    let known = async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        let begun = std::time::Instant::now();
        assert_eq!(get().await, 200);
        begun.elapsed()
    };
    let (strangers, took) = futures::join!(futures::future::join_all(strangers), known);
    assert!(strangers.iter().all(|status| *status == 404));
    assert!(took < std::time::Duration::from_millis(500), "{took:?}");
}

/// Places are given back, also when a download is broken off.
#[tokio::test]
async fn downloads_of_one_account_wait_for_each_other() {
    let running = Running::with(|config| {
        config.per_account = 1;
        config.permit_timeout = std::time::Duration::from_millis(300);
    })
    .await;
    let alice = somebody("Alice");
    // More than the buffers of both ends hold.
    let digest = running.stored(&vec![1; 32 << 20], &alice).await.digest;
    let get = || async {
        running
            .get(digest, &running.token(&alice, Method::Get, digest))
            .await
    };
    let first = get().await;
    assert_eq!(first.status(), 200);
    running.chain.take_asked();
    assert_eq!(get().await.status(), 404);
    assert_eq!(running.chain.take_asked(), 0, "nor is the chain asked");
    drop(first);
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(get().await.status(), 200);
}

#[test]
fn the_digest_is_blake2_256() {
    // RFC 7693 has no vector for 256 bits; this is `b2sum -l 256` of nothing.
    assert_eq!(
        hex::encode(digest(b"").as_bytes()),
        "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"
    );
}
