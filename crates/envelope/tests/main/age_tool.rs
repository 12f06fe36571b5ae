//! Against the ordinary `age` tool.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use salus_envelope::{
    decrypt, encrypt, open_capsule, recipient_to_string, seal_identity, Identity,
};

/// Whether the tool is here; says so loudly where not.
fn installed() -> bool {
    let found = Command::new("age").arg("--version").output().is_ok();
    if !found {
        eprintln!("SKIPPED: the age tool is not installed (apt-get install age)");
    }
    found
}

fn age(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("age")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "age {arguments:?}");
    output.stdout
}

#[test]
fn age_opens_our_files() {
    if !installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let identity = Identity::generate();
    identity.save(&path).unwrap();
    let others = [Identity::generate().recipient(), identity.recipient()];
    for size in [0, 10, 65_536, 100_000] {
        let plaintext = vec![9; size];
        let file = encrypt(&plaintext, &others).unwrap();
        assert_eq!(
            age(&["-d", "-i", path.to_str().unwrap()], &file),
            plaintext,
            "{size}"
        );
    }
}

#[test]
fn we_open_files_of_age() {
    if !installed() {
        return;
    }
    let identity = Identity::generate();
    let recipient = recipient_to_string(&identity.recipient());
    for size in [0, 10, 65_536, 100_000] {
        let plaintext = vec![9; size];
        let file = age(&["-r", &recipient], &plaintext);
        assert_eq!(*decrypt(&file, &identity).unwrap(), plaintext, "{size}");
    }
}

#[test]
fn an_opened_capsule_is_a_key_file() {
    if !installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (mine, record) = (Identity::generate(), Identity::generate());
    let (mine_path, record_path) = (folder.path().join("mine"), folder.path().join("record"));
    mine.save(&mine_path).unwrap();
    let capsule = seal_identity(&record, &mine.recipient()).unwrap();
    let key = age(&["-d", "-i", mine_path.to_str().unwrap()], &capsule);
    std::fs::write(&record_path, key).unwrap();
    let file = encrypt(b"record", &[record.recipient()]).unwrap();
    assert_eq!(
        age(&["-d", "-i", record_path.to_str().unwrap()], &file),
        b"record"
    );

    // And the other way round: a capsule made by hand.
    let key = std::fs::read(&record_path).unwrap();
    let capsule = age(&["-r", &recipient_to_string(&mine.recipient())], &key);
    let opened = open_capsule(&capsule, &mine, &record.recipient()).unwrap();
    assert_eq!(opened.recipient(), record.recipient());
}

#[test]
fn key_files_of_age_keygen_load() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let made = Command::new("age-keygen").arg("-o").arg(&path).output();
    let Ok(made) = made else {
        eprintln!("SKIPPED: age-keygen is not installed (apt-get install age)");
        return;
    };
    assert!(made.status.success());
    let identity = Identity::load(&path).unwrap();
    let public = Command::new("age-keygen")
        .arg("-y")
        .arg(&path)
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(public.stdout).unwrap().trim(),
        recipient_to_string(&identity.recipient())
    );
}
