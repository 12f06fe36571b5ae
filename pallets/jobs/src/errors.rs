//! Why the pallet refuses a call. Imported into the pallet's module.

use polkadot_sdk::frame_support::pallet_macros::pallet_section;

#[pallet_section]
mod errors {
    #[pallet::error]
    pub enum Error<T> {
        /// There is no such job: it was never posted, or it has ended.
        #[codec(index = 0)]
        JobNotFound,
        /// The account is not a worker: register it first.
        #[codec(index = 1)]
        WorkerNotFound,
        /// This algorithm is not on the list of those that can be asked for.
        #[codec(index = 2)]
        AlgorithmNotFound,
        /// The job has no input of that kind at this position, or the record is not stored.
        #[codec(index = 3)]
        InputNotFound,
        /// This worker has not committed to an outcome of this job.
        #[codec(index = 4)]
        CommitmentNotFound,
        /// This is not for you to do: the job is another client's or the record another patient's.
        #[codec(index = 5)]
        NotAuthorized,
        /// The account is not an active member with an encryption key.
        #[codec(index = 6)]
        NotMember,
        /// Only an active member that was admitted can be a worker.
        #[codec(index = 7)]
        NotAdmitted,
        /// The worker has no seat in this job, or it is a reserve whose turn has not come or that
        /// is not needed.
        #[codec(index = 8)]
        NotOnPanel,
        /// The record may not be analysed for this client and purpose: ask its patient.
        #[codec(index = 9)]
        NoConsent,
        /// The account is a worker already.
        #[codec(index = 10)]
        AlreadyExists,
        /// The input's content was named already.
        #[codec(index = 11)]
        AlreadyProvided,
        /// The worker committed already.
        #[codec(index = 12)]
        AlreadyCommitted,
        /// The worker revealed already.
        #[codec(index = 13)]
        AlreadyRevealed,
        /// The pool of workers is full: try again when one has left.
        #[codec(index = 14)]
        TooManyWorkers,
        /// The bond is smaller than the smallest bond.
        #[codec(index = 15)]
        BondTooSmall,
        /// The worker is leaving: withdraw the bond, then register again.
        #[codec(index = 16)]
        Leaving,
        /// The worker has not left: leave first.
        #[codec(index = 17)]
        NotLeaving,
        /// The bond is still locked: wait for the end of the unbonding period and of all jobs.
        #[codec(index = 18)]
        BondLocked,
        /// The worker is in the pool already.
        #[codec(index = 19)]
        NotSuspended,
        /// The panel has to have 1 to 16 seats, at most 16 reserves, and a quorum of more than half
        /// of the seats and not more than all.
        #[codec(index = 20)]
        InvalidPanel,
        /// Name at least one input, each only once.
        #[codec(index = 21)]
        InvalidInputs,
        /// The commit window is too short, for its work or at all, or too long.
        #[codec(index = 22)]
        InvalidWindow,
        /// The reward is smaller than the work bound and the panel ask for.
        #[codec(index = 23)]
        RewardTooSmall,
        /// The job is not in the state for this, or the deadline has passed.
        #[codec(index = 24)]
        WrongTime,
        /// The blob's size or location is empty.
        #[codec(index = 25)]
        InvalidBlob,
        /// Another entry refers to this blob: encrypt the content afresh.
        #[codec(index = 26)]
        BlobInUse,
        /// Give one capsule for each seat and each reserve, in drawn order, and for own inputs only
        /// the first time and to the same job identity.
        #[codec(index = 27)]
        CapsuleMismatch,
        /// The outcome and salt are not what the worker committed to.
        #[codec(index = 28)]
        CommitmentMismatch,
        /// A result needs a pointer to where it is kept, and a failure must not have one.
        #[codec(index = 29)]
        ResultMismatch,
        /// Nothing of the reward waits any more.
        #[codec(index = 30)]
        NoHoldback,
        /// You have as many live jobs as a client can have: wait until one has ended.
        #[codec(index = 31)]
        TooManyJobs,
        /// As many panels as there can be were drawn for one of these records lately: post it with
        /// no others than before, or wait until the panels are forgotten.
        #[codec(index = 32)]
        TooManyDraws,
    }
}
