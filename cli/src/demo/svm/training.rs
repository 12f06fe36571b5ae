//! One training of the demo, from the declaration of the data to predictions.

use std::{path::Path, time::Duration};

use anyhow::{bail, ensure, Context};
use futures::future::{try_join, try_join_all};
use salus_analytics::{
    metrics::Confusion,
    svm::{Data, Model},
    table::{self, Limits},
};
use salus_envelope::Identity;
use salus_primitives::{
    training::{DataSetId, TrainingId},
    Moment,
};
use salus_training::data_set::Folder;
use serde::Serialize;

use super::{
    cohorts::{class_column, test_options, Cohort, Share},
    institutions::{Institution, Institutions, PATIENCE},
    reference,
};
use crate::{
    chain::{account_of, Chain},
    data::training as data,
    demo::{
        report::Story,
        wait::{until_ok, until_some},
    },
    network::Network,
    train::{self, fetch, predict, BackendArg, End, Phase, Right, Shape, Step, TermsArgs},
};

/// Longest wait for a training, and for its parties' keys.
const LONGEST: Duration = Duration::from_secs(1800);
/// Rounds after which a participant is killed.
const BEFORE_KILL: u32 = 2;
/// Purpose of everything: `HRESCH` in `docs/purposes.md`.
const RESEARCH: u16 = 5;

/// What is to be trained, by how many.
pub struct Plan<'a> {
    cohort: &'a Cohort,
    backend: BackendArg,
    shares: Vec<Share>,
    columns: bool,
    /// Whether a participant is killed in the middle of it.
    disturbed: bool,
    /// Most rounds, where they are not the usual ones.
    rounds: Option<u32>,
}

impl<'a> Plan<'a> {
    /// The rows dealt out; the first institution is the analyst, who has none.
    pub fn rows(cohort: &'a Cohort, backend: BackendArg, holders: usize, disturbed: bool) -> Self {
        Plan {
            cohort,
            backend,
            shares: cohort.by_rows(holders),
            columns: false,
            disturbed,
            rounds: None,
        }
    }

    /// The columns dealt out, many rows a round.
    pub fn columns(cohort: &'a Cohort, holders: usize) -> Self {
        Plan {
            cohort,
            backend: BackendArg::Batch,
            shares: cohort.by_columns(holders, None),
            columns: true,
            disturbed: false,
            rounds: None,
        }
    }

    /// So many rows, their columns dealt out, one row a round and as many rounds.
    pub fn faithful(cohort: &'a Cohort, holders: usize, rows: usize) -> Self {
        Plan {
            cohort,
            backend: BackendArg::Faithful,
            shares: cohort.by_columns(holders, Some(rows)),
            columns: true,
            disturbed: false,
            rounds: u32::try_from(rows).ok(),
        }
    }
}

/// A training that is done.
#[derive(Clone, Debug, Serialize)]
pub struct Result {
    /// Number of the training.
    pub training: TrainingId,
    /// What it was trained on.
    pub cohort: &'static str,
    /// Whether columns were dealt out.
    pub columns: bool,
    /// Way to train.
    pub backend: String,
    /// What was agreed on.
    pub parameters: serde_json::Value,
    /// Rounds.
    pub rounds: u32,
    /// From the start to the end on the chain, s of its clock.
    pub seconds: f64,
    /// From the opening to the start, s: joining, and making keys.
    pub joining: f64,
    /// On the rows for testing.
    pub right: Right,
    /// Of the pooled model on the same rows.
    pub pooled: Right,
    /// Whether weights and predictions are those of the pooled model, to the bit.
    pub identical: bool,
}

