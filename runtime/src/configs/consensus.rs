//! Who may author and finalise. Whom stake elects is in `stake`; offences are recorded with historical
//! proofs from the first block.

use polkadot_sdk::{
    frame_support::{
        parameter_types,
        traits::{ConstU32, Get},
    },
    pallet_authority_discovery, pallet_authorship, pallet_babe, pallet_grandpa, pallet_offences,
    pallet_session::{self, historical},
    sp_runtime::traits::{Convert, ConvertInto, OpaqueKeys},
};

use crate::{
    session_length, AccountId, Babe, Balance, Balances, Delegation, Historical, Offences, Runtime,
    RuntimeEvent, Session, SessionKeys, SLOT_MILLIS,
};

/// Validators and candidates at most: a GRANDPA round costs each n messages of 200 bytes.
pub type MaxAuthorities = ConstU32<100>;

/// Sessions after an offence in which it can be reported.
pub const REPORT_SESSIONS: u32 = 6;

parameter_types! {
    pub const ExpectedBlockTime: u64 = SLOT_MILLIS;
    /// Slots for which a report is accepted: the sessions that GRANDPA keeps the sets of.
    pub ReportLongevity: u64 =
        EpochDuration::get().saturating_mul(MaxSetIdSessionEntries::get());
    pub const MaxSetIdSessionEntries: u64 = REPORT_SESSIONS as u64;
    pub const KeyDeposit: Balance = 0;
}

/// Slots of an epoch and of a session, as genesis says.
pub type EpochDuration = session_length::EpochDuration<Runtime>;

impl session_length::Config for Runtime {}

impl pallet_babe::Config for Runtime {
    type EpochDuration = EpochDuration;
    type ExpectedBlockTime = ExpectedBlockTime;
    type EpochChangeTrigger = pallet_babe::ExternalTrigger;
    type DisabledValidators = Session;
    type WeightInfo = ();
    type MaxAuthorities = MaxAuthorities;
    type MaxNominators = ConstU32<0>;
    type KeyOwnerProof = polkadot_sdk::sp_session::MembershipProof;
    type EquivocationReportSystem =
        pallet_babe::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
}

impl pallet_grandpa::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = ();
    type MaxAuthorities = MaxAuthorities;
    type MaxNominators = ConstU32<0>;
    type MaxSetIdSessionEntries = MaxSetIdSessionEntries;
    type KeyOwnerProof = polkadot_sdk::sp_session::MembershipProof;
    type EquivocationReportSystem =
        pallet_grandpa::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
}

impl pallet_authorship::Config for Runtime {
    type FindAuthor = pallet_session::FindAccountFromAuthorIndex<Self, Babe>;
    type EventHandler = Delegation;
}

/// Every account is identified by nothing but itself.
pub struct NoIdentification;
impl Convert<AccountId, Option<()>> for NoIdentification {
    fn convert(_: AccountId) -> Option<()> {
        Some(())
    }
}

impl pallet_session::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type ValidatorId = AccountId;
    type ValidatorIdOf = ConvertInto;
    type ShouldEndSession = Babe;
    type NextSessionRotation = Babe;
    type SessionManager = historical::NoteHistoricalRoot<Self, Delegation>;
    type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
    type Keys = SessionKeys;
    type DisablingStrategy = pallet_session::disabling::UpToLimitWithReEnablingDisablingStrategy;
    type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
    type Currency = Balances;
    type KeyDeposit = KeyDeposit;
}

impl historical::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type FullIdentification = ();
    type FullIdentificationOf = NoIdentification;
}

impl pallet_offences::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type IdentificationTuple = historical::IdentificationTuple<Self>;
    type OnOffenceHandler = Delegation;
}

impl pallet_authority_discovery::Config for Runtime {
    type MaxAuthorities = MaxAuthorities;
}
