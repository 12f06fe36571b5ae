//! Tests of the runtime as it is wired.

mod blob;
mod encoding;
mod genesis;
