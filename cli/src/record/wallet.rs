//! Where a patient's record keys are kept, and a client's inputs that are not provided yet.
//!
//! `records/<record>-<public key>.age` is a record key as `age -i` takes it;
//! `jobs/<chain>/<commitment>.age` is a salted input, encrypted to its owner. The folder is readable by its owner only. Whoever
//! loses it loses the keys of the records stored from it: back it up.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{bail, Context};
use salus_envelope::Identity;
use salus_primitives::{membership::Recipient, Digest, Hash};

use crate::{chain::text::parse_digest, files};

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

    /// Inputs of jobs of the chain with this genesis hash.
    pub fn inputs(&self, genesis: Hash) -> anyhow::Result<Inputs> {
        let folder = self
            .root
            .join("jobs")
            .join(hex::encode(&genesis.as_bytes()[..8]));
        make_private(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Inputs { folder })
    }
}

/// Inputs that a client keeps until it provides them.
#[derive(Clone, Debug)]
pub struct Inputs {
    folder: PathBuf,
}

impl Inputs {
    fn path(&self, commitment: &Digest) -> PathBuf {
        self.folder.join(format!("{commitment:x}.age"))
    }

    /// Keeps an input: salted content, encrypted to its owner.
    pub fn save(&self, commitment: &Digest, ciphertext: &[u8]) -> anyhow::Result<()> {
        files::write(&self.path(commitment), ciphertext)
    }

    /// An input that was kept; `None` where there is none.
    pub fn get(&self, commitment: &Digest) -> anyhow::Result<Option<Vec<u8>>> {
        let path = self.path(commitment);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Forgets inputs.
    pub fn remove(&self, commitments: &[Digest]) -> anyhow::Result<()> {
        commitments
            .iter()
            .try_for_each(|commitment| remove(&self.path(commitment)))
    }

    /// Those that were kept longer ago.
    pub fn older_than(&self, age: Duration) -> anyhow::Result<Vec<Digest>> {
        let failed = || format!("cannot read {}", self.folder.display());
        let mut found = Vec::new();
        for file in fs::read_dir(&self.folder).with_context(failed)? {
            let file = file.with_context(failed)?;
            let kept = file
                .metadata()
                .and_then(|metadata| metadata.modified())
                .with_context(failed)?;
            let name = file.file_name();
            let commitment = name
                .to_str()
                .and_then(|name| name.strip_suffix(".age"))
                .and_then(|digits| parse_digest(digits).ok());
            // A clock that was set back makes a file young.
            if kept.elapsed().is_ok_and(|elapsed| elapsed > age) {
                found.extend(commitment);
            }
        }
        Ok(found)
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
        let inputs = wallet.inputs(Hash::repeat_byte(1)).unwrap();
        let commitment = Digest::repeat_byte(9);
        assert_eq!(inputs.get(&commitment).unwrap(), None);
        inputs.save(&commitment, b"sealed").unwrap();
        assert_eq!(
            inputs.get(&commitment).unwrap().as_deref(),
            Some(&b"sealed"[..])
        );
        // Those of another chain are none of this one's business.
        let others = wallet.inputs(Hash::repeat_byte(2)).unwrap();
        assert_eq!(others.get(&commitment).unwrap(), None);

        let hour = Duration::from_secs(3600);
        assert_eq!(inputs.older_than(hour).unwrap(), []);
        let file = fs::File::options()
            .write(true)
            .open(inputs.path(&commitment))
            .unwrap();
        file.set_modified(std::time::SystemTime::now() - 2 * hour)
            .unwrap();
        assert_eq!(inputs.older_than(hour).unwrap(), [commitment]);
        assert_eq!(others.older_than(hour).unwrap(), []);
        inputs.remove(&[commitment]).unwrap();
        assert_eq!(inputs.get(&commitment).unwrap(), None);
    }

    #[cfg(unix)]
    #[test]
    fn the_folder_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let wallet = Wallet::open(folder.path().join("w")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&wallet.path().join("records")), 0o700);
        let inputs = wallet.inputs(Hash::zero()).unwrap();
        let commitment = Digest::zero();
        inputs.save(&commitment, b"x").unwrap();
        assert_eq!(mode(&inputs.folder), 0o700);
        assert_eq!(mode(&inputs.path(&commitment)), 0o600);
    }
}
