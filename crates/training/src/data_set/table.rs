//! A data set in memory.

use ndarray::{Array2, Axis};
use salus_analytics::table::{self, Cells, ColumnRef};
use salus_primitives::training::{MAX_COLUMNS, MAX_ROWS};
use zeroize::Zeroize;

use super::{Attributes, Description, Error, Kind};
use crate::{heterogeneous::Block, homogeneous::Rows};

/// Most bytes of a header, and most fields of a line.
const MAX_HEADER: usize = 1 << 20;
const MAX_FIELDS: usize = 1 << 14;

/// A data set in memory. Wiped when dropped.
pub struct DataSet {
    kind: Kind,
    attributes: Attributes,
    values: Array2<f64>,
    class: Option<Vec<f64>>,
    patients: Vec<String>,
}

impl Drop for DataSet {
    fn drop(&mut self) {
        self.values.iter_mut().for_each(Zeroize::zeroize);
        self.patients.zeroize();
        if let Some(classes) = &mut self.class {
            classes.zeroize();
        }
    }
}

impl DataSet {
    /// Reads a file.
    pub fn read(text: &[u8], description: &Description) -> Result<Self, Error> {
        let unfit = |what: &str| Err(Error::Unfit(what.into()));
        match description.partition {
            Kind::Homogeneous if description.class.is_none() => {
                return unfit("a homogeneous data set needs its column of classes")
            }
            Kind::Homogeneous if description.patients.is_some() => {
                return unfit(
                    "nobody needs the patients of a homogeneous data set; leave that column out",
                )
            }
            Kind::Heterogeneous if description.patients.is_none() => {
                return unfit("a heterogeneous data set needs the column that names its patients")
            }
            _ => {}
        }
        let limits = table::Limits {
            rows: MAX_ROWS as usize,
            columns: MAX_COLUMNS as usize + 1,
            values: usize::MAX,
            fields: MAX_FIELDS,
            header: MAX_HEADER,
        };
        let options = description.table.options();
        let Cells {
            mut names,
            values,
            texts,
        } = table::parse_cells(text, &options, description.patients.as_ref(), limits)?;
        let mut set = DataSet {
            kind: description.partition,
            attributes: Attributes {
                columns: Vec::new(),
                class: None,
            },
            values,
            class: None,
            patients: texts,
        };
        if let Some(column) = &description.class {
            let place = class_place(column, &names, description)?;
            let classes: Vec<f64> = set.values.column(place).to_vec();
            if let Some(row) = classes.iter().position(|class| class.is_nan()) {
                return Err(Error::Unfit(format!(
                    "row {} has no class; leave it out",
                    row + 1
                )));
            }
            set.class = Some(classes);
            set.attributes.class = Some(names.remove(place));
            set.values.remove_index(Axis(1), place);
        }
        if names.is_empty() || names.len() > MAX_COLUMNS as usize {
            return unfit("there must be from 1 to 1024 attributes beside classes and patients");
        }
        set.attributes.columns = names;
        Ok(set)
    }

    /// Its columns.
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.values.nrows()
    }

    /// Whether there is no row. A file without rows is not read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether its holder knows the classes.
    pub fn has_classes(&self) -> bool {
        self.class.is_some()
    }

    /// Rows of a provider; missing values stay missing.
    pub fn rows(&self, positive: &[f64]) -> Result<Rows, Error> {
        self.expect(Kind::Homogeneous)?;
        let classes = self.positive(positive)?.unwrap_or_default();
        Ok(Rows {
            values: self.values.clone(),
            positive: classes,
        })
    }

    /// Of each attribute the mean of the values that are there.
    pub fn means(&self) -> Result<Vec<f64>, Error> {
        let columns = self
            .values
            .columns()
            .into_iter()
            .zip(&self.attributes.columns);
        columns
            .map(|(column, name)| {
                let (count, sum) = column
                    .iter()
                    .filter(|value| !value.is_nan())
                    .fold((0u32, 0.0), |(count, sum), value| (count + 1, sum + value));
                match count {
                    0 => Err(Error::Unfit(format!("column {name:?} has no value"))),
                    count => Ok(sum / f64::from(count)),
                }
            })
            .collect()
    }

    /// Columns of a participant; a missing value is replaced by the mean of its column.
    pub fn block(&self, positive: &[f64]) -> Result<Block, Error> {
        self.expect(Kind::Heterogeneous)?;
        let mut values = self.values.clone();
        for (mut column, mean) in values.columns_mut().into_iter().zip(self.means()?) {
            column.map_inplace(|value| {
                if value.is_nan() {
                    *value = mean;
                }
            });
        }
        let names = self.patients.iter().map(|name| name.clone().into_bytes());
        Ok(Block::new(
            names.collect(),
            values,
            self.positive(positive)?,
        )?)
    }

    fn expect(&self, kind: Kind) -> Result<(), Error> {
        match self.kind == kind {
            true => Ok(()),
            false => Err(Error::Unfit(
                "the data set is for trainings of the other partition".into(),
            )),
        }
    }

    fn positive(&self, positive: &[f64]) -> Result<Option<Vec<bool>>, Error> {
        let Some(classes) = &self.class else {
            return Ok(None);
        };
        let classes: Vec<bool> = classes
            .iter()
            .map(|class| positive.contains(class))
            .collect();
        // One holder may have patients of one class only, so only columns of classes that nobody can
        // have meant are refused.
        match self.kind == Kind::Heterogeneous && !classes.contains(&true) {
            true => Err(Error::Unfit(format!(
                "no row of {:?} is of the positive class that the training states",
                self.attributes.class.as_deref().unwrap_or_default()
            ))),
            false => Ok(Some(classes)),
        }
    }
}

/// Where the classes are among the columns that were read.
fn class_place(
    column: &ColumnRef,
    names: &[String],
    description: &Description,
) -> Result<usize, Error> {
    let unknown = || Error::Unfit(format!("there is no column {column} of classes"));
    match column {
        ColumnRef::Name(name) => names.iter().position(|other| other == name),
        // Numbers are those of the file, where columns that are not read count as well.
        ColumnRef::Number(number) => {
            let plain = format!("column {number}");
            let mut left_out = Vec::new();
            for other in description.table.drop.iter().chain(&description.patients) {
                match other {
                    ColumnRef::Number(other) => left_out.push(*other),
                    ColumnRef::Name(name) => {
                        return Err(Error::Unfit(format!(
                            "name the column of classes, as {name:?} is named, or number both"
                        )))
                    }
                }
            }
            match names.iter().position(|name| *name == plain) {
                Some(place) => Some(place),
                None if left_out.contains(number) => None,
                None => {
                    let before = left_out.iter().filter(|other| *other < number).count();
                    (*number as usize)
                        .checked_sub(1 + before)
                        .filter(|place| *place < names.len())
                }
            }
        }
    }
    .ok_or_else(unknown)
}
