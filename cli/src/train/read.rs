//! Trainings as the chain has them.

use salus_primitives::{
    training::{
        Departure, End, ModelAccess, PastTraining, Position, Said, Standing, Training as Entry,
        TrainingId,
    },
    Balance, BlockNumber,
};
use serde::Serialize;
use subxt::utils::AccountId32;

use crate::{
    chain::{
        api,
        text::{hex_of, moment_text},
        At, Chain,
    },
    error::usage,
    output,
    record::codes::purpose_name,
};

/// A training that has not ended.
pub type Live = Entry<AccountId32, Balance, BlockNumber>;
/// What stays of one that had begun.
pub type Past = PastTraining<AccountId32, Balance, BlockNumber>;

/// Where a training is.
#[derive(Clone, Debug)]
pub enum Phase {
    /// It has not ended.
    Live(Box<Live>),
    /// It had begun, and has ended.
    Past(Box<Past>),
    /// It ended before its start: nothing stays.
    Gone,
}

/// Where a training is at this block; an error where it was never opened.
pub async fn phase(chain: &Chain, at: &At, id: TrainingId) -> anyhow::Result<Phase> {
    let storage = || api::storage().training();
    if let Some(entry) = chain.get(at, storage().trainings(), (id,)).await? {
        return Ok(Phase::Live(Box::new(entry.0)));
    }
    if let Some(entry) = chain.get(at, storage().past_trainings(), (id,)).await? {
        return Ok(Phase::Past(Box::new(entry.0)));
    }
    let next = chain.get(at, storage().next_training_id(), ()).await?;
    match id < next.unwrap_or_default() {
        true => Ok(Phase::Gone),
        false => Err(usage(format!("there is no training {id}"))),
    }
}

/// A training that has not ended; an error that says how it did where it has.
pub async fn live(chain: &Chain, at: &At, id: TrainingId) -> anyhow::Result<Live> {
    match phase(chain, at, id).await? {
        Phase::Live(entry) => Ok(*entry),
        Phase::Past(past) => Err(usage(format!(
            "training {id} has ended: {}",
            end_words(&past.end)
        ))),
        Phase::Gone => Err(usage(format!("training {id} ended before its start"))),
    }
}

/// How a training ended, as the end of a sentence.
pub fn end_words(end: &End) -> String {
    match end {
        End::Completed { model } => format!("there is a model, {}", hex_of(model)),
        End::Cancelled => "it was cancelled before its start; all deposits are back".to_owned(),
        End::NotStarted => "too few were ready in time; all deposits are back".to_owned(),
        End::TooFew => "too few participants were left".to_owned(),
        End::Lost {
            position,
            departure,
        } => format!(
            "party {position} {}, and without it the training does not go on",
            departure_words(departure)
        ),
        End::Disputed => {
            "the parties have different transcripts, and no more than half have the same".to_owned()
        }
        End::Stalled => {
            "parties that are there blame each other, and no more than half the same".to_owned()
        }
        End::Undelivered => "parts of the model were not delivered".to_owned(),
    }
}

/// Why a party is out, after its name.
pub fn departure_words(departure: &Departure) -> &'static str {
    match departure {
        Departure::NotReady => "was not ready, or did not want to",
        Departure::ConsentEnded => "has data of which a patient ended the consent",
        Departure::Outvoted => "has another transcript than most",
        Departure::Silent => "said nothing on chain in time",
        Departure::Withheld => "did not send its messages, most of the others say",
        Departure::Accused => "sent what does not verify, most of the others say",
        Departure::Equivocated => "signed two different messages under one number",
        Departure::Failed => "could not go on, and knew nobody to blame",
    }
}

/// A party, for printing.
#[derive(Clone, Debug, Serialize)]
pub struct Party {
    /// Its number in messages.
    pub position: Position,
    /// Who it is.
    pub account: AccountId32,
    /// `analyst` or `participant`.
    pub part: &'static str,
    /// `invited`, `joined`, `ready`, `posted`, `blocked`, `failed`, `delivered`, `stayed`, or why it is out.
    pub state: String,
    /// What it brings.
    pub data_set: Option<String>,
}

