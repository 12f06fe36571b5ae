//! Sealing the key of one of the member's own records to a job's panel.

use std::sync::Arc;

use codec::Encode;
use salus_envelope::{seal_identity, Identity};
use salus_primitives::{
    duties::Duty,
    jobs::{Capsules, SealedRecord, Sealing},
    AccountId, Hash,
};

use crate::{
    board::{Stage, Ticket},
    context::Context,
    work::Stop,
    LOG,
};

/// Seals the key to each worker of the panel; returns the encoded answer.
pub(crate) async fn seal(context: &Arc<Context>, ticket: &Ticket) -> Result<Vec<u8>, Stop> {
    let duty = &ticket.duty;
    wanted(context, duty, context.chain.finalized().hash).await?;
    // The consent has to stand at the best block too, where a revocation shows first.
    let sealing = wanted(context, duty, context.chain.best().hash).await?;
    ticket.enter(Stage::Computing);
    let answer = context
        .blocking(move |context| {
            let key = key_of(context, &sealing)?;
            let capsules = seal_to(&key, &sealing.panel)?;
            // Who looks into the log later sees for whom and for what keys went out.
            log::info!(
                target: LOG,
                "job={} record={:?} client={} purpose={} sealed to {} workers",
                sealing.job, sealing.record, sealing.client, sealing.purpose, capsules.len(),
            );
            let index = sealing.index;
            Ok::<_, Stop>(SealedRecord { index, capsules })
        })
        .await??;
    Ok(answer.encode())
}

/// What is to be sealed, if the chain at this block says so.
async fn wanted(
    context: &Context,
    duty: &Duty<AccountId>,
    at: Hash,
) -> Result<Sealing<AccountId>, Stop> {
    let (job, owner) = (duty.subject, duty.member.clone());
    context
        .ask(move |chain| chain.sealings(at, job, &owner))
        .await?
        .into_iter()
        .find(|sealing| sealing.digest() == duty.input)
        .ok_or(Stop::Withdrawn)
}

fn key_of(context: &Context, sealing: &Sealing<AccountId>) -> Result<Identity, Stop> {
    let (keys, identities) = (&context.keys, &context.config.identities);
    let path = keys.key_path(&sealing.record.0, &sealing.recipient);
    match keys.load(&sealing.record.0, &sealing.recipient, identities) {
        Ok(Some(key)) => Ok(key),
        Ok(None) => Err(Stop::Declined(format!(
            "this node has no key of record {:?}: {} is missing; `salus data key` puts it there",
            sealing.record,
            path.display()
        ))),
        Err(error) => Err(Stop::Declined(format!("{}: {error}", path.display()))),
    }
}

fn seal_to(key: &Identity, panel: &[[u8; 32]]) -> Result<Capsules, Stop> {
    let capsules = panel
        .iter()
        .map(|worker| {
            let capsule = seal_identity(key, worker)
                .map_err(|error| Stop::Declined(format!("sealing to a worker: {error}")))?;
            capsule
                .try_into()
                .map_err(|_| Stop::Declined("a capsule is too long".into()))
        })
        .collect::<Result<Vec<_>, Stop>>()?;
    capsules
        .try_into()
        .map_err(|_| Stop::Declined("the panel is too large".into()))
}
