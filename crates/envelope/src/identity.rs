//! Secret keys.

use std::{fmt, str::FromStr};

use bech32::{primitives::decode::CheckedHrpstring, Bech32, Hrp};
use hmac::{Hmac, Mac};
use rand::{rngs::OsRng, RngCore};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize, Zeroizing};

use crate::Error;

const HRP: Hrp = Hrp::parse_unchecked("age-secret-key-");
/// Characters of `AGE-SECRET-KEY-1…`: prefix and separator, 52 digits, 6 of check sum.
pub(crate) const SECRET_LEN: usize = 16 + 52 + 6;

/// An age identity: an X25519 secret key. Wiped when dropped; never shown by `Debug`.
#[derive(Clone)]
pub struct Identity {
    secret: Zeroizing<[u8; 32]>,
    recipient: [u8; 32],
}

impl Identity {
    /// A new key from the system's random numbers.
    pub fn generate() -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(secret.as_mut());
        Self::from_zeroizing(secret)
    }

    /// The key with these 32 bytes. All values are keys; the bytes must be uniformly random.
    pub fn from_secret_bytes(mut secret: [u8; 32]) -> Self {
        let kept = Zeroizing::new(secret);
        secret.zeroize();
        Self::from_zeroizing(kept)
    }

    fn from_zeroizing(secret: Zeroizing<[u8; 32]>) -> Self {
        let recipient = PublicKey::from(&StaticSecret::from(*secret)).to_bytes();
        Self { secret, recipient }
    }

    /// The `AGE-SECRET-KEY-1…` form (74 characters).
    pub fn to_secret_string(&self) -> SecretString {
        // Capacity up front: growing would leave copies of the key in freed memory.
        let mut text = String::with_capacity(SECRET_LEN);
        bech32::encode_upper_to_fmt::<Bech32, _>(&mut text, HRP, self.secret.as_ref())
            .expect("32 bytes are within Bech32's code length");
        SecretString::from(text)
    }

    /// The public key.
    pub fn recipient(&self) -> [u8; 32] {
        self.recipient
    }

    /// A secret of 32 bytes bound to this key: HMAC-SHA-256, keyed by the secret key, over the
    /// label, the number of parts and the parts, each after its length (8 bytes little endian), so
    /// that no two different lists give the same input.
    pub fn derive(&self, label: &[u8], parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_ref())
            .expect("HMAC takes keys of any length");
        mac.update(b"salus/derive/1");
        let mut framed = |bytes: &[u8]| {
            mac.update(&(bytes.len() as u64).to_le_bytes());
            mac.update(bytes);
        };
        framed(label);
        framed(&(parts.len() as u64).to_le_bytes());
        for part in parts {
            framed(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// The same key as the age library has it.
    pub(crate) fn to_age(&self) -> age::x25519::Identity {
        self.to_secret_string()
            .expose_secret()
            .parse()
            .expect("the string was written by this type")
    }
}

impl FromStr for Identity {
    type Err = Error;

    /// Reads `AGE-SECRET-KEY-1…`, upper or lower case but not mixed.
    fn from_str(text: &str) -> Result<Self, Error> {
        let parsed =
            CheckedHrpstring::new::<Bech32>(text.trim()).map_err(|_| Error::InvalidSecretKey)?;
        if parsed.hrp() != HRP || parsed.byte_iter().len() != 32 {
            return Err(Error::InvalidSecretKey);
        }
        let mut secret = Zeroizing::new([0; 32]);
        for (slot, byte) in secret.iter_mut().zip(parsed.byte_iter()) {
            *slot = byte;
        }
        Ok(Self::from_zeroizing(secret))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("recipient", &crate::recipient_to_string(&self.recipient))
            .finish_non_exhaustive()
    }
}
