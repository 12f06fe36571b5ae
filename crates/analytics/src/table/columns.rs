//! Naming columns.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::Error;

/// A column by number or name. In JSON a number or a string.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ColumnRef {
    /// From 1, as `cut -f` counts.
    Number(u32),
    /// As the header has it.
    Name(String),
}

impl FromStr for ColumnRef {
    type Err = std::convert::Infallible;

    /// Digits are a number, all else is a name.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.parse() {
            Ok(number) => ColumnRef::Number(number),
            Err(_) => ColumnRef::Name(text.to_owned()),
        })
    }
}

impl fmt::Display for ColumnRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ColumnRef::Number(number) => write!(f, "{number}"),
            ColumnRef::Name(name) => write!(f, "{name:?}"),
        }
    }
}

impl ColumnRef {
    /// Index from 0 among `names` (of all columns; without a header, no name is known).
    pub(super) fn index(&self, count: usize, names: Option<&[String]>) -> Result<usize, Error> {
        let unknown = || Error::UnknownColumn(self.clone());
        match self {
            ColumnRef::Number(number) => match *number as usize {
                number if (1..=count).contains(&number) => Ok(number - 1),
                _ => Err(unknown()),
            },
            ColumnRef::Name(name) => {
                let mut found = names
                    .unwrap_or_default()
                    .iter()
                    .enumerate()
                    .filter(|(_, other)| *other == name);
                let (index, _) = found.next().ok_or_else(unknown)?;
                match found.next() {
                    Some(_) => Err(Error::AmbiguousColumn(name.clone())),
                    None => Ok(index),
                }
            }
        }
    }
}

/// Reads a list of missing tokens such as `?,NA`. Nothing at all is always one.
pub fn parse_tokens(list: &str) -> BTreeSet<String> {
    let tokens = list.split(',').map(|token| token.trim().to_owned());
    tokens.chain([String::new()]).collect()
}

/// Reads a list such as `1,11`, `2-4,class` or `id`: numbers, ranges of numbers, and names.
///
/// Empty parts are skipped. A name that looks like a number or a range, or has a comma, can be
/// given in a [`ColumnRef`] only.
pub fn parse_columns(list: &str) -> Vec<ColumnRef> {
    /// Wider ranges are taken for names: no table has as many columns.
    const WIDEST: u32 = 1 << 16;

    let mut columns = Vec::new();
    for part in list
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let range = part
            .split_once('-')
            .and_then(|(from, to)| Some((from.parse::<u32>().ok()?, to.parse::<u32>().ok()?)))
            .filter(|(from, to)| from <= to && to - from < WIDEST);
        match range {
            Some((from, to)) => columns.extend((from..=to).map(ColumnRef::Number)),
            None => match part.parse() {
                Ok(number) => columns.push(ColumnRef::Number(number)),
                Err(_) => columns.push(ColumnRef::Name(part.to_owned())),
            },
        }
    }
    columns
}
