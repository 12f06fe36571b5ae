//! The pallets that Salus is for.

use polkadot_sdk::{
    frame_support::{
        parameter_types,
        traits::{ConstU128, ConstU32, ConstU64, Contains},
        weights::Weight,
    },
    sp_runtime::{Perbill, Permill},
};

use super::{
    flavour,
    governance::{in_bounds, RootOrCouncilMajority},
    money::Treasury,
};
use crate::{
    Balances, Jobs, Moment, Records, Registry, Rewards, Runtime, RuntimeCall, RuntimeHoldReason,
    System, Timestamp, Training, DAYS, MINUTES, SLOT_MILLIS,
};
use salus_primitives::{MED, MICRO_MED, MILLI_MED};

/// A day in legal time, ms.
const DAY: Moment = 24 * 60 * 60 * 1_000;

/// Deposit for a byte of state: a milli-MED for a hundred bytes.
type DepositPerByte = ConstU128<{ 10 * MICRO_MED }>;

parameter_types! {
    /// A wrong answer costs a tenth of a bond of 1,000 MED: more than the reward of an ordinary job.
    pub const SlashPart: Permill = Permill::from_percent(10);
    /// A panel that was drawn for nothing gets a twentieth, and no less than `MinReward` a place.
    pub const DrawFee: Permill = Permill::from_percent(5);
    /// A fifth of the reward waits until a result was fetched.
    pub const Holdback: Permill = Permill::from_percent(20);
    /// Half a deposit: 50 MED at least for a member that opens what it does not finish.
    pub const ForfeitPart: Permill = Permill::from_percent(50);
    /// A third of a block: ten of the largest settlements at least, or sixteen draws from a full pool.
    pub MaxDueWeight: Weight =
        Perbill::from_percent(33) * super::system::RuntimeBlockWeights::get().max_block;
}

/// What a member pays for when its operator key signs: what a node does by itself. A stolen operator
/// key cannot burn the member's balance on anything else; releases hold it until they are withdrawn.
pub struct NodeCalls;
impl Contains<RuntimeCall> for NodeCalls {
    fn contains(call: &RuntimeCall) -> bool {
        matches!(
            call,
            RuntimeCall::Agent(_)
                | RuntimeCall::Delegation(pallet_delegation::Call::back { .. })
                | RuntimeCall::Registry(pallet_registry::Call::set_node { .. })
                | RuntimeCall::Records(
                    pallet_records::Call::release { .. }
                        | pallet_records::Call::withdraw_release { .. }
                )
                | RuntimeCall::Jobs(
                    pallet_jobs::Call::commit { .. }
                        | pallet_jobs::Call::reveal { .. }
                        | pallet_jobs::Call::seal_record { .. }
                )
                | RuntimeCall::Training(
                    pallet_training::Call::commit_keys { .. }
                        | pallet_training::Call::post { .. }
                        | pallet_training::Call::deliver { .. }
                        | pallet_training::Call::leave { .. }
                        | pallet_training::Call::report_equivocation { .. }
                )
        )
    }
}

impl pallet_registry::Config for Runtime {
    type OperatorCalls = NodeCalls;
    type AdmitOrigin = RootOrCouncilMajority;
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Time = Timestamp;
    type BlockNumberProvider = System;
    // 2 kB of state.
    type RegistrationDeposit = ConstU128<{ 20 * MILLI_MED }>;
    // 3.5 kB of state, and enough to make a flood of applications expensive.
    type ApplicationDeposit = ConstU128<{ 10 * MED }>;
    type DepositPerByte = DepositPerByte;
    type MinTerm = ConstU64<DAY>;
    // Five years, then the council looks again.
    type MaxTerm = ConstU64<{ 5 * 366 * DAY }>;
    type MaxKeyVersions = ConstU32<16>;
    // Three days: the owner of a recovery account notices in time.
    type RecoveryDelay = ConstU32<{ 3 * DAYS }>;
    type SponsorPeriod = ConstU32<{ 30 * DAYS }>;
    type MaxSponsorQuota = ConstU128<{ 1_000 * MED }>;
    type WeightInfo = pallet_registry::weights::SubstrateWeight<Runtime>;
}

