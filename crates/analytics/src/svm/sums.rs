//! Sums over rows: all that training needs of them.

use std::num::NonZeroUsize;

use super::{Data, Error, Loss, Model, SvmParameters};
use crate::workers;

/// Rows that one task sums.
const CHUNK: usize = 1024;

impl Model {
    /// Whether a row is active: y(w.x + b) < 1.
    pub fn is_active(&self, row: &[i64], positive: bool) -> bool {
        let decision = self.decision(row);
        let margin = if positive { decision } else { -decision };
        margin < 1 << (2 * self.fraction)
    }
}

/// Sums over the active rows, those with y(w.x + b) < 1. Integers: the sums of several holders
/// of rows, added, are the sums over all their rows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sums {
    /// Rows looked at, active or not.
    pub rows: i128,
    /// Active rows.
    pub active: i128,
    /// Sum of y.
    pub classes: i128,
    /// Sum of y x, in units of 1/S.
    pub gradient: Vec<i128>,
    /// Sum of x, in units of 1/S; empty for the hinge loss.
    pub values: Vec<i128>,
    /// Sum of x x', in units of 1/S^2: the lower triangle, row by row; empty for the hinge loss.
    pub products: Vec<i128>,
}

impl Sums {
    /// Of no rows.
    pub fn zero(columns: usize, loss: Loss) -> Self {
        let (values, products) = match loss {
            Loss::Hinge => (0, 0),
            Loss::SquaredHinge => (columns, columns * (columns + 1) / 2),
        };
        Sums {
            rows: 0,
            active: 0,
            classes: 0,
            gradient: vec![0; columns],
            values: vec![0; values],
            products: vec![0; products],
        }
    }

    /// Over the rows of `data`, or over those of a batch only.
    pub fn of(
        model: &Model,
        data: &Data,
        batch: Option<&[usize]>,
        loss: Loss,
        threads: Option<NonZeroUsize>,
    ) -> Result<Self, Error> {
        if data.columns() != model.weights.len() || data.fraction() != model.fraction {
            return Err(Error::Shape);
        }
        let mut sums = Sums::zero(data.columns(), loss);
        match batch {
            Some(batch) => {
                for index in batch {
                    let (row, positive) = data.row(*index)?;
                    sums.take(model, row, positive);
                }
            }
            None => {
                let chunks: Vec<_> = (0..data.len().div_ceil(CHUNK)).collect();
                let task = |_: &mut (), chunk: usize| {
                    let mut sums = Sums::zero(data.columns(), loss);
                    for (row, positive) in data.part(chunk * CHUNK, CHUNK) {
                        sums.take(model, row, positive);
                    }
                    sums
                };
                for part in workers::map(workers::count(threads), chunks, || (), task) {
                    sums.add(&part)?;
                }
            }
        }
        Ok(sums)
    }

    /// Over rows of which somebody else said which are active, one flag for each row.
    pub fn of_active(data: &Data, active: &[bool], loss: Loss) -> Result<Self, Error> {
        if active.len() != data.len() {
            return Err(Error::Labels {
                rows: data.len(),
                labels: active.len(),
            });
        }
        let mut sums = Sums::zero(data.columns(), loss);
        for ((row, positive), active) in data.rows().zip(active) {
            sums.count(row, positive, *active);
        }
        Ok(sums)
    }

    fn take(&mut self, model: &Model, row: &[i64], positive: bool) {
        self.count(row, positive, model.is_active(row, positive));
    }

    fn count(&mut self, row: &[i64], positive: bool, active: bool) {
        self.rows += 1;
        if !active {
            return;
        }
        let sign = if positive { 1 } else { -1 };
        self.active += 1;
        self.classes += sign;
        for (sum, x) in self.gradient.iter_mut().zip(row) {
            *sum += sign * i128::from(*x);
        }
        for (sum, x) in self.values.iter_mut().zip(row) {
            *sum += i128::from(*x);
        }
        let pairs = (0..row.len()).flat_map(|i| (0..=i).map(move |j| (i, j)));
        for (sum, (i, j)) in self.products.iter_mut().zip(pairs) {
            *sum += i128::from(row[i]) * i128::from(row[j]);
        }
    }

    /// Adds the sums over other rows.
    pub fn add(&mut self, other: &Sums) -> Result<(), Error> {
        let lengths = |sums: &Sums| [sums.gradient.len(), sums.values.len(), sums.products.len()];
        if lengths(self) != lengths(other) {
            return Err(Error::Shape);
        }
        for (sum, part) in self.numbers_mut().zip(other.numbers()) {
            *sum = sum.checked_add(*part).ok_or(Error::TooLarge)?;
        }
        Ok(())
    }

