//! Weights of the calls and steps of `pallet_rewards`, measured by `make weights`: do not edit.
//!
//! 2026-11-21, AMD EPYC, frame-benchmarking 64.0.0, 50 steps, 20 repeats,
//! wasm Compiled. Database costs are the runtime's (`DbWeight`), not measured here.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(clippy::unnecessary_cast)]

use core::marker::PhantomData;
use polkadot_sdk::{
    frame_support::{
        traits::Get,
        weights::{constants::RocksDbWeight, Weight},
    },
    frame_system,
};

/// Weight functions of `pallet_rewards`.
pub trait WeightInfo {
    fn stored() -> Weight;
    fn revoked() -> Weight;
    fn claim() -> Weight;
    /// `i` from 1 to 256.
    fn price(i: u32, ) -> Weight;
    fn offer() -> Weight;
    fn withdraw_offer() -> Weight;
    fn redeem() -> Weight;
    fn honour() -> Weight;
    fn refund() -> Weight;
}

/// Measured weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    // Proof: measured 282 bytes, estimated 3533.
    // Least time: 18_187_000 ps.
    fn stored() -> Weight {
        Weight::from_parts(19_449_000, 3533)
            .saturating_add(T::DbWeight::get().reads_writes(3, 4))
    }
    // Proof: measured 559 bytes, estimated 3614.
    // Least time: 44_055_000 ps.
    fn revoked() -> Weight {
        Weight::from_parts(45_668_000, 3614)
            .saturating_add(T::DbWeight::get().reads_writes(5, 5))
    }
    // Proof: measured 733 bytes, estimated 8799.
    // Least time: 130_685_000 ps.
    fn claim() -> Weight {
        Weight::from_parts(138_327_000, 8799)
            .saturating_add(T::DbWeight::get().reads_writes(7, 7))
    }
    // Counted, not measured yet.
    fn price(i: u32, ) -> Weight {
        Weight::from_parts(10_000_000, 3_600)
            .saturating_add(Weight::from_parts(4_000_000, 2_600).saturating_mul(i.into()))
            .saturating_add(T::DbWeight::get().reads(u64::from(i)))
    }
    // Proof: measured 364 bytes, estimated 3613.
    // Least time: 15_693_000 ps.
    fn offer() -> Weight {
        Weight::from_parts(16_995_000, 3613)
            .saturating_add(T::DbWeight::get().reads_writes(3, 3))
    }
    // Proof: measured 268 bytes, estimated 3566.
    // Least time: 14_021_000 ps.
    fn withdraw_offer() -> Weight {
        Weight::from_parts(15_023_000, 3566)
            .saturating_add(T::DbWeight::get().reads_writes(2, 2))
    }
    // Proof: measured 396 bytes, estimated 3784.
    // Least time: 59_789_000 ps.
    fn redeem() -> Weight {
        Weight::from_parts(63_174_000, 3784)
            .saturating_add(T::DbWeight::get().reads_writes(4, 5))
    }
    // Proof: measured 870 bytes, estimated 6196.
    // Least time: 61_752_000 ps.
    fn honour() -> Weight {
        Weight::from_parts(63_935_000, 6196)
            .saturating_add(T::DbWeight::get().reads_writes(5, 4))
    }
    // Proof: measured 767 bytes, estimated 3784.
    // Least time: 54_091_000 ps.
    fn refund() -> Weight {
        Weight::from_parts(55_953_000, 3784)
            .saturating_add(T::DbWeight::get().reads_writes(4, 3))
    }
}

impl WeightInfo for () {
    fn stored() -> Weight {
        Weight::from_parts(19_449_000, 3533)
            .saturating_add(RocksDbWeight::get().reads_writes(3, 4))
    }
    fn revoked() -> Weight {
        Weight::from_parts(45_668_000, 3614)
            .saturating_add(RocksDbWeight::get().reads_writes(5, 5))
    }
    fn claim() -> Weight {
        Weight::from_parts(138_327_000, 8799)
            .saturating_add(RocksDbWeight::get().reads_writes(7, 7))
    }
    // Counted, not measured yet.
    fn price(i: u32, ) -> Weight {
        Weight::from_parts(10_000_000, 3_600)
            .saturating_add(Weight::from_parts(4_000_000, 2_600).saturating_mul(i.into()))
            .saturating_add(RocksDbWeight::get().reads(u64::from(i)))
    }
    fn offer() -> Weight {
        Weight::from_parts(16_995_000, 3613)
            .saturating_add(RocksDbWeight::get().reads_writes(3, 3))
    }
    fn withdraw_offer() -> Weight {
        Weight::from_parts(15_023_000, 3566)
            .saturating_add(RocksDbWeight::get().reads_writes(2, 2))
    }
    fn redeem() -> Weight {
        Weight::from_parts(63_174_000, 3784)
            .saturating_add(RocksDbWeight::get().reads_writes(4, 5))
    }
    fn honour() -> Weight {
        Weight::from_parts(63_935_000, 6196)
            .saturating_add(RocksDbWeight::get().reads_writes(5, 4))
    }
    fn refund() -> Weight {
        Weight::from_parts(55_953_000, 3784)
            .saturating_add(RocksDbWeight::get().reads_writes(4, 3))
    }
}
