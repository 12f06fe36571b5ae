//! The part of the `wasm-opt` API that `substrate-wasm-builder` 35 calls, without binaryen.
//!
//! wasm-builder runs binaryen at level 0 with two passes: stripping DWARF (the blob's profile emits
//! none) and lowering sign extension (the `wasm32v1-none` target emits none; a test over the blob
//! checks it). Copying the file is therefore the whole job, and saves six minutes of C++.

use std::path::Path;

/// Passes named by wasm-builder; neither has anything to do on a `wasm32v1-none` blob.
pub enum Pass {
    StripDwarf,
    SignextLowering,
}

/// Failure to copy the blob.
#[derive(Debug)]
pub struct OptimizationError(pub std::io::Error);

impl std::fmt::Display for OptimizationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "copying the wasm blob: {}", self.0)
    }
}

impl std::error::Error for OptimizationError {}

/// Options of a binaryen run; all of them are no-ops here.
pub struct OptimizationOptions;

impl OptimizationOptions {
    pub fn new_opt_level_0() -> Self {
        Self
    }

    pub fn mvp_features_only(&mut self) -> &mut Self {
        self
    }

    pub fn debug_info(&mut self, _: bool) -> &mut Self {
        self
    }

    pub fn add_pass(&mut self, _: Pass) -> &mut Self {
        self
    }

    /// Copies `infile` to `outfile`; nothing to do where they are the same.
    pub fn run(
        &self,
        infile: impl AsRef<Path>,
        outfile: impl AsRef<Path>,
    ) -> Result<(), OptimizationError> {
        let (infile, outfile) = (infile.as_ref(), outfile.as_ref());
        if infile != outfile {
            std::fs::copy(infile, outfile).map_err(OptimizationError)?;
        }
        Ok(())
    }
}
