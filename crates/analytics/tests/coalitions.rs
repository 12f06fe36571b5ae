//! Worths of coalitions against models trained one by one.

use std::{fs, num::NonZeroUsize, sync::atomic::AtomicBool};

use ndarray::Array2;
use proptest::prelude::*;
use salus_analytics::{
    coalitions::{
        drop_copies, pool, worth, worths, Coalitions, Error, Family, Parameters, MAX_JSON,
    },
    fcm::Control,
    forest::{Forest, ForestParameters},
    neighbours,
    svm::{self, Data, Loss, SvmParameters},
    table::{Missing, Options},
};
use salus_shapley::{Worth, ONE};

/// Deterministic noise in [-1, 1].
fn noise(number: u64) -> f64 {
    let mixed = (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ mixed >> 31).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (mixed >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

/// Rows of two overlapping classes, a third of them positive. Coarse rows: some are equal.
fn rows(seed: u64, count: usize) -> Data {
    class_rows(seed, count, 8.0)
}

/// Fine ones: none lies on a border that coarse rows draw.
fn test_rows(seed: u64, count: usize) -> Data {
    class_rows(seed, count, 65536.0)
}

fn class_rows(seed: u64, count: usize, steps: f64) -> Data {
    let positive: Vec<bool> = (0..count).map(|row| row % 3 == 0).collect();
    let values = Array2::from_shape_fn((count, 3), |(row, column)| {
        let centre = if positive[row] { 0.6 } else { -0.4 };
        let value = centre + noise((seed << 32) | (row * 3 + column) as u64);
        (value * steps).round() / steps
    });
    Data::encode(&values, &positive, 16).unwrap()
}

/// The classes that `svm/1` predicts, whose weights are rounded: with as many bits as there are.
fn trained_alone(pooled: &Data, test: &Data, c: f64) -> Vec<bool> {
    let finest = |data: &Data| {
        let values: Vec<f64> = data
            .rows()
            .flat_map(|(row, _)| row.to_vec())
            .map(|x| x as f64 / 65536.0)
            .collect();
        let values = Array2::from_shape_vec((data.len(), data.columns()), values).unwrap();
        Data::encode(&values, data.classes(), svm::MAX_FRACTION).unwrap()
    };
    let parameters = SvmParameters {
        c,
        fraction: svm::MAX_FRACTION,
        iterations: 1000,
        loss: Loss::SquaredHinge,
        penalise_bias: true,
        ..SvmParameters::default()
    };
    let model = svm::train(&parameters, &finest(pooled), None, None)
        .unwrap()
        .model;
    model.predict(&finest(test)).unwrap()
}

fn market(owners: usize) -> (Data, Vec<Data>) {
    let owner = |owner| rows(owner as u64 + 1, 12 + 7 * owner);
    (test_rows(0, 90), (0..owners).map(owner).collect())
}

fn one_by_one(test: &Data, owners: &[Data], predict: impl Fn(&Data) -> Vec<bool>) -> Vec<Worth> {
    let of = |coalition| match coalition {
        0 => 0,
        _ => worth(test, &predict(&pool(owners, coalition, test).unwrap())),
    };
    (0..1 << owners.len()).map(of).collect()
}

fn table(family: &Family, test: &Data, owners: &[Data]) -> Vec<Worth> {
    let found = worths(family, test, owners, NonZeroUsize::new(1), None).unwrap();
    // Neither the threads nor the chunks' owners change anything.
    assert_eq!(
        found,
        worths(family, test, owners, NonZeroUsize::new(3), None).unwrap()
    );
    found
}

/// The models that are carried along are those of the training by itself.
#[test]
fn svm_as_trained_alone() {
    for c in [0.01, 1.0, 50.0] {
        let (test, owners) = market(6);
        let found = table(&Family::Svm { c }, &test, &owners);
        let train = |pooled: &Data| trained_alone(pooled, &test, c);
        assert_eq!(found, one_by_one(&test, &owners, train));
        assert!(found[1..].iter().all(|worth| *worth > 0));
    }
}

#[test]
fn neighbours_as_classified_alone() {
    let (test, owners) = market(6);
    for k in [1, 2, 5, 40] {
        let found = table(&Family::Neighbours { k }, &test, &owners);
        let predict = |pooled: &Data| neighbours::predict(pooled, &test, k).unwrap();
        assert_eq!(found, one_by_one(&test, &owners, predict), "{k}");
    }
}

#[test]
fn forest_as_grown_alone() {
    let (test, owners) = market(4);
    let parameters = ForestParameters {
        trees: 9,
        ..ForestParameters::default()
    };
    let found = table(&Family::Forest(parameters.clone()), &test, &owners);
    let predict = |pooled: &Data| {
        let forest = Forest::train(&parameters, pooled).unwrap();
        forest.predict(&test).unwrap()
    };
    assert_eq!(found, one_by_one(&test, &owners, predict));
    assert!(found[1..].iter().all(|worth| *worth > 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// Owners with few rows, of one class, with rows of all, with no rows at all.
    #[test]
    fn odd_owners(parts in prop::collection::vec(prop::collection::vec(0usize..30, 0..6), 1..6), c in 0.01f64..100.0) {
        let all = rows(5, 30);
        let test = test_rows(6, 30);
        let owners: Vec<Data> = parts.iter().map(|part| {
            let mut index = 0;
            all.select(|_, _| {
                index += 1;
                part.contains(&(index - 1))
            })
        }).collect();
        let expected = one_by_one(&test, &owners, |pooled| match pooled.is_empty() {
            true => vec![false; test.len()],
            false => trained_alone(pooled, &test, c),
        });
        prop_assert_eq!(table(&Family::Svm { c }, &test, &owners), expected);
    }
}

#[test]
fn copies_of_owners_before_are_dropped() {
    let mut owners = vec![rows(1, 9), rows(1, 12), rows(2, 9)];
    let own = owners[1].len();
    let copied = owners[1]
        .rows()
        .filter(|row| owners[0].rows().any(|other| other == *row))
        .count();
    let dropped = drop_copies(&mut owners);
    assert!(copied >= 9);
    assert_eq!((dropped[0], dropped[1]), (0, copied));
    assert_eq!(owners[1].len(), own - copied);
}

fn text(seed: u64, count: usize) -> String {
    let data = rows(seed, count);
    let line = |(row, positive): (&[i64], bool)| {
        let values: Vec<String> = row
            .iter()
            .map(|value| (*value as f64 / 65536.0).to_string())
            .collect();
        format!("{},{}\n", values.join(","), u8::from(positive))
    };
    data.rows().map(line).collect()
}

#[test]
fn canonical_bytes() {
    let inputs = [text(1, 20), text(2, 30), text(1, 40)];
    let inputs: Vec<&[u8]> = inputs.iter().map(|text| text.as_bytes()).collect();
    let test = text(0, 60);
    let compute = |parameters: &Parameters| {
        Coalitions::compute(parameters, test.as_bytes(), &inputs, None, None).unwrap()
    };
    let found = compute(&Parameters::default());
    let bytes = found.to_bytes();
    assert_eq!(bytes.len(), 44 + 8 * 3 + 8 * 8);
    assert_eq!(Coalitions::from_bytes(&bytes), Ok(found.clone()));
    // The third owner has the rows of the first.
    assert!(found.rows[2].1 >= 20);
    assert_eq!(found.rows[2].0 + found.rows[2].1, 40);
    let kept = compute(&Parameters {
        drop_copies: false,
        ..Parameters::default()
    });
    assert_eq!(kept.rows[2], (40, 0));
    let hull = found.hull().unwrap();
    assert!(hull
        .iter()
        .zip(&found.worths)
        .all(|(hull, raw)| hull >= raw));

    for cut in 0..bytes.len() {
        assert!(Coalitions::from_bytes(&bytes[..cut]).is_err());
    }
    for (place, value) in [
        (0, 0),
        (8, 2),
        (10, 0),
        (10, 21),
        (68, 1),
        (bytes.len() - 1, 0x80),
    ] {
        let mut other = bytes.clone();
        other[place] = value;
        assert!(
            matches!(Coalitions::from_bytes(&other), Err(Error::Bytes(_))),
            "{place}"
        );
    }
}

mod determinism {
    use super::*;

    /// Consensus compares these, in debug and release builds and on every machine.
    #[test]
    fn pinned_digests() {
        let inputs = [text(1, 20), text(2, 30), text(3, 40)];
        let inputs: Vec<&[u8]> = inputs.iter().map(|text| text.as_bytes()).collect();
        let families = [
            Family::Svm { c: 1.0 },
            Family::Neighbours { k: 3 },
            Family::Forest(ForestParameters::default()),
        ];
        let digests = families.map(|family| {
            let parameters = Parameters {
                family,
                ..Parameters::default()
            };
            let test = text(0, 60);
            let found =
                Coalitions::compute(&parameters, test.as_bytes(), &inputs, None, None).unwrap();
            let digest = found.digest();
            digest[..8]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        });
        assert_eq!(digests, PINNED);
    }

    const PINNED: [&str; 3] = ["fcaefaaa36d2769b", "1797def43d915ec5", "442b70ddcbda7874"];
}

#[test]
fn parameters_as_json() {
    let json = br#"{"family":{"forest":{"trees":5}},"positive":[4]}"#;
    let parameters = Parameters::from_json(json).unwrap();
    let canonical = parameters.to_canonical_json().unwrap();
    assert!(canonical.starts_with(
        r#"{"drop_copies":true,"family":{"forest":{"depth":16,"features":0,"seed":0,"trees":5}},"fraction":16,"positive":[4.0],"scaling":"z-score","table":"#
    ), "{canonical}");
    assert_eq!(Parameters::from_json(canonical.as_bytes()), Ok(parameters));
    for json in [
        r#"{"family":{"svm":{"c":0}}}"#,
        r#"{"family":{"neighbours":{"k":0}}}"#,
        r#"{"family":{"neighbours":{"k":1025}}}"#,
        r#"{"family":{"forest":{"trees":0}}}"#,
        r#"{"family":{"forest":{"depth":33}}}"#,
        r#"{"fraction":31}"#,
        r#"{"positive":[]}"#,
        r#"{"table":{"missing":"mean"}}"#,
        r#"{"unknown":1}"#,
        "[",
    ] {
        assert!(Parameters::from_json(json.as_bytes()).is_err(), "{json}");
    }
    assert!(Parameters::from_json(&[b' '; MAX_JSON + 1]).is_err());
}

#[test]
fn refused() {
    let (test, owners) = market(2);
    let svm = Family::Svm { c: 1.0 };
    let run = |test: &Data, owners: &[Data]| worths(&svm, test, owners, None, None).err();
    assert_eq!(run(&test, &[]), Some(Error::Owners));
    assert_eq!(
        run(&test, &vec![owners[0].clone(); 21]),
        Some(Error::Owners)
    );
    assert_eq!(
        run(&test.select(|_, positive| !positive), &owners),
        Some(Error::NoPositives)
    );
    let narrow = Data::encode(&Array2::ones((2, 2)), &[true, false], 16).unwrap();
    assert_eq!(run(&test, &[narrow]), Some(Error::Shape));
    let wide = Data::encode(&Array2::ones((2, 65)), &[true, false], 16).unwrap();
    assert_eq!(
        run(&wide, std::slice::from_ref(&wide)),
        Some(Error::Columns)
    );
    let large = Data::encode(&Array2::from_elem((2, 3), 2048.0), &[true, false], 16).unwrap();
    assert_eq!(
        run(&test, std::slice::from_ref(&large)),
        Some(Error::TooLarge)
    );
    let near = worths(&Family::Neighbours { k: 1 }, &test, &[large], None, None);
    assert_eq!(near, Err(neighbours::Error::Value.into()));

    let cancelled = AtomicBool::new(true);
    let control = Control {
        cancel: &cancelled,
        progress: &|_| {},
    };
    assert_eq!(
        worths(&svm, &test, &owners, None, Some(control)),
        Err(Error::Cancelled)
    );

    let compute = |test: &str, owner: &str| {
        let parameters = Parameters::default();
        Coalitions::compute(
            &parameters,
            test.as_bytes(),
            &[owner.as_bytes()],
            None,
            None,
        )
        .err()
    };
    assert_eq!(compute("1,2,1\n2,1,0\n", "1,1\n"), Some(Error::Shape));
    let wrong = compute("1,2,1\n2,1,0\n", "1,secret,1\n1,2,0\n")
        .unwrap()
        .to_string();
    assert!(wrong.starts_with("owner 1: line 1"), "{wrong}");
    assert!(!wrong.contains("secret"));
    assert!(matches!(
        compute("1\n0\n", "1\n"),
        Some(Error::Parameter(_))
    ));
    assert_eq!(
        compute("1,2,0\n2,1,0\n", "1,1,1\n"),
        Some(Error::NoPositives)
    );
}

/// Nobody who brings real rows earns less than one who shuffled the labels.
#[test]
fn freeloader_on_thyroid_data() {
    let Some(folder) = std::env::var_os("SALUS_DATA") else {
        println!("skipped: SALUS_DATA does not name the folder of the cohorts");
        return;
    };
    let read = |name: &str| fs::read_to_string(std::path::Path::new(&folder).join(name)).unwrap();
    let (train, test) = (read("ann-train.data"), read("ann-test.data"));
    let lines: Vec<&str> = train.lines().collect();
    let part = |number: usize| {
        lines
            .iter()
            .skip(number)
            .step_by(4)
            .copied()
            .collect::<Vec<_>>()
    };
    let honest = |number| part(number).join("\n");
    // The labels of the rows half the table away.
    let rows = part(3);
    let swapped: Vec<String> = (0..rows.len())
        .map(|row| {
            let class = rows[(row + rows.len() / 2) % rows.len()].trim_end_matches([',', ' ']);
            let (values, _) = rows[row]
                .trim_end_matches([',', ' '])
                .rsplit_once(',')
                .unwrap();
            format!("{values},{},", class.rsplit_once(',').unwrap().1)
        })
        .collect();
    let inputs = [honest(0), honest(1), honest(2), swapped.join("\n")];
    let inputs: Vec<&[u8]> = inputs.iter().map(|text| text.as_bytes()).collect();
    for family in [
        Family::Svm { c: 1.0 },
        Family::Forest(ForestParameters::default()),
    ] {
        let parameters = Parameters {
            family,
            positive: vec![1.0, 2.0],
            table: Options {
                missing: Missing::Drop,
                ..Options::default()
            },
            ..Parameters::default()
        };
        let found = Coalitions::compute(&parameters, test.as_bytes(), &inputs, None, None).unwrap();
        let hull = found.hull().unwrap();
        assert!(hull[15] > ONE / 3, "{hull:?}");
        let table = salus_shapley::Table::new(&hull).unwrap();
        let values = salus_shapley::Profile::of(table)
            .values()
            .unwrap()
            .numerators;
        println!("{values:?} of {:?}", found.worths);
        assert!(
            values[..3].iter().all(|value| *value > 4 * values[3]),
            "{values:?}"
        );
    }
}
