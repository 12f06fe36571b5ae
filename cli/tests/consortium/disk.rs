//! Databases that are lost, and that are older than the chain.

use std::{collections::BTreeMap, fs, path::PathBuf};

use salus_cli::{chain::Chain, stake};

use super::witness::{all_stand_well, authors_after, one_history, History};
use crate::faults::net::{copy, play, until, Net};

const ALL: [&str; 4] = ["alice", "bob", "charlie", "dave"];
/// Blocks that show that it goes on.
const ON: u32 = 6;

/// The shortest session that there is: a minute.
const SESSION: u64 = 30;

/// Files of a node's keystore.
fn keys(net: &Net, name: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    fs::read_dir(net.chain_folder(name).join("keystore"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

async fn session(chain: &Chain) -> u32 {
    stake::elected(chain).await.unwrap().session
}

/// The database is gone, the keys are there.
#[test]
fn a_lost_database_comes_back_from_the_others() {
    play(async {
        let mut net = Net::with_keys(SESSION);
        net.start().await;
        let chain = net.chain("alice").await;
        net.finalizes("bob", ON).await;
        let before = History::of(&net, "bob").await;
        let held = keys(&net, "bob");
        assert!(!held.is_empty());
        net.kill("bob").await;
        net.lose_database("bob");
        let (_, finalized) = net.heights("alice").await;
        net.finalizes("alice", finalized + ON).await;

        net.restart("bob").await;
        let (height, _) = net.heights("alice").await;
        authors_after(&net, &chain, "alice", "bob", height).await;
        assert_eq!(keys(&net, "bob"), held);
        before.is_kept_by(&net, "bob").await;
        one_history(&net, &ALL).await;
        all_stand_well(&net, &chain).await;
    });
}

/// The base path is that of a session ago, with what GRANDPA had voted then.
#[test]
fn a_database_of_a_session_ago_catches_up_without_a_second_vote() {
    play(async {
        let mut net = Net::with_keys(SESSION);
        net.start().await;
        let chain = net.chain("alice").await;
        let copied = net.file("copy");
        net.stop("bob").await;
        copy(&net.base("bob"), &copied);
        let then = session(&chain).await;
        net.restart("bob").await;
        let (height, _) = net.heights("alice").await;
        authors_after(&net, &chain, "alice", "bob", height).await;
        until("the next session", || async {
            (session(&chain).await > then).then_some(())
        })
        .await;

        net.kill("bob").await;
        let log = net.log("bob");
        let logged = fs::read(&log).unwrap();
        fs::remove_dir_all(net.base("bob")).unwrap();
        copy(&copied, &net.base("bob"));
        fs::write(&log, logged).unwrap();
        net.restart("bob").await;
        let (height, _) = net.heights("alice").await;
        authors_after(&net, &chain, "alice", "bob", height).await;
        one_history(&net, &ALL).await;
        // What was signed twice would be reported within a few blocks.
        net.finalizes("alice", height + 2 * ON).await;
        all_stand_well(&net, &chain).await;
    });
}
