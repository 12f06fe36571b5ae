//! Linear support vector machines: against a plain model, scikit-learn and real cohorts.

use std::{
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use ndarray::{Array2, Axis};
use proptest::prelude::*;
use salus_analytics::{
    metrics::Confusion,
    scale::{Scale, Scaling},
    split,
    svm::{
        descend, labels, train, Data, Error, Loss, Model, Sums, SvmParameters, Trainer, MAX_VALUE,
    },
    table::{self, parse_columns, Missing},
};
use serde::Deserialize;

fn hinge() -> SvmParameters {
    SvmParameters {
        iterations: 40,
        eta: 0.01,
        ..SvmParameters::default()
    }
}

fn squared_hinge() -> SvmParameters {
    SvmParameters {
        loss: Loss::SquaredHinge,
        iterations: 60,
        ..SvmParameters::default()
    }
}

fn threads(count: usize) -> Option<NonZeroUsize> {
    NonZeroUsize::new(count)
}

/// Rows and classes that a line separates but for some.
fn cloud(rows: usize, columns: usize, seed: u64) -> (Array2<f64>, Vec<bool>) {
    let mut state = seed;
    let mut next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1u64 << 24) as f64 - 0.5
    };
    let positive: Vec<bool> = (0..rows).map(|_| next() > 0.1).collect();
    let values = Array2::from_shape_fn((rows, columns), |(row, _)| {
        3.0 * next() + if positive[row] { 0.6 } else { -0.6 }
    });
    (values, positive)
}

fn encoded(rows: usize, columns: usize, seed: u64, fraction: u32) -> Data {
    let (values, positive) = cloud(rows, columns, seed);
    Data::encode(&values, &positive, fraction).unwrap()
}

/// The rules of the crate's page for gradient descent, word by word, on numbers of any size.
mod model {
    use num_bigint::BigInt;

    use super::*;

    fn floor_shift(x: &BigInt, bits: u32) -> BigInt {
        (x + (BigInt::from(1) << (bits - 1))) >> bits
    }

