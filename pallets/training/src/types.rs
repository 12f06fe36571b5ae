//! What the pallet keeps in storage and takes in calls, for its configuration.

use polkadot_sdk::{
    frame_support::traits::fungible, frame_system, frame_system::pallet_prelude::BlockNumberFor,
    sp_core::ConstU32, sp_runtime::BoundedVec,
};
use salus_primitives::training::{DataSet, PastTraining, Terms, Training, MAX_PARTICIPANTS};

use crate::Config;

pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
pub type BalanceOf<T> = <<T as Config>::Currency as fungible::Inspect<AccountIdOf<T>>>::Balance;
pub type TermsOf<T> = Terms<BalanceOf<T>, BlockNumberFor<T>>;
pub type DataSetOf<T> = DataSet<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;
pub type TrainingOf<T> = Training<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;
pub type PastTrainingOf<T> = PastTraining<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;

/// Whom the initiator asks to bring data, in the order of their positions.
pub type ParticipantsOf<T> = BoundedVec<AccountIdOf<T>, ConstU32<MAX_PARTICIPANTS>>;