    /// All numbers in a fixed order: rows, active, classes, gradient, values, products.
    pub fn to_integers(&self) -> Vec<i128> {
        self.numbers().copied().collect()
    }

    /// The sums with these numbers.
    pub fn from_integers(columns: usize, loss: Loss, numbers: &[i128]) -> Result<Self, Error> {
        let mut sums = Sums::zero(columns, loss);
        if sums.numbers().count() != numbers.len() {
            return Err(Error::Shape);
        }
        for (sum, number) in sums.numbers_mut().zip(numbers) {
            *sum = *number;
        }
        Ok(sums)
    }

    fn numbers(&self) -> impl Iterator<Item = &i128> {
        let lists = self
            .gradient
            .iter()
            .chain(&self.values)
            .chain(&self.products);
        [&self.rows, &self.active, &self.classes]
            .into_iter()
            .chain(lists)
    }

    fn numbers_mut(&mut self) -> impl Iterator<Item = &mut i128> {
        let lists = self
            .gradient
            .iter_mut()
            .chain(&mut self.values)
            .chain(&mut self.products);
        [&mut self.rows, &mut self.active, &mut self.classes]
            .into_iter()
            .chain(lists)
    }

    /// Whether they can be sums of a round of this model. Sums of others may be anything.
    pub(super) fn check(&self, model: &Model, loss: Loss) -> Result<(), Error> {
        let columns = model.weights.len();
        let expected = Sums::zero(columns, loss);
        let lengths = [self.gradient.len(), self.values.len(), self.products.len()];
        if lengths != [columns, expected.values.len(), expected.products.len()] {
            return Err(Error::Shape);
        }
        let possible = self.rows >= 1
            && (0..=self.rows).contains(&self.active)
            && self.classes.unsigned_abs() <= self.active.unsigned_abs();
        let bounded = self.numbers().all(|number| number.unsigned_abs() < 1 << 98);
        let gradient = self.gradient.iter().chain(&self.values);
        let small = gradient.into_iter().all(|sum| sum.unsigned_abs() < 1 << 64);
        match possible && bounded && small && self.rows < 1 << 32 {
            true => Ok(()),
            false => Err(Error::TooLarge),
        }
    }

    /// 1/2|w|^2 + C sum L, of these rows and the model that the sums were taken under.
    pub(super) fn cost(&self, model: &Model, parameters: &SvmParameters) -> f64 {
        let (weights, bias) = model.to_numbers();
        let mut square: f64 = weights
            .iter()
            .fold(0.0, |sum, weight| sum + weight * weight);
        if parameters.penalise_bias {
            square += bias * bias;
        }
        let scale = (1u64 << model.fraction) as f64;
        let loss = match parameters.loss {
            Loss::Hinge => {
                // Exact until the end: the sum of S^2 - y(w.x + b S).
                let products = model.weights.iter().zip(&self.gradient);
                let margins = products.map(|(w, sum)| i128::from(*w) * sum).sum::<i128>()
                    + ((i128::from(model.bias) * self.classes) << model.fraction);
                let total = (self.active << (2 * model.fraction)) - margins;
                total as f64 / scale / scale
            }
            Loss::SquaredHinge => {
                // The sum of (1 - m)^2 = n - 2 w.v + w'Mw.
                let (matrix, vector) = self.system(model.fraction);
                let weights: Vec<f64> = weights.into_iter().chain([bias]).collect();
                let mut total = self.active as f64;
                for (i, weight) in weights.iter().enumerate() {
                    let row = matrix[i].iter().zip(&weights);
                    let product = row.fold(0.0, |sum, (entry, other)| sum + entry * other);
                    total += weight * (product - 2.0 * vector[i]);
                }
                total.max(0.0)
            }
        };
        0.5 * square + parameters.c * loss
    }

    /// Of squared hinge: M, the sum of (x, 1)(x, 1)', and v, the sum of y (x, 1).
    pub(super) fn system(&self, fraction: u32) -> (Vec<Vec<f64>>, Vec<f64>) {
        let columns = self.gradient.len();
        let scale = (1u64 << fraction) as f64;
        let mut matrix = vec![vec![0.0; columns + 1]; columns + 1];
        let pairs = (0..columns).flat_map(|i| (0..=i).map(move |j| (i, j)));
        for ((i, j), product) in pairs.zip(&self.products) {
            let entry = *product as f64 / scale / scale;
            matrix[i][j] = entry;
            matrix[j][i] = entry;
        }
        for (i, sum) in self.values.iter().enumerate() {
            let entry = *sum as f64 / scale;
            matrix[i][columns] = entry;
            matrix[columns][i] = entry;
        }
        matrix[columns][columns] = self.active as f64;
        let gradient = self.gradient.iter().map(|sum| *sum as f64 / scale);
        (matrix, gradient.chain([self.classes as f64]).collect())
    }
}
