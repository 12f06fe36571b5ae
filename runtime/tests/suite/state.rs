//! The state as a node keeps it.

use std::collections::{HashMap, HashSet};

use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok},
    frame_system::Error,
    sp_core::H256,
    sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET,
    sp_io::{storage, TestExternalities},
    sp_runtime::traits::Dispatchable,
};
use salus_primitives::blobs::BlobPointer;
use salus_runtime::{Records, Registry, Runtime, RuntimeCall, RuntimeOrigin};

use crate::chain::{account, chain, Author};

/// Shortest value that the trie keeps outside the node of its key.
const KEPT_APART: usize = 33;

/// Values of the state which are a node of its trie too, byte for byte. Nodes cache both under the
/// hash of their bytes and stop where they find the one in place of the other.
fn values_like_nodes(mut chain: TestExternalities) -> Vec<Vec<u8>> {
    let mut values = HashMap::new();
    chain.execute_with(|| {
        let mut key = Vec::new();
        while let Some(next) = storage::next_key(&key) {
            if let Some(value) = storage::get(&next).filter(|value| value.len() >= KEPT_APART) {
                *values.entry(value.to_vec()).or_insert(0) += 1;
            }
            key = next;
        }
    });
    chain.commit_all().expect("changes are committed");
    let (entries, _) = chain.into_raw_snapshot();
    assert!(entries.len() > values.len(), "the trie has nodes");
    for (_, (bytes, references)) in entries {
        if let Some(count) = values.get_mut(&bytes) {
            *count -= references;
        }
    }
    values
        .into_iter()
        .filter(|(_, count)| *count != 0)
        .map(|(value, _)| value)
        .collect()
}

/// One record for each first byte of an identifier: the identifiers part at their second nibble, so
/// that the leaves of `RecordsOf` hold all bytes but the first.
#[test]
fn no_value_is_a_node() {
    let mut chain = chain(LOCAL_TESTNET_RUNTIME_PRESET);
    chain.execute_with(|| {
        Author::new(1_000).build(1);
        let (alice, patient) = (account("//Alice"), account("//Eve"));
        assert_ok!(Registry::register_patient(
            RuntimeOrigin::signed(patient.clone()),
            H256::repeat_byte(1),
            [8; 32],
            None
        ));
        let mut seen = HashSet::new();
        let mut seed = 0;
        while seen.len() < 256 {
            seed += 1;
            let commitment = H256::from_low_u64_be(seed);
            let record = Records::record_id(&alice, &patient, &commitment);
            if !seen.insert(record[0]) {
                continue;
            }
            let blob = BlobPointer {
                digest: commitment,
                size: 100,
                location: b"http://127.0.0.1:9955".to_vec().try_into().unwrap(),
            };
            assert_ok!(Records::release(
                RuntimeOrigin::signed(alice.clone()),
                patient.clone(),
                commitment,
                1,
                blob
            ));
        }
    });
    assert_eq!(values_like_nodes(chain), Vec::<Vec<u8>>::new());
}

#[test]
fn nobody_writes_bytes_of_free_choice() {
    chain(LOCAL_TESTNET_RUNTIME_PRESET).execute_with(|| {
        let bytes = vec![0x41; 100];
        let call =
            RuntimeCall::Preimage(polkadot_sdk::pallet_preimage::Call::note_preimage { bytes });
        assert_noop!(
            call.dispatch(RuntimeOrigin::signed(account("//Alice"))),
            Error::<Runtime>::CallFiltered
        );
    });
}
