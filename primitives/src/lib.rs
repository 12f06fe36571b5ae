//! SCALE types and capability traits that the rooms of Salus share.
//!
//! A pallet knows another pallet only through a trait of this crate, a crate outside the chain knows
//! the chain only through the types and runtime APIs of this crate. There is no logic here beyond
//! what is needed to give one value one encoding.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

extern crate alloc;

pub mod apis;
pub mod blobs;
pub mod duties;
pub mod jobs;
pub mod membership;
pub mod records;
pub mod stake;
pub mod training;

use polkadot_sdk::{sp_core, sp_runtime};
use sp_runtime::{
    generic,
    traits::{BlakeTwo256, IdentifyAccount, Verify},
    MultiAddress, MultiSignature, OpaqueExtrinsic,
};

/// Signature of a transaction: sr25519, ed25519 or ECDSA.
pub type Signature = MultiSignature;
/// Public account identifier, a pseudonym.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// Address in an extrinsic.
pub type Address = MultiAddress<AccountId, ()>;
/// Amount of the medical token, in units of 10^-12 MED.
pub type Balance = u128;
/// Height of a block.
pub type BlockNumber = u32;
/// Transaction count of an account.
pub type Nonce = u32;
/// blake2-256 of something; the field's doc says of what.
pub type Digest = sp_core::H256;
/// Block and storage hash.
pub type Hash = sp_core::H256;
/// Legal time: milliseconds since the Unix epoch.
pub type Moment = u64;
/// Header of a block.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A block as the node sees it: its extrinsics are opaque.
pub type OpaqueBlock = generic::Block<Header, OpaqueExtrinsic>;

/// One medical token, MED (12 decimals).
pub const MED: Balance = 1_000_000_000_000;
/// Decimals of MED.
pub const MED_DECIMALS: u8 = 12;
/// One thousandth of a MED.
pub const MILLI_MED: Balance = MED / 1_000;
/// One millionth of a MED.
pub const MICRO_MED: Balance = MED / 1_000_000;

/// Prefix of addresses (SS58), unregistered range of generic Substrate chains.
pub const SS58_PREFIX: u16 = 42;
