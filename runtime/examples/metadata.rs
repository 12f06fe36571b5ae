//! Writes the runtime's SCALE metadata (the version of the first argument, 16 by default) to
//! standard output, for `scripts/metadata`.

use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let version = std::env::args()
        .nth(1)
        .map_or(Ok(16), |v| v.parse::<u32>())?;
    // Constants that genesis sets are read from state; an empty one gives their defaults.
    let metadata = polkadot_sdk::sp_io::TestExternalities::default()
        .execute_with(|| salus_runtime::Runtime::metadata_at_version(version))
        .ok_or_else(|| format!("the runtime has no metadata of version {version}"))?;
    std::io::stdout().write_all(&metadata)?;
    Ok(())
}
