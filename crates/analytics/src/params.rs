//! Parameters of a job as canonical JSON: keys sorted, no white space, defaults filled in.

use serde::{Deserialize, Serialize};

use crate::{fcm, scale::Scaling, table};

/// Longest parameters, bytes: what the chain takes.
pub const MAX_BYTES: usize = 1024;

/// Everything that decides the result of `fcm/1`. Fields are in alphabetical order, which is the
/// order of the canonical JSON.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FcmParameters {
    /// Number of clusters c.
    pub clusters: u32,
    /// Stop once no prototype moved by more than this, in scaled units.
    pub epsilon: f64,
    /// Fuzzy exponent m.
    pub m: f64,
    /// Stop after this many updates.
    pub max_iterations: u32,
    /// Scaling of the columns.
    pub scaling: Scaling,
    /// How the inputs are read.
    pub table: table::Options,
}

impl Default for FcmParameters {
    fn default() -> Self {
        let fcm = fcm::Options::default();
        FcmParameters {
            clusters: 2,
            epsilon: fcm.epsilon,
            m: fcm.m,
            max_iterations: fcm.max_iterations,
            scaling: Scaling::None,
            table: table::Options::default(),
        }
    }
}

/// Why parameters are refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// Not the JSON of [`FcmParameters`].
    #[error("the parameters are not what fcm/1 takes: {0}")]
    Json(String),
    /// Longer than [`MAX_BYTES`].
    #[error("the parameters take more than 1024 bytes")]
    TooLong,
    /// A value out of range.
    #[error(transparent)]
    Value(#[from] fcm::Error),
}

impl FcmParameters {
    /// Reads JSON; missing keys get their defaults, unknown ones are refused.
    pub fn from_json(json: &[u8]) -> Result<FcmParameters, Error> {
        if json.len() > MAX_BYTES {
            return Err(Error::TooLong);
        }
        let parameters: FcmParameters =
            serde_json::from_slice(json).map_err(|error| Error::Json(error.to_string()))?;
        parameters.validate()?;
        Ok(parameters)
    }

    /// The one spelling of these parameters, at most [`MAX_BYTES`].
    pub fn to_canonical_json(&self) -> Result<String, Error> {
        self.validate()?;
        let json = serde_json::to_string(self).map_err(|error| Error::Json(error.to_string()))?;
        match json.len() <= MAX_BYTES {
            true => Ok(json),
            false => Err(Error::TooLong),
        }
    }

    /// Checks ranges.
    pub fn validate(&self) -> Result<(), Error> {
        Ok(self.options().validate()?)
    }

    /// The clustering's part, for all threads and the best instructions of the machine.
    pub fn options(&self) -> fcm::Options {
        fcm::Options {
            clusters: self.clusters as usize,
            m: self.m,
            epsilon: self.epsilon,
            max_iterations: self.max_iterations,
            ..fcm::Options::default()
        }
    }
}
