//! How the command is used wrongly, and how it prints.

use clap::CommandFactory;
use salus_cli::{
    args::Cli,
    error::{exit_code, usage, Failure},
    job::Step,
    output::{med, parse_med, table},
};

use crate::program::salus;

#[test]
fn the_command_tree_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_has_help() {
    for command in Cli::command().get_subcommands() {
        let name = command.get_name();
        let run = salus([name, "--help"]).ok();
        assert!(run.out.contains("Usage: salus"), "{name}");
    }
}

#[test]
fn unknown_options_are_wrong_use() {
    assert_eq!(salus(["--no-such-option"]).code, 2);
    assert_eq!(salus(["keys", "polish"]).code, 2);
}

#[test]
fn help_says_what_exit_codes_mean() {
    let help = salus(["--help"]).ok().out;
    for line in ["0    done", "2    wrong use", "130  interrupted"] {
        assert!(help.contains(line), "{help}");
    }
}

#[test]
fn addresses_that_cannot_be_are_wrong_use() {
    for node in [
        "nonsense",
        "http://127.0.0.1:9944",
        "ws://",
        "ws://node.example.org:9944",
    ] {
        let run = salus(["chain", "info", "--node", node]);
        assert_eq!(run.code, 2, "{node}: {}", run.err);
        assert!(run.err.contains("wss://"), "{}", run.err);
    }
    let record = "ab".repeat(32);
    for gateway in ["nonsense", "ftp://h/", "http://u:p@h/", "http://h/?q"] {
        let run = salus([
            "record",
            "store",
            &record,
            "--key",
            "//Eve",
            "--gateway",
            gateway,
        ]);
        assert_eq!(run.code, 2, "{gateway}: {}", run.err);
        assert!(run.err.contains("http://HOST:PORT"), "{}", run.err);
    }
}

/// What cannot be, and what is not there, is wrong use; what is wrong is said in words.
#[test]
fn wrong_use_has_one_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (table, lost) = (path("table.csv"), path("lost/file"));
    std::fs::write(&table, "1,2\n3,4\n5,?\n").unwrap();
    let hash = "ab".repeat(32);
    let cases: &[(&[&str], &str)] = &[
        (&["analyse", "fcm", &lost], "there is no such file"),
        (&["analyse", "fcm", &table], "--missing drop"),
        (&["analyse", "fcm", &table, "--drop", "9"], "no column 9"),
        (&["analyse", "fcm", &table, "--drop", "foo"], "\"foo\""),
        (&["analyse", "fcm", &table, "--drop", "1,2"], "--drop"),
        (&["analyse", "fcm", &table, "--missing", "foo"], "mean"),
        (&["analyse", "fcm", &table, "--threads", "0"], "1 or more"),
        (&["analyse", "fcm", &table, "--epsilon", "-1"], "0 or more"),
        (&["analyse", "fcm", &table, "-c", "x"], "whole number"),
        (&["analyse", "fcm", &table, "-c", "0"], "clusters"),
        (
            &["analyse", "fcm", &table, "--drop", "2", "--out", &lost],
            "no folder",
        ),
        (&["keys", "show", &lost], "no key file"),
        (&["keys", "new", &lost], "no folder"),
        (&["job", "show", "-1"], "whole number"),
        (&["job", "post", "--key", "//Bob"], "--record"),
        (&["job", "post", &table, "--reward", "-1"], "MED"),
        (
            &["record", "share", &hash, "--until", "1m"],
            "minutes or months",
        ),
        // It says so of the clusters, or before that of the node's program.
        (&["demo", "-c", "99999"], ""),
    ];
    for (arguments, words) in cases {
        let run = salus(*arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.err);
        assert!(run.err.contains(words), "{arguments:?}: {}", run.err);
        assert!(!run.err.contains("use '-- "), "{arguments:?}: {}", run.err);
    }
}

#[test]
fn a_node_program_that_is_not_there_is_wrong_use() {
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_salus"))
        .args(["network", "up"])
        .env("SALUS_NODE", "/no/such/node")
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(2));
    let words = String::from_utf8(run.stderr).unwrap();
    assert!(words.contains("/no/such/node"), "{words}");
}

