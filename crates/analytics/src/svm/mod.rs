//! Linear support vector machines in fixed point, trained from sums over rows.
//!
//! The rules are in the crate's page, section "Support vector machines". Everything that data
//! enters is an integer, so the sums of several holders of rows add up to those of the pooled rows
//! exactly, whatever they were computed with.

mod data;
mod hinge;
mod newton;
mod params;
mod sums;

pub use data::{labels, Data};
pub use hinge::descend;
pub use params::{Loss, SvmParameters, MAX_FRACTION, MAX_ITERATIONS};
pub use sums::Sums;

use std::{num::NonZeroUsize, sync::atomic::Ordering};

use blake2::{digest::consts::U32, Blake2b, Digest};

use crate::fcm::Control;

/// First bytes of a model.
pub const MAGIC: [u8; 8] = *b"salusSVM";
/// Version of the layout of a model.
pub const VERSION: u16 = 1;
/// Most columns.
pub const MAX_COLUMNS: usize = 1024;
/// Most rows: sums over them stay far from overflow.
pub const MAX_ROWS: usize = 1 << 24;
/// Largest magnitude of an encoded value, 2^36.
pub const MAX_VALUE: i64 = 1 << 36;
/// Largest magnitude of an encoded weight, 2^44.
pub const MAX_WEIGHT: i64 = 1 << 44;

/// A model: the class of x is positive where w.x + b >= 0.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Model {
    /// Bits after the point: weights are integers in units of 1/S, S = 2^fraction.
    pub fraction: u32,
    /// w, in units of 1/S, for scaled columns.
    pub weights: Vec<i64>,
    /// b, in units of 1/S.
    pub bias: i64,
}

/// Why something cannot be trained.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// There is no row.
    #[error("there are no rows to train on")]
    NoRows,
    /// There is no column.
    #[error("there are no columns to train on")]
    NoColumns,
    /// Beyond [`MAX_ROWS`] or [`MAX_COLUMNS`].
    #[error("there are more than 16777216 rows or 1024 columns")]
    TooLarge,
    /// Every row has the same class.
    #[error("no row, or every row, is of the positive class; state the values that the column of classes has for it")]
    OneClass,
    /// Numbers of rows that differ.
    #[error("there are {rows} rows and {labels} classes")]
    Labels {
        /// Rows.
        rows: usize,
        /// Classes.
        labels: usize,
    },
    /// A value that does not fit, by 0-based position.
    #[error("the value in row {row}, column {column} (from 0) is not below 2^36 in units of 1/S; scale the columns or use a smaller fraction")]
    Value {
        /// Row from 0.
        row: usize,
        /// Column from 0.
        column: usize,
    },
    /// A model, or sums, for another number of columns, or another fraction.
    #[error("the model and the data differ in columns or in fraction")]
    Shape,
    /// A row that there is not.
    #[error("row {0} (from 0) does not exist")]
    Row(usize),
    /// Weights that grew beyond [`MAX_WEIGHT`].
    #[error("the weights grow without end; use a smaller learning rate or scale the columns")]
    Diverged,
    /// A parameter out of range.
    #[error("{0}")]
    Parameter(&'static str),
    /// Not the JSON of [`SvmParameters`].
    #[error("the parameters are not what svm/1 takes: {0}")]
    Json(String),
    /// Bytes that are no model.
    #[error("this is not a model of svm/1: {0}")]
    Bytes(&'static str),
    /// A Newton step that has no solution.
    #[error("the sums of this round have no solution; a smaller C helps")]
    Singular,
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl Model {
    /// The model that every training starts from: all weights 0.
    pub fn zero(columns: usize, fraction: u32) -> Self {
        Model {
            fraction,
            weights: vec![0; columns],
            bias: 0,
        }
    }

    /// w.x + b in units of 1/S^2, for encoded values.
    pub fn decision(&self, row: &[i64]) -> i128 {
        let product = self.weights.iter().zip(row);
        let product: i128 = product.map(|(w, x)| i128::from(*w) * i128::from(*x)).sum();
        product + (i128::from(self.bias) << self.fraction)
    }

    /// The classes of rows, true for the positive one.
    pub fn predict(&self, data: &Data) -> Result<Vec<bool>, Error> {
        match data.columns() == self.weights.len() && data.fraction() == self.fraction {
            true => Ok(data
                .rows()
                .map(|(row, _)| self.decision(row) >= 0)
                .collect()),
            false => Err(Error::Shape),
        }
    }

    /// The weights and the bias as numbers, for scaled columns.
    pub fn to_numbers(&self) -> (Vec<f64>, f64) {
        let scale = (1u64 << self.fraction) as f64;
        let weights = self.weights.iter().map(|weight| *weight as f64 / scale);
        (weights.collect(), self.bias as f64 / scale)
    }

    /// Canonical bytes; the layout is on the crate's page.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend((self.fraction as u16).to_le_bytes());
        bytes.extend((self.weights.len() as u32).to_le_bytes());
        for number in self.weights.iter().chain([&self.bias]) {
            bytes.extend(number.to_le_bytes());
        }
        bytes
    }

    /// Reads canonical bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let rest = bytes
            .strip_prefix(&MAGIC)
            .ok_or(Error::Bytes("other first bytes"))?;
        let (head, numbers) = rest
            .split_first_chunk::<8>()
            .ok_or(Error::Bytes("cut short"))?;
        let [v0, v1, f0, f1, count @ ..] = *head;
        if u16::from_le_bytes([v0, v1]) != VERSION {
            return Err(Error::Bytes("a later layout"));
        }
        let fraction = u32::from(u16::from_le_bytes([f0, f1]));
        let columns = u32::from_le_bytes(count) as usize;
        if fraction > MAX_FRACTION || !(1..=MAX_COLUMNS).contains(&columns) {
            return Err(Error::Bytes("fraction or number of columns out of range"));
        }
        if numbers.len() != 8 * (columns + 1) {
            return Err(Error::Bytes("another length than its columns need"));
        }
        let mut numbers = numbers.chunks_exact(8).map(|number| {
            number
                .iter()
                .rev()
                .fold(0u64, |n, byte| n << 8 | u64::from(*byte)) as i64
        });
        let weights: Vec<i64> = numbers.by_ref().take(columns).collect();
        let bias = numbers.next().unwrap_or_default();
        let model = Model {
            fraction,
            weights,
            bias,
        };
        match model.is_bounded() {
            true => Ok(model),
            false => Err(Error::Bytes("a weight of 2^44 units or more")),
        }
    }

    /// blake2-256 of the canonical bytes.
    pub fn digest(&self) -> [u8; 32] {
        Blake2b::<U32>::digest(self.to_bytes()).into()
    }

    fn is_bounded(&self) -> bool {
        let mut numbers = self.weights.iter().chain([&self.bias]);
        numbers.all(|number| number.unsigned_abs() < MAX_WEIGHT as u64)
    }
}

