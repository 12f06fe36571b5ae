//! What a member brings: keys in its node's keystore, and their public halves for the file.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use clap::Args;
use salus_envelope::{parse_recipient, recipient_to_string};
use salus_primitives::{Balance, MED};
use serde::Serialize;
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;

use super::{
    file::check_address,
    keystore::{chain_folder, make_private, Keystore, SessionKeys},
    limits::Limits,
};
use crate::{
    args::{ACCOUNT, KEY},
    error::usage,
    files,
    keys::{identity_path, load_identity, parse_account, KeySource},
    network::node_key,
    output::{self, parse_med},
    stake::{parse_percent, percent},
};

/// What a member keeps free beside its bonds, unless it says otherwise: for deposits and fees.
const FREE: Balance = 1_000 * MED;
/// What founders of a chain for trials begin with, as in the presets: balance, bond and commission.
pub const TRIAL_BALANCE: Balance = 1_000_000 * MED;
const TRIAL_BOND: Balance = 100_000 * MED;
const TRIAL_COMMISSION: u32 = 100_000_000;

/// A member and its node.
#[derive(Debug, Args)]
pub struct MemberArgs {
    /// Its name in the file, for messages.
    name: String,

    /// Id of the chain to be, which names folders.
    #[arg(long, value_name = "ID")]
    chain_id: String,

    /// Base path of its node, on the machine where the node will run.
    #[arg(long, value_name = "DIR")]
    base_path: PathBuf,

    /// Its account. An address is enough: the account key is never on a node.
    #[arg(long, value_name = ACCOUNT)]
    account: String,

    /// Its age recipient, or the file with the identity [default: FILE.age of --account FILE].
    #[arg(long, value_name = "age1…|FILE")]
    recipient: Option<String>,

    /// Operator key, which goes into the keystore.
    #[arg(long, value_name = KEY)]
    operator: Option<KeySource>,

    /// Address of its node for others, such as /dns/node.north.example/tcp/30333.
    #[arg(long, value_parser = parse_address)]
    address: Option<String>,

    /// Bond of its validator, MED [default: the smallest that the chain takes].
    #[arg(long, value_name = "MED", value_parser = parse_med)]
    bond: Option<Balance>,

    /// Part of the rewards that its validator takes before they are shared.
    #[arg(long, value_name = "PERCENT", default_value = "0%", value_parser = parse_percent)]
    commission: u32,

    /// Bond of its worker, MED; without it it has none.
    #[arg(long, value_name = "MED", value_parser = parse_med, requires = "operator")]
    worker: Option<Balance>,

    /// What it begins with, bonds included, MED [default: the bonds and 1,000].
    #[arg(long, value_name = "MED", value_parser = parse_med)]
    balance: Option<Balance>,
}

fn parse_address(text: &str) -> Result<String, String> {
    check_address(text)
        .map(|()| text.to_owned())
        .map_err(|what| {
            format!("it {what}; an address is /dns/HOST/tcp/30333, or with /ip4/ADDRESS")
        })
}

/// A member's part of the file.
#[derive(Debug, Serialize)]
pub struct Made {
    /// The part, as it goes into the file.
    pub toml: String,
    account: String,
    recipient: String,
    operator: Option<String>,
    peer: String,
    babe: String,
    grandpa: String,
    authority_discovery: String,
    keystore: PathBuf,
}

impl MemberArgs {
    /// A founder of a chain for trials, with the development key `key`.
    pub fn trial(name: &str, key: &str, chain_id: &str, base_path: PathBuf) -> Self {
        MemberArgs {
            name: name.to_owned(),
            chain_id: chain_id.to_owned(),
            base_path,
            account: key.to_owned(),
            recipient: None,
            operator: Some(KeySource::Development(format!("{key}//operator"))),
            address: None,
            bond: Some(TRIAL_BOND),
            commission: TRIAL_COMMISSION,
            worker: Some(FREE),
            balance: Some(TRIAL_BALANCE),
        }
    }

