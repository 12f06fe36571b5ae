#![cfg(unix)]

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use salus_envelope::{recipient_to_string, Error, Identity};
use secrecy::ExposeSecret;

fn write(path: &Path, text: &[u8]) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn saved_keys_load() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let identity = Identity::generate();
    identity.save(&path).unwrap();
    assert_eq!(
        Identity::load(&path).unwrap().recipient(),
        identity.recipient()
    );
    let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    let comment = format!(
        "# public key: {}",
        recipient_to_string(&identity.recipient())
    );
    assert_eq!(text.lines().next().unwrap(), comment);
}

#[test]
fn a_key_file_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let identity = Identity::generate();
    identity.save(&path).unwrap();
    let result = Identity::generate().save(&path);
    assert!(matches!(result, Err(Error::KeyFileExists(p)) if p == path));
    assert_eq!(
        Identity::load(&path).unwrap().recipient(),
        identity.recipient()
    );
}

#[test]
fn a_file_open_to_others_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    Identity::generate().save(&path).unwrap();
    for mode in [0o640, 0o604, 0o620, 0o644, 0o610] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let error = Identity::load(&path).unwrap_err();
        assert!(matches!(error, Error::KeyFileExposed { mode: m, .. } if m == mode));
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    assert!(Identity::load(&path).is_ok());
}

#[test]
fn files_without_exactly_one_key_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let secret = Identity::generate().to_secret_string();
    let secret = secret.expose_secret();
    let two = format!("{secret}\n{secret}\n");
    let long = "#\n".repeat(20_000);
    let cases: [&[u8]; 6] = [
        b"",
        b"# comment only\n",
        b"hello\n",
        &[0xff, 0xfe],
        two.as_bytes(),
        long.as_bytes(),
    ];
    for text in cases {
        write(&path, text);
        let error = Identity::load(&path).unwrap_err();
        assert!(matches!(error, Error::InvalidKeyFile { .. }), "{error}");
        assert!(!error.to_string().contains(secret));
    }
    write(&path, format!("\n# a\r\n  {secret}\r\n\n#b").as_bytes());
    assert!(Identity::load(&path).is_ok());
}

#[test]
fn missing_files_and_folders_say_which() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("absent/key");
    for error in [
        Identity::load(&path).unwrap_err(),
        Identity::generate().save(&path).unwrap_err(),
    ] {
        assert!(matches!(error, Error::KeyFile { .. }));
        assert!(error.to_string().contains("absent/key"), "{error}");
    }
    let error = Identity::load(folder.path()).unwrap_err();
    assert!(matches!(error, Error::InvalidKeyFile { .. }), "{error}");
}
