//! What an operator installs: the image, the compose file, the service.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_yaml::Value;

use crate::{
    monitoring::root,
    process::{Node, NODE},
};

/// An instruction of the Dockerfile.
pub struct Instruction {
    pub name: String,
    pub arguments: String,
}

/// A stage: its `FROM` and what follows.
pub type Stage = Vec<Instruction>;

/// The Dockerfile by stages, lines that go on put together.
pub fn stages() -> Vec<Stage> {
    let text = fs::read_to_string(root().join("docker/Dockerfile")).expect("a Dockerfile");
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect();
    let mut stages: Vec<Stage> = Vec::new();
    for line in lines.join("\n").replace("\\\n", " ").lines() {
        let Some((name, arguments)) = line.trim().split_once(' ') else {
            continue;
        };
        if name == "FROM" {
            stages.push(Vec::new());
        }
        let words: Vec<&str> = arguments.split_whitespace().collect();
        stages
            .last_mut()
            .expect("FROM comes first")
            .push(Instruction {
                name: name.to_owned(),
                arguments: words.join(" "),
            });
    }
    stages
}

/// Arguments of the instructions with a name.
pub fn all<'a>(stage: &'a Stage, name: &'a str) -> impl Iterator<Item = &'a str> {
    stage
        .iter()
        .filter(move |instruction| instruction.name == name)
        .map(|instruction| instruction.arguments.as_str())
}

/// The only instruction with a name.
pub fn one<'a>(stage: &'a Stage, name: &'a str) -> &'a str {
    let found: Vec<&str> = all(stage, name).collect();
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    found[0]
}

/// The compose file.
pub fn compose() -> Value {
    let text = fs::read_to_string(root().join("docker/compose.yaml")).expect("a compose file");
    let mut compose: Value = serde_yaml::from_str(&text).expect("YAML");
    compose.apply_merge().expect("anchors that exist");
    compose
}

/// Texts of a list.
pub fn texts(list: &Value) -> Vec<String> {
    let list = list.as_sequence().map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .map(|text| text.as_str().expect("a text").to_owned())
        .collect()
}

/// Names of a mapping.
fn names(mapping: &Value) -> BTreeSet<String> {
    let mapping = mapping.as_mapping().expect("a mapping");
    mapping
        .keys()
        .map(|key| key.as_str().expect("a name").to_owned())
        .collect()
}

/// The validators of the compose file, with their command lines.
pub fn validators() -> Vec<(String, Vec<String>)> {
    let compose = compose();
    let services = compose["services"].as_mapping().expect("services");
    services
        .iter()
        .filter(|(_, service)| service["image"] == "salus")
        .map(|(name, service)| {
            let name = name.as_str().expect("a name").to_owned();
            (name, texts(&service["command"]))
        })
        .collect()
}

