//! The state transition function of Salus: which pallets there are and how they are wired.
//!
//! Logic lives in the pallets. `configs` gives each its parameters with the arithmetic behind
//! them, `apis` is what nodes and commands may ask, `genesis` holds the presets.
//!
//! There are two flavours, two blobs of this crate: solo, with validators of its own, and parachain,
//! with collators. What differs is in `configs/solo.rs` and `configs/parachain.rs`, and in which
//! pallets and APIs there are; natively this crate is the solo flavour.

#![cfg_attr(not(feature = "std"), no_std)]
#![recursion_limit = "512"]

extern crate alloc;

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

/// The blob of the parachain flavour.
#[cfg(feature = "parachain-blob")]
pub mod parachain {
    include!(concat!(env!("OUT_DIR"), "/parachain.rs"));
}

#[cfg(feature = "runtime-benchmarks")]
#[macro_use]
mod benchmarks;

pub mod apis;
pub mod configs;
pub mod genesis;
#[cfg(not(feature = "parachain"))]
pub mod key_owners;
pub mod migrations;
#[cfg(not(feature = "parachain"))]
pub mod offences;
#[cfg(feature = "rehearsal")]
pub mod rehearsal;
#[cfg(feature = "parachain")]
pub mod relay_randomness;
pub mod session_length;
pub mod tunables;

use alloc::{borrow::Cow, vec::Vec};
use polkadot_sdk::{
    frame_executive, frame_support, frame_system,
    sp_runtime::{generic, impl_opaque_keys},
    sp_version::{runtime_version, RuntimeVersion},
    *,
};

pub use salus_primitives::{
    AccountId, Address, Balance, BlockNumber, Hash, Header, Moment, Nonce, OpaqueBlock, Signature,
};

pub use configs::flavour::{TxExtension, SLOT_MILLIS};

/// Blocks in a minute.
pub const MINUTES: BlockNumber = 60_000 / SLOT_MILLIS as BlockNumber;
/// Blocks in an hour.
pub const HOURS: BlockNumber = 60 * MINUTES;
/// Blocks in a day.
pub const DAYS: BlockNumber = 24 * HOURS;

/// Keys with which a validator or a collator takes part in a session.
pub mod session_keys {
    use super::*;

    #[cfg(not(feature = "parachain"))]
    impl_opaque_keys! {
        #[derive(codec::MaxEncodedLen)]
        pub struct SessionKeys {
            pub babe: Babe,
            pub grandpa: Grandpa,
            pub authority_discovery: AuthorityDiscovery,
        }
    }

    #[cfg(feature = "parachain")]
    impl_opaque_keys! {
        pub struct SessionKeys {
            pub aura: Aura,
        }
    }
}
pub use session_keys::SessionKeys;

/// The flavour's version: no blob of the one is an upgrade of the other. The attribute wants
/// literals.
macro_rules! version {
    ($name:tt, $spec:tt) => {
        #[runtime_version]
        pub const VERSION: RuntimeVersion = RuntimeVersion {
            spec_name: Cow::Borrowed($name),
            impl_name: Cow::Borrowed($name),
            authoring_version: 1,
            spec_version: $spec,
            impl_version: 1,
            apis: apis::RUNTIME_API_VERSIONS,
            transaction_version: 1,
            system_version: 1,
        };
    };
}
#[cfg(not(any(feature = "parachain", feature = "rehearsal")))]
version!("salus", 1);
#[cfg(feature = "rehearsal")]
version!("salus", 2);
#[cfg(feature = "parachain")]
version!("salus-parachain", 1);

/// The checks of a transaction in their order, and what the flavour adds behind them.
macro_rules! checks {
    ($($more:ty)?) => {
        (
            polkadot_sdk::frame_system::AuthorizeCall<$crate::Runtime>,
            polkadot_sdk::frame_system::CheckNonZeroSender<$crate::Runtime>,
            polkadot_sdk::frame_system::CheckSpecVersion<$crate::Runtime>,
            polkadot_sdk::frame_system::CheckTxVersion<$crate::Runtime>,
            polkadot_sdk::frame_system::CheckGenesis<$crate::Runtime>,
            polkadot_sdk::frame_system::CheckEra<$crate::Runtime>,
            polkadot_sdk::frame_system::CheckNonce<$crate::Runtime>,
            polkadot_sdk::frame_system::CheckWeight<$crate::Runtime>,
            polkadot_sdk::pallet_transaction_payment::ChargeTransactionPayment<$crate::Runtime>,
            polkadot_sdk::frame_metadata_hash_extension::CheckMetadataHash<$crate::Runtime>,
            $($more,)?
        )
    };
}
#[cfg(not(feature = "parachain"))]
pub(crate) use checks;

/// The checks of a transaction.
pub type Checks = checks!();

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

/// The pallets: what both flavours have, and between them the flavour's own. Indices are part of every
/// encoded call and event: never reuse one.
// Not by `cfg` on each: the macro looks the pallets' crates up all the same.
macro_rules! pallets {
    (slots { $($slots:tt)* } offences { $($offences:tt)* } keys { $($keys:tt)* }) => {
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
            $($slots)*
            #[runtime::pallet_index(3)]
            pub type Authorship = pallet_authorship;
            #[runtime::pallet_index(4)]
            pub type Balances = pallet_balances;
            #[runtime::pallet_index(5)]
            pub type TransactionPayment = pallet_transaction_payment;
            $($offences)*
            #[runtime::pallet_index(7)]
            pub type Historical = pallet_session::historical;
            #[runtime::pallet_index(8)]
            pub type Session = pallet_session;
            $($keys)*
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
            #[runtime::pallet_index(25)]
            pub type Tunables = crate::tunables;

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
            #[runtime::pallet_index(45)]
            pub type Training = pallet_training;
        }
    };
}

#[cfg(not(feature = "parachain"))]
pallets! {
    slots {
        // Babe before Session: the session's end is decided by the epoch's.
        #[runtime::pallet_index(2)]
        pub type Babe = pallet_babe;
    }
    offences {
        #[runtime::pallet_index(6)]
        pub type Offences = pallet_offences;
        #[runtime::pallet_index(19)]
        pub type KeyOwners = crate::key_owners;
    }
    keys {
        #[runtime::pallet_index(9)]
        pub type Grandpa = pallet_grandpa;
        #[runtime::pallet_index(10)]
        pub type AuthorityDiscovery = pallet_authority_discovery;
    }
}

#[cfg(feature = "parachain")]
pallets! {
    slots {
        #[runtime::pallet_index(13)]
        pub type ParachainSystem = cumulus_pallet_parachain_system;
        #[runtime::pallet_index(14)]
        pub type ParachainInfo = staging_parachain_info;
    }
    offences {}
    keys {
        // Aura after Session: the author of a session's first block is of the set before.
        #[runtime::pallet_index(15)]
        pub type Aura = pallet_aura;
        #[runtime::pallet_index(16)]
        pub type AuraExt = cumulus_pallet_aura_ext;
        #[runtime::pallet_index(17)]
        pub type RelayRandomness = crate::relay_randomness;
        #[runtime::pallet_index(18)]
        pub type WeightReclaim = cumulus_pallet_weight_reclaim;
    }
}

#[cfg(feature = "parachain")]
cumulus_pallet_parachain_system::register_validate_block! {
    Runtime = Runtime,
    BlockExecutor = polkadot_sdk::cumulus_pallet_aura_ext::BlockExecutor::<Runtime, Executive>,
}
