//! What is told of a result.

use std::{collections::BTreeSet, fmt::Write as _, path::PathBuf};

use salus_analytics::{job::FCM_1, result::FcmResult};
use serde::Serialize;

use crate::output;

/// Prototypes coincide that are closer than this part of the rows' root mean square distance.
const COINCIDE: f64 = 0.01;

/// A line for each row that was kept: its number in the inputs from 1, cluster from 1, memberships.
pub(super) fn labels(result: &FcmResult) -> String {
    let mut text = String::from("row,cluster");
    for cluster in 1..=result.prototypes.nrows() {
        let _ = write!(text, ",u{cluster}");
    }
    let _ = writeln!(text);
    let dropped: BTreeSet<u32> = result.dropped.iter().copied().collect();
    let kept = (0..result.rows).filter(|row| !dropped.contains(row));
    for ((row, label), memberships) in kept.zip(&result.labels).zip(result.memberships.rows()) {
        let _ = write!(text, "{},{}", row + 1, label + 1);
        for membership in memberships {
            let _ = write!(text, ",{membership}");
        }
        let _ = writeln!(text);
    }
    text
}

/// A cluster as it is reported.
#[derive(Clone, Debug, Serialize)]
pub struct Cluster {
    /// Rows whose largest membership is in it.
    pub rows: usize,
    /// Its prototype in the units of the table.
    pub prototype: Vec<f64>,
}

/// What is printed of a result.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Name and version of the algorithm.
    pub algorithm: &'static str,
    /// blake2-256 of the canonical bytes, hexadecimal.
    pub digest: String,
    /// Data rows of the inputs.
    pub rows: u32,
    /// Rows left out because a value is missing.
    pub dropped: usize,
    /// Names of the columns that were used.
    pub columns: Vec<String>,
    /// Updates of the prototypes.
    pub iterations: u32,
    /// Whether they came to rest.
    pub converged: bool,
    /// Objective at the end.
    pub objective: f64,
    /// The clusters.
    pub clusters: Vec<Cluster>,
    /// What speaks against the clustering, in words.
    pub warnings: Vec<String>,
    /// Files that were written.
    pub files: Vec<PathBuf>,
}

impl Report {
    /// Of a result and its digest.
    pub fn new(result: &FcmResult, digest: [u8; 32]) -> Self {
        let sizes = sizes(result);
        let warnings = warnings(result, &sizes);
        let clusters = result
            .prototypes_in_units()
            .rows()
            .into_iter()
            .zip(sizes)
            .map(|(prototype, rows)| Cluster {
                rows,
                prototype: prototype.to_vec(),
            })
            .collect();
        Report {
            algorithm: FCM_1,
            digest: format!("0x{}", hex::encode(digest)),
            rows: result.rows,
            dropped: result.dropped.len(),
            columns: result.columns.clone(),
            iterations: result.iterations,
            converged: result.converged,
            objective: result.objective.last().copied().unwrap_or_default(),
            clusters,
            warnings,
            files: Vec::new(),
        }
    }

    /// A line for each column, a column for each cluster.
    pub fn prototypes(&self) -> String {
        let mut headers = vec![String::from("Prototype")];
        let mut sizes = vec![String::from("rows")];
        for (index, cluster) in self.clusters.iter().enumerate() {
            headers.push(format!("{}", index + 1));
            sizes.push(cluster.rows.to_string());
        }
        let mut rows = vec![sizes];
        for (index, name) in self.columns.iter().enumerate() {
            let mut row = vec![name.clone()];
            row.extend(
                self.clusters
                    .iter()
                    .map(|c| format!("{:.6}", c.prototype[index])),
            );
            rows.push(row);
        }
        output::table(&headers, &rows)
    }

    /// The report in words.
    pub fn words(&self) -> String {
        let mut text = self.prototypes();
        let state = match self.converged {
            true => "converged",
            false => "stopped before it converged",
        };
        let _ = writeln!(text);
        text.push_str(&output::fields(&[
            (
                "Rows",
                format!(
                    "{} of {} ({} dropped)",
                    self.rows as usize - self.dropped,
                    self.rows,
                    self.dropped
                ),
            ),
            ("Iterations", format!("{}, {state}", self.iterations)),
            ("Objective", format!("{:.6}", self.objective)),
            ("Digest", self.digest.clone()),
        ]));
        for warning in &self.warnings {
            let _ = writeln!(text, "Warning: {warning}");
        }
        for file in &self.files {
            let _ = writeln!(text, "Wrote {}", file.display());
        }
        text
    }
}

/// Rows whose largest membership is in each cluster.
fn sizes(result: &FcmResult) -> Vec<usize> {
    let mut sizes = vec![0; result.prototypes.nrows()];
    for label in &result.labels {
        if let Some(size) = sizes.get_mut(usize::from(*label)) {
            *size += 1;
        }
    }
    sizes
}

/// Signs that there are fewer clusters than were asked for: a cluster that no row is nearest to, and
/// prototypes that are much closer to each other than rows are to prototypes.
fn warnings(result: &FcmResult, sizes: &[usize]) -> Vec<String> {
    let mut found = Vec::new();
    for (cluster, _) in sizes.iter().enumerate().filter(|(_, rows)| **rows == 0) {
        found.push(format!(
            "cluster {} is empty: no row has its largest membership in it; try fewer clusters",
            cluster + 1
        ));
    }
    let objective = result.objective.last().copied().unwrap_or_default();
    let spread = (objective / result.labels.len() as f64).sqrt();
    for (one, first) in result.prototypes.rows().into_iter().enumerate() {
        for (other, second) in result
            .prototypes
            .rows()
            .into_iter()
            .enumerate()
            .skip(one + 1)
        {
            let squared: f64 = first
                .iter()
                .zip(second)
                .map(|(a, b)| (a - b) * (a - b))
                .sum();
            if squared.sqrt() <= COINCIDE * spread {
                found.push(format!(
                    "the prototypes of clusters {} and {} coincide; try fewer clusters, another \
                     exponent or scaling",
                    one + 1,
                    other + 1
                ));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use salus_analytics::{
        fcm::Control,
        job::{self, Bound},
        params::FcmParameters,
    };

    use super::*;

    fn warned(table: &str, clusters: u32) -> Vec<String> {
        let parameters = FcmParameters {
            clusters,
            ..FcmParameters::default()
        };
        let bound = Bound {
            rows: 100,
            columns: 10,
            clusters,
            iterations: parameters.max_iterations,
        };
        let control = Control {
            cancel: &AtomicBool::new(false),
            progress: &|_| (),
        };
        let inputs = [table.as_bytes()];
        let result = job::fcm(&parameters, &inputs, bound, None, control).unwrap();
        Report::new(&result, [0; 32]).warnings
    }

    #[test]
    fn clusterings_that_are_less_than_asked_for_are_warned_of() {
        let two = "1 1\n1 2\n2 1\n2 2\n8 8\n8 9\n9 8\n9 9\n";
        assert!(warned(two, 2).is_empty());
        // All rows the same: all prototypes too, and all rows are the first one's.
        let same = warned("3 3\n3 3\n3 3\n", 3);
        assert!(
            same.iter().any(|w| w.contains("cluster 2 is empty")),
            "{same:?}"
        );
        assert!(
            same.iter().any(|w| w.contains("clusters 1 and 2 coincide")),
            "{same:?}"
        );
        // Two groups in opposite corners of the other diagonal: the start lies between them.
        let crossed = warned("0 9\n9 0\n", 2);
        assert!(
            crossed
                .iter()
                .any(|w| w.contains("clusters 1 and 2 coincide")),
            "{crossed:?}"
        );
    }
}
