//! Chain specs: the presets of the runtime, or a file.

use polkadot_sdk::{
    sc_chain_spec::{ChainType, GenericChainSpec, NoExtension},
    sc_service::Properties,
    sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET},
};

/// A chain spec without extensions of ours.
pub type ChainSpec = GenericChainSpec<NoExtension>;

fn properties() -> Properties {
    let mut properties = Properties::new();
    properties.insert("tokenSymbol".into(), "MED".into());
    properties.insert(
        "tokenDecimals".into(),
        salus_primitives::MED_DECIMALS.into(),
    );
    properties.insert("ss58Format".into(), salus_primitives::SS58_PREFIX.into());
    properties
}

fn preset(name: &str, id: &str, chain_type: ChainType, preset: &str) -> Result<ChainSpec, String> {
    let blob = salus_runtime::WASM_BINARY.ok_or(
        "this binary was built with SKIP_WASM_BUILD and has no runtime of its own; \
         build it without, or give a chain spec file",
    )?;
    Ok(ChainSpec::builder(blob, None)
        .with_name(name)
        .with_id(id)
        .with_chain_type(chain_type)
        .with_protocol_id("salus")
        .with_properties(properties())
        .with_genesis_config_preset_name(preset)
        .build())
}

/// The spec that `--chain ID` names.
pub fn load(id: &str) -> Result<ChainSpec, String> {
    match id {
        "dev" => preset(
            "Salus Development",
            "salus_dev",
            ChainType::Development,
            DEV_RUNTIME_PRESET,
        ),
        "" | "local" => preset(
            "Salus Local",
            "salus_local",
            ChainType::Local,
            LOCAL_TESTNET_RUNTIME_PRESET,
        ),
        path => ChainSpec::from_json_file(path.into()),
    }
}
