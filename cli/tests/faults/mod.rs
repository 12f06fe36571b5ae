//! Faults on real nodes: killed, cut off, stalled, replayed. `make test-faults` runs them; they take
//! minutes, so `make test` leaves them out (`.config/nextest.toml`).

pub mod consent;
mod forks;
pub mod front;
mod kills;
pub mod net;
mod trainings;
pub mod work;
