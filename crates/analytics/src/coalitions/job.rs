//! `coalitions/1`: parameters and inputs to canonical result bytes.

use std::num::NonZeroUsize;

use blake2::{digest::consts::U32, Blake2b, Digest};
use ndarray::s;
use salus_shapley::{monotone_hull, Worth, ONE};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use super::{drop_copies, worths, Error, Family, MAX_OWNERS};
use crate::{
    fcm::Control,
    scale::{Scale, Scaling},
    svm::{Data, MAX_FRACTION, MAX_ROWS},
    table::{self, Limits, Missing, Table},
};

/// Name and version of the algorithm.
pub const COALITIONS_1: &str = "coalitions/1";
/// First bytes of a result.
pub const MAGIC: [u8; 8] = *b"salusCOA";
/// Version of the layout of a result.
pub const VERSION: u16 = 1;
/// Longest parameters, bytes.
pub const MAX_JSON: usize = crate::params::MAX_BYTES;

/// Everything that decides a table but the rows. Fields are in alphabetical order, which is the order
/// of the canonical JSON.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    /// Whether rows that an owner before has, too, are left out.
    pub drop_copies: bool,
    /// The model.
    pub family: Family,
    /// Bits after the point of encoded values.
    pub fraction: u32,
    /// The values of the positive class, in the last column that is used; from 1 to 16 of them.
    pub positive: Vec<f64>,
    /// Scaling of the columns, measured on the test set.
    pub scaling: Scaling,
    /// How the inputs are read.
    pub table: table::Options,
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters {
            drop_copies: true,
            family: Family::Svm { c: 1.0 },
            fraction: 16,
            positive: vec![1.0],
            scaling: Scaling::ZScore,
            table: table::Options::default(),
        }
    }
}

impl Parameters {
    /// Reads JSON; missing keys get their defaults, unknown ones are refused.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        if json.len() > MAX_JSON {
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
        self.family.validate()?;
        if self.fraction > MAX_FRACTION {
            return Err(Error::Parameter("the fraction must be from 0 to 30 bits"));
        }
        if !(1..=16).contains(&self.positive.len()) || !self.positive.iter().all(|v| v.is_finite())
        {
            return Err(Error::Parameter(
                "the positive class must be 1 to 16 finite numbers",
            ));
        }
        match self.table.missing {
            // A mean over other owners' rows would make a coalition's worth depend on them.
            Missing::Mean => Err(Error::Parameter(
                "missing values cannot be replaced by the mean; leave out their rows",
            )),
            Missing::Fail | Missing::Drop => Ok(()),
        }
    }
}

/// The table of a service, as all workers compute it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Coalitions {
    /// blake2-256 of the bytes of the test set.
    pub test: [u8; 32],
    /// For each owner: rows that were used, and copies of rows of owners before.
    pub rows: Vec<(u32, u32)>,
    /// The raw worths of the 2^n coalitions, floor(F1 2^32).
    pub worths: Vec<Worth>,
}

impl Coalitions {
    /// Computes the table: the test set, then each owner's rows, in the order in which owners
    /// contributed.
    ///
    /// Worths of a coalition depend on its rows and on the test set, by which columns are scaled.
    pub fn compute(
        parameters: &Parameters,
        test: &[u8],
        owners: &[&[u8]],
        threads: Option<NonZeroUsize>,
        control: Option<Control<'_>>,
    ) -> Result<Self, Error> {
        parameters.validate()?;
        if !(1..=MAX_OWNERS).contains(&owners.len()) {
            return Err(Error::Owners);
        }
        let name = |index: usize| format!("owner {}", index + 1);
        let (mut table, classes) = read(parameters, test, "the test set")?;
        let scale = Scale::apply(parameters.scaling, table.values.view_mut());
        let columns = table.names.len();
        let encoded = encode(&mut table, &classes, parameters)?;
        let mut rows = Vec::with_capacity(owners.len());
        for (index, text) in owners.iter().enumerate() {
            let (mut table, classes) = read(parameters, text, &name(index))?;
            if table.names.len() != columns {
                return Err(Error::Shape);
            }
            scale.scale(table.values.view_mut());
            rows.push(encode(&mut table, &classes, parameters)?);
        }
        let dropped = match parameters.drop_copies {
            true => drop_copies(&mut rows),
            false => vec![0; rows.len()],
        };
        let worths = worths(&parameters.family, &encoded, &rows, threads, control)?;
        let counts = rows.iter().zip(dropped);
        Ok(Coalitions {
            test: Blake2b::<U32>::digest(test).into(),
            rows: counts
                .map(|(data, copies)| (data.len() as u32, copies as u32))
                .collect(),
            worths,
        })
    }

