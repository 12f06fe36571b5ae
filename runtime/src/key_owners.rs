//! Whose session keys were whose, session by session.
//!
//! `historical` of the SDK makes its proofs from the keys that are set for later sessions, which their
//! owner changes at once while the old ones go on signing for up to two sessions: an equivocation
//! with those could not be proved. Here a session's keys are noted as they take office.

/// Storage of the keys, and proofs from it.
#[polkadot_sdk::frame_support::pallet]
pub mod pallet {
    use alloc::vec::Vec;
    use polkadot_sdk::{
        frame_support::{pallet_prelude::*, traits::KeyOwnerProofSystem},
        sp_runtime::{traits::OpaqueKeys, KeyTypeId},
        sp_session::MembershipProof,
        sp_staking::SessionIndex,
    };

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config:
        polkadot_sdk::frame_system::Config + pallet_session::Config<Keys: MaxEncodedLen>
    {
        /// Most validators of a session.
        type MaxValidators: Get<u32>;
    }

    /// What takes office with a session: its validators and their keys.
    type KeysOf<T> = BoundedVec<
        (
            <T as pallet_session::Config>::ValidatorId,
            <T as pallet_session::Config>::Keys,
        ),
        <T as Config>::MaxValidators,
    >;

    /// Session to its validators and their keys, in the order of the authorities.
    #[pallet::storage]
    pub type Owners<T: Config> = StorageMap<_, Twox64Concat, SessionIndex, KeysOf<T>>;

    impl<T: Config> Pallet<T> {
        /// Notes the keys of the session that starts. What is queued then is what its authorities
        /// are made of; the session after it is queued later in the block.
        pub fn note(session: SessionIndex) {
            let keys = pallet_session::Pallet::<T>::queued_keys();
            Owners::<T>::insert(session, BoundedVec::truncate_from(keys));
        }

        pub fn forget(session: SessionIndex) {
            Owners::<T>::remove(session);
        }

        /// Proof that somebody had the key in a session: this one, a noted one, or the next, in whose
        /// first slot somebody may equivocate before a block of it is known.
        pub fn prove_in(
            session: SessionIndex,
            (id, key): (KeyTypeId, impl AsRef<[u8]>),
        ) -> Option<MembershipProof> {
            let keys = Self::keys(session)?;
            owner::<T>(&keys, id, key.as_ref())?;
            Some(MembershipProof {
                session,
                trie_nodes: Vec::new(),
                validator_count: keys.len() as u32,
            })
        }

        fn keys(session: SessionIndex) -> Option<Vec<(T::ValidatorId, T::Keys)>> {
            let now = pallet_session::Pallet::<T>::current_index();
            if session == now.saturating_add(1) {
                return Some(pallet_session::Pallet::<T>::queued_keys());
            }
            Owners::<T>::get(session).map(BoundedVec::into_inner)
        }
    }

    fn owner<T: Config>(
        keys: &[(T::ValidatorId, T::Keys)],
        id: KeyTypeId,
        key: &[u8],
    ) -> Option<T::ValidatorId> {
        keys.iter()
            .find(|(_, keys)| keys.get_raw(id) == key)
            .map(|(who, _)| who.clone())
    }

    impl<T: Config, D: AsRef<[u8]>> KeyOwnerProofSystem<(KeyTypeId, D)> for Pallet<T> {
        type Proof = MembershipProof;
        type IdentificationTuple = (T::ValidatorId, ());

        fn prove(key: (KeyTypeId, D)) -> Option<MembershipProof> {
            Self::prove_in(pallet_session::Pallet::<T>::current_index(), key)
        }

        fn check_proof(
            (id, key): (KeyTypeId, D),
            proof: MembershipProof,
        ) -> Option<Self::IdentificationTuple> {
            let keys = Self::keys(proof.session)?;
            // What the slash and the weight are reckoned from.
            if !proof.trie_nodes.is_empty() || proof.validator_count as usize != keys.len() {
                return None;
            }
            owner::<T>(&keys, id, key.as_ref()).map(|who| (who, ()))
        }
    }
}

pub use pallet::*;
