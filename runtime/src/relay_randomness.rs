//! Random values of the relay chain.
//!
//! Every relay block carries its author's VRF output, and the state proof that a block of ours brings
//! along contains that of its relay parent. A collator may build on a relay parent that is a few
//! blocks old, so it knows newer outputs than the one it brings: an output counts as known since the
//! first block that could be written after it, which is the first whose relay parent was at most
//! `MAX_LAG` older.

/// Storage of the outputs.
#[polkadot_sdk::frame_support::pallet]
pub mod pallet {
    use polkadot_sdk::{
        cumulus_pallet_parachain_system::{
            relay_state_snapshot::RelayChainStateProof, OnSystemEvent, ValidationData,
        },
        cumulus_primitives_core::{
            relay_chain::{well_known_keys::CURRENT_BLOCK_RANDOMNESS, BlockNumber as RelayNumber},
            PersistedValidationData,
        },
        frame_support::{
            pallet_prelude::*,
            traits::{ConstU32, Randomness},
        },
        frame_system::{self, pallet_prelude::BlockNumberFor},
        sp_core::H256,
        sp_io::hashing::blake2_256,
    };

    /// Relay blocks between a block's relay parent and the last relay block that its author may have
    /// seen. Relay chains back a block that is at most their allowed ancestry (two to five) and one
    /// more behind.
    const MAX_LAG: RelayNumber = 8;
    /// Relay parents within the lag, and the newest.
    type Parents = ConstU32<{ MAX_LAG + 1 }>;

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config:
        polkadot_sdk::frame_system::Config<Hash = H256>
        + polkadot_sdk::cumulus_pallet_parachain_system::Config
    {
    }

    /// The newest output, and the block since when it was known.
    #[pallet::storage]
    pub type Newest<T: Config> = StorageValue<_, (H256, BlockNumberFor<T>)>;

    /// The relay parents within `MAX_LAG` of the newest, each with the first block built on it.
    #[pallet::storage]
    pub type RelayParents<T: Config> =
        StorageValue<_, BoundedVec<(RelayNumber, BlockNumberFor<T>), Parents>, ValueQuery>;

    impl<T: Config> Pallet<T> {
        /// Notes a block's relay parent, and says since when what it brings was known: `None` where
        /// the output of this relay parent was taken in before.
        pub(crate) fn known_since(
            parent: RelayNumber,
            now: BlockNumberFor<T>,
        ) -> Option<BlockNumberFor<T>> {
            RelayParents::<T>::mutate(|parents| {
                if parents.last().is_some_and(|(last, _)| *last >= parent) {
                    return None;
                }
                let oldest = parent.saturating_sub(MAX_LAG);
                parents.retain(|(number, _)| *number >= oldest);
                // One number each, from `oldest` to `parent`: there is room.
                parents.try_push((parent, now)).ok()?;
                parents.first().map(|(_, block)| *block)
            })
        }
    }

    impl<T: Config> OnSystemEvent for Pallet<T> {
        fn on_validation_data(_: &PersistedValidationData) {}

        fn on_validation_code_applied() {}

        fn on_relay_state_proof(proof: &RelayChainStateProof) -> Weight {
            let weight = T::DbWeight::get().reads_writes(3, 2);
            let Some(data) = ValidationData::<T>::get() else {
                return weight;
            };
            let now = frame_system::Pallet::<T>::block_number();
            let known_since = Self::known_since(data.relay_parent_number, now);
            // Missing where the relay block has no output, or its proof does not show it.
            let output = proof.read_optional_entry::<Option<H256>>(CURRENT_BLOCK_RANDOMNESS);
            if let (Some(since), Ok(Some(Some(output)))) = (known_since, output) {
                Newest::<T>::put((output, since));
            }
            weight
        }
    }

    /// Before the first output the value counts as known since genesis.
    impl<T: Config> Randomness<H256, BlockNumberFor<T>> for Pallet<T> {
        fn random(subject: &[u8]) -> (H256, BlockNumberFor<T>) {
            let (output, since) = Newest::<T>::get().unwrap_or_default();
            let value = (subject, output).using_encoded(blake2_256);
            (value.into(), since)
        }
    }
}

pub use pallet::*;

#[cfg(test)]
mod tests {
    use super::{Newest, Pallet, RelayParents};
    use crate::Runtime;
    use polkadot_sdk::{
        frame_support::traits::Randomness, sp_core::H256, sp_io::TestExternalities,
    };

    /// Since when the outputs of these relay parents count as known, a block for each.
    fn known_since(relay_parents: &[u32]) -> Vec<Option<u32>> {
        TestExternalities::default().execute_with(|| {
            (1..)
                .zip(relay_parents)
                .map(|(block, parent)| Pallet::<Runtime>::known_since(*parent, block))
                .collect()
        })
    }

    #[test]
    fn an_output_is_known_since_blocks_could_be_written_after_it() {
        let parents: Vec<u32> = (100..120).collect();
        // Block n has relay parent 99 + n: until the ninth, every block may have been written after.
        let expected = (1..=20).map(|block: u32| Some(block.saturating_sub(8).max(1)));
        assert_eq!(known_since(&parents), expected.collect::<Vec<_>>());
    }

    #[test]
    fn blocks_before_a_gap_were_written_before_it() {
        let known = known_since(&[100, 101, 150, 151, 159]);
        assert_eq!(known, [Some(1), Some(1), Some(3), Some(3), Some(4)]);
    }

    #[test]
    fn a_relay_parent_counts_once() {
        let known = known_since(&[100, 100, 101, 101, 99]);
        assert_eq!(known, [Some(1), None, Some(1), None, None]);
    }

    #[test]
    fn relay_parents_are_forgotten() {
        TestExternalities::default().execute_with(|| {
            for block in 1..1_000 {
                Pallet::<Runtime>::known_since(block, block);
                assert!(RelayParents::<Runtime>::get().len() <= 9);
            }
        });
    }

    #[test]
    fn before_the_first_output_nothing_is_taken_in() {
        TestExternalities::default().execute_with(|| {
            assert_eq!(Pallet::<Runtime>::random(b"x").1, 0);
            Newest::<Runtime>::put((H256::repeat_byte(1), 7));
            let (value, since) = Pallet::<Runtime>::random(b"x");
            assert_eq!(since, 7);
            assert_ne!(value, Pallet::<Runtime>::random(b"y").0);
        });
    }
}
