//! The presets build, and their well-known keys are what they claim to be.

use polkadot_sdk::{
    frame_support::traits::{fungible::Inspect, fungible::InspectHold},
    sp_core::crypto::Ss58Codec,
    sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET},
};
use salus_primitives::membership::{Membership, Role};
use salus_runtime::{
    genesis::{preset, preset_names},
    AccountId, Balances, Registry, Runtime, Session,
};

use crate::chain::{account, chain};

#[test]
fn every_named_preset_exists() {
    for id in preset_names() {
        assert!(preset(&id).is_some(), "{id:?}");
    }
    assert!(preset(&"nowhere".into()).is_none());
}

#[test]
fn development_is_one_key() {
    chain(DEV_RUNTIME_PRESET).execute_with(|| {
        assert_eq!(Session::validators(), [account("//Alice")]);
        assert_eq!(pallet_members(), [account("//Alice")]);
    });
}

fn pallet_members() -> Vec<AccountId> {
    polkadot_sdk::pallet_collective::Members::<Runtime, polkadot_sdk::pallet_collective::Instance1>::get()
}

#[test]
fn local_has_four_founders_with_their_keys() {
    chain(LOCAL_TESTNET_RUNTIME_PRESET).execute_with(|| {
        assert_eq!(Session::validators().len(), 4);
        assert_eq!(pallet_members().len(), 4);
        for name in ["Alice", "Bob", "Charlie", "Dave"] {
            let who = account(&format!("//{name}"));
            let operator = account(&format!("//{name}//operator"));
            assert!(Session::validators().contains(&who), "{name} validates");
            assert_eq!(
                <Registry as Membership<_>>::role(&who),
                Some(Role::Institution)
            );
            assert_eq!(
                <Registry as Membership<_>>::member_of(&operator).as_ref(),
                Some(&who),
                "operator {}",
                operator.to_ss58check()
            );
            let secret = salus_envelope::Identity::from_secret_bytes(
                polkadot_sdk::sp_crypto_hashing::blake2_256(
                    format!("salus development encryption key //{name}").as_bytes(),
                ),
            );
            assert_eq!(
                <Registry as Membership<_>>::recipient(&who),
                Some((0, secret.recipient())),
                "{name}'s recipient belongs to the documented development secret"
            );
            assert!(
                Balances::total_balance_on_hold(&who) > 0,
                "{name} is bonded as a worker"
            );
            assert!(Balances::balance(&operator) > 0);
            let candidate = pallet_delegation::Candidates::<Runtime>::get(&who);
            assert!(candidate.is_some(), "{name} is a bonded candidate");
        }
    });
}
