//! A worker on a branch that loses, and a transaction that is lost.

use salus_cli::chain;
use salus_primitives::{duties::Duty, AccountId, MED};
use serde_json::json;

use super::{
    front::Front,
    net::{play, until, Net},
    work::{native, operator, Refused, Task, Work},
};
use crate::chain::Person;

/// Alice's node is cut off. It goes on alone, on a branch that nobody else sees and that cannot be
/// finalized; the other three finalize theirs.
#[test]
fn answers_that_the_chain_lost_are_sent_again_once() {
    play(async {
        let mut net = Net::create(4, true);
        let front = Front::before(net.node("dave").gateway_port).await;
        net.arguments("dave", ["--gateway-url", front.url()]);
        net.choose_peers("alice");
        net.start().await;
        let chain = net.chain("dave").await;
        let task = Task::new(200, 50);
        let refused = Refused::new(&net, "alice", &task.digest);
        front.hold(operator("alice"));
        let work = Work::post(&net, &chain, task, front.url()).await;
        let job = work.job;

        net.stage("alice", job, "job-commit", "fetching").await;
        net.cut_off("alice").await;
        let (fork, _) = net.heights("alice").await;
        front.release();
        until("Alice's commitment on her own branch", || async {
            work.committed(&net, "alice", "alice").await.then_some(())
        })
        .await;
        let (height, finalized) = net.heights("alice").await;
        assert!(finalized <= fork && fork < height, "no branch of her own");
        let losing = net.hash("alice", height).await.unwrap();
        // The others have decided otherwise before they hear of it.
        net.finalizes("dave", height).await;
        assert_ne!(net.hash("dave", height).await, Some(losing));
        assert!(!work.committed(&net, "dave", "alice").await);

        net.join("alice").await;
        net.finalizes("alice", height).await;
        assert_eq!(
            net.hash("alice", height).await,
            net.hash("dave", height).await
        );
        until("Alice's commitment on the chain of all", || async {
            work.committed(&net, "dave", "alice").await.then_some(())
        })
        .await;

        // The reveal gets no further than the pool, or the branch, of a node that dies.
        net.stage("alice", job, "job-reveal", "publishing").await;
        for other in ["bob", "charlie"] {
            until("the others' reveals", || async {
                work.revealed(&chain, other).await.then_some(())
            })
            .await;
        }
        net.cut_off("alice").await;
        refused.lift();
        until("Alice's reveal in her own pool", || async {
            let pool = net
                .call("alice", "author_pendingExtrinsics", json!([]))
                .await;
            let sent = !pool.unwrap().as_array().unwrap().is_empty();
            (sent || !owes(&net, "alice").await).then_some(())
        })
        .await;
        net.kill("alice").await;
        let pool = net
            .call("dave", "author_pendingExtrinsics", json!([]))
            .await;
        assert_eq!(pool.unwrap(), json!([]), "somebody heard of it");
        assert!(owes(&net, "dave").await);

        net.restart("alice").await;
        work.ends_well(&chain).await;
    });
}

/// Alice's node alone took a transfer, into a block of a branch that loses. Nobody else heard of it,
/// and who sent it waits.
#[test]
fn what_a_lost_branch_held_comes_back() {
    play(async {
        let mut net = Net::create(4, false);
        net.choose_peers("alice");
        net.start().await;
        let (alone, others) = (net.chain("alice").await, net.chain("dave").await);
        let (sender, receiver) = (Person::named("//Eve"), Person::named("//Receiver"));
        let nonce = async |name| -> u32 {
            let account = native(sender.account());
            net.ask(name, "AccountNonceApi_account_nonce", account, None)
                .await
        };
        let before = nonce("alice").await;

        net.cut_off("alice").await;
        let story = async {
            until("the transfer on Alice's branch", || async {
                (nonce("alice").await == before + 1).then_some(())
            })
            .await;
            let (height, finalized) = net.heights("alice").await;
            let losing = net.hash("alice", height).await;
            assert!(finalized < height);
            net.finalizes("dave", height).await;
            assert_ne!(net.hash("dave", height).await, losing);
            assert_eq!(nonce("dave").await, before);
            net.join("alice").await;
            net.finalizes("alice", height).await;
        };
        let transfer = chain::transfer(&alone, &sender.key, receiver.account(), MED);
        let (receipt, ()) = futures::join!(transfer, story);
        let block = receipt.unwrap().block;
        net.finalizes("dave", block).await;
        let funds = chain::funds(&others, receiver.account()).await;
        assert_eq!(funds.unwrap().free, MED);
    });
}

/// Whether Alice owes something at a node's best block.
async fn owes(net: &Net, at: &str) -> bool {
    let arguments = (operator("alice"), 1u32);
    let duties: Vec<Duty<AccountId>> = net.ask(at, "DutiesApi_duties", arguments, None).await;
    !duties.is_empty()
}
