//! Cuts a runtime's metadata (SCALE, standard input) down to what `salus` uses, for
//! `cli/metadata.scale` (standard output). `scripts/metadata` calls it.

use std::io::{self, Read, Write};

use codec::{Decode, Encode};
use subxt::ext::frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use subxt_utils_stripmetadata::StripMetadata;

/// Pallets that the command calls, reads, or whose events it decodes.
const PALLETS: &[&str] = &[
    "System",
    "Timestamp",
    "Balances",
    "TransactionPayment",
    "Council",
    "Utility",
    "Registry",
    "Records",
    "Jobs",
];

/// Runtime APIs that the command calls.
const APIS: &[&str] = &[
    "Core",
    "AccountNonceApi",
    "TransactionPaymentCallApi",
    "BlobsApi",
    "DutiesApi",
    "JobsApi",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)?;
    let mut metadata = RuntimeMetadataPrefixed::decode(&mut bytes.as_slice())?;
    let keep = |names: &'static [&'static str]| move |name: &str| names.contains(&name);
    match &mut metadata.1 {
        RuntimeMetadata::V15(metadata) => metadata.strip_metadata(keep(PALLETS), keep(APIS)),
        RuntimeMetadata::V16(metadata) => metadata.strip_metadata(keep(PALLETS), keep(APIS)),
        other => {
            return Err(format!("metadata of version {} is not taken", other.version()).into())
        }
    }
    io::stdout().write_all(&metadata.encode())?;
    Ok(())
}
