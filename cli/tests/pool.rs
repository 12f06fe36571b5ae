//! The transaction pool of a node.

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

/// Who sends many does not see to it that they arrive in order, nor in the same block.
#[test]
fn later_transactions_wait_for_an_earlier_one() {
    play(async {
        let mut net = Net::create(1, false);
        net.start().await;
        let chain = net.chain("alice").await;
        let key = Person::named("//Alice").key;
        let account = native(account_of(&key));
        let nonce = async || -> u32 {
            net.ask(
                "alice",
                "AccountNonceApi_account_nonce",
                account.clone(),
                None,
            )
            .await
        };
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
