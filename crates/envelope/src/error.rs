//! What can go wrong. No variant carries key material or plaintext.

use std::{io, path::PathBuf};

/// Why a key, a file or a capsule was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not an `AGE-SECRET-KEY-1…` string.
    #[error("not an age secret key (AGE-SECRET-KEY-1…)")]
    InvalidSecretKey,
    /// Not an `age1…` string, or a public key that must not be encrypted to.
    #[error("not a usable age recipient: {0}")]
    InvalidRecipient(&'static str),
    /// A file has to be encrypted to somebody.
    #[error("no recipients")]
    NoRecipients,
    /// More recipients than a header holds.
    #[error("more than {max} recipients")]
    TooManyRecipients {
        /// Most recipients of a file.
        max: usize,
    },
    /// Another key, a damaged file, or no age file at all.
    #[error("cannot open: the file is not encrypted to this key, or it is damaged")]
    CannotOpen,
    /// The capsule opens, but what is in it is not the secret key of the expected recipient.
    #[error("the capsule does not hold the secret key of the expected recipient")]
    WrongIdentity,
    /// The file, or its plaintext, is larger than the caller takes.
    #[error("larger than {max} bytes")]
    TooLarge {
        /// Most bytes of plaintext that the caller takes.
        max: u64,
    },
    /// The salt and plaintext do not hash to the commitment.
    #[error("the content is not what was committed to")]
    CommitmentMismatch,
    /// A key file is never overwritten.
    #[error("{} exists already; a key file is never overwritten", .0.display())]
    KeyFileExists(PathBuf),
    /// Others than the owner may read or write the key file.
    #[error("{} is open to other users (mode {mode:04o}); run: chmod 600 {}", path.display(), path.display())]
    KeyFileExposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file does not hold exactly one X25519 identity.
    #[error("{}: {reason}", path.display())]
    InvalidKeyFile {
        /// The key file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The key file could not be read or written.
    #[error("{}: {source}", path.display())]
    KeyFile {
        /// The key file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A reader or writer failed while a file was streamed.
    #[error("input or output failed: {0}")]
    Io(#[source] io::Error),
}
