//! One validator's keys on two machines.

use std::{
    fs::{self, File},
    process::{Child, Command, Stdio},
};

use salus_cli::{
    chain::api,
    network::find_node,
    stake::{self, Candidate},
};

use super::witness::one_history;
use crate::faults::{
    net::{copy, play, until, Net},
    work::person,
};

/// The shortest session that there is: a minute.
const SESSION: u64 = 30;
/// Blocks that show that it goes on.
const ON: u32 = 6;

/// A second machine with a validator's session keys, as after a careless move.
struct Twin(Child);

impl Twin {
    fn of(net: &Net, name: &str) -> Self {
        let base = net.file("twin");
        let chain = net.chain_folder(name);
        let folder = base.join("chains").join(chain.file_name().unwrap());
        fs::create_dir_all(&folder).unwrap();
        copy(&chain.join("keystore"), &folder.join("keystore"));
        let log = File::create(net.file("twin.log")).unwrap();
        let mut command = Command::new(find_node().unwrap());
        command
            .arg("--chain")
            .arg(net.file("spec.json"))
            .arg("--base-path")
            .arg(&base)
            .args(["--validator", "--unsafe-force-node-key-generation"])
            .args(["--listen-addr", "/ip4/127.0.0.1/tcp/0", "--rpc-port", "0"])
            .args(["--no-prometheus", "--no-mdns", "--bootnodes"])
            .args(net.names().iter().map(|name| net.node(name).bootnode()))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        Self(command.spawn().unwrap())
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Both sign blocks for the same slots and votes for the same rounds: the others report it, with a
/// proof that the keys were the validator's in that session.
#[test]
fn a_validator_that_runs_twice_is_disabled_chilled_and_slashed() {
    play(async {
        let mut net = Net::with_keys(SESSION);
        net.start().await;
        let chain = net.chain("bob").await;
        let alice = person("alice").account();
        let found = |all: Vec<Candidate>| all.into_iter().find(|one| one.account == alice);
        let honest = found(stake::candidates(&chain).await.unwrap()).unwrap();
        assert_eq!((honest.standing, honest.pending_slashes), ("electable", 0));

        let twin = Twin::of(&net, "alice");
        let accused = until("a report about Alice", || async {
            let one = found(stake::candidates(&chain).await.ok()?)?;
            (one.pending_slashes > 0).then_some(one)
        })
        .await;
        assert_eq!(accused.standing, "offender");
        let slashes = stake::slashes(&chain).await.unwrap();
        assert!(slashes.iter().all(|slash| slash.candidate == alice));
        assert!(slashes
            .iter()
            .all(|slash| slash.fraction > 0 && !slash.cancelled));

        // Whoever else has voted goes on without it, for the rest of the session and after.
        let now = chain.finalized().await.unwrap();
        let disabled = api::storage().session().disabled_validators();
        let disabled = chain
            .get(&now, disabled, ())
            .await
            .unwrap()
            .unwrap_or_default();
        let validators = api::storage().session().validators();
        let validators = chain.get(&now, validators, ()).await.unwrap().unwrap();
        let named = |index: u32| &validators[index as usize];
        assert!(disabled.iter().all(|(index, _)| *named(*index) == alice));
        drop(twin);
        let (_, finalized) = net.heights("bob").await;
        net.finalizes("bob", finalized + ON).await;
        one_history(&net, &["alice", "bob", "charlie", "dave"]).await;
    });
}
