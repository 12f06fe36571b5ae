//! Network keys of nodes, so that each knows the others before they run.

use std::path::Path;

use rand::{rngs::OsRng, RngCore};
use zeroize::Zeroizing;

use crate::keys::write_secret;

/// Before the 32 bytes of an Ed25519 public key in a peer id: the identity multihash (0, 36 bytes)
/// of a protobuf message with key type 1 and 32 bytes of data.
const PREFIX: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];

/// Makes a network key in `file`, as `--node-key-file` takes it; its peer id.
pub fn create(file: &Path) -> anyhow::Result<String> {
    let mut secret = Zeroizing::new([0; 32]);
    OsRng.fill_bytes(secret.as_mut());
    let digits = Zeroizing::new(hex::encode(*secret));
    write_secret(file, &digits)?;
    let key = ed25519_dalek::SigningKey::from_bytes(&secret);
    Ok(peer_id(&key.verifying_key().to_bytes()))
}

/// Peer id of an Ed25519 public key.
fn peer_id(public: &[u8; 32]) -> String {
    let mut bytes = PREFIX.to_vec();
    bytes.extend_from_slice(public);
    bs58::encode(bytes).into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `subkey inspect-node-key` and every Substrate guide have it for the secret key 1.
    #[test]
    fn the_peer_id_of_secret_one_is_the_well_known_one() {
        let mut secret = [0; 32];
        secret[31] = 1;
        let key = ed25519_dalek::SigningKey::from_bytes(&secret);
        assert_eq!(
            peer_id(&key.verifying_key().to_bytes()),
            "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"
        );
    }
}
