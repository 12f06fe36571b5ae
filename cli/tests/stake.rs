//! `salus stake` and `salus rewards` on a chain with one validator.

use std::{fs, path::Path};

use salus_primitives::MED;
use serde_json::Value;

use crate::program::{salus, Run};

/// A network of one; it stops whatever becomes of the test.
struct Dev<'a> {
    base: &'a Path,
    node: String,
}

impl<'a> Dev<'a> {
    fn up(base: &'a Path) -> Self {
        let mut dev = Dev {
            base,
            node: String::new(),
        };
        let up = dev.network(&["up", "--validators", "1"]).ok().json();
        dev.node = up[0]["node"].as_str().unwrap().to_owned();
        dev
    }

    fn network(&self, words: &[&str]) -> Run {
        let base = self.base.to_str().unwrap();
        let all = ["network"].iter().chain(words).copied();
        salus(all.chain(["--base", base, "--json"]))
    }

    /// A command, with its words in one string.
    fn run(&self, words: &str) -> Run {
        salus(words.split(' ').chain(["--node", &self.node, "--json"]))
    }

    fn json(&self, words: &str) -> Value {
        self.run(words).ok().json()
    }

    /// The name of the error with which the chain refuses.
    fn refused(&self, words: &str) -> String {
        let run = self.run(words);
        assert_eq!(run.code, 3, "{words}: {}", run.err);
        run.json()["name"].as_str().unwrap().to_owned()
    }
}

impl Drop for Dev<'_> {
    fn drop(&mut self) {
        self.network(&["down"]);
    }
}

fn amount(value: &Value) -> u128 {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn stake_is_bonded_delegated_and_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("net");
    let dev = Dev::up(&base);
    let alice = &dev.json("stake candidates")[0];
    assert_eq!(alice["standing"], "electable");
    assert_eq!(amount(&alice["bond"]), 100_000 * MED);
    assert_eq!(alice["commission"], 100_000_000);
    let elected = dev.json("stake elected");
    assert_eq!(elected["validators"], elected["planned"]);
    // One is too few for an election.
    assert_eq!(elected["would_be"].as_array().unwrap().len(), 0);

    // An institution that is none yet, then one with keys and a bond.
    assert_eq!(
        dev.refused("stake bond 10000 --key //Eve"),
        "delegation.NotInstitution"
    );
    dev.run("registry apply --role institution --key //Eve")
        .ok();
    dev.run("registry admit //Eve --key //Alice").ok();
    assert_eq!(
        dev.refused("stake bond 10000 --key //Eve"),
        "delegation.NoSessionKeys"
    );
    dev.run("stake set-keys --key //Eve").ok();
    dev.run("stake bond --commission 2.5% --key //Eve").ok();
    dev.run("stake bond 5 --key //Eve").ok();
    assert_eq!(dev.run("stake bond --key //Eve").code, 2);
    let all = dev.json("stake candidates");
    assert_eq!(amount(&all[1]["bond"]), 10_005 * MED);
    assert_eq!(all[1]["commission"], 25_000_000);
    dev.run("stake commission 4% --key //Eve").ok();
    let announced = &dev.json("stake candidates")[1]["announced"];
    assert_eq!(announced[0], 40_000_000);

    dev.run("stake delegate //Eve 200.5 --key //Bob").ok();
    dev.run("stake redelegate //Eve //Alice 100 --key //Bob")
        .ok();
    dev.run("stake unbond //Eve 50 --key //Bob").ok();
    let shown = dev.json("stake show //Bob");
    let with = |account: &Value| -> Value {
        let all = shown.as_array().unwrap();
        all.iter()
            .find(|one| one["candidate"] == *account)
            .unwrap()
            .clone()
    };
    let (eve, alice) = (&all[1]["account"], &all[0]["account"]);
    assert!(amount(&with(eve)["worth"]).abs_diff(50 * MED + MED / 2) < MED / 100);
    assert_eq!(amount(&with(eve)["unbonding"][0]["amount"]), 50 * MED);
    assert!(amount(&with(alice)["locked"]) >= 100 * MED);
    assert_eq!(
        dev.refused("stake unbond //Alice --all --key //Bob"),
        "delegation.StakeLocked"
    );
    assert_eq!(
        dev.refused("stake withdraw //Eve --key //Bob"),
        "delegation.NothingToWithdraw"
    );
    assert_eq!(dev.json("stake rewards //Bob").as_array().unwrap().len(), 2);
    assert!(amount(&dev.json("stake yield //Alice")[0]["yearly"]) > 0);
    assert_eq!(dev.run("stake yield //Ferdie").code, 2);
    assert_eq!(dev.json("stake slashes").as_array().unwrap().len(), 0);

    // Eve validates nowhere, Alice has to stay.
    let left = dev.run("stake leave --key //Eve").ok();
    assert!(!left.err.contains("Warning"), "{}", left.err);
    assert_eq!(dev.json("stake candidates")[1]["standing"], "leaving");
    assert_eq!(
        dev.refused("stake withdraw --key //Eve"),
        "delegation.BondLocked"
    );
    assert_eq!(
        dev.refused("stake back --key //Alice"),
        "delegation.NotChilled"
    );
    let left = dev.run("stake leave --key //Alice").ok();
    assert!(left.err.contains("the validators stay"), "{}", left.err);
}

#[test]
fn vouchers_are_taken_presented_and_refunded() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("net");
    let dev = Dev::up(&base);
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let terms = file("terms");
    fs::write(&terms, "A night at the ward, until the end of next year.").unwrap();
    let offer = format!(
        "rewards offer --kind treatment --price 12.5 --vouchers 2 --terms {terms} --key //Alice"
    );
    let made = dev.json(&offer);
    assert_eq!(made["offer"], 0);
    let offers = dev.json("rewards offers");
    assert_eq!(
        (&offers[0]["kind"], amount(&offers[0]["price"])),
        (&"treatment".into(), 12 * MED + MED / 2)
    );

    let (one, two) = (file("one"), file("two"));
    dev.run(&format!("rewards redeem 0 --secret {one} --key //Bob"))
        .ok();
    let second = format!("rewards redeem 0 --secret {two} --key //Bob");
    // The price was another, says somebody.
    assert_eq!(
        dev.refused(&format!("{second} --at-most 12")),
        "rewards.TooExpensive"
    );
    dev.run(&second).ok();
    assert_eq!(dev.run(&second).code, 2, "the file exists");
    assert_eq!(
        dev.json("rewards vouchers //Bob").as_array().unwrap().len(),
        2
    );

    let honour = |secret: &str| format!("rewards honour 0 --secret {secret} --key //Alice");
    assert_eq!(dev.refused(&honour(&two)), "rewards.WrongSecret");
    dev.run(&honour(&one)).ok();
    assert_eq!(dev.refused(&honour(&one)), "rewards.VoucherNotFound");
    assert_eq!(
        dev.refused("rewards refund 1 --key //Bob"),
        "rewards.VoucherValid"
    );
    dev.run("rewards refund 1 --key //Alice").ok();
    assert_eq!(
        dev.json("rewards vouchers //Bob").as_array().unwrap().len(),
        0
    );
    dev.run("rewards withdraw-offer 0 --key //Alice").ok();
    let record = "ab".repeat(32);
    assert_eq!(
        dev.refused(&format!("rewards claim {record} --key //Bob")),
        "rewards.UnitNotFound"
    );
}