    /// Makes session keys and a network key, keeps the operator key, and says what is public.
    pub fn make(self) -> anyhow::Result<Made> {
        let limits = Limits::read()?;
        let account = parse_account(&self.account)
            .map_err(|words| usage(format!("--account {}: {words}", self.account)))?;
        let recipient = recipient_of(&self.account, self.recipient.as_deref())?;
        let operator = match &self.operator {
            Some(key) => Some((key.account()?, key.phrase()?)),
            None => None,
        };
        if self.chain_id.is_empty() || self.chain_id.contains(['/', '.']) {
            return Err(usage(format!(
                "--chain-id {:?} is not the id of a chain, as the file has it",
                self.chain_id
            )));
        }
        if self.name.trim().is_empty() || self.name.contains(['"', '\\', '\n']) {
            return Err(usage(format!("{:?} is no name of a member", self.name)));
        }
        let keystore = Keystore::of(&self.base_path, &self.chain_id);
        keystore.check_new()?;
        let network = node_key::file_in(&chain_folder(&self.base_path, &self.chain_id));
        let peer = match network.exists() {
            true => node_key::peer_in(&network)?,
            false => {
                if let Some(folder) = network.parent() {
                    make_private(folder)?;
                }
                node_key::create(&network)?
            }
        };
        if let Some((key, phrase)) = &operator {
            keystore.insert_operator(key, phrase)?;
        }
        let keys = keystore.make_session_keys()?;
        let public = Public {
            account,
            recipient: recipient_to_string(&recipient),
            operator: operator.as_ref().map(|(key, _)| address_of(key)),
            peer,
            keys,
        };
        Ok(self.made(&public, &limits, keystore.path().to_owned()))
    }

    fn made(&self, public: &Public, limits: &Limits, keystore: PathBuf) -> Made {
        let hex = |bytes: [u8; 32]| format!("0x{}", hex::encode(bytes));
        let SessionKeys {
            babe,
            grandpa,
            authority_discovery,
        } = public.keys;
        let bond = self.bond.unwrap_or(limits.candidate_bond);
        let bonds = bond.saturating_add(self.worker.unwrap_or(0));
        let balance = self.balance.unwrap_or(bonds.saturating_add(FREE));
        let mut toml = String::from("[[member]]\n");
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(toml, "{name} = {value}");
        };
        let quoted = |text: &str| format!("\"{text}\"");
        line("name", &quoted(&self.name));
        line("account", &quoted(&public.account.to_string()));
        line("recipient", &quoted(&public.recipient));
        if let Some(operator) = &public.operator {
            line("operator", &quoted(operator));
        }
        if let Some(address) = &self.address {
            line(
                "bootnode",
                &quoted(&format!("{address}/p2p/{}", public.peer)),
            );
        }
        line("council", "true");
        line("balance", &amount(balance));
        let _ = writeln!(toml, "\n[member.validator]");
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(toml, "{name} = {value}");
        };
        line("bond", &amount(bond));
        line("commission", &quoted(&percent(self.commission)));
        line("babe", &quoted(&hex(babe)));
        line("grandpa", &quoted(&hex(grandpa)));
        line("authority_discovery", &quoted(&hex(authority_discovery)));
        if let Some(worker) = self.worker {
            let _ = writeln!(toml, "\n[member.worker]\nbond = {}", amount(worker));
        }
        Made {
            toml,
            account: public.account.to_string(),
            recipient: public.recipient.clone(),
            operator: public.operator.clone(),
            peer: public.peer.clone(),
            babe: hex(babe),
            grandpa: hex(grandpa),
            authority_discovery: hex(authority_discovery),
            keystore,
        }
    }
}

/// What others may know.
struct Public {
    account: AccountId32,
    recipient: String,
    operator: Option<String>,
    peer: String,
    keys: SessionKeys,
}

fn address_of(key: &Keypair) -> String {
    key.public_key().to_account_id().to_string()
}

/// An amount as the file has it.
fn amount(amount: Balance) -> String {
    let text = output::med(amount);
    let number = text.trim_end_matches(" MED");
    match number.contains('.') {
        true => format!("\"{number}\""),
        false => number.to_owned(),
    }
}

fn recipient_of(account: &str, recipient: Option<&str>) -> anyhow::Result<[u8; 32]> {
    if let Some(text) = recipient.filter(|text| text.starts_with("age1")) {
        return parse_recipient(text)
            .map_err(|_| usage(format!("--recipient {text} is not an age recipient")));
    }
    let file = match recipient {
        Some(file) => PathBuf::from(file),
        None if account.starts_with("//") => {
            let key: KeySource = account.parse()?;
            return Ok(key.identity()?.recipient());
        }
        None => identity_path(Path::new(account)),
    };
    if !file.exists() {
        return Err(
            files::unreadable(&file, std::io::ErrorKind::NotFound.into())
                .context("the member's age recipient is missing: give --recipient"),
        );
    }
    Ok(load_identity(&file)?.recipient())
}
