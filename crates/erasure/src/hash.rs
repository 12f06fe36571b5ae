//! BLAKE2b-256, the SDK's `BlakeTwo256`, several leaves at once.

use blake2b_simd::{many, Params};
use hash256_std_hasher::Hash256StdHasher;
use hash_db::Hasher;
use primitive_types::H256;

use crate::LEAF;

/// BLAKE2b-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blake2b256;

impl Hasher for Blake2b256 {
    type Out = H256;
    type StdHasher = Hash256StdHasher;
    const LENGTH: usize = 32;

    fn hash(bytes: &[u8]) -> H256 {
        H256::from_slice(params().hash(bytes).as_bytes())
    }
}

fn params() -> Params {
    let mut params = Params::new();
    params.hash_length(Blake2b256::LENGTH);
    params
}

/// The hashes of the leaves in `bytes`, a whole number of leaves.
pub(crate) fn leaves(bytes: &[u8]) -> Vec<H256> {
    many_of(bytes, LEAF)
}

/// The row above `row`: pairs are hashed, an odd last hash goes up as it is.
pub(crate) fn row_above(row: &[H256]) -> Vec<H256> {
    let (pairs, odd) = row.split_at(row.len() / 2 * 2);
    let bytes: Vec<u8> = pairs.iter().flat_map(|hash| hash.0).collect();
    let mut above = many_of(&bytes, 64);
    above.extend_from_slice(odd);
    above
}

/// The root of the tree over `row`.
pub(crate) fn root(mut row: Vec<H256>) -> Option<H256> {
    while row.len() > 1 {
        row = row_above(&row);
    }
    row.pop()
}

fn many_of(bytes: &[u8], size: usize) -> Vec<H256> {
    let params = params();
    let mut jobs: Vec<_> = bytes
        .chunks_exact(size)
        .map(|input| many::HashManyJob::new(&params, input))
        .collect();
    many::hash_many(jobs.iter_mut());
    jobs.iter()
        .map(|job| H256::from_slice(job.to_hash().as_bytes()))
        .collect()
}
