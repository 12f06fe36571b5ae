//! What an engine makes of a service: namespaces, a read-only root, a volume, a user without rights.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::debian::Debian;

const PATIENCE: Duration = Duration::from_secs(240);

fn ip(args: &[&str]) {
    let output = Command::new("ip").args(args).output().expect("ip");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {args:?}: {said}");
}

/// A network of namespaces around a bridge, which nothing else is in.
pub struct Lan {
    bridge: String,
    /// Name, namespace, address.
    hosts: Vec<(String, String, String)>,
}

impl Lan {
    pub fn new(names: &[&String]) -> Self {
        let id = std::process::id();
        let mut lan = Self {
            bridge: format!("salus{id}"),
            hosts: Vec::new(),
        };
        let bridge = lan.bridge.clone();
        ip(&["netns", "add", &bridge]);
        ip(&[
            "-n", &bridge, "link", "add", "name", "lan", "type", "bridge",
        ]);
        ip(&["-n", &bridge, "link", "set", "dev", "lan", "up"]);
        for (at, name) in names.iter().enumerate() {
            let space = format!("salus{id}-{name}");
            let address = format!("10.90.0.{}", at + 1);
            ip(&["netns", "add", &space]);
            let port = format!("port{at}");
            lan.hosts
                .push((name.to_string(), space.clone(), address.clone()));
            ip(&[
                "-n", &bridge, "link", "add", "name", &port, "type", "veth", "peer", "name",
                "eth0", "netns", &space,
            ]);
            ip(&[
                "-n", &bridge, "link", "set", "dev", &port, "master", "lan", "up",
            ]);
            ip(&[
                "-n",
                &space,
                "address",
                "add",
                &format!("{address}/24"),
                "dev",
                "eth0",
            ]);
            for link in ["lo", "eth0"] {
                ip(&["-n", &space, "link", "set", link, "up"]);
            }
        }
        lan
    }

    pub fn addresses(&self) -> impl Iterator<Item = (&str, &str)> {
        self.hosts
            .iter()
            .map(|(name, _, address)| (name.as_str(), address.as_str()))
    }

    fn space(&self, name: &str) -> &str {
        let host = self.hosts.iter().find(|(host, ..)| host == name);
        &host.expect("a host of the network").1
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        let spaces = self.hosts.iter().map(|(_, space, _)| space);
        for space in spaces.chain([&self.bridge]) {
            let _ = Command::new("ip").args(["netns", "delete", space]).status();
        }
    }
}

/// A running service, killed when dropped.
pub struct Container {
    pub name: String,
    space: String,
    child: Child,
    log: PathBuf,
}

impl Container {
    pub fn start(
        root: &Debian,
        lan: &Lan,
        name: &str,
        user: &str,
        home: &str,
        command: &[String],
    ) -> Self {
        // A new volume is a copy of what the image has there.
        let volume = root.path().with_file_name(name);
        let inside = root.path().join(home.trim_start_matches('/'));
        let copied = Command::new("cp")
            .arg("--archive")
            .arg(&inside)
            .arg(&volume)
            .status();
        assert!(copied.expect("cp").success());
        let (shown, volume) = (
            root.path().display().to_string(),
            volume.display().to_string(),
        );
        let script = format!(
            "mount --bind '{shown}' '{shown}'\n\
             mount --bind '{volume}' '{shown}{home}'\n\
             mount -t proc proc '{shown}/proc'\n\
             mount -t tmpfs tmpfs '{shown}/tmp'\n\
             mount -o remount,bind,ro '{shown}'\n\
             ulimit -c 0\n\
             chroot '{shown}' setpriv --reuid {user} --regid {user} --clear-groups \
             --bounding-set=-all --no-new-privs \"$@\"\n\
             # Not exec: the kernel forgets whose death ends a process that changes its user.\n\
             exit"
        );
        let space = lan.space(name).to_owned();
        let log = root.path().with_file_name(format!("{name}.log"));
        let child = Command::new("ip")
            .args(["netns", "exec", &space])
            .args(["unshare", "--mount", "--pid", "--fork", "--kill-child"])
            .args(["sh", "-euc", &script, "sh", "env", "-i"])
            .arg(format!("HOME={home}"))
            .arg("PATH=/usr/local/bin:/usr/bin:/bin")
            .args(command)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).expect("a log"))
            .spawn()
            .expect("ip");
        Self {
            name: name.to_owned(),
            space,
            child,
            log,
        }
    }

    /// Runs a command beside the service; what it prints, where it succeeds.
    pub fn exec(&self, root: &Debian, command: &[String]) -> Option<String> {
        let output = Command::new("ip")
            .args(["netns", "exec", &self.space, "chroot"])
            .arg(root.path())
            .args(command)
            .output()
            .expect("ip");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success().then_some(said)
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn wait(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let began = Instant::now();
        while !done(self) {
            let ended = self.child.try_wait().expect("the child can be asked");
            if ended.is_some() || began.elapsed() > PATIENCE {
                let log = self.log();
                let tail: Vec<&str> = log.lines().rev().take(20).collect();
                panic!(
                    "{}: no {what} (ended: {ended:?}); log, last line first:\n{}",
                    self.name,
                    tail.join("\n")
                );
            }
            std::thread::sleep(Duration::from_millis(250));
        }
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // With `unshare`, which `ip` became, everything in its namespace of processes ends.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
