//! What a consortium's file says, in TOML. What cannot be read is refused with its line; whether it
//! fits together is `check`'s to say.

use std::{collections::BTreeMap, ops::Range, path::Path};

use clap::ValueEnum;
use salus_primitives::{Balance, Moment};
use serde::{
    de::{Error, Unexpected, Visitor},
    Deserialize, Deserializer,
};
use subxt::utils::AccountId32;
use toml::Spanned;

use crate::{
    chain::text::{parse_digest, parse_until, Until},
    error::usage,
    files,
    network::node_key::is_peer_id,
    output::parse_med,
    registry::RoleArg,
    stake::parse_percent,
};

/// A consortium.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consortium {
    /// Name of the chain, for people.
    pub name: Spanned<String>,
    /// Name of its folders.
    pub id: Spanned<String>,
    /// What it is for.
    #[serde(default, rename = "type")]
    pub chain_type: ChainType,
    /// How long a session lasts, ms.
    pub session: Spanned<Span>,
    /// What the treasury begins with [default: 1 MED].
    pub treasury: Option<Spanned<Med>>,
    /// Nodes that others find the network by, besides those of the members.
    #[serde(default)]
    pub bootnodes: Vec<Spanned<Bootnode>>,
    /// Price of a unit of work of each algorithm [default: those of the presets].
    pub algorithms: Option<BTreeMap<String, Spanned<Med>>>,
    /// The members.
    #[serde(default, rename = "member")]
    pub members: Vec<Member>,
    /// Other accounts with tokens.
    #[serde(default, rename = "account")]
    pub accounts: Vec<Endowed>,
}

impl Consortium {
    /// Where its nodes find each other.
    pub fn all_bootnodes(&self) -> impl Iterator<Item = &Spanned<Bootnode>> {
        let members = self.members.iter();
        members
            .filter_map(|member| member.bootnode.as_ref())
            .chain(&self.bootnodes)
    }
}

/// What a chain is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChainType {
    /// In earnest.
    #[default]
    Live,
    /// Tests on machines of one's own.
    Local,
    /// Development.
    Development,
}

impl ChainType {
    /// As a spec has it.
    pub fn name(self) -> &'static str {
        match self {
            ChainType::Live => "Live",
            ChainType::Local => "Local",
            ChainType::Development => "Development",
        }
    }
}

/// A member from the first block on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// For messages only; not on chain.
    pub name: Spanned<String>,
    /// Its account.
    pub account: Spanned<Account>,
    /// What it is to the consortium [default: institution].
    #[serde(default)]
    pub role: RoleName,
    /// Its age recipient.
    pub recipient: Spanned<Recipient>,
    /// Commitment to its credential [default: its recipient, which stands for none].
    pub credential: Option<Hash>,
    /// The account key on its node.
    pub operator: Option<Spanned<Account>>,
    /// End of its term [default: none].
    pub until: Option<Day>,
    /// Whether it has a seat in the council.
    pub council: Option<Spanned<bool>>,
    /// What it begins with, bonds included.
    pub balance: Spanned<Med>,
    /// Its node's address.
    pub bootnode: Option<Spanned<Bootnode>>,
    /// Its validator.
    pub validator: Option<Validator>,
    /// Its worker.
    pub worker: Option<Worker>,
}

/// A candidate that validates from the first block on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validator {
    /// Its own bond.
    pub bond: Spanned<Med>,
    /// Part of the rewards it takes before they are shared [default: 0%].
    #[serde(default)]
    pub commission: Percent,
    /// Session key that authors.
    pub babe: Spanned<Account>,
    /// Session key that votes.
    pub grandpa: Spanned<Account>,
    /// Session key that signs addresses.
    pub authority_discovery: Spanned<Account>,
}

/// A bonded worker.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    /// Its bond.
    pub bond: Spanned<Med>,
}

/// An account with tokens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endowed {
    /// Which.
    pub account: Spanned<Account>,
    /// What it begins with.
    pub balance: Spanned<Med>,
}

/// A value that is written as text.
trait Text: Sized {
    fn read(text: &str) -> Result<Self, String>;
}

fn text<'de, D: Deserializer<'de>, T: Text>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    T::read(&text).map_err(D::Error::custom)
}

