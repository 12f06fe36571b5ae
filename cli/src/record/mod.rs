//! `salus record`: a medical record's way from the hospital to whom its patient trusts.

pub mod codes;
mod command;
mod read;
mod requests;
mod run;
pub mod wallet;
mod write;

pub use command::{Command, OfRecord};
pub use read::{
    entry, fetch, fetch_only, holds, list, open, read, record_key, reject, rights_words,
    shared_with, shares, show, stored, BadCapsule, Content, Entry, Mismatch, NotServed, Record,
    Share, ShareEntry, MAX_CONTENT,
};
pub use requests::{decline, request, requests, withdraw_request, Request};
pub use wallet::Wallet;
pub use write::{
    cancel_end, clear, dispute, rekey, release, relocate, revoke, share, store, supersede,
    terminate, upload, withdraw, Ending, Rekeyed, Released, Revoked, Shared, Stored, Terms,
};

use std::path::PathBuf;

use clap::Args;
use salus_envelope::Identity;
use salus_primitives::records::Rights;

use crate::{args::parse_gateway, keys::KeyArgs};

/// The folder with the record keys.
#[derive(Clone, Debug, Args)]
pub struct WalletArgs {
    /// Folder with the record keys [default: salus/wallet in the user's data folder].
    #[arg(long, value_name = "FOLDER", env = "SALUS_WALLET")]
    pub wallet: Option<PathBuf>,
}

impl WalletArgs {
    /// Opens it.
    pub fn open(&self) -> anyhow::Result<Wallet> {
        Wallet::open(self.wallet.clone().unwrap_or_else(Wallet::default_path))
    }
}

/// The gateway that takes ciphertext.
#[derive(Clone, Debug, Args)]
pub struct GatewayArgs {
    /// Blob gateway that takes the ciphertext, as http://host:port.
    #[arg(long, value_name = "URL", env = "SALUS_GATEWAY", value_parser = parse_gateway)]
    pub gateway: String,
}

/// The identities that a person has had.
#[derive(Clone, Debug, Args)]
pub struct FormerArgs {
    /// Former age identities, from before a rotation.
    #[arg(long = "former", value_name = "FILE")]
    pub former: Vec<PathBuf>,
}

impl FormerArgs {
    /// The current identity and the former ones.
    pub fn identities(&self, who: &KeyArgs) -> anyhow::Result<Vec<Identity>> {
        let mut identities = vec![who.identity()?];
        for file in &self.former {
            identities.push(Identity::load(file)?);
        }
        Ok(identities)
    }
}

/// Reads `read`, `analyse` or `read,analyse`.
pub fn parse_rights(text: &str) -> Result<Rights, String> {
    let mut rights = Rights {
        read: false,
        analyse: false,
    };
    for right in text.split(',') {
        match right.trim() {
            "read" => rights.read = true,
            "analyse" => rights.analyse = true,
            other => return Err(format!("{other:?} is no right: read, analyse")),
        }
    }
    Ok(rights)
}
