//! Tests of the command as people run it. Those of the network and the demo need `salus-node`, which
//! `make test` builds: `SALUS_NODE`, or beside `salus`.

mod analyse;
mod chain;
mod consortium;
mod data_sets;
mod demo;
mod docs;
mod faults;
mod keys;
mod network;
mod pool;
mod program;
mod spec;
mod stake;
mod train;
mod training;
mod usage;
