//! Weights of the calls and steps of `pallet_jobs`, measured by `make weights`: do not edit.
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

/// Weight functions of `pallet_jobs`.
pub trait WeightInfo {
    fn register_worker() -> Weight;
    fn add_bond() -> Weight;
    fn leave() -> Weight;
    fn withdraw_bond() -> Weight;
    fn resume() -> Weight;
    /// `i` from 1 to 64.
    fn post(i: u32, ) -> Weight;
    fn end_job() -> Weight;
    /// `i` from 1 to 64.
    fn provide(i: u32, ) -> Weight;
    fn seal_record() -> Weight;
    /// `r` from 1 to 64.
    fn commit(r: u32, ) -> Weight;
    fn reveal() -> Weight;
    fn accept_result() -> Weight;
    fn report_unavailable() -> Weight;
    fn forget() -> Weight;
    fn set_algorithm() -> Weight;
    /// `p` from 1 to 10.
    fn absorb_randomness(p: u32, ) -> Weight;
    fn agenda_slot() -> Weight;
    /// `w` from 32 to 256.
    /// `r` from 0 to 64.
    fn draw(w: u32, r: u32, ) -> Weight;
    fn wait() -> Weight;
    /// `r` from 1 to 64.
    fn forget_panel(r: u32, ) -> Weight;
    fn settle() -> Weight;
}