/// A training, one round after the other: whoever has the rows sums over them under
/// [`Trainer::model`], and [`Trainer::absorb`] makes the next model of the sums.
///
/// This is all that one program and a protocol between many share, so both end at the same model.
#[derive(Clone, Debug)]
pub struct Trainer {
    parameters: SvmParameters,
    model: Model,
    rounds: u32,
    costs: Vec<f64>,
    /// Of squared hinge: the last model that the cost accepted, and its cost.
    accepted: Option<(Model, f64)>,
    done: bool,
}

impl Trainer {
    /// A training that starts at 0.
    pub fn new(parameters: &SvmParameters, columns: usize) -> Result<Self, Error> {
        parameters.validate()?;
        match columns {
            0 => Err(Error::NoColumns),
            1..=MAX_COLUMNS => Ok(Trainer {
                parameters: parameters.clone(),
                model: Model::zero(columns, parameters.fraction),
                rounds: 0,
                costs: Vec::new(),
                accepted: None,
                done: false,
            }),
            _ => Err(Error::TooLarge),
        }
    }

    /// The model of this round.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Rounds that were absorbed.
    pub fn rounds(&self) -> u32 {
        self.rounds
    }

    /// The cost 1/2|w|^2 + C sum L of each round's model, over the rows of that round.
    pub fn costs(&self) -> &[f64] {
        &self.costs
    }

    /// Whether the training is over. [`Trainer::model`] is its result then.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// The rows of this round out of `rows`: all of them, or the batch that the parameters' seed
    /// and the round draw. A protocol may draw them by other means.
    pub fn batch(&self, rows: usize) -> Option<Vec<usize>> {
        hinge::batch(&self.parameters, self.rounds, rows)
    }

    /// What [`Sums::of`] must sum up.
    pub fn loss(&self) -> Loss {
        self.parameters.loss
    }

    /// Makes the next model of the sums over all rows of the round under this one.
    pub fn absorb(&mut self, sums: &Sums) -> Result<(), Error> {
        if self.done {
            return Ok(());
        }
        sums.check(&self.model, self.parameters.loss)?;
        let cost = sums.cost(&self.model, &self.parameters);
        self.rounds += 1;
        self.costs.push(cost);
        match self.parameters.loss {
            Loss::Hinge => hinge::step(self, sums, cost)?,
            Loss::SquaredHinge => newton::step(self, sums, cost)?,
        }
        match self.model.is_bounded() {
            true => Ok(()),
            false => Err(Error::Diverged),
        }
    }
}

/// Result of [`train`].
#[derive(Clone, PartialEq, Debug)]
pub struct Trained {
    /// The model.
    pub model: Model,
    /// Rounds.
    pub rounds: u32,
    /// The cost of each round's model.
    pub costs: Vec<f64>,
}

/// Trains on rows that are all here. The result does not depend on the threads.
pub fn train(
    parameters: &SvmParameters,
    data: &Data,
    threads: Option<NonZeroUsize>,
    control: Option<Control<'_>>,
) -> Result<Trained, Error> {
    let mut trainer = Trainer::new(parameters, data.columns())?;
    while !trainer.is_done() {
        if control.is_some_and(|control| control.cancel.load(Ordering::Relaxed)) {
            return Err(Error::Cancelled);
        }
        let batch = trainer.batch(data.len());
        let sums = Sums::of(
            trainer.model(),
            data,
            batch.as_deref(),
            trainer.loss(),
            threads,
        )?;
        trainer.absorb(&sums)?;
        if let Some(control) = control {
            (control.progress)(f64::from(trainer.rounds) / f64::from(parameters.iterations));
        }
    }
    Ok(Trained {
        rounds: trainer.rounds,
        costs: trainer.costs,
        model: trainer.model,
    })
}

/// x / 2^bits, rounded to the nearest integer, halves up.
fn rounded_shift(x: i128, bits: u32) -> i128 {
    match bits.checked_sub(1) {
        Some(half) => (x + (1 << half)) >> bits,
        None => x,
    }
}
