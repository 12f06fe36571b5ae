//! The parachain blob as a relay chain sees it: a collator's blocks, validated by the code that the
//! relay chain's validators run.

mod collator;
#[path = "../suite/merge.rs"]
mod merge;
mod validator;

use std::time::Instant;

use codec::{Decode, Encode};
use pallet_jobs::{JobSpec, Jobs};
use polkadot_sdk::{
    frame_support::{traits::ConstU32, BoundedVec},
    polkadot_primitives::MAX_POV_SIZE,
    sp_core::{sr25519, Pair, H256},
    sp_trie::CompactProof,
};
use salus_primitives::{
    blobs::BlobPointer,
    jobs::{Cipher, InputSpec, ResultForm, WorkBound},
    records::Rights,
    AccountId, Header, MED,
};
use salus_runtime::{Records, Runtime, RuntimeCall};

use collator::{Collation, Collator};
use validator::Validator;

/// Code that a relay chain takes: its `MAX_CODE_SIZE`.
const MAX_CODE_SIZE: usize = 3 * 1024 * 1024;
/// Time that validators have for a block before they back it.
const BACKING_SECONDS: f64 = 2.0;
/// Purpose of use `HRESCH`.
const RESEARCH: u16 = 5;

fn pair(uri: &str) -> sr25519::Pair {
    sr25519::Pair::from_string(uri, None).expect("a development key")
}

fn account(uri: &str) -> AccountId {
    pair(uri).public().into()
}

fn blob(seed: u8) -> BlobPointer {
    BlobPointer {
        digest: H256::repeat_byte(seed),
        size: 1_000,
        location: bounded(b"http://127.0.0.1:9955"),
    }
}

fn bounded<const N: u32>(bytes: &[u8]) -> BoundedVec<u8, ConstU32<N>> {
    bytes.to_vec().try_into().expect("within the bound")
}

/// A patient's record is released, stored and shared, a job is posted, stake is delegated.
fn work(now: u64) -> Vec<(&'static str, RuntimeCall)> {
    let (alice, bob, eve) = (account("//Alice"), account("//Bob"), account("//Eve"));
    let commitment = H256::repeat_byte(5);
    let record = Records::record_id(&alice, &eve, &commitment);
    let rights = Rights {
        read: true,
        analyse: true,
    };
    let capsule = bounded(&[7; 232]);
    let job = JobSpec {
        algorithm: bounded(b"fcm/1"),
        parameters: bounded(b"{}"),
        inputs: vec![InputSpec::Own {
            commitment: H256::repeat_byte(9),
        }]
        .try_into()
        .expect("one input"),
        purpose: RESEARCH,
        quorum: 2,
        panel: 3,
        reserves: 1,
        reward: 10 * MED,
        bound: WorkBound {
            rows: 150,
            columns: 4,
            clusters: 3,
            iterations: 100,
        },
        form: ResultForm::Sealed,
        cipher: Cipher::AgeX25519,
        commit_window: 100,
    };
    vec![
        (
            "//Eve",
            pallet_registry::Call::register_patient {
                credential: H256::repeat_byte(1),
                recipient: [8; 32],
                sponsor: None,
            }
            .into(),
        ),
        (
            "//Bob",
            pallet_registry::Call::attest {
                patient: eve.clone(),
            }
            .into(),
        ),
        (
            "//Alice",
            pallet_records::Call::release {
                patient: eve,
                commitment,
                format: 1,
                delivery: blob(6),
            }
            .into(),
        ),
        (
            "//Eve",
            pallet_records::Call::store {
                record,
                blob: blob(7),
                recipient: [3; 32],
            }
            .into(),
        ),
        (
            "//Eve",
            pallet_records::Call::share {
                grantee: bob,
                items: vec![(record, Some(capsule))]
                    .try_into()
                    .expect("one record"),
                rights,
                purpose: RESEARCH,
                expires: now + 30 * 24 * 60 * 60 * 1_000,
                request: None,
            }
            .into(),
        ),
        ("//Bob", pallet_jobs::Call::post { spec: job }.into()),
        (
            "//Ferdie",
            pallet_delegation::Call::delegate {
                candidate: alice,
                amount: 1_000 * MED,
            }
            .into(),
        ),
    ]
}

