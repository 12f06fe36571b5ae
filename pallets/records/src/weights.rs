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
    // Least time: 124_095_000 ps.
    fn release() -> Weight {
        Weight::from_parts(131_876_000, 6236)
            .saturating_add(T::DbWeight::get().reads_writes(9, 5))
    }
    // Proof: measured 2066 bytes, estimated 6578.
    // Least time: 132_287_000 ps.
    fn store() -> Weight {
        Weight::from_parts(138_757_000, 6578)
            .saturating_add(T::DbWeight::get().reads_writes(13, 7))
    }
    // Proof: measured 3128 + n * 333 bytes, estimated 4650 + n * 3660.
    // Least time: 123_284_000 ps.
    fn move_blob(n: u32, ) -> Weight {
        Weight::from_parts(124_656_000, 4650)
            .saturating_add(Weight::from_parts(98_272_514, 0).saturating_mul(u64::from(n)))
            .saturating_add(T::DbWeight::get().reads_writes(10, 5))
            .saturating_add(T::DbWeight::get().reads(3_u64.saturating_mul(u64::from(n))))
            .saturating_add(T::DbWeight::get().writes(1_u64.saturating_mul(u64::from(n))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(n)))
    }
    // Proof: measured 893 bytes, estimated 4294.
    // Least time: 12_699_000 ps.
    fn dispute() -> Weight {
        Weight::from_parts(13_730_000, 4294)
            .saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }
    // Proof: measured 1089 bytes, estimated 4294.
    // Least time: 86_079_000 ps.
    fn withdraw_release() -> Weight {
        Weight::from_parts(89_554_000, 4294)
            .saturating_add(T::DbWeight::get().reads_writes(3, 6))
    }
    // Proof: measured 800 + n * 817 bytes, estimated 6236 + n * 3304.
    // Least time: 69_263_000 ps.
    fn request_access(n: u32, ) -> Weight {
        Weight::from_parts(74_349_387, 6236)
            .saturating_add(Weight::from_parts(4_626_614, 0).saturating_mul(u64::from(n)))
            .saturating_add(T::DbWeight::get().reads_writes(7, 6))
            .saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(u64::from(n))))
            .saturating_add(Weight::from_parts(0, 3304).saturating_mul(u64::from(n)))
    }
    // Proof: measured 507 bytes, estimated 4120.
    // Least time: 52_719_000 ps.
    fn withdraw_request() -> Weight {
        Weight::from_parts(54_691_000, 4120)
            .saturating_add(T::DbWeight::get().reads_writes(4, 5))
    }
    // Proof: measured 507 bytes, estimated 4120.
    // Least time: 52_909_000 ps.
    fn decline_request() -> Weight {
        Weight::from_parts(55_282_000, 4120)
            .saturating_add(T::DbWeight::get().reads_writes(4, 5))
    }
    // Proof: measured 2609 + n * 987 bytes, estimated 6578 + n * 3660.
    // Least time: 172_147_000 ps.
    fn share(n: u32, ) -> Weight {
        Weight::from_parts(83_821_498, 6578)
            .saturating_add(Weight::from_parts(96_208_421, 0).saturating_mul(u64::from(n)))
            .saturating_add(T::DbWeight::get().reads_writes(11, 7))
            .saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(u64::from(n))))
            .saturating_add(T::DbWeight::get().writes(1_u64.saturating_mul(u64::from(n))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(n)))
    }
    // Proof: measured 1311 bytes, estimated 4650.
    // Least time: 11_918_000 ps.
    fn reject_share() -> Weight {
        Weight::from_parts(12_890_000, 4650)
            .saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }
    // Proof: measured 1429 + n * 955 bytes, estimated 3784 + n * 3660.
    // Least time: 62_303_000 ps.
    fn revoke(n: u32, ) -> Weight {
        Weight::from_parts(11_302_534, 3784)
            .saturating_add(Weight::from_parts(51_643_664, 0).saturating_mul(u64::from(n)))
            .saturating_add(T::DbWeight::get().reads_writes(2, 2))
            .saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(u64::from(n))))
            .saturating_add(T::DbWeight::get().writes(2_u64.saturating_mul(u64::from(n))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(n)))
    }
    // Proof: measured 2380 bytes, estimated 4650.
    // Least time: 59_449_000 ps.
    fn clear_share() -> Weight {
        Weight::from_parts(62_343_000, 4650)
            .saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    // Proof: measured 2203 bytes, estimated 7598.
    // Least time: 71_046_000 ps.
    fn terminate() -> Weight {
        Weight::from_parts(75_292_000, 7598)
            .saturating_add(T::DbWeight::get().reads_writes(8, 5))
    }
    // Proof: measured 2203 bytes, estimated 7598.
    // Least time: 70_916_000 ps.
    fn supersede() -> Weight {
        Weight::from_parts(75_583_000, 7598)
            .saturating_add(T::DbWeight::get().reads_writes(8, 5))
    }
    // Proof: measured 203 bytes, estimated 3630.
    // Least time: 10_045_000 ps.
    fn cancel_end() -> Weight {
        Weight::from_parts(10_886_000, 3630)
            .saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }
    // Proof: measured 801 bytes, estimated 4294.
    // Least time: 130_355_000 ps.
    fn store_own() -> Weight {
        Weight::from_parts(136_363_000, 4294)
            .saturating_add(T::DbWeight::get().reads_writes(9, 5))
    }
}

