//! What a page tells its reader to run.

use std::{fs, path::Path};

/// One thing of a page, in order.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// A `##` heading.
    Section,
    /// A command of a `sh` block.
    Command {
        /// Its line on the page.
        line: usize,
        /// Without its comment.
        text: String,
        /// What it ends with: 0, unless its comment says `exit code N`.
        code: i32,
    },
    /// The block without a language that follows a `sh` block: lines of what its commands print.
    Output(Vec<String>),
}

/// A page.
#[derive(Debug)]
pub struct Page {
    /// Its path in the repository.
    pub name: String,
    /// What its blocks say.
    pub steps: Vec<Step>,
    /// Commands of ours in its prose.
    pub spans: Vec<String>,
}

/// The programs whose commands in prose are checked.
const PROGRAMS: [&str; 3] = ["salus", "salus-node", "make"];

impl Page {
    /// Every page of the repository that people read, in the order in which they would.
    pub fn all(root: &Path) -> Vec<Page> {
        let mut names = vec!["README.md".to_owned()];
        for folder in ["docs", "pallets/*", "crates/*", "scripts/*", "bench"] {
            let folders = match folder.strip_suffix("/*") {
                Some(parent) => entries(root, parent),
                None => vec![folder.to_owned()],
            };
            for folder in folders.iter().filter(|name| root.join(name).is_dir()) {
                names.extend(
                    entries(root, folder)
                        .into_iter()
                        .filter(|name| name.ends_with(".md")),
                );
            }
        }
        names
            .into_iter()
            .map(|name| {
                let text = fs::read_to_string(root.join(&name)).unwrap();
                Page::parse(name, &text)
            })
            .collect()
    }

    fn parse(name: String, text: &str) -> Page {
        let (mut steps, mut prose) = (Vec::new(), String::new());
        let mut lines = text.lines().enumerate();
        // Whether nothing but empty lines came since a `sh` block.
        let mut after_commands = false;
        while let Some((_, line)) = lines.next() {
            if let Some(language) = line.trim().strip_prefix("```") {
                let block = block(&mut lines);
                match language {
                    "sh" => steps.extend(commands(&name, &block)),
                    "" if after_commands => steps.push(Step::Output(
                        block.iter().map(|(_, line)| (*line).to_owned()).collect(),
                    )),
                    _ => {}
                }
                after_commands = language == "sh";
                continue;
            }
            if line.starts_with("## ") {
                steps.push(Step::Section);
            }
            after_commands &= line.trim().is_empty();
            prose.push_str(line);
            prose.push(' ');
        }
        let spans = prose
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|span| PROGRAMS.contains(&span.split(' ').next().unwrap_or_default()))
            .map(str::to_owned)
            .collect();
        Page { name, steps, spans }
    }
}

/// The commands of the `text` blocks below a `##` heading of a page: a test that has a network in
/// the state they are for runs them.
pub fn told(page: &str, heading: &str) -> Vec<String> {
    let text = fs::read_to_string(super::root().join(page)).unwrap();
    let mut below = false;
    let mut lines = text.lines().enumerate();
    let mut told = Vec::new();
    while let Some((_, line)) = lines.next() {
        if let Some(title) = line.strip_prefix("## ") {
            below = title == heading;
        }
        let Some(language) = line.trim().strip_prefix("```") else {
            continue;
        };
        let block = block(&mut lines);
        if below && language == "text" {
            told.extend(commands(page, &block).into_iter().map(|step| match step {
                Step::Command { text, .. } => text,
                other => panic!("{page}: {other:?}"),
            }));
        }
    }
    assert!(!told.is_empty(), "{page} tells nothing below {heading:?}");
    told
}

/// The words of a command, with others in the place of those that the page made up. It has to have
/// all of them.
pub fn with(command: &str, instead: &[(&str, &str)]) -> Vec<String> {
    let mut words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
    for (example, real) in instead {
        let word = words.iter_mut().find(|word| word == example);
        *word.unwrap_or_else(|| panic!("{command:?} has no {example}")) = (*real).to_owned();
    }
    words
}

