//! Tests of the public interface, in one binary.

mod axioms;
mod book;
mod groups;
mod money;
mod neighbours;
mod profile;
mod reference;
mod sample;
mod table;
