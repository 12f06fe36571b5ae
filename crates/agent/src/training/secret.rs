//! Bytes that nobody may read.

use codec::{Decode, Encode, Error, Input, Output};
use zeroize::Zeroizing;

/// Encoded like a `Vec<u8>`; wiped when it is dropped, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    pub(super) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Secret {
    fn from(bytes: Vec<u8>) -> Self {
        Secret(Zeroizing::new(bytes))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Encode for Secret {
    fn size_hint(&self) -> usize {
        self.0.size_hint()
    }

    fn encode_to<O: Output + ?Sized>(&self, to: &mut O) {
        self.expose().encode_to(to);
    }
}

impl Decode for Secret {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        Vec::<u8>::decode(input).map(Secret::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::DecodeAll;

    #[test]
    fn it_is_written_as_bytes_and_not_shown() {
        let secret = Secret::from(b"share of a key".to_vec());
        let bytes = secret.encode();
        assert_eq!(bytes, b"share of a key".to_vec().encode());
        assert_eq!(Secret::decode_all(&mut &bytes[..]), Ok(secret.clone()));
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }
}
