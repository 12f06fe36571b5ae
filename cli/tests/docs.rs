//! What the pages tell their readers to run works: README and the docs are followed literally, in a
//! reader's shell, on networks that their own commands start.

pub mod page;
mod shell;

use std::{
    collections::BTreeSet,
    env,
    path::{Path, PathBuf},
    process::Command,
};

use clap::CommandFactory;
use salus_cli::args::Cli;

use self::{
    page::{missing, Page, Step},
    shell::Shell,
};

/// Commands of blocks that are not run here, why not, and what runs them. Of those of `make` a dry
/// run is made.
const NOT_RUN: [(&str, &str); 3] = [
    (
        "make demo",
        "builds the workspace, which is there; `demo::` plays the same story",
    ),
    ("make test", "is what runs this"),
    (
        "make test-faults",
        "takes minutes; a suite of its own, `faults::`",
    ),
];

// The checkout that runs the tests: cargo may take the binary over from another.
fn root() -> PathBuf {
    Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("run by cargo"))
        .join("..")
        .canonicalize()
        .unwrap()
}

/// What `make` would do.
fn dry_run(command: &str) {
    let make = Command::new("bash")
        .args(["-c", &format!("{command} -n")])
        .current_dir(root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&make.stderr);
    assert!(make.status.success(), "{command}: {said}");
}

#[test]
fn commands_do_what_the_pages_say() {
    let mut shell = Shell::new();
    let mut not_run = BTreeSet::new();
    for page in Page::all(&root()) {
        let mut said = String::new();
        let mut steps = page.steps.iter().peekable();
        while let Some(step) = steps.next() {
            match step {
                Step::Section => shell.interrupt(),
                Step::Command { line, text, code } => {
                    let place = format!("{}:{line}: {text}", page.name);
                    if let Some((command, _)) = NOT_RUN.iter().find(|(other, _)| other == text) {
                        not_run.insert(*command);
                        dry_run(command);
                    } else if text.starts_with("salus-node --") {
                        shell.start(text);
                        let Some(Step::Output(lines)) =
                            steps.next_if(|next| matches!(next, Step::Output(_)))
                        else {
                            panic!("{place}: what does a healthy log look like?")
                        };
                        shell.wait_logged(lines);
                    } else {
                        eprintln!("{place}");
                        let ran = shell.run(text);
                        let said_and_logged = || format!("{}{}", ran.said, shell.logs());
                        assert_eq!(ran.code, *code, "{place}\n{}", said_and_logged());
                        said.push_str(&ran.said);
                    }
                }
                Step::Output(lines) => {
                    if let Some(line) = missing(lines, &said) {
                        panic!("{}: nothing printed {line:?}:\n{said}", page.name);
                    }
                }
            }
            if !matches!(step, Step::Command { .. }) {
                said.clear();
            }
        }
        shell.interrupt();
    }
    assert_eq!(
        not_run.len(),
        NOT_RUN.len(),
        "the list is longer than need be"
    );
    let left = shell.run("salus network status --field 0.running");
    assert_ne!(left.said.trim(), "true", "the pages leave a network behind");
}

/// Commands in prose name what exists: the subcommand and each option.
#[test]
fn commands_in_prose_exist() {
    let mut seen = 0;
    for page in Page::all(&root()) {
        for span in &page.spans {
            let place = format!("{}: {span}", page.name);
            let mut words = span.split_whitespace();
            match words.next() {
                Some("make") => dry_run(span),
                Some("salus") => in_tree(&place, words),
                _ => in_node_help(&place, words),
            }
            seen += 1;
        }
    }
    assert!(seen >= 20, "the pages were read: {seen}");
}

fn in_tree<'a>(place: &str, words: impl Iterator<Item = &'a str>) {
    let mut tree = Cli::command();
    tree.build();
    let mut command = &tree;
    for word in words {
        if let Some(option) = word.strip_prefix("--") {
            let known = command
                .get_arguments()
                .any(|argument| argument.get_long() == Some(option));
            assert!(known, "{place}: {word} is not an option of it");
        } else if command.has_subcommands() && word != "…" {
            command = command
                .find_subcommand(word)
                .unwrap_or_else(|| panic!("{place}: there is no {word}"));
        }
    }
}

fn in_node_help<'a>(place: &str, words: impl Iterator<Item = &'a str>) {
    let words: Vec<&str> = words.collect();
    let commands = words
        .iter()
        .take_while(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
        .take_while(|word| !word.starts_with('-'));
    let help = Command::new(salus_cli::network::find_node().unwrap())
        .args(commands)
        .arg("--help")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&help.stdout);
    assert!(help.status.success(), "{place}: there is no such command");
    for option in words.iter().filter(|word| word.starts_with("--")) {
        let known = text
            .split([' ', '\n', ','])
            .any(|word| word.trim_end_matches("...") == *option);
        assert!(known, "{place}: {option} is not an option of it");
    }
}
