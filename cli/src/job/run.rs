//! The commands about jobs, as they are done and told.

use anyhow::bail;
use indicatif::ProgressBar;
use salus_analytics::{job::FCM_1, result::FcmResult};
use salus_primitives::jobs::JobId;
use serde_json::json;
use subxt_signer::sr25519::Keypair;

use super::{
    accept, fetch, forget, list, report_unavailable, seal_records, show, watch, Client, Command,
    End, Found, Job, PostArgs, Provided, Stage, Unfinished,
};
use crate::{
    analyse::{Report, ResultFiles},
    args::Global,
    chain::{account_of, text::hex_of, Chain},
    interrupt::{is_interrupted, unless_interrupted},
    network,
    output::{self, count, Output},
};

impl Command {
    /// Does it.
    pub async fn run(self, global: &Global) -> anyhow::Result<()> {
        let output = global.output();
        if let Command::Result { files, .. } = &self {
            files.check()?;
        }
        let chain = Chain::open(global).await?;
        match self {
            Command::Post(args) => run_post(&chain, &output, &args).await,
            Command::Provide {
                of,
                former,
                wallet,
                gateway,
            } => {
                let client = Client {
                    chain: &chain,
                    key: &of.who.account()?,
                    identities: &former.identities(&of.who)?,
                    wallet: &wallet.open()?,
                    gateway: gateway.gateway.as_deref(),
                };
                output.result(&client.provide(of.job).await?, provided_words)
            }
            Command::SealRecord { of, wallet } => {
                let key = of.who.account()?;
                let sealed = seal_records(&chain, &key, &wallet.open()?, of.job).await?;
                let result: Vec<_> = sealed
                    .iter()
                    .map(|(index, receipt)| json!({ "input": index, "block": receipt.block }))
                    .collect();
                output.result(&result, |sealed| match sealed.len() {
                    0 => "Your records were sealed before".to_owned(),
                    records => format!("Sealed {} to the panel", count(records as u64, "record")),
                })
            }
            Command::Watch { job } => run_watch(&chain, &output, job).await,
            Command::Result {
                of,
                former,
                files,
                no_accept,
            } => {
                let (key, identities) = (of.who.account()?, former.identities(&of.who)?);
                let found = fetch(&chain, &key, &identities, of.job).await?;
                for tried in &found.tried {
                    output.note(format!("{}: {}", tried.worker, tried.reason));
                }
                run_result(&chain, &output, &key, (of.job, found), &files, !no_accept).await
            }
            Command::Report(of) => report_unavailable(&chain, &of.who.account()?, of.job)
                .await?
                .tell(&output, "The rest of the reward goes to the treasury"),
            Command::Forget(of) => forget(&chain, &of.who.account()?, of.job)
                .await?
                .tell(&output, "The pointers are removed, the deposit is back"),
            Command::Cancel { of, wallet } => {
                let client = Client {
                    chain: &chain,
                    key: &of.who.account()?,
                    identities: &[],
                    wallet: &wallet.open()?,
                    gateway: None,
                };
                let receipt = client.cancel(of.job).await?;
                receipt.tell(&output, "The job is cancelled")
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
    let client = Client {
        chain,
        key: &args.who.account()?,
        identities: &[args.who.identity()?],
        wallet: &args.wallet.open()?,
        gateway: args.gateway.gateway.as_deref(),
    };
    let (posted, panel, provided) = match args.no_wait {
        true => {
            let posted = unless_interrupted(client.post(&order)).await;
            let posted = posted.map_err(|error| broken_off(error, None, client.key))?;
            (posted, None, None)
        }
        false => {
            let (mut job, mut spinner) = (None, None);
            let ran = unless_interrupted(client.run(&order, |stage| match stage {
                Stage::Posted(posted) => {
                    let block = posted.block;
                    output.note(format!("Job {} is posted in block {block}", posted.job));
                    job = Some(posted.job);
                    spinner = Some(network::begin(output, "Waiting for the draw"));
                }
                Stage::Drawn(_) => spinner.iter().for_each(ProgressBar::finish_and_clear),
            }))
            .await;
            spinner.iter().for_each(ProgressBar::finish_and_clear);
            let (posted, panel, provided) =
                ran.map_err(|error| broken_off(error, job, client.key))?;
            (posted, Some(panel), Some(provided))
        }
    };
    let result = json!({ "posted": posted, "panel": panel, "provided": provided });
    output.result(&result, |_| {
        let mut text = format!(
            "Job {} pays {}; {} could be drawn\n",
            posted.job,
            output::med(posted.reward),
            count(posted.drawable, "worker")
        );
        match (&panel, &provided) {
            (Some(panel), Some(provided)) => text.push_str(&format!(
                "Its panel has {} and {}\n{}\nFollow it with `salus job watch {}`",
                count(panel.seats.len() as u64, "seat"),
                count(panel.reserves.len() as u64, "reserve"),
                provided_words(provided),
                posted.job
            )),
            _ => text.push_str(&format!(
                "Once its panel is drawn: salus job provide {}",
                posted.job
            )),
        }
        text
    })
}

/// An error of a post; where a signal ended it, with how to go on: from the post on the client's
/// money is held.
fn broken_off(error: anyhow::Error, job: Option<JobId>, client: &Keypair) -> anyhow::Error {
    match (is_interrupted(&error), job) {
        (true, Some(job)) => error.context(Unfinished(job)),
        (true, None) => error.context(format!(
            "the job may be posted nevertheless: `salus job list --client {}` shows it",
            account_of(client)
        )),
        (false, _) => error,
    }
}

/// Writes and tells a result that was fetched, and accepts it.
async fn run_result(
    chain: &Chain,
    output: &Output,
    client: &Keypair,
    (job, found): (JobId, Found),
    files: &ResultFiles,
    accepts: bool,
) -> anyhow::Result<()> {
    let parsed = match found.algorithm == FCM_1 {
        true => Some(FcmResult::from_bytes(&found.bytes)?),
        false => None,
    };
    let written = files.write(&found.bytes, parsed.as_ref())?;
    let mut report = parsed.map(|parsed| Report::new(&parsed, found.digest.0));
    if let Some(report) = &mut report {
        report.files = written;
    }
    let accepted = found.waits && accepts;
    if accepted {
        accept(chain, client, job).await?;
    }
    let result = json!({
        "job": job,
        "algorithm": found.algorithm,
        "digest": hex_of(&found.digest),
        "bytes": found.bytes.len(),
        "worker": found.worker,
        "tried": found.tried,
        "accepted": accepted,
        "result": report,
    });
    output.result(&result, |_| {
        let mut text = match &report {
            Some(report) => report.words(),
            None => format!(
                "{} bytes with the digest {}\n",
                found.bytes.len(),
                hex_of(&found.digest)
            ),
        };
        if accepted {
            text.push_str("Accepted: the workers get the rest of the reward");
        }
        text
    })
}

fn provided_words(provided: &Provided) -> String {
    let mut text = match provided.block {
        Some(block) => format!(
            "{} handed to the panel in block {block} ({} on chain, {} at the gateway)",
            count((provided.inline + provided.blobs) as u64, "input"),
            provided.inline,
            provided.blobs
        ),
        None => "The job has no inputs of your own".to_owned(),
    };
    for record in &provided.records {
        text.push_str(&format!(
            "\nRecord {record} waits for its owner: a patient seals it with `salus job seal-record \
             {}`, an institution's node by itself",
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
            // A reader that has gone does not end the watch.
            let _ = output.json_line(&line);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::{exit_code, Failure},
        keys,
    };

    #[test]
    fn who_interrupts_a_post_hears_how_to_go_on() {
        let client = keys::development_account("//Eve").unwrap();
        let interrupted = || anyhow::Error::new(Failure::Interrupted { signal: 2 });
        let posted = broken_off(interrupted(), Some(7), &client);
        assert_eq!(exit_code(&posted), 130);
        assert_eq!(posted.downcast_ref::<Unfinished>(), Some(&Unfinished(7)));
        for command in ["provide 7", "watch 7", "cancel 7"] {
            let command = format!("`salus job {command}`");
            assert!(posted.to_string().contains(&command), "{posted}");
        }

        let unknown = broken_off(interrupted(), None, &client);
        assert_eq!(exit_code(&unknown), 130);
        let eve = account_of(&client).to_string();
        assert!(unknown.to_string().contains(&eve), "{unknown}");
        // Other failures have their context from where they happened.
        let other = broken_off(anyhow::anyhow!("no"), Some(7), &client);
        assert_eq!(other.to_string(), "no");
    }
}
