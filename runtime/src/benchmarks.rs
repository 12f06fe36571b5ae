//! What `make weights` measures: the pallets that are ours. Those of polkadot-sdk come with weights
//! measured by their makers.

use crate::{Agent, Jobs, Records, Registry};

polkadot_sdk::frame_benchmarking::define_benchmarks!(
    [pallet_registry, Registry]
    [pallet_records, Records]
    [pallet_jobs, Jobs]
    [pallet_agent, Agent]
);
