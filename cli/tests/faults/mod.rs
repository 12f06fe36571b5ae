//! Faults on real nodes: killed, cut off, stalled, replayed. `make test-faults` runs them; they take
//! minutes, so `make test` leaves them out (`.config/nextest.toml`).

mod consent;
mod forks;
mod front;
mod kills;
mod net;
mod work;
