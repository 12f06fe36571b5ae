//! Principal components.

use ndarray::{arr2, Array2};
use salus_analytics::pca::{first_two, Plane};

use crate::model;

#[test]
fn finds_the_axes_of_a_tilted_cross() {
    // Along (3, 4, 0) / 5 at distances 5 and 10, along (0, 0, 1) at 1; around (1, 2, 3).
    let data = arr2(&[
        [1.0 + 6.0, 2.0 + 8.0, 3.0],
        [1.0 - 6.0, 2.0 - 8.0, 3.0],
        [1.0, 2.0, 4.0],
        [1.0, 2.0, 2.0],
    ]);
    let plane = Plane::fit(data.view());
    let expected = arr2(&[[0.6, 0.8, 0.0], [0.0, 0.0, 1.0]]);
    assert!((&plane.axes - &expected)
        .iter()
        .all(|difference| difference.abs() < 1e-12));
    // Variances 200 / 4 and 2 / 4.
    assert!((plane.explained[0] - 200.0 / 202.0).abs() < 1e-12);
    assert!((plane.explained[1] - 2.0 / 202.0).abs() < 1e-12);
    let (scores, explained) = first_two(&data);
    assert_eq!(explained, plane.explained);
    let expected = arr2(&[[10.0, 0.0], [-10.0, 0.0], [0.0, 1.0], [0.0, -1.0]]);
    assert!((&scores - &expected)
        .iter()
        .all(|difference| difference.abs() < 1e-12));
}

#[test]
fn axes_are_eigenvectors() {
    let data = model::matrix(&model::Sequence(4).blobs(500, 7, 3));
    let plane = Plane::fit(data.view());
    let centred = &data - &plane.mean;
    let covariance = centred.t().dot(&centred) / 500.0;
    let total = covariance.diag().sum();
    for (axis, explained) in plane.axes.rows().into_iter().zip(plane.explained) {
        let image = covariance.dot(&axis);
        let difference = &image - &(&axis * (explained * total));
        assert!(difference.iter().all(|value| value.abs() < 1e-9 * total));
        assert!((axis.dot(&axis) - 1.0).abs() < 1e-12);
    }
    assert!(plane.axes.row(0).dot(&plane.axes.row(1)).abs() < 1e-12);
    assert!(plane.explained[0] >= plane.explained[1]);
    // No third direction has more variance than the second.
    let rest = &covariance
        - &outer(&plane.axes, 0, plane.explained[0] * total)
        - &outer(&plane.axes, 1, plane.explained[1] * total);
    assert!(rest
        .diag()
        .iter()
        .all(|v| *v <= plane.explained[1] * total * (1.0 + 1e-9)));
}

fn outer(axes: &Array2<f64>, index: usize, factor: f64) -> Array2<f64> {
    let axis = axes.row(index).insert_axis(ndarray::Axis(1));
    axis.dot(&axis.t()) * factor
}

#[test]
fn one_column_and_no_variance_have_scores() {
    let (scores, explained) = first_two(&arr2(&[[1.0], [3.0]]));
    assert_eq!(scores, arr2(&[[-1.0, 0.0], [1.0, 0.0]]));
    assert_eq!(explained, [1.0, 0.0]);
    let (scores, explained) = first_two(&arr2(&[[5.0, 5.0], [5.0, 5.0]]));
    assert_eq!(scores, Array2::<f64>::zeros((2, 2)));
    assert_eq!(explained, [0.0, 0.0]);
}
