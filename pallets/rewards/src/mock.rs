//! A chain with this pallet and balances; members are a table.

use std::cell::RefCell;
use std::collections::BTreeSet;

use polkadot_sdk::{
    frame_support::{
        construct_runtime, derive_impl, parameter_types,
        traits::{fungible::InspectHold, ConstU128, ConstU32},
        PalletId,
    },
    frame_system, pallet_balances,
    sp_io::{hashing::blake2_256, TestExternalities},
    sp_runtime::{BuildStorage, Perbill, Perquintill},
};
use salus_primitives::{
    membership::{KeyVersion, Membership, Recipient, Role, ThirdPartyKind},
    records::RecordId,
    stake::{Contribution, Institutions},
    Balance, Digest,
};

use crate as pallet_rewards;
use crate::{HoldReason, Secret, Units};

pub type AccountId = u64;
pub type Block = frame_system::mocking::MockBlockU32<Test>;

construct_runtime! {
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Rewards: pallet_rewards,
    }
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountData = pallet_balances::AccountData<Balance>;
}

pub const DEPOSIT: Balance = 10;

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
    type Balance = Balance;
    type ExistentialDeposit = ConstU128<DEPOSIT>;
}

/// Institutions 1 to 10; the operator key of institution n is n + 100.
pub const INSTITUTIONS: core::ops::RangeInclusive<AccountId> = 1..=10;
pub const HOSPITAL: AccountId = 1;
pub const CLINIC: AccountId = 2;
pub const INSURER: AccountId = 20;
/// Patients are the accounts from here on, attested unless in `UNATTESTED`.
pub const PATIENT: AccountId = 1_000;
pub const OTHER_PATIENT: AccountId = 1_001;
/// A patient without any balance.
pub const POOR_PATIENT: AccountId = 1_002;
pub const STRANGER: AccountId = 50;
pub const START: Balance = 100_000_000;

thread_local! {
    pub static UNATTESTED: RefCell<BTreeSet<AccountId>> = const { RefCell::new(BTreeSet::new()) };
    pub static SUSPENDED: RefCell<BTreeSet<AccountId>> = const { RefCell::new(BTreeSet::new()) };
}

pub struct Members;
impl Membership<AccountId> for Members {
    fn role(who: &AccountId) -> Option<Role> {
        if SUSPENDED.with_borrow(|set| set.contains(who)) {
            return None;
        }
        match who {
            1..=10 => Some(Role::Institution),
            20 => Some(Role::ThirdParty(ThirdPartyKind::Insurer)),
            1_000.. => Some(Role::Patient),
            _ => None,
        }
    }
    fn recipient(_: &AccountId) -> Option<(KeyVersion, Recipient)> {
        None
    }
    fn recovery(_: &AccountId) -> Option<AccountId> {
        None
    }
    fn member_of(operator: &AccountId) -> Option<AccountId> {
        operator
            .checked_sub(100)
            .filter(|who| INSTITUTIONS.contains(who))
    }
    fn is_attested(who: &AccountId) -> bool {
        *who >= PATIENT && !UNATTESTED.with_borrow(|set| set.contains(who))
    }
    #[cfg(feature = "runtime-benchmarks")]
    fn make_member(who: &AccountId, _: Role) {
        // Benchmark accounts are large numbers, patients here: so are their attesters.
        BENCHMARKED.with_borrow_mut(|set| set.insert(*who));
    }
    fn is_institution(who: &AccountId) -> bool {
        BENCHMARKED.with_borrow(|set| set.contains(who))
            || matches!(Self::role(who), Some(Role::Institution))
    }
    fn is_admitted(who: &AccountId) -> bool {
        Self::is_institution(who) || matches!(Self::role(who), Some(Role::ThirdParty(_)))
    }
}

thread_local! {
    /// Institutions that benchmarks made.
    pub static BENCHMARKED: RefCell<BTreeSet<AccountId>> = const { RefCell::new(BTreeSet::new()) };
}

parameter_types! {
    pub static Count: u32 = 10;
    pub static MaxUnits: u32 = 3;
    pub const RewardsPalletId: PalletId = PalletId(*b"sa/rewrd");
    pub const PatientPart: Perbill = Perbill::from_percent(60);
    pub static PeriodInflation: Perquintill = Perquintill::from_percent(1);
}

