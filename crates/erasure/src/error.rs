//! What goes wrong with chunks.

use std::io;

use crate::{Extent, InvalidManifest, Shape};

/// What went wrong, in the words of the field. Chunks, records and leaves are counted from 0.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A shape or manifest, or a question about one.
    #[error(transparent)]
    Manifest(#[from] InvalidManifest),
    /// Fewer chunks than k.
    #[error("{have} chunks, {need} are needed to rebuild: ask more custodians")]
    TooFew {
        /// How many there are.
        have: usize,
        /// k.
        need: usize,
    },
    /// A number beyond m.
    #[error("chunk {chunk} of {total}: chunks are counted from 0")]
    NoSuchChunk {
        /// The number.
        chunk: u8,
        /// m.
        total: u8,
    },
    /// The same chunk twice.
    #[error("chunk {chunk} was given twice: any {need} different ones are needed")]
    Duplicate {
        /// The number.
        chunk: u8,
        /// k.
        need: usize,
    },
    /// A chunk of another length than its manifest says.
    #[error("the chunk has {bytes} bytes, its manifest says {leaves} leaves of 1024: it was cut or is another's")]
    WrongSize {
        /// Its bytes.
        bytes: u64,
        /// Leaves it should have.
        leaves: u32,
    },
    /// The tree kept with a chunk is of another size.
    #[error("the tree has {bytes} bytes, for {leaves} leaves {wanted} are needed: rebuild it from the chunk")]
    WrongTree {
        /// Its bytes.
        bytes: u64,
        /// Leaves of the chunk.
        leaves: u32,
        /// Bytes it should have.
        wanted: u64,
    },
    /// Leaves beyond the end.
    #[error("leaves {} to {} of {leaves}", extent.first, u64::from(extent.first) + u64::from(extent.count))]
    NoSuchLeaf {
        /// What was asked for.
        extent: Extent,
        /// How many there are.
        leaves: u32,
    },
    /// A source failed: another may take its place.
    #[error("chunk {chunk}: {error}")]
    Source {
        /// The number.
        chunk: u8,
        /// What went wrong with it.
        error: Box<Error>,
    },
    /// The record of the leaf was deleted.
    #[error("leaf {leaf} belongs to a deleted record: nobody can be asked for it")]
    Gone {
        /// The leaf.
        leaf: u32,
    },
    /// Hashes of deleted leaves that do not fit the chunk.
    #[error("the hashes of deleted leaves {} to {} do not fit a chunk of {leaves} leaves", extent.first, u64::from(extent.first) + u64::from(extent.count))]
    Tombstone {
        /// The deleted leaves.
        extent: Extent,
        /// Leaves of the chunk.
        leaves: u32,
    },
    /// A chunk does not hash to its root.
    #[error("chunk {chunk} does not hash to its root: it is not what the owner committed to")]
    Root {
        /// The number.
        chunk: u8,
    },
    /// A record's bytes are not those of its digest.
    #[error("record {record} was rebuilt with another digest: one of the chunks is wrong")]
    Digest {
        /// Its number in the block.
        record: usize,
    },
    /// Chunks contradict each other, and who lies cannot be told.
    #[error("the chunks contradict each other at leaf {leaf} and more than {found} of them are wrong: get more chunks, or their roots")]
    Undecided {
        /// Where.
        leaf: u32,
        /// As many liars could be found.
        found: usize,
    },
    /// A code for another shape.
    #[error("the code is {} of {}, the block {} of {}", code.data(), code.total(), stated.data(), stated.total())]
    OtherShape {
        /// The code's.
        code: Shape,
        /// The block's.
        stated: Shape,
    },
    /// Not one output for each chunk.
    #[error("{outputs} outputs for {total} chunks")]
    Outputs {
        /// What was given.
        outputs: usize,
        /// m.
        total: u8,
    },
    /// A record could not be read to its end; what was written is not a block.
    #[error("the block is incomplete since a record could not be coded: begin it again")]
    Broken,
    /// Buffers that do not fit the code.
    #[error("code: {0}")]
    Code(String),
    /// Reading or writing.
    #[error("{what}: {error}")]
    Io {
        /// What was read or written.
        what: String,
        /// Why it failed.
        error: io::Error,
    },
}

impl Error {
    pub(crate) fn source(chunk: u8) -> impl FnOnce(Self) -> Self {
        move |error| Self::Source {
            chunk,
            error: Box::new(error),
        }
    }

    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io { what, error }
    }
}
