#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod auth;
pub mod chain;
pub mod client;
pub mod gateway;
mod ledger;
mod nonces;
mod store;

pub use store::{digest, Entry, Store, StoreError, Writer};
