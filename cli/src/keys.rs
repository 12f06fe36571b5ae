//! Keys: an account key (sr25519, a seed phrase in a file) and an age identity beside it.
//!
//! `salus keys new FILE` writes `FILE` and `FILE.age`, both readable by their owner only. Wherever a
//! key is expected, `//NAME` names a development key: its account key is derived from the well-known
//! development phrase, its age identity is blake2-256(`salus development encryption key //NAME`).

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{bail, Context};
use blake2::{digest::consts::U32, Blake2b, Digest};
use clap::{Args, Subcommand, ValueEnum};
use rand::{rngs::OsRng, RngCore};
use salus_envelope::{recipient_to_string, Identity};
use secrecy::ExposeSecret;
use serde::Serialize;
use subxt::utils::AccountId32;
use subxt_signer::{sr25519::Keypair, SecretUri};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    args::KEY,
    error::usage,
    files::check_writable,
    output::{self, Output},
};

/// Before the name of a development key in what its encryption secret is the digest of.
const DEV_ENCRYPTION: &str = "salus development encryption key ";
/// Largest key file read, bytes: a phrase and a page of comments.
const MAX_FILE: u64 = 16 * 1024;
/// Entropy of a new phrase, bytes: 24 words.
const ENTROPY: usize = 32;

/// Where a key is: a file, or a development name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// `//NAME`, with the slashes.
    Development(String),
    /// A file as `salus keys new` writes it.
    File(PathBuf),
}

impl FromStr for KeySource {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.starts_with("//") {
            true => KeySource::Development(text.to_owned()),
            false => KeySource::File(text.into()),
        })
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeySource::Development(name) => f.write_str(name),
            KeySource::File(path) => path.display().fmt(f),
        }
    }
}

impl KeySource {
    /// The account key.
    pub fn account(&self) -> anyhow::Result<Keypair> {
        match self {
            KeySource::Development(name) => development_account(name),
            KeySource::File(path) => {
                let phrase = read_phrase(path)?;
                keypair(&phrase)
                    .with_context(|| format!("{} does not hold one seed phrase", path.display()))
            }
        }
    }

    /// The seed phrase of the account key, as wallets and nodes take it.
    pub(crate) fn phrase(&self) -> anyhow::Result<Zeroizing<String>> {
        match self {
            KeySource::Development(name) => Ok(Zeroizing::new(format!(
                "{}{name}",
                subxt_signer::DEV_PHRASE
            ))),
            KeySource::File(path) => read_phrase(path),
        }
    }

    /// The age identity: that of the development name, or the file `FILE.age`.
    pub fn identity(&self) -> anyhow::Result<Identity> {
        match self {
            KeySource::Development(name) => Ok(development_identity(name)),
            KeySource::File(path) => load_identity(&identity_path(path)),
        }
    }
}

/// Who acts.
#[derive(Clone, Debug, Args)]
pub struct KeyArgs {
    /// Account key that acts: a file of `salus keys new`, or a development name such as //Alice.
    #[arg(long, value_name = KEY, env = "SALUS_KEY")]
    pub key: KeySource,

    /// File with the age identity [default: that of --key, FILE.age].
    #[arg(long, value_name = "FILE", env = "SALUS_IDENTITY")]
    pub identity: Option<PathBuf>,
}

impl KeyArgs {
    /// The account key.
    pub fn account(&self) -> anyhow::Result<Keypair> {
        self.key.account()
    }

    /// The age identity.
    pub fn identity(&self) -> anyhow::Result<Identity> {
        match &self.identity {
            Some(path) => load_identity(path),
            None => self.key.identity(),
        }
    }
}

/// The account of a development name, a key file, an address (SS58), or 64 hex digits.
///
/// For `value_parser`; of a file only the public part is used.
pub fn parse_account(text: &str) -> Result<AccountId32, String> {
    if let Some(digits) = text.strip_prefix("0x") {
        let mut bytes = [0; 32];
        return match hex::decode_to_slice(digits, &mut bytes) {
            Ok(()) => Ok(AccountId32(bytes)),
            Err(_) => Err("an account is 64 hex digits after 0x".into()),
        };
    }
    if !text.starts_with("//") {
        if let Ok(account) = text.parse() {
            return Ok(account);
        }
        if !Path::new(text).exists() {
            return Err("neither an address, nor a key file, nor //NAME".into());
        }
    }
    let source: KeySource = text.parse().map_err(|_| String::new())?;
    source
        .account()
        .map(|key| key.public_key().to_account_id())
        .map_err(|error| format!("{error:#}"))
}

