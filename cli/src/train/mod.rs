//! `salus train`: one model over data that its holders do not show to each other.

mod command;
mod model;
mod open;
mod preview;
mod read;
mod run;
mod terms;
mod watch;

pub use command::Command;
pub use model::{fetch, predict, Fetched, ModelFile, Right, Scores};
pub use open::{cancel, forget, join, leave, open, Opened, Order, Shape};
pub use preview::{ChainTerms, Preview};
pub use read::{list, live, phase, show, Live, Past, Phase, Training};
pub use terms::{BackendArg, TermsArgs};
pub use watch::{progress, watch, End, Progress, Step};
