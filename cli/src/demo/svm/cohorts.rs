//! Cohorts, dealt out to institutions: the public ones where they are, else ones made up here.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use ndarray::{Array2, Axis};
use salus_analytics::{
    split,
    table::{self, parse_columns, ColumnRef, Limits, Options},
};
use salus_training::data_set::{Description, Kind, Table};

use super::super::cohort::SplitMix;

/// Of 1000 rows so many are for testing.
const TEST: u16 = 200;
/// The split that is shown.
const SPLIT: u32 = 0;
/// Rows of a cohort that is made up.
const MADE_UP: usize = 500;
/// Column of the classes, and of the patients.
const CLASS: &str = "class";
const PATIENT: &str = "patient";

/// What is known of a public cohort.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Short name, as the book has it.
    pub name: &'static str,
    /// Its file.
    pub file: &'static str,
    /// Columns that are left out.
    left_out: &'static str,
    /// Number of the column of classes, from 1.
    classes: usize,
    /// Values of the positive class.
    pub positive: &'static [f64],
    /// What is positive, in words.
    pub meaning: &'static str,
    /// Attributes, if it is made up.
    attributes: usize,
}

/// Breast Cancer Wisconsin.
pub const BCWD: Facts = Facts {
    name: "BCWD",
    file: "breast-cancer-wisconsin.data",
    left_out: "1",
    classes: 11,
    positive: &[4.0],
    meaning: "malignant",
    attributes: 9,
};
/// Heart disease, Hungarian.
pub const HDD: Facts = Facts {
    name: "HDD",
    file: "processed.hungarian.data",
    left_out: "",
    classes: 14,
    positive: &[1.0, 2.0, 3.0, 4.0],
    meaning: "heart disease",
    attributes: 13,
};
/// Australian credit approval.
pub const ACAD: Facts = Facts {
    name: "ACAD",
    file: "australian.dat",
    left_out: "",
    classes: 15,
    positive: &[1.0],
    meaning: "approved",
    attributes: 14,
};

/// A cohort: attributes with gaps (NaN), and classes.
pub struct Cohort {
    /// What is known of it.
    pub facts: Facts,
    /// Whether it was made up.
    pub made_up: bool,
    values: Array2<f64>,
    classes: Vec<f64>,
}

/// What an institution puts into its node's folder.
pub struct Share {
    /// The table, CSV.
    pub text: String,
    /// What its columns are.
    pub description: Description,
}

impl Cohort {
    /// Reads a cohort of the folder, or makes one up where there is none.
    pub fn read(facts: Facts, folder: Option<&Path>) -> anyhow::Result<Self> {
        let path: Option<PathBuf> = folder.map(|folder| folder.join(facts.file));
        let Some(path) = path.filter(|path| path.is_file()) else {
            return Ok(Cohort::make_up(facts));
        };
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let options = Options {
            drop: parse_columns(facts.left_out).into_iter().collect(),
            ..Options::default()
        };
        let cells = table::parse_cells(&text, &options, None, Limits::NONE)
            .with_context(|| path.display().to_string())?;
        let at = facts.classes - 1 - options.drop.len();
        let others: Vec<usize> = (0..cells.values.ncols())
            .filter(|other| *other != at)
            .collect();
        Ok(Cohort {
            facts,
            made_up: false,
            classes: cells.values.column(at).to_vec(),
            values: cells.values.select(Axis(1), &others),
        })
    }

    /// Two overlapping groups with some gaps, the same everywhere.
    fn make_up(facts: Facts) -> Self {
        let mut random = SplitMix::new(facts.attributes as u64);
        let (mut values, mut classes) = (Vec::new(), Vec::new());
        for _ in 0..MADE_UP {
            let positive = random.next().is_multiple_of(3);
            classes.push(if positive { facts.positive[0] } else { 0.0 });
            for column in 0..facts.attributes {
                let distance = if column % 3 == 0 { 2.0 } else { 0.5 };
                let mean = if positive { distance } else { 0.0 };
                let value = 10.0 + mean + random.normal();
                let gap = random.next().is_multiple_of(60);
                values.push(if gap {
                    f64::NAN
                } else {
                    (value * 100.0).round() / 100.0
                });
            }
        }
        let values = Array2::from_shape_vec((MADE_UP, facts.attributes), values);
        Cohort {
            facts,
            made_up: true,
            values: values.unwrap_or_default(),
            classes,
        }
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.classes.len()
    }

    /// Attributes.
    pub fn attributes(&self) -> usize {
        self.values.ncols()
    }

    /// Values that are missing.
    pub fn gaps(&self) -> usize {
        self.values.iter().filter(|value| value.is_nan()).count()
    }

