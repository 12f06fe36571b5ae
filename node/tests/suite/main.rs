//! Tests of the node as an operator has it: the binary, its command line, its dependencies.

#[cfg(feature = "collator")]
mod collator;
mod commands;
mod dependencies;
mod development;
mod image;
mod monitoring;
mod packages;
mod process;
