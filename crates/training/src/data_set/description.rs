//! What the columns of a data set are.

use std::collections::BTreeSet;

use blake2::{digest::consts::U32, Blake2b, Digest as _};
use codec::{Decode, Encode};
use salus_analytics::table::{ColumnRef, Header, Missing, Options, Separator};
use salus_primitives::{training::Partition, Digest};
use serde::{Deserialize, Serialize};

/// What the columns of a file are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// `homogeneous` or `heterogeneous`.
    pub partition: Kind,
    /// The column of classes; of a heterogeneous data set only where its holder knows them.
    pub class: Option<ColumnRef>,
    /// Heterogeneous: the column that names the patients, as all participants name them.
    pub patients: Option<ColumnRef>,
    /// How to read the file; columns that are no attributes are dropped. What is missing is decided by
    /// the training, so `missing` is not asked.
    pub table: Table,
}

/// How the file is read.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Table {
    /// Columns that are left out.
    pub drop: BTreeSet<ColumnRef>,
    /// Whether the first line names the columns.
    pub header: Header,
    /// Fields that mean "missing"; none are the usual ones.
    pub missing_tokens: Option<BTreeSet<String>>,
    /// What stands between two fields.
    pub separator: Separator,
}

impl Table {
    pub(super) fn options(&self) -> Options {
        let usual = Options::default();
        Options {
            drop: self.drop.clone(),
            header: self.header,
            missing: Missing::Fail,
            missing_tokens: self.missing_tokens.clone().unwrap_or(usual.missing_tokens),
            separator: self.separator,
        }
    }
}

/// [`Partition`], in words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The same attributes of different patients.
    Homogeneous,
    /// Different attributes of the same patients.
    Heterogeneous,
}

impl From<Kind> for Partition {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Homogeneous => Partition::Homogeneous,
            Kind::Heterogeneous => Partition::Heterogeneous,
        }
    }
}

/// The columns of a data set, which its holder may tell.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Attributes {
    /// Names of the attributes, in their order.
    pub columns: Vec<String>,
    /// Name of the column of classes, where there is one.
    pub class: Option<String>,
}

impl Attributes {
    /// blake2-256 of SCALE(`salus/attributes/1`, columns, class): the same where holders have the same
    /// columns in the same order.
    pub fn digest(&self) -> Digest {
        let list = (b"salus/attributes/1", self).encode();
        Digest::from(<[u8; 32]>::from(Blake2b::<U32>::digest(list)))
    }
}
