//! The embedded relay chain node: its part of the command line, after `--`.

use std::iter;

use polkadot_sdk::{
    polkadot_cli,
    sc_cli::{self, SubstrateCli},
    sc_service::Configuration,
};

use crate::chain_spec::Extensions;

/// Ports of the relay chain's node, where the command line names none: each one beside that of the
/// collator.
const P2P_PORT: u16 = 30_334;
const RPC_PORT: u16 = 9_945;
const PROMETHEUS_PORT: u16 = 9_616;

/// The relay chain node's configuration: what the command line says after `--`, beside the
/// collator's base path and ports where it does not.
pub fn configuration(config: &Configuration, args: &[String]) -> sc_cli::Result<Configuration> {
    let words = iter::once(super::executable()).chain(args.iter().cloned());
    let mut cli = <polkadot_cli::Cli as SubstrateCli>::from_iter(words);
    if cli.subcommand.is_some() {
        return Err(sc_cli::Error::Input(
            "after `--` come options of the relay chain's node, not subcommands".into(),
        ));
    }
    let run = &mut cli.run.base;
    if run.shared_params.chain.is_none() {
        run.shared_params.chain = Extensions::of(&*config.chain_spec)
            .and_then(|extensions| extensions.relay_chain.clone());
    }
    if run.shared_params.base_path.is_none() {
        run.shared_params.base_path = Some(config.base_path.path().join("polkadot"));
    }
    run.network_params.port.get_or_insert(P2P_PORT);
    run.rpc_params.rpc_port.get_or_insert(RPC_PORT);
    run.prometheus_params
        .prometheus_port
        .get_or_insert(PROMETHEUS_PORT);
    SubstrateCli::create_configuration(&cli, &cli.run.base, config.tokio_handle.clone())
        .map_err(|error| sc_cli::Error::Input(format!("relay chain: {error}")))
}
