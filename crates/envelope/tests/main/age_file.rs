use std::io::{self, Read};

use proptest::prelude::*;
use salus_envelope::{
    decrypt, decrypt_limited, decrypt_stream, encrypt, encrypt_stream, Error, Identity,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Every recipient opens the file, nobody else does.
    #[test]
    fn round_trip(
        plaintext in prop::collection::vec(any::<u8>(), 0..2000),
        secrets in prop::collection::vec(any::<[u8; 32]>(), 1..5),
        other in any::<[u8; 32]>(),
    ) {
        let identities: Vec<_> = secrets.into_iter().map(Identity::from_secret_bytes).collect();
        let recipients: Vec<_> = identities.iter().map(Identity::recipient).collect();
        let file = encrypt(&plaintext, &recipients).unwrap();
        for identity in &identities {
            prop_assert_eq!(&*decrypt(&file, identity).unwrap(), &plaintext);
        }
        let other = Identity::from_secret_bytes(other);
        prop_assume!(!recipients.contains(&other.recipient()));
        prop_assert!(matches!(decrypt(&file, &other), Err(Error::CannotOpen)));
    }

    /// No changed bit goes unnoticed.
    #[test]
    fn a_flipped_bit_is_refused(
        plaintext in prop::collection::vec(any::<u8>(), 0..300),
        at in any::<prop::sample::Index>(),
        bit in 0..8u8,
    ) {
        let identity = Identity::generate();
        let mut file = encrypt(&plaintext, &[identity.recipient()]).unwrap();
        let at = at.index(file.len());
        file[at] ^= 1 << bit;
        prop_assert!(matches!(decrypt(&file, &identity), Err(Error::CannotOpen)));
    }
}

#[test]
fn sizes_around_the_chunk() {
    let identity = Identity::generate();
    for size in [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000] {
        let plaintext = vec![7; size];
        let file = encrypt(&plaintext, &[identity.recipient()]).unwrap();
        assert_eq!(*decrypt(&file, &identity).unwrap(), plaintext, "{size}");
        let exact = decrypt_limited(&file, &identity, size as u64).unwrap();
        assert_eq!(*exact, plaintext, "{size}");
    }
}

#[test]
fn truncation_at_every_position_is_refused() {
    let identity = Identity::generate();
    let file = encrypt(b"a small file", &[identity.recipient()]).unwrap();
    for length in 0..file.len() {
        let result = decrypt(&file[..length], &identity);
        assert!(matches!(result, Err(Error::CannotOpen)), "{length}");
    }
    let mut longer = file.clone();
    longer.push(0);
    assert!(matches!(
        decrypt(&longer, &identity),
        Err(Error::CannotOpen)
    ));
    assert_eq!(&**decrypt(&file, &identity).unwrap(), b"a small file");
}

/// Cutting after a whole chunk leaves only valid chunks; the last one is marked.
#[test]
fn truncation_between_chunks_is_refused() {
    let identity = Identity::generate();
    let file = encrypt(&vec![1; 3 * 65_536], &[identity.recipient()]).unwrap();
    for chunks in 1..3 {
        let cut = file.len() - chunks * (65_536 + 16);
        let result = decrypt(&file[..cut], &identity);
        assert!(matches!(result, Err(Error::CannotOpen)), "{chunks}");
    }
}

#[test]
fn a_maximum_is_kept() {
    let identity = Identity::generate();
    let file = encrypt(&vec![0; 300_000], &[identity.recipient()]).unwrap();
    for max in [0, 1, 65_536, 131_072, 299_999] {
        let result = decrypt_limited(&file, &identity, max);
        assert!(
            matches!(result, Err(Error::TooLarge { max: m }) if m == max),
            "{max}"
        );
    }
    assert!(decrypt_limited(&file, &identity, 300_000).is_ok());
    assert!(decrypt_limited(&file, &identity, u64::MAX).is_ok());
}

/// A stream without end costs no more than the maximum, whether in the header or in the body.
#[test]
fn endless_input_ends() {
    let identity = Identity::generate();
    let header = b"age-encryption.org/v1\n-> X25519 ".as_slice();
    let endless = header.chain(io::repeat(b'A'));
    let result = decrypt_stream(endless, io::sink(), &identity, u64::MAX);
    assert!(matches!(result, Err(Error::CannotOpen)));

    // The costliest header: stanzas as short as they get.
    let mut hostile = b"age-encryption.org/v1\n".to_vec();
    hostile.extend(b"-> a\n\n".repeat(1_000_000));
    let begin = std::time::Instant::now();
    assert!(matches!(
        decrypt(&hostile, &identity),
        Err(Error::CannotOpen)
    ));
    let took = begin.elapsed();
    assert!(took < std::time::Duration::from_secs(20), "{took:?}");

    let file = encrypt(&vec![0; 70_000], &[identity.recipient()]).unwrap();
    let endless = file.as_slice().chain(io::repeat(0));
    let result = decrypt_stream(endless, io::sink(), &identity, 1_000_000);
    assert!(matches!(
        result,
        Err(Error::CannotOpen | Error::TooLarge { .. })
    ));
}

#[test]
fn streams_give_the_same() {
    let identity = Identity::generate();
    let plaintext: Vec<u8> = (0..250_000u32).map(|i| i as u8).collect();
    let mut file = Vec::new();
    let read = encrypt_stream(plaintext.as_slice(), &mut file, &[identity.recipient()]).unwrap();
    assert_eq!(read, 250_000);
    assert_eq!(*decrypt(&file, &identity).unwrap(), plaintext);
    let mut out = Vec::new();
    let written = decrypt_stream(file.as_slice(), &mut out, &identity, 250_000).unwrap();
    assert_eq!((written, out), (250_000, plaintext));
}

/// Trouble of the reader is not mistaken for a damaged file.
#[test]
fn a_failing_reader_is_told_apart() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
    let identity = Identity::generate();
    let file = encrypt(&vec![0; 100_000], &[identity.recipient()]).unwrap();
    let result = decrypt_stream(file[..50_000].chain(Broken), io::sink(), &identity, 100_000);
    assert!(matches!(result, Err(Error::Io(_))), "{result:?}");
    let result = encrypt_stream(Broken, io::sink(), &[identity.recipient()]);
    assert!(matches!(result, Err(Error::Io(_))), "{result:?}");
}

#[test]
fn somebody_has_to_open_it() {
    assert!(matches!(encrypt(b"x", &[]), Err(Error::NoRecipients)));
    let identity = Identity::generate();
    let mut with_me = vec![Identity::generate().recipient(); 64];
    with_me[63] = identity.recipient();
    let file = encrypt(b"x", &with_me).unwrap();
    assert_eq!(&**decrypt(&file, &identity).unwrap(), b"x");
    with_me.push(identity.recipient());
    assert!(matches!(
        encrypt(b"x", &with_me),
        Err(Error::TooManyRecipients { max: 64 })
    ));
    assert!(matches!(
        encrypt(b"x", &[[0; 32]]),
        Err(Error::InvalidRecipient(_))
    ));
}
