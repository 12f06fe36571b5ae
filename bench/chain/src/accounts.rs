//! Who sends what: accounts with funds, patients, and signed transactions of each kind.

use std::{collections::HashMap, fmt, str::FromStr, time::Duration};

use anyhow::{bail, ensure, Context, Result};
use rand::{rngs::OsRng, Rng, RngCore};
use salus_cli::{
    chain::{self, account_of, api, At},
    council,
    keys::KeySource,
    network::FOUNDERS,
};
use salus_envelope::Identity;
use salus_primitives::{blobs::BlobPointer, membership::Role, Digest, MED};
use serde::Serialize;
use subxt::{
    rpcs::rpc_params,
    transactions::Payload,
    utils::{AccountId32, MultiAddress},
};
use subxt_signer::sr25519::Keypair;

use crate::node::Nodes;

/// Accounts that send remarks, and as many that send transfers. More than are submitted at a time, so
/// that a transaction seldom waits for another of its sender.
const HOLDERS: usize = 3_000;
/// Those of them that are patients too.
const PATIENTS: usize = 100;
/// What each of them begins with.
const FUNDS: u128 = 10 * MED;
/// Institutions that release records, besides the founders: as many hospitals as a country has, so
/// that a transaction seldom waits for another of its sender.
const INSTITUTIONS: usize = 500;
/// What each of them begins with: a deposit for its application, and one for each record.
const INSTITUTION_FUNDS: u128 = 100 * MED;
/// How long they are admitted, ms.
const TERM: u64 = 30 * 24 * 3_600 * 1_000;
/// Blocks in which a transaction that was signed beforehand can be included.
const MORTAL: u64 = 1_024;
/// Longest wait until the accounts are there.
const SETUP: Duration = Duration::from_secs(120);

/// What the network is loaded with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `system.remark` of 32 bytes: the least that a transaction can be.
    Remark,
    /// `balances.transfer_keep_alive` between accounts that exist.
    Transfer,
    /// `records.release` by an institution or its operator to a patient, each of another record.
    Release,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Remark => "remark",
            Kind::Transfer => "transfer",
            Kind::Release => "release",
        })
    }
}

impl FromStr for Kind {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text {
            "remark" => Kind::Remark,
            "transfer" => Kind::Transfer,
            "release" => Kind::Release,
            other => bail!("there is no kind {other:?}: remark, transfer, release"),
        })
    }
}

/// A transaction as JSON-RPC takes it, 0x and hex digits.
pub type Signed = String;

/// Everybody who sends.
pub struct Accounts {
    holders: Vec<Keypair>,
    patients: Vec<AccountId32>,
    /// Founding institutions and their operators, and those that the council admitted for the bench.
    institutions: Vec<Keypair>,
}

