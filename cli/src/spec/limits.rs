//! What the runtime asks of a genesis, read from the metadata that this program was built with.

use std::ops::RangeInclusive;

use anyhow::Context;
use codec::Decode;
use salus_primitives::{Balance, Moment};
use subxt::Metadata;

/// Shortest and longest session, ms: as the runtime's `session_length` refuses others.
pub const SESSION: RangeInclusive<Moment> = 60_000..=86_400_000;

/// Length of a slot, ms: as the runtime has it, whose metadata here is without BABE's.
pub const SLOT: Moment = 2_000;

/// Limits of a genesis.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Smallest bond of a candidate.
    pub candidate_bond: Balance,
    /// Smallest bond of a worker.
    pub worker_bond: Balance,
    /// What an account keeps at least.
    pub existential: Balance,
    /// Fewest validators that can be elected.
    pub min_validators: u32,
    /// Most validators that are elected.
    pub max_validators: u32,
}

impl Limits {
    /// Those of the runtime that this program knows.
    pub fn read() -> anyhow::Result<Self> {
        let bytes = include_bytes!("../../metadata.scale");
        let metadata = Metadata::decode(&mut &bytes[..])?;
        Ok(Limits {
            candidate_bond: constant(&metadata, "Delegation", "MinBond")?,
            worker_bond: constant(&metadata, "Jobs", "MinBond")?,
            existential: constant(&metadata, "Balances", "ExistentialDeposit")?,
            min_validators: constant(&metadata, "Delegation", "MinValidators")?,
            max_validators: constant(&metadata, "Delegation", "Validators")?,
        })
    }
}

fn constant<T: Decode>(metadata: &Metadata, pallet: &str, name: &str) -> anyhow::Result<T> {
    let constant = metadata
        .pallet_by_name(pallet)
        .and_then(|pallet| pallet.constant_by_name(name))
        .with_context(|| format!("the runtime has no constant {pallet}.{name}"))?;
    T::decode(&mut constant.value()).with_context(|| format!("{pallet}.{name} is of another kind"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metadata_has_them() {
        let limits = Limits::read().unwrap();
        assert!(limits.candidate_bond > limits.existential);
        assert!(SESSION.start().is_multiple_of(SLOT));
        assert!(limits.min_validators <= limits.max_validators);
    }
}
