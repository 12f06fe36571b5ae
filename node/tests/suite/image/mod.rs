//! The image and the compose file where no engine runs: the install steps of docker/Dockerfile in
//! clean Debian roots, then the validators of docker/compose.yaml, each in namespaces of its own as
//! an engine would make them. Needs root, debootstrap and the Debian mirror: `make test-docker`.

mod container;
mod debian;

use std::{fs, path::Path, time::Instant};

use self::{
    container::{Container, Lan},
    debian::Debian,
};
use crate::{
    packages::{all, one, stages, validators, Stage},
    process::NODE,
};

/// Words of `["a", "b"]`.
fn words(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// Copies the programs under test to where the image has them.
fn copy_programs(run: &Stage, root: &Debian) {
    let copy = one(run, "COPY");
    let paths: Vec<&str> = copy.split(' ').skip(1).collect();
    let (target, sources) = paths.split_last().expect("a target");
    for source in sources {
        let name = Path::new(source).file_name().expect("a name");
        let built = Path::new(NODE).with_file_name(name);
        let target = root.path().join(target.trim_start_matches('/')).join(name);
        fs::copy(&built, &target)
            .unwrap_or_else(|error| panic!("{}: {error}; `cargo build` makes it", built.display()));
    }
}

#[test]
fn validators_run_in_clean_roots() {
    assert!(
        rustix::process::geteuid().is_root(),
        "clean roots and namespaces need root: sudo -E make test-docker"
    );
    let stages = stages();
    let [build, run] = stages.as_slice() else {
        panic!("two stages: {}", stages.len())
    };
    let release = one(run, "FROM")
        .strip_prefix("debian:")
        .and_then(|tag| tag.strip_suffix("-slim"))
        .expect("a Debian release");
    let began = Instant::now();
    let said = |what: &str| eprintln!("{:>4} s  {what}", began.elapsed().as_secs());
    let base = Debian::bootstrap(release);
    said("a clean root");

    // The build stage up to the compiler, which the tests have run already.
    let root = base.copy();
    root.with_rust();
    for files in all(build, "COPY").filter(|files| *files != ". .") {
        root.copy_in(files, one(build, "WORKDIR"));
    }
    for step in all(build, "RUN").filter(|step| !step.contains("cargo build")) {
        root.run(step, one(build, "WORKDIR"));
    }
    for tool in ["protoc --version", "clang --version", "cargo --version"] {
        root.run(tool, "/");
    }
    root.run(
        "rustup target list --installed | grep -x wasm32v1-none",
        "/",
    );
    drop(root);
    said("the build stage installs");

    install(&base.copy());
    said("a machine is installed");

    // The stage that is shipped.
    let root = base.copy();
    for step in all(run, "RUN") {
        root.run(step, "/");
    }
    copy_programs(run, &root);
    root.run("salus-node --version && salus --version", "/");
    said("the image installs");

    let home = one(run, "VOLUME");
    let lan = Lan::new(
        &validators()
            .iter()
            .map(|(name, _)| name)
            .collect::<Vec<_>>(),
    );
    root.hosts(&lan);
    let entry = words(one(run, "ENTRYPOINT"));
    let mut containers: Vec<Container> = validators()
        .iter()
        .map(|(name, command)| {
            let command = [entry.clone(), command.clone()].concat();
            Container::start(&root, &lan, name, one(run, "USER"), home, &command)
        })
        .collect();
    let (_, health) = one(run, "HEALTHCHECK")
        .split_once("CMD ")
        .expect("a command");
    let health = words(health);
    for container in &mut containers {
        container.wait("its health check", |container| {
            container.exec(&root, &health).is_some()
        });
    }
    said("all are healthy");

    let curl =
        |url: &str| ["curl", "--fail", "--silent", "--max-time", "5", url].map(str::to_owned);
    for at in 0..containers.len() {
        let from = (at + 1) % containers.len();
        let name = containers[at].name.clone();
        let url = format!("http://{name}:9615/metrics");
        containers[from].wait(&format!("finality at {name}"), |container| {
            container.exec(&root, &curl(&url)).is_some_and(|metrics| {
                let figure = |name: &str| {
                    let line = metrics.lines().find(|line| line.starts_with(name));
                    line.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
                };
                figure("substrate_block_height{status=\"finalized\"") >= Some(3.0)
                    && figure("substrate_sub_libp2p_peers_count") >= Some(2.0)
                    && figure("salus_validator_active") == Some(1.0)
            })
        });
        let url = format!("http://{name}:8400/health");
        containers[from].wait(&format!("the gateway of {name}"), |container| {
            container.exec(&root, &curl(&url)).is_some()
        });
    }
    said("four validators finalize, gateways and metrics answer one another");

    // What `ports` publishes: the first one's RPC.
    let rpc = "http://alice:9944/health/readiness";
    let published = [curl(rpc).as_slice(), &["-HHost: localhost:9944".to_owned()]].concat();
    assert!(containers[1].exec(&root, &published).is_some(), "{rpc}");
    let other = "http://bob:9944/health";
    assert!(containers[0].exec(&root, &curl(other)).is_none(), "{other}");
    for container in &containers {
        let log = container.log();
        let last = log.lines().last().expect("a log");
        let line: serde_json::Value =
            serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {last}"));
        assert!(line["fields"]["message"].is_string(), "{last}");
    }
}

/// `scripts/install` on a machine with what the page asks for.
fn install(root: &Debian) {
    root.run(
        "apt-get update && apt-get install -y --no-install-recommends ca-certificates libssl3",
        "/",
    );
    root.checkout();
    // Again, as for an upgrade.
    for _ in 0..2 {
        root.run("CARGO_TARGET_DIR=/built scripts/install", "/src");
    }
    root.run(
        "test -r /etc/systemd/system/salus-node.service -a -r /etc/salus/node.env",
        "/",
    );
    root.run(
        "test \"$(stat -c '%U %a' /var/lib/salus)\" = 'salus 700'",
        "/",
    );
    root.run(
        "setpriv --reuid salus --regid salus --clear-groups env HOME=/var/lib/salus \
         salus-node key generate-node-key --chain local --base-path /var/lib/salus",
        "/",
    );
    root.run(
        "find /var/lib/salus -name secret_ed25519 -user salus | grep secret",
        "/",
    );
}