impl Accounts {
    /// Funds the holders and registers the patients.
    pub async fn create(nodes: &Nodes) -> Result<Self> {
        let mut holders = Vec::new();
        for _ in 0..2 * HOLDERS {
            holders.push(random_key()?);
        }
        let mut admitted = Vec::new();
        for _ in 0..INSTITUTIONS {
            admitted.push(random_key()?);
        }
        let mut founders = Vec::new();
        let mut operators = Vec::new();
        for founder in FOUNDERS {
            let (first, rest) = founder.split_at(1);
            let name = format!("//{}{rest}", first.to_uppercase());
            founders.push(KeySource::Development(name.clone()).account()?);
            operators.push(KeySource::Development(format!("{name}//operator")).account()?);
        }
        let funder = founders.first().context("there are founders")?;
        let at = nodes.finalized().await?;
        let mut nonce = nonces(nodes, std::slice::from_ref(funder)).await?;
        let mut setup = Vec::new();
        let funds: Vec<_> = holders
            .iter()
            .map(|key| (key, FUNDS))
            .chain(admitted.iter().map(|key| (key, INSTITUTION_FUNDS)))
            .collect();
        for some in funds.chunks(100) {
            let calls = some
                .iter()
                .map(|(key, value)| {
                    api::Call::Balances(
                        api::runtime_types::pallet_balances::pallet::Call::transfer_keep_alive {
                            dest: MultiAddress::Id(account_of(key)),
                            value: *value,
                        },
                    )
                })
                .collect();
            let call = api::tx().utility().batch_all(calls);
            let number = nonce.entry(account_of(funder).0).or_default();
            setup.push(sign(&at, funder, &call, *number)?);
            *number += 1;
        }
        submit_all(nodes, setup).await?;
        let funded = |nonces: &HashMap<[u8; 32], u64>| {
            nonces.values().sum::<u64>() >= nonce.values().sum::<u64>()
        };
        wait_nonces(nodes, std::slice::from_ref(funder), funded).await?;

        let mut setup = Vec::new();
        let at = nodes.finalized().await?;
        for key in holders.iter().take(PATIENTS) {
            let recipient = Identity::generate().recipient();
            let credential = Digest::random();
            let call = api::tx()
                .registry()
                .register_patient(credential, recipient, None);
            setup.push(sign(&at, key, &call, 0)?);
        }
        for key in &admitted {
            let recipient = Identity::generate().recipient();
            let call =
                api::tx()
                    .registry()
                    .apply(Role::Institution.into(), Digest::random(), recipient);
            setup.push(sign(&at, key, &call, 0)?);
        }
        submit_all(nodes, setup).await?;
        let sent = |nonces: &HashMap<[u8; 32], u64>| nonces.values().all(|number| *number > 0);
        wait_nonces(nodes, &holders[..PATIENTS], sent).await?;
        wait_nonces(nodes, &admitted, sent).await?;
        admit(nodes, &founders, &admitted).await?;
        let at = nodes.finalized().await?;
        let patients: Vec<AccountId32> = holders[..PATIENTS].iter().map(account_of).collect();
        for patient in &patients {
            let member = nodes
                .chain
                .get(&at, api::storage().registry().members(), (*patient,))
                .await?;
            ensure!(member.is_some(), "a patient could not be registered");
        }
        let mut institutions = founders;
        institutions.append(&mut operators);
        institutions.append(&mut admitted);
        Ok(Self {
            holders,
            patients,
            institutions,
        })
    }

    /// Holders that never sent anything besides their registration, for single transactions.
    pub fn singles(&self) -> &[Keypair] {
        &self.holders
    }

    fn senders(&self, kind: Kind) -> &[Keypair] {
        match kind {
            // Not the same: a transaction that a pool keeps from one kind would be in the way.
            Kind::Remark => self.holders.split_at(HOLDERS).0,
            Kind::Transfer => self.holders.split_at(HOLDERS).1,
            Kind::Release => &self.institutions,
        }
    }

    /// Signs `count` transactions. One list for each of `lists` nodes; a sender is in one list
    /// only, with rising nonces.
    pub async fn sign(
        &self,
        nodes: &Nodes,
        kind: Kind,
        count: usize,
        lists: usize,
    ) -> Result<Vec<Vec<Signed>>> {
        let senders = self.senders(kind);
        let nonces = nonces(nodes, senders).await?;
        let at = nodes.finalized().await?;
        let each = count.div_ceil(senders.len());
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let parts = std::thread::scope(|scope| {
            let workers: Vec<_> = senders
                .chunks(senders.len().div_ceil(threads))
                .map(|part| {
                    let (nonces, at) = (&nonces, &at);
                    scope.spawn(move || {
                        part.iter()
                            .map(|key| {
                                let first =
                                    nonces.get(&account_of(key).0).copied().unwrap_or_default();
                                (0..each as u64)
                                    .map(|number| self.one(at, kind, key, first + number))
                                    .collect::<Result<Vec<_>>>()
                            })
                            .collect::<Result<Vec<_>>>()
                    })
                })
                .collect();
            workers
                .into_iter()
                .map(|worker| worker.join().expect("signing does not panic"))
                .collect::<Result<Vec<_>>>()
        })?;
        let senders: Vec<Vec<Signed>> = parts.into_iter().flatten().collect();
        let mut dealt: Vec<Vec<std::vec::IntoIter<Signed>>> =
            (0..lists).map(|_| Vec::new()).collect();
        for (at, sender) in senders.into_iter().enumerate() {
            dealt[at % lists].push(sender.into_iter());
        }
        // In turns, so that a block holds transactions of many senders.
        Ok(dealt
            .into_iter()
            .map(|mut senders| {
                let mut list = Vec::with_capacity(count / lists + 1);
                loop {
                    let before = list.len();
                    list.extend(senders.iter_mut().filter_map(Iterator::next));
                    if list.len() == before {
                        return list;
                    }
                }
            })
            .collect())
    }

