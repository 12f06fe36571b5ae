//! A chain with this pallet, balances, sessions with history, and offences; members are a table.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use pallet_session::{historical, ShouldEndSession};
use polkadot_sdk::{
    frame_support::{
        construct_runtime, derive_impl, parameter_types,
        traits::{fungible::InspectHold, ConstU128, ConstU32, Get, Hooks},
        PalletId,
    },
    frame_system::{self, EnsureRoot},
    pallet_authorship::EventHandler,
    pallet_balances, pallet_offences,
    sp_io::TestExternalities,
    sp_runtime::{
        impl_opaque_keys,
        testing::UintAuthorityId,
        traits::{Convert, ConvertInto},
        BuildStorage, Perbill, Perquintill,
    },
    sp_staking::offence::{Kind, Offence, OffenceError, ReportOffence},
};
use salus_primitives::{
    membership::{KeyVersion, Membership, Recipient, Role},
    stake::SessionIndex,
    Balance,
};

use crate as pallet_delegation;
use crate::{Candidate, Candidates, Delegations, HoldReason, Pools, SubPools};

pub type AccountId = u64;
pub type Block = frame_system::mocking::MockBlockU32<Test>;

construct_runtime! {
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Session: pallet_session,
        Historical: historical,
        Offences: pallet_offences,
        Delegation: pallet_delegation,
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

impl_opaque_keys! {
    pub struct Keys {
        pub dummy: UintAuthorityId,
    }
}

pub struct Handler;
impl pallet_session::SessionHandler<AccountId> for Handler {
    const KEY_TYPE_IDS: &'static [polkadot_sdk::sp_runtime::KeyTypeId] =
        &[polkadot_sdk::sp_runtime::key_types::DUMMY];
    fn on_genesis_session<K: polkadot_sdk::sp_runtime::traits::OpaqueKeys>(_: &[(AccountId, K)]) {}
    fn on_new_session<K: polkadot_sdk::sp_runtime::traits::OpaqueKeys>(
        _: bool,
        _: &[(AccountId, K)],
        _: &[(AccountId, K)],
    ) {
    }
    fn on_disabled(_: u32) {}
}

/// Tests end sessions.
pub struct Never;
impl ShouldEndSession<u32> for Never {
    fn should_end_session(_: u32) -> bool {
        false
    }
}

parameter_types! {
    pub const KeyDeposit: Balance = 0;
}

impl pallet_session::Config for Test {
    type RuntimeEvent = RuntimeEvent;
    type ValidatorId = AccountId;
    type ValidatorIdOf = ConvertInto;
    type ShouldEndSession = Never;
    type NextSessionRotation = pallet_session::PeriodicSessions<ConstU32<10>, ConstU32<0>>;
    type SessionManager = historical::NoteHistoricalRoot<Test, Delegation>;
    type SessionHandler = Handler;
    type Keys = Keys;
    type DisablingStrategy = pallet_session::disabling::UpToLimitWithReEnablingDisablingStrategy;
    type WeightInfo = ();
    type Currency = Balances;
    type KeyDeposit = KeyDeposit;
}

pub struct Identification;
impl Convert<AccountId, Option<()>> for Identification {
    fn convert(_: AccountId) -> Option<()> {
        Some(())
    }
}

impl historical::Config for Test {
    type RuntimeEvent = RuntimeEvent;
    type FullIdentification = ();
    type FullIdentificationOf = Identification;
}

impl pallet_offences::Config for Test {
    type RuntimeEvent = RuntimeEvent;
    type IdentificationTuple = historical::IdentificationTuple<Test>;
    type OnOffenceHandler = Delegation;
}

/// Candidates of genesis, from the smallest bond up.
pub const CANDIDATES: core::ops::RangeInclusive<AccountId> = 1..=6;
/// Institutions with session keys that are no candidates yet.
pub const NEWCOMERS: core::ops::RangeInclusive<AccountId> = 7..=8;
pub const DELEGATORS: core::ops::RangeInclusive<AccountId> = 21..=40;
pub const ALICE: AccountId = 21;
pub const BOB: AccountId = 22;
pub const CAROL: AccountId = 23;
/// A stranger to the register.
pub const STRANGER: AccountId = 90;
pub const REPORTER: AccountId = 91;
pub const TREASURY: AccountId = 99;
pub const START: Balance = 100_000_000;

thread_local! {
    pub static NOT_INSTITUTIONS: RefCell<BTreeSet<AccountId>> =
        const { RefCell::new(BTreeSet::new()) };
}

pub struct Members;
impl Membership<AccountId> for Members {
    fn role(who: &AccountId) -> Option<Role> {
        let is_institution = (CANDIDATES.contains(who) || NEWCOMERS.contains(who) || *who > 10_000)
            && !NOT_INSTITUTIONS.with_borrow(|set| set.contains(who));
        is_institution.then_some(Role::Institution)
    }
    fn recipient(_: &AccountId) -> Option<(KeyVersion, Recipient)> {
        None
    }
    fn recovery(_: &AccountId) -> Option<AccountId> {
        None
    }
    /// The operator key of institution n is n + 100.
    fn member_of(operator: &AccountId) -> Option<AccountId> {
        operator
            .checked_sub(100)
            .filter(|who| CANDIDATES.contains(who))
    }
    fn is_attested(_: &AccountId) -> bool {
        false
    }
    #[cfg(feature = "runtime-benchmarks")]
    fn make_member(_: &AccountId, _: Role) {}
}

parameter_types! {
    pub const DelegationPalletId: PalletId = PalletId(*b"sa/deleg");
    pub const Treasury: AccountId = TREASURY;
    pub const ReporterPart: Perbill = Perbill::from_percent(10);
    pub const MinAttendance: Perbill = Perbill::from_percent(20);
    pub static SessionInflation: Perquintill = Perquintill::from_parts(1_000_000_000_000_000);
    pub static MaxSlashesPerBlock: u32 = 2;
    pub static Validators: u32 = 4;
    pub static MinValidators: u32 = 2;
}

pub const MIN_BOND: Balance = 1_000;
pub const MIN_DELEGATION: Balance = 100;
pub const UNBONDING: SessionIndex = 8;
pub const REPORT: SessionIndex = 2;
pub const DEFERRAL: SessionIndex = 4;
pub const NOTICE: SessionIndex = 3;
pub const BLOCKS: u32 = 20;

/// Who has keys at genesis.
pub struct WithKeys;
impl Get<Vec<AccountId>> for WithKeys {
    fn get() -> Vec<AccountId> {
        (1..=4).collect()
    }
}

impl pallet_delegation::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Membership = Members;
    type Session = Session;
    type GenesisValidators = WithKeys;
    type CancelOrigin = EnsureRoot<AccountId>;
    type Treasury = Treasury;
    type PalletId = DelegationPalletId;
    type Validators = Validators;
    type MinValidators = MinValidators;
    type MinBond = ConstU128<MIN_BOND>;
    type MinDelegation = ConstU128<MIN_DELEGATION>;
    type UnbondingSessions = ConstU32<UNBONDING>;
    type ReportSessions = ConstU32<REPORT>;
    type SlashDeferral = ConstU32<DEFERRAL>;
    type MaxSlashesPerBlock = MaxSlashesPerBlock;
    type ReporterPart = ReporterPart;
    type CommissionNotice = ConstU32<NOTICE>;
    type SessionInflation = SessionInflation;
    type BlocksPerSession = ConstU32<BLOCKS>;
    type SessionsPerYear = ConstU32<100>;
    type JudgedBlocks = ConstU32<5>;
    type MinAttendance = MinAttendance;
    type WeightInfo = ();
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Helper;
}

