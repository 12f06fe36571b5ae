//! What a network of validators has to do. All waits are on metrics.

use std::time::{Duration, Instant};

use anyhow::{ensure, Context};
use futures::future::try_join_all;
use zombienet_sdk::{
    subxt::{
        backend::legacy::LegacyRpcMethods,
        dynamic::{self, At, Value},
        utils::H256,
        OnlineClient, PolkadotConfig,
    },
    subxt_signer::sr25519::dev,
    LocalFileSystem, Network, NetworkNode,
};

/// Height of the last finalized block.
const FINALIZED: &str = "substrate_block_height{status=\"finalized\"}";
/// Blocks that a node has made.
const BUILT: &str = "substrate_proposer_block_constructed_count";
/// Other nodes that a node is connected with.
const PEERS: &str = "substrate_sub_libp2p_peers_count";
/// When a node's process began, in seconds of Unix time.
const STARTED: &str = "substrate_process_start_time_seconds";

/// How long a check may take for each node of the network: debug builds share the machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Blocks after which a network counts as going on.
const SOME: f64 = 5.0;

/// An account that nobody else pays, and what it is paid: 1 MED.
const RECIPIENT: [u8; 32] = *b"an account of the zombienet test";
const AMOUNT: u128 = 1_000_000_000_000;

type Client = OnlineClient<PolkadotConfig>;

/// Runs all checks on a network, and says what passed when.
pub async fn all(network: &Network<LocalFileSystem>, name: &str) -> anyhow::Result<()> {
    let nodes = network.relaychain().nodes();
    let checks = Checks {
        patience: PATIENCE * u32::try_from(nodes.len())?,
        nodes,
    };
    let begin = Instant::now();
    let passed = |what: &str| println!("{name}: {what} ({} s)", begin.elapsed().as_secs());

    checks.knows_all().await?;
    passed("every node knows all others");
    checks.everybody_builds().await?;
    passed("every validator builds blocks and finalizes");
    let transfer = checks.transfer().await?;
    passed("a transfer is final on all nodes");
    let away = checks.some_away().await?;
    passed(&format!("finality goes on without {away}, who catch up"));
    let killed = checks.killed().await?;
    passed(&format!("{killed} catches up after kill -9"));
    checks.one_history(transfer).await?;
    passed("all nodes have one history");
    Ok(())
}

/// A final block.
#[derive(Clone, Copy, Debug)]
struct Block {
    number: u32,
    hash: H256,
}

struct Checks<'a> {
    nodes: Vec<&'a NetworkNode>,
    patience: Duration,
}

