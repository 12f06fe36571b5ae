//! Blocks, transactions and what every account can do.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{
    frame_support::{
        self, derive_impl,
        dispatch::DispatchClass,
        parameter_types,
        traits::{ConstU32, Contains, InstanceFilter},
        weights::{
            constants::{BlockExecutionWeight, ExtrinsicBaseWeight},
            Weight,
        },
    },
    frame_system, pallet_balances, pallet_migrations, pallet_multisig, pallet_proxy,
    pallet_timestamp, pallet_utility,
    sp_runtime::{
        generic::Era,
        traits::{BlakeTwo256, Verify},
        Perbill, SaturatedConversion,
    },
};
use scale_info::TypeInfo;

use super::flavour::{self, MAXIMUM_BLOCK_WEIGHT};
use crate::{
    migrations, AccountId, Balance, Balances, Block, BlockNumber, Nonce, OriginCaller, PalletInfo,
    Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, RuntimeTask, Signature, SignedPayload,
    System, TxExtension, UncheckedExtrinsic, VERSION,
};
use salus_primitives::MILLI_MED;

/// Ordinary transactions leave a quarter of a block to operational ones.
const NORMAL_RATIO: Perbill = Perbill::from_percent(75);

parameter_types! {
    pub const Version: polkadot_sdk::sp_version::RuntimeVersion = VERSION;
    /// A transaction may refer to one of the last 2^11 blocks: a little over an hour at two seconds.
    pub const BlockHashCount: BlockNumber = 2_048;
    pub const SS58Prefix: u16 = salus_primitives::SS58_PREFIX;
    /// 5 MiB, of which ordinary transactions fill three quarters: an authorised upgrade (a compact
    /// blob is about 1.5 MiB) fits.
    pub RuntimeBlockLength: frame_system::limits::BlockLength =
        frame_system::limits::BlockLength::builder()
            .max_length(5 * 1024 * 1024)
            .modify_max_length_for_class(DispatchClass::Normal, |len| *len = NORMAL_RATIO * (5 * 1024 * 1024))
            .build();
    pub RuntimeBlockWeights: frame_system::limits::BlockWeights =
        frame_system::limits::BlockWeights::builder()
            .base_block(BlockExecutionWeight::get())
            .for_class(DispatchClass::all(), |weights| weights.base_extrinsic = ExtrinsicBaseWeight::get())
            .for_class(DispatchClass::Normal, |weights| {
                weights.max_total = Some(NORMAL_RATIO * MAXIMUM_BLOCK_WEIGHT);
            })
            .for_class(DispatchClass::Operational, |weights| {
                weights.max_total = Some(MAXIMUM_BLOCK_WEIGHT);
                weights.reserved = Some(MAXIMUM_BLOCK_WEIGHT - NORMAL_RATIO * MAXIMUM_BLOCK_WEIGHT);
            })
            .avg_block_initialization(Perbill::from_percent(10))
            .build_or_panic();
}

/// All calls but those of preimages, which are there for the whitelist's requests: their bytes are
/// chosen freely, and a value with the bytes of a trie node stops nodes, whose cache takes the one
/// for the other. Calls for root are dispatched with their preimage in the transaction.
pub struct NoPreimages;

impl Contains<RuntimeCall> for NoPreimages {
    fn contains(call: &RuntimeCall) -> bool {
        !matches!(call, RuntimeCall::Preimage(_))
    }
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
    type BaseCallFilter = NoPreimages;
    type Block = Block;
    type BlockWeights = RuntimeBlockWeights;
    type BlockLength = RuntimeBlockLength;
    type AccountId = AccountId;
    type Nonce = Nonce;
    type Hashing = BlakeTwo256;
    type BlockHashCount = BlockHashCount;
    type DbWeight = flavour::DbWeight;
    type Version = Version;
    type AccountData = pallet_balances::AccountData<Balance>;
    type SS58Prefix = SS58Prefix;
    type MaxConsumers = ConstU32<128>;
    type SingleBlockMigrations = migrations::SingleBlock;
    type MultiBlockMigrator = crate::MultiBlockMigrations;
    type OnSetCode = flavour::OnSetCode;
    type SystemWeightInfo = frame_system::weights::SubstrateWeight<Runtime>;
    type ExtensionsWeightInfo = frame_system::SubstrateExtensionsWeight<Runtime>;
}