macro_rules! from_text {
    ($($name:ident: $read:expr;)*) => {$(
        impl Text for $name {
            fn read(text: &str) -> Result<Self, String> {
                let read: fn(&str) -> Result<Self, String> = $read;
                read(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                text(deserializer)
            }
        }
    )*};
}

/// An account, or another public key of 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account(pub [u8; 32]);

impl Account {
    /// As an address.
    pub fn address(self) -> String {
        AccountId32(self.0).to_string()
    }
}

/// Public key of an age recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recipient(pub [u8; 32]);

/// 32 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Hash(pub [u8; 32]);

/// ms.
#[derive(Clone, Copy, Debug)]
pub struct Span(pub u64);

/// End of a day, or a moment.
#[derive(Clone, Copy, Debug)]
pub struct Day(pub Moment);

/// Role of a member.
#[derive(Clone, Copy, Debug)]
pub struct RoleName(pub RoleArg);

impl Default for RoleName {
    fn default() -> Self {
        RoleName(RoleArg::Institution)
    }
}

/// Address of a node with its peer id.
#[derive(Clone, Debug)]
pub struct Bootnode(pub String);

impl Bootnode {
    /// Where it is, without its peer id.
    pub fn place(&self) -> &str {
        self.0
            .rsplit_once("/p2p/")
            .map_or(&self.0, |(place, _)| place)
    }
}

/// A part, in 10^-9.
#[derive(Clone, Copy, Debug, Default)]
pub struct Percent(pub u32);

from_text! {
    Account: |text| {
        let bytes = match text.strip_prefix("0x") {
            Some(_) => parse_digest(text).ok().map(|digest| digest.0),
            None => text.parse().ok().map(|AccountId32(bytes)| bytes),
        };
        bytes.map(Account).ok_or_else(|| {
            format!("{text:?} is neither an address (SS58) nor 0x and 64 hex digits")
        })
    };
    Recipient: |text| salus_envelope::parse_recipient(text)
        .map(Recipient)
        .map_err(|_| format!("{text:?} is not an age recipient (age1…)"));
    Hash: |text| parse_digest(text).map(|digest| Hash(digest.0));
    Span: |text| match parse_until(text) {
        Ok(Until::In(span)) => Ok(Span(span)),
        _ => Err(format!("{text:?} is not a time such as 10min, 1h or 90s")),
    };
    Day: |text| match parse_until(text) {
        Ok(Until::Moment(moment)) => Ok(Day(moment)),
        _ => Err(format!("{text:?} is not a date such as 2031-12-31")),
    };
    RoleName: |text| RoleArg::from_str(text, false).map(RoleName).map_err(|_| {
        let all = RoleArg::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let all: Vec<String> = all.map(|role| role.get_name().to_owned()).collect();
        format!("there is no role {text:?}; there are {}", all.join(", "))
    });
    Bootnode: |text| read_bootnode(text);
    Percent: |text| parse_percent(text).map(Percent);
}

/// Kinds of addresses under which others can reach a node.
const HOSTS: [&str; 5] = ["ip4", "ip6", "dns", "dns4", "dns6"];

fn read_bootnode(text: &str) -> Result<Bootnode, String> {
    let bad = |what: &str| {
        format!("{text:?} {what}; an address is /dns/HOST/tcp/30333/p2p/PEER, or with /ip4/ADDRESS")
    };
    let (place, peer) = text
        .rsplit_once("/p2p/")
        .ok_or_else(|| bad("has no /p2p/ with a peer id"))?;
    if !is_peer_id(peer) {
        return Err(bad("has a peer id that is none"));
    }
    check_address(place).map_err(|what| bad(&what))?;
    Ok(Bootnode(text.to_owned()))
}

/// Whether others could reach a node there: what is wrong where not.
pub fn check_address(text: &str) -> Result<(), String> {
    let parts: Vec<&str> = text.split('/').collect();
    let [before, kind, host, "tcp", port, rest @ ..] = parts.as_slice() else {
        return Err("is no address of a node".to_owned());
    };
    let good_host = match *kind {
        "ip4" => host.parse::<std::net::Ipv4Addr>().is_ok(),
        "ip6" => host.parse::<std::net::Ipv6Addr>().is_ok(),
        kind => HOSTS.contains(&kind) && !host.is_empty(),
    };
    if !before.is_empty() || !good_host {
        return Err("has no host that others could find".to_owned());
    }
    if !port.parse::<u16>().is_ok_and(|port| port > 0) {
        return Err("has no port".to_owned());
    }
    match rest {
        [] | ["ws" | "wss"] => Ok(()),
        _ => Err("has something after the port".to_owned()),
    }
}

/// An amount: whole MED as a number, others as text such as `"12.5"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Med(pub Balance);

impl<'de> Deserialize<'de> for Med {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Amount;
        impl Visitor<'_> for Amount {
            type Value = Med;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an amount of MED: a whole number, or text such as \"12.5\"")
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Med, E> {
                match u64::try_from(value) {
                    Ok(value) => self.visit_u64(value),
                    Err(_) => Err(E::invalid_value(Unexpected::Signed(value), &self)),
                }
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Med, E> {
                self.visit_str(&value.to_string())
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Med, E> {
                parse_med(text).map(Med).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Amount)
    }
}

/// A file, to say where in it something is.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
}

impl Source {
    /// Reads it.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        match String::from_utf8(files::read(path)?) {
            Ok(text) => Ok(Source { name, text }),
            Err(_) => Err(usage(format!("{name} is not a text file"))),
        }
    }

    /// A text that is no file.
    pub fn of(text: &str) -> Self {
        Source {
            name: "file".to_owned(),
            text: text.to_owned(),
        }
    }

    /// The file and the line at which this is.
    pub fn place(&self, span: &Range<usize>) -> String {
        let before = self.text.bytes().take(span.start);
        let line = before.filter(|byte| *byte == b'\n').count() + 1;
        format!("{}:{line}", self.name)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it says.
    pub fn consortium(&self) -> anyhow::Result<Consortium> {
        toml::from_str(&self.text).map_err(|error: toml::de::Error| {
            let place = match error.span() {
                Some(span) => self.place(&span),
                None => self.name.clone(),
            };
            usage(format!("{place}: {}", error.message().trim_end()))
        })
    }
}
