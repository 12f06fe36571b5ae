//! Weights of the calls and steps of `pallet_records`, measured by `make weights`: do not edit.
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

/// Weight functions of `pallet_records`.
pub trait WeightInfo {
    fn release() -> Weight;
    fn store() -> Weight;
    /// `n` from 0 to 128.
    fn move_blob(n: u32, ) -> Weight;
    fn dispute() -> Weight;
    fn withdraw_release() -> Weight;
    /// `n` from 0 to 16.
    fn request_access(n: u32, ) -> Weight;
    fn withdraw_request() -> Weight;
    fn decline_request() -> Weight;
    /// `n` from 1 to 16.
    fn share(n: u32, ) -> Weight;
    fn reject_share() -> Weight;
    /// `n` from 1 to 16.
    fn revoke(n: u32, ) -> Weight;
    fn clear_share() -> Weight;
    fn terminate() -> Weight;
    fn supersede() -> Weight;
    fn cancel_end() -> Weight;
    fn store_own() -> Weight;
}

/// Measured weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    // Proof: measured 982 bytes, estimated 6236.
    // Least time: 88_563_000 ps.
    fn release() -> Weight {
        Weight::from_parts(93_048_000, 6236)
            .saturating_add(T::DbWeight::get().reads_writes(9, 5))
    }
    // Proof: measured 2066 bytes, estimated 6578.
    // Least time: 138_857_000 ps.
    fn store() -> Weight {
        Weight::from_parts(147_170_000, 6578)
            .saturating_add(T::DbWeight::get().reads_writes(13, 7))
    }
    // Proof: measured 3128 + n * 333 bytes, estimated 4650 + n * 3660.
    // Least time: 135_082_000 ps.
    fn move_blob(n: u32, ) -> Weight {
        Weight::from_parts(140_238_620, 4650)
            .saturating_add(Weight::from_parts(102_547_709, 0).saturating_mul(u64::from(n)))
            .saturating_add(T::DbWeight::get().reads_writes(10, 5))
            .saturating_add(T::DbWeight::get().reads(3_u64.saturating_mul(u64::from(n))))
            .saturating_add(T::DbWeight::get().writes(1_u64.saturating_mul(u64::from(n))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(n)))
    }
    // Proof: measured 893 bytes, estimated 4294.
    // Least time: 13_109_000 ps.
    fn dispute() -> Weight {
        Weight::from_parts(14_151_000, 4294)
            .saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }
    // Proof: measured 1089 bytes, estimated 4294.
    // Least time: 90_365_000 ps.
    fn withdraw_release() -> Weight {
        Weight::from_parts(94_741_000, 4294)
            .saturating_add(T::DbWeight::get().reads_writes(3, 6))
    }
    // Proof: measured 800 + n * 817 bytes, estimated 6236 + n * 3304.
    // Least time: 74_021_000 ps.
    fn request_access(n: u32, ) -> Weight {
        Weight::from_parts(78_494_135, 6236)
            .saturating_add(Weight::from_parts(4_763_477, 0).saturating_mul(u64::from(n)))
            .saturating_add(T::DbWeight::get().reads_writes(7, 6))
            .saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(u64::from(n))))
            .saturating_add(Weight::from_parts(0, 3304).saturating_mul(u64::from(n)))
    }
    // Proof: measured 507 bytes, estimated 4120.
    // Least time: 55_853_000 ps.
    fn withdraw_request() -> Weight {
        Weight::from_parts(58_768_000, 4120)
            .saturating_add(T::DbWeight::get().reads_writes(4, 5))
    }
    // Proof: measured 507 bytes, estimated 4120.
    // Least time: 55_603_000 ps.
    fn decline_request() -> Weight {
        Weight::from_parts(58_387_000, 4120)
            .saturating_add(T::DbWeight::get().reads_writes(4, 5))
    }
    // Proof: measured 2609 + n * 987 bytes, estimated 6578 + n * 3660.
    // Least time: 180_299_000 ps.
    fn share(n: u32, ) -> Weight {
        Weight::from_parts(89_553_721, 6578)
            .saturating_add(Weight::from_parts(100_366_569, 0).saturating_mul(u64::from(n)))
            .saturating_add(T::DbWeight::get().reads_writes(11, 7))
            .saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(u64::from(n))))
            .saturating_add(T::DbWeight::get().writes(1_u64.saturating_mul(u64::from(n))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(n)))
    }
    // Proof: measured 1311 bytes, estimated 4650.
    // Least time: 12_559_000 ps.
    fn reject_share() -> Weight {
        Weight::from_parts(13_390_000, 4650)
            .saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }
    // Proof: measured 1429 + n * 955 bytes, estimated 3784 + n * 3660.
    // Least time: 63_655_000 ps.
    fn revoke(n: u32, ) -> Weight {
        Weight::from_parts(12_800_347, 3784)
            .saturating_add(Weight::from_parts(52_972_383, 0).saturating_mul(u64::from(n)))
            .saturating_add(T::DbWeight::get().reads_writes(2, 2))
            .saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(u64::from(n))))
            .saturating_add(T::DbWeight::get().writes(2_u64.saturating_mul(u64::from(n))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(n)))
    }
    // Proof: measured 2380 bytes, estimated 4650.
    // Least time: 62_042_000 ps.
    fn clear_share() -> Weight {
        Weight::from_parts(64_667_000, 4650)
            .saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    // Proof: measured 2203 bytes, estimated 7598.
    // Least time: 73_640_000 ps.
    fn terminate() -> Weight {
        Weight::from_parts(77_536_000, 7598)
            .saturating_add(T::DbWeight::get().reads_writes(8, 5))
    }
    // Proof: measured 2203 bytes, estimated 7598.
    // Least time: 74_811_000 ps.
    fn supersede() -> Weight {
        Weight::from_parts(78_357_000, 7598)
            .saturating_add(T::DbWeight::get().reads_writes(8, 5))
    }
    // Proof: measured 203 bytes, estimated 3630.
    // Least time: 10_426_000 ps.
    fn cancel_end() -> Weight {
        Weight::from_parts(11_237_000, 3630)
            .saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }
    // Proof: measured 801 bytes, estimated 4294.
    // Least time: 134_731_000 ps.
    fn store_own() -> Weight {
        Weight::from_parts(141_451_000, 4294)
            .saturating_add(T::DbWeight::get().reads_writes(9, 5))
    }
}

