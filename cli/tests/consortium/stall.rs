//! Finality that stands still because half of the validators are gone for good: what
//! `docs/operations.md` says then, word for word.

use std::collections::BTreeSet;

use serde_json::Value;

use super::witness::{authors_after, nobody_is_accused, one_history, History};
use crate::{
    faults::net::{play, until, Net},
    program::salus,
};

const ALL: [&str; 4] = ["alice", "bob", "charlie", "dave"];
const LOST: [&str; 2] = ["charlie", "dave"];
/// Blocks that show that it goes on, or that it does not.
const ON: u32 = 6;
/// The shortest session that there is: a minute.
const SESSION: u64 = 30;

/// Waits until blocks are made and not final; what was final.
async fn stands(net: &Net) -> History {
    let finalized = until("the stall", || async {
        let (best, finalized) = net.heights("alice").await;
        (best >= finalized + ON).then_some(finalized)
    })
    .await;
    let before = History::of(net, "alice").await;
    assert_eq!(before.height(), finalized);
    before
}

/// Two of four are gone, with everything on their disks; the others make blocks that are not final.
async fn stalled() -> (Net, History) {
    let mut net = Net::with_keys(SESSION);
    net.start().await;
    net.finalizes("alice", ON).await;
    for name in LOST {
        net.kill(name).await;
    }
    let before = stands(&net).await;
    (net, before)
}

/// The keys were backed up: nothing is to be decided.
#[test]
fn validators_that_come_back_with_their_keys_end_a_stall() {
    play(async {
        let mut net = Net::with_keys(SESSION);
        for name in LOST {
            net.back_up_keys(name);
        }
        net.start().await;
        net.finalizes("alice", ON).await;
        for name in LOST {
            net.kill(name).await;
            net.replace_machine(name);
        }
        let before = stands(&net).await;

        for name in LOST {
            net.restore_keys(name);
            net.restart(name).await;
        }
        let (height, _) = net.heights("alice").await;
        net.finalizes("alice", height).await;
        let chain = net.chain("alice").await;
        for name in LOST {
            authors_after(&net, &chain, "alice", name, before.height()).await;
        }
        for name in ALL {
            before.is_kept_by(&net, name).await;
        }
        one_history(&net, &ALL).await;
        nobody_is_accused(&net, &chain).await;
    });
}

/// The keys are gone too: the members make new ones, and the council hands GRANDPA over.
#[test]
fn new_keys_and_the_council_end_a_stall() {
    play(async {
        let (mut net, before) = stalled().await;
        for name in LOST {
            net.replace_machine(name);
            net.restart(name).await;
        }
        let url = |name: &str| net.node(name).url();
        let run = |words: String| -> Value {
            let words = words + " --unfinalized --json";
            tokio::task::block_in_place(|| salus(words.split(' ')).ok().json())
        };
        let session = || run(format!("stake elected --node {}", url("alice")))["session"].clone();

        // The new machines have what the others have, so that no transaction waits for a node that
        // still loads.
        let (best, _) = net.heights("alice").await;
        for name in LOST {
            until("the chain on a new machine", || async {
                (net.heights(name).await.0 >= best).then_some(())
            })
            .await;
        }
        for (name, key) in LOST.iter().zip(["//Charlie", "//Dave"]) {
            run(format!("stake set-keys --key {key} --node {}", url(name)));
        }
        // New keys count two sessions later.
        let set = session().as_u64().unwrap();
        until("the session of the new keys", || async {
            (session().as_u64().unwrap() >= set + 2).then_some(())
        })
        .await;
        let mut finalized = BTreeSet::new();
        for name in ALL {
            finalized.insert(net.heights(name).await.1);
        }
        let stood = *finalized.last().unwrap();
        assert_eq!(stood, before.height(), "it is no stall");
        let done = run(format!(
            "council restart-finality --finalized {stood} --delay 4 --key //Alice --vote //Bob --vote \
             //Charlie --node {}",
            url("alice")
        ));
        assert_eq!(done["done"], true);

        for name in ALL {
            net.finalizes(name, stood + ON).await;
        }
        let (height, _) = net.heights("alice").await;
        net.finalizes("dave", height).await;
        let chain = net.chain("alice").await;
        for name in ALL {
            authors_after(&net, &chain, "alice", name, height).await;
            before.is_kept_by(&net, name).await;
        }
        one_history(&net, &ALL).await;
        nobody_is_accused(&net, &chain).await;

        // Who comes later gets the whole chain.
        net.kill("bob").await;
        net.lose_database("bob");
        net.restart("bob").await;
        let (height, _) = net.heights("alice").await;
        net.finalizes("bob", height).await;
        one_history(&net, &ALL).await;
    });
}
