//! Weights of the calls, and of what is told of records.
//!
//! Counted from the code; to be replaced by measured ones.

use core::marker::PhantomData;
use polkadot_sdk::{
    frame_support::{
        traits::Get,
        weights::{constants::RocksDbWeight, RuntimeDbWeight, Weight},
    },
    frame_system,
};

/// Weight functions of `pallet-rewards`.
pub trait WeightInfo {
    /// `Contribution::stored`, as a part of the call that stores a record.
    fn stored() -> Weight;
    /// `Contribution::revoked`, as a part of the call that ends a record.
    fn revoked() -> Weight;
    /// Minted and paid at once.
    fn claim() -> Weight;
    fn offer() -> Weight;
    fn withdraw_offer() -> Weight;
    fn redeem() -> Weight;
    fn honour() -> Weight;
    fn refund() -> Weight;
}

/// Counted weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

/// Figures shared by the two implementations: reference time, proof size, reads, writes.
macro_rules! weights {
    ($db:expr) => {
        fn stored() -> Weight {
            counted(60_000_000, 24_000, $db, 8, 4)
        }
        fn revoked() -> Weight {
            counted(70_000_000, 20_000, $db, 6, 5)
        }
        fn claim() -> Weight {
            counted(180_000_000, 28_000, $db, 8, 7)
        }
        fn offer() -> Weight {
            counted(30_000_000, 12_000, $db, 3, 3)
        }
        fn withdraw_offer() -> Weight {
            counted(25_000_000, 8_000, $db, 2, 2)
        }
        fn redeem() -> Weight {
            counted(60_000_000, 16_000, $db, 4, 5)
        }
        fn honour() -> Weight {
            counted(80_000_000, 18_000, $db, 5, 4)
        }
        fn refund() -> Weight {
            counted(60_000_000, 14_000, $db, 4, 3)
        }
    };
}

fn counted(ref_time: u64, proof: u64, db: RuntimeDbWeight, reads: u64, writes: u64) -> Weight {
    Weight::from_parts(ref_time, proof).saturating_add(db.reads_writes(reads, writes))
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    weights!(T::DbWeight::get());
}

impl WeightInfo for () {
    weights!(RocksDbWeight::get());
}
