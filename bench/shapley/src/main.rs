//! Shapley values with retraining: times, and the book's figures 7.4 to 7.9.
//!
//! `bench-shapley ten|twenty DATA`, `aggregate`, `figures DATA FOLDER [REPETITIONS]`; DATA is the
//! folder of the cohorts.

mod cohorts;
mod figures;
mod pictures;
mod speed;

use std::path::Path;

use anyhow::{bail, Context};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["ten", data] => speed::ten(Path::new(data)),
        ["twenty", data] => speed::twenty(Path::new(data)),
        ["aggregate"] => speed::aggregate(),
        ["figures", data, folder] => figures::all(Path::new(data), Path::new(folder), 30),
        ["figures", data, folder, repetitions] => {
            let repetitions = repetitions.parse().context("REPETITIONS is no number")?;
            figures::all(Path::new(data), Path::new(folder), repetitions)
        }
        _ => bail!(
            "usage: bench-shapley ten|twenty DATA, aggregate, figures DATA FOLDER [REPETITIONS]"
        ),
    }
}