#[test]
fn wrong_use_is_an_object_with_json() {
    for (arguments, words) in [
        (&["chain", "info", "--json", "--no-such"][..], "--no-such"),
        (&["keys", "--json"], "command"),
        (&["job", "post", "--json", "--key", "//Bob"], "--record"),
        (&["job", "show", "x", "--json"], "not a whole number"),
        (&["keys", "show", "no/such/key", "--json"], "no key file"),
    ] {
        let run = salus(arguments);
        assert_eq!(run.code, 2, "{}", run.err);
        let object = run.json();
        let error = object["error"].as_str().unwrap();
        assert!(
            error.contains(words) && !error.contains("Usage:"),
            "{error}"
        );
        assert_eq!(object["code"], 2);
        assert_eq!(object["name"], serde_json::Value::Null);
        assert!(!run.err.is_empty());
    }
    // The demo's --json is a file.
    assert_eq!(salus(["demo", "--json"]).out, "");
    let help = salus(["chain", "info", "--help", "--json"]).ok().out;
    assert!(help.contains("Usage: salus"), "{help}");
}

#[test]
fn options_of_every_command_stand_together_at_the_end() {
    let help = salus(["job", "post", "--help"]).ok().out;
    let (own, global) = help.split_once("Global options:").unwrap();
    for option in ["--json", "--field", "--quiet", "--node"] {
        assert!(global.contains(&format!("{option} ")) || global.contains(&format!("{option}\n")));
        assert!(!own.contains(&format!(" {option}")), "{option}: {own}");
    }
    assert!(own.contains("--reward"));
}

#[test]
fn a_node_that_is_not_there_is_unreachable() {
    let run = salus(["chain", "info", "--node", "ws://127.0.0.1:1", "--json"]);
    assert_eq!(run.code, 4, "{}", run.err);
    assert_eq!(run.json()["code"], 4);
    assert_eq!(run.json()["name"], serde_json::Value::Null);
    assert!(run.err.contains("ws://127.0.0.1:1"), "{}", run.err);
}

#[test]
fn a_failure_keeps_its_exit_code_under_context() {
    let refused = || Failure::Refused {
        call: "records.release".into(),
        name: "records.NotAuthorized".into(),
        words: "no".into(),
    };
    let error = anyhow::Error::new(refused())
        .context("step 1")
        .context("demo");
    assert_eq!(exit_code(&error), 3);
    assert_eq!(exit_code(&anyhow::anyhow!("else").context(refused())), 3);
    assert_eq!(exit_code(&usage("wrong")), 2);
    assert_eq!(exit_code(&Failure::Interrupted { signal: 2 }.into()), 130);
    assert_eq!(exit_code(&anyhow::anyhow!("else")), 1);
}

#[test]
fn amounts_are_read_as_they_are_written() {
    for (amount, text) in [
        (0, "0 MED"),
        (1, "0.000000000001 MED"),
        (12_500_000_000_000, "12.5 MED"),
        (1_000_000_000_000_000_000, "1000000 MED"),
    ] {
        assert_eq!(med(amount), text);
        assert_eq!(parse_med(text), Ok(amount));
    }
    // As a string: 2^53 is nine thousand MED.
    let posted = Step::Posted {
        reward: 9_007_199_254_740_993,
    };
    assert_eq!(
        serde_json::to_value(posted).unwrap()["reward"],
        "9007199254740993"
    );
    assert_eq!(parse_med(".5"), Ok(500_000_000_000));
    for wrong in [
        "",
        ".",
        "-1",
        "1,5",
        "1.0000000000001",
        "1e3",
        "99999999999999999999999999999",
    ] {
        assert!(parse_med(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn numbers_stand_right_words_left() {
    let rows = [
        vec!["a".to_owned(), "1.5".to_owned()],
        vec!["longer".to_owned(), "10".to_owned()],
    ];
    assert_eq!(
        table(&["Name", "N"], &rows),
        "Name      N\n------  ---\na       1.5\nlonger   10\n"
    );
}
