//! Data sets that stay with their holder: a folder of the node, looked up by what the chain calls them.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use blake2::{digest::consts::U32, Blake2b, Digest as _};
use codec::{Decode, Encode};
use ndarray::{Array2, Axis};
use salus_analytics::table::{self, Cells, ColumnRef, Header, Missing, Options, Separator};
use salus_envelope::content;
use salus_primitives::{
    training::{data_set_id, DataSetId, Partition, MAX_COLUMNS, MAX_ROWS},
    AccountId, Digest,
};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::{heterogeneous::Block, homogeneous::Rows};

/// Folder of data sets in the folder of the agent.
pub const FOLDER: &str = "data-sets";
/// Salt (32 bytes) ‖ file: what the commitment is of.
const CONTENT: &str = "content";
/// The [`Description`], JSON.
const DESCRIPTION: &str = "description.json";
/// Largest file, bytes.
pub const MAX_FILE: u64 = 1 << 30;
/// Largest description, bytes.
const MAX_DESCRIPTION: u64 = 1 << 16;
/// Most bytes of a header, and most fields of a line.
const MAX_HEADER: usize = 1 << 20;
const MAX_FIELDS: usize = 1 << 14;

/// Why a data set cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refuses.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no such data set here.
    #[error("data set {0:?} is not in this node's folder; `salus data add` puts it there")]
    NotHere(DataSetId),
    /// The file is not what the chain has the commitment of.
    #[error("the file of data set {0:?} is not the one that was declared: it was changed since")]
    Changed(DataSetId),
    /// The description is none.
    #[error("{}: {reason}", path.display())]
    Description {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The table cannot be read.
    #[error(transparent)]
    Table(#[from] table::Error),
    /// The table has not what a training needs.
    #[error("{0}")]
    Unfit(String),
    /// Rows that cannot be trained on.
    #[error(transparent)]
    Training(#[from] crate::Error),
}

/// What the columns of a file are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// `homogeneous` or `heterogeneous`.
    pub partition: Kind,
    /// The column of classes; of a heterogeneous data set only where its holder knows them.
    pub class: Option<ColumnRef>,
    /// Heterogeneous: the column that names the patients, as all participants name them.
    pub patients: Option<ColumnRef>,
    /// How to read the file; columns that are no attributes are dropped. What is missing is decided by
    /// the training, so `missing` is not asked.
    pub table: Table,
}

/// How the file is read.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Table {
    /// Columns that are left out.
    pub drop: std::collections::BTreeSet<ColumnRef>,
    /// Whether the first line names the columns.
    pub header: Header,
    /// Fields that mean "missing"; none are the usual ones.
    pub missing_tokens: Option<std::collections::BTreeSet<String>>,
    /// What stands between two fields.
    pub separator: Separator,
}

impl Table {
    fn options(&self) -> Options {
        let usual = Options::default();
        Options {
            drop: self.drop.clone(),
            header: self.header,
            missing: Missing::Fail,
            missing_tokens: self.missing_tokens.clone().unwrap_or(usual.missing_tokens),
            separator: self.separator,
        }
    }
}

/// [`Partition`], in words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The same attributes of different patients.
    Homogeneous,
    /// Different attributes of the same patients.
    Heterogeneous,
}

impl From<Kind> for Partition {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Homogeneous => Partition::Homogeneous,
            Kind::Heterogeneous => Partition::Heterogeneous,
        }
    }
}

/// What is declared on the chain of a data set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Declared {
    /// Its identifier.
    pub id: DataSetId,
    /// blake2-256(salt ‖ file).
    pub commitment: Digest,
    /// [`Attributes::digest`].
    pub attributes: Digest,
    /// Rows.
    pub rows: u32,
    /// Columns that are attributes: neither the classes nor the patients.
    pub columns: u32,
}

/// The columns of a data set, which its holder may tell.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Attributes {
    /// Names of the attributes, in their order.
    pub columns: Vec<String>,
    /// Name of the column of classes, where there is one.
    pub class: Option<String>,
}

impl Attributes {
    /// blake2-256 of SCALE(`salus/attributes/1`, columns, class): the same where holders have the same
    /// columns in the same order.
    pub fn digest(&self) -> Digest {
        let list = (b"salus/attributes/1", self).encode();
        Digest::from(<[u8; 32]>::from(Blake2b::<U32>::digest(list)))
    }
}

/// A data set in memory. Wiped when dropped.
pub struct DataSet {
    kind: Kind,
    attributes: Attributes,
    values: Array2<f64>,
    class: Option<Vec<f64>>,
    patients: Vec<String>,
}

impl Drop for DataSet {
    fn drop(&mut self) {
        self.values.iter_mut().for_each(Zeroize::zeroize);
        self.patients.zeroize();
        if let Some(classes) = &mut self.class {
            classes.zeroize();
        }
    }
}