impl pallet_timestamp::Config for Runtime {
    type Moment = u64;
    type OnTimestampSet = flavour::Turns;
    type MinimumPeriod = flavour::MinimumPeriod;
    type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
    /// Half a block for steps of a migration.
    pub MaxServiceWeight: Weight = Perbill::from_percent(50) * MAXIMUM_BLOCK_WEIGHT;
}

#[derive_impl(pallet_migrations::config_preludes::TestDefaultConfig)]
impl pallet_migrations::Config for Runtime {
    #[cfg(not(feature = "runtime-benchmarks"))]
    type Migrations = migrations::MultiBlock;
    #[cfg(feature = "runtime-benchmarks")]
    type Migrations = pallet_migrations::mock_helpers::MockedMigrations;
    type FailedMigrationHandler = frame_support::migrations::FreezeChainOnFailedMigration;
    type MaxServiceWeight = MaxServiceWeight;
    type CursorMaxLen = ConstU32<65_536>;
    type IdentifierMaxLen = ConstU32<256>;
    type WeightInfo = pallet_migrations::weights::SubstrateWeight<Runtime>;
}

impl pallet_utility::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type PalletsOrigin = OriginCaller;
    type WeightInfo = pallet_utility::weights::SubstrateWeight<Runtime>;
}

/// Deposit for `bytes` of state of the SDK's pallets: a tenth of a MED and a hundredth of a
/// milli-MED a byte, so that a full multisig costs about a tenth of a MED.
pub const fn deposit(items: u32, bytes: u32) -> Balance {
    items as Balance * 100 * MILLI_MED + bytes as Balance * MILLI_MED / 100
}

parameter_types! {
    // 32 bytes account, 4 timepoint block, 4 index, 32 depositor, 16 deposit.
    pub const MultisigDepositBase: Balance = deposit(1, 88);
    pub const MultisigDepositFactor: Balance = deposit(0, 32);
    // A proxy entry: account 32, type 1, delay 4.
    pub const ProxyDepositBase: Balance = deposit(1, 8);
    pub const ProxyDepositFactor: Balance = deposit(0, 37);
    pub const AnnouncementDepositBase: Balance = deposit(1, 8);
    pub const AnnouncementDepositFactor: Balance = deposit(0, 68);
}

impl pallet_multisig::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type Currency = Balances;
    type DepositBase = MultisigDepositBase;
    type DepositFactor = MultisigDepositFactor;
    type MaxSignatories = ConstU32<64>;
    type WeightInfo = pallet_multisig::weights::SubstrateWeight<Runtime>;
    type BlockNumberProvider = System;
}

/// What a proxy may do.
#[derive(
    Copy,
    Clone,
    Eq,
    PartialEq,
    Ord,
    PartialOrd,
    Encode,
    Decode,
    DecodeWithMemTracking,
    Debug,
    MaxEncodedLen,
    TypeInfo,
    Default,
)]
pub enum ProxyType {
    /// Anything the account may do.
    #[default]
    #[codec(index = 0)]
    Any,
    /// Records and analyses, not money or membership.
    #[codec(index = 1)]
    Medical,
    /// Ask for access and post jobs, as a research group's members do for it.
    #[codec(index = 2)]
    Research,
    /// Vote in the council.
    #[codec(index = 3)]
    Governance,
}

impl InstanceFilter<RuntimeCall> for ProxyType {
    fn filter(&self, call: &RuntimeCall) -> bool {
        match self {
            ProxyType::Any => true,
            ProxyType::Medical => matches!(call, RuntimeCall::Records(_) | RuntimeCall::Jobs(_)),
            ProxyType::Research => matches!(
                call,
                RuntimeCall::Records(
                    pallet_records::Call::request_access { .. }
                        | pallet_records::Call::withdraw_request { .. }
                ) | RuntimeCall::Jobs(
                    pallet_jobs::Call::post { .. }
                        | pallet_jobs::Call::provide { .. }
                        | pallet_jobs::Call::cancel { .. }
                        | pallet_jobs::Call::accept_result { .. }
                )
            ),
            ProxyType::Governance => matches!(
                call,
                RuntimeCall::Council(_) | RuntimeCall::Whitelist(_) | RuntimeCall::Preimage(_)
            ),
        }
    }

