//! Tests of the runtime as it is wired.

#![cfg(not(feature = "parachain"))]

mod blob;
mod chain;
mod encoding;
mod equivocations;
mod genesis;
mod merge;
mod parameters;
mod sessions;
mod stake;
mod state;
