//! A chunk on disk: its leaves in one file, its tree beside it, the hashes of what was deleted in a
//! third.

use codec::{DecodeAll, Encode};
use primitive_types::H256;
use rustix::fs::{fadvise, fallocate, Advice, FallocateFlags};
use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use crate::{
    hash,
    liars::root_of,
    tree::{rows, Parts},
    Error, Extent, LeafProof, Proof, ReadLeaves, Tombstone, Tree, GROUP, LEAF,
};

const GROUP_LEAVES: u32 = GROUP as u32;

/// The files `<path>`, `<path>.tree` and, when something was deleted, `<path>.gone`.
pub struct ChunkFile {
    path: PathBuf,
    data: File,
    tree: File,
    leaves: u32,
    gone: Vec<Tombstone>,
}

impl ChunkFile {
    /// Puts tree and tombstones beside leaves that were written to `path`, and opens all. A chunk that
    /// was not sealed does not open.
    pub fn seal(path: &Path, tree: &Tree, gone: &[Tombstone]) -> Result<Self, Error> {
        File::open(path)
            .and_then(|data| data.sync_all())
            .map_err(named(path))?;
        if !gone.is_empty() {
            replace(&beside(path, "gone"), &gone.encode())?;
        }
        let mut bytes = Vec::new();
        tree.write(&mut bytes)?;
        replace(&beside(path, "tree"), &bytes)?;
        Self::open(path, tree.leaves())
    }

    /// Opens a chunk of `leaves`, and ends deletions that were cut short.
    pub fn open(path: &Path, leaves: u32) -> Result<Self, Error> {
        let data = File::options()
            .read(true)
            .write(true)
            .open(path)
            .map_err(named(path))?;
        let bytes = data.metadata().map_err(named(path))?.len();
        if bytes != u64::from(leaves) * LEAF as u64 {
            return Err(Error::WrongSize { bytes, leaves });
        }
        let beside_tree = beside(path, "tree");
        let tree = File::open(&beside_tree).map_err(named(&beside_tree))?;
        let bytes = tree.metadata().map_err(named(&beside_tree))?.len();
        let wanted = Tree::size(leaves);
        if bytes != wanted {
            return Err(Error::WrongTree {
                bytes,
                leaves,
                wanted,
            });
        }
        for file in [&data, &tree] {
            // Leaves are asked for anywhere: nothing is to be read ahead.
            let _ = fadvise(file, 0, None, Advice::Random);
        }
        let beside_gone = beside(path, "gone");
        let gone = match fs::read(&beside_gone) {
            Ok(bytes) => Vec::<Tombstone>::decode_all(&mut &bytes[..])
                .map_err(|error| named(&beside_gone)(io::Error::other(error.to_string())))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(named(&beside_gone)(error)),
        };
        gone.iter().try_for_each(|gone| gone.check(leaves))?;
        let chunk = Self {
            path: path.to_owned(),
            data,
            tree,
            leaves,
            gone,
        };
        chunk
            .gone
            .iter()
            .try_for_each(|gone| chunk.erase(gone.extent))?;
        Ok(chunk)
    }

    /// What was deleted.
    pub fn gone(&self) -> &[Tombstone] {
        &self.gone
    }

    /// The root that the leaves and tombstones give, all of them read.
    pub fn root(&mut self) -> Result<H256, Error> {
        let gone = self.gone.clone();
        root_of(self, &gone)
    }

    /// A proof of `asked`, which reads sixteen leaves and one path of the tree for each.
    pub fn prove(&self, asked: &[u32]) -> Result<Proof, Error> {
        self.fetch(asked);
        let leaves = asked
            .iter()
            .map(|leaf| self.prove_leaf(*leaf))
            .collect::<Result<_, _>>()?;
        Ok(Proof { leaves })
    }

    /// Lets the disk find everything at once. What it does not take as advice is read later.
    fn fetch(&self, asked: &[u32]) {
        let advise = |file: &File, start: u64, length: u64| {
            let _ = fadvise(file, start, length.try_into().ok(), Advice::WillNeed);
        };
        for leaf in asked.iter().filter(|leaf| **leaf < self.leaves) {
            let group = leaf / GROUP_LEAVES;
            let bytes = (GROUP * LEAF) as u64;
            advise(&self.data, u64::from(group) * bytes, bytes);
            let (mut position, mut row_start) = (group, 0u64);
            for width in rows(self.leaves) {
                advise(&self.tree, (row_start + u64::from(position ^ 1)) * 32, 32);
                row_start += u64::from(width);
                position /= 2;
            }
        }
    }

    fn prove_leaf(&self, leaf: u32) -> Result<LeafProof, Error> {
        if leaf >= self.leaves {
            let extent = Extent {
                first: leaf,
                count: 1,
            };
            return Err(Error::NoSuchLeaf {
                extent,
                leaves: self.leaves,
            });
        }
        if self.gone.iter().any(|gone| gone.extent.contains(leaf)) {
            return Err(Error::Gone { leaf });
        }
        let mut data = vec![0; LEAF];
        self.read_at(leaf, &mut data)?;

        let mut path = Vec::with_capacity(crate::MAX_PATH);
        let mut position = leaf % GROUP_LEAVES;
        let mut row = self.group(leaf / GROUP_LEAVES)?;
        for _ in 0..GROUP.ilog2() {
            path.extend(row.get((position ^ 1) as usize));
            row = hash::row_above(&row);
            position /= 2;
        }

        let (mut position, mut row_start) = (leaf / GROUP_LEAVES, 0u64);
        for width in rows(self.leaves) {
            if position ^ 1 < width {
                path.push(self.node(row_start + u64::from(position ^ 1))?);
            }
            row_start += u64::from(width);
            position /= 2;
        }
        Ok(LeafProof { leaf, data, path })
    }

