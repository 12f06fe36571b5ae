//! Opening a training, joining it, leaving it.

use std::collections::BTreeSet;

use salus_primitives::{
    records::Purpose,
    training::{Backend, DataSetId, ModelAccess, Partition, Terms, TrainingId, MAX_PARTICIPANTS},
    Balance, BlockNumber, Digest,
};
use salus_training::agreed::{Options, ALGORITHM};
use serde::Serialize;
use subxt::utils::{AccountId32, Static};
use subxt_signer::sr25519::Keypair;

use crate::{
    chain::{
        api::{self, runtime_types::bounded_collections::bounded_vec::BoundedVec},
        text::hex_of,
        At, Chain, Receipt,
    },
    data::training::{entries, entry, partition_name, Entry},
    error::usage,
    record::codes::purpose_name,
};

/// What is to be trained, by whom, and how.
#[derive(Clone, Debug)]
pub struct Order {
    /// A way to train.
    pub backend: Backend,
    /// Who has the classes, and the parameters of `svm/1`.
    pub options: Options,
    /// Whom to ask, in the order of their positions.
    pub participants: Vec<AccountId32>,
    /// A declared data set with the attributes that all have to have.
    pub like: Option<DataSetId>,
    /// For what.
    pub purpose: Purpose,
    /// Bits of the key; 0 where there is none.
    pub key_bits: u16,
    /// Fewest rows that may change, or that there are in common.
    pub min_changed: u32,
    /// Fewest participants.
    pub min_participants: u32,
    /// Most stages.
    pub stages: u32,
    /// Who gets the model.
    pub access: ModelAccess,
    /// Blocks to join in.
    pub join_window: BlockNumber,
    /// Blocks of a stage.
    pub stage_window: BlockNumber,
    /// What the participants share.
    pub reward: Balance,
    /// What each party puts up; the least where `None`.
    pub deposit: Option<Balance>,
}

/// What the data are like, as far as it is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Same attributes: what they hash to.
    pub attributes: Option<Digest>,
    /// Same attributes: how many there are.
    pub columns: u32,
    /// Most rows of one participant; same patients: of the one with the fewest.
    pub rows: u32,
}

impl Order {
    /// Whether the participants hold different columns.
    pub fn together(&self) -> bool {
        self.backend.partition() == Partition::Heterogeneous
    }

    /// The terms as the chain takes them.
    pub fn terms(
        &self,
        attributes: Option<Digest>,
        deposit: Balance,
    ) -> anyhow::Result<Terms<Balance, BlockNumber>> {
        let json = self.options.to_canonical_json()?.into_bytes();
        let too_long = |_| usage("the parameters take more bytes than the chain has for them");
        Ok(Terms {
            backend: self.backend,
            algorithm: ALGORITHM.as_bytes().to_vec().try_into().map_err(too_long)?,
            parameters: json.try_into().map_err(too_long)?,
            purpose: self.purpose,
            attributes,
            key_bits: self.key_bits,
            min_changed: self.min_changed,
            min_participants: self.min_participants,
            stages: self.stages,
            access: self.access,
            join_window: self.join_window,
            stage_window: self.stage_window,
            reward: self.reward,
            deposit: self.deposit.unwrap_or(deposit),
        })
    }

    /// What the participants have declared that this training can use.
    pub async fn shape(&self, chain: &Chain, at: &At) -> anyhow::Result<Shape> {
        let partition = self.backend.partition();
        if let Some(id) = self.like {
            let set = entry(chain, at, id).await?;
            return match self.fits(&set) {
                true => Ok(Shape {
                    attributes: Some(set.spec.attributes),
                    columns: set.spec.columns,
                    rows: set.spec.rows,
                }),
                false => Err(usage(format!(
                    "data set {} is not {} or not for {}",
                    hex_of(&id),
                    partition_name(partition),
                    purpose_name(self.purpose)
                ))),
            };
        }
        let mut declared = Vec::new();
        for who in &self.participants {
            let mut sets = entries(chain, at, *who).await?;
            sets.retain(|(_, set)| self.fits(set));
            if sets.is_empty() {
                return Err(usage(format!(
                    "{who} has declared no {} data set for {}: its holder runs `salus data add \
                     FILE --training {}`",
                    partition_name(partition),
                    purpose_name(self.purpose),
                    partition_name(partition)
                )));
            }
            declared.push(sets);
        }
        let rows = |sets: &[(DataSetId, Entry)]| sets.iter().map(|(_, set)| set.spec.rows).max();
        if partition == Partition::Heterogeneous {
            let fewest = declared.iter().filter_map(|sets| rows(sets)).min();
            return Ok(Shape {
                attributes: None,
                columns: 0,
                rows: fewest.unwrap_or_default(),
            });
        }
        common(&declared)
    }

