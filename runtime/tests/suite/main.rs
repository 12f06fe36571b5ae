//! Tests of the runtime as it is wired.

mod blob;
mod chain;
mod encoding;
mod genesis;
mod parameters;
mod sessions;
mod stake;
