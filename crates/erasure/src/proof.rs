//! That a chunk is kept: leaves with their way to the root. Verified by the SDK's
//! `binary-merkle-tree`, behind checks that it leaves to its caller.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use hash_db::Hasher;
use primitive_types::H256;
use scale_info::TypeInfo;

use crate::LEAF;

/// The longest path that there is, of a tree of 2^32 - 1 leaves.
pub const MAX_PATH: usize = 32;

/// One leaf and its siblings, lowest first.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct LeafProof {
    /// The leaf's number.
    pub leaf: u32,
    /// Its [`LEAF`] bytes.
    pub data: Vec<u8>,
    /// Siblings on the way up; levels at which the last node has none are left out.
    pub path: Vec<H256>,
}

/// Several leaves of one chunk.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Proof {
    /// One for each leaf that was asked for, in the order of the question.
    pub leaves: Vec<LeafProof>,
}

/// Why a proof is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "std", derive(thiserror::Error))]
pub enum InvalidProof {
    /// Not as many leaves as were asked for.
    #[cfg_attr(feature = "std", error("{got} leaves, {asked} were asked for"))]
    Count {
        /// How many were asked for.
        asked: u32,
        /// How many came.
        got: u32,
    },
    /// Another leaf than the one that was asked for.
    #[cfg_attr(feature = "std", error("leaf {got} where {asked} was asked for"))]
    Leaf {
        /// What was asked for.
        asked: u32,
        /// What came.
        got: u32,
    },
    /// The chunk has no such leaf.
    #[cfg_attr(
        feature = "std",
        error("no leaf {leaf}: the chunk has {leaves}, counted from 0")
    )]
    NoSuchLeaf {
        /// What was asked for.
        leaf: u32,
        /// How many there are.
        leaves: u32,
    },
    /// A leaf of another size.
    #[cfg_attr(feature = "std", error("leaf {leaf} has {bytes} bytes, not 1024"))]
    Size {
        /// Whose.
        leaf: u32,
        /// Its bytes.
        bytes: u32,
    },
    /// A path of another length than the leaf's.
    #[cfg_attr(
        feature = "std",
        error("the path of leaf {leaf} has {got} hashes, not {wanted}")
    )]
    Path {
        /// Whose.
        leaf: u32,
        /// Hashes there must be.
        wanted: u32,
        /// Hashes there are.
        got: u32,
    },
    /// The hashes lead to another root.
    #[cfg_attr(
        feature = "std",
        error("leaf {leaf} and its path do not lead to the chunk's root")
    )]
    Root {
        /// Whose.
        leaf: u32,
    },
}

/// Siblings that `leaf` of `leaves` has on its way to the root.
pub fn path_length(leaf: u32, leaves: u32) -> u32 {
    let (mut position, mut width, mut length) = (leaf, leaves, 0u32);
    while width > 1 {
        // The last of an odd row goes up without a sibling.
        if position % 2 == 1 || position.saturating_add(1) < width {
            length = length.saturating_add(1);
        }
        position /= 2;
        width = width.div_ceil(2);
    }
    length
}

/// Whether `proof` shows exactly the leaves `asked` of the chunk that `root` and `leaves` commit to.
/// `H` is BLAKE2b-256: `BlakeTwo256` in the runtime.
pub fn verify<H: Hasher<Out = H256>>(
    root: &H256,
    leaves: u32,
    asked: &[u32],
    proof: &Proof,
) -> Result<(), InvalidProof> {
    if proof.leaves.len() != asked.len() {
        return Err(InvalidProof::Count {
            asked: asked.len() as u32,
            got: proof.leaves.len() as u32,
        });
    }
    for (asked, shown) in asked.iter().zip(&proof.leaves) {
        if *asked != shown.leaf {
            return Err(InvalidProof::Leaf {
                asked: *asked,
                got: shown.leaf,
            });
        }
        verify_leaf::<H>(root, leaves, shown)?;
    }
    Ok(())
}

/// Whether `shown` is a leaf of the chunk that `root` and `leaves` commit to.
pub fn verify_leaf<H: Hasher<Out = H256>>(
    root: &H256,
    leaves: u32,
    shown: &LeafProof,
) -> Result<(), InvalidProof> {
    let leaf = shown.leaf;
    if leaf >= leaves {
        return Err(InvalidProof::NoSuchLeaf { leaf, leaves });
    }
    // Only inputs of 64 bytes are nodes, so a leaf of 1024 cannot pass for one, nor a node for a leaf.
    if shown.data.len() != LEAF {
        return Err(InvalidProof::Size {
            leaf,
            bytes: shown.data.len() as u32,
        });
    }
    // `verify_proof` takes a shorter path for that of a neighbour at the right edge.
    let wanted = path_length(leaf, leaves);
    if shown.path.len() as u32 != wanted {
        return Err(InvalidProof::Path {
            leaf,
            wanted,
            got: shown.path.len() as u32,
        });
    }
    let path = shown.path.iter().copied();
    if !binary_merkle_tree::verify_proof::<H, _, _>(root, path, leaves, leaf, &shown.data) {
        return Err(InvalidProof::Root { leaf });
    }
    Ok(())
}
