//! `salus train` and `salus data add --training` as far as they need no node. Trainings over real nodes
//! are in `training`.

use std::{fs, path::Path};

use serde_json::{json, Value};

use crate::program::salus;

/// Positive where 2 (a - 10) / 4 - (b - 1) + 1/2 is 0 or more; a missing a counts as 10.
fn model() -> Value {
    json!({
        "version": 1,
        "training": 7,
        "digest": format!("0x{}", "ab".repeat(32)),
        "parameters": { "fraction": 16, "positive": [4.0, 5.0] },
        "weights": [
            { "column": "a", "weight": 2 << 16, "offset": 10.0, "divisor": 4.0, "missing": 10.0 },
            { "column": "b", "weight": -(1 << 16), "offset": 1.0, "divisor": 1.0, "missing": null },
        ],
        "bias": 1 << 15,
        "rounds": 3,
        "ended": "rounds",
        "class": "grade",
    })
}

#[test]
fn a_model_is_applied_and_scored() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("model.json"), model().to_string()).unwrap();
    // Columns in another order, with one between that is no number.
    let table = "b,name,grade,a\n1,ann,4,10\n2,bob,5,10\n1,cy,2,9\n0,dee,2,?\n9,eve,2,1\n";
    fs::write(path("rows.csv"), table).unwrap();
    let predict = |words: &[&str]| {
        let (model, rows) = (path("model.json"), path("rows.csv"));
        let first = ["train", "predict", &model, &rows];
        salus(first.iter().chain(words).chain(&["--json"]))
    };
    let found = predict(&["--class", "grade"]).ok().json();
    assert_eq!(
        found["predictions"],
        json!([true, false, true, true, false])
    );
    assert_eq!((&found["rows"], &found["positive"]), (&5.into(), &3.into()));
    let counts = [
        "true_positives",
        "false_positives",
        "true_negatives",
        "false_negatives",
    ];
    assert_eq!(
        counts.map(|name| found[name].as_u64().unwrap()),
        [1, 2, 1, 1]
    );
    assert_eq!(found["recall"], 0.5);
    // By number, by the name that it had in the training, and without classes.
    assert_eq!(predict(&["--class", "3"]).ok().json(), found);
    assert_eq!(predict(&[]).ok().json(), found);
    fs::write(path("rows.csv"), table.replace("grade", "stage")).unwrap();
    assert!(predict(&[]).ok().json()["precision"].is_null());
    fs::write(path("rows.csv"), table).unwrap();

    predict(&["--out", &path("out.csv")]).ok();
    let written = fs::read_to_string(path("out.csv")).unwrap();
    assert_eq!(written, "positive\n1\n0\n1\n1\n0\n");
    // Never overwrites.
    assert_eq!(predict(&["--out", &path("out.csv")]).code, 2);
    let refused = predict(&["--class", "diagnosis"]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.contains("no column \"diagnosis\""),
        "{}",
        refused.err
    );

    for (rows, words) in [
        ("b,grade\n1,4\n", "no column \"a\""),
        ("a,b\n1,?\n", "column \"b\""),
        ("a,b\n1,x\n", "line 2, column 2"),
    ] {
        fs::write(path("rows.csv"), rows).unwrap();
        let refused = predict(&[]);
        assert_eq!(refused.code, 2, "{}", refused.err);
        assert!(refused.err.contains(words), "{words}: {}", refused.err);
    }
}

#[test]
fn what_is_no_model_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("rows.csv"), "a,b\n1,2\n").unwrap();
    let mut later = model();
    later["version"] = json!(2);
    let mut bad = model();
    bad["parameters"]["c"] = json!(-1.0);
    for (text, words) in [
        ("{}".to_owned(), "is no model"),
        (later.to_string(), "version 2"),
        (bad.to_string(), "C must be"),
    ] {
        fs::write(path("model.json"), text).unwrap();
        let run = salus(["train", "predict", &path("model.json"), &path("rows.csv")]);
        assert_eq!(run.code, 2, "{}", run.err);
        assert!(run.err.contains(words), "{words}: {}", run.err);
    }
}

#[test]
fn wrong_use_is_said_before_a_node_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("rows.csv"), "patient,a,class\nann,1,0\nbob,x,1\n").unwrap();
    let (rows, base) = (path("rows.csv"), path(""));
    let start = ["train", "start", "--with", "//Bob", "--key", "//Alice"];
    let add = ["data", "add", &rows, "--key", "//Bob", "--training"];
    let with = |first: &[&str], more: &[&str]| -> Vec<String> {
        let words = first.iter().chain(more);
        // Nobody listens there.
        let node = ["--node", "ws://127.0.0.1:1"];
        words.chain(&node).map(|word| (*word).to_owned()).collect()
    };
    for (words, says) in [
        (with(&start, &["--backend", "masked"]), "--yes"),
        (
            with(&start, &["--backend", "batch", "--c", "-1", "--yes"]),
            "C must be",
        ),
        (with(&add, &["homogeneous"]), "--base-path"),
        (with(&add, &["vertical"]), "heterogeneous"),
        (
            with(&add, &["homogeneous", "--base-path", &base]),
            "column of classes",
        ),
        (
            with(
                &add,
                &["homogeneous", "--base-path", &base, "--class", "class"],
            ),
            "--drop 1",
        ),
        (
            with(
                &add,
                &[
                    "heterogeneous",
                    "--base-path",
                    &base,
                    "--patients",
                    "patient",
                ],
            ),
            "line 3, column 2",
        ),
        (
            with(
                &["data", "add", &rows, "--key", "//Bob"],
                &["--class", "class"],
            ),
            "--training",
        ),
    ] {
        let run = salus(&words);
        assert_eq!(run.code, 2, "{words:?}: {}", run.err);
        assert!(run.err.contains(says), "{words:?}: {}", run.err);
    }
    // Nothing was written.
    assert!(!Path::new(&path("agent")).exists());
}
