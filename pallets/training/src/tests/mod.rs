mod access;
mod agenda;
mod consent;
mod data_sets;
mod delivery;
mod dispute;
mod duties;
mod ends;
mod equivocation;
mod join;
mod leave;
mod open;
mod post;

mod silence;
