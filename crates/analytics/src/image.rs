//! Segmentation of 8-bit grey images: fuzzy c-means over the histogram.
//!
//! All pixels of one grey level have the same memberships, so 256 weighted values stand for any
//! number of pixels.

use std::{num::NonZeroUsize, sync::atomic::AtomicBool};

use ndarray::Array2;

use crate::{
    fcm::{self, Blocks, Control, Options},
    workers,
};

/// Grey levels.
pub const LEVELS: usize = 256;
/// Most clusters: labels are bytes.
pub const MAX_CLUSTERS: usize = 256;

/// Pixels of one task.
const SPAN: usize = 1 << 18;

/// Why an image cannot be segmented.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// Width times height is not the number of pixels.
    #[error("{width} x {height} is not the number of pixels, {pixels}")]
    Shape {
        /// Pixels in a row.
        width: usize,
        /// Rows.
        height: usize,
        /// Bytes given.
        pixels: usize,
    },
    /// More pixels than a 32-bit number counts.
    #[error("there are more than 4294967295 pixels")]
    TooManyPixels,
    /// More than [`MAX_CLUSTERS`].
    #[error("the number of clusters of an image must be from 1 to 256")]
    Clusters,
    /// Any other reason.
    #[error(transparent)]
    Clustering(#[from] fcm::Error),
}

/// A segmented image.
#[derive(Clone, PartialEq, Debug)]
pub struct Segmentation {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Grey level of each prototype; c values.
    pub prototypes: Vec<f64>,
    /// Memberships of each grey level, whether it occurs or not, 256 x c.
    pub memberships: Array2<f64>,
    /// Pixels of each grey level.
    pub histogram: Vec<u32>,
    /// Cluster of each pixel, row by row.
    pub labels: Vec<u8>,
    /// Objective under the prototypes after k updates, k = 0 to `iterations`.
    pub objective: Vec<f64>,
    /// Updates of the prototypes.
    pub iterations: u32,
    /// Whether the last update moved no prototype by more than epsilon.
    pub converged: bool,
}

/// Clusters the pixels of an image by grey level.
///
/// The bits are those of the grey levels in ascending order, weighted by their counts; levels that
/// do not occur have weight 0, and the bounding box is that of the levels that do.
pub fn segment(
    pixels: &[u8],
    width: usize,
    height: usize,
    options: &Options,
) -> Result<Segmentation, Error> {
    options.validate()?;
    if options.clusters > MAX_CLUSTERS {
        return Err(Error::Clusters);
    }
    if width.checked_mul(height) != Some(pixels.len()) {
        return Err(Error::Shape {
            width,
            height,
            pixels: pixels.len(),
        });
    }
    if u32::try_from(pixels.len()).is_err() {
        return Err(Error::TooManyPixels);
    }
    let threads = workers::count(options.threads);
    let histogram = histogram(pixels, threads);
    let occurs = |level: &usize| histogram[*level] > 0;
    let (Some(low), Some(high)) = ((0..LEVELS).find(occurs), (0..LEVELS).rfind(occurs)) else {
        return Err(fcm::Error::NoRows.into());
    };
    let levels: Vec<f64> = (0..LEVELS).map(|level| level as f64).collect();
    let cancel = AtomicBool::new(false);
    let solution = fcm::solve(
        &Blocks::single_column(&levels, &histogram),
        &[levels[low]],
        &[levels[high]],
        options,
        // 256 rows are one chunk.
        NonZeroUsize::MIN,
        Control {
            cancel: &cancel,
            progress: &|_| (),
        },
    )?;
    let mut label_of = [0_u8; LEVELS];
    for (target, label) in label_of.iter_mut().zip(&solution.labels) {
        *target = *label as u8;
    }
    Ok(Segmentation {
        width,
        height,
        prototypes: solution.prototypes,
        memberships: Array2::from_shape_vec((LEVELS, options.clusters), solution.memberships)
            .expect("a row for each level"),
        histogram,
        labels: labels(pixels, &label_of, threads),
        objective: solution.objective,
        iterations: solution.iterations,
        converged: solution.converged,
    })
}

/// Pixels of each grey level.
fn histogram(pixels: &[u8], threads: NonZeroUsize) -> Vec<u32> {
    let parts = workers::map(
        threads,
        pixels.chunks(SPAN).collect(),
        || (),
        |_, span: &[u8]| {
            // Four tables, so that equal neighbours do not wait for each other's counter.
            let mut counts = [[0_u32; LEVELS]; 4];
            let mut quads = span.chunks_exact(4);
            for quad in &mut quads {
                for (counts, &pixel) in counts.iter_mut().zip(quad) {
                    counts[usize::from(pixel)] += 1;
                }
            }
            for &pixel in quads.remainder() {
                counts[0][usize::from(pixel)] += 1;
            }
            counts
        },
    );
    let mut total = vec![0; LEVELS];
    for counts in parts.iter().flatten() {
        for (total, count) in total.iter_mut().zip(counts) {
            *total += count;
        }
    }
    total
}

/// Label of each pixel.
fn labels(pixels: &[u8], label_of: &[u8; LEVELS], threads: NonZeroUsize) -> Vec<u8> {
    let mut labels = vec![0; pixels.len()];
    let spans = pixels.chunks(SPAN).zip(labels.chunks_mut(SPAN)).collect();
    workers::map(
        threads,
        spans,
        || (),
        |_, (span, labels): (&[u8], &mut [u8])| {
            for (label, &pixel) in labels.iter_mut().zip(span) {
                *label = label_of[usize::from(pixel)];
            }
        },
    );
    labels
}
