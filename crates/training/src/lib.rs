#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

pub mod agreed;
pub mod data_set;
mod error;
pub mod heterogeneous;
pub mod homogeneous;
mod message;
pub mod model;
mod party;
mod seed;
mod session;
pub mod stage;

pub use error::{Error, Fault, Reason, Refused};
pub use message::{Body, Envelope, Header, Link, Post, Signer, Transcript, Verifier};
pub use party::{Ended, Outcome, Outgoing, Part, Party, PartyId, Progress, Step, To};
pub use seed::{Random, Seed};
pub use session::{Backend, Estimate, Leak, SessionId};
