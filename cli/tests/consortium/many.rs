//! More validators than the presets have.

use std::collections::BTreeSet;

use super::witness::{all_stand_well, one_history};
use crate::faults::net::{play, until, Net};

/// 3f + 1 with f = 2.
const VALIDATORS: usize = 7;
/// Blocks that show that it goes on.
const ON: u32 = 6;

#[test]
fn seven_validators_finalize_and_five_of_them_do() {
    play(async {
        let mut net = Net::create(VALIDATORS, false);
        net.start().await;
        let chain = net.chain("node7").await;
        until("a block of each", || async {
            let (best, _) = net.heights("alice").await;
            let mut authors = BTreeSet::new();
            for height in 1..=best {
                authors.insert(net.author("alice", height).await?);
            }
            (authors.len() == VALIDATORS).then_some(())
        })
        .await;
        all_stand_well(&net, &chain).await;
        for name in ["alice", "ferdie"] {
            net.kill(name).await;
        }
        let (best, _) = net.heights("node7").await;
        net.finalizes("node7", best + ON).await;
        for name in ["alice", "ferdie"] {
            net.restart(name).await;
        }
        let names = net.names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        one_history(&net, &names).await;
    });
}
