//! Runs what the command line asks for.

use polkadot_sdk::{
    sc_cli::{self, SubstrateCli},
    sc_network::{config::NetworkBackendType, Litep2pNetworkBackend, NetworkWorker},
    sc_service,
};

#[cfg(feature = "collator")]
use crate::parachain;
use crate::{
    chain_spec,
    cli::{Cli, Subcommand},
    logs, service,
};

impl SubstrateCli for Cli {
    fn impl_name() -> String {
        "Salus Node".into()
    }

    fn impl_version() -> String {
        env!("SUBSTRATE_CLI_IMPL_VERSION").into()
    }

    fn description() -> String {
        env!("CARGO_PKG_DESCRIPTION").into()
    }

    fn author() -> String {
        env!("CARGO_PKG_AUTHORS").into()
    }

    fn support_url() -> String {
        "the issue tracker of your consortium".into()
    }

    fn copyright_start_year() -> i32 {
        2026
    }

    fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
        Ok(Box::new(chain_spec::load(id)?))
    }
}

macro_rules! with_parts_of {
    ($flavour:ident, $runner:ident, |$parts:ident, $config:ident| $run:expr) => {
        $runner.async_run(|$config| {
            // Nothing of these puts anything into the pool.
            let $parts = $flavour::new_partial(&$config, None)?;
            let task_manager = $parts.task_manager;
            let job = $run;
            Ok((job, task_manager))
        })
    };
}

/// Runs a subcommand with the parts of the flavour that the chain spec is of.
macro_rules! with_partial {
    ($runner:ident, |$parts:ident, $config:ident| $run:expr) => {{
        #[cfg(feature = "collator")]
        if parachain::is_parachain(&*$runner.config().chain_spec) {
            return with_parts_of!(parachain, $runner, |$parts, $config| $run);
        }
        with_parts_of!(service, $runner, |$parts, $config| $run)
    }};
}

#[cfg(feature = "collator")]
const NOT_A_PARACHAIN: &str = "this chain is no parachain: its spec names no relay chain";

/// Parses the command line and runs it.
pub fn run() -> sc_cli::Result<()> {
    let cli = Cli::from_args();
    match &cli.subcommand {
        Some(Subcommand::Key(cmd)) => cmd.run(&cli),
        #[allow(deprecated)]
        Some(Subcommand::BuildSpec(cmd)) => cli
            .create_runner(cmd)?
            .sync_run(|config| cmd.run(config.chain_spec, config.network)),
        Some(Subcommand::ExportChainSpec(cmd)) => {
            let spec = cli.load_spec(&cmd.chain)?;
            cmd.run(spec)
        }
        Some(Subcommand::CheckBlock(cmd)) => {
            let runner = cli.create_runner(cmd)?;
            with_partial!(runner, |parts, config| cmd
                .run(parts.client, parts.import_queue))
        }
        Some(Subcommand::ExportBlocks(cmd)) => {
            let runner = cli.create_runner(cmd)?;
            with_partial!(runner, |parts, config| cmd
                .run(parts.client, config.database))
        }
        Some(Subcommand::ExportState(cmd)) => {
            let runner = cli.create_runner(cmd)?;
            with_partial!(runner, |parts, config| cmd
                .run(parts.client, config.chain_spec))
        }
        Some(Subcommand::TryUpgrade(cmd)) => cmd.run(),
        Some(Subcommand::ImportBlocks(cmd)) => {
            let runner = cli.create_runner(cmd)?;
            with_partial!(runner, |parts, config| cmd
                .run(parts.client, parts.import_queue))
        }
        Some(Subcommand::PurgeChain(cmd)) => cli
            .create_runner(cmd)?
            .sync_run(|config| cmd.run(config.database)),
        Some(Subcommand::Revert(cmd)) => {
            let runner = cli.create_runner(cmd)?;
            #[cfg(feature = "collator")]
            if parachain::is_parachain(&*runner.config().chain_spec) {
                return with_parts_of!(parachain, runner, |parts, config| cmd.run(
                    parts.client,
                    parts.backend,
                    None
                ));
            }
            with_parts_of!(service, runner, |parts, config| {
                let revert_grandpa = Box::new(|client, _, blocks| {
                    polkadot_sdk::sc_consensus_grandpa::revert(client, blocks)?;
                    Ok(())
                });
                cmd.run(parts.client, parts.backend, Some(revert_grandpa))
            })
        }
        Some(Subcommand::ChainInfo(cmd)) => cli
            .create_runner(cmd)?
            .sync_run(|config| cmd.run::<salus_primitives::OpaqueBlock>(&config)),
        #[cfg(feature = "collator")]
        Some(Subcommand::ExportGenesisHead(cmd)) => cli.create_runner(cmd)?.sync_run(|config| {
            if parachain::is_parachain(&*config.chain_spec) {
                cmd.run::<salus_primitives::OpaqueBlock, _>(
                    parachain::new_partial(&config, None)?.client,
                )
            } else {
                Err(NOT_A_PARACHAIN.into())
            }
        }),
        #[cfg(feature = "collator")]
        Some(Subcommand::ExportGenesisWasm(cmd)) => cli.create_runner(cmd)?.sync_run(|config| {
            if parachain::is_parachain(&*config.chain_spec) {
                cmd.run(&*config.chain_spec)
            } else {
                Err(NOT_A_PARACHAIN.into())
            }
        }),
        None => {
            let runner = logs::create_runner(&cli)?;
            #[cfg(feature = "collator")]
            if parachain::is_parachain(&*runner.config().chain_spec) {
                let options = parachain::Options::of(&cli);
                return runner.run_node_until_exit(|mut config| async move {
                    config.offchain_worker.enabled |= options.agent.agent;
                    parachain::run(config, options).await
                });
            }
            let (agent, gateway) = (cli.agent.clone(), cli.gateway.clone());
            let limits = cli.pool_limits();
            runner.run_node_until_exit(|mut config| async move {
                // The hook only delivers what the agent computed.
                config.offchain_worker.enabled |= agent.agent;
                match config.network.network_backend {
                    NetworkBackendType::Libp2p => {
                        service::new_full::<NetworkWorker<_, _>>(config, limits, agent, gateway)
                            .await
                    }
                    NetworkBackendType::Litep2p => {
                        service::new_full::<Litep2pNetworkBackend>(config, limits, agent, gateway)
                            .await
                    }
                }
                .map_err(sc_cli::Error::Service)
            })
        }
    }
}