    fn fits(&self, set: &Entry) -> bool {
        set.spec.partition == self.backend.partition() && set.spec.purpose == self.purpose
    }
}

/// The one list of attributes that all have declared.
fn common(declared: &[Vec<(DataSetId, Entry)>]) -> anyhow::Result<Shape> {
    let of = |sets: &[(DataSetId, Entry)]| -> BTreeSet<Digest> {
        sets.iter().map(|(_, set)| set.spec.attributes).collect()
    };
    let mut shared = declared.first().map(|sets| of(sets)).unwrap_or_default();
    for sets in declared {
        shared = shared.intersection(&of(sets)).copied().collect();
    }
    let mut shared = shared.into_iter();
    let attributes = match (shared.next(), shared.next()) {
        (Some(attributes), None) => attributes,
        (None, _) => return Err(usage(
            "those whom you ask have declared different attributes: names, order and column of \
                 classes have to be the same, which `salus data list ACCOUNT --training` shows as \
                 `attributes` with --json",
        )),
        (Some(_), Some(_)) => return Err(usage(
            "those whom you ask have several lists of attributes in common: say which is meant \
                 with --like DATASET, one of the declared data sets",
        )),
    };
    let sets = declared
        .iter()
        .flatten()
        .filter(|(_, set)| set.spec.attributes == attributes);
    Ok(Shape {
        attributes: Some(attributes),
        columns: sets
            .clone()
            .map(|(_, set)| set.spec.columns)
            .max()
            .unwrap_or_default(),
        rows: sets.map(|(_, set)| set.spec.rows).max().unwrap_or_default(),
    })
}

/// A training that was opened.
#[derive(Clone, Debug, Serialize)]
pub struct Opened {
    /// Its number.
    pub training: TrainingId,
    /// Last block to join in.
    pub join_by: BlockNumber,
    /// Block of the call.
    pub block: BlockNumber,
}

/// Opens a training on these terms and asks the participants to join.
pub async fn open(
    chain: &Chain,
    initiator: &Keypair,
    terms: Terms<Balance, BlockNumber>,
    participants: &[AccountId32],
) -> anyhow::Result<Opened> {
    if participants.len() > MAX_PARTICIPANTS as usize {
        return Err(usage(format!(
            "a training has at most {MAX_PARTICIPANTS} participants, not {}",
            participants.len()
        )));
    }
    let asked = BoundedVec(participants.to_vec());
    let call = api::tx().training().open(Static(terms), asked);
    let receipt = chain.submit(initiator, &call).await?;
    let event: api::training::events::Opened = receipt.event()?;
    Ok(Opened {
        training: event.training,
        join_by: event.join_by,
        block: receipt.block,
    })
}

/// Takes part in a training with a declared data set.
pub async fn join(
    chain: &Chain,
    who: &Keypair,
    training: TrainingId,
    data_set: DataSetId,
) -> anyhow::Result<Receipt> {
    let call = api::tx().training().join(training, data_set);
    chain.submit(who, &call).await
}

/// Does not take part, or not any more.
pub async fn leave(chain: &Chain, who: &Keypair, training: TrainingId) -> anyhow::Result<Receipt> {
    let call = api::tx().training().leave(training);
    chain.submit(who, &call).await
}

/// Ends a training before its start.
pub async fn cancel(chain: &Chain, who: &Keypair, training: TrainingId) -> anyhow::Result<Receipt> {
    let call = api::tx().training().cancel(training);
    chain.submit(who, &call).await
}

/// Has the parts of the model removed, after the retention period.
pub async fn forget(chain: &Chain, who: &Keypair, training: TrainingId) -> anyhow::Result<Receipt> {
    let call = api::tx().training().forget(training);
    chain.submit(who, &call).await
}
