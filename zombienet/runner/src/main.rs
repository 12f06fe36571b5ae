//! Runs the networks of TOML files with zombienet's native provider and checks that they finalize,
//! survive their members and have one history.

mod checks;
mod programs;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{anyhow, bail, Context};
use clap::Parser;
use tokio::{
    select,
    signal::unix::{signal, SignalKind},
};
use zombienet_sdk::{GlobalSettings, GlobalSettingsBuilder, NetworkConfig, NetworkConfigExt};

/// Checks Salus networks with zombienet's native provider.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    /// Networks, such as four.toml: one after the other.
    #[arg(required = true)]
    networks: Vec<PathBuf>,

    /// Leave the directories of networks that passed too: databases, logs, chain spec.
    #[arg(long)]
    keep: bool,
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    // While there is one thread only: it sets the PATH.
    let _programs = programs::on_path()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    cli.networks.iter().try_for_each(|file| {
        runtime
            .block_on(run(file, cli.keep))
            .with_context(|| file.display().to_string())
    })
}

/// Spawns the network of a file, checks it and ends it, whatever came out.
async fn run(file: &Path, keep: bool) -> anyhow::Result<()> {
    let path = file.to_str().context("its path is not UTF-8")?;
    let config = NetworkConfig::load_from_toml(path)?;
    if !config.parachains().is_empty() {
        bail!("it has a parachain, and this program checks solo networks only: spawn it with zombie-cli");
    }
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let folder = tempfile::Builder::new()
        .prefix(&format!("salus-zombienet-{name}-"))
        .tempdir()?;
    let settings = settings(config.global_settings(), folder.path())?;
    let config = NetworkConfig::load_from_toml_with_settings(path, &settings)?;

    let begin = Instant::now();
    let outcome = select! {
        outcome = async {
            let network = config.spawn_native().await?;
            println!("{name}: spawned after {:.0} s", begin.elapsed().as_secs_f64());
            let outcome = checks::all(&network, &name).await;
            network.destroy().await?;
            outcome
        } => outcome,
        // Dropped half way, a network kills its nodes.
        interrupted = interrupted() => interrupted,
    };
    let seconds = begin.elapsed().as_secs();
    if outcome.is_err() || keep {
        println!("{name}: left {}", folder.keep().display());
    }
    outcome.with_context(|| format!("after {seconds} s"))?;
    println!("{name}: passed in {seconds} s");
    Ok(())
}

/// The settings of a file, for a directory of our own.
fn settings(of_file: &GlobalSettings, folder: &Path) -> anyhow::Result<GlobalSettings> {
    let mut settings = GlobalSettingsBuilder::new()
        .with_network_spawn_timeout(of_file.network_spawn_timeout())
        .with_node_spawn_timeout(of_file.node_spawn_timeout())
        .with_base_dir(folder)
        // It would end this process at the first dead node, without a word of which check failed.
        .with_tear_down_on_failure(false);
    if let Some(nodes) = of_file.spawn_concurrency() {
        settings = settings.with_spawn_concurrency(nodes);
    }
    settings
        .build()
        .map_err(|errors| anyhow!("settings: {errors:?}"))
}

/// Returns when this program is asked to end.
async fn interrupted() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    select! {
        _ = terminate.recv() => bail!("terminated"),
        _ = interrupt.recv() => bail!("interrupted"),
    }
}
