use salus_envelope::{encrypt, open_capsule, seal_identity, Error, Identity, MAX_CAPSULE};

#[test]
fn a_thousand_capsules_fit_and_open() {
    let receiver = Identity::generate();
    let mut longest = 0;
    for _ in 0..1000 {
        let sealed = Identity::generate();
        let capsule = seal_identity(&sealed, &receiver.recipient()).unwrap();
        longest = longest.max(capsule.len());
        let opened = open_capsule(&capsule, &receiver, &sealed.recipient()).unwrap();
        assert_eq!(opened.derive(b"x", &[]), sealed.derive(b"x", &[]));
    }
    assert!(longest <= MAX_CAPSULE, "{longest}");
    println!("longest capsule: {longest} bytes");
}

#[test]
fn another_key_does_not_open_it() {
    let (receiver, sealed) = (Identity::generate(), Identity::generate());
    let capsule = seal_identity(&sealed, &receiver.recipient()).unwrap();
    let result = open_capsule(&capsule, &Identity::generate(), &sealed.recipient());
    assert!(matches!(result, Err(Error::CannotOpen)));
    for length in 0..capsule.len() {
        let result = open_capsule(&capsule[..length], &receiver, &sealed.recipient());
        assert!(matches!(result, Err(Error::CannotOpen)), "{length}");
    }
}

#[test]
fn another_identity_in_it_is_told_apart() {
    let (receiver, sealed) = (Identity::generate(), Identity::generate());
    let capsule = seal_identity(&sealed, &receiver.recipient()).unwrap();
    let result = open_capsule(&capsule, &receiver, &Identity::generate().recipient());
    assert!(matches!(result, Err(Error::WrongIdentity)));
    for payload in [b"".as_slice(), b"no key", &[0xff; 32]] {
        let capsule = encrypt(payload, &[receiver.recipient()]).unwrap();
        let result = open_capsule(&capsule, &receiver, &sealed.recipient());
        assert!(matches!(result, Err(Error::WrongIdentity)));
    }
}

#[test]
fn a_long_capsule_is_refused() {
    let receiver = Identity::generate();
    let capsule = encrypt(&[b' '; 2000], &[receiver.recipient()]).unwrap();
    let result = open_capsule(&capsule, &receiver, &receiver.recipient());
    assert!(matches!(result, Err(Error::CannotOpen)));
}