    /// One transaction.
    pub fn one(&self, at: &At, kind: Kind, key: &Keypair, nonce: u64) -> Result<Signed> {
        let mut random = rand::thread_rng();
        match kind {
            Kind::Remark => {
                let bytes: [u8; 32] = random.gen();
                sign(at, key, &api::tx().system().remark(bytes.to_vec()), nonce)
            }
            Kind::Transfer => {
                let to = &self.holders[random.gen_range(0..self.holders.len())];
                let call = api::tx()
                    .balances()
                    .transfer_keep_alive(MultiAddress::Id(account_of(to)), MED / 1_000);
                sign(at, key, &call, nonce)
            }
            Kind::Release => {
                let patient = self.patients[random.gen_range(0..self.patients.len())];
                let blob = BlobPointer {
                    digest: Digest::from(random.gen::<[u8; 32]>()),
                    size: 100_000,
                    location: b"https://blobs.hospital.example"
                        .to_vec()
                        .try_into()
                        .map_err(|_| anyhow::anyhow!("the location is too long"))?,
                };
                let commitment = Digest::from(random.gen::<[u8; 32]>());
                let call = api::tx()
                    .records()
                    .release(patient, commitment, 0, blob.into());
                sign(at, key, &call, nonce)
            }
        }
    }
}

fn random_key() -> Result<Keypair> {
    let mut seed = [0; 32];
    OsRng.fill_bytes(&mut seed);
    Ok(Keypair::from_secret_key(seed)?)
}

/// The council admits these applicants.
async fn admit(nodes: &Nodes, founders: &[Keypair], applicants: &[Keypair]) -> Result<()> {
    let council = council::show(&nodes.chain).await?;
    let keys: Vec<Keypair> = founders
        .iter()
        .filter(|key| council.members.contains(&account_of(key)))
        .cloned()
        .collect();
    let calls = applicants
        .iter()
        .map(|key| {
            api::Call::Registry(api::runtime_types::pallet_registry::pallet::Call::admit {
                who: account_of(key),
                term: TERM,
            })
        })
        .collect();
    let all =
        api::Call::Utility(api::runtime_types::pallet_utility::pallet::Call::batch_all { calls });
    let progress = council::carry(&nodes.chain, &keys, all).await?;
    ensure!(
        progress.done,
        "the council does not admit the institutions of the bench"
    );
    Ok(())
}

/// The accounts' nonces in the pool of the first node.
pub async fn nonces(nodes: &Nodes, keys: &[Keypair]) -> Result<HashMap<[u8; 32], u64>> {
    let mut found = HashMap::new();
    for key in keys {
        let account = account_of(key);
        let nonce: u64 = nodes
            .first()
            .request("system_accountNextIndex", rpc_params![account.to_string()])
            .await?;
        found.insert(account.0, nonce);
    }
    Ok(found)
}

/// Signs a call.
fn sign<C: Payload>(at: &At, key: &Keypair, call: &C, nonce: u64) -> Result<Signed> {
    chain::sign(at, key, call, nonce, MORTAL)
}

async fn submit_all(nodes: &Nodes, transactions: Vec<Signed>) -> Result<()> {
    for one in transactions {
        let _: Digest = nodes
            .first()
            .request("author_submitExtrinsic", rpc_params![one])
            .await?;
    }
    Ok(())
}

/// Waits until the finalized nonces are as wanted.
async fn wait_nonces(
    nodes: &Nodes,
    keys: &[Keypair],
    wanted: impl Fn(&HashMap<[u8; 32], u64>) -> bool,
) -> Result<()> {
    let until = tokio::time::Instant::now() + SETUP;
    loop {
        let at = nodes.finalized().await?;
        let mut found = HashMap::new();
        for key in keys {
            let account = account_of(key);
            let nonce = at.transactions().account_nonce(&account).await?;
            found.insert(account.0, nonce);
        }
        if wanted(&found) {
            return Ok(());
        }
        ensure!(
            tokio::time::Instant::now() < until,
            "the accounts of the bench are not there in time"
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
