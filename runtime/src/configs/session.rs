//! Sessions, and who is paid for a block. Whose turn a slot is and when a session ends is the
//! flavour's.

use polkadot_sdk::{
    frame_support::{parameter_types, traits::ConstU32},
    pallet_authorship,
    pallet_session::{self, historical},
    sp_runtime::traits::{Convert, ConvertInto, OpaqueKeys},
};

use super::flavour::{Author, DisablingStrategy, SessionEnds, Sessions};
use crate::{
    session_length, AccountId, Balance, Balances, Delegation, Runtime, RuntimeEvent, SessionKeys,
};

/// Validators and candidates at most: a GRANDPA round costs each n messages of 200 bytes.
pub type MaxAuthorities = ConstU32<100>;

/// Sessions after an offence in which it can be reported.
pub const REPORT_SESSIONS: u32 = 6;

/// Slots of a session, as genesis says: of an epoch of BABE, where there is one.
pub type EpochDuration = session_length::EpochDuration<Runtime>;

parameter_types! {
    pub const KeyDeposit: Balance = 0;
}

impl session_length::Config for Runtime {}

impl pallet_authorship::Config for Runtime {
    type FindAuthor = Author;
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
    type ShouldEndSession = SessionEnds;
    type NextSessionRotation = SessionEnds;
    type SessionManager = Sessions<historical::NoteHistoricalRoot<Self, Delegation>>;
    type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
    type Keys = SessionKeys;
    type DisablingStrategy = DisablingStrategy;
    type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
    type Currency = Balances;
    type KeyDeposit = KeyDeposit;
}

impl historical::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type FullIdentification = ();
    type FullIdentificationOf = NoIdentification;
}
