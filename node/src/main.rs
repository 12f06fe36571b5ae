//! `salus-node`: a validator, full node or worker of the Salus chain.

#![warn(missing_docs)]
// The SDK's errors are large, and each is made once.
#![allow(clippy::result_large_err)]

mod agent;
mod ahead;
mod chain_spec;
mod cli;
mod command;
mod equivocations;
mod gateway;
mod logs;
mod metrics;
#[cfg(feature = "collator")]
mod parachain;
mod pool;
mod rpc;
mod service;
mod signatures;
mod upgrade;

#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> polkadot_sdk::sc_cli::Result<()> {
    command::run()
}
