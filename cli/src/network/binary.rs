//! Finding `salus-node`.

use std::{env, path::PathBuf};

use crate::error::usage;

/// Name of the node's program.
const NAME: &str = "salus-node";

/// The node's program: `SALUS_NODE`, else beside this program, else on the `PATH`.
pub fn find_node() -> anyhow::Result<PathBuf> {
    if let Some(path) = env::var_os("SALUS_NODE").filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        if !path.is_file() {
            return Err(usage(format!(
                "SALUS_NODE names {}, which is no file",
                path.display()
            )));
        }
        return Ok(path);
    }
    let beside = env::current_exe()
        .ok()
        .and_then(|own| Some(own.parent()?.join(NAME)));
    let path = env::var_os("PATH").unwrap_or_default();
    beside
        .into_iter()
        .chain(env::split_paths(&path).map(|folder| folder.join(NAME)))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| {
            usage(format!(
                "{NAME} is neither beside this program nor on the PATH; set SALUS_NODE"
            ))
        })
}
