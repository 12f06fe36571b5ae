//! Downloads, from gateways and from servers that misbehave.

use std::{
    sync::{atomic::Ordering, Arc, Mutex},
    time::{Duration, Instant},
};

use salus_blobs::{
    auth::{FnSigner, Signer},
    client::{Client, FetchError, UploadError},
    digest,
};
use salus_primitives::{blobs::BlobPointer, Digest, Hash};

use crate::{
    broken::{ok, server, Fault},
    mock::*,
};

async fn fetch(pointer: &BlobPointer) -> Result<Vec<u8>, FetchError> {
    client(&somebody("Alice")).fetch(pointer, &limits()).await
}

/// A pointer with a URL that is used as it is.
fn plain(base: &str, bytes: &[u8]) -> BlobPointer {
    pointer(
        &format!("{base}/x?signature=secret"),
        digest(bytes),
        bytes.len() as u64,
    )
}

#[tokio::test]
async fn from_a_gateway() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    let pointer = running.stored(b"ciphertext", &alice).await;
    assert_eq!(fetch(&pointer).await.unwrap(), b"ciphertext");
    let result = client(&somebody("Bob")).fetch(&pointer, &limits()).await;
    assert!(matches!(result, Err(FetchError::NotFound)));
}

#[tokio::test]
async fn progress_is_heard_of_both_ways() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let progress = {
        let heard = heard.clone();
        Arc::new(move |done, size| heard.lock().unwrap().push((done, size)))
    };
    let client = client(&alice).with_progress(progress);
    let quota = 1_000_000;
    running.chain.set_quota(&alice.account(), quota, quota);
    let bytes = vec![7; 200_000];
    let pointer = client.upload(&running.base, bytes.clone()).await.unwrap();
    let expected = [65_536, 131_072, 196_608, 200_000].map(|done| (done, 200_000));
    assert_eq!(*heard.lock().unwrap(), expected);

    running
        .chain
        .allow_everywhere(&alice.account(), pointer.digest);
    heard.lock().unwrap().clear();
    assert_eq!(client.fetch(&pointer, &limits()).await.unwrap(), bytes);
    assert_eq!(heard.lock().unwrap().last(), Some(&(200_000, 200_000)));
}

#[tokio::test]
async fn a_gateway_of_another_chain_gets_no_token() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    let pointer = running.stored(b"ciphertext", &alice).await;
    let signer = FnSigner::new(alice.account(), |_: &[u8]| panic!("nothing is signed"));
    let client = Client::new(Hash::zero(), std::sync::Arc::new(signer)).unwrap();
    let result = client.fetch(&pointer, &limits()).await;
    assert!(matches!(result, Err(FetchError::WrongGenesis(_))));
    let result = client.upload(&running.base, "x").await;
    assert!(matches!(result, Err(UploadError::WrongGenesis(_))));
}

/// What rots or is changed at a gateway is never handed on.
#[tokio::test]
async fn what_a_gateway_damaged_is_refused() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    let pointer = running.stored(b"ciphertext", &alice).await;
    let blobs = running.folder.path().join("blobs");
    let file = blobs.join(hex::encode(pointer.digest.as_bytes()));
    let cases: [&[u8]; 4] = [b"ciphertexT", b"cipher", b"", b"ciphertext!"];
    for bytes in cases {
        std::fs::write(&file, bytes).unwrap();
        let error = fetch(&pointer).await.unwrap_err();
        let told = match error {
            FetchError::DigestMismatch { expected, actual } => {
                expected == pointer.digest && actual == digest(bytes) && bytes.len() == 10
            }
            FetchError::WrongSize { expected, actual } => {
                expected == 10 && actual == bytes.len() as u64
            }
            _ => false,
        };
        assert!(told, "{bytes:?}: {error:?}");
    }
    std::fs::write(&file, b"ciphertext").unwrap();
    assert_eq!(fetch(&pointer).await.unwrap(), b"ciphertext");
}

