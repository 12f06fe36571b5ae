//! From records to chunks.

use primitive_types::H256;
use std::io::{ErrorKind, Read, Write};

use crate::{Codec, Error, Extent, InvalidManifest, Manifest, Record, Tree, TreeBuilder, LEAF};

/// Stripes that are coded at once.
pub(crate) const BATCH: usize = 64;

/// Codes the records of a block, one after the other, into m outputs. Holds m times 64 KiB, and 32
/// bytes for each 16 KiB that it wrote.
pub struct Encoder<'a, W> {
    codec: &'a dyn Codec,
    outputs: Vec<W>,
    trees: Vec<TreeBuilder>,
    records: Vec<Record>,
    leaves: u32,
    /// One batch of leaves of every chunk.
    chunks: Vec<Vec<u8>>,
    /// Stripes of the batch that are filled.
    filled: usize,
    broken: bool,
}

/// A block that was coded.
pub struct Encoded<W> {
    /// What is public of it.
    pub manifest: Manifest,
    /// The tree of every chunk.
    pub trees: Vec<Tree>,
    /// The outputs, flushed.
    pub outputs: Vec<W>,
}

impl<'a, W: Write> Encoder<'a, W> {
    /// Begins a block; chunk i goes to output i.
    pub fn new(codec: &'a dyn Codec, outputs: Vec<W>) -> Result<Self, Error> {
        let shape = codec.shape();
        shape.check()?;
        let total = usize::from(shape.total());
        if outputs.len() != total {
            return Err(Error::Outputs {
                outputs: outputs.len(),
                total: shape.total(),
            });
        }
        Ok(Self {
            codec,
            outputs,
            trees: (0..total).map(|_| TreeBuilder::new()).collect(),
            records: Vec::new(),
            leaves: 0,
            chunks: vec![vec![0; BATCH * LEAF]; total],
            filled: 0,
            broken: false,
        })
    }

    /// The next record, to the end of `input`.
    pub fn record(&mut self, input: &mut dyn Read) -> Result<Extent, Error> {
        if self.broken {
            return Err(Error::Broken);
        }
        self.broken = true;
        let record = self.records.len() as u64;
        let first = self.leaves;
        let stripe = self.codec.shape().stripe();
        let mut buffer = vec![0; stripe];
        let mut digest = blake2b_simd::Params::new().hash_length(32).to_state();
        let mut size = 0u64;
        loop {
            let read = read_full(input, &mut buffer)
                .map_err(Error::io(format!("reading record {record}")))?;
            if read == 0 {
                break;
            }
            let (data, rest) = buffer.split_at_mut(read);
            digest.update(data);
            rest.fill(0);
            size = size.saturating_add(read as u64);
            self.leaves = self
                .leaves
                .checked_add(1)
                .ok_or(InvalidManifest::TooLarge { record })?;
            self.stripe(&buffer)?;
            if read < stripe {
                break;
            }
        }
        if size == 0 {
            // Nothing was written: the block goes on without it.
            self.broken = false;
            return Err(InvalidManifest::Empty { record }.into());
        }
        let digest = H256::from_slice(digest.finalize().as_bytes());
        self.records.push(Record { size, digest });
        self.broken = false;
        Ok(Extent {
            first,
            count: self.leaves.saturating_sub(first),
        })
    }

    fn stripe(&mut self, data: &[u8]) -> Result<(), Error> {
        let from = self.filled * LEAF;
        for (chunk, leaf) in self.chunks.iter_mut().zip(data.chunks_exact(LEAF)) {
            if let Some(place) = chunk.get_mut(from..from + LEAF) {
                place.copy_from_slice(leaf);
            }
        }
        self.filled += 1;
        if self.filled == BATCH {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        let filled = std::mem::take(&mut self.filled) * LEAF;
        let (data, parity) = self
            .chunks
            .split_at_mut(usize::from(self.codec.shape().data()));
        let data: Vec<&[u8]> = data
            .iter()
            .filter_map(|chunk| chunk.get(..filled))
            .collect();
        let mut parity: Vec<&mut [u8]> = parity
            .iter_mut()
            .filter_map(|chunk| chunk.get_mut(..filled))
            .collect();
        self.codec.encode(&data, &mut parity)?;
        let chunks = data.into_iter().chain(parity.iter().map(|chunk| &**chunk));
        let outputs = self.outputs.iter_mut().zip(&mut self.trees);
        for (number, (chunk, (output, tree))) in chunks.zip(outputs).enumerate() {
            tree.push(chunk);
            output
                .write_all(chunk)
                .map_err(Error::io(format!("writing chunk {number}")))?;
        }
        Ok(())
    }

    /// The block of the records so far, at least one.
    pub fn finish(mut self) -> Result<Encoded<W>, Error> {
        if self.broken {
            return Err(Error::Broken);
        }
        if self.records.is_empty() {
            return Err(InvalidManifest::NoSuchRecord {
                record: 0,
                records: 0,
            }
            .into());
        }
        if self.filled > 0 {
            self.flush()?;
        }
        for (number, output) in self.outputs.iter_mut().enumerate() {
            output
                .flush()
                .map_err(Error::io(format!("writing chunk {number}")))?;
        }
        let trees: Vec<Tree> = self.trees.into_iter().map(TreeBuilder::finish).collect();
        let manifest = Manifest {
            shape: self.codec.shape(),
            records: self.records,
            roots: trees.iter().map(Tree::root).collect(),
        };
        Ok(Encoded {
            manifest,
            trees,
            outputs: self.outputs,
        })
    }
}

/// Fills `buffer` as far as `input` goes.
fn read_full(input: &mut dyn Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut read = 0;
    while let Some(rest) = buffer.get_mut(read..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}
