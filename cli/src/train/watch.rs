//! A training's way, event by event, and how far its rounds are.

use std::time::Duration;

use salus_primitives::{
    training::{End as HowEnded, Position, Said, TrainingId},
    Balance, BlockNumber,
};
use serde::{Deserialize, Serialize};
use subxt::{events::Events, utils::AccountId32};

use super::read::{self, blocked_words, departure_words, end_words, Phase};
use crate::{
    chain::{api::training::events, text::hex_of, Chain, Config},
    output,
};

/// Between two looks at the chain.
const PAUSE: Duration = Duration::from_millis(700);
/// Blocks whose events a node that is no archive still has.
const MEMORY: u64 = 240;

/// Something that happened to a training.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// It was opened.
    Opened {
        /// Last block to join in.
        join_by: BlockNumber,
    },
    /// A participant joined.
    Joined {
        /// Its position.
        position: Position,
        /// Who.
        who: AccountId32,
    },
    /// A party committed to its keys.
    Ready {
        /// Its position.
        position: Position,
    },
    /// It began.
    Started {
        /// How many take part.
        parties: u32,
        /// Last block of the first stage.
        until: BlockNumber,
    },
    /// A party has finished the stage.
    Posted {
        /// Its position.
        position: Position,
        /// The stage, from 1.
        stage: u32,
        /// Whether it has the model.
        last: bool,
    },
    /// A party cannot finish the stage.
    Blocked {
        /// Its position.
        position: Position,
        /// The stage, from 1.
        stage: u32,
        /// Whom it waits for, or whose messages do not verify.
        why: String,
    },
    /// A party cannot go on.
    Failed {
        /// Its position.
        position: Position,
        /// The stage, from 1.
        stage: u32,
    },
    /// All have the same transcript.
    StageAgreed {
        /// The stage, from 1.
        stage: u32,
        /// Root of the transcript.
        root: String,
    },
    /// All agree on the model.
    ModelAgreed {
        /// Its digest.
        model: String,
        /// Last block in which parts are delivered.
        until: BlockNumber,
    },
    /// Somebody was silent and can come back.
    Paused {
        /// Who, by position.
        silent: Vec<Position>,
        /// Last block to come back in.
        until: BlockNumber,
    },
    /// A stage is begun again.
    Retried {
        /// The stage, from 1.
        stage: u32,
        /// Its last block.
        until: BlockNumber,
    },
    /// The transcripts differ: all say again what they have.
    RootsDiffer {
        /// The stage, from 1.
        stage: u32,
        /// Last block to do so in.
        until: BlockNumber,
    },
    /// A party is out.
    Departed {
        /// Its position.
        position: Position,
        /// Who.
        who: AccountId32,
        /// Why.
        why: &'static str,
        /// What of its deposit is lost.
        #[serde(serialize_with = "crate::output::amount")]
        lost: Balance,
    },
    /// A part of the model is there.
    Delivered {
        /// Whose.
        position: Position,
    },
    /// It ended.
    Ended {
        /// Whether there is a model.
        completed: bool,
        /// How.
        end: String,
        /// What each participant that was left got.
        #[serde(serialize_with = "crate::output::amount")]
        share: Balance,
    },
}

impl Step {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Step::Opened { join_by } => format!("opened; join until block {join_by}"),
            Step::Joined { position, who } => format!("party {position}, {who}, joined"),
            Step::Ready { position } => format!("party {position} is ready"),
            Step::Started { parties, until } => {
                format!("{parties} parties train; first stage until block {until}")
            }
            Step::Posted {
                position,
                stage,
                last,
            } => format!(
                "party {position} has finished stage {stage}{}",
                if *last { ", and has the model" } else { "" }
            ),
            Step::Blocked {
                position,
                stage,
                why,
            } => format!("party {position} cannot finish stage {stage}: {why}"),
            Step::Failed { position, stage } => format!(
                "party {position} cannot go on in stage {stage}, and knows nobody to blame"
            ),
            Step::StageAgreed { stage, root } => {
                format!("stage {stage} is over; all have the transcript {root}")
            }
            Step::ModelAgreed { model, until } => {
                format!("all agree on the model {model}; its parts come until block {until}")
            }
            Step::Paused { silent, until } => format!(
                "paused: party {} said nothing, and can come back until block {until}",
                positions(silent)
            ),
            Step::Retried { stage, until } => {
                format!("stage {stage} begins again, until block {until}")
            }
            Step::RootsDiffer { stage, until } => format!(
                "the transcripts of stage {stage} differ; all say again what they have, until block \
                 {until}"
            ),
            Step::Departed {
                position,
                who,
                why,
                lost,
            } => format!(
                "party {position}, {who}, is out: it {why}; it lost {}",
                output::med(*lost)
            ),
            Step::Delivered { position } => format!("party {position} delivered its part of the model"),
            Step::Ended { end, share, .. } => match share {
                0 => format!("ended: {end}"),
                share => format!("ended: {end}; each participant got {}", output::med(*share)),
            },
        }
    }
}

fn positions(of: &[Position]) -> String {
    let words: Vec<String> = of.iter().map(ToString::to_string).collect();
    words.join(", ")
}

/// How a training ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// There is a model.
    Model,
    /// Without one; why, in words.
    None(String),
}

impl From<&HowEnded> for End {
    fn from(end: &HowEnded) -> Self {
        match end {
            HowEnded::Completed { .. } => End::Model,
            other => End::None(end_words(other)),
        }
    }
}