impl Institutions for Count {
    fn count() -> u32 {
        Self::get()
    }
}

pub const PERIOD: u32 = 100;
pub const WINDOW: u32 = 50;
pub const MAX_VALIDITY: u32 = 1_000;
pub const MAX_OFFERS: u32 = 3;
pub const MIN_PRICE: Balance = 20;

impl pallet_rewards::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Membership = Members;
    type Institutions = Count;
    type BlockNumberProvider = System;
    type PalletId = RewardsPalletId;
    type PeriodLength = ConstU32<PERIOD>;
    type PeriodInflation = PeriodInflation;
    type MaxUnits = MaxUnits;
    type PatientPart = PatientPart;
    type DisputeWindow = ConstU32<WINDOW>;
    type MaxOffers = ConstU32<MAX_OFFERS>;
    type MinPrice = ConstU128<MIN_PRICE>;
    type MaxValidity = ConstU32<MAX_VALIDITY>;
    type WeightInfo = ();
}

pub fn new_test_ext() -> TestExternalities {
    UNATTESTED.set(BTreeSet::new());
    SUSPENDED.set(BTreeSet::new());
    BENCHMARKED.set(BTreeSet::new());
    Count::set(10);
    MaxUnits::set(3);
    PeriodInflation::set(Perquintill::from_percent(1));
    let funded = INSTITUTIONS.chain([INSURER, PATIENT, OTHER_PATIENT, STRANGER]);
    let storage = RuntimeGenesisConfig {
        system: Default::default(),
        balances: pallet_balances::GenesisConfig {
            balances: funded.map(|who| (who, START)).collect(),
            ..Default::default()
        },
        rewards: Default::default(),
    }
    .build_storage()
    .unwrap();
    let mut ext = TestExternalities::new(storage);
    ext.execute_with(|| System::set_block_number(1));
    ext
}

/// Runs the test, then checks the invariants, and that the supply is what the accounts have and the
/// pot has no unit that nobody owns.
pub fn build_and_execute(test: impl FnOnce()) {
    new_test_ext().execute_with(|| {
        test();
        check();
    });
}

pub fn check() {
    Rewards::do_try_state().unwrap();
    let owed: Balance = Units::<Test>::iter_values()
        .filter_map(|unit| unit.minted)
        .map(|minted| minted.patient + minted.institution)
        .sum();
    assert_eq!(free(Rewards::pot()), DEPOSIT + owed);
    let supply: Balance = frame_system::Account::<Test>::iter_values()
        .map(|account| account.data.free + account.data.reserved)
        .sum();
    assert_eq!(Balances::total_issuance(), supply);
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

pub fn run_to(block: u32) {
    System::set_block_number(block);
}

pub fn free(who: AccountId) -> Balance {
    Balances::free_balance(who)
}

pub fn held(who: AccountId) -> Balance {
    Balances::balance_on_hold(&HoldReason::Voucher.into(), &who)
}

pub fn record(n: u64) -> RecordId {
    blake2_256(&n.to_le_bytes()).into()
}

/// Record `n`, released by `institution`, was stored by `patient`.
pub fn stored(n: u64, patient: AccountId, institution: AccountId) {
    <Rewards as Contribution<_>>::stored(&record(n), &patient, &institution);
}

pub fn revoked(n: u64) {
    <Rewards as Contribution<AccountId>>::revoked(&record(n));
}

pub fn claim(n: u64) {
    Rewards::claim(signed(STRANGER), record(n)).unwrap();
}

/// What all the units of a period share, at the supply of genesis.
pub fn pool() -> Balance {
    PeriodInflation::get().mul_floor(14 * START + DEPOSIT)
}

pub const SECRET: Secret = [7; 32];

pub fn commitment() -> Digest {
    blake2_256(&SECRET).into()
}

pub fn last_event() -> crate::Event<Test> {
    System::events()
        .into_iter()
        .rev()
        .find_map(|record| match record.event {
            RuntimeEvent::Rewards(event) => Some(event),
            _ => None,
        })
        .unwrap()
}
