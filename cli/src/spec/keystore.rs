//! A node's keystore, as the node itself would fill it: `chains/ID/keystore` in its base path, a
//! file for each key, named after its kind and its public half, with the secret as a JSON string.

use std::{
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use rand::{rngs::OsRng, RngCore};
use subxt_signer::sr25519;
use zeroize::Zeroizing;

use crate::{error::usage, keys::write_secret};

/// Kind of a key, as the node tells them apart.
type Kind = [u8; 4];
const BABE: Kind = *b"babe";
const GRANDPA: Kind = *b"gran";
const AUTHORITY_DISCOVERY: Kind = *b"audi";
const OPERATOR: Kind = *b"oper";

/// Public keys with which a validator takes part in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionKeys {
    /// Authors blocks (sr25519).
    pub babe: [u8; 32],
    /// Votes for finality (Ed25519).
    pub grandpa: [u8; 32],
    /// Signs its network addresses (sr25519).
    pub authority_discovery: [u8; 32],
}

/// The keystore of a node for one chain.
#[derive(Debug)]
pub struct Keystore(PathBuf);

/// What a node keeps of a chain.
pub fn chain_folder(base_path: &Path, chain_id: &str) -> PathBuf {
    base_path.join("chains").join(chain_id)
}

/// Makes a folder, and those above it, that only its owner may enter.
pub fn make_private(folder: &Path) -> anyhow::Result<()> {
    let mut builder = DirBuilder::new();
    builder
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make {}", folder.display()))
}

impl Keystore {
    /// That of the node with this base path. It need not be there.
    pub fn of(base_path: &Path, chain_id: &str) -> Self {
        Keystore(chain_folder(base_path, chain_id).join("keystore"))
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    fn has(&self, kind: Kind) -> anyhow::Result<bool> {
        let prefix = hex::encode(kind);
        if !self.0.exists() {
            return Ok(false);
        }
        let entries = fs::read_dir(&self.0)
            .with_context(|| format!("cannot read the keystore {}", self.0.display()))?;
        for entry in entries {
            if entry?.file_name().to_string_lossy().starts_with(&prefix) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a node could validate with it.
    pub fn has_session_keys(&self) -> anyhow::Result<bool> {
        Ok(self.has(BABE)? && self.has(GRANDPA)?)
    }

    /// Refuses a keystore that has session keys: nobody could tell which are on chain.
    pub fn check_new(&self) -> anyhow::Result<()> {
        for kind in [BABE, GRANDPA, AUTHORITY_DISCOVERY] {
            if self.has(kind)? {
                return Err(usage(format!(
                    "{} has session keys already; take another --base-path, or remove them where \
                     no chain knows them",
                    self.0.display()
                )));
            }
        }
        Ok(())
    }

    fn insert(&self, kind: Kind, public: &[u8; 32], secret: &str) -> anyhow::Result<()> {
        make_private(&self.0)?;
        let file = self.0.join(hex::encode(kind) + &hex::encode(public));
        // Neither hex digits nor words have anything that JSON escapes.
        let mut text = Zeroizing::new(String::with_capacity(secret.len() + 2));
        text.push('"');
        text.push_str(secret);
        text.push('"');
        write_secret(&file, &text)
    }

    fn make_sr25519(&self, kind: Kind) -> anyhow::Result<[u8; 32]> {
        let (seed, digits) = new_seed();
        let public = sr25519::Keypair::from_secret_key(*seed)?.public_key().0;
        self.insert(kind, &public, &digits)?;
        Ok(public)
    }

    /// Makes new session keys; only their public halves leave it.
    pub fn make_session_keys(&self) -> anyhow::Result<SessionKeys> {
        let (seed, digits) = new_seed();
        let grandpa = ed25519_dalek::SigningKey::from_bytes(&seed)
            .verifying_key()
            .to_bytes();
        self.insert(GRANDPA, &grandpa, &digits)?;
        Ok(SessionKeys {
            babe: self.make_sr25519(BABE)?,
            grandpa,
            authority_discovery: self.make_sr25519(AUTHORITY_DISCOVERY)?,
        })
    }

    /// Keeps an operator key, given as its phrase.
    pub fn insert_operator(&self, key: &sr25519::Keypair, phrase: &str) -> anyhow::Result<()> {
        self.insert(OPERATOR, &key.public_key().0, phrase)
    }
}

/// A new seed, and as a node reads it.
fn new_seed() -> (Zeroizing<[u8; 32]>, Zeroizing<String>) {
    let mut seed = Zeroizing::new([0; 32]);
    OsRng.fill_bytes(seed.as_mut());
    let hex = Zeroizing::new(hex::encode(*seed));
    // With its capacity up front: growing would leave copies behind.
    let mut digits = Zeroizing::new(String::with_capacity(hex.len() + 2));
    digits.push_str("0x");
    digits.push_str(&hex);
    (seed, digits)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn keys_are_kept_as_a_node_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let keystore = Keystore::of(folder.path(), "salus_test");
        keystore.check_new().unwrap();
        assert!(!keystore.has_session_keys().unwrap());
        let keys = keystore.make_session_keys().unwrap();
        assert!(keystore.has_session_keys().unwrap());
        let refused = keystore.check_new().unwrap_err().to_string();
        assert!(refused.contains("has session keys already"), "{refused}");

        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(keystore.path()), 0o700);
        for (kind, public) in [
            ("62616265", keys.babe),
            ("6772616e", keys.grandpa),
            ("61756469", keys.authority_discovery),
        ] {
            let file = keystore.path().join(kind.to_owned() + &hex::encode(public));
            assert_eq!(mode(&file), 0o600);
            let secret: String = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            let seed: [u8; 32] = hex::decode(&secret[2..]).unwrap().try_into().unwrap();
            let derived = match kind {
                "6772616e" => ed25519_dalek::SigningKey::from_bytes(&seed)
                    .verifying_key()
                    .to_bytes(),
                _ => {
                    sr25519::Keypair::from_secret_key(seed)
                        .unwrap()
                        .public_key()
                        .0
                }
            };
            assert_eq!(derived, public);
        }
    }
}
