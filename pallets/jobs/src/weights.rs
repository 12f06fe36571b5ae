//! Weights of the calls and of the work that falls due.
//!
//! Counted from the code at the largest sizes (16 seats, 16 reserves, 64 inputs); to be replaced by
//! measured ones.

use core::marker::PhantomData;
use polkadot_sdk::{
    frame_support::{
        traits::Get,
        weights::{constants::RocksDbWeight, RuntimeDbWeight, Weight},
    },
    frame_system,
};

/// Weight functions of `pallet-jobs`.
pub trait WeightInfo {
    fn register_worker() -> Weight;
    fn add_bond() -> Weight;
    fn leave() -> Weight;
    fn withdraw_bond() -> Weight;
    fn resume() -> Weight;
    /// `i` inputs, all of them records.
    fn post(i: u32) -> Weight;
    /// The end of a job with a full panel and all inputs, the panel paid for its time.
    fn end_job() -> Weight;
    /// `i` items.
    fn provide(i: u32) -> Weight;
    fn seal_record() -> Weight;
    /// The last commitment to a job on `r` records, whose consents are asked for.
    fn commit(r: u32) -> Weight;
    fn reveal() -> Weight;
    fn accept_result() -> Weight;
    fn report_unavailable() -> Weight;
    fn forget() -> Weight;
    fn set_algorithm() -> Weight;
    /// An output taken in by a full beacon, the last for the jobs posted in `p` blocks.
    fn absorb_randomness(p: u32) -> Weight;
    /// A look at a slot of the agenda.
    fn agenda_slot() -> Weight;
    /// A draw of a full panel that looks at `w` workers, for `r` records.
    fn draw(w: u32, r: u32) -> Weight;
    /// A look at the seats of a drawn panel, the last of which is busy.
    fn wait() -> Weight;
    /// The end of a panel remembered for `r` records.
    fn forget_panel(r: u32) -> Weight;
    /// The settlement of a job with a full panel and all inputs.
    fn settle() -> Weight;
}

/// Counted weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

/// Figures shared by the two implementations: reference time, reads, writes, proof size.
macro_rules! weights {
    ($db:expr) => {
        fn register_worker() -> Weight {
            counted(60_000_000, 12_000, $db, 5, 5)
        }
        fn add_bond() -> Weight {
            counted(50_000_000, 12_000, $db, 4, 4)
        }
        fn leave() -> Weight {
            counted(30_000_000, 12_000, $db, 2, 2)
        }
        fn withdraw_bond() -> Weight {
            counted(50_000_000, 6_000, $db, 3, 3)
        }
        fn resume() -> Weight {
            counted(60_000_000, 14_000, $db, 6, 5)
        }
        fn post(i: u32) -> Weight {
            let i = u64::from(i);
            counted(80_000_000, 15_000, $db, 10, 8)
                .saturating_add(counted(13_000_000, 4_000, $db, 6, 0).saturating_mul(i))
        }
        fn end_job() -> Weight {
            counted(1_500_000_000, 900_000, $db, 389, 325)
        }
        fn provide(i: u32) -> Weight {
            let i = u64::from(i);
            counted(120_000_000, 60_000, $db, 8, 8)
                .saturating_add(counted(20_000_000, 8_000, $db, 5, 4).saturating_mul(i))
        }
        fn seal_record() -> Weight {
            counted(100_000_000, 60_000, $db, 11, 9)
        }
        fn commit(r: u32) -> Weight {
            let r = u64::from(r);
            counted(60_000_000, 12_000, $db, 10, 5)
                .saturating_add(counted(12_000_000, 4_000, $db, 5, 0).saturating_mul(r))
        }
        fn reveal() -> Weight {
            counted(70_000_000, 24_000, $db, 9, 5)
        }
        fn accept_result() -> Weight {
            counted(600_000_000, 80_000, $db, 22, 22)
        }
        fn report_unavailable() -> Weight {
            counted(70_000_000, 12_000, $db, 6, 6)
        }
        fn forget() -> Weight {
            counted(200_000_000, 120_000, $db, 36, 36)
        }
        fn set_algorithm() -> Weight {
            counted(12_000_000, 4_000, $db, 1, 1)
        }
        fn absorb_randomness(p: u32) -> Weight {
            counted(12_000_000, 6_000, $db, 2, 1)
                .saturating_add(counted(5_000_000, 3_000, $db, 1, 1).saturating_mul(p.into()))
        }
        fn agenda_slot() -> Weight {
            counted(6_000_000, 4_000, $db, 2, 1)
        }
        fn draw(w: u32, r: u32) -> Weight {
            let (w, r) = (u64::from(w), u64::from(r));
            counted(300_000_000, 120_000, $db, 71, 73)
                .saturating_add(counted(10_000_000, 4_000, $db, 4, 0).saturating_mul(w))
                // Pointer, consent, draws and owner of a record.
                .saturating_add(counted(15_000_000, 6_000, $db, 7, 2).saturating_mul(r))
        }
        fn wait() -> Weight {
            counted(60_000_000, 60_000, $db, 17, 3)
        }
        fn forget_panel(r: u32) -> Weight {
            let r = u64::from(r);
            counted(20_000_000, 6_000, $db, 2, 2)
                .saturating_add(counted(6_000_000, 4_000, $db, 1, 1).saturating_mul(r))
        }
        fn settle() -> Weight {
            Self::end_job().saturating_add(counted(900_000_000, 300_000, $db, 136, 156))
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
