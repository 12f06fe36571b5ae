//! Linear support vector machines of every coalition, from sums that are carried along.
//!
//! Squared hinge loss with the bias penalised: the model of fixed active rows solves
//! (I/(2C) + sum z z') w = sum z, z = y (x, 1). Both sums are over whole numbers below 2^53 and
//! therefore exact in binary64, so rows can be added and taken away without a trace. From one
//! coalition of a Gray code to the next one owner's rows change, and few rows become active or stop.

use std::collections::HashMap;

use salus_shapley::{f1, Worth};

use super::{chunks::Chunk, Error};
use crate::svm::Data;

/// Rows that are looked at together.
const LANES: usize = 8;
/// Newton's steps before each is checked to lower the cost.
const FREE_STEPS: u32 = 12;
/// Newton's steps that are checked, and halvings of each.
const CHECKED_STEPS: u32 = 200;
const HALVINGS: u32 = 60;

/// The distinct rows of all owners and of the test set.
pub(super) struct Rows {
    /// Columns and the bias.
    size: usize,
    /// S.
    unit: f64,
    /// S^2/(2C).
    diagonal: f64,
    /// y (x, 1) S in blocks: lane by lane, column by column.
    blocks: Vec<[f64; LANES]>,
    /// For each row the lower triangle of z z', then z.
    products: Vec<f64>,
    /// For each owner its rows and how often it has them.
    owners: Vec<Vec<(usize, f64)>>,
    /// (x, 1) S of the test rows in blocks.
    tests: Vec<[f64; LANES]>,
    /// Positive and negative test rows of each block.
    classes: Vec<[[f64; LANES]; 2]>,
}

impl Rows {
    pub fn new(test: &Data, owners: &[Data], c: f64) -> Result<Self, Error> {
        let unit = (1u64 << test.fraction()) as f64;
        let size = test.columns() + 1;
        let mut largest = 0u128;
        let mut known: HashMap<(&[i64], bool), usize> = HashMap::new();
        let mut distinct = Vec::new();
        let mut held = Vec::new();
        for data in owners {
            let mut own: Vec<(usize, f64)> = Vec::new();
            let mut places: HashMap<usize, usize> = HashMap::new();
            for (row, positive) in data.rows() {
                let most = row.iter().map(|value| value.unsigned_abs()).max();
                let most = most.unwrap_or_default().max(1 << test.fraction());
                largest += u128::from(most).pow(2);
                let index = *known.entry((row, positive)).or_insert_with(|| {
                    distinct.push((row, positive));
                    distinct.len() - 1
                });
                let place = *places.entry(index).or_insert_with(|| {
                    own.push((index, 0.0));
                    own.len() - 1
                });
                own[place].1 += 1.0;
            }
            held.push(own);
        }
        if largest >= 1 << 53 {
            return Err(Error::TooLarge);
        }
        let signed = |&(row, positive): &(&[i64], bool)| {
            let sign = if positive { 1.0 } else { -1.0 };
            let values = row.iter().map(|value| sign * *value as f64);
            values.chain([sign * unit]).collect::<Vec<f64>>()
        };
        let signed: Vec<Vec<f64>> = distinct.iter().map(signed).collect();
        let mut products = Vec::with_capacity(signed.len() * (size * (size + 3) / 2));
        for z in &signed {
            for (i, a) in z.iter().enumerate() {
                products.extend(z[..=i].iter().map(|b| a * b));
            }
            products.extend(z);
        }

        let plain = |(row, _): (&[i64], bool)| {
            let values = row.iter().map(|value| *value as f64);
            values.chain([unit]).collect::<Vec<f64>>()
        };
        let tests: Vec<Vec<f64>> = test.rows().map(plain).collect();
        let classes = test.classes().chunks(LANES).map(|classes| {
            let mut block = [[0.0; LANES]; 2];
            for (lane, positive) in classes.iter().enumerate() {
                block[usize::from(!positive)][lane] = 1.0;
            }
            block
        });
        Ok(Rows {
            size,
            unit,
            diagonal: unit * unit / (2.0 * c),
            blocks: blocks(&signed, size),
            products,
            owners: held,
            tests: blocks(&tests, size),
            classes: classes.collect(),
        })
    }

