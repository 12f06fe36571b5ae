//! Key files as `age-keygen` writes them.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    path::Path,
};

use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::{recipient_to_string, Error, Identity};

/// Largest key file read, bytes: one key and a page of comments.
const MAX_FILE: u64 = 16 * 1024;

impl Identity {
    /// Reads a key file: lines that begin with `#` and empty ones are passed over, the one that
    /// remains is the key. [`Error::KeyFileExposed`] where others may read or write the file,
    /// [`Error::InvalidKeyFile`] for anything but exactly one X25519 identity,
    /// [`Error::KeyFile`] where the system refuses.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let io = |source| Error::KeyFile {
            path: path.to_owned(),
            source,
        };
        let invalid = |reason| Error::InvalidKeyFile {
            path: path.to_owned(),
            reason,
        };
        let file = File::open(path).map_err(io)?;
        // Asked of the open file, so that it cannot be exchanged in between.
        let metadata = file.metadata().map_err(io)?;
        if !metadata.is_file() {
            return Err(invalid("not a regular file"));
        }
        if metadata.len() > MAX_FILE {
            return Err(invalid("too large for a key file"));
        }
        check_mode(path, &metadata)?;
        let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE as usize + 1));
        file.take(MAX_FILE).read_to_end(&mut text).map_err(io)?;
        let text = std::str::from_utf8(&text).map_err(|_| invalid("not a text file"))?;
        let mut keys = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        match (keys.next(), keys.next()) {
            (Some(key), None) => key
                .parse()
                .map_err(|_| invalid("expected one line AGE-SECRET-KEY-1…")),
            (None, _) => Err(invalid("no key in it")),
            (Some(_), Some(_)) => Err(invalid("more than one key in it")),
        }
    }

    /// Writes a key file that only its owner may read (mode 0600) and that `age -i` takes.
    /// [`Error::KeyFileExists`] where the path is taken.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => Error::KeyFileExists(path.to_owned()),
            _ => Error::KeyFile {
                path: path.to_owned(),
                source,
            },
        })?;
        let secret = self.to_secret_string();
        let mut text = Zeroizing::new(String::with_capacity(256));
        text.push_str("# public key: ");
        text.push_str(&recipient_to_string(&self.recipient()));
        text.push('\n');
        text.push_str(secret.expose_secret());
        text.push('\n');
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(|source| {
                // Half a key file is worse than none: it would block the next attempt.
                let _ = std::fs::remove_file(path);
                Error::KeyFile {
                    path: path.to_owned(),
                    source,
                }
            })
    }
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &std::fs::Metadata) -> Result<(), Error> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
    if mode & 0o077 != 0 {
        return Err(Error::KeyFileExposed {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &std::fs::Metadata) -> Result<(), Error> {
    Ok(())
}
