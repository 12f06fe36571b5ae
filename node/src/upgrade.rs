//! `try-upgrade`: what the migrations of a new runtime make of a chain's state, before the council
//! decides on it.

use std::{fs, path::PathBuf};

use codec::{Decode, Encode};
use polkadot_sdk::{
    sc_chain_spec::ChainSpec as _,
    sc_cli,
    sc_executor::{RuntimeVersionOf, WasmExecutor},
    sp_core::{
        storage::well_known_keys::CODE,
        traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode},
        Blake2Hasher, Hasher,
    },
    sp_crypto_hashing::blake2_64,
    sp_io::{SubstrateHostFunctions, TestExternalities},
};

use crate::chain_spec::ChainSpec;

const API: &str = "TryRuntime_on_runtime_upgrade";
/// `UpgradeCheckSelect::All`: each migration's own checks, then those of all pallets.
const ALL_CHECKS: u8 = 1;
/// Picoseconds of execution and bytes of proof.
type Weight = (codec::Compact<u64>, codec::Compact<u64>);

/// Runs the migrations of a new runtime on an exported state.
///
/// Nothing is written. The runtime is one that was built with the feature `try-runtime`: the same
/// migrations, and checks that find a state that does not fit together.
#[derive(Debug, clap::Args)]
pub struct TryUpgrade {
    /// The new runtime, plain or compressed.
    #[arg(value_name = "BLOB")]
    blob: PathBuf,

    /// The state, as `salus-node export-state` prints it.
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
}

fn failed(what: impl std::fmt::Display) -> sc_cli::Error {
    sc_cli::Error::Input(what.to_string())
}

impl TryUpgrade {
    /// Does it.
    pub fn run(&self) -> sc_cli::Result<()> {
        // What a check finds wrong, the runtime logs.
        sc_cli::LoggerBuilder::new("warn").init()?;
        let blob = fs::read(&self.blob)
            .map_err(|error| failed(format!("cannot read {}: {error}", self.blob.display())))?;
        let spec = ChainSpec::from_json_file(self.state.clone()).map_err(failed)?;
        let storage = spec.as_storage_builder().build_storage().map_err(failed)?;
        let old = storage.top.get(CODE).cloned();
        let old = old.ok_or_else(|| failed(format!("{} has no runtime", self.state.display())))?;
        let mut state = TestExternalities::new_with_code(&old, storage);
        let executor = WasmExecutor::<SubstrateHostFunctions>::builder().build();

        let (old_code, new_code) = (fetcher(&old), fetcher(&blob));
        let was = executor
            .runtime_version(&mut state.ext(), &runtime(&old_code, &old))
            .map_err(failed)?;
        let new = runtime(&new_code, &blob);
        let will_be = executor
            .runtime_version(&mut state.ext(), &new)
            .map_err(|error| failed(format!("{} is no runtime: {error}", self.blob.display())))?;
        if will_be.spec_name != was.spec_name {
            return Err(failed(format!(
                "the state is of the chain {:?}, the runtime of {:?}",
                was.spec_name, will_be.spec_name
            )));
        }
        if will_be.spec_version <= was.spec_version {
            return Err(failed(format!(
                "the state has version {} of the runtime, {} is no newer",
                was.spec_version, will_be.spec_version
            )));
        }
        let checks = blake2_64(b"TryRuntime");
        let has_checks = will_be.apis.iter().any(|(id, _)| *id == checks);
        if !has_checks {
            return Err(failed(
                "the runtime has no checks: build it with the feature `try-runtime`",
            ));
        }

        let (answer, _) = executor.call(
            &mut state.ext(),
            &new,
            API,
            &ALL_CHECKS.encode(),
            CallContext::Offchain,
        );
        let answer = answer.map_err(|error| failed(format!("the upgrade fails: {error}")))?;
        let ((used, _), (most, _)) = <(Weight, Weight)>::decode(&mut answer.as_slice())
            .map_err(|error| failed(format!("the runtime's answer is not understood: {error}")))?;
        let milliseconds = |picoseconds: u64| picoseconds / 1_000_000_000;
        println!(
            "version {} to {}: the migrations need {} of the {} ms that a block has, and the state \
             fits together after them",
            was.spec_version,
            will_be.spec_version,
            milliseconds(used.0),
            milliseconds(most.0)
        );
        match used.0 > most.0 {
            true => Err(failed("the migrations need more than a block has")),
            false => Ok(()),
        }
    }
}

fn fetcher(blob: &[u8]) -> WrappedRuntimeCode<'_> {
    WrappedRuntimeCode(blob.into())
}

fn runtime<'a>(fetcher: &'a WrappedRuntimeCode<'a>, blob: &[u8]) -> RuntimeCode<'a> {
    RuntimeCode {
        code_fetcher: fetcher,
        heap_pages: None,
        hash: Blake2Hasher::hash(blob).encode(),
    }
}
