//! Ciphertext outside the chain and who may fetch it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{sp_core::ConstU32, sp_runtime::BoundedVec};
use scale_info::TypeInfo;

use crate::Digest;

/// Longest location, bytes. A presigned S3 URL is about 500 bytes (signature, credential, date,
/// expiry and a session token's prefix); a gateway's base address is under 100.
pub const MAX_LOCATION: u32 = 512;

/// Where a blob is fetched: the base address of a gateway (`http://host:port`), under which it lies
/// at `/blobs/<hex digest>`, or, where it contains `?` or ends in the digest, a URL used as it is.
pub type Location = BoundedVec<u8, ConstU32<MAX_LOCATION>>;

/// Largest sealed key, bytes. An age file to one X25519 recipient with a 32-byte payload takes 232;
/// the rest is room for the grease stanza that some writers add.
pub const MAX_CAPSULE: u32 = 1024;

/// A secret key sealed to one recipient, as an age file (binary format).
pub type Capsule = BoundedVec<u8, ConstU32<MAX_CAPSULE>>;

/// A ciphertext blob: what it must hash to, how long it is, where it lies.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct BlobPointer {
    /// blake2-256 of the ciphertext.
    pub digest: Digest,
    /// Length of the ciphertext, bytes.
    pub size: u64,
    pub location: Location,
}

/// Who may fetch a blob, and whether anything on chain refers to it.
pub trait BlobAccess<AccountId> {
    /// Whether `who` (a member, not an operator key) may fetch the blob at this block and moment.
    fn may_fetch(who: &AccountId, digest: &Digest) -> bool;

    /// Whether something on chain refers to the blob, so that a gateway has to keep it.
    fn is_referenced(digest: &Digest) -> bool;

    /// Whether an entry here has or had the blob, so that nobody else may name it: a blob that was
    /// taken out of use must not come back into use as somebody else's.
    fn is_taken(digest: &Digest) -> bool {
        Self::is_referenced(digest)
    }
}

#[impl_trait_for_tuples::impl_for_tuples(8)]
impl<AccountId> BlobAccess<AccountId> for Tuple {
    fn may_fetch(who: &AccountId, digest: &Digest) -> bool {
        for_tuples!( #( if Tuple::may_fetch(who, digest) { return true } )* );
        false
    }

    fn is_referenced(digest: &Digest) -> bool {
        for_tuples!( #( if Tuple::is_referenced(digest) { return true } )* );
        false
    }

    fn is_taken(digest: &Digest) -> bool {
        for_tuples!( #( if Tuple::is_taken(digest) { return true } )* );
        false
    }
}
