//! One file per call or concern.

mod admission;
mod fees;
mod keys;
mod operators;
mod recovery;
mod register;
mod sponsorship;
