//! Scaling of columns before clustering.

use std::{fmt, str::FromStr};

use ndarray::{Array2, ArrayViewMut2};
use serde::{de::IntoDeserializer, Deserialize, Serialize};

/// How columns are scaled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scaling {
    /// Not at all.
    #[default]
    None,
    /// To the range 0 to 1: (x - min) / (max - min).
    MinMax,
    /// To mean 0 and standard deviation 1: (x - mean) / sd, sd over n (not n - 1).
    ZScore,
}

impl FromStr for Scaling {
    type Err = serde::de::value::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::deserialize(text.into_deserializer())
    }
}

impl fmt::Display for Scaling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// x becomes (x - offset) / divisor, column by column.
#[derive(Clone, PartialEq, Debug)]
pub struct Scale {
    /// Subtracted, in the units of the column.
    pub offset: Vec<f64>,
    /// Divided by, in the units of the column; 1 for a constant column.
    pub divisor: Vec<f64>,
}

impl Scale {
    /// Measures `values` (n x d, finite) and scales them in place. Sums run in the order of the
    /// rows.
    pub fn apply(scaling: Scaling, mut values: ArrayViewMut2<'_, f64>) -> Scale {
        let columns = values.ncols();
        let mut scale = Scale {
            offset: vec![0.0; columns],
            divisor: vec![1.0; columns],
        };
        if scaling == Scaling::None || values.nrows() == 0 {
            return scale;
        }
        let rows = values.nrows() as f64;
        for (column, mut values) in values.columns_mut().into_iter().enumerate() {
            let (offset, divisor) = match scaling {
                Scaling::None => (0.0, 1.0),
                Scaling::MinMax => {
                    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
                    for &value in &values {
                        low = low.min(value);
                        high = high.max(value);
                    }
                    // -0.0 becomes 0.0: which of the two zeros is the least is not defined.
                    (low + 0.0, high - low)
                }
                Scaling::ZScore => {
                    let mean = values.iter().fold(0.0, |sum, value| sum + value) / rows;
                    let squares = values.iter().fold(0.0, |sum, value| {
                        let difference = value - mean;
                        sum + difference * difference
                    });
                    (mean, (squares / rows).sqrt())
                }
            };
            let divisor = if divisor == 0.0 { 1.0 } else { divisor };
            for value in &mut values {
                *value = (*value - offset) / divisor;
            }
            scale.offset[column] = offset;
            scale.divisor[column] = divisor;
        }
        scale
    }

    /// Scales other rows (n x d) in place, as the rows that were measured.
    pub fn scale(&self, mut values: ArrayViewMut2<'_, f64>) {
        for mut row in values.rows_mut() {
            for ((value, offset), divisor) in row.iter_mut().zip(&self.offset).zip(&self.divisor) {
                *value = (*value - offset) / divisor;
            }
        }
    }

    /// Scaled rows (n x d) back in the units of the table.
    pub fn undo(&self, scaled: &Array2<f64>) -> Array2<f64> {
        let mut values = scaled.clone();
        for mut row in values.rows_mut() {
            for ((value, offset), divisor) in row.iter_mut().zip(&self.offset).zip(&self.divisor) {
                *value = *value * divisor + offset;
            }
        }
        values
    }
}
