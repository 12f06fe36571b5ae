//! A chain with this pallet and balances; members, records and randomness are tables.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use codec::Encode;
use polkadot_sdk::{
    frame_support::{
        construct_runtime, derive_impl, parameter_types,
        traits::{ConstU128, Hooks, Randomness, Time},
        weights::Weight,
    },
    frame_system::{self, EnsureRoot},
    pallet_balances,
    sp_core::H256,
    sp_io::{hashing::blake2_256, TestExternalities},
    sp_runtime::{BuildStorage, Permill},
};
use salus_primitives::{
    blobs::{BlobAccess, BlobPointer, Capsule},
    jobs::{
        commitment, Cipher, Ciphertext, Failure, InputSpec, JobId, Outcome, ResultForm,
        ResultPointer, Reveal, WorkBound,
    },
    membership::{KeyVersion, Membership, Recipient, Role},
    records::{Purpose, RecordAccess, RecordId, Right, StoredRecord},
    Digest,
};

use crate as pallet_jobs;
use crate::{Capsules, JobOf, Jobs, SpecOf};

pub type AccountId = u64;
pub type Block = frame_system::mocking::MockBlockU32<Test>;

construct_runtime! {
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        PalletJobs: pallet_jobs,
    }
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountData = pallet_balances::AccountData<u128>;
}

parameter_types! {
    pub const ExistentialDeposit: u128 = 10;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
    type Balance = u128;
    type ExistentialDeposit = ExistentialDeposit;
}

/// The client of most tests.
pub const CLIENT: AccountId = 1;
pub const OTHER_CLIENT: AccountId = 2;
pub const PATIENT: AccountId = 3;
/// A patient without any balance.
pub const POOR_PATIENT: AccountId = 4;
pub const STRANGER: AccountId = 5;
pub const TREASURY: AccountId = 9;
/// Workers 11 to 18; the operator key of worker n is n + 100.
pub const WORKERS: core::ops::RangeInclusive<AccountId> = 11..=18;
pub const START: u128 = 100_000_000;
pub const BOND: u128 = 1_000_000;
pub const REWARD: u128 = 100_001;
pub const PURPOSE: Purpose = 7;

/// A tenth of a second: a settlement of the largest kind, or a few draws.
pub const DUE_WEIGHT: Weight = Weight::from_parts(100_000_000_000, u64::MAX);

thread_local! {
    pub static ROLES: RefCell<BTreeMap<AccountId, Role>> = const { RefCell::new(BTreeMap::new()) };
    pub static OPERATORS: RefCell<BTreeMap<AccountId, AccountId>> =
        const { RefCell::new(BTreeMap::new()) };
    pub static KEYLESS: RefCell<BTreeSet<AccountId>> = const { RefCell::new(BTreeSet::new()) };
    pub static RECORDS: RefCell<BTreeMap<RecordId, StoredRecord<AccountId>>> =
        const { RefCell::new(BTreeMap::new()) };
    /// Ended records and whose they were.
    pub static ENDED: RefCell<BTreeMap<RecordId, AccountId>> =
        const { RefCell::new(BTreeMap::new()) };
    pub static CONSENTS: RefCell<BTreeSet<(AccountId, RecordId, Purpose)>> =
        const { RefCell::new(BTreeSet::new()) };
    pub static OTHER_BLOBS: RefCell<BTreeSet<Digest>> = const { RefCell::new(BTreeSet::new()) };
    /// Seed of the randomness, and the block since which it is known where not the parent.
    pub static RANDOM: RefCell<(u8, Option<u32>)> = const { RefCell::new((0, None)) };
}

