//! Rows from the products of a comparison: who knows the model and the values that attributes can
//! have takes a product for a margin, and looks which rows have it.

use std::collections::BTreeSet;

use rand_core::Rng;
use salus_analytics::svm::{Data, Model, Sums, Trainer};
use salus_paillier::Int;

use super::{super::secure_svm::draw, *};

/// Attributes, each of which has a whole value from 1 to 10.
const COLUMNS: usize = 7;
const VALUES: usize = 10;
const ROWS: usize = 560;

/// Patients like those of the Wisconsin cohort: most of the healthy ones have low values.
fn patients() -> Rows {
    let mut random = seed(31).random();
    let mut below = move |end: u32| random.next_u32() % end;
    let positive: Vec<bool> = (0..ROWS).map(|_| below(20) < 7).collect();
    let values = Array2::from_shape_fn((ROWS, COLUMNS), |(row, _)| {
        f64::from(match (positive[row], below(10)) {
            (true, _) => 3 + below(8),
            (false, 0..=6) => 1,
            (false, _) => 1 + below(3),
        })
    });
    Rows { values, positive }
}

/// Every sum of one value of each of these columns, in ascending order, with the values' number.
fn sums(columns: &[(i64, Vec<i64>)]) -> Vec<(i64, u32)> {
    let mut sums = vec![(0, 0)];
    for (weight, values) in columns {
        let more = sums.iter().flat_map(|(sum, code)| {
            let values = values.iter().zip(0..);
            values.map(move |(value, digit)| (sum + weight * value, code * VALUES as u32 + digit))
        });
        sums = more.collect();
    }
    sums.sort_unstable();
    sums
}

/// The rows whose halves add up to the target.
fn rows_with(target: i64, left: &[(i64, u32)], right: &[(i64, u32)], shift: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut last = right.len();
    for (sum, code) in left {
        while last > 0 && sum + right[last - 1].0 > target {
            last -= 1;
        }
        let equal = right[..last].iter().rev();
        let equal = equal.take_while(|(other, _)| sum + other == target);
        found.extend(equal.map(|(_, other)| code * shift + other));
    }
    found
}

struct Attack {
    /// Products that were taken for margins.
    tried: usize,
    /// Different rows that several rounds agree on.
    claimed: usize,
    /// Those of them that are some patient's.
    right: usize,
    /// Patients with such a row.
    patients: usize,
}

/// What the analyst finds over the rounds of a training whose smallest r is 2^least.
fn attack(least: u32) -> Attack {
    let rows = patients();
    let mut terms = terms(Backend::SecureSvm, Loss::Hinge, COLUMNS, 1);
    terms.svm.iterations = 50;
    terms.svm.eta = 0.001;
    let fraction = terms.svm.fraction;
    let one = 1i64 << fraction;
    let moments = Moments::of(rows.values.view()).unwrap();
    let data: Data = terms.encode(&rows, Some(&moments)).unwrap();
    // The scale is known, and so what each value becomes.
    let grid = Rows {
        values: Array2::from_shape_fn((VALUES, COLUMNS), |(value, _)| 1.0 + value as f64),
        positive: vec![true; VALUES],
    };
    let grid = terms.encode(&grid, Some(&moments)).unwrap();
    let column = |column: usize| -> Vec<i64> { grid.rows().map(|(row, _)| row[column]).collect() };
    let split = COLUMNS - 3;
    let shift = (VALUES as u32).pow(3);

    let mut trainer = Trainer::new(&terms.svm, COLUMNS).unwrap();
    let mut random = seed(32).random();
    let mut seen: BTreeMap<(u32, bool), BTreeSet<u32>> = BTreeMap::new();
    let mut tried = 0;
    while !trainer.is_done() {
        let model: Model = trainer.model().clone();
        let margin = |row: &[i64], positive: bool| -> i64 {
            let dot: i64 = row.iter().zip(&model.weights).map(|(x, w)| x * w).sum();
            (dot + model.bias * one) * if positive { 1 } else { -1 }
        };
        let margins: Vec<i64> = data.rows().map(|(row, class)| margin(row, class)).collect();
        // The first model is 0 and says nothing.
        if trainer.rounds() > 0 {
            let weights = model.weights.iter().copied();
            let columns: Vec<_> = weights.zip((0..COLUMNS).map(column)).collect();
            let (left, right) = (sums(&columns[..split]), sums(&columns[split..]));
            let mut sizes: Vec<_> = margins.iter().map(|y| (y - one * one).abs()).collect();
            sizes.sort_unstable();
            let usual = Int::from(sizes[ROWS * 99 / 100]);
            for entry in draw(ROWS, 14, least, terms.mask_bits, &mut random) {
                let (scale, constant) = entry.masks(fraction);
                let product = scale
                    .wrapping_mul(&Int::from(margins[entry.row]))
                    .wrapping_add(&constant);
                // The smallest r that there is.
                let size = Int::from_words(product.abs().to_words()).shr(1).shr(least);
                if size > usual {
                    continue;
                }
                tried += 1;
                let size = size.as_words()[0] as i64;
                for z in [size, -size - 1] {
                    for class in [true, false] {
                        let sign = if class { 1 } else { -1 };
                        let target = sign * (z + one * one) - model.bias * one;
                        for code in rows_with(target, &left, &right, shift) {
                            seen.entry((code, class))
                                .or_default()
                                .insert(trainer.rounds());
                        }
                    }
                }
            }
        }
        let active: Vec<bool> = margins.iter().map(|y| *y < one * one).collect();
        let sums = Sums::of_active(&data, &active, terms.svm.loss).unwrap();
        trainer.absorb(&sums).unwrap();
    }
    let code = |row: usize| {
        let digits = rows.values.row(row).into_iter();
        digits.fold(0, |code, value| code * VALUES as u32 + *value as u32 - 1)
    };
    let real: Vec<_> = (0..ROWS)
        .map(|row| (code(row), rows.positive[row]))
        .collect();
    let claims: BTreeSet<_> = seen
        .iter()
        .filter(|(_, rounds)| rounds.len() > 1)
        .map(|(row, _)| *row)
        .collect();
    Attack {
        tried,
        claimed: claims.len(),
        right: claims.iter().filter(|row| real.contains(row)).count(),
        patients: real.iter().filter(|row| claims.contains(row)).count(),
    }
}

/// Were r as small as 1, one product in 64 would be a margin, and the rows of most patients would be
/// found with it. With the masks of the terms none is.
#[test]
fn products_are_no_margins() {
    let bare = attack(0);
    assert!(
        bare.patients > ROWS / 4 && bare.right * 10 > bare.claimed * 9,
        "{} of {} claims are right, {} patients",
        bare.right,
        bare.claimed,
        bare.patients
    );
    let least = terms(Backend::SecureSvm, Loss::Hinge, COLUMNS, 1).decision_bits;
    let masked = attack(least);
    assert!(masked.tried > 300, "{}", masked.tried);
    assert_eq!(masked.right, 0, "of {} claims", masked.claimed);
}
