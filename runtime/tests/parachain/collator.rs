//! Builds blocks with the parachain blob and records their proof, as a collator does.

use std::collections::BTreeMap;

use codec::{Decode, Encode};
use polkadot_sdk::{
    cumulus_primitives_core::{
        relay_chain::{well_known_keys::CURRENT_BLOCK_RANDOMNESS, HeadData},
        ParachainBlockData, PersistedValidationData,
    },
    cumulus_primitives_parachain_inherent::{ParachainInherentData, INHERENT_IDENTIFIER},
    cumulus_primitives_proof_size_hostfunction::storage_proof_size,
    cumulus_test_relay_sproof_builder::RelayStateSproofBuilder,
    polkadot_primitives::{AsyncBackingParams, MAX_POV_SIZE},
    sc_executor::WasmExecutor,
    sp_consensus_aura::{digests::CompatibleDigestItem, sr25519 as aura, Slot},
    sp_core::{
        traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode},
        Pair,
    },
    sp_externalities::Extensions,
    sp_genesis_builder, sp_inherents,
    sp_io::{self, hashing::blake2_256},
    sp_runtime::{
        generic::{Block, Digest, Era},
        traits::{BlakeTwo256, Hash as _, Header as _},
        ApplyExtrinsicResult, DigestItem, MultiSignature, OpaqueExtrinsic,
    },
    sp_state_machine::{
        Backend, BasicExternalities, InMemoryBackend, OverlayedChanges, StateMachine,
        TrieBackendBuilder,
    },
    sp_storage::{well_known_keys::CODE, StateVersion, Storage},
    sp_timestamp,
    sp_trie::{proof_size_extension::ProofSizeExt, recorder::Recorder, CompactProof},
};
use salus_primitives::{Hash, Header, Nonce};
use salus_runtime::{Checks, RuntimeCall, SignedPayload, UncheckedExtrinsic};
use serde_json::Value;

use crate::merge::merge;

use crate::{account, pair};

type Executor = WasmExecutor<(
    storage_proof_size::HostFunctions,
    sp_io::SubstrateHostFunctions,
)>;

/// The founders of the preset `local_testnet`.
const FOUNDERS: [&str; 4] = ["//Alice", "//Bob", "//Charlie", "//Dave"];
/// Identifier of the presets' parachain.
const PARA_ID: u32 = 2_000;
/// A slot of the relay chain and of the parachain, ms.
const SLOT: u64 = 6_000;
/// Slot of the relay block before the first relay parent.
const FIRST_SLOT: u64 = 298_000_000;

/// A block and what validators need to check it.
#[derive(Clone)]
pub struct Collation {
    pub parent: Header,
    /// With its seal.
    pub header: Header,
    pub extrinsics: Vec<OpaqueExtrinsic>,
    /// Extrinsics that are transactions.
    pub transactions: usize,
    pub proof: CompactProof,
    pub relay_number: u32,
    pub relay_root: Hash,
}

impl Collation {
    /// The proof of validity with this storage proof.
    pub fn pov(&self, proof: &CompactProof) -> ParachainBlockData<Block<Header, OpaqueExtrinsic>> {
        ParachainBlockData::V1 {
            blocks: vec![Block {
                header: self.header.clone(),
                extrinsics: self.extrinsics.clone(),
            }],
            proof: proof.clone(),
        }
    }
}

/// All four collators in one, on a chain in memory.
pub struct Collator {
    executor: Executor,
    code: Vec<u8>,
    state: InMemoryBackend<BlakeTwo256>,
    genesis: Hash,
    head: Header,
    slot: u64,
    nonces: BTreeMap<&'static str, Nonce>,
}

impl Collator {
    /// A chain of the preset with four collators.
    pub fn new() -> Self {
        let code = salus_runtime::parachain::WASM_BINARY
            .expect("built with the blob")
            .to_vec();
        let executor = Executor::builder().build();
        let mut storage = genesis(&executor, &code);
        storage.top.insert(CODE.to_vec(), code.clone());
        let state = InMemoryBackend::from((storage, StateVersion::V1));
        let head = Header::new(
            0,
            BlakeTwo256::trie_root(Vec::new(), StateVersion::V1),
            *state.root(),
            Hash::zero(),
            Digest::default(),
        );
        Self {
            executor,
            code,
            state,
            genesis: head.hash(),
            head,
            slot: FIRST_SLOT,
            nonces: BTreeMap::new(),
        }
    }

    /// The code as it is registered with a relay chain.
    pub fn code(&self) -> &[u8] {
        &self.code
    }

    /// The newest block.
    pub fn head(&self) -> &Header {
        &self.head
    }

    /// Time of the next block, ms.
    pub fn now(&self) -> u64 {
        (self.slot + 1) * SLOT
    }

