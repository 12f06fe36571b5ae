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
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod data_sets;
mod delivery;
mod duties;
mod ending;
mod errors;
mod events;
mod joining;
mod judge;
mod money;
mod opening;
mod stages;
#[cfg(any(test, feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

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
    use frame_support::{
        pallet_prelude::*,
        traits::{fungible, Time},
    };
    use frame_system::pallet_prelude::*;
    use salus_primitives::{
        blobs::BlobAccess,
        jobs::ResultPointer,
        membership::Membership,
        records::RecordAccess,
        training::{
            Backend, DataSetId, DataSetSpec, Departure, End, Equivocation, PartyKeys, Position,
            Positions, Said, StagePost, TrainingId, MAX_CONSENTS,
        },
        Digest, Moment,
    };
    use sp_runtime::{traits::BlockNumberProvider, Permill};

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Rewards and deposits are held in this currency.
        type Currency: fungible::Mutate<Self::AccountId>
            + fungible::MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
        /// The runtime's reasons for holds.
        type RuntimeHoldReason: From<HoldReason>;
        /// Who is a member, and whose operator key is whose.
        type Membership: Membership<Self::AccountId>;
        /// Stored records and who may have them analysed.
        type Records: RecordAccess<Self::AccountId>;
        /// The other pallets' blobs: a training has no claim on them.
        type OtherBlobs: BlobAccess<Self::AccountId>;
        /// Takes lost deposits and the price of what stays. The account must exist.
        type Treasury: Get<Self::AccountId>;
        /// Source of the block numbers of deadlines.
        type BlockNumberProvider: BlockNumberProvider<BlockNumber = BlockNumberFor<Self>>;
        /// Chain time, kept with a training that has ended.
        type Time: Time<Moment = Moment>;
        /// Most live trainings that one member opened or joined. It bounds the loop over a member's
        /// trainings in runtime APIs: 16 read 94 kB at most.
        #[pallet::constant]
        type MaxTrainings: Get<u32>;
        /// Most data sets of one member, in one value of 32 bytes each.
        #[pallet::constant]
        type MaxDataSets: Get<u32>;
        /// Smallest deposit of a party.
        #[pallet::constant]
        type MinDeposit: Get<BalanceOf<Self>>;
        /// Part of the deposit that is lost by who is out for its fault.
        #[pallet::constant]
        type ForfeitPart: Get<Permill>;
        /// Shortest window of joining and of a stage: a post has to get into a block.
        #[pallet::constant]
        type MinWindow: Get<BlockNumberFor<Self>>;
        /// Longest of both: so long a deposit can wait for one stage.
        #[pallet::constant]
        type MaxWindow: Get<BlockNumberFor<Self>>;
        /// Blocks in which a silent participant of a heterogeneous training can come back.
        #[pallet::constant]
        type GraceWindow: Get<BlockNumberFor<Self>>;
        /// Blocks in which all post again where the roots differ.
        #[pallet::constant]
        type DisputeWindow: Get<BlockNumberFor<Self>>;
        /// Blocks in which the parts of the model are delivered.
        #[pallet::constant]
        type DeliveryWindow: Get<BlockNumberFor<Self>>;
        /// How often a stage is begun again in a training though nobody is out.
        #[pallet::constant]
        type MaxRetries: Get<u32>;
        /// Blocks after the end from which the initiator can have the model's parts removed.
        #[pallet::constant]
        type RetentionPeriod: Get<BlockNumberFor<Self>>;
        /// Deposit for a data set or a training, beside that for its bytes.
        #[pallet::constant]
        type DepositBase: Get<BalanceOf<Self>>;
        /// Deposit for each byte on chain.
        #[pallet::constant]
        type DepositPerByte: Get<BalanceOf<Self>>;
        /// Weight of due trainings up to which one block goes on; it always does one. The end of one
        /// with eleven parties takes about 90 reads and 80 writes.
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
        /// An initiator's reward for a training.
        #[codec(index = 0)]
        Reward,
        /// A party's deposit.
        #[codec(index = 1)]
        Party,
        /// A deposit for what a training or a data set keeps on chain.
        #[codec(index = 2)]
        TrainingDeposit,
    }

    /// Declared data sets.
    // The holder chooses what the identifier is a digest of, so the key must not be its own hash.
    #[pallet::storage]
    pub type DataSets<T: Config> = StorageMap<_, Blake2_128Concat, DataSetId, DataSetOf<T>>;

    /// Data sets by their holder, in the order of their declaration.
    #[pallet::storage]
    pub type DataSetsOf<T: Config> = StorageMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        BoundedVec<DataSetId, T::MaxDataSets>,
        ValueQuery,
    >;

    /// Number of the next training.
    #[pallet::storage]
    pub type NextTrainingId<T: Config> = StorageValue<_, TrainingId, ValueQuery>;

    /// Trainings that have not ended.
    #[pallet::storage]
    pub type Trainings<T: Config> = StorageMap<_, Twox64Concat, TrainingId, TrainingOf<T>>;

    /// Live trainings that a member opened or takes part in, by number.
    #[pallet::storage]
    pub type Places<T: Config> = StorageMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        BoundedVec<TrainingId, T::MaxTrainings>,
        ValueQuery,
    >;

    /// Trainings that a member was asked to join and has not.
    #[pallet::storage]
    pub type Invitations<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, TrainingId, ()>;

    /// Delivered parts of models.
    #[pallet::storage]
    pub type Models<T: Config> =
        StorageDoubleMap<_, Twox64Concat, TrainingId, Twox64Concat, Position, ResultPointer>;

    /// The training a blob is of.
    #[pallet::storage]
    pub type Blobs<T: Config> = StorageMap<_, Blake2_128Concat, Digest, TrainingId>;

    /// What stays of trainings that had begun.
    #[pallet::storage]
    pub type PastTrainings<T: Config> = StorageMap<_, Twox64Concat, TrainingId, PastTrainingOf<T>>;

    /// Which trainings are due in which block.
    #[pallet::storage]
    pub type Agenda<T: Config> =
        StorageDoubleMap<_, Twox64Concat, BlockNumberFor<T>, Twox64Concat, TrainingId, ()>;

    /// First slot of the agenda that is not known to be empty.
    #[pallet::storage]
    pub type NextAgenda<T: Config> = StorageValue<_, BlockNumberFor<T>, ValueQuery>;

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            Self::work_off_agenda()
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
        /// Declares data that the member holds; holds a deposit. By an admitted member that may have
        /// every record it rests on analysed for the purpose. Event: `DataSetDeclared`.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::declare_data_set(spec.consents.len() as u32))]
        pub fn declare_data_set(origin: OriginFor<T>, spec: DataSetSpec) -> DispatchResult {
            Self::do_declare_data_set(ensure_signed(origin)?, spec)
        }

        /// Takes a data set back; no training can use it any more. By its holder, while none does.
        /// Event: `DataSetWithdrawn`.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::withdraw_data_set())]
        pub fn withdraw_data_set(origin: OriginFor<T>, data_set: DataSetId) -> DispatchResult {
            Self::do_withdraw_data_set(ensure_signed(origin)?, data_set)
        }

        /// Opens a training and asks members to join it; holds the reward, a deposit, and as the
        /// analyst of a homogeneous one that of a party. By an admitted member with an encryption
        /// key. Event: `Opened`.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::open())]
        pub fn open(
            origin: OriginFor<T>,
            terms: TermsOf<T>,
            participants: ParticipantsOf<T>,
        ) -> DispatchResult {
            Self::do_open(ensure_signed(origin)?, terms, participants)
        }

        /// Joins with a data set; holds the deposit of a party. By an invited admitted member.
        /// Event: `Joined`.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::join(MAX_CONSENTS))]
        pub fn join(
            origin: OriginFor<T>,
            training: TrainingId,
            data_set: DataSetId,
        ) -> DispatchResultWithPostInfo {
            let weight = Self::do_join(ensure_signed(origin)?, training, data_set)?;
            Ok(Some(weight).into())
        }

        /// Commits to the keys of a party. By who joined, and the analyst, or its operator; without
        /// fee. Events: `KeysCommitted`, and `Started` with the last.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::commit_keys())]
        pub fn commit_keys(
            origin: OriginFor<T>,
            training: TrainingId,
            keys: PartyKeys,
        ) -> DispatchResultWithPostInfo {
            Self::do_commit_keys(ensure_signed(origin)?, training, keys)?;
            Ok(Pays::No.into())
        }

        /// Leaves before the start, or with a data set a consent of which has ended; gives the
        /// deposit back. By a participant; after the start by its operator too. Events: `Departed`,
        /// `Started` where nobody else was waited for, `Ended` where it does not go on without it.
        #[pallet::call_index(5)]
        #[pallet::weight(
            T::WeightInfo::leave(MAX_CONSENTS).saturating_add(Pallet::<T>::weight_of_end())
        )]
        pub fn leave(origin: OriginFor<T>, training: TrainingId) -> DispatchResultWithPostInfo {
            let weight = Self::do_leave(ensure_signed(origin)?, training)?;
            Ok(Some(weight).into())
        }

        /// Ends a training before its start. By the initiator. Event: `Ended`.
        #[pallet::call_index(6)]
        #[pallet::weight(Pallet::<T>::weight_of_end())]
        pub fn cancel(origin: OriginFor<T>, training: TrainingId) -> DispatchResult {
            Self::do_cancel(ensure_signed(origin)?, training)
        }

        /// Says what the stage came to. By who takes part, or its operator; without fee. Where a
        /// consent of its data has ended, the participant leaves instead. Events: `Posted`, then
        /// what follows from it: `StageAgreed`, `RootsDiffer`, `Departed`, `Ended`.
        #[pallet::call_index(7)]
        #[pallet::weight(
            T::WeightInfo::post(MAX_CONSENTS).saturating_add(Pallet::<T>::weight_of_end())
        )]
        pub fn post(
            origin: OriginFor<T>,
            training: TrainingId,
            post: StagePost,
        ) -> DispatchResultWithPostInfo {
            let weight = Self::do_post(ensure_signed(origin)?, training, post)?;
            Ok((Some(weight), Pays::No).into())
        }

        /// Proves that a party signed two different messages under one number. By anybody; without
        /// fee where it is proven. Events: `Departed`, and `Ended` where it does not go on without
        /// that party.
        #[pallet::call_index(8)]
        #[pallet::weight(
            T::WeightInfo::report_equivocation().saturating_add(Pallet::<T>::weight_of_end())
        )]
        pub fn report_equivocation(
            origin: OriginFor<T>,
            training: TrainingId,
            evidence: Equivocation,
        ) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            let weight = Self::do_report_equivocation(training, evidence)?;
            Ok((Some(weight), Pays::No).into())
        }

        /// Judges a training whose deadline has passed, as the agenda does. By anybody. Events:
        /// `Started`, `Paused`, `Retried`, `RootsDiffer`, `StageAgreed`, `Departed`, `Ended`.
        #[pallet::call_index(9)]
        #[pallet::weight(Pallet::<T>::weight_of_end())]
        pub fn judge(origin: OriginFor<T>, training: TrainingId) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_judge(training)
        }

        /// Delivers a part of the model, sealed to those entitled. By who owes one, or its operator;
        /// without fee. Events: `Delivered`, and `Ended` with the last.
        #[pallet::call_index(10)]
        #[pallet::weight(T::WeightInfo::deliver().saturating_add(Pallet::<T>::weight_of_end()))]
        pub fn deliver(
            origin: OriginFor<T>,
            training: TrainingId,
            part: ResultPointer,
        ) -> DispatchResultWithPostInfo {
            let weight = Self::do_deliver(ensure_signed(origin)?, training, part)?;
            Ok((Some(weight), Pays::No).into())
        }

        /// Removes the parts of the model and gives their deposit back; who trained what stays. By
        /// the initiator, after the retention period. Event: `Forgotten`.
        #[pallet::call_index(11)]
        #[pallet::weight(T::WeightInfo::forget())]
        pub fn forget(origin: OriginFor<T>, training: TrainingId) -> DispatchResult {
            Self::do_forget(ensure_signed(origin)?, training)
        }
    }
}
