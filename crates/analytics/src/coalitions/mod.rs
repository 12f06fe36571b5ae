//! F1 of a model for every coalition of owners of rows.
//!
//! The rules are on the crate's page, section "Worths of coalitions".

mod chunks;
mod job;
mod linear;
mod near;

pub use job::{Coalitions, Parameters, COALITIONS_1, MAGIC, MAX_JSON, VERSION};

use std::{collections::HashSet, num::NonZeroUsize};

use salus_shapley::{f1, Worth};
use serde::{Deserialize, Serialize};

use crate::{
    fcm::Control,
    forest::{self, Forest, ForestParameters},
    metrics::Confusion,
    neighbours, svm,
    svm::Data,
};

/// Most owners: a table of 2^20 worths.
pub const MAX_OWNERS: usize = 20;

/// Which model the service would run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Family {
    /// Random forest.
    Forest(ForestParameters),
    /// k nearest neighbours.
    Neighbours {
        /// k.
        k: u32,
    },
    /// Linear support vector machine, squared hinge loss, with the bias penalised.
    Svm {
        /// C, the weight of the losses.
        c: f64,
    },
}

/// Why a table cannot be computed.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum Error {
    /// Owners out of range.
    #[error("there must be 1 to 20 owners")]
    Owners,
    /// Rows that differ in columns or fraction.
    #[error("the rows of the owners and those of the test set differ in columns or in fraction")]
    Shape,
    /// A test set without positive rows: F1 would be 0 for every model.
    #[error("no row of the test set is of the positive class")]
    NoPositives,
    /// Too large for exact sums of binary64.
    #[error("the rows are too many or too large for exact sums: scale the columns, or use a smaller fraction")]
    TooLarge,
    /// More columns than [`MAX_COLUMNS`].
    #[error("a table of coalitions takes at most 64 columns")]
    Columns,
    /// The parameters of a family.
    #[error("{0}")]
    Parameter(&'static str),
    /// Of the neighbours.
    #[error(transparent)]
    Neighbours(#[from] neighbours::Error),
    /// Of the forest.
    #[error(transparent)]
    Forest(#[from] forest::Error),
    /// Of the encoding.
    #[error(transparent)]
    Encoding(#[from] svm::Error),
    /// Of an input's text.
    #[error("{who}: {error}")]
    Table {
        /// Whose input.
        who: String,
        /// What is wrong with it.
        error: crate::table::Error,
    },
    /// Not the JSON of [`Parameters`].
    #[error("the parameters are not what coalitions/1 takes: {0}")]
    Json(String),
    /// Bytes that are no result.
    #[error("this is not a table of coalitions/1: {0}")]
    Bytes(&'static str),
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// Most columns.
pub const MAX_COLUMNS: usize = 64;

impl Family {
    /// Checks ranges.
    pub fn validate(&self) -> Result<(), Error> {
        match self {
            Family::Forest(parameters) => Ok(parameters.validate()?),
            Family::Neighbours { k } if (1..=neighbours::MAX_NEIGHBOURS).contains(k) => Ok(()),
            Family::Neighbours { .. } => Err(neighbours::Error::Neighbours.into()),
            Family::Svm { c } if *c >= 2f64.powi(-20) && *c <= 2f64.powi(20) => Ok(()),
            Family::Svm { .. } => Err(Error::Parameter("C must be from 2^-20 to 2^20")),
        }
    }
}

/// The raw worths of all coalitions, floor(F1 2^32) on the test rows, entry k for the owners whose
/// bits are set in k. Does not depend on the threads.
pub fn worths(
    family: &Family,
    test: &Data,
    owners: &[Data],
    threads: Option<NonZeroUsize>,
    control: Option<Control<'_>>,
) -> Result<Vec<Worth>, Error> {
    family.validate()?;
    if !(1..=MAX_OWNERS).contains(&owners.len()) {
        return Err(Error::Owners);
    }
    let same = |data: &Data| data.columns() == test.columns() && data.fraction() == test.fraction();
    if !owners.iter().all(same) {
        return Err(Error::Shape);
    }
    if test.columns() > MAX_COLUMNS {
        return Err(Error::Columns);
    }
    if !test.classes().contains(&true) {
        return Err(Error::NoPositives);
    }
    match family {
        Family::Svm { c } => {
            let rows = linear::Rows::new(test, owners, *c)?;
            chunks::table(owners.len(), threads, control, |chunk| rows.chunk(chunk))
        }
        Family::Neighbours { k } => {
            let ranked = near::Ranked::new(test, owners, *k, threads)?;
            chunks::table(owners.len(), threads, control, |chunk| {
                chunk.each(|owners| ranked.worth(owners))
            })
        }
        Family::Forest(parameters) => chunks::table(owners.len(), threads, control, |chunk| {
            chunk.each(|coalition| {
                let pooled = pool(owners, coalition, test)?;
                if pooled.is_empty() {
                    return Ok(0);
                }
                let forest = Forest::train(parameters, &pooled)?;
                Ok(worth(test, &forest.predict(test)?))
            })
        }),
    }
}

/// The rows of a coalition, owner after owner.
pub fn pool(owners: &[Data], coalition: usize, like: &Data) -> Result<Data, Error> {
    let mut pooled = like.select(|_, _| false);
    let members = owners.iter().enumerate();
    for (_, data) in members.filter(|(owner, _)| coalition >> owner & 1 == 1) {
        pooled.append(data)?;
    }
    Ok(pooled)
}

/// floor(F1 2^32) of predictions.
pub fn worth(test: &Data, predicted: &[bool]) -> Worth {
    let pairs = test
        .classes()
        .iter()
        .copied()
        .zip(predicted.iter().copied());
    let counts = Confusion::of(pairs);
    // There are at most 2^24 rows.
    f1(
        counts.true_positives as u32,
        counts.false_positives as u32,
        counts.false_negatives as u32,
    )
}

/// Leaves out each row that an owner before had already, with its class; how many of each owner.
/// What an owner has twice itself stays.
pub fn drop_copies(owners: &mut [Data]) -> Vec<usize> {
    let mut known: HashSet<(Vec<i64>, bool)> = HashSet::new();
    let mut dropped = Vec::new();
    for data in owners {
        let before = data.len();
        *data = data.select(|row, positive| !known.contains(&(row.to_vec(), positive)));
        dropped.push(before - data.len());
        known.extend(data.rows().map(|(row, positive)| (row.to_vec(), positive)));
    }
    dropped
}
