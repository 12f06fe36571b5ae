#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::float_arithmetic
    )
)]

extern crate alloc;

mod access;
mod agenda;
mod answers;
mod beacon;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod draw;
mod duties;
mod errors;
mod events;
mod holdback;
mod inputs;
mod money;
mod posting;
mod settlement;
#[cfg(any(test, feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;
mod workers;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;
use polkadot_sdk::{frame_support, frame_system, sp_runtime};

#[import_section(errors::errors)]
#[import_section(events::events)]
// With imported sections clippy takes what the macro generates for ours.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use alloc::{string::String, vec::Vec};
    use frame_support::{
        pallet_prelude::*,
        traits::{fungible, Randomness, Time},
    };
    use frame_system::pallet_prelude::*;
    use salus_primitives::{
        blobs::BlobAccess,
        jobs::{Algorithm, JobId, Outcome, ResultPointer, Reveal, MAX_INPUTS},
        membership::{Membership, Recipient},
        records::RecordAccess,
        Digest, Moment,
    };
    use sp_runtime::{traits::BlockNumberProvider, Permill};

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Bonds, rewards and deposits are held in this currency.
        type Currency: fungible::Mutate<Self::AccountId>
            + fungible::MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
        /// The runtime's reasons for holds.
        type RuntimeHoldReason: From<HoldReason>;
        /// Who is a member, and whose operator key is whose.
        type Membership: Membership<Self::AccountId>;
        /// Stored records and who may have them analysed.
        type Records: RecordAccess<Self::AccountId>;
        /// The other pallets' blobs: a job cannot name one of them as its own.
        type OtherBlobs: BlobAccess<Self::AccountId>;
        /// Outputs that the beacon takes in. Their known-since counts blocks as
        /// `BlockNumberProvider` does; 0 stands for a missing one.
        type Randomness: Randomness<Self::Hash, BlockNumberFor<Self>>;
        /// Takes slashed bonds, fees and refused holdbacks. The account must exist.
        type Treasury: Get<Self::AccountId>;
        /// Keeps the list of algorithms and their prices.
        type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;
        /// Source of the block numbers of deadlines.
        type BlockNumberProvider: BlockNumberProvider<BlockNumber = BlockNumberFor<Self>>;
        /// Chain time, kept with a finished job.
        type Time: Time<Moment = Moment>;
        /// Most drawable workers. A draw reads about three entries of each: 256 take 768 reads.
        #[pallet::constant]
        type MaxWorkers: Get<u32>;
        /// Most panels, reserves included, in which one worker is at a time. It bounds the loop
        /// over a worker's seats in runtime APIs.
        #[pallet::constant]
        type MaxActiveSeats: Get<u32>;
        /// Smallest bond with which a worker can be drawn.
        #[pallet::constant]
        type MinBond: Get<BalanceOf<Self>>;
        /// Part of the bond that a wrong result or a missing reveal costs.
        #[pallet::constant]
        type SlashPart: Get<Permill>;
        /// Strikes that suspend.
        #[pallet::constant]
        type MaxStrikes: Get<u32>;
        /// Blocks from leaving until the bond can be withdrawn, not shorter than a suspension.
        #[pallet::constant]
        type UnbondingPeriod: Get<BlockNumberFor<Self>>;
        /// Blocks after which a suspended worker can resume without a fee.
        #[pallet::constant]
        type SuspensionPeriod: Get<BlockNumberFor<Self>>;
        /// What resuming earlier costs.
        #[pallet::constant]
        type RestartFee: Get<BalanceOf<Self>>;
        /// Smallest reward for each seat and each reserve, whatever the work bound. A job that ends
        /// without work once outputs are gathered costs no less.
        #[pallet::constant]
        type MinReward: Get<BalanceOf<Self>>;
        /// Part of the reward that the panel gets where a job ends after the draw without work, if
        /// that is more than the smallest reward of its places.
        #[pallet::constant]
        type DrawFee: Get<Permill>;
        /// Part of the reward that waits for a result to be fetchable.
        #[pallet::constant]
        type Holdback: Get<Permill>;
        /// Blocks after that of the post in which cancelling is free.
        #[pallet::constant]
        type FreeCancelWindow: Get<BlockNumberFor<Self>>;
        /// Outputs that are gathered for a draw, all of them known only after free cancelling.
        #[pallet::constant]
        type GatherOutputs: Get<u32>;
        /// How many blocks a draw is postponed for want of outputs.
        #[pallet::constant]
        type MaxDrawRetries: Get<u32>;
        /// Blocks for which a job waits for the busy seats of its panel, less than `PanelMemory`.
        #[pallet::constant]
        type BusyWindow: Get<BlockNumberFor<Self>>;
        /// Blocks after which it looks at them again.
        #[pallet::constant]
        type BusyInterval: Get<BlockNumberFor<Self>>;
        /// Blocks for which a drawn panel is remembered.
        #[pallet::constant]
        type PanelMemory: Get<BlockNumberFor<Self>>;
        /// Most remembered panels of a client that were drawn for the same record.
        #[pallet::constant]
        type MaxDraws: Get<u32>;
        /// Most live jobs of one client.
        #[pallet::constant]
        type MaxLiveJobs: Get<u32>;
        /// Blocks from the draw in which the inputs have to be completed.
        #[pallet::constant]
        type ProvideWindow: Get<BlockNumberFor<Self>>;
        /// Units of work that a modest worker does on one core between two blocks. A commit window
        /// has to leave that time twice over, since reserves have its second half only.
        #[pallet::constant]
        type UnitsPerBlock: Get<u128>;
        /// Shortest commit window, at least 2: reserves have the second half.
        #[pallet::constant]
        type MinWindow: Get<BlockNumberFor<Self>>;
        /// Longest commit window.
        #[pallet::constant]
        type MaxWindow: Get<BlockNumberFor<Self>>;
        /// Blocks in which reveals are accepted.
        #[pallet::constant]
        type RevealWindow: Get<BlockNumberFor<Self>>;
        /// Blocks in which the client can report that no result is fetchable.
        #[pallet::constant]
        type ResultWindow: Get<BlockNumberFor<Self>>;
        /// Blocks after the settlement from which the client can have the results' pointers removed.
        #[pallet::constant]
        type RetentionPeriod: Get<BlockNumberFor<Self>>;
        /// Deposit for a job, beside that for its bytes.
        #[pallet::constant]
        type DepositBase: Get<BalanceOf<Self>>;
        /// Deposit for each byte that a job keeps on chain.
        #[pallet::constant]
        type DepositPerByte: Get<BalanceOf<Self>>;
        /// Weight of due work up to which one block goes on; it always does one entry. A settlement
        /// of 16 seats and 64 inputs takes about 380 reads and 400 writes.
        #[pallet::constant]
        type MaxDueWeight: Get<Weight>;
        /// Most slots of the agenda that one block walks, for catching up with block numbers that
        /// advance by more than one.
        #[pallet::constant]
        type MaxSlotsPerBlock: Get<u32>;
        type WeightInfo: WeightInfo;
    }

    /// Why this pallet holds somebody's balance.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// A worker's bond.
        #[codec(index = 0)]
        WorkerBond,
        /// A client's reward for a job.
        #[codec(index = 1)]
        Reward,
        /// A client's deposit for what a job keeps on chain.
        #[codec(index = 2)]
        JobDeposit,
    }

    /// Bonded workers.
    #[pallet::storage]
    pub type Workers<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, WorkerOf<T>>;

    /// Workers that can be drawn.
    #[pallet::storage]
    pub type Pool<T: Config> = StorageValue<_, BoundedVec<T::AccountId, T::MaxWorkers>, ValueQuery>;

    /// Algorithms that can be asked for, with the price of a unit of work.
    #[pallet::storage]
    pub type Algorithms<T: Config> = StorageMap<_, Blake2_128Concat, Algorithm, BalanceOf<T>>;

    /// Number of the next job.
    #[pallet::storage]
    pub type NextJobId<T: Config> = StorageValue<_, JobId, ValueQuery>;

    /// Jobs that are not settled.
    #[pallet::storage]
    pub type Jobs<T: Config> = StorageMap<_, Twox64Concat, JobId, JobOf<T>>;

    /// Inputs whose content was named, by position.
    #[pallet::storage]
    pub type Inputs<T: Config> =
        StorageDoubleMap<_, Twox64Concat, JobId, Twox64Concat, u32, SuppliedInput>;

    /// Public key of the job identity, for the own inputs.
    #[pallet::storage]
    pub type JobRecipients<T: Config> = StorageMap<_, Twox64Concat, JobId, Recipient>;

    /// Identities sealed to the panel.
    #[pallet::storage]
    pub type SealedKeys<T: Config> =
        StorageDoubleMap<_, Twox64Concat, JobId, Twox64Concat, SealedKey, Capsules>;

    /// Blobs among the inputs of a live job, with the position of one such input.
    #[pallet::storage]
    pub type InputBlobs<T: Config> =
        StorageDoubleMap<_, Twox64Concat, JobId, Blake2_128Concat, Digest, u32>;

    /// What workers committed and revealed.
    #[pallet::storage]
    pub type Answers<T: Config> =
        StorageDoubleMap<_, Twox64Concat, JobId, Blake2_128Concat, T::AccountId, Answer>;

    /// Live jobs in which a worker has a seat or is a reserve.
    #[pallet::storage]
    pub type Seats<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, JobId, ()>;

    /// How many live jobs a client has.
    #[pallet::storage]
    pub type LiveJobs<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

    /// The last outputs that the beacon took in, oldest first.
    #[pallet::storage]
    pub type Beacon<T: Config> = StorageValue<_, OutputsOf<T>, ValueQuery>;

    /// What the jobs posted in a block wait for, and are drawn from.
    #[pallet::storage]
    pub type Gatherings<T: Config> = StorageMap<_, Twox64Concat, BlockNumberFor<T>, Gathering>;

    /// Panels that clients get again, by the job they were drawn for.
    #[pallet::storage]
    pub type Panels<T: Config> = StorageMap<_, Twox64Concat, JobId, PanelMemoryOf<T>>;

    /// The remembered draws in which a client's input took part, in their order.
    #[pallet::storage]
    pub type DrawnFor<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        Identity,
        Digest,
        BoundedVec<JobId, T::MaxDraws>,
        ValueQuery,
    >;

    /// What is due in which block.
    #[pallet::storage]
    pub type Agenda<T: Config> =
        StorageDoubleMap<_, Twox64Concat, BlockNumberFor<T>, Blake2_128Concat, Due, ()>;

    /// First slot of the agenda that is not known to be empty.
    #[pallet::storage]
    pub type NextAgenda<T: Config> = StorageValue<_, BlockNumberFor<T>, ValueQuery>;

    /// What stays of jobs that found a quorum.
    #[pallet::storage]
    pub type FinishedJobs<T: Config> = StorageMap<_, Twox64Concat, JobId, FinishedOf<T>>;

    /// Where the winners keep the result.
    #[pallet::storage]
    pub type Results<T: Config> =
        StorageDoubleMap<_, Twox64Concat, JobId, Blake2_128Concat, T::AccountId, ResultPointer>;

    /// Whose a blob is that a job brought into being.
    #[pallet::storage]
    pub type Blobs<T: Config> = StorageMap<_, Blake2_128Concat, Digest, BlobOwner<T::AccountId>>;

    /// Records that wait to be sealed to the panels of drawn jobs: by owner, the job and the position
    /// among its inputs.
    #[pallet::storage]
    pub type Unsealed<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, (JobId, u32), ()>;

    /// How many inputs of live jobs refer to a record's blob.
    #[pallet::storage]
    pub type RecordBlobs<T: Config> = StorageMap<_, Blake2_128Concat, Digest, u32, ValueQuery>;

    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// Algorithms by name, as `fcm/1`, with the price of a unit of work.
        pub algorithms: Vec<(String, BalanceOf<T>)>,
        /// Workers with their bonds, which their accounts must hold.
        pub workers: Vec<(T::AccountId, BalanceOf<T>)>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        #[allow(clippy::panic, clippy::expect_used)] // A chain must not start from a bad genesis.
        fn build(&self) {
            for (name, price) in &self.algorithms {
                let name = Algorithm::try_from(name.as_bytes().to_vec())
                    .expect("an algorithm's name has at most 32 bytes");
                Algorithms::<T>::insert(name, price);
            }
            for (who, bond) in &self.workers {
                Pallet::<T>::add_worker(who, *bond)
                    .unwrap_or_else(|error| panic!("genesis worker {who:?}: {error:?}"));
            }
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            Self::absorb_randomness().saturating_add(Self::work_off_agenda())
        }

        fn integrity_test() {
            Self::check_constants();
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Puts up a bond and enters the pool. By an admitted member with an encryption key.
        /// Event: `WorkerRegistered`.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::register_worker())]
        pub fn register_worker(origin: OriginFor<T>, bond: BalanceOf<T>) -> DispatchResult {
            Self::do_register_worker(ensure_signed(origin)?, bond)
        }

        /// Adds to the bond; a worker whose bond had become too small is drawable again. By a
        /// worker that is not leaving. Event: `BondAdded`.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::add_bond())]
        pub fn add_bond(origin: OriginFor<T>, amount: BalanceOf<T>) -> DispatchResult {
            Self::do_add_bond(ensure_signed(origin)?, amount)
        }

        /// Leaves the pool at once; seats that the worker has stay its own. By a worker.
        /// Event: `WorkerLeft`.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::leave())]
        pub fn leave(origin: OriginFor<T>) -> DispatchResult {
            Self::do_leave(ensure_signed(origin)?)
        }

        /// Takes the bond back after the unbonding period, with no seat left. By a worker that
        /// left. Event: `BondWithdrawn`.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::withdraw_bond())]
        pub fn withdraw_bond(origin: OriginFor<T>) -> DispatchResult {
            Self::do_withdraw_bond(ensure_signed(origin)?)
        }

        /// Returns from suspension, against the restart fee where the suspension period is not
        /// over. By a suspended worker whose bond suffices. Event: `WorkerResumed`.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::resume())]
        pub fn resume(origin: OriginFor<T>) -> DispatchResult {
            Self::do_resume(ensure_signed(origin)?)
        }

        /// Asks for an analysis; holds the reward and a deposit. By an active member with an
        /// encryption key who may have every record among the inputs analysed for the purpose.
        /// Event: `Posted`.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::post(spec.inputs.len() as u32))]
        pub fn post(origin: OriginFor<T>, spec: SpecOf<T>) -> DispatchResult {
            Self::do_post(ensure_signed(origin)?, spec)
        }

        /// Ends a job whose inputs are not complete: free in the first blocks, then against the draw
        /// fee. By the client. Event: `Ended`.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::end_job())]
        pub fn cancel(origin: OriginFor<T>, job: JobId) -> DispatchResult {
            Self::do_cancel(ensure_signed(origin)?, job)
        }

        /// Names the ciphertexts of own inputs. The first time with the public key of the job
        /// identity and that identity sealed to each seat and reserve; later calls repeat the
        /// public key and give no capsules. By the client, after the draw.
        /// Events: `Provided`, and `Started` with the last input.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::provide(items.len() as u32))]
        pub fn provide(
            origin: OriginFor<T>,
            job: JobId,
            recipient: Recipient,
            items: Items,
            capsules: Capsules,
        ) -> DispatchResult {
            Self::do_provide(ensure_signed(origin)?, job, recipient, items, capsules)
        }

        /// Seals the key of a record among the inputs to each seat and reserve. By the record's
        /// patient, who pays no fee for it. Events: `RecordSealed`, and `Started` with the last
        /// input.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::seal_record())]
        pub fn seal_record(
            origin: OriginFor<T>,
            job: JobId,
            index: u32,
            capsules: Capsules,
        ) -> DispatchResultWithPostInfo {
            Self::do_seal_record(ensure_signed(origin)?, job, index, capsules)?;
            Ok(Pays::No.into())
        }

        /// Commits to an outcome. By a seat, and by a reserve from the middle of the window while
        /// commitments are missing, or its operator; without fee. A seat takes the place of the
        /// last reserve where there is no other. Where a record among the inputs may no longer be
        /// analysed, the job ends instead. Events: `Committed`, `StoodDown`, `RevealsOpened` with
        /// the last seat's commitment, or `Ended`.
        #[pallet::call_index(9)]
        #[pallet::weight(
            T::WeightInfo::commit(MAX_INPUTS).saturating_add(T::WeightInfo::end_job())
        )]
        pub fn commit(
            origin: OriginFor<T>,
            job: JobId,
            commitment: Digest,
        ) -> DispatchResultWithPostInfo {
            let weight = Self::do_commit(ensure_signed(origin)?, job, commitment)?;
            Ok((Some(weight), Pays::No).into())
        }

        /// Reveals the outcome committed to. By who committed, or its operator; without fee.
        /// Event: `Revealed`.
        #[pallet::call_index(10)]
        #[pallet::weight(T::WeightInfo::reveal())]
        pub fn reveal(
            origin: OriginFor<T>,
            job: JobId,
            reveal: Reveal,
        ) -> DispatchResultWithPostInfo {
            Self::do_reveal(ensure_signed(origin)?, job, reveal)?;
            Ok(Pays::No.into())
        }

        /// Pays the rest of the reward to the winners at once. By the client. Event:
        /// `HoldbackPaid`.
        #[pallet::call_index(11)]
        #[pallet::weight(T::WeightInfo::accept_result())]
        pub fn accept_result(origin: OriginFor<T>, job: JobId) -> DispatchResult {
            Self::do_accept_result(ensure_signed(origin)?, job)
        }

        /// Says that no winner's result could be fetched: the rest of the reward goes to the
        /// treasury, so that the client gains nothing by saying it. By the client, within the
        /// result window. Event: `HoldbackPaid`.
        #[pallet::call_index(12)]
        #[pallet::weight(T::WeightInfo::report_unavailable())]
        pub fn report_unavailable(origin: OriginFor<T>, job: JobId) -> DispatchResult {
            Self::do_report_unavailable(ensure_signed(origin)?, job)
        }

        /// Removes the pointers to the results and gives their deposit back; who analysed what and
        /// when stays. By the client, after the retention period. Event: `Forgotten`.
        #[pallet::call_index(13)]
        #[pallet::weight(T::WeightInfo::forget())]
        pub fn forget(origin: OriginFor<T>, job: JobId) -> DispatchResult {
            Self::do_forget(ensure_signed(origin)?, job)
        }

        /// Sets the price of a unit of an algorithm's work, or takes it off the list; posted jobs
        /// go on. By governance. Event: `AlgorithmSet`.
        #[pallet::call_index(14)]
        #[pallet::weight(T::WeightInfo::set_algorithm())]
        pub fn set_algorithm(
            origin: OriginFor<T>,
            algorithm: Algorithm,
            price: Option<BalanceOf<T>>,
        ) -> DispatchResult {
            T::GovernanceOrigin::ensure_origin(origin)?;
            Algorithms::<T>::set(&algorithm, price);
            Self::deposit_event(Event::AlgorithmSet { algorithm, price });
            Ok(())
        }
    }
}
