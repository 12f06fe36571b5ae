//! Analyses that several workers must agree on: types that the pallet, the agent and the command
//! share.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{sp_core::ConstU32, sp_crypto_hashing::blake2_256, sp_runtime::BoundedVec};
use scale_info::TypeInfo;

use crate::{
    blobs::{BlobPointer, Capsule},
    membership::Recipient,
    records::{Purpose, RecordId},
    BlockNumber, Digest,
};

/// Number of a job, counted from 0.
pub type JobId = u64;

/// Longest algorithm name.
pub const MAX_ALGORITHM: u32 = 32;
/// Longest encoded parameters.
pub const MAX_PARAMETERS: u32 = 1024;
/// Largest input or result kept on chain, bytes.
pub const MAX_INLINE: u32 = 4096;
/// Most inputs of one job.
pub const MAX_INPUTS: u32 = 64;
/// Most ciphertext of one job, bytes, all inputs together. Above it every worker answers `OverLimit`
/// without fetching anything, so that nobody is struck for a job that nobody can take.
pub const MAX_JOB_BYTES: u64 = 1 << 30;
/// Most seats of a panel, and most reserves.
pub const MAX_PANEL: u32 = 16;

/// Most capsules of one input: one for each seat and each reserve.
pub const MAX_CAPSULES: u32 = 2 * MAX_PANEL;

/// Name and version of an algorithm, as `fcm/1`.
pub type Algorithm = BoundedVec<u8, ConstU32<MAX_ALGORITHM>>;
/// Canonical JSON of the algorithm's options (keys sorted, no white space).
pub type Parameters = BoundedVec<u8, ConstU32<MAX_PARAMETERS>>;
/// Capsules of one input, those of the seats first, then those of the reserves, in drawn order.
pub type Capsules = BoundedVec<Capsule, ConstU32<MAX_CAPSULES>>;
/// Small ciphertext kept on chain.
pub type Inline = BoundedVec<u8, ConstU32<MAX_INLINE>>;

/// How content is encrypted and keys are wrapped. Named on chain so that others can be added.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Cipher {
    /// age v1: ChaCha20-Poly1305 in 64 KiB chunks, file key wrapped by X25519 + HKDF-SHA-256.
    #[codec(index = 0)]
    AgeX25519,
}

/// What a job names as an input when it is posted.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum InputSpec {
    /// Data of the client's own: blake2-256(salt ‖ plaintext), the 32-byte salt first in the
    /// ciphertext's plaintext. The ciphertext follows once the panel is drawn.
    #[codec(index = 0)]
    Own { commitment: Digest },
    /// A stored record whose patient lets the client have it analysed.
    #[codec(index = 1)]
    Record { record: RecordId },
}

/// The ciphertext of an own input.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Ciphertext {
    /// Kept on chain.
    #[codec(index = 0)]
    Inline(Inline),
    /// Kept at a gateway or behind a time-limited URL.
    #[codec(index = 1)]
    Blob(BlobPointer),
}

/// Form in which the result is kept.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum ResultForm {
    /// Encrypted to the client.
    #[codec(index = 0)]
    Sealed,
    /// In the clear, for traceability.
    #[codec(index = 1)]
    Clear,
}

/// Why a job could not be computed: as much a result as any other.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Failure {
    /// The capsule, or the ciphertext with its key, does not open.
    #[codec(index = 0)]
    CannotOpen,
    /// An input could not be fetched within the commit window.
    #[codec(index = 1)]
    Unavailable,
    /// The ciphertext fetched, or the plaintext in it, is not what the chain names.
    #[codec(index = 2)]
    DigestMismatch,
    /// The input or the parameters are not what the algorithm takes.
    #[codec(index = 3)]
    InvalidInput,
    /// The input exceeds the work bound of the post.
    #[codec(index = 4)]
    OverLimit,
}

/// What a worker found.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Outcome {
    /// blake2-256 of the canonical plaintext result.
    #[codec(index = 0)]
    Success(Digest),
    #[codec(index = 1)]
    Failed(Failure),
}

