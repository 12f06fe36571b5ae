//! Storage migrations, oldest first. Every pallet starts at storage version 1.

/// Migrations that run whole in the first block of a new runtime.
#[cfg(not(feature = "rehearsal"))]
pub type SingleBlock = ();
#[cfg(feature = "rehearsal")]
pub type SingleBlock = (crate::rehearsal::Migration,);

/// Migrations that run in steps over several blocks.
#[cfg(not(feature = "runtime-benchmarks"))]
pub type MultiBlock = ();
