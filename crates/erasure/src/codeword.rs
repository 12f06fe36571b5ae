//! That an owner committed to chunks which are no code word: k + 1 leaves of one stripe that no
//! polynomial of degree below k goes through.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use hash_db::Hasher;
use primitive_types::H256;
use rusty_erasure::gf::{inv, mul};
use scale_info::TypeInfo;

use crate::{verify_leaf, InvalidManifest, InvalidProof, LeafProof, Shape, LEAF};

/// The same leaf of k + 1 chunks, by rising number of chunk.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct WrongCodeword {
    /// Number of the chunk, its leaf.
    pub leaves: Vec<(u8, LeafProof)>,
}

/// Why a code word is not shown to be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "std", derive(thiserror::Error))]
pub enum NotWrong {
    /// The block's shape or roots.
    #[cfg_attr(feature = "std", error(transparent))]
    Manifest(InvalidManifest),
    /// Not k + 1 leaves.
    #[cfg_attr(feature = "std", error("leaves of {got} chunks, {need} are needed"))]
    Count {
        /// How many came.
        got: u32,
        /// k + 1.
        need: u32,
    },
    /// Chunks that are not of the block, not in order, or twice.
    #[cfg_attr(
        feature = "std",
        error("chunk {chunk} is none of the block's, or not in rising order")
    )]
    Chunk {
        /// The number.
        chunk: u8,
    },
    /// Leaves of different stripes.
    #[cfg_attr(
        feature = "std",
        error("chunk {chunk} shows leaf {got}, the first leaf {leaf}")
    )]
    Leaf {
        /// The number of the chunk.
        chunk: u8,
        /// The first chunk's leaf.
        leaf: u32,
        /// This chunk's leaf.
        got: u32,
    },
    /// A leaf that is not the chunk's.
    #[cfg_attr(feature = "std", error("chunk {chunk}: {proof}"))]
    Proof {
        /// The number of the chunk.
        chunk: u8,
        /// What is wrong.
        proof: InvalidProof,
    },
    /// The leaves are a code word.
    #[cfg_attr(
        feature = "std",
        error("the leaves fit each other: nothing is wrong with this stripe")
    )]
    Fits,
}

/// Whether `shown` convicts the owner of a block with these roots, all of its chunks of `leaves`.
pub fn verify_wrong_codeword<H: Hasher<Out = H256>>(
    shape: Shape,
    roots: &[H256],
    leaves: u32,
    shown: &WrongCodeword,
) -> Result<(), NotWrong> {
    shape.check().map_err(NotWrong::Manifest)?;
    let need = usize::from(shape.data()).saturating_add(1);
    if shown.leaves.len() != need {
        return Err(NotWrong::Count {
            got: shown.leaves.len() as u32,
            need: need as u32,
        });
    }
    let mut last: Option<&(u8, LeafProof)> = None;
    for next @ (chunk, proof) in &shown.leaves {
        let chunk = *chunk;
        let root = roots
            .get(usize::from(chunk))
            .filter(|_| chunk < shape.total());
        let root = root.ok_or(NotWrong::Chunk { chunk })?;
        if let Some((before, first)) = last {
            if *before >= chunk {
                return Err(NotWrong::Chunk { chunk });
            }
            if first.leaf != proof.leaf {
                return Err(NotWrong::Leaf {
                    chunk,
                    leaf: first.leaf,
                    got: proof.leaf,
                });
            }
        }
        verify_leaf::<H>(root, leaves, proof).map_err(|proof| NotWrong::Proof { chunk, proof })?;
        last = Some(next);
    }

    let Some(((x, last), points)) = shown.leaves.split_last() else {
        return Err(NotWrong::Fits);
    };
    let at: Vec<u8> = points.iter().map(|(chunk, _)| *chunk).collect();
    let mut expected = [0u8; LEAF];
    for (factor, (_, point)) in factors(&at, *x).into_iter().zip(points) {
        for (sum, byte) in expected.iter_mut().zip(&point.data) {
            *sum ^= mul(factor, *byte);
        }
    }
    if expected[..] == last.data[..] {
        return Err(NotWrong::Fits);
    }
    Ok(())
}

/// What the values at the different places `at` count for in the value at `x` of the polynomial
/// through them.
pub(crate) fn factors(at: &[u8], x: u8) -> Vec<u8> {
    let factor = |i: &u8| {
        at.iter()
            .filter(|j| *j != i)
            .fold(1, |factor, j| mul(factor, mul(x ^ j, inv(i ^ j))))
    };
    at.iter().map(factor).collect()
}
