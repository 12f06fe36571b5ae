//! A chain with this pallet and balances; members and records are tables.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use codec::Encode;
use polkadot_sdk::{
    frame_support::{
        construct_runtime, derive_impl, parameter_types,
        traits::{Hooks, Time},
        weights::Weight,
    },
    frame_system, pallet_balances,
    sp_core::{sr25519, Pair},
    sp_io::{hashing::blake2_256, TestExternalities},
    sp_runtime::{BuildStorage, Permill},
};
use salus_primitives::{
    blobs::{BlobAccess, BlobPointer},
    jobs::ResultPointer,
    membership::{KeyVersion, Membership, Recipient, Role},
    records::{Purpose, RecordAccess, RecordId, Right, StoredRecord},
    training::{
        data_set_id, Backend, DataSetId, DataSetSpec, MessageHeader, ModelAccess, Partition,
        PartyKeys, Position, Positions, Said, SignedMessage, StagePost, TrainingId,
    },
    Digest,
};

use crate as pallet_training;
use crate::{HoldReason, TermsOf, TrainingOf, Trainings};

pub type AccountId = u64;
pub type Block = frame_system::mocking::MockBlockU32<Test>;

construct_runtime! {
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        PalletTraining: pallet_training,
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

/// The initiator of most tests, and the analyst where there is one.
pub const ANALYST: AccountId = 1;
pub const PATIENT: AccountId = 2;
pub const STRANGER: AccountId = 3;
pub const TREASURY: AccountId = 9;
/// Institutions 11 to 20; the operator key of member n is n + 100.
pub const HOSPITALS: core::ops::RangeInclusive<AccountId> = 11..=20;
pub const START: u128 = 100_000_000;
pub const REWARD: u128 = 100_001;
pub const DEPOSIT: u128 = 10_001;
pub const PURPOSE: Purpose = 7;
pub const JOIN: u32 = 10;
pub const STAGE: u32 = 8;

/// A tenth of a second: some ends.
pub const DUE_WEIGHT: Weight = Weight::from_parts(100_000_000_000, u64::MAX);

thread_local! {
    pub static ROLES: RefCell<BTreeMap<AccountId, Role>> = const { RefCell::new(BTreeMap::new()) };
    pub static KEYLESS: RefCell<BTreeSet<AccountId>> = const { RefCell::new(BTreeSet::new()) };
    pub static RECORDS: RefCell<BTreeMap<RecordId, StoredRecord<AccountId>>> =
        const { RefCell::new(BTreeMap::new()) };
    /// Ended records and whose they were.
    pub static ENDED: RefCell<BTreeMap<RecordId, AccountId>> =
        const { RefCell::new(BTreeMap::new()) };
    pub static CONSENTS: RefCell<BTreeSet<(AccountId, RecordId, Purpose)>> =
        const { RefCell::new(BTreeSet::new()) };
    pub static OTHER_BLOBS: RefCell<BTreeSet<Digest>> = const { RefCell::new(BTreeSet::new()) };
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
        operator
            .checked_sub(100)
            .filter(|member| *member == ANALYST || HOSPITALS.contains(member))
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

pub struct Clock;
impl Time for Clock {
    type Moment = u64;
    fn now() -> u64 {
        u64::from(System::block_number()) * 2_000
    }
}

parameter_types! {
    pub const Treasury: AccountId = TREASURY;
    pub const MaxTrainings: u32 = 4;
    pub const MaxDataSets: u32 = 3;
    pub const MinDeposit: u128 = 1_000;
    pub const ForfeitPart: Permill = Permill::from_percent(50);
    pub const MinWindow: u32 = 2;
    pub const MaxWindow: u32 = 100;
    pub const GraceWindow: u32 = 5;
    pub const DisputeWindow: u32 = 4;
    pub const DeliveryWindow: u32 = 6;
    pub const MaxRetries: u32 = 1;
    pub const RetentionPeriod: u32 = 20;
    pub const DepositBase: u128 = 1_000;
    pub const DepositPerByte: u128 = 1;
    pub static MaxDueWeight: Weight = DUE_WEIGHT;
    pub const MaxSlotsPerBlock: u32 = 16;
}

impl pallet_training::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Membership = Members;
    type Records = Records;
    type OtherBlobs = OtherBlobs;
    type Treasury = Treasury;
    type BlockNumberProvider = System;
    type Time = Clock;
    type MaxTrainings = MaxTrainings;
    type MaxDataSets = MaxDataSets;
    type MinDeposit = MinDeposit;
    type ForfeitPart = ForfeitPart;
    type MinWindow = MinWindow;
    type MaxWindow = MaxWindow;
    type GraceWindow = GraceWindow;
    type DisputeWindow = DisputeWindow;
    type DeliveryWindow = DeliveryWindow;
    type MaxRetries = MaxRetries;
    type RetentionPeriod = RetentionPeriod;
    type DepositBase = DepositBase;
    type DepositPerByte = DepositPerByte;
    type MaxDueWeight = MaxDueWeight;
    type MaxSlotsPerBlock = MaxSlotsPerBlock;
    type WeightInfo = ();
}

pub fn new_test_ext() -> TestExternalities {
    ROLES.set(BTreeMap::new());
    KEYLESS.set(BTreeSet::new());
    RECORDS.set(BTreeMap::new());
    ENDED.set(BTreeMap::new());
    CONSENTS.set(BTreeSet::new());
    OTHER_BLOBS.set(BTreeSet::new());
    MaxDueWeight::set(DUE_WEIGHT);
    for member in HOSPITALS.chain([ANALYST]) {
        set_role(member, Some(Role::Institution));
    }
    set_role(PATIENT, Some(Role::Patient));
    let funded = HOSPITALS.chain([ANALYST, PATIENT, STRANGER, TREASURY]);
    let storage = RuntimeGenesisConfig {
        system: Default::default(),
        balances: pallet_balances::GenesisConfig {
            balances: funded.map(|who| (who, START)).collect(),
            ..Default::default()
        },
    }
    .build_storage()
    .unwrap();
    let mut ext = TestExternalities::new(storage);
    ext.execute_with(|| run_to(1));
    ext
}

/// Runs the test, then checks the invariants and that no unit was made or burnt.
pub fn build_and_execute(test: impl FnOnce()) {
    new_test_ext().execute_with(|| {
        let issued = Balances::total_issuance();
        test();
        PalletTraining::do_try_state().unwrap();
        assert_eq!(Balances::total_issuance(), issued);
    });
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
        institution: grantee,
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

/// The owner ends the record for good.
pub fn end_record(record: RecordId) {
    let stored = RECORDS.with_borrow_mut(|records| records.remove(&record));
    ENDED.with_borrow_mut(|ended| ended.insert(record, stored.unwrap().patient));
}

pub fn run_to(block: u32) {
    while System::block_number() < block {
        System::set_block_number(System::block_number() + 1);
        <PalletTraining as Hooks<u32>>::on_initialize(System::block_number());
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

/// A part of a model, in the blob with this digest.
pub fn part(seed: u8) -> ResultPointer {
    ResultPointer::Blob(blob(seed))
}

/// A data set of the holder's own.
pub fn spec(partition: Partition, seed: u8) -> DataSetSpec {
    DataSetSpec {
        partition,
        commitment: digest(seed),
        attributes: digest(1),
        rows: 700,
        columns: 9,
        purpose: PURPOSE,
        consents: Default::default(),
    }
}

pub fn declare(holder: AccountId, spec: DataSetSpec) -> DataSetId {
    let id = data_set_id(&holder, &spec.commitment);
    PalletTraining::declare_data_set(signed(holder), spec).unwrap();
    id
}

/// Terms of a training of two stages that two participants suffice for.
pub fn terms(backend: Backend) -> TermsOf<Test> {
    let homogeneous = backend.partition() == Partition::Homogeneous;
    TermsOf::<Test> {
        backend,
        algorithm: b"svm/1".to_vec().try_into().unwrap(),
        parameters: b"{}".to_vec().try_into().unwrap(),
        purpose: PURPOSE,
        attributes: homogeneous.then(|| digest(1)),
        key_bits: if backend.encrypts() { 2048 } else { 0 },
        min_changed: 10,
        min_participants: if homogeneous { 2 } else { 3 },
        stages: 2,
        access: ModelAccess::Initiator,
        join_window: JOIN,
        stage_window: STAGE,
        reward: REWARD,
        deposit: DEPOSIT,
    }
}

pub fn open(terms: TermsOf<Test>, participants: &[AccountId]) -> TrainingId {
    let id = crate::NextTrainingId::<Test>::get();
    PalletTraining::open(
        signed(ANALYST),
        terms,
        participants.to_vec().try_into().unwrap(),
    )
    .unwrap();
    id
}

/// Declares a data set for the training and joins with it.
pub fn join(id: TrainingId, who: AccountId) -> DataSetId {
    let partition = training(id).terms.backend.partition();
    let data_set = declare(who, spec(partition, id as u8));
    PalletTraining::join(signed(who), id, data_set).unwrap();
    data_set
}

/// The key that signs a member's messages.
pub fn pair(who: AccountId) -> sr25519::Pair {
    sr25519::Pair::from_seed(&[who as u8; 32])
}

pub fn keys(who: AccountId) -> PartyKeys {
    PartyKeys {
        signing: pair(who).public().0,
        exchange: [who as u8; 32],
        paillier: Some(digest(who as u8)),
        gateway: b"http://127.0.0.1:9970".to_vec().try_into().unwrap(),
    }
}

/// By the operator key.
pub fn commit_keys(id: TrainingId, who: AccountId) {
    PalletTraining::commit_keys(signed(who + 100), id, keys(who)).unwrap();
}

/// Opens a training that all join and that has begun.
pub fn running(terms: TermsOf<Test>, participants: &[AccountId]) -> TrainingId {
    let analyst = terms.backend.partition() == Partition::Homogeneous;
    let id = open(terms, participants);
    for who in participants {
        join(id, *who);
        commit_keys(id, *who);
    }
    if analyst {
        commit_keys(id, ANALYST);
    }
    id
}

/// A homogeneous training of the analyst and three hospitals, which has begun.
pub fn homogeneous() -> TrainingId {
    running(terms(Backend::Masked), &[11, 12, 13])
}

/// A heterogeneous training of three hospitals, opened by somebody else, which has begun.
pub fn heterogeneous() -> TrainingId {
    running(terms(Backend::Batch), &[11, 12, 13])
}

pub fn training(id: TrainingId) -> TrainingOf<Test> {
    Trainings::<Test>::get(id).unwrap()
}

pub fn root(seed: u8) -> Said {
    Said::Root {
        root: digest(seed),
        model: None,
    }
}

pub fn last_root(seed: u8, model: u8) -> Said {
    Said::Root {
        root: digest(seed),
        model: Some(digest(model)),
    }
}

pub fn blocked(missing: &[Position], invalid: &[Position]) -> Said {
    let mask = |positions: &[Position]| -> Positions {
        positions.iter().map(|position| 1 << position).sum()
    };
    Said::Blocked {
        missing: mask(missing),
        invalid: mask(invalid),
    }
}

/// What is said of the stage under way.
pub fn said(id: TrainingId, said: Said) -> StagePost {
    StagePost {
        epoch: training(id).epoch,
        said,
    }
}

/// By the operator key.
pub fn post(id: TrainingId, who: AccountId, what: Said) {
    PalletTraining::post(signed(who + 100), id, said(id, what)).unwrap();
}

/// All of them post the same.
pub fn post_all(id: TrainingId, who: &[AccountId], what: Said) {
    for who in who {
        post(id, *who, what);
    }
}

/// A message from one position to another, signed by `who`.
pub fn message(id: TrainingId, who: AccountId, header: MessageHeader, body: u8) -> SignedMessage {
    let header = MessageHeader {
        session: training(id).session,
        ..header
    };
    let body = digest(body);
    let signature = pair(who).sign(header.digest(&body).as_bytes()).0;
    SignedMessage {
        header,
        body,
        signature,
    }
}

pub fn free(who: AccountId) -> u128 {
    Balances::free_balance(who)
}

/// What of `who` is held, for whatever reason.
pub fn held(who: AccountId) -> u128 {
    use polkadot_sdk::frame_support::traits::fungible::InspectHold;
    <Balances as InspectHold<AccountId>>::total_balance_on_hold(&who)
}

/// What of `who` is held for this reason.
pub fn held_for(reason: HoldReason, who: AccountId) -> u128 {
    use polkadot_sdk::frame_support::traits::fungible::InspectHold;
    Balances::balance_on_hold(&reason.into(), &who)
}

/// What a past training's entry costs for staying for ever: its bytes, and 16 of its key.
pub fn entry_fee(id: TrainingId) -> u128 {
    let entry = crate::PastTrainings::<Test>::get(id).unwrap();
    DepositPerByte::get() * (entry.encoded_size() as u128 + 16)
}

/// The events of this pallet so far.
pub fn events() -> Vec<crate::Event<Test>> {
    System::events()
        .into_iter()
        .filter_map(|record| match record.event {
            RuntimeEvent::PalletTraining(event) => Some(event),
            _ => None,
        })
        .collect()
}

pub fn last_event() -> crate::Event<Test> {
    events().pop().unwrap()
}
