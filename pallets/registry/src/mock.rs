//! A chain of this pallet with balances and real transaction fees; the time is the test's.

use polkadot_sdk::{
    frame_support::{
        self, derive_impl, parameter_types,
        traits::{fungible::InspectHold as _, tokens::imbalance::ResolveTo, Contains, Time},
        weights::IdentityFee,
    },
    frame_system, pallet_balances,
    pallet_transaction_payment::{self, FungibleAdapter},
    sp_core::H256,
    sp_io,
    sp_runtime::BuildStorage,
};
use salus_primitives::{
    membership::{Role, ThirdPartyKind},
    Moment,
};

use crate as pallet_registry;
use crate::{Event, HoldReason, SponsoredFees};

pub type AccountId = u64;
pub type Balance = u64;

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(2)]
    pub type TransactionPayment = pallet_transaction_payment;
    #[runtime::pallet_index(3)]
    pub type Registry = pallet_registry;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = frame_system::mocking::MockBlock<Test>;
    type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
    type Balance = Balance;
}

parameter_types! {
    pub const Treasury: AccountId = 999;
}

pub type Fees = SponsoredFees<Test, FungibleAdapter<Balances, ResolveTo<Treasury, Balances>>>;

#[derive_impl(pallet_transaction_payment::config_preludes::TestDefaultConfig)]
impl pallet_transaction_payment::Config for Test {
    type OnChargeTransaction = Fees;
    type WeightToFee = IdentityFee<Balance>;
    type LengthToFee = IdentityFee<Balance>;
}

pub const REGISTRATION: Balance = 1_000;
pub const APPLICATION: Balance = 5_000;
/// What stays held for a tombstone with one recipient.
pub const TOMBSTONE: Balance = 200 + 120;
pub const DELAY: u64 = 10;
pub const PERIOD: u64 = 100;
pub const MAX_QUOTA: Balance = 1_000_000_000_000;
pub const START: Moment = 50_000;
pub const TERM: Moment = 1_000;
pub const FUNDS: Balance = 1_000_000_000_000_000;

parameter_types! {
    pub static RegistrationDeposit: Balance = REGISTRATION;
    pub const ApplicationDeposit: Balance = APPLICATION;
    pub const DepositPerByte: Balance = 1;
    pub const MinTerm: Moment = 100;
    pub const MaxTerm: Moment = 10_000;
    pub const MaxKeyVersions: u32 = 3;
    pub const RecoveryDelay: u64 = DELAY;
    pub const SponsorPeriod: u64 = PERIOD;
    pub const MaxSponsorQuota: Balance = MAX_QUOTA;
    pub static Now: Moment = START;
}

/// A remark stands for what a node does by itself.
pub struct NodeCalls;
impl Contains<RuntimeCall> for NodeCalls {
    fn contains(call: &RuntimeCall) -> bool {
        matches!(call, RuntimeCall::System(frame_system::Call::remark { .. }))
    }
}

impl pallet_registry::Config for Test {
    type AdmitOrigin = frame_system::EnsureRoot<AccountId>;
    type OperatorCalls = NodeCalls;
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Time = Clock;
    type BlockNumberProvider = System;
    type RegistrationDeposit = RegistrationDeposit;
    type ApplicationDeposit = ApplicationDeposit;
    type DepositPerByte = DepositPerByte;
    type MinTerm = MinTerm;
    type MaxTerm = MaxTerm;
    type MaxKeyVersions = MaxKeyVersions;
    type RecoveryDelay = RecoveryDelay;
    type SponsorPeriod = SponsorPeriod;
    type MaxSponsorQuota = MaxSponsorQuota;
    type WeightInfo = ();
}

pub struct Clock;

impl Time for Clock {
    type Moment = Moment;
    fn now() -> Moment {
        Now::get()
    }
}

/// Admitted at genesis: an institution with an operator, and one whose term ends.
pub const HOSPITAL: AccountId = 1;
pub const CLINIC: AccountId = 2;
pub const OPERATOR: AccountId = 30;
pub const CLINIC_END: Moment = START + 500;
/// Funded accounts that are not in the register.
pub const PATIENT: AccountId = 10;
pub const TEAM: AccountId = 20;
pub const STRANGER: AccountId = 50;
pub const RECOVERY: AccountId = 40;
/// Accounts without balance.
pub const POOR: AccountId = 60;
pub const KEY: AccountId = 61;

pub const RESEARCH: Role = Role::ThirdParty(ThirdPartyKind::ResearchTeam);

pub fn new_test_ext() -> sp_io::TestExternalities {
    Now::set(START);
    RegistrationDeposit::set(REGISTRATION);
    let members = vec![
        (
            HOSPITAL,
            Role::Institution,
            H256::repeat_byte(1),
            H256::repeat_byte(11),
            Some(OPERATOR),
            None,
        ),
        (
            CLINIC,
            Role::Institution,
            H256::repeat_byte(2),
            H256::repeat_byte(12),
            None,
            Some(CLINIC_END),
        ),
    ];
    let storage = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: [
                HOSPITAL,
                CLINIC,
                PATIENT,
                TEAM,
                STRANGER,
                RECOVERY,
                Treasury::get(),
            ]
            .map(|who| (who, FUNDS))
            .to_vec(),
            ..Default::default()
        },
        registry: pallet_registry::GenesisConfig { members },
        ..Default::default()
    }
    .build_storage()
    .unwrap();
    let mut ext = sp_io::TestExternalities::new(storage);
    ext.execute_with(|| System::set_block_number(1));
    ext
}

/// Runs a test, then checks that the state is sound and that nothing was minted or burnt.
pub fn build_and_execute(test: impl FnOnce()) {
    new_test_ext().execute_with(|| {
        let issued = pallet_balances::TotalIssuance::<Test>::get();
        test();
        Registry::do_try_state().unwrap();
        assert_eq!(pallet_balances::TotalIssuance::<Test>::get(), issued);
    });
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

pub fn deposit_of(who: AccountId) -> Balance {
    Balances::balance_on_hold(&HoldReason::Membership.into(), &who)
}

pub fn quota_of(who: AccountId) -> Balance {
    Balances::balance_on_hold(&HoldReason::Sponsorship.into(), &who)
}

pub fn register(who: AccountId) {
    Registry::register_patient(signed(who), H256::repeat_byte(9), [9; 32], None).unwrap();
}

/// Registers `who` with HOSPITAL as the sponsor it accepts.
pub fn register_sponsored(who: AccountId) {
    let sponsor = Some(HOSPITAL);
    Registry::register_patient(signed(who), H256::repeat_byte(9), [9; 32], sponsor).unwrap();
}

pub fn apply(who: AccountId) {
    Registry::apply(signed(who), RESEARCH, H256::repeat_byte(8), [8; 32]).unwrap();
}

pub fn admit(who: AccountId) {
    apply(who);
    Registry::admit(RuntimeOrigin::root(), who, TERM).unwrap();
}

pub fn assert_last_event(event: Event<Test>) {
    System::assert_last_event(event.into());
}

pub fn assert_event(event: Event<Test>) {
    System::assert_has_event(event.into());
}
