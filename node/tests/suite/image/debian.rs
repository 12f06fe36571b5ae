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
    /// Folders of this machine that are seen in it; changes stay in it.
    layers: std::cell::RefCell<Vec<PathBuf>>,
}

impl Debian {
    fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            layers: Default::default(),
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

    /// This machine's Rust in the place of the official image's, at its own paths: toolchains may
    /// be links.
    pub fn with_rust(&self) {
        self.layers
            .replace(vec![rustup_home(), cargo_home().join("bin")]);
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
            .join(target.trim_start_matches("./"));
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
        for (at, here) in self.layers.borrow().iter().enumerate() {
            let there = root.join(here.strip_prefix("/").expect("a whole path"));
            let [changed, work] =
                ["changed", "work"].map(|name| root.with_file_name(format!("{name}{at}")));
            for folder in [&there, &changed, &work] {
                fs::create_dir_all(folder).expect("a folder");
            }
            script.push_str(&format!(
                "mount -t overlay overlay '{}' -o 'lowerdir={},upperdir={},workdir={}'\n",
                there.display(),
                here.display(),
                changed.display(),
                work.display(),
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
            .arg(format!("RUSTUP_HOME={}", rustup_home().display()))
            .arg(format!("CARGO_HOME={}", cargo_home().display()))
            .arg(format!(
                "PATH={}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                cargo_home().display()
            ))
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

fn home_of(variable: &str, folder: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| home().join(folder), PathBuf::from)
}

fn rustup_home() -> PathBuf {
    home_of("RUSTUP_HOME", ".rustup")
}

fn cargo_home() -> PathBuf {
    home_of("CARGO_HOME", ".cargo")
}