    /// Positions of the rows for training and of those for testing.
    pub fn split(&self) -> (Vec<usize>, Vec<usize>) {
        split::by_position(SPLIT, self.rows(), TEST)
    }

    /// The rows for testing as a table with all attributes and the classes.
    pub fn test(&self) -> String {
        let all: Vec<usize> = (0..self.attributes()).collect();
        self.text(&self.split().1, &all, false, true)
    }

    /// The rows for training, dealt out row by row.
    pub fn by_rows(&self, holders: usize) -> Vec<Share> {
        let (training, _) = self.split();
        let all: Vec<usize> = (0..self.attributes()).collect();
        let share = |first: usize| {
            let own: Vec<usize> = training
                .iter()
                .skip(first)
                .step_by(holders)
                .copied()
                .collect();
            Share {
                text: self.text(&own, &all, false, true),
                description: description(Kind::Homogeneous, true),
            }
        };
        (0..holders).map(share).collect()
    }

    /// `rows` of the rows for training, or all, in columns: as equal numbers as can be, each holder's rows
    /// in an order of its own. The first knows the classes.
    pub fn by_columns(&self, holders: usize, rows: Option<usize>) -> Vec<Share> {
        let (training, _) = self.split();
        let kept = rows.unwrap_or(training.len()).min(training.len());
        let training = &training[..kept];
        let columns = self.attributes();
        let share = |holder: usize| {
            let mut own = training.to_vec();
            own.rotate_left(holder * 7 % kept.max(1));
            let range = holder * columns / holders..(holder + 1) * columns / holders;
            let attributes: Vec<usize> = range.collect();
            Share {
                text: self.text(&own, &attributes, true, holder == 0),
                description: description(Kind::Heterogeneous, holder == 0),
            }
        };
        (0..holders).map(share).collect()
    }

    fn text(&self, rows: &[usize], columns: &[usize], patients: bool, classes: bool) -> String {
        let mut names: Vec<String> = columns.iter().map(|at| format!("a{}", at + 1)).collect();
        if patients {
            names.insert(0, PATIENT.to_owned());
        }
        if classes {
            names.push(CLASS.to_owned());
        }
        let mut text = names.join(",");
        text.push('\n');
        for row in rows {
            let mut fields = Vec::new();
            if patients {
                fields.push(format!("patient-{row}"));
            }
            for column in columns {
                let value = self.values[[*row, *column]];
                fields.push(match value.is_nan() {
                    true => "?".to_owned(),
                    false => value.to_string(),
                });
            }
            if classes {
                fields.push(self.classes[*row].to_string());
            }
            let _ = writeln!(text, "{}", fields.join(","));
        }
        text
    }
}

/// What the columns of a share are; -9 is a value here, since gaps are written as `?`.
fn description(partition: Kind, classes: bool) -> Description {
    let column = |name: &str| Some(ColumnRef::Name(name.to_owned()));
    Description {
        partition,
        class: if classes { column(CLASS) } else { None },
        patients: match partition {
            Kind::Homogeneous => None,
            Kind::Heterogeneous => column(PATIENT),
        },
        table: Table {
            missing_tokens: Some(table::parse_tokens("?")),
            ..Table::default()
        },
    }
}

/// The column of classes of [`Cohort::test`].
pub fn class_column() -> ColumnRef {
    ColumnRef::Name(CLASS.to_owned())
}

/// How [`Cohort::test`] is read.
pub fn test_options() -> Options {
    Options {
        missing_tokens: table::parse_tokens("?"),
        ..Options::default()
    }
}

#[cfg(test)]
mod tests {
    use salus_training::data_set::DataSet;

    use super::*;

    #[test]
    fn shares_are_the_rows_for_training_and_no_others() {
        for facts in [BCWD, HDD, ACAD] {
            let cohort = Cohort::read(facts, None).unwrap();
            assert!(cohort.made_up && cohort.gaps() > 0);
            let (training, test) = cohort.split();
            assert_eq!(training.len() + test.len(), cohort.rows());
            let read = |share: &Share| DataSet::read(share.text.as_bytes(), &share.description);
            let rows: usize = cohort
                .by_rows(4)
                .iter()
                .map(|share| read(share).unwrap().len())
                .sum();
            assert_eq!(rows, training.len());
            let blocks = cohort.by_columns(3, Some(20));
            let sets: Vec<_> = blocks.iter().map(|share| read(share).unwrap()).collect();
            assert!(sets.iter().all(|set| set.len() == 20));
            let columns: usize = sets.iter().map(|set| set.attributes().columns.len()).sum();
            assert_eq!(columns, facts.attributes);
            let classes = sets.iter().filter(|set| set.has_classes()).count();
            assert_eq!(classes, 1);
        }
    }
}
