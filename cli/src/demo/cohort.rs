//! The data of the demo: a file, or a cohort made up here.

use std::{collections::BTreeSet, fmt::Write, path::Path};

use salus_analytics::{
    params::FcmParameters,
    scale::Scaling,
    table::{self, ColumnRef, Error, Missing, Options},
};

use crate::{analyse::FcmArgs, error::usage, files};

/// Patients of the synthetic cohort.
const PATIENTS: usize = 600;
/// One value in so many is missing.
const MISSING: u64 = 100;
/// Seed of its random numbers: the same cohort everywhere.
const SEED: u64 = 0x5A1F5;
/// A column in which more than this part of the values is missing is left out.
const MOSTLY: f64 = 0.5;

/// A table and how it is clustered.
#[derive(Clone, Debug)]
pub struct Cohort {
    /// What it is called.
    pub name: String,
    /// The table as text.
    pub bytes: Vec<u8>,
    /// How it is clustered.
    pub parameters: FcmParameters,
    /// What was decided without being asked for, in words.
    pub choices: Vec<String>,
}

/// The file, or a synthetic cohort. Rows with a missing value are dropped unless the options say
/// otherwise; columns that hold no numbers, or mostly nothing, are left out.
pub fn choose(file: Option<&Path>, fcm: &FcmArgs) -> anyhow::Result<Cohort> {
    let mut parameters = fcm.parameters()?;
    let mut choices = Vec::new();
    if fcm.missing.is_none() {
        parameters.table.missing = Missing::Drop;
        choices.push("rows with a missing value are dropped (--missing drop)".into());
    }
    let (name, bytes) = match file {
        Some(path) => {
            let bytes = files::read(path)?;
            let name = path.file_name().unwrap_or(path.as_os_str());
            (name.to_string_lossy().into_owned(), bytes)
        }
        None => {
            parameters.clusters = fcm.clusters.unwrap_or(GROUPS.len() as u32);
            parameters.scaling = fcm.scaling.unwrap_or(Scaling::ZScore);
            ("synthetic cohort".into(), synthetic(PATIENTS).into_bytes())
        }
    };
    for (column, why) in unusable(&bytes, &parameters.table)? {
        choices.push(format!(
            "column {column} is left out: {why} (--drop {column})"
        ));
        parameters.table.drop.insert(ColumnRef::Number(column));
    }
    Ok(Cohort {
        name,
        bytes,
        parameters,
        choices,
    })
}

/// Columns, from 1, that cannot be clustered by, and why.
fn unusable(bytes: &[u8], options: &Options) -> anyhow::Result<Vec<(u32, &'static str)>> {
    // What is wrong with the table as a whole.
    match table::parse(bytes, options) {
        Ok(_)
        | Err(Error::NotANumber(_) | Error::Missing(_) | Error::NoneLeft | Error::NoMean(_)) => {}
        Err(error) => return Err(usage(error.to_string())),
    }
    let mut columns = 0;
    while !matches!(
        only(bytes, options, &[ColumnRef::Number(columns + 1)].into()),
        Err(Error::UnknownColumn(_))
    ) {
        columns += 1;
    }
    let all: BTreeSet<ColumnRef> = (1..=columns).map(ColumnRef::Number).collect();
    let mut found = Vec::new();
    for column in 1..=columns {
        let mut others = all.clone();
        others.remove(&ColumnRef::Number(column));
        let why = match only(bytes, options, &others) {
            Ok(table) => {
                let missing = table.dropped.len() as f64 / table.rows as f64;
                (missing > MOSTLY).then_some("more than half of its values are missing")
            }
            Err(Error::NoneLeft) => Some("it has no values"),
            Err(Error::NotANumber(_)) => Some("it does not hold numbers"),
            // Left out by the options.
            Err(Error::NoColumns) => None,
            Err(error) => return Err(usage(error.to_string())),
        };
        found.extend(why.map(|why| (column, why)));
    }
    // Who wants missing values refused wants to hear of them.
    if options.missing == Missing::Fail {
        found.retain(|(_, why)| why.ends_with("numbers"));
    }
    Ok(found)
}

/// The table without some more columns, and without rows that have missing values.
fn only(
    bytes: &[u8],
    options: &Options,
    without: &BTreeSet<ColumnRef>,
) -> Result<table::Table, Error> {
    let options = Options {
        drop: options.drop.union(without).cloned().collect(),
        missing: Missing::Drop,
        ..options.clone()
    };
    table::parse(bytes, &options)
}

/// Columns of the synthetic cohort.
const COLUMNS: [&str; 6] = [
    "age",
    "systolic",
    "diastolic",
    "bmi",
    "glucose",
    "cholesterol",
];