#[cfg(feature = "runtime-benchmarks")]
pub struct Helper;
#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper<AccountId> for Helper {
    fn set_keys(who: &AccountId) {
        set_keys(*who);
    }
    fn set_session(index: SessionIndex) {
        pallet_session::CurrentIndex::<Test>::put(index);
    }
}

/// Bond of a candidate of genesis.
pub fn bond_of(candidate: AccountId) -> Balance {
    Balance::from(candidate) * 10_000
}

/// Builds the chain of a test.
pub struct ExtBuilder {
    candidates: Vec<AccountId>,
}

impl Default for ExtBuilder {
    fn default() -> Self {
        Self {
            candidates: CANDIDATES.collect(),
        }
    }
}

impl ExtBuilder {
    /// Candidates at genesis.
    pub fn candidates(mut self, candidates: impl IntoIterator<Item = AccountId>) -> Self {
        self.candidates = candidates.into_iter().collect();
        self
    }

    pub fn build(self) -> TestExternalities {
        NOT_INSTITUTIONS.set(BTreeSet::new());
        MaxSlashesPerBlock::set(2);
        Validators::set(4);
        MinValidators::set(2);
        SessionInflation::set(Perquintill::from_parts(1_000_000_000_000_000));
        let funded = CANDIDATES
            .chain(NEWCOMERS)
            .chain(DELEGATORS)
            .chain([STRANGER, REPORTER, TREASURY]);
        let storage = RuntimeGenesisConfig {
            system: Default::default(),
            balances: pallet_balances::GenesisConfig {
                balances: funded.map(|who| (who, START)).collect(),
                ..Default::default()
            },
            session: pallet_session::GenesisConfig {
                keys: CANDIDATES
                    .chain(NEWCOMERS)
                    .map(|who| (who, who, keys(who)))
                    .collect(),
                ..Default::default()
            },
            delegation: pallet_delegation::GenesisConfig {
                candidates: self
                    .candidates
                    .into_iter()
                    .map(|who| (who, bond_of(who), Perbill::from_percent(10)))
                    .collect(),
            },
        }
        .build_storage()
        .unwrap();
        let mut ext = TestExternalities::new(storage);
        ext.execute_with(|| System::set_block_number(1));
        ext
    }

