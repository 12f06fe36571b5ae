//! The presets build, and their well-known keys are what they claim to be.

use polkadot_sdk::{
    frame_support::traits::{fungible::Inspect, fungible::InspectHold},
    sp_core::{crypto::Ss58Codec, sr25519, Pair},
    sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET},
    sp_io::TestExternalities,
    sp_runtime::BuildStorage,
};
use salus_primitives::membership::{Membership, Role};
use salus_runtime::{
    genesis::{preset, preset_names},
    AccountId, Balances, Registry, Runtime, RuntimeGenesisConfig, Session,
};

/// A chain at genesis, by the path a chain spec takes: defaults, patched with the preset's JSON.
fn chain(id: &str) -> TestExternalities {
    let patch = preset(&id.into()).expect("the preset exists");
    let patch: serde_json::Value = serde_json::from_slice(&patch).expect("a preset is JSON");
    let mut config =
        serde_json::to_value(RuntimeGenesisConfig::default()).expect("the default serialises");
    merge(&mut config, patch);
    let config: RuntimeGenesisConfig = serde_json::from_value(config).expect("the patch fits");
    config.build_storage().expect("genesis builds").into()
}

fn merge(into: &mut serde_json::Value, patch: serde_json::Value) {
    match (into, patch) {
        (serde_json::Value::Object(into), serde_json::Value::Object(patch)) => {
            for (key, value) in patch {
                merge(into.entry(key).or_insert(serde_json::Value::Null), value);
            }
        }
        (into, patch) => *into = patch,
    }
}

fn account(uri: &str) -> AccountId {
    sr25519::Pair::from_string(uri, None)
        .expect("a development key")
        .public()
        .into()
}

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
        }
    });
}