/// Measured weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    // Proof: measured 872 bytes, estimated 9679.
    // Least time: 74_701_000 ps.
    fn register_worker() -> Weight {
        Weight::from_parts(77_696_000, 9679)
            .saturating_add(T::DbWeight::get().reads_writes(6, 4))
    }
    // Proof: measured 10649 bytes, estimated 9679.
    // Least time: 119_228_000 ps.
    fn add_bond() -> Weight {
        Weight::from_parts(141_150_000, 9679)
            .saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    // Proof: measured 9279 bytes, estimated 9679.
    // Least time: 69_233_000 ps.
    fn leave() -> Weight {
        Weight::from_parts(86_159_000, 9679)
            .saturating_add(T::DbWeight::get().reads_writes(4, 2))
    }
    // Proof: measured 490 bytes, estimated 3748.
    // Least time: 54_281_000 ps.
    fn withdraw_bond() -> Weight {
        Weight::from_parts(56_224_000, 3748)
            .saturating_add(T::DbWeight::get().reads_writes(3, 3))
    }
    // Proof: measured 11325 bytes, estimated 9679.
    // Least time: 139_528_000 ps.
    fn resume() -> Weight {
        Weight::from_parts(161_100_000, 9679)
            .saturating_add(T::DbWeight::get().reads_writes(6, 4))
    }
    // Proof: measured 2293 + i * 954 bytes, estimated 3748 + i * 3660.
    // Least time: 155_011_000 ps.
    fn post(i: u32, ) -> Weight {
        Weight::from_parts(142_911_768, 3748)
            .saturating_add(Weight::from_parts(17_505_359, 0).saturating_mul(u64::from(i)))
            .saturating_add(T::DbWeight::get().reads_writes(10, 7))
            .saturating_add(T::DbWeight::get().reads(3_u64.saturating_mul(u64::from(i))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(i)))
    }
    // Proof: measured 59654 bytes, estimated 427614.
    // Least time: 1_838_833_000 ps.
    fn end_job() -> Weight {
        Weight::from_parts(1_973_003_000, 427614)
            .saturating_add(T::DbWeight::get().reads_writes(243, 276))
    }
    // Proof: measured 3696 + i * 33 bytes, estimated 8354 + i * 6666.
    // Least time: 164_535_000 ps.
    fn provide(i: u32, ) -> Weight {
        Weight::from_parts(164_579_829, 8354)
            .saturating_add(Weight::from_parts(15_211_162, 0).saturating_mul(u64::from(i)))
            .saturating_add(T::DbWeight::get().reads_writes(4, 7))
            .saturating_add(T::DbWeight::get().reads(4_u64.saturating_mul(u64::from(i))))
            .saturating_add(T::DbWeight::get().writes(3_u64.saturating_mul(u64::from(i))))
            .saturating_add(Weight::from_parts(0, 6666).saturating_mul(u64::from(i)))
    }
    // Proof: measured 5882 bytes, estimated 8354.
    // Least time: 122_663_000 ps.
    fn seal_record() -> Weight {
        Weight::from_parts(139_148_000, 8354)
            .saturating_add(T::DbWeight::get().reads_writes(8, 8))
    }
    // Proof: measured 5605 + r * 987 bytes, estimated 8354 + r * 3660.
    // Least time: 77_415_000 ps.
    fn commit(r: u32, ) -> Weight {
        Weight::from_parts(80_041_625, 8354)
            .saturating_add(Weight::from_parts(14_757_734, 0).saturating_mul(u64::from(r)))
            .saturating_add(T::DbWeight::get().reads_writes(5, 4))
            .saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(u64::from(r))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(r)))
    }
    // Proof: measured 4742 bytes, estimated 8354.
    // Least time: 63_725_000 ps.
    fn reveal() -> Weight {
        Weight::from_parts(72_628_000, 8354)
            .saturating_add(T::DbWeight::get().reads_writes(6, 5))
    }
    // Proof: measured 6816 bytes, estimated 45241.
    // Least time: 857_279_000 ps.
    fn accept_result() -> Weight {
        Weight::from_parts(891_950_000, 45241)
            .saturating_add(T::DbWeight::get().reads_writes(19, 20))
    }
    // Proof: measured 5386 bytes, estimated 7289.
    // Least time: 120_429_000 ps.
    fn report_unavailable() -> Weight {
        Weight::from_parts(130_925_000, 7289)
            .saturating_add(T::DbWeight::get().reads_writes(4, 5))
    }
    // Proof: measured 15996 bytes, estimated 113836.
    // Least time: 267_860_000 ps.
    fn forget() -> Weight {
        Weight::from_parts(288_310_000, 113836)
            .saturating_add(T::DbWeight::get().reads_writes(36, 35))
    }
    // Proof: measured 0 bytes, estimated 0.
    // Least time: 6_039_000 ps.
    fn set_algorithm() -> Weight {
        Weight::from_parts(6_439_000, 0)
            .saturating_add(T::DbWeight::get().reads_writes(0, 1))
    }
    // Proof: measured 1378 + p * 21 bytes, estimated 2638 + p * 2524.
    // Least time: 10_366_000 ps.
    fn absorb_randomness(p: u32, ) -> Weight {
        Weight::from_parts(7_566_330, 2638)
            .saturating_add(Weight::from_parts(3_309_359, 0).saturating_mul(u64::from(p)))
            .saturating_add(T::DbWeight::get().reads_writes(1, 1))
            .saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(u64::from(p))))
            .saturating_add(T::DbWeight::get().writes(1_u64.saturating_mul(u64::from(p))))
            .saturating_add(Weight::from_parts(0, 2524).saturating_mul(u64::from(p)))
    }
    // Proof: measured 277 bytes, estimated 3502.
    // Least time: 8_402_000 ps.
    fn agenda_slot() -> Weight {
        Weight::from_parts(8_933_000, 3502)
            .saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }
    // Proof: measured 32020 + r * 954 + w * 27 bytes, estimated 87549 + r * 3660 + w * 2278.
    // Least time: 2_885_524_000 ps.
    fn draw(w: u32, r: u32, ) -> Weight {
        Weight::from_parts(995_561_641, 87549)
            .saturating_add(Weight::from_parts(10_287_627, 0).saturating_mul(u64::from(w)))
            .saturating_add(Weight::from_parts(22_300_536, 0).saturating_mul(u64::from(r)))
            .saturating_add(T::DbWeight::get().reads_writes(23, 70))
            .saturating_add(T::DbWeight::get().reads(3_u64.saturating_mul(u64::from(w))))
            .saturating_add(T::DbWeight::get().reads(3_u64.saturating_mul(u64::from(r))))
            .saturating_add(T::DbWeight::get().writes(2_u64.saturating_mul(u64::from(r))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(r)))
            .saturating_add(Weight::from_parts(0, 2278).saturating_mul(u64::from(w)))
    }
    // Proof: measured 2210 bytes, estimated 41966.
    // Least time: 93_609_000 ps.
    fn wait() -> Weight {
        Weight::from_parts(97_005_000, 41966)
            .saturating_add(T::DbWeight::get().reads_writes(16, 3))
    }
    // Proof: measured 1487 + r * 78 bytes, estimated 6592 + r * 2588.
    // Least time: 15_092_000 ps.
    fn forget_panel(r: u32, ) -> Weight {
        Weight::from_parts(8_402_097, 6592)
            .saturating_add(Weight::from_parts(5_187_201, 0).saturating_mul(u64::from(r)))
            .saturating_add(T::DbWeight::get().reads_writes(1, 1))
            .saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(u64::from(r))))
            .saturating_add(T::DbWeight::get().writes(1_u64.saturating_mul(u64::from(r))))
            .saturating_add(Weight::from_parts(0, 2588).saturating_mul(u64::from(r)))
    }
    // Proof: measured 68090 bytes, estimated 434280.
    // Least time: 2_129_937_000 ps.
    fn settle() -> Weight {
        Weight::from_parts(2_232_830_000, 434280)
            .saturating_add(T::DbWeight::get().reads_writes(280, 314))
    }
}

