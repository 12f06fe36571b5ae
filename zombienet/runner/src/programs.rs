//! Where the nodes' program is.

use std::{
    env,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use anyhow::{bail, Context};
use tempfile::TempDir;

/// Programs that the TOML files call by name, and the variables that name other ones.
const PROGRAMS: [(&str, &str); 2] = [("salus-node", "SALUS_NODE"), ("salus", "SALUS")];

/// Puts the programs that `SALUS_NODE` and `SALUS` name before the others on the PATH, as long as
/// the directory that is returned exists. Both must be found in the end.
pub fn on_path() -> anyhow::Result<TempDir> {
    let folder = tempfile::Builder::new()
        .prefix("salus-zombienet-bin-")
        .tempdir()?;
    for (name, variable) in PROGRAMS {
        if let Some(program) = env::var_os(variable).filter(|program| !program.is_empty()) {
            let program = PathBuf::from(program);
            if !program.is_file() {
                bail!("{variable} names {}, which is no file", program.display());
            }
            symlink(program.canonicalize()?, folder.path().join(name))?;
        }
    }
    let others = env::var_os("PATH").unwrap_or_default();
    let path: Vec<PathBuf> = [folder.path().to_owned()]
        .into_iter()
        .chain(env::split_paths(&others))
        .collect();
    for (name, variable) in PROGRAMS {
        if !path.iter().any(|folder: &PathBuf| is_program(folder, name)) {
            bail!("{name} is not on the PATH: build it (make build), and set {variable}");
        }
    }
    env::set_var("PATH", env::join_paths(path).context("PATH")?);
    Ok(folder)
}

fn is_program(folder: &Path, name: &str) -> bool {
    folder.join(name).is_file()
}
