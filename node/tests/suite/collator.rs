//! `salus-node --dev --chain parachain-dev`: the parachain flavour without a relay chain.

use std::{process::Command, time::Duration};

use codec::{Decode, Encode};
use polkadot_sdk::{
    frame_metadata_hash_extension::CheckMetadataHash,
    frame_system::{
        self, AccountInfo, AuthorizeCall, CheckEra, CheckGenesis, CheckNonZeroSender, CheckNonce,
        CheckSpecVersion, CheckTxVersion, CheckWeight,
    },
    pallet_balances::{self, AccountData},
    pallet_transaction_payment::ChargeTransactionPayment,
    sp_core::{sr25519, Pair},
    sp_runtime::{generic::Era, MultiSignature},
};
use salus_primitives::{AccountId, Balance, Hash, Header, Nonce, MED};
use salus_runtime::{configs::flavour, Runtime, RuntimeCall, SignedPayload, UncheckedExtrinsic};
use serde_json::{json, Value};

use crate::process::{Node, NODE};

/// Of a transfer to an account that the preset does not have.
const AMOUNT: Balance = 5 * MED;

fn pair(uri: &str) -> sr25519::Pair {
    sr25519::Pair::from_string(uri, None).expect("a development key")
}

fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("0x{digits}")
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.strip_prefix("0x").expect("hexadecimal").as_bytes();
    digits
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).expect("ASCII");
            u8::from_str_radix(pair, 16).expect("hexadecimal")
        })
        .collect()
}

/// The first transaction of an account. The checks are encoded as in the solo flavour.
fn first_transaction(signer: &str, call: RuntimeCall, genesis: Hash) -> Vec<u8> {
    let signer = pair(signer);
    let extension = flavour::reclaiming((
        AuthorizeCall::new(),
        CheckNonZeroSender::new(),
        CheckSpecVersion::new(),
        CheckTxVersion::new(),
        CheckGenesis::new(),
        CheckEra::from(Era::Immortal),
        CheckNonce::from(0),
        CheckWeight::new(),
        ChargeTransactionPayment::from(0),
        CheckMetadataHash::new(false),
    ));
    let version = salus_runtime::VERSION;
    let signed = (
        (),
        (),
        version.spec_version,
        version.transaction_version,
        genesis,
        genesis,
        (),
        (),
        (),
        None,
        (),
    );
    let payload = SignedPayload::from_raw(call, extension, signed);
    let signature = payload.using_encoded(|bytes| signer.sign(bytes));
    let (call, extension, _) = payload.deconstruct();
    UncheckedExtrinsic::new_signed(
        call,
        AccountId::from(signer.public()).into(),
        MultiSignature::Sr25519(signature),
        extension,
    )
    .encode()
}

fn result(node: &Node, method: &str, params: Value) -> Option<Value> {
    node.call(method, params)?.get("result").cloned()
}

/// Free balance in the newest final state.
fn final_balance(node: &Node, who: &AccountId) -> Option<Balance> {
    let key = frame_system::Account::<Runtime>::hashed_key_for(who);
    let at = result(node, "chain_getFinalizedHead", json!([]))?;
    let account = result(node, "state_getStorage", json!([hex(&key), at]))?;
    let account = bytes(account.as_str()?);
    let account = AccountInfo::<Nonce, AccountData<Balance>>::decode(&mut &account[..]).ok()?;
    Some(account.data.free)
}

#[test]
fn a_development_parachain_makes_final_blocks_without_a_relay_chain() {
    let base = tempfile::tempdir().expect("a folder");
    let args = [
        "--chain",
        "parachain-dev",
        "--agent",
        "--gateway-listen",
        "127.0.0.1:0",
    ];
    let mut node = Node::dev(base.path(), &args);
    node.wait(base.path(), "RPC", Duration::from_secs(120), |node| {
        result(node, "chain_getBlockHash", json!([0])).is_some()
    });

    let genesis = result(&node, "chain_getBlockHash", json!([0])).expect("RPC answers");
    let genesis = Hash::decode(&mut &bytes(genesis.as_str().expect("a hash"))[..]).expect("a hash");
    let version = result(&node, "state_getRuntimeVersion", json!([])).expect("RPC answers");
    assert_eq!(version["specName"], "salus-parachain");
    let grace = AccountId::from(pair("//Grace").public());
    let call = pallet_balances::Call::transfer_keep_alive {
        dest: grace.clone().into(),
        value: AMOUNT,
    };
    let transfer = first_transaction("//Alice", call.into(), genesis);
    let submitted = node
        .call("author_submitExtrinsic", json!([hex(&transfer)]))
        .expect("RPC answers");
    assert!(submitted.get("error").is_none(), "{submitted}");

    // Empty blocks too, and every one is final at once.
    node.wait(
        base.path(),
        "fourth final block with the transfer",
        Duration::from_secs(120),
        |node| {
            let height = node.metric("substrate_block_height{status=\"finalized\"");
            height.is_some_and(|height| height >= 4.0)
                && final_balance(node, &grace).is_some_and(|free| free == AMOUNT)
        },
    );
    // What every node of Salus answers.
    let status = result(&node, "salus_workerStatus", json!([])).expect("RPC answers");
    assert_eq!(status, json!([]));
    let keys = node
        .call("author_rotateKeys", json!([]))
        .expect("RPC answers");
    let keys = keys["result"].as_str().expect("unsafe RPC is on");
    assert_eq!(bytes(keys).len(), 32, "one key, Aura's");
}

#[test]
fn a_parachain_is_registered_with_what_the_node_exports() {
    let run = |command: &str, chain: &str| {
        Command::new(NODE)
            .args([command, "--chain", chain])
            .output()
            .expect("the node runs")
    };
    let head = run("export-genesis-head", "parachain-local");
    assert!(head.status.success(), "{head:?}");
    let head = bytes(std::str::from_utf8(&head.stdout).expect("ASCII").trim());
    let head = Header::decode(&mut &head[..]).expect("the head is a header");
    assert_eq!(head.number, 0);

    let code = run("export-genesis-wasm", "parachain-local");
    assert!(code.status.success());
    let code = bytes(std::str::from_utf8(&code.stdout).expect("ASCII").trim());
    let blob = salus_runtime::parachain::WASM_BINARY.expect("built with the blob");
    assert!(code == blob, "the code is the blob");

    let refused = run("export-genesis-head", "dev");
    assert!(!refused.status.success());
    let error = String::from_utf8_lossy(&refused.stderr);
    assert!(error.contains("names no relay chain"), "{error}");
}

#[test]
fn a_development_parachain_has_no_relay_chain_to_give_options_to() {
    let base = tempfile::tempdir().expect("a folder");
    let refused = Command::new(NODE)
        .args(["--dev", "--chain", "parachain-dev", "--base-path"])
        .arg(base.path())
        .args(["--", "--chain", "rococo-local"])
        .output()
        .expect("the node runs");
    assert!(!refused.status.success());
    let error = String::from_utf8_lossy(&refused.stderr);
    assert!(error.contains("without a relay chain"), "{error}");
}