/// Plays it.
pub async fn play(
    story: &mut Story,
    five: &mut Institutions<'_>,
    plan: Plan<'_>,
) -> anyhow::Result<Result> {
    let initiator = five.members().first().context("nobody opens it")?.clone();
    // Where rows are dealt out the initiator is the analyst, else the first participant.
    let skipped = usize::from(!plan.columns);
    let holders: Vec<Institution> = five
        .members()
        .iter()
        .skip(skipped)
        .take(plan.shares.len())
        .cloned()
        .collect();
    ensure!(
        holders.len() == plan.shares.len(),
        "there are too few institutions"
    );
    let accounts: Vec<_> = holders.iter().map(|one| one.person.account()).collect();
    let mut terms = TermsArgs::usual(plan.backend, accounts.clone(), plan.cohort.facts.positive);
    terms.rounds = plan.rounds;
    if plan.columns {
        // Everything is of one stage: nobody is silent here, and each stage costs blocks.
        terms.stages = 1;
    }
    let order = terms.order()?;
    let chain = &five.chain;
    let what = format!(
        "{}, {} dealt out, {}",
        plan.cohort.facts.name,
        if plan.columns { "columns" } else { "rows" },
        backend_name(plan.backend),
    );

    let sets = story
        .step(
            &format!("{what}: {} institutions declare their data", holders.len()),
            async {
                let declared = holders
                    .iter()
                    .zip(&plan.shares)
                    .map(|(holder, share)| declare(chain, holder, share));
                let sets = try_join_all(declared).await?;
                let lines: Vec<_> = holders
                    .iter()
                    .zip(&sets)
                    .map(|(holder, set)| {
                        format!(
                            "{:<8} {} rows, {} attributes, in {}",
                            holder.person.name, set.rows, set.columns, holder.node
                        )
                    })
                    .collect();
                Ok((sets, lines.join("\n")))
            },
        )
        .await?;

    let (id, terms) = story
        .step(&format!("{what}: opened and joined"), async {
            let shape = Shape {
                attributes: (!plan.columns)
                    .then(|| sets.first().map(|set| set.attributes))
                    .flatten(),
                columns: sets.first().map(|set| set.columns).unwrap_or_default(),
                rows: sets.iter().map(|set| set.rows).max().unwrap_or_default(),
            };
            let at = chain.finalized().await?;
            let least = crate::chain::api::constants().training().min_deposit();
            let terms = order.terms(shape.attributes, chain.constant(&at, least)?)?;
            let participants = u16::try_from(holders.len())?;
            let preview = train::Preview::of(&terms, participants, shape, true).await?;
            let opened =
                train::open(chain, &initiator.person.key, terms.clone(), &accounts).await?;
            let joined = holders.iter().zip(&sets).map(|(holder, set)| async {
                train::join(chain, &holder.person.key, opened.training, set.id).await
            });
            try_join_all(joined).await?;
            Ok(((opened.training, terms), preview.words()))
        })
        .await?;

    let session = story
        .step(&format!("{what}: the nodes commit to keys"), async {
            let started = until_some("the start", LONGEST, || async {
                let at = chain.finalized().await?;
                match train::phase(chain, &at, id).await? {
                    Phase::Live(entry) => Ok(entry.phase.stage().map(|_| entry.session)),
                    Phase::Past(entry) => Ok(Some(entry.session)),
                    Phase::Gone => bail!("the training ended before its start"),
                }
            })
            .await?;
            let words = format!("session 0x{}", hex::encode(started.0));
            Ok((started, words))
        })
        .await?;

    let killed = plan.disturbed.then(|| holders.last()).flatten();
    let name = match killed {
        Some(killed) => format!(
            "{what}: trained; {} is killed in between",
            killed.person.name
        ),
        None => format!("{what}: trained"),
    };
    let (joining, seconds) = story
        .step(&name, async {
            let watched = tokio::time::timeout(LONGEST, watch(chain, id));
            let disturbed = disturb(five.network, chain, id, killed);
            let (times, interrupted) = try_join(
                async { watched.await.context("it did not end in time")? },
                disturbed,
            )
            .await?;
            let (opened, started, ended) = times;
            let joining = ms_between(opened, started);
            let seconds = ms_between(started, ended);
            let words = format!(
                "{seconds:.0} s from the start to the end on chain, {joining:.0} s before for joining and \
                 keys{interrupted}"
            );
            Ok(((joining, seconds), words))
        })
        .await?;

    story
        .step(&format!("{what}: the model, beside that of pooled data"), async {
            let last = holders.last().context("nobody takes part")?;
            let chain = five.chain_of(&last.node).await?;
            // A participant that is no initiator has it as well.
            let identities = [last.person.identity.clone()];
            let model =
                until_ok(PATIENCE, || fetch(&chain, &last.person.key, &identities, id)).await?;
            let identities: Vec<Identity> = holders
                .iter()
                .map(|holder| holder.person.identity.clone())
                .collect();
            let pooled = reference::model(&terms, &session.0, &plan.shares, &identities)?;
            let trained = model.trained()?;
            let test = plan.cohort.test();
            let scores = predict(
                &trained,
                (Path::new("the rows for testing"), test.as_bytes()),
                &test_options(),
                Some(&class_column()),
            )?;
            let by_pooled = pooled_predictions(&pooled, &trained, &test)?;
            ensure!(
                trained.model() == pooled && by_pooled.predictions == scores.predictions,
                "the model is not that of the pooled data"
            );
            let right = scores.right.context("the rows for testing have classes")?;
            let words = format!(
                "{} rounds ({}); on {} rows for testing: {}\nthe same weights, to the bit, and the same \
                 predictions as the same training on pooled data\n{}",
                model.rounds,
                model.ended,
                scores.rows,
                scores.words().lines().last().unwrap_or_default(),
                model.words(),
            );
            Ok((
                Result {
                    training: id,
                    cohort: plan.cohort.facts.name,
                    columns: plan.columns,
                    backend: backend_name(plan.backend),
                    parameters: serde_json::to_value(&model.parameters)?,
                    rounds: model.rounds,
                    seconds,
                    joining,
                    right,
                    pooled: by_pooled.right,
                    identical: true,
                },
                words,
            ))
        })
        .await
}

