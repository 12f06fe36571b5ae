//! `salus spec`.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::Value;

use crate::program::salus;

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// All that is in the files of a folder.
fn contents(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            match path.is_dir() {
                true => {
                    assert_eq!(mode, 0o700, "{}", path.display());
                    contents(&path)
                }
                false => {
                    assert_eq!(mode, 0o600, "{}", path.display());
                    fs::read_to_string(&path).unwrap() + "\n"
                }
            }
        })
        .collect()
}

#[test]
fn the_example_makes_a_chain() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let example = salus(["spec", "example"]).ok().out;
    fs::write(path("file"), &example).unwrap();
    let made = salus(["spec", "new", &path("file"), "-o", &path("spec"), "--json"]);
    let made = made.ok().json();
    assert_eq!(made["validators"], 4);
    assert_eq!(made["warnings"].as_array().unwrap().len(), 0);

    let spec = read(Path::new(&path("spec")));
    assert_eq!(spec["id"], "clinics_north");
    assert_eq!(spec["chainType"], "Live");
    assert_eq!(spec["bootNodes"].as_array().unwrap().len(), 4);
    let patch = &spec["genesis"]["runtimeGenesis"]["patch"];
    assert_eq!(patch["sessionLength"]["slots"], 300);
    assert_eq!(patch["session"]["keys"].as_array().unwrap().len(), 4);
    assert_eq!(patch["council"]["members"].as_array().unwrap().len(), 4);
    let watch = &patch["registry"]["members"][4];
    assert_eq!(watch[1], "Regulator");
    assert_eq!(watch[4], Value::Null);
    // None of the preset's accounts is left.
    let text = patch.to_string();
    assert!(!text.contains("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"));

    let again = salus(["spec", "new", &path("file"), "-o", &path("spec")]);
    assert_eq!(again.code, 2, "{}", again.err);
    let raw = ["spec", "new", &path("file"), "-o", &path("raw"), "--raw"];
    salus(raw).ok();
    let raw = read(Path::new(&path("raw")));
    assert!(raw["genesis"]["raw"]["top"].is_object());
    salus(["spec", "check", &path("file")]).ok();

    let lost = example.replace("bond = 100_000", "bond = 1");
    fs::write(path("file"), lost).unwrap();
    let refused = salus(["spec", "check", &path("file"), "--json"]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.contains("are less than 10000 MED"),
        "{}",
        refused.err
    );
    assert_eq!(refused.json()["code"], 2);
    assert_eq!(salus(["spec", "check", &path("none")]).code, 2);
}

#[test]
fn a_members_secrets_stay_in_its_node() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    salus(["keys", "new", &path("north")]).ok();
    salus(["keys", "new", &path("operator"), "--account-only"]).ok();
    let (base, account, operator) = (path("node"), path("north"), path("operator"));
    let member = |more: &[&str]| {
        let words = [
            "spec",
            "member",
            "north",
            "--chain-id",
            "north",
            "--base-path",
        ];
        let words = words.iter().copied().chain([base.as_str(), "--account"]);
        salus(words.chain(more.iter().copied()))
    };
    let missing = member(&["5CLj7b7wrmDQMkdq3Kkbi6DmwYGEDzJioasKgBvyvNdWYDHm"]);
    assert_eq!(missing.code, 2);
    assert!(missing.err.contains("give --recipient"), "{}", missing.err);
    assert_eq!(member(&[&account, "--worker", "1000"]).code, 2);
    let lost = member(&[&account, "--address", "/tcp/30333"]);
    assert!(lost.err.contains("/dns/HOST/tcp/30333"), "{}", lost.err);
    assert!(!Path::new(&base).exists());

    let made = member(&[&account, "--operator", &operator, "--worker", "1000"]).ok();
    let kept = contents(Path::new(&base));
    assert_eq!(
        kept.lines().count(),
        5,
        "three session keys, operator, network"
    );
    for secret in kept.lines() {
        assert!(!(made.out.clone() + &made.err).contains(secret.trim_matches('"')));
    }
    assert!(
        made.out.contains("[member.worker]\nbond = 1000"),
        "{}",
        made.out
    );
    let twice = member(&[&account]);
    assert_eq!(twice.code, 2);
    assert!(
        twice.err.contains("has session keys already"),
        "{}",
        twice.err
    );
}
