//! Weights, counted from the code until they are measured.
//!
//! Time is 25 µs for what every call does and 25 µs for each entry touched; proof sizes are the
//! largest encodings of the entries read, rounded up.

use core::marker::PhantomData;
use polkadot_sdk::{
    frame_support::{
        traits::Get,
        weights::{constants::RocksDbWeight, Weight},
    },
    frame_system,
};

/// Weights of the calls of this pallet.
pub trait WeightInfo {
    fn release() -> Weight;
    fn store() -> Weight;
    /// `n`: shares touched.
    fn move_blob(n: u32) -> Weight;
    fn dispute() -> Weight;
    fn withdraw_release() -> Weight;
    /// `n`: records named.
    fn request_access(n: u32) -> Weight;
    fn withdraw_request() -> Weight;
    fn decline_request() -> Weight;
    /// `n`: records shared.
    fn share(n: u32) -> Weight;
    fn reject_share() -> Weight;
    /// `n`: records named.
    fn revoke(n: u32) -> Weight;
    fn clear_share() -> Weight;
    fn terminate() -> Weight;
    fn supersede() -> Weight;
    fn cancel_end() -> Weight;
    fn store_own() -> Weight;
}

/// 25 µs in picoseconds.
const STEP: u64 = 25_000_000;
/// A record, share, request or blob entry with its trie nodes, bytes.
const ENTRY: u64 = 4_096;

fn counted<D: Get<polkadot_sdk::frame_support::weights::RuntimeDbWeight>>(
    steps: u64,
    reads: u64,
    writes: u64,
) -> Weight {
    Weight::from_parts(STEP.saturating_mul(steps), ENTRY.saturating_mul(reads))
        .saturating_add(D::get().reads_writes(reads, writes))
}

macro_rules! weights {
    ($db:ty) => {
        // Records, BlobOwner, role ×2, recipient, operator, account, holds; Records, RecordsOf,
        // BlobOwner, account, holds.
        fn release() -> Weight {
            counted::<$db>(4, 9, 6)
        }
        // As release, and the sponsor's quota, and two accounts whose holds change.
        fn store() -> Weight {
            counted::<$db>(4, 12, 9)
        }
        // The record, two blob entries and the storage deposit; for each share itself, the
        // grantee's recipient, quota, account and holds.
        fn move_blob(n: u32) -> Weight {
            counted::<$db>(4, 8, 7).saturating_add(counted::<$db>(3, 6, 5).saturating_mul(n.into()))
        }
        fn dispute() -> Weight {
            counted::<$db>(1, 1, 1)
        }
        fn withdraw_release() -> Weight {
            counted::<$db>(3, 5, 6)
        }
        fn request_access(n: u32) -> Weight {
            counted::<$db>(3, 8, 6).saturating_add(counted::<$db>(1, 1, 0).saturating_mul(n.into()))
        }
        fn withdraw_request() -> Weight {
            counted::<$db>(2, 5, 5)
        }
        fn decline_request() -> Weight {
            counted::<$db>(2, 4, 5)
        }
        // Role ×2, recipient and the request; for each record itself, the share, quota, account
        // and holds.
        fn share(n: u32) -> Weight {
            counted::<$db>(3, 9, 5).saturating_add(counted::<$db>(3, 7, 5).saturating_mul(n.into()))
        }
        fn reject_share() -> Weight {
            counted::<$db>(1, 2, 1)
        }
        fn revoke(n: u32) -> Weight {
            counted::<$db>(1, 0, 0).saturating_add(counted::<$db>(2, 6, 5).saturating_mul(n.into()))
        }
        fn clear_share() -> Weight {
            counted::<$db>(2, 7, 5)
        }
        // The record, the successor, recovery, proposals, the blob entry, two deposits.
        fn terminate() -> Weight {
            counted::<$db>(4, 10, 7)
        }
        fn supersede() -> Weight {
            counted::<$db>(4, 10, 7)
        }
        fn cancel_end() -> Weight {
            counted::<$db>(1, 1, 1)
        }
        // As release and store without the delivery: the record, the blob entry, the list, two
        // deposits of one account, the sponsor's quota.
        fn store_own() -> Weight {
            counted::<$db>(4, 10, 8)
        }
    };
}

/// Weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    weights!(T::DbWeight);
}

/// For tests.
impl WeightInfo for () {
    weights!(RocksDbWeight);
}