impl WeightInfo for () {
    fn register_worker() -> Weight {
        Weight::from_parts(77_696_000, 9679)
            .saturating_add(RocksDbWeight::get().reads_writes(6, 4))
    }
    fn add_bond() -> Weight {
        Weight::from_parts(141_150_000, 9679)
            .saturating_add(RocksDbWeight::get().reads_writes(4, 4))
    }
    fn leave() -> Weight {
        Weight::from_parts(86_159_000, 9679)
            .saturating_add(RocksDbWeight::get().reads_writes(4, 2))
    }
    fn withdraw_bond() -> Weight {
        Weight::from_parts(56_224_000, 3748)
            .saturating_add(RocksDbWeight::get().reads_writes(3, 3))
    }
    fn resume() -> Weight {
        Weight::from_parts(161_100_000, 9679)
            .saturating_add(RocksDbWeight::get().reads_writes(6, 4))
    }
    fn post(i: u32, ) -> Weight {
        Weight::from_parts(142_911_768, 3748)
            .saturating_add(Weight::from_parts(17_505_359, 0).saturating_mul(u64::from(i)))
            .saturating_add(RocksDbWeight::get().reads_writes(10, 7))
            .saturating_add(RocksDbWeight::get().reads(3_u64.saturating_mul(u64::from(i))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(i)))
    }
    fn end_job() -> Weight {
        Weight::from_parts(1_973_003_000, 427614)
            .saturating_add(RocksDbWeight::get().reads_writes(243, 276))
    }
    fn provide(i: u32, ) -> Weight {
        Weight::from_parts(164_579_829, 8354)
            .saturating_add(Weight::from_parts(15_211_162, 0).saturating_mul(u64::from(i)))
            .saturating_add(RocksDbWeight::get().reads_writes(4, 7))
            .saturating_add(RocksDbWeight::get().reads(4_u64.saturating_mul(u64::from(i))))
            .saturating_add(RocksDbWeight::get().writes(3_u64.saturating_mul(u64::from(i))))
            .saturating_add(Weight::from_parts(0, 6666).saturating_mul(u64::from(i)))
    }
    fn seal_record() -> Weight {
        Weight::from_parts(139_148_000, 8354)
            .saturating_add(RocksDbWeight::get().reads_writes(8, 8))
    }
    fn commit(r: u32, ) -> Weight {
        Weight::from_parts(80_041_625, 8354)
            .saturating_add(Weight::from_parts(14_757_734, 0).saturating_mul(u64::from(r)))
            .saturating_add(RocksDbWeight::get().reads_writes(5, 4))
            .saturating_add(RocksDbWeight::get().reads(2_u64.saturating_mul(u64::from(r))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(r)))
    }
    fn reveal() -> Weight {
        Weight::from_parts(72_628_000, 8354)
            .saturating_add(RocksDbWeight::get().reads_writes(6, 5))
    }
    fn accept_result() -> Weight {
        Weight::from_parts(891_950_000, 45241)
            .saturating_add(RocksDbWeight::get().reads_writes(19, 20))
    }
    fn report_unavailable() -> Weight {
        Weight::from_parts(130_925_000, 7289)
            .saturating_add(RocksDbWeight::get().reads_writes(4, 5))
    }
    fn forget() -> Weight {
        Weight::from_parts(288_310_000, 113836)
            .saturating_add(RocksDbWeight::get().reads_writes(36, 35))
    }
    fn set_algorithm() -> Weight {
        Weight::from_parts(6_439_000, 0)
            .saturating_add(RocksDbWeight::get().reads_writes(0, 1))
    }
    fn absorb_randomness(p: u32, ) -> Weight {
        Weight::from_parts(7_566_330, 2638)
            .saturating_add(Weight::from_parts(3_309_359, 0).saturating_mul(u64::from(p)))
            .saturating_add(RocksDbWeight::get().reads_writes(1, 1))
            .saturating_add(RocksDbWeight::get().reads(1_u64.saturating_mul(u64::from(p))))
            .saturating_add(RocksDbWeight::get().writes(1_u64.saturating_mul(u64::from(p))))
            .saturating_add(Weight::from_parts(0, 2524).saturating_mul(u64::from(p)))
    }
    fn agenda_slot() -> Weight {
        Weight::from_parts(8_933_000, 3502)
            .saturating_add(RocksDbWeight::get().reads_writes(2, 1))
    }
    fn draw(w: u32, r: u32, ) -> Weight {
        Weight::from_parts(995_561_641, 87549)
            .saturating_add(Weight::from_parts(10_287_627, 0).saturating_mul(u64::from(w)))
            .saturating_add(Weight::from_parts(22_300_536, 0).saturating_mul(u64::from(r)))
            .saturating_add(RocksDbWeight::get().reads_writes(23, 70))
            .saturating_add(RocksDbWeight::get().reads(3_u64.saturating_mul(u64::from(w))))
            .saturating_add(RocksDbWeight::get().reads(3_u64.saturating_mul(u64::from(r))))
            .saturating_add(RocksDbWeight::get().writes(2_u64.saturating_mul(u64::from(r))))
            .saturating_add(Weight::from_parts(0, 3660).saturating_mul(u64::from(r)))
            .saturating_add(Weight::from_parts(0, 2278).saturating_mul(u64::from(w)))
    }
    fn wait() -> Weight {
        Weight::from_parts(97_005_000, 41966)
            .saturating_add(RocksDbWeight::get().reads_writes(16, 3))
    }
    fn forget_panel(r: u32, ) -> Weight {
        Weight::from_parts(8_402_097, 6592)
            .saturating_add(Weight::from_parts(5_187_201, 0).saturating_mul(u64::from(r)))
            .saturating_add(RocksDbWeight::get().reads_writes(1, 1))
            .saturating_add(RocksDbWeight::get().reads(1_u64.saturating_mul(u64::from(r))))
            .saturating_add(RocksDbWeight::get().writes(1_u64.saturating_mul(u64::from(r))))
            .saturating_add(Weight::from_parts(0, 2588).saturating_mul(u64::from(r)))
    }
    fn settle() -> Weight {
        Weight::from_parts(2_232_830_000, 434280)
            .saturating_add(RocksDbWeight::get().reads_writes(280, 314))
    }
}
