//! The connection to a node, and reads of state.

use std::{sync::Arc, time::Duration};

use anyhow::{bail, Context};
use indicatif::ProgressBar;
use salus_blobs::{auth::FnSigner, client::Client as BlobClient};
use salus_primitives::{AccountId, Hash, Moment};
use serde::Deserialize;
use subxt::{
    backend::LegacyBackend,
    config::PolkadotConfig,
    constants,
    rpcs::{rpc_params, RpcClient},
    runtime_apis, storage,
    utils::AccountId32,
    OnlineClient, OnlineClientAtBlock,
};
use subxt_signer::sr25519::Keypair;
use tokio::{sync::Mutex, time::timeout};

use super::{api, text::Until, words};
use crate::{args::Global, error::Failure, output::Output};

/// Spec name of the runtime that this command speaks to.
const SPEC_NAME: &str = "salus";
/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(15);

/// How subxt encodes transactions for this chain.
pub type Config = PolkadotConfig;
/// The chain at one block.
pub type At = OnlineClientAtBlock<Config>;

/// A node of a Salus chain.
pub struct Chain {
    url: String,
    pub(super) client: OnlineClient<Config>,
    pub(super) rpc: RpcClient,
    spec_version: u32,
    /// Whether a block that is not final is good enough.
    pub(super) unfinalized: bool,
    pub(super) output: Output,
    /// Held from asking for a nonce until the pool has the transaction.
    pub(super) submitting: Mutex<()>,
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chain")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuntimeVersion {
    spec_name: String,
    spec_version: u32,
}

