//! Weights of the calls, and of what sessions and blocks do.
//!
//! Counted from the code at the largest sizes (8 moved and 8 unbonding parts of a delegation); to be
//! replaced by measured ones.

use core::marker::PhantomData;
use polkadot_sdk::{
    frame_support::{
        traits::Get,
        weights::{constants::RocksDbWeight, RuntimeDbWeight, Weight},
    },
    frame_system,
};

/// Weight functions of `pallet-delegation`.
pub trait WeightInfo {
    fn register_candidate() -> Weight;
    fn add_bond() -> Weight;
    fn set_commission() -> Weight;
    fn leave() -> Weight;
    fn withdraw_bond() -> Weight;
    fn back() -> Weight;
    fn delegate() -> Weight;
    /// `unbond` or `claim`.
    fn unbond() -> Weight;
    fn redelegate() -> Weight;
    fn withdraw() -> Weight;
    fn settle() -> Weight;
    fn cancel_slash() -> Weight;
    fn note_author() -> Weight;
    /// The report of one offender.
    fn report_offence() -> Weight;
    /// A look for due slashes.
    fn due_slot() -> Weight;
    /// A slash that reaches `s` sub-pools, with four reporters.
    fn take_slash(s: u32) -> Weight;
}

/// Counted weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

/// Figures shared by the two implementations: reference time, proof size, reads, writes.
macro_rules! weights {
    ($db:expr) => {
        fn register_candidate() -> Weight {
            counted(70_000_000, 16_000, $db, 6, 4)
        }
        fn add_bond() -> Weight {
            counted(50_000_000, 8_000, $db, 3, 3)
        }
        fn set_commission() -> Weight {
            counted(25_000_000, 5_000, $db, 2, 1)
        }
        fn leave() -> Weight {
            counted(25_000_000, 5_000, $db, 2, 1)
        }
        fn withdraw_bond() -> Weight {
            counted(60_000_000, 10_000, $db, 6, 4)
        }
        fn back() -> Weight {
            counted(25_000_000, 6_000, $db, 2, 1)
        }
        fn delegate() -> Weight {
            Self::settle().saturating_add(counted(60_000_000, 8_000, $db, 2, 2))
        }
        fn unbond() -> Weight {
            Self::settle().saturating_add(counted(30_000_000, 4_000, $db, 1, 1))
        }
        fn redelegate() -> Weight {
            Self::settle()
                .saturating_add(Self::settle())
                .saturating_add(counted(60_000_000, 8_000, $db, 2, 1))
        }
        fn withdraw() -> Weight {
            Self::settle().saturating_add(counted(120_000_000, 30_000, $db, 9, 9))
        }
        fn settle() -> Weight {
            counted(140_000_000, 40_000, $db, 14, 12)
        }
        fn cancel_slash() -> Weight {
            counted(30_000_000, 10_000, $db, 4, 2)
        }
        fn note_author() -> Weight {
            counted(6_000_000, 4_000, $db, 1, 1)
        }
        fn report_offence() -> Weight {
            counted(70_000_000, 20_000, $db, 6, 5)
        }
        fn due_slot() -> Weight {
            counted(8_000_000, 4_000, $db, 3, 1)
        }
        fn take_slash(s: u32) -> Weight {
            let s = u64::from(s);
            counted(300_000_000, 40_000, $db, 11, 12)
                .saturating_add(counted(6_000_000, 4_000, $db, 1, 1).saturating_mul(s))
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
