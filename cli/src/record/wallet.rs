//! Where a patient's record keys are kept, and a client's inputs that are not provided yet.
//!
//! `records/<record>-<public key>.age` is a record key as `age -i` takes it; `jobs/<commitment>.age`
//! is a salted input, encrypted to its owner. The folder is readable by its owner only. Whoever
//! loses it loses the keys of the records stored from it: back it up.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{bail, Context};
use salus_envelope::Identity;
use salus_primitives::{membership::Recipient, Digest};

/// A folder of keys.
#[derive(Clone, Debug)]
pub struct Wallet {
    root: PathBuf,
}

impl Wallet {
    /// The wallet in this folder, which is made where missing.
    pub fn open(root: impl Into<PathBuf>) -> anyhow::Result<Self> {
        let root = root.into();
        for folder in ["records", "jobs"] {
            let folder = root.join(folder);
            make_private(&folder)
                .with_context(|| format!("cannot make the wallet folder {}", folder.display()))?;
        }
        Ok(Self { root })
    }

    /// `$SALUS_WALLET`, else `salus/wallet` in the user's data folder.
    pub fn default_path() -> PathBuf {
        let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
        let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".local/share"));
        data.or_else(home)
            .unwrap_or_else(|| PathBuf::from("."))
            .join("salus/wallet")
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The file of a record's key with this public key.
    pub fn record_key_path(&self, record: &Digest, recipient: &Recipient) -> PathBuf {
        let name = format!("{record:x}-{}.age", hex::encode(&recipient[..8]));
        self.root.join("records").join(name)
    }

    /// Keeps a record's key, before the chain is told of it.
    pub fn save_record_key(&self, record: &Digest, key: &Identity) -> anyhow::Result<()> {
        key.save(self.record_key_path(record, &key.recipient()))?;
        Ok(())
    }

    /// The record's key with this public key.
    pub fn record_key(&self, record: &Digest, recipient: &Recipient) -> anyhow::Result<Identity> {
        let path = self.record_key_path(record, recipient);
        if !path.exists() {
            bail!(
                "this wallet ({}) has no key of record {record:#x}: it was stored, or its key \
                 changed, from another one; give that with --wallet",
                self.root.display()
            );
        }
        let key = Identity::load(&path)?;
        if key.recipient() != *recipient {
            bail!("{} holds another key than its name says", path.display());
        }
        Ok(key)
    }

    /// Forgets a key that opens nothing any more.
    pub fn remove_record_key(&self, record: &Digest, recipient: &Recipient) -> anyhow::Result<()> {
        remove(&self.record_key_path(record, recipient))
    }

    fn input_path(&self, commitment: &Digest) -> PathBuf {
        self.root.join("jobs").join(format!("{commitment:x}.age"))
    }

    /// Keeps an input until it is provided: salted content, encrypted to its owner.
    pub fn save_input(&self, commitment: &Digest, ciphertext: &[u8]) -> anyhow::Result<()> {
        let path = self.input_path(commitment);
        write_new(&path, ciphertext).with_context(|| format!("cannot write {}", path.display()))
    }

    /// An input that was kept; `None` where there is none.
    pub fn input(&self, commitment: &Digest) -> anyhow::Result<Option<Vec<u8>>> {
        let path = self.input_path(commitment);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Forgets an input that was provided.
    pub fn remove_input(&self, commitment: &Digest) -> anyhow::Result<()> {
        remove(&self.input_path(commitment))
    }
}

fn remove(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Writes a file whole or not at all, readable by its owner only.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    // Temporary files are made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_and_go() {
        let folder = tempfile::tempdir().unwrap();
        let wallet = Wallet::open(folder.path().join("w")).unwrap();
        let record = Digest::repeat_byte(7);
        let (key, other) = (Identity::generate(), Identity::generate());
        wallet.save_record_key(&record, &key).unwrap();
        wallet.save_record_key(&record, &other).unwrap();
        let found = wallet.record_key(&record, &key.recipient()).unwrap();
        assert_eq!(found.recipient(), key.recipient());
        // A key is never overwritten.
        assert!(wallet.save_record_key(&record, &key).is_err());
        wallet.remove_record_key(&record, &key.recipient()).unwrap();
        wallet.remove_record_key(&record, &key.recipient()).unwrap();
        let error = wallet.record_key(&record, &key.recipient()).unwrap_err();
        assert!(error.to_string().contains("no key of record"));
        assert!(wallet.record_key(&record, &other.recipient()).is_ok());
    }

    #[test]
    fn inputs_come_back_and_go() {
        let folder = tempfile::tempdir().unwrap();
        let wallet = Wallet::open(folder.path()).unwrap();
        let commitment = Digest::repeat_byte(9);
        assert_eq!(wallet.input(&commitment).unwrap(), None);
        wallet.save_input(&commitment, b"sealed").unwrap();
        assert_eq!(
            wallet.input(&commitment).unwrap().as_deref(),
            Some(&b"sealed"[..])
        );
        wallet.remove_input(&commitment).unwrap();
        assert_eq!(wallet.input(&commitment).unwrap(), None);
    }

    #[cfg(unix)]
    #[test]
    fn the_folder_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let wallet = Wallet::open(folder.path().join("w")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&wallet.path().join("records")), 0o700);
        let file = wallet.path().join("jobs/x");
        write_new(&file, b"x").unwrap();
        assert_eq!(mode(&file), 0o600);
    }
}
