//! `salus analyse`.

use std::fs;

use salus_analytics::{
    job,
    result::{self, FcmResult},
};

use crate::program::salus;

/// Two groups, a missing value, and a column that is no number.
const TABLE: &str = "\
id,x,y,group
1,1.0,2.0,a
2,1.5,1.8,a
3,?,1.9,a
4,8.0,8.0,b
5,9.0,11.0,b
6,8.5,9.0,b
";
const OPTIONS: [&str; 6] = [
    "--drop",
    "id,group",
    "--missing",
    "drop",
    "--max-iterations",
    "50",
];

/// A folder with the table in it.
fn folder() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("table.csv");
    fs::write(&file, TABLE).unwrap();
    let path = file.to_str().unwrap().to_owned();
    (folder, path)
}

fn fcm<'a>(path: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    ["analyse", "fcm", path]
        .into_iter()
        .chain(OPTIONS)
        .chain(more.iter().copied())
        .collect()
}

#[test]
fn the_digest_is_that_of_a_job_with_these_options() {
    let (folder, path) = folder();
    let out = folder.path().join("result");
    let run = salus(fcm(&path, &["--json", "--out", out.to_str().unwrap()]))
        .ok()
        .json();

    let parameters = br#"{"max_iterations":50,"table":{"drop":["id","group"],"missing":"drop"}}"#;
    let inputs = [TABLE.as_bytes()];
    let bound = job::measure(job::FCM_1, parameters, &inputs).unwrap();
    let cancel = std::sync::atomic::AtomicBool::new(false);
    let bytes = job::run(job::FCM_1, parameters, &inputs, bound, &cancel, &|_| ()).unwrap();
    assert_eq!(
        run["digest"],
        format!("0x{}", hex::encode(result::digest(&bytes)))
    );
    assert_eq!(fs::read(&out).unwrap(), bytes);

    let result = FcmResult::from_bytes(&bytes).unwrap();
    assert_eq!(run["rows"], 6);
    assert_eq!(run["dropped"], 1);
    assert_eq!(run["columns"], serde_json::json!(["x", "y"]));
    assert_eq!(run["clusters"][0]["rows"], 2);
    assert_eq!(run["clusters"][1]["rows"], 3);
    assert_eq!(
        run["clusters"][1]["prototype"][0],
        result.prototypes[[1, 0]]
    );
}

#[test]
fn the_digest_does_not_depend_on_threads() {
    let (_folder, path) = folder();
    let of = |threads| {
        let run = salus(fcm(&path, &["--json", "--threads", threads]))
            .ok()
            .json();
        run["digest"].as_str().unwrap().to_owned()
    };
    assert_eq!(of("1"), of("2"));
    assert_eq!(of("1"), of("7"));
}

#[test]
fn labels_and_picture_are_written() {
    let (folder, path) = folder();
    let labels = folder.path().join("labels.csv");
    let picture = folder.path().join("clusters.png");
    salus(fcm(
        &path,
        &[
            "--labels",
            labels.to_str().unwrap(),
            "--picture",
            picture.to_str().unwrap(),
        ],
    ))
    .ok();
    let text = fs::read_to_string(labels).unwrap();
    let rows: Vec<(&str, &str)> = text
        .lines()
        .skip(1)
        .map(|line| {
            let mut fields = line.split(',');
            (fields.next().unwrap(), fields.next().unwrap())
        })
        .collect();
    // Row 3 has a missing value.
    assert_eq!(
        rows,
        [("1", "1"), ("2", "1"), ("4", "2"), ("5", "2"), ("6", "2")]
    );
    assert!(fs::read(picture).unwrap().starts_with(b"\x89PNG\r\n"));
}

#[test]
fn people_get_tables() {
    let (_folder, path) = folder();
    let run = salus(fcm(&path, &[])).ok();
    assert!(run.out.contains("Prototype"), "{}", run.out);
    assert!(run.out.contains("5 of 6 (1 dropped)"), "{}", run.out);
    assert!(run.err.is_empty(), "{}", run.err);
}

#[test]
fn what_is_wrong_with_a_table_is_named_without_its_contents() {
    let (_folder, path) = folder();
    let run = salus(["analyse", "fcm", &path, "--drop", "id,group"]);
    assert_eq!(run.code, 1);
    assert!(
        run.err.contains("line 4") && run.err.contains("missing"),
        "{}",
        run.err
    );
    let run = salus(["analyse", "fcm", &path, "--json"]);
    assert_eq!(run.code, 1);
    assert!(run.json()["error"]
        .as_str()
        .unwrap()
        .contains("not a number"));
}

#[test]
fn options_out_of_range_are_wrong_use() {
    let (_folder, path) = folder();
    for wrong in [
        ["-c", "0"],
        ["-m", "1"],
        ["--epsilon", "-1"],
        ["--scaling", "log"],
    ] {
        assert_eq!(salus(fcm(&path, &wrong)).code, 2, "{wrong:?}");
    }
    assert_eq!(salus(fcm(&path, &["--picture", "clusters.gif"])).code, 2);
}
