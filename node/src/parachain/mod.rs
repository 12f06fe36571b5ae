//! The parachain flavour of the node: a collator on a relay chain, and its development chain.

mod api;
mod relay;
mod service;

use polkadot_sdk::{
    cumulus_client_cli::CollatorOptions,
    sc_cli::{self, SubstrateCli},
    sc_network::{config::NetworkBackendType, Litep2pNetworkBackend, NetworkWorker},
    sc_service::{ChainSpec, Configuration, TaskManager},
    sc_transaction_pool::Options as PoolLimits,
};

use crate::{
    chain_spec::Extensions,
    cli::{AgentParams, Cli, GatewayParams},
};

pub use service::new_partial;

/// Whether a chain spec is of this flavour: it names its relay chain.
pub fn is_parachain(spec: &dyn ChainSpec) -> bool {
    Extensions::of(spec).is_some_and(|extensions| extensions.relay_chain.is_some())
}

/// What the command line asks of a node of this flavour.
pub struct Options {
    /// Blocks without a relay chain.
    pub dev: bool,
    pub collator: CollatorOptions,
    pub relay_chain_args: Vec<String>,
    pub pool_limits: Option<PoolLimits>,
    pub agent: AgentParams,
    pub gateway: GatewayParams,
}

impl Options {
    pub fn of(cli: &Cli) -> Self {
        Self {
            dev: cli.run.base.shared_params.dev,
            collator: cli.run.collator_options(),
            relay_chain_args: cli.relay_chain_args.clone(),
            pool_limits: cli.pool_limits(),
            agent: cli.agent.clone(),
            gateway: cli.gateway.clone(),
        }
    }
}

/// Starts a node of this flavour.
pub async fn run(config: Configuration, options: Options) -> sc_cli::Result<TaskManager> {
    if options.dev {
        if !options.relay_chain_args.is_empty() {
            return Err(sc_cli::Error::Input(
                "--dev makes blocks without a relay chain: leave out what follows `--`".into(),
            ));
        }
        return service::new_dev(config, options.pool_limits, options.agent, options.gateway)
            .await
            .map_err(sc_cli::Error::Service);
    }
    let relay_config = relay::configuration(&config, &options.relay_chain_args)?;
    match config.network.network_backend {
        NetworkBackendType::Libp2p => {
            service::new_full::<NetworkWorker<_, _>>(config, relay_config, options).await
        }
        NetworkBackendType::Litep2p => {
            service::new_full::<Litep2pNetworkBackend>(config, relay_config, options).await
        }
    }
    .map_err(sc_cli::Error::Service)
}

/// Name under which the relay chain's part of the command line speaks of itself.
fn executable() -> String {
    Cli::executable_name()
}
