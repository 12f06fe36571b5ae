//! Weights of the calls and steps of `pallet_delegation`, measured by `make weights`: do not edit.
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

/// Weight functions of `pallet_delegation`.
pub trait WeightInfo {
    fn register_candidate() -> Weight;
    fn add_bond() -> Weight;
    fn set_commission() -> Weight;
    fn leave() -> Weight;
    fn withdraw_bond() -> Weight;
    fn back() -> Weight;
    fn delegate() -> Weight;
    fn unbond() -> Weight;
    fn redelegate() -> Weight;
    fn withdraw() -> Weight;
    fn settle() -> Weight;
    fn cancel_slash() -> Weight;
    fn note_author() -> Weight;
    fn report_offence() -> Weight;
    fn due_slot() -> Weight;
    /// `s` from 1 to 200.
    fn take_slash(s: u32, ) -> Weight;
}

/// Measured weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    // Proof: measured 955 bytes, estimated 4420.
    // Least time: 73_950_000 ps.
    fn register_candidate() -> Weight {
        Weight::from_parts(77_556_000, 4420)
            .saturating_add(T::DbWeight::get().reads_writes(6, 4))
    }
    // Proof: measured 402 bytes, estimated 3784.
    // Least time: 62_883_000 ps.
    fn add_bond() -> Weight {
        Weight::from_parts(65_718_000, 3784)
            .saturating_add(T::DbWeight::get().reads_writes(3, 3))
    }
    // Proof: measured 414 bytes, estimated 3569.
    // Least time: 17_586_000 ps.
    fn set_commission() -> Weight {
        Weight::from_parts(18_467_000, 3569)
            .saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }
    // Proof: measured 414 bytes, estimated 3569.
    // Least time: 17_496_000 ps.
    fn leave() -> Weight {
        Weight::from_parts(18_348_000, 3569)
            .saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }
    // Proof: measured 553 bytes, estimated 3784.
    // Least time: 60_140_000 ps.
    fn withdraw_bond() -> Weight {
        Weight::from_parts(62_052_000, 3784)
            .saturating_add(T::DbWeight::get().reads_writes(6, 4))
    }
    // Proof: measured 466 bytes, estimated 3569.
    // Least time: 19_019_000 ps.
    fn back() -> Weight {
        Weight::from_parts(20_030_000, 3569)
            .saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }
    // Proof: measured 2512 bytes, estimated 21622.
    // Least time: 162_122_000 ps.
    fn delegate() -> Weight {
        Weight::from_parts(169_443_000, 21622)
            .saturating_add(T::DbWeight::get().reads_writes(16, 5))
    }
    // Proof: measured 2544 bytes, estimated 24201.
    // Least time: 123_755_000 ps.
    fn unbond() -> Weight {
        Weight::from_parts(128_481_000, 24201)
            .saturating_add(T::DbWeight::get().reads_writes(15, 5))
    }
    // Proof: measured 3478 bytes, estimated 24201.
    // Least time: 207_640_000 ps.
    fn redelegate() -> Weight {
        Weight::from_parts(214_209_000, 24201)
            .saturating_add(T::DbWeight::get().reads_writes(18, 7))
    }
    // Proof: measured 2758 bytes, estimated 39675.
    // Least time: 195_031_000 ps.
    fn withdraw() -> Weight {
        Weight::from_parts(203_343_000, 39675)
            .saturating_add(T::DbWeight::get().reads_writes(22, 12))
    }
    // Proof: measured 2292 bytes, estimated 21622.
    // Least time: 113_720_000 ps.
    fn settle() -> Weight {
        Weight::from_parts(118_857_000, 21622)
            .saturating_add(T::DbWeight::get().reads_writes(14, 4))
    }
    // Proof: measured 514 bytes, estimated 3663.
    // Least time: 20_020_000 ps.
    fn cancel_slash() -> Weight {
        Weight::from_parts(21_172_000, 3663)
            .saturating_add(T::DbWeight::get().reads_writes(4, 2))
    }
    // Proof: measured 88 bytes, estimated 3517.
    // Least time: 5_408_000 ps.
    fn note_author() -> Weight {
        Weight::from_parts(5_758_000, 3517)
            .saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }
    // Proof: measured 532 bytes, estimated 11402.
    // Least time: 129_834_000 ps.
    fn report_offence() -> Weight {
        Weight::from_parts(134_981_000, 11402)
            .saturating_add(T::DbWeight::get().reads_writes(9, 7))
    }
    // Proof: measured 235 bytes, estimated 3529.
    // Least time: 9_494_000 ps.
    fn due_slot() -> Weight {
        Weight::from_parts(10_065_000, 3529)
            .saturating_add(T::DbWeight::get().reads_writes(3, 1))
    }
    // Proof: measured 1678 + s * 47 bytes, estimated 19211 + s * 2579.
    // Least time: 292_256_000 ps.
    fn take_slash(s: u32, ) -> Weight {
        Weight::from_parts(290_186_392, 19211)
            .saturating_add(Weight::from_parts(4_752_994, 0).saturating_mul(u64::from(s)))
            .saturating_add(T::DbWeight::get().reads_writes(13, 12))
            .saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(u64::from(s))))
            .saturating_add(T::DbWeight::get().writes(1_u64.saturating_mul(u64::from(s))))
            .saturating_add(Weight::from_parts(0, 2579).saturating_mul(u64::from(s)))
    }
}

