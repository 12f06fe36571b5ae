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
    /// `i` from 1 to 256.
    fn price(i: u32, ) -> Weight;
    fn claim() -> Weight;
    fn offer() -> Weight;
    fn withdraw_offer() -> Weight;
    fn redeem() -> Weight;
    fn honour() -> Weight;
    fn refund() -> Weight;
}

/// Measured weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    // Proof: measured 707 bytes, estimated 3614.
    // Least time: 37_036_000 ps.
    fn stored() -> Weight {
        Weight::from_parts(38_748_000, 3614)
            .saturating_add(T::DbWeight::get().reads_writes(6, 4))
    }
    // Proof: measured 560 bytes, estimated 3614.
    // Least time: 46_389_000 ps.
    fn revoked() -> Weight {
        Weight::from_parts(48_422_000, 3614)
            .saturating_add(T::DbWeight::get().reads_writes(5, 5))
    }
    // Proof: measured 92 + i * 61 bytes, estimated 3533 + i * 2543.
    // Least time: 8_403_000 ps.
    fn price(i: u32, ) -> Weight {
        Weight::from_parts(8_603_000, 3533)
            .saturating_add(Weight::from_parts(3_960_384, 0).saturating_mul(u64::from(i)))
            .saturating_add(T::DbWeight::get().reads_writes(1, 0))
            .saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(u64::from(i))))
            .saturating_add(Weight::from_parts(0, 2543).saturating_mul(u64::from(i)))
    }
    // Proof: measured 1197 bytes, estimated 8799.
    // Least time: 149_322_000 ps.
    fn claim() -> Weight {
        Weight::from_parts(155_412_000, 8799)
            .saturating_add(T::DbWeight::get().reads_writes(9, 7))
    }
    // Proof: measured 364 bytes, estimated 3613.
    // Least time: 16_364_000 ps.
    fn offer() -> Weight {
        Weight::from_parts(17_406_000, 3613)
            .saturating_add(T::DbWeight::get().reads_writes(3, 3))
    }
    // Proof: measured 268 bytes, estimated 3566.
    // Least time: 14_652_000 ps.
    fn withdraw_offer() -> Weight {
        Weight::from_parts(15_513_000, 3566)
            .saturating_add(T::DbWeight::get().reads_writes(2, 2))
    }
    // Proof: measured 718 bytes, estimated 3784.
    // Least time: 68_682_000 ps.
    fn redeem() -> Weight {
        Weight::from_parts(72_428_000, 3784)
            .saturating_add(T::DbWeight::get().reads_writes(5, 5))
    }
    // Proof: measured 870 bytes, estimated 6196.
    // Least time: 65_948_000 ps.
    fn honour() -> Weight {
        Weight::from_parts(69_043_000, 6196)
            .saturating_add(T::DbWeight::get().reads_writes(5, 4))
    }
    // Proof: measured 767 bytes, estimated 3784.
    // Least time: 57_125_000 ps.
    fn refund() -> Weight {
        Weight::from_parts(59_999_000, 3784)
            .saturating_add(T::DbWeight::get().reads_writes(4, 3))
    }
}

impl WeightInfo for () {
    fn stored() -> Weight {
        Weight::from_parts(38_748_000, 3614)
            .saturating_add(RocksDbWeight::get().reads_writes(6, 4))
    }
    fn revoked() -> Weight {
        Weight::from_parts(48_422_000, 3614)
            .saturating_add(RocksDbWeight::get().reads_writes(5, 5))
    }
    fn price(i: u32, ) -> Weight {
        Weight::from_parts(8_603_000, 3533)
            .saturating_add(Weight::from_parts(3_960_384, 0).saturating_mul(u64::from(i)))
            .saturating_add(RocksDbWeight::get().reads_writes(1, 0))
            .saturating_add(RocksDbWeight::get().reads(1_u64.saturating_mul(u64::from(i))))
            .saturating_add(Weight::from_parts(0, 2543).saturating_mul(u64::from(i)))
    }
    fn claim() -> Weight {
        Weight::from_parts(155_412_000, 8799)
            .saturating_add(RocksDbWeight::get().reads_writes(9, 7))
    }
    fn offer() -> Weight {
        Weight::from_parts(17_406_000, 3613)
            .saturating_add(RocksDbWeight::get().reads_writes(3, 3))
    }
    fn withdraw_offer() -> Weight {
        Weight::from_parts(15_513_000, 3566)
            .saturating_add(RocksDbWeight::get().reads_writes(2, 2))
    }
    fn redeem() -> Weight {
        Weight::from_parts(72_428_000, 3784)
            .saturating_add(RocksDbWeight::get().reads_writes(5, 5))
    }
    fn honour() -> Weight {
        Weight::from_parts(69_043_000, 6196)
            .saturating_add(RocksDbWeight::get().reads_writes(5, 4))
    }
    fn refund() -> Weight {
        Weight::from_parts(59_999_000, 3784)
            .saturating_add(RocksDbWeight::get().reads_writes(4, 3))
    }
}
