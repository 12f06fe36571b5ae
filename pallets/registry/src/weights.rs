//! Weights of the calls and steps of `pallet_registry`, measured by `make weights`: do not edit.
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

/// Weight functions of `pallet_registry`.
pub trait WeightInfo {
    fn register_patient() -> Weight;
    fn apply() -> Weight;
    fn withdraw_application() -> Weight;
    fn admit() -> Weight;
    fn renew() -> Weight;
    fn suspend() -> Weight;
    fn reinstate() -> Weight;
    fn end() -> Weight;
    fn rotate_key() -> Weight;
    fn set_operator() -> Weight;
    fn accept_operator() -> Weight;
    fn set_node() -> Weight;
    fn set_recovery() -> Weight;
    fn veto_recovery() -> Weight;
    fn attest() -> Weight;
    fn revoke_attestation() -> Weight;
    fn sponsor() -> Weight;
    fn end_sponsorship() -> Weight;
    fn accept_sponsor() -> Weight;
}

/// Measured weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    // Proof: measured 1049 bytes, estimated 6236.
    // Least time: 138_036_000 ps.
    fn register_patient() -> Weight {
        Weight::from_parts(142_243_000, 6236)
            .saturating_add(T::DbWeight::get().reads_writes(10, 9))
    }
    // Proof: measured 563 bytes, estimated 3748.
    // Least time: 72_668_000 ps.
    fn apply() -> Weight {
        Weight::from_parts(75_412_000, 3748)
            .saturating_add(T::DbWeight::get().reads_writes(5, 5))
    }
    // Proof: measured 654 bytes, estimated 3748.
    // Least time: 62_634_000 ps.
    fn withdraw_application() -> Weight {
        Weight::from_parts(64_977_000, 3748)
            .saturating_add(T::DbWeight::get().reads_writes(4, 5))
    }
    // Proof: measured 365 bytes, estimated 3613.
    // Least time: 16_225_000 ps.
    fn admit() -> Weight {
        Weight::from_parts(17_276_000, 3613)
            .saturating_add(T::DbWeight::get().reads_writes(3, 2))
    }
    // Proof: measured 328 bytes, estimated 3613.
    // Least time: 11_978_000 ps.
    fn renew() -> Weight {
        Weight::from_parts(12_809_000, 3613)
            .saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }
    // Proof: measured 322 bytes, estimated 3613.
    // Least time: 10_866_000 ps.
    fn suspend() -> Weight {
        Weight::from_parts(11_588_000, 3613)
            .saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }
    // Proof: measured 322 bytes, estimated 3613.
    // Least time: 10_806_000 ps.
    fn reinstate() -> Weight {
        Weight::from_parts(11_447_000, 3613)
            .saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }
    // Proof: measured 1313 bytes, estimated 4653.
    // Least time: 179_097_000 ps.
    fn end() -> Weight {
        Weight::from_parts(187_620_000, 4653)
            .saturating_add(T::DbWeight::get().reads_writes(12, 11))
    }
    // Proof: measured 441 bytes, estimated 3613.
    // Least time: 17_486_000 ps.
    fn rotate_key() -> Weight {
        Weight::from_parts(18_507_000, 3613)
            .saturating_add(T::DbWeight::get().reads_writes(2, 2))
    }
    // Proof: measured 805 bytes, estimated 6236.
    // Least time: 41_192_000 ps.
    fn set_operator() -> Weight {
        Weight::from_parts(43_334_000, 6236)
            .saturating_add(T::DbWeight::get().reads_writes(8, 5))
    }
    // Proof: measured 513 bytes, estimated 4653.
    // Least time: 28_032_000 ps.
    fn accept_operator() -> Weight {
        Weight::from_parts(29_585_000, 4653)
            .saturating_add(T::DbWeight::get().reads_writes(5, 5))
    }
    // Proof: measured 496 bytes, estimated 4653.
    // Least time: 19_690_000 ps.
    fn set_node() -> Weight {
        Weight::from_parts(20_771_000, 4653)
            .saturating_add(T::DbWeight::get().reads_writes(3, 1))
    }
    // Proof: measured 424 bytes, estimated 3613.
    // Least time: 19_479_000 ps.
    fn set_recovery() -> Weight {
        Weight::from_parts(20_551_000, 3613)
            .saturating_add(T::DbWeight::get().reads_writes(3, 1))
    }
    // Proof: measured 331 bytes, estimated 3550.
    // Least time: 17_186_000 ps.
    fn veto_recovery() -> Weight {
        Weight::from_parts(17_997_000, 3550)
            .saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }
    // Proof: measured 469 bytes, estimated 6236.
    // Least time: 16_805_000 ps.
    fn attest() -> Weight {
        Weight::from_parts(17_727_000, 6236)
            .saturating_add(T::DbWeight::get().reads_writes(3, 1))
    }
    // Proof: measured 256 bytes, estimated 3545.
    // Least time: 10_466_000 ps.
    fn revoke_attestation() -> Weight {
        Weight::from_parts(11_097_000, 3545)
            .saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }
    // Proof: measured 939 bytes, estimated 6236.
    // Least time: 84_516_000 ps.
    fn sponsor() -> Weight {
        Weight::from_parts(87_791_000, 6236)
            .saturating_add(T::DbWeight::get().reads_writes(9, 4))
    }
    // Proof: measured 785 bytes, estimated 3748.
    // Least time: 63_094_000 ps.
    fn end_sponsorship() -> Weight {
        Weight::from_parts(65_988_000, 3748)
            .saturating_add(T::DbWeight::get().reads_writes(5, 4))
    }
    // Proof: measured 1421 bytes, estimated 6236.
    // Least time: 77_256_000 ps.
    fn accept_sponsor() -> Weight {
        Weight::from_parts(80_961_000, 6236)
            .saturating_add(T::DbWeight::get().reads_writes(7, 5))
    }
}

