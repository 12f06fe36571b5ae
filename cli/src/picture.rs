//! Pictures of clusters.

use std::path::Path;

use salus_analytics::{job, params::FcmParameters, plot, result::FcmResult};
use zeroize::Zeroize;

use crate::{
    error::usage,
    files::{check_writable, write_through},
};

/// Refuses a picture whose name does not say what it will be, or whose folder is missing.
pub fn check(path: &Path) -> anyhow::Result<()> {
    let is_png = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("png"));
    match is_png {
        true => check_writable(path),
        false => Err(usage(format!(
            "{}: the name of a picture ends in .png",
            path.display()
        ))),
    }
}

/// Writes a PNG: the rows that were clustered in their first two principal components, coloured by
/// cluster, with the prototypes. `inputs` and `parameters` are those of the result.
pub fn draw(
    path: &Path,
    title: &str,
    parameters: &FcmParameters,
    inputs: &[Vec<u8>],
    result: &FcmResult,
) -> anyhow::Result<()> {
    let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    let (mut table, _) = job::prepare(parameters, &inputs)?;
    let drawn = write_through(path, |path| {
        Ok(plot::scatter_png(path, title, table.values.view(), result)?)
    });
    if let Some(values) = table.values.as_slice_mut() {
        values.zeroize();
    }
    drawn
}
