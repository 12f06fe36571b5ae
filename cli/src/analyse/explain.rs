//! What is wrong with a table, in the words of the command line.

use std::path::{Path, PathBuf};

use salus_analytics::{
    job,
    params::FcmParameters,
    table::{self, Error, Limits, Place},
};

use crate::{error::usage, output::count};

/// Why an analysis of these files failed. A table that cannot be analysed is wrong use: files and
/// the options that help are named.
pub(super) fn explain(
    error: anyhow::Error,
    parameters: &FcmParameters,
    files: &[PathBuf],
    inputs: &[Vec<u8>],
) -> anyhow::Error {
    match error.downcast_ref::<job::Error>() {
        None | Some(job::Error::Cancelled) => return error,
        Some(job::Error::OverLimit(words)) => return usage(words),
        Some(_) => {}
    }
    let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    usage(wrong_table(parameters, files, &inputs).unwrap_or_else(|| error.to_string()))
}

/// What is wrong with inputs as one table; without files, inputs are numbered. An analysis keeps
/// only the library's words of it.
pub(crate) fn wrong_table(
    parameters: &FcmParameters,
    files: &[PathBuf],
    inputs: &[&[u8]],
) -> Option<String> {
    table::parse_all(inputs, &parameters.table, Limits::NONE)
        .err()
        .map(|error| words(&error, files))
}

/// What is wrong with the table in one file.
pub(crate) fn table_words(error: &Error, file: &Path) -> String {
    words(error, &[file.to_owned()])
}

/// An error of a table with its file and the option that helps.
fn words(error: &Error, files: &[PathBuf]) -> String {
    let place = place(error);
    let what = match error {
        Error::Fields {
            found, expected, ..
        } => format!(
            "the line has {}, where the first line has {expected}",
            count(*found as u64, "field")
        ),
        Error::NotANumber(place) => format!(
            "the field is not a number: leave the column out with --drop {}, or name what stands \
             for a missing value with --missing-tokens",
            place
                .column
                .map_or_else(|| "COLUMN".to_owned(), |column| column.to_string())
        ),
        Error::Missing(_) => {
            "the value is missing: --missing drop leaves such rows out, --missing \
                              mean puts the column's mean"
                .to_owned()
        }
        Error::NoneLeft => {
            "every row has a missing value: leave out the columns that have them with --drop, or \
             put the mean with --missing mean"
                .to_owned()
        }
        Error::NoColumns => "--drop leaves out every column: none to cluster by".to_owned(),
        Error::NoMean(_) => format!("{error}: leave it out with --drop"),
        Error::UnknownColumn(column) => format!("--drop: there is no column {column}"),
        Error::AmbiguousColumn(name) => {
            format!("--drop: several columns are named {name:?}: give the number")
        }
        Error::OtherColumns { .. } => match files.first() {
            Some(first) => format!("the columns are not those of {}", first.display()),
            None => "the columns are not those of input 1".to_owned(),
        },
        other => {
            let text = other.to_string();
            let begin = place.to_string();
            text.strip_prefix(&begin).unwrap_or(&text).to_owned()
        }
    };
    let file = match (place.input, files) {
        (Some(input), files) => input.checked_sub(1).and_then(|index| files.get(index)),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    let inside = Place {
        input: None,
        ..place
    };
    match file {
        Some(file) if inside == Place::default() => format!("{}: {what}", file.display()),
        Some(file) => format!("{}, {inside}{what}", file.display()),
        None => format!("{place}{what}"),
    }
}

/// Where the error is, as far as it says.
fn place(error: &Error) -> Place {
    match error {
        Error::NoRows(place)
        | Error::NotUtf8(place)
        | Error::Quotes(place)
        | Error::Fields { place, .. }
        | Error::NotANumber(place)
        | Error::NotFinite(place)
        | Error::Missing(place)
        | Error::NoName(place) => *place,
        Error::OtherColumns { input } => Place {
            input: Some(*input),
            ..Place::default()
        },
        _ => Place::default(),
    }
}

#[cfg(test)]
mod tests {
    use salus_analytics::table::Options;

    use super::*;

    fn told(options: &Options, inputs: &[&str]) -> String {
        let files = ["a.csv", "b.csv"].map(PathBuf::from);
        let bytes: Vec<&[u8]> = inputs.iter().map(|text| text.as_bytes()).collect();
        let error = table::parse_all(&bytes, options, Limits::NONE).unwrap_err();
        words(&error, &files[..inputs.len()])
    }

    #[test]
    fn errors_name_the_file_and_the_option() {
        let options = Options::default();
        let drop = |column: &str| Options {
            drop: table::parse_columns(column).into_iter().collect(),
            ..Options::default()
        };
        for (options, inputs, file, option) in [
            (
                &options,
                &["1,2\n3,?\n"][..],
                "a.csv, line 2, column 2: ",
                "--missing drop",
            ),
            (
                &options,
                &["1,2\n", "3,x\n"],
                "b.csv, line 1, column 2: ",
                "--drop 2,",
            ),
            (&options, &["1,2\n3\n"], "a.csv, line 2: ", "has 1 field,"),
            (&drop("9"), &["1,2\n3,4\n"], "a.csv: ", "no column 9"),
            (&drop("1,2"), &["1,2\n3,4\n"], "a.csv: ", "--drop"),
            (&options, &["a,b\n1,2\n", "a,c\n3,4\n"], "b.csv: ", "a.csv"),
            (
                &options,
                &["?,1\n2,?\n", "?,?\n"],
                "a.csv, line 1, column 1: ",
                "--missing mean",
            ),
        ] {
            let words = told(options, inputs);
            assert!(words.starts_with(file) && words.contains(option), "{words}");
        }
    }
}
