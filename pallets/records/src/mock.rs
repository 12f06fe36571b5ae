//! A chain of this pallet and balances; membership, sponsorship and time are maps of the test.

use std::{cell::RefCell, collections::BTreeMap};

use polkadot_sdk::{
    frame_support::{
        self, derive_impl, parameter_types,
        storage::unhashed,
        traits::{fungible::InspectHold as _, Time},
        weights::Weight,
        BoundedVec,
    },
    frame_system, pallet_balances, sp_io,
    sp_runtime::{BuildStorage, DispatchError},
};
use salus_primitives::{
    blobs::{BlobAccess, BlobPointer, Capsule},
    membership::{KeyVersion, Membership, Recipient, Role, Sponsorship, ThirdPartyKind},
    records::{RecordId, Rights},
    stake::Contribution,
    Digest, Moment,
};

use crate as pallet_records;
use crate::{Event, Records, State};

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
    pub type RecordsPallet = pallet_records;
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

pub const BASE: Balance = 1_000;
pub const PER_BYTE: Balance = 1;
pub const MAX_BATCH: u32 = 4;
pub const MAX_SHARES: u32 = 5;
pub const MAX_REQUESTS: u32 = 3;
pub const MAX_TERM: Moment = 1_000_000;
pub const START: Moment = 50_000;
pub const FUNDS: Balance = 1_000_000;

parameter_types! {
    pub const DepositBase: Balance = BASE;
    pub const DepositPerByte: Balance = PER_BYTE;
    pub const MaxBatch: u32 = MAX_BATCH;
    pub const MaxShares: u32 = MAX_SHARES;
    pub const MaxRequests: u32 = MAX_REQUESTS;
    pub const MaxShareTerm: Moment = MAX_TERM;
    pub static Now: Moment = START;
}

parameter_types! {
    /// Digests that jobs have.
    pub static JobBlobs: Vec<Digest> = Vec::new();
}

/// The pallet of jobs.
pub struct Jobs;
impl BlobAccess<AccountId> for Jobs {
    fn may_fetch(_: &AccountId, _: &Digest) -> bool {
        false
    }

    fn is_referenced(digest: &Digest) -> bool {
        JobBlobs::get().contains(digest)
    }
}

/// Record → (patient, institution). On chain, as `Quotas`.
pub type Earning = BTreeMap<RecordId, (AccountId, AccountId)>;

/// The pallet of rewards.
pub struct Contributed;

impl Contributed {
    pub fn earning() -> Earning {
        unhashed::get_or_default(b"earning")
    }

    fn mutate(change: impl FnOnce(&mut Earning)) {
        let mut all = Self::earning();
        change(&mut all);
        unhashed::put(b"earning", &all);
    }
}

impl Contribution<AccountId> for Contributed {
    fn stored(record: &RecordId, patient: &AccountId, institution: &AccountId) {
        Self::mutate(|all| {
            assert_eq!(all.insert(*record, (*patient, *institution)), None);
        });
    }
    fn revoked(record: &RecordId) {
        Self::mutate(|all| {
            all.remove(record);
        });
    }
    fn stored_weight() -> Weight {
        Weight::from_parts(3, 0)
    }
    fn revoked_weight() -> Weight {
        Weight::from_parts(5, 0)
    }
}

impl pallet_records::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Membership = Members;
    type Sponsorship = Sponsors;
    type OtherBlobs = Jobs;
    type Contribution = Contributed;
    type Time = Clock;
    type BlockNumberProvider = System;
    type DepositBase = DepositBase;
    type DepositPerByte = DepositPerByte;
    type MaxBatch = MaxBatch;
    type MaxShares = MaxShares;
    type MaxRequests = MaxRequests;
    type MaxShareTerm = MaxShareTerm;
    type WeightInfo = ();
}

pub struct Clock;

impl Time for Clock {
    type Moment = Moment;
    fn now() -> Moment {
        Now::get()
    }
}

/// What the register would know of a member.
#[derive(Clone)]
pub struct Member {
    pub role: Role,
    pub active: bool,
    pub key: Option<(KeyVersion, Recipient)>,
    pub recovery: Option<AccountId>,
    pub operator: Option<AccountId>,
}

thread_local! {
    static MEMBERS: RefCell<BTreeMap<AccountId, Member>> = const { RefCell::new(BTreeMap::new()) };
}

pub struct Members;

impl Members {
    pub fn add(who: AccountId, role: Role) {
        let member = Member {
            role,
            active: true,
            key: Some((0, own_key(who))),
            recovery: None,
            operator: None,
        };
        MEMBERS.with_borrow_mut(|all| all.insert(who, member));
    }