impl WeightInfo for () {
    fn release() -> Weight {
        Weight::from_parts(93_048_000, 6236)
            .saturating_add(RocksDbWeight::get().reads_writes(9, 5))
    }
    fn store() -> Weight {
        Weight::from_parts(147_170_000, 6578)
            .saturating_add(RocksDbWeight::get().reads_writes(13, 7))
    }
    fn move_blob(n: u32, ) -> Weight {
        Weight::from_parts(140_238_620, 4650)
            .saturating_add(Weight::from_parts(102_547_709, 0).saturating_mul(u64::from(n)))
            .saturating_add(RocksDbWeight::get().reads_writes(10, 5))
            .saturating_add(RocksDbWeight::get().reads(3_u64.saturating_mul(u64::from(n))))
            .saturating_add(RocksDbWeight::get().writes(1_u64.saturating_mul(u64::from(n))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(n)))
    }
    fn dispute() -> Weight {
        Weight::from_parts(14_151_000, 4294)
            .saturating_add(RocksDbWeight::get().reads_writes(1, 1))
    }
    fn withdraw_release() -> Weight {
        Weight::from_parts(94_741_000, 4294)
            .saturating_add(RocksDbWeight::get().reads_writes(3, 6))
    }
    fn request_access(n: u32, ) -> Weight {
        Weight::from_parts(78_494_135, 6236)
            .saturating_add(Weight::from_parts(4_763_477, 0).saturating_mul(u64::from(n)))
            .saturating_add(RocksDbWeight::get().reads_writes(7, 6))
            .saturating_add(RocksDbWeight::get().reads(1_u64.saturating_mul(u64::from(n))))
            .saturating_add(Weight::from_parts(0, 3304).saturating_mul(u64::from(n)))
    }
    fn withdraw_request() -> Weight {
        Weight::from_parts(58_768_000, 4120)
            .saturating_add(RocksDbWeight::get().reads_writes(4, 5))
    }
    fn decline_request() -> Weight {
        Weight::from_parts(58_387_000, 4120)
            .saturating_add(RocksDbWeight::get().reads_writes(4, 5))
    }
    fn share(n: u32, ) -> Weight {
        Weight::from_parts(89_553_721, 6578)
            .saturating_add(Weight::from_parts(100_366_569, 0).saturating_mul(u64::from(n)))
            .saturating_add(RocksDbWeight::get().reads_writes(11, 7))
            .saturating_add(RocksDbWeight::get().reads(2_u64.saturating_mul(u64::from(n))))
            .saturating_add(RocksDbWeight::get().writes(1_u64.saturating_mul(u64::from(n))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(n)))
    }
    fn reject_share() -> Weight {
        Weight::from_parts(13_390_000, 4650)
            .saturating_add(RocksDbWeight::get().reads_writes(1, 1))
    }
    fn revoke(n: u32, ) -> Weight {
        Weight::from_parts(12_800_347, 3784)
            .saturating_add(Weight::from_parts(52_972_383, 0).saturating_mul(u64::from(n)))
            .saturating_add(RocksDbWeight::get().reads_writes(2, 2))
            .saturating_add(RocksDbWeight::get().reads(2_u64.saturating_mul(u64::from(n))))
            .saturating_add(RocksDbWeight::get().writes(2_u64.saturating_mul(u64::from(n))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(n)))
    }
    fn clear_share() -> Weight {
        Weight::from_parts(64_667_000, 4650)
            .saturating_add(RocksDbWeight::get().reads_writes(4, 4))
    }
    fn terminate() -> Weight {
        Weight::from_parts(77_536_000, 7598)
            .saturating_add(RocksDbWeight::get().reads_writes(8, 5))
    }
    fn supersede() -> Weight {
        Weight::from_parts(78_357_000, 7598)
            .saturating_add(RocksDbWeight::get().reads_writes(8, 5))
    }
    fn cancel_end() -> Weight {
        Weight::from_parts(11_237_000, 3630)
            .saturating_add(RocksDbWeight::get().reads_writes(1, 1))
    }
    fn store_own() -> Weight {
        Weight::from_parts(141_451_000, 4294)
            .saturating_add(RocksDbWeight::get().reads_writes(9, 5))
    }
}
