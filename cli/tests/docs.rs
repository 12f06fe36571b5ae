//! The commands in README and docs exist: each line of a `sh` block that runs `salus`, `salus-node`
//! or `make` is understood. That they do what the pages say is what the other tests are for.

use std::{fs, path::Path};

use clap::Parser;

/// A record id.
const DIGEST: &str = "0x0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Lines of the `sh` blocks of a page.
fn commands(page: &str) -> Vec<String> {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in page.lines() {
        match line.trim() {
            "```sh" => inside = true,
            "```" => inside = false,
            command if inside => {
                let command = command.split(" #").next().unwrap_or_default().trim();
                if !command.is_empty() && !command.starts_with('#') {
                    lines.push(command.to_owned());
                }
            }
            _ => {}
        }
    }
    lines
}

#[test]
fn commands_of_the_pages_are_understood() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let makefile = fs::read_to_string(root.join("Makefile")).unwrap();
    let mut seen = 0;
    for page in ["README.md", "docs/operations.md", "docs/performance.md"] {
        for command in commands(&fs::read_to_string(root.join(page)).unwrap()) {
            // The pages' stand-ins for what a reader fills in.
            let words: Vec<&str> = command
                .split_whitespace()
                .map(|word| match word {
                    "RECORD" => DIGEST,
                    "URL" => "http://127.0.0.1:8400",
                    word => word,
                })
                .collect();
            match words[0] {
                "salus" => {
                    if let Err(error) = salus_cli::args::Cli::try_parse_from(&words) {
                        panic!("{page}: {command}\n{error}");
                    }
                }
                "make" => {
                    let target = format!("\n{}:", words[1]);
                    assert!(makefile.contains(&target), "{page}: {command}");
                }
                // The node's own tests start it with these options.
                "salus-node" | "export" => {}
                other => panic!("{page}: {other} is neither of ours nor listed here"),
            }
            seen += 1;
        }
    }
    assert!(seen >= 6, "the pages were read: {seen}");
}
