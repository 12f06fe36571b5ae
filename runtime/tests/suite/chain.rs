//! A chain of the runtime in memory: genesis by the path a chain spec takes, blocks by the executive.

use codec::Encode;
use polkadot_sdk::{
    pallet_timestamp,
    sp_consensus_babe::{
        digests::{PreDigest, SecondaryPlainPreDigest},
        BABE_ENGINE_ID,
    },
    sp_core::{sr25519, Pair},
    sp_io::TestExternalities,
    sp_runtime::{traits::Header as _, BuildStorage, Digest, DigestItem},
};
use salus_runtime::{
    genesis::preset, AccountId, Executive, Hash, Header, RuntimeGenesisConfig, Session, System,
    UncheckedExtrinsic, SLOT_MILLIS,
};
use serde_json::Value;

use crate::merge::merge;

/// Defaults, patched with the preset's JSON.
pub fn chain(id: &str) -> TestExternalities {
    let patch = preset(&id.into()).expect("the preset exists");
    patched(serde_json::from_slice(&patch).expect("a preset is JSON"))
}

/// Defaults, patched with `patch`.
pub fn patched(patch: Value) -> TestExternalities {
    let mut config =
        serde_json::to_value(RuntimeGenesisConfig::default()).expect("the default serialises");
    merge(&mut config, patch);
    let config: RuntimeGenesisConfig = serde_json::from_value(config).expect("the patch fits");
    config.build_storage().expect("genesis builds").into()
}

/// The account of a development key.
pub fn account(uri: &str) -> AccountId {
    sr25519::Pair::from_string(uri, None)
        .expect("a development key")
        .public()
        .into()
}

/// Builds blocks with nothing but their inherent. The validators that are not disabled take turns.
pub struct Author {
    slot: u64,
    parent: Hash,
    /// Validators that are away.
    pub away: Vec<AccountId>,
}

impl Author {
    /// Whose first block is in `slot`.
    pub fn new(slot: u64) -> Self {
        Self {
            slot,
            parent: Hash::zero(),
            away: Vec::new(),
        }
    }

    /// The slot of the next block.
    pub fn slot(&self) -> u64 {
        self.slot
    }

    /// A block a slot, within the externalities of the chain.
    pub fn build(&mut self, blocks: u64) {
        self.build_every(1, blocks);
    }

    /// A block in one of so many slots.
    pub fn build_every(&mut self, slots: u64, blocks: u64) {
        for _ in 0..blocks {
            self.begin();
            let now = self.slot * SLOT_MILLIS;
            let inherent = UncheckedExtrinsic::new_bare(pallet_timestamp::Call::set { now }.into());
            Executive::apply_extrinsic(inherent)
                .expect("the inherent is valid")
                .expect("the time is set");
            self.parent = Executive::finalize_block().hash();
            self.slot += slots;
        }
    }

    /// Begins a block: what happens before its extrinsics. Whose turn it is, as an index into the
    /// validators.
    pub fn begin(&self) -> u32 {
        let turn = self.turn();
        let claim = PreDigest::SecondaryPlain(SecondaryPlainPreDigest {
            authority_index: turn,
            slot: self.slot.into(),
        });
        let digest = Digest {
            logs: vec![DigestItem::PreRuntime(BABE_ENGINE_ID, claim.encode())],
        };
        Executive::initialize_block(&Header::new(
            System::block_number() + 1,
            Default::default(),
            Default::default(),
            self.parent,
            digest,
        ));
        turn
    }

    fn turn(&self) -> u32 {
        let disabled = Session::disabled_validators();
        let present: Vec<u32> = (0..)
            .zip(Session::validators())
            .filter(|(index, who)| !disabled.contains(index) && !self.away.contains(who))
            .map(|(index, _)| index)
            .collect();
        // Blocks may be an even number of slots apart.
        present[System::block_number() as usize % present.len()]
    }
}
