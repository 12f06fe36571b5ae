//! Runs what the command line asks for.

use polkadot_sdk::{
    sc_cli::{self, SubstrateCli},
    sc_network::{config::NetworkBackendType, Litep2pNetworkBackend, NetworkWorker},
    sc_service,
};

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

macro_rules! with_partial {
    ($runner:ident, |$cmd:ident, $parts:ident, $config:ident| $run:expr) => {
        $runner.async_run(|$config| {
            let $parts = service::new_partial(&$config)?;
            let task_manager = $parts.task_manager;
            let job = $run;
            Ok((job, task_manager))
        })
    };
}

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
            with_partial!(runner, |cmd, parts, config| cmd
                .run(parts.client, parts.import_queue))
        }
        Some(Subcommand::ExportBlocks(cmd)) => {
            let runner = cli.create_runner(cmd)?;
            with_partial!(runner, |cmd, parts, config| cmd
                .run(parts.client, config.database))
        }
        Some(Subcommand::ExportState(cmd)) => {
            let runner = cli.create_runner(cmd)?;
            with_partial!(runner, |cmd, parts, config| cmd
                .run(parts.client, config.chain_spec))
        }
        Some(Subcommand::TryUpgrade(cmd)) => cmd.run(),
        Some(Subcommand::ImportBlocks(cmd)) => {
            let runner = cli.create_runner(cmd)?;
            with_partial!(runner, |cmd, parts, config| cmd
                .run(parts.client, parts.import_queue))
        }
        Some(Subcommand::PurgeChain(cmd)) => cli
            .create_runner(cmd)?
            .sync_run(|config| cmd.run(config.database)),
        Some(Subcommand::Revert(cmd)) => {
            let runner = cli.create_runner(cmd)?;
            with_partial!(runner, |cmd, parts, config| {
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
        None => {
            let runner = logs::create_runner(&cli)?;
            let (agent, gateway) = (cli.agent.clone(), cli.gateway.clone());
            runner.run_node_until_exit(|mut config| async move {
                // The hook only delivers what the agent computed.
                config.offchain_worker.enabled |= agent.agent;
                match config.network.network_backend {
                    NetworkBackendType::Libp2p => {
                        service::new_full::<NetworkWorker<_, _>>(config, agent, gateway).await
                    }
                    NetworkBackendType::Litep2p => {
                        service::new_full::<Litep2pNetworkBackend>(config, agent, gateway).await
                    }
                }
                .map_err(sc_cli::Error::Service)
            })
        }
    }
}
