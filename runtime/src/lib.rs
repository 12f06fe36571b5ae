//! The state transition function of Salus: which pallets there are and how they are wired.
//!
//! Logic lives in the pallets. `configs` gives each its parameters with the arithmetic behind
//! them, `apis` is what nodes and commands may ask, `genesis` holds the presets.

#![cfg_attr(not(feature = "std"), no_std)]
#![recursion_limit = "512"]

extern crate alloc;

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

#[cfg(feature = "runtime-benchmarks")]
#[macro_use]
mod benchmarks;

pub mod apis;
pub mod configs;
pub mod genesis;
pub mod migrations;
#[cfg(feature = "rehearsal")]
pub mod rehearsal;
pub mod session_length;

use alloc::{borrow::Cow, vec::Vec};
use polkadot_sdk::{
    frame_executive, frame_metadata_hash_extension, frame_support, frame_system,
    pallet_authority_discovery, pallet_babe, pallet_grandpa, pallet_transaction_payment,
    sp_runtime::{generic, impl_opaque_keys},
    sp_version::{runtime_version, RuntimeVersion},
    *,
};

pub use salus_primitives::{
    AccountId, Address, Balance, BlockNumber, Hash, Header, Moment, Nonce, OpaqueBlock, Signature,
};

/// Length of a slot, ms: a block every two seconds.
pub const SLOT_MILLIS: Moment = 2_000;
/// Blocks in a minute.
pub const MINUTES: BlockNumber = 60_000 / SLOT_MILLIS as BlockNumber;
/// Blocks in an hour.
pub const HOURS: BlockNumber = 60 * MINUTES;
/// Blocks in a day.
pub const DAYS: BlockNumber = 24 * HOURS;

/// Keys with which a validator takes part in a session.
pub mod session_keys {
    use super::*;

    impl_opaque_keys! {
        pub struct SessionKeys {
            pub babe: Babe,
            pub grandpa: Grandpa,
            pub authority_discovery: AuthorityDiscovery,
        }
    }
}
pub use session_keys::SessionKeys;

// The attribute wants a literal.
macro_rules! version {
    ($spec:tt) => {
        #[runtime_version]
        pub const VERSION: RuntimeVersion = RuntimeVersion {
            spec_name: Cow::Borrowed("salus"),
            impl_name: Cow::Borrowed("salus"),
            authoring_version: 1,
            spec_version: $spec,
            impl_version: 1,
            apis: apis::RUNTIME_API_VERSIONS,
            transaction_version: 1,
            system_version: 1,
        };
    };
}
#[cfg(not(feature = "rehearsal"))]
version!(1);
#[cfg(feature = "rehearsal")]
version!(2);

/// What a transaction carries besides its call, checked in this order.
pub type TxExtension = (
    frame_system::AuthorizeCall<Runtime>,
    frame_system::CheckNonZeroSender<Runtime>,
    frame_system::CheckSpecVersion<Runtime>,
    frame_system::CheckTxVersion<Runtime>,
    frame_system::CheckGenesis<Runtime>,
    frame_system::CheckEra<Runtime>,
    frame_system::CheckNonce<Runtime>,
    frame_system::CheckWeight<Runtime>,
    pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
    frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
    frame_system::WeightReclaim<Runtime>,
);

/// An extrinsic as the runtime sees it.
pub type UncheckedExtrinsic =
    generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// What the signature of a transaction covers.
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;
/// A block as the runtime sees it.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;

/// Dispatches blocks to the pallets.
pub type Executive = frame_executive::Executive<
    Runtime,
    Block,
    frame_system::ChainContext<Runtime>,
    Runtime,
    AllPalletsWithSystem,
>;

// Indices are part of every encoded call and event: never reuse one.
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
        RuntimeTask,
        RuntimeViewFunction
    )]
    pub struct Runtime;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type Timestamp = pallet_timestamp;
    // Babe before Session: the session's end is decided by the epoch's.
    #[runtime::pallet_index(2)]
    pub type Babe = pallet_babe;
    #[runtime::pallet_index(3)]
    pub type Authorship = pallet_authorship;
    #[runtime::pallet_index(4)]
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(5)]
    pub type TransactionPayment = pallet_transaction_payment;
    #[runtime::pallet_index(6)]
    pub type Offences = pallet_offences;
    #[runtime::pallet_index(7)]
    pub type Historical = pallet_session::historical;
    #[runtime::pallet_index(8)]
    pub type Session = pallet_session;
    #[runtime::pallet_index(9)]
    pub type Grandpa = pallet_grandpa;
    #[runtime::pallet_index(10)]
    pub type AuthorityDiscovery = pallet_authority_discovery;
    #[runtime::pallet_index(11)]
    pub type SessionLength = crate::session_length;
    #[runtime::pallet_index(12)]
    pub type Delegation = pallet_delegation;

    #[runtime::pallet_index(20)]
    pub type Council = pallet_collective<Instance1>;
    #[runtime::pallet_index(21)]
    pub type Preimage = pallet_preimage;
    #[runtime::pallet_index(22)]
    pub type Whitelist = pallet_whitelist;
    #[runtime::pallet_index(23)]
    pub type Parameters = pallet_parameters;
    #[runtime::pallet_index(24)]
    pub type MultiBlockMigrations = pallet_migrations;

    #[runtime::pallet_index(30)]
    pub type Utility = pallet_utility;
    #[runtime::pallet_index(31)]
    pub type Proxy = pallet_proxy;
    #[runtime::pallet_index(32)]
    pub type Multisig = pallet_multisig;

    #[runtime::pallet_index(40)]
    pub type Registry = pallet_registry;
    #[runtime::pallet_index(41)]
    pub type Records = pallet_records;
    #[runtime::pallet_index(42)]
    pub type Jobs = pallet_jobs;
    #[runtime::pallet_index(43)]
    pub type Agent = pallet_agent;
    #[runtime::pallet_index(44)]
    pub type Rewards = pallet_rewards;
}
