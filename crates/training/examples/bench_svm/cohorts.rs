//! The cohorts, their splits, and what scikit-learn's LinearSVC reaches on them.

use std::{env, error::Error, fs, path::Path};

use ndarray::Axis;
use salus_analytics::{
    metrics::Confusion,
    split,
    svm::{labels, Model},
    table::{self, parse_columns, Missing},
};
use salus_training::homogeneous::{Moments, Rows, Terms};
use serde::Deserialize;

pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// A cohort, missing values replaced by the mean of the column, as for LinearSVC.
pub struct Cohort {
    pub name: &'static str,
    pub rows: Rows,
    pub file: &'static str,
}

/// Name, file, columns left out, column of classes, positive values.
type Facts = (
    &'static str,
    &'static str,
    &'static str,
    usize,
    &'static [f64],
);

pub const BCWD: Facts = ("bcwd", "breast-cancer-wisconsin.data", "1", 9, &[4.0]);
pub const HDD: Facts = (
    "hdd",
    "processed.hungarian.data",
    "",
    13,
    &[1.0, 2.0, 3.0, 4.0],
);
pub const ACAD: Facts = ("acad", "australian.dat", "", 14, &[1.0]);

/// Precision and recall that the book printed, in percent: of its secure training, and of its plain
/// SVM. Tables 4.3 and 5.5.
pub type Book = [f64; 4];

/// What one back-end reached on a cohort, beside LinearSVC on the same splits and the book.
pub struct Line {
    pub cohort: &'static str,
    pub backend: String,
    pub ours: [f64; 3],
    pub peer: [f64; 3],
    pub book: Option<Book>,
}

impl Line {
    /// Points of F1 above LinearSVC.
    pub fn gap(&self) -> f64 {
        self.ours[2] - self.peer[2]
    }

    /// Refuses an F1 of more than half a point below LinearSVC.
    pub fn check(&self) -> Outcome<()> {
        match self.gap() < -0.5 {
            true => Err(format!(
                "{}, {}: F1 is {:.2} points below LinearSVC",
                self.cohort,
                self.backend,
                -self.gap()
            )
            .into()),
            false => Ok(()),
        }
    }
}

/// All lines as a table.
pub fn print(title: &str, lines: &[Line]) {
    println!("{title}: precision / recall / F1 in %, points of F1 above LinearSVC, and the book's");
    for line in lines {
        let [p, r, f] = line.ours;
        let [peer_p, peer_r, peer_f] = line.peer;
        let book = match line.book {
            Some([p, r, plain_p, plain_r]) => {
                format!("book {p:.2} / {r:.2}, its SVM {plain_p:.2} / {plain_r:.2}")
            }
            None => "not in the book".to_string(),
        };
        println!(
            "  {:5} {:26} {p:.2} / {r:.2} / {f:.2}  LinearSVC {peer_p:.2} / {peer_r:.2} / {peer_f:.2}  \
             {:+.2}  {book}",
            line.cohort,
            line.backend,
            line.gap()
        );
    }
}

/// Reads a cohort from the folder that SALUS_DATA names.
pub fn read((name, file, left_out, classes, positive): Facts) -> Outcome<Cohort> {
    let folder =
        env::var_os("SALUS_DATA").ok_or("SALUS_DATA must name the folder of the cohorts")?;
    let text =
        fs::read(Path::new(&folder).join(file)).map_err(|error| format!("{file}: {error}"))?;
    let options = table::Options {
        drop: parse_columns(left_out).into_iter().collect(),
        missing: Missing::Mean,
        ..table::Options::default()
    };
    let values = table::parse(&text, &options)?.values;
    let positive = labels(values.column(classes).iter().copied(), positive)?;
    let columns: Vec<usize> = (0..values.ncols())
        .filter(|column| *column != classes)
        .collect();
    Ok(Cohort {
        name,
        rows: Rows {
            values: values.select(Axis(1), &columns),
            positive,
        },
        file,
    })
}

/// Rows at these positions.
pub fn pick(rows: &Rows, positions: &[usize]) -> Rows {
    Rows {
        values: rows.values.select(Axis(0), positions),
        positive: positions
            .iter()
            .filter_map(|row| rows.positive.get(*row).copied())
            .collect(),
    }
}

/// Training and test rows of a split: 20 % are for testing.
pub fn split(rows: &Rows, number: u32) -> (Rows, Rows) {
    let (training, test) = split::by_position(number, rows.positive.len(), 200);
    (pick(rows, &training), pick(rows, &test))
}

/// Predictions for test rows, scaled as the training rows were.
pub fn score(terms: &Terms, model: &Model, training: &Rows, test: &Rows) -> Outcome<Confusion> {
    let moments = Moments::of(training.values.view())?;
    let mut terms = terms.clone();
    terms.range_bits = 16;
    let data = terms.encode(test, Some(&moments))?;
    let predicted = model.predict(&data)?;
    Ok(Confusion::of(data.classes().iter().copied().zip(predicted)))
}

/// Parts for the providers, row after row in turn.
pub fn distribute(rows: &Rows, providers: usize) -> Vec<Rows> {
    let part = |k| {
        pick(
            rows,
            &(k..rows.positive.len())
                .step_by(providers)
                .collect::<Vec<_>>(),
        )
    };
    (0..providers).map(part).collect()
}

#[derive(Deserialize)]
struct Recorded {
    cohorts: Vec<RecordedCohort>,
}

#[derive(Deserialize)]
struct RecordedCohort {
    file: String,
    splits: Vec<Scores>,
}

#[derive(Deserialize)]
struct Scores {
    tp: u64,
    fp: u64,
    #[serde(rename = "fn")]
    missed: u64,
    rows: usize,
}

/// What LinearSVC (C = 1, the same splits) predicts, as `bench/svm/run.sh vectors` recorded it.
pub fn linear_svc(cohort: &Cohort) -> Outcome<Vec<Confusion>> {
    let recorded: Recorded = serde_json::from_str(include_str!(
        "../../../analytics/tests/svm-vectors/svm-cohorts.json"
    ))?;
    let found = recorded
        .cohorts
        .into_iter()
        .find(|recorded| recorded.file == cohort.file);
    let splits = found.ok_or("the cohort is not recorded")?.splits;
    Ok(splits
        .iter()
        .map(|scores| Confusion {
            true_positives: scores.tp,
            false_positives: scores.fp,
            false_negatives: scores.missed,
            true_negatives: scores.rows as u64 - scores.tp - scores.fp - scores.missed,
        })
        .collect())
}

/// Means of precision, recall and F1, in percent.
pub fn means(scores: &[Confusion]) -> [f64; 3] {
    let count = scores.len().max(1) as f64;
    let mean = |value: fn(&Confusion) -> f64| 100.0 * scores.iter().map(value).sum::<f64>() / count;
    [
        mean(Confusion::precision),
        mean(Confusion::recall),
        mean(Confusion::f1),
    ]
}
