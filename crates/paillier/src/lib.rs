#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod ciphertext;
mod encoding;
mod encrypt;
mod error;
mod key;
mod linear;
mod modular;
mod number;
mod packing;
mod plaintext;
pub mod threshold;

#[cfg(test)]
mod tests;

pub use ciphertext::Ciphertext;
pub use encrypt::{Encryptor, Exponent};
pub use error::Error;
pub use key::{PublicKey, SecretKey};
pub use linear::Combination;
pub use modular::Kernel;
pub use number::{FixedPoint, Int};
pub use packing::{Packed, Packing};
pub use plaintext::Plaintext;
