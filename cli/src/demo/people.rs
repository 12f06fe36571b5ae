//! Who takes part: development accounts, and a patient who is new.

use std::path::Path;

use salus_envelope::Identity;
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;

use crate::{
    chain::account_of,
    keys::{self, KeySource},
    network::FOUNDERS,
};

/// Somebody with an account and an age identity.
#[derive(Clone)]
pub struct Person {
    /// What the story calls it.
    pub name: String,
    /// Its account key.
    pub key: Keypair,
    /// Its age identity.
    pub identity: Identity,
}

impl Person {
    /// A development account, such as `alice`.
    pub fn development(name: &str) -> anyhow::Result<Self> {
        let mut letters = name.chars();
        let proper: String = letters
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .chain(letters)
            .collect();
        let path = format!("//{proper}");
        Ok(Person {
            name: proper,
            key: keys::development_account(&path)?,
            identity: keys::development_identity(&path),
        })
    }

    /// Somebody new, whose keys go into this folder.
    pub fn new(name: &str, folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join(name);
        keys::create(&file, true, true)?;
        let source = KeySource::File(file);
        Ok(Person {
            name: name.to_owned(),
            key: source.account()?,
            identity: source.identity()?,
        })
    }

    /// Its account.
    pub fn account(&self) -> AccountId32 {
        account_of(&self.key)
    }
}

/// The founding institutions, in the order of their nodes.
pub fn founders() -> anyhow::Result<Vec<Person>> {
    FOUNDERS
        .iter()
        .map(|name| Person::development(name))
        .collect()
}
