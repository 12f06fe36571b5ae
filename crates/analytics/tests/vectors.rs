//! Recorded outcomes of scikit-fuzzy, made by `bench/fcm/make_vectors.py`.

use std::fs;

use ndarray::Array2;
use salus_analytics::{
    fcm::{cluster, Options},
    image::segment,
};
use serde::Deserialize;

use crate::model;

/// The agreement that is asked for, absolute.
const TOLERANCE: f64 = 1e-9;

#[derive(Deserialize)]
struct Vector {
    clusters: usize,
    m: f64,
    iterations: u32,
    prototypes: Vec<Vec<f64>>,
    /// Row by row.
    memberships: Vec<Vec<f64>>,
    /// The rows of a table.
    data: Option<Vec<Vec<f64>>>,
    /// A grey image.
    image: Option<Image>,
}

#[derive(Deserialize)]
struct Image {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

fn assert_close(found: &Array2<f64>, expected: &[Vec<f64>], what: &str) {
    assert_eq!(found.nrows(), expected.len());
    for (found, expected) in found.rows().into_iter().zip(expected) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            let difference = (found - expected).abs();
            assert!(difference <= TOLERANCE, "{what}: {found} is not {expected}");
        }
    }
}

/// Equal iterations; or a fixed point before (epsilon is 0), which more would not change.
fn assert_ran(iterations: u32, converged: bool, expected: u32, what: &str) {
    let equal = iterations == expected || converged && iterations < expected;
    assert!(
        equal,
        "{what}: {iterations} iterations instead of {expected}"
    );
}

#[test]
fn agrees_with_scikit_fuzzy() {
    // Tests run in their crate's folder; checkouts share compiled tests.
    let mut paths: Vec<_> = fs::read_dir("tests/vectors")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert_eq!(paths.len(), 8, "all vectors are there");
    for path in paths {
        let name = path.display().to_string();
        let vector: Vector = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let options = Options {
            clusters: vector.clusters,
            m: vector.m,
            epsilon: 0.0,
            max_iterations: vector.iterations,
            ..Options::default()
        };
        match (vector.data, vector.image) {
            (Some(data), None) => {
                let found = cluster(&model::matrix(&data), &options).unwrap();
                assert_ran(found.iterations, found.converged, vector.iterations, &name);
                assert_close(&found.prototypes, &vector.prototypes, &name);
                assert_close(&found.memberships, &vector.memberships, &name);
            }
            (
                None,
                Some(Image {
                    width,
                    height,
                    pixels,
                }),
            ) => {
                let found = segment(&pixels, width, height, &options).unwrap();
                assert_ran(found.iterations, found.converged, vector.iterations, &name);
                let prototypes =
                    Array2::from_shape_vec((vector.clusters, 1), found.prototypes).unwrap();
                assert_close(&prototypes, &vector.prototypes, &name);
                let memberships =
                    Array2::from_shape_fn((pixels.len(), vector.clusters), |(pixel, cluster)| {
                        found.memberships[[usize::from(pixels[pixel]), cluster]]
                    });
                assert_close(&memberships, &vector.memberships, &name);
            }
            _ => panic!("{name} is neither a table nor an image"),
        }
    }
}
