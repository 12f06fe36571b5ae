//! The runtime APIs of the parachain flavour as the client asks for them.
//!
//! Natively `salus-runtime` is the solo flavour, so the types come from here. The client calls the
//! blob; nothing in this file ever runs.

// What only the bodies need.
#![allow(dead_code)]

use polkadot_sdk::{
    cumulus_primitives_core::{CollationInfo, ParaId, RelayProofRequest},
    pallet_transaction_payment::{FeeDetails, RuntimeDispatchInfo},
    sp_api::{self, impl_runtime_apis},
    sp_consensus_aura::sr25519::AuthorityId as AuraId,
    sp_core::{crypto::KeyTypeId, OpaqueMetadata},
    sp_inherents::{CheckInherentsResult, InherentData},
    sp_runtime::{
        traits::Block as BlockT,
        transaction_validity::{TransactionSource, TransactionValidity},
        ApplyExtrinsicResult, ExtrinsicInclusionMode,
    },
    sp_session::OpaqueGeneratedSessionKeys,
    sp_version::RuntimeVersion,
    sp_weights::Weight,
    *,
};
use salus_primitives::{
    duties::Duty,
    jobs::{Assignment, JobId, Sealing},
    AccountId, Balance, Digest, Hash, Header, Nonce, OpaqueBlock as Block,
};

type LazyBlock = <Block as BlockT>::LazyBlock;
type Extrinsic = <Block as BlockT>::Extrinsic;

/// Stands for the runtime of the blob.
pub struct Runtime;

fn in_the_blob<T>() -> T {
    unreachable!("runtime APIs are called in the blob")
}

impl_runtime_apis! {
    impl sp_api::Core<Block> for Runtime {
        fn version() -> RuntimeVersion {
            in_the_blob()
        }

        fn execute_block(_: LazyBlock) {
            in_the_blob()
        }

        fn initialize_block(_: &Header) -> ExtrinsicInclusionMode {
            in_the_blob()
        }
    }

    impl sp_api::Metadata<Block> for Runtime {
        fn metadata() -> OpaqueMetadata {
            in_the_blob()
        }

        fn metadata_at_version(_: u32) -> Option<OpaqueMetadata> {
            in_the_blob()
        }

        fn metadata_versions() -> Vec<u32> {
            in_the_blob()
        }
    }

    impl sp_block_builder::BlockBuilder<Block> for Runtime {
        fn apply_extrinsic(_: Extrinsic) -> ApplyExtrinsicResult {
            in_the_blob()
        }

        fn finalize_block() -> Header {
            in_the_blob()
        }

        fn inherent_extrinsics(_: InherentData) -> Vec<Extrinsic> {
            in_the_blob()
        }

        fn check_inherents(_: LazyBlock, _: InherentData) -> CheckInherentsResult {
            in_the_blob()
        }
    }

    impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
        fn validate_transaction(_: TransactionSource, _: Extrinsic, _: Hash) -> TransactionValidity {
            in_the_blob()
        }
    }

    impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
        fn offchain_worker(_: &Header) {
            in_the_blob()
        }
    }

    impl sp_session::SessionKeys<Block> for Runtime {
        fn generate_session_keys(_: Vec<u8>, _: Option<Vec<u8>>) -> OpaqueGeneratedSessionKeys {
            in_the_blob()
        }

        fn decode_session_keys(_: Vec<u8>) -> Option<Vec<(Vec<u8>, KeyTypeId)>> {
            in_the_blob()
        }
    }

    impl sp_consensus_aura::AuraApi<Block, AuraId> for Runtime {
        fn slot_duration() -> sp_consensus_aura::SlotDuration {
            in_the_blob()
        }

        fn authorities() -> Vec<AuraId> {
            in_the_blob()
        }
    }

    impl cumulus_primitives_aura::AuraUnincludedSegmentApi<Block> for Runtime {
        fn can_build_upon(_: Hash, _: cumulus_primitives_aura::Slot) -> bool {
            in_the_blob()
        }
    }

    impl cumulus_primitives_core::CollectCollationInfo<Block> for Runtime {
        fn collect_collation_info(_: &Header) -> CollationInfo {
            in_the_blob()
        }
    }

    impl cumulus_primitives_core::GetParachainInfo<Block> for Runtime {
        fn parachain_id() -> ParaId {
            in_the_blob()
        }
    }

    impl cumulus_primitives_core::RelayParentOffsetApi<Block> for Runtime {
        fn relay_parent_offset() -> u32 {
            in_the_blob()
        }

        fn max_claim_queue_offset() -> u8 {
            in_the_blob()
        }
    }

    impl cumulus_primitives_core::KeyToIncludeInRelayProof<Block> for Runtime {
        fn keys_to_prove() -> RelayProofRequest {
            in_the_blob()
        }
    }

    impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
        fn account_nonce(_: AccountId) -> Nonce {
            in_the_blob()
        }
    }

    impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance> for Runtime {
        fn query_info(_: Extrinsic, _: u32) -> RuntimeDispatchInfo<Balance> {
            in_the_blob()
        }

        fn query_fee_details(_: Extrinsic, _: u32) -> FeeDetails<Balance> {
            in_the_blob()
        }

        fn query_weight_to_fee(_: Weight) -> Balance {
            in_the_blob()
        }

        fn query_length_to_fee(_: u32) -> Balance {
            in_the_blob()
        }
    }

    impl salus_primitives::apis::DutiesApi<Block, AccountId> for Runtime {
        fn duties(_: AccountId, _: u32) -> Vec<Duty<AccountId>> {
            in_the_blob()
        }

        fn member(_: AccountId) -> Option<AccountId> {
            in_the_blob()
        }
    }

    impl salus_primitives::apis::BlobsApi<Block, AccountId> for Runtime {
        fn may_fetch(_: AccountId, _: Digest) -> bool {
            in_the_blob()
        }

        fn is_referenced(_: Digest) -> bool {
            in_the_blob()
        }

        fn upload_quota(_: AccountId) -> u64 {
            in_the_blob()
        }

        fn now() -> u64 {
            in_the_blob()
        }
    }

    impl salus_primitives::apis::JobsApi<Block, AccountId> for Runtime {
        fn assignment(_: JobId, _: AccountId) -> Option<Assignment<AccountId>> {
            in_the_blob()
        }

        fn sealings(_: JobId, _: AccountId) -> Vec<Sealing<AccountId>> {
            in_the_blob()
        }
    }
}
