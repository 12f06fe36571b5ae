//! Trains both ways on the cohorts of the folder that SALUS_DATA names, and prints the figures.
//!
//! `bench_svm [quick]` prints `figure NAME SECONDS s`, what they are of, the predictions beside
//! those of scikit-learn's LinearSVC, and the book's tables. `quick` trains one split of each
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
    for chapter in [homogeneous::figures, vertical::figures] {
        for figure in chapter(quick)? {
            println!("figure {} {:.4} s", figure.name, figure.seconds);
        }
    }
    Ok(())
}
