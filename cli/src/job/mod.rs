//! `salus job`: analyses that several workers must agree on.

mod post;
mod provide;
mod read;
mod result;
mod watch;

pub use post::{
    cancel, least_reward, measure, post, run, wait_for_panel, Input, Order, Panel, Posted, Stage,
    WINDOW,
};
pub use provide::{provide, seal_records, Provided};
pub use read::{
    end_reason, failure_words, list, outcome_words, phase, reason_words, show, Entry, Finished,
    Job, Phase,
};
pub use result::{accept, fetch, forget, report_unavailable, Found, NoneServes, Tried};
pub use watch::{watch, End, Step};

use std::path::PathBuf;

use anyhow::{bail, Context};
use clap::{Args, Subcommand};
use salus_analytics::job::FCM_1;
use salus_primitives::{jobs::JobId, Balance, Digest};
use serde_json::json;
use subxt::utils::AccountId32;
use zeroize::Zeroizing;

use crate::{
    analyse::FcmArgs,
    args::Global,
    chain::{
        text::{hex_of, parse_digest},
        Chain, Receipt,
    },
    error::usage,
    keys::{parse_account, KeyArgs},
    output::{self, Output},
    record::{codes::parse_purpose, write_new, FormerArgs, WalletArgs},
};

/// Options of `salus job post`.
#[derive(Clone, Debug, Args)]
pub struct PostArgs {
    /// The client.
    #[command(flatten)]
    pub who: KeyArgs,

    /// Tables of your own.
    #[arg(value_name = "FILE", required_unless_present = "records")]
    pub files: Vec<PathBuf>,

    /// Stored records that you may have analysed; after the draw their patients seal them.
    #[arg(long = "record", value_name = "RECORD", value_parser = parse_digest)]
    pub records: Vec<Digest>,

    /// Name and version of the algorithm.
    #[arg(long, default_value = FCM_1)]
    pub algorithm: String,

    /// How to cluster.
    #[command(flatten)]
    pub fcm: FcmArgs,

    /// For what, as in the records' consents: HRESCH, … or a number.
    #[arg(long, default_value = "HRESCH", value_parser = parse_purpose)]
    pub purpose: u16,

    /// Equal results that decide; more than half of the panel.
    #[arg(long, value_name = "N")]
    pub quorum: u32,

    /// Workers on the panel.
    #[arg(long, value_name = "M")]
    pub panel: u32,

    /// Workers that step in for missing ones.
    #[arg(long, value_name = "R", default_value_t = 0)]
    pub reserves: u32,

    /// What it pays [default: the least that the chain takes].
    #[arg(long, value_name = "MED", value_parser = output::parse_med)]
    pub reward: Option<Balance>,

    /// Blocks that the panel has [default: 150, five minutes].
    #[arg(long, value_name = "BLOCKS")]
    pub window: Option<u32>,

    /// Keep the result in the clear, for everybody to trace.
    #[arg(long)]
    pub clear: bool,

    /// Most rows, all inputs together; needed with --record.
    #[arg(long, requires = "columns")]
    pub rows: Option<u32>,

    /// Most columns that are used; needed with --record.
    #[arg(long, requires = "rows")]
    pub columns: Option<u32>,

    /// Where the inputs wait for the draw.
    #[command(flatten)]
    pub wallet: WalletArgs,

    /// Blob gateway for inputs that do not fit into the chain, as http://host:port.
    #[arg(long, value_name = "URL", env = "SALUS_GATEWAY")]
    pub gateway: Option<String>,

    /// Return once it is posted; complete it later with `salus job provide`.
    #[arg(long)]
    pub no_wait: bool,
}

impl PostArgs {
    /// Reads the files.
    pub fn order(&self) -> anyhow::Result<Order> {
        if self.algorithm != FCM_1 {
            return Err(usage(format!(
                "this command has options for {FCM_1} only, not for {:?}",
                self.algorithm
            )));
        }
        let mut inputs = Vec::new();
        for file in &self.files {
            let bytes =
                std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
            inputs.push(Input::Own(Zeroizing::new(bytes)));
        }
        inputs.extend(self.records.iter().copied().map(Input::Record));
        Ok(Order {
            algorithm: self.algorithm.clone(),
            parameters: self.fcm.parameters()?.to_canonical_json()?.into_bytes(),
            inputs,
            purpose: self.purpose,
            quorum: self.quorum,
            panel: self.panel,
            reserves: self.reserves,
            reward: self.reward,
            window: self.window,
            clear: self.clear,
            size: self.rows.zip(self.columns),
        })
    }
}

