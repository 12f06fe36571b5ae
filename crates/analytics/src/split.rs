//! Which rows are for training and which for testing, by hash: whoever knows a row's name knows
//! its side, without knowing the other rows.

use blake2::{digest::consts::U32, Blake2b, Digest};

/// Whether the row of this name is a test row of split `number`, when `permille` of 1000 rows are.
///
/// It is when the first 64 bits, little-endian, of BLAKE2b-256 of a label, the number and the name
/// are below 2^64 permille / 1000.
pub fn is_test(number: u32, name: &[u8], permille: u16) -> bool {
    u128::from(draw(number, name)) * 1000 < u128::from(permille) << 64
}

/// The 64 bits that decide: rows in their order are shuffled.
pub fn draw(number: u32, name: &[u8]) -> u64 {
    let mut hash = Blake2b::<U32>::new();
    hash.update(b"salus/split/1");
    hash.update(number.to_le_bytes());
    hash.update(name);
    first_64_bits(hash)
}

/// The first 64 bits of a hash, little-endian.
pub(crate) fn first_64_bits(hash: Blake2b<U32>) -> u64 {
    let digest: [u8; 32] = hash.finalize().into();
    let first = digest.iter().take(8).rev();
    first.fold(0, |n, byte| n << 8 | u64::from(*byte))
}

/// Positions of the training rows and of the test rows of split `number`, for rows that have no
/// name but their position, 8 bytes little-endian.
pub fn by_position(number: u32, rows: usize, permille: u16) -> (Vec<usize>, Vec<usize>) {
    (0..rows).partition(|row| !is_test(number, &(*row as u64).to_le_bytes(), permille))
}
