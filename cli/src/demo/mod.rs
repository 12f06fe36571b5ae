//! `salus demo`: the whole story on this machine, with nothing simulated but the people.

mod analysis;
mod cohort;
mod people;
mod records;
mod report;
pub mod svm;
mod wait;

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use clap::Args;
use salus_analytics::result::FcmResult;
use serde_json::json;

use crate::{
    analyse::{run_fcm, FcmArgs, Report},
    chain::Chain,
    files::check_writable,
    interrupt::{is_interrupted, unless_interrupted},
    network::{find_node, Network, Options},
    output::Output,
    picture,
};
use people::{founders, Person};
use report::Story;

/// Longest wait for the first finalized blocks.
const START: Duration = Duration::from_secs(300);
/// Name of the research team's development account.
const RESEARCH: &str = "eve";

/// Options of the demo.
#[derive(Debug, Args)]
#[command(
    mut_arg("missing", |arg| arg.help(
        "Missing values: fail, drop (the row), mean (of the column) [default: drop]"
    )),
    mut_arg("clusters", |arg| arg.help(
        "Number of clusters [default: 2, of the synthetic cohort 3]"
    )),
    mut_arg("scaling", |arg| arg.help(
        "Scaling of the columns: none, min-max, z-score [default: none, of the synthetic cohort z-score]"
    )),
)]
pub struct Demo {
    /// Table to cluster; a synthetic cohort where missing.
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,

    /// Write a report of all steps (JSON).
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Leave the network running at the end.
    #[arg(long)]
    pub keep: bool,

    /// Where the picture of the clusters goes (PNG).
    #[arg(long, value_name = "FILE.png", default_value = "salus-demo.png")]
    pub picture: PathBuf,

    /// How to cluster; here rows with missing values are dropped by default.
    #[command(flatten)]
    pub fcm: FcmArgs,

    /// No progress on standard error.
    #[arg(long, short)]
    pub quiet: bool,
}

/// What has to be cleared away at the end.
struct Stage {
    folder: PathBuf,
    network: Option<Network>,
}

impl Stage {
    fn new() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("salus-demo-")
            // Keys go into it.
            .permissions(Permissions::from_mode(0o700))
            .tempdir()?;
        Ok(Stage {
            folder: folder.keep(),
            network: None,
        })
    }
}

impl Demo {
    /// How to print.
    pub fn output(&self) -> Output {
        Output::new(false, self.quiet)
    }

    /// Plays the story.
    pub async fn run(self, output: &Output) -> anyhow::Result<()> {
        // Before anything takes time.
        picture::check(&self.picture)?;
        if let Some(path) = &self.json {
            check_writable(path)?;
        }
        find_node()?;
        let mut stage = Stage::new()?;
        let mut story = Story::new(output.clone());
        let played = unless_interrupted(self.play(&mut story, &mut stage)).await;
        if let (Some(network), true) = (&stage.network, self.keep && played.is_ok()) {
            let nodes: Vec<_> = network.nodes().iter().map(|node| node.url()).collect();
            story.fact("network", json!({ "base": network.base(), "nodes": nodes }))?;
        }
        if let Some(path) = &self.json {
            story.write(path, played.as_ref().err())?;
        }
        clear(stage, self.keep, played.as_ref().err(), output)?;
        played?;
        let seconds = story.elapsed().as_secs_f64();
        output.say(format!(
            "\nDone in {seconds:.0} s: every step did what it should."
        ));
        Ok(())
    }

