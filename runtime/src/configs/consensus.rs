//! Who may author and finalise. The validators are those of genesis until the delegation pallet
//! elects them; offences are recorded with historical proofs from the first block.

use alloc::vec::Vec;
use polkadot_sdk::{
    frame_support::{
        parameter_types,
        traits::{ConstU32, Get},
    },
    pallet_authority_discovery, pallet_authorship, pallet_babe, pallet_grandpa, pallet_offences,
    pallet_session::{self, historical},
    sp_runtime::traits::{Convert, ConvertInto, OpaqueKeys},
    sp_staking::SessionIndex,
};

use crate::{
    session_length, AccountId, Babe, Balance, Balances, Historical, Offences, Runtime,
    RuntimeEvent, Session, SessionKeys, SLOT_MILLIS,
};

/// Validators and candidates at most: a GRANDPA round costs each n messages of 200 bytes.
pub type MaxAuthorities = ConstU32<100>;

parameter_types! {
    pub const ExpectedBlockTime: u64 = SLOT_MILLIS;
    /// Slots for which a report is accepted: 6 sessions, the ones GRANDPA keeps the sets of.
    pub ReportLongevity: u64 =
        EpochDuration::get().saturating_mul(MaxSetIdSessionEntries::get());
    pub const MaxSetIdSessionEntries: u64 = 6;
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
    type EventHandler = ();
}

/// Every account is identified by nothing but itself.
pub struct NoIdentification;
impl Convert<AccountId, Option<()>> for NoIdentification {
    fn convert(_: AccountId) -> Option<()> {
        Some(())
    }
}

/// Keeps the validators of genesis, and names them anew in each session so that each has the
/// historical root that an offence of it is proved with.
pub struct GenesisValidators;

impl GenesisValidators {
    fn current() -> Vec<(AccountId, ())> {
        pallet_session::Validators::<Runtime>::get()
            .into_iter()
            .map(|who| (who, ()))
            .collect()
    }
}

impl pallet_session::SessionManager<AccountId> for GenesisValidators {
    fn new_session(_: SessionIndex) -> Option<Vec<AccountId>> {
        None
    }
    fn start_session(_: SessionIndex) {}
    fn end_session(_: SessionIndex) {}
}

impl historical::SessionManager<AccountId, ()> for GenesisValidators {
    fn new_session(_: SessionIndex) -> Option<Vec<(AccountId, ())>> {
        Some(Self::current()).filter(|validators| !validators.is_empty())
    }

    // The set is empty while genesis is built, the keys of it are there already.
    fn new_session_genesis(_: SessionIndex) -> Option<Vec<(AccountId, ())>> {
        Some(
            pallet_session::NextKeys::<Runtime>::iter_keys()
                .map(|who| (who, ()))
                .collect(),
        )
    }

    fn start_session(_: SessionIndex) {}
    fn end_session(_: SessionIndex) {}
}

impl pallet_session::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type ValidatorId = AccountId;
    type ValidatorIdOf = ConvertInto;
    type ShouldEndSession = Babe;
    type NextSessionRotation = Babe;
    type SessionManager = historical::NoteHistoricalRoot<Self, GenesisValidators>;
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
    type OnOffenceHandler = ();
}

impl pallet_authority_discovery::Config for Runtime {
    type MaxAuthorities = MaxAuthorities;
}
