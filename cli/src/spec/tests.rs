use super::{check::check, file::Source, limits::Limits, *};
use crate::{error::exit_code, keys::development_account};

fn checked(text: &str) -> anyhow::Result<Checked> {
    let source = Source::of(text);
    let consortium = source.consortium()?;
    check(&consortium, &source, &Limits::read()?)
}

/// Why a changed example is refused.
#[track_caller]
fn refused(change: impl Fn(&str) -> String) -> String {
    let text = change(EXAMPLE);
    assert_ne!(text, EXAMPLE, "nothing was changed");
    let error = checked(&text).unwrap_err();
    assert_eq!(exit_code(&error), 2);
    error.to_string()
}

/// The line of the file at which this is first.
fn line(text: &str, what: &str) -> usize {
    text[..text.find(what).unwrap()].matches('\n').count() + 1
}

/// The value of a field of the n-th member.
fn value(field: &str, member: usize) -> String {
    let part = EXAMPLE.split("[[member]]").nth(member + 1).unwrap();
    let line = part.lines().find(|line| line.starts_with(field)).unwrap();
    line.split('"').nth(1).unwrap().to_owned()
}

#[test]
fn the_example_fits_together() {
    let checked = checked(EXAMPLE).unwrap();
    assert!(checked.warnings.is_empty(), "{:?}", checked.warnings);
    assert_eq!(checked.slots, 300);
    let med = salus_primitives::MED;
    assert_eq!(checked.issuance, (4 * 250_000 + 1_000_000 + 101) * med);
}

#[test]
fn the_treasury_is_the_runtimes() {
    // As every preset has it among its balances.
    assert_eq!(
        check::treasury().address(),
        "5EYCAe5jKW9SCVPr3Cvp69xz314G4oJeMziDkmdbNpN1onqV"
    );
}

#[test]
fn what_cannot_be_read_is_told_with_its_line() {
    for (from, to, words) in [
        (
            "session = \"10min\"",
            "session = \"10m\"",
            "is not a time such as 10min",
        ),
        (
            "type = \"live\"",
            "type = \"test\"",
            "unknown variant `test`",
        ),
        ("treasury = 1", "treasury = 1.5", "an amount of MED"),
        ("treasury = 1", "treasury = -1", "an amount of MED"),
        ("treasury = 1", "treasure = 1", "unknown field `treasure`"),
        (
            "commission = \"10%\"",
            "commission = \"110%\"",
            "is more than all",
        ),
        (
            "role = \"regulator\"",
            "role = \"patient\"",
            "there is no role \"patient\"; there are",
        ),
        ("until = \"2036-12-31\"", "until = \"10d\"", "is not a date"),
        (
            "\"/dns/node.north.example/tcp/30333/",
            "\"/dns/node.north.example/",
            "is no address of a node",
        ),
        (
            "/dns/node.north.example/tcp",
            "/ip4/300.1.1.1/tcp",
            "has no host",
        ),
        ("/p2p/12D3KooW", "/p2p/22D3KooW", "peer id that is none"),
        (
            "recipient = \"age1",
            "recipient = \"age2",
            "is not an age recipient",
        ),
        ("babe = \"0x", "babe = \"0", "neither an address (SS58) nor"),
        ("council = true", "council = \"true\"", "expected a boolean"),
    ] {
        let said = refused(|text| text.replacen(from, to, 1));
        let place = format!("file:{}: ", line(&EXAMPLE.replacen(from, to, 1), to));
        assert!(said.starts_with(&place) && said.contains(words), "{said}");
    }
    let missing = refused(|text| text.replacen("session = \"10min\"", "", 1));
    assert!(missing.contains("missing field `session`"), "{missing}");
}