    /// Runs the test, then checks the invariants, that no unit is in the pot which nobody owns, and
    /// that the supply is what the accounts have.
    pub fn build_and_execute(self, test: impl FnOnce()) {
        self.build().execute_with(|| {
            test();
            check();
        });
    }
}

pub fn check() {
    Delegation::do_try_state().unwrap();
    let pools: Balance = Pools::<Test>::iter_values().map(|pool| pool.value).sum();
    let subs: Balance = SubPools::<Test>::iter_values().map(|sub| sub.value).sum();
    assert_eq!(free(Delegation::pot()), DEPOSIT + pools + subs);
    let supply: Balance = polkadot_sdk::frame_system::Account::<Test>::iter_values()
        .map(|account| account.data.free + account.data.reserved)
        .sum();
    assert_eq!(Balances::total_issuance(), supply);
}

pub fn keys(who: AccountId) -> Keys {
    Keys {
        dummy: UintAuthorityId(who),
    }
}

pub fn set_keys(who: AccountId) {
    pallet_session::NextKeys::<Test>::insert(who, keys(who));
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

pub fn free(who: AccountId) -> Balance {
    Balances::free_balance(who)
}

pub fn held(who: AccountId) -> Balance {
    Balances::balance_on_hold(&HoldReason::Bond.into(), &who)
}

pub fn next_block() {
    System::set_block_number(System::block_number() + 1);
    <Delegation as Hooks<u32>>::on_initialize(System::block_number());
}

/// Ends the session: the next begins in a new block.
pub fn next_session() {
    System::set_block_number(System::block_number() + 1);
    Session::rotate_session();
    <Delegation as Hooks<u32>>::on_initialize(System::block_number());
}

/// Ends sessions until `index` has begun.
pub fn run_to_session(index: SessionIndex) {
    while session() < index {
        next_session();
    }
}

pub fn session() -> SessionIndex {
    Session::current_index()
}

/// Blocks of this session by one author.
pub fn author(who: AccountId, blocks: u32) {
    for _ in 0..blocks {
        <Delegation as EventHandler<AccountId, u32>>::note_author(who);
    }
}

/// A session in which every validator authors its part of all the blocks.
pub fn full_session() {
    let validators = Session::validators();
    for who in &validators {
        author(*who, BLOCKS / validators.len() as u32);
    }
    next_session();
}

pub fn candidate(who: AccountId) -> Candidate {
    Candidates::<Test>::get(who).unwrap()
}

pub fn delegate(who: AccountId, to: AccountId, amount: Balance) {
    Delegation::delegate(signed(who), to, amount).unwrap();
}

/// What a delegation is worth, with what it owes taken off.
pub fn worth(who: AccountId, candidate: AccountId) -> Balance {
    let Some(mut delegation) = Delegations::<Test>::get(who, candidate) else {
        return 0;
    };
    let mut pool = Pools::<Test>::get(candidate);
    Delegation::count_moved(&mut delegation, &mut pool);
    pool.worth_of(&delegation)
}

pub fn elected() -> Vec<AccountId> {
    crate::LastElected::<Test>::get()
        .iter()
        .map(|won| won.account)
        .collect()
}

/// An equivocation of some of the validators of a session.
pub struct Equivocation {
    pub offenders: Vec<AccountId>,
    pub session: SessionIndex,
    pub slot: u64,
    pub fraction: Perbill,
}

impl Offence<(AccountId, ())> for Equivocation {
    const ID: Kind = *b"test:equivocatio";
    type Slot = (SessionIndex, u64);
    fn offenders(&self) -> Vec<(AccountId, ())> {
        self.offenders.iter().map(|who| (*who, ())).collect()
    }
    fn session_index(&self) -> SessionIndex {
        self.session
    }
    fn validator_set_count(&self) -> u32 {
        4
    }
    fn slot(&self) -> Self::Slot {
        (self.session, self.slot)
    }
    fn slash_fraction(&self, _: u32) -> Perbill {
        self.fraction
    }
}

/// Reports an offence of `who` through the offences pallet.
pub fn report(
    who: AccountId,
    session: SessionIndex,
    slot: u64,
    percent: u32,
) -> Result<(), OffenceError> {
    report_by(vec![REPORTER], who, session, slot, percent)
}

pub fn report_by(
    reporters: Vec<AccountId>,
    who: AccountId,
    session: SessionIndex,
    slot: u64,
    percent: u32,
) -> Result<(), OffenceError> {
    report_fraction(
        reporters,
        who,
        session,
        slot,
        Perbill::from_percent(percent),
    )
}

pub fn report_fraction(
    reporters: Vec<AccountId>,
    who: AccountId,
    session: SessionIndex,
    slot: u64,
    fraction: Perbill,
) -> Result<(), OffenceError> {
    Offences::report_offence(
        reporters,
        Equivocation {
            offenders: vec![who],
            session,
            slot,
            fraction,
        },
    )
}

pub fn last_event() -> crate::Event<Test> {
    System::events()
        .into_iter()
        .rev()
        .find_map(|record| match record.event {
            RuntimeEvent::Delegation(event) => Some(event),
            _ => None,
        })
        .unwrap()
}

pub fn assert_event(event: crate::Event<Test>) {
    System::assert_has_event(event.into());
}

/// All balances, to see that a unit that went somewhere came from somewhere.
pub fn balances() -> BTreeMap<AccountId, Balance> {
    polkadot_sdk::frame_system::Account::<Test>::iter()
        .map(|(who, account)| (who, account.data.free + account.data.reserved))
        .collect()
}
