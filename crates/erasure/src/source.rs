//! Where leaves come from: a file, memory, a custodian.

use std::{
    collections::BTreeMap,
    io::{Read, Seek, SeekFrom},
};

use crate::{Codec, Error, Extent, Rebuild, LEAF};

/// A chunk that can be read in parts.
pub trait ReadLeaves {
    /// How many leaves it has.
    fn leaves(&self) -> u32;

    /// Fills `out`, a whole number of leaves, from `first` on.
    fn read_leaves(&mut self, first: u32, out: &mut [u8]) -> Result<(), Error>;
}

/// A chunk in anything that can be read and positioned.
pub struct Leaves<T> {
    inner: T,
    leaves: u32,
}

impl<T: Read + Seek> Leaves<T> {
    /// Refuses what has not exactly `leaves`.
    pub fn new(mut inner: T, leaves: u32) -> Result<Self, Error> {
        let bytes = inner
            .seek(SeekFrom::End(0))
            .map_err(Error::io("reading a chunk"))?;
        if bytes != u64::from(leaves) * LEAF as u64 {
            return Err(Error::WrongSize { bytes, leaves });
        }
        Ok(Self { inner, leaves })
    }
}

impl<T: Read + Seek> ReadLeaves for Leaves<T> {
    fn leaves(&self) -> u32 {
        self.leaves
    }

    fn read_leaves(&mut self, first: u32, out: &mut [u8]) -> Result<(), Error> {
        let mut read = |inner: &mut T| {
            inner.seek(SeekFrom::Start(u64::from(first) * LEAF as u64))?;
            inner.read_exact(out)
        };
        read(&mut self.inner).map_err(Error::io(format!("reading a chunk from leaf {first} on")))
    }
}

/// A chunk with its number.
pub struct Source<'a> {
    /// The number.
    pub chunk: u8,
    /// Its leaves.
    pub leaves: &'a mut dyn ReadLeaves,
}

/// Checks the numbers and lengths of `sources` and brings them in order.
pub(crate) fn sorted<'a, 'b>(
    codec: &dyn Codec,
    leaves: u32,
    sources: &'b mut [Source<'a>],
) -> Result<BTreeMap<u8, &'b mut Source<'a>>, Error> {
    let shape = codec.shape();
    let need = usize::from(shape.data());
    let mut sorted = BTreeMap::new();
    for source in sources {
        let chunk = source.chunk;
        if chunk >= shape.total() {
            return Err(Error::NoSuchChunk {
                chunk,
                total: shape.total(),
            });
        }
        if source.leaves.leaves() != leaves {
            let bytes = u64::from(source.leaves.leaves()) * LEAF as u64;
            return Err(Error::WrongSize { bytes, leaves });
        }
        if sorted.insert(chunk, source).is_some() {
            return Err(Error::Duplicate { chunk, need });
        }
    }
    if sorted.len() < need {
        return Err(Error::TooFew {
            have: sorted.len(),
            need,
        });
    }
    Ok(sorted)
}

/// Reads the leaves of k chunks, and gives those of others.
pub(crate) struct Stripes<'a, 'b> {
    sources: BTreeMap<u8, &'b mut Source<'a>>,
    rebuild: Box<dyn Rebuild>,
    have: BTreeMap<u8, Vec<u8>>,
    want: BTreeMap<u8, Vec<u8>>,
}

impl<'a, 'b> Stripes<'a, 'b> {
    /// From the first k of `sources`, which are in order already.
    pub fn new(
        codec: &dyn Codec,
        mut sources: BTreeMap<u8, &'b mut Source<'a>>,
        want: impl Iterator<Item = u8>,
    ) -> Result<Self, Error> {
        let beyond = sources
            .keys()
            .nth(usize::from(codec.shape().data()))
            .copied();
        if let Some(beyond) = beyond {
            sources.split_off(&beyond);
        }
        let have: Vec<u8> = sources.keys().copied().collect();
        let want: Vec<u8> = want.filter(|chunk| !have.contains(chunk)).collect();
        Ok(Self {
            rebuild: codec.rebuild(&have, &want)?,
            have: have.into_iter().map(|chunk| (chunk, Vec::new())).collect(),
            want: want.into_iter().map(|chunk| (chunk, Vec::new())).collect(),
            sources,
        })
    }

    /// Takes the stripes `extent`.
    pub fn read(&mut self, extent: Extent) -> Result<(), Error> {
        let bytes = extent.count as usize * LEAF;
        for (source, buffer) in self.sources.values_mut().zip(self.have.values_mut()) {
            buffer.resize(bytes, 0);
            let read = source.leaves.read_leaves(extent.first, buffer);
            read.map_err(Error::source(source.chunk))?;
        }
        if self.want.is_empty() {
            return Ok(());
        }
        let have: Vec<&[u8]> = self.have.values().map(Vec::as_slice).collect();
        let mut want: Vec<&mut [u8]> = self
            .want
            .values_mut()
            .map(|buffer| {
                buffer.resize(bytes, 0);
                buffer.as_mut_slice()
            })
            .collect();
        self.rebuild.rebuild(&have, &mut want)
    }

    /// The leaves of `chunk` of the stripes that were read last.
    pub fn chunk(&self, chunk: u8) -> &[u8] {
        self.have
            .get(&chunk)
            .or_else(|| self.want.get(&chunk))
            .map_or(&[], Vec::as_slice)
    }
}

/// `extent` in pieces of at most `most` stripes.
pub(crate) fn pieces(extent: Extent, most: u32) -> impl Iterator<Item = Extent> {
    (extent.first..extent.end())
        .step_by(most as usize)
        .map(move |first| Extent {
            first,
            count: most.min(extent.end() - first),
        })
}
