//! Rows and classes as integers.

use ndarray::ArrayView2;

use super::{Error, MAX_COLUMNS, MAX_FRACTION, MAX_ROWS, MAX_VALUE};

/// Rows in units of 1/S, S = 2^fraction, and the class of each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Data {
    fraction: u32,
    columns: usize,
    values: Vec<i64>,
    positive: Vec<bool>,
}

impl Data {
    /// Encodes scaled rows (n x d): x S, rounded to the nearest integer, halves to even.
    /// `positive` says which rows are of the positive class.
    pub fn encode<'a>(
        values: impl Into<ArrayView2<'a, f64>>,
        positive: &[bool],
        fraction: u32,
    ) -> Result<Self, Error> {
        let values = values.into();
        let (rows, columns) = values.dim();
        if rows == 0 {
            return Err(Error::NoRows);
        }
        if columns == 0 {
            return Err(Error::NoColumns);
        }
        if rows > MAX_ROWS || columns > MAX_COLUMNS {
            return Err(Error::TooLarge);
        }
        if fraction > MAX_FRACTION {
            return Err(Error::Parameter("the fraction must be from 0 to 30 bits"));
        }
        if positive.len() != rows {
            return Err(Error::Labels {
                rows,
                labels: positive.len(),
            });
        }
        let scale = (1u64 << fraction) as f64;
        let mut encoded = Vec::with_capacity(rows * columns);
        for ((row, column), value) in values.indexed_iter() {
            let scaled = (value * scale).round_ties_even();
            // NaN is below nothing.
            match scaled.abs() < MAX_VALUE as f64 {
                true => encoded.push(scaled as i64),
                false => return Err(Error::Value { row, column }),
            }
        }
        Ok(Data {
            fraction,
            columns,
            values: encoded,
            positive: positive.to_vec(),
        })
    }

    /// Bits after the point.
    pub fn fraction(&self) -> u32 {
        self.fraction
    }

    /// Columns d.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Rows n.
    pub fn len(&self) -> usize {
        self.positive.len()
    }

    /// Whether there is no row. Only [`Data::select`] makes such data.
    pub fn is_empty(&self) -> bool {
        self.positive.is_empty()
    }

    /// A row and whether its class is the positive one.
    pub fn row(&self, index: usize) -> Result<(&[i64], bool), Error> {
        let values = self.values.chunks_exact(self.columns).nth(index);
        let class = self.positive.get(index);
        match (values, class) {
            (Some(values), Some(class)) => Ok((values, *class)),
            _ => Err(Error::Row(index)),
        }
    }

    /// All rows in order.
    pub fn rows(&self) -> impl Iterator<Item = (&[i64], bool)> {
        let rows = self.values.chunks_exact(self.columns);
        rows.zip(self.positive.iter().copied())
    }

    /// The rows that `keep` keeps; there may be none.
    pub fn select(&self, mut keep: impl FnMut(&[i64], bool) -> bool) -> Data {
        let mut kept = Data {
            fraction: self.fraction,
            columns: self.columns,
            values: Vec::new(),
            positive: Vec::new(),
        };
        for (row, positive) in self.rows().filter(|(row, positive)| keep(row, *positive)) {
            kept.values.extend(row);
            kept.positive.push(positive);
        }
        kept
    }

    /// Adds the rows of another.
    pub fn append(&mut self, other: &Data) -> Result<(), Error> {
        if other.columns != self.columns || other.fraction != self.fraction {
            return Err(Error::Shape);
        }
        if self.len() + other.len() > MAX_ROWS {
            return Err(Error::TooLarge);
        }
        self.values.extend(&other.values);
        self.positive.extend(&other.positive);
        Ok(())
    }

    /// Up to `count` rows, from row `from` on.
    pub(super) fn part(&self, from: usize, count: usize) -> impl Iterator<Item = (&[i64], bool)> {
        let end = self.len().min(from + count);
        let values = self.values.get(from * self.columns..end * self.columns);
        let classes = self.positive.get(from..end).unwrap_or_default();
        let rows = values.unwrap_or_default().chunks_exact(self.columns);
        rows.zip(classes.iter().copied())
    }

    /// The classes, true for the positive one.
    pub fn classes(&self) -> &[bool] {
        &self.positive
    }
}

/// Which rows are of the positive class: those whose value in the column of classes is one of
/// `positive`. Both classes must occur.
pub fn labels(column: impl IntoIterator<Item = f64>, positive: &[f64]) -> Result<Vec<bool>, Error> {
    let labels: Vec<bool> = column
        .into_iter()
        .map(|value| positive.contains(&value))
        .collect();
    match labels.contains(&true) && labels.contains(&false) {
        true => Ok(labels),
        false => Err(Error::OneClass),
    }
}
