use proptest::prelude::*;
use salus_envelope::{
    check_recipient, encrypt, parse_recipient, recipient_to_string, Error, Identity,
};

/// The X25519 inputs of low order that are encoded canonically: 0, 1, p - 1 and the two points of
/// order 8 (RFC 7748, section 6; Bernstein, "Validation").
const LOW_ORDER: [[u8; 32]; 5] = {
    let zero = [0; 32];
    let mut one = [0; 32];
    one[0] = 1;
    let mut minus_one = [0xff; 32];
    minus_one[0] = 0xec;
    minus_one[31] = 0x7f;
    [
        zero,
        one,
        minus_one,
        [
            0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f,
            0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16,
            0x5f, 0x49, 0xb8, 0x00,
        ],
        [
            0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83,
            0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd,
            0xd0, 0x9f, 0x11, 0x57,
        ],
    ]
};

proptest! {
    #[test]
    fn strings_round_trip(secret in any::<[u8; 32]>()) {
        let recipient = Identity::from_secret_bytes(secret).recipient();
        let text = recipient_to_string(&recipient);
        prop_assert_eq!(text.len(), 62);
        prop_assert_eq!(parse_recipient(&text).unwrap(), recipient);
        prop_assert_eq!(parse_recipient(&format!(" {text}\n")).unwrap(), recipient);
    }
}

#[test]
fn points_of_low_order_are_refused() {
    for point in LOW_ORDER {
        let text = recipient_to_string(&point);
        assert!(
            matches!(
                parse_recipient(&text),
                Err(Error::InvalidRecipient("the point has low order"))
            ),
            "{text}"
        );
        assert!(encrypt(b"x", &[point]).is_err());
    }
}

#[test]
fn other_encodings_of_a_key_are_refused() {
    let mut high_bit = Identity::generate().recipient();
    high_bit[31] |= 0x80;
    let mut modulus = [0xff; 32];
    (modulus[0], modulus[31]) = (0xed, 0x7f);
    let mut above = [0xff; 32];
    (above[0], above[31]) = (0xff, 0x7f);
    for point in [high_bit, modulus, above] {
        assert!(matches!(
            check_recipient(&point),
            Err(Error::InvalidRecipient("the encoding is not canonical"))
        ));
    }
}

#[test]
fn other_strings_are_no_recipients() {
    let text = recipient_to_string(&Identity::generate().recipient());
    let mut mistyped = text.clone();
    let last = if mistyped.pop() == Some('q') {
        'p'
    } else {
        'q'
    };
    mistyped.push(last);
    for bad in ["", "age1", &text[..61], &mistyped, "ssh-ed25519 AAAA"] {
        assert!(
            matches!(parse_recipient(bad), Err(Error::InvalidRecipient(_))),
            "{bad}"
        );
    }
}
