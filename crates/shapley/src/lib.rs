#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::float_arithmetic
    )
)]

extern crate alloc;

mod error;
mod explain;
mod neighbours;
mod numbers;
mod profile;
mod remainder;
mod rule;
mod sample;
mod settle;
mod shares;
mod table;
mod validators;

pub use error::Error;
pub use explain::{explain, Step};
pub use neighbours::{Neighbour, Neighbours};
pub use primitive_types::U512;
pub use profile::{Fractions, Profile};
pub use remainder::split;
pub use rule::{Rule, MAX_VALIDATORS};
pub use sample::{error_bound, Estimate, Sampling, MAX_ORDERINGS, MAX_SAMPLED};
pub use settle::{settle, Service, Settlement};
pub use shares::{Payout, Shares};
pub use table::{f1, monotone_hull, Table, Worth, MAX_PLAYERS, MAX_WORTH, ONE};
pub use validators::{by_stake, HealthyRounds};
