//! One validator's keys on two machines.

use std::{
    fs::{self, File},
    process::{Child, Command, Stdio},
};

use salus_cli::{
    chain::{api, Chain},
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

/// The kinds of offences: two blocks of one slot, two votes of one round.
const BLOCKS: [u8; 16] = *b"babe:equivocatio";
const VOTES: [u8; 16] = *b"grandpa:equivoca";

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

/// First final block after a height with an offence of this kind.
async fn report(chain: &Chain, kind: [u8; 16], after: u32) -> Option<u32> {
    let last = chain.finalized().await.ok()?.block_number();
    for height in after + 1..=u32::try_from(last).unwrap() {
        let at = chain.at(height).await.unwrap();
        let events = at.events().fetch().await.unwrap();
        for event in events.iter().map(Result::unwrap) {
            if event.pallet_name() == "Offences"
                && event.event_name() == "Offence"
                && event.field_bytes().starts_with(&kind)
            {
                return Some(height);
            }
        }
    }
    None
}

/// Both sign blocks for the same slots and votes for the same rounds: the others report them, with a
/// proof that the key was the validator's in that session.
#[test]
fn a_validator_that_runs_twice_is_disabled_and_chilled_and_a_slash_waits() {
    play(async {
        let mut net = Net::with_keys(SESSION);
        net.start().await;
        let chain = net.chain("bob").await;
        let alice = person("alice").account();
        let found = |all: Vec<Candidate>| all.into_iter().find(|one| one.account == alice);
        let honest = found(stake::candidates(&chain).await.unwrap()).unwrap();
        assert_eq!((honest.standing, honest.pending_slashes), ("electable", 0));
        let (_, before) = net.heights("bob").await;

        let twin = Twin::of(&net, "alice");
        let voted = until("a report of votes", || report(&chain, VOTES, before)).await;
        let authored = until("a report of blocks", || report(&chain, BLOCKS, before)).await;

        // From the first on, for the rest of the session.
        let height = voted.min(authored);
        let at = chain.at(height).await.unwrap();
        let validators = api::storage().session().validators();
        let validators = chain.get(&at, validators, ()).await.unwrap().unwrap();
        let disabled = api::storage().session().disabled_validators();
        let disabled = chain.get(&at, disabled, ()).await.unwrap().unwrap();
        let disabled: Vec<_> = disabled
            .iter()
            .map(|(index, _)| validators[*index as usize])
            .collect();
        assert_eq!(disabled, [alice]);

        let accused = found(stake::candidates(&chain).await.unwrap()).unwrap();
        assert_eq!(accused.standing, "offender");
        let slashes = stake::slashes(&chain).await.unwrap();
        assert_eq!(slashes.len(), accused.pending_slashes as usize);
        assert!(!slashes.is_empty());
        for slash in slashes {
            assert_eq!(slash.candidate, alice);
            assert!(slash.fraction > 0 && !slash.cancelled);
            assert!(slash.due > slash.session);
        }

        // Whoever else has voted goes on without it.
        drop(twin);
        let (_, finalized) = net.heights("bob").await;
        net.finalizes("bob", finalized + ON).await;
        one_history(&net, &["alice", "bob", "charlie", "dave"]).await;
    });
}
