#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod age_file;
mod capsule;
pub mod content;
mod error;
mod identity;
mod key_file;
mod key_folder;
mod recipient;

pub use age_file::{decrypt, decrypt_limited, decrypt_stream, encrypt, encrypt_stream};
pub use capsule::{open_capsule, seal_identity, MAX_CAPSULE};
pub use error::Error;
pub use identity::Identity;
pub use key_folder::KeyFolder;
pub use recipient::{check_recipient, parse_recipient, recipient_to_string};
