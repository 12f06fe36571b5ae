//! Network keys of nodes, so that each knows the others before they run.

use std::path::{Path, PathBuf};

use anyhow::Context;
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

/// Where a node keeps its network key unless told otherwise, in what it keeps of a chain.
pub fn file_in(chain: &Path) -> PathBuf {
    chain.join("network").join("secret_ed25519")
}

/// Peer id of the network key in a file.
pub fn peer_in(file: &Path) -> anyhow::Result<String> {
    let shown = file.display();
    let bytes =
        Zeroizing::new(std::fs::read(file).with_context(|| format!("cannot read {shown}"))?);
    let mut secret = Zeroizing::new([0; 32]);
    // Nodes write hex digits, and read the bare bytes too.
    match <&[u8; 32]>::try_from(bytes.as_slice()) {
        Ok(bare) => secret.copy_from_slice(bare),
        Err(_) => hex::decode_to_slice(bytes.trim_ascii(), secret.as_mut())
            .map_err(|_| anyhow::anyhow!("{shown} holds no network key"))?,
    }
    let key = ed25519_dalek::SigningKey::from_bytes(&secret);
    Ok(peer_id(&key.verifying_key().to_bytes()))
}

/// Whether this is a peer id of an Ed25519 key.
pub fn is_peer_id(text: &str) -> bool {
    let bytes = bs58::decode(text).into_vec().unwrap_or_default();
    bytes.len() == PREFIX.len() + 32 && bytes.starts_with(&PREFIX)
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

    #[test]
    fn a_peer_id_is_read_back_from_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let made = create(&file).unwrap();
        assert_eq!(peer_in(&file).unwrap(), made);
        let bare = hex::decode(std::fs::read(&file).unwrap()).unwrap();
        std::fs::write(&file, &bare).unwrap();
        assert_eq!(peer_in(&file).unwrap(), made);
        std::fs::write(&file, "short").unwrap();
        assert!(peer_in(&file).is_err());
    }

    /// As `subkey inspect-node-key` and every Substrate guide have it for the secret key 1.
    #[test]
    fn the_peer_id_of_secret_one_is_the_well_known_one() {
        let mut secret = [0; 32];
        secret[31] = 1;
        let key = ed25519_dalek::SigningKey::from_bytes(&secret);
        let known = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";
        assert_eq!(peer_id(&key.verifying_key().to_bytes()), known);
        assert!(is_peer_id(known) && !is_peer_id(&known[1..]) && !is_peer_id(""));
    }
}