pub struct Members;
impl Membership<AccountId> for Members {
    fn role(who: &AccountId) -> Option<Role> {
        ROLES.with_borrow(|roles| roles.get(who).copied())
    }
    fn recipient(who: &AccountId) -> Option<(KeyVersion, Recipient)> {
        let known = Self::role(who).is_some() && !KEYLESS.with_borrow(|set| set.contains(who));
        known.then_some((0, [*who as u8; 32]))
    }
    fn recovery(_: &AccountId) -> Option<AccountId> {
        None
    }
    fn member_of(operator: &AccountId) -> Option<AccountId> {
        OPERATORS.with_borrow(|operators| operators.get(operator).copied())
    }
    fn is_attested(_: &AccountId) -> bool {
        false
    }
    #[cfg(feature = "runtime-benchmarks")]
    fn make_member(who: &AccountId, role: Role) {
        set_role(*who, Some(role));
    }
}

pub struct Records;
impl RecordAccess<AccountId> for Records {
    fn stored(record: &RecordId) -> Option<StoredRecord<AccountId>> {
        RECORDS.with_borrow(|records| records.get(record).cloned())
    }
    fn owner(record: &RecordId) -> Option<AccountId> {
        let ended = ENDED.with_borrow(|ended| ended.get(record).copied());
        ended.or_else(|| Self::stored(record).map(|stored| stored.patient))
    }
    fn may(who: &AccountId, record: &RecordId, right: Right, purpose: Purpose) -> bool {
        Self::consents(who, record, right, purpose)
            && (Members::role(who).is_some() || Self::owner(record) == Some(*who))
    }
    fn consents(who: &AccountId, record: &RecordId, right: Right, purpose: Purpose) -> bool {
        let Some(stored) = Self::stored(record) else {
            return false;
        };
        right == Right::Analyse
            && (stored.patient == *who
                || CONSENTS.with_borrow(|set| set.contains(&(*who, *record, purpose))))
    }
    #[cfg(feature = "runtime-benchmarks")]
    fn make_record(patient: &AccountId, grantee: &AccountId, seed: u32) -> RecordId {
        make_record(*patient, *grantee, 0, seed)
    }
}

pub struct OtherBlobs;
impl BlobAccess<AccountId> for OtherBlobs {
    fn may_fetch(_: &AccountId, _: &Digest) -> bool {
        false
    }
    fn is_referenced(digest: &Digest) -> bool {
        OTHER_BLOBS.with_borrow(|blobs| blobs.contains(digest))
    }
}

pub struct Outputs;
impl Randomness<H256, u32> for Outputs {
    fn random(subject: &[u8]) -> (H256, u32) {
        let (seed, since) = RANDOM.with_borrow(|random| *random);
        let hash = (seed, subject).using_encoded(blake2_256).into();
        (
            hash,
            since.unwrap_or_else(|| System::block_number().saturating_sub(1)),
        )
    }
}

pub struct Clock;
impl Time for Clock {
    type Moment = u64;
    fn now() -> u64 {
        u64::from(System::block_number()) * 2_000
    }
}

parameter_types! {
    pub const Treasury: AccountId = TREASURY;
    pub const MaxWorkers: u32 = 40;
    pub const MaxActiveSeats: u32 = 3;
    pub const MinBond: u128 = BOND / 2;
    pub const SlashPart: Permill = Permill::from_percent(10);
    pub const MaxStrikes: u32 = 2;
    pub const UnbondingPeriod: u32 = 50;
    pub const SuspensionPeriod: u32 = 30;
    pub const RestartFee: u128 = 5_000;
    pub const MinReward: u128 = 1_000;
    pub const DrawFee: Permill = Permill::from_percent(10);
    pub const HoldbackPart: Permill = Permill::from_percent(20);
    pub const FreeCancelWindow: u32 = 1;
    pub const GatherOutputs: u32 = 3;
    pub const MaxDrawRetries: u32 = 4;
    pub const BusyWindow: u32 = 40;
    pub const BusyInterval: u32 = 3;
    pub const PanelMemory: u32 = 100;
    pub const MaxDraws: u32 = 2;
    pub const MaxLiveJobs: u32 = 20;
    pub const ProvideWindow: u32 = 10;
    pub const MinWindow: u32 = 4;
    pub const MaxWindow: u32 = 100;
    pub const RevealWindow: u32 = 6;
    pub const ResultWindow: u32 = 8;
    pub const RetentionPeriod: u32 = 20;
    pub const DepositBase: u128 = 1_000;
    pub const DepositPerByte: u128 = 1;
    pub static MaxDueWeight: Weight = DUE_WEIGHT;
    pub const MaxSlotsPerBlock: u32 = 16;
}

