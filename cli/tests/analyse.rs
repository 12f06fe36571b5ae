//! `salus analyse`.

use std::{
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{kill_process, Pid, Signal};
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
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("table.csv, line 4") && run.err.contains("missing"),
        "{}",
        run.err
    );
    let run = salus(["analyse", "fcm", &path, "--json"]);
    assert_eq!(run.code, 2);
    assert!(run.json()["error"]
        .as_str()
        .unwrap()
        .contains("not a number"));
}

#[test]
fn missing_values_come_with_the_choices() {
    let (_folder, path) = folder();
    let run = salus(["analyse", "fcm", &path, "--drop", "id,group"]);
    assert!(
        run.err.contains("--missing drop leaves such rows out")
            && run.err.contains("--missing mean puts"),
        "{}",
        run.err
    );
}

#[test]
fn outputs_that_cannot_be_written_are_refused_before_the_work() {
    let (folder, path) = folder();
    let lost = folder.path().join("none/picture.png");
    let out = folder.path().join("result");
    let lost = [
        "--picture",
        lost.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ];
    let run = salus(fcm(&path, &lost));
    assert_eq!(run.code, 2);
    assert!(run.err.contains("there is no folder"), "{}", run.err);
    assert!(!out.exists());
}

#[test]
fn clusterings_that_are_less_than_asked_for_are_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("table");
    fs::write(&file, "0 9\n9 0\n").unwrap();
    let path = file.to_str().unwrap();
    let run = salus(["analyse", "fcm", path]).ok();
    assert!(
        run.out
            .contains("Warning: the prototypes of clusters 1 and 2"),
        "{}",
        run.out
    );
    let json = salus(["analyse", "fcm", path, "--json"]).ok().json();
    assert_eq!(json["warnings"].as_array().unwrap().len(), 2, "{json}");
}

/// Seconds of processor time that a process has used.
fn busy(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, rest) = stat.rsplit_once(')').unwrap();
    let ticks: u64 = rest.split_whitespace().nth(11).unwrap().parse().unwrap();
    ticks as f64 / 100.0
}

#[test]
fn an_interrupt_ends_a_clustering_at_once_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("table.csv");
    // Numbers without clusters, that never come to rest.
    let mut text = String::new();
    let mut x = 1u64;
    for _ in 0..40_000 {
        for end in [",", ",", "\n"] {
            x = x
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            text.push_str(&format!("{}{end}", x >> 40));
        }
    }
    fs::write(&file, text).unwrap();
    let outputs = tempfile::tempdir().unwrap();
    let path = |name: &str| outputs.path().join(name).to_str().unwrap().to_owned();
    let mut child = Command::new(env!("CARGO_BIN_EXE_salus"))
        .args(["analyse", "fcm", file.to_str().unwrap(), "-c", "40"])
        .args(["--epsilon", "0", "--max-iterations", "1000000"])
        .args(["--out", &path("result"), "--labels", &path("labels.csv")])
        .args(["--picture", &path("picture.png")])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while busy(child.id()) < 1.0 {
        assert_eq!(child.try_wait().unwrap(), None, "it is done already");
        std::thread::sleep(Duration::from_millis(20));
    }
    let interrupted = Instant::now();
    let pid = Pid::from_raw(child.id() as i32).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let run = child.wait_with_output().unwrap();
    assert!(interrupted.elapsed() < Duration::from_secs(5));
    assert_eq!(run.status.code(), Some(130));
    assert!(run.stdout.is_empty());
    assert_eq!(run.stderr, b"Error: interrupted\n");
    assert_eq!(fs::read_dir(outputs.path()).unwrap().count(), 0);
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
