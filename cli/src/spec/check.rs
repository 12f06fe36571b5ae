//! Whether a consortium's file fits together: all that is wrong is said at once, with the lines.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use salus_primitives::{Balance, MED};
use subxt_signer::{sr25519::Keypair, SecretUri, DEV_PHRASE};
use toml::Spanned;

use super::{
    file::{Account, ChainType, Consortium, Member, Source, Validator},
    limits::{Limits, SESSION, SLOT},
};
use crate::{
    chain::text::span_text,
    error::usage,
    keys::development_identity,
    output::{count, med},
    registry::RoleArg,
};

/// Ids of the presets: a database of one would be taken for one of the other.
const PRESETS: [&str; 2] = ["salus_dev", "salus_local"];
/// Longest id, and longest name of an algorithm.
const ID_LENGTH: usize = 64;
const ALGORITHM_LENGTH: usize = 32;
/// Names whose keys everybody has, and what they are derived further by.
pub const DEVELOPMENT: [&str; 8] = [
    "Alice", "Bob", "Charlie", "Dave", "Eve", "Ferdie", "One", "Two",
];
const DERIVED: [&str; 3] = ["", "//stash", "//operator"];
/// What the treasury begins with: it has to exist to take fees below the existential deposit.
const TREASURY: Balance = MED;
/// Account of the treasury: `modl` and its pallet id, filled up with zeros.
const TREASURY_ID: &[u8; 12] = b"modlsalus/tr";

/// The account of the treasury.
pub fn treasury() -> Account {
    let mut account = [0; 32];
    account[..TREASURY_ID.len()].copy_from_slice(TREASURY_ID);
    Account(account)
}

/// What follows from a file that fits together.
#[derive(Debug)]
pub struct Checked {
    /// What may be meant otherwise.
    pub warnings: Vec<String>,
    /// Slots of a session.
    pub slots: u64,
    /// What the treasury begins with.
    pub treasury: Balance,
    /// What all accounts begin with.
    pub issuance: Balance,
}

/// What a key is already.
type Owners = BTreeMap<[u8; 32], String>;

struct Check<'a> {
    source: &'a Source,
    limits: &'a Limits,
    live: bool,
    problems: Vec<String>,
    warnings: Vec<String>,
    /// Development keys by what they are called; only for a live chain.
    development: Owners,
    accounts: Owners,
    endowed: Owners,
    recipients: Owners,
    session_keys: Owners,
    issuance: Option<Balance>,
}

/// Checks a file.
pub fn check(consortium: &Consortium, source: &Source, limits: &Limits) -> anyhow::Result<Checked> {
    let live = consortium.chain_type == ChainType::Live;
    let mut check = Check {
        source,
        limits,
        live,
        problems: Vec::new(),
        warnings: Vec::new(),
        development: match live {
            true => development_keys()?,
            false => Owners::new(),
        },
        accounts: Owners::new(),
        endowed: Owners::new(),
        recipients: Owners::new(),
        session_keys: Owners::new(),
        issuance: Some(0),
    };
    check.chain(consortium);
    let treasury = check.treasury(consortium);
    for member in &consortium.members {
        check.member(member);
    }
    for other in &consortium.accounts {
        check.known(&other.account, "the account");
        check.endow(&other.account, &other.balance, "an account");
    }
    check.whole(consortium);
    if !check.problems.is_empty() {
        return Err(usage(check.problems.join("\n")));
    }
    Ok(Checked {
        warnings: check.warnings,
        slots: consortium.session.get_ref().0 / SLOT,
        treasury,
        issuance: check.issuance.unwrap_or_default(),
    })
}

fn development_keys() -> anyhow::Result<Owners> {
    let mut keys = Owners::new();
    // The phrase once: to stretch it takes longer than all that is derived from it.
    let root = Keypair::from_uri(&SecretUri::from_str(DEV_PHRASE)?)?;
    for name in DEVELOPMENT {
        for further in DERIVED {
            let name = format!("//{name}{further}");
            let key = root.derive(SecretUri::from_str(&name)?.junctions);
            keys.insert(key.public_key().0, name);
        }
        let name = format!("//{name}");
        keys.insert(development_identity(&name).recipient(), name);
    }
    Ok(keys)
}