    /// A value of the newest state.
    pub fn storage(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.state.storage(key).expect("the state is whole")
    }

    /// Whose turns the slots are.
    pub fn authorities(&self) -> Vec<aura::AuthorityId> {
        let mut overlay = OverlayedChanges::default();
        let answer = self.call(&self.state, &mut overlay, None, "AuraApi_authorities", &[]);
        decode(&answer)
    }

    /// Builds on the newest block, a relay block later.
    pub fn collate(&mut self, calls: Vec<(&'static str, RuntimeCall)>) -> Collation {
        self.slot += 1;
        let parent = self.head.clone();
        let (relay, relay_number) = self.relay_parent();
        let relay_root = relay.validation_data.relay_parent_storage_root;
        let transactions = calls.len();
        let signed: Vec<_> = calls
            .into_iter()
            .map(|(signer, call)| {
                let nonce = self.nonces.entry(signer).or_default();
                *nonce += 1;
                sign(signer, call, *nonce - 1, self.genesis)
            })
            .collect();
        let recorder = Recorder::<BlakeTwo256>::default();
        let recorded = TrieBackendBuilder::wrap(&self.state)
            .with_recorder(recorder.clone())
            .build();
        let mut overlay = OverlayedChanges::default();
        let mut run = |method: &str, argument: Vec<u8>| {
            self.call(&recorded, &mut overlay, Some(&recorder), method, &argument)
        };

        let slot_digest =
            <DigestItem as CompatibleDigestItem<aura::AuthoritySignature>>::aura_pre_digest(
                Slot::from(self.slot),
            );
        let begun = Header::new(
            parent.number + 1,
            Hash::zero(),
            Hash::zero(),
            parent.hash(),
            Digest {
                logs: vec![slot_digest],
            },
        );
        run("Core_initialize_block", begun.encode());
        let inherents = inherent_data(self.slot * SLOT, &relay);
        let mut extrinsics: Vec<OpaqueExtrinsic> =
            decode(&run("BlockBuilder_inherent_extrinsics", inherents.encode()));
        extrinsics.extend(signed);
        for (place, extrinsic) in extrinsics.iter().enumerate() {
            let result: ApplyExtrinsicResult =
                decode(&run("BlockBuilder_apply_extrinsic", extrinsic.encode()));
            assert_eq!(result, Ok(Ok(())), "extrinsic {place}");
        }
        let mut header: Header = decode(&run("BlockBuilder_finalize_block", Vec::new()));

        let changes = overlay
            .drain_storage_changes(&self.state, StateVersion::V1)
            .expect("the state is whole");
        assert_eq!(changes.transaction_storage_root, header.state_root);
        drop(recorded);
        let proof = recorder
            .drain_storage_proof()
            .into_compact_proof::<BlakeTwo256>(parent.state_root)
            .expect("the proof has its root");
        self.state
            .apply_transaction(changes.transaction_storage_root, changes.transaction);
        self.seal(&mut header);
        self.head = header.clone();
        Collation {
            parent,
            header,
            extrinsics,
            transactions,
            proof,
            relay_number,
            relay_root,
        }
    }

    /// Seals a block of this slot by the collator whose turn it is; a seal that is there is replaced.
    pub fn seal(&self, header: &mut Header) {
        let authorities = self.authorities();
        let turn = self.slot as usize % authorities.len();
        let author = FOUNDERS
            .into_iter()
            .find(|uri| aura::AuthorityId::from(pair(uri).public()) == authorities[turn])
            .expect("the collators are the founders");
        header
            .digest
            .logs
            .retain(|item| !matches!(item, DigestItem::Seal(..)));
        self.seal_as(header, author);
    }

    /// Seals a block by `author`.
    pub fn seal_as(&self, header: &mut Header, author: &str) {
        let signature = aura::AuthoritySignature::from(pair(author).sign(header.hash().as_ref()));
        header.digest.push(DigestItem::aura_seal(signature));
    }

    /// What a block takes from its relay parent: the relay block of this slot.
    fn relay_parent(&self) -> (ParachainInherentData, u32) {
        let relay_number = u32::try_from(self.slot - FIRST_SLOT).expect("a short chain");
        let mut relay = RelayStateSproofBuilder {
            para_id: PARA_ID.into(),
            current_slot: self.slot.into(),
            included_para_head: Some(HeadData(self.head.encode())),
            // The output of the relay block's author.
            additional_key_values: vec![(
                CURRENT_BLOCK_RANDOMNESS.to_vec(),
                Some(blake2_256(&relay_number.encode())).encode(),
            )],
            ..Default::default()
        };
        relay.host_config.async_backing_params = AsyncBackingParams {
            max_candidate_depth: 3,
            allowed_ancestry_len: 2,
        };
        let (relay_parent_storage_root, relay_chain_state) = relay.into_state_root_and_proof();
        let data = ParachainInherentData {
            validation_data: PersistedValidationData {
                parent_head: HeadData(self.head.encode()),
                relay_parent_number: relay_number,
                relay_parent_storage_root,
                max_pov_size: MAX_POV_SIZE,
            },
            relay_chain_state,
            downward_messages: Vec::new(),
            horizontal_messages: BTreeMap::new(),
            relay_parent_descendants: Vec::new(),
            collator_peer_id: None,
        };
        (data, relay_number)
    }

    fn call<B: Backend<BlakeTwo256>>(
        &self,
        state: &B,
        overlay: &mut OverlayedChanges<BlakeTwo256>,
        recorder: Option<&Recorder<BlakeTwo256>>,
        method: &str,
        argument: &[u8],
    ) -> Vec<u8> {
        let mut extensions = Extensions::new();
        if let Some(recorder) = recorder {
            extensions.register(ProofSizeExt::new(recorder.clone()));
        }
        let code = WrappedRuntimeCode(self.code.as_slice().into());
        let answer = StateMachine::new(
            state,
            overlay,
            &self.executor,
            method,
            argument,
            &mut extensions,
            &runtime_code(&code, &self.code),
            CallContext::Onchain { import: false },
        )
        .execute();
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }
}

fn decode<T: Decode>(bytes: &[u8]) -> T {
    T::decode(&mut &bytes[..]).expect("the runtime answers in its own types")
}

fn runtime_code<'a>(fetcher: &'a WrappedRuntimeCode<'a>, code: &[u8]) -> RuntimeCode<'a> {
    RuntimeCode {
        code_fetcher: fetcher,
        heap_pages: None,
        hash: blake2_256(code).to_vec(),
    }
}

/// State of the preset with four founders, built by the blob.
fn genesis(executor: &Executor, code: &[u8]) -> Storage {
    let call = |ext: &mut BasicExternalities, method: &str, argument: Vec<u8>| {
        let wrapped = WrappedRuntimeCode(code.into());
        let runtime = runtime_code(&wrapped, code);
        executor
            .call(ext, &runtime, method, &argument, CallContext::Offchain)
            .0
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    };
    let preset = |name: Option<&str>| -> Value {
        let name = name.map(sp_genesis_builder::PresetId::from);
        let mut ext = BasicExternalities::new_empty();
        let json = call(&mut ext, "GenesisBuilder_get_preset", name.encode());
        let json: Vec<u8> = decode::<Option<_>>(&json).expect("the preset exists");
        serde_json::from_slice(&json).expect("a preset is JSON")
    };
    let mut config = preset(None);
    merge(&mut config, preset(Some("local_testnet")));
    let config = serde_json::to_vec(&config).expect("JSON");
    let mut ext = BasicExternalities::new_empty();
    let built = call(&mut ext, "GenesisBuilder_build_state", config.encode());
    decode::<sp_genesis_builder::Result>(&built).expect("genesis builds");
    ext.into_storages()
}

fn inherent_data(now: u64, relay: &ParachainInherentData) -> sp_inherents::InherentData {
    let mut data = sp_inherents::InherentData::new();
    data.put_data(
        sp_timestamp::INHERENT_IDENTIFIER,
        &sp_timestamp::InherentType::from(now),
    )
    .and_then(|()| data.put_data(INHERENT_IDENTIFIER, relay))
    .expect("each is put once");
    data
}

/// A transaction for ever. The checks are encoded in both flavours alike, and so is what they sign.
fn sign(signer: &str, call: RuntimeCall, nonce: Nonce, genesis: Hash) -> OpaqueExtrinsic {
    use polkadot_sdk::{
        frame_metadata_hash_extension::CheckMetadataHash, frame_system::*,
        pallet_transaction_payment::ChargeTransactionPayment,
    };
    let checks: Checks = (
        AuthorizeCall::new(),
        CheckNonZeroSender::new(),
        CheckSpecVersion::new(),
        CheckTxVersion::new(),
        CheckGenesis::new(),
        CheckEra::from(Era::Immortal),
        CheckNonce::from(nonce),
        CheckWeight::new(),
        ChargeTransactionPayment::from(0),
        CheckMetadataHash::new(false),
    );
    let extension = salus_runtime::configs::flavour::reclaiming(checks);
    let version = salus_runtime::VERSION;
    let implicit = (
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
    let payload = SignedPayload::from_raw(call, extension, implicit);
    let signature = payload.using_encoded(|bytes| pair(signer).sign(bytes));
    let (call, extension, _) = payload.deconstruct();
    let extrinsic = UncheckedExtrinsic::new_signed(
        call,
        account(signer).into(),
        MultiSignature::Sr25519(signature),
        extension,
    );
    OpaqueExtrinsic::try_from_encoded_extrinsic(&extrinsic.encode()).expect("an extrinsic")
}
