//! Random forests.

use ndarray::Array2;
use salus_analytics::{
    forest::{Error, Forest, ForestParameters},
    svm::Data,
};

/// Rows in a square; those above the diagonal and those in the corner are positive.
fn square(side: usize, offset: f64) -> Data {
    let place = |row: usize| ((row % side) as f64 + offset, (row / side) as f64 + offset);
    let positive: Vec<bool> = (0..side * side)
        .map(|row| {
            let (x, y) = place(row);
            (x > 6.0) != (y > 9.0)
        })
        .collect();
    let values = Array2::from_shape_fn((side * side, 2), |(row, column)| match column {
        0 => place(row).0,
        _ => place(row).1,
    });
    Data::encode(&values, &positive, 8).unwrap()
}

/// A pattern that no line separates.
#[test]
fn learns_what_no_line_separates() {
    let (training, test) = (square(16, 0.0), square(15, 0.4));
    let forest = Forest::train(&ForestParameters::default(), &training).unwrap();
    let predicted = forest.predict(&test).unwrap();
    let right = predicted
        .iter()
        .zip(test.classes())
        .filter(|(a, b)| a == b)
        .count();
    assert!(right * 100 >= 95 * test.len(), "{right} of {}", test.len());
}

#[test]
fn parameters_decide() {
    let data = square(12, 0.0);
    let train = |parameters: &ForestParameters| Forest::train(parameters, &data).unwrap();
    let default = ForestParameters::default();
    assert_eq!(train(&default), train(&default));
    assert_ne!(
        train(&default),
        train(&ForestParameters {
            seed: 1,
            ..default.clone()
        })
    );
    let stump = train(&ForestParameters {
        depth: 1,
        trees: 1,
        features: 2,
        ..default.clone()
    });
    let predicted = stump.predict(&data).unwrap();
    // One split: rows of equal x, or of equal y, have one class.
    let by_column = |column: usize| {
        let key = |row: usize| if column == 0 { row % 12 } else { row / 12 };
        (0..144).all(|row| {
            (0..144).all(|other| key(row) != key(other) || predicted[row] == predicted[other])
        })
    };
    assert!(by_column(0) || by_column(1));
}

/// Rows of one class, and a single row, make leaves.
#[test]
fn one_class() {
    let data = square(12, 0.0);
    for class in [false, true] {
        let pure = data.select(|_, positive| positive == class);
        let forest = Forest::train(&ForestParameters::default(), &pure).unwrap();
        assert!(forest
            .predict(&data)
            .unwrap()
            .iter()
            .all(|found| *found == class));
    }
    let none = data.select(|_, _| false);
    assert_eq!(
        Forest::train(&ForestParameters::default(), &none),
        Err(Error::NoRows)
    );
}

#[test]
fn refused() {
    let data = square(4, 0.0);
    let default = ForestParameters::default();
    for parameters in [
        ForestParameters {
            trees: 0,
            ..default.clone()
        },
        ForestParameters {
            trees: 1025,
            ..default.clone()
        },
        ForestParameters {
            depth: 0,
            ..default.clone()
        },
        ForestParameters {
            depth: 33,
            ..default.clone()
        },
    ] {
        assert!(matches!(
            Forest::train(&parameters, &data),
            Err(Error::Parameter(_))
        ));
    }
    let forest = Forest::train(&default, &data).unwrap();
    let other = Data::encode(&Array2::ones((1, 3)), &[true], 8).unwrap();
    assert_eq!(forest.predict(&other), Err(Error::Shape));
}