impl Checks<'_> {
    /// Waits until a metric of a node is at least this much.
    async fn at_least(&self, node: &NetworkNode, metric: &str, least: f64) -> anyhow::Result<()> {
        node.wait_metric_with_timeout(metric, |value| value >= least, self.patience.as_secs())
            .await
            .with_context(|| format!("{}: {metric} does not reach {least}", node.name()))
    }

    /// Waits until a metric of all these nodes is at least this much.
    async fn all_at_least(
        &self,
        nodes: &[&NetworkNode],
        metric: &str,
        least: f64,
    ) -> anyhow::Result<()> {
        try_join_all(nodes.iter().map(|node| self.at_least(node, metric, least))).await?;
        Ok(())
    }

    /// Nodes begin with the first of them as only bootnode, and find the others through it.
    async fn knows_all(&self) -> anyhow::Result<()> {
        let others = self.nodes.len().saturating_sub(1);
        self.all_at_least(&self.nodes, PEERS, others as f64).await
    }

    async fn everybody_builds(&self) -> anyhow::Result<()> {
        self.all_at_least(&self.nodes, BUILT, 1.0).await?;
        self.all_at_least(&self.nodes, FINALIZED, SOME).await
    }

    /// Submits a transfer to the first node and finds it in the final state of all.
    async fn transfer(&self) -> anyhow::Result<Block> {
        let first = self.nodes.first().context("there are no nodes")?;
        let client: Client = first.wait_client().await?;
        ensure!(
            balance(&client).await? == 0,
            "the recipient has tokens before anybody paid it"
        );
        let call = dynamic::tx(
            "Balances",
            "transfer_keep_alive",
            vec![
                Value::unnamed_variant("Id", [Value::from_bytes(RECIPIENT)]),
                Value::u128(AMOUNT),
            ],
        );
        let sent = client
            .tx()
            .sign_and_submit_then_watch_default(&call, &dev::alice())
            .await?;
        let transaction = tokio::time::timeout(self.patience, sent.wait_for_finalized())
            .await
            .context("the transfer does not become final")??;
        transaction.wait_for_success().await?;
        let hash = transaction.block_hash();
        let number = client.blocks().at(hash).await?.number();
        self.all_at_least(&self.nodes, FINALIZED, number.into())
            .await?;
        for node in &self.nodes {
            let client: Client = node.wait_client().await?;
            let amount = balance(&client).await?;
            ensure!(
                amount == AMOUNT,
                "{}: the recipient has {amount} instead of {AMOUNT}",
                node.name()
            );
        }
        Ok(Block { number, hash })
    }

    /// Stops as many validators as may fail, and lets them go on. Their names.
    async fn some_away(&self) -> anyhow::Result<String> {
        // All but the first: its metrics tell how far the network is.
        let faults = self.nodes.len().saturating_sub(1) / 3;
        let (there, away) = self.nodes.split_at(self.nodes.len() - faults);
        try_join_all(away.iter().map(|node| node.pause())).await?;
        let goal = self.finalized().await? + SOME;
        self.all_at_least(there, FINALIZED, goal).await?;
        try_join_all(away.iter().map(|node| node.resume())).await?;
        self.all_at_least(away, FINALIZED, goal).await?;
        let names: Vec<&str> = away.iter().map(|node| node.name()).collect();
        Ok(names.join(", "))
    }

    /// Kills a validator's process and starts it again on what it had written. Its name.
    async fn killed(&self) -> anyhow::Result<&str> {
        let node = self.nodes.get(1).context("there is one node only")?;
        let started = node.reports(STARTED).await?;
        node.restart(None).await?;
        self.at_least(node, STARTED, started + 1.0).await?;
        let goal = self.finalized().await? + SOME;
        self.at_least(node, FINALIZED, goal).await?;
        // It takes part again, and does not only follow.
        self.at_least(node, BUILT, 1.0).await?;
        Ok(node.name())
    }

    /// What is final is the same everywhere: the block of the transfer, and the last one.
    async fn one_history(&self, transfer: Block) -> anyhow::Result<()> {
        let first = self.nodes.first().context("there are no nodes")?;
        let last = self.finalized().await?;
        self.all_at_least(&self.nodes, FINALIZED, last).await?;
        // A metric is a float; heights are far below 2^53.
        let last = last as u32;
        let expected = block_hash(first, last).await?;
        for node in &self.nodes {
            for (number, expected) in [(transfer.number, transfer.hash), (last, expected)] {
                let hash = block_hash(node, number).await?;
                ensure!(
                    hash == expected,
                    "{}: block {number} is {hash:?}, on {} it is {expected:?}",
                    node.name(),
                    first.name()
                );
            }
        }
        Ok(())
    }

    /// How far the first node is.
    async fn finalized(&self) -> anyhow::Result<f64> {
        let first = self.nodes.first().context("there are no nodes")?;
        first.reports(FINALIZED).await
    }
}

/// What the recipient has in the last final block.
async fn balance(client: &Client) -> anyhow::Result<u128> {
    let account = dynamic::storage("System", "Account", vec![Value::from_bytes(RECIPIENT)]);
    let state = client.storage().at_latest().await?;
    let Some(account) = state.fetch(&account).await? else {
        return Ok(0);
    };
    account
        .to_value()?
        .at("data")
        .at("free")
        .and_then(|free| free.as_u128())
        .context("an account has no field data.free")
}

async fn block_hash(node: &NetworkNode, number: u32) -> anyhow::Result<H256> {
    LegacyRpcMethods::<PolkadotConfig>::new(node.rpc().await?)
        .chain_get_block_hash(Some(number.into()))
        .await?
        .with_context(|| format!("{} has no block {number}", node.name()))
}
