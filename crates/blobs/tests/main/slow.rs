//! Clients that hold connections.

use std::time::{Duration, Instant};

use salus_blobs::{
    auth::{Method, Signer},
    digest,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::mock::*;

async fn connect(running: &Running) -> TcpStream {
    TcpStream::connect(running.base.trim_start_matches("http://"))
        .await
        .unwrap()
}

/// Reads until the gateway closes the connection; fails after 5 s.
async fn until_closed(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let reading = stream.read_to_end(&mut bytes);
    let _ = tokio::time::timeout(Duration::from_secs(5), reading)
        .await
        .expect("the gateway holds the connection");
    bytes
}

#[tokio::test]
async fn a_silent_client_is_cut_off() {
    let running = Running::with(|config| config.header_timeout = Duration::from_millis(200)).await;
    for sent in ["", "GET / HTTP/1.1\r\nhost: x\r\nslow"] {
        let mut stream = connect(&running).await;
        stream.write_all(sent.as_bytes()).await.unwrap();
        let begin = Instant::now();
        until_closed(stream).await;
        assert!(begin.elapsed() < Duration::from_secs(3), "{sent:?}");
    }
}

#[tokio::test]
async fn an_upload_that_stalls_is_cut_off_and_gives_its_room_back() {
    let running = Running::with(|config| {
        config.idle_timeout = Duration::from_millis(200);
        config.drain_timeout = Duration::from_millis(200);
    })
    .await;
    let alice = somebody("Alice");
    running.chain.set_quota(&alice.account(), 4096, 4096);
    let bytes = [1; 100];
    let name = digest(&bytes);
    let mut stream = connect(&running).await;
    let head = format!(
        "PUT /blobs/{} HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\ncontent-length: 100\r\n\r\n",
        hex::encode(name),
        running.token(&alice, Method::Put, name).to_header()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&bytes[..50]).await.unwrap();
    let answer = until_closed(stream).await;
    assert!(answer.starts_with(b"HTTP/1.1 408"), "{answer:?}");
    assert!(running.store.size(&name).await.is_err());
    assert_eq!(running.put(&alice, name, &bytes).await.0, 201);
}

/// A client that asks and does not read loses its connection, and its place.
#[tokio::test]
async fn a_download_that_is_not_read_is_cut_off() {
    let running = Running::with(|config| {
        config.idle_timeout = Duration::from_millis(300);
        config.per_account = 1;
        config.permit_timeout = Duration::from_secs(5);
    })
    .await;
    let alice = somebody("Alice");
    let name = running.stored(&vec![1; 32 << 20], &alice).await.digest;
    let mut stream = connect(&running).await;
    let head = format!(
        "GET /blobs/{} HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\n\r\n",
        hex::encode(name),
        running.token(&alice, Method::Get, name).to_header()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    // Waits for the place that the first one holds.
    let second = running
        .get(name, &running.token(&alice, Method::Get, name))
        .await;
    assert_eq!(second.status(), 200);
    drop(stream);
}