    /// The hashes of the leaves of a group that is not gone as a whole.
    fn group(&self, group: u32) -> Result<Vec<H256>, Error> {
        let first = group * GROUP_LEAVES;
        let end = first.saturating_add(GROUP_LEAVES).min(self.leaves);
        let mut data = vec![0; (end - first) as usize * LEAF];
        self.read_at(first, &mut data)?;
        let mut hashes = hash::leaves(&data);
        for (leaf, hash) in (first..end).zip(&mut hashes) {
            let kept = self.gone.iter().find(|gone| gone.extent.contains(leaf));
            if let Some(kept) = kept {
                *hash = kept.leaf(leaf, self.leaves).ok_or(Error::Gone { leaf })?;
            }
        }
        Ok(hashes)
    }

    fn node(&self, number: u64) -> Result<H256, Error> {
        let mut node = H256::default();
        self.tree
            .read_exact_at(&mut node.0, number * 32)
            .map_err(named(&beside(&self.path, "tree")))?;
        Ok(node)
    }

    fn read_at(&self, first: u32, out: &mut [u8]) -> Result<(), Error> {
        self.data
            .read_exact_at(out, u64::from(first) * LEAF as u64)
            .map_err(named(&self.path))
    }

    /// Drops the leaves of a record and keeps their hashes. A second time it gives the same hashes.
    pub fn delete(&mut self, extent: Extent) -> Result<Tombstone, Error> {
        let parts = Parts::of(extent, self.leaves)?;
        if let Some(gone) = self.gone.iter().find(|gone| gone.extent == extent) {
            self.erase(extent)?;
            return Ok(gone.clone());
        }
        let first = extent.first;
        if let Some(gone) = self.overlap(extent) {
            return Err(Error::Gone {
                leaf: gone.first.max(first),
            });
        }
        let mut edges = Vec::new();
        for range in [parts.before.clone(), parts.after.clone()] {
            let mut data = vec![0; range.len() * LEAF];
            self.read_at(range.start, &mut data)?;
            edges.extend(hash::leaves(&data));
        }
        let groups = parts
            .groups
            .clone()
            .map(|group| self.node(u64::from(group)));
        let groups = groups.collect::<Result<_, _>>()?;
        let gone = Tombstone {
            extent,
            edges,
            groups,
        };
        // The hashes are safe before the leaves go.
        self.gone.push(gone.clone());
        if let Err(error) = replace(&beside(&self.path, "gone"), &self.gone.encode()) {
            self.gone.pop();
            return Err(error);
        }
        self.erase(extent)?;
        Ok(gone)
    }

    fn overlap(&self, extent: Extent) -> Option<Extent> {
        let overlaps = |gone: &&Tombstone| {
            gone.extent.first < extent.end() && extent.first < gone.extent.end()
        };
        self.gone.iter().find(overlaps).map(|gone| gone.extent)
    }

    /// Gives the space back to the file system; where that cannot be, zeros are written.
    fn erase(&self, extent: Extent) -> Result<(), Error> {
        let start = u64::from(extent.first) * LEAF as u64;
        let length = u64::from(extent.count) * LEAF as u64;
        let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        let punched = fallocate(&self.data, hole, start, length).map_err(io::Error::from);
        if let Err(error) = punched {
            if error.kind() != io::ErrorKind::Unsupported {
                return Err(named(&self.path)(error));
            }
            (extent.first..extent.end())
                .try_for_each(|leaf| {
                    self.data
                        .write_all_at(&[0; LEAF], u64::from(leaf) * LEAF as u64)
                })
                .map_err(named(&self.path))?;
        }
        self.data.sync_all().map_err(named(&self.path))
    }
}

impl ReadLeaves for ChunkFile {
    fn leaves(&self) -> u32 {
        self.leaves
    }

    fn read_leaves(&mut self, first: u32, out: &mut [u8]) -> Result<(), Error> {
        let count = u32::try_from(out.len() / LEAF).unwrap_or(u32::MAX);
        if let Some(gone) = self.overlap(Extent { first, count }) {
            return Err(Error::Gone {
                leaf: gone.first.max(first),
            });
        }
        self.read_at(first, out)
    }
}

fn beside(path: &Path, kind: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(kind);
    name.into()
}

fn named(path: &Path) -> impl Fn(io::Error) -> Error + '_ {
    move |error| Error::Io {
        what: path.display().to_string(),
        error,
    }
}

/// Writes a file whole or not at all.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let new = beside(path, "new");
    let write = || {
        let mut file = File::create(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        // The name is on disk when its folder is.
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    };
    write().map_err(named(path))
}