/// Mean and standard deviation of each column in each group: healthy, hypertensive, diabetic.
const GROUPS: [[(f64, f64); 6]; 3] = [
    [
        (41.0, 9.0),
        (118.0, 8.0),
        (76.0, 6.0),
        (23.5, 2.2),
        (88.0, 8.0),
        (182.0, 22.0),
    ],
    [
        (63.0, 8.0),
        (158.0, 11.0),
        (96.0, 7.0),
        (27.5, 2.8),
        (98.0, 10.0),
        (224.0, 26.0),
    ],
    [
        (57.0, 9.0),
        (136.0, 10.0),
        (84.0, 7.0),
        (33.5, 3.1),
        (172.0, 24.0),
        (236.0, 28.0),
    ],
];

/// A table of made-up patients in three groups, always the same.
fn synthetic(patients: usize) -> String {
    let mut random = SplitMix::new(SEED);
    let mut text = COLUMNS.join(",");
    text.push('\n');
    for _ in 0..patients {
        let group = &GROUPS[(random.next() % GROUPS.len() as u64) as usize];
        for (column, (mean, deviation)) in group.iter().enumerate() {
            let value = mean + deviation * random.normal();
            let separator = if column == 0 { "" } else { "," };
            let _ = match random.next() % MISSING {
                0 => write!(text, "{separator}NA"),
                _ => write!(text, "{separator}{value:.1}"),
            };
        }
        text.push('\n');
    }
    text
}

/// SplitMix64: S. Vigna's public-domain generator, enough to make up data.
pub(super) struct SplitMix(u64);

impl SplitMix {
    /// Always the same numbers for a seed.
    pub fn new(seed: u64) -> Self {
        SplitMix(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// About normal, mean 0 and deviation 1: a sum of twelve uniform numbers. Only additions, so
    /// that the text is the same on every machine.
    pub fn normal(&mut self) -> f64 {
        let uniform = |word: u64| (word >> 11) as f64 / (1u64 << 53) as f64;
        (0..12).map(|_| uniform(self.next())).sum::<f64>() - 6.0
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        fcm: FcmArgs,
    }

    fn args(line: &str) -> FcmArgs {
        Line::parse_from([""].into_iter().chain(line.split_whitespace())).fcm
    }

    fn of(text: &str, line: &str) -> anyhow::Result<Cohort> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("cohort.csv");
        std::fs::write(&file, text)?;
        choose(Some(&file), &args(line))
    }

    fn left_out(cohort: &Cohort) -> Vec<String> {
        cohort
            .parameters
            .table
            .drop
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn the_synthetic_cohort_is_always_the_same() {
        let cohort = choose(None, &args("")).unwrap();
        assert_eq!(cohort.bytes, choose(None, &args("")).unwrap().bytes);
        assert_eq!(cohort.parameters.clusters, 3);
        let table = table::parse(&cohort.bytes, &cohort.parameters.table).unwrap();
        assert_eq!(table.rows, PATIENTS);
        assert_eq!(table.names, COLUMNS);
        // A hundredth of the values is missing, so about a seventeenth of the rows.
        assert!(
            (10..80).contains(&table.dropped.len()),
            "{}",
            table.dropped.len()
        );
        assert!(left_out(&cohort).is_empty());
    }

    #[test]
    fn options_override_what_the_synthetic_cohort_would_choose() {
        let cohort = choose(None, &args("-c 4 --scaling none --missing mean")).unwrap();
        assert_eq!(cohort.parameters.clusters, 4);
        assert_eq!(cohort.parameters.scaling, Scaling::None);
        assert_eq!(cohort.parameters.table.missing, Missing::Mean);
    }

    #[test]
    fn columns_without_numbers_or_values_are_left_out_and_named() {
        let text = "1,a,?,5\n2,b,?,6\n3,c,7,?\n";
        let cohort = of(text, "").unwrap();
        assert_eq!(left_out(&cohort), ["2", "3"]);
        assert_eq!(cohort.choices.len(), 3);
        let table = table::parse(text.as_bytes(), &cohort.parameters.table).unwrap();
        assert_eq!(table.dropped, [2]);
    }

    #[test]
    fn columns_that_were_left_out_already_stay_so_by_name_too() {
        let text = "id,x,label\n1,2,a\n2,3,b\n";
        let cohort = of(text, "--drop id,label").unwrap();
        assert_eq!(left_out(&cohort), ["\"id\"", "\"label\""]);
    }

    #[test]
    fn missing_values_are_refused_where_that_is_asked_for() {
        let cohort = of("1,?\n2,?\n3,4\n", "--missing fail").unwrap();
        assert!(left_out(&cohort).is_empty());
        assert!(of("1,2\n3\n", "").is_err());
    }
}
