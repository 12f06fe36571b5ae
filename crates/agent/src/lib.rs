#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod agent;
mod answers;
mod blobs;
mod board;
mod cancel;
mod chain;
mod compute;
mod config;
mod context;
mod fetch;
mod kept;
mod metrics;
mod places;
mod seal;
mod store;
mod training;
mod work;

pub use agent::{Agent, RECORD_KEYS};
pub use blobs::{BlobError, Blobs, Gateway};
pub use board::{DutyStatus, Stage, Status};
pub use chain::{Block, Chain, ChainError};
pub use config::{Config, Error};
pub use store::{AnswerStore, OffchainStore};
pub use training::{
    KeySource, OwnKeys, PeerError, Peers, Primes, Refusal, Training, TrainingStatus, Trainings,
};

/// Target of all log lines.
const LOG: &str = "agent";
