//! `salus job`: analyses that several workers must agree on.

mod client;
mod command;
mod pool;
mod post;
mod provide;
mod read;
mod result;
mod run;
mod watch;

pub use client::Client;
pub use command::{Command, PostArgs};
pub use pool::drawable;
pub use post::{
    least_reward, measure, Bound, Input, Order, Panel, Posted, Stage, Unfinished, WINDOW,
};
pub use provide::{seal_records, Provided};
pub use read::{
    end_reason, failure_words, list, outcome_words, phase, reason_words, show, wait_for_panel,
    Entry, Finished, Job, Phase,
};
pub use result::{accept, fetch, forget, report_unavailable, Found, NoneServes, Tried};
pub use watch::{watch, End, Step};
