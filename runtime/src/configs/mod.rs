//! Parameters of the pallets, one file a concern.

mod consensus;
mod governance;
mod medical;
mod money;
mod stake;
mod system;

pub use consensus::EpochDuration;
pub use governance::{dynamic_params, CouncilCollective, RuntimeParameters};
pub use money::Treasury;
pub use system::transaction_extensions;
