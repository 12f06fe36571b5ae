//! The demo.
use crate::output::Output;
/// The demo.
#[derive(Debug, clap::Args)]
pub struct Demo {}
impl Demo {
    /// Runs it.
    pub async fn run(self, _: &Output) -> anyhow::Result<()> {
        Ok(())
    }
}
