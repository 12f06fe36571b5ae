//! Plaintext as it is committed to: after a random salt, so that the commitment tells nothing about
//! content that could be guessed.

use blake2::{digest::consts::U32, Blake2b, Digest};
use rand::{rngs::OsRng, RngCore};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::Error;

/// Bytes of the salt before the plaintext.
pub const SALT: usize = 32;

/// Salted plaintext and its commitment.
pub struct Content {
    /// Salt (32 bytes) ‖ plaintext: what is encrypted.
    pub bytes: Zeroizing<Vec<u8>>,
    /// blake2-256 of `bytes`.
    pub commitment: [u8; 32],
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content").finish_non_exhaustive()
    }
}

/// Puts a fresh salt before `plaintext`.
pub fn pack(plaintext: &[u8]) -> Content {
    let mut bytes = Zeroizing::new(vec![0; SALT + plaintext.len()]);
    OsRng.fill_bytes(&mut bytes[..SALT]);
    bytes[SALT..].copy_from_slice(plaintext);
    let commitment = commit(&bytes);
    Content { bytes, commitment }
}

/// The plaintext in `bytes` (salt ‖ plaintext), where they hash to `commitment`;
/// [`Error::CommitmentMismatch`] otherwise.
pub fn unpack<'a>(bytes: &'a [u8], commitment: &[u8; 32]) -> Result<&'a [u8], Error> {
    let plaintext = bytes.get(SALT..).ok_or(Error::CommitmentMismatch)?;
    if !bool::from(commit(bytes).ct_eq(commitment)) {
        return Err(Error::CommitmentMismatch);
    }
    Ok(plaintext)
}

/// blake2-256 of salt ‖ plaintext.
pub fn commit(bytes: &[u8]) -> [u8; 32] {
    Blake2b::<U32>::digest(bytes).into()
}
