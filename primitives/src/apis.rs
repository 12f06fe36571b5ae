//! Runtime APIs that the node's native side and the command call, all bounded or paged.

// The macro writes the bound of a type parameter twice.
#![allow(clippy::multiple_bound_locations)]

use alloc::vec::Vec;
use codec::Codec;

use crate::{
    duties::Duty,
    jobs::{Assignment, JobId, Sealing},
    Digest,
};

polkadot_sdk::sp_api::decl_runtime_apis! {
    /// What off-chain work is owed.
    pub trait DutiesApi<AccountId: Codec> {
        /// What the member with this operator key owes, most urgent first, at most `limit` (capped
        /// at 64).
        fn duties(operator: AccountId, limit: u32) -> Vec<Duty<AccountId>>;
        /// The member whose operator key it is.
        fn member(operator: AccountId) -> Option<AccountId>;
    }

    /// What a blob gateway asks before it serves, keeps or takes a blob.
    pub trait BlobsApi<AccountId: Codec> {
        /// Whether this account, or the member whose operator key it is, may fetch the blob.
        fn may_fetch(who: AccountId, digest: Digest) -> bool;
        /// Whether anything on chain refers to the blob.
        fn is_referenced(digest: Digest) -> bool;
        /// Bytes of not yet referenced blobs a gateway keeps for this account; 0 for one who is not
        /// an active member.
        fn upload_quota(who: AccountId) -> u64;
        /// The chain's time at this block, ms since the Unix epoch.
        fn now() -> u64;
    }

    /// What a worker's node asks about its jobs.
    pub trait JobsApi<AccountId: Codec> {
        /// What `worker` needs to compute `job`: `None` where it has no seat, is a reserve whose
        /// turn has not come, or the inputs are not sealed yet.
        fn assignment(job: JobId, worker: AccountId) -> Option<Assignment<AccountId>>;
        /// The records of `owner` among the inputs of `job` that wait to be sealed to its panel and
        /// that the client may have analysed at this block: at most as many as a job has inputs.
        fn sealings(job: JobId, owner: AccountId) -> Vec<Sealing<AccountId>>;
    }
}