/// A training, for printing.
#[derive(Clone, Debug, Serialize)]
pub struct Training {
    /// Its number.
    pub training: TrainingId,
    /// `joining`, `running`, `paused`, `disputed`, `delivering`, `completed`, `ended`.
    pub state: &'static str,
    /// The stage under way, from 1.
    pub stage: Option<u32>,
    /// Last block of this state.
    pub until: Option<BlockNumber>,
    /// Who opened it.
    pub initiator: AccountId32,
    /// Way to train.
    pub backend: String,
    /// Parameters, JSON.
    pub parameters: String,
    /// For what.
    pub purpose: String,
    /// Bits of the key; 0 where there is none.
    pub key_bits: u16,
    /// K, or the fewest patients in common.
    pub min_changed: u32,
    /// Fewest participants.
    pub min_participants: u32,
    /// Most stages.
    pub stages: u32,
    /// `everyone` or `initiator`.
    pub access: &'static str,
    /// What the participants share.
    #[serde(serialize_with = "crate::output::amount")]
    pub reward: Balance,
    /// What each party puts up.
    #[serde(serialize_with = "crate::output::amount")]
    pub deposit: Balance,
    /// Names the training in messages.
    pub session: String,
    /// Who takes part.
    pub parties: Vec<Party>,
    /// Roots of the transcript that were agreed on.
    pub roots: Vec<String>,
    /// Digest of the model.
    pub model: Option<String>,
    /// How it ended.
    pub end: Option<String>,
    /// When it ended, UTC.
    pub ended: Option<String>,
}

impl Training {
    fn live(training: TrainingId, entry: &Live) -> Self {
        use salus_primitives::training::Phase::{Delivering, Disputed, Joining, Paused, Running};
        let state = match entry.phase {
            Joining { .. } => "joining",
            Running { .. } => "running",
            Paused { .. } => "paused",
            Disputed { .. } => "disputed",
            Delivering { .. } => "delivering",
        };
        let parties = (0..).zip(entry.parties.iter()).map(|(position, party)| {
            let state = match (&party.standing, &party.said) {
                (Standing::Out(departure), _) => departure_words(departure).to_owned(),
                (Standing::Invited, _) => "invited".to_owned(),
                _ if party.delivered => "delivered".to_owned(),
                (_, Some(Said::Root { .. })) => "posted".to_owned(),
                (_, Some(Said::Blocked { missing, invalid })) => blocked_words(*missing, *invalid),
                (_, Some(Said::Failed)) => "failed".to_owned(),
                _ if party.keys.is_some() => "ready".to_owned(),
                _ => "joined".to_owned(),
            };
            Party {
                position,
                account: party.account,
                part: part(entry.has_analyst(), position),
                state,
                data_set: party.data_set.as_ref().map(hex_of),
            }
        });
        Training {
            stage: entry.phase.stage().map(|stage| stage + 1),
            until: Some(entry.phase.until()),
            parties: parties.collect(),
            roots: entry.roots.iter().map(hex_of).collect(),
            model: entry.model.as_ref().map(hex_of),
            ..Training::on(
                training,
                state,
                &entry.terms,
                entry.initiator,
                &entry.session,
            )
        }
    }

    fn past(training: TrainingId, entry: &Past) -> Self {
        let (state, model) = match entry.end {
            End::Completed { model } => ("completed", Some(hex_of(&model))),
            _ => ("ended", None),
        };
        let analyst =
            entry.terms.backend.partition() == salus_primitives::training::Partition::Homogeneous;
        let parties = (0..).zip(entry.parties.iter());
        let parties = parties.map(|(position, party)| Party {
            position,
            account: party.account,
            part: part(analyst, position),
            state: party
                .departure
                .as_ref()
                .map_or("stayed", departure_words)
                .to_owned(),
            data_set: party.data_set.as_ref().map(hex_of),
        });
        Training {
            parties: parties.collect(),
            roots: entry.roots.iter().map(hex_of).collect(),
            model,
            end: Some(end_words(&entry.end)),
            ended: Some(moment_text(entry.ended)),
            ..Training::on(
                training,
                state,
                &entry.terms,
                entry.initiator,
                &entry.session,
            )
        }
    }

