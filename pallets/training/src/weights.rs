//! Weights of the calls and steps of `pallet_training`, measured by `make weights`: do not edit.
//!
//! Not measured yet: sums over what the calls do, by the figures of the other pallets on 2026-11-21.
//! Database costs are the runtime's (`DbWeight`).

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

/// Weight functions of `pallet_training`.
pub trait WeightInfo {
    /// `c` from 0 to 64.
    fn declare_data_set(c: u32, ) -> Weight;
    fn withdraw_data_set() -> Weight;
    fn open() -> Weight;
    /// `c` from 0 to 64.
    fn join(c: u32, ) -> Weight;
    fn commit_keys() -> Weight;
    /// `c` from 0 to 64.
    fn leave(c: u32, ) -> Weight;
    /// `c` from 0 to 64.
    fn post(c: u32, ) -> Weight;
    fn report_equivocation() -> Weight;
    fn deliver() -> Weight;
    fn complete() -> Weight;
    fn judge() -> Weight;
    fn forget() -> Weight;
    fn agenda_slot() -> Weight;
}

/// Measured weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn declare_data_set(c: u32, ) -> Weight {
        Weight::from_parts(70_000_000, 3748)
            .saturating_add(Weight::from_parts(17_000_000, 0).saturating_mul(u64::from(c)))
            .saturating_add(T::DbWeight::get().reads_writes(5, 4))
            .saturating_add(T::DbWeight::get().reads(3_u64.saturating_mul(u64::from(c))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(c)))
    }
    fn withdraw_data_set() -> Weight {
        Weight::from_parts(55_000_000, 6196)
            .saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn open() -> Weight {
        Weight::from_parts(190_000_000, 33000)
            .saturating_add(T::DbWeight::get().reads_writes(20, 19))
    }
    fn join(c: u32, ) -> Weight {
        Weight::from_parts(95_000_000, 8354)
            .saturating_add(Weight::from_parts(17_000_000, 0).saturating_mul(u64::from(c)))
            .saturating_add(T::DbWeight::get().reads_writes(9, 6))
            .saturating_add(T::DbWeight::get().reads(3_u64.saturating_mul(u64::from(c))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(c)))
    }
    fn commit_keys() -> Weight {
        Weight::from_parts(60_000_000, 7200)
            .saturating_add(T::DbWeight::get().reads_writes(5, 4))
    }
    fn leave(c: u32, ) -> Weight {
        Weight::from_parts(110_000_000, 8354)
            .saturating_add(Weight::from_parts(15_000_000, 0).saturating_mul(u64::from(c)))
            .saturating_add(T::DbWeight::get().reads_writes(8, 8))
            .saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(u64::from(c))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(c)))
    }
    fn post(c: u32, ) -> Weight {
        Weight::from_parts(75_000_000, 7200)
            .saturating_add(Weight::from_parts(15_000_000, 0).saturating_mul(u64::from(c)))
            .saturating_add(T::DbWeight::get().reads_writes(4, 1))
            .saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(u64::from(c))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(c)))
    }
    fn report_equivocation() -> Weight {
        Weight::from_parts(160_000_000, 7200)
            .saturating_add(T::DbWeight::get().reads_writes(2, 0))
    }
    fn deliver() -> Weight {
        Weight::from_parts(60_000_000, 8354)
            .saturating_add(T::DbWeight::get().reads_writes(7, 3))
    }
    fn complete() -> Weight {
        Weight::from_parts(1_500_000_000, 69000)
            .saturating_add(T::DbWeight::get().reads_writes(78, 82))
    }
    fn judge() -> Weight {
        Weight::from_parts(1_700_000_000, 69000)
            .saturating_add(T::DbWeight::get().reads_writes(70, 68))
    }
    fn forget() -> Weight {
        Weight::from_parts(230_000_000, 33000)
            .saturating_add(T::DbWeight::get().reads_writes(24, 24))
    }
    fn agenda_slot() -> Weight {
        Weight::from_parts(9_000_000, 3502)
            .saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }
}

impl WeightInfo for () {
    fn declare_data_set(c: u32, ) -> Weight {
        Weight::from_parts(70_000_000, 3748)
            .saturating_add(Weight::from_parts(17_000_000, 0).saturating_mul(u64::from(c)))
            .saturating_add(RocksDbWeight::get().reads_writes(5, 4))
            .saturating_add(RocksDbWeight::get().reads(3_u64.saturating_mul(u64::from(c))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(c)))
    }
    fn withdraw_data_set() -> Weight {
        Weight::from_parts(55_000_000, 6196)
            .saturating_add(RocksDbWeight::get().reads_writes(4, 4))
    }
    fn open() -> Weight {
        Weight::from_parts(190_000_000, 33000)
            .saturating_add(RocksDbWeight::get().reads_writes(20, 19))
    }
    fn join(c: u32, ) -> Weight {
        Weight::from_parts(95_000_000, 8354)
            .saturating_add(Weight::from_parts(17_000_000, 0).saturating_mul(u64::from(c)))
            .saturating_add(RocksDbWeight::get().reads_writes(9, 6))
            .saturating_add(RocksDbWeight::get().reads(3_u64.saturating_mul(u64::from(c))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(c)))
    }
    fn commit_keys() -> Weight {
        Weight::from_parts(60_000_000, 7200)
            .saturating_add(RocksDbWeight::get().reads_writes(5, 4))
    }
    fn leave(c: u32, ) -> Weight {
        Weight::from_parts(110_000_000, 8354)
            .saturating_add(Weight::from_parts(15_000_000, 0).saturating_mul(u64::from(c)))
            .saturating_add(RocksDbWeight::get().reads_writes(8, 8))
            .saturating_add(RocksDbWeight::get().reads(2_u64.saturating_mul(u64::from(c))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(c)))
    }
    fn post(c: u32, ) -> Weight {
        Weight::from_parts(75_000_000, 7200)
            .saturating_add(Weight::from_parts(15_000_000, 0).saturating_mul(u64::from(c)))
            .saturating_add(RocksDbWeight::get().reads_writes(4, 1))
            .saturating_add(RocksDbWeight::get().reads(2_u64.saturating_mul(u64::from(c))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(c)))
    }
    fn report_equivocation() -> Weight {
        Weight::from_parts(160_000_000, 7200)
            .saturating_add(RocksDbWeight::get().reads_writes(2, 0))
    }
    fn deliver() -> Weight {
        Weight::from_parts(60_000_000, 8354)
            .saturating_add(RocksDbWeight::get().reads_writes(7, 3))
    }
    fn complete() -> Weight {
        Weight::from_parts(1_500_000_000, 69000)
            .saturating_add(RocksDbWeight::get().reads_writes(78, 82))
    }
    fn judge() -> Weight {
        Weight::from_parts(1_700_000_000, 69000)
            .saturating_add(RocksDbWeight::get().reads_writes(70, 68))
    }
    fn forget() -> Weight {
        Weight::from_parts(230_000_000, 33000)
            .saturating_add(RocksDbWeight::get().reads_writes(24, 24))
    }
    fn agenda_slot() -> Weight {
        Weight::from_parts(9_000_000, 3502)
            .saturating_add(RocksDbWeight::get().reads_writes(2, 1))
    }
}
