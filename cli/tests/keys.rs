//! `salus keys`.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use salus_cli::keys::{development_identity, parse_account, KeySource};
use salus_envelope::recipient_to_string;

use crate::program::salus;

/// `//Alice`, as every Substrate tool has it.
const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
/// The phrase that development accounts are derived from.
const PHRASE: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_key_is_private_and_its_secrets_stay_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("me");
    let path = file.to_str().unwrap();
    let made = salus(["keys", "new", path, "--json"]).ok();
    let identity = folder.path().join("me.age");
    assert_eq!((mode(&file), mode(&identity)), (0o600, 0o600));

    let shown = salus(["keys", "show", path, "--json"]).ok();
    assert_eq!(made.json()["address"], shown.json()["address"]);
    let phrase = salus(["keys", "export", path, "--secret", "phrase"])
        .ok()
        .out;
    assert_eq!(phrase.split_whitespace().count(), 24);
    let secret = salus(["keys", "export", path, "--secret", "identity"])
        .ok()
        .out;
    assert!(secret.starts_with("AGE-SECRET-KEY-1"));
    for run in [&made, &shown] {
        assert!(!run.out.contains(phrase.trim()) && !run.out.contains("AGE-SECRET-KEY"));
    }
}

#[test]
fn the_identity_is_one_that_age_takes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("me");
    let made = salus(["keys", "new", file.to_str().unwrap(), "--json"]).ok();
    let text = fs::read_to_string(folder.path().join("me.age")).unwrap();
    let line = text.lines().find(|line| !line.starts_with('#')).unwrap();
    let identity: age::x25519::Identity = line.parse().unwrap();
    assert_eq!(made.json()["recipient"], identity.to_public().to_string());
}

#[test]
fn a_key_file_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("me");
    let path = file.to_str().unwrap();
    fs::write(folder.path().join("me.age"), "mine").unwrap();
    let refused = salus(["keys", "new", path]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("never overwritten"), "{}", refused.err);
    // No half of a pair is left.
    assert!(!file.exists());
    assert_eq!(
        fs::read_to_string(folder.path().join("me.age")).unwrap(),
        "mine"
    );

    salus(["keys", "new", path, "--account-only"]).ok();
    let before = fs::read(&file).unwrap();
    assert_eq!(salus(["keys", "new", path, "--identity-only"]).code, 2);
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_key_file_that_others_may_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("me");
    salus(["keys", "new", file.to_str().unwrap()]).ok();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = salus(["keys", "show", file.to_str().unwrap()]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("chmod 600"), "{}", refused.err);
}

#[test]
fn a_folder_is_no_key_file() {
    let folder = tempfile::tempdir().unwrap();
    let shown = salus(["keys", "show", folder.path().to_str().unwrap()]);
    assert_eq!(shown.code, 2);
    assert!(shown.err.contains("is a folder"), "{}", shown.err);
}

#[test]
fn a_phrase_with_a_path_gives_the_account_that_wallets_give() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("alice");
    salus_cli::keys::write_secret(&file, &format!("# comment\n\n{PHRASE}//Alice\n")).unwrap();
    let source: KeySource = file.to_str().unwrap().parse().unwrap();
    let account = source.account().unwrap().public_key().to_account_id();
    assert_eq!(account.to_string(), ALICE);
}

#[test]
fn damaged_key_files_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let of = |name: &str, text: &str| {
        let file = folder.path().join(name);
        salus_cli::keys::write_secret(&file, text).unwrap();
        let source: KeySource = file.to_str().unwrap().parse().unwrap();
        format!("{:#}", source.account().unwrap_err())
    };
    assert!(of("empty", "# nothing\n").contains("no key in it"));
    assert!(of("two", "a b\nc d\n").contains("more than one key"));
    assert!(of("age", "AGE-SECRET-KEY-1AAAA\n").contains("age identity"));
    let words = of("words", "correct horse battery staple\n");
    assert!(
        words.contains("seed phrase") && !words.contains("horse"),
        "{words}"
    );
}

#[test]
fn development_names_have_the_well_known_keys() {
    let shown = salus(["keys", "show", "//Alice", "--json"]).ok().json();
    assert_eq!(shown["address"], ALICE);
    // As in the runtime's genesis presets.
    for (name, digits) in [
        (
            "//Alice",
            "e53d93f5c03508da927572bbb0d0bc2547593424066687d3d1cef2fe80ca7b29",
        ),
        (
            "//Dave",
            "72b9784d1a0cb54c5cc2662823fa2e6ffd64ce6bda48814be58a56cea48d5277",
        ),
    ] {
        assert_eq!(hex::encode(development_identity(name).recipient()), digits);
    }
    let recipient = recipient_to_string(&development_identity("//Alice").recipient());
    assert_eq!(shown["recipient"], recipient);
}

#[test]
fn accounts_are_named_in_four_ways() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("alice");
    salus_cli::keys::write_secret(&file, &format!("{PHRASE}//Alice\n")).unwrap();
    let alice = parse_account(ALICE).unwrap();
    assert_eq!(parse_account("//Alice"), Ok(alice));
    assert_eq!(
        parse_account(&format!("0x{}", hex::encode(alice.0))),
        Ok(alice)
    );
    assert_eq!(parse_account(file.to_str().unwrap()), Ok(alice));
    for wrong in ["0x12", "nobody", &ALICE[1..]] {
        assert!(parse_account(wrong).is_err(), "{wrong}");
    }
}
