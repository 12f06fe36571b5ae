//! The command `salus`, as a library: the demo and the tests call what the command calls.

#![warn(missing_docs)]

pub mod analyse;
pub mod args;
pub mod chain;
pub mod council;
pub mod data;
pub mod demo;
pub mod error;
pub mod files;
pub mod interrupt;
pub mod job;
pub mod keys;
pub mod network;
pub mod output;
pub mod picture;
pub mod record;
pub mod registry;
pub mod rewards;
pub mod spec;
pub mod stake;
pub mod train;
pub mod worker;
