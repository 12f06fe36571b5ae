#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod auth;
mod base;
pub mod chain;
pub mod client;
pub mod gateway;
mod ledger;
mod nonces;
mod store;

pub use base::{Base, InvalidBase};
pub use store::{digest, Entry, Store, StoreError, Writer};
