//! The commands about trainings, as they are done and told.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::bail;
use indicatif::ProgressBar;
use salus_primitives::{
    training::{Standing, TrainingId},
    Digest,
};
use serde_json::json;

use super::{
    command::{OfTraining, PredictArgs, StartArgs},
    model::{fetch, predict, Fetched, ModelFile, Scores},
    open::{cancel, forget, join, leave, open, Shape},
    preview::Preview,
    read::{self, list, show, Training},
    watch::{watch, End},
    Command,
};
use crate::{
    args::Global,
    chain::{account_of, api, Chain},
    data::training::entry,
    error::usage,
    files::{self, check_new},
    network,
    output::{self, Output},
};

impl Command {
    /// Does it.
    pub async fn run(self, global: &Global) -> anyhow::Result<()> {
        let output = global.output();
        match &self {
            Command::Predict(args) => return run_predict(&output, args),
            Command::Model { out: Some(out), .. } => check_new(out)?,
            // Before a node is asked.
            Command::Start(args) => {
                check_can_ask(&output, args.yes)?;
                args.terms.order()?;
            }
            Command::Join { yes, .. } => check_can_ask(&output, *yes)?,
            _ => {}
        }
        let chain = Chain::open(global).await?;
        match self {
            Command::Start(args) => run_start(&chain, &output, &args).await,
            Command::Join { of, data_set, yes } => {
                run_join(&chain, &output, &of, data_set, yes).await
            }
            Command::Leave(of) => leave(&chain, &of.who.account()?, of.training).await?.tell(
                &output,
                format!("You do not take part in training {}", of.training),
            ),
            Command::Cancel(of) => cancel(&chain, &of.who.account()?, of.training)
                .await?
                .tell(&output, format!("Training {} is cancelled", of.training)),
            Command::Watch { training } => run_watch(&chain, &output, training).await,
            Command::Model { of, former, out } => {
                let (key, identities) = (of.who.account()?, former.identities(&of.who)?);
                let model = fetch(&chain, &key, &identities, of.training).await?;
                if let Some(out) = &out {
                    model.save(out)?;
                }
                let fetched = Fetched { model, file: out };
                output.result(&fetched, |fetched| match &fetched.file {
                    Some(file) => {
                        format!("{}\nWritten to {}", fetched.model.words(), file.display())
                    }
                    None => fetched.model.words(),
                })
            }
            Command::Predict(_) => Ok(()),
            Command::Forget(of) => forget(&chain, &of.who.account()?, of.training).await?.tell(
                &output,
                "The parts are removed, the deposit for them is back",
            ),
            Command::Show { training } => {
                output.result(&show(&chain, training).await?, Training::words)
            }
            Command::List { member } => output.result(&list(&chain, member).await?, |trainings| {
                let rows: Vec<_> = trainings
                    .iter()
                    .map(|training| {
                        vec![
                            training.training.to_string(),
                            training.state.to_owned(),
                            training.backend.clone(),
                            training.parties.len().to_string(),
                            training.initiator.to_string(),
                            training.end.clone().unwrap_or_default(),
                        ]
                    })
                    .collect();
                output::table(
                    &[
                        "Training",
                        "State",
                        "Back-end",
                        "Parties",
                        "Initiator",
                        "End",
                    ],
                    &rows,
                )
            }),
        }
    }
}

async fn run_start(chain: &Chain, output: &Output, args: &StartArgs) -> anyhow::Result<()> {
    let (order, key) = (args.terms.order()?, args.who.account()?);
    if !order.together() && order.participants.contains(&account_of(&key)) {
        return Err(usage(
            "who opens a training on the same attributes is its analyst and brings no data: leave \
             your own account out of --with",
        ));
    }
    let at = chain.finalized().await?;
    let shape = order.shape(chain, &at).await?;
    let least = chain.constant(&at, api::constants().training().min_deposit())?;
    let terms = order.terms(shape.attributes, least)?;
    let participants = u16::try_from(order.participants.len())?;
    let measuring = network::begin(output, "Measuring how long it will take");
    let preview = Preview::of(&terms, participants, shape, !args.no_estimate).await;
    measuring.finish_and_clear();
    let preview = preview?;
    output.say(preview.words());
    confirm(output, args.yes, "Open this training")?;
    let opened = open(chain, &key, terms, &order.participants).await?;
    let result = json!({ "opened": opened, "preview": preview });
    output.result(&result, |_| {
        format!(
            "Training {} is opened in block {}\nThose whom you ask join until block {} with\n  salus \
             train join {} --data-set DATASET\nFollow it with `salus train watch {}`",
            opened.training, opened.block, opened.join_by, opened.training, opened.training
        )
    })
}