#[test]
fn what_does_not_fit_together_is_told_with_its_line() {
    let account = value("account", 0);
    for (from, to, words) in [
        (
            "session = \"10min\"",
            "session = \"59s\"",
            "it lasts from 1 minute to",
        ),
        (
            "session = \"10min\"",
            "session = \"2d\"",
            "it lasts from 1 minute to",
        ),
        (
            "session = \"10min\"",
            "session = \"61s\"",
            "whole number of slots of 2 seconds",
        ),
        ("id = \"clinics_north\"", "id = \"Clinics\"", "lower-case"),
        (
            "id = \"clinics_north\"",
            "id = \"salus_local\"",
            "that of a preset",
        ),
        (
            "name = \"Clinics of the North\"",
            "name = \" \"",
            "needs a name",
        ),
        (
            "name = \"south\"",
            "name = \"north\"",
            "that of a member at file:",
        ),
        (
            "treasury = 1",
            "treasury = 0",
            "begins with 0.001 MED at least",
        ),
        (
            "bond = 100_000",
            "bond = 9_999",
            "validator.bond: 9999 MED are less than 10000 MED",
        ),
        (
            "bond = 1_000",
            "bond = 999",
            "worker.bond: 999 MED are less than 1000 MED",
        ),
        (
            "balance = 250_000",
            "balance = 101_000",
            "do not cover the bonds of north",
        ),
        (
            "balance = 100\n",
            "balance = \"0.0001\"\n",
            "an account keeps 0.001 MED",
        ),
    ] {
        let said = refused(|text| text.replacen(from, to, 1));
        let changed = EXAMPLE.replacen(from, to, 1);
        let at = match to {
            // Of two with one name the second is wrong.
            "name = \"north\"" => changed.rfind(to),
            _ => changed.find(to),
        };
        let place = format!(
            "file:{}: ",
            changed[..at.unwrap()].matches('\n').count() + 1
        );
        assert!(said.starts_with(&place) && said.contains(words), "{said}");
    }
    for (twice, words) in [
        (
            ("account", 1),
            "the account of south is the account of north too",
        ),
        (
            ("recipient", 1),
            "the recipient of south is the recipient of north too",
        ),
        (
            ("operator", 1),
            "the operator of south is the operator of north too",
        ),
        (("babe", 2), "babe of east is babe of north too"),
        (("grandpa", 1), "grandpa of south is grandpa of north too"),
        (
            ("authority_discovery", 3),
            "authority_discovery of west is authority_discovery of north too",
        ),
    ] {
        let (field, member) = twice;
        let said = refused(|text| text.replace(&value(field, member), &value(field, 0)));
        assert!(said.contains(words), "{said}");
    }
    for (from, to, words) in [
        (
            value("operator", 0),
            account.clone(),
            "the operator of north is the account of north too",
        ),
        (
            value("babe", 0),
            account.clone(),
            "babe: session keys are others than account and operator",
        ),
        (
            value("grandpa", 0),
            format!("0x{}", "00".repeat(32)),
            "no Ed25519 public key",
        ),
    ] {
        let said = refused(|text| text.replacen(&from, &to, 1));
        assert!(said.contains(words), "{said}");
    }
    let regulator = refused(|text| {
        text.replace(
            "role = \"regulator\"",
            "role = \"regulator\"\ncouncil = true",
        )
    });
    assert!(
        regulator.contains("seats are for institutions"),
        "{regulator}"
    );
    let no_operator = refused(|text| text.replacen("operator = ", "# ", 1));
    assert!(
        no_operator.contains("north has no operator key"),
        "{no_operator}"
    );
    let one_place = refused(|text| text.replace("node.south", "node.north"));
    assert!(
        one_place.contains("that of another node too"),
        "{one_place}"
    );
    let nobody = refused(|text| text.replace("council = true", "council = false"));
    assert!(nobody.contains("nobody could admit members"), "{nobody}");
    let most = u128::MAX / salus_primitives::MED;
    let too_many = refused(|text| text.replace("1_000_000", &format!("\"{most}\"")));
    assert!(too_many.contains("together are too large"), "{too_many}");
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let said = refused(|text| text.replace("bond = 100_000", "bond = 1"));
    assert_eq!(said.lines().count(), 4, "{said}");
}

#[test]
fn keys_that_everybody_has_are_for_tests_only() {
    let alice = development_account("//Alice").unwrap();
    let alice = alice.public_key().to_account_id().to_string();
    let with = |kind: &str| {
        EXAMPLE
            .replace(&value("account", 0), &alice)
            .replace("type = \"live\"", kind)
    };
    let said = checked(&with("type = \"live\"")).unwrap_err().to_string();
    assert!(said.contains("development key //Alice"), "{said}");
    checked(&with("type = \"local\"")).unwrap();
}

#[test]
fn what_may_be_meant_otherwise_is_a_warning() {
    let (head, rest) = EXAMPLE.split_once("[[member]]").unwrap();
    let north = rest.split("[[member]]").next().unwrap();
    let alone = format!("{head}[[member]]{north}");
    let warnings = checked(&alone).unwrap().warnings;
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("until there are 4 candidates"));
    assert!(warnings[1].contains("one seat"));
    let bootnode = format!("bootnode = \"{}\"", value("bootnode", 0));
    let warnings = checked(&alone.replace(&bootnode, "")).unwrap().warnings;
    assert!(warnings[2].contains("--bootnodes"), "{warnings:?}");
}
