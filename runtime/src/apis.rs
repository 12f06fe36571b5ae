//! What nodes and commands may ask of the runtime.

use alloc::vec::Vec;
use polkadot_sdk::{
    frame_support::{
        genesis_builder_helper::{build_state, get_preset},
        traits::Get,
        weights::Weight,
    },
    pallet_transaction_payment::{FeeDetails, RuntimeDispatchInfo},
    sp_api::{self, impl_runtime_apis},
    sp_core::OpaqueMetadata,
    sp_genesis_builder,
    sp_inherents::{CheckInherentsResult, InherentData},
    sp_runtime::{
        traits::Block as BlockT,
        transaction_validity::{TransactionSource, TransactionValidity},
        ApplyExtrinsicResult, ExtrinsicInclusionMode, FixedU128,
    },
    sp_session::OpaqueGeneratedSessionKeys,
    sp_version::RuntimeVersion,
    *,
};
use salus_primitives::{
    blobs::BlobAccess,
    duties::{Duties, Duty},
    jobs::{Assignment, JobId, ResultPointer, Sealing},
    membership::{Membership, Recipient, Role},
    stake::{CandidateInfo, StakeInfo, ValidatorInfo},
    training::{self, DataSetId, TrainingId},
    Digest,
};

#[cfg(feature = "parachain")]
use crate::{
    configs::flavour::{ConsensusHook, VELOCITY},
    Aura, ParachainInfo, ParachainSystem,
};
#[cfg(not(feature = "parachain"))]
use crate::{
    configs::{flavour::BABE_EPOCH_CONFIG, EpochDuration},
    offences::{session_of_set, session_of_slot},
    AuthorityDiscovery, Babe, Grandpa, KeyOwners,
};
use crate::{
    genesis, session_keys::SessionKeys, AccountId, Balance, Block, BlockNumber, Delegation,
    Executive, InherentDataExt, Jobs, Nonce, Records, Registry, Runtime, RuntimeCall,
    RuntimeGenesisConfig, Session, System, Training, TransactionPayment, VERSION,
};
#[cfg(not(feature = "parachain"))]
use codec::Encode;
#[cfg(not(feature = "parachain"))]
use polkadot_sdk::{
    sp_authority_discovery::AuthorityId as AuthorityDiscoveryId, sp_runtime::traits::NumberFor,
};

/// Duties handed out at once at most: a node that owes more is told of the most urgent.
const MAX_DUTIES: u32 = 64;

/// Unreferenced bytes a gateway keeps for one member: an admitted member may upload a cohort of
/// 1 GiB before its transaction is in a block, a patient a record of 256 MiB.
const UPLOAD_QUOTA_ADMITTED: u64 = 1 << 30;
const UPLOAD_QUOTA_PATIENT: u64 = 256 << 20;

