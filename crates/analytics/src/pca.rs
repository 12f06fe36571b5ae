//! First two principal components, for pictures.

use ndarray::{Array1, Array2, ArrayView2};

/// Sweeps of the eigenvalue iteration; it converges quadratically after the first few.
const SWEEPS: usize = 64;

/// The plane of the first two principal components of a table of d columns.
#[derive(Clone, PartialEq, Debug)]
pub struct Plane {
    /// Mean of each column, d.
    pub mean: Array1<f64>,
    /// Unit vectors, 2 x d. The largest loading of each (the first among equals) is positive. With
    /// one column, the second is zero.
    pub axes: Array2<f64>,
    /// Part of the total variance along each axis, 0 to 1; 0 when there is no variance.
    pub explained: [f64; 2],
}

/// Scores of the rows of `data` (n x d, finite) on the first two principal components, n x 2, and
/// the part of the variance that each explains.
pub fn first_two(data: &Array2<f64>) -> (Array2<f64>, [f64; 2]) {
    let plane = Plane::fit(data.view());
    (plane.project(data.view()), plane.explained)
}

impl Plane {
    /// Eigenvectors of the covariance of `data` (n x d, finite) by cyclic Jacobi rotations in a
    /// fixed order: the same bits on every machine. Time grows as n d^2 + d^3.
    ///
    /// Source: G. H. Golub, C. F. Van Loan, Matrix Computations, 4th ed., section 8.5.
    pub fn fit(data: ArrayView2<'_, f64>) -> Plane {
        let (rows, columns) = data.dim();
        let mut mean = Array1::zeros(columns);
        let mut covariance = Array2::<f64>::zeros((columns, columns));
        if rows > 0 {
            for row in data.rows() {
                for (mean, value) in mean.iter_mut().zip(row) {
                    *mean += value;
                }
            }
            mean.mapv_inplace(|sum| sum / rows as f64);
            let mut centred = vec![0.0; columns];
            for row in data.rows() {
                for ((centred, value), mean) in centred.iter_mut().zip(row).zip(&mean) {
                    *centred = value - mean;
                }
                for i in 0..columns {
                    for j in i..columns {
                        covariance[[i, j]] += centred[i] * centred[j];
                    }
                }
            }
            for i in 0..columns {
                for j in i..columns {
                    covariance[[i, j]] /= rows as f64;
                    covariance[[j, i]] = covariance[[i, j]];
                }
            }
        }
        let total = covariance.diag().iter().fold(0.0, |sum, value| sum + value);
        let vectors = diagonalise(&mut covariance);

        let mut order: Vec<usize> = (0..columns).collect();
        order.sort_by(|&a, &b| {
            covariance[[b, b]]
                .total_cmp(&covariance[[a, a]])
                .then(a.cmp(&b))
        });
        let mut axes = Array2::zeros((2, columns));
        let mut explained = [0.0; 2];
        for (index, &column) in order.iter().take(2).enumerate() {
            let vector = vectors.column(column);
            let mut largest = 0;
            for (position, value) in vector.iter().enumerate() {
                if value.abs() > vector[largest].abs() {
                    largest = position;
                }
            }
            let sign = if vector[largest] < 0.0 { -1.0 } else { 1.0 };
            for (target, value) in axes.row_mut(index).iter_mut().zip(vector) {
                *target = value * sign;
            }
            if total > 0.0 {
                explained[index] = (covariance[[column, column]] / total).clamp(0.0, 1.0);
            }
        }
        Plane {
            mean,
            axes,
            explained,
        }
    }

    /// Scores of rows (n x d) in the plane, n x 2.
    pub fn project(&self, data: ArrayView2<'_, f64>) -> Array2<f64> {
        let mut scores = Array2::zeros((data.nrows(), 2));
        for (row, mut target) in data.rows().into_iter().zip(scores.rows_mut()) {
            for (axis, target) in self.axes.rows().into_iter().zip(target.iter_mut()) {
                let mut score = 0.0;
                for ((value, mean), loading) in row.iter().zip(&self.mean).zip(axis) {
                    score += (value - mean) * loading;
                }
                *target = score;
            }
        }
        scores
    }
}

/// Turns a symmetric matrix into its eigenvalues on the diagonal; returns the eigenvectors as
/// columns.
fn diagonalise(matrix: &mut Array2<f64>) -> Array2<f64> {
    let size = matrix.nrows();
    let mut vectors = Array2::eye(size);
    for _ in 0..SWEEPS {
        let mut rotated = false;
        for p in 0..size {
            for q in p + 1..size {
                let off = matrix[[p, q]];
                // Below the last bit of both diagonal entries a rotation changes nothing.
                let (a, b) = (matrix[[p, p]].abs(), matrix[[q, q]].abs());
                if a + off.abs() == a && b + off.abs() == b {
                    matrix[[p, q]] = 0.0;
                    matrix[[q, p]] = 0.0;
                    continue;
                }
                rotated = true;
                let theta = (matrix[[q, q]] - matrix[[p, p]]) / (2.0 * off);
                let sign = if theta < 0.0 { -1.0 } else { 1.0 };
                let tangent = sign / (theta.abs() + (theta * theta + 1.0).sqrt());
                let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
                let sine = tangent * cosine;
                for k in 0..size {
                    let (x, y) = (matrix[[k, p]], matrix[[k, q]]);
                    matrix[[k, p]] = cosine * x - sine * y;
                    matrix[[k, q]] = sine * x + cosine * y;
                }
                for k in 0..size {
                    let (x, y) = (matrix[[p, k]], matrix[[q, k]]);
                    matrix[[p, k]] = cosine * x - sine * y;
                    matrix[[q, k]] = sine * x + cosine * y;
                }
                matrix[[p, q]] = 0.0;
                matrix[[q, p]] = 0.0;
                for k in 0..size {
                    let (x, y) = (vectors[[k, p]], vectors[[k, q]]);
                    vectors[[k, p]] = cosine * x - sine * y;
                    vectors[[k, q]] = sine * x + cosine * y;
                }
            }
        }
        if !rotated {
            break;
        }
    }
    vectors
}
