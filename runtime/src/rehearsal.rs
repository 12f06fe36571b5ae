//! What the rehearsal of an upgrade (`scripts/rehearsal`) adds: version 2 of the register, with an
//! index that a migration fills. No release has it.

#[cfg(feature = "try-runtime")]
use alloc::vec::Vec;

#[cfg(feature = "try-runtime")]
use polkadot_sdk::{frame_support::ensure, sp_runtime::TryRuntimeError};
use polkadot_sdk::{
    frame_support::{
        migrations::VersionedMigration, pallet_prelude::OptionQuery, storage_alias,
        traits::UncheckedOnRuntimeUpgrade, weights::Weight, Blake2_128Concat, Twox64Concat,
    },
    frame_system,
};
use salus_primitives::membership::Role;

use crate::{AccountId, Runtime};

/// Who has, or had, which role.
#[storage_alias]
pub type ByRole =
    StorageDoubleMap<Registry, Twox64Concat, Role, Blake2_128Concat, AccountId, (), OptionQuery>;

/// Fills the index from the members.
pub struct Fill;
impl UncheckedOnRuntimeUpgrade for Fill {
    fn on_runtime_upgrade() -> Weight {
        let mut entries = 0u64;
        for (who, member) in pallet_registry::Members::<Runtime>::iter() {
            ByRole::insert(member.role, who, ());
            entries = entries.saturating_add(1);
        }
        <Runtime as frame_system::Config>::DbWeight::get().reads_writes(entries, entries)
    }

    #[cfg(feature = "try-runtime")]
    fn post_upgrade(_: Vec<u8>) -> Result<(), TryRuntimeError> {
        let mut members = 0usize;
        for (who, member) in pallet_registry::Members::<Runtime>::iter() {
            ensure!(
                ByRole::contains_key(member.role, who),
                "a member is not in the index"
            );
            members = members.saturating_add(1);
        }
        ensure!(members > 0, "the register is empty");
        ensure!(
            ByRole::iter_keys().count() == members,
            "the index has somebody who is no member"
        );
        Ok(())
    }
}

/// Version 1 of the register to 2.
pub type Migration = VersionedMigration<
    1,
    2,
    Fill,
    pallet_registry::Pallet<Runtime>,
    <Runtime as frame_system::Config>::DbWeight,
>;
