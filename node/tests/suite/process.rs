//! A node as a child process, and what it says on its RPC and metrics ports.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// The binary under test.
pub const NODE: &str = env!("CARGO_BIN_EXE_salus-node");

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    listener.local_addr().expect("it is bound").port()
}

/// A running node, killed when dropped.
pub struct Node {
    child: Child,
    pub rpc: u16,
    pub metrics: u16,
}

impl Node {
    /// Starts a development node in `base`; its log goes to `base/log`.
    pub fn dev(base: &Path, args: &[&str]) -> Self {
        Self::start("--dev", base, args)
    }

    /// Starts a node of a chain that is not for development.
    pub fn of(chain: &str, base: &Path, args: &[&str]) -> Self {
        Self::start(&format!("--chain={chain}"), base, args)
    }

    fn start(chain: &str, base: &Path, args: &[&str]) -> Self {
        let (rpc, metrics, p2p) = (free_port(), free_port(), free_port());
        let log = std::fs::File::create(base.join("log")).expect("the folder is writable");
        let child = Command::new(NODE)
            .args([chain, "--base-path"])
            .arg(base)
            .args([
                "--rpc-port",
                &rpc.to_string(),
                "--prometheus-port",
                &metrics.to_string(),
            ])
            .args(["--listen-addr", &format!("/ip4/127.0.0.1/tcp/{p2p}")])
            .args(args)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the node starts");
        Self {
            child,
            rpc,
            metrics,
        }
    }

    /// Status and body of a page.
    pub fn get(port: u16, path: &str) -> Option<(u16, String)> {
        let request = format!("GET {path} HTTP/1.0\r\nHost: localhost:{port}\r\n\r\n");
        let answer = http(port, &request)?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, body.to_owned()))
    }

    /// Value of a metric, by the beginning of its line.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let (_, text) = Self::get(self.metrics, "/metrics")?;
        text.lines()
            .find(|line| line.starts_with(name))?
            .rsplit(' ')
            .next()?
            .parse()
            .ok()
    }

    /// Result of a JSON-RPC call.
    pub fn call(&self, method: &str, params: serde_json::Value) -> Option<serde_json::Value> {
        let body =
            serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
                .to_string();
        let request = format!(
            "POST / HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = http(self.rpc, &request)?;
        let (_, json) = answer.split_once("\r\n\r\n")?;
        serde_json::from_str(json).ok()
    }

    /// Waits until `done` holds; the node's log is in the panic if it does not in time.
    pub fn wait(
        &mut self,
        base: &Path,
        what: &str,
        limit: Duration,
        mut done: impl FnMut(&Self) -> bool,
    ) {
        let start = Instant::now();
        while !done(self) {
            let ended = self.child.try_wait().expect("the child can be asked");
            if ended.is_some() || start.elapsed() > limit {
                let log = std::fs::read_to_string(base.join("log")).unwrap_or_default();
                let tail: Vec<_> = log.lines().rev().take(30).collect();
                panic!(
                    "no {what} after {:?} (exit: {ended:?}); log, last line first:\n{}",
                    start.elapsed(),
                    tail.join("\n")
                );
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One HTTP exchange with a local port; `None` where nobody answers.
fn http(port: u16, request: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}
