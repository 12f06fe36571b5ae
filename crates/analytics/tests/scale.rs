//! Scaling of columns.

use ndarray::arr2;
use salus_analytics::scale::{Scale, Scaling};

#[test]
fn columns_are_scaled() {
    let data = arr2(&[[1.0, 10.0, 7.0], [2.0, 30.0, 7.0], [6.0, 50.0, 7.0]]);
    let scaled = |scaling| {
        let mut values = data.clone();
        let scale = Scale::apply(scaling, values.view_mut());
        (values, scale)
    };
    let (values, scale) = scaled(Scaling::None);
    assert_eq!(values, data);
    assert_eq!(scale.undo(&values), data);

    let (values, scale) = scaled(Scaling::MinMax);
    assert_eq!(
        values,
        arr2(&[[0.0, 0.0, 0.0], [0.2, 0.5, 0.0], [1.0, 1.0, 0.0]])
    );
    assert_eq!(scale.offset, [1.0, 10.0, 7.0]);
    assert_eq!(scale.divisor, [5.0, 40.0, 1.0], "1 for the constant column");

    let (values, scale) = scaled(Scaling::ZScore);
    assert_eq!(scale.offset, [3.0, 30.0, 7.0]);
    // Variances over n: (4 + 1 + 9) / 3 and (400 + 0 + 400) / 3.
    assert_eq!(scale.divisor[0], (14.0_f64 / 3.0).sqrt());
    assert_eq!(scale.divisor[1], (800.0_f64 / 3.0).sqrt());
    assert_eq!(values.column(2).to_vec(), [0.0; 3]);
    let back = scale.undo(&values);
    assert!((&back - &data)
        .iter()
        .all(|difference| difference.abs() < 1e-12));
}

#[test]
fn scalings_have_words() {
    assert_eq!("min-max".parse(), Ok(Scaling::MinMax));
    assert_eq!("z-score".parse(), Ok(Scaling::ZScore));
    assert_eq!(Scaling::None.to_string(), "none");
    assert!("log".parse::<Scaling>().is_err());
}