#[test]
fn the_image_is_as_images_should_be() {
    let stages = stages();
    let [build, run] = stages.as_slice() else {
        panic!("two stages: {}", stages.len())
    };
    let toolchain = fs::read_to_string(root().join("rust-toolchain.toml")).expect("a toolchain");
    let channel = toolchain
        .lines()
        .find_map(|line| line.strip_prefix("channel = "))
        .expect("a channel")
        .trim_matches('"');
    assert_eq!(
        one(build, "FROM"),
        format!("rust:{channel}-slim-bookworm AS build")
    );
    assert_eq!(one(run, "FROM"), "debian:bookworm-slim");

    // What it copies from here exists and is not kept out.
    for sources in all(build, "COPY") {
        let (sources, _) = sources.rsplit_once(' ').expect("a target");
        for source in sources.split(' ') {
            assert!(root().join(source).exists(), "{source} is not there");
        }
    }
    let ignored = fs::read_to_string(root().join(".dockerignore")).expect("a list");
    assert_eq!(
        ignored.lines().nth(1),
        Some("*"),
        "all is kept out at first"
    );
    for line in ignored.lines().filter_map(|line| line.strip_prefix('!')) {
        assert!(root().join(line).exists(), "{line} is not there");
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let members = manifest
        .lines()
        .find_map(|line| line.strip_prefix("members = "))
        .expect("members");
    for member in members.split('"').skip(1).step_by(2) {
        let folder = member.split('/').next().expect("a folder");
        let let_in = ignored.lines().any(|line| line == format!("!{folder}"));
        assert!(let_in, "{folder} does not reach the build");
    }

    // Nothing secret gets into a layer, and nothing that only the build needs.
    for instruction in stages.iter().flatten() {
        assert_ne!(instruction.name, "ADD");
        if ["ARG", "ENV"].contains(&instruction.name.as_str()) {
            let text = instruction.arguments.to_lowercase();
            let secret = ["key", "secret", "token", "passw", "seed", "phrase"];
            assert!(!secret.iter().any(|word| text.contains(word)), "{text}");
        }
    }
    let from_build: Vec<&str> = all(run, "COPY").collect();
    assert!(from_build
        .iter()
        .all(|copy| copy.starts_with("--from=build ")));
    for install in all(run, "RUN").filter(|run| run.contains("apt-get install")) {
        assert!(install.contains("--no-install-recommends"), "{install}");
        assert!(
            install.ends_with("rm -rf /var/lib/apt/lists/*"),
            "{install}"
        );
    }
    let user = one(run, "USER");
    assert!(all(run, "RUN").any(|run| run.starts_with(&format!("useradd --uid {user} "))));
    assert_eq!(one(run, "VOLUME"), one(run, "WORKDIR"));
    assert_eq!(one(run, "ENTRYPOINT"), "[\"salus-node\"]");
    assert!(one(run, "HEALTHCHECK").contains("/health\""));
    // The blob gateway and the three of every node.
    assert_eq!(one(run, "EXPOSE"), "30333 9944 9615 8400");
}

#[test]
fn the_compose_file_fits_together() {
    let compose = compose();
    let services = compose["services"].as_mapping().expect("services");
    let (networks, volumes) = (names(&compose["networks"]), names(&compose["volumes"]));
    for (name, service) in services {
        let name = name.as_str().expect("a name");
        let image = service["image"].as_str().expect("an image");
        let pinned = image
            .split_once(':')
            .is_some_and(|(_, tag)| tag != "latest");
        assert!(image == "salus" || pinned, "{name}: {image} has no version");
        for network in texts(&service["networks"]) {
            assert!(networks.contains(&network), "{name}: no network {network}");
        }
        for other in texts(&service["depends_on"]) {
            assert!(services.contains_key(other.as_str()), "{name}: no {other}");
        }
        for volume in texts(&service["volumes"]) {
            let (source, target) = volume.split_once(':').expect("a target");
            match source.starts_with('.') {
                true => {
                    let file = root().join("docker").join(source);
                    assert!(file.is_file(), "{name}: there is no {source}");
                    assert!(target.ends_with(":ro"), "{name}: {volume} can be written");
                }
                false => assert!(volumes.contains(source), "{name}: no volume {source}"),
            }
        }
        // Only this machine reaches what is published.
        for port in texts(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name}: {port}");
        }
    }

    let validators = validators();
    assert_eq!(validators.len(), 4);
    let scraped = fs::read_to_string(root().join("monitoring/prometheus.yml")).expect("a file");
    let scraped: Value = serde_yaml::from_str(&scraped).expect("YAML");
    let scraped = texts(&scraped["scrape_configs"][0]["static_configs"][0]["targets"]);
    let targets: Vec<String> = validators
        .iter()
        .map(|(name, _)| format!("{name}:9615"))
        .collect();
    assert_eq!(scraped, targets);
    let mut keys = BTreeSet::new();
    for (name, command) in &validators {
        assert!(command.contains(&format!("--{name}")), "{name}");
        assert!(command.contains(&format!("--gateway-url=http://{name}:8400")));
        let key = command.iter().find(|one| one.starts_with("--node-key="));
        assert!(keys.insert(key.expect("a node key")), "{name}: {key:?}");
        assert_eq!(compose["services"][name]["read_only"], true);
        assert_eq!(compose["services"][name]["ulimits"]["core"], 0);
    }
    // The boot node of the others is the first.
    let first = &validators[0].1;
    let key = first.iter().find_map(|one| one.strip_prefix("--node-key="));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("key");
    fs::write(&file, key.expect("a node key")).expect("written");
    let inspected = Command::new(NODE)
        .args(["key", "inspect-node-key", "--file"])
        .arg(&file)
        .output()
        .expect("the node runs");
    let peer = String::from_utf8(inspected.stdout).expect("a peer id");
    let boot = format!(
        "--bootnodes=/dns/{}/tcp/30333/p2p/{}",
        validators[0].0,
        peer.trim()
    );
    for (name, command) in &validators[1..] {
        assert!(
            command.contains(&boot),
            "{name}: its boot node is not {boot}"
        );
    }
}

