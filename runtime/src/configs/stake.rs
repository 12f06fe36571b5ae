//! Whom stake elects, what blocks and data earn, what offences cost.
//!
//! Sessions last as long as genesis says (`session_length`). Periods that are counted in sessions are
//! given here in time, and converted; where sessions are short they are cut off, so that what a slash
//! reads stays bounded: with the two minutes of the presets a day is 4 h 48 min, a week 33 h 36 min.

use alloc::vec::Vec;
use polkadot_sdk::{
    frame_support::{
        parameter_types,
        traits::{ConstU128, ConstU32, Get},
        PalletId,
    },
    pallet_session,
    sp_runtime::{Perbill, Perquintill, SaturatedConversion},
};
use salus_primitives::{
    membership::Role,
    stake::{Institutions, SessionIndex},
    MED, MILLI_MED,
};

use super::{
    governance::RootOrCouncilMajority,
    money::Treasury,
    session::{EpochDuration, REPORT_SESSIONS},
};
use crate::{
    AccountId, Balances, BlockNumber, Registry, Runtime, RuntimeHoldReason, Session, System, DAYS,
};

/// Sessions of ten minutes in a day and in a week: the most that a period has.
const MOST_IN_A_DAY: SessionIndex = 144;
const MOST_IN_A_WEEK: SessionIndex = 7 * MOST_IN_A_DAY;

/// What is minted in a year for blocks at most, and for data, as 10^-18 of the supply: 5% and 3%.
const BLOCKS_A_YEAR: u64 = 50_000_000_000_000_000;
const DATA_A_YEAR: u64 = 30_000_000_000_000_000;

/// Blocks of a session that misses none.
fn session_blocks() -> u32 {
    EpochDuration::get().saturated_into::<u32>().max(1)
}

fn sessions_in(blocks: BlockNumber) -> SessionIndex {
    blocks.checked_div(session_blocks()).unwrap_or(blocks)
}

parameter_types! {
    pub const DelegationPalletId: PalletId = PalletId(*b"salus/de");
    pub const RewardsPalletId: PalletId = PalletId(*b"salus/re");
    /// A day for the council to look at a slash.
    pub SlashDeferral: SessionIndex =
        sessions_in(DAYS).clamp(REPORT_SESSIONS.saturating_add(1), MOST_IN_A_DAY);
    /// A week, and always longer than a slash can take.
    pub UnbondingSessions: SessionIndex = sessions_in(7 * DAYS)
        .clamp(0, MOST_IN_A_WEEK)
        .max(SlashDeferral::get().saturating_add(REPORT_SESSIONS).saturating_add(1));
    /// As long as unbonding takes: who does not agree can be gone.
    pub CommissionNotice: SessionIndex = UnbondingSessions::get();
    pub BlocksPerSession: u32 = session_blocks();
    pub SessionsPerYear: u32 = sessions_in(365 * DAYS);
    pub SessionInflation: Perquintill = Perquintill::from_parts(
        BLOCKS_A_YEAR.checked_div(u64::from(SessionsPerYear::get())).unwrap_or(0)
    );
    pub const ReporterPart: Perbill = Perbill::from_percent(10);
    /// A validator that is away for most of the time is worth less than its seat.
    pub const MinAttendance: Perbill = Perbill::from_percent(20);
    pub const PeriodInflation: Perquintill = Perquintill::from_parts(DATA_A_YEAR / 52);
    pub const PatientPart: Perbill = Perbill::from_percent(50);
}

/// The validators of genesis: those who have session keys.
pub struct WithSessionKeys;
impl Get<Vec<AccountId>> for WithSessionKeys {
    fn get() -> Vec<AccountId> {
        pallet_session::NextKeys::<Runtime>::iter_keys().collect()
    }
}

/// Admitted institutions, as the register counts them.
pub struct RegisteredInstitutions;
impl Institutions for RegisteredInstitutions {
    fn count() -> u32 {
        pallet_registry::Counters::<Runtime>::get(Role::Institution)
    }
}

impl pallet_delegation::Config for Runtime {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Membership = Registry;
    type Session = Session;
    type GenesisValidators = WithSessionKeys;
    type CancelOrigin = RootOrCouncilMajority;
    type Treasury = Treasury;
    type PalletId = DelegationPalletId;
    // 3f + 1 with f = 7.
    type Validators = ConstU32<22>;
    // 3f + 1 with f = 1.
    type MinValidators = ConstU32<4>;
    // Ten times a worker's: who lies to all risks more than who lies to one.
    type MinBond = ConstU128<{ 10_000 * MED }>;
    // Hundred times the deposit that its largest entry would need.
    type MinDelegation = ConstU128<MED>;
    type UnbondingSessions = UnbondingSessions;
    type ReportSessions = ConstU32<REPORT_SESSIONS>;
    type SlashDeferral = SlashDeferral;
    // 80 ms at RocksDB's costs.
    type MaxSlashesPerBlock = ConstU32<4>;
    type ReporterPart = ReporterPart;
    type CommissionNotice = CommissionNotice;
    type SessionInflation = SessionInflation;
    type BlocksPerSession = BlocksPerSession;
    type SessionsPerYear = SessionsPerYear;
    type JudgedBlocks = ConstU32<20>;
    type MinAttendance = MinAttendance;
    type WeightInfo = pallet_delegation::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = SessionsForBenchmarks;
}

impl pallet_rewards::Config for Runtime {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Membership = Registry;
    type Institutions = RegisteredInstitutions;
    type BlockNumberProvider = System;
    type PalletId = RewardsPalletId;
    type PeriodLength = ConstU32<{ 7 * DAYS }>;
    type PeriodInflation = PeriodInflation;
    // A stay in hospital: a report, images, two sets of values.
    type MaxUnits = ConstU32<4>;
    type PatientPart = PatientPart;
    type DisputeWindow = ConstU32<{ 7 * DAYS }>;
    type MaxOffers = ConstU32<64>;
    // 165 bytes, as everywhere ten micro-MED each.
    type MinPrice = ConstU128<{ 2 * MILLI_MED }>;
    type MaxValidity = ConstU32<{ 365 * DAYS }>;
    type WeightInfo = pallet_rewards::weights::SubstrateWeight<Runtime>;
}

/// Keys and sessions for benchmarks.
#[cfg(feature = "runtime-benchmarks")]
pub struct SessionsForBenchmarks;
#[cfg(feature = "runtime-benchmarks")]
impl pallet_delegation::BenchmarkHelper<AccountId> for SessionsForBenchmarks {
    fn set_keys(who: &AccountId) {
        use codec::Decode;
        use polkadot_sdk::sp_runtime::traits::TrailingZeroInput;
        if let Ok(keys) = crate::SessionKeys::decode(&mut TrailingZeroInput::zeroes()) {
            pallet_session::NextKeys::<Runtime>::insert(who, keys);
        }
    }

    fn set_session(index: SessionIndex) {
        pallet_session::CurrentIndex::<Runtime>::put(index);
    }
}
