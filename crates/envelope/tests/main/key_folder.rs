use std::{fs, os::unix::fs::PermissionsExt};

use salus_envelope::{Error, Identity, KeyFolder};

#[test]
fn keys_come_back_sealed_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let keys = KeyFolder::open(folder.path().join("a/keys")).unwrap();
    let (key, newer) = (Identity::generate(), Identity::generate());
    let (holder, former) = (Identity::generate(), Identity::generate());
    let record = [7; 32];
    let path = keys.save(&record, &key, &holder.recipient()).unwrap();
    keys.save(&record, &newer, &former.recipient()).unwrap();
    keys.save(&[8; 32], &key, &holder.recipient()).unwrap();

    let load = |of: &Identity, with: &[Identity]| keys.load(&record, &of.recipient(), with);
    let both = [holder.clone(), former.clone()];
    for of in [&key, &newer] {
        let found = load(of, &both).unwrap().unwrap();
        assert_eq!(found.recipient(), of.recipient());
    }
    assert!(matches!(
        load(&newer, std::slice::from_ref(&holder)),
        Err(Error::CannotOpen)
    ));
    assert!(load(&Identity::generate(), &both).unwrap().is_none());
    let file = fs::read(&path).unwrap();
    assert!(!file.windows(14).any(|part| part == b"AGE-SECRET-KEY"));

    // Sealed anew after a rotation.
    keys.save(&record, &newer, &holder.recipient()).unwrap();
    assert!(load(&newer, std::slice::from_ref(&holder))
        .unwrap()
        .is_some());

    assert_eq!(keys.remove(&record).unwrap(), 2);
    assert_eq!(keys.remove(&record).unwrap(), 0);
    assert!(load(&key, &both).unwrap().is_none());
    assert!(keys
        .load(&[8; 32], &key.recipient(), &both)
        .unwrap()
        .is_some());
}

#[test]
fn another_key_under_the_name_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let keys = KeyFolder::open(folder.path()).unwrap();
    let (key, other, holder) = (
        Identity::generate(),
        Identity::generate(),
        Identity::generate(),
    );
    let path = keys.save(&[7; 32], &other, &holder.recipient()).unwrap();
    fs::rename(path, keys.key_path(&[7; 32], &key.recipient())).unwrap();
    let found = keys.load(&[7; 32], &key.recipient(), &[holder]);
    assert!(matches!(found, Err(Error::WrongIdentity)), "{found:?}");
}

#[test]
fn the_folder_is_private_and_tells_when_it_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let keys = KeyFolder::open(&path).unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.clone()), 0o700);
    let before = keys.changed().unwrap();
    let (key, holder) = (Identity::generate(), Identity::generate());
    std::thread::sleep(std::time::Duration::from_millis(20));
    let file = keys.save(&[1; 32], &key, &holder.recipient()).unwrap();
    assert_eq!(mode(file), 0o600);
    assert!(keys.changed().unwrap() > before);
}