fn backend_name(backend: BackendArg) -> String {
    salus_training::Backend::from(salus_primitives::training::Backend::from(backend)).to_string()
}

fn ms_between(from: Moment, to: Moment) -> f64 {
    to.saturating_sub(from) as f64 / 1000.0
}

/// A data set that an institution declared.
struct Declared {
    id: DataSetId,
    attributes: salus_primitives::Digest,
    rows: u32,
    columns: u32,
}

async fn declare(chain: &Chain, holder: &Institution, share: &Share) -> anyhow::Result<Declared> {
    let folder: Folder = data::folder(&holder.base_path)?;
    let declared = data::declare(
        chain,
        &holder.person.key,
        &folder,
        (Path::new("share.csv"), share.text.as_bytes()),
        &share.description,
        (RESEARCH, &[]),
    )
    .await?;
    let at = chain.finalized().await?;
    let entry = data::entry(chain, &at, declared.id).await?;
    Ok(Declared {
        id: declared.id,
        attributes: entry.spec.attributes,
        rows: entry.spec.rows,
        columns: entry.spec.columns,
    })
}

/// Follows a training to its model: when it was opened, began and ended, by the chain's clock.
async fn watch(chain: &Chain, id: TrainingId) -> anyhow::Result<(Moment, Moment, Moment)> {
    let mut blocks = [None; 3];
    let end = train::watch(
        chain,
        id,
        |block, step| {
            let slot = match step {
                Step::Opened { .. } => 0,
                Step::Started { .. } => 1,
                Step::Ended { .. } => 2,
                _ => return,
            };
            blocks[slot] = Some(block);
        },
        |_| (),
    )
    .await?;
    if let End::None(why) = end {
        bail!("it ended without a model: {why}");
    }
    let mut times = [0; 3];
    for (time, block) in times.iter_mut().zip(blocks) {
        let block = block.context("the node has forgotten when it began")?;
        *time = chain.now(&chain.at(block).await?).await?;
    }
    let [opened, started, ended] = times;
    Ok((opened, started, ended))
}

/// Kills a participant's node once some rounds are over, waits until the others wait for it, and starts
/// it again.
async fn disturb(
    network: &mut Network,
    chain: &Chain,
    id: TrainingId,
    killed: Option<&Institution>,
) -> anyhow::Result<String> {
    let Some(killed) = killed else {
        return Ok(String::new());
    };
    let at = chain.finalized().await?;
    let live = train::live(chain, &at, id).await?;
    let account = account_of(&killed.person.key);
    let position = live
        .parties
        .iter()
        .position(|party| party.account == account);
    let position = u16::try_from(position.context("it does not take part")?)?;
    let round = until_some("some rounds", PATIENCE, || async {
        let progress = train::progress(chain, id).await?;
        let round = progress.map(|progress| progress.round);
        Ok(round.filter(|round| *round >= BEFORE_KILL))
    })
    .await?;
    network.kill(&killed.node).await?;
    until_some("that the others wait for it", PATIENCE, || async {
        let progress = train::progress(chain, id).await?;
        let waits = progress.is_some_and(|progress| progress.waits_for.contains(&position));
        Ok(waits.then_some(()))
    })
    .await?;
    network.start(&killed.node, None)?;
    network.wait_ready(&killed.node, PATIENCE).await?;
    Ok(format!(
        "\n{}'s node was killed (kill -9) after round {round}; the others waited for party {position}, \
         it was started again and went on from its checkpoint",
        killed.person.name
    ))
}

/// What the pooled model says of the rows for testing.
struct Pooled {
    predictions: Vec<bool>,
    right: Right,
}

/// Rows for testing, scaled as the trained model says its columns were, under the pooled weights.
fn pooled_predictions(
    pooled: &Model,
    trained: &salus_training::model::Trained,
    test: &str,
) -> anyhow::Result<Pooled> {
    let cells = table::parse_cells(test.as_bytes(), &test_options(), None, Limits::NONE)?;
    let attributes = cells.values.ncols() - 1;
    let mut values = cells.values;
    let classes: Vec<bool> = values
        .column(attributes)
        .iter()
        .map(|class| trained.parameters.positive.contains(class))
        .collect();
    values.remove_index(ndarray::Axis(1), attributes);
    for (column, mut values) in trained.columns.iter().zip(values.columns_mut()) {
        values.mapv_inplace(|value| {
            let value = if value.is_nan() {
                column.missing
            } else {
                value
            };
            (value - column.offset) / column.divisor
        });
    }
    let data = Data::encode(&values, &classes, pooled.fraction)?;
    let predictions = pooled.predict(&data)?;
    let pairs = classes.into_iter().zip(predictions.iter().copied());
    Ok(Pooled {
        right: Confusion::of(pairs).into(),
        predictions,
    })
}
