//! A client, and what it has at hand for its jobs.

use std::{collections::BTreeSet, time::Duration};

use anyhow::Context;
use salus_envelope::Identity;
use salus_primitives::{
    jobs::{InputSpec, JobId},
    Digest,
};
use subxt_signer::sr25519::Keypair;

use super::{
    read::{self, wait_for_panel, Phase},
    Order, Panel, Posted, Provided, Stage, Unfinished,
};
use crate::{
    chain::{account_of, api, At, Chain, Receipt},
    record::{wallet::Inputs, Wallet},
};

/// Kept inputs that are older belong to no post that is still under way.
const UNDER_WAY: Duration = Duration::from_secs(60 * 60);

/// A client, and what it has at hand for its jobs.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// The node.
    pub chain: &'a Chain,
    /// Its account key.
    pub key: &'a Keypair,
    /// Its age identities, current and former.
    pub identities: &'a [Identity],
    /// Where its inputs wait for the draw.
    pub wallet: &'a Wallet,
    /// Where inputs go that do not fit into the chain.
    pub gateway: Option<&'a str>,
}

impl Client<'_> {
    /// Posts a job, waits for its panel, and completes its own inputs. `on` hears of each stage.
    pub async fn run(
        &self,
        order: &Order,
        mut on: impl FnMut(&Stage),
    ) -> anyhow::Result<(Posted, Panel, Provided)> {
        let posted = self.post(order).await?;
        on(&Stage::Posted(posted.clone()));
        let panel = match wait_for_panel(self.chain, posted.job).await {
            Ok(panel) => panel,
            // A node that does not answer now does not tell that the job has ended.
            Err(error) if self.is_gone(posted.job).await.unwrap_or(false) => {
                self.inputs()?.remove(&posted.commitments)?;
                return Err(error);
            }
            Err(error) => return Err(error.context(Unfinished(posted.job))),
        };
        on(&Stage::Drawn(panel.clone()));
        let provided = self
            .provide(posted.job)
            .await
            .context(Unfinished(posted.job))?;
        Ok((posted, panel, provided))
    }

    /// Whether a job ended without an outcome.
    async fn is_gone(&self, job: JobId) -> anyhow::Result<bool> {
        let at = self.chain.finalized().await?;
        let phase = read::phase(self.chain, &at, job).await?;
        Ok(matches!(phase, Phase::Gone))
    }

    /// Ends a job whose inputs are not complete. Inputs that the wallet keeps for it are forgotten.
    pub async fn cancel(&self, job: JobId) -> anyhow::Result<Receipt> {
        let at = self.chain.finalized().await?;
        let own = match read::phase(self.chain, &at, job).await? {
            Phase::Live(entry) if entry.client == account_of(self.key) => own_inputs(&entry),
            _ => Vec::new(),
        };
        let call = api::tx().jobs().cancel(job);
        let receipt = self.chain.submit(self.key, &call).await?;
        self.inputs()?.remove(&own)?;
        Ok(receipt)
    }

    /// Inputs of jobs of this chain that the wallet keeps.
    pub(super) fn inputs(&self) -> anyhow::Result<Inputs> {
        self.wallet.inputs(self.chain.genesis())
    }

    /// Forgets the inputs of jobs that have ended without them.
    pub(super) async fn forget_ended(&self, at: &At) -> anyhow::Result<()> {
        let inputs = self.inputs()?;
        let mut kept = inputs.older_than(UNDER_WAY)?;
        if kept.is_empty() {
            return Ok(());
        }
        let live = self
            .chain
            .list(at, api::storage().jobs().jobs(), ())
            .await?;
        let live: BTreeSet<Digest> = live
            .iter()
            .flat_map(|(_, entry)| own_inputs(entry))
            .collect();
        kept.retain(|commitment| !live.contains(commitment));
        inputs.remove(&kept)
    }
}

/// Commitments to the own inputs of a job.
fn own_inputs(entry: &read::Entry) -> Vec<Digest> {
    let specs = entry.spec.inputs.0.iter();
    specs
        .filter_map(|spec| match spec.0 {
            InputSpec::Own { commitment } => Some(commitment),
            InputSpec::Record { .. } => None,
        })
        .collect()
}
