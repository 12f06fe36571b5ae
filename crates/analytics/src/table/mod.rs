//! Numeric tables from text: CSV or white space separated, with missing values.

mod columns;
mod read;

use std::{collections::BTreeSet, fmt, str::FromStr};

use ndarray::Array2;
use serde::{de::IntoDeserializer, Deserialize, Serialize};

pub use columns::{parse_columns, parse_tokens, ColumnRef};
use read::Reader;

/// What stands between two fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Separator {
    /// A comma if the first line has one, else a semicolon if it has one, else white space.
    #[default]
    Auto,
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// One tab; empty fields are possible.
    Tab,
    /// Any run of spaces and tabs; none at the ends of a line.
    Whitespace,
}

/// Whether the first line names the columns.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Header {
    /// It does if none of its fields is a number and one of them is no missing token either.
    #[default]
    Auto,
    /// It does.
    Yes,
    /// It is data.
    No,
}

/// What to do with missing values in the columns that are used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// Refuse the table, naming the first one.
    #[default]
    Fail,
    /// Leave out the rows that have one.
    Drop,
    /// Put the mean of the column's present values, taken over all inputs.
    Mean,
}

/// `FromStr` and `Display` in the words of the parameters.
macro_rules! words {
    ($type:ty) => {
        impl FromStr for $type {
            type Err = serde::de::value::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::deserialize(text.into_deserializer())
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.serialize(f)
            }
        }
    };
}
words!(Separator);
words!(Header);
words!(Missing);

/// How to read a table. Fields are in the order of the canonical parameters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Columns to leave out; no matter whether they hold numbers.
    pub drop: BTreeSet<ColumnRef>,
    /// Whether the first line names the columns.
    pub header: Header,
    /// What to do with missing values.
    pub missing: Missing,
    /// Fields that mean "missing", compared as text without surrounding white space.
    pub missing_tokens: BTreeSet<String>,
    /// What stands between two fields.
    pub separator: Separator,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            drop: BTreeSet::new(),
            header: Header::Auto,
            missing: Missing::Fail,
            missing_tokens: ["", "-9", "?", "NA"].map(String::from).into(),
            separator: Separator::Auto,
        }
    }
}

/// A table without missing values.
#[derive(Clone, PartialEq, Debug)]
pub struct Table {
    /// Names of the columns that are used; `column N` (from 1, in the file) without a header.
    pub names: Vec<String>,
    /// Rows that are kept x columns that are used.
    pub values: Array2<f64>,
    /// Data rows of the inputs, header lines not counted, dropped ones included.
    pub rows: usize,
    /// Data rows that were dropped, from 0, ascending.
    pub dropped: Vec<usize>,
}

/// A table in which missing values are NaN, for those who replace them by what they do not know yet.
#[derive(Clone, PartialEq)]
pub struct Cells {
    /// As in [`Table`].
    pub names: Vec<String>,
    /// Rows x columns that are used.
    pub values: Array2<f64>,
    /// The column that is no number, row by row; empty if none was asked for.
    pub texts: Vec<String>,
}

/// The largest table to read. Each limit is checked before memory is taken for what is over it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Data rows over all inputs.
    pub rows: usize,
    /// Columns that are used.
    pub columns: usize,
    /// Values: rows x columns that are used.
    pub values: usize,
    /// Fields of a line, columns that are left out included.
    pub fields: usize,
    /// Bytes of all names in a header.
    pub header: usize,
}

impl Limits {
    /// No limit but memory.
    pub const NONE: Limits = Limits {
        rows: usize::MAX,
        columns: usize::MAX,
        values: usize::MAX,
        fields: usize::MAX,
        header: usize::MAX,
    };
}