impl Outcome {
    /// The digest that is committed to and counted: that of the result, or the canonical one of the
    /// failure, blake2-256(`salus/failure` ‖ job ‖ failure).
    pub fn digest(&self, job: JobId) -> Digest {
        match self {
            Outcome::Success(digest) => *digest,
            Outcome::Failed(failure) => (b"salus/failure", job, failure)
                .using_encoded(blake2_256)
                .into(),
        }
    }
}

/// blake2-256(job ‖ worker ‖ digest ‖ salt): what a worker commits to. The job is 8 bytes little
/// endian, the worker its 32 account bytes.
pub fn commitment<AccountId: Encode>(
    job: JobId,
    worker: &AccountId,
    outcome: &Outcome,
    salt: &[u8; 32],
) -> Digest {
    (job, worker, outcome.digest(job), salt)
        .using_encoded(blake2_256)
        .into()
}

/// Where a worker keeps the result it revealed.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum ResultPointer {
    /// On chain, sealed or clear as the job asks.
    #[codec(index = 0)]
    Inline(Inline),
    /// A blob, sealed or clear as the job asks.
    #[codec(index = 1)]
    Blob(BlobPointer),
}

/// What a worker reveals: the answer to `DutyKind::JobReveal`.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Reveal {
    pub outcome: Outcome,
    /// The salt of the commitment, derived from the agent's secret.
    pub salt: [u8; 32],
    /// Where the result can be had; `None` for a failure.
    pub result: Option<ResultPointer>,
}

/// The size of the work a post allows, and pays for: rows × columns × clusters × iterations, in
/// the terms of `fcm/1`; other algorithms say what the four mean.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct WorkBound {
    pub rows: u32,
    pub columns: u32,
    pub clusters: u32,
    pub iterations: u32,
}

impl WorkBound {
    /// Units of work; saturates.
    pub fn units(&self) -> u128 {
        u128::from(self.rows)
            .saturating_mul(u128::from(self.columns))
            .saturating_mul(u128::from(self.clusters))
            .saturating_mul(u128::from(self.iterations))
    }
}

/// An input as a panel member gets it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct AssignedInput {
    pub spec: InputSpec,
    pub ciphertext: Ciphertext,
    /// The plaintext after its 32-byte salt must commit to this.
    pub commitment: Digest,
    /// Public key of the identity in the capsule.
    pub recipient: Recipient,
    /// That identity, sealed to this worker.
    pub capsule: Capsule,
}

/// Everything one worker needs to compute one job.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Assignment<AccountId> {
    pub job: JobId,
    pub client: AccountId,
    pub client_recipient: Recipient,
    pub algorithm: Vec<u8>,
    pub parameters: Vec<u8>,
    pub purpose: Purpose,
    pub bound: WorkBound,
    pub cipher: Cipher,
    pub form: ResultForm,
    pub inputs: Vec<AssignedInput>,
    /// Last block in which a commitment is accepted.
    pub commit_deadline: BlockNumber,
    /// What this worker committed to, once it did.
    pub committed: Option<Digest>,
}

/// A record among a drawn job's inputs whose key its owner has to seal to the panel. The owner lets
/// the client have it analysed.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Sealing<AccountId> {
    pub job: JobId,
    /// Position of the record among the job's inputs.
    pub index: u32,
    pub record: RecordId,
    /// Public key of the record key.
    pub recipient: Recipient,
    pub client: AccountId,
    pub purpose: Purpose,
    /// Encryption keys of the seats, then of the reserves, in drawn order.
    pub panel: Vec<Recipient>,
}

impl<AccountId: Encode> Sealing<AccountId> {
    /// blake2-256 of the whole: what the capsules depend on.
    pub fn digest(&self) -> Digest {
        self.using_encoded(blake2_256).into()
    }
}

/// A record key sealed to a panel: the answer to `DutyKind::RecordSeal`.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct SealedRecord {
    /// Position of the record among the job's inputs.
    pub index: u32,
    pub capsules: Capsules,
}