    pub fn descend(parameters: &SvmParameters, data: &Data) -> (Vec<i64>, i64) {
        let units = |x: f64| BigInt::from((x * 4_294_967_296.0).round_ties_even() as u128);
        let (eta, lambda) = (units(parameters.eta), units(1.0 / parameters.c));
        let one = BigInt::from(1) << parameters.fraction;
        let mut w = vec![BigInt::from(0); data.columns()];
        let mut b = BigInt::from(0);
        for _ in 0..parameters.iterations {
            let mut gradient = vec![BigInt::from(0); w.len()];
            let mut classes = BigInt::from(0);
            for (x, positive) in data.rows() {
                let y = if positive { 1 } else { -1 };
                let product: BigInt = w.iter().zip(x).map(|(w, x)| w * x).sum();
                if (product + &b * &one) * y < &one * &one {
                    for (sum, x) in gradient.iter_mut().zip(x) {
                        *sum += y * x;
                    }
                    classes += y;
                }
            }
            for (w, sum) in w.iter_mut().zip(&gradient) {
                let pull = floor_shift(&(&lambda * &*w), 32);
                *w -= floor_shift(&(&eta * (pull - sum)), 32);
            }
            b -= floor_shift(&(&eta * -(classes * &one)), 32);
        }
        let small = |x: &BigInt| i64::try_from(x).unwrap();
        (w.iter().map(small).collect(), small(&b))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn gradient_descent_is_the_plain_models(
        rows in 1usize..60, columns in 1usize..6, seed in any::<u64>(),
        fraction in 4u32..=30, eta in 0.0001f64..0.1, c in 0.01f64..100.0, iterations in 1u32..30,
    ) {
        let data = encoded(rows, columns, seed, fraction);
        let parameters = SvmParameters { fraction, eta, c, iterations, ..hinge() };
        let (weights, bias) = model::descend(&parameters, &data);
        let trained = train(&parameters, &data, None, None).unwrap();
        prop_assert_eq!((trained.model.weights, trained.model.bias), (weights, bias));
        prop_assert_eq!((trained.rounds, trained.costs.len() as u32), (iterations, iterations));
    }

    #[test]
    fn sums_of_parts_are_the_sums_of_all(
        rows in 2usize..80, columns in 1usize..6, seed in any::<u64>(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let (values, positive) = cloud(rows, columns, seed);
        let pooled = Data::encode(&values, &positive, 16).unwrap();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(rows)).chain([0, rows]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let parts: Vec<Data> = cuts.windows(2).map(|cut| {
            let part = values.slice(ndarray::s![cut[0]..cut[1], ..]);
            Data::encode(part, &positive[cut[0]..cut[1]], 16).unwrap()
        }).collect();
        for parameters in [hinge(), squared_hinge()] {
            let mut trainer = Trainer::new(&parameters, columns).unwrap();
            while !trainer.is_done() {
                let mut sums = Sums::zero(columns, parameters.loss);
                for part in &parts {
                    let of_part = Sums::of(trainer.model(), part, None, parameters.loss, threads(1)).unwrap();
                    // As somebody says who knows which rows are active, and not the model.
                    let active = part.rows().map(|(row, positive)| trainer.model().is_active(row, positive));
                    let active: Vec<bool> = active.collect();
                    prop_assert_eq!(&of_part, &Sums::of_active(part, &active, parameters.loss).unwrap());
                    prop_assert!(Sums::of_active(part, &active[1..], parameters.loss).is_err());
                    // As a protocol carries them.
                    let numbers = of_part.to_integers();
                    sums.add(&Sums::from_integers(columns, parameters.loss, &numbers).unwrap()).unwrap();
                }
                prop_assert_eq!(&sums, &Sums::of(trainer.model(), &pooled, None, parameters.loss, None).unwrap());
                trainer.absorb(&sums).unwrap();
            }
            let alone = train(&parameters, &pooled, None, None).unwrap();
            prop_assert_eq!(trainer.model(), &alone.model);
            prop_assert_eq!(trainer.costs(), &alone.costs[..]);
        }
    }

    #[test]
    fn costs_are_those_of_the_definition(rows in 1usize..50, columns in 1usize..5, seed in any::<u64>(), c in 0.1f64..10.0, penalise_bias: bool) {
        let (values, positive) = cloud(rows, columns, seed);
        // Values and models in fixed point, so that the definition sees the same numbers.
        let values = values.mapv(|x| (x * 65536.0).round() / 65536.0);
        let data = Data::encode(&values, &positive, 16).unwrap();
        for parameters in [hinge(), squared_hinge()] {
            let parameters = SvmParameters { c, penalise_bias, iterations: 5, ..parameters };
            let mut trainer = Trainer::new(&parameters, columns).unwrap();
            while !trainer.is_done() {
                let (weights, bias) = trainer.model().to_numbers();
                let losses = values.rows().into_iter().zip(&positive).map(|(x, positive)| {
                    let y = if *positive { 1.0 } else { -1.0 };
                    let product: f64 = weights.iter().zip(x).map(|(w, x)| w * x).sum();
                    let loss = f64::max(0.0, 1.0 - y * (product + bias));
                    if parameters.loss == Loss::Hinge { loss } else { loss * loss }
                });
                let square: f64 = weights.iter().map(|w| w * w).sum();
                let square = if penalise_bias { square + bias * bias } else { square };
                let expected = 0.5 * square + c * losses.sum::<f64>();
                let sums = Sums::of(trainer.model(), &data, None, parameters.loss, None).unwrap();
                trainer.absorb(&sums).unwrap();
                let found = trainer.costs().last().unwrap();
                prop_assert!((found - expected).abs() <= 1e-9 * expected.max(1.0), "{found} {expected}");
            }
        }
    }

    #[test]
    fn newton_ends_where_the_gradient_vanishes(rows in 10usize..80, columns in 1usize..5, seed in any::<u64>(), c in 0.1f64..10.0) {
        let (values, positive) = cloud(rows, columns, seed);
        let data = Data::encode(&values, &positive, 30).unwrap();
        let parameters = SvmParameters { c, fraction: 30, penalise_bias: true, ..squared_hinge() };
        let trained = train(&parameters, &data, None, None).unwrap();
        let (weights, bias) = trained.model.to_numbers();
        let mut gradient: Vec<f64> = weights.iter().copied().chain([bias]).collect();
        for (x, positive) in values.rows().into_iter().zip(&positive) {
            let y = if *positive { 1.0 } else { -1.0 };
            let product: f64 = weights.iter().zip(x).map(|(w, x)| w * x).sum();
            let loss = f64::max(0.0, 1.0 - y * (product + bias));
            for (sum, x) in gradient.iter_mut().zip(x.iter().copied().chain([1.0])) {
                *sum -= 2.0 * c * loss * y * x;
            }
        }
        for entry in gradient {
            prop_assert!(entry.abs() < 1e-4 * c * rows as f64, "{entry}");
        }
    }
}

/// Weights move by themselves: blocks of columns, each by the sums of its own, and all at once.
#[test]
fn columns_descend_apart_as_together() {
    for penalise_bias in [false, true] {
        let parameters = SvmParameters {
            penalise_bias,
            ..hinge()
        };
        let (values, positive) = cloud(60, 5, 8);
        let all = Data::encode(&values, &positive, 16).unwrap();
        let parts = [0..2, 2..5].map(|columns| {
            let part = values.slice(ndarray::s![.., columns]);
            Data::encode(part, &positive, 16).unwrap()
        });
        let mut models = [2, 3].map(|columns| Model::zero(columns, 16));
        let mut trainer = Trainer::new(&parameters, 5).unwrap();
        while !trainer.is_done() {
            let active: Vec<bool> = all
                .rows()
                .map(|(row, positive)| trainer.model().is_active(row, positive))
                .collect();
            for (model, part) in models.iter_mut().zip(&parts) {
                let sums = Sums::of_active(part, &active, Loss::Hinge).unwrap();
                descend(&parameters, model, &sums).unwrap();
            }
            let sums = Sums::of(trainer.model(), &all, None, Loss::Hinge, None).unwrap();
            trainer.absorb(&sums).unwrap();
            let weights: Vec<i64> = models.iter().flat_map(|m| m.weights.clone()).collect();
            assert_eq!(weights, trainer.model().weights);
            assert!(models.iter().all(|m| m.bias == trainer.model().bias));
        }
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let data = encoded(5000, 7, 3, 16);
    for parameters in [hinge(), squared_hinge()] {
        let one = train(&parameters, &data, threads(1), None).unwrap();
        for count in [2, 7] {
            assert_eq!(
                train(&parameters, &data, threads(count), None).unwrap(),
                one
            );
        }
    }
}

/// Digests from `bench/svm/model.py`, which knows the rules only. A change of these is a new version
/// of the algorithm.
#[test]
fn digests_are_pinned() {
    let data = encoded(500, 5, 11, 16);
    let batch = SvmParameters {
        batch: 3,
        seed: 5,
        ..hinge()
    };
    let found: Vec<String> = [hinge(), batch, squared_hinge()]
        .iter()
        .map(|parameters| {
            let digest = train(parameters, &data, None, None).unwrap().model.digest();
            digest
                .iter()
                .take(8)
                .map(|byte| format!("{byte:02x}"))
                .collect()
        })
        .collect();
    assert_eq!(found, PINNED);
}

const PINNED: [&str; 3] = ["73fd5113d33963e7", "8b5a7f47e0034ac0", "31ff7a439a244027"];

#[test]
fn batches_are_drawn_from_all_rows() {
    let parameters = SvmParameters {
        batch: 7,
        ..hinge()
    };
    let mut seen = [false; 50];
    let trainer = Trainer::new(&parameters, 2).unwrap();
    for seed in 0..200 {
        let trainer = Trainer::new(
            &SvmParameters {
                seed,
                ..parameters.clone()
            },
            2,
        )
        .unwrap();
        let batch = trainer.batch(50).unwrap();
        assert_eq!(batch.len(), 7);
        batch.iter().for_each(|row| seen[*row] = true);
    }
    assert_eq!(seen, [true; 50]);
    assert_eq!(trainer.batch(50), trainer.batch(50));
    let mut later = trainer.clone();
    let data = encoded(50, 2, 1, 16);
    later
        .absorb(&Sums::of(later.model(), &data, None, Loss::Hinge, None).unwrap())
        .unwrap();
    assert_ne!(later.batch(50), trainer.batch(50));
    assert_eq!(Trainer::new(&hinge(), 2).unwrap().batch(50), None);
}

#[test]
fn a_cost_that_is_low_enough_ends_a_training() {
    let data = encoded(100, 3, 1, 16);
    for parameters in [hinge(), squared_hinge()] {
        let all = train(&parameters, &data, None, None).unwrap();
        let stop_cost = all.costs[1];
        let early = train(
            &SvmParameters {
                stop_cost,
                ..parameters
            },
            &data,
            None,
            None,
        )
        .unwrap();
        assert_eq!(early.rounds, 2);
        assert_eq!(early.costs, all.costs[..2]);
        assert_ne!(early.model, all.model);
    }
}

#[test]
fn newton_never_ends_above_a_cost_it_had() {
    for seed in 0..40 {
        let data = encoded(40, 4, seed, 20);
        let parameters = SvmParameters {
            c: 50.0,
            fraction: 20,
            ..squared_hinge()
        };
        let trained = train(&parameters, &data, None, None).unwrap();
        let sums = Sums::of(&trained.model, &data, None, Loss::SquaredHinge, None).unwrap();
        assert!(sums.active >= 0);
        let least = trained.costs.iter().copied().fold(f64::INFINITY, f64::min);
        let mut again = Trainer::new(&parameters, 4).unwrap();
        again
            .absorb(&Sums::of(again.model(), &data, None, Loss::SquaredHinge, None).unwrap())
            .unwrap();
        let last = *trained.costs.last().unwrap();
        assert!(
            last <= least * (1.0 + 1e-6) || trained.rounds == parameters.iterations,
            "{last} {least}"
        );
    }
}

#[test]
fn models_survive_the_round_trip_and_nothing_else_is_one() {
    let model = Model {
        fraction: 16,
        weights: vec![1, -2, i64::from(u32::MAX)],
        bias: -7,
    };
    let bytes = model.to_bytes();
    assert_eq!(bytes.len(), 8 + 2 + 2 + 4 + 8 * 4);
    assert_eq!(Model::from_bytes(&bytes).unwrap(), model);
    for length in 0..bytes.len() {
        assert!(Model::from_bytes(&bytes[..length]).is_err());
    }
    let with = |place: usize, value: u8| {
        let mut bytes = bytes.clone();
        bytes[place] = value;
        Model::from_bytes(&bytes).unwrap_err()
    };
    assert_eq!(with(0, 0), Error::Bytes("other first bytes"));
    assert_eq!(with(8, 2), Error::Bytes("a later layout"));
    assert_eq!(
        with(10, 31),
        Error::Bytes("fraction or number of columns out of range")
    );
    assert_eq!(
        with(12, 4),
        Error::Bytes("another length than its columns need")
    );
    assert_eq!(
        with(bytes.len() - 1, 0x7f),
        Error::Bytes("a weight of 2^44 units or more")
    );
}

#[test]
fn parameters_have_one_spelling() {
    let json = SvmParameters::default().to_canonical_json().unwrap();
    assert_eq!(
        json,
        r#"{"batch":0,"c":1.0,"eta":0.001,"fraction":16,"iterations":300,"loss":"hinge","penalise_bias":false,"positive":[1.0],"scaling":"z-score","seed":0,"stop_cost":0.0}"#
    );
    assert_eq!(
        SvmParameters::from_json(json.as_bytes()).unwrap(),
        SvmParameters::default()
    );
    assert_eq!(
        SvmParameters::from_json(b"{}").unwrap(),
        SvmParameters::default()
    );
    assert!(matches!(
        SvmParameters::from_json(br#"{"C":1}"#),
        Err(Error::Json(_))
    ));
    for json in [
        r#"{"c":0}"#,
        r#"{"c":1e7}"#,
        r#"{"eta":0}"#,
        r#"{"eta":-1}"#,
        r#"{"eta":2000}"#,
        r#"{"fraction":31}"#,
        r#"{"iterations":0}"#,
        r#"{"iterations":1000001}"#,
        r#"{"positive":[]}"#,
        r#"{"stop_cost":-1}"#,
        r#"{"batch":1,"loss":"squared-hinge"}"#,
    ] {
        assert!(
            matches!(
                SvmParameters::from_json(json.as_bytes()),
                Err(Error::Parameter(_))
            ),
            "{json}"
        );
    }
}

#[test]
fn what_cannot_be_trained_is_refused() {
    let values = Array2::<f64>::zeros((2, 3));
    let both = [true, false];
    assert_eq!(
        Data::encode(&Array2::<f64>::zeros((0, 3)), &[], 16),
        Err(Error::NoRows)
    );
    assert_eq!(
        Data::encode(&Array2::<f64>::zeros((2, 0)), &both, 16),
        Err(Error::NoColumns)
    );
    assert_eq!(
        Data::encode(&values, &[true], 16),
        Err(Error::Labels { rows: 2, labels: 1 })
    );
    for bad in [
        f64::NAN,
        f64::INFINITY,
        MAX_VALUE as f64 / 65536.0,
        -(MAX_VALUE as f64) / 65536.0,
    ] {
        let mut values = values.clone();
        values[[1, 2]] = bad;
        assert_eq!(
            Data::encode(&values, &both, 16),
            Err(Error::Value { row: 1, column: 2 })
        );
    }
    assert_eq!(labels([1.0, 1.0], &[1.0]), Err(Error::OneClass));
    assert_eq!(labels([1.0, 2.0], &[3.0]), Err(Error::OneClass));
    assert_eq!(
        labels([1.0, 2.0, 4.0], &[2.0, 4.0]),
        Ok(vec![false, true, true])
    );

    let data = encoded(10, 3, 1, 16);
    let model = Model::zero(2, 16);
    assert_eq!(model.predict(&data), Err(Error::Shape));
    assert_eq!(Model::zero(3, 15).predict(&data), Err(Error::Shape));
    assert_eq!(
        Sums::of(&model, &data, None, Loss::Hinge, None),
        Err(Error::Shape)
    );
    assert_eq!(
        Sums::of(&Model::zero(3, 16), &data, Some(&[10]), Loss::Hinge, None),
        Err(Error::Row(10))
    );
    let diverging = SvmParameters {
        eta: 1000.0,
        c: 0.001,
        iterations: 100,
        ..hinge()
    };
    assert_eq!(train(&diverging, &data, None, None), Err(Error::Diverged));
}

#[test]
fn sums_that_cannot_be_are_refused() {
    let data = encoded(10, 3, 1, 16);
    for loss in [Loss::Hinge, Loss::SquaredHinge] {
        let parameters = SvmParameters { loss, ..hinge() };
        let fresh = Trainer::new(&parameters, 3).unwrap();
        let right = Sums::of(fresh.model(), &data, None, loss, None).unwrap();
        let refuse = |change: &dyn Fn(&mut Sums)| {
            let (mut trainer, mut sums) = (fresh.clone(), right.clone());
            change(&mut sums);
            trainer.absorb(&sums).unwrap_err()
        };
        assert_eq!(refuse(&|s| s.rows = 0), Error::TooLarge);
        assert_eq!(refuse(&|s| s.active = -1), Error::TooLarge);
        assert_eq!(refuse(&|s| s.active = s.rows + 1), Error::TooLarge);
        assert_eq!(refuse(&|s| s.classes = s.active + 1), Error::TooLarge);
        assert_eq!(refuse(&|s| s.gradient[0] = i128::MAX), Error::TooLarge);
        assert_eq!(
            refuse(&|s| {
                s.gradient.pop();
            }),
            Error::Shape
        );
        assert_eq!(refuse(&|s| s.values.push(1)), Error::Shape);
        let mut sums = right.clone();
        assert_eq!(sums.add(&Sums::zero(4, loss)), Err(Error::Shape));
        sums.gradient[0] = i128::MAX;
        let twice = sums.clone();
        assert_eq!(sums.add(&twice), Err(Error::TooLarge));
        assert_eq!(Sums::from_integers(3, loss, &[1, 2]), Err(Error::Shape));
    }
    // A matrix that no rows have.
    let mut trainer = Trainer::new(&squared_hinge(), 3).unwrap();
    let mut sums = Sums::of(trainer.model(), &data, None, Loss::SquaredHinge, None).unwrap();
    sums.products[0] = -(1 << 60);
    assert_eq!(trainer.absorb(&sums), Err(Error::Singular));
}

#[derive(Deserialize)]
struct Vector {
    data: Vec<Vec<f64>>,
    positive: Vec<bool>,
    c: f64,
    weights: Vec<f64>,
    bias: f64,
    cost: Option<f64>,
}

fn vectors() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").expect("run by cargo");
    Path::new(&own).join("tests/svm-vectors")
}

fn vector(name: &str) -> (Array2<f64>, Vector) {
    let path = vectors().join(format!("{name}.json"));
    let vector: Vector = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let (rows, columns) = (vector.data.len(), vector.data[0].len());
    let values = vector.data.iter().flatten().copied().collect();
    (
        Array2::from_shape_vec((rows, columns), values).unwrap(),
        vector,
    )
}

#[test]
fn squared_hinge_is_linear_svc() {
    for name in ["apart", "mixed", "close"] {
        let (values, vector) = vector(&format!("svm-squared-hinge-{name}"));
        let data = Data::encode(&values, &vector.positive, 30).unwrap();
        let parameters = SvmParameters {
            c: vector.c,
            fraction: 30,
            penalise_bias: true,
            ..squared_hinge()
        };
        let trained = train(&parameters, &data, None, None).unwrap();
        assert!(trained.rounds < 30, "{name}: {} rounds", trained.rounds);
        let (weights, bias) = trained.model.to_numbers();
        for (found, expected) in weights
            .iter()
            .zip(&vector.weights)
            .chain([(&bias, &vector.bias)])
        {
            assert!(
                (found - expected).abs() < 1e-6,
                "{name}: {found} {expected}"
            );
        }
    }
}

#[test]
fn hinge_comes_close_to_svc() {
    for name in ["apart", "mixed", "close"] {
        let (values, vector) = vector(&format!("svm-hinge-{name}"));
        let data = Data::encode(&values, &vector.positive, 24).unwrap();
        let parameters = SvmParameters {
            c: vector.c,
            eta: 0.0002,
            iterations: 20_000,
            fraction: 24,
            ..hinge()
        };
        let trained = train(&parameters, &data, None, None).unwrap();
        let (cost, least) = (*trained.costs.last().unwrap(), vector.cost.unwrap());
        assert!(
            cost >= least * (1.0 - 1e-6),
            "{name}: {cost} is below the least {least}"
        );
        assert!(cost <= least * 1.02, "{name}: {cost} {least}");
        let theirs = values.rows().into_iter().map(|x| {
            x.iter()
                .zip(&vector.weights)
                .map(|(x, w)| x * w)
                .sum::<f64>()
                + vector.bias
                >= 0.0
        });
        let same = trained
            .model
            .predict(&data)
            .unwrap()
            .into_iter()
            .zip(theirs)
            .filter(|(a, b)| a == b)
            .count();
        assert!(
            same * 100 >= values.nrows() * 97,
            "{name}: {same} of {}",
            values.nrows()
        );
    }
}

#[derive(Deserialize)]
struct Cohorts {
    cohorts: Vec<Cohort>,
}

#[derive(Deserialize)]
struct Cohort {
    file: String,
    splits: Vec<Scores>,
}

#[derive(Deserialize)]
struct Scores {
    tp: u64,
    fp: u64,
    #[serde(rename = "fn")]
    missed: u64,
    rows: usize,
}

/// Mean F1 over the splits is not more than 0.5 points below scikit-learn's LinearSVC.
#[test]
fn cohorts_are_predicted_as_well_as_by_linear_svc() {
    let Some(folder) = std::env::var_os("SALUS_DATA") else {
        println!("skipped: SALUS_DATA does not name the folder of the cohorts");
        return;
    };
    let path = vectors().join("svm-cohorts.json");
    let recorded: Cohorts = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    for cohort in recorded.cohorts {
        type Facts = (&'static str, usize, &'static [f64], f64);
        let (left_out, classes, positive, c): Facts = match cohort.file.as_str() {
            "breast-cancer-wisconsin.data" => ("1", 9, &[4.0], 0.1),
            "processed.hungarian.data" => ("", 13, &[1.0, 2.0, 3.0, 4.0], 1.0),
            "australian.dat" => ("", 14, &[1.0], 0.02),
            other => panic!("{other} is not known"),
        };
        let text = fs::read(Path::new(&folder).join(&cohort.file)).unwrap();
        let options = table::Options {
            drop: parse_columns(left_out).into_iter().collect(),
            missing: Missing::Mean,
            ..table::Options::default()
        };
        let values = table::parse(&text, &options).unwrap().values;
        let positive = labels(values.column(classes).iter().copied(), positive).unwrap();
        let columns: Vec<usize> = (0..values.ncols())
            .filter(|column| *column != classes)
            .collect();
        let values = values.select(Axis(1), &columns);
        for (name, parameters) in [
            (
                "hinge",
                SvmParameters {
                    c,
                    eta: 0.0005,
                    iterations: 600,
                    ..SvmParameters::default()
                },
            ),
            ("squared hinge", squared_hinge()),
        ] {
            let (mut ours, mut theirs) = (0.0, 0.0);
            for (number, scores) in (0u32..).zip(&cohort.splits) {
                let (training, test) = split::by_position(number, values.nrows(), 200);
                assert_eq!(test.len(), scores.rows, "{}: another split", cohort.file);
                let pick = |rows: &[usize]| -> Vec<bool> {
                    rows.iter().map(|row| positive[*row]).collect()
                };
                let mut rows = values.select(Axis(0), &training);
                let scale = Scale::apply(Scaling::ZScore, rows.view_mut());
                let data = Data::encode(&rows, &pick(&training), parameters.fraction).unwrap();
                let model = train(&parameters, &data, None, None).unwrap().model;
                let mut rows = values.select(Axis(0), &test);
                scale.scale(rows.view_mut());
                let data = Data::encode(&rows, &pick(&test), parameters.fraction).unwrap();
                let predicted = model.predict(&data).unwrap();
                ours += Confusion::of(data.classes().iter().copied().zip(predicted)).f1();
                let twice = 2 * scores.tp;
                theirs += twice as f64 / (twice + scores.fp + scores.missed) as f64;
            }
            let (ours, theirs) = (
                ours / cohort.splits.len() as f64,
                theirs / cohort.splits.len() as f64,
            );
            println!(
                "{}, {name}: F1 {ours:.4}, LinearSVC {theirs:.4}",
                cohort.file
            );
            assert!(
                ours >= theirs - 0.005,
                "{}, {name}: F1 {ours:.4}, LinearSVC {theirs:.4}",
                cohort.file
            );
        }
    }
}
