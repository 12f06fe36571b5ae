//! Being written.

use crate::args::Global;

/// Being written.
#[derive(Debug, clap::Subcommand)]
pub enum Command {}

impl Command {
    /// Runs it.
    pub async fn run(self, _: &Global) -> anyhow::Result<()> {
        match self {}
    }
}
