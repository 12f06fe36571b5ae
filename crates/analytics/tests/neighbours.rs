//! k nearest neighbours.

use ndarray::arr2;
use salus_analytics::{
    neighbours::{distance, predict, ranking, Error},
    svm::Data,
};

fn line(values: [f64; 5], positive: [bool; 5]) -> Data {
    let rows = values.map(|value| [value, 0.0]);
    Data::encode(&arr2(&rows), &positive, 8).unwrap()
}

#[test]
fn ranks_by_distance_then_order() {
    let data = line([4.0, 1.0, -1.0, 0.0, 1.0], [true; 5]);
    assert_eq!(ranking(&data, &[0, 0]), [3, 1, 2, 4, 0]);
    assert_eq!(distance(&[3, -4], &[-3, 4]), 100);
}

#[test]
fn majority_of_k() {
    let data = line([0.0, 1.0, 2.0, 3.0, 4.0], [true, false, true, true, false]);
    let test = data.select(|row, _| row == [0, 0]);
    // true; a draw is negative; 2 of 3; 3 of 4; 3 of 5, and as many for any larger k.
    for (k, class) in [
        (1, true),
        (2, false),
        (3, true),
        (4, true),
        (5, true),
        (1024, true),
    ] {
        assert_eq!(predict(&data, &test, k), Ok(vec![class]), "{k}");
    }
}

#[test]
fn refused() {
    let data = line([0.0, 1.0, 2.0, 3.0, 4.0], [true; 5]);
    for k in [0, 1025] {
        assert_eq!(predict(&data, &data, k), Err(Error::Neighbours));
    }
    let coarse = Data::encode(&arr2(&[[0.0, 0.0]]), &[true], 7).unwrap();
    assert_eq!(predict(&data, &coarse, 1), Err(Error::Shape));
    let far = line([131_072.0, 0.0, 0.0, 0.0, 0.0], [true; 5]);
    assert_eq!(predict(&far, &data, 1), Err(Error::Value));
}