    fn on(
        training: TrainingId,
        state: &'static str,
        terms: &super::preview::ChainTerms,
        initiator: AccountId32,
        session: &salus_primitives::Digest,
    ) -> Self {
        Training {
            training,
            state,
            stage: None,
            until: None,
            initiator,
            backend: salus_training::Backend::from(terms.backend).to_string(),
            parameters: String::from_utf8_lossy(&terms.parameters).into_owned(),
            purpose: purpose_name(terms.purpose),
            key_bits: terms.key_bits,
            min_changed: terms.min_changed,
            min_participants: terms.min_participants,
            stages: terms.stages,
            access: match terms.access {
                ModelAccess::Everyone => "everyone",
                ModelAccess::Initiator => "initiator",
            },
            reward: terms.reward,
            deposit: terms.deposit,
            session: hex_of(session),
            parties: Vec::new(),
            roots: Vec::new(),
            model: None,
            end: None,
            ended: None,
        }
    }

    /// In words.
    pub fn words(&self) -> String {
        let state = match (self.stage, self.until) {
            (Some(stage), Some(until)) => format!(
                "{}, stage {stage} of at most {}, until block {until}",
                self.state, self.stages
            ),
            (None, Some(until)) => format!("{} until block {until}", self.state),
            _ => self.state.to_owned(),
        };
        let mut rows = vec![
            ("Training", self.training.to_string()),
            ("State", state),
            ("Initiator", self.initiator.to_string()),
            ("Back-end", self.backend.clone()),
            ("Parameters", self.parameters.clone()),
            ("Purpose", self.purpose.clone()),
            ("Model for", self.access.to_owned()),
            ("Reward", output::med(self.reward)),
            ("Deposit", output::med(self.deposit)),
        ];
        rows.extend(self.model.clone().map(|model| ("Model", model)));
        rows.extend(self.end.clone().map(|end| ("End", end)));
        rows.extend(self.ended.clone().map(|ended| ("Ended", ended)));
        let parties: Vec<_> = self
            .parties
            .iter()
            .map(|party| {
                vec![
                    party.position.to_string(),
                    party.part.to_owned(),
                    party.account.to_string(),
                    party.state.clone(),
                ]
            })
            .collect();
        format!(
            "{}\n{}",
            output::fields(&rows),
            output::table(&["Party", "Part", "Account", "State"], &parties)
        )
    }
}

fn part(has_analyst: bool, position: Position) -> &'static str {
    match has_analyst && position == 0 {
        true => "analyst",
        false => "participant",
    }
}

/// What a party that cannot finish a stage says.
pub fn blocked_words(missing: u16, invalid: u16) -> String {
    let named = |mask: u16| {
        let bits = (0..16).filter(|bit| mask & (1 << bit) != 0);
        bits.map(|bit: u16| bit.to_string())
            .collect::<Vec<_>>()
            .join(", ")
    };
    match (missing, invalid) {
        (_, 0) => format!("waits for party {}", named(missing)),
        (0, _) => format!("what party {} sends does not verify", named(invalid)),
        _ => format!(
            "waits for party {}; what party {} sends does not verify",
            named(missing),
            named(invalid)
        ),
    }
}

/// Shows a training.
pub async fn show(chain: &Chain, id: TrainingId) -> anyhow::Result<Training> {
    let at = chain.finalized().await?;
    match phase(chain, &at, id).await? {
        Phase::Live(entry) => Ok(Training::live(id, &entry)),
        Phase::Past(entry) => Ok(Training::past(id, &entry)),
        Phase::Gone => Err(usage(format!(
            "training {id} ended before its start, and nothing stays of it"
        ))),
    }
}

/// All trainings that have not ended, or had begun; of one member where one is named, newest first.
pub async fn list(chain: &Chain, member: Option<AccountId32>) -> anyhow::Result<Vec<Training>> {
    let at = chain.finalized().await?;
    let storage = || api::storage().training();
    let mut found = Vec::new();
    for ((id,), entry) in chain.list(&at, storage().trainings(), ()).await? {
        found.push(Training::live(id, &entry.0));
    }
    for ((id,), entry) in chain.list(&at, storage().past_trainings(), ()).await? {
        found.push(Training::past(id, &entry.0));
    }
    found.retain(|training| {
        member.is_none_or(|member| {
            let mut parties = training.parties.iter().map(|party| party.account);
            training.initiator == member || parties.any(|account| account == member)
        })
    });
    found.sort_by_key(|training| std::cmp::Reverse(training.training));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_named_is_told_by_position() {
        assert_eq!(blocked_words(0b110, 0), "waits for party 1, 2");
        assert!(blocked_words(0, 1).contains("party 0 sends"));
        let both = blocked_words(1, 1 << 10);
        assert!(
            both.contains("for party 0;") && both.contains("party 10 sends"),
            "{both}"
        );
    }
}