impl pallet_jobs::Config for Runtime {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Membership = Registry;
    type Records = Records;
    type OtherBlobs = (Records, Training);
    type Randomness = flavour::PanelRandomness;
    type Treasury = Treasury;
    type GovernanceOrigin = RootOrCouncilMajority;
    type BlockNumberProvider = System;
    type Time = Timestamp;
    type MaxWorkers = ConstU32<256>;
    type MaxActiveSeats = ConstU32<32>;
    type MinBond = ConstU128<{ 1_000 * MED }>;
    type SlashPart = SlashPart;
    type MaxStrikes = ConstU32<3>;
    type UnbondingPeriod = in_bounds::UnbondingPeriod;
    type SuspensionPeriod = in_bounds::SuspensionPeriod;
    type RestartFee = ConstU128<{ 10 * MED }>;
    // A place in a panel. All 32 places of 100 workers cost 320 MED for each `ProvideWindow`.
    type MinReward = ConstU128<{ 100 * MILLI_MED }>;
    type DrawFee = DrawFee;
    type Holdback = Holdback;
    type FreeCancelWindow = ConstU32<2>;
    // Authors who know every output of a draw beforehand can shop for a panel. A fifth of the
    // validators has 12 outputs in a row once in 15 years, a third once in 12 days; with 6 it
    // would be 3 and 59 times a day. A draw takes 15 blocks.
    type GatherOutputs = ConstU32<12>;
    type MaxDrawRetries = flavour::MaxDrawRetries;
    type BusyWindow = ConstU32<DAYS>;
    // Half a minute: whoever waits has its places soon after they are free.
    type BusyInterval = ConstU32<{ MINUTES / 2 }>;
    type PanelMemory = ConstU32<{ 7 * DAYS }>;
    // A record's chance to meet colluders is at most four times that of one draw.
    type MaxDraws = ConstU32<4>;
    // Their draws take a third of the weight of four blocks.
    type MaxLiveJobs = ConstU32<64>;
    type ProvideWindow = in_bounds::ProvideWindow;
    // A core of the bench machine does seven billion units of fcm/1 a second
    // (docs/performance.md); a seventh of what it does in a slot.
    type UnitsPerBlock = ConstU128<{ SLOT_MILLIS as u128 * 1_000_000 }>;
    type MinWindow = in_bounds::MinWindow;
    type MaxWindow = ConstU32<{ 7 * DAYS }>;
    type RevealWindow = in_bounds::RevealWindow;
    type ResultWindow = in_bounds::ResultWindow;
    type RetentionPeriod = ConstU32<{ 30 * DAYS }>;
    type DepositBase = ConstU128<{ 100 * MILLI_MED }>;
    type DepositPerByte = DepositPerByte;
    type MaxDueWeight = MaxDueWeight;
    type MaxSlotsPerBlock = ConstU32<64>;
    type WeightInfo = pallet_jobs::weights::SubstrateWeight<Runtime>;
}

impl pallet_records::Config for Runtime {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Membership = Registry;
    type Sponsorship = Registry;
    type OtherBlobs = (Jobs, Training);
    type Contribution = Rewards;
    type Time = Timestamp;
    type BlockNumberProvider = System;
    type DepositBase = ConstU128<{ 10 * MILLI_MED }>;
    type DepositPerByte = DepositPerByte;
    type MaxBatch = ConstU32<16>;
    type MaxShares = ConstU32<128>;
    type MaxRequests = ConstU32<32>;
    // Ten years: consent for a longitudinal study.
    type MaxShareTerm = ConstU64<{ 3_652 * DAY }>;
    type WeightInfo = pallet_records::weights::SubstrateWeight<Runtime>;
}

impl pallet_training::Config for Runtime {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Membership = Registry;
    type Records = Records;
    type OtherBlobs = (Records, Jobs);
    type Treasury = Treasury;
    type BlockNumberProvider = System;
    type Time = Timestamp;
    // A node is asked about all of them at every block: 16 × 5.9 kB.
    type MaxTrainings = ConstU32<16>;
    // One value of 2 kB.
    type MaxDataSets = ConstU32<64>;
    type MinDeposit = ConstU128<{ 100 * MED }>;
    type ForfeitPart = ForfeitPart;
    // Agents leave the last 10 blocks of a window to their transactions (see `in_bounds`). A stage
    // ends as soon as all have posted, so a long window costs nothing but patience with the silent.
    type MinWindow = ConstU32<20>;
    type MaxWindow = ConstU32<{ 7 * DAYS }>;
    type GraceWindow = in_bounds::GraceWindow;
    type DisputeWindow = in_bounds::DisputeWindow;
    type DeliveryWindow = in_bounds::DeliveryWindow;
    type MaxRetries = ConstU32<3>;
    type RetentionPeriod = ConstU32<{ 30 * DAYS }>;
    type DepositBase = ConstU128<{ 100 * MILLI_MED }>;
    type DepositPerByte = DepositPerByte;
    type MaxDueWeight = MaxDueWeight;
    type MaxSlotsPerBlock = ConstU32<64>;
    type WeightInfo = pallet_training::weights::SubstrateWeight<Runtime>;
}

impl pallet_agent::Config for Runtime {
    type AuthorityId = pallet_agent::crypto::Operator;
    type Duties = (Jobs, Training);
    type Membership = Registry;
    type MaxAnswers = ConstU32<8>;
    // A record key sealed to 16 seats and 16 reserves: 4 + 1 + 32 × (2 + 1,024) = 32,837 bytes. A
    // reveal with the largest inline result takes 4,165. Eight of the largest are 263 kB of a block.
    type MaxAnswerBytes = ConstU32<32_900>;
    type ResendAfter = ConstU32<5>;
    type WeightInfo = pallet_agent::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = OperatorForBenchmarks;
}

/// A member with an operator key, made through the registry.
#[cfg(feature = "runtime-benchmarks")]
pub struct OperatorForBenchmarks;
#[cfg(feature = "runtime-benchmarks")]
impl pallet_agent::BenchmarkHelper<crate::AccountId> for OperatorForBenchmarks {
    fn operator() -> (crate::AccountId, crate::AccountId) {
        use salus_primitives::membership::{Membership, Role};
        let (operator, member) = (
            crate::AccountId::new([1; 32]),
            crate::AccountId::new([2; 32]),
        );
        Registry::make_member(&member, Role::Institution);
        pallet_registry::Operators::<Runtime>::insert(&operator, &member);
        (operator, member)
    }
}
