//! A secret key sealed to one recipient.

use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{age_file, Error, Identity};

/// Largest capsule, bytes; the bound the chain has. 275 plus the grease stanza.
pub const MAX_CAPSULE: usize = 1024;

/// Seals `identity` to `recipient`: an age file whose plaintext is the line `AGE-SECRET-KEY-1…`, so
/// that `age -d` gives a usable key file. At most [`MAX_CAPSULE`] bytes.
pub fn seal_identity(identity: &Identity, recipient: &[u8; 32]) -> Result<Vec<u8>, Error> {
    let secret = identity.to_secret_string();
    let mut line = Zeroizing::new(String::with_capacity(secret.expose_secret().len() + 1));
    line.push_str(secret.expose_secret());
    line.push('\n');
    age_file::encrypt(line.as_bytes(), &[*recipient])
}

/// Opens a capsule with `receiver` and checks that it holds the secret key of `expected`.
/// [`Error::CannotOpen`] where it is not sealed to the receiver, damaged or too long;
/// [`Error::WrongIdentity`] where it opens to anything but that key.
pub fn open_capsule(
    capsule: &[u8],
    receiver: &Identity,
    expected: &[u8; 32],
) -> Result<Identity, Error> {
    if capsule.len() > MAX_CAPSULE {
        return Err(Error::CannotOpen);
    }
    let line = age_file::decrypt(capsule, receiver)?;
    let identity: Identity = std::str::from_utf8(&line)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or(Error::WrongIdentity)?;
    if !bool::from(identity.recipient().ct_eq(expected)) {
        return Err(Error::WrongIdentity);
    }
    Ok(identity)
}
