//! Parameters of the pallets, one file a concern.

mod governance;
mod medical;
mod money;
mod session;
mod stake;
mod system;

// What differs between the two flavours, one file each.
#[cfg(feature = "parachain")]
#[path = "parachain.rs"]
pub mod flavour;
#[cfg(not(feature = "parachain"))]
#[path = "solo.rs"]
pub mod flavour;

pub use governance::{dynamic_params, CouncilCollective, RuntimeParameters};
pub use money::Treasury;
pub use session::{EpochDuration, MaxAuthorities, REPORT_SESSIONS};
pub use system::transaction_extensions;