    /// Worths of a chunk, in the order of a Gray code from the coalition of its high owners alone.
    pub fn chunk(&self, chunk: &Chunk) -> Result<Vec<Worth>, Error> {
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx2") {
            // Safety: the processor has the instructions.
            return Ok(unsafe { self.chunk_avx2(chunk) });
        }
        Ok(self.walk(chunk))
    }

    /// The same operations: vectors of other widths, no other roundings.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn chunk_avx2(&self, chunk: &Chunk) -> Vec<Worth> {
        self.walk(chunk)
    }

    #[inline(always)]
    fn walk(&self, chunk: &Chunk) -> Vec<Worth> {
        let mut solver = Solver::new(self);
        for owner in (0..self.owners.len()).filter(|owner| chunk.high >> owner & 1 == 1) {
            solver.change(owner, true);
        }
        let mut worths = vec![0; 1 << chunk.low];
        let mut members = 0usize;
        for step in 0..worths.len() {
            let next = step ^ step >> 1;
            if step > 0 {
                let owner = (next ^ members).trailing_zeros() as usize;
                solver.change(owner, next > members);
            }
            members = next;
            if solver.rows > 0.0 {
                solver.fit();
                worths[members] = solver.worth();
            }
        }
        worths
    }
}

/// Rows in blocks; what is missing in the last is 0.
fn blocks(rows: &[Vec<f64>], size: usize) -> Vec<[f64; LANES]> {
    let mut blocks = vec![[0.0; LANES]; rows.len().div_ceil(LANES) * size];
    for (index, row) in rows.iter().enumerate() {
        for (column, value) in row.iter().enumerate() {
            blocks[index / LANES * size + column][index % LANES] = *value;
        }
    }
    blocks
}

/// The training of one coalition, from that of another.
struct Solver<'r> {
    of: &'r Rows,
    /// All rows, with their repetitions.
    rows: f64,
    /// How often the coalition has each row.
    times: Vec<f64>,
    /// By block, a bit for each row: those the coalition has, and those that the sums have.
    present: Vec<u8>,
    summed: Vec<u8>,
    /// As one row's products, over the active rows.
    sums: Vec<f64>,
    weights: Vec<f64>,
    factor: Vec<f64>,
    column: Vec<f64>,
}

impl<'r> Solver<'r> {
    fn new(of: &'r Rows) -> Self {
        let blocks = of.blocks.len() / of.size;
        Solver {
            of,
            rows: 0.0,
            times: vec![0.0; blocks * LANES],
            present: vec![0; blocks],
            summed: vec![0; blocks],
            sums: vec![0.0; of.size * (of.size + 3) / 2],
            weights: vec![0.0; of.size],
            factor: vec![0.0; of.size * of.size],
            column: vec![0.0; of.size],
        }
    }

    /// An owner joins or leaves.
    #[inline(always)]
    fn change(&mut self, owner: usize, joins: bool) {
        let sign = if joins { 1.0 } else { -1.0 };
        for &(row, times) in &self.of.owners[owner] {
            let (block, bit) = (row / LANES, 1u8 << (row % LANES));
            if self.summed[block] & bit != 0 {
                sum(&mut self.sums, &self.of.products, row, sign * times);
            }
            self.times[row] += sign * times;
            self.rows += sign * times;
            let has = self.times[row] > 0.0;
            self.present[block] = self.present[block] & !bit | if has { bit } else { 0 };
            // A row that nobody has any more adds nothing to the sums.
            self.summed[block] &= self.present[block];
        }
    }

    /// Finds the model of the coalition, from the one before.
    #[inline(always)]
    fn fit(&mut self) {
        self.activate();
        for _ in 0..FREE_STEPS {
            self.solve();
            if !self.activate() {
                return;
            }
        }
        self.fit_checked();
    }

    /// Newton's steps that circle are halved until the cost falls.
    #[inline(never)]
    fn fit_checked(&mut self) {
        let mut best = self.weights.clone();
        let mut least = self.cost();
        for _ in 0..CHECKED_STEPS {
            self.activate();
            self.solve();
            if !self.activate() {
                return;
            }
            let mut cost = self.cost();
            let mut halvings = 0;
            while cost >= least {
                halvings += 1;
                if halvings > HALVINGS {
                    self.weights = best;
                    return;
                }
                for (weight, best) in self.weights.iter_mut().zip(&best) {
                    *weight = 0.5 * (*weight + best);
                }
                cost = self.cost();
            }
            best.clone_from(&self.weights);
            least = cost;
        }
        self.weights = best;
    }

