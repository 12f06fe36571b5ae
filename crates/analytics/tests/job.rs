//! Analyses by name.

use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicBool, Ordering},
};

use ndarray::Array2;
use salus_analytics::{
    fcm::{Control, MAX_ITERATIONS},
    job::{self, measure, Bound, Error},
    params::FcmParameters,
    result::FcmResult,
    scale::Scale,
};

use crate::model;

const WIDE: Bound = Bound {
    rows: u32::MAX,
    columns: u32::MAX,
    clusters: u32::MAX,
    iterations: u32::MAX,
};

/// A table of 12,000 rows with a header, more than two chunks of distinct rows. The fourth column
/// takes few values.
pub fn synthetic() -> String {
    let mut text = String::from("age,pressure,glucose,grade\n");
    let rows = model::Sequence(2026).blobs(12_000, 4, 5);
    for row in rows {
        let grade = row[3] as u32 / 4;
        text += &format!("{},{},{},{grade}\n", row[0], row[1], row[2]);
    }
    text
}

pub fn run_on(threads: usize, parameters: &str, inputs: &[&[u8]]) -> Result<Vec<u8>, Error> {
    job::run_on(
        NonZeroUsize::new(threads),
        "fcm/1",
        parameters.as_bytes(),
        inputs,
        WIDE,
        &AtomicBool::new(false),
        &|_| (),
    )
}

fn run(parameters: &str, inputs: &[&[u8]], bound: Bound) -> Result<Vec<u8>, Error> {
    let cancel = AtomicBool::new(false);
    job::run(
        "fcm/1",
        parameters.as_bytes(),
        inputs,
        bound,
        &cancel,
        &|_| (),
    )
}

#[test]
fn result_is_that_of_the_clustering() {
    let text = b"a,b\n1,2\n1,?\n2,1\n9,8\n8,9\n";
    let parameters = r#"{"clusters":2,"scaling":"min-max","table":{"missing":"drop"}}"#;
    let bytes = run(parameters, &[text], WIDE).unwrap();
    let result = FcmResult::from_bytes(&bytes).unwrap();
    assert_eq!(result.columns, ["a", "b"]);
    assert_eq!((result.rows, &result.dropped[..]), (5, &[1][..]));
    assert_eq!(result.labels, [0, 0, 1, 1]);
    assert_eq!(result.scale.offset, [1.0, 1.0]);
    assert_eq!(result.scale.divisor, [8.0, 8.0]);
    let units = result.prototypes_in_units();
    assert!((units[[0, 0]] - 1.5).abs() < 0.1 && (units[[1, 1]] - 8.5).abs() < 0.1);
    assert!(result.prototypes.iter().all(|v| (0.0..=1.0).contains(v)));
}

#[test]
fn several_inputs_are_one_table() {
    let whole = run("{}", &[b"x y\n1 2\n3 5\n9 9\n8 7\n"], WIDE).unwrap();
    let parts: [&[u8]; 3] = [b"x y\n1 2\n", b"3 5\n9 9\n", b"x y\n8 7\n"];
    assert_eq!(run("{}", &parts, WIDE).unwrap(), whole);
    let other: [&[u8]; 2] = [b"x y\n1 2\n", b"x z\n3 5\n"];
    let error = run("{}", &other, WIDE).unwrap_err();
    assert_eq!(
        error.to_string(),
        "input 2 does not have the columns of input 1"
    );
}

