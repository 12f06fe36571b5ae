//! Importing the chain that the load made into a new database.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{ensure, Context, Result};
use salus_cli::network::find_node;
use serde::Serialize;

use crate::{accounts::Kind, load::Committed};

/// How fast the blocks of one kind were imported.
#[derive(Clone, Debug, Serialize)]
pub struct Imported {
    pub kind: Kind,
    pub blocks: u32,
    pub transactions: usize,
    /// Of the importing program, s: from its start to its end, without what it takes to import no
    /// block, which is compiling the runtime.
    pub seconds: f64,
    /// What the blocks declare for these transactions, s.
    pub weight: f64,
}

impl Imported {
    /// Transactions a second.
    pub fn rate(&self) -> f64 {
        self.transactions as f64 / self.seconds
    }
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "import of {}: {} in {} blocks in {:.1} s, {:.0} a second; they declare {:.1} s",
            self.kind,
            self.transactions,
            self.blocks,
            self.seconds,
            self.rate(),
            self.weight
        )
    }
}

/// A new database that follows another.
pub struct Importer {
    program: PathBuf,
    from: PathBuf,
    file: PathBuf,
    into: PathBuf,
    next: u32,
}

impl Importer {
    /// Reads from the base path of a node that does not run.
    pub fn new(from: &Path, scratch: &Path) -> Result<Self> {
        Ok(Self {
            program: find_node()?,
            from: from.to_owned(),
            file: scratch.join("blocks"),
            into: scratch.join("imported"),
            next: 1,
        })
    }

    /// Imports up to the window's blocks, then these, timed.
    pub fn import(&mut self, load: &Committed) -> Result<Imported> {
        if self.next < load.first {
            self.transfer(load.first - 1)?;
        }
        let start = self.nothing()?;
        let seconds = self.transfer(load.last)? - start;
        ensure!(
            seconds > 0.0,
            "there was too little to import: lengthen --window"
        );
        Ok(Imported {
            kind: load.kind,
            blocks: load.last + 1 - load.first,
            transactions: load.transactions,
            seconds,
            weight: load.weight,
        })
    }

    /// Seconds of the import of a file without blocks.
    fn nothing(&self) -> Result<f64> {
        // How many blocks follow.
        std::fs::write(&self.file, 0u64.to_le_bytes())?;
        self.timed()
    }

    /// Seconds of the import of the blocks that are not there yet, to this height.
    fn transfer(&mut self, to: u32) -> Result<f64> {
        let from = self.next.to_string();
        let _ = std::fs::remove_file(&self.file);
        self.run(
            "export-blocks",
            &self.from,
            &["--from", &from, "--to", &to.to_string()],
        )?;
        let seconds = self.timed()?;
        self.next = to + 1;
        Ok(seconds)
    }

    /// Seconds of the import of the file.
    fn timed(&self) -> Result<f64> {
        let began = Instant::now();
        self.run("import-blocks", &self.into, &[])?;
        Ok(began.elapsed().as_secs_f64())
    }

    fn run(&self, what: &str, base: &Path, more: &[&str]) -> Result<()> {
        let done = Command::new(&self.program)
            .args([what, "--chain", "local", "--binary", "--base-path"])
            .arg(base)
            .args(more)
            .arg(&self.file)
            .output()
            .with_context(|| format!("cannot run {}", self.program.display()))?;
        ensure!(
            done.status.success(),
            "{what} failed:\n{}",
            String::from_utf8_lossy(&done.stderr)
        );
        Ok(())
    }
}
