//! Weights of the calls and steps of `pallet_agent`, measured by `make weights`: do not edit.
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

/// Weight functions of `pallet_agent`.
pub trait WeightInfo {
    /// `n` from 1 to 8.
    fn submit(n: u32, ) -> Weight;
}

/// Measured weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    // Proof: measured 296 bytes, estimated 3545.
    // Least time: 10_736_000 ps.
    fn submit(n: u32, ) -> Weight {
        Weight::from_parts(8_875_831, 3545)
            .saturating_add(Weight::from_parts(2_511_552, 0).saturating_mul(u64::from(n)))
            .saturating_add(T::DbWeight::get().reads_writes(1, 0))
    }
}

impl WeightInfo for () {
    fn submit(n: u32, ) -> Weight {
        Weight::from_parts(8_875_831, 3545)
            .saturating_add(Weight::from_parts(2_511_552, 0).saturating_mul(u64::from(n)))
            .saturating_add(RocksDbWeight::get().reads_writes(1, 0))
    }
}