/// The command lines of the compose file are ones that a node starts with.
#[test]
fn the_first_of_the_compose_file_starts() {
    let base = tempfile::tempdir().expect("a folder");
    let (_, command) = &validators()[0];
    let outside = ["--chain=", "--gateway-listen=", "--experimental-rpc"];
    let args: Vec<&str> = command
        .iter()
        .map(String::as_str)
        .filter(|one| !outside.iter().any(|start| one.starts_with(start)))
        .chain(["--gateway-listen=127.0.0.1:0"])
        .collect();
    let mut node = Node::of("local", base.path(), &args);
    let limit = std::time::Duration::from_secs(240);
    node.wait(base.path(), "answer", limit, |node| {
        Node::get(node.rpc, "/health").is_some_and(|(status, _)| status == 200)
            && node.metric("salus_validator_active") == Some(1.0)
    });
}

fn systemd_analyze(args: &[&str]) -> Option<Output> {
    match Command::new("systemd-analyze").args(args).output() {
        Ok(output) => Some(output),
        Err(_) => {
            eprintln!("systemd-analyze is not here: the service was not looked at");
            None
        }
    }
}

/// What `scripts/install` puts into a package's tree.
fn installed(root_folder: &Path) {
    let built = root_folder.join("built/release");
    fs::create_dir_all(&built).expect("a folder");
    for program in ["salus-node", "salus"] {
        std::os::unix::fs::symlink(NODE, built.join(program)).expect("a link");
    }
    let install = || {
        let output = Command::new(root().join("scripts/install"))
            .env("CARGO_TARGET_DIR", root_folder.join("built"))
            .env("DESTDIR", root_folder.join("root"))
            .output()
            .expect("the script runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    };
    install();
    // An upgrade keeps the options.
    let options = root_folder.join("root/etc/salus/node.env");
    fs::write(&options, "SALUS_NODE_OPTIONS=\"--dev\"\n").expect("written");
    install();
    let kept = fs::read_to_string(&options).expect("options");
    assert!(kept.contains("--dev"), "{kept}");
}

#[test]
fn the_service_is_installed_and_confined() {
    let folder = tempfile::tempdir().expect("a folder");
    installed(folder.path());
    let tree = folder.path().join("root");
    let unit = tree.join("etc/systemd/system/salus-node.service");
    let text = fs::read_to_string(&unit).expect("a unit");
    for line in text.lines() {
        for path in line.split(['=', ' ']).filter(|word| word.starts_with('/')) {
            let kept_by_systemd = path == "/var/lib/salus";
            let there = tree.join(path.trim_start_matches('/')).exists();
            assert!(there || kept_by_systemd, "{path} is not installed");
        }
    }
    for needed in ["LimitCORE=0", "MemorySwapMax=0", "NoNewPrivileges=yes"] {
        assert!(text.lines().any(|line| line == needed), "{needed}");
    }

    // As it would be, but for where the program is.
    let here = folder.path().join("salus-node.service");
    let program = tree.join("usr/local/bin/salus-node");
    let program = program.to_str().expect("a path");
    fs::write(&here, text.replace("/usr/local/bin/salus-node", program)).expect("written");
    let here = here.to_str().expect("a path");
    if let Some(output) = systemd_analyze(&["verify", "--man=no", here]) {
        let said = String::from_utf8_lossy(&output.stderr);
        let ours: Vec<&str> = said.lines().filter(|line| line.contains("salus")).collect();
        assert!(ours.is_empty(), "{ours:#?}");
    }
    let exposure = ["security", "--offline=yes", "--threshold=20", here];
    if let Some(output) = systemd_analyze(&exposure) {
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
    }
}
