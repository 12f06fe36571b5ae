//! The agent against a chain and a gateway that tests control, with real keys, files and analyses.

mod blame;
mod consortium;
mod failures;
mod flow;
mod gateway;
mod places;
mod restart;
mod seal;
mod support;
mod training;
