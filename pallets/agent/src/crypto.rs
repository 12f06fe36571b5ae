//! The operator key of a member's nodes: sr25519, in the keystore under the key type `oper`.

use polkadot_sdk::{
    frame_system::offchain::AppCrypto,
    sp_core::{self, crypto::KeyTypeId},
    sp_runtime::{MultiSignature, MultiSigner},
};

/// Key type of operator keys.
pub const OPERATOR: KeyTypeId = KeyTypeId(*b"oper");

mod app {
    use polkadot_sdk::sp_application_crypto::{app_crypto, sr25519};
    app_crypto!(sr25519, super::OPERATOR);
}

#[cfg(feature = "std")]
pub use app::Pair;
pub use app::{Public, Signature};

/// Signs transactions with operator keys for a runtime whose signatures are `MultiSignature`s.
pub struct Operator;

impl AppCrypto<MultiSigner, MultiSignature> for Operator {
    type RuntimeAppPublic = Public;
    type GenericPublic = sp_core::sr25519::Public;
    type GenericSignature = sp_core::sr25519::Signature;
}
