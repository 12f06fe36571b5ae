//! Public keys and their Bech32 form.

use bech32::{primitives::decode::CheckedHrpstring, Bech32, Hrp};

use crate::Error;

const HRP: Hrp = Hrp::parse_unchecked("age");

/// The `age1…` form of a public key (62 characters).
pub fn recipient_to_string(recipient: &[u8; 32]) -> String {
    bech32::encode::<Bech32>(HRP, recipient).expect("32 bytes are within Bech32's code length")
}

/// Public key of an `age1…` string. [`Error::InvalidRecipient`] for another kind of string, a wrong
/// check sum, or a key that [`check_recipient`] refuses.
pub fn parse_recipient(text: &str) -> Result<[u8; 32], Error> {
    let parsed = CheckedHrpstring::new::<Bech32>(text.trim())
        .map_err(|_| Error::InvalidRecipient("expected age1… with a valid check sum"))?;
    if parsed.hrp() != HRP {
        return Err(Error::InvalidRecipient("expected the prefix age1"));
    }
    let bytes: Vec<u8> = parsed.byte_iter().collect();
    let recipient = bytes
        .try_into()
        .map_err(|_| Error::InvalidRecipient("a public key has 32 bytes"))?;
    check_recipient(&recipient)?;
    Ok(recipient)
}

/// Refuses public keys that make a file useless: points of low order (anybody could open it) and
/// encodings other than the canonical one (age binds the bytes, so the owner could not open it).
pub fn check_recipient(recipient: &[u8; 32]) -> Result<(), Error> {
    // The field is 2^255 - 19: canonical means less than that, in little endian.
    let above = recipient[31] == 0x7f
        && recipient[1..31].iter().all(|byte| *byte == 0xff)
        && recipient[0] >= 0xed;
    if recipient[31] & 0x80 != 0 || above {
        return Err(Error::InvalidRecipient("the encoding is not canonical"));
    }
    // Scalars are clamped to multiples of the cofactor, which take exactly the low-order points to 0.
    if x25519_dalek::x25519([1; 32], *recipient) == [0; 32] {
        return Err(Error::InvalidRecipient("the point has low order"));
    }
    Ok(())
}
