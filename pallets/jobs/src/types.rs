//! What the pallet keeps in storage and takes in calls.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{
    frame_support::traits::fungible, frame_system, frame_system::pallet_prelude::BlockNumberFor,
    sp_core::ConstU32, sp_runtime::BoundedVec,
};
pub use salus_primitives::jobs::{Capsules, MAX_CAPSULES};
use salus_primitives::{
    jobs::{
        Algorithm, Cipher, Ciphertext, InputSpec, JobId, Outcome, Parameters, ResultForm,
        ResultPointer, WorkBound, MAX_INPUTS, MAX_PANEL,
    },
    membership::Recipient,
    records::Purpose,
    Digest, Moment,
};
use scale_info::TypeInfo;

use crate::Config;

pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
pub type BalanceOf<T> = <<T as Config>::Currency as fungible::Inspect<AccountIdOf<T>>>::Balance;
pub type WorkerOf<T> = Worker<BalanceOf<T>, BlockNumberFor<T>>;
pub type JobOf<T> = Job<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;
pub type FinishedOf<T> = Finished<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;
pub type SpecOf<T> = JobSpec<BalanceOf<T>, BlockNumberFor<T>>;
pub type OutputsOf<T> = BoundedVec<Absorbed<BlockNumberFor<T>>, ConstU32<BEACON_MEMORY>>;
pub type PanelMemoryOf<T> = RememberedPanel<AccountIdOf<T>, BlockNumberFor<T>>;

/// How many outputs the beacon remembers: twice the most that a draw gathers.
pub const BEACON_MEMORY: u32 = 32;

/// Inputs of a job as posted.
pub type InputSpecs = BoundedVec<InputSpec, ConstU32<MAX_INPUTS>>;
/// Ciphertexts of own inputs, by the input's position in the post.
pub type Items = BoundedVec<(u32, Ciphertext), ConstU32<MAX_INPUTS>>;
/// The seats, or the reserves, of a job, in drawn order.
pub type Panel<AccountId> = BoundedVec<AccountId, ConstU32<MAX_PANEL>>;

/// A bonded member that can be drawn into panels.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Worker<Balance, BlockNumber> {
    /// Held under `HoldReason::WorkerBond`.
    pub bond: Balance,
    /// Jobs since the last agreed answer in which it had a seat and never committed.
    pub strikes: u32,
    /// Block since which it is suspended.
    pub suspended: Option<BlockNumber>,
    /// Block in which it last came into the pool.
    pub in_pool_since: BlockNumber,
    /// First block in which the bond can be withdrawn, once it left.
    pub leaving_at: Option<BlockNumber>,
    /// Number of its entries in `Seats`.
    pub active: u32,
}

/// What a client asks for.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct JobSpec<Balance, BlockNumber> {
    pub algorithm: Algorithm,
    pub parameters: Parameters,
    pub inputs: InputSpecs,
    pub purpose: Purpose,
    /// Equal outcomes that decide, N; more than half of `panel`.
    pub quorum: u32,
    /// Seats, M.
    pub panel: u32,
    /// Reserves wanted; fewer are taken where the pool has no more.
    pub reserves: u32,
    /// Shared by those who agree.
    pub reward: Balance,
    pub bound: WorkBound,
    pub form: ResultForm,
    pub cipher: Cipher,
    /// Blocks from complete inputs to the last commitment.
    pub commit_window: BlockNumber,
}

/// Where a live job is.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum State<BlockNumber> {
    /// Waits for the draw.
    #[codec(index = 0)]
    Requested,
    /// The panel is drawn; inputs are accepted up to and in block `provide_by`.
    #[codec(index = 1)]
    Drawn { provide_by: BlockNumber },
    /// Seats commit from `since`, reserves from `middle`, both up to and in block `commit_by`.
    #[codec(index = 2)]
    Working {
        since: BlockNumber,
        middle: BlockNumber,
        commit_by: BlockNumber,
    },
    /// Reveals are accepted from `since` up to and in block `reveal_by`.
    #[codec(index = 3)]
    Revealing {
        since: BlockNumber,
        reveal_by: BlockNumber,
    },
    /// The panel is drawn, `remembered` of it from an earlier draw, and has not its places yet: a seat
    /// of it is busy. At block `until` at the latest it is tried for the last time.
    #[codec(index = 4)]
    Waiting { until: BlockNumber, remembered: u32 },
}

/// A job from its post to its settlement.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Job<AccountId, Balance, BlockNumber> {
    pub client: AccountId,
    /// Encryption key of the client when it posted: sealed results are for it.
    pub client_recipient: Recipient,
    pub spec: JobSpec<Balance, BlockNumber>,
    pub posted_at: BlockNumber,
    pub state: State<BlockNumber>,
    /// The slot of the agenda in which it stands.
    pub due: BlockNumber,
    pub seats: Panel<AccountId>,
    pub reserves: Panel<AccountId>,
    /// Who committed and has not stood down, in order of commitment; at most `spec.panel`.
    pub committed: Panel<AccountId>,
    /// How many of them revealed.
    pub revealed: u32,
    /// Inputs whose ciphertext and capsules are not on chain yet.
    pub missing: u32,
    /// Of the client, held under `HoldReason::JobDeposit`.
    pub deposit: Balance,
}

impl<AccountId: Clone, Balance, BlockNumber> Job<AccountId, Balance, BlockNumber> {
    /// Seats, then reserves, in drawn order.
    pub(crate) fn drawn(&self) -> Vec<AccountId> {
        self.seats
            .iter()
            .chain(self.reserves.iter())
            .cloned()
            .collect()
    }