impl WeightInfo for () {
    fn release() -> Weight {
        Weight::from_parts(131_876_000, 6236)
            .saturating_add(RocksDbWeight::get().reads_writes(9, 5))
    }
    fn store() -> Weight {
        Weight::from_parts(138_757_000, 6578)
            .saturating_add(RocksDbWeight::get().reads_writes(13, 7))
    }
    fn move_blob(n: u32, ) -> Weight {
        Weight::from_parts(124_656_000, 4650)
            .saturating_add(Weight::from_parts(98_272_514, 0).saturating_mul(u64::from(n)))
            .saturating_add(RocksDbWeight::get().reads_writes(10, 5))
            .saturating_add(RocksDbWeight::get().reads(3_u64.saturating_mul(u64::from(n))))
            .saturating_add(RocksDbWeight::get().writes(1_u64.saturating_mul(u64::from(n))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(n)))
    }
    fn dispute() -> Weight {
        Weight::from_parts(13_730_000, 4294)
            .saturating_add(RocksDbWeight::get().reads_writes(1, 1))
    }
    fn withdraw_release() -> Weight {
        Weight::from_parts(89_554_000, 4294)
            .saturating_add(RocksDbWeight::get().reads_writes(3, 6))
    }
    fn request_access(n: u32, ) -> Weight {
        Weight::from_parts(74_349_387, 6236)
            .saturating_add(Weight::from_parts(4_626_614, 0).saturating_mul(u64::from(n)))
            .saturating_add(RocksDbWeight::get().reads_writes(7, 6))
            .saturating_add(RocksDbWeight::get().reads(1_u64.saturating_mul(u64::from(n))))
            .saturating_add(Weight::from_parts(0, 3304).saturating_mul(u64::from(n)))
    }
    fn withdraw_request() -> Weight {
        Weight::from_parts(54_691_000, 4120)
            .saturating_add(RocksDbWeight::get().reads_writes(4, 5))
    }
    fn decline_request() -> Weight {
        Weight::from_parts(55_282_000, 4120)
            .saturating_add(RocksDbWeight::get().reads_writes(4, 5))
    }
    fn share(n: u32, ) -> Weight {
        Weight::from_parts(83_821_498, 6578)
            .saturating_add(Weight::from_parts(96_208_421, 0).saturating_mul(u64::from(n)))
            .saturating_add(RocksDbWeight::get().reads_writes(11, 7))
            .saturating_add(RocksDbWeight::get().reads(2_u64.saturating_mul(u64::from(n))))
            .saturating_add(RocksDbWeight::get().writes(1_u64.saturating_mul(u64::from(n))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(n)))
    }
    fn reject_share() -> Weight {
        Weight::from_parts(12_890_000, 4650)
            .saturating_add(RocksDbWeight::get().reads_writes(1, 1))
    }
    fn revoke(n: u32, ) -> Weight {
        Weight::from_parts(11_302_534, 3784)
            .saturating_add(Weight::from_parts(51_643_664, 0).saturating_mul(u64::from(n)))
            .saturating_add(RocksDbWeight::get().reads_writes(2, 2))
            .saturating_add(RocksDbWeight::get().reads(2_u64.saturating_mul(u64::from(n))))
            .saturating_add(RocksDbWeight::get().writes(2_u64.saturating_mul(u64::from(n))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(n)))
    }
    fn clear_share() -> Weight {
        Weight::from_parts(62_343_000, 4650)
            .saturating_add(RocksDbWeight::get().reads_writes(4, 4))
    }
    fn terminate() -> Weight {
        Weight::from_parts(75_292_000, 7598)
            .saturating_add(RocksDbWeight::get().reads_writes(8, 5))
    }
    fn supersede() -> Weight {
        Weight::from_parts(75_583_000, 7598)
            .saturating_add(RocksDbWeight::get().reads_writes(8, 5))
    }
    fn cancel_end() -> Weight {
        Weight::from_parts(10_886_000, 3630)
            .saturating_add(RocksDbWeight::get().reads_writes(1, 1))
    }
    fn store_own() -> Weight {
        Weight::from_parts(136_363_000, 4294)
            .saturating_add(RocksDbWeight::get().reads_writes(9, 5))
    }
}
