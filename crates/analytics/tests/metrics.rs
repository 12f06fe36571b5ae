//! Counts and figures of predictions, and the split into training and test rows.

use salus_analytics::{metrics::Confusion, split};

#[test]
fn figures_are_those_of_the_definitions() {
    let pairs = [
        (true, true),
        (true, true),
        (true, true),
        (true, false),
        (false, true),
        (false, false),
        (false, false),
        (false, false),
        (false, true),
        (false, false),
    ];
    let counts = Confusion::of(pairs);
    let expected = Confusion {
        true_positives: 3,
        false_positives: 2,
        true_negatives: 4,
        false_negatives: 1,
    };
    assert_eq!(counts, expected);
    assert_eq!(counts.precision(), 0.6);
    assert_eq!(counts.recall(), 0.75);
    assert_eq!(counts.accuracy(), 0.7);
    let harmonic = 2.0 / (1.0 / 0.6 + 1.0 / 0.75);
    assert!((counts.f1() - harmonic).abs() < 1e-15);
    assert_eq!(Confusion::default().f1(), 0.0);
    assert_eq!(Confusion::default().precision(), 0.0);
}

#[test]
fn splits_keep_their_share_and_differ() {
    for number in 0..10 {
        let (training, test) = split::by_position(number, 10_000, 200);
        assert_eq!(training.len() + test.len(), 10_000);
        assert!((1800..2200).contains(&test.len()), "{}", test.len());
        assert_ne!(test, split::by_position(number + 1, 10_000, 200).1);
        // A row's side does not depend on the others.
        let (_, fewer) = split::by_position(number, 5000, 200);
        assert_eq!(
            fewer,
            test.iter()
                .copied()
                .filter(|row| *row < 5000)
                .collect::<Vec<_>>()
        );
    }
    assert_eq!(split::by_position(0, 100, 0).1.len(), 0);
    assert_eq!(split::by_position(0, 100, 1000).0.len(), 0);
    assert!(split::is_test(0, b"patient", 1000));
}