async fn run_join(
    chain: &Chain,
    output: &Output,
    of: &OfTraining,
    data_set: Digest,
    yes: bool,
) -> anyhow::Result<()> {
    let key = of.who.account()?;
    let at = chain.finalized().await?;
    let live = read::live(chain, &at, of.training).await?;
    let set = entry(chain, &at, data_set).await?;
    let asked = live.parties.len() - usize::from(live.has_analyst());
    let shape = Shape {
        attributes: Some(set.spec.attributes),
        columns: set.spec.columns,
        rows: set.spec.rows,
    };
    let preview = Preview::of(&live.terms, u16::try_from(asked)?, shape, false).await?;
    output.say(preview.words());
    let joined = live
        .parties
        .iter()
        .filter(|party| party.standing == Standing::Joined)
        .count();
    output.say(format!(
        "{} opened it and asks {asked} to bring data; {joined} are in",
        live.initiator
    ));
    confirm(output, yes, "Take part")?;
    let receipt = join(chain, &key, of.training, data_set).await?;
    let result = json!({ "joined": receipt, "preview": preview });
    output.result(&result, |_| {
        format!(
            "Joined in block {}. Your node does the rest: keep it running until the training has ended \
             (`salus train watch {}`)",
            receipt.block, of.training
        )
    })
}

/// Refuses to begin where nobody could answer.
fn check_can_ask(output: &Output, yes: bool) -> anyhow::Result<()> {
    match yes || (!output.is_json() && io::stdin().is_terminal()) {
        true => Ok(()),
        false => Err(usage(
            "there is no terminal to ask whether to go on: say --yes if you agree to what the training \
             tells to whom",
        )),
    }
}

fn confirm(output: &Output, yes: bool, what: &str) -> anyhow::Result<()> {
    if yes || output.is_json() {
        return Ok(());
    }
    eprint!("{what}? [y/N] ");
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => bail!("not confirmed; nothing was done"),
    }
}

async fn run_watch(chain: &Chain, output: &Output, training: TrainingId) -> anyhow::Result<()> {
    let json_lines = output.is_json();
    let line = |step: serde_json::Value, block: Option<u32>| {
        let mut line = step;
        line["block"] = json!(block);
        line["training"] = json!(training);
        // A reader that has gone does not end the watch.
        let _ = output.json_line(&line);
    };
    let bar: ProgressBar = output.bar(1, "Rounds");
    let watched = watch(
        chain,
        training,
        |block, step| match json_lines {
            true => line(json!(step), Some(block)),
            false => bar.suspend(|| output.say(format!("{block:>8}  {}", step.words()))),
        },
        |progress| match json_lines {
            true => {
                let mut step = json!(progress);
                step["step"] = json!("progress");
                line(step, None);
            }
            false => {
                bar.set_length(progress.of.into());
                bar.set_position(progress.round.into());
                bar.set_message(progress.words());
                if bar.is_hidden() {
                    output.note(format!("          {}", progress.words()));
                }
            }
        },
    )
    .await;
    bar.finish_and_clear();
    match watched? {
        End::Model => Ok(()),
        End::None(why) => bail!("training {training} ended without a model: {why}"),
    }
}

fn run_predict(output: &Output, args: &PredictArgs) -> anyhow::Result<()> {
    if let Some(out) = &args.out {
        check_new(out)?;
    }
    let model = ModelFile::load(&args.model)?.trained()?;
    let text = files::read(&args.file)?;
    let table = (args.file.as_path(), text.as_slice());
    let scores = predict(&model, table, &args.text.options(), args.class.as_ref())?;
    if let Some(out) = &args.out {
        let rows = scores.predictions.iter().map(|positive| match positive {
            true => "1\n",
            false => "0\n",
        });
        let text: String = ["positive\n"].into_iter().chain(rows).collect();
        files::write(out, text.as_bytes())?;
    }
    output.result(&scores, Scores::words)
}