#[tokio::test]
async fn a_broken_connection_is_taken_up_again() {
    let bytes: Vec<u8> = (0..100_000u32).map(|i| (i % 241) as u8).collect();
    let (base, requests) = server(Fault::Cut {
        bytes: bytes.clone(),
        step: 30_000,
    })
    .await;
    assert_eq!(fetch(&plain(&base, &bytes)).await.unwrap(), bytes);
    assert_eq!(requests.load(Ordering::SeqCst), 4);

    let (base, requests) = server(Fault::CutWithoutRanges {
        bytes: bytes.clone(),
        step: 30_000,
    })
    .await;
    assert_eq!(fetch(&plain(&base, &bytes)).await.unwrap(), bytes);
    assert_eq!(requests.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_server_without_progress_is_given_up() {
    let bytes = vec![1; 1000];
    let (base, requests) = server(Fault::Cut {
        bytes: bytes.clone(),
        step: 0,
    })
    .await;
    let result = fetch(&plain(&base, &bytes)).await;
    assert!(
        matches!(result, Err(FetchError::Unavailable(_))),
        "{result:?}"
    );
    assert_eq!(requests.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn wrong_bytes_and_wrong_sizes_are_told_apart() {
    let bytes = b"ciphertext";
    let case = |answer: Vec<u8>| async move {
        let (base, _) = server(Fault::Answer(answer)).await;
        fetch(&plain(&base, bytes)).await.unwrap_err()
    };
    let error = case(ok(10, b"ciphertexT")).await;
    assert!(
        matches!(error, FetchError::DigestMismatch { expected, actual }
        if expected == digest(bytes) && actual == digest(b"ciphertexT"))
    );
    let error = case(ok(6, b"cipher")).await;
    assert!(matches!(
        error,
        FetchError::WrongSize {
            expected: 10,
            actual: 6
        }
    ));
    let error = case(ok(11, b"ciphertext!")).await;
    assert!(matches!(
        error,
        FetchError::WrongSize {
            expected: 10,
            actual: 11
        }
    ));
    // Without an announced length the end of the connection is the end.
    let error = case(b"HTTP/1.1 200 OK\r\n\r\ncipher".to_vec()).await;
    assert!(matches!(error, FetchError::WrongSize { actual: 6, .. }));
    let error = case(b"HTTP/1.1 200 OK\r\n\r\nciphertext and more".to_vec()).await;
    assert!(matches!(error, FetchError::WrongSize { actual: 11, .. }));
}

#[tokio::test]
async fn answers_other_than_success() {
    let case = |status: &'static str| async move {
        let answer = format!(
            "HTTP/1.1 {status}\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
        );
        let (base, requests) = server(Fault::Answer(answer.into_bytes())).await;
        let error = fetch(&plain(&base, b"x")).await.unwrap_err();
        (error, requests.load(Ordering::SeqCst))
    };
    for status in ["404 Not Found", "403 Forbidden", "401 Unauthorized"] {
        let (error, requests) = case(status).await;
        assert!(matches!(error, FetchError::NotFound), "{status}");
        assert_eq!(requests, 1);
    }
    // Redirects are not followed.
    for status in ["302 Found", "307 Temporary Redirect", "500 Oops", "204 No"] {
        let (error, _) = case(status).await;
        match error {
            FetchError::Unavailable(reason) => {
                assert!(reason.contains(&status[..3]), "{reason}");
                assert!(!reason.contains("secret"));
            }
            other => panic!("{status}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_server_that_hangs_costs_no_more_than_the_limits() {
    let bytes = vec![1; 1000];
    for sent in [Vec::new(), ok(1000, &[1; 400])] {
        let (base, _) = server(Fault::Hang(sent)).await;
        let begin = Instant::now();
        let result = fetch(&plain(&base, &bytes)).await;
        assert!(
            matches!(result, Err(FetchError::Unavailable(_))),
            "{result:?}"
        );
        // Three or four times 500 ms and the pauses between.
        let took = begin.elapsed();
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
    // The deadline is for all attempts together.
    let (base, _) = server(Fault::Hang(Vec::new())).await;
    let limits = salus_blobs::client::Limits {
        deadline: Duration::from_millis(300),
        read_timeout: Duration::from_secs(60),
        ..limits()
    };
    let begin = Instant::now();
    let result = client(&somebody("Alice"))
        .fetch(&plain(&base, &bytes), &limits)
        .await;
    assert!(matches!(result, Err(FetchError::Unavailable(_))));
    assert!(begin.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn nobody_there() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for location in [base.clone(), format!("{base}/x?secret")] {
        let result = fetch(&pointer(&location, Digest::zero(), 1)).await;
        match result {
            Err(FetchError::Unavailable(reason)) => assert!(!reason.contains("secret")),
            other => panic!("{other:?}"),
        }
    }
    let alice = somebody("Alice");
    let result = client(&alice).upload_within(&base, "x", &limits()).await;
    assert!(matches!(result, Err(UploadError::Unavailable(_))));
}

#[tokio::test]
async fn locations_that_are_not_fetched() {
    for location in [
        "",
        "file:///etc/passwd",
        "file:///etc/passwd?x",
        "ftp://host/x?y",
        "host:9000",
        "http://user:password@host/?x",
        "http://host/#fragment",
    ] {
        let result = fetch(&pointer(location, Digest::zero(), 1)).await;
        assert!(
            matches!(result, Err(FetchError::BadLocation(_))),
            "{location}: {result:?}"
        );
    }
    let large = pointer("http://127.0.0.1:1", Digest::zero(), limits().max_size + 1);
    assert!(matches!(
        fetch(&large).await,
        Err(FetchError::TooLarge { .. })
    ));
}

/// A URL that ends in the digest is used as it is, without a token.
#[tokio::test]
async fn a_url_that_ends_in_the_digest_is_used_as_it_is() {
    let bytes = b"ciphertext";
    let (base, requests) = server(Fault::Answer(ok(10, bytes))).await;
    let location = format!("{base}/{}", hex::encode(digest(bytes)));
    let fetched = fetch(&pointer(&location, digest(bytes), 10)).await.unwrap();
    assert_eq!(fetched, bytes);
    // A single request: nobody was asked for an id.
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}
