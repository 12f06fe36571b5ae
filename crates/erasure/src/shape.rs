//! How records lie in stripes and chunks.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use primitive_types::H256;
use scale_info::TypeInfo;

/// Bytes of a leaf: what one chunk holds of one stripe.
pub const LEAF: usize = 1024;

/// Leaves below each hash that is kept on disk.
pub const GROUP: usize = 16;

/// k of m: any `data` of `total` chunks give back everything.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Shape {
    data: u8,
    total: u8,
}

impl Shape {
    /// `1 <= data < total <= 255`.
    pub fn new(data: u8, total: u8) -> Result<Self, InvalidManifest> {
        let shape = Self { data, total };
        shape.check().map(|()| shape)
    }

    /// A decoded shape may be anything.
    pub fn check(&self) -> Result<(), InvalidManifest> {
        if self.data == 0 || self.data >= self.total {
            return Err(InvalidManifest::Shape {
                data: self.data,
                total: self.total,
            });
        }
        Ok(())
    }

    /// k, the chunks that are needed.
    pub fn data(&self) -> u8 {
        self.data
    }

    /// m, the chunks that are kept.
    pub fn total(&self) -> u8 {
        self.total
    }

    /// Bytes of data in a stripe.
    pub fn stripe(&self) -> usize {
        usize::from(self.data) * LEAF
    }

    /// The stripes of a record of `size` bytes.
    pub fn stripes(&self, size: u64) -> u64 {
        size.div_ceil((self.stripe() as u64).max(1))
    }
}

/// Leaves of one record, the same in every chunk of the block.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Extent {
    /// The first leaf.
    pub first: u32,
    /// How many.
    pub count: u32,
}

impl Extent {
    /// One past the last leaf.
    pub fn end(&self) -> u32 {
        self.first.saturating_add(self.count)
    }

    /// Whether `leaf` belongs to it.
    pub fn contains(&self, leaf: u32) -> bool {
        (self.first..self.end()).contains(&leaf)
    }
}

/// One record of a block.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Record {
    /// Bytes, at least one.
    pub size: u64,
    /// BLAKE2b-256 of the bytes.
    pub digest: H256,
}

/// What is public of a block: its shape, its records in order, the root of every chunk.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Manifest {
    /// k of m.
    pub shape: Shape,
    /// Records, in the order of their leaves.
    pub records: Vec<Record>,
    /// Roots, by number of chunk.
    pub roots: Vec<H256>,
}

impl Manifest {
    /// Whether shape, records and roots fit together. Manifests of others are checked first.
    pub fn check(&self) -> Result<(), InvalidManifest> {
        self.shape.check()?;
        if self.roots.len() != usize::from(self.shape.total) {
            return Err(InvalidManifest::Roots {
                total: self.shape.total,
                roots: self.roots.len() as u64,
            });
        }
        self.leaves().map(|_| ())
    }

    /// Leaves of every chunk.
    pub fn leaves(&self) -> Result<u32, InvalidManifest> {
        self.extents()
            .try_fold(0, |_, extent| extent.map(|extent| extent.end()))
    }

    /// Where each record lies.
    pub fn extents(&self) -> impl Iterator<Item = Result<Extent, InvalidManifest>> + '_ {
        let mut next = 0u32;
        self.records
            .iter()
            .enumerate()
            .map(move |(record, Record { size, .. })| {
                if *size == 0 {
                    return Err(InvalidManifest::Empty {
                        record: record as u64,
                    });
                }
                let count = u32::try_from(self.shape.stripes(*size)).ok();
                let end = count.and_then(|count| next.checked_add(count));
                match (count, end) {
                    (Some(count), Some(end)) => {
                        let first = core::mem::replace(&mut next, end);
                        Ok(Extent { first, count })
                    }
                    _ => Err(InvalidManifest::TooLarge {
                        record: record as u64,
                    }),
                }
            })
    }

    /// Where record `record` lies.
    pub fn extent(&self, record: usize) -> Result<Extent, InvalidManifest> {
        self.extents()
            .nth(record)
            .unwrap_or(Err(InvalidManifest::NoSuchRecord {
                record: record as u64,
                records: self.records.len() as u64,
            }))
    }
}

/// What is wrong with a shape, a manifest, or a question about one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "std", derive(thiserror::Error))]
pub enum InvalidManifest {
    /// k of m that no code has.
    #[cfg_attr(
        feature = "std",
        error(
            "k = {data} of m = {total}: k must be at least 1 and less than m, and m at most 255"
        )
    )]
    Shape {
        /// k.
        data: u8,
        /// m.
        total: u8,
    },
    /// Not one root for each chunk.
    #[cfg_attr(feature = "std", error("{roots} chunk roots for m = {total} chunks"))]
    Roots {
        /// m.
        total: u8,
        /// What is there.
        roots: u64,
    },
    /// A record without bytes owns no leaf, so nobody could be asked for it.
    #[cfg_attr(
        feature = "std",
        error("record {record} is empty: a stored record has at least one byte")
    )]
    Empty {
        /// Its number in the block.
        record: u64,
    },
    /// More leaves than a chunk numbers.
    #[cfg_attr(
        feature = "std",
        error("with record {record} a chunk has more than 2^32 - 1 leaves: begin another block")
    )]
    TooLarge {
        /// Its number in the block.
        record: u64,
    },
    /// There is no such record.
    #[cfg_attr(
        feature = "std",
        error("no record {record}: the block has {records}, counted from 0")
    )]
    NoSuchRecord {
        /// What was asked for.
        record: u64,
        /// How many there are.
        records: u64,
    },
}