    async fn play(&self, story: &mut Story, stage: &mut Stage) -> anyhow::Result<()> {
        let cohort = story
            .step("Choose the cohort", async {
                let cohort = cohort::choose(self.data.as_deref(), &self.fcm)?;
                let mut words = format!(
                    "{}, {} bytes, into {} clusters with m = {}, scaling {}",
                    cohort.name,
                    cohort.bytes.len(),
                    cohort.parameters.clusters,
                    cohort.parameters.m,
                    cohort.parameters.scaling
                );
                for choice in &cohort.choices {
                    words.push('\n');
                    words.push_str(choice);
                }
                Ok((cohort, words))
            })
            .await?;
        story.fact("data", &cohort.name)?;
        story.fact("choices", &cohort.choices)?;
        story.fact("parameters", &cohort.parameters)?;
        let inputs: Arc<[Vec<u8>]> = [cohort.bytes.clone()].into();

        let local = story
            .step("Cluster it on this machine, to compare", async {
                let parameters = cohort.parameters.clone();
                let local = run_fcm(parameters, inputs.clone(), None, self.output()).await?;
                let words = format!(
                    "{} of {} rows, {} columns, {} iterations\ndigest 0x{}",
                    local.result.labels.len(),
                    local.result.rows,
                    local.result.columns.len(),
                    local.result.iterations,
                    hex::encode(local.digest)
                );
                Ok((local, words))
            })
            .await?;
        story.fact("local_digest", format!("0x{}", hex::encode(local.digest)))?;

        let base = stage.folder.join("network");
        let options = Options {
            validators: 4,
            agents: true,
            default_ports: false,
        };
        let network = stage.network.insert(Network::create(&base, options)?);
        story
            .step(
                "Start four validators, each the node of a hospital",
                async {
                    network.start_all()?;
                    network.wait_finalized(2, START).await?;
                    let lines: Vec<String> = network
                        .nodes()
                        .iter()
                        .map(|node| format!("{:<8} {}", node.name, node.url()))
                        .collect();
                    Ok(((), lines.join("\n")))
                },
            )
            .await?;

        let people = founders()?;
        let research = Person::development(RESEARCH)?;
        let patient = Person::new("patient", &stage.folder)?;
        let node = |index: usize| network.nodes().get(index).context("too few nodes");
        let chain = Chain::connect(&node(0)?.url()).await?;
        records::play(
            story,
            &records::Cast {
                chain: &chain,
                founders: &people,
                research: &research,
                patient: &patient,
                hospital: node(0)?.gateway(),
                store: node(1)?.gateway(),
                folder: &stage.folder,
            },
        )
        .await?;

        let bytes = analysis::play(
            story,
            network,
            &chain,
            &analysis::Cast {
                founders: &people,
                client: &research,
                cohort: &cohort,
                local: &local,
                folder: &stage.folder,
            },
        )
        .await?;
        self.show(story, &cohort, &inputs, &bytes).await
    }

    /// The prototypes as a table, the clusters as a picture.
    async fn show(
        &self,
        story: &mut Story,
        cohort: &cohort::Cohort,
        inputs: &[Vec<u8>],
        bytes: &[u8],
    ) -> anyhow::Result<()> {
        let path = std::path::absolute(&self.picture)?;
        let report = story
            .step("The clusters", async {
                let digest = salus_analytics::result::digest(bytes);
                let result = FcmResult::from_bytes(bytes)?;
                let report = Report::new(&result, digest);
                picture::draw(&path, &cohort.name, &cohort.parameters, inputs, &result)?;
                let mut words = report.prototypes();
                for warning in &report.warnings {
                    words.push_str(&format!("Warning: {warning}\n"));
                }
                words.push_str(&format!("Picture: {}", path.display()));
                Ok((report, words))
            })
            .await?;
        story.fact("digest", &report.digest)?;
        story.fact("result", &report)?;
        story.fact("picture", &path)
    }
}

/// Ends everything, or says how to reach it. `error` is why the story ended early.
fn clear(
    stage: Stage,
    keep: bool,
    error: Option<&anyhow::Error>,
    output: &Output,
) -> anyhow::Result<()> {
    let Stage { folder, network } = stage;
    let Some(mut network) = network else {
        return remove(&folder);
    };
    if error.is_none() && keep {
        return tell(&network, &folder, output);
    }
    // Their databases are of no use to anybody, so they need no time to write them out.
    network.kill_children();
    match error {
        Some(error) if !is_interrupted(error) => {
            let (logs, folder) = (network.base().display(), folder.display());
            output.note(format!(
                "The nodes' logs are in {logs}, keys of this run in {folder}; to remove both: rm \
                 -r {folder}"
            ));
            Ok(())
        }
        _ => remove(&folder),
    }
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    std::fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))
}

/// How to reach a network that stays up.
fn tell(network: &Network, folder: &Path, output: &Output) -> anyhow::Result<()> {
    let node = network
        .nodes()
        .first()
        .context("the network has no nodes")?;
    let base = network.base().display();
    output.say(format!(
        "\nThe network stays up.\n\
         polkadot.js:  https://polkadot.js.org/apps/?rpc={}#/explorer\n\
         this command: salus chain info --node {}\n\
         its nodes:    salus network status --base {base}\n\
         to stop it:   salus network down --base {base}\n\
         its keys too: rm -r {}, once it is stopped",
        node.url(),
        node.url(),
        folder.display()
    ));
    Ok(())
}