impl WeightInfo for () {
    fn register_candidate() -> Weight {
        Weight::from_parts(77_556_000, 4420)
            .saturating_add(RocksDbWeight::get().reads_writes(6, 4))
    }
    fn add_bond() -> Weight {
        Weight::from_parts(65_718_000, 3784)
            .saturating_add(RocksDbWeight::get().reads_writes(3, 3))
    }
    fn set_commission() -> Weight {
        Weight::from_parts(18_467_000, 3569)
            .saturating_add(RocksDbWeight::get().reads_writes(2, 1))
    }
    fn leave() -> Weight {
        Weight::from_parts(18_348_000, 3569)
            .saturating_add(RocksDbWeight::get().reads_writes(2, 1))
    }
    fn withdraw_bond() -> Weight {
        Weight::from_parts(62_052_000, 3784)
            .saturating_add(RocksDbWeight::get().reads_writes(6, 4))
    }
    fn back() -> Weight {
        Weight::from_parts(20_030_000, 3569)
            .saturating_add(RocksDbWeight::get().reads_writes(2, 1))
    }
    fn delegate() -> Weight {
        Weight::from_parts(169_443_000, 21622)
            .saturating_add(RocksDbWeight::get().reads_writes(16, 5))
    }
    fn unbond() -> Weight {
        Weight::from_parts(128_481_000, 24201)
            .saturating_add(RocksDbWeight::get().reads_writes(15, 5))
    }
    fn redelegate() -> Weight {
        Weight::from_parts(214_209_000, 24201)
            .saturating_add(RocksDbWeight::get().reads_writes(18, 7))
    }
    fn withdraw() -> Weight {
        Weight::from_parts(203_343_000, 39675)
            .saturating_add(RocksDbWeight::get().reads_writes(22, 12))
    }
    fn settle() -> Weight {
        Weight::from_parts(118_857_000, 21622)
            .saturating_add(RocksDbWeight::get().reads_writes(14, 4))
    }
    fn cancel_slash() -> Weight {
        Weight::from_parts(21_172_000, 3663)
            .saturating_add(RocksDbWeight::get().reads_writes(4, 2))
    }
    fn note_author() -> Weight {
        Weight::from_parts(5_758_000, 3517)
            .saturating_add(RocksDbWeight::get().reads_writes(1, 1))
    }
    fn report_offence() -> Weight {
        Weight::from_parts(134_981_000, 11402)
            .saturating_add(RocksDbWeight::get().reads_writes(9, 7))
    }
    fn due_slot() -> Weight {
        Weight::from_parts(10_065_000, 3529)
            .saturating_add(RocksDbWeight::get().reads_writes(3, 1))
    }
    fn take_slash(s: u32, ) -> Weight {
        Weight::from_parts(290_186_392, 19211)
            .saturating_add(Weight::from_parts(4_752_994, 0).saturating_mul(u64::from(s)))
            .saturating_add(RocksDbWeight::get().reads_writes(13, 12))
            .saturating_add(RocksDbWeight::get().reads(1_u64.saturating_mul(u64::from(s))))
            .saturating_add(RocksDbWeight::get().writes(1_u64.saturating_mul(u64::from(s))))
            .saturating_add(Weight::from_parts(0, 2579).saturating_mul(u64::from(s)))
    }
}
