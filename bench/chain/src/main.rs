//! `make bench-chain`: a network of validators on this machine, made by the launcher, under load.
//!
//! 1. Finality: single transactions at random times on an idle network, from submission to finality.
//! 2. Committed: for each kind of transaction the pools are kept full; counted is what succeeded in
//!    blocks that became final within the window. All transactions are signed before.
//! 3. Imported: the chain that this made is exported and imported into a new database.

mod accounts;
mod finality;
mod import;
mod load;
mod node;
mod watch;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use clap::Parser;
use salus_cli::network::{Network, Options};
use serde::Serialize;

use accounts::{Accounts, Kind};
use node::Nodes;

/// Longest wait for a network's first finalized block.
const START: Duration = Duration::from_secs(180);
/// Pools that hold some blocks of transactions, as an operator of a busy network sets them.
const POOL: [&str; 4] = ["--pool-limit", "131072", "--pool-kbytes", "262144"];

/// Measures finality, committed and imported transactions of a network on this machine.
#[derive(Debug, Parser)]
struct Args {
    /// Validators: 1, 3 or 4.
    #[arg(long, default_value_t = 4)]
    validators: usize,

    /// Single transactions whose finality is timed; 0 leaves this part out.
    #[arg(long, default_value_t = 90)]
    samples: usize,

    /// Mean time between two of them, ms.
    #[arg(long, default_value_t = 1_000)]
    pause: u64,

    /// Length of the measured window of each kind, s.
    #[arg(long, default_value_t = 60)]
    window: u64,

    /// Load before the window begins, s.
    #[arg(long, default_value_t = 10)]
    warmup: u64,

    /// What to load the network with, in this order; `none` for nothing.
    #[arg(long, value_delimiter = ',', default_value = "remark,transfer,release")]
    kinds: Vec<String>,

    /// Transactions of a kind that are submitted and not yet in a block.
    #[arg(long, default_value_t = 2_500)]
    outstanding: usize,

    /// Transactions that are signed for each second of load.
    #[arg(long, default_value_t = 1_500)]
    signed: usize,

    /// Does not import what was made.
    #[arg(long)]
    no_import: bool,

    /// More for the nodes' command lines; may be given several times.
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    node_arg: Vec<String>,

    /// Makes the network here and keeps it, instead of in a temporary directory.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,

    /// Writes everything that was measured.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Everything that was measured.
#[derive(Debug, Default, Serialize)]
struct Report {
    node_arguments: Vec<String>,
    finality: Option<finality::Finality>,
    committed: Vec<load::Committed>,
    imported: Vec<import::Imported>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let kinds = args
        .kinds
        .iter()
        .filter(|name| *name != "none")
        .map(|name| name.parse())
        .collect::<Result<Vec<Kind>, _>>()?;
    let folder = tempfile::tempdir()?;
    let base = args.keep.clone().unwrap_or(folder.path().join("net"));
    let mut network = Network::create(
        &base,
        Options {
            validators: args.validators,
            agents: false,
            default_ports: false,
        },
    )?;
    let done = salus_cli::interrupt::unless_interrupted(run(&args, &kinds, &mut network)).await;
    // Whatever became of it.
    network.kill_all().await?;
    let report = done?;
    if let Some(path) = &args.json {
        std::fs::write(path, serde_json::to_vec_pretty(&report)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    figures(&report);
    Ok(())
}

async fn run(args: &Args, kinds: &[Kind], network: &mut Network) -> anyhow::Result<Report> {
    let arguments: Vec<String> = POOL
        .iter()
        .map(|word| (*word).to_owned())
        .chain(args.node_arg.iter().cloned())
        .collect();
    let names: Vec<String> = network.nodes().iter().map(|n| n.name.clone()).collect();
    for name in &names {
        network.set_arguments(name, arguments.clone())?;
    }
    println!(
        "{} validators, each with {}",
        names.len(),
        arguments.join(" ")
    );
    network.start_all()?;
    network.wait_finalized(1, START).await?;
    let nodes = Nodes::connect(network).await?;
    let accounts = Accounts::create(&nodes).await?;
    let mut report = Report {
        node_arguments: arguments,
        ..Report::default()
    };
    if args.samples > 0 {
        let pause = Duration::from_millis(args.pause);
        let finality = finality::measure(&nodes, &accounts, args.samples, pause).await?;
        println!("{finality}");
        report.finality = Some(finality);
    }
    for kind in kinds {
        let plan = load::Plan {
            kind: *kind,
            warmup: Duration::from_secs(args.warmup),
            window: Duration::from_secs(args.window),
            outstanding: args.outstanding,
            signed: args.signed,
        };
        let committed = load::measure(&nodes, &accounts, plan).await?;
        println!("{committed}");
        report.committed.push(committed);
    }
    if !args.no_import && !kinds.is_empty() {
        let first = network
            .nodes()
            .first()
            .context("a network has nodes")?
            .name
            .clone();
        let database = network.base().join(&first);
        drop(nodes);
        // Stopped, not killed: its database is read next.
        network.stop_all().await?;
        report.imported = import_all(&database, &report.committed)?;
    }
    Ok(report)
}

fn import_all(
    database: &Path,
    committed: &[load::Committed],
) -> anyhow::Result<Vec<import::Imported>> {
    let scratch = tempfile::tempdir()?;
    let mut importer = import::Importer::new(database, scratch.path())?;
    let mut imported = Vec::new();
    for load in committed {
        let one = importer.import(load)?;
        println!("{one}");
        imported.push(one);
    }
    Ok(imported)
}

/// The lines that are read by machines.
fn figures(report: &Report) {
    if let Some(finality) = &report.finality {
        println!("figure finality_p50_s {:.2} s", finality.p50);
        println!("figure finality_p95_s {:.2} s", finality.p95);
        println!(
            "figure retracted_blocks {:.2} %",
            100.0 * finality.retracted()
        );
    }
    for one in &report.committed {
        println!("figure committed_tps_{} {:.0} tps", one.kind, one.rate());
    }
    let rate = |kind: Kind| {
        report
            .committed
            .iter()
            .find(|one| one.kind == kind)
            .map(load::Committed::rate)
    };
    if let (Some(release), Some(transfer)) = (rate(Kind::Release), rate(Kind::Transfer)) {
        println!("figure committed_tps {:.0} tps", release.min(transfer));
        if let Some(remark) = rate(Kind::Remark).filter(|rate| *rate > 0.0) {
            println!(
                "figure committed_release_per_remark {:.2}",
                release / remark
            );
            println!(
                "figure committed_transfer_per_remark {:.2}",
                transfer / remark
            );
        }
    }
    for one in &report.imported {
        println!("figure import_tps_{} {:.0} tps", one.kind, one.rate());
    }
    let rate = |kind: Kind| report.imported.iter().find(|one| one.kind == kind);
    if let (Some(release), Some(transfer)) = (rate(Kind::Release), rate(Kind::Transfer)) {
        println!(
            "figure import_tps {:.0} tps",
            release.rate().min(transfer.rate())
        );
    }
}
