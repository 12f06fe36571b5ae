//! The algorithm against the definition, and its edges.

use std::{
    cell::RefCell,
    num::NonZeroUsize,
    sync::atomic::{AtomicBool, Ordering},
};

use ndarray::{arr2, s, Array2};
use proptest::prelude::*;
use salus_analytics::fcm::{cluster, cluster_with, Control, Error, Options};

use crate::model;

fn options(clusters: usize, m: f64, iterations: u32) -> Options {
    Options {
        clusters,
        m,
        epsilon: 0.0,
        max_iterations: iterations,
        threads: NonZeroUsize::new(2),
        ..Options::default()
    }
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-8 * (1.0 + a.abs().max(b.abs()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn agrees_with_the_definition(
        values in proptest::collection::vec(-400_i32..400, 24..240),
        columns in 1_usize..7,
        clusters in 1_usize..6,
        m in prop_oneof![
            Just(2.0), Just(1.5), Just(3.0), Just(5.0), Just(1.25), Just(2.2), Just(1.9)
        ],
        iterations in 1_u32..6,
    ) {
        let rows: Vec<Vec<f64>> = values
            .chunks_exact(columns)
            .map(|row| row.iter().map(|value| f64::from(*value) / 8.0).collect())
            .collect();
        let found = cluster(&model::matrix(&rows), &options(clusters, m, iterations)).unwrap();
        // A fixed point may come early; the model then stops there too.
        let (prototypes, memberships, objective) =
            model::plain(&rows, clusters, m, found.iterations);

        for (found, expected) in found.prototypes.rows().into_iter().zip(&prototypes) {
            for (found, expected) in found.iter().zip(expected) {
                prop_assert!(close(*found, *expected), "{found} is not {expected}");
            }
        }
        for ((found, expected), label) in
            found.memberships.rows().into_iter().zip(&memberships).zip(&found.labels)
        {
            let largest = found.iter().copied().fold(0.0, f64::max);
            let first = found.iter().position(|u| *u == largest).unwrap();
            prop_assert_eq!(first, usize::from(*label));
            prop_assert!((found.sum() - 1.0).abs() < 1e-12);
            for (found, expected) in found.iter().zip(expected) {
                prop_assert!(close(*found, *expected), "{found} is not {expected}");
            }
        }
        prop_assert_eq!(found.objective.len(), objective.len());
        for (found, expected) in found.objective.iter().zip(&objective) {
            prop_assert!(close(*found, *expected), "{found} is not {expected}");
        }
    }

    #[test]
    fn objective_never_rises(
        seed in any::<u64>(),
        clusters in 1_usize..6,
        m in prop_oneof![Just(1.5), Just(2.0), Just(3.0)],
    ) {
        let rows = model::Sequence(seed).blobs(200, 3, 4);
        let found = cluster(&model::matrix(&rows), &options(clusters, m, 20)).unwrap();
        for pair in found.objective.windows(2) {
            prop_assert!(pair[1] <= pair[0] * (1.0 + 1e-12), "{} to {}", pair[0], pair[1]);
        }
    }
}

#[test]
fn starts_on_the_body_diagonal() {
    // Rows on the first prototypes 2.5 and 7.5 of the box 0..10: memberships of 0 and 1, so that
    // the first objective is that of the two ends alone.
    let data = arr2(&[[0.0], [2.5], [7.5], [10.0]]);
    let found = cluster(&data, &options(2, 2.0, 1)).unwrap();
    // Each end: distances 6.25 and 56.25, u = 0.9 and 0.1.
    let end = 0.81 * 6.25 + 0.01 * 56.25;
    assert!(close(found.objective[0], 2.0 * end));
}

#[test]
fn row_on_one_prototype_belongs_to_it_alone() {
    // Symmetric about 5: the prototype of one cluster stays at the mean, 5.
    let data = arr2(&[[0.0], [5.0], [10.0]]);
    let one = cluster(&data, &options(1, 2.0, 3)).unwrap();
    assert_eq!(one.prototypes, arr2(&[[5.0]]));
    // Three clusters, each prototype ends on a row.
    let three = cluster(&data, &options(3, 1.25, 300)).unwrap();
    assert_eq!(three.labels, [0, 1, 2]);
    assert_eq!(three.memberships.row(1).to_vec(), [0.0, 1.0, 0.0]);
}

#[test]
fn row_on_several_prototypes_is_shared_equally() {
    let data = arr2(&[[3.0, 4.0], [3.0, 4.0]]);
    for m in [1.25, 1.5, 2.0, 2.2, 3.0, 5.0] {
        let found = cluster(&data, &options(4, m, 5)).unwrap();
        assert_eq!(
            found.memberships,
            Array2::from_elem((2, 4), 0.25),
            "m = {m}"
        );
        assert_eq!(found.labels, [0, 0], "the lowest index wins a tie");
        assert_eq!(found.prototypes.row(3).to_vec(), [3.0, 4.0]);
        assert!(found.converged);
    }
}

#[test]
fn more_clusters_than_distinct_rows_is_allowed() {
    let data = arr2(&[[0.0], [1.0], [0.0]]);
    let found = cluster(&data, &options(5, 2.0, 50)).unwrap();
    assert_eq!(found.prototypes.dim(), (5, 1));
    assert!(found.prototypes.iter().all(|v| (0.0..=1.0).contains(v)));
    assert!(found.memberships.iter().all(|u| (0.0..=1.0).contains(u)));
}

#[test]
fn prototype_without_weight_stays() {
    // m = 1.01: powers of 100 underflow for the prototypes in the middle of the gap.
    let data = arr2(&[[0.0], [1e-3], [1e6], [1e6 + 1e-3]]);
    let found = cluster(&data, &options(64, 1.01, 4)).unwrap();
    let step = 1e6 / 64.0;
    assert!(close(found.prototypes[[32, 0]] / (step * 32.5), 1.0));
    assert!(found.prototypes.iter().all(|v| v.is_finite()));
}

#[test]
fn stops_when_no_prototype_moves_by_more_than_epsilon() {
    let rows = model::Sequence(3).blobs(300, 2, 3);
    let data = model::matrix(&rows);
    let run = |epsilon, max_iterations| {
        let options = Options {
            clusters: 3,
            epsilon,
            max_iterations,
            ..Options::default()
        };
        cluster(&data, &options).unwrap()
    };
    let loose = run(1e-2, 1000);
    let tight = run(1e-9, 1000);
    assert!(loose.converged && tight.converged && loose.iterations < tight.iterations);
    let move_of = |iterations: u32| {
        let after = run(0.0, iterations).prototypes;
        let before = run(0.0, iterations - 1).prototypes;
        let moves = (&after - &before).map_axis(ndarray::Axis(1), |row| row.dot(&row).sqrt());
        moves.fold(0.0, |longest: f64, other| longest.max(*other))
    };
    assert!(move_of(loose.iterations) <= 1e-2);
    assert!(move_of(loose.iterations - 1) > 1e-2);
    let cut = run(1e-9, 2);
    assert!(!cut.converged);
    assert_eq!((cut.iterations, cut.objective.len()), (2, 3));
}

#[test]
fn extreme_magnitudes_stay_finite() {
    for scale in [1e139, 1e-139, 1e-300] {
        let data = arr2(&[[0.0], [scale], [5.0 * scale], [7.0 * scale]]);
        let found = cluster(&data, &options(2, 2.0, 20)).unwrap();
        assert!(found.prototypes.iter().all(|v| v.is_finite()), "{scale}");
        assert!(
            found.memberships.iter().all(|u| (0.0..=1.0).contains(u)),
            "{scale}"
        );
        assert!(found.objective.iter().all(|j| j.is_finite()), "{scale}");
    }
}

#[test]
fn takes_views_of_any_layout() {
    let rows = model::Sequence(5).blobs(100, 4, 2);
    let data = model::matrix(&rows);
    let expected = cluster(&data, &options(2, 2.0, 5)).unwrap();
    let mut wide = Array2::from_elem((100, 8), f64::NAN);
    wide.slice_mut(s![.., ..;2]).assign(&data);
    let strided = cluster(wide.slice(s![.., ..;2]), &options(2, 2.0, 5)).unwrap();
    let transposed = data.t().as_standard_layout().into_owned();
    let columns = cluster(transposed.t(), &options(2, 2.0, 5)).unwrap();
    assert_eq!(strided, expected);
    assert_eq!(columns, expected);
}

#[test]
fn refuses_what_cannot_be_clustered() {
    let data = arr2(&[[1.0, 2.0], [3.0, 4.0]]);
    let refused = |options: Options| cluster(&data, &options).unwrap_err();
    assert_eq!(refused(options(0, 2.0, 1)), Error::Clusters);
    assert_eq!(refused(options(1025, 2.0, 1)), Error::Clusters);
    for m in [1.0, 0.5, -2.0, 100.5, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(options(2, m, 1)), Error::Exponent);
    }
    for epsilon in [-1e-9, f64::NAN, f64::INFINITY] {
        let options = Options {
            epsilon,
            ..Options::default()
        };
        assert_eq!(refused(options), Error::Epsilon);
    }
    assert_eq!(refused(options(2, 2.0, 0)), Error::Iterations);
    assert_eq!(refused(options(2, 2.0, 1_000_001)), Error::Iterations);

    let of = |data: Array2<f64>| cluster(&data, &options(2, 2.0, 1)).unwrap_err();
    assert_eq!(of(Array2::zeros((0, 3))), Error::NoRows);
    assert_eq!(of(Array2::zeros((3, 0))), Error::NoColumns);
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = of(arr2(&[[1.0, 2.0], [3.0, bad]]));
        assert_eq!(error, Error::NotFinite { row: 1, column: 1 });
        assert!(error.to_string().contains("row 1, column 1"));
    }
    let error = of(arr2(&[[1.0, 2.0], [-1.1e140, 0.0]]));
    assert_eq!(error, Error::TooLarge { row: 1, column: 0 });
}

#[test]
fn reports_progress_and_stops_when_asked() {
    let rows = model::Sequence(8).blobs(5000, 3, 3);
    let data = model::matrix(&rows);
    let cancel = AtomicBool::new(false);
    let seen = RefCell::new(Vec::new());
    let progress = |part| {
        seen.borrow_mut().push(part);
        if seen.borrow().len() == 3 {
            cancel.store(true, Ordering::Relaxed);
        }
    };
    let control = Control {
        cancel: &cancel,
        progress: &progress,
    };
    let outcome = cluster_with(&data, &options(3, 2.0, 10), control);
    assert_eq!(outcome, Err(Error::Cancelled));
    assert_eq!(*seen.borrow(), [0.1, 0.2, 0.3]);

    cancel.store(false, Ordering::Relaxed);
    let last = RefCell::new(0.0);
    let progress = |part| *last.borrow_mut() = part;
    let control = Control {
        cancel: &cancel,
        progress: &progress,
    };
    cluster_with(&data, &options(3, 2.0, 10), control).unwrap();
    assert_eq!(*last.borrow(), 1.0);
}
