//! One participant's columns.

use std::collections::BTreeSet;

use ndarray::{Array2, Axis};
use salus_analytics::{
    scale::{Scale, Scaling},
    svm::Data,
};
use zeroize::Zeroize;

use super::parameters::MAX_PATIENTS;
use crate::Error;

/// Some columns of some patients. Wiped when dropped.
pub struct Block {
    names: Vec<Vec<u8>>,
    values: Array2<f64>,
    classes: Option<Vec<bool>>,
}

impl Drop for Block {
    fn drop(&mut self) {
        self.names.zeroize();
        self.values.iter_mut().for_each(Zeroize::zeroize);
        self.classes.zeroize();
    }
}

impl Block {
    /// `names` are what all participants call the patients; `values` has a row for each, unscaled.
    /// `classes` is for the participant that knows them, true for the positive class.
    pub fn new(
        names: Vec<Vec<u8>>,
        values: Array2<f64>,
        classes: Option<Vec<bool>>,
    ) -> Result<Self, Error> {
        let block = Block {
            names,
            values,
            classes,
        };
        let refused = |what: String| Err(Error::Parameter(what));
        let rows = block.names.len();
        if rows != block.values.nrows() {
            return refused(format!(
                "{rows} patients are named and there are {} rows",
                block.values.nrows()
            ));
        }
        if rows > MAX_PATIENTS {
            return refused(format!(
                "{rows} patients; at most {MAX_PATIENTS} can be aligned"
            ));
        }
        if let Some(classes) = &block.classes {
            if classes.len() != rows {
                return refused(format!(
                    "there are {rows} rows and {} classes",
                    classes.len()
                ));
            }
        }
        let mut seen = BTreeSet::new();
        match block.names.iter().position(|name| !seen.insert(name)) {
            Some(row) => refused(format!(
                "row {row} (from 0) names a patient that an earlier row has; a patient has one row"
            )),
            None => Ok(block),
        }
    }

    /// Names of the patients.
    pub fn names(&self) -> &[Vec<u8>] {
        &self.names
    }

    /// Columns.
    pub fn columns(&self) -> usize {
        self.values.ncols()
    }

    /// Whether the classes are known here.
    pub fn has_classes(&self) -> bool {
        self.classes.is_some()
    }

    /// The same without the classes: for a holder that the session does not take them from.
    pub fn without_classes(mut self) -> Self {
        self.classes.zeroize();
        self.classes = None;
        self
    }

    /// A row for each patient, not scaled.
    pub fn values(&self) -> &Array2<f64> {
        &self.values
    }

    /// The classes of these rows, where they are known here.
    pub fn classes(&self, rows: &[u32]) -> Option<Vec<bool>> {
        let classes = self.classes.as_ref()?;
        let classes = rows.iter().map(|row| classes.get(*row as usize).copied());
        classes.collect()
    }

    /// These rows, scaled over themselves and encoded, and the scale.
    pub fn encode(
        &self,
        rows: &[u32],
        classes: &[bool],
        scaling: Scaling,
        fraction: u32,
    ) -> Result<(Data, Scale), Error> {
        let rows: Vec<usize> = rows.iter().map(|row| *row as usize).collect();
        if rows.iter().any(|row| *row >= self.names.len()) {
            return Err(Error::Checkpoint("it names rows that there are not"));
        }
        let mut values = self.values.select(Axis(0), &rows);
        let scale = Scale::apply(scaling, values.view_mut());
        let data = Data::encode(&values, classes, fraction)?;
        values.iter_mut().for_each(Zeroize::zeroize);
        Ok((data, scale))
    }
}
