//! Weights of the calls, on top of what the duties' own calls declare.
//!
//! Conservative figures counted from the code, until they are measured.

use core::marker::PhantomData;
use polkadot_sdk::{
    frame_support::{
        traits::Get,
        weights::{constants::RocksDbWeight, RuntimeDbWeight, Weight},
    },
    frame_system,
};

/// Weights of the pallet's calls.
pub trait WeightInfo {
    /// `n` answers, without the calls they become.
    fn submit(n: u32) -> Weight;
}

/// Weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn submit(n: u32) -> Weight {
        counted_submit(n, T::DbWeight::get())
    }
}

impl WeightInfo for () {
    fn submit(n: u32) -> Weight {
        counted_submit(n, RocksDbWeight::get())
    }
}

/// Reads: operator to member (2). Writes: none but events, whose three values are whitelisted. Each
/// answer: decoding into the call twice, a storage layer, an event.
fn counted_submit(n: u32, db: RuntimeDbWeight) -> Weight {
    Weight::from_parts(20_000_000, 6_000)
        .saturating_add(Weight::from_parts(15_000_000, 0).saturating_mul(n.into()))
        .saturating_add(db.reads(2))
}