    /// Sends those home that were drawn and have no places yet.
    pub(crate) fn dismiss(&mut self) {
        self.seats = Default::default();
        self.reserves = Default::default();
    }
}

/// An input whose content was named.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct SuppliedInput {
    pub ciphertext: Ciphertext,
    /// blake2-256(salt ‖ plaintext).
    pub commitment: Digest,
    /// Public key of the identity in the capsules.
    pub recipient: Recipient,
}

/// Whose identity capsules hold.
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
pub enum SealedKey {
    /// The job identity, for all own inputs.
    #[codec(index = 0)]
    Job,
    /// The record key of the input at this position.
    #[codec(index = 1)]
    Record(u32),
}

/// What a worker said.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Answer {
    pub commitment: Digest,
    pub revealed: Option<(Outcome, Option<ResultPointer>)>,
}

/// An output of the randomness, as the beacon took it in.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Absorbed<BlockNumber> {
    /// First block in which somebody else than its author could know the output.
    pub known_since: BlockNumber,
    /// blake2-256(value before ‖ output).
    pub value: [u8; 32],
}

/// The jobs posted in a block that are not drawn yet, and what they are drawn from.
#[derive(
    Clone,
    PartialEq,
    Eq,
    Default,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Gathering {
    /// How many they are.
    pub jobs: u32,
    /// Value of the beacon after the last output that counts, once that was taken in.
    pub value: Option<[u8; 32]>,
}

/// A drawn panel, which its client gets again for the same inputs or some of them.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct RememberedPanel<AccountId, BlockNumber> {
    pub client: AccountId,
    /// What it was drawn for: a key for each record, or one for all own inputs.
    pub inputs: BoundedVec<Digest, ConstU32<MAX_INPUTS>>,
    /// All that were drawn, in drawn order.
    pub members: BoundedVec<AccountId, ConstU32<MAX_CAPSULES>>,
    /// The slot of the agenda in which it is forgotten.
    pub due: BlockNumber,
}

/// What stands in the agenda.
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
pub enum Due {
    /// The next step of a live job.
    #[codec(index = 0)]
    Job(JobId),
    /// The release of a finished job's holdback.
    #[codec(index = 1)]
    Holdback(JobId),
    /// The end of the panel that was drawn for this job.
    #[codec(index = 2)]
    Panel(JobId),
}

/// Whose a blob is that a job brought into being.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum BlobOwner<AccountId> {
    /// An own input of this client, in `uses` inputs of live jobs.
    #[codec(index = 0)]
    Input { client: AccountId, uses: u32 },
    /// A result of this job: revealed, or kept with the finished job.
    #[codec(index = 1)]
    Result { job: JobId },
}

/// Part of the reward that waits for a result to be fetchable.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Holdback<Balance, BlockNumber> {
    /// Of the client, held under `HoldReason::Reward`.
    pub amount: Balance,
    /// The slot of the agenda in which it goes to the winners.
    pub due: BlockNumber,
}

/// What stays of a job that found a quorum, so that it can be told who is liable for the analysis.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Finished<AccountId, Balance, BlockNumber> {
    pub client: AccountId,
    pub algorithm: Algorithm,
    pub parameters: Parameters,
    pub inputs: InputSpecs,
    pub purpose: Purpose,
    pub form: ResultForm,
    pub outcome: Outcome,
    /// Workers who revealed the outcome, in order of commitment.
    pub winners: Panel<AccountId>,
    pub posted_at: BlockNumber,
    pub settled_at: BlockNumber,
    /// Chain time of the settlement.
    pub settled: Moment,
    /// What of the reward still waits.
    pub holdback: Option<Holdback<Balance, BlockNumber>>,
    /// For the pointers in `Results`; of the client, held under `HoldReason::JobDeposit`.
    pub deposit: Balance,
    /// Whether `Results` still has the pointers.
    pub kept: bool,
}

/// Why a job ended without an outcome.
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
pub enum EndReason {
    /// The client cancelled while that was free.
    #[codec(index = 0)]
    Cancelled,
    /// The client cancelled after the draw and paid the panel for its time.
    #[codec(index = 1)]
    CancelledAfterDraw,
    /// The pool has too few workers for the panel.
    #[codec(index = 2)]
    TooFewWorkers,
    /// Too few outputs of the randomness came in time.
    #[codec(index = 3)]
    NoRandomness,
    /// The inputs were not complete in time; the panel was paid for its time.
    #[codec(index = 4)]
    InputsMissing,
    /// A record may no longer be analysed; who had committed was paid its part, the other seats
    /// for their time.
    #[codec(index = 5)]
    ConsentRevoked,
    /// Too few equal outcomes; the client has everything back.
    #[codec(index = 6)]
    NoQuorum,
    /// The client cancelled after free cancelling and before the draw; the treasury got the draw
    /// fee.
    #[codec(index = 7)]
    CancelledLate,
    /// Another job of the client used up the draws of a record; the treasury got the draw fee.
    #[codec(index = 8)]
    DrawsUsedUp,
    /// A seat of the panel stayed busy; the treasury got the draw fee.
    #[codec(index = 9)]
    WorkersBusy,
}

/// Why part of a bond went to the treasury.
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
pub enum Fault {
    /// It revealed a result that the quorum did not.
    #[codec(index = 0)]
    WrongResult,
    /// It committed and did not reveal.
    #[codec(index = 1)]
    NotRevealed,
}

/// Where a holdback went.
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
pub enum HoldbackEnd {
    /// To the winners, by the client's word.
    #[codec(index = 0)]
    Accepted,
    /// To the winners, because the client said nothing in time.
    #[codec(index = 1)]
    Lapsed,
    /// To the treasury: the client could fetch no result.
    #[codec(index = 2)]
    Unavailable,
}
