//! Trains both ways on the cohorts of the folder that SALUS_DATA names, and prints the figures.
//!
//! `bench_svm [quick]` prints `figure NAME SECONDS s`, what they are of, and precision, recall and F1
//! of every back-end beside scikit-learn's LinearSVC and the book's tables 4.3 and 5.5. `quick` trains one split of each
//! instead of ten. `bench_svm series` prints seconds against the number of providers and of participants.

mod cohorts;
mod homogeneous;
mod vertical;

use std::process::ExitCode;

fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    let outcome = match argument.as_deref() {
        None => all(false),
        Some("quick") => all(true),
        Some("series") => {
            homogeneous::against_providers().and_then(|()| vertical::against_participants())
        }
        Some(_) => Err("usage: bench_svm [quick|series]".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench_svm: {error}");
            ExitCode::FAILURE
        }
    }
}

fn all(quick: bool) -> cohorts::Outcome<()> {
    let (rows, table_4_3) = homogeneous::figures(quick)?;
    let (columns, table_5_5) = vertical::figures(quick)?;
    let splits = if quick { "one split" } else { "ten splits" };
    cohorts::print(
        &format!("same attributes, {splits} (table 4.3)"),
        &table_4_3,
    );
    cohorts::print("same patients, ten splits (table 5.5)", &table_5_5);
    for figure in rows.iter().chain(&columns) {
        println!("figure {} {:.4} s", figure.name, figure.seconds);
    }
    Ok(())
}
