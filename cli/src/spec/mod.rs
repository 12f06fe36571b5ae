//! `salus spec`: the chain of a real consortium, from a short file.

mod check;
mod file;
mod genesis;
mod keystore;
mod limits;
mod member;
pub mod trial;

pub use keystore::{chain_folder, Keystore};

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Subcommand;
use salus_primitives::Balance;
use serde::Serialize;
use serde_json::Value;

use self::{
    check::{check, Checked},
    file::{Consortium, Source},
    limits::Limits,
    member::MemberArgs,
};
use crate::{
    chain::text::span_text,
    error::usage,
    files,
    network::begin,
    output::{self, Output},
};

/// A consortium's file with comments.
const EXAMPLE: &str = include_str!("example.toml");

/// Commands about chain specs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print a consortium's file with comments, to begin with.
    Example,
    /// Member: make the keys of your node, and print your part of the file.
    ///
    /// Session keys and a network key are made in the base path of your node, and never leave it.
    Member(Box<MemberArgs>),
    /// Check a consortium's file, and that the chain can begin with it.
    Check {
        /// The file.
        file: PathBuf,
    },
    /// Make the chain spec of a consortium's file: what every node of the chain runs with.
    New {
        /// The file.
        file: PathBuf,

        /// Where the spec goes; must not exist.
        #[arg(long, short, value_name = "SPEC")]
        output: PathBuf,

        /// With the whole state of the first block, instead of what it is made from.
        #[arg(long)]
        raw: bool,
    },
}

/// What a chain begins with.
#[derive(Debug, Serialize)]
struct Summary {
    name: String,
    id: String,
    #[serde(rename = "type")]
    chain_type: &'static str,
    /// Length of a session, slots.
    slots: u64,
    members: usize,
    council: usize,
    validators: usize,
    workers: usize,
    #[serde(serialize_with = "output::amount")]
    issuance: Balance,
    warnings: Vec<String>,
    /// The spec, where one was written.
    spec: Option<PathBuf>,
    #[serde(skip)]
    session: u64,
}

impl Summary {
    fn new(all: &Consortium, checked: Checked, spec: Option<PathBuf>) -> Self {
        let members = &all.members;
        Summary {
            name: all.name.get_ref().clone(),
            id: all.id.get_ref().clone(),
            chain_type: all.chain_type.name(),
            slots: checked.slots,
            members: members.len(),
            council: members
                .iter()
                .filter(|member| member.council.as_ref().is_some_and(|seat| *seat.get_ref()))
                .count(),
            validators: members.iter().filter(|m| m.validator.is_some()).count(),
            workers: members.iter().filter(|m| m.worker.is_some()).count(),
            issuance: checked.issuance,
            warnings: checked.warnings,
            spec,
            session: all.session.get_ref().0,
        }
    }

    fn words(&self) -> String {
        let mut rows = vec![
            ("Chain", format!("{} ({})", self.name, self.id)),
            ("Type", self.chain_type.to_owned()),
            ("Session", span_text(self.session)),
            ("Members", self.members.to_string()),
            ("Council", self.council.to_string()),
            ("Validators", self.validators.to_string()),
            ("Workers", self.workers.to_string()),
            ("Tokens", output::med(self.issuance)),
        ];
        if let Some(spec) = &self.spec {
            rows.push(("Spec", spec.display().to_string()));
        }
        output::fields(&rows)
    }
}

impl Command {
    /// Does it.
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        match self {
            Command::Example => output.result(&serde_json::json!({ "toml": EXAMPLE }), |_| {
                EXAMPLE.to_owned()
            }),
            Command::Member(member) => {
                let made = member.make()?;
                output.note(
                    "Secrets are in the node's base path only: keep it, and never run it twice",
                );
                output.result(&made, |made| made.toml.clone())
            }
            Command::Check { file } => {
                let (consortium, checked, _) = build(&file, output)?;
                tell(output, Summary::new(&consortium, checked, None))
            }
            Command::New {
                file,
                output: spec,
                raw,
            } => {
                files::check_new(&spec)?;
                let (consortium, checked, built) = build(&file, output)?;
                let text = match raw {
                    true => built.raw,
                    false => serde_json::to_vec_pretty(&built.plain)?,
                };
                files::write(&spec, &text)?;
                // Nothing in it is secret, and the node may run as another user.
                fs::set_permissions(&spec, Permissions::from_mode(0o644))
                    .with_context(|| format!("cannot open {} to all", spec.display()))?;
                tell(output, Summary::new(&consortium, checked, Some(spec)))
            }
        }
    }
}

fn tell(output: &Output, summary: Summary) -> anyhow::Result<()> {
    for warning in &summary.warnings {
        output.note(format!("Warning: {warning}"));
    }
    output.result(&summary, Summary::words)
}

/// A spec, plain and with the state that the runtime built from it.
struct Built {
    plain: Value,
    raw: Vec<u8>,
}

fn build(file: &Path, output: &Output) -> anyhow::Result<(Consortium, Checked, Built)> {
    let source = Source::read(file)?;
    let consortium = source.consortium()?;
    let checked = check(&consortium, &source, &Limits::read()?)?;
    let waiting = begin(output, "Building the first block's state");
    let built = build_state(&consortium, &checked);
    waiting.finish_and_clear();
    Ok((consortium, checked, built?))
}

fn build_state(consortium: &Consortium, checked: &Checked) -> anyhow::Result<Built> {
    let plain = genesis::make(consortium, checked)?;
    let folder = tempfile::tempdir()?;
    let (spec, raw) = (folder.path().join("spec.json"), folder.path().join("raw"));
    files::write(&spec, &serde_json::to_vec(&plain)?)?;
    genesis::export(&spec.to_string_lossy(), true, &raw)?;
    Ok(Built {
        plain,
        raw: files::read(&raw)?,
    })
}

/// Id of the chain of a spec file, after which nodes name their folders.
pub fn chain_id(path: &Path, spec: &[u8]) -> anyhow::Result<String> {
    #[derive(serde::Deserialize)]
    struct Spec {
        id: String,
    }
    match serde_json::from_slice(spec) {
        Ok(Spec { id }) => Ok(id),
        Err(error) => Err(usage(format!(
            "{} is no chain spec: {error}",
            path.display()
        ))),
    }
}

#[cfg(test)]
mod tests;