#[test]
fn spelling_of_the_parameters_changes_nothing() {
    let text: &[u8] = b"1 2\n3 5\n9 9\n8 7\n";
    let short = run(r#"{"m": 2}"#, &[text], WIDE).unwrap();
    let canonical = FcmParameters::default().to_canonical_json().unwrap();
    assert_eq!(run(&canonical, &[text], WIDE).unwrap(), short);
}

#[test]
fn bound_of_a_post_is_what_it_needs() {
    let text: &[u8] = b"id,a,b,c\n1,2,3,4\n2,?,4,5\n3,4,5,6\n4,1,1,1\n";
    let parameters =
        r#"{"clusters":3,"max_iterations":17,"table":{"drop":["id"],"missing":"drop"}}"#;
    let bound = measure("fcm/1", parameters.as_bytes(), &[text]).unwrap();
    let expected = Bound {
        rows: 4,
        columns: 3,
        clusters: 3,
        iterations: 17,
    };
    assert_eq!(bound, expected);
    run(parameters, &[text], bound).unwrap();
    for (field, name) in [
        (0, "rows"),
        (1, "columns"),
        (2, "clusters"),
        (3, "iterations"),
    ] {
        let mut less = bound;
        *[
            &mut less.rows,
            &mut less.columns,
            &mut less.clusters,
            &mut less.iterations,
        ][field] -= 1;
        match run(parameters, &[text], less) {
            Err(Error::OverLimit(words)) => assert!(words.contains(name), "{words}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn result_has_a_largest_size() {
    let refused = |clusters: usize, text: &str, words: &str| {
        let parameters = format!(r#"{{"clusters":{clusters}}}"#);
        let inputs = [text.as_bytes()];
        let error = measure("fcm/1", parameters.as_bytes(), &inputs).unwrap_err();
        assert_eq!(run(&parameters, &inputs, WIDE), Err(error.clone()));
        assert!(
            matches!(&error, Error::OverLimit(found) if found.contains(words)),
            "{error}"
        );
    };
    // 1024 clusters: 2^14 rows make 2^24 memberships, one row more is too many.
    let rows = job::MAX_MEMBERSHIPS / 1024;
    refused(1024, &"1\n".repeat(rows + 1), "rows");
    let columns = job::MAX_COORDINATES / 1024;
    refused(1024, &"1 ".repeat(columns + 1), "columns");
    // A line of nothing but separators takes 24 times its size when it is split.
    refused(1, &",".repeat(job::MAX_COORDINATES + 1), "fields");
    refused(1, &"n".repeat(job::MAX_HEADER + 1), "column names");
    let line = "1 ".repeat(1 << 16) + "\n";
    refused(1, &line.repeat((job::MAX_VALUES >> 16) + 1), "values");
}

#[test]
fn largest_result_is_as_large_as_is_said() {
    // Larger than a job can make: its table would have too many values.
    let (rows, columns) = (job::MAX_MEMBERSHIPS, job::MAX_COORDINATES);
    let result = FcmResult {
        columns: vec!["n".repeat(job::MAX_HEADER / columns); columns],
        rows: rows as u32,
        dropped: Vec::new(),
        scale: Scale {
            offset: vec![0.0; columns],
            divisor: vec![1.0; columns],
        },
        prototypes: Array2::zeros((1, columns)),
        objective: vec![0.0; MAX_ITERATIONS as usize + 1],
        iterations: MAX_ITERATIONS,
        converged: false,
        labels: vec![0; rows],
        memberships: Array2::zeros((rows, 1)),
    };
    assert_eq!(result.to_bytes().len() as u64, job::MAX_RESULT);
    // Without a header the names are no longer.
    let longest = format!("column {}", job::MAX_COORDINATES);
    assert!(longest.len() * job::MAX_COORDINATES <= job::MAX_HEADER);
}

#[test]
fn largest_benchmark_is_within_the_limits() {
    let (rows, columns, clusters) = (1_000_000, 16, 8);
    assert!(rows * columns <= job::MAX_VALUES);
    assert!(rows * clusters <= job::MAX_MEMBERSHIPS);
}

#[test]
fn refuses_by_name() {
    let cancel = AtomicBool::new(false);
    let unknown = Error::UnknownAlgorithm("svm/9".into());
    let outcome = job::run("svm/9", b"{}", &[b"1\n2\n"], WIDE, &cancel, &|_| ());
    assert_eq!(outcome, Err(unknown.clone()));
    assert_eq!(measure("svm/9", b"{}", &[b"1\n2\n"]), Err(unknown.clone()));
    assert_eq!(unknown.to_string(), "there is no algorithm \"svm/9\"");
    assert_eq!(job::ALGORITHMS, ["fcm/1"]);

    let invalid = |parameters: &str, inputs: &[&[u8]]| match run(parameters, inputs, WIDE) {
        Err(Error::InvalidInput(words)) => words,
        other => panic!("{other:?}"),
    };
    assert!(invalid("{\"clusterz\":2}", &[b"1\n"]).contains("clusterz"));
    assert!(invalid("{\"m\":1}", &[b"1\n"]).contains("exponent m"));
    assert_eq!(invalid("{}", &[]), "there is no input");
    assert_eq!(
        invalid("{}", &[b"1 2\n1 x\n"]),
        "line 2, column 2: the field is not a number: leave the column out, or name the \
         field as a missing token"
    );
    // Before scaling, so that no scaling hides it.
    let scaled = r#"{"scaling":"min-max"}"#;
    assert!(invalid(scaled, &[b"1e308\n-1e308\n0\n"]).contains("larger than 1e140"));
}

#[test]
fn cancelled_run_says_so() {
    let text = synthetic();
    let cancel = AtomicBool::new(false);
    let progress = |_| cancel.store(true, Ordering::Relaxed);
    let outcome = job::run("fcm/1", b"{}", &[text.as_bytes()], WIDE, &cancel, &progress);
    assert_eq!(outcome, Err(Error::Cancelled));
}

#[test]
fn prepared_rows_are_those_that_are_clustered() {
    let parameters =
        FcmParameters::from_json(br#"{"scaling":"z-score","table":{"missing":"drop"}}"#).unwrap();
    let inputs: [&[u8]; 1] = [b"a b\n1 2\nNA 4\n3 3\n5 9\n"];
    let (table, scale) = job::prepare(&parameters, &inputs).unwrap();
    let cancel = AtomicBool::new(false);
    let control = Control {
        cancel: &cancel,
        progress: &|_| (),
    };
    let result = job::fcm(&parameters, &inputs, WIDE, None, control).unwrap();
    assert_eq!(scale, result.scale);
    assert_eq!(table.values.nrows(), result.labels.len());
    let again = salus_analytics::fcm::cluster(&table.values, &parameters.options()).unwrap();
    assert_eq!(again.prototypes, result.prototypes);
}
