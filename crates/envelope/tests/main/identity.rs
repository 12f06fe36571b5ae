use std::collections::HashSet;

use proptest::prelude::*;
use salus_envelope::{recipient_to_string, Error, Identity};
use secrecy::ExposeSecret;

/// Alice's key pair of RFC 7748, section 6.1.
#[test]
fn known_key_pair() {
    let secret = [
        0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1, 0x72, 0x51, 0xb2, 0x66,
        0x45, 0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0, 0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9,
        0x2c, 0x2a,
    ];
    let public = [
        0x85, 0x20, 0xf0, 0x09, 0x89, 0x30, 0xa7, 0x54, 0x74, 0x8b, 0x7d, 0xdc, 0xb4, 0x3e, 0xf7,
        0x5a, 0x0d, 0xbf, 0x3a, 0x0d, 0x26, 0x38, 0x1a, 0xf4, 0xeb, 0xa4, 0xa9, 0x8e, 0xaa, 0x9b,
        0x4e, 0x6a,
    ];
    assert_eq!(Identity::from_secret_bytes(secret).recipient(), public);
}

proptest! {
    #[test]
    fn secret_strings_round_trip(secret in any::<[u8; 32]>()) {
        let identity = Identity::from_secret_bytes(secret);
        let text = identity.to_secret_string();
        let text = text.expose_secret();
        prop_assert_eq!(text.len(), 74);
        prop_assert!(text.starts_with("AGE-SECRET-KEY-1"));
        let again: Identity = text.parse().unwrap();
        prop_assert_eq!(again.recipient(), identity.recipient());
        let lower: Identity = text.to_lowercase().parse().unwrap();
        prop_assert_eq!(lower.recipient(), identity.recipient());
        let theirs: age::x25519::Identity = text.parse().unwrap();
        prop_assert_eq!(
            theirs.to_public().to_string(),
            recipient_to_string(&identity.recipient())
        );
    }
}

#[test]
fn other_strings_are_no_keys() {
    let identity = Identity::generate();
    let secret = identity.to_secret_string();
    let text = secret.expose_secret();
    let mut mistyped = text.to_owned();
    let last = if mistyped.pop() == Some('Q') {
        'P'
    } else {
        'Q'
    };
    mistyped.push(last);
    let mixed = format!("{}{}", &text[..40], text[40..].to_lowercase());
    let public = recipient_to_string(&identity.recipient());
    for bad in [
        "",
        "AGE-SECRET-KEY-1",
        &text[..70],
        &mistyped,
        &public,
        &mixed,
    ] {
        let result = bad.parse::<Identity>();
        assert!(matches!(result, Err(Error::InvalidSecretKey)), "{bad}");
    }
}

#[test]
fn generated_keys_differ() {
    let keys: HashSet<_> = (0..100).map(|_| Identity::generate().recipient()).collect();
    assert_eq!(keys.len(), 100);
}

#[test]
fn debug_and_errors_show_no_secret() {
    let identity = Identity::from_secret_bytes([0x42; 32]);
    let secret = identity.to_secret_string();
    let shown = format!("{identity:?} {secret:?}");
    assert!(!shown.contains(&secret.expose_secret()[16..40]));
    assert!(!shown.contains("66, 66"));
    assert!(shown.contains(&recipient_to_string(&identity.recipient())));
    let mut damaged = secret.expose_secret().to_owned();
    damaged.pop();
    let error = damaged.parse::<Identity>().unwrap_err();
    assert!(!format!("{error} {error:?}").contains(&damaged[16..40]));
}

/// Another key, label, part or division into parts gives another secret.
#[test]
fn derivation_is_unambiguous() {
    let (a, b) = (
        Identity::from_secret_bytes([1; 32]),
        Identity::from_secret_bytes([2; 32]),
    );
    let secrets = [
        a.derive(b"", &[]),
        a.derive(b"", &[b""]),
        a.derive(b"", &[b"", b""]),
        a.derive(b"ab", &[]),
        a.derive(b"a", &[b"b"]),
        a.derive(b"", &[b"ab"]),
        a.derive(b"", &[b"a", b"b"]),
        a.derive(b"", &[b"b", b"a"]),
        a.derive(b"", &[&[0; 8]]),
        b.derive(b"", &[]),
        b.derive(b"ab", &[]),
    ];
    let distinct: HashSet<_> = secrets.iter().collect();
    assert_eq!(distinct.len(), secrets.len());
    assert_eq!(a.derive(b"ab", &[b"c"]), a.derive(b"ab", &[b"c"]));
}

/// A changed derivation would make workers unable to reveal what they committed to.
#[test]
fn derivation_is_pinned() {
    use hmac::{Hmac, Mac};
    let identity = Identity::from_secret_bytes([1; 32]);
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&[1; 32]).unwrap();
    mac.update(b"salus/derive/1");
    mac.update(&[4, 0, 0, 0, 0, 0, 0, 0]);
    mac.update(b"salt");
    mac.update(&[8, 0, 0, 0, 0, 0, 0, 0]);
    mac.update(&[1, 0, 0, 0, 0, 0, 0, 0]);
    mac.update(&[2, 0, 0, 0, 0, 0, 0, 0]);
    mac.update(&[9, 9]);
    let expected: [u8; 32] = mac.finalize().into_bytes().into();
    assert_eq!(identity.derive(b"salt", &[&[9, 9]]), expected);
}
