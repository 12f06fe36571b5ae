//! What `make weights` measures: the pallets that are ours. Those of polkadot-sdk come with weights
//! measured by their makers.

// The names are looked up where the macros are used, in `apis`.
polkadot_sdk::frame_benchmarking::define_benchmarks!(
    [pallet_registry, Registry]
    [pallet_records, Records]
    [pallet_jobs, Jobs]
    [pallet_agent, Agent]
    [pallet_delegation, Delegation]
    [pallet_rewards, Rewards]
    [pallet_training, Training]
);
