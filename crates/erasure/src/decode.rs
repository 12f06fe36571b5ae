//! From chunks to records, and to chunks that were lost.

use primitive_types::H256;
use std::io::Write;

use crate::{
    encode::BATCH,
    source::{pieces, sorted, Stripes},
    Blake2b256, Codec, Error, Extent, InvalidManifest, Manifest, Shape, Source, Tombstone, Tree,
    TreeBuilder, LEAF,
};
use hash_db::Hasher;

/// Writes record `record` from any k chunks. On an error, what was written is worthless. A wrong
/// digest means that a chunk is wrong: [`liars`](crate::liars) says which.
pub fn restore_record(
    codec: &dyn Codec,
    manifest: &Manifest,
    record: usize,
    sources: &mut [Source],
    output: &mut dyn Write,
) -> Result<(), Error> {
    check(codec, manifest)?;
    let extent = manifest.extent(record)?;
    let wanted = manifest
        .records
        .get(record)
        .map_or(H256::default(), |record| record.digest);
    let mut left = manifest.records.get(record).map_or(0, |record| record.size);
    let sources = sorted(codec, manifest.leaves()?, sources)?;
    let data = manifest.shape.data();
    let mut stripes = Stripes::new(codec, sources, 0..data)?;
    let mut digest = blake2b_simd::Params::new()
        .hash_length(Blake2b256::LENGTH)
        .to_state();
    let mut buffer = Vec::with_capacity(BATCH * manifest.shape.stripe());
    for piece in pieces(extent, BATCH as u32) {
        stripes.read(piece)?;
        interleave(&stripes, manifest.shape, piece.count, &mut buffer);
        buffer.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        left = left.saturating_sub(buffer.len() as u64);
        digest.update(&buffer);
        output
            .write_all(&buffer)
            .map_err(Error::io(format!("writing record {record}")))?;
    }
    output
        .flush()
        .map_err(Error::io(format!("writing record {record}")))?;
    if digest.finalize().as_bytes() != wanted.as_bytes() {
        return Err(Error::Digest { record });
    }
    Ok(())
}

/// Writes chunk `chunk` from any k others, and gives its tree. Leaves that were deleted come as zeros,
/// their hashes from `gone`: a tombstone of this chunk for each record that was deleted.
pub fn rebuild_chunk(
    codec: &dyn Codec,
    manifest: &Manifest,
    chunk: u8,
    gone: &[Tombstone],
    sources: &mut [Source],
    output: &mut dyn Write,
) -> Result<Tree, Error> {
    check(codec, manifest)?;
    let leaves = manifest.leaves()?;
    let root = usize::from(chunk);
    let root = manifest.roots.get(root).ok_or(Error::NoSuchChunk {
        chunk,
        total: manifest.shape.total(),
    })?;
    let sources = sorted(codec, leaves, sources)?;
    let mut stripes = Stripes::new(codec, sources, std::iter::once(chunk))?;
    let mut tree = TreeBuilder::new();
    let mut gone: Vec<&Tombstone> = gone.iter().collect();
    gone.sort_by_key(|gone| gone.extent.first);
    let failed = || Error::io(format!("writing chunk {chunk}"));
    let mut next = 0;
    for gone in gone.into_iter().map(Some).chain([None]) {
        let until = gone.map_or(leaves, |gone| gone.extent.first);
        let count = until.checked_sub(next).ok_or_else(|| Error::Tombstone {
            extent: gone.map_or(
                Extent {
                    first: next,
                    count: 0,
                },
                |gone| gone.extent,
            ),
            leaves,
        })?;
        for piece in pieces(Extent { first: next, count }, BATCH as u32) {
            stripes.read(piece)?;
            tree.push(stripes.chunk(chunk));
            output.write_all(stripes.chunk(chunk)).map_err(failed())?;
        }
        if let Some(gone) = gone {
            tree.push_gone(gone, leaves)?;
            for _ in 0..gone.extent.count {
                output.write_all(&[0; LEAF]).map_err(failed())?;
            }
            next = gone.extent.end();
        }
    }
    output.flush().map_err(failed())?;
    let tree = tree.finish();
    if tree.root() != *root {
        return Err(Error::Root { chunk });
    }
    Ok(tree)
}

/// What an audit found. Nothing wrong: the block is what its owner committed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Chunks whose roots are not those of the code word.
    pub chunks: Vec<u8>,
    /// Records whose digests are not those of the data, or which are not filled up with zeros.
    pub records: Vec<usize>,
}

/// Rebuilds all of a block from any k chunks, codes it again and compares every root and digest. The
/// sources must be what their own roots commit to ([`root_of`](crate::root_of)): then whatever is
/// found is the owner's doing.
pub fn audit(
    codec: &dyn Codec,
    manifest: &Manifest,
    sources: &mut [Source],
) -> Result<Audit, Error> {
    check(codec, manifest)?;
    let shape = manifest.shape;
    let sources = sorted(codec, manifest.leaves()?, sources)?;
    let mut stripes = Stripes::new(codec, sources, 0..shape.total())?;
    let mut trees: Vec<TreeBuilder> = (0..shape.total()).map(|_| TreeBuilder::new()).collect();
    let mut audit = Audit::default();
    let mut buffer = Vec::with_capacity(BATCH * shape.stripe());
    for (record, (extent, stated)) in manifest.extents().zip(&manifest.records).enumerate() {
        let mut digest = blake2b_simd::Params::new()
            .hash_length(Blake2b256::LENGTH)
            .to_state();
        let mut left = stated.size;
        let mut padded = true;
        for piece in pieces(extent?, BATCH as u32) {
            stripes.read(piece)?;
            for (chunk, tree) in (0..shape.total()).zip(&mut trees) {
                tree.push(stripes.chunk(chunk));
            }
            interleave(&stripes, shape, piece.count, &mut buffer);
            let data = buffer
                .len()
                .min(usize::try_from(left).unwrap_or(usize::MAX));
            let (data, padding) = buffer.split_at(data);
            left = left.saturating_sub(data.len() as u64);
            digest.update(data);
            padded &= padding.iter().all(|byte| *byte == 0);
        }
        if !padded || digest.finalize().as_bytes() != stated.digest.as_bytes() {
            audit.records.push(record);
        }
    }
    let trees = trees
        .into_iter()
        .map(TreeBuilder::finish)
        .zip(&manifest.roots);
    audit.chunks = (0..)
        .zip(trees)
        .filter(|(_, (tree, root))| tree.root() != **root)
        .map(|(i, _)| i)
        .collect();
    Ok(audit)
}

fn check(codec: &dyn Codec, manifest: &Manifest) -> Result<(), Error> {
    manifest.check()?;
    if manifest.records.is_empty() {
        return Err(InvalidManifest::NoSuchRecord {
            record: 0,
            records: 0,
        }
        .into());
    }
    let (code, stated) = (codec.shape(), manifest.shape);
    if code != stated {
        return Err(Error::OtherShape { code, stated });
    }
    Ok(())
}

/// The data of `count` stripes in order.
fn interleave(stripes: &Stripes, shape: Shape, count: u32, buffer: &mut Vec<u8>) {
    buffer.clear();
    for stripe in 0..count as usize {
        for chunk in 0..shape.data() {
            let leaf = stripes.chunk(chunk).get(stripe * LEAF..(stripe + 1) * LEAF);
            buffer.extend_from_slice(leaf.unwrap_or(&[]));
        }
    }
}
