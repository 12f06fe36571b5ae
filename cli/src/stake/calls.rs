//! What candidates and delegators do.

use anyhow::Context;
use codec::Decode;
use salus_primitives::{stake::SessionIndex, Balance};
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;

use super::read::is_candidate;
use crate::{
    chain::{
        account_of,
        api::{
            self,
            delegation::events,
            runtime_types::{
                pallet_delegation::pallet::Call, salus_runtime::session_keys::SessionKeys,
                sp_arithmetic::per_things::Perbill, sp_authority_discovery, sp_consensus_babe,
                sp_consensus_grandpa,
            },
        },
        Chain, Receipt,
    },
    error::usage,
};

/// An institution becomes a candidate, a candidate adds to its bond: by the smallest bond that the
/// chain takes where no amount is given. What was bonded.
pub async fn bond(
    chain: &Chain,
    key: &Keypair,
    amount: Option<Balance>,
    commission: Option<u32>,
) -> anyhow::Result<(Balance, Receipt)> {
    let calls = || api::tx().delegation();
    if is_candidate(chain, account_of(key)).await? {
        if commission.is_some() {
            return Err(usage(
                "it is a candidate already: salus stake commission changes its commission",
            ));
        }
        let amount =
            amount.ok_or_else(|| usage("it is a candidate already: say how much more it bonds"))?;
        let receipt = chain.submit(key, &calls().add_bond(amount)).await?;
        return Ok((amount, receipt));
    }
    let amount = match amount {
        Some(amount) => amount,
        None => {
            let at = chain.finalized().await?;
            chain.constant(&at, api::constants().delegation().min_bond())?
        }
    };
    let call = calls().register_candidate(amount, Perbill(commission.unwrap_or(0)));
    Ok((amount, chain.submit(key, &call).await?))
}

/// A candidate changes its commission. The first session in which it holds.
pub async fn commission(
    chain: &Chain,
    key: &Keypair,
    commission: u32,
) -> anyhow::Result<(SessionIndex, Receipt)> {
    let call = api::tx().delegation().set_commission(Perbill(commission));
    let receipt = chain.submit(key, &call).await?;
    let set: events::CommissionSet = receipt.event()?;
    Ok((set.from, receipt))
}

/// A candidate leaves. The first session in which it can withdraw its bond.
pub async fn leave(chain: &Chain, key: &Keypair) -> anyhow::Result<(SessionIndex, Receipt)> {
    let receipt = chain.submit(key, &api::tx().delegation().leave()).await?;
    let left: events::CandidateLeft = receipt.event()?;
    Ok((left.unlocks, receipt))
}

/// A candidate, or its operator key, says that it is back.
pub async fn back(chain: &Chain, key: &Keypair) -> anyhow::Result<Receipt> {
    chain.submit(key, &api::tx().delegation().back()).await
}

/// A candidate that left takes its bond back: how much.
pub async fn withdraw_bond(chain: &Chain, key: &Keypair) -> anyhow::Result<(Balance, Receipt)> {
    let receipt = chain
        .submit(key, &api::tx().delegation().withdraw_bond())
        .await?;
    let withdrawn: events::BondWithdrawn = receipt.event()?;
    Ok((withdrawn.amount, receipt))
}

/// Delegates to a candidate.
pub async fn delegate(
    chain: &Chain,
    key: &Keypair,
    candidate: AccountId32,
    amount: Balance,
) -> anyhow::Result<Receipt> {
    chain
        .submit(key, &api::tx().delegation().delegate(candidate, amount))
        .await
}

/// Takes stake back: how much, and the first session in which it can be withdrawn.
pub async fn unbond(
    chain: &Chain,
    key: &Keypair,
    candidate: AccountId32,
    amount: Balance,
) -> anyhow::Result<(Balance, SessionIndex, Receipt)> {
    let receipt = chain
        .submit(key, &api::tx().delegation().unbond(candidate, amount))
        .await?;
    let event: events::Unbonding = receipt.event()?;
    Ok((event.amount, event.unlocks, receipt))
}

/// Moves stake: how much.
pub async fn redelegate(
    chain: &Chain,
    key: &Keypair,
    from: AccountId32,
    to: AccountId32,
    amount: Balance,
) -> anyhow::Result<(Balance, Receipt)> {
    let call = api::tx().delegation().redelegate(from, to, amount);
    let receipt = chain.submit(key, &call).await?;
    let event: events::Redelegated = receipt.event()?;
    Ok((event.amount, receipt))
}

/// Gets what has unbonded: how much.
pub async fn withdraw(
    chain: &Chain,
    key: &Keypair,
    candidate: AccountId32,
) -> anyhow::Result<(Balance, Receipt)> {
    let receipt = chain
        .submit(key, &api::tx().delegation().withdraw(candidate))
        .await?;
    let event: events::Withdrawn = receipt.event()?;
    Ok((event.amount, receipt))
}

/// Takes a gain out: how much, and the first session in which it can be withdrawn.
pub async fn claim(
    chain: &Chain,
    key: &Keypair,
    candidate: AccountId32,
) -> anyhow::Result<(Balance, SessionIndex, Receipt)> {
    let receipt = chain
        .submit(key, &api::tx().delegation().claim(candidate))
        .await?;
    let event: events::Claimed = receipt.event()?;
    Ok((event.amount, event.unlocks, receipt))
}

/// Has a delegation pay what it owes: how much.
pub async fn settle(
    chain: &Chain,
    key: &Keypair,
    delegator: AccountId32,
    candidate: AccountId32,
) -> anyhow::Result<(Balance, Receipt)> {
    let call = api::tx().delegation().settle(delegator, candidate);
    let receipt = chain.submit(key, &call).await?;
    let owed = receipt.events::<events::MovedSlashed>()?;
    Ok((owed.iter().map(|event| event.amount).sum(), receipt))
}

/// The call with which the council cancels a slash.
pub fn cancel_slash(candidate: AccountId32, session: SessionIndex) -> Call {
    Call::cancel_slash { candidate, session }
}

/// The public session keys as the runtime encodes them.
#[derive(Decode)]
struct Keys {
    babe: [u8; 32],
    grandpa: [u8; 32],
    authority_discovery: [u8; 32],
}

/// Has the connected node make session keys, which it keeps, and registers them for the account.
pub async fn set_keys(chain: &Chain, key: &Keypair) -> anyhow::Result<Receipt> {
    let (keys, proof) = chain.rotate_keys(&account_of(key)).await?;
    let keys = Keys::decode(&mut keys.as_slice()).context("the node's session keys are unknown")?;
    let keys = SessionKeys {
        babe: sp_consensus_babe::app::Public(keys.babe),
        grandpa: sp_consensus_grandpa::app::Public(keys.grandpa),
        authority_discovery: sp_authority_discovery::app::Public(keys.authority_discovery),
    };
    let call = api::tx().session().set_keys(keys, proof);
    chain.submit(key, &call).await
}
