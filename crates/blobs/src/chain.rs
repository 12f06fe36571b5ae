//! What a gateway asks the chain.

use salus_primitives::{AccountId, Digest, Hash};

/// The two blocks at which permission is asked, and how fresh they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Best block.
    pub best: Hash,
    /// Last finalized block.
    pub finalized: Hash,
    /// Age of the best block by the local clock, ms.
    pub best_age_ms: u64,
}

/// What a gateway keeps for a member of what nothing on chain refers to yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The member, whichever of its keys signed the upload.
    pub member: AccountId,
    /// Bytes.
    pub bytes: u64,
}

/// The node could not answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the chain could not be asked: {0}")]
pub struct ChainError(pub String);

/// The chain as a gateway sees it. Calls may block: they run on a thread pool of their own.
pub trait Chain: Send + Sync + 'static {
    /// Hash of the genesis block, which every request token is bound to.
    fn genesis(&self) -> Hash;
    /// The current best and finalized blocks.
    fn view(&self) -> Result<View, ChainError>;
    /// Whether `who` may fetch the blob, by the state of block `at`.
    fn may_fetch(&self, at: Hash, who: &AccountId, digest: &Digest) -> Result<bool, ChainError>;
    /// Whether anything in the state of block `at` refers to the blob.
    fn is_referenced(&self, at: Hash, digest: &Digest) -> Result<bool, ChainError>;
    /// The quota that uploads signed by `who` count against, by the state of block `at`; `None`
    /// where it acts for no active member.
    fn upload_quota(&self, at: Hash, who: &AccountId) -> Result<Option<Quota>, ChainError>;
}
