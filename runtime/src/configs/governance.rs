//! The council and the way to root: preimage, whitelist by two thirds, then anybody.

use polkadot_sdk::{
    frame_support::{
        dynamic_params::{dynamic_pallet_params, dynamic_params},
        parameter_types,
        traits::{
            fungible::HoldConsideration, ConstU32, EitherOfDiverse, EnsureOrigin,
            EnsureOriginWithArg, Get, LinearStoragePrice,
        },
        weights::Weight,
    },
    frame_system::{EnsureRoot, EnsureSigned},
    pallet_collective::{self, EnsureProportionAtLeast, EnsureProportionMoreThan},
    pallet_parameters, pallet_preimage, pallet_whitelist,
    sp_runtime::Perbill,
};

use crate::{
    AccountId, Balance, Balances, BlockNumber, Preimage, Runtime, RuntimeCall, RuntimeEvent,
    RuntimeHoldReason, RuntimeOrigin, System, DAYS,
};

/// The delegates of the admitted institutions.
pub type CouncilCollective = pallet_collective::Instance1;
/// More than half of the council.
pub type CouncilMajority = EnsureProportionMoreThan<AccountId, CouncilCollective, 1, 2>;
/// Two thirds of the council.
pub type CouncilTwoThirds = EnsureProportionAtLeast<AccountId, CouncilCollective, 2, 3>;
/// Root or the council's majority.
pub type RootOrCouncilMajority = EitherOfDiverse<EnsureRoot<AccountId>, CouncilMajority>;

parameter_types! {
    /// Three days: long enough over a weekend.
    pub const MotionDuration: BlockNumber = 3 * DAYS;
    /// A motion may take half a block when it is carried.
    pub MaxProposalWeight: Weight =
        Perbill::from_percent(50) * super::system::RuntimeBlockWeights::get().max_block;
    pub const PreimageBaseDeposit: Balance = super::system::deposit(1, 0);
    pub const PreimageByteDeposit: Balance = super::system::deposit(0, 1);
    pub const PreimageHoldReason: RuntimeHoldReason =
        RuntimeHoldReason::Preimage(pallet_preimage::HoldReason::Preimage);
    pub const WhitelistExpiration: BlockNumber = 7 * DAYS;
}

impl pallet_collective::Config<CouncilCollective> for Runtime {
    type RuntimeOrigin = RuntimeOrigin;
    type Proposal = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type MotionDuration = MotionDuration;
    type MaxProposals = ConstU32<64>;
    type MaxMembers = ConstU32<100>;
    type DefaultVote = pallet_collective::MoreThanMajorityThenPrimeDefaultVote;
    type WeightInfo = pallet_collective::weights::SubstrateWeight<Runtime>;
    type SetMembersOrigin = EnsureRoot<AccountId>;
    type MaxProposalWeight = MaxProposalWeight;
    type DisapproveOrigin = EnsureRoot<AccountId>;
    type KillOrigin = EnsureRoot<AccountId>;
    type Consideration = ();
}

impl pallet_preimage::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = pallet_preimage::weights::SubstrateWeight<Runtime>;
    type Currency = Balances;
    type ManagerOrigin = EnsureRoot<AccountId>;
    type Consideration = HoldConsideration<
        AccountId,
        Balances,
        PreimageHoldReason,
        LinearStoragePrice<PreimageBaseDeposit, PreimageByteDeposit, Balance>,
    >;
}

impl pallet_whitelist::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type WhitelistOrigin = CouncilTwoThirds;
    type DispatchWhitelistedOrigin = EnsureSigned<AccountId>;
    type Preimages = Preimage;
    type DeferredDispatchExpiration = WhitelistExpiration;
    type BlockNumberProvider = System;
    type WeightInfo = pallet_whitelist::weights::SubstrateWeight<Runtime>;
}

/// Tunables that the council changes, so that demo and production run the same blob. Windows are in
/// blocks. Pallets see them through `in_bounds`.
#[dynamic_params(RuntimeParameters, pallet_parameters::Parameters::<Runtime>)]
pub mod dynamic_params {
    use super::*;
    use crate::MINUTES;

    /// Deadlines of jobs.
    #[dynamic_pallet_params]
    #[codec(index = 0)]
    pub mod jobs {
        use super::*;

        /// Between the draw and the last moment for the client to provide the inputs.
        #[codec(index = 0)]
        pub static ProvideWindow: BlockNumber = 30 * MINUTES;
        /// Shortest commit window a post may ask for: agents stop fetching 10 blocks before its end.
        #[codec(index = 1)]
        pub static MinWindow: BlockNumber = 30;
        /// In which reveals are accepted.
        #[codec(index = 2)]
        pub static RevealWindow: BlockNumber = 10 * MINUTES;
        /// In which the client can say that no agreeing worker serves the result.
        #[codec(index = 3)]
        pub static ResultWindow: BlockNumber = DAYS;
        /// Between leaving and the return of a worker's bond.
        #[codec(index = 4)]
        pub static UnbondingPeriod: BlockNumber = 7 * DAYS;
        /// Before a suspended worker may resume without a fee.
        #[codec(index = 5)]
        pub static SuspensionPeriod: BlockNumber = DAYS;
    }

