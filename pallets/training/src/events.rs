//! What the pallet says in events. Imported into the pallet's module.

use polkadot_sdk::frame_support::pallet_macros::pallet_section;

#[pallet_section]
mod events {
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A member holds data that can be trained on; it rests on so many records.
        #[codec(index = 0)]
        DataSetDeclared {
            data_set: DataSetId,
            holder: T::AccountId,
            records: u32,
        },
        /// A data set cannot be trained on any more.
        #[codec(index = 1)]
        DataSetWithdrawn { data_set: DataSetId },
        /// A training was opened; those asked can join up to and in block `join_by`.
        #[codec(index = 2)]
        Opened {
            training: TrainingId,
            initiator: T::AccountId,
            backend: Backend,
            join_by: BlockNumberFor<T>,
        },
        /// A participant joined with a data set.
        #[codec(index = 3)]
        Joined {
            training: TrainingId,
            position: Position,
            who: T::AccountId,
            data_set: DataSetId,
        },
        /// A party committed to its keys.
        #[codec(index = 4)]
        KeysCommitted {
            training: TrainingId,
            position: Position,
        },
        /// So many parties train; messages name `session`.
        #[codec(index = 5)]
        Started {
            training: TrainingId,
            session: Digest,
            parties: u32,
            until: BlockNumberFor<T>,
        },
        /// A party said what it has of a stage.
        #[codec(index = 6)]
        Posted {
            training: TrainingId,
            position: Position,
            stage: u32,
            said: Said,
        },
        /// All who take part have the same transcript of all stages up to this one.
        #[codec(index = 7)]
        StageAgreed {
            training: TrainingId,
            stage: u32,
            root: Digest,
        },
        /// All who take part agree on the model; parts of it can be delivered up to and in block
        /// `until`.
        #[codec(index = 8)]
        ModelAgreed {
            training: TrainingId,
            model: Digest,
            until: BlockNumberFor<T>,
        },
        /// These were silent, and can come back up to and in block `until`.
        #[codec(index = 9)]
        Paused {
            training: TrainingId,
            silent: Positions,
            until: BlockNumberFor<T>,
        },
        /// The stage is begun again, with a new epoch.
        #[codec(index = 10)]
        Retried {
            training: TrainingId,
            stage: u32,
            epoch: u32,
            until: BlockNumberFor<T>,
        },
        /// The roots of a stage differ: all post again.
        #[codec(index = 11)]
        RootsDiffer {
            training: TrainingId,
            stage: u32,
            epoch: u32,
            until: BlockNumberFor<T>,
        },
        /// A party is out; `lost` of its deposit went to the treasury.
        #[codec(index = 12)]
        Departed {
            training: TrainingId,
            position: Position,
            who: T::AccountId,
            departure: Departure,
            lost: BalanceOf<T>,
        },
        /// A part of the model can be had by those entitled once all are there.
        #[codec(index = 13)]
        Delivered {
            training: TrainingId,
            position: Position,
        },
        /// The training has ended; each participant that was left got `share`.
        #[codec(index = 14)]
        Ended {
            training: TrainingId,
            end: End,
            share: BalanceOf<T>,
        },
        /// The treasury got the price of what stays of the training for ever.
        #[codec(index = 15)]
        EntryPaid {
            training: TrainingId,
            amount: BalanceOf<T>,
        },
        /// The parts of the model were removed.
        #[codec(index = 16)]
        Forgotten { training: TrainingId },
    }
}
