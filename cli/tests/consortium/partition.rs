//! A network in two halves.

use salus_cli::{
    args::{Global, Printing},
    chain::{self, api, Chain},
    stake,
};
use salus_primitives::MED;
use subxt_signer::sr25519::Keypair;

use super::{
    cables::Cables,
    skip,
    witness::{all_stand_well, one_history, History},
};
use crate::{
    chain::Person,
    faults::{
        net::{play, until, Net},
        work::native,
    },
};

const ALL: [&str; 4] = ["alice", "bob", "charlie", "dave"];
const LEFT: [&str; 2] = ["alice", "bob"];
const RIGHT: [&str; 2] = ["charlie", "dave"];
/// The shortest session that there is: a minute.
const SESSION: u64 = 30;
/// Blocks of a half without finality that show that there is none.
const ON: u32 = 8;

/// Transactions of an account in a node's best block.
async fn nonce(net: &Net, at: &str, key: &Keypair) -> u32 {
    let account = native(chain::account_of(key));
    net.ask(at, "AccountNonceApi_account_nonce", account, None)
        .await
}

/// Waits until each half is on blocks of its own, that the other does not have and nobody finalizes.
async fn apart(net: &Net) -> u32 {
    until("two branches without finality", || async {
        let mut lowest = u32::MAX;
        for name in ALL {
            let (best, finalized) = net.heights(name).await;
            if best < finalized + ON {
                return None;
            }
            lowest = lowest.min(best);
        }
        let left = net.hash("alice", lowest).await?;
        let right = net.hash("charlie", lowest).await?;
        (left != right).then_some(lowest)
    })
    .await
}

/// A node's best chain, final or not.
async fn best(net: &Net, name: &str) -> Chain {
    let global = Global {
        node: net.node(name).url(),
        unfinalized: true,
        printing: Printing {
            json: false,
            field: None,
            quiet: true,
        },
    };
    Chain::open(&global).await.unwrap()
}

/// Waits for a session on a branch.
async fn reaches(branch: &Chain, session: u32) {
    until(&format!("session {session}"), || async {
        let now = stake::elected(branch).await.ok()?.session;
        (now >= session).then_some(())
    })
    .await;
}

/// What a branch holds against its validators: blocks that they owed since they were last judged,
/// and made, in thousandths. All of them can be elected.
async fn attendance(branch: &Chain) -> Vec<(u64, u64)> {
    let mut all = Vec::new();
    let at = branch.finalized().await.unwrap();
    for one in stake::candidates(branch).await.unwrap() {
        assert_eq!(one.standing, "electable", "{}", one.account);
        let entry = api::storage().delegation().candidates();
        let candidate = branch.get(&at, entry, (one.account,)).await.unwrap();
        let record = candidate.unwrap().attendance;
        all.push((record.expected, record.authored));
    }
    assert_eq!(all.len(), ALL.len());
    all
}

async fn free(chain: &Chain, of: &Person) -> u128 {
    chain::funds(chain, of.account()).await.unwrap().free
}

/// Two of four see each other, and so do the other two. Neither half can finalize, nor does it hold
/// against the other that it is away; once they are one again everybody agrees. Somebody spends the
/// same money in both.
#[test]
fn two_halves_finalize_nothing_and_become_one_chain() {
    play(async {
        let mut net = Net::with_keys(SESSION);
        let cables = match Cables::lay(&mut net) {
            Ok(cables) => cables,
            Err(why) => return skip("a partition", &why),
        };
        net.start().await;
        let (left, right) = (net.chain("alice").await, net.chain("charlie").await);
        let (one, two, both) = (
            Person::named("//Eve"),
            Person::named("//Ferdie"),
            Person::named("//One"),
        );
        let receivers = ["//Left", "//Right", "//TwiceLeft", "//TwiceRight"].map(Person::named);
        let whole = 10 * MED;
        chain::transfer(&left, &one.key, both.account(), whole)
            .await
            .unwrap();
        let before = one_history(&net, &ALL).await;
        let branches = [best(&net, "bob").await, best(&net, "dave").await];

        cables.cut(&LEFT, &RIGHT);
        apart(&net).await;
        let finalized = {
            let mut all = Vec::new();
            for name in ALL {
                all.push(net.heights(name).await.1);
            }
            all
        };
        let most = whole * 9 / 10;
        let pay = |chain, from: &Person, to: &Person, amount| {
            let (from, to) = (from.key.clone(), to.account());
            async move { chain::transfer(chain, &from, to, amount).await }
        };
        let in_both = async {
            let first = pay(&left, &one, &receivers[0], MED);
            let second = pay(&right, &two, &receivers[1], MED);
            let (first, second) = tokio::join!(first, second);
            first.unwrap();
            second.unwrap();
        };
        // Only one of them can be carried out: what becomes of the other's sender is the pool's.
        let twice = async {
            let first = pay(&left, &both, &receivers[2], most);
            let second = pay(&right, &both, &receivers[3], most);
            let _ = tokio::join!(first, second);
            std::future::pending::<()>().await;
        };
        let story = async {
            until("all of them in the branches", || async {
                let there = nonce(&net, "bob", &one.key).await >= 2
                    && nonce(&net, "dave", &two.key).await >= 1
                    && nonce(&net, "bob", &both.key).await >= 1
                    && nonce(&net, "dave", &both.key).await >= 1;
                there.then_some(())
            })
            .await;
            // To the end of a session of which the half has seen nothing but its own.
            let cut = stake::elected(&branches[0]).await.unwrap().session;
            let watched = branches.iter().map(|branch| async move {
                reaches(branch, cut + 1).await;
                let before = attendance(branch).await;
                reaches(branch, cut + 2).await;
                assert_eq!(attendance(branch).await, before, "a half was judged");
            });
            futures::future::join_all(watched).await;
            for (name, was) in ALL.iter().zip(&finalized) {
                let (best, is) = net.heights(name).await;
                assert_eq!(is, *was, "{name} finalized without two thirds");
                assert!(best >= is + ON);
            }
            cables.mend(&LEFT, &RIGHT);
            let mut highest = 0;
            for name in ALL {
                highest = net.heights(name).await.0.max(highest);
            }
            for name in ALL {
                net.finalizes(name, highest).await;
            }
        };
        tokio::select! {
            _ = async { tokio::join!(in_both, story) } => {}
            () = twice => {}
        }

        for name in ALL {
            before.is_kept_by(&net, name).await;
        }
        let after = History::of(&net, "dave").await;
        for name in ALL {
            after.is_kept_by(&net, name).await;
        }
        assert_eq!(free(&left, &receivers[0]).await, MED);
        assert_eq!(free(&right, &receivers[1]).await, MED);
        let (first, second) = (
            free(&left, &receivers[2]).await,
            free(&left, &receivers[3]).await,
        );
        assert_eq!(first + second, most, "spent twice, or never");
        assert!(first == 0 || second == 0);
        all_stand_well(&net, &left).await;
    });
}
