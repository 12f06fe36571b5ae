//! What the pallet keeps in storage and takes in calls.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{
    frame_system, frame_system::pallet_prelude::BlockNumberFor, sp_core::ConstU32,
    sp_runtime::BoundedVec,
};
use salus_primitives::{Balance, Digest};
use scale_info::TypeInfo;

pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
pub type UnitOf<T> = Unit<AccountIdOf<T>>;
pub type OfferOf<T> = Offer<AccountIdOf<T>, BlockNumberFor<T>>;
pub type VoucherOf<T> = Voucher<AccountIdOf<T>, BlockNumberFor<T>>;

/// Number of a period: block number / `PeriodLength`.
pub type PeriodIndex = u32;
/// Number of an offer.
pub type OfferId = u32;
/// Number of a voucher.
pub type VoucherId = u32;
/// What the holder shows to present a voucher: 32 random bytes.
pub type Secret = [u8; 32];

/// Most institutions whose units count in a period: the price is found by looking at each.
pub const MAX_INSTITUTIONS: u32 = 256;

/// What is shared by the units of a period.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Period {
    /// Units of the token at most.
    pub pool: Balance,
    /// Registered institutions at its first unit, n.
    pub institutions: u32,
    /// Units of data in storage.
    pub open: u32,
    /// Institutions with units in storage, at most `MAX_INSTITUTIONS`.
    pub releasing: u32,
    /// Until there is a price: the units of each institution whose last one ended after the period.
    pub gone: BoundedVec<u32, ConstU32<MAX_INSTITUTIONS>>,
    /// What a unit earns, from the first claim on.
    pub price: Option<Price>,
}

/// What institutions earn in a period: `pool` × their part of `units`, or `cap` where that is more.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Price {
    /// 2/n of the period's pool.
    pub cap: Balance,
    /// What those who reach the cap leave to the others.
    pub pool: Balance,
    /// Units of data of the others.
    pub units: u32,
}

/// What one institution released in a period.
#[derive(
    Clone,
    Default,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Released {
    /// Units of data at its end.
    pub units: u32,
    /// Units of data in storage.
    pub open: u32,
}

/// A unit of data: a stored record.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Unit<AccountId> {
    pub patient: AccountId,
    /// That released it.
    pub institution: AccountId,
    pub period: PeriodIndex,
    /// Once minted: what is in the pot for it.
    pub minted: Option<Minted>,
}

/// Tokens of one unit of data, in the pot.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Minted {
    pub patient: Balance,
    pub institution: Balance,
}

/// What an offer is about.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum OfferKind {
    /// A treatment.
    #[codec(index = 0)]
    Treatment,
    /// A lower premium of an insurance.
    #[codec(index = 1)]
    PremiumReduction,
    /// Access to a data set.
    #[codec(index = 2)]
    DataAccess,
}

/// An entry of the catalogue.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Offer<AccountId, BlockNumber> {
    pub member: AccountId,
    pub kind: OfferKind,
    pub price: Balance,
    /// Vouchers that can still be had.
    pub left: u32,
    /// Blocks in which a voucher is honoured.
    pub validity: BlockNumber,
    /// blake2-256 of the terms, which are off chain.
    pub terms: Digest,
}

/// A right to what was offered, for one use.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Voucher<AccountId, BlockNumber> {
    pub holder: AccountId,
    pub member: AccountId,
    pub offer: OfferId,
    /// Of the holder, held under `HoldReason::Voucher`.
    pub price: Balance,
    /// blake2-256 of the secret.
    pub commitment: Digest,
    /// First block in which it is not honoured any more.
    pub expires: BlockNumber,
}
