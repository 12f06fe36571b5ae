//! Writes the part of the runtime's metadata (SCALE, version 16) that `salus` uses to standard
//! output, for `scripts/metadata`.

use std::io::Write;

use codec::{Decode, Encode};
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use polkadot_sdk::sp_io::TestExternalities;
use salus_runtime::Runtime;
use subxt_utils_stripmetadata::StripMetadata;

/// Pallets that the command calls, reads, or whose events it decodes.
const PALLETS: &[&str] = &[
    "System",
    "Timestamp",
    "Balances",
    "TransactionPayment",
    "Council",
    "Whitelist",
    "Grandpa",
    "Utility",
    "Registry",
    "Records",
    "Jobs",
    "Session",
    "Delegation",
    "Rewards",
    "Training",
];

/// Runtime APIs that the command calls.
const APIS: &[&str] = &[
    "Core",
    "AccountNonceApi",
    "TransactionPaymentCallApi",
    "BlobsApi",
    "DutiesApi",
    "JobsApi",
    "SessionKeys",
    "StakeApi",
    "TrainingApi",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Constants that genesis sets are read from state; an empty one gives their defaults.
    let whole = TestExternalities::default()
        .execute_with(|| Runtime::metadata_at_version(16))
        .ok_or("the runtime has no metadata of version 16")?;
    let mut metadata = RuntimeMetadataPrefixed::decode(&mut whole.as_slice())?;
    let RuntimeMetadata::V16(part) = &mut metadata.1 else {
        return Err("the metadata is not of version 16".into());
    };
    let keep = |names: &'static [&'static str]| move |name: &str| names.contains(&name);
    part.strip_metadata(keep(PALLETS), keep(APIS));
    std::io::stdout().write_all(&metadata.encode())?;
    Ok(())
}