impl Chain {
    /// Connects to the node at this WebSocket address. [`Failure::Unreachable`] where none answers,
    /// or one of another chain.
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        let unreachable = |reason: String| Failure::Unreachable {
            url: url.to_owned(),
            reason,
        };
        let connected = timeout(CONNECT, async {
            // Keys to encrypt to are read from the node: nobody may stand in between.
            let rpc = RpcClient::from_url(url)
                .await
                .map_err(|error| match error {
                    subxt::rpcs::Error::InsecureUrl(_) => {
                        "ws:// is for nodes on this machine; use wss:// for others".to_owned()
                    }
                    other => words::transport(&other),
                })?;
            let version: RuntimeVersion = rpc
                .request("state_getRuntimeVersion", rpc_params![])
                .await
                .map_err(|error| words::transport(&error))?;
            let backend = LegacyBackend::builder().build(rpc.clone());
            let config = Config::builder().use_historic_types(false).build();
            let client = OnlineClient::from_backend_with_config(config, Arc::new(backend))
                .await
                .map_err(|error| error.to_string())?;
            Ok::<_, String>((rpc, version, client))
        });
        let (rpc, version, client) = connected
            .await
            .map_err(|_| unreachable("no answer in time".into()))?
            .map_err(unreachable)?;
        if version.spec_name != SPEC_NAME {
            return Err(unreachable(format!(
                "this is a node of the chain {:?}, not of a {SPEC_NAME} chain",
                version.spec_name
            ))
            .into());
        }
        Ok(Self {
            url: url.to_owned(),
            client,
            rpc,
            spec_version: version.spec_version,
            unfinalized: false,
            output: Output::new(false, true),
            submitting: Mutex::new(()),
        })
    }

    /// The node that the command line names; shows what takes time.
    pub async fn open(global: &Global) -> anyhow::Result<Self> {
        Ok(Self {
            output: global.output(),
            unfinalized: global.unfinalized,
            ..Self::connect(&global.node).await?
        })
    }

    /// How to show what takes time; a chain that was connected to by itself shows nothing.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// As [`Chain::connect`], and the chain has to be the one with this genesis hash.
    pub async fn connect_to(url: &str, genesis: Hash) -> anyhow::Result<Self> {
        let chain = Self::connect(url).await?;
        if chain.genesis() != genesis {
            return Err(Failure::Unreachable {
                url: url.to_owned(),
                reason: format!(
                    "this node's chain begins with block {:#x}, not with {genesis:#x}",
                    chain.genesis()
                ),
            }
            .into());
        }
        Ok(chain)
    }

    /// Address of the node.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Hash of the chain's first block.
    pub fn genesis(&self) -> Hash {
        self.client.genesis_hash()
    }

    /// Version of the runtime when the connection was made.
    pub fn spec_version(&self) -> u32 {
        self.spec_version
    }

    /// Whether everything that this command knows of the runtime is as the node has it. Where not,
    /// calls and entries that did not change still work.
    pub async fn is_current(&self) -> anyhow::Result<bool> {
        Ok(api::is_codegen_valid_for(
            self.finalized().await?.metadata_ref(),
        ))
    }

    /// The last finalized block.
    pub async fn finalized(&self) -> anyhow::Result<At> {
        if self.unfinalized {
            return self.in_best_chain(None).await;
        }
        self.client
            .at_current_block()
            .await
            .map_err(|error| self.failed("read the finalized block", error.into()))
    }

    /// The block of this number in the best chain; the best one without a number.
    pub(super) async fn in_best_chain(&self, number: Option<u64>) -> anyhow::Result<At> {
        let method = "chain_getBlockHash";
        let hash: Hash = self
            .rpc
            .request(method, rpc_params![number])
            .await
            .map_err(|error| self.failed(method, error.into()))?;
        let at = self.client.at_block(hash).await;
        at.map_err(|error| self.failed("read a block of the best chain", error.into()))
    }

    /// The block of this number, which must be finalized.
    pub async fn at(&self, number: u32) -> anyhow::Result<At> {
        self.client
            .at_block(number)
            .await
            .map_err(|error| self.failed(&format!("read block {number}"), error.into()))
    }

    /// A value of storage; `None` where there is none and no default.
    pub async fn get<A: storage::Address>(
        &self,
        at: &At,
        address: A,
        keys: A::KeyParts,
    ) -> anyhow::Result<Option<A::Value>> {
        let what = format!("read {}.{}", address.pallet_name(), address.entry_name());
        let found = at
            .storage()
            .try_fetch(address, keys)
            .await
            .map_err(|error| self.failed(&what, error.into()))?;
        found
            .map(|value| {
                value
                    .decode()
                    .map_err(|error| self.failed(&what, error.into()))
            })
            .transpose()
    }

    /// All entries of a map below a prefix of its keys.
    pub async fn list<A, K>(
        &self,
        at: &At,
        address: A,
        prefix: K,
    ) -> anyhow::Result<Vec<(A::KeyParts, A::Value)>>
    where
        A: storage::Address,
        K: storage::PrefixOf<A::KeyParts>,
    {
        let what = format!("list {}.{}", address.pallet_name(), address.entry_name());
        let failed = |error: subxt::Error| self.failed(&what, error);
        let mut found = at
            .storage()
            .iter(address, prefix)
            .await
            .map_err(|error| failed(error.into()))?;
        let mut entries = Vec::new();
        while let Some(entry) = found.next().await {
            let entry = entry.map_err(|error| failed(error.into()))?;
            let key = entry
                .key()
                .and_then(|key| key.decode())
                .map_err(|error| failed(error.into()))?;
            let value = entry
                .value()
                .decode()
                .map_err(|error| failed(error.into()))?;
            entries.push((key, value));
        }
        Ok(entries)
    }

    /// A constant of a pallet, as the node's runtime has it.
    pub fn constant<A: constants::Address>(
        &self,
        at: &At,
        address: A,
    ) -> anyhow::Result<A::Target> {
        at.constants()
            .entry(address)
            .map_err(|error| self.failed("read a constant", error.into()))
    }

    /// What a runtime API answers.
    pub async fn ask<P: runtime_apis::Payload>(
        &self,
        at: &At,
        question: P,
    ) -> anyhow::Result<P::ReturnType> {
        at.runtime_apis()
            .call(question)
            .await
            .map_err(|error| self.failed("ask the runtime", error.into()))
    }

    /// The chain's time, ms since the Unix epoch.
    pub async fn now(&self, at: &At) -> anyhow::Result<Moment> {
        self.get(at, api::storage().timestamp().now(), ())
            .await?
            .context("the chain has no time yet: it has no block")
    }

    /// The moment `until` by the chain's clock at this block.
    pub async fn deadline(&self, at: &At, until: Until) -> anyhow::Result<Moment> {
        match self.now(at).await? {
            // Genesis is of no time, and counting from it would end in 1970.
            0 => bail!("the chain has no time yet: its first block is not final"),
            now => Ok(until.moment(now)),
        }
    }

    /// A JSON-RPC method without parameters.
    pub async fn rpc<T: serde::de::DeserializeOwned>(&self, method: &str) -> anyhow::Result<T> {
        self.rpc
            .request(method, rpc_params![])
            .await
            .map_err(|error| self.failed(method, error.into()))
    }

    /// A JSON-RPC method that takes one parameter; `None` where the node has no such method, or answers
    /// nothing.
    pub async fn rpc_if_known<P: serde::Serialize, T: serde::de::DeserializeOwned>(
        &self,
        method: &str,
        parameter: P,
    ) -> anyhow::Result<Option<T>> {
        /// JSON-RPC's code of a method that is not there.
        const UNKNOWN: i32 = -32601;
        match self.rpc.request(method, rpc_params![parameter]).await {
            Err(subxt::rpcs::Error::User(error)) if error.code == UNKNOWN => Ok(None),
            answer => answer.map_err(|error| self.failed(method, error.into())),
        }
    }

    /// Has the node make new session keys and keep them: the public keys, and the proof that they
    /// are for this account. Only a node on this machine takes the request.
    pub async fn rotate_keys(&self, owner: &AccountId32) -> anyhow::Result<(Vec<u8>, Vec<u8>)> {
        #[derive(Deserialize)]
        struct Made {
            keys: String,
            proof: Option<String>,
        }
        let method = "author_rotateKeysWithOwner";
        let owner = format!("0x{}", hex::encode(owner.0));
        let made: Made = self
            .rpc
            .request(method, rpc_params![owner])
            .await
            .map_err(|error| self.failed(method, error.into()))?;
        let bytes = |text: &str| {
            hex::decode(text.trim_start_matches("0x")).context("the node's keys are not in hex")
        };
        let proof = made.proof.context("the node gives no proof of its keys")?;
        Ok((bytes(&made.keys)?, bytes(&proof)?))
    }

    /// Fetches and uploads blobs in the name of an account or operator key.
    pub fn blobs(&self, key: &Keypair) -> anyhow::Result<BlobClient> {
        let account = AccountId::new(key.public_key().0);
        let key = key.clone();
        let signer = FnSigner::new(account, move |message: &[u8]| Ok(key.sign(message).0));
        Ok(BlobClient::new(self.genesis(), Arc::new(signer))?)
    }

    /// As [`Chain::blobs`], for one transfer, with a bar that shows how it goes.
    pub fn transfer(
        &self,
        key: &Keypair,
        message: String,
    ) -> anyhow::Result<(BlobClient, ProgressBar)> {
        let bar = self.output.bytes_bar(message);
        let shown = bar.clone();
        let blobs = self.blobs(key)?.with_progress(Arc::new(move |done, size| {
            shown.set_length(size);
            shown.set_position(done);
        }));
        Ok((blobs, bar))
    }

    /// An error of subxt in words.
    pub(super) fn failed(&self, what: &str, error: subxt::Error) -> anyhow::Error {
        words::failed(&self.url, self.spec_version, what, error)
    }
}

/// The account of a key.
pub fn account_of(key: &Keypair) -> AccountId32 {
    key.public_key().to_account_id()
}
