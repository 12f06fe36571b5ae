//! A consortium's network: what it survives, and how members come and go, on real nodes. `make
//! test-network` runs it; it takes minutes, so `make test` leaves it out (`.config/nextest.toml`).

mod cables;
mod clock;
mod crash;
mod disk;
mod equivocation;
mod join;
mod many;
mod partition;
mod stall;
mod upgrade;
mod witness;

use std::{env, fs::OpenOptions, io::Write};

/// Leaves out what this machine cannot do, where `SALUS_ALLOW_SKIPS=1` allows it. `make test-network`
/// repeats it at its end.
fn skip(test: &str, why: &str) {
    assert!(
        env::var("SALUS_ALLOW_SKIPS").is_ok_and(|allowed| allowed == "1"),
        "{test} cannot be tested here: {why}. SALUS_ALLOW_SKIPS=1 leaves it out"
    );
    let line = format!("SKIPPED {test}: {why}");
    eprintln!("{line}");
    if let Some(file) = env::var_os("SALUS_SKIPPED") {
        let mut file = OpenOptions::new().append(true).open(file).unwrap();
        writeln!(file, "{line}").unwrap();
    }
}