/// Commands about jobs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Post a job, wait for its panel, and hand the data to it.
    Post(Box<PostArgs>),
    /// Hand the data of a posted job to its panel.
    Provide {
        /// The client.
        #[command(flatten)]
        who: KeyArgs,
        /// Its former identities.
        #[command(flatten)]
        former: FormerArgs,
        /// Number of the job.
        job: JobId,
        /// Where the inputs wait.
        #[command(flatten)]
        wallet: WalletArgs,
        /// Blob gateway for inputs that do not fit into the chain.
        #[arg(long, value_name = "URL", env = "SALUS_GATEWAY")]
        gateway: Option<String>,
    },
    /// Patient: seal the keys of your records among a job's inputs to its panel.
    SealRecord {
        /// The patient.
        #[command(flatten)]
        who: KeyArgs,
        /// Number of the job.
        job: JobId,
        /// Where the keys are.
        #[command(flatten)]
        wallet: WalletArgs,
    },
    /// Follow a job to its end. With --json, a line of JSON for each step.
    Watch {
        /// Number of the job.
        job: JobId,
    },
    /// Fetch, check and open a job's result, and accept it.
    Result {
        /// The client; for a result in the clear, anybody who may fetch it.
        #[command(flatten)]
        who: KeyArgs,
        /// Its former identities.
        #[command(flatten)]
        former: FormerArgs,
        /// Number of the job.
        job: JobId,
        /// Where the canonical bytes go; never overwritten.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Do not pay the rest of the reward yet.
        #[arg(long)]
        no_accept: bool,
    },
    /// Say that no agreeing worker serves the result.
    Report {
        /// The client.
        #[command(flatten)]
        who: KeyArgs,
        /// Number of the job.
        job: JobId,
    },
    /// Have the pointers to a result removed, after the retention period.
    Forget {
        /// The client.
        #[command(flatten)]
        who: KeyArgs,
        /// Number of the job.
        job: JobId,
    },
    /// End a job whose inputs are not complete; free before the draw.
    Cancel {
        /// The client.
        #[command(flatten)]
        who: KeyArgs,
        /// Number of the job.
        job: JobId,
        /// Where the inputs wait.
        #[command(flatten)]
        wallet: WalletArgs,
    },
    /// Show a job.
    Show {
        /// Number of the job.
        job: JobId,
    },
    /// List jobs, newest first.
    List {
        /// Those of this client.
        #[arg(long, value_name = "ADDRESS|FILE|//NAME", value_parser = parse_account)]
        client: Option<AccountId32>,
    },
}

impl Command {
    /// Does it.
    pub async fn run(self, global: &Global) -> anyhow::Result<()> {
        let output = global.output();
        let chain = Chain::connect(&global.node).await?;
        match self {
            Command::Post(args) => run_post(&chain, &output, &args).await,
            Command::Provide {
                who,
                former,
                job,
                wallet,
                gateway,
            } => {
                let (key, identities) = (who.account()?, former.identities(&who)?);
                let wallet = wallet.open()?;
                let provided =
                    provide(&chain, &key, &identities, &wallet, gateway.as_deref(), job).await?;
                output.result(&provided, provided_words)
            }
            Command::SealRecord { who, job, wallet } => {
                let sealed = seal_records(&chain, &who.account()?, &wallet.open()?, job).await?;
                let result: Vec<_> = sealed
                    .iter()
                    .map(|(index, receipt)| json!({ "input": index, "block": receipt.block }))
                    .collect();
                output.result(&result, |_| match sealed.len() {
                    0 => "Your records were sealed before".to_owned(),
                    n => format!("{n} record(s) sealed to the panel"),
                })
            }
            Command::Watch { job } => run_watch(&chain, &output, job).await,
            Command::Result {
                who,
                former,
                job,
                out,
                no_accept,
            } => {
                if out.exists() {
                    return Err(usage(format!("{} exists already", out.display())));
                }
                let (key, identities) = (who.account()?, former.identities(&who)?);
                let found = fetch(&chain, &key, &identities, job).await?;
                for tried in &found.tried {
                    output.note(format!("{}: {}", tried.worker, tried.reason));
                }
                write_new(&out, &found.bytes)
                    .with_context(|| format!("cannot write {}", out.display()))?;
                if found.waits && !no_accept {
                    accept(&chain, &key, job).await?;
                }
                let result = json!({
                    "job": job,
                    "digest": hex_of(&found.digest),
                    "file": out,
                    "bytes": found.bytes.len(),
                    "worker": found.worker,
                    "tried": found.tried,
                    "accepted": found.waits && !no_accept,
                });
                output.result(&result, |_| {
                    format!(
                        "{} bytes with the digest {} in {}",
                        found.bytes.len(),
                        hex_of(&found.digest),
                        out.display()
                    )
                })
            }
            Command::Report { who, job } => {
                let receipt = report_unavailable(&chain, &who.account()?, job).await?;
                done(
                    &output,
                    &receipt,
                    "The rest of the reward goes to the treasury",
                )
            }
            Command::Forget { who, job } => {
                let receipt = forget(&chain, &who.account()?, job).await?;
                done(
                    &output,
                    &receipt,
                    "The pointers are removed, the deposit is back",
                )
            }
            Command::Cancel { who, job, wallet } => {
                let receipt = cancel(&chain, &who.account()?, &wallet.open()?, job).await?;
                done(&output, &receipt, "The job is cancelled")
            }
            Command::Show { job } => output.result(&show(&chain, job).await?, Job::words),
            Command::List { client } => output.result(&list(&chain, client).await?, |jobs| {
                let rows: Vec<_> = jobs
                    .iter()
                    .map(|job| {
                        vec![
                            job.job.to_string(),
                            job.state.to_owned(),
                            job.algorithm.clone(),
                            job.client.to_string(),
                            job.outcome.clone().unwrap_or_default(),
                        ]
                    })
                    .collect();
                output::table(&["Job", "State", "Algorithm", "Client", "Outcome"], &rows)
            }),
        }
    }
}

