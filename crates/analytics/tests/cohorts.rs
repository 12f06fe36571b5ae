//! Real cohorts, from the folder in `SALUS_DATA`; skipped where it is not set.

use std::{collections::BTreeSet, fs, path::PathBuf};

use salus_analytics::{
    params::FcmParameters,
    result::FcmResult,
    scale::Scaling,
    table::{parse, parse_columns, Missing, Options},
};

use crate::job;

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("SALUS_DATA").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: SALUS_DATA does not name the folder of the cohorts");
    }
    folder
}

fn read(name: &str) -> Option<Vec<u8>> {
    let path = folder()?.join(name);
    Some(fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn analyse(text: &[u8], parameters: &FcmParameters) -> FcmResult {
    let json = parameters.to_canonical_json().unwrap();
    let bytes = job::run_on(2, &json, &[text]).unwrap();
    FcmResult::from_bytes(&bytes).unwrap()
}

fn table(drop: &str, missing: Missing) -> Options {
    Options {
        drop: parse_columns(drop).into_iter().collect(),
        missing,
        ..Options::default()
    }
}

#[test]
fn wisconsin_agrees_with_the_diagnosis() {
    let Some(text) = read("breast-cancer-wisconsin.data") else {
        return;
    };
    let parameters = FcmParameters {
        clusters: 2,
        m: 2.0,
        table: table("1,11", Missing::Drop),
        ..FcmParameters::default()
    };
    let result = analyse(&text, &parameters);
    assert_eq!((result.rows, result.dropped.len()), (699, 16));
    assert!(result.converged);

    // Class 2 is benign, 4 malignant. Cluster 0 starts at the low end of the scores.
    let classes = parse(&text, &table("1-10", Missing::Fail)).unwrap().values;
    let dropped: BTreeSet<usize> = result.dropped.iter().map(|row| *row as usize).collect();
    let kept = classes
        .iter()
        .enumerate()
        .filter(|(row, _)| !dropped.contains(row));
    let agreeing = kept
        .zip(&result.labels)
        .filter(|((_, class), label)| **class == if **label == 0 { 2.0 } else { 4.0 })
        .count();
    let share = agreeing as f64 / result.labels.len() as f64;
    println!(
        "{agreeing} of {} rows agree: {:.2} %",
        result.labels.len(),
        100.0 * share
    );
    assert!(share >= 0.95, "{share}");
}

#[test]
fn hungarian_takes_missing_values() {
    let Some(text) = read("processed.hungarian.data") else {
        return;
    };
    // Column 14 is the diagnosis; 11 to 13 are missing for most.
    let parameters = FcmParameters {
        clusters: 2,
        scaling: Scaling::ZScore,
        table: table("11-14", Missing::Drop),
        ..FcmParameters::default()
    };
    let result = analyse(&text, &parameters);
    assert_eq!((result.rows, result.columns.len()), (294, 10));
    assert!(result.dropped.len() < 60, "{}", result.dropped.len());

    let means = FcmParameters {
        table: table("14", Missing::Mean),
        ..parameters
    };
    let result = analyse(&text, &means);
    assert_eq!((result.labels.len(), result.columns.len()), (294, 13));
}

#[test]
fn australian_is_separated_by_white_space() {
    let Some(text) = read("australian.dat") else {
        return;
    };
    // Column 15 is the class. The file has missing values, spelt `NA`.
    assert!(parse(&text, &table("15", Missing::Fail)).is_err());
    let parameters = FcmParameters {
        scaling: Scaling::MinMax,
        table: table("15", Missing::Mean),
        ..FcmParameters::default()
    };
    let result = analyse(&text, &parameters);
    assert_eq!((result.labels.len(), result.columns.len()), (690, 14));
}

#[test]
fn thyroid_lines_end_in_a_separator() {
    for (name, rows) in [("ann-train.data", 3772), ("ann-test.data", 3428)] {
        let Some(text) = read(name) else { return };
        let parameters = FcmParameters {
            clusters: 3,
            scaling: Scaling::ZScore,
            table: table("22", Missing::Fail),
            ..FcmParameters::default()
        };
        let result = analyse(&text, &parameters);
        assert_eq!(
            (result.labels.len(), result.columns.len()),
            (rows, 21),
            "{name}"
        );
    }
}
