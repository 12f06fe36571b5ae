//! One binary for all integration tests.

mod access;
mod address;
mod broken;
mod client;
mod collect;
mod mock;
mod relay;
mod restart;
mod slow;
mod store;
mod token;
mod upload;