/// Why a table cannot be read. Names places, never contents: those are about people.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// No input at all.
    #[error("there is no input")]
    NoInput,
    /// An input without a data row.
    #[error("{0}there are no rows")]
    NoRows(Place),
    /// All rows had missing values.
    #[error("every row has a missing value: none is left")]
    NoneLeft,
    /// All columns are left out.
    #[error("every column is left out: none to cluster by")]
    NoColumns,
    /// Bytes that are not UTF-8.
    #[error("{0}the text is not UTF-8")]
    NotUtf8(Place),
    /// Quotes that do not match.
    #[error("{0}the quotes of the field do not match")]
    Quotes(Place),
    /// A line with another number of fields than the first.
    #[error("{place}the number of fields is {found}, where the first line has {expected}")]
    Fields {
        /// Where.
        place: Place,
        /// Fields of this line.
        found: usize,
        /// Fields of the first line.
        expected: usize,
    },
    /// A field that is no number.
    #[error(
        "{0}the field is not a number: leave the column out, or name the field as a missing token"
    )]
    NotANumber(Place),
    /// NaN, infinity, or too large for a double.
    #[error("{0}the number is not finite")]
    NotFinite(Place),
    /// A missing value, which the options refuse.
    #[error(
        "{0}the value is missing: `missing` is fail; drop leaves such rows out, mean puts the \
         column's mean"
    )]
    Missing(Place),
    /// A row whose name is missing.
    #[error("{0}the name of the row is missing")]
    NoName(Place),
    /// A column with missing values only.
    #[error("column {0} has no value to take the mean of")]
    NoMean(String),
    /// A column that is to be left out does not exist.
    #[error("there is no column {0} to leave out")]
    UnknownColumn(ColumnRef),
    /// Two columns have the name of the one that is to be left out.
    #[error("several columns are named {0:?}: leave it out by number")]
    AmbiguousColumn(String),
    /// Inputs whose columns differ.
    #[error("input {input} does not have the columns of input 1")]
    OtherColumns {
        /// Input from 1.
        input: usize,
    },
    /// A limit of the caller's.
    #[error("the table has more than {limit} {what}")]
    OverLimit {
        /// What there is too much of.
        what: &'static str,
        /// The most there may be.
        limit: usize,
    },
}

/// Where something is wrong. Prints as the beginning of a message, empty when nothing is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Place {
    /// Input from 1; `None` if there is only one.
    pub input: Option<usize>,
    /// Line of the text from 1.
    pub line: Option<usize>,
    /// Column from 1.
    pub column: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ("input", self.input),
            ("line", self.line),
            ("column", self.column),
        ];
        let mut separator = "";
        for (what, number) in parts {
            if let Some(number) = number {
                write!(f, "{separator}{what} {number}")?;
                separator = ", ";
            }
        }
        match separator {
            "" => Ok(()),
            _ => write!(f, ": "),
        }
    }
}

/// Reads one table.
pub fn parse(text: &[u8], options: &Options) -> Result<Table, Error> {
    parse_all(&[text], options, Limits::NONE)
}

/// Reads one table with its gaps; `names` is a column that is kept as text, such as that of the
/// patients. What `options` say of missing values is not asked.
pub fn parse_cells(
    text: &[u8],
    options: &Options,
    names: Option<&ColumnRef>,
    limits: Limits,
) -> Result<Cells, Error> {
    let mut reader = Reader::with_names(options, limits, names);
    reader.read(text, 1)?;
    reader.finish_cells()
}

/// Names of all columns of a text, whatever `options` leave out.
pub fn columns(text: &[u8], options: &Options) -> Result<Vec<String>, Error> {
    let options = Options {
        drop: BTreeSet::new(),
        ..options.clone()
    };
    Reader::new(&options, Limits::NONE, false).columns(text)
}

/// Reads several inputs of the same columns as one table, rows in the order of the inputs.
///
/// Names come from the first; a later input's header must name the same columns.
pub fn parse_all(inputs: &[&[u8]], options: &Options, limits: Limits) -> Result<Table, Error> {
    let mut reader = Reader::new(options, limits, inputs.len() > 1);
    for (index, input) in inputs.iter().enumerate() {
        reader.read(input, index + 1)?;
    }
    reader.finish()
}