async fn run_post(chain: &Chain, output: &Output, args: &PostArgs) -> anyhow::Result<()> {
    let order = args.order()?;
    let (key, identity) = (args.who.account()?, args.who.identity()?);
    let wallet = args.wallet.open()?;
    if args.no_wait {
        let posted = post(chain, &key, &wallet, &order).await?;
        return output.result(&posted, |posted| {
            format!(
                "Job {} is posted in block {}, paying {}\nOnce the panel is drawn: salus job \
                 provide {}",
                posted.job,
                posted.block,
                output::med(posted.reward),
                posted.job
            )
        });
    }
    let spinner = output.spinner("posting");
    let identities = [identity];
    let ran = run(
        chain,
        &key,
        &identities,
        &wallet,
        args.gateway.as_deref(),
        &order,
        |stage| match stage {
            Stage::Posted(posted) => {
                spinner.set_message(format!("job {} posted; waiting for the draw", posted.job));
            }
            Stage::Drawn(panel) => spinner.set_message(format!(
                "{} seat(s) drawn; encrypting and handing over the data",
                panel.seats.len()
            )),
        },
    )
    .await;
    spinner.finish_and_clear();
    let (posted, panel, provided) = ran?;
    let result = json!({ "posted": posted, "panel": panel, "provided": provided });
    output.result(&result, |_| {
        format!(
            "Job {} is posted, paying {}; its panel has {} seat(s) and {} reserve(s)\n{}\nFollow it \
             with `salus job watch {}`",
            posted.job,
            output::med(posted.reward),
            panel.seats.len(),
            panel.reserves.len(),
            provided_words(&provided),
            posted.job
        )
    })
}

fn provided_words(provided: &Provided) -> String {
    let mut text = match provided.block {
        Some(block) => format!(
            "{} input(s) handed to the panel in block {block}, {} of them at the gateway",
            provided.inline + provided.blobs,
            provided.blobs
        ),
        None => "The job has no inputs of your own".to_owned(),
    };
    for record in &provided.records {
        text.push_str(&format!(
            "\nThe patient of record {record} seals it with `salus job seal-record {}`",
            provided.job
        ));
    }
    text
}

async fn run_watch(chain: &Chain, output: &Output, job: JobId) -> anyhow::Result<()> {
    let json_lines = output.is_json();
    let end = watch(chain, job, |block, step| {
        if json_lines {
            let mut line = json!(step);
            line["block"] = json!(block);
            line["job"] = json!(job);
            // One object a line, so that it can be read while it grows.
            println!("{line}");
        } else {
            output.say(format!("{block:>8}  {}", step.words()));
        }
    })
    .await?;
    match end {
        End::Settled { .. } => Ok(()),
        End::Ended(reason) => bail!("job {job} ended without an outcome: {reason}"),
    }
}

fn done(output: &Output, receipt: &Receipt, what: &str) -> anyhow::Result<()> {
    output.result(receipt, |receipt| {
        format!("{what} (block {})", receipt.block)
    })
}
