//! A clean Debian root, as `debootstrap` makes it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::container::Lan;
use crate::{monitoring::root as repository, process::NODE};

/// A root; gone when dropped.
pub struct Debian {
    folder: TempDir,
    /// Folders of this machine that are seen in it: here and there.
    binds: std::cell::RefCell<Vec<(PathBuf, &'static str)>>,
}

impl Debian {
    fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            binds: Default::default(),
        }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// What the smallest image of a release has.
    pub fn bootstrap(release: &str) -> Self {
        let debian = Self::empty();
        let packages = home().join(".cache/salus/debian");
        fs::create_dir_all(&packages).expect("a folder");
        let output = Command::new("debootstrap")
            .args(["--variant=minbase", "--cache-dir"])
            .arg(&packages)
            .arg(release)
            .arg(debian.path())
            .output()
            .unwrap_or_else(|error| panic!("debootstrap: {error}; apt-get install debootstrap"));
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "debootstrap: {said}");
        let sources = debian.path().join("etc/apt/sources.list");
        let text = fs::read_to_string(&sources).expect("sources");
        // The image has these too.
        let mirror = text.split(' ').nth(1).expect("a mirror").to_owned();
        let security = mirror.replace("/debian", "/debian-security");
        fs::write(
            &sources,
            format!(
                "{text}deb {mirror} {release}-updates main\n\
                 deb {security} {release}-security main\n"
            ),
        )
        .expect("written");
        let resolver = fs::read("/etc/resolv.conf").expect("a resolver");
        fs::write(debian.path().join("etc/resolv.conf"), resolver).expect("written");
        debian
    }

    /// Another one like it.
    pub fn copy(&self) -> Self {
        let debian = Self::empty();
        let status = Command::new("cp")
            .arg("--archive")
            .arg(self.path())
            .arg(debian.path())
            .status();
        assert!(status.expect("cp").success());
        debian
    }

    /// This machine's Rust, where the official image has its own.
    pub fn with_rust(&self) {
        let mut binds = self.binds.borrow_mut();
        let or = |variable: &str, folder: &str| {
            std::env::var_os(variable).map_or_else(|| home().join(folder), PathBuf::from)
        };
        binds.push((or("RUSTUP_HOME", ".rustup"), "/usr/local/rustup"));
        let cargo = or("CARGO_HOME", ".cargo");
        binds.push((cargo.join("bin"), "/usr/local/cargo/bin"));
    }

    /// The repository's files for installing, and programs that were built.
    pub fn checkout(&self) {
        let (source, built) = (self.path().join("src"), self.path().join("built/release"));
        for folder in [&source, &built] {
            fs::create_dir_all(folder).expect("a folder");
        }
        for part in ["scripts", "systemd", "monitoring", "docs"] {
            let status = Command::new("cp")
                .args(["--recursive", "--dereference"])
                .arg(repository().join(part))
                .arg(&source)
                .status();
            assert!(status.expect("cp").success());
        }
        for program in ["salus-node", "salus"] {
            fs::copy(Path::new(NODE).with_file_name(program), built.join(program))
                .unwrap_or_else(|error| panic!("{program}: {error}; `cargo build` makes it"));
        }
    }

    /// `COPY` of files of the repository.
    pub fn copy_in(&self, files: &str, folder: &str) {
        let (sources, target) = files.rsplit_once(' ').expect("a target");
        let target = self
            .path()
            .join(folder.trim_start_matches('/'))
            .join(target);
        fs::create_dir_all(&target).expect("a folder");
        for source in sources.split(' ') {
            let from = repository().join(source);
            fs::copy(&from, target.join(from.file_name().expect("a name"))).expect("copied");
        }
    }

    /// Writes down who is where.
    pub fn hosts(&self, lan: &Lan) {
        let hosts: String = lan
            .addresses()
            .map(|(name, address)| format!("{address} {name}\n"))
            .collect();
        let hosts = format!("127.0.0.1 localhost\n{hosts}");
        fs::write(self.path().join("etc/hosts"), hosts).expect("written");
    }

    /// `RUN`: as root, with namespaces of its own for mounts and processes.
    pub fn run(&self, step: &str, folder: &str) {
        let root = self.path();
        let mut script = String::new();
        for (here, there) in self.binds.borrow().iter() {
            let there = root.join(there.trim_start_matches('/'));
            fs::create_dir_all(&there).expect("a folder");
            script.push_str(&format!(
                "mount --bind -o ro '{}' '{}'\n",
                here.display(),
                there.display()
            ));
        }
        let shown = root.display();
        script.push_str(&format!(
            "mount -t proc proc '{shown}/proc'\nchroot '{shown}' \"$@\"\nexit"
        ));
        let output = Command::new("unshare")
            .args(["--mount", "--pid", "--fork", "--kill-child"])
            .args(["sh", "-euc", &script, "sh"])
            .args(["env", "-i", "DEBIAN_FRONTEND=noninteractive", "HOME=/root"])
            .args([
                "RUSTUP_HOME=/usr/local/rustup",
                "CARGO_HOME=/usr/local/cargo",
            ])
            .arg(
                "PATH=/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:\
                 /sbin:/bin",
            )
            .args(["sh", "-c", &format!("cd {folder} && {step}")])
            .output()
            .expect("unshare");
        assert!(
            output.status.success(),
            "{step}\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

fn home() -> PathBuf {
    std::env::var_os("HOME").expect("a home folder").into()
}
