//! The parachain flavour: collators that stake elects (`stake`), on a relay chain that finalises and
//! that random values come from.
//!
//! There is no GRANDPA and no BABE here, and nobody reports an Aura equivocation: the relay chain
//! includes one block of a height, and a collator that signs two wins nothing by it. What a collator
//! can lose is its turn (`pallet-delegation` chills who is away) and, as a worker, its bond.

use polkadot_sdk::{
    cumulus_pallet_aura_ext, cumulus_pallet_parachain_system,
    cumulus_pallet_parachain_system::RelayNumberMonotonicallyIncreases,
    cumulus_pallet_weight_reclaim,
    frame_support::{
        build_struct_json_patch, parameter_types,
        traits::{ConstBool, ConstU32, ConstU64, Get},
        weights::{
            constants::{ParityDbWeight, WEIGHT_REF_TIME_PER_SECOND},
            Weight,
        },
    },
    pallet_aura, pallet_session,
    polkadot_primitives::MAX_POV_SIZE,
    sp_consensus_aura::sr25519::AuthorityId as AuraId,
    sp_keyring::{Ed25519Keyring, Sr25519Keyring},
    sp_runtime::{Perbill, SaturatedConversion},
    staging_parachain_info,
};

use super::session::{EpochDuration, MaxAuthorities};
use crate::{
    relay_randomness, Aura, BlockNumber, Checks, Moment, ParachainInfo, ParachainInfoConfig,
    RelayRandomness, Runtime, RuntimeEvent, RuntimeGenesisConfig, SessionKeys,
};

/// Length of a slot, ms: that of the relay chain, with a block for each of its blocks.
pub const SLOT_MILLIS: Moment = 6_000;
/// What the relay chain's validators give a block: two seconds, and as much proof as fits a PoV.
pub const MAXIMUM_BLOCK_WEIGHT: Weight =
    Weight::from_parts(2 * WEIGHT_REF_TIME_PER_SECOND, MAX_POV_SIZE as u64);
/// The SDK's: nothing was measured against a relay chain.
pub type DbWeight = ParityDbWeight;

/// Blocks for each of the relay chain's.
pub const VELOCITY: u32 = 1;
/// Blocks ahead of what the relay chain has included: what asynchronous backing needs.
const UNINCLUDED_BLOCKS: u32 = 3;
/// Relay blocks that a block's parent is behind the tip.
const RELAY_PARENT_OFFSET: u32 = 0;
/// The identifier of the presets. A consortium writes the one it has registered into its spec.
const PRESET_PARA_ID: u32 = 2_000;

/// Whose turn a slot is, which is also what checks the time that a block claims.
pub type Turns = Aura;
/// Who made a block. Aura's turns are those of the set at its parent.
pub type Author = pallet_session::FindAccountFromAuthorIndex<Runtime, Aura>;
/// When sessions end: after as many blocks as genesis says.
pub type SessionEnds = pallet_session::PeriodicSessions<SessionBlocks, ConstU32<0>>;
/// Nobody: no offence is reported here.
pub type DisablingStrategy = ();
/// What sessions do besides electing: nothing.
pub type Sessions<Elections> = Elections;
/// Shortest time between two blocks, ms: none, since the slot decides.
pub type MinimumPeriod = ConstU64<0>;
/// New code waits for the relay chain's validators to have compiled it.
pub type OnSetCode = cumulus_pallet_parachain_system::ParachainSetCode<Runtime>;

/// What a transaction carries besides its call: encoded as the other flavour's.
pub type TxExtension = cumulus_pallet_weight_reclaim::StorageWeightReclaim<Runtime, Checks>;

/// The checks, and the correction of the weight around them.
pub fn reclaiming(checks: Checks) -> TxExtension {
    TxExtension::new(checks)
}

/// The keys of a development account.
pub fn session_keys(key: Sr25519Keyring, _: Ed25519Keyring) -> SessionKeys {
    SessionKeys {
        aura: key.public().into(),
    }
}

/// What only this flavour has in its genesis.
pub fn genesis() -> serde_json::Value {
    build_struct_json_patch!(RuntimeGenesisConfig {
        parachain_info: ParachainInfoConfig {
            parachain_id: PRESET_PARA_ID.into()
        },
    })
}

/// Blocks beyond the due one in which a draw waits for random values. An output is taken in eight
/// blocks late, and each relay block without a block of ours costs one: six minutes.
pub type MaxDrawRetries = ConstU32<60>;

/// The relay chain's random values.
pub type PanelRandomness = RelayRandomness;

/// Blocks of a session.
pub struct SessionBlocks;
impl Get<BlockNumber> for SessionBlocks {
    fn get() -> BlockNumber {
        EpochDuration::get().saturated_into::<BlockNumber>().max(1)
    }
}

parameter_types! {
    // Nobody sends messages here: what is kept for them is what a stray one costs.
    pub ReservedMessageWeight: Weight = Perbill::from_percent(1) * MAXIMUM_BLOCK_WEIGHT;
}

impl cumulus_pallet_parachain_system::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type OnSystemEvent = RelayRandomness;
    type SelfParaId = ParachainInfo;
    type OutboundXcmpMessageSource = ();
    type DmpQueue = ();
    type ReservedDmpWeight = ReservedMessageWeight;
    type XcmpMessageHandler = ();
    type ReservedXcmpWeight = ReservedMessageWeight;
    type CheckAssociatedRelayNumber = RelayNumberMonotonicallyIncreases;
    type WeightInfo = cumulus_pallet_parachain_system::weights::SubstrateWeight<Runtime>;
    type ConsensusHook = ConsensusHook;
    type RelayParentOffset = ConstU32<RELAY_PARENT_OFFSET>;
    type SchedulingSignatureVerifier = ();
}

/// How fast collators may build, and how far ahead of the relay chain.
pub type ConsensusHook = cumulus_pallet_aura_ext::FixedVelocityConsensusHook<
    Runtime,
    { SLOT_MILLIS as u32 },
    VELOCITY,
    UNINCLUDED_BLOCKS,
>;

impl staging_parachain_info::Config for Runtime {}

impl relay_randomness::Config for Runtime {}

impl cumulus_pallet_weight_reclaim::Config for Runtime {
    type WeightInfo = ();
}

impl pallet_aura::Config for Runtime {
    type AuthorityId = AuraId;
    type DisabledValidators = ();
    type MaxAuthorities = MaxAuthorities;
    // The hook limits them.
    type AllowMultipleBlocksPerSlot = ConstBool<true>;
    type SlotDuration = ConstU64<SLOT_MILLIS>;
}

impl cumulus_pallet_aura_ext::Config for Runtime {}