/// An age identity in a file; wrong use where there is none.
pub(crate) fn load_identity(path: &Path) -> anyhow::Result<Identity> {
    match path.is_file() || path.is_dir() {
        true => Ok(Identity::load(path)?),
        false => Err(usage(format!(
            "there is no age identity {}",
            path.display()
        ))),
    }
}

/// Where the age identity that belongs to an account key file is.
pub fn identity_path(key: &Path) -> PathBuf {
    let mut path = key.as_os_str().to_owned();
    path.push(".age");
    path.into()
}

/// The account key of `//NAME`.
pub fn development_account(name: &str) -> anyhow::Result<Keypair> {
    let uri = SecretUri::from_str(name).map_err(|_| {
        usage(format!(
            "{name:?} is not a development name such as //Alice"
        ))
    })?;
    Ok(Keypair::from_uri(&uri)?)
}

/// The well-known age identity of `//NAME`. Everybody has it: for development only.
pub fn development_identity(name: &str) -> Identity {
    let secret = Blake2b::<U32>::new()
        .chain_update(DEV_ENCRYPTION)
        .chain_update(name)
        .finalize();
    Identity::from_secret_bytes(secret.into())
}

fn keypair(phrase: &str) -> anyhow::Result<Keypair> {
    let uri = SecretUri::from_str(phrase).context("not a seed phrase")?;
    Ok(Keypair::from_uri(&uri)?)
}

/// A new seed phrase of 24 words.
fn new_phrase() -> anyhow::Result<Zeroizing<String>> {
    let mut entropy = Zeroizing::new([0; ENTROPY]);
    OsRng.fill_bytes(entropy.as_mut());
    let mut mnemonic = bip39::Mnemonic::from_entropy(entropy.as_ref())?;
    // Capacity up front: growing would leave copies of the phrase in freed memory.
    let mut phrase = Zeroizing::new(String::with_capacity(24 * 9));
    for word in mnemonic.words() {
        if !phrase.is_empty() {
            phrase.push(' ');
        }
        phrase.push_str(word);
    }
    mnemonic.zeroize();
    Ok(phrase)
}

/// The one line of a key file that is neither empty nor a comment.
fn read_phrase(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            usage(format!("there is no key file {shown}"))
        }
        _ => anyhow::Error::new(error).context(format!("cannot open key file {shown}")),
    })?;
    // Asked of the open file, so that it cannot be exchanged in between.
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(usage(format!("{shown} is a folder, not a key file")));
    }
    check_mode(path, &metadata)?;
    let mut text = Zeroizing::new(String::with_capacity(MAX_FILE as usize + 1));
    file.take(MAX_FILE)
        .read_to_string(&mut text)
        .with_context(|| format!("cannot read key file {shown}"))?;
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    match (lines.next(), lines.next()) {
        (Some(line), None) if line.starts_with("AGE-SECRET-KEY-") => {
            bail!("{shown} is an age identity; give the account key file beside it")
        }
        (Some(line), None) => Ok(Zeroizing::new(line.to_owned())),
        (None, _) => bail!("{shown} has no key in it"),
        (Some(_), Some(_)) => bail!("{shown} has more than one key in it"),
    }
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &std::fs::Metadata) -> anyhow::Result<()> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
    if mode & 0o077 != 0 {
        let shown = path.display();
        bail!("{shown} is open to other users (mode {mode:04o}); run: chmod 600 {shown}");
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &std::fs::Metadata) -> anyhow::Result<()> {
    Ok(())
}

/// Writes a new file that only its owner may read. Never overwrites.
pub fn write_secret(path: &Path, text: &str) -> anyhow::Result<()> {
    let shown = path.display();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => usage(format!(
            "{shown} exists already; a key file is never overwritten"
        )),
        _ => anyhow::Error::new(error).context(format!("cannot write {shown}")),
    })?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|error| {
            // Half a key file is worse than none: it would block the next attempt.
            let _ = std::fs::remove_file(path);
            anyhow::Error::new(error).context(format!("cannot write {shown}"))
        })
}

