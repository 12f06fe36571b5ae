//! The Merkle tree of a chunk. Hashes of single leaves are not kept: sixteen leaves are hashed again
//! when one of them is asked for.

use codec::{Decode, Encode};
use primitive_types::H256;
use std::{
    io::{Read, Write},
    ops::Range,
};

use crate::{hash, Error, Extent, GROUP};

const GROUP_LEAVES: u32 = GROUP as u32;

/// The hashes of a tree from 16 leaves upward: the groups, then row by row up to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    leaves: u32,
    nodes: Vec<H256>,
}

impl Tree {
    /// Leaves below it.
    pub fn leaves(&self) -> u32 {
        self.leaves
    }

    /// The commitment, together with the number of leaves.
    pub fn root(&self) -> H256 {
        self.nodes.last().copied().unwrap_or_default()
    }

    /// Bytes of the tree of a chunk of `leaves`.
    pub fn size(leaves: u32) -> u64 {
        rows(leaves).map(|width| u64::from(width) * 32).sum()
    }

    /// Writes 32 bytes a hash.
    pub fn write(&self, output: &mut dyn Write) -> Result<(), Error> {
        self.nodes
            .iter()
            .try_for_each(|node| output.write_all(node.as_bytes()))
            .map_err(Error::io("writing a tree"))
    }

    /// Reads what `write` wrote for a chunk of `leaves`. Its root may be anything.
    pub fn read(leaves: u32, input: &mut dyn Read) -> Result<Self, Error> {
        let wanted = Self::size(leaves);
        let mut bytes = Vec::new();
        // One more byte than wanted tells a longer one.
        input
            .take(wanted.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(Error::io("reading a tree"))?;
        if bytes.len() as u64 != wanted {
            return Err(Error::WrongTree {
                bytes: bytes.len() as u64,
                leaves,
                wanted,
            });
        }
        Ok(Self {
            leaves,
            nodes: bytes.chunks_exact(32).map(H256::from_slice).collect(),
        })
    }

    fn over(leaves: u32, groups: Vec<H256>) -> Self {
        let mut nodes = groups.clone();
        let mut row = groups;
        while row.len() > 1 {
            row = hash::row_above(&row);
            nodes.extend_from_slice(&row);
        }
        Self { leaves, nodes }
    }
}

/// Widths of the rows that are kept, from the groups to the root.
pub(crate) fn rows(leaves: u32) -> impl Iterator<Item = u32> {
    let groups = leaves.div_ceil(GROUP_LEAVES);
    std::iter::successors(Some(groups).filter(|groups| *groups > 0), |width| {
        Some(width.div_ceil(2)).filter(|_| *width > 1)
    })
}

/// The hashes that stay when a record's leaves are dropped.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Tombstone {
    /// The leaves that were dropped.
    pub extent: Extent,
    /// Hashes of those in groups that have other leaves too.
    pub edges: Vec<H256>,
    /// Hashes of groups that were dropped whole.
    pub groups: Vec<H256>,
}

impl Tombstone {
    /// Whether it fits a chunk of `leaves`.
    pub(crate) fn check(&self, leaves: u32) -> Result<(), Error> {
        let parts = Parts::of(self.extent, leaves)?;
        if parts.edges().count() != self.edges.len() || parts.groups.len() != self.groups.len() {
            return Err(Error::Tombstone {
                extent: self.extent,
                leaves,
            });
        }
        Ok(())
    }

    /// The hash of a dropped leaf, if it is kept.
    pub(crate) fn leaf(&self, leaf: u32, leaves: u32) -> Option<H256> {
        let parts = Parts::of(self.extent, leaves).ok()?;
        let position = parts.edges().position(|edge| edge == leaf)?;
        self.edges.get(position).copied()
    }
}

/// A range of leaves as leaves up to the next group, whole groups, leaves behind the last.
pub(crate) struct Parts {
    pub before: Range<u32>,
    pub groups: Range<u32>,
    pub after: Range<u32>,
}

impl Parts {
    pub fn of(extent: Extent, leaves: u32) -> Result<Self, Error> {
        let (first, end) = (extent.first, extent.end());
        let fits = extent
            .first
            .checked_add(extent.count)
            .is_some_and(|end| end <= leaves);
        if !fits || extent.count == 0 {
            return Err(Error::NoSuchLeaf { extent, leaves });
        }
        let from = first.div_ceil(GROUP_LEAVES);
        // The last group may have fewer leaves.
        let to = if end == leaves {
            end.div_ceil(GROUP_LEAVES)
        } else {
            end / GROUP_LEAVES
        };
        if from >= to {
            return Ok(Self {
                before: first..end,
                groups: 0..0,
                after: end..end,
            });
        }
        Ok(Self {
            before: first..from * GROUP_LEAVES,
            groups: from..to,
            after: end.min(to.saturating_mul(GROUP_LEAVES))..end,
        })
    }

    /// Leaves of groups that are not whole.
    pub fn edges(&self) -> impl Iterator<Item = u32> {
        self.before.clone().chain(self.after.clone())
    }
}

/// Builds a tree from a chunk's leaves, in order.
#[derive(Default)]
pub struct TreeBuilder {
    leaves: u32,
    /// Leaves of the group that is not full yet.
    pending: Vec<H256>,
    groups: Vec<H256>,
}

impl TreeBuilder {
    /// No leaves yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next leaves, a whole number of them.
    pub fn push(&mut self, bytes: &[u8]) -> &mut Self {
        self.push_hashes(hash::leaves(bytes));
        self
    }

    /// The next leaves, which were dropped. `leaves` is the chunk's number of them.
    pub fn push_gone(&mut self, gone: &Tombstone, leaves: u32) -> Result<&mut Self, Error> {
        gone.check(leaves)?;
        let parts = Parts::of(gone.extent, leaves)?;
        if gone.extent.first != self.leaves {
            return Err(Error::Tombstone {
                extent: gone.extent,
                leaves,
            });
        }
        let (before, after) = gone.edges.split_at(parts.before.len());
        self.push_hashes(before.to_vec());
        if !parts.groups.is_empty() {
            self.groups.extend_from_slice(&gone.groups);
            self.leaves = parts.after.start;
        }
        self.push_hashes(after.to_vec());
        Ok(self)
    }

    fn push_hashes(&mut self, hashes: Vec<H256>) {
        self.leaves = self.leaves.saturating_add(hashes.len() as u32);
        self.pending.extend(hashes);
        let rest = self.pending.split_off(self.pending.len() / GROUP * GROUP);
        let mut row = std::mem::replace(&mut self.pending, rest);
        // Full groups lie side by side, so that four rows of all of them are hashed at once.
        for _ in 0..GROUP.ilog2() {
            row = hash::row_above(&row);
        }
        self.groups.extend(row);
    }

    /// The tree over all leaves so far.
    pub fn finish(self) -> Tree {
        let Self {
            leaves,
            pending,
            mut groups,
        } = self;
        groups.extend(hash::root(pending));
        Tree::over(leaves, groups)
    }
}