/// The lines of a block whose first fence was read.
fn block<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>) -> Vec<(usize, &'a str)> {
    lines.take_while(|(_, line)| line.trim() != "```").collect()
}

/// What is in a folder, by name.
fn entries(root: &Path, folder: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root.join(folder))
        .unwrap()
        .map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy()))
        .collect();
    names.sort();
    names
}

/// The commands of a block; a line that ends with `\` goes on in the next.
fn commands(name: &str, block: &[(usize, &str)]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut text = String::new();
    for (at, line) in block {
        let (part, comment) = match line.trim_start().starts_with('#') {
            true => ("", *line),
            false => line.split_once(" #").unwrap_or((line, "")),
        };
        text.push_str(part.trim());
        if text.ends_with('\\') {
            text.pop();
            continue;
        }
        let code = comment.split_once("exit code ").map_or(0, |(_, code)| {
            code.trim()
                .parse()
                .unwrap_or_else(|_| panic!("{name}:{}: {comment:?}", at + 1))
        });
        if !text.is_empty() {
            steps.push(Step::Command {
                line: at + 1,
                text: std::mem::take(&mut text),
                code,
            });
        }
    }
    assert!(text.is_empty(), "{name}: a command does not end: {text}");
    steps
}

/// Whether `said` has these lines in this order. In a line of the page `…` is any text; how many
/// blanks there are does not matter.
pub fn missing<'a>(wanted: &'a [String], said: &str) -> Option<&'a str> {
    let mut said = said.lines().map(words);
    wanted
        .iter()
        .filter(|line| !line.trim().is_empty())
        .find(|line| {
            let pattern = words(line);
            !said.by_ref().any(|line| like(&pattern, &line))
        })
        .map(String::as_str)
}

fn words(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a line is as a pattern with `…` says.
fn like(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Whether a log has a line like this one, whatever its time and its numbers.
pub fn logged(wanted: &str, log: &str) -> bool {
    let wanted = shape(wanted);
    log.lines().any(|line| {
        let line = shape(line);
        line.windows(wanted.len()).any(|window| window == wanted)
    })
}

/// The words of a line, those with digits in them all alike.
fn shape(line: &str) -> Vec<&str> {
    line.split_whitespace()
        .map(|word| match word.contains(|c: char| c.is_ascii_digit()) {
            true => "0",
            false => word,
        })
        .collect()
}

#[test]
fn a_page_is_read_as_it_is_written() {
    let page = Page::parse(
        "page".to_owned(),
        "`salus record list` and `cat`\n```\nno output\n```\n## Next\n```sh\n# first\nA=$(b)  # why\n\
         c \\\n  d   # refused: exit code 1\n```\n\n```\nsome … output\n```\n```rust\nx\n```\n",
    );
    assert_eq!(page.spans, ["salus record list"]);
    let command = |line, text: &str, code| Step::Command {
        line,
        text: text.to_owned(),
        code,
    };
    let output = vec!["some … output".to_owned()];
    assert_eq!(
        page.steps,
        [
            Step::Section,
            command(8, "A=$(b)", 0),
            command(10, "c d", 1),
            Step::Output(output.clone()),
        ]
    );
    assert_eq!(missing(&output, "x\n some   other output\n"), None);
    assert_eq!(missing(&output, "some outputs"), Some("some … output"));
    assert!(like("a…b…c", "a1b2c") && !like("a…b…c", "a1c2c") && !like("a…", "b"));
    assert!(!like("ab", "abc") && !like("…b", "abc"));
    assert!(logged(
        "Idle (0 peers), best: #8",
        "15:08 Idle (3 peers), best: #91 (0xab…cd)"
    ));
    assert!(!logged(
        "Idle (0 peers), best: #8",
        "15:08 Syncing (3 peers), best: #91"
    ));
}
