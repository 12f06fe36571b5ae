//! A chain for trials on one machine: as the preset `local`, with as many founders as are wanted. Their
//! accounts are development keys, their session keys are made for it.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use super::{
    check::{check, DEVELOPMENT},
    file::Source,
    genesis,
    limits::Limits,
    member::{MemberArgs, TRIAL_BALANCE},
};
use crate::{
    error::usage,
    keys::{development_account, development_identity},
    output::med,
};

/// Id of the chain.
const ID: &str = "salus_trial";
/// The names of the first; the others are numbered.
const NAMED: usize = 6;

/// A founder: the name of its node, and its development key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founder {
    /// `alice`.
    pub name: String,
    /// `//Alice`.
    pub key: String,
}

/// So many founders.
pub fn founders(count: usize) -> anyhow::Result<Vec<Founder>> {
    let most = Limits::read()?.max_validators;
    if count > most as usize {
        return Err(usage(format!(
            "a chain has {most} validators at most, not {count}"
        )));
    }
    let name = |at: usize| match DEVELOPMENT.iter().take(NAMED).nth(at) {
        Some(name) => (*name).to_owned(),
        None => format!("Node{}", at + 1),
    };
    let founders = (0..count).map(name).map(|name| Founder {
        name: name.to_lowercase(),
        key: format!("//{name}"),
    });
    Ok(founders.collect())
}

/// Where a founder's age identity is, in the base path of its node.
pub fn identity_in(base_path: &Path) -> PathBuf {
    base_path.join("member.age")
}

/// Makes the founders' keys, each in a folder of `base`, and the spec of their chain.
pub fn make(base: &Path, founders: &[Founder]) -> anyhow::Result<Vec<u8>> {
    let mut text =
        format!("name = \"Salus trial\"\nid = \"{ID}\"\ntype = \"local\"\nsession = \"2min\"\n");
    for Founder { name, key } in founders {
        let folder = base.join(name);
        let member = MemberArgs::trial(name, key, ID, folder.clone()).make()?;
        development_identity(key).save(identity_in(&folder))?;
        write!(text, "\n{}", member.toml)?;
    }
    // Somebody who is no founder, for trials.
    for name in DEVELOPMENT {
        let key = format!("//{name}");
        if founders.iter().any(|founder| founder.key == key) {
            continue;
        }
        let account = development_account(&key)?.public_key().to_account_id();
        let balance = med(TRIAL_BALANCE);
        let balance = balance.trim_end_matches(" MED");
        write!(
            text,
            "\n[[account]]\naccount = \"{account}\"\nbalance = {balance}\n"
        )?;
    }
    let source = Source::of(&text);
    let consortium = source.consortium()?;
    let checked = check(&consortium, &source, &Limits::read()?)?;
    let spec = genesis::make(&consortium, &checked)?;
    Ok(serde_json::to_vec_pretty(&spec)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn founders_have_names_and_are_not_too_many() {
        let seven = founders(7).unwrap();
        let names: Vec<_> = seven.iter().map(|one| one.name.as_str()).collect();
        let wanted = ["alice", "bob", "charlie", "dave", "eve", "ferdie", "node7"];
        assert_eq!(names, wanted);
        assert_eq!(seven[6].key, "//Node7");
        assert_eq!(founders(22).unwrap().len(), 22);
        let error = founders(23).unwrap_err().to_string();
        assert!(error.contains("22 validators at most"), "{error}");
    }
}
