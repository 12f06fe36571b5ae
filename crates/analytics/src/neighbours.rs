//! k nearest neighbours over encoded rows.

use crate::svm::Data;

/// Largest magnitude of an encoded value, 2^25: squared distances over 1024 columns fit 64 bits.
pub const MAX_VALUE: i64 = 1 << 25;
/// Most neighbours.
pub const MAX_NEIGHBOURS: u32 = 1024;

/// What cannot be classified.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// Rows of different columns or fractions.
    #[error("training and test rows differ in columns or in fraction")]
    Shape,
    /// Beyond [`MAX_VALUE`].
    #[error("a value of a column is 2^25 or more in units of 1/S; scale the columns or use a smaller fraction")]
    Value,
    /// k out of range.
    #[error("k must be from 1 to 1024")]
    Neighbours,
}

/// Fails where distances cannot be computed exactly, or k is out of range.
pub fn check(training: &Data, test: &Data, k: u32) -> Result<(), Error> {
    if training.columns() != test.columns() || training.fraction() != test.fraction() {
        return Err(Error::Shape);
    }
    if !(1..=MAX_NEIGHBOURS).contains(&k) {
        return Err(Error::Neighbours);
    }
    let rows = training.rows().chain(test.rows());
    let mut values = rows.flat_map(|(row, _)| row);
    match values.all(|value| value.abs() < MAX_VALUE) {
        true => Ok(()),
        false => Err(Error::Value),
    }
}

/// The square of the Euclidean distance, in units of 1/S^2, of rows that [`check`] took.
pub fn distance(a: &[i64], b: &[i64]) -> u64 {
    let differences = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b));
    differences.fold(0, |sum, difference| {
        sum.wrapping_add(difference.wrapping_mul(difference))
    })
}

/// All training rows by their distance from `row`, the nearest first, equals in their order.
pub fn ranking(training: &Data, row: &[i64]) -> Vec<u32> {
    let rows = training.rows().zip(0u32..);
    let mut ranked: Vec<(u64, u32)> = rows
        .map(|((other, _), index)| (distance(other, row), index))
        .collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, index)| index).collect()
}

/// The classes of the test rows: positive where more than half of the k nearest training rows are,
/// or of all of them if there are fewer than k.
pub fn predict(training: &Data, test: &Data, k: u32) -> Result<Vec<bool>, Error> {
    check(training, test, k)?;
    let k = (k as usize).min(training.len());
    let classes = test.rows().map(|(row, _)| {
        let rows = training.rows().zip(0u32..);
        let mut near: Vec<(u64, u32, bool)> = rows
            .map(|((other, positive), index)| (distance(other, row), index, positive))
            .collect();
        if k < near.len() {
            near.select_nth_unstable(k);
        }
        let positives = near
            .iter()
            .take(k)
            .filter(|(_, _, positive)| *positive)
            .count();
        2 * positives > k
    });
    Ok(classes.collect())
}
