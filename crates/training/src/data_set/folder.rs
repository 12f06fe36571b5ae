//! The folder of a node's data sets.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use salus_envelope::content;
use salus_primitives::{
    training::{data_set_id, DataSetId},
    AccountId, Digest,
};
use zeroize::Zeroizing;

use super::{DataSet, Description, Error};

/// Folder of data sets in the folder of the agent.
pub const FOLDER: &str = "data-sets";
/// Salt (32 bytes) ‖ file: what the commitment is of.
pub(super) const CONTENT: &str = "content";
/// The [`Description`], JSON.
const DESCRIPTION: &str = "description.json";
/// Largest file, bytes.
pub const MAX_FILE: u64 = 1 << 30;
/// Largest description, bytes.
const MAX_DESCRIPTION: u64 = 1 << 16;

/// What is declared on the chain of a data set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Declared {
    /// Its identifier.
    pub id: DataSetId,
    /// blake2-256(salt ‖ file).
    pub commitment: Digest,
    /// [`Attributes::digest`](super::Attributes::digest).
    pub attributes: Digest,
    /// Rows.
    pub rows: u32,
    /// Columns that are attributes: neither the classes nor the patients.
    pub columns: u32,
}

/// The folder of one node's data sets: for each a folder of its identifier in hexadecimal digits, with
/// `content` (salt ‖ file) and `description.json`. Only the owner gets into it.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The data sets in this folder, which is made where missing.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        make_private(&path).map_err(|source| failed(&path, source))?;
        Ok(Self(path))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where a data set lies.
    pub fn path_of(&self, id: &DataSetId) -> PathBuf {
        self.0.join(hex(id.as_bytes()))
    }

    /// Keeps a file of this holder under a fresh salt, whole or not at all.
    pub fn add(
        &self,
        holder: &AccountId,
        text: &[u8],
        description: &Description,
    ) -> Result<Declared, Error> {
        let set = DataSet::read(text, description)?;
        let packed = content::pack(text);
        let commitment = Digest::from(packed.commitment);
        let id = data_set_id(holder, &commitment);
        let path = self.path_of(&id);
        let unfinished = path.with_extension("part");
        let json = serde_json::to_vec_pretty(description).map_err(|error| Error::Description {
            path: path.join(DESCRIPTION),
            reason: error.to_string(),
        })?;
        let written = make_private(&unfinished)
            .and_then(|()| write(&unfinished.join(CONTENT), &packed.bytes))
            .and_then(|()| write(&unfinished.join(DESCRIPTION), &json))
            .and_then(|()| fs::rename(&unfinished, &path));
        written.map_err(|source| failed(&path, source))?;
        Ok(Declared {
            id,
            commitment,
            attributes: set.attributes().digest(),
            rows: set.len() as u32,
            columns: set.attributes().columns.len() as u32,
        })
    }

    /// Reads a data set whose file has this commitment.
    pub fn load(&self, id: &DataSetId, commitment: &Digest) -> Result<DataSet, Error> {
        let path = self.path_of(id);
        if !path.is_dir() {
            return Err(Error::NotHere(*id));
        }
        let bytes = read(&path.join(CONTENT), MAX_FILE + content::SALT as u64)?;
        let text = content::unpack(&bytes, commitment.as_fixed_bytes())
            .map_err(|_| Error::Changed(*id))?;
        DataSet::read(text, &self.description(id)?)
    }

    /// What the columns of a data set are.
    pub fn description(&self, id: &DataSetId) -> Result<Description, Error> {
        let path = self.path_of(id).join(DESCRIPTION);
        let json = read(&path, MAX_DESCRIPTION)?;
        serde_json::from_slice(&json).map_err(|error| Error::Description {
            path,
            reason: error.to_string(),
        })
    }

    /// The identifiers of those that are here, ascending.
    pub fn list(&self) -> Result<Vec<DataSetId>, Error> {
        let entries = fs::read_dir(&self.0).map_err(|source| failed(&self.0, source))?;
        let mut ids = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|source| failed(&self.0, source))?;
            ids.extend(entry.file_name().to_str().and_then(from_hex));
        }
        ids.sort();
        Ok(ids)
    }

    /// Removes a data set from this node. What the chain has of it stays.
    pub fn remove(&self, id: &DataSetId) -> Result<(), Error> {
        let path = self.path_of(id);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::NotHere(*id)),
            other => other.map_err(|source| failed(&path, source)),
        }
    }
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::File {
        path: path.to_owned(),
        source,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<DataSetId> {
    let digits = text.is_ascii() && text.len() == 64;
    let byte = |at: usize| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..32).map(byte).collect();
    bytes
        .filter(|_| digits)
        .map(|bytes| DataSetId::from_slice(&bytes))
}

fn read(path: &Path, most: u64) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut bytes = Zeroizing::new(Vec::new());
    let file = fs::File::open(path).map_err(|source| failed(path, source))?;
    // Room up front: growing would leave copies in freed memory.
    let size = file.metadata().map_or(0, |data| data.len()).min(most);
    bytes.reserve_exact(size as usize + 1);
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| failed(path, source))?;
    match bytes.len() as u64 > most {
        true => Err(Error::Unfit(format!("a file has more than {most} bytes"))),
        false => Ok(bytes),
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}
