//! Tests of the public interface, in one binary.

mod coalitions;
mod cohorts;
mod determinism;
mod fcm;
mod forest;
mod image;
mod job;
mod metrics;
mod model;
mod neighbours;
mod params;
mod pca;
#[cfg(feature = "plot")]
mod plot;
mod result;
mod scale;
mod svm;
mod table;
mod vectors;
