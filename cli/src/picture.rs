//! Pictures of clusters.

use std::path::Path;

use salus_analytics::{job, params::FcmParameters, plot, result::FcmResult};
use zeroize::Zeroize;

/// Whether the name of a picture says what it will be.
pub fn is_png(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("png"))
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
    let drawn = plot::scatter_png(path, title, table.values.view(), result);
    if let Some(values) = table.values.as_slice_mut() {
        values.zeroize();
    }
    Ok(drawn?)
}
