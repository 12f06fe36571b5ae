//! The council upgrades the runtime of a network that works, with the commands of
//! `docs/operations.md`.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        Arc,
    },
};

use salus_cli::{
    chain::{self, Chain},
    network::find_node,
};
use salus_primitives::MED;
use serde_json::json;

use super::witness::{all_stand_well, one_history, History};
use crate::{
    chain::Person,
    docs::page::{told, with},
    faults::{
        consent::Scene,
        front::Front,
        net::{play, until, Net},
        work::{person, Task, Work},
    },
    program::salus,
};

const ALL: [&str; 4] = ["alice", "bob", "charlie", "dave"];
/// Blocks that show that it goes on.
const ON: u32 = 6;
/// twox128 of `Registry` and of `ByRole`, which only the new runtime has.
const INDEX: &str = "0x8a493ef65ff3987a1fbc9979200ad1af4f9dc3a227d153685e814f6f2cf7f667";

/// The next runtime: what `make test-network` built, or what is built now.
fn next_runtime() -> PathBuf {
    if let Some(path) = env::var_os("SALUS_REHEARSAL") {
        return path.into();
    }
    let checkout = env::var("CARGO_MANIFEST_DIR").expect("run by cargo");
    let script = format!("{checkout}/../scripts/rehearsal");
    let ran = Command::new(script).output().unwrap();
    let words = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "scripts/rehearsal: {words}");
    String::from_utf8(ran.stdout).unwrap().trim().into()
}

/// Runs the node's program, as a command with these words does; what it says.
fn node(words: &[String], out: Stdio) -> (bool, String) {
    assert_eq!(words[0], "salus-node");
    let ran = Command::new(find_node().unwrap())
        .args(&words[1..])
        .stdout(out)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap();
    let (out, err) = (ran.stdout, ran.stderr);
    let said = String::from_utf8_lossy(&out) + String::from_utf8_lossy(&err);
    (ran.status.success(), said.into_owned())
}

/// What a council does before it decides: the migrations on the state of a node that was stopped.
fn try_on_state(net: &Net, name: &str, blob: &Path, [export, attempt]: [&str; 2]) {
    let state = net.file("state.json");
    let base = net.base(name);
    let (export, to) = export.split_once(" > ").expect("it goes into a file");
    assert_eq!(to, "state.json");
    let export = export.strip_prefix("sudo -u salus ").expect("as its user");
    let instead = [
        ("/etc/salus/spec.json", "local"),
        ("/var/lib/salus", base.to_str().unwrap()),
    ];
    let out = File::create(&state).unwrap();
    let (done, said) = node(&with(export, &instead), out.into());
    assert!(done, "{said}");
    let path = state.to_str().unwrap();
    let attempt = |blob: &Path| {
        let blob = blob.to_str().unwrap();
        let instead = [("state.json", path), ("checked.wasm", blob)];
        node(&with(attempt, &instead), Stdio::piped())
    };
    let (done, said) = attempt(blob);
    assert!(done, "{said}");
    assert!(said.contains("version 1 to 2"), "{said}");
    println!("{}", said.trim());

    let bad = net.file("bad.wasm");
    fs::write(&bad, b"\0asm").unwrap();
    let (done, said) = attempt(&bad);
    assert!(!done && said.contains("is no runtime"), "{said}");
    // The chain's own is no newer.
    let spec: serde_json::Value = serde_json::from_slice(&fs::read(&state).unwrap()).unwrap();
    let own = &spec["genesis"]["raw"]["top"]["0x3a636f6465"];
    let own = hex::decode(&own.as_str().unwrap()[2..]).unwrap();
    fs::write(&bad, own).unwrap();
    let (done, said) = attempt(&bad);
    assert!(!done && said.contains("is no newer"), "{said}");
}

async fn spec_version(net: &Net, name: &str) -> u64 {
    let version = net.call(name, "state_getRuntimeVersion", json!([])).await;
    version.unwrap()["specVersion"].as_u64().unwrap()
}

/// Members of the index at a node's best block.
async fn indexed(net: &Net, name: &str) -> usize {
    let keys = json!([INDEX, 1000]);
    let keys = net.call(name, "state_getKeysPaged", keys).await.unwrap();
    keys.as_array().unwrap().len()
}

/// Somebody who pays somebody, one final payment after the other, over one connection.
struct Load {
    paid: Arc<AtomicU32>,
    task: tokio::task::JoinHandle<Vec<String>>,
    over: tokio::sync::oneshot::Sender<()>,
}

