//! Nodes in network namespaces of their own, joined by a router whose ways can be cut.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::fd::AsFd,
    process::Command,
    sync::Arc,
    thread,
};

use rustix::thread::{move_into_link_name_space, LinkNameSpaceType};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener as Listener, TcpStream},
    sync::Notify,
};

use crate::faults::net::Net;

/// Names of namespaces begin with it; the process that made them follows.
const PREFIX: &str = "salus-";
const ROUTER: &str = "router";

/// Runs `ip`; what it says where it fails.
fn ip(words: &str) -> Result<(), String> {
    let ran = Command::new("ip").args(words.split(' ')).output();
    let ran = ran.map_err(|error| format!("ip: {error}"))?;
    match ran.status.success() {
        true => Ok(()),
        false => Err(format!(
            "ip {words}: {}",
            String::from_utf8_lossy(&ran.stderr).trim()
        )),
    }
}

/// Namespaces, ended with the test.
pub struct Cables {
    prefix: String,
    names: Vec<String>,
    over: Arc<Notify>,
}

impl Cables {
    /// Puts each node of a network that does not run into a namespace. Only their own network can be
    /// cut: JSON-RPC, metrics and gateway stay where they are for the test. An error where this user
    /// or this machine makes no namespaces.
    pub fn lay(net: &mut Net) -> Result<Self, String> {
        remove_left();
        let cables = Self {
            prefix: format!("{PREFIX}{}-", std::process::id()),
            names: net.names(),
            over: Arc::new(Notify::new()),
        };
        cables.wire()?;
        for name in &cables.names {
            let node = net.node(name).clone();
            let others = cables.names.iter().filter(|other| *other != name);
            let mut words = vec![
                "--listen-addr".to_owned(),
                format!("/ip4/{}/tcp/{}", cables.address(name), node.p2p_port),
            ];
            for other in others {
                let node = net.node(other);
                let host = format!("/ip4/{}/", cables.address(other));
                words.push("--bootnodes".to_owned());
                words.push(node.bootnode().replace("/ip4/127.0.0.1/", &host));
            }
            net.arguments(name, words);
            let space = cables.space(name);
            let exec = ["ip", "netns", "exec", &space].map(str::to_owned);
            net.wrapper(name, exec.into());
            cables.forward(name, [node.rpc_port, node.metrics_port, node.gateway_port])?;
        }
        Ok(cables)
    }

    fn space(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The third byte of the addresses of a node's cable.
    fn place(&self, name: &str) -> u8 {
        let place = self.names.iter().position(|other| other == name).unwrap();
        u8::try_from(place).unwrap() + 1
    }

    fn address(&self, name: &str) -> Ipv4Addr {
        Ipv4Addr::new(10, 77, self.place(name), 2)
    }

    fn wire(&self) -> Result<(), String> {
        let router = self.space(ROUTER);
        ip(&format!("netns add {router}"))?;
        ip(&format!(
            "netns exec {router} sysctl -q -w net.ipv4.ip_forward=1"
        ))?;
        for name in &self.names {
            let (space, place) = (self.space(name), self.place(name));
            let to = format!("to{place}");
            ip(&format!("netns add {space}"))?;
            ip(&format!(
                "link add {to} netns {router} type veth peer name eth0 netns {space}"
            ))?;
            ip(&format!(
                "-n {router} address add 10.77.{place}.1/24 dev {to}"
            ))?;
            ip(&format!("-n {router} link set {to} up"))?;
            ip(&format!(
                "-n {space} address add 10.77.{place}.2/24 dev eth0"
            ))?;
            ip(&format!("-n {space} link set lo up"))?;
            ip(&format!("-n {space} link set eth0 up"))?;
            ip(&format!("-n {space} route add default via 10.77.{place}.1"))?;
        }
        Ok(())
    }

    /// Carries connections to these ports of the loopback address into a node's namespace.
    fn forward(&self, name: &str, ports: [u16; 3]) -> Result<(), String> {
        let space = File::open(format!("/run/netns/{}", self.space(name)));
        let space = space.map_err(|error| error.to_string())?;
        let listeners = ports.map(|port| {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
            listener.set_nonblocking(true).unwrap();
            (port, listener)
        });
        let over = self.over.clone();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_all().build().unwrap();
            // A socket belongs to the namespace in which its thread was when it was made.
            let kind = Some(LinkNameSpaceType::Network);
            move_into_link_name_space(space.as_fd(), kind).unwrap();
            runtime.block_on(async {
                for (port, listener) in listeners {
                    let listener = Listener::from_std(listener).unwrap();
                    tokio::spawn(carry(listener, port));
                }
                over.notified().await;
            });
        });
        Ok(())
    }

    fn ways(&self, left: &[&str], right: &[&str], how: &str) {
        let router = self.space(ROUTER);
        for (one, other) in left
            .iter()
            .flat_map(|one| right.iter().map(move |other| (one, other)))
        {
            for (from, to) in [(one, other), (other, one)] {
                let (from, to) = (self.place(from), self.place(to));
                ip(&format!(
                    "-n {router} rule {how} blackhole from 10.77.{from}.0/24 to 10.77.{to}.0/24"
                ))
                .unwrap();
            }
        }
    }

    /// Loses every packet between the two sides, without a word to either.
    pub fn cut(&self, left: &[&str], right: &[&str]) {
        self.ways(left, right, "add");
    }

    /// Carries packets between the two sides again.
    pub fn mend(&self, left: &[&str], right: &[&str]) {
        self.ways(left, right, "del");
    }
}

async fn carry(listener: Listener, port: u16) {
    loop {
        let (mut here, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            let there = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            // Nobody listens there while the node is off.
            if let Ok(mut there) = TcpStream::connect(there).await {
                let _ = copy_bidirectional(&mut here, &mut there).await;
            }
        });
    }
}

impl Drop for Cables {
    fn drop(&mut self) {
        self.over.notify_waiters();
        for name in self.names.iter().map(String::as_str).chain([ROUTER]) {
            // One that was not made yet.
            let _ = ip(&format!("netns del {}", self.space(name)));
        }
    }
}

/// Removes the namespaces of test runs that were killed.
fn remove_left() {
    for entry in fs::read_dir("/run/netns").into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().unwrap_or_default();
        let maker = name
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split('-').next());
        let Some(maker) = maker.and_then(|maker| maker.parse::<u32>().ok()) else {
            continue;
        };
        if !fs::exists(format!("/proc/{maker}")).unwrap_or(true) {
            let _ = ip(&format!("netns del {name}"));
        }
    }
}
