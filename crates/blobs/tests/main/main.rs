//! One binary for all integration tests.

mod access;
mod broken;
mod client;
mod collect;
mod mock;
mod slow;
mod store;
mod token;
mod upload;
