//! One binary for all integration tests.

mod age_file;
mod age_tool;
mod capsule;
mod content;
mod identity;
mod key_file;
mod key_folder;
mod recipient;