    pub fn change(who: AccountId, change: impl FnOnce(&mut Member)) {
        MEMBERS.with_borrow_mut(|all| change(all.get_mut(&who).expect("a member")));
    }

    fn get(who: &AccountId) -> Option<Member> {
        MEMBERS.with_borrow(|all| all.get(who).cloned())
    }
}

impl Membership<AccountId> for Members {
    fn role(who: &AccountId) -> Option<Role> {
        Self::get(who).filter(|m| m.active).map(|m| m.role)
    }
    fn recipient(who: &AccountId) -> Option<(KeyVersion, Recipient)> {
        Self::get(who)?.key
    }
    fn recovery(who: &AccountId) -> Option<AccountId> {
        Self::get(who)?.recovery
    }
    fn member_of(operator: &AccountId) -> Option<AccountId> {
        MEMBERS.with_borrow(|all| {
            all.iter()
                .find(|(_, member)| member.operator == Some(*operator))
                .map(|(who, _)| *who)
        })
    }
    fn is_attested(_: &AccountId) -> bool {
        false
    }
    #[cfg(feature = "runtime-benchmarks")]
    fn make_member(who: &AccountId, role: Role) {
        Self::add(*who, role);
    }
}

pub struct Sponsors;

/// Patient → (sponsor, what is left of its quota). On chain, so that a call that fails after a charge
/// or a refund takes it back.
type Quotas = BTreeMap<AccountId, (AccountId, Balance)>;

impl Sponsors {
    fn mutate<R>(change: impl FnOnce(&mut Quotas) -> R) -> R {
        let mut all: Quotas = unhashed::get_or_default(b"sponsors");
        let result = change(&mut all);
        unhashed::put(b"sponsors", &all);
        result
    }

    pub fn set(patient: AccountId, sponsor: AccountId, quota: Balance) {
        Self::mutate(|all| all.insert(patient, (sponsor, quota)));
    }

    pub fn quota(patient: AccountId) -> Balance {
        Self::mutate(|all| all[&patient].1)
    }
}

impl Sponsorship<AccountId, Balance> for Sponsors {
    fn charge(who: &AccountId, amount: Balance) -> AccountId {
        Self::mutate(|all| match all.get_mut(who) {
            Some((sponsor, quota)) if *quota >= amount => {
                *quota -= amount;
                *sponsor
            }
            _ => *who,
        })
    }
    fn refund(payer: &AccountId, who: &AccountId, amount: Balance) {
        Self::mutate(|all| {
            if let Some((sponsor, quota)) = all.get_mut(who) {
                if sponsor == payer {
                    *quota += amount;
                }
            }
        })
    }
}

pub const HOSPITAL: AccountId = 1;
pub const CLINIC: AccountId = 2;
pub const PATIENT: AccountId = 10;
pub const OTHER_PATIENT: AccountId = 11;
pub const RESEARCHER: AccountId = 20;
pub const INSURER: AccountId = 21;
pub const REGULATOR: AccountId = 22;
pub const OPERATOR: AccountId = 30;
pub const RECOVERY: AccountId = 40;
pub const STRANGER: AccountId = 50;
pub const POOR: AccountId = 60;

const FUNDED: [AccountId; 10] = [
    HOSPITAL,
    CLINIC,
    PATIENT,
    OTHER_PATIENT,
    RESEARCHER,
    INSURER,
    REGULATOR,
    OPERATOR,
    RECOVERY,
    STRANGER,
];

pub const READ: Rights = Rights {
    read: true,
    analyse: false,
};
pub const ANALYSE: Rights = Rights {
    read: false,
    analyse: true,
};
pub const BOTH: Rights = Rights {
    read: true,
    analyse: true,
};
pub const PURPOSE: u16 = 7;
pub const EXPIRES: Moment = START + 10_000;

pub fn new_ext() -> sp_io::TestExternalities {
    let mut storage = frame_system::GenesisConfig::<Test>::default()
        .build_storage()
        .unwrap();
    pallet_balances::GenesisConfig::<Test> {
        balances: FUNDED.map(|who| (who, FUNDS)).to_vec(),
        ..Default::default()
    }
    .assimilate_storage(&mut storage)
    .unwrap();
    MEMBERS.with_borrow_mut(BTreeMap::clear);
    Now::set(START);
    Members::add(HOSPITAL, Role::Institution);
    Members::add(CLINIC, Role::Institution);
    Members::add(PATIENT, Role::Patient);
    Members::add(OTHER_PATIENT, Role::Patient);
    Members::add(RESEARCHER, Role::ThirdParty(ThirdPartyKind::ResearchTeam));
    Members::add(INSURER, Role::ThirdParty(ThirdPartyKind::Insurer));
    Members::add(REGULATOR, Role::Regulator);
    Members::change(HOSPITAL, |m| m.operator = Some(OPERATOR));
    let mut ext = sp_io::TestExternalities::new(storage);
    ext.execute_with(|| System::set_block_number(1));
    ext
}

