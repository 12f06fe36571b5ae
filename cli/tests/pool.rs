//! The transaction pool of a node.

use futures::{stream, StreamExt};
use salus_cli::chain::{self, account_of, api, Chain};
use salus_primitives::Digest;
use serde_json::json;
use subxt_signer::sr25519::Keypair;

use crate::{
    chain::Person,
    faults::{
        net::{play, until, Net},
        work::native,
    },
};

/// Blocks for which a transaction waits for the one before it.
const WAIT: u32 = 3;
/// Blocks in which the transactions can be included.
const MORTAL: u64 = 256;

/// More than the SDK's pool remembers of what blocks held (4,096).
const MANY: u32 = 5_000;
/// Requests that the node has not answered yet.
const PIPELINE: usize = 32;
const VALIDATIONS: &str = "substrate_sub_txpool_validations_finished";

/// A signed `system.remark` as JSON-RPC takes it.
async fn remark(chain: &Chain, key: &Keypair, nonce: u64) -> String {
    let at = chain.finalized().await.unwrap();
    let call = api::tx().system().remark(nonce.to_le_bytes().to_vec());
    chain::sign(&at, key, &call, nonce, MORTAL).unwrap()
}

async fn submit(net: &Net, transaction: String) {
    let answer = net
        .call("alice", "author_submitExtrinsic", json!([transaction]))
        .await;
    let _: Digest = serde_json::from_value(answer.unwrap()).unwrap();
}

async fn nonce_of(net: &Net, key: &Keypair) -> u32 {
    let account = native(account_of(key));
    net.ask("alice", "AccountNonceApi_account_nonce", account, None)
        .await
}

/// Who sends many does not see to it that they arrive in order, nor in the same block.
#[test]
fn later_transactions_wait_for_an_earlier_one() {
    play(async {
        let mut net = Net::create(1, false);
        net.start().await;
        let chain = net.chain("alice").await;
        let key = Person::named("//Alice").key;
        let nonce = async || nonce_of(&net, &key).await;
        let first = nonce().await;
        for later in (1..=20).rev() {
            submit(&net, remark(&chain, &key, (first + later).into()).await).await;
        }
        let (height, _) = net.heights("alice").await;
        net.finalizes("alice", height + WAIT).await;
        assert_eq!(nonce().await, first, "what nobody submitted was executed");
        submit(&net, remark(&chain, &key, first.into()).await).await;
        until("all of them in blocks", || async {
            (nonce().await == first + 21).then_some(())
        })
        .await;
    });
}

/// What a block holds is not validated again when the pool takes it out.
#[test]
fn a_transaction_is_validated_once() {
    play(async {
        let mut net = Net::create(1, false);
        net.start().await;
        let chain = net.chain("alice").await;
        let key = Person::named("//Alice").key;
        let first = nonce_of(&net, &key).await;
        let before = net.metric("alice", VALIDATIONS).await;
        let at = chain.finalized().await.unwrap();
        stream::iter(first..first + MANY)
            .map(|nonce| {
                let call = api::tx().system().remark(nonce.to_le_bytes().to_vec());
                chain::sign(&at, &key, &call, nonce.into(), MORTAL).unwrap()
            })
            .map(|transaction| submit(&net, transaction))
            .buffered(PIPELINE)
            .collect::<()>()
            .await;
        until("all of them in blocks", || async {
            (nonce_of(&net, &key).await == first + MANY).then_some(())
        })
        .await;
        let validations = net.metric("alice", VALIDATIONS).await - before;
        let most = f64::from(MANY) * 1.02;
        assert!(validations >= f64::from(MANY), "{validations} of {MANY}");
        // Inherents of blocks are validated too.
        assert!(validations <= most, "{validations} for {MANY} transactions");
    });
}
