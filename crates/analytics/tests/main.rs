//! Tests of the public interface, in one binary.

mod cohorts;
mod determinism;
mod fcm;
mod image;
mod job;
mod metrics;
mod model;
mod params;
mod pca;
#[cfg(feature = "plot")]
mod plot;
mod result;
mod scale;
mod svm;
mod table;
mod vectors;
