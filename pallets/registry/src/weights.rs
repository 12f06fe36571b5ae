//! Weights, counted from the code until they are measured.
//!
//! Time is 25 µs for each step (a lookup with its change, or a hold); the proof of an entry is
//! taken as the largest, a node's, with its trie nodes.

use core::marker::PhantomData;
use polkadot_sdk::{
    frame_support::{
        traits::Get,
        weights::{constants::RocksDbWeight, RuntimeDbWeight, Weight},
    },
    frame_system,
};

/// Weights of the calls of this pallet.
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

/// 25 µs in picoseconds.
const STEP: u64 = 25_000_000;
/// An entry with its trie nodes, bytes.
const ENTRY: u64 = 4_096;

fn counted<D: Get<RuntimeDbWeight>>(steps: u64, reads: u64, writes: u64) -> Weight {
    Weight::from_parts(STEP.saturating_mul(steps), ENTRY.saturating_mul(reads))
        .saturating_add(D::get().reads_writes(reads, writes))
}

macro_rules! weights {
    ($db:ty) => {
        fn register_patient() -> Weight {
            counted::<$db>(5, 11, 11)
        }
        fn apply() -> Weight {
            counted::<$db>(3, 6, 6)
        }
        fn withdraw_application() -> Weight {
            counted::<$db>(3, 6, 6)
        }
        fn admit() -> Weight {
            counted::<$db>(1, 3, 2)
        }
        fn renew() -> Weight {
            counted::<$db>(1, 2, 1)
        }
        fn suspend() -> Weight {
            counted::<$db>(1, 1, 1)
        }
        fn reinstate() -> Weight {
            counted::<$db>(1, 1, 1)
        }
        fn end() -> Weight {
            counted::<$db>(6, 23, 23)
        }
        fn rotate_key() -> Weight {
            counted::<$db>(1, 2, 2)
        }
        fn set_operator() -> Weight {
            counted::<$db>(3, 10, 8)
        }
        fn accept_operator() -> Weight {
            counted::<$db>(3, 9, 7)
        }
        fn set_node() -> Weight {
            counted::<$db>(1, 3, 1)
        }
        fn set_recovery() -> Weight {
            counted::<$db>(2, 3, 2)
        }
        fn veto_recovery() -> Weight {
            counted::<$db>(2, 2, 2)
        }
        fn attest() -> Weight {
            counted::<$db>(2, 4, 1)
        }
        fn revoke_attestation() -> Weight {
            counted::<$db>(1, 1, 1)
        }
        fn sponsor() -> Weight {
            counted::<$db>(3, 10, 6)
        }
        fn end_sponsorship() -> Weight {
            counted::<$db>(3, 7, 6)
        }
        fn accept_sponsor() -> Weight {
            counted::<$db>(4, 9, 7)
        }
    };
}

/// For a runtime with its own database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    weights!(T::DbWeight);
}

/// For tests.
impl WeightInfo for () {
    weights!(RocksDbWeight);
}
