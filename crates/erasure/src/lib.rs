#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;

mod codeword;
mod proof;
mod shape;

pub use codeword::{verify_wrong_codeword, NotWrong, WrongCodeword};
pub use proof::{path_length, verify, verify_leaf, InvalidProof, LeafProof, Proof, MAX_PATH};
pub use shape::{Extent, InvalidManifest, Manifest, Record, Shape, GROUP, LEAF};

#[cfg(feature = "std")]
mod chunk;
#[cfg(feature = "std")]
mod codec;
#[cfg(feature = "std")]
mod decode;
#[cfg(feature = "std")]
mod encode;
#[cfg(feature = "std")]
mod error;
#[cfg(feature = "std")]
mod hash;
#[cfg(feature = "std")]
mod liars;
#[cfg(feature = "std")]
mod source;
#[cfg(feature = "std")]
mod tree;

#[cfg(feature = "std")]
pub use crate::{
    chunk::ChunkFile,
    codec::{Codec, Rebuild, ReedSolomon},
    decode::{audit, rebuild_chunk, restore_record, Audit},
    encode::{Encoded, Encoder},
    error::Error,
    hash::Blake2b256,
    liars::{first_contradiction, liars, root_of},
    source::{Leaves, ReadLeaves, Source},
    tree::{Tombstone, Tree, TreeBuilder},
};
