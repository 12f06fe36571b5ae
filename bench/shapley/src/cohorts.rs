//! The cohorts.

use std::{fs, path::Path};

use anyhow::Context;
use ndarray::{concatenate, Array2, Axis};
use salus_analytics::{
    scale::{Scale, Scaling},
    svm::Data,
    table::{parse, parse_columns, Missing, Options},
};

/// Bits after the point of encoded values.
const FRACTION: u32 = 16;

/// Rows and which of them are positive.
pub struct Cohort {
    values: Array2<f64>,
    positive: Vec<bool>,
}

impl Cohort {
    /// Breast cancer, malignant; rows with missing values are left out.
    pub fn wisconsin(folder: &Path) -> anyhow::Result<Self> {
        Self::read(folder, "breast-cancer-wisconsin.data", "1", &[4.0])
    }

    /// Thyroid disease of both kinds, all 7,200 rows.
    pub fn thyroid(folder: &Path) -> anyhow::Result<Self> {
        let first = Self::read(folder, "ann-train.data", "", &[1.0, 2.0])?;
        let second = Self::read(folder, "ann-test.data", "", &[1.0, 2.0])?;
        let values = concatenate(Axis(0), &[first.values.view(), second.values.view()])?;
        Ok(Cohort {
            values,
            positive: [first.positive, second.positive].concat(),
        })
    }

    /// The last column is the class.
    fn read(folder: &Path, name: &str, drop: &str, positive: &[f64]) -> anyhow::Result<Self> {
        let path = folder.join(name);
        let text = fs::read(&path).with_context(|| path.display().to_string())?;
        let options = Options {
            drop: parse_columns(drop).into_iter().collect(),
            missing: Missing::Drop,
            ..Options::default()
        };
        let table = parse(&text, &options).with_context(|| path.display().to_string())?;
        let last = table.names.len() - 1;
        let classes = table.values.column(last);
        Ok(Cohort {
            positive: classes
                .iter()
                .map(|class| positive.contains(class))
                .collect(),
            values: table.values.slice(ndarray::s![.., ..last]).to_owned(),
        })
    }

    pub fn len(&self) -> usize {
        self.positive.len()
    }

    /// Encodes the rows at these positions, the first list being the test set, by which columns are
    /// scaled.
    pub fn encode(
        &self,
        test: &[usize],
        owners: &[Vec<usize>],
    ) -> anyhow::Result<(Data, Vec<Data>)> {
        let mut rows = self.values.select(Axis(0), test);
        let scale = Scale::apply(Scaling::ZScore, rows.view_mut());
        let classes =
            |rows: &[usize]| -> Vec<bool> { rows.iter().map(|row| self.positive[*row]).collect() };
        let test = Data::encode(&rows, &classes(test), FRACTION)?;
        let owner = |positions: &Vec<usize>| {
            let mut rows = self.values.select(Axis(0), positions);
            scale.scale(rows.view_mut());
            Data::encode(&rows, &classes(positions), FRACTION)
        };
        let owners = owners.iter().map(owner).collect::<Result<_, _>>()?;
        Ok((test, owners))
    }

    /// Every fifth row is a test row; the others go to the owners in turn.
    pub fn in_turn(&self, owners: usize) -> anyhow::Result<(Data, Vec<Data>)> {
        let (test, training): (Vec<usize>, Vec<usize>) =
            (0..self.len()).partition(|row| row % 5 == 4);
        let mut parts = vec![Vec::new(); owners];
        for (number, row) in training.into_iter().enumerate() {
            parts[number % owners].push(row);
        }
        self.encode(&test, &parts)
    }
}