    fn is_superset(&self, other: &Self) -> bool {
        self == other
            || matches!(
                (self, other),
                (ProxyType::Any, _) | (ProxyType::Medical, ProxyType::Research)
            )
    }
}

impl pallet_proxy::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type Currency = Balances;
    type ProxyType = ProxyType;
    type ProxyDepositBase = ProxyDepositBase;
    type ProxyDepositFactor = ProxyDepositFactor;
    type MaxProxies = ConstU32<32>;
    type WeightInfo = pallet_proxy::weights::SubstrateWeight<Runtime>;
    type MaxPending = ConstU32<32>;
    type CallHasher = BlakeTwo256;
    type AnnouncementDepositBase = AnnouncementDepositBase;
    type AnnouncementDepositFactor = AnnouncementDepositFactor;
    type BlockNumberProvider = System;
}

/// The extensions of a transaction that the off-chain hook signs: mortal for 64 blocks (about two
/// minutes), so that a transaction nobody included is gone before its duty's window is.
pub fn transaction_extensions(nonce: Nonce) -> TxExtension {
    const MORTAL_BLOCKS: u64 = 64;
    // Births in the current block are refused, its hash is not known yet.
    let current = System::block_number()
        .saturated_into::<u64>()
        .saturating_sub(1);
    flavour::reclaiming((
        frame_system::AuthorizeCall::new(),
        frame_system::CheckNonZeroSender::new(),
        frame_system::CheckSpecVersion::new(),
        frame_system::CheckTxVersion::new(),
        frame_system::CheckGenesis::new(),
        frame_system::CheckEra::from(Era::mortal(MORTAL_BLOCKS, current)),
        frame_system::CheckNonce::from(nonce),
        frame_system::CheckWeight::new(),
        polkadot_sdk::pallet_transaction_payment::ChargeTransactionPayment::from(0),
        polkadot_sdk::frame_metadata_hash_extension::CheckMetadataHash::new(false),
    ))
}

impl frame_system::offchain::SigningTypes for Runtime {
    type Public = <Signature as Verify>::Signer;
    type Signature = Signature;
}

impl<C> frame_system::offchain::CreateTransactionBase<C> for Runtime
where
    RuntimeCall: From<C>,
{
    type Extrinsic = UncheckedExtrinsic;
    type RuntimeCall = RuntimeCall;
}

impl<C> frame_system::offchain::CreateTransaction<C> for Runtime
where
    RuntimeCall: From<C>,
{
    type Extension = TxExtension;

    fn create_transaction(call: RuntimeCall, extension: TxExtension) -> UncheckedExtrinsic {
        UncheckedExtrinsic::new_transaction(call, extension)
    }
}

impl<C> frame_system::offchain::CreateBare<C> for Runtime
where
    RuntimeCall: From<C>,
{
    fn create_bare(call: RuntimeCall) -> UncheckedExtrinsic {
        UncheckedExtrinsic::new_bare(call)
    }
}

impl<C> frame_system::offchain::CreateSignedTransaction<C> for Runtime
where
    RuntimeCall: From<C>,
{
    fn create_signed_transaction<
        S: frame_system::offchain::AppCrypto<Self::Public, Self::Signature>,
    >(
        call: RuntimeCall,
        public: Self::Public,
        account: AccountId,
        nonce: Nonce,
    ) -> Option<UncheckedExtrinsic> {
        let payload = SignedPayload::new(call, transaction_extensions(nonce)).ok()?;
        let signature = payload.using_encoded(|bytes| S::sign(bytes, public))?;
        let (call, extension, _) = payload.deconstruct();
        Some(UncheckedExtrinsic::new_signed(
            call,
            account.into(),
            signature,
            extension,
        ))
    }
}
