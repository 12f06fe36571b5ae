use blake2::{digest::consts::U32, Blake2b, Digest};
use proptest::prelude::*;
use salus_envelope::{content, Error};

proptest! {
    #[test]
    fn what_is_packed_unpacks(plaintext in prop::collection::vec(any::<u8>(), 0..500)) {
        let packed = content::pack(&plaintext);
        prop_assert_eq!(packed.bytes.len(), 32 + plaintext.len());
        let hash: [u8; 32] = Blake2b::<U32>::digest(&*packed.bytes).into();
        prop_assert_eq!(packed.commitment, hash);
        prop_assert_eq!(content::unpack(&packed.bytes, &packed.commitment).unwrap(), &plaintext[..]);
    }

    #[test]
    fn any_change_is_noticed(
        plaintext in prop::collection::vec(any::<u8>(), 0..100),
        at in any::<prop::sample::Index>(),
        bit in 0..8u8,
    ) {
        let packed = content::pack(&plaintext);
        let mut bytes = packed.bytes.to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(matches!(
            content::unpack(&bytes, &packed.commitment),
            Err(Error::CommitmentMismatch)
        ));
        let mut commitment = packed.commitment;
        commitment[at % 32] ^= 1 << bit;
        prop_assert!(matches!(
            content::unpack(&packed.bytes, &commitment),
            Err(Error::CommitmentMismatch)
        ));
    }
}

#[test]
fn content_shorter_than_the_salt_is_refused() {
    let short = [5; 31];
    assert!(matches!(
        content::unpack(&short, &content::commit(&short)),
        Err(Error::CommitmentMismatch)
    ));
}

#[test]
fn salts_differ_and_debug_shows_nothing() {
    let (a, b) = (content::pack(b"same"), content::pack(b"same"));
    assert_ne!(a.commitment, b.commitment);
    assert_eq!(format!("{a:?}"), "Content { .. }");
}