impl WeightInfo for () {
    fn register_patient() -> Weight {
        Weight::from_parts(142_243_000, 6236)
            .saturating_add(RocksDbWeight::get().reads_writes(10, 9))
    }
    fn apply() -> Weight {
        Weight::from_parts(75_412_000, 3748)
            .saturating_add(RocksDbWeight::get().reads_writes(5, 5))
    }
    fn withdraw_application() -> Weight {
        Weight::from_parts(64_977_000, 3748)
            .saturating_add(RocksDbWeight::get().reads_writes(4, 5))
    }
    fn admit() -> Weight {
        Weight::from_parts(17_276_000, 3613)
            .saturating_add(RocksDbWeight::get().reads_writes(3, 2))
    }
    fn renew() -> Weight {
        Weight::from_parts(12_809_000, 3613)
            .saturating_add(RocksDbWeight::get().reads_writes(2, 1))
    }
    fn suspend() -> Weight {
        Weight::from_parts(11_588_000, 3613)
            .saturating_add(RocksDbWeight::get().reads_writes(1, 1))
    }
    fn reinstate() -> Weight {
        Weight::from_parts(11_447_000, 3613)
            .saturating_add(RocksDbWeight::get().reads_writes(1, 1))
    }
    fn end() -> Weight {
        Weight::from_parts(187_620_000, 4653)
            .saturating_add(RocksDbWeight::get().reads_writes(12, 11))
    }
    fn rotate_key() -> Weight {
        Weight::from_parts(18_507_000, 3613)
            .saturating_add(RocksDbWeight::get().reads_writes(2, 2))
    }
    fn set_operator() -> Weight {
        Weight::from_parts(43_334_000, 6236)
            .saturating_add(RocksDbWeight::get().reads_writes(8, 5))
    }
    fn accept_operator() -> Weight {
        Weight::from_parts(29_585_000, 4653)
            .saturating_add(RocksDbWeight::get().reads_writes(5, 5))
    }
    fn set_node() -> Weight {
        Weight::from_parts(20_771_000, 4653)
            .saturating_add(RocksDbWeight::get().reads_writes(3, 1))
    }
    fn set_recovery() -> Weight {
        Weight::from_parts(20_551_000, 3613)
            .saturating_add(RocksDbWeight::get().reads_writes(3, 1))
    }
    fn veto_recovery() -> Weight {
        Weight::from_parts(17_997_000, 3550)
            .saturating_add(RocksDbWeight::get().reads_writes(2, 1))
    }
    fn attest() -> Weight {
        Weight::from_parts(17_727_000, 6236)
            .saturating_add(RocksDbWeight::get().reads_writes(3, 1))
    }
    fn revoke_attestation() -> Weight {
        Weight::from_parts(11_097_000, 3545)
            .saturating_add(RocksDbWeight::get().reads_writes(1, 1))
    }
    fn sponsor() -> Weight {
        Weight::from_parts(87_791_000, 6236)
            .saturating_add(RocksDbWeight::get().reads_writes(9, 4))
    }
    fn end_sponsorship() -> Weight {
        Weight::from_parts(65_988_000, 3748)
            .saturating_add(RocksDbWeight::get().reads_writes(5, 4))
    }
    fn accept_sponsor() -> Weight {
        Weight::from_parts(80_961_000, 6236)
            .saturating_add(RocksDbWeight::get().reads_writes(7, 5))
    }
}