impl_runtime_apis! {
    impl sp_api::Core<Block> for Runtime {
        fn version() -> RuntimeVersion {
            VERSION
        }

        fn execute_block(block: <Block as BlockT>::LazyBlock) {
            Executive::execute_block(block);
        }

        fn initialize_block(header: &<Block as BlockT>::Header) -> ExtrinsicInclusionMode {
            Executive::initialize_block(header)
        }
    }

    impl sp_api::Metadata<Block> for Runtime {
        fn metadata() -> OpaqueMetadata {
            OpaqueMetadata::new(Runtime::metadata().into())
        }

        fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> {
            Runtime::metadata_at_version(version)
        }

        fn metadata_versions() -> Vec<u32> {
            Runtime::metadata_versions()
        }
    }

    impl frame_support::view_functions::runtime_api::RuntimeViewFunction<Block> for Runtime {
        fn execute_view_function(
            id: frame_support::view_functions::ViewFunctionId,
            input: Vec<u8>,
        ) -> Result<Vec<u8>, frame_support::view_functions::ViewFunctionDispatchError> {
            Runtime::execute_view_function(id, input)
        }
    }

    impl sp_block_builder::BlockBuilder<Block> for Runtime {
        fn apply_extrinsic(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
            Executive::apply_extrinsic(extrinsic)
        }

        fn finalize_block() -> <Block as BlockT>::Header {
            Executive::finalize_block()
        }

        fn inherent_extrinsics(data: InherentData) -> Vec<<Block as BlockT>::Extrinsic> {
            data.create_extrinsics()
        }

        fn check_inherents(
            block: <Block as BlockT>::LazyBlock,
            data: InherentData,
        ) -> CheckInherentsResult {
            data.check_extrinsics(&block)
        }
    }

    impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
        fn validate_transaction(
            source: TransactionSource,
            tx: <Block as BlockT>::Extrinsic,
            block_hash: <Block as BlockT>::Hash,
        ) -> TransactionValidity {
            Executive::validate_transaction(source, tx, block_hash)
        }
    }

    impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
        fn offchain_worker(header: &<Block as BlockT>::Header) {
            Executive::offchain_worker(header)
        }
    }

    #[cfg(not(feature = "parachain"))]
    impl sp_consensus_babe::BabeApi<Block> for Runtime {
        fn configuration() -> sp_consensus_babe::BabeConfiguration {
            let epoch = Babe::epoch_config().unwrap_or(BABE_EPOCH_CONFIG);
            sp_consensus_babe::BabeConfiguration {
                slot_duration: Babe::slot_duration(),
                epoch_length: EpochDuration::get(),
                c: epoch.c,
                authorities: Babe::authorities().to_vec(),
                randomness: Babe::randomness(),
                allowed_slots: epoch.allowed_slots,
            }
        }

        fn current_epoch_start() -> sp_consensus_babe::Slot {
            Babe::current_epoch_start()
        }

        fn current_epoch() -> sp_consensus_babe::Epoch {
            Babe::current_epoch()
        }

        fn next_epoch() -> sp_consensus_babe::Epoch {
            Babe::next_epoch()
        }

        fn generate_key_ownership_proof(
            slot: sp_consensus_babe::Slot,
            authority_id: sp_consensus_babe::AuthorityId,
        ) -> Option<sp_consensus_babe::OpaqueKeyOwnershipProof> {
            KeyOwners::prove_in(session_of_slot(slot), (sp_consensus_babe::KEY_TYPE, authority_id))
                .map(|proof| sp_consensus_babe::OpaqueKeyOwnershipProof::new(proof.encode()))
        }

        fn submit_report_equivocation_unsigned_extrinsic(
            equivocation_proof: sp_consensus_babe::EquivocationProof<<Block as BlockT>::Header>,
            key_owner_proof: sp_consensus_babe::OpaqueKeyOwnershipProof,
        ) -> Option<()> {
            Babe::submit_unsigned_equivocation_report(equivocation_proof, key_owner_proof.decode()?)
        }
    }

    #[cfg(not(feature = "parachain"))]
    impl sp_consensus_grandpa::GrandpaApi<Block> for Runtime {
        fn grandpa_authorities() -> sp_consensus_grandpa::AuthorityList {
            Grandpa::grandpa_authorities()
        }

        fn current_set_id() -> sp_consensus_grandpa::SetId {
            pallet_grandpa::CurrentSetId::<Runtime>::get()
        }

        fn submit_report_equivocation_unsigned_extrinsic(
            equivocation_proof: sp_consensus_grandpa::EquivocationProof<
                <Block as BlockT>::Hash,
                NumberFor<Block>,
            >,
            key_owner_proof: sp_consensus_grandpa::OpaqueKeyOwnershipProof,
        ) -> Option<()> {
            Grandpa::submit_unsigned_equivocation_report(equivocation_proof, key_owner_proof.decode()?)
        }

        fn generate_key_ownership_proof(
            set_id: sp_consensus_grandpa::SetId,
            authority_id: sp_consensus_grandpa::AuthorityId,
        ) -> Option<sp_consensus_grandpa::OpaqueKeyOwnershipProof> {
            KeyOwners::prove_in(session_of_set(set_id)?, (sp_consensus_grandpa::KEY_TYPE, authority_id))
                .map(|proof| sp_consensus_grandpa::OpaqueKeyOwnershipProof::new(proof.encode()))
        }
    }

    #[cfg(not(feature = "parachain"))]
    impl sp_authority_discovery::AuthorityDiscoveryApi<Block> for Runtime {
        fn authorities() -> Vec<AuthorityDiscoveryId> {
            AuthorityDiscovery::authorities()
        }
    }

    // Panics are how its caller hears of a failure; nothing on chain can call it.
    #[cfg(feature = "try-runtime")]
    impl frame_try_runtime::TryRuntime<Block> for Runtime {
        fn on_runtime_upgrade(checks: frame_try_runtime::UpgradeCheckSelect) -> (Weight, Weight) {
            let weight = Executive::try_runtime_upgrade(checks);
            let weight = weight.unwrap_or_else(|error| panic!("{error:?}"));
            let most = <Runtime as frame_system::Config>::BlockWeights::get().max_block;
            (weight, most)
        }

        fn execute_block(
            block: <Block as BlockT>::LazyBlock,
            state_root_check: bool,
            signature_check: bool,
            select: frame_try_runtime::TryStateSelect,
        ) -> Weight {
            let weight =
                Executive::try_execute_block(block, state_root_check, signature_check, select);
            weight.unwrap_or_else(|error| panic!("{error:?}"))
        }
    }

    #[cfg(feature = "parachain")]
    impl sp_consensus_aura::AuraApi<Block, sp_consensus_aura::sr25519::AuthorityId> for Runtime {
        fn slot_duration() -> sp_consensus_aura::SlotDuration {
            sp_consensus_aura::SlotDuration::from_millis(Aura::slot_duration())
        }

        fn authorities() -> Vec<sp_consensus_aura::sr25519::AuthorityId> {
            pallet_aura::Authorities::<Runtime>::get().into_inner()
        }
    }

    #[cfg(feature = "parachain")]
    impl cumulus_primitives_aura::AuraUnincludedSegmentApi<Block> for Runtime {
        fn can_build_upon(
            included: <Block as BlockT>::Hash,
            slot: cumulus_primitives_aura::Slot,
        ) -> bool {
            ConsensusHook::can_build_upon(included, slot)
        }
    }

    #[cfg(feature = "parachain")]
    impl cumulus_primitives_core::CollectCollationInfo<Block> for Runtime {
        fn collect_collation_info(
            header: &<Block as BlockT>::Header,
        ) -> cumulus_primitives_core::CollationInfo {
            ParachainSystem::collect_collation_info(header)
        }
    }

    #[cfg(feature = "parachain")]
    impl cumulus_primitives_core::GetParachainInfo<Block> for Runtime {
        fn parachain_id() -> cumulus_primitives_core::ParaId {
            ParachainInfo::parachain_id()
        }
    }

    #[cfg(feature = "parachain")]
    impl cumulus_primitives_core::RelayParentOffsetApi<Block> for Runtime {
        fn relay_parent_offset() -> u32 {
            <Runtime as cumulus_pallet_parachain_system::Config>::RelayParentOffset::get()
        }

        fn max_claim_queue_offset() -> u8 {
            ParachainSystem::max_claim_queue_offset()
        }
    }

    #[cfg(feature = "parachain")]
    impl cumulus_primitives_core::TargetBlockRate<Block> for Runtime {
        fn target_block_rate() -> u32 {
            VELOCITY
        }
    }

    #[cfg(feature = "parachain")]
    impl cumulus_primitives_core::SchedulingV3EnabledApi<Block> for Runtime {
        fn scheduling_v3_enabled() -> bool {
            false
        }
    }

    #[cfg(feature = "parachain")]
    impl cumulus_primitives_core::KeyToIncludeInRelayProof<Block> for Runtime {
        fn keys_to_prove() -> cumulus_primitives_core::RelayProofRequest {
            // The random values are in every proof.
            Default::default()
        }
    }

    impl sp_session::SessionKeys<Block> for Runtime {
        fn generate_session_keys(owner: Vec<u8>, seed: Option<Vec<u8>>) -> OpaqueGeneratedSessionKeys {
            SessionKeys::generate(&owner, seed).into()
        }

        fn decode_session_keys(
            encoded: Vec<u8>,
        ) -> Option<Vec<(Vec<u8>, sp_core::crypto::KeyTypeId)>> {
            SessionKeys::decode_into_raw_public_keys(&encoded)
        }
    }

    impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
        fn account_nonce(account: AccountId) -> Nonce {
            System::account_nonce(account)
        }
    }

    impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance> for Runtime {
        fn query_info(uxt: <Block as BlockT>::Extrinsic, len: u32) -> RuntimeDispatchInfo<Balance> {
            TransactionPayment::query_info(uxt, len)
        }

        fn query_fee_details(uxt: <Block as BlockT>::Extrinsic, len: u32) -> FeeDetails<Balance> {
            TransactionPayment::query_fee_details(uxt, len)
        }

        fn query_weight_to_fee(weight: Weight) -> Balance {
            TransactionPayment::weight_to_fee(weight)
        }

        fn query_length_to_fee(length: u32) -> Balance {
            TransactionPayment::length_to_fee(length)
        }
    }

    impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentCallApi<Block, Balance, RuntimeCall>
        for Runtime
    {
        fn query_call_info(call: RuntimeCall, len: u32) -> RuntimeDispatchInfo<Balance> {
            TransactionPayment::query_call_info(call, len)
        }

        fn query_call_fee_details(call: RuntimeCall, len: u32) -> FeeDetails<Balance> {
            TransactionPayment::query_call_fee_details(call, len)
        }

        fn query_weight_to_fee(weight: Weight) -> Balance {
            TransactionPayment::weight_to_fee(weight)
        }

        fn query_length_to_fee(length: u32) -> Balance {
            TransactionPayment::length_to_fee(length)
        }
    }

    impl salus_primitives::apis::DutiesApi<Block, AccountId> for Runtime {
        fn duties(operator: AccountId, limit: u32) -> Vec<Duty<AccountId>> {
            let limit = limit.min(MAX_DUTIES);
            let Some(member) = <Registry as Membership<AccountId>>::member_of(&operator) else {
                return Vec::new();
            };
            let mut owed =
                <<Runtime as pallet_agent::Config>::Duties as Duties<AccountId, RuntimeCall>>::owed(&member, limit);
            owed.truncate(limit as usize);
            owed
        }

        fn member(operator: AccountId) -> Option<AccountId> {
            <Registry as Membership<AccountId>>::member_of(&operator)
        }
    }

    impl salus_primitives::apis::BlobsApi<Block, AccountId> for Runtime {
        fn may_fetch(who: AccountId, digest: Digest) -> bool {
            let member = <Registry as Membership<AccountId>>::principal(&who);
            <(Records, Jobs, Training) as BlobAccess<AccountId>>::may_fetch(&member, &digest)
        }

        fn is_referenced(digest: Digest) -> bool {
            <(Records, Jobs, Training) as BlobAccess<AccountId>>::is_referenced(&digest)
        }

        fn upload_quota(who: AccountId) -> u64 {
            let member = <Registry as Membership<AccountId>>::principal(&who);
            match <Registry as Membership<AccountId>>::role(&member) {
                Some(Role::Patient) => UPLOAD_QUOTA_PATIENT,
                Some(_) => UPLOAD_QUOTA_ADMITTED,
                None => 0,
            }
        }

        fn now() -> u64 {
            pallet_timestamp::Now::<Runtime>::get()
        }
    }

    impl salus_primitives::training::TrainingApi<Block, AccountId, Balance> for Runtime {
        fn training(id: TrainingId) -> Option<training::Training<AccountId, Balance, BlockNumber>> {
            Training::live_training(id)
        }

        fn past_training(
            id: TrainingId,
        ) -> Option<training::PastTraining<AccountId, Balance, BlockNumber>> {
            Training::past_training(id)
        }

        fn trainings_of(
            who: AccountId,
            after: Option<TrainingId>,
            limit: u32,
        ) -> Vec<(TrainingId, training::Involvement)> {
            Training::trainings_of(who, after, limit)
        }

        fn entitled(id: TrainingId) -> Vec<(AccountId, Recipient)> {
            Training::entitled(id)
        }

        fn model(id: TrainingId, who: AccountId) -> Vec<(training::Position, ResultPointer)> {
            Training::model(id, who)
        }

        fn data_set(id: DataSetId) -> Option<training::DataSet<AccountId, Balance, BlockNumber>> {
            Training::data_set(id)
        }

        fn data_sets_of(holder: AccountId, start: u32, limit: u32) -> Vec<DataSetId> {
            Training::data_sets_of(holder, start, limit)
        }
    }

    impl salus_primitives::apis::JobsApi<Block, AccountId> for Runtime {
        fn assignment(job: JobId, worker: AccountId) -> Option<Assignment<AccountId>> {
            Jobs::assignment(job, worker)
        }

        fn sealings(job: JobId, owner: AccountId) -> Vec<Sealing<AccountId>> {
            Jobs::sealings(job, owner)
        }
    }

    impl salus_primitives::stake::StakeApi<Block, AccountId, Balance> for Runtime {
        fn candidates(start: u32, limit: u32) -> Vec<CandidateInfo<AccountId, Balance>> {
            Delegation::candidates(start, limit)
        }

        fn stake_of(
            who: AccountId,
            after: Option<AccountId>,
            limit: u32,
        ) -> Vec<StakeInfo<AccountId, Balance>> {
            Delegation::stake_of(who, after, limit)
        }

        fn rewards_of(
            who: AccountId,
            after: Option<AccountId>,
            limit: u32,
        ) -> Vec<(AccountId, Balance)> {
            Delegation::rewards_of(who, after, limit)
        }

        fn expected_yield(candidate: AccountId) -> Option<FixedU128> {
            Delegation::expected_yield(candidate)
        }

        fn would_be_elected() -> Vec<AccountId> {
            Delegation::would_be_elected()
        }

        fn validator(
            key_type: sp_runtime::KeyTypeId,
            key: Vec<u8>,
        ) -> Option<ValidatorInfo<AccountId>> {
            Session::key_owner(key_type, &key).map(Delegation::validator)
        }
    }

    impl sp_genesis_builder::GenesisBuilder<Block> for Runtime {
        fn build_state(config: Vec<u8>) -> sp_genesis_builder::Result {
            build_state::<RuntimeGenesisConfig>(config)
        }

        fn get_preset(id: &Option<sp_genesis_builder::PresetId>) -> Option<Vec<u8>> {
            get_preset::<RuntimeGenesisConfig>(id, genesis::preset)
        }

        fn preset_names() -> Vec<sp_genesis_builder::PresetId> {
            genesis::preset_names()
        }
    }
    #[cfg(feature = "runtime-benchmarks")]
    impl frame_benchmarking::Benchmark<Block> for Runtime {
        fn benchmark_metadata(
            extra: bool,
        ) -> (
            Vec<frame_benchmarking::BenchmarkList>,
            Vec<frame_support::traits::StorageInfo>,
        ) {
            use crate::{Agent, Rewards};
            use frame_support::traits::StorageInfoTrait;

            let mut list = Vec::new();
            list_benchmarks!(list, extra);
            (list, crate::AllPalletsWithSystem::storage_info())
        }

        fn dispatch_benchmark(
            config: frame_benchmarking::BenchmarkConfig,
        ) -> Result<Vec<frame_benchmarking::BenchmarkBatch>, alloc::string::String> {
            use crate::{Agent, Rewards};
            use frame_support::traits::{TrackedStorageKey, WhitelistedStorageKeys};

            let whitelist: Vec<TrackedStorageKey> =
                crate::AllPalletsWithSystem::whitelisted_storage_keys();
            let params = (&config, &whitelist);
            let mut batches = Vec::new();
            add_benchmarks!(params, batches);
            Ok(batches)
        }
    }
}
