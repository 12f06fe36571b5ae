//! A job of Dave's that the other three founders work on, all of whom have to agree.

use std::{fmt::Write, fs, path::PathBuf, sync::atomic::AtomicBool, time::Duration};

use salus_analytics::{
    job::{self as analytics, Bound, FCM_1},
    params::FcmParameters,
};
use salus_cli::{
    chain::{api, Chain},
    job::{self, Client, Input, Order, Phase},
    record::Wallet,
    worker,
};
use salus_primitives::{
    jobs::{Assignment, JobId, Outcome},
    AccountId, Balance, Digest,
};
use subxt::utils::AccountId32;
use zeroize::Zeroizing;

use super::net::{until, Net};
use crate::chain::Person;

/// Whose nodes work, and may be killed. The client's is Dave's, which also keeps the input.
pub const WORKERS: [&str; 3] = ["alice", "bob", "charlie"];
/// Blocks for commitments.
const WINDOW: u32 = 300;
const RESEARCH: u16 = 5;
/// Longest wait for a panel that has the input.
const DRAW: Duration = Duration::from_secs(240);

/// The development account of a node.
pub fn person(node: &str) -> Person {
    let (first, rest) = node.split_at(1);
    Person::named(&format!("//{}{rest}", first.to_uppercase()))
}

/// The account with which a node signs requests and transactions.
pub fn operator(node: &str) -> AccountId {
    let (first, rest) = node.split_at(1);
    let operator = Person::named(&format!("//{}{rest}//operator", first.to_uppercase()));
    AccountId::new(operator.account().0)
}

/// An account as the primitives have it.
pub fn native(account: AccountId32) -> AccountId {
    AccountId::new(account.0)
}

/// What is to be worked out, and what comes out.
pub struct Task {
    order: Order,
    bytes: Vec<u8>,
    pub digest: Digest,
}

impl Task {
    /// A clustering of made-up rows with this many iterations, which are never enough. Its result
    /// does not fit into the chain and is kept in the clear, so that its digest is known before.
    pub fn new(rows: usize, iterations: u32) -> Self {
        let mut table = String::new();
        // Knuth's 64-bit linear congruential generator: any rows without structure will do.
        let mut state = 1u64;
        for _ in 0..rows {
            for column in 0..8 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let separator = if column == 0 { "" } else { "," };
                write!(table, "{separator}{}", state >> 50).unwrap();
            }
            table.push('\n');
        }
        let parameters = FcmParameters {
            clusters: 24,
            epsilon: 0.0,
            max_iterations: iterations,
            ..FcmParameters::default()
        };
        let order = Order {
            algorithm: FCM_1.to_owned(),
            parameters: parameters.to_canonical_json().unwrap().into_bytes(),
            inputs: vec![Input::Own(Zeroizing::new(table.clone().into_bytes()))],
            purpose: RESEARCH,
            quorum: 3,
            panel: 3,
            reserves: 0,
            reward: None,
            window: Some(WINDOW),
            clear: true,
            size: None,
        };
        let bound = job::measure(&order).unwrap();
        let bound = Bound {
            rows: bound.rows,
            columns: bound.columns,
            clusters: bound.clusters,
            iterations: bound.iterations,
        };
        let never = AtomicBool::new(false);
        let inputs = [table.as_bytes()];
        let bytes = analytics::run(FCM_1, &order.parameters, &inputs, bound, &never, &|_| {});
        let bytes = bytes.unwrap();
        Self {
            order,
            digest: salus_blobs::digest(&bytes),
            bytes,
        }
    }
}

/// A posted job.
pub struct Work {
    pub job: JobId,
    task: Task,
    /// Block of the post.
    posted: u32,
    bonds: Vec<Balance>,
}

