//! `salus demo`: the whole story, with a cohort of our own.

use std::fs;

use serde_json::Value;

use crate::program::salus;

/// A table with an id, a class, and missing values, as clinical data come.
fn cohort() -> String {
    let mut text = String::from("id,thickness,size,class\n");
    for row in 0..120 {
        let (group, class) = if row % 2 == 0 {
            (2.0, "benign")
        } else {
            (7.0, "malignant")
        };
        let thickness = match row % 40 {
            7 => "?".to_owned(),
            step => format!("{}", group + f64::from(step) * 0.05),
        };
        let size = group + f64::from(row % 7) * 0.2;
        text.push_str(&format!("{row},{thickness},{size},{class}\n"));
    }
    text
}

#[test]
fn every_step_of_the_story_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("cohort.csv"), cohort()).unwrap();
    let options = ["--drop", "1", "-c", "2"];
    let run = salus(
        [
            "demo",
            "--data",
            &path("cohort.csv"),
            "--json",
            &path("report.json"),
        ]
        .into_iter()
        .chain(["--picture", &path("clusters.png")])
        .chain(options),
    );
    let report: Value = serde_json::from_slice(&fs::read(path("report.json")).unwrap()).unwrap();
    assert_eq!(run.code, 0, "{}\n{}\n{report:#}", run.out, run.err);

    assert_eq!(report["ok"], true);
    let steps = report["steps"].as_array().unwrap();
    assert!(steps.len() >= 15, "{report:#}");
    assert!(steps.iter().all(|step| step["ok"] == true), "{report:#}");
    assert!(fs::read(path("clusters.png"))
        .unwrap()
        .starts_with(b"\x89PNG\r\n"));

    // The digest is that of a run by hand with what the demo says it chose.
    let by_hand = salus(
        [
            "analyse",
            "fcm",
            &path("cohort.csv"),
            "--json",
            "--missing",
            "drop",
            "--drop",
            "4",
        ]
        .into_iter()
        .chain(options),
    )
    .ok()
    .json();
    assert_eq!(report["digest"], by_hand["digest"]);
    assert_eq!(report["local_digest"], by_hand["digest"]);
    assert_eq!(report["result"]["dropped"], 3);

    let balances = report["balances"].as_array().unwrap();
    let of = |part: &str| balances.iter().find(|purse| purse["part"] == part).unwrap();
    let bond = |purse: &Value, when: &str| purse[when].as_str().unwrap().parse::<u128>().unwrap();
    let liar = of("lied");
    assert!(bond(liar, "bond_after") < bond(liar, "bond_before"));
    assert_eq!(
        bond(of("honest"), "bond_after"),
        bond(of("honest"), "bond_before")
    );
    let killed = of("killed, restarted");
    assert!(bond(killed, "free_after") > bond(killed, "free_before"));
}