/// Commands about keys.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an account key and an age identity: FILE and FILE.age.
    New {
        /// Where the account key goes; must not exist.
        file: PathBuf,

        /// Only the account key.
        #[arg(long, conflicts_with = "identity_only")]
        account_only: bool,

        /// Only the age identity, for a rotation: FILE itself is the identity then.
        #[arg(long)]
        identity_only: bool,
    },
    /// Print the public parts of a key.
    Show {
        /// A key file, or a development name such as //Alice.
        #[arg(value_name = KEY)]
        key: KeySource,
    },
    /// Print a secret part of a key. Whoever sees it has the key.
    Export {
        /// A key file, or a development name such as //Alice.
        #[arg(value_name = KEY)]
        key: KeySource,

        /// Which secret.
        #[arg(long, value_enum)]
        secret: Secret,
    },
}

/// A secret part of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Secret {
    /// The seed phrase of the account key, as wallets take it.
    Phrase,
    /// The age identity, as `age -i` takes it.
    Identity,
}

/// Public parts of a key.
#[derive(Debug, Serialize)]
pub(crate) struct Public {
    address: Option<String>,
    account: Option<String>,
    recipient: Option<String>,
    files: Vec<PathBuf>,
}

impl Public {
    fn new(account: Option<&Keypair>, identity: Option<&Identity>, files: Vec<PathBuf>) -> Self {
        let account = account.map(|key| key.public_key().to_account_id());
        Public {
            address: account.as_ref().map(ToString::to_string),
            account: account.map(|account| format!("0x{}", hex::encode(account.0))),
            recipient: identity.map(|identity| recipient_to_string(&identity.recipient())),
            files,
        }
    }

    fn words(&self) -> String {
        let mut rows = Vec::new();
        for (name, value) in [
            ("Address", &self.address),
            ("Account", &self.account),
            ("Recipient", &self.recipient),
        ] {
            rows.extend(value.as_ref().map(|value| (name, value.clone())));
        }
        for file in &self.files {
            rows.push(("File", file.display().to_string()));
        }
        output::fields(&rows)
    }
}

impl Command {
    /// Does it.
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        match self {
            Command::New {
                file,
                account_only,
                identity_only,
            } => {
                let public = create(&file, !identity_only, !account_only)?;
                output.result(&public, Public::words)
            }
            Command::Show { key } => {
                let account = key.account()?;
                let identity = match &key {
                    KeySource::File(path) if !identity_path(path).exists() => None,
                    _ => Some(key.identity()?),
                };
                let public = Public::new(Some(&account), identity.as_ref(), Vec::new());
                output.result(&public, Public::words)
            }
            Command::Export { key, secret } => {
                let text = match secret {
                    Secret::Phrase => key.phrase()?,
                    Secret::Identity => Zeroizing::new(
                        key.identity()?
                            .to_secret_string()
                            .expose_secret()
                            .to_owned(),
                    ),
                };
                output.result(&serde_json::json!({ "secret": &*text }), |_| {
                    text.to_string()
                })
            }
        }
    }
}

/// Makes a key: the account key in `file`, the identity beside it, or the identity alone in `file`.
pub(crate) fn create(file: &Path, account: bool, identity: bool) -> anyhow::Result<Public> {
    let beside = match account {
        true => identity_path(file),
        false => file.to_owned(),
    };
    // Before anything is written, so that no half of a pair is left.
    for path in [account.then_some(file), identity.then_some(&*beside)]
        .into_iter()
        .flatten()
    {
        check_writable(path)?;
        if path.exists() {
            return Err(usage(format!(
                "{} exists already; a key file is never overwritten",
                path.display()
            )));
        }
    }
    let mut files = Vec::new();
    let pair = match account {
        true => {
            let phrase = new_phrase()?;
            let pair = keypair(&phrase)?;
            let mut text = Zeroizing::new(String::with_capacity(512));
            text.push_str("# Salus account key (sr25519 seed phrase)\n# address: ");
            text.push_str(&pair.public_key().to_account_id().to_string());
            text.push('\n');
            text.push_str(&phrase);
            text.push('\n');
            write_secret(file, &text)?;
            files.push(file.to_owned());
            Some(pair)
        }
        false => None,
    };
    let identity = match identity {
        true => {
            let identity = Identity::generate();
            identity.save(&beside)?;
            files.push(beside);
            Some(identity)
        }
        false => None,
    };
    Ok(Public::new(pair.as_ref(), identity.as_ref(), files))
}
