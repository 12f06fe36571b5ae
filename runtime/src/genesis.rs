//! Genesis presets.
//!
//! `development` is one validator, `local` four: Alice, Bob, Charlie and Dave, each an admitted
//! institution with a seat in the council and a bonded candidate. Their keys are the well-known development ones: account
//! `//Alice`, operator `//Alice//operator`, encryption secret
//! blake2-256(`salus development encryption key //Alice`). A real consortium's spec names its own.

use alloc::{string::ToString, vec, vec::Vec};
use polkadot_sdk::{
    frame_support::build_struct_json_patch,
    sp_core::{sr25519, H256},
    sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET},
    sp_keyring::{Ed25519Keyring, Sr25519Keyring},
    sp_runtime::Perbill,
};
use salus_primitives::membership::Role;

use crate::{
    configs::{flavour, Treasury},
    tunables::TrainingWindows,
    AccountId, Balance, BalancesConfig, CouncilConfig, DelegationConfig, JobsConfig,
    RegistryConfig, RuntimeGenesisConfig, SessionConfig, SessionLengthConfig, TunablesConfig,
    MINUTES,
};
use salus_primitives::{MED, MICRO_MED};

/// Slots of a session in the presets: two minutes, so that people see sessions change. A spec that
/// does not say gets ten.
const SESSION_SLOTS: u64 = 2 * MINUTES as u64;

/// In which a silent participant of a training can come back, roots are posted again and models
/// delivered, in the presets: two minutes, so that people see what follows. A spec that does not say
/// gets ten.
const TRAINING_WINDOW: u32 = 2 * MINUTES;

/// What each development account begins with.
const ENDOWMENT: Balance = 1_000_000 * MED;
/// What each operator account begins with; its member pays its fees.
const OPERATOR_ENDOWMENT: Balance = MED;
/// Bond of a founding institution as a candidate, and its part of the rewards before they are shared.
const CANDIDATE_BOND: Balance = 100_000 * MED;
const COMMISSION: Perbill = Perbill::from_percent(10);
/// Bond of a founding institution's worker.
const WORKER_BOND: Balance = 1_000 * MED;
/// Price of one unit of `fcm/1` (a row × column × cluster × iteration): a billion units, about a
/// seventh of a second of a core, cost one MED.
const FCM_PRICE: Balance = MICRO_MED / 1_000;

/// A founding institution of a preset: its name as a development key, and its age recipient.
struct Founder {
    key: Sr25519Keyring,
    session: Ed25519Keyring,
    recipient: [u8; 32],
}

/// The encryption keys are X25519 public keys of the development secrets; a test derives them.
fn founders() -> [Founder; 4] {
    [
        Founder {
            key: Sr25519Keyring::Alice,
            session: Ed25519Keyring::Alice,
            recipient: hex("e53d93f5c03508da927572bbb0d0bc2547593424066687d3d1cef2fe80ca7b29"),
        },
        Founder {
            key: Sr25519Keyring::Bob,
            session: Ed25519Keyring::Bob,
            recipient: hex("d03583ab68170f9d339dd7dfcbf326ecc00e8fd481b47d93aa0d7946ebc1c772"),
        },
        Founder {
            key: Sr25519Keyring::Charlie,
            session: Ed25519Keyring::Charlie,
            recipient: hex("dc76fd8e1d683dabc3d6c0a624129110eccd2244f8216c5682ea4dfe69771515"),
        },
        Founder {
            key: Sr25519Keyring::Dave,
            session: Ed25519Keyring::Dave,
            recipient: hex("72b9784d1a0cb54c5cc2662823fa2e6ffd64ce6bda48814be58a56cea48d5277"),
        },
    ]
}

/// Bytes of a 64-digit literal; anything else in it counts as zero.
fn hex(digits: &str) -> [u8; 32] {
    let mut out = [0u8; 32];
    for (at, digit) in digits.bytes().enumerate().take(64) {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => 0,
        };
        if let Some(byte) = out.get_mut(at / 2) {
            *byte = (*byte << 4) | value;
        }
    }
    out
}

