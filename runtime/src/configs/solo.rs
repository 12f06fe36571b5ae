//! The solo flavour: who may author and finalise, and where random values come from. Whom stake elects
//! is in `stake`; offences can be proved from the first block.

use polkadot_sdk::{
    frame_support::{
        build_struct_json_patch, parameter_types,
        traits::{ConstU32, ConstU64, FindAuthor, Get, Randomness},
        weights::{
            constants::{WEIGHT_REF_TIME_PER_MICROS, WEIGHT_REF_TIME_PER_MILLIS},
            RuntimeDbWeight, Weight,
        },
    },
    frame_system, pallet_authority_discovery,
    pallet_babe::{self, ParentBlockRandomness},
    pallet_grandpa, pallet_offences,
    pallet_session::{self, historical},
    sp_consensus_babe::{AllowedSlots, BabeEpochConfiguration},
    sp_keyring::{Ed25519Keyring, Sr25519Keyring},
    sp_runtime::ConsensusEngineId,
};

use super::session::{EpochDuration, MaxAuthorities, REPORT_SESSIONS};
use crate::{
    key_owners,
    offences::{NoteOwners, OfSessions, ReportWeight},
    AccountId, Babe, BabeConfig, BlockNumber, Checks, Delegation, Hash, KeyOwners, Moment, Runtime,
    RuntimeEvent, RuntimeGenesisConfig, Session, SessionKeys, System,
};

/// Length of a slot, ms: a block every two seconds.
pub const SLOT_MILLIS: Moment = 2_000;
/// Half a slot to execute, which importers do in half of that: the rest is for gossip.
pub const MAXIMUM_BLOCK_WEIGHT: Weight =
    Weight::from_parts(SLOT_MILLIS * WEIGHT_REF_TIME_PER_MILLIS / 2, u64::MAX);

parameter_types! {
    /// The SDK's for ParityDB took 50 µs for a write. With these, blocks of transfers and of releases
    /// still declare about twice the time that importing them takes (docs/performance.md).
    pub const DbWeight: RuntimeDbWeight = RuntimeDbWeight {
        read: 8 * WEIGHT_REF_TIME_PER_MICROS,
        write: 15 * WEIGHT_REF_TIME_PER_MICROS,
    };
}

/// Whose turn a slot is, which is also what checks the time that a block claims.
pub type Turns = Babe;
/// When sessions end.
pub type SessionEnds = Babe;
/// Offenders who are kept from authoring for the rest of the session.
pub type DisablingStrategy = pallet_session::disabling::UpToLimitWithReEnablingDisablingStrategy;
/// What sessions do besides electing: their keys are noted.
pub type Sessions<Elections> = NoteOwners<Elections>;
/// Shortest time between two blocks, ms.
pub type MinimumPeriod = ConstU64<{ SLOT_MILLIS / 2 }>;
/// New code takes over at once.
pub type OnSetCode = ();

/// What a transaction carries besides its call, checked in this order.
pub type TxExtension = crate::checks!(frame_system::WeightReclaim<Runtime>);

/// The checks, and the correction of the weight behind them.
pub fn reclaiming(checks: Checks) -> TxExtension {
    let (call, sender, spec, tx, genesis, era, nonce, weight, payment, metadata) = checks;
    let reclaim = frame_system::WeightReclaim::new();
    (
        call, sender, spec, tx, genesis, era, nonce, weight, payment, metadata, reclaim,
    )
}

/// Who made a block.
///
/// Asked before the session changes. The first block of an epoch is made by the set that takes office
/// with it, and BABE's index is one into that set.
pub struct Author;
impl FindAuthor<AccountId> for Author {
    fn find_author<'a, I>(digests: I) -> Option<AccountId>
    where
        I: 'a + IntoIterator<Item = (ConsensusEngineId, &'a [u8])>,
    {
        let index = usize::try_from(Babe::find_author(digests)?).ok()?;
        if Babe::should_epoch_change(System::block_number()) {
            let next = Session::queued_keys();
            next.get(index).map(|(who, _)| who.clone())
        } else {
            Session::validators().get(index).cloned()
        }
    }
}