impl Work {
    /// Posts the task and hands its input to the panel, at the gateway with this address.
    pub async fn post(net: &Net, chain: &Chain, task: Task, gateway: &str) -> Self {
        let person = person("dave");
        let wallet = Wallet::open(net.file("wallet")).unwrap();
        let client = Client {
            chain,
            key: &person.key,
            identities: person.identities(),
            wallet: &wallet,
            gateway: Some(gateway),
        };
        let bonds = bonds(chain).await;
        let ran = tokio::time::timeout(DRAW, client.run(&task.order, |_| {})).await;
        let (posted, panel, _) = ran.unwrap().unwrap();
        // There are four workers, and the client is none of its own.
        assert_eq!(panel.seats.len(), WORKERS.len());
        Self {
            job: posted.job,
            task,
            posted: posted.block,
            bonds,
        }
    }

    /// Whether a worker's commitment is in the state of a node's best block.
    pub async fn committed(&self, net: &Net, at: &str, worker: &str) -> bool {
        let arguments = (self.job, native(person(worker).account()));
        let assignment: Option<Assignment<AccountId>> =
            net.ask(at, "JobsApi_assignment", arguments, None).await;
        assignment.expect("it has a seat").committed.is_some()
    }

    /// Whether a worker's reveal is in finalized state.
    pub async fn revealed(&self, chain: &Chain, worker: &str) -> bool {
        let at = chain.finalized().await.unwrap();
        let key = (self.job, person(worker).account());
        let answer = chain
            .get(&at, api::storage().jobs().answers(), key)
            .await
            .unwrap();
        answer.expect("it committed").revealed.is_some()
    }

    /// Waits for the end and checks it: all three agree on the right result, each answered exactly
    /// once, nobody lost anything, and the result can be had.
    pub async fn ends_well(&self, chain: &Chain) {
        let entry = until("the settlement", || async {
            let at = chain.finalized().await.unwrap();
            match job::phase(chain, &at, self.job).await.unwrap() {
                Phase::Live(_) => None,
                Phase::Finished(entry) => Some(entry),
                Phase::Gone => panic!("{}", job::end_reason(chain, self.job).await.unwrap()),
            }
        })
        .await;
        assert_eq!(entry.outcome.0, Outcome::Success(self.task.digest));
        for worker in WORKERS {
            let account = person(worker).account();
            assert!(entry.winners.0.contains(&account), "{worker} did not win");
        }
        assert_eq!(bonds(chain).await, self.bonds, "a bond was touched");

        let mut answers = Vec::new();
        let last = chain.finalized().await.unwrap().block_number();
        for number in self.posted..=u32::try_from(last).unwrap() {
            let at = chain.at(number).await.unwrap();
            let events = at.events().fetch().await.unwrap();
            for event in events.find::<api::jobs::events::Committed>() {
                let event = event.unwrap();
                answers.push((event.job, "committed", event.worker));
            }
            for event in events.find::<api::jobs::events::Revealed>() {
                let event = event.unwrap();
                answers.push((event.job, "revealed", event.worker));
            }
        }
        for worker in WORKERS {
            for what in ["committed", "revealed"] {
                let wanted = (self.job, what, person(worker).account());
                let count = answers.iter().filter(|answer| **answer == wanted).count();
                assert_eq!(count, 1, "{worker} {what} {count} times");
            }
        }

        let client = person("dave");
        let found = job::fetch(chain, &client.key, client.identities(), self.job).await;
        assert_eq!(*found.unwrap().bytes, self.task.bytes);
    }
}

/// The workers' bonds. None of them may have a strike.
async fn bonds(chain: &Chain) -> Vec<Balance> {
    let mut bonds = Vec::new();
    for worker in WORKERS {
        let standing = worker::standing(chain, person(worker).account()).await;
        let standing = standing.unwrap().unwrap();
        assert_eq!((standing.state, standing.strikes), ("drawable", 0));
        bonds.push(standing.bond);
    }
    bonds
}

/// Makes the store of a node's gateway fail for one blob: a folder is in the place of its file.
pub struct Refused(PathBuf);

impl Refused {
    pub fn new(net: &Net, node: &str, digest: &Digest) -> Self {
        let name = hex::encode(digest.as_bytes());
        let path = net.base(node).join("blobs/blobs").join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// The store takes the blob again.
    pub fn lift(self) {
        fs::remove_dir(self.0).unwrap();
    }
}
