//! Times.

use std::{num::NonZeroUsize, path::Path, time::Instant};

use anyhow::Context;
use salus_analytics::coalitions::{worths, Family};
use salus_shapley::{monotone_hull, Profile, Rule, Shares, Table, Worth, MAX_PLAYERS, ONE};

use crate::cohorts::Cohort;

const SVM: Family = Family::Svm { c: 1.0 };

/// Ten owners of Wisconsin rows on one thread, for the comparison with pydvl: trains every
/// coalition, prints seconds (median of some) and the values of the raw worths.
pub fn ten(folder: &Path) -> anyhow::Result<()> {
    let (test, owners) = Cohort::wisconsin(folder)?.in_turn(10)?;
    let mut seconds = Vec::new();
    let mut values = Vec::new();
    for _ in 0..21 {
        let start = Instant::now();
        let worths = worths(&SVM, &test, &owners, NonZeroUsize::new(1), None)?;
        let found = Profile::of(Table::new(&worths)?).values()?;
        seconds.push(start.elapsed().as_secs_f64());
        let unit = found.denominator as f64 * ONE as f64;
        values = found
            .numerators
            .iter()
            .map(|number| *number as f64 / unit)
            .collect();
    }
    seconds.sort_by(f64::total_cmp);
    println!("seconds {:.6}", seconds[seconds.len() / 2]);
    let values: Vec<String> = values
        .iter()
        .map(|value: &f64| format!("{value:.9}"))
        .collect();
    println!("values {}", values.join(" "));
    Ok(())
}

/// Twenty owners on all processors: every coalition trained, hull, shares of the three groups.
pub fn twenty(folder: &Path) -> anyhow::Result<()> {
    let (test, owners) = Cohort::wisconsin(folder)?.in_turn(20)?;
    let start = Instant::now();
    let mut worths = worths(&SVM, &test, &owners, None, None)?;
    let trained = start.elapsed();
    monotone_hull(&mut worths)?;
    let shares = Shares::of(
        &Profile::of(Table::new(&worths)?),
        Rule::Groups { validators: 4 },
    )?;
    let paid = shares.divide(1_000_000)?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "twenty owners: {} coalitions trained in {:.3} s; of 1,000,000 owners have {}, validators {}, the third party {}",
        worths.len() - 1,
        trained.as_secs_f64(),
        paid.owners.iter().sum::<u128>(),
        paid.validators,
        paid.third_party,
    );
    println!("figure shapley20_s {seconds:.2} s");
    Ok(())
}

/// The largest table: hull, then shares of the three groups.
pub fn aggregate() -> anyhow::Result<()> {
    // Larger coalitions are worth more, and some a little less than they should.
    let worth = |set: u64| {
        let noise = set.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 53;
        (u64::from(set.count_ones()) * 1024 + noise) as Worth
    };
    let mut worths: Vec<Worth> = (0..1 << MAX_PLAYERS).map(worth).collect();
    *worths.first_mut().context("the table is empty")? = 0;
    let start = Instant::now();
    monotone_hull(&mut worths)?;
    println!(
        "hull of {MAX_PLAYERS} owners: {:.3} s",
        start.elapsed().as_secs_f64()
    );
    let mut seconds = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        let profile = Profile::of(Table::new(&worths)?);
        let shares = Shares::of(&profile, Rule::Groups { validators: 4 })?;
        std::hint::black_box(shares.divide(1_000_000)?);
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    println!(
        "figure aggregate{MAX_PLAYERS}_s {:.3} s",
        seconds[seconds.len() / 2]
    );
    Ok(())
}