/// Runs a test, then checks that the state is sound: nothing was minted or burnt, and all that is
/// held belongs to a recorded deposit.
pub fn build_and_execute(test: impl FnOnce()) {
    new_ext().execute_with(|| {
        let issued = pallet_balances::TotalIssuance::<Test>::get();
        test();
        check_state();
        assert_eq!(pallet_balances::TotalIssuance::<Test>::get(), issued);
    });
}

pub fn check_state() {
    RecordsPallet::do_try_state().unwrap();
    // What earns is what patients have stored, and nothing else.
    let earning: Earning = Records::<Test>::iter()
        .filter(|(_, record)| {
            matches!(record.state, State::Stored(_)) && record.patient != record.institution
        })
        .map(|(id, record)| (id, (record.patient, record.institution)))
        .collect();
    assert_eq!(Contributed::earning(), earning);
    let sums = RecordsPallet::recorded_deposits();
    for who in FUNDED.into_iter().chain([POOR]) {
        let recorded: Balance = sums.iter().filter_map(|(_, sums)| sums.get(&who)).sum();
        assert_eq!(held(who), recorded, "account {who}");
    }
}

pub fn held(who: AccountId) -> Balance {
    Balances::total_balance_on_hold(&who)
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

/// A digest that differs for each number.
pub fn digest(seed: u64) -> Digest {
    Digest::from_low_u64_be(seed)
}

pub fn own_key(who: AccountId) -> Recipient {
    key(u64::MAX - who)
}

pub fn key(seed: u64) -> Recipient {
    digest(seed).0
}

/// A blob with a location of 30 bytes.
pub fn blob(seed: u64) -> BlobPointer {
    BlobPointer {
        digest: digest(seed),
        size: 4_096,
        location: BoundedVec::truncate_from(b"http://gateway.example:8080/ab".to_vec()),
    }
}

/// What the entry of a replaced blob costs: hashed key and value.
pub const RETIRED_PRICE: Balance = (16 + 32 + 32 + 1) * PER_BYTE;

/// What a pointer of `blob` costs: digest, size, length prefix, location.
pub const BLOB_PRICE: Balance = (32 + 8 + 1 + 30) * PER_BYTE;

pub fn capsule(len: usize) -> Capsule {
    BoundedVec::truncate_from(vec![7; len])
}

pub fn batch<X>(items: Vec<X>) -> BoundedVec<X, MaxBatch> {
    items.try_into().ok().expect("at most MAX_BATCH")
}

/// Releases a record of `PATIENT`; commitment and delivery blob follow from the number.
pub fn released(seed: u64) -> RecordId {
    released_to(PATIENT, seed)
}

pub fn released_to(patient: AccountId, seed: u64) -> RecordId {
    let commitment = digest(1_000 + seed);
    RecordsPallet::release(signed(HOSPITAL), patient, commitment, 1, blob(2_000 + seed)).unwrap();
    RecordsPallet::record_id(&HOSPITAL, &patient, &commitment)
}

/// Releases and stores a record of `PATIENT`.
pub fn stored(seed: u64) -> RecordId {
    stored_by(PATIENT, seed)
}

pub fn stored_by(patient: AccountId, seed: u64) -> RecordId {
    let id = released_to(patient, seed);
    RecordsPallet::store(signed(patient), id, blob(3_000 + seed), key(3_000 + seed)).unwrap();
    id
}

/// Shares a record of `PATIENT` on the usual terms, with a 100-byte capsule where it is needed.
pub fn share(id: RecordId, grantee: AccountId, rights: Rights) -> Result<(), DispatchError> {
    RecordsPallet::share(
        signed(PATIENT),
        grantee,
        batch(vec![(id, rights.read.then(|| capsule(100)))]),
        rights,
        PURPOSE,
        EXPIRES,
        None,
    )
}

/// `RESEARCHER` asks `PATIENT` for these records; the request's number.
pub fn requested(records: Vec<RecordId>) -> u64 {
    let id = crate::NextRequestId::<Test>::get();
    RecordsPallet::request_access(
        signed(RESEARCHER),
        PATIENT,
        batch(records),
        PURPOSE,
        EXPIRES,
    )
    .unwrap();
    id
}

pub fn assert_event(event: Event<Test>) {
    System::assert_has_event(event.into());
}

pub fn assert_last_event(event: Event<Test>) {
    System::assert_last_event(event.into());
}
