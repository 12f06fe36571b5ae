//! What the pallet says in events. Imported into the pallet's module.

use polkadot_sdk::frame_support::pallet_macros::pallet_section;

#[pallet_section]
mod events {
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A member put up a bond and can be drawn.
        #[codec(index = 0)]
        WorkerRegistered {
            worker: T::AccountId,
            bond: BalanceOf<T>,
        },
        /// A worker's bond grew.
        #[codec(index = 1)]
        BondAdded {
            worker: T::AccountId,
            amount: BalanceOf<T>,
        },
        /// A worker left the pool; the bond can be withdrawn from `unlocks` on.
        #[codec(index = 2)]
        WorkerLeft {
            worker: T::AccountId,
            unlocks: BlockNumberFor<T>,
        },
        /// A worker has its bond back and is no worker any more.
        #[codec(index = 3)]
        BondWithdrawn {
            worker: T::AccountId,
            amount: BalanceOf<T>,
        },
        /// A worker is in the pool again; `fee` went to the treasury.
        #[codec(index = 4)]
        WorkerResumed {
            worker: T::AccountId,
            fee: BalanceOf<T>,
        },
        /// A worker had a seat and never committed.
        #[codec(index = 5)]
        Struck {
            worker: T::AccountId,
            job: JobId,
            strikes: u32,
        },
        /// A worker had too many strikes and is out of the pool.
        #[codec(index = 6)]
        WorkerSuspended { worker: T::AccountId },
        /// Part of a worker's bond went to the treasury.
        #[codec(index = 7)]
        Slashed {
            worker: T::AccountId,
            job: JobId,
            fault: Fault,
            amount: BalanceOf<T>,
        },
        /// A client asks for an analysis.
        #[codec(index = 8)]
        Posted {
            job: JobId,
            client: T::AccountId,
            reward: BalanceOf<T>,
        },
        /// The panel is drawn; `remembered` of it from an earlier draw for the same inputs.
        #[codec(index = 9)]
        Drawn {
            job: JobId,
            seats: Vec<T::AccountId>,
            reserves: Vec<T::AccountId>,
            remembered: u32,
        },
        /// The client named own inputs.
        #[codec(index = 10)]
        Provided { job: JobId, items: u32 },
        /// A patient sealed a record's key to the panel.
        #[codec(index = 11)]
        RecordSealed { job: JobId, index: u32 },
        /// Every input is there: the panel works, and commits up to and in block `commit_by`.
        #[codec(index = 12)]
        Started {
            job: JobId,
            commit_by: BlockNumberFor<T>,
        },
        /// A worker committed to an outcome.
        #[codec(index = 13)]
        Committed {
            job: JobId,
            worker: T::AccountId,
            commitment: Digest,
        },
        /// No more commitments; reveals are accepted up to and in block `reveal_by`.
        #[codec(index = 14)]
        RevealsOpened {
            job: JobId,
            reveal_by: BlockNumberFor<T>,
        },
        /// A worker revealed its outcome.
        #[codec(index = 15)]
        Revealed {
            job: JobId,
            worker: T::AccountId,
            outcome: Outcome,
        },
        /// A quorum agreed; each of the winners got `share`.
        #[codec(index = 16)]
        Settled {
            job: JobId,
            outcome: Outcome,
            winners: Vec<T::AccountId>,
            share: BalanceOf<T>,
        },
        /// A job ended without an outcome; each worker that had committed, or where none had each
        /// seat, got `share`.
        #[codec(index = 17)]
        Ended {
            job: JobId,
            reason: EndReason,
            share: BalanceOf<T>,
        },
        /// The rest of a reward was paid.
        #[codec(index = 18)]
        HoldbackPaid {
            job: JobId,
            end: HoldbackEnd,
            amount: BalanceOf<T>,
        },
        /// The pointers to a job's results were removed.
        #[codec(index = 19)]
        Forgotten { job: JobId },
        /// An algorithm can be asked for at this price, or (`None`) no more.
        #[codec(index = 20)]
        AlgorithmSet {
            algorithm: Algorithm,
            price: Option<BalanceOf<T>>,
        },
        /// The treasury got the deposit for what stays of a finished job for ever.
        #[codec(index = 21)]
        EntryPaid { job: JobId, amount: BalanceOf<T> },
        /// A seat committed, so this reserve, the last that had, is not needed.
        #[codec(index = 22)]
        StoodDown { job: JobId, worker: T::AccountId },
        /// The panel is drawn and a seat of it has as many places as a worker can have: the job waits
        /// for it, until block `until` at the longest.
        #[codec(index = 23)]
        PutOff {
            job: JobId,
            until: BlockNumberFor<T>,
        },
    }
}