impl pallet_jobs::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Membership = Members;
    type Records = Records;
    type OtherBlobs = OtherBlobs;
    type Randomness = Outputs;
    type Treasury = Treasury;
    type GovernanceOrigin = EnsureRoot<AccountId>;
    type BlockNumberProvider = System;
    type Time = Clock;
    type MaxWorkers = MaxWorkers;
    type MaxActiveSeats = MaxActiveSeats;
    type MinBond = MinBond;
    type SlashPart = SlashPart;
    type MaxStrikes = MaxStrikes;
    type UnbondingPeriod = UnbondingPeriod;
    type SuspensionPeriod = SuspensionPeriod;
    type RestartFee = RestartFee;
    type MinReward = MinReward;
    type DrawFee = DrawFee;
    type Holdback = HoldbackPart;
    type FreeCancelWindow = FreeCancelWindow;
    type GatherOutputs = GatherOutputs;
    type MaxDrawRetries = MaxDrawRetries;
    type BusyWindow = BusyWindow;
    type BusyInterval = BusyInterval;
    type PanelMemory = PanelMemory;
    type MaxDraws = MaxDraws;
    type MaxLiveJobs = MaxLiveJobs;
    type ProvideWindow = ProvideWindow;
    type UnitsPerBlock = ConstU128<10_000>;
    type MinWindow = MinWindow;
    type MaxWindow = MaxWindow;
    type RevealWindow = RevealWindow;
    type ResultWindow = ResultWindow;
    type RetentionPeriod = RetentionPeriod;
    type DepositBase = DepositBase;
    type DepositPerByte = DepositPerByte;
    type MaxDueWeight = MaxDueWeight;
    type MaxSlotsPerBlock = MaxSlotsPerBlock;
    type WeightInfo = ();
}

/// Builds the chain of a test.
pub struct ExtBuilder {
    workers: Vec<AccountId>,
}

impl Default for ExtBuilder {
    fn default() -> Self {
        Self {
            workers: (11..=16).collect(),
        }
    }
}

impl ExtBuilder {
    /// Workers at genesis.
    pub fn workers(mut self, workers: impl IntoIterator<Item = AccountId>) -> Self {
        self.workers = workers.into_iter().collect();
        self
    }

    pub fn build(self) -> TestExternalities {
        clear_tables();
        let funded = [CLIENT, OTHER_CLIENT, PATIENT, STRANGER, TREASURY]
            .into_iter()
            .chain(WORKERS);
        let storage = RuntimeGenesisConfig {
            system: Default::default(),
            balances: pallet_balances::GenesisConfig {
                balances: funded.map(|who| (who, START)).collect(),
                ..Default::default()
            },
            pallet_jobs: pallet_jobs::GenesisConfig {
                algorithms: vec![("fcm/1".into(), 2)],
                workers: self.workers.into_iter().map(|who| (who, BOND)).collect(),
            },
        }
        .build_storage()
        .unwrap();
        let mut ext = TestExternalities::new(storage);
        ext.execute_with(|| run_to(1));
        ext
    }

    /// Runs the test, then checks the invariants and that no unit was made or burnt.
    pub fn build_and_execute(self, test: impl FnOnce()) {
        self.build().execute_with(|| {
            let issued = Balances::total_issuance();
            test();
            PalletJobs::do_try_state().unwrap();
            assert_eq!(Balances::total_issuance(), issued);
        });
    }
}

