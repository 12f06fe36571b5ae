//! Servers that misbehave.

use std::sync::{
    atomic::{AtomicUsize, Ordering},
    Arc,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What a server does with a connection.
#[derive(Clone)]
pub enum Fault {
    /// Sends this and closes.
    Answer(Vec<u8>),
    /// Serves `bytes` with ranges, but closes after `step` bytes of each answer.
    Cut { bytes: Vec<u8>, step: usize },
    /// As `Cut`, but knows no ranges.
    CutWithoutRanges { bytes: Vec<u8>, step: usize },
    /// Sends this and then nothing, for ever.
    Hang(Vec<u8>),
}

/// Serves the fault on a free port. Its address, and a counter of requests.
pub async fn server(fault: Fault) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = requests.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (fault, counter) = (fault.clone(), counter.clone());
            tokio::spawn(async move {
                let _ = answer(stream, fault, counter).await;
            });
        }
    });
    (base, requests)
}

async fn answer(
    mut stream: TcpStream,
    fault: Fault,
    counter: Arc<AtomicUsize>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let request = counter.fetch_add(1, Ordering::SeqCst);
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let from = head
        .split_once("range: bytes=")
        .and_then(|(_, rest)| rest.split_once('-'))
        .map(|(from, _)| from.parse::<usize>().unwrap());
    match fault {
        Fault::Answer(bytes) => stream.write_all(&bytes).await?,
        Fault::Hang(bytes) => {
            stream.write_all(&bytes).await?;
            std::future::pending::<()>().await;
        }
        Fault::Cut { bytes, step } => {
            let total = bytes.len();
            let (status, from) = match from {
                None => ("200 OK".to_owned(), 0),
                Some(from) => (
                    format!(
                        "206 Partial Content\r\ncontent-range: bytes {from}-{}/{total}",
                        total - 1
                    ),
                    from,
                ),
            };
            let length = total - from;
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n");
            stream.write_all(head.as_bytes()).await?;
            let end = total.min(from + step);
            stream.write_all(&bytes[from..end]).await?;
        }
        Fault::CutWithoutRanges { bytes, step } => {
            // The first two answers break off.
            let end = if request < 2 { step } else { bytes.len() };
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", bytes.len());
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&bytes[..end]).await?;
        }
    }
    stream.shutdown().await
}

/// An answer with status 200 that announces `announced` bytes.
pub fn ok(announced: usize, bytes: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {announced}\r\n\r\n").into_bytes();
    answer.extend_from_slice(bytes);
    answer
}
