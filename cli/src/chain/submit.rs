//! Transactions: signed, mortal, and waited for until they are final.

use std::{fmt::Display, time::Duration};

use anyhow::{anyhow, bail};
use salus_primitives::{Balance, Hash};
use serde::Serialize;
use subxt::{
    config::DefaultExtrinsicParamsBuilder,
    events::DecodeAsEvent,
    extrinsics::ExtrinsicEvents,
    rpcs::rpc_params,
    transactions::{Payload, TransactionStatus},
};
use subxt_signer::sr25519::Keypair;
use tokio::time::timeout;

use super::{
    api,
    client::{account_of, At, Chain, Config},
    words,
};
use crate::output::Output;

/// Blocks in which a transaction can be included: about two minutes, so that one that nobody
/// included is gone before its sender has forgotten it.
const MORTAL: u64 = 64;
/// Blocks by which a transaction pool may be behind the best block.
const BEHIND: u64 = 4;
/// Longest wait for inclusion and finality: twice the transaction's life and a minute.
const FINALITY: Duration = Duration::from_secs(320);

/// A transaction in a final block.
#[derive(Clone, Debug, Serialize)]
pub struct Receipt {
    /// Number of the block.
    pub block: u32,
    /// Hash of the block.
    pub block_hash: Hash,
    /// Hash of the transaction.
    pub transaction: Hash,
    /// What it cost, in units of 10^-12 MED; a sponsor may have paid.
    #[serde(serialize_with = "crate::output::amount")]
    pub fee: Balance,
    #[serde(skip)]
    events: Events,
}

#[derive(Clone)]
struct Events(std::sync::Arc<ExtrinsicEvents<Config>>);

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Events")
    }
}

impl Receipt {
    /// Prints it: as JSON, or what was done and in which block.
    pub fn tell(&self, output: &Output, what: impl Display) -> anyhow::Result<()> {
        output.result(self, |receipt| format!("{what} (block {})", receipt.block))
    }

    /// The transaction's first event of this kind; an error where there is none.
    pub fn event<E: DecodeAsEvent>(&self) -> anyhow::Result<E> {
        self.events
            .0
            .find_first::<E>()
            .ok_or_else(|| anyhow!("the transaction succeeded without the event that it makes"))?
            .map_err(Into::into)
    }

    /// All of the transaction's events of this kind.
    pub fn events<E: DecodeAsEvent>(&self) -> anyhow::Result<Vec<E>> {
        self.events.0.find::<E>().map(|event| Ok(event?)).collect()
    }

    /// The encoded fields of the transaction's last event of this name.
    pub(crate) fn fields(&self, pallet: &str, event: &str) -> Option<Vec<u8>> {
        self.events
            .0
            .iter()
            .filter_map(Result::ok)
            .filter(|found| found.pallet_name() == pallet && found.event_name() == event)
            .last()
            .map(|found| found.field_bytes().to_vec())
    }
}

/// Signs a call beforehand, with its sender's nonce and for so many blocks from this one on: the
/// transaction as JSON-RPC takes it, 0x and hex digits.
pub fn sign<C: Payload>(
    at: &At,
    key: &Keypair,
    call: &C,
    nonce: u64,
    mortal: u64,
) -> anyhow::Result<String> {
    let params = DefaultExtrinsicParamsBuilder::<Config>::new()
        .mortal_from_unchecked(mortal, at.block_number(), at.block_hash())
        .nonce(nonce)
        .build();
    let signed = at
        .transactions()
        .create_signable_offline(call, params)?
        .sign(key)?;
    Ok(format!("0x{}", hex::encode(signed.encoded())))
}

impl Chain {
    /// Signs a call, submits it and waits until it is final, or in a block where that has to do.
    /// `Failure::Refused` with the error's name and words where the runtime, or the transaction pool,
    /// refuses it.
    pub async fn submit<C: Payload>(&self, key: &Keypair, call: &C) -> anyhow::Result<Receipt> {
        let name = format!("{}.{}", words::lower(call.pallet_name()), call.call_name());
        let spinner = self.output.spinner(format!("{name}: until it is final"));
        let done = timeout(FINALITY, self.submit_within(key, call, &name)).await;
        spinner.finish_and_clear();
        match done {
            Ok(done) => done,
            Err(_) => bail!(
                "{name} is not final after {} s: finality may be stalled; look at the state before \
                 you try again (--unfinalized shows that of the best block)",
                FINALITY.as_secs()
            ),
        }
    }

    /// The block from which a transaction's life counts. Where the best block has to do, the pool may
    /// be behind it, and refuses what is born in a block that it does not know.
    async fn birth(&self) -> anyhow::Result<At> {
        let at = self.finalized().await?;
        if !self.unfinalized {
            return Ok(at);
        }
        let number = at.block_number().saturating_sub(BEHIND);
        self.in_best_chain(Some(number)).await
    }

    async fn submit_within<C: Payload>(
        &self,
        key: &Keypair,
        call: &C,
        name: &str,
    ) -> anyhow::Result<Receipt> {
        let mut progress = {
            let _one_at_a_time = self.submitting.lock().await;
            let at = self.birth().await?;
            // The pool's count, so that a transaction can follow one that is not final.
            let nonce: u64 = self
                .rpc
                .request(
                    "system_accountNextIndex",
                    rpc_params![account_of(key).to_string()],
                )
                .await
                .map_err(|error| self.failed("read the account's nonce", error.into()))?;
            let params = DefaultExtrinsicParamsBuilder::<Config>::new()
                .mortal(MORTAL)
                .nonce(nonce)
                .build();
            at.transactions()
                .sign_and_submit_then_watch(call, key, params)
                .await
                .map_err(|error| self.failed(name, error.into()))?
        };
        let included = loop {
            let status = progress
                .next()
                .await
                .ok_or_else(|| anyhow!("{name}: the node stopped telling how it goes"))?
                .map_err(|error| self.failed(name, error.into()))?;
            match status {
                TransactionStatus::InFinalizedBlock(included) => break included,
                TransactionStatus::InBestBlock(included) if self.unfinalized => break included,
                TransactionStatus::Error { message }
                | TransactionStatus::Invalid { message }
                | TransactionStatus::Dropped { message } => {
                    bail!("{name} did not get into a block: {message}")
                }
                TransactionStatus::Validated
                | TransactionStatus::Broadcasted
                | TransactionStatus::NoLongerInBestBlock
                | TransactionStatus::InBestBlock(_) => {}
            }
        };
        let events = included
            .wait_for_success()
            .await
            .map_err(|error| self.failed(name, error.into()))?;
        let at = included
            .at()
            .await
            .map_err(|error| self.failed(name, error.into()))?;
        let fee = events
            .find_first::<api::transaction_payment::events::TransactionFeePaid>()
            .and_then(Result::ok)
            .map_or(0, |paid| paid.actual_fee);
        Ok(Receipt {
            block: u32::try_from(at.block_number())?,
            block_hash: included.block_hash(),
            transaction: included.extrinsic_hash(),
            fee,
            events: Events(std::sync::Arc::new(events)),
        })
    }
}
