//! Images through their histogram.

use std::num::NonZeroUsize;

use ndarray::Array2;
use salus_analytics::{
    fcm::{self, cluster, Options, Simd},
    image::{segment, Error, LEVELS},
};

use crate::model::Sequence;

fn picture(pixels: usize) -> Vec<u8> {
    let mut sequence = Sequence(9);
    (0..pixels)
        .map(|_| {
            let tissue = (3.0 * sequence.next()) as u8;
            20 + tissue * 80 + (40.0 * sequence.next()) as u8
        })
        .collect()
}

fn options(clusters: usize) -> Options {
    Options {
        clusters,
        epsilon: 0.0,
        max_iterations: 12,
        ..Options::default()
    }
}

#[test]
fn agrees_with_clustering_every_pixel() {
    let pixels = picture(60 * 50);
    let found = segment(&pixels, 60, 50, &options(3)).unwrap();
    let values = pixels.iter().map(|pixel| f64::from(*pixel)).collect();
    let table = Array2::from_shape_vec((pixels.len(), 1), values).unwrap();
    let expected = cluster(&table, &options(3)).unwrap();

    assert_eq!(found.iterations, expected.iterations);
    for (found, expected) in found.prototypes.iter().zip(&expected.prototypes) {
        assert!((found - expected).abs() < 1e-9);
    }
    for (found, expected) in found.objective.iter().zip(&expected.objective) {
        assert!((found / expected - 1.0).abs() < 1e-9);
    }
    for (index, pixel) in pixels.iter().enumerate() {
        assert_eq!(u16::from(found.labels[index]), expected.labels[index]);
        for cluster in 0..3 {
            let level = found.memberships[[usize::from(*pixel), cluster]];
            assert!((level - expected.memberships[[index, cluster]]).abs() < 1e-9);
        }
    }
    assert_eq!(found.histogram.len(), LEVELS);
    assert_eq!(found.histogram.iter().sum::<u32>(), 3000);
    let of_level = pixels.iter().filter(|pixel| **pixel == pixels[0]).count();
    assert_eq!(found.histogram[usize::from(pixels[0])] as usize, of_level);
}

#[test]
fn threads_and_instructions_change_no_bit() {
    // More than two of the spans that threads take, and a rest.
    let pixels = picture(1031 * 757);
    let run = |threads, simd| {
        let options = Options {
            threads: NonZeroUsize::new(threads),
            simd,
            ..options(4)
        };
        segment(&pixels, 1031, 757, &options).unwrap()
    };
    let expected = run(1, Simd::Portable);
    for (threads, simd) in [(2, Simd::Baseline), (7, Simd::Avx2), (2, Simd::Auto)] {
        assert_eq!(run(threads, simd), expected, "{threads} threads, {simd:?}");
    }
}

#[test]
fn one_grey_level_is_an_image() {
    let found = segment(&[77; 6], 3, 2, &options(2)).unwrap();
    assert_eq!(found.prototypes, [77.0, 77.0]);
    assert_eq!(found.labels, [0; 6]);
}

#[test]
fn refuses_what_is_no_image() {
    let refused = |pixels: &[u8], width, height, clusters| {
        segment(pixels, width, height, &options(clusters)).unwrap_err()
    };
    let shape = Error::Shape {
        width: 2,
        height: 2,
        pixels: 3,
    };
    assert_eq!(refused(&[1; 3], 2, 2, 2), shape);
    assert!(matches!(
        refused(&[1; 3], usize::MAX, 2, 2),
        Error::Shape { .. }
    ));
    assert_eq!(refused(&[], 0, 5, 2), Error::Clustering(fcm::Error::NoRows));
    assert_eq!(refused(&[1; 4], 2, 2, 257), Error::Clusters);
    assert_eq!(
        refused(&[1; 4], 2, 2, 0),
        Error::Clustering(fcm::Error::Clusters)
    );
}