impl DataSet {
    /// Reads a file.
    pub fn read(text: &[u8], description: &Description) -> Result<Self, Error> {
        let unfit = |what: &str| Err(Error::Unfit(what.into()));
        match description.partition {
            Kind::Homogeneous if description.class.is_none() => {
                return unfit("a homogeneous data set needs its column of classes")
            }
            Kind::Homogeneous if description.patients.is_some() => {
                return unfit(
                    "nobody needs the patients of a homogeneous data set; leave that column out",
                )
            }
            Kind::Heterogeneous if description.patients.is_none() => {
                return unfit("a heterogeneous data set needs the column that names its patients")
            }
            _ => {}
        }
        let limits = table::Limits {
            rows: MAX_ROWS as usize,
            columns: MAX_COLUMNS as usize + 1,
            values: usize::MAX,
            fields: MAX_FIELDS,
            header: MAX_HEADER,
        };
        let options = description.table.options();
        let Cells {
            mut names,
            values,
            texts,
        } = table::parse_cells(text, &options, description.patients.as_ref(), limits)?;
        let mut set = DataSet {
            kind: description.partition,
            attributes: Attributes {
                columns: Vec::new(),
                class: None,
            },
            values,
            class: None,
            patients: texts,
        };
        if let Some(column) = &description.class {
            let place = class_place(column, &names, description)?;
            let classes: Vec<f64> = set.values.column(place).to_vec();
            if let Some(row) = classes.iter().position(|class| class.is_nan()) {
                return Err(Error::Unfit(format!(
                    "row {} has no class; leave it out",
                    row + 1
                )));
            }
            set.class = Some(classes);
            set.attributes.class = Some(names.remove(place));
            set.values.remove_index(Axis(1), place);
        }
        if names.is_empty() || names.len() > MAX_COLUMNS as usize {
            return unfit("there must be from 1 to 1024 attributes beside classes and patients");
        }
        set.attributes.columns = names;
        Ok(set)
    }

    /// Its columns.
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.values.nrows()
    }

    /// Whether there is no row. A file without rows is not read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether its holder knows the classes.
    pub fn has_classes(&self) -> bool {
        self.class.is_some()
    }

    /// Rows of a provider; missing values stay missing.
    pub fn rows(&self, positive: &[f64]) -> Result<Rows, Error> {
        self.expect(Kind::Homogeneous)?;
        let classes = self.positive(positive)?.unwrap_or_default();
        Ok(Rows {
            values: self.values.clone(),
            positive: classes,
        })
    }

    /// Of each attribute the mean of the values that are there.
    pub fn means(&self) -> Result<Vec<f64>, Error> {
        let columns = self
            .values
            .columns()
            .into_iter()
            .zip(&self.attributes.columns);
        columns
            .map(|(column, name)| {
                let (count, sum) = column
                    .iter()
                    .filter(|value| !value.is_nan())
                    .fold((0u32, 0.0), |(count, sum), value| (count + 1, sum + value));
                match count {
                    0 => Err(Error::Unfit(format!("column {name:?} has no value"))),
                    count => Ok(sum / f64::from(count)),
                }
            })
            .collect()
    }

    /// Columns of a participant; a missing value is replaced by the mean of its column.
    pub fn block(&self, positive: &[f64]) -> Result<Block, Error> {
        self.expect(Kind::Heterogeneous)?;
        let mut values = self.values.clone();
        for (mut column, mean) in values.columns_mut().into_iter().zip(self.means()?) {
            column.map_inplace(|value| {
                if value.is_nan() {
                    *value = mean;
                }
            });
        }
        let names = self.patients.iter().map(|name| name.clone().into_bytes());
        Ok(Block::new(
            names.collect(),
            values,
            self.positive(positive)?,
        )?)
    }

    fn expect(&self, kind: Kind) -> Result<(), Error> {
        match self.kind == kind {
            true => Ok(()),
            false => Err(Error::Unfit(
                "the data set is for trainings of the other partition".into(),
            )),
        }
    }

    fn positive(&self, positive: &[f64]) -> Result<Option<Vec<bool>>, Error> {
        let Some(classes) = &self.class else {
            return Ok(None);
        };
        let classes: Vec<bool> = classes
            .iter()
            .map(|class| positive.contains(class))
            .collect();
        // One holder may have patients of one class only, so only columns of classes that nobody can
        // have meant are refused.
        match self.kind == Kind::Heterogeneous && !classes.contains(&true) {
            true => Err(Error::Unfit(format!(
                "no row of {:?} is of the positive class that the training states",
                self.attributes.class.as_deref().unwrap_or_default()
            ))),
            false => Ok(Some(classes)),
        }
    }
}

