//! Validators that die, one at a time.

use std::{
    sync::{
        atomic::{AtomicU64, Ordering},
        Arc,
    },
    time::{Duration, Instant},
};

use salus_cli::{chain::api, network::Rpc};

use super::witness::{all_stand_well, authors_after, one_history, History};
use crate::faults::{
    consent::Scene,
    front::Front,
    net::{play, until, Net},
    work::{person, Task, Work},
};

const ALL: [&str; 4] = ["alice", "bob", "charlie", "dave"];
/// Blocks that show that it goes on.
const ON: u32 = 6;
/// Longest time without a block that is finalized while validators are restarted one by one.
const LONGEST_GAP: Duration = Duration::from_secs(30);

/// One of four is f of 3f + 1.
#[test]
fn one_of_four_dies_and_catches_up() {
    play(async {
        let mut net = Net::create(4, false);
        net.start().await;
        let chain = net.chain("alice").await;
        let before = History::of(&net, "bob").await;
        net.kill("bob").await;
        let (_, finalized) = net.heights("alice").await;
        net.finalizes("alice", finalized + ON).await;

        net.restart("bob").await;
        let (height, _) = net.heights("alice").await;
        authors_after(&net, &chain, "alice", "bob", height).await;
        for name in ALL {
            before.is_kept_by(&net, name).await;
        }
        one_history(&net, &ALL).await;
        all_stand_well(&net, &chain).await;
    });
}

/// Who made the newest block dies with it, while the panel computes and a share is on its way.
#[test]
fn jobs_and_shares_outlive_the_author_of_the_newest_block() {
    play(async {
        let mut net = Net::create(4, true);
        let front = Front::before(net.node("dave").gateway_port).await;
        net.arguments("dave", ["--gateway-url", front.url()]);
        net.start().await;
        let chain = net.chain("dave").await;
        let scene = Scene::set(&net, &net.node("alice").gateway()).await;
        // About twelve seconds of one core.
        let work = Work::post(&net, &chain, Task::new(2_000, 240_000), front.url()).await;
        for name in ["bob", "charlie"] {
            net.stage(name, work.job, "job-commit", "computing").await;
        }

        let reader = person("dave");
        // Alice's gateway keeps the record, Dave's the job's input.
        let killed = async {
            let leader = until("a block of Bob's or Charlie's", || async {
                let (best, _) = net.heights("dave").await;
                let block = chain.finalized().await.ok()?;
                let validators = api::storage().session().validators();
                let validators = chain.get(&block, validators, ()).await.ok()??;
                let author = validators.get(net.author("dave", best).await? as usize)?;
                ["bob", "charlie"]
                    .into_iter()
                    .find(|name| person(name).account() == *author)
            })
            .await;
            let duty = net.duty(leader, work.job).await.unwrap();
            net.freeze(leader);
            let (kind, stage, part) = duty.expect("it has a seat");
            assert_eq!((&*kind, &*stage), ("job-commit", "computing"), "{leader}");
            println!("{leader} had computed {part} of it");
            leader
        };
        let (leader, ()) = tokio::join!(killed, scene.share(&reader));
        net.kill(leader).await;
        let (_, finalized) = net.heights("dave").await;
        net.finalizes("dave", finalized + ON).await;
        net.restart(leader).await;

        work.ends_well(&chain).await;
        scene.opens(&reader.key).await;
        one_history(&net, &ALL).await;
        all_stand_well(&net, &chain).await;
    });
}

/// Longest time in which none of the nodes finalized anything, ms.
struct Watch(Arc<AtomicU64>, tokio::task::JoinHandle<()>);

impl Watch {
    fn begin(net: &Net) -> Self {
        let longest = Arc::new(AtomicU64::new(0));
        let nodes: Vec<Rpc> = ALL
            .iter()
            .map(|name| net.node(name).rpc().unwrap())
            .collect();
        let seen = longest.clone();
        let task = tokio::spawn(async move {
            let (mut height, mut since) = (0, Instant::now());
            loop {
                let heads = futures::future::join_all(nodes.iter().map(Rpc::head)).await;
                let now = heads.iter().flatten().map(|head| head.finalized).max();
                if now.is_some_and(|now| now > height) {
                    height = now.unwrap_or(height);
                    since = Instant::now();
                }
                let gap = u64::try_from(since.elapsed().as_millis()).unwrap();
                seen.fetch_max(gap, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        Self(longest, task)
    }

    fn end(self) -> Duration {
        self.1.abort();
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

#[test]
fn a_rolling_restart_holds_finality_up_for_moments() {
    play(async {
        let mut net = Net::create(4, false);
        net.start().await;
        let before = History::of(&net, "alice").await;
        let watch = Watch::begin(&net);
        for name in ALL {
            net.stop(name).await;
            net.restart(name).await;
            // As an operator waits for it: it has what the others have, and they go on together.
            let other = if name == "alice" { "bob" } else { "alice" };
            let (best, _) = net.heights(other).await;
            net.finalizes(name, best).await;
            net.finalizes(other, best + 1).await;
        }
        let gap = watch.end();
        println!("finality stood for {gap:?} at most");
        assert!(gap <= LONGEST_GAP, "finality stood for {gap:?}");
        for name in ALL {
            before.is_kept_by(&net, name).await;
        }
        one_history(&net, &ALL).await;
        all_stand_well(&net, &net.chain("alice").await).await;
    });
}