/// Public key of `//NAME//operator` for a founder; the runtime cannot derive hard keys, a test does.
fn operator(key: Sr25519Keyring) -> Option<AccountId> {
    let digits = match key {
        Sr25519Keyring::Alice => "945e10040b47c3df67c4ccf156ac19f9d649c16211646798a364097791691e3d",
        Sr25519Keyring::Bob => "407f432b63c4661febeb51526c3c8127f2852cd3fb5344cbfe247f383866ec67",
        Sr25519Keyring::Charlie => {
            "b4cd86ca3c51e678b6783b33e1842c38db4f1a4c8a8c9e69dc210664521ff75a"
        }
        Sr25519Keyring::Dave => "1405d87261bb90e9601d55547568f73e00a838c0ac6eb143cc5b3fd966572d09",
        _ => return None,
    };
    Some(sr25519::Public::from_raw(hex(digits)).into())
}

fn preset_of(count: usize) -> serde_json::Value {
    let founders: Vec<Founder> = founders().into_iter().take(count).collect();
    let balances = Sr25519Keyring::well_known()
        .map(|key| (key.to_account_id(), ENDOWMENT))
        .chain(
            founders
                .iter()
                .filter_map(|f| operator(f.key))
                .map(|who| (who, OPERATOR_ENDOWMENT)),
        )
        // It has to exist to take fees below the existential deposit.
        .chain([(Treasury::get(), MED)])
        .collect::<Vec<_>>();
    let keys = founders
        .iter()
        .map(|f| {
            let who = f.key.to_account_id();
            (who.clone(), who, flavour::session_keys(f.key, f.session))
        })
        .collect::<Vec<_>>();
    let members = founders
        .iter()
        .map(|f| {
            (
                f.key.to_account_id(),
                Role::Institution,
                H256::from(f.recipient),
                H256::from(f.recipient),
                operator(f.key),
                None::<u64>,
            )
        })
        .collect::<Vec<_>>();
    let mut preset = build_struct_json_patch!(RuntimeGenesisConfig {
        balances: BalancesConfig { balances },
        session_length: SessionLengthConfig {
            slots: SESSION_SLOTS
        },
        tunables: TunablesConfig {
            training: TrainingWindows {
                grace_window: Some(TRAINING_WINDOW),
                dispute_window: Some(TRAINING_WINDOW),
                delivery_window: Some(TRAINING_WINDOW),
            }
        },
        session: SessionConfig { keys },
        delegation: DelegationConfig {
            candidates: founders
                .iter()
                .map(|f| (f.key.to_account_id(), CANDIDATE_BOND, COMMISSION))
                .collect::<Vec<_>>()
        },
        council: CouncilConfig {
            members: founders
                .iter()
                .map(|f| f.key.to_account_id())
                .collect::<Vec<_>>()
        },
        registry: RegistryConfig { members },
        jobs: JobsConfig {
            algorithms: vec![("fcm/1".to_string(), FCM_PRICE)],
            workers: founders
                .iter()
                .map(|f| (f.key.to_account_id(), WORKER_BOND))
                .collect::<Vec<_>>(),
        },
    });
    if let (Some(preset), serde_json::Value::Object(own)) =
        (preset.as_object_mut(), flavour::genesis())
    {
        preset.extend(own);
    }
    preset
}

/// The JSON patch of a preset.
pub fn preset(id: &PresetId) -> Option<Vec<u8>> {
    let patch = match id.as_ref() {
        DEV_RUNTIME_PRESET => preset_of(1),
        LOCAL_TESTNET_RUNTIME_PRESET | "local" => preset_of(4),
        _ => return None,
    };
    serde_json::to_vec(&patch).ok()
}

/// The presets there are.
pub fn preset_names() -> Vec<PresetId> {
    vec![
        PresetId::from(DEV_RUNTIME_PRESET),
        PresetId::from(LOCAL_TESTNET_RUNTIME_PRESET),
    ]
}
