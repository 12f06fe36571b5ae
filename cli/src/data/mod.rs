//! `salus data`: an institution's own data sets, which others may have analysed without reading them.
//!
//! A data set is a record of which the institution is the patient too, so `salus record share`,
//! `show`, `read`, `rekey` and `move` work on it. What differs: its node seals the key to the panels
//! of the jobs that may analyse it, from the folder that `add` and `key` put the key into. A data set
//! for joint trainings is none of this: its file stays at the node (`training`).

mod command;
mod own;
mod run;
pub mod training;

pub use command::{node_keys, AddArgs, Command, NodeArgs};
pub use own::{add, give_key, list, Added};
