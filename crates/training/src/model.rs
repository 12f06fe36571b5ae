//! The model as it is delivered: the whole of it or one participant's part, with what is needed to
//! apply it to rows that were not trained on.

use blake2::{digest::consts::U32, Blake2b, Digest as _};
use codec::{Decode, DecodeAll, Encode};
use ndarray::Array2;
use salus_analytics::{
    scale::Scale,
    svm::{self, Data, SvmParameters},
};
use salus_primitives::{training::Position, Digest};

use crate::{Ended, SessionId};

/// One column of the model.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Column {
    /// The attribute.
    pub name: String,
    /// Replaces a missing value; NaN where none may be missing.
    pub missing: f64,
    /// Subtracted from a value.
    pub offset: f64,
    /// Divides it then.
    pub divisor: f64,
    /// Weight, in units of 1/S.
    pub weight: i64,
}

/// A model or a part of one. Its SCALE encoding, after a byte for the version, is what is sealed to those
/// entitled and what the digest on the chain is of.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ModelPart {
    /// The training's session.
    pub session: SessionId,
    /// Position of who made it.
    pub position: Position,
    /// Canonical JSON of [`SvmParameters`].
    pub parameters: Vec<u8>,
    /// Columns, in their order.
    pub columns: Vec<Column>,
    /// Name of the column of classes, from who has it.
    pub class: Option<String>,
    /// The bias, in units of 1/S; one part has it.
    pub bias: Option<i64>,
    /// Rounds.
    pub rounds: u32,
    /// Why the training ended.
    pub ended: Ended,
    /// So that a digest tells nothing of a part that could be guessed.
    pub salt: [u8; 32],
}

/// Version of the encoding.
const VERSION: u8 = 1;
/// Longest part, bytes: 1024 columns with names of 900 bytes.
pub const MAX_PART: usize = 1 << 20;

/// Why parts are no model, or a model does not fit to rows.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// Bytes that are no part.
    #[error("this is no part of a model")]
    Malformed,
    /// Parts that are not those which the chain names.
    #[error("the parts are not those that the chain has the digest of")]
    Digest,
    /// Parts that do not fit together.
    #[error("the parts do not fit together: {0}")]
    Parts(&'static str),
    /// An attribute that the rows do not have.
    #[error("the rows have no column {0:?}, which the model needs")]
    NoColumn(String),
    /// A value that is missing and cannot be replaced.
    #[error(
        "row {row} (from 1) has no value in column {column:?}, and the training had none missing"
    )]
    Missing {
        /// Row from 1.
        row: usize,
        /// The attribute.
        column: String,
    },
    /// Numbers that the algorithm refuses.
    #[error(transparent)]
    Svm(#[from] svm::Error),
}

impl ModelPart {
    /// The one encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        (VERSION, self).encode()
    }

    /// Reads it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_PART {
            return Err(Error::Malformed);
        }
        match <(u8, ModelPart)>::decode_all(&mut &*bytes) {
            Ok((VERSION, part)) => Ok(part),
            _ => Err(Error::Malformed),
        }
    }

    /// blake2-256 of the encoding: of a homogeneous training what the chain has of the model.
    pub fn commitment(&self) -> Digest {
        Digest::from(<[u8; 32]>::from(Blake2b::<U32>::digest(self.to_bytes())))
    }

    /// Columns of these names, scaled so, with these weights.
    pub fn columns(
        names: &[String],
        missing: &[f64],
        scale: &Scale,
        weights: &[i64],
    ) -> Vec<Column> {
        let scale = scale.offset.iter().zip(&scale.divisor);
        let named = names.iter().zip(missing).zip(scale).zip(weights);
        named
            .map(|(((name, missing), (offset, divisor)), weight)| Column {
                name: name.clone(),
                missing: *missing,
                offset: *offset,
                divisor: *divisor,
                weight: *weight,
            })
            .collect()
    }
}

/// What the chain has of a heterogeneous model: blake2-256 of SCALE(`salus/training/parts/1`,
/// commitments of the parts by position).
pub fn digest_of_parts(commitments: &[Digest]) -> Digest {
    let list = (b"salus/training/parts/1", commitments).encode();
    Digest::from(<[u8; 32]>::from(Blake2b::<U32>::digest(list)))
}

/// A whole model, ready to be applied.
#[derive(Clone, PartialEq, Debug)]
pub struct Trained {
    /// What it was trained with.
    pub parameters: SvmParameters,
    /// Its columns: those of all parts, in the order of positions.
    pub columns: Vec<Column>,
    /// Name of the column of classes, where it had one.
    pub class: Option<String>,
    /// The bias, in units of 1/S.
    pub bias: i64,
    /// Rounds.
    pub rounds: u32,
    /// Why the training ended.
    pub ended: Ended,
}