/// How far the node's own part of a training is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "camelCase"))]
pub struct Progress {
    /// The stage, from 0.
    pub stage: u32,
    /// Rounds that are over.
    pub round: u32,
    /// Most rounds.
    pub of: u32,
    /// What the rest takes, s, if all take place.
    pub seconds_left: Option<f64>,
    /// Positions of the parties whose messages are due.
    pub waits_for: Vec<Position>,
    /// What it does.
    pub state: String,
    /// Why it cannot go on.
    pub why: Option<String>,
}

impl Progress {
    /// In words.
    pub fn words(&self) -> String {
        let mut text = format!(
            "{}, round {} of at most {}",
            self.state, self.round, self.of
        );
        if let Some(left) = self.seconds_left.filter(|left| *left > 0.0) {
            text.push_str(&format!(", about {} left", super::preview::seconds(left)));
        }
        if !self.waits_for.is_empty() {
            text.push_str(&format!(", waits for party {}", positions(&self.waits_for)));
        }
        if let Some(why) = &self.why {
            text.push_str(&format!(": {why}"));
        }
        text
    }
}

/// What the asked node says of its own part of a training; `None` where it has none, or is a node that
/// knows no trainings.
pub async fn progress(chain: &Chain, training: TrainingId) -> anyhow::Result<Option<Progress>> {
    chain.rpc_if_known("salus_training", training).await
}

/// The training's steps among a block's events.
fn steps(events: &Events<Config>, training: TrainingId) -> anyhow::Result<Vec<Step>> {
    let mut found = Vec::new();
    for event in events.iter() {
        let event = event?;
        if event.pallet_name() != "Training" {
            continue;
        }
        macro_rules! on {
            ($kind:ident, $found:ident => $step:expr) => {
                if let Some($found) = event.decode_fields_as::<events::$kind>() {
                    let $found = $found?;
                    if $found.training == training {
                        found.push($step);
                    }
                    continue;
                }
            };
        }
        on!(Opened, e => Step::Opened { join_by: e.join_by });
        on!(Joined, e => Step::Joined { position: e.position, who: e.who });
        on!(KeysCommitted, e => Step::Ready { position: e.position });
        on!(Started, e => Step::Started { parties: e.parties, until: e.until });
        on!(Posted, e => match e.said.0 {
            Said::Root { model, .. } => Step::Posted {
                position: e.position,
                stage: e.stage + 1,
                last: model.is_some(),
            },
            Said::Blocked { missing, invalid } => Step::Blocked {
                position: e.position,
                stage: e.stage + 1,
                why: blocked_words(missing, invalid),
            },
            Said::Failed => Step::Failed {
                position: e.position,
                stage: e.stage + 1,
            },
        });
        on!(StageAgreed, e => Step::StageAgreed { stage: e.stage + 1, root: hex_of(&e.root) });
        on!(ModelAgreed, e => Step::ModelAgreed { model: hex_of(&e.model), until: e.until });
        on!(Paused, e => Step::Paused {
            silent: (0..16).filter(|bit| e.silent & (1 << bit) != 0).collect(),
            until: e.until,
        });
        on!(Retried, e => Step::Retried { stage: e.stage + 1, until: e.until });
        on!(RootsDiffer, e => Step::RootsDiffer { stage: e.stage + 1, until: e.until });
        on!(Departed, e => Step::Departed {
            position: e.position,
            who: e.who,
            why: departure_words(&e.departure.0),
            lost: e.lost,
        });
        on!(Delivered, e => Step::Delivered { position: e.position });
        on!(Ended, e => Step::Ended {
            completed: matches!(e.end.0, HowEnded::Completed { .. }),
            end: end_words(&e.end.0),
            share: e.share,
        });
    }
    Ok(found)
}

/// Follows a training from its opening, as far back as the node remembers, to its end. `on` is called
/// for every step with its block, each once, in final blocks only; `progress` whenever the asked node
/// says something new of its own part.
pub async fn watch(
    chain: &Chain,
    training: TrainingId,
    mut on: impl FnMut(u32, &Step),
    mut progress: impl FnMut(&Progress),
) -> anyhow::Result<End> {
    let at = chain.finalized().await?;
    let opened_at = match read::phase(chain, &at, training).await? {
        Phase::Live(entry) => entry.opened_at.into(),
        Phase::Past(entry) => entry.opened_at.into(),
        Phase::Gone => 0,
    };
    let mut next = at.block_number().saturating_sub(MEMORY).max(opened_at);
    let mut gone = "it ended before its start".to_owned();
    let mut before = None;
    loop {
        let at = chain.finalized().await?;
        while next <= at.block_number() {
            let number = u32::try_from(next)?;
            let events = chain.at(number).await?.events().fetch().await?;
            for step in steps(&events, training)? {
                if let Step::Ended { end, .. } = &step {
                    gone.clone_from(end);
                }
                on(number, &step);
            }
            next += 1;
        }
        match read::phase(chain, &at, training).await? {
            Phase::Live(_) => {}
            Phase::Past(entry) => return Ok(End::from(&entry.end)),
            Phase::Gone => return Ok(End::None(gone)),
        }
        let now = self::progress(chain, training).await?;
        if now != before {
            now.iter().for_each(&mut progress);
            before = now;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_node_says_of_its_part_is_read() {
        let text = r#"{"stage":0,"round":3,"of":50,"secondsLeft":12.4,"waitsFor":[2,3],
            "state":"running","why":null}"#;
        let progress: Progress = serde_json::from_str(text).unwrap();
        let words = "running, round 3 of at most 50, about 12 s left, waits for party 2, 3";
        assert_eq!(progress.words(), words);
        assert_eq!(
            serde_json::to_value(&progress).unwrap()["seconds_left"],
            12.4
        );
    }
}
