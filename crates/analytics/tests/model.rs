//! Slow, obvious models that the crate is compared to.

use ndarray::Array2;

/// Squared distance.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// The definition, row by row: prototypes after `iterations` updates, their memberships (n x c)
/// and the objective before each update and after the last.
pub fn plain(
    rows: &[Vec<f64>],
    clusters: usize,
    m: f64,
    iterations: u32,
) -> (Vec<Vec<f64>>, Vec<Vec<f64>>, Vec<f64>) {
    let columns = rows[0].len();
    let mut prototypes = diagonal(rows, clusters);
    let mut objective = Vec::new();
    for iteration in 0.. {
        let mut memberships = Vec::new();
        let mut total = 0.0;
        for row in rows {
            let distances: Vec<f64> = prototypes.iter().map(|v| distance(row, v)).collect();
            let on = distances.iter().filter(|d| **d == 0.0).count();
            let u: Vec<f64> = distances
                .iter()
                .map(|d| match on {
                    0 => {
                        let ratio = |other: &f64| (d / other).powf(1.0 / (m - 1.0));
                        1.0 / distances.iter().map(ratio).sum::<f64>()
                    }
                    _ if *d == 0.0 => 1.0 / on as f64,
                    _ => 0.0,
                })
                .collect();
            total += u
                .iter()
                .zip(&distances)
                .map(|(u, d)| u.powf(m) * d)
                .sum::<f64>();
            memberships.push(u);
        }
        objective.push(total);
        if iteration == iterations {
            return (prototypes, memberships, objective);
        }
        for (i, prototype) in prototypes.iter_mut().enumerate() {
            let weights: Vec<f64> = memberships.iter().map(|u| u[i].powf(m)).collect();
            let sum: f64 = weights.iter().sum();
            for j in 0..columns {
                let moment: f64 = rows.iter().zip(&weights).map(|(row, w)| row[j] * w).sum();
                prototype[j] = moment / sum;
            }
        }
    }
    unreachable!()
}

fn diagonal(rows: &[Vec<f64>], clusters: usize) -> Vec<Vec<f64>> {
    let edge = |j: usize, pick: fn(f64, f64) -> f64| {
        rows.iter().map(|row| row[j]).reduce(pick).expect("rows")
    };
    (1..=clusters)
        .map(|i| {
            (0..rows[0].len())
                .map(|j| {
                    let (low, high) = (edge(j, f64::min), edge(j, f64::max));
                    low + (high - low) * (2 * i - 1) as f64 / (2 * clusters) as f64
                })
                .collect()
        })
        .collect()
}

/// The arithmetic that the crate's page prescribes for m = 2, in its order, without blocks,
/// vectors or threads: prototypes whose bits must be those of the crate.
pub fn ordered(rows: &[Vec<f64>], clusters: usize, iterations: u32) -> Vec<Vec<f64>> {
    let columns = rows[0].len();
    let mut distinct: Vec<(&Vec<f64>, f64)> = Vec::new();
    for row in rows {
        match distinct.iter_mut().find(|(other, _)| *other == row) {
            Some((_, weight)) => *weight += 1.0,
            None => distinct.push((row, 1.0)),
        }
    }
    let mut prototypes = diagonal(rows, clusters);
    for _ in 0..iterations {
        let mut chunks: Vec<Vec<f64>> = Vec::new();
        for chunk in distinct.chunks(4096) {
            // Lane, then c x (d + 1) sums.
            let mut lanes = vec![vec![0.0_f64; clusters * (columns + 1)]; 8];
            for (index, (row, weight)) in chunk.iter().enumerate() {
                let distances: Vec<f64> = prototypes
                    .iter()
                    .map(|v| {
                        let mut sum = 0.0;
                        for (x, v) in row.iter().zip(v) {
                            sum += (x - v) * (x - v);
                        }
                        sum
                    })
                    .collect();
                let least = distances
                    .iter()
                    .copied()
                    .reduce(f64::min)
                    .expect("clusters");
                let quotients: Vec<f64> = distances
                    .iter()
                    .map(|d| if *d == least { 1.0 } else { least / d })
                    .collect();
                let mut sum = 0.0;
                for q in &quotients {
                    sum += q;
                }
                let inverse = 1.0 / sum;
                let sums = &mut lanes[index % 8];
                for (i, q) in quotients.iter().enumerate() {
                    let u = q * inverse;
                    let w = weight * (u * u);
                    let sums = &mut sums[i * (columns + 1)..(i + 1) * (columns + 1)];
                    for (sum, x) in sums.iter_mut().zip(*row) {
                        *sum += w * x;
                    }
                    sums[columns] += w;
                }
            }
            let l = |lane: usize, k: usize| lanes[lane][k];
            chunks.push(
                (0..clusters * (columns + 1))
                    .map(|k| {
                        ((l(0, k) + l(4, k)) + (l(2, k) + l(6, k)))
                            + ((l(1, k) + l(5, k)) + (l(3, k) + l(7, k)))
                    })
                    .collect(),
            );
        }
        while chunks.len() > 1 {
            chunks = chunks
                .chunks(2)
                .map(|pair| match pair {
                    [left, right] => left.iter().zip(right).map(|(l, r)| l + r).collect(),
                    [single] => single.clone(),
                    _ => unreachable!(),
                })
                .collect();
        }
        for (i, prototype) in prototypes.iter_mut().enumerate() {
            let sums = &chunks[0][i * (columns + 1)..(i + 1) * (columns + 1)];
            for j in 0..columns {
                prototype[j] = sums[j] / sums[columns];
            }
        }
    }
    prototypes
}

/// Rows as the crate takes them.
pub fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    let values: Vec<f64> = rows.iter().flatten().copied().collect();
    Array2::from_shape_vec((rows.len(), rows[0].len()), values).expect("equal lengths")
}

/// A sequence of its own, so that the data of the pinned digests never change: the 64-bit linear
/// congruential generator of D. E. Knuth, MMIX.
pub struct Sequence(pub u64);

impl Sequence {
    /// A multiple of 2^-20 from 0 to 1, exactly.
    pub fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 44) as f64 / f64::from(1 << 20)
    }

    /// Rows around `centres` points; every fifth row repeats an earlier one.
    pub fn blobs(&mut self, rows: usize, columns: usize, centres: usize) -> Vec<Vec<f64>> {
        let centres: Vec<Vec<f64>> = (0..centres)
            .map(|_| (0..columns).map(|_| 20.0 * self.next()).collect())
            .collect();
        let mut data: Vec<Vec<f64>> = Vec::new();
        for index in 0..rows {
            let row = match index % 5 {
                4 => data[(self.next() * index as f64) as usize % index].clone(),
                _ => {
                    let centre =
                        &centres[(self.next() * centres.len() as f64) as usize % centres.len()];
                    centre
                        .iter()
                        .map(|value| value + 3.0 * self.next())
                        .collect()
                }
            };
            data.push(row);
        }
        data
    }
}
