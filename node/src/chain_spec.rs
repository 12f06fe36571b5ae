//! Chain specs: the presets of the runtime, or a file.

#[cfg(not(feature = "collator"))]
use polkadot_sdk::sc_chain_spec::NoExtension as Extensions;
use polkadot_sdk::{
    sc_chain_spec::{ChainType, GenericChainSpec},
    sc_service::Properties,
    sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET},
};

#[cfg(feature = "collator")]
pub use parachain::Extensions;

/// A chain spec.
pub type ChainSpec = GenericChainSpec<Extensions>;

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

fn preset(
    blob: Option<&'static [u8]>,
    extensions: Extensions,
    name: &str,
    id: &str,
    chain_type: ChainType,
    preset: &str,
) -> Result<ChainSpec, String> {
    let blob = blob.ok_or(
        "this binary was built with SKIP_WASM_BUILD and has no runtime of its own; \
         build it without, or give a chain spec file",
    )?;
    Ok(ChainSpec::builder(blob, extensions)
        .with_name(name)
        .with_id(id)
        .with_chain_type(chain_type)
        .with_protocol_id("salus")
        .with_properties(properties())
        .with_genesis_config_preset_name(preset)
        .build())
}

fn solo(name: &str, id: &str, chain_type: ChainType, of: &str) -> Result<ChainSpec, String> {
    let blob = salus_runtime::WASM_BINARY;
    preset(blob, Extensions::default(), name, id, chain_type, of)
}

/// What chain specs of the parachain flavour have besides.
#[cfg(feature = "collator")]
mod parachain {
    use super::*;
    use polkadot_sdk::sc_chain_spec::{self, ChainSpecExtension, ChainSpecGroup};

    /// Extensions of a chain spec. A solo chain has none of them.
    #[derive(
        Clone,
        Debug,
        Default,
        PartialEq,
        serde::Serialize,
        serde::Deserialize,
        ChainSpecGroup,
        ChainSpecExtension,
    )]
    pub struct Extensions {
        /// The relay chain: a name that `polkadot` knows, or a chain spec file.
        #[serde(default, alias = "relayChain", skip_serializing_if = "Option::is_none")]
        pub relay_chain: Option<String>,
        /// The parachain's identifier, as network tools read and write it; what counts is in genesis.
        #[serde(default, alias = "paraId", skip_serializing_if = "Option::is_none")]
        pub para_id: Option<u32>,
    }

    impl Extensions {
        /// Those of a chain spec.
        pub fn of(spec: &dyn sc_chain_spec::ChainSpec) -> Option<&Self> {
            sc_chain_spec::get_extension(spec.extensions())
        }
    }

    /// The spec of a parachain's preset.
    pub fn spec(
        name: &str,
        id: &str,
        chain_type: ChainType,
        of: &str,
    ) -> Result<ChainSpec, String> {
        let blob = salus_runtime::parachain::WASM_BINARY;
        let extensions = Extensions {
            relay_chain: Some("rococo-local".into()),
            para_id: None,
        };
        preset(blob, extensions, name, id, chain_type, of)
    }
}

/// The spec that `--chain ID` names.
pub fn load(id: &str) -> Result<ChainSpec, String> {
    match id {
        "dev" => solo(
            "Salus Development",
            "salus_dev",
            ChainType::Development,
            DEV_RUNTIME_PRESET,
        ),
        "" | "local" => solo(
            "Salus Local",
            "salus_local",
            ChainType::Local,
            LOCAL_TESTNET_RUNTIME_PRESET,
        ),
        #[cfg(feature = "collator")]
        "parachain-dev" => parachain::spec(
            "Salus Parachain Development",
            "salus_parachain_dev",
            ChainType::Development,
            DEV_RUNTIME_PRESET,
        ),
        #[cfg(feature = "collator")]
        "parachain-local" => parachain::spec(
            "Salus Parachain Local",
            "salus_parachain_local",
            ChainType::Local,
            LOCAL_TESTNET_RUNTIME_PRESET,
        ),
        #[cfg(not(feature = "collator"))]
        "parachain-dev" | "parachain-local" => {
            Err("this node has no parachain flavour: build it with `--features collator`".into())
        }
        path => ChainSpec::from_json_file(path.into()),
    }
}