    /// Deadlines of trainings.
    #[dynamic_pallet_params]
    #[codec(index = 1)]
    pub mod training {
        use super::*;

        /// In which a silent participant of a heterogeneous training can come back: a node is
        /// restarted within ten minutes.
        #[codec(index = 0)]
        pub static GraceWindow: BlockNumber = 10 * MINUTES;
        /// In which all post again where the roots differ.
        #[codec(index = 1)]
        pub static DisputeWindow: BlockNumber = 10 * MINUTES;
        /// In which the parts of the model are delivered.
        #[codec(index = 2)]
        pub static DeliveryWindow: BlockNumber = 10 * MINUTES;
    }
}

/// The tunables as the pallets see them. A motion sets one value at a time and knows nothing of the
/// others, so what is stored is bent here into what the pallets' `integrity_test` asks for: a slip
/// of the council costs a motion, not the chain.
pub mod in_bounds {
    use super::*;
    use core::marker::PhantomData;

    /// `Value`, or `Least` where it is less.
    pub struct AtLeast<Value, Least>(PhantomData<(Value, Least)>);
    impl<Value: Get<BlockNumber>, Least: Get<BlockNumber>> Get<BlockNumber> for AtLeast<Value, Least> {
        fn get() -> BlockNumber {
            Value::get().max(Least::get())
        }
    }

    /// `Value`, or `Most` where it is more.
    pub struct AtMost<Value, Most>(PhantomData<(Value, Most)>);
    impl<Value: Get<BlockNumber>, Most: Get<BlockNumber>> Get<BlockNumber> for AtMost<Value, Most> {
        fn get() -> BlockNumber {
            Value::get().min(Most::get())
        }
    }

    /// Agents leave the last 10 blocks of a window to their transactions, and a reveal or a post that
    /// misses its window costs a bond or a deposit: no window is shorter than twice that.
    type ShortestWindow = ConstU32<20>;
    /// No window is longer than the longest commit window.
    type LongestWindow = <Runtime as pallet_jobs::Config>::MaxWindow;
    type Window<Value> = AtLeast<AtMost<Value, LongestWindow>, ShortestWindow>;
    /// A bond comes back within a year.
    type LongestPeriod = ConstU32<{ 365 * DAYS }>;

    pub type ProvideWindow = Window<dynamic_params::jobs::ProvideWindow>;
    /// At most `MaxWindow`: there is always a window that a post may ask for.
    pub type MinWindow = Window<dynamic_params::jobs::MinWindow>;
    pub type RevealWindow = Window<dynamic_params::jobs::RevealWindow>;
    /// At most `RetentionPeriod`: a result stays while its reward waits.
    pub type ResultWindow = AtLeast<
        AtMost<
            dynamic_params::jobs::ResultWindow,
            <Runtime as pallet_jobs::Config>::RetentionPeriod,
        >,
        ShortestWindow,
    >;
    pub type SuspensionPeriod = AtMost<dynamic_params::jobs::SuspensionPeriod, LongestPeriod>;
    /// At least `SuspensionPeriod`: leaving and coming back is no way around a suspension.
    pub type UnbondingPeriod =
        AtLeast<AtMost<dynamic_params::jobs::UnbondingPeriod, LongestPeriod>, SuspensionPeriod>;

    pub type GraceWindow = Window<dynamic_params::training::GraceWindow>;
    pub type DisputeWindow = Window<dynamic_params::training::DisputeWindow>;
    pub type DeliveryWindow = Window<dynamic_params::training::DeliveryWindow>;
}

/// Parameters are the council's to set.
pub struct CouncilSetsParameters;
impl EnsureOriginWithArg<RuntimeOrigin, RuntimeParametersKey> for CouncilSetsParameters {
    type Success = ();

    fn try_origin(origin: RuntimeOrigin, _: &RuntimeParametersKey) -> Result<(), RuntimeOrigin> {
        <RootOrCouncilMajority as EnsureOrigin<_>>::try_origin(origin).map(|_| ())
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn try_successful_origin(_: &RuntimeParametersKey) -> Result<RuntimeOrigin, ()> {
        Ok(RuntimeOrigin::root())
    }
}

impl pallet_parameters::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeParameters = RuntimeParameters;
    type AdminOrigin = CouncilSetsParameters;
    // The release keeps its measured weights to itself; `()` is the same figures.
    type WeightInfo = ();
}

impl crate::tunables::Config for Runtime {}