    /// Makes the sums those over the active rows, w.z < S; whether they changed.
    #[inline(always)]
    fn activate(&mut self) -> bool {
        let Rows { size, unit, .. } = *self.of;
        let mut changed = false;
        for (block, columns) in self.of.blocks.chunks_exact(size).enumerate() {
            let margins = margins(&self.weights, columns);
            let mut active = 0u8;
            for (lane, margin) in margins.iter().enumerate() {
                active |= u8::from(*margin < unit) << lane;
            }
            let wanted = active & self.present[block];
            let mut different = wanted ^ self.summed[block];
            changed |= different != 0;
            while different != 0 {
                let lane = different.trailing_zeros() as usize;
                different &= different - 1;
                let row = block * LANES + lane;
                let sign = if wanted >> lane & 1 == 1 { 1.0 } else { -1.0 };
                sum(
                    &mut self.sums,
                    &self.of.products,
                    row,
                    sign * self.times[row],
                );
            }
            self.summed[block] = wanted;
        }
        changed
    }

    /// (S^2/(2C) I + sum z z') w = S sum z, by Cholesky's factor, column by column.
    #[inline(always)]
    fn solve(&mut self) {
        let Rows {
            size,
            unit,
            diagonal,
            ..
        } = *self.of;
        let factor = &mut self.factor[..];
        let mut triangle = self.sums.iter();
        for i in 0..size {
            for (entry, sum) in factor[i * size..=i * size + i]
                .iter_mut()
                .zip(&mut triangle)
            {
                *entry = *sum;
            }
            factor[i * size + i] += diagonal;
        }
        for (weight, sum) in self.weights.iter_mut().zip(triangle) {
            *weight = unit * sum;
        }
        for j in 0..size {
            // Positive: the diagonal is, and what is added to it is a sum of squares.
            let pivot = factor[j * size + j].sqrt();
            let inverse = 1.0 / pivot;
            factor[j * size + j] = inverse;
            let solved = self.weights[j] * inverse;
            self.weights[j] = solved;
            for i in j + 1..size {
                let entry = factor[i * size + j] * inverse;
                factor[i * size + j] = entry;
                self.column[i] = entry;
                self.weights[i] -= entry * solved;
                let row = &mut factor[i * size + j + 1..=i * size + i];
                for (target, other) in row.iter_mut().zip(&self.column[j + 1..=i]) {
                    *target -= entry * other;
                }
            }
        }
        for i in (0..size).rev() {
            let solved = self.weights[i] * factor[i * size + i];
            self.weights[i] = solved;
            let row = &factor[i * size..i * size + i];
            for (weight, entry) in self.weights[..i].iter_mut().zip(row) {
                *weight -= entry * solved;
            }
        }
    }

    /// |w|^2/(2C) + sum (1 - m)^2 over the rows with margins below 1.
    fn cost(&self) -> f64 {
        let Rows {
            size,
            unit,
            diagonal,
            ..
        } = *self.of;
        let penalty = diagonal / (unit * unit);
        let mut cost = self
            .weights
            .iter()
            .fold(0.0, |sum, w| sum + penalty * w * w);
        for (block, columns) in self.of.blocks.chunks_exact(size).enumerate() {
            for (lane, margin) in margins(&self.weights, columns).iter().enumerate() {
                let short = (1.0 - margin / unit).max(0.0);
                cost += self.times[block * LANES + lane] * short * short;
            }
        }
        cost
    }

    /// On the test rows.
    #[inline(always)]
    fn worth(&self) -> Worth {
        let mut found = [[0.0; LANES]; 2];
        let mut positives = 0.0;
        let blocks = self.of.tests.chunks_exact(self.of.size);
        for (columns, classes) in blocks.zip(&self.of.classes) {
            let decisions = margins(&self.weights, columns);
            for (found, class) in found.iter_mut().zip(classes) {
                for ((sum, decision), one) in found.iter_mut().zip(&decisions).zip(class) {
                    *sum += if *decision >= 0.0 { *one } else { 0.0 };
                }
            }
            positives += classes[0].iter().sum::<f64>();
        }
        // Counts of at most 2^24 rows.
        let [right, wrong] = found.map(|lanes| lanes.iter().sum::<f64>());
        f1(right as u32, wrong as u32, (positives - right) as u32)
    }
}

/// w.z of each row of a block.
#[inline(always)]
fn margins(weights: &[f64], columns: &[[f64; LANES]]) -> [f64; LANES] {
    let mut margins = [0.0; LANES];
    for (weight, column) in weights.iter().zip(columns) {
        for (margin, value) in margins.iter_mut().zip(column) {
            *margin += weight * value;
        }
    }
    margins
}

/// Adds a row's products to the sums, some times.
#[inline(always)]
fn sum(sums: &mut [f64], products: &[f64], row: usize, times: f64) {
    let products = &products[row * sums.len()..(row + 1) * sums.len()];
    for (sum, product) in sums.iter_mut().zip(products) {
        *sum += times * product;
    }
}
