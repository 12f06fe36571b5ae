//! Validates a block by the interface that the relay chain's validators execute code through.

use codec::{Decode, Encode};
use polkadot_sdk::{
    polkadot_node_core_pvf_common::executor_interface::{execute_artifact, prepare, prevalidate},
    polkadot_parachain_primitives::primitives::{
        BlockData, HeadData, ValidationParams, ValidationResult,
    },
    polkadot_primitives::ExecutorParams,
    sp_maybe_compressed_blob::{decompress, CODE_BLOB_BOMB_LIMIT},
    sp_trie::CompactProof,
};

use crate::collator::Collation;

/// The code, compiled as validators keep it.
pub struct Validator(Vec<u8>);

impl Validator {
    pub fn new(code: &[u8]) -> Self {
        let code = decompress(code, CODE_BLOB_BOMB_LIMIT).expect("the code decompresses");
        let code = prevalidate(&code).expect("the code is wasm");
        Self(prepare(code, &ExecutorParams::default()).expect("the code compiles"))
    }

    /// What `validate_block` returns, or why it trapped.
    pub fn validate(
        &self,
        collation: &Collation,
        proof: &CompactProof,
    ) -> Result<ValidationResult, String> {
        let params = ValidationParams {
            parent_head: HeadData(collation.parent.encode()),
            block_data: BlockData(collation.pov(proof).encode()),
            relay_parent_number: collation.relay_number,
            relay_parent_storage_root: collation.relay_root,
        };
        // SAFETY: `prepare` made the artifact and nobody changed it.
        let result =
            unsafe { execute_artifact(&self.0, &ExecutorParams::default(), &params.encode()) }
                .map_err(|error| format!("{error:?}"))?;
        ValidationResult::decode(&mut &result[..]).map_err(|error| error.to_string())
    }
}
