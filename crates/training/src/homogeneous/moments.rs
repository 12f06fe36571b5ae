//! A common scale from sums: mean and standard deviation of each column.

use codec::{Decode, Encode};
use ndarray::{Array2, ArrayView2};
use salus_analytics::scale::Scale;

use super::{Rows, Terms};
use crate::Error;

/// Bits after the point of the values that are summed.
const FRACTION: u32 = 16;
/// Magnitudes are below this.
const MAX_VALUE: f64 = (1u64 << 20) as f64;

/// Number of rows, and of each column the number of values, their sum and the sum of their squares, in
/// units of 2^-16 and 2^-32. Integers: those of several holders of rows, added, are those of all.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Moments {
    numbers: Vec<i128>,
    columns: u32,
}

impl Moments {
    /// How many numbers these are.
    pub fn length(columns: usize) -> usize {
        1 + 3 * columns
    }

    /// Of these rows; NaN is a value that is missing.
    pub fn of(values: ArrayView2<'_, f64>) -> Result<Self, Error> {
        let columns = values.ncols();
        let mut numbers = vec![values.nrows() as i128];
        for (index, column) in values.columns().into_iter().enumerate() {
            let (mut count, mut sum, mut squares) = (0i128, 0i128, 0i128);
            for value in column.iter().filter(|value| !value.is_nan()) {
                if value.abs() >= MAX_VALUE {
                    return Err(Error::Parameter(format!(
                        "a value in column {index} (from 0) is 2^20 or more; use a larger unit"
                    )));
                }
                let value = (value * f64::from(1 << FRACTION)).round_ties_even() as i128;
                count += 1;
                sum += value;
                squares += value * value;
            }
            numbers.extend([count, sum, squares]);
        }
        Ok(Moments {
            numbers,
            columns: columns as u32,
        })
    }

    /// The numbers, in a fixed order.
    pub fn to_integers(&self) -> &[i128] {
        &self.numbers
    }

    /// The moments with these numbers, if they can be any.
    pub fn from_integers(columns: usize, numbers: Vec<i128>) -> Option<Self> {
        let (rows, rest) = numbers.split_first()?;
        let possible = |numbers: &[i128]| match numbers {
            [count, sum, squares] => {
                (0..=*rows).contains(count)
                    && sum.unsigned_abs() <= count.unsigned_abs() << 36
                    && (0..=*count << 72).contains(squares)
            }
            _ => false,
        };
        let right = numbers.len() == Self::length(columns)
            && (1..=1 << 24).contains(rows)
            && rest.chunks(3).all(possible);
        right.then_some(Moments {
            numbers,
            columns: columns as u32,
        })
    }

    /// Rows.
    pub fn rows(&self) -> i128 {
        self.numbers.first().copied().unwrap_or_default()
    }

    /// To mean 0 and standard deviation 1 over all rows, a missing value counting as the mean.
    pub fn scale(&self) -> Scale {
        let unit = f64::from(1 << FRACTION);
        let (mut offset, mut divisor) = (Vec::new(), Vec::new());
        for numbers in self.numbers.get(1..).unwrap_or_default().chunks(3) {
            let &[count, sum, squares] = numbers else {
                break;
            };
            let mean = if count > 0 {
                sum as f64 / count as f64 / unit
            } else {
                0.0
            };
            // Exact until the division: count squares - sum^2 is below 2^121.
            let spread = (count * squares - sum * sum).max(0) as f64;
            let variance = if count > 0 {
                spread / count as f64 / self.rows() as f64
            } else {
                0.0
            };
            let deviation = variance.sqrt() / unit;
            offset.push(mean);
            divisor.push(if deviation > 0.0 { deviation } else { 1.0 });
        }
        Scale { offset, divisor }
    }
}

impl Terms {
    /// The rows as the training takes them: missing values replaced by the mean of all providers,
    /// scaled, encoded.
    pub fn encode(
        &self,
        rows: &Rows,
        moments: Option<&Moments>,
    ) -> Result<salus_analytics::svm::Data, Error> {
        // A copy that is wiped.
        let mut scaled = rows.clone();
        let values: &mut Array2<f64> = &mut scaled.values;
        if let Some(moments) = moments {
            let scale = moments.scale();
            for (mut column, mean) in values.columns_mut().into_iter().zip(&scale.offset) {
                column.map_inplace(|value| {
                    if value.is_nan() {
                        *value = *mean;
                    }
                });
            }
            scale.scale(values.view_mut());
        }
        let data = salus_analytics::svm::Data::encode(&*values, &rows.positive, self.svm.fraction)?;
        let limit = 1i64 << self.value_bits();
        let small = data
            .rows()
            .all(|(row, _)| row.iter().all(|x| x.abs() < limit));
        match small {
            true => Ok(data),
            false => Err(Error::Parameter(format!(
                "a scaled value is 2^{} or more; state a wider range, or look for a wrong value",
                self.range_bits
            ))),
        }
    }
}