    /// What settles: the hull of the raw worths.
    pub fn hull(&self) -> Result<Vec<Worth>, salus_shapley::Error> {
        let mut worths = self.worths.clone();
        monotone_hull(&mut worths)?;
        Ok(worths)
    }

    /// Canonical bytes; the layout is on the crate's page.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend((self.rows.len() as u16).to_le_bytes());
        bytes.extend(self.test);
        for (rows, copies) in &self.rows {
            bytes.extend(rows.to_le_bytes());
            bytes.extend(copies.to_le_bytes());
        }
        for worth in &self.worths {
            bytes.extend(worth.to_le_bytes());
        }
        bytes
    }

    /// Reads canonical bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let rest = bytes
            .strip_prefix(&MAGIC)
            .ok_or(Error::Bytes("other first bytes"))?;
        let (head, rest) = rest
            .split_first_chunk::<36>()
            .ok_or(Error::Bytes("cut short"))?;
        let [v0, v1, n0, n1, test @ ..] = *head;
        if u16::from_le_bytes([v0, v1]) != VERSION {
            return Err(Error::Bytes("a later layout"));
        }
        let owners = usize::from(u16::from_le_bytes([n0, n1]));
        if !(1..=MAX_OWNERS).contains(&owners) {
            return Err(Error::Bytes("owners out of range"));
        }
        let (rows, worths) = rest
            .split_at_checked(8 * owners)
            .ok_or(Error::Bytes("cut short"))?;
        if worths.len() != 8 << owners {
            return Err(Error::Bytes("another length than its owners need"));
        }
        let words = |bytes: &[u8]| -> Vec<u64> {
            let words = bytes.chunks_exact(8);
            words
                .map(|word| {
                    word.iter()
                        .rev()
                        .fold(0, |n, byte| n << 8 | u64::from(*byte))
                })
                .collect()
        };
        let worths: Vec<Worth> = words(worths)
            .into_iter()
            .map(|worth| worth as Worth)
            .collect();
        if worths.first() != Some(&0) || worths.iter().any(|worth| !(0..=ONE).contains(worth)) {
            return Err(Error::Bytes("a worth that is no F1"));
        }
        let rows = words(rows).into_iter();
        Ok(Coalitions {
            test,
            rows: rows
                .map(|counts| (counts as u32, (counts >> 32) as u32))
                .collect(),
            worths,
        })
    }

    /// blake2-256 of the canonical bytes.
    pub fn digest(&self) -> [u8; 32] {
        Blake2b::<U32>::digest(self.to_bytes()).into()
    }
}

/// A table without its last column, and which rows are of the positive class.
fn read(parameters: &Parameters, text: &[u8], who: &str) -> Result<(Table, Vec<bool>), Error> {
    let limits = Limits {
        rows: MAX_ROWS,
        columns: super::MAX_COLUMNS + 1,
        values: crate::job::MAX_VALUES,
        fields: crate::job::MAX_COORDINATES,
        header: crate::job::MAX_HEADER,
    };
    let read = table::parse_all(&[text], &parameters.table, limits);
    let mut table = read.map_err(|error| Error::Table {
        who: who.to_owned(),
        error,
    })?;
    table.names.pop();
    let last = table.names.len();
    if last == 0 {
        return Err(Error::Parameter(
            "a table needs a column of classes and another one",
        ));
    }
    let column = table.values.column(last);
    let classes = column
        .iter()
        .map(|value| parameters.positive.contains(value))
        .collect();
    let values = table.values.slice(s![.., ..last]).to_owned();
    wipe(&mut table);
    table.values = values;
    Ok((table, classes))
}

fn encode(table: &mut Table, classes: &[bool], parameters: &Parameters) -> Result<Data, Error> {
    let data = Data::encode(&table.values, classes, parameters.fraction);
    wipe(table);
    Ok(data?)
}

fn wipe(table: &mut Table) {
    if let Some(values) = table.values.as_slice_mut() {
        values.zeroize();
    }
}