impl Load {
    fn begin(chain: Chain) -> Self {
        let (over, mut end) = tokio::sync::oneshot::channel();
        let paid = Arc::new(AtomicU32::new(0));
        let count = paid.clone();
        let task = tokio::spawn(async move {
            let (from, to) = (Person::named("//Eve"), Person::named("//Load"));
            let mut refused = Vec::new();
            while end.try_recv().is_err() {
                match chain::transfer(&chain, &from.key, to.account(), MED).await {
                    Ok(_) => {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(error) => refused.push(format!("{error:#}")),
                }
            }
            refused
        });
        Self { paid, task, over }
    }

    /// Waits for so many payments from now on.
    async fn goes_on(&self, more: u32) {
        let wanted = self.paid.load(Ordering::Relaxed) + more;
        until("payments", || async {
            (self.paid.load(Ordering::Relaxed) >= wanted).then_some(())
        })
        .await;
    }

    /// Payments made, and what was said of those that were not.
    async fn end(self) -> (u32, Vec<String>) {
        let _ = self.over.send(());
        let refused = self.task.await.unwrap();
        (self.paid.load(Ordering::Relaxed), refused)
    }
}

#[test]
fn the_council_upgrades_the_runtime_under_load() {
    let blob = next_runtime();
    play(async {
        let mut net = Net::create(4, true);
        let front = Front::before(net.node("dave").gateway_port).await;
        net.arguments("dave", ["--gateway-url", front.url()]);
        net.start().await;
        let chain = net.chain("dave").await;
        let scene = Scene::set(&net, &net.node("alice").gateway()).await;
        let steps = told("docs/operations.md", "Upgrade the runtime");
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        let [stop, export, start, attempt, moved, second, third, applied] = steps[..] else {
            panic!("other steps than played here: {steps:?}")
        };
        assert_eq!(stop, "sudo systemctl stop salus-node");
        net.stop("charlie").await;
        // It comes back before the attempt or after it.
        assert_eq!(start, "sudo systemctl start salus-node");
        try_on_state(&net, "charlie", &blob, [export, attempt]);
        net.restart("charlie").await;

        let url = net.node("dave").url();
        let run = |command: &str, instead: &[(&str, &str)]| {
            let mut words = with(command, instead);
            assert_eq!(words.remove(0), "salus");
            words.extend(["--node", &url, "--json"].map(str::to_owned));
            async move { tokio::task::block_in_place(|| salus(words)) }
        };
        let blob = (
            "salus_runtime.compact.compressed.wasm",
            blob.to_str().unwrap(),
        );
        let load = Load::begin(net.chain("bob").await);
        load.goes_on(1).await;
        // Nobody without a seat begins it.
        let refused = run(applied, &[blob, ("anybody", "//Eve")]).await;
        assert_eq!(refused.code, 2, "{}", refused.err);
        let moved = run(moved, &[blob, ("alice", "//Alice")]).await.ok().json();
        assert_eq!(moved["applied"], false);
        assert_eq!(moved["motion"]["threshold"], 3);
        assert_eq!(moved["motion"]["ayes"], 1);
        let motion = ("0x…", moved["motion"]["hash"].as_str().unwrap());
        let voted = run(second, &[motion, ("bob", "//Bob")]).await.ok().json();
        assert_eq!(voted["done"], false);
        let voted = run(third, &[motion, ("charlie", "//Charlie")]).await;
        assert_eq!(voted.ok().json()["done"], true);

        // About six seconds of one core.
        let work = Work::post(&net, &chain, Task::new(2_000, 120_000), front.url()).await;
        net.stage("bob", work.job, "job-commit", "computing").await;
        let before = History::of(&net, "dave").await;
        assert_eq!(spec_version(&net, "dave").await, 1);
        assert_eq!(indexed(&net, "dave").await, 0);
        let reader = person("dave");
        let upgraded = run(applied, &[blob, ("anybody", "//Ferdie")]);
        let (upgraded, ()) = tokio::join!(upgraded, scene.share(&reader));
        assert_eq!(upgraded.ok().json()["applied"], true);

        let (height, _) = net.heights("dave").await;
        for name in ALL {
            net.finalizes(name, height + ON).await;
            assert_eq!(spec_version(&net, name).await, 2, "{name}");
            // The four founders and the scene's patient.
            assert_eq!(indexed(&net, name).await, 5, "{name}");
        }
        work.ends_well(&chain).await;
        scene.opens(&reader.key).await;
        // A connection of before the upgrade goes on; what was signed for the old runtime and came
        // too late was refused in words.
        load.goes_on(2).await;
        let (paid, refused) = load.end().await;
        println!("{paid} payments, refused: {refused:?}");
        assert!(refused.len() <= 2, "{refused:?}");
        let twice = format!("{applied} --vote //Bob --vote //Charlie");
        let twice = run(&twice, &[blob, ("anybody", "//Alice")]).await;
        assert_eq!(twice.code, 3, "{}", twice.err);
        assert!(twice.err.contains("SpecVersion"), "{}", twice.err);

        for name in ALL {
            before.is_kept_by(&net, name).await;
        }
        one_history(&net, &ALL).await;
        all_stand_well(&net, &chain).await;
    });
}
