//! Parameters of a training as canonical JSON.

use serde::{Deserialize, Serialize};

use super::Error;
use crate::{params::MAX_BYTES, scale::Scaling};

/// Most rounds.
pub const MAX_ITERATIONS: u32 = 1_000_000;
/// Most bits after the point.
pub const MAX_FRACTION: u32 = 30;

/// What a wrong side costs, for m = y(w.x + b).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// max(0, 1 - m), by gradient descent.
    #[default]
    Hinge,
    /// max(0, 1 - m)^2, by Newton's method on the sums of the active rows.
    SquaredHinge,
}

/// Everything that decides the result of `svm/1`. Fields are in alphabetical order, which is the
/// order of the canonical JSON.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SvmParameters {
    /// Rows of a round of gradient descent; 0 for all of them. One is stochastic descent.
    pub batch: u32,
    /// C, the weight of the losses against 1/2|w|^2. lambda is 1/C.
    pub c: f64,
    /// Learning rate of gradient descent.
    pub eta: f64,
    /// Bits after the point of values and weights.
    pub fraction: u32,
    /// Most rounds T.
    pub iterations: u32,
    /// The loss.
    pub loss: Loss,
    /// Whether the cost has 1/2 b^2 as well.
    pub penalise_bias: bool,
    /// The values that are the positive class, in the column of classes; from 1 to 16 of them.
    pub positive: Vec<f64>,
    /// Scaling of the columns.
    pub scaling: Scaling,
    /// Decides the rows of a batch.
    pub seed: u64,
    /// Stop once the cost 1/2|w|^2 + C sum L is not above this.
    pub stop_cost: f64,
}

impl Default for SvmParameters {
    fn default() -> Self {
        SvmParameters {
            batch: 0,
            c: 1.0,
            eta: 0.001,
            fraction: 16,
            iterations: 300,
            loss: Loss::Hinge,
            penalise_bias: false,
            positive: vec![1.0],
            scaling: Scaling::ZScore,
            seed: 0,
            stop_cost: 0.0,
        }
    }
}

impl SvmParameters {
    /// Reads JSON; missing keys get their defaults, unknown ones are refused.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        if json.len() > MAX_BYTES {
            return Err(Error::Parameter("the parameters take more than 1024 bytes"));
        }
        let parameters: Self =
            serde_json::from_slice(json).map_err(|error| Error::Json(error.to_string()))?;
        parameters.validate()?;
        Ok(parameters)
    }

    /// The one spelling of these parameters.
    pub fn to_canonical_json(&self) -> Result<String, Error> {
        self.validate()?;
        serde_json::to_string(self).map_err(|error| Error::Json(error.to_string()))
    }

    /// Checks ranges.
    pub fn validate(&self) -> Result<(), Error> {
        // Written so that NaN fails.
        let refused = |ok: bool, what| {
            if ok {
                Ok(())
            } else {
                Err(Error::Parameter(what))
            }
        };
        refused(
            self.c >= 2f64.powi(-20) && self.c <= 2f64.powi(20),
            "C must be from 2^-20 to 2^20",
        )?;
        refused(
            self.eta >= 2f64.powi(-32) && self.eta <= 1024.0,
            "the learning rate eta must be from 2^-32 to 1024",
        )?;
        refused(
            self.fraction <= MAX_FRACTION,
            "the fraction must be from 0 to 30 bits",
        )?;
        refused(
            (1..=MAX_ITERATIONS).contains(&self.iterations),
            "the number of iterations must be from 1 to 1000000",
        )?;
        refused(
            self.stop_cost >= 0.0 && self.stop_cost.is_finite(),
            "the cost to stop at must be a finite number, 0 or more",
        )?;
        refused(
            (1..=16).contains(&self.positive.len()) && self.positive.iter().all(|v| v.is_finite()),
            "the positive class must be 1 to 16 finite numbers",
        )?;
        refused(
            self.batch == 0 || self.loss == Loss::Hinge,
            "batches are for the hinge loss; Newton's method sums over all rows",
        )
    }

    /// eta in units of 2^-32.
    pub(super) fn eta_units(&self) -> i128 {
        (self.eta * 2f64.powi(32)).round_ties_even() as i128
    }

    /// lambda = 1/C in units of 2^-32.
    pub(super) fn lambda_units(&self) -> i128 {
        (2f64.powi(32) / self.c).round_ties_even() as i128
    }
}
