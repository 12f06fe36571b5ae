//! A signature is verified once. The same one comes to a node with a transaction, again with the
//! block that has it, and again where that block is made: each time a wasm runtime asks the host for
//! an answer that cannot have changed.
//!
//! The import's name, its arguments and its answers are those of every Substrate node; only the time
//! that it takes differs.

use std::sync::LazyLock;

use parking_lot::Mutex;
use polkadot_sdk::{
    sp_core::{sr25519, Pair},
    sp_crypto_hashing::blake2_256,
    sp_io::SubstrateHostFunctions,
    sp_wasm_interface::ExtendedHostFunctions,
};
use schnellru::{ByLength, LruMap};
use sp_runtime_interface::{
    pass_by::{PassFatPointerAndRead, PassPointerAndRead},
    runtime_interface,
};

/// What every Substrate node has, with `sr25519_verify` remembering.
pub type HostFunctions = ExtendedHostFunctions<SubstrateHostFunctions, crypto::HostFunctions>;

/// Signatures that are remembered: those of 70 full blocks. 4 MB.
const REMEMBERED: u32 = 1 << 16;

/// blake2-256(key ‖ signature ‖ message) of valid ones. A false signature is verified each time, so
/// that nobody who sends them takes the place of others'.
static VALID: LazyLock<Mutex<LruMap<[u8; 32], ()>>> =
    LazyLock::new(|| Mutex::new(LruMap::new(ByLength::new(REMEMBERED))));

/// Whether the signature is valid; remembers that it is.
pub fn verify(signature: &sr25519::Signature, message: &[u8], public: &sr25519::Public) -> bool {
    let mut all = Vec::with_capacity(96 + message.len());
    all.extend_from_slice(&public.0);
    all.extend_from_slice(&signature.0);
    all.extend_from_slice(message);
    let digest = blake2_256(&all);
    if VALID.lock().get(&digest).is_some() {
        return true;
    }
    let valid = sr25519::Pair::verify(signature, message, public);
    if valid {
        VALID.lock().insert(digest, ());
    }
    valid
}

/// The name decides the import's: `ext_crypto_sr25519_verify`.
#[runtime_interface(wasm_only)]
pub trait Crypto {
    /// What old runtimes import; not remembered.
    fn sr25519_verify(
        signature: PassPointerAndRead<&sr25519::Signature, 64>,
        message: PassFatPointerAndRead<&[u8]>,
        public: PassPointerAndRead<&sr25519::Public, 32>,
    ) -> bool {
        sr25519::Pair::verify_deprecated(signature, message, public)
    }

    /// Whether the signature is valid.
    #[version(2)]
    fn sr25519_verify(
        signature: PassPointerAndRead<&sr25519::Signature, 64>,
        message: PassFatPointerAndRead<&[u8]>,
        public: PassPointerAndRead<&sr25519::Public, 32>,
    ) -> bool {
        verify(signature, message, public)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polkadot_sdk::sp_wasm_interface::HostFunctions as _;

    #[test]
    fn nothing_but_the_signed_message_is_valid_the_second_time_either() {
        let pair = sr25519::Pair::from_seed(&[7; 32]);
        let other = sr25519::Pair::from_seed(&[8; 32]);
        let signature = pair.sign(b"release");
        for _ in 0..2 {
            assert!(verify(&signature, b"release", &pair.public()));
            assert!(!verify(&signature, b"releasf", &pair.public()));
            assert!(!verify(&signature, b"release", &other.public()));
            let mut spoilt = signature;
            spoilt.0[5] ^= 1;
            assert!(!verify(&spoilt, b"release", &pair.public()));
        }
    }

    #[test]
    fn only_the_imports_of_every_substrate_node_are_there() {
        let names = |functions: Vec<&'static dyn polkadot_sdk::sp_wasm_interface::Function>| {
            let mut names: Vec<_> = functions.iter().map(|f| f.name().to_owned()).collect();
            names.sort();
            names
        };
        let ours = crypto::HostFunctions::host_functions();
        assert_eq!(ours.len(), 2);
        let ours = names(HostFunctions::host_functions());
        assert_eq!(ours, names(SubstrateHostFunctions::host_functions()));
    }
}
