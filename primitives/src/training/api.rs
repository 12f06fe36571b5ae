//! What nodes and the command ask of trainings.

// The macro writes the bound of a type parameter twice.
#![allow(clippy::multiple_bound_locations)]

use alloc::vec::Vec;
use codec::Codec;

use super::{DataSet, DataSetId, Involvement, PastTraining, Position, Training, TrainingId};
use crate::{jobs::ResultPointer, membership::Recipient, BlockNumber};

polkadot_sdk::sp_api::decl_runtime_apis! {
    /// Trainings and the data sets declared for them. `limit` is capped at 64.
    pub trait TrainingApi<AccountId: Codec, Balance: Codec> {
        /// A training that has not ended.
        fn training(training: TrainingId) -> Option<Training<AccountId, Balance, BlockNumber>>;
        /// What stays of one that has ended.
        fn past_training(
            training: TrainingId,
        ) -> Option<PastTraining<AccountId, Balance, BlockNumber>>;
        /// Live trainings of a member, by number, the page that follows `after`.
        fn trainings_of(
            who: AccountId,
            after: Option<TrainingId>,
            limit: u32,
        ) -> Vec<(TrainingId, Involvement)>;
        /// Who is to have the model, with the keys to seal it to.
        fn entitled(training: TrainingId) -> Vec<(AccountId, Recipient)>;
        /// The sealed parts of the model of a completed training, with the positions of who delivered
        /// them. Nothing for one who is not entitled.
        fn model(training: TrainingId, who: AccountId) -> Vec<(Position, ResultPointer)>;
        /// A declared data set.
        fn data_set(data_set: DataSetId) -> Option<DataSet<AccountId, Balance, BlockNumber>>;
        /// Data sets of a holder, from the one at position `start`.
        fn data_sets_of(holder: AccountId, start: u32, limit: u32) -> Vec<DataSetId>;
    }
}
