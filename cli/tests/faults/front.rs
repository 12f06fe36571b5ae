//! What stands before a gateway, as a TLS proxy does: it sees every request and can keep some back.

use std::{
    io,
    sync::{
        atomic::{AtomicUsize, Ordering},
        Arc, Mutex,
    },
};

use salus_blobs::auth::Token;
use salus_primitives::AccountId;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Longest request head that is looked for in one read.
const HEAD: usize = 64 * 1024;

/// A proxy before the gateway of a node, for as long as this lives.
pub struct Front {
    url: String,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

struct Shared {
    port: u16,
    /// Whose downloads wait.
    held: watch::Sender<Option<AccountId>>,
    /// How many do.
    waiting: AtomicUsize,
    /// Heads of the downloads that were passed on.
    passed: Mutex<Vec<Vec<u8>>>,
}

impl Front {
    /// Before the gateway at this port of this machine.
    pub async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            port,
            held: watch::Sender::new(None),
            waiting: AtomicUsize::new(0),
            passed: Mutex::default(),
        });
        let passing = shared.clone();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let shared = passing.clone();
                // A broken connection is its client's to mend.
                tokio::spawn(async move { shared.serve(client).await });
            }
        });
        Self { url, shared, task }
    }

    /// Its base address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Keeps the downloads of an account back.
    pub fn hold(&self, who: AccountId) {
        self.shared.held.send_replace(Some(who));
    }

    /// Whether a download is kept back.
    pub fn holds(&self) -> bool {
        self.shared.waiting.load(Ordering::SeqCst) > 0
    }

    /// Passes on what was kept back, and everything from now on.
    pub fn release(&self) {
        self.shared.held.send_replace(None);
    }

    /// The last download that was passed on, byte for byte.
    pub fn last(&self) -> Vec<u8> {
        let passed = self.shared.passed.lock().unwrap();
        passed.last().expect("something was fetched").clone()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    async fn serve(&self, client: TcpStream) -> io::Result<()> {
        let (mut from_client, mut to_client) = client.into_split();
        let mut buffer = vec![0; HEAD];
        let read = from_client.read(&mut buffer).await?;
        // The gateway hears of a request only when it is passed on: it would not wait for it.
        self.admit(&buffer[..read]).await;
        let gateway = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let (mut from_gateway, mut to_gateway) = gateway.into_split();
        to_gateway.write_all(&buffer[..read]).await?;
        let requests = async {
            loop {
                let read = from_client.read(&mut buffer).await?;
                if read == 0 {
                    return to_gateway.shutdown().await;
                }
                self.admit(&buffer[..read]).await;
                to_gateway.write_all(&buffer[..read]).await?;
            }
        };
        let answers = tokio::io::copy(&mut from_gateway, &mut to_client);
        tokio::select! {
            ended = requests => ended,
            ended = answers => ended.map(drop),
        }
    }

    /// Returns when these bytes may be passed on. A request's head comes in one piece: clients write
    /// it in one.
    async fn admit(&self, bytes: &[u8]) {
        if !bytes.starts_with(b"GET /blobs/") {
            return;
        }
        let who = requester(bytes);
        let mut held = self.held.subscribe();
        if who.is_some() && *held.borrow_and_update() == who {
            self.waiting.fetch_add(1, Ordering::SeqCst);
            // The sender lives as long as this.
            let _ = held.wait_for(|held| *held != who).await;
            self.waiting.fetch_sub(1, Ordering::SeqCst);
        }
        self.passed.lock().unwrap().push(bytes.to_vec());
    }
}

/// Who asks, by the request's token.
fn requester(head: &[u8]) -> Option<AccountId> {
    let head = std::str::from_utf8(head).ok()?;
    let value = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("authorization")
            .then(|| value.trim())
    })?;
    Some(Token::from_header(value).ok()?.request.account)
}
