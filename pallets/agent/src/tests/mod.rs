//! Tests: one file for the call, one for the off-chain hook.

mod constants;
mod hook;
mod submit;
