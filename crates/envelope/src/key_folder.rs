//! A folder of record keys, each sealed to who keeps them.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::{open_capsule, seal_identity, Error, Identity, MAX_CAPSULE};

/// Record keys by record id (32 bytes) and public key. A file is a capsule: `age -d -i HOLDER.key`
/// gives the key. Only the owner of the folder gets into it.
#[derive(Clone, Debug)]
pub struct KeyFolder(PathBuf);

impl KeyFolder {
    /// The keys in this folder, which is made where missing. [`Error::KeyFile`] where the system
    /// refuses.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, Error> {
        let folder = folder.into();
        make_private(&folder).map_err(|source| failed(&folder, source))?;
        Ok(Self(folder))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The file of the record's key with this public key.
    pub fn key_path(&self, record: &[u8; 32], recipient: &[u8; 32]) -> PathBuf {
        let name = format!("{}-{}.age", hex(record), hex(&recipient[..8]));
        self.0.join(name)
    }

    /// Keeps a record's key, sealed to `holder`; whole or not at all. Replaces the same key sealed
    /// to another holder.
    pub fn save(
        &self,
        record: &[u8; 32],
        key: &Identity,
        holder: &[u8; 32],
    ) -> Result<PathBuf, Error> {
        let capsule = seal_identity(key, holder)?;
        let path = self.key_path(record, &key.recipient());
        write(&path, &capsule).map_err(|source| failed(&path, source))?;
        Ok(path)
    }

    /// The record's key with this public key, opened with one of `identities`; `None` where there is
    /// none. [`Error::CannotOpen`] where it is sealed to somebody else, [`Error::WrongIdentity`]
    /// where it is another key.
    pub fn load(
        &self,
        record: &[u8; 32],
        recipient: &[u8; 32],
        identities: &[Identity],
    ) -> Result<Option<Identity>, Error> {
        let path = self.key_path(record, recipient);
        let mut capsule = Vec::new();
        let read = fs::File::open(&path).and_then(|file| {
            io::Read::read_to_end(
                &mut io::Read::take(file, MAX_CAPSULE as u64 + 1),
                &mut capsule,
            )
        });
        match read {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&path, error)),
        }
        let mut result = Err(Error::CannotOpen);
        for identity in identities {
            result = open_capsule(&capsule, identity, recipient);
            if !matches!(result, Err(Error::CannotOpen)) {
                break;
            }
        }
        result.map(Some)
    }

    /// Forgets every key of the record; how many there were.
    pub fn remove(&self, record: &[u8; 32]) -> Result<usize, Error> {
        let prefix = format!("{}-", hex(record));
        let mut removed = 0;
        for file in fs::read_dir(&self.0).map_err(|source| failed(&self.0, source))? {
            let path = file.map_err(|source| failed(&self.0, source))?.path();
            let is_its = path
                .file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| name.starts_with(&prefix));
            if is_its {
                fs::remove_file(&path).map_err(|source| failed(&path, source))?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// When a key was last added or removed, where the system tells.
    pub fn changed(&self) -> Option<SystemTime> {
        fs::metadata(&self.0).and_then(|data| data.modified()).ok()
    }
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::KeyFile {
        path: path.to_owned(),
        source,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("part");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}