fn clear_tables() {
    ROLES.set(BTreeMap::new());
    OPERATORS.set(BTreeMap::new());
    KEYLESS.set(BTreeSet::new());
    RECORDS.set(BTreeMap::new());
    ENDED.set(BTreeMap::new());
    CONSENTS.set(BTreeSet::new());
    OTHER_BLOBS.set(BTreeSet::new());
    RANDOM.set((0, None));
    for client in [CLIENT, OTHER_CLIENT] {
        set_role(client, Some(Role::Institution));
    }
    for patient in [PATIENT, POOR_PATIENT] {
        set_role(patient, Some(Role::Patient));
    }
    for worker in WORKERS {
        set_role(worker, Some(Role::Institution));
        OPERATORS.with_borrow_mut(|operators| operators.insert(worker + 100, worker));
    }
}

pub fn set_role(who: AccountId, role: Option<Role>) {
    ROLES.with_borrow_mut(|roles| match role {
        Some(role) => roles.insert(who, role),
        None => roles.remove(&who),
    });
}

/// A stored record of `patient` that `grantee` may have analysed for `purpose`.
pub fn make_record(
    patient: AccountId,
    grantee: AccountId,
    purpose: Purpose,
    seed: u32,
) -> RecordId {
    let id: RecordId = ("record", seed).using_encoded(blake2_256).into();
    let record = StoredRecord {
        patient,
        institution: OTHER_CLIENT,
        commitment: digest(200),
        blob: blob(seed as u8 ^ 0x80),
        recipient: [99; 32],
    };
    RECORDS.with_borrow_mut(|records| records.insert(id, record));
    CONSENTS.with_borrow_mut(|set| set.insert((grantee, id, purpose)));
    id
}

pub fn revoke(grantee: AccountId, record: RecordId) {
    CONSENTS.with_borrow_mut(|set| set.remove(&(grantee, record, PURPOSE)));
}

/// The patient ends the record for good.
pub fn end_record(record: RecordId) {
    let stored = RECORDS.with_borrow_mut(|records| records.remove(&record));
    ENDED.with_borrow_mut(|ended| ended.insert(record, stored.unwrap().patient));
}

pub fn run_to(block: u32) {
    while System::block_number() < block {
        System::set_block_number(System::block_number() + 1);
        <PalletJobs as Hooks<u32>>::on_initialize(System::block_number());
    }
}