impl Trained {
    /// The model of these parts, which must be those that the chain has the digest of: one of a
    /// homogeneous training, else all, in the order of positions.
    pub fn combine(
        parts: &[ModelPart],
        heterogeneous: bool,
        digest: &Digest,
    ) -> Result<Self, Error> {
        let commitments: Vec<Digest> = parts.iter().map(ModelPart::commitment).collect();
        let right = match (heterogeneous, commitments.as_slice()) {
            (true, all) => digest_of_parts(all) == *digest,
            (false, [one]) => one == digest,
            (false, _) => false,
        };
        let (Some(first), true) = (parts.first(), right) else {
            return Err(Error::Digest);
        };
        let same = |part: &ModelPart| {
            (part.session, part.rounds, part.ended) == (first.session, first.rounds, first.ended)
                && part.parameters == first.parameters
        };
        if !parts.iter().all(same) {
            return Err(Error::Parts("they are of different trainings"));
        }
        let mut biases = parts.iter().filter_map(|part| part.bias);
        let (Some(bias), None) = (biases.next(), biases.next()) else {
            return Err(Error::Parts("one has the bias, and no more than one"));
        };
        Ok(Trained {
            parameters: SvmParameters::from_json(&first.parameters)?,
            columns: parts.iter().flat_map(|part| part.columns.clone()).collect(),
            class: parts.iter().find_map(|part| part.class.clone()),
            bias,
            rounds: first.rounds,
            ended: first.ended,
        })
    }

    /// The model of `svm/1`, for scaled columns.
    pub fn model(&self) -> svm::Model {
        svm::Model {
            fraction: self.parameters.fraction,
            weights: self.columns.iter().map(|column| column.weight).collect(),
            bias: self.bias,
        }
    }

    /// Which rows it takes for the positive class. `names` are those of the columns of `values`, in any
    /// order and with others between; NaN is a missing value.
    pub fn predict(&self, names: &[String], values: &Array2<f64>) -> Result<Vec<bool>, Error> {
        let mut scaled = Array2::zeros((values.nrows(), self.columns.len()));
        for (column, mut to) in self.columns.iter().zip(scaled.columns_mut()) {
            let place = names.iter().position(|name| *name == column.name);
            let place = place.ok_or_else(|| Error::NoColumn(column.name.clone()))?;
            for (row, (from, to)) in values.column(place).iter().zip(&mut to).enumerate() {
                let value = if from.is_nan() { column.missing } else { *from };
                if value.is_nan() {
                    return Err(Error::Missing {
                        row: row + 1,
                        column: column.name.clone(),
                    });
                }
                *to = (value - column.offset) / column.divisor;
            }
        }
        // The classes are what is asked for.
        let none = vec![false; scaled.nrows()];
        let data = Data::encode(&scaled, &none, self.parameters.fraction)?;
        Ok(self.model().predict(&data)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(position: Position, names: &[&str], weights: &[i64], bias: Option<i64>) -> ModelPart {
        let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
        let scale = Scale {
            offset: vec![1.0; names.len()],
            divisor: vec![2.0; names.len()],
        };
        let parameters = SvmParameters {
            fraction: 8,
            ..SvmParameters::default()
        };
        ModelPart {
            session: [3; 32],
            position,
            parameters: parameters.to_canonical_json().unwrap().into_bytes(),
            columns: ModelPart::columns(&names, &vec![f64::NAN; names.len()], &scale, weights),
            class: bias.map(|_| "class".into()),
            bias,
            rounds: 5,
            ended: Ended::Rounds,
            salt: [position as u8; 32],
        }
    }

    #[test]
    fn parts_make_the_model_that_the_chain_names() {
        let parts = [
            part(0, &["a", "b"], &[256, 0], None),
            part(1, &["c"], &[-512], Some(128)),
        ];
        let commitments: Vec<_> = parts.iter().map(ModelPart::commitment).collect();
        let digest = digest_of_parts(&commitments);
        let trained = Trained::combine(&parts, true, &digest).unwrap();
        // (a - 1)/2 - 2 (c - 1)/2 + 1/2, columns found by name.
        let names = ["c", "x", "b", "a"].map(String::from);
        let rows = ndarray::array![[1.0, 9.0, 7.0, 1.0], [3.0, 9.0, 7.0, 1.0]];
        assert_eq!(trained.predict(&names, &rows).unwrap(), [true, false]);
        assert_eq!(
            trained.predict(&names[1..], &rows),
            Err(Error::NoColumn("c".into()))
        );
        let gap = ndarray::array![[f64::NAN, 9.0, 7.0, 1.0]];
        assert!(matches!(
            trained.predict(&names, &gap),
            Err(Error::Missing { row: 1, .. })
        ));

        let mut other = parts.clone();
        other[1].columns[0].weight += 1;
        assert_eq!(Trained::combine(&other, true, &digest), Err(Error::Digest));
        assert_eq!(
            Trained::combine(&parts[1..], true, &digest),
            Err(Error::Digest)
        );
        let alone = part(0, &["a"], &[1], Some(0));
        assert!(Trained::combine(std::slice::from_ref(&alone), false, &alone.commitment()).is_ok());
    }

    #[test]
    fn the_encoding_is_read_back_and_nothing_else_is() {
        let one = part(0, &["a"], &[1], Some(0));
        let bytes = one.to_bytes();
        assert_eq!(ModelPart::from_bytes(&bytes).unwrap().to_bytes(), bytes);
        for wrong in [&bytes[1..], &bytes[..bytes.len() - 1], &[]] {
            assert!(ModelPart::from_bytes(wrong).is_err());
        }
    }
}