/// The keys of a development account.
pub fn session_keys(key: Sr25519Keyring, session: Ed25519Keyring) -> SessionKeys {
    SessionKeys {
        babe: key.public().into(),
        grandpa: session.public().into(),
        authority_discovery: key.public().into(),
    }
}

/// Primary slots in one of 32. Every slot has a secondary author, whose VRF makes a random value for
/// every block; whoever finds the slot primary makes a second block, and one of the two is given up.
/// That is (n - 1) / n of the primary slots: 2 % of all here, where one in four gave up 16 %
/// (docs/performance.md).
pub const BABE_EPOCH_CONFIG: BabeEpochConfiguration = BabeEpochConfiguration {
    c: (1, 32),
    allowed_slots: AllowedSlots::PrimaryAndSecondaryVRFSlots,
};

/// What only this flavour has in its genesis.
pub fn genesis() -> serde_json::Value {
    build_struct_json_patch!(RuntimeGenesisConfig {
        babe: BabeConfig {
            epoch_config: BABE_EPOCH_CONFIG
        },
    })
}

/// Blocks beyond the due one in which a draw waits for random values: every block has one.
pub type MaxDrawRetries = ConstU32<10>;

/// The VRF output of the author of the parent block, known since that block. Blocks of every slot
/// carry one; should it be missing, the value counts as known since genesis and is not taken in.
pub struct PanelRandomness;
impl Randomness<Hash, BlockNumber> for PanelRandomness {
    fn random(subject: &[u8]) -> (Hash, BlockNumber) {
        match ParentBlockRandomness::<Runtime>::random(subject) {
            (Some(random), known_since) => (random, known_since),
            (None, _) => (Hash::zero(), 0),
        }
    }
}

parameter_types! {
    pub const ExpectedBlockTime: u64 = SLOT_MILLIS;
    /// Slots for which a report is accepted.
    pub ReportLongevity: u64 = EpochDuration::get().saturating_mul(REPORT_SESSIONS.into());
    /// The current set, those of the sessions that can be reported, and the one before them: a set
    /// begins where that ends.
    pub const MaxSetIdSessionEntries: u64 = REPORT_SESSIONS as u64 + 2;
}

impl pallet_babe::Config for Runtime {
    type EpochDuration = EpochDuration;
    type ExpectedBlockTime = ExpectedBlockTime;
    type EpochChangeTrigger = pallet_babe::ExternalTrigger;
    type DisabledValidators = Session;
    type WeightInfo = ReportWeight;
    type MaxAuthorities = MaxAuthorities;
    type MaxNominators = ConstU32<0>;
    type KeyOwnerProof = polkadot_sdk::sp_session::MembershipProof;
    type EquivocationReportSystem =
        pallet_babe::EquivocationReportSystem<Self, OfSessions, KeyOwners, ReportLongevity>;
}

impl pallet_grandpa::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = ReportWeight;
    type MaxAuthorities = MaxAuthorities;
    type MaxNominators = ConstU32<0>;
    type MaxSetIdSessionEntries = MaxSetIdSessionEntries;
    type KeyOwnerProof = polkadot_sdk::sp_session::MembershipProof;
    type EquivocationReportSystem =
        pallet_grandpa::EquivocationReportSystem<Self, OfSessions, KeyOwners, ReportLongevity>;
}

impl key_owners::Config for Runtime {
    type MaxValidators = MaxAuthorities;
}

impl pallet_offences::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type IdentificationTuple = historical::IdentificationTuple<Self>;
    type OnOffenceHandler = Delegation;
}

impl pallet_authority_discovery::Config for Runtime {
    type MaxAuthorities = MaxAuthorities;
}