/// Validates a block as relay-chain validators do, and checks what they get to see.
fn accept(validator: &Validator, collation: &Collation) -> f64 {
    let before = Instant::now();
    let result = validator
        .validate(collation, &collation.proof)
        .expect("the block is valid");
    let seconds = before.elapsed().as_secs_f64();
    assert_eq!(result.head_data.0, collation.header.encode());
    let head = Header::decode(&mut &result.head_data.0[..]).expect("the head is a header");
    assert_eq!(head.state_root, collation.header.state_root);
    assert_ne!(head.state_root, collation.parent.state_root);
    assert!(result.new_validation_code.is_none());
    assert_eq!(result.processed_downward_messages, 0);
    assert_eq!(result.hrmp_watermark, collation.relay_number);
    seconds
}

#[test]
fn relay_chain_validators_accept_what_a_collator_builds() {
    let mut collator = Collator::new();
    let validator = Validator::new(collator.code());
    accept(&validator, &collator.collate(Vec::new()));

    let calls = work(collator.now());
    let extrinsics = calls.len();
    let busy = collator.collate(calls);
    assert_eq!(busy.transactions, extrinsics);
    let seconds = accept(&validator, &busy);
    let (proof, pov) = (
        busy.proof.encode().len(),
        busy.pov(&busy.proof).encode().len(),
    );
    println!(
        "validate_block: {extrinsics} transactions, proof {proof} bytes, PoV {pov} bytes, {:.1} ms",
        seconds * 1_000.0
    );
    assert!(pov < MAX_POV_SIZE as usize / 20, "{pov} bytes");
    assert!(seconds < BACKING_SECONDS, "{seconds} s");

    // The panel is drawn from the relay chain's values, once enough of them are later than the post.
    let key = Jobs::<Runtime>::hashed_key_for(0u64);
    let drawn = |collator: &Collator| {
        let job = collator.storage(&key).expect("the job is there");
        let job = pallet_jobs::JobOf::<Runtime>::decode(&mut &job[..]).expect("a job");
        !job.seats.is_empty()
    };
    let posted = busy.header.number;
    while !drawn(&collator) {
        let collation = collator.collate(Vec::new());
        accept(&validator, &collation);
        assert!(collation.header.number < posted + 40, "no panel was drawn");
    }
    // Two blocks of free cancelling, twelve outputs, each known eight relay blocks before it is used.
    assert!(collator.head().number >= posted + 2 + 12 + 8);
}

/// A session ends, and the collators whom stake elects take over.
#[test]
fn a_block_that_ends_a_session_is_valid() {
    let mut collator = Collator::new();
    let validator = Validator::new(collator.code());
    for _ in 0..21 {
        let collation = collator.collate(Vec::new());
        accept(&validator, &collation);
    }
    let key = polkadot_sdk::pallet_session::CurrentIndex::<Runtime>::hashed_key();
    let session = collator.storage(&key).expect("sessions are counted");
    assert_eq!(session, 1u32.encode());
    assert_eq!(collator.authorities().len(), 4);
}

#[test]
fn validators_refuse_what_a_collator_makes_up() {
    let mut collator = Collator::new();
    let validator = Validator::new(collator.code());
    let calls = work(collator.now());
    let collation = collator.collate(calls);
    accept(&validator, &collation);

    let refused = |what: &str, collation: &Collation, proof: &CompactProof| {
        assert!(validator.validate(collation, proof).is_err(), "{what}");
    };
    for node in 0..collation.proof.encoded_nodes.len() {
        let mut proof = collation.proof.clone();
        let Some(last) = proof.encoded_nodes[node].last_mut() else {
            continue;
        };
        *last ^= 1;
        refused("a changed node", &collation, &proof);
    }
    let mut proof = collation.proof.clone();
    proof.encoded_nodes.pop();
    refused("a missing node", &collation, &proof);

    let mut other = collation.clone();
    other.header.state_root = H256::repeat_byte(1);
    collator.seal(&mut other.header);
    refused("another state root", &other, &collation.proof);

    let mut other = collation.clone();
    other.extrinsics.pop();
    refused("a transaction less", &other, &collation.proof);

    let mut other = collation.clone();
    other.header.digest.pop();
    refused("no seal", &other, &collation.proof);

    let mut other = collation.clone();
    other.header.digest.pop();
    collator.seal_as(&mut other.header, "//Ferdie");
    refused("somebody else's seal", &other, &collation.proof);

    let mut other = collation.clone();
    other.relay_root = H256::repeat_byte(2);
    refused("another relay parent", &other, &collation.proof);
}

#[test]
fn relay_chains_take_the_code() {
    let blob = salus_runtime::parachain::WASM_BINARY.expect("built with the blob");
    println!("parachain blob: {} bytes compressed", blob.len());
    assert!(blob.len() < MAX_CODE_SIZE, "{} bytes", blob.len());
}