impl Check<'_> {
    fn wrong<T>(&mut self, at: &Spanned<T>, words: impl AsRef<str>) {
        let place = self.source.place(&at.span());
        self.problems.push(format!("{place}: {}", words.as_ref()));
    }

    /// The chain's own fields.
    fn chain(&mut self, all: &Consortium) {
        let name = all.name.get_ref();
        if name.trim().is_empty() || name.chars().any(char::is_control) {
            self.wrong(&all.name, "the chain needs a name");
        }
        let id = all.id.get_ref();
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
        if id.is_empty() || id.len() > ID_LENGTH || !id.chars().all(letters) {
            self.wrong(
                &all.id,
                format!(
                    "id: {id:?} names folders; it has up to {ID_LENGTH} lower-case letters, digits, \
                     _ and -"
                ),
            );
        } else if PRESETS.contains(&id.as_str()) {
            self.wrong(&all.id, format!("id: {id:?} is that of a preset"));
        }
        let session = all.session.get_ref().0;
        if !SESSION.contains(&session) {
            let (least, most) = (span_text(*SESSION.start()), span_text(*SESSION.end()));
            self.wrong(
                &all.session,
                format!("session: it lasts from {least} to {most}"),
            );
        } else if !session.is_multiple_of(SLOT) {
            let slot = span_text(SLOT);
            self.wrong(
                &all.session,
                format!("session: it lasts a whole number of slots of {slot}"),
            );
        }
        for (name, price) in all.algorithms.iter().flatten() {
            if name.is_empty() || name.len() > ALGORITHM_LENGTH {
                self.wrong(
                    price,
                    format!("algorithms: {name:?} has not 1 to {ALGORITHM_LENGTH} bytes"),
                );
            }
        }
    }

    fn treasury(&mut self, all: &Consortium) -> Balance {
        let given = all.treasury.as_ref();
        let amount = given.map_or(TREASURY, |amount| amount.get_ref().0);
        if let Some(given) = given {
            if amount < self.limits.existential {
                let least = med(self.limits.existential);
                self.wrong(given, format!("treasury: it begins with {least} at least"));
            }
        }
        self.endowed.insert(treasury().0, "the treasury".to_owned());
        self.issuance = self.issuance.and_then(|sum| sum.checked_add(amount));
        amount
    }

    /// Refuses keys of a live chain that everybody has.
    fn known(&mut self, key: &Spanned<Account>, what: &str) {
        if let Some(name) = self.development.get(&key.get_ref().0) {
            let words = format!("{what} is the development key {name}, which everybody has");
            self.wrong(key, words);
        }
    }

    /// Refuses a key that is another's already, and makes it `owner`'s.
    fn own<T>(
        &mut self,
        owners: fn(&mut Self) -> &mut Owners,
        (at, key): (&Spanned<T>, [u8; 32]),
        what: &str,
        owner: &str,
    ) {
        let this = format!("{what} of {owner}");
        if let Some(other) = owners(self).insert(key, this.clone()) {
            self.wrong(at, format!("{this} is {other} too"));
        }
    }

    fn endow(
        &mut self,
        account: &Spanned<Account>,
        balance: &Spanned<super::file::Med>,
        who: &str,
    ) {
        let (key, amount) = (account.get_ref().0, balance.get_ref().0);
        if let Some(other) = self.endowed.insert(key, who.to_owned()) {
            self.wrong(
                account,
                format!("account: it has a balance already, as {other}"),
            );
        }
        if amount < self.limits.existential {
            let least = med(self.limits.existential);
            self.wrong(
                balance,
                format!("balance: an account keeps {least} at least"),
            );
        }
        self.issuance = self.issuance.and_then(|sum| sum.checked_add(amount));
    }

    fn member(&mut self, member: &Member) {
        let name = member.name.get_ref().as_str();
        if name.trim().is_empty() {
            self.wrong(&member.name, "name: a member needs one, for messages");
        }
        self.known(&member.account, "the account");
        self.own(
            |check| &mut check.accounts,
            (&member.account, member.account.get_ref().0),
            "the account",
            name,
        );
        let recipient = member.recipient.get_ref().0;
        if let Some(known) = self.development.get(&recipient) {
            let words = format!("recipient: it is that of {known}, whose secret everybody has");
            self.wrong(&member.recipient, words);
        }
        self.own(
            |check| &mut check.recipients,
            (&member.recipient, recipient),
            "the recipient",
            name,
        );
        if let Some(operator) = &member.operator {
            self.known(operator, "the operator");
            self.own(
                |check| &mut check.accounts,
                (operator, operator.get_ref().0),
                "the operator",
                name,
            );
        }
        self.endow(&member.account, &member.balance, name);

        let institution = member.role.0 == RoleArg::Institution;
        if let Some(council) = &member.council {
            if *council.get_ref() && !institution {
                self.wrong(
                    council,
                    format!("council: seats are for institutions, and {name} is none"),
                );
            }
        }
        let mut bonds: Option<Balance> = Some(0);
        if let Some(validator) = &member.validator {
            let bond = validator.bond.get_ref().0;
            bonds = bonds.and_then(|sum| sum.checked_add(bond));
            if !institution {
                self.wrong(
                    &validator.bond,
                    format!("validator: institutions validate, and {name} is none"),
                );
            }
            self.bond(&validator.bond, self.limits.candidate_bond, "validator");
            self.session_keys(validator, member, name);
        }
        if let Some(worker) = &member.worker {
            let bond = worker.bond.get_ref().0;
            bonds = bonds.and_then(|sum| sum.checked_add(bond));
            self.bond(&worker.bond, self.limits.worker_bond, "worker");
            if member.operator.is_none() {
                self.wrong(
                    &worker.bond,
                    format!(
                        "worker: {name} has no operator key, without which its node does no work"
                    ),
                );
            }
        }
        let needed = bonds.and_then(|sum| sum.checked_add(self.limits.existential));
        let balance = member.balance.get_ref().0;
        if needed.is_none_or(|needed| balance < needed) {
            let needed = needed.map_or("more than there can be".to_owned(), med);
            let balance = med(balance);
            self.wrong(
                &member.balance,
                format!("balance: {balance} do not cover the bonds of {name}, which need {needed}"),
            );
        }
    }

    fn bond(&mut self, bond: &Spanned<super::file::Med>, least: Balance, what: &str) {
        let given = bond.get_ref().0;
        if given < least {
            let (given, least) = (med(given), med(least));
            self.wrong(bond, format!("{what}.bond: {given} are less than {least}"));
        }
    }

    fn session_keys(&mut self, validator: &Validator, member: &Member, name: &str) {
        let keys = [
            ("babe", &validator.babe),
            ("grandpa", &validator.grandpa),
            ("authority_discovery", &validator.authority_discovery),
        ];
        let mut own = BTreeSet::new();
        for (kind, key) in keys {
            let bytes = key.get_ref().0;
            self.known(key, kind);
            let is_own = [Some(&member.account), member.operator.as_ref()]
                .into_iter()
                .flatten()
                .any(|other| other.get_ref().0 == bytes);
            if is_own && self.live {
                let words = format!("{kind}: session keys are others than account and operator");
                self.wrong(key, words);
            }
            // One member may sign its addresses with the key that it authors with.
            if own.insert(bytes) {
                self.own(|check| &mut check.session_keys, (key, bytes), kind, name);
            }
        }
        let grandpa = &validator.grandpa;
        let on_curve = ed25519_dalek::VerifyingKey::from_bytes(&grandpa.get_ref().0);
        if on_curve.map_or(true, |key| key.is_weak()) {
            self.wrong(grandpa, "grandpa: this is no Ed25519 public key");
        }
    }

    /// What concerns all of it.
    fn whole(&mut self, all: &Consortium) {
        let file = self.source.name();
        let mut names = BTreeMap::new();
        let mut twice = Vec::new();
        for member in &all.members {
            if let Some(line) = names.insert(member.name.get_ref(), &member.name) {
                let line = self.source.place(&line.span());
                twice.push((&member.name, line));
            }
        }
        let count_of = |has: fn(&Member) -> bool| all.members.iter().filter(|m| has(m)).count();
        let validators = count_of(|member| member.validator.is_some());
        let seats = count_of(|member| member.council.as_ref().is_some_and(|c| *c.get_ref()));
        if validators == 0 {
            self.problems.push(format!(
                "{file}: no member has a [member.validator]: nobody would make a block"
            ));
        }
        if seats == 0 {
            self.problems.push(format!(
                "{file}: no member has council = true: nobody could admit members or upgrade"
            ));
        }
        if self.issuance.is_none() {
            self.problems
                .push(format!("{file}: all balances together are too large"));
        }
        let (least, most) = (self.limits.min_validators, self.limits.max_validators);
        if (1..least as usize).contains(&validators) {
            self.warnings.push(format!(
                "{}: nobody is elected, and these validate on, until there are {least} candidates; \
                 fewer than 4 survive no failure",
                count(validators as u64, "validator")
            ));
        }
        if validators > most as usize {
            self.warnings.push(format!(
                "{validators} validators: from the third session on the {most} best backed validate"
            ));
        }
        if seats == 1 {
            self.warnings
                .push("one seat in the council: that one key decides everything".to_owned());
        }
        let mut places = BTreeSet::new();
        for node in all.all_bootnodes() {
            let place = node.get_ref().place();
            if !places.insert(place) {
                self.wrong(
                    node,
                    format!("bootnode: {place} is that of another node too"),
                );
            }
        }
        if self.live && places.is_empty() {
            self.warnings.push(
                "no bootnode: every node has to be told another one with --bootnodes".to_owned(),
            );
        }
        for (name, line) in twice {
            let words = format!("name: {} is that of a member at {line} too", name.get_ref());
            self.wrong(name, words);
        }
    }
}