/// Where the classes are among the columns that were read.
fn class_place(
    column: &ColumnRef,
    names: &[String],
    description: &Description,
) -> Result<usize, Error> {
    let unknown = || Error::Unfit(format!("there is no column {column} of classes"));
    match column {
        ColumnRef::Name(name) => names.iter().position(|other| other == name),
        // Numbers are those of the file, where columns that are not read count as well.
        ColumnRef::Number(number) => {
            let plain = format!("column {number}");
            let mut left_out = Vec::new();
            for other in description.table.drop.iter().chain(&description.patients) {
                match other {
                    ColumnRef::Number(other) => left_out.push(*other),
                    ColumnRef::Name(name) => {
                        return Err(Error::Unfit(format!(
                            "name the column of classes, as {name:?} is named, or number both"
                        )))
                    }
                }
            }
            match names.iter().position(|name| *name == plain) {
                Some(place) => Some(place),
                None if left_out.contains(number) => None,
                None => {
                    let before = left_out.iter().filter(|other| *other < number).count();
                    (*number as usize)
                        .checked_sub(1 + before)
                        .filter(|place| *place < names.len())
                }
            }
        }
    }
    .ok_or_else(unknown)
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
            attributes: set.attributes.digest(),
            rows: set.len() as u32,
            columns: set.attributes.columns.len() as u32,
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

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = "patient,age,size,class\nann,30,?,2\nbob,50,1.5,4\n";

    fn holder() -> AccountId {
        AccountId::new([7; 32])
    }

    fn columns(class: bool) -> Description {
        Description {
            partition: Kind::Heterogeneous,
            class: class.then(|| ColumnRef::Name("class".into())),
            patients: Some(ColumnRef::Name("patient".into())),
            table: Table {
                drop: match class {
                    true => Default::default(),
                    false => [ColumnRef::Name("class".into())].into(),
                },
                ..Table::default()
            },
        }
    }

    #[test]
    fn what_was_added_is_read_again_and_a_changed_file_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path().join("data-sets")).unwrap();
        let declared = folder
            .add(&holder(), CSV.as_bytes(), &columns(true))
            .unwrap();
        assert_eq!((declared.rows, declared.columns), (2, 2));
        assert_eq!(declared.id, data_set_id(&holder(), &declared.commitment));
        assert_eq!(folder.list().unwrap(), [declared.id]);
        let set = folder.load(&declared.id, &declared.commitment).unwrap();
        assert_eq!(set.attributes().columns, ["age", "size"]);
        assert_eq!(set.attributes().digest(), declared.attributes);
        let block = set.block(&[4.0]).unwrap();
        assert_eq!(block.names(), [b"ann".to_vec(), b"bob".to_vec()]);
        assert!(block.has_classes());

        let content = folder.path_of(&declared.id).join(CONTENT);
        let mut bytes = fs::read(&content).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&content, bytes).unwrap();
        let error = folder.load(&declared.id, &declared.commitment);
        assert!(matches!(error, Err(Error::Changed(id)) if id == declared.id));
        folder.remove(&declared.id).unwrap();
        let error = folder.load(&declared.id, &declared.commitment);
        assert!(matches!(error, Err(Error::NotHere(_))));
    }

    #[test]
    fn the_digest_of_attributes_depends_on_names_order_and_classes() {
        let digest = |text: &str, class| {
            let set = DataSet::read(text.as_bytes(), &columns(class)).unwrap();
            set.attributes().digest()
        };
        let first = digest(CSV, true);
        assert_eq!(first, digest(&CSV.replace("30", "31"), true));
        assert_ne!(first, digest(CSV, false));
        assert_ne!(first, digest(&CSV.replace("age,size", "size,age"), true));
    }

    #[test]
    fn classes_and_patients_are_asked_for_where_they_belong() {
        let unfit = |description: Description| {
            let read = DataSet::read(CSV.as_bytes(), &description);
            assert!(matches!(read, Err(Error::Unfit(_))), "{description:?}");
        };
        unfit(Description {
            patients: None,
            ..columns(true)
        });
        unfit(Description {
            partition: Kind::Homogeneous,
            ..columns(true)
        });
        unfit(Description {
            class: Some(ColumnRef::Name("grade".into())),
            ..columns(true)
        });
        let set = DataSet::read(CSV.as_bytes(), &columns(true)).unwrap();
        assert!(set.rows(&[4.0]).is_err());
        assert!(set.block(&[9.0]).is_err());
    }

    #[test]
    fn numbers_of_columns_are_those_of_the_file() {
        let description = Description {
            partition: Kind::Homogeneous,
            class: Some(ColumnRef::Number(4)),
            patients: None,
            table: Table {
                drop: [ColumnRef::Number(1)].into(),
                header: Header::No,
                ..Table::default()
            },
        };
        let text = "17,30,?,2\n18,50,1.5,4\n";
        let set = DataSet::read(text.as_bytes(), &description).unwrap();
        let rows = set.rows(&[4.0]).unwrap();
        assert_eq!(rows.positive, [false, true]);
        assert_eq!(rows.values.ncols(), 2);
        assert!(rows.values[(0, 1)].is_nan());
    }
}
