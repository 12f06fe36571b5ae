//! The same bits whatever the machine does.

use std::{num::NonZeroUsize, process::Command};

use ndarray::Array2;
use proptest::prelude::*;
use salus_analytics::{
    fcm::{cluster, Clustering, Options, Simd},
    result::digest,
};

use crate::{job, model};

/// Digests of [`job::synthetic`] with these parameters. A change of any of them is a new version
/// of the algorithm.
const GOLDEN: [(&str, &str); 4] = [
    (
        r#"{"clusters":4,"max_iterations":40}"#,
        "0a691a588e1938d7fe662c4e2fd8f759ed77063877128ab5d9423293c71bf42a",
    ),
    (
        r#"{"clusters":3,"m":1.5,"scaling":"z-score","table":{"missing":"mean"}}"#,
        "09ece7eba798cad20b5ab9304ef9bc43383892c4ed139d28d509025e1be252dc",
    ),
    (
        r#"{"clusters":5,"m":2.3,"max_iterations":15,"scaling":"min-max"}"#,
        "457f8d0eae09efd0ec1def98306410bbfa0e3533c62d466b6f28ffb2d069e15a",
    ),
    (
        r#"{"clusters":2,"m":5,"max_iterations":25,"table":{"drop":[2]}}"#,
        "d3b0fc6c5fe29d4b0798104dc85209cafe063b971fcca6c1348c029924babfde",
    ),
];

fn bits(found: &Clustering) -> Vec<u64> {
    found
        .prototypes
        .iter()
        .chain(&found.memberships)
        .chain(&found.objective)
        .map(|value| value.to_bits())
        .collect()
}

fn run(data: &Array2<f64>, clusters: usize, m: f64, threads: usize, simd: Simd) -> Vec<u64> {
    let options = Options {
        clusters,
        m,
        epsilon: 0.0,
        max_iterations: 4,
        threads: NonZeroUsize::new(threads),
        simd,
    };
    bits(&cluster(data, &options).unwrap())
}

#[test]
fn digests_are_pinned() {
    let text = job::synthetic();
    for threads in [1, 2, 7] {
        let found = GOLDEN.map(|(parameters, _)| {
            let result = job::run_on(threads, parameters, &[text.as_bytes()]).unwrap();
            let hex: String = digest(&result).iter().map(|b| format!("{b:02x}")).collect();
            hex
        });
        assert_eq!(
            found,
            GOLDEN.map(|(_, expected)| expected),
            "{threads} threads"
        );
    }
}

/// Runs the test above in a process of its own with AVX2 forbidden.
#[test]
fn digests_are_pinned_without_avx2() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "determinism::digests_are_pinned"])
        .env("SALUS_NO_AVX2", "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn threads_and_instructions_change_no_bit(
        seed in any::<u64>(),
        rows in 1_usize..20_000,
        columns in 1_usize..10,
        clusters in 1_usize..10,
        m in prop_oneof![
            Just(2.0), Just(1.5), Just(3.0), Just(5.0), Just(1.25), Just(2.2), Just(7.0)
        ],
    ) {
        let data = model::matrix(&model::Sequence(seed).blobs(rows, columns, 3));
        let expected = run(&data, clusters, m, 1, Simd::Portable);
        for (threads, simd) in [
            (1, Simd::Baseline),
            (2, Simd::Avx2),
            (7, Simd::Avx512),
            (2, Simd::Auto),
            (7, Simd::Portable),
        ] {
            let found = run(&data, clusters, m, threads, simd);
            prop_assert!(found == expected, "{threads} threads, {simd:?}");
        }
    }
}

#[test]
fn bits_are_those_of_the_written_order() {
    for (rows, columns, clusters) in [(1, 1, 1), (13, 3, 2), (4097, 2, 3), (14_000, 3, 5)] {
        let data = model::Sequence(rows as u64).blobs(rows, columns, 4);
        let options = Options {
            clusters,
            epsilon: 0.0,
            max_iterations: 3,
            ..Options::default()
        };
        let found = cluster(&model::matrix(&data), &options).unwrap();
        let expected = model::ordered(&data, clusters, found.iterations);
        let expected: Vec<u64> = expected.iter().flatten().map(|v| v.to_bits()).collect();
        let found: Vec<u64> = found.prototypes.iter().map(|v| v.to_bits()).collect();
        assert!(found == expected, "{rows} x {columns}, c = {clusters}");
    }
}

#[test]
fn repeated_rows_count_like_weights_at_their_first_place() {
    // Later repetitions may stand anywhere without changing a bit.
    let rows = model::Sequence(77).blobs(40_000, 2, 3);
    let (mut first, mut later) = (Vec::new(), Vec::new());
    let mut seen = std::collections::HashSet::new();
    for row in rows {
        let key: Vec<u64> = row.iter().map(|v| v.to_bits()).collect();
        match seen.insert(key) {
            true => first.push(row),
            false => later.push(row),
        }
    }
    assert!(later.len() > 7000, "the test needs repetitions");
    let order = |later: &mut dyn Iterator<Item = Vec<f64>>| {
        let rows: Vec<Vec<f64>> = first.iter().cloned().chain(later).collect();
        let options = Options {
            clusters: 3,
            max_iterations: 5,
            ..Options::default()
        };
        cluster(&model::matrix(&rows), &options).unwrap()
    };
    let forwards = order(&mut later.iter().cloned());
    let backwards = order(&mut later.iter().rev().cloned());
    assert_eq!(
        bits(&forwards)[..6],
        bits(&backwards)[..6],
        "prototypes, 3 x 2"
    );
    assert_eq!(forwards.objective, backwards.objective);
}

#[test]
fn negative_zero_is_zero() {
    let data = ndarray::arr2(&[[0.0, 1.0], [-0.0, 1.0], [2.0, -0.0], [2.0, 0.0], [5.0, 5.0]]);
    let plain = data.mapv(|value| value + 0.0);
    let of = |data: &Array2<f64>| run(data, 2, 2.0, 1, Simd::Auto);
    assert_eq!(of(&data), of(&plain));
    let low = ndarray::arr2(&[[-0.0], [-0.0]]);
    let found = cluster(&low, &Options::default()).unwrap();
    assert_eq!(found.prototypes[[0, 0]].to_bits(), 0);
}
