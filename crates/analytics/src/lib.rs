#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod coalitions;
pub mod fcm;
pub mod forest;
pub mod image;
pub mod job;
pub mod metrics;
pub mod neighbours;
pub mod params;
pub mod pca;
#[cfg(feature = "plot")]
pub mod plot;
pub mod result;
pub mod scale;
pub mod split;
pub mod svm;
pub mod table;
pub mod workers;