pub fn run(blocks: u32) {
    run_to(System::block_number() + blocks);
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

pub fn digest(seed: u8) -> Digest {
    [seed; 32].into()
}

pub fn blob(seed: u8) -> BlobPointer {
    BlobPointer {
        digest: digest(seed),
        size: 1_000,
        location: b"http://127.0.0.1:1".to_vec().try_into().unwrap(),
    }
}

/// A job of one own input for a panel of three with quorum two and a reserve.
pub fn spec() -> SpecOf<Test> {
    SpecOf::<Test> {
        algorithm: b"fcm/1".to_vec().try_into().unwrap(),
        parameters: b"{}".to_vec().try_into().unwrap(),
        inputs: vec![own(1)].try_into().unwrap(),
        purpose: PURPOSE,
        quorum: 2,
        panel: 3,
        reserves: 1,
        reward: REWARD,
        bound: WorkBound {
            rows: 10,
            columns: 10,
            clusters: 2,
            iterations: 10,
        },
        form: ResultForm::Sealed,
        cipher: Cipher::AgeX25519,
        commit_window: 10,
    }
}

pub fn own(seed: u8) -> InputSpec {
    InputSpec::Own {
        commitment: digest(seed),
    }
}

pub fn inline(seed: u8) -> Ciphertext {
    Ciphertext::Inline(vec![seed; 100].try_into().unwrap())
}

pub fn post(spec: SpecOf<Test>) -> JobId {
    let job = crate::NextJobId::<Test>::get();
    PalletJobs::post(signed(CLIENT), spec).unwrap();
    job
}

pub fn job(id: JobId) -> JobOf<Test> {
    Jobs::<Test>::get(id).unwrap()
}

/// Blocks from a post to its draw: those after the free ones, and one to take the last output in.
pub fn draw_delay() -> u32 {
    FreeCancelWindow::get() + GatherOutputs::get() + 1
}

/// Posts and runs to the draw.
pub fn drawn(spec: SpecOf<Test>) -> JobId {
    let job = post(spec);
    run(draw_delay());
    job
}

/// One capsule for each seat and reserve, each of its own bytes.
pub fn capsules(id: JobId) -> Capsules {
    let job = job(id);
    let count = job.seats.len() + job.reserves.len();
    (0..count)
        .map(|place| Capsule::try_from(vec![place as u8; 200]).unwrap())
        .collect::<Vec<_>>()
        .try_into()
        .unwrap()
}

/// Names the one own input of the job.
pub fn provide(id: JobId) {
    let items = vec![(0, inline(1))].try_into().unwrap();
    PalletJobs::provide(signed(CLIENT), id, [8; 32], items, capsules(id)).unwrap();
}

/// Posts and runs until the panel works.
pub fn working(spec: SpecOf<Test>) -> JobId {
    let id = drawn(spec);
    provide(id);
    id
}

pub fn salt(who: AccountId) -> [u8; 32] {
    [who as u8; 32]
}

pub fn good() -> Outcome {
    Outcome::Success(digest(50))
}

pub fn bad() -> Outcome {
    Outcome::Success(digest(51))
}

pub fn failed(failure: Failure) -> Outcome {
    Outcome::Failed(failure)
}

/// Commits by the operator key.
pub fn commit(id: JobId, who: AccountId, outcome: Outcome) {
    let commitment = commitment(id, &who, &outcome, &salt(who));
    PalletJobs::commit(signed(who + 100), id, commitment).unwrap();
}

/// What `who` reveals; results are blobs, one for each worker.
pub fn reveal_of(who: AccountId, outcome: Outcome) -> Reveal {
    let result =
        matches!(outcome, Outcome::Success(_)).then(|| ResultPointer::Blob(blob(who as u8 + 60)));
    Reveal {
        outcome,
        salt: salt(who),
        result,
    }
}

/// Reveals by the operator key.
pub fn reveal(id: JobId, who: AccountId, outcome: Outcome) {
    PalletJobs::reveal(signed(who + 100), id, reveal_of(who, outcome)).unwrap();
}

/// Commits and reveals these outcomes of the seats, in order, then settles.
pub fn answer(id: JobId, outcomes: &[Outcome]) {
    let seats = job(id).seats;
    for (who, outcome) in seats.iter().zip(outcomes) {
        commit(id, *who, *outcome);
    }
    for (who, outcome) in seats.iter().zip(outcomes) {
        reveal(id, *who, *outcome);
    }
    run(1);
}

pub fn free(who: AccountId) -> u128 {
    Balances::free_balance(who)
}

/// What of `who` is held, for whatever reason.
pub fn held(who: AccountId) -> u128 {
    use polkadot_sdk::frame_support::traits::fungible::InspectHold;
    <Balances as InspectHold<AccountId>>::total_balance_on_hold(&who)
}

/// What a finished job's entry costs for staying for ever: its bytes, and 16 of its key.
pub fn entry_fee(id: JobId) -> u128 {
    let entry = crate::FinishedJobs::<Test>::get(id).unwrap();
    DepositPerByte::get() * (entry.encoded_size() as u128 + 16)
}

/// The events of this pallet so far.
pub fn events() -> Vec<crate::Event<Test>> {
    System::events()
        .into_iter()
        .filter_map(|record| match record.event {
            RuntimeEvent::PalletJobs(event) => Some(event),
            _ => None,
        })
        .collect()
}

pub fn last_event() -> crate::Event<Test> {
    events().pop().unwrap()
}
