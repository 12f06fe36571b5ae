//! Addresses that nothing is fetched from.

use std::sync::{atomic::Ordering, Arc};

use salus_blobs::{
    auth::{FnSigner, Signer},
    client::{AddressPolicy, Client, FetchError},
    digest,
};

use crate::{
    broken::{ok, server, Fault},
    mock::*,
};

fn public() -> AddressPolicy {
    AddressPolicy::Public { also: Vec::new() }
}

fn loopback() -> AddressPolicy {
    AddressPolicy::Public {
        also: vec!["127.0.0.0/8".parse().unwrap()],
    }
}

/// Neither as a gateway nor as a URL that is used as it is; nothing is signed or sent.
#[tokio::test]
async fn own_networks_are_not_spoken_to() {
    let (base, requests) = server(Fault::Answer(ok(1, b"x"))).await;
    let port = base.rsplit_once(':').unwrap().1.to_owned();
    let signer = FnSigner::new(somebody("Alice").account(), |_: &[u8]| {
        panic!("nothing is signed")
    });
    let client = Client::new(GENESIS, Arc::new(signer))
        .unwrap()
        .fetching_from(public())
        .unwrap();
    let fetch = |location: String| {
        let (client, pointer) = (&client, pointer(&location, digest(b"x"), 1));
        async move { client.fetch(&pointer, &limits()).await.unwrap_err() }
    };
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "10.0.0.1",
        "169.254.169.254",
        "[fd00::1]",
        "[fe80::1]",
    ] {
        for location in [
            format!("http://{host}:{port}"),
            format!("http://{host}:{port}/x?secret"),
        ] {
            let error = fetch(location.clone()).await;
            assert!(
                matches!(&error, FetchError::BadLocation(reason) if !reason.contains("secret")),
                "{location}: {error:?}"
            );
        }
    }
    // A name is known by what it resolves to.
    for location in [
        format!("http://localhost:{port}"),
        format!("http://localhost:{port}/x?secret"),
    ] {
        let error = fetch(location.clone()).await;
        assert!(
            matches!(&error, FetchError::Unavailable(reason)
                if reason.contains("nothing is fetched from") && !reason.contains("secret")),
            "{location}: {error:?}"
        );
    }
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn networks_that_are_named_are_fetched_from() {
    let (base, requests) = server(Fault::Answer(ok(1, b"x"))).await;
    let port = base.rsplit_once(':').unwrap().1;
    let client = client(&somebody("Alice"))
        .fetching_from(loopback())
        .unwrap();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let pointer = pointer(&format!("http://{host}:{port}/x?y"), digest(b"x"), 1);
        assert_eq!(client.fetch(&pointer, &limits()).await.unwrap(), b"x");
    }
    assert_eq!(requests.load(Ordering::SeqCst), 3);
}

/// A permitted server cannot send the client on to another one.
#[tokio::test]
async fn redirects_are_not_followed() {
    let (other, requests) = server(Fault::Answer(ok(1, b"x"))).await;
    for status in ["301 Moved", "302 Found", "307 Again", "308 Again"] {
        let answer =
            format!("HTTP/1.1 {status}\r\nlocation: {other}/x?y\r\ncontent-length: 0\r\n\r\n");
        let (base, asked) = server(Fault::Answer(answer.into_bytes())).await;
        for policy in [AddressPolicy::Any, loopback()] {
            let client = client(&somebody("Alice")).fetching_from(policy).unwrap();
            let pointer = pointer(&format!("{base}/x?y"), digest(b"x"), 1);
            let fetched = client.fetch(&pointer, &limits()).await;
            assert!(
                matches!(&fetched, Err(FetchError::Unavailable(reason))
                    if reason.contains(&status[..3])),
                "{status}: {fetched:?}"
            );
        }
        assert_eq!(asked.load(Ordering::SeqCst), 6);
    }
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}

/// What the operator configured is reached wherever it is.
#[tokio::test]
async fn the_own_gateway_is_reached() {
    let running = Running::with(|config| {
        config.bases = vec!["https://gateway.example".into()];
    })
    .await;
    let alice = somebody("Alice");
    running.chain.set_quota(&alice.account(), 10_000, 10_000);
    let client = client(&alice).fetching_from(public()).unwrap().with_route(
        "https://gateway.example".parse().unwrap(),
        running.base.parse().unwrap(),
    );
    let pointer = client
        .upload("https://gateway.example", "ciphertext")
        .await
        .unwrap();
    running
        .chain
        .allow_everywhere(&alice.account(), pointer.digest);
    assert_eq!(
        client.fetch(&pointer, &limits()).await.unwrap(),
        b"ciphertext"
    );
}
