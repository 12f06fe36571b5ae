//! What candidates and delegators do.

use codec::Encode;
use salus_primitives::{stake::SessionIndex, Balance};
use subxt::{
    ext::scale_encode::{self, EncodeAsFields, FieldIter, TypeResolver},
    transactions::dynamic,
    utils::AccountId32,
};
use subxt_signer::sr25519::Keypair;

use super::read::is_candidate;
use crate::{
    chain::{
        account_of,
        api::{
            self,
            delegation::events,
            runtime_types::{pallet_delegation::pallet::Call, sp_arithmetic::per_things::Perbill},
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

/// Arguments of `Session.set_keys`. Which keys there are differs between the flavours of the runtime;
/// they are encoded already, by the runtime's own function that made them.
struct MadeKeys {
    keys: Vec<u8>,
    proof: Vec<u8>,
}

impl EncodeAsFields for MadeKeys {
    fn encode_as_fields_to<R: TypeResolver>(
        &self,
        _: &mut dyn FieldIter<'_, R::TypeId>,
        _: &R,
        out: &mut Vec<u8>,
    ) -> Result<(), scale_encode::Error> {
        out.extend_from_slice(&self.keys);
        self.proof.encode_to(out);
        Ok(())
    }
}

/// Has the connected node make session keys, which it keeps, and registers them for the account.
pub async fn set_keys(chain: &Chain, key: &Keypair) -> anyhow::Result<Receipt> {
    let (keys, proof) = chain.rotate_keys(&account_of(key)).await?;
    let call = dynamic("Session", "set_keys", MadeKeys { keys, proof });
    chain.submit(key, &call).await
}

#[cfg(test)]
mod tests {
    use codec::Decode;
    use subxt::{transactions::Payload, Metadata};

    use super::*;
    use crate::chain::api::runtime_types::{
        salus_runtime::session_keys::SessionKeys, sp_authority_discovery, sp_consensus_babe,
        sp_consensus_grandpa,
    };

    fn encoded(call: &impl Payload) -> Vec<u8> {
        let bytes = include_bytes!("../../metadata.scale");
        let metadata = Metadata::decode(&mut &bytes[..]).unwrap();
        let pallet = metadata.pallet_by_name(call.pallet_name()).unwrap();
        let variant = pallet.call_variant_by_name(call.call_name()).unwrap();
        let mut fields = variant
            .fields
            .iter()
            .map(|field| scale_encode::Field::new(field.ty.id, field.name.as_deref()));
        let data = call.call_data();
        data.encode_as_fields(&mut fields, metadata.types())
            .unwrap()
    }

    #[test]
    fn made_keys_are_passed_on_as_they_are() {
        let proof = vec![7; 200];
        let typed = SessionKeys {
            babe: sp_consensus_babe::app::Public([1; 32]),
            grandpa: sp_consensus_grandpa::app::Public([2; 32]),
            authority_discovery: sp_authority_discovery::app::Public([3; 32]),
        };
        let typed = api::tx().session().set_keys(typed, proof.clone());
        let made = |keys: Vec<u8>| {
            let proof = proof.clone();
            encoded(&dynamic("Session", "set_keys", MadeKeys { keys, proof }))
        };
        let keys = [[1; 32], [2; 32], [3; 32]].concat();
        assert_eq!(made(keys), encoded(&typed));
        // A collator's one key.
        assert_eq!(
            made(vec![4; 32]),
            [vec![4; 32], proof.clone().encode()].concat()
        );
    }
}
