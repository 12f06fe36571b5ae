//! The agent over a real gateway, and over servers that misbehave.

use std::sync::Arc;

use polkadot_sdk::sp_core::{sr25519, Pair};
use salus_agent::{BlobError, Blobs, Gateway};
use salus_blobs::{
    chain::{Chain, ChainError, Quota, View},
    client::{Client, Limits},
    gateway::{serve, Config, Gateway as Server},
    Base, Store,
};
use salus_envelope::decrypt;
use salus_primitives::{
    blobs::BlobPointer,
    jobs::{Ciphertext, Outcome, ResultPointer},
    AccountId, Digest, Hash,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::support::*;

/// Address of the worker's gateway, which is behind a proxy.
const PUBLIC: &str = "https://gateway.example";

/// A chain on which everybody may do everything.
struct Open;

impl Chain for Open {
    fn genesis(&self) -> Hash {
        GENESIS
    }
    fn view(&self) -> Result<View, ChainError> {
        Ok(View {
            best: Hash::zero(),
            finalized: Hash::zero(),
            best_age_ms: 0,
        })
    }
    fn may_fetch(&self, _: Hash, _: &AccountId, _: &Digest) -> Result<bool, ChainError> {
        Ok(true)
    }
    fn is_referenced(&self, _: Hash, _: &Digest) -> Result<bool, ChainError> {
        Ok(true)
    }
    fn upload_quota(&self, _: Hash, who: &AccountId) -> Result<Option<Quota>, ChainError> {
        Ok(Some(Quota {
            member: who.clone(),
            bytes: 1 << 30,
        }))
    }
}

/// Uploads to the gateway with the address `public`, which listens on `local`.
fn gateway(public: &str, local: &str) -> Gateway {
    let operator = sr25519::Pair::from_string("//Operator", None).expect("a key");
    let public: Base = public.parse().expect("an address");
    let local = local.parse().expect("an address");
    let client = Client::new(GENESIS, Arc::new(operator))
        .expect("a client")
        .with_route(public.clone(), local);
    let limits = Limits {
        attempts: 1,
        ..Limits::default()
    };
    Gateway::new(client, limits, &public)
}

#[tokio::test(flavor = "multi_thread")]
async fn fetches_its_input_and_leaves_its_result_at_a_gateway() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::local(folder.path()).expect("a store");
    let server = Server::new(store.clone(), Arc::new(Open), Config::new(PUBLIC))
        .await
        .expect("a gateway");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(serve(listener, server, std::future::pending()));

    let world = World::new();
    let mut worker = world.worker(1);
    let job = world.post(1, table(1000), &[&worker]);
    store
        .put(job.ciphertext.clone().into())
        .await
        .expect("stored");
    world.chain.change(1, |assignment| {
        let Ciphertext::Blob(pointer) = &mut assignment.inputs[0].ciphertext else {
            panic!("posted as a blob");
        };
        pointer.location = PUBLIC.as_bytes().to_vec().try_into().expect("short");
    });
    let blobs = Arc::new(gateway(PUBLIC, &address));
    world.start_over(&mut worker, blobs, |_| {});
    worker.commits_to(1, Outcome::Success(job.digest())).await;

    world.chain.accept_commitment(&worker, 1, 200);
    world.chain.finalize();
    let reveal = until("a reveal", || worker.reveal(1)).await;
    let Some(ResultPointer::Blob(pointer)) = reveal.result else {
        panic!("a large result is a blob: {:?}", reveal.result);
    };
    assert_eq!(&pointer.location[..], PUBLIC.as_bytes());
    let sealed = store.get(&pointer.digest).await.expect("uploaded");
    let opened = decrypt(&sealed, &job.client).expect("the client opens it");
    assert_eq!(*opened, job.expected());
}

/// Serves every request with these bytes; returns a URL that is used as it is.
async fn serving(body: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!(
        "http://{}/x?signature=1",
        listener.local_addr().expect("an address")
    );
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let header = format!(
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(header.as_bytes()).await;
            let _ = stream.write_all(body).await;
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_bytes_and_silence_are_told_apart() {
    let blobs = gateway("http://127.0.0.1:1", "http://127.0.0.1:1");
    let pointer = |location: &str, size| BlobPointer {
        digest: polkadot_sdk::sp_crypto_hashing::blake2_256(b"right").into(),
        size,
        location: location.as_bytes().to_vec().try_into().expect("short"),
    };
    let right = serving(b"right").await;
    let fetched = blobs.fetch(&pointer(&right, 5)).await;
    assert_eq!(fetched.expect("fetched"), b"right");

    let wrong = serving(b"wrong").await;
    let mismatch = blobs.fetch(&pointer(&wrong, 5)).await;
    assert!(matches!(mismatch, Err(BlobError::Mismatch)), "other bytes");
    let longer = blobs.fetch(&pointer(&right, 4)).await;
    assert!(matches!(longer, Err(BlobError::Mismatch)), "another length");

    let nobody = blobs.fetch(&pointer("http://127.0.0.1:1/x?s=1", 5)).await;
    assert!(matches!(nobody, Err(BlobError::Unavailable(_))));
    let nowhere = blobs.publish(b"result").await;
    assert!(matches!(nowhere, Err(BlobError::Unavailable(_))));
}

#[test]
fn the_largest_result_of_an_analysis_can_be_published_and_fetched() {
    let largest = salus_analytics::job::MAX_RESULT;
    let client = salus_envelope::Identity::generate();
    let seal = |length: usize| {
        let sealed = salus_envelope::encrypt(&vec![0; length], &[client.recipient()]);
        sealed.expect("seals").len() as u64
    };
    // 16 bytes for each 64 KiB, and a header, of a random length.
    let (chunk, header) = (1 << 16, 1024);
    let four = seal(4 * chunk) - 4 * chunk as u64;
    assert!((4 * 16..4 * 16 + header).contains(&four), "{four}");
    let sealed = largest + 16 * largest.div_ceil(chunk as u64) + header;
    assert!(sealed <= Config::new(PUBLIC).max_blob, "{sealed}");
    assert!(sealed <= Limits::default().max_size, "{sealed}");
}
