//! What only root may do: two thirds of the council whitelist the call, then anybody makes it.

use anyhow::{bail, Context};
use codec::{Compact, Decode};
use salus_blobs::digest;
use salus_primitives::Digest;
use serde::Serialize;
use subxt::error::DispatchError;
use subxt_signer::sr25519::Keypair;

use super::{members, motion, move_call, vote_all, Progress};
use crate::{
    chain::{api, encode, refusal, text::hex_of, At, Chain, Receipt},
    error::usage,
};

/// First bytes of a blob: compressed as the build makes it, or plain wasm.
const COMPRESSED: &[u8] = &[0x52, 0xbc, 0x53, 0x76, 0x46, 0xdb, 0x8e, 0x05];
const WASM: &[u8] = b"\0asm";
/// What operational transactions may take of a block.
const LARGEST: usize = 5 * 1024 * 1024;

/// How far an upgrade got.
#[derive(Clone, Debug, Serialize)]
pub struct Upgrade {
    /// blake2-256 of the blob.
    pub code: Digest,
    /// The council's motion; `None` where it was decided before.
    pub motion: Option<Progress>,
    /// Whether the chain has the new code.
    pub applied: bool,
    /// Block of the last step.
    pub block: u32,
}

impl Upgrade {
    /// In words.
    pub fn words(&self) -> String {
        match (self.applied, &self.motion) {
            (false, Some(motion)) => format!(
                "{}\nThen anybody runs this command again",
                motion.words(&format!("upgrade to {}", hex_of(&self.code)))
            ),
            _ => format!(
                "upgraded to {} in block {}: the next block runs it",
                hex_of(&self.code),
                self.block
            ),
        }
    }
}

/// Takes the chain as far towards a new runtime as the keys go. The first key pays.
pub async fn upgrade(chain: &Chain, keys: &[Keypair], blob: Vec<u8>) -> anyhow::Result<Upgrade> {
    if !blob.starts_with(COMPRESSED) && !blob.starts_with(WASM) {
        return Err(usage(
            "the blob is no wasm: it is salus_runtime.compact.compressed.wasm of the build",
        ));
    }
    if blob.len() > LARGEST {
        return Err(usage(format!(
            "the blob has {} bytes, a block takes {LARGEST}: use the compressed one",
            blob.len()
        )));
    }
    let first = payer(keys)?;
    let code = digest(&blob);
    let at = chain.finalized().await?;
    let authorized = api::storage().system().authorized_upgrade();
    let authorized = chain.get(&at, authorized, ()).await?;
    let mut decided = None;
    if authorized.is_none_or(|upgrade| upgrade.code_hash != code) {
        use api::runtime_types::frame_system::pallet::Call;
        let call = api::Call::System(Call::authorize_upgrade { code_hash: code });
        let motion = as_root(chain, keys, call).await?;
        if let Some(motion) = motion.as_ref().filter(|motion| !motion.done) {
            return Ok(Upgrade {
                code,
                applied: false,
                block: motion.block,
                motion: Some(motion.clone()),
            });
        }
        decided = motion;
    }
    let call = api::tx().system().apply_authorized_upgrade(blob);
    let receipt = chain.submit(first, &call).await?;
    // A blob of another chain or of no newer version: the call succeeds, and takes the leave back.
    if let Some(fields) = receipt.fields("System", "RejectedInvalidAuthorizedUpgrade") {
        let error = fields.get(32..).unwrap_or_default();
        let error = DispatchError::decode_from(error, at.metadata())?;
        return Err(refusal("the upgrade", &error).into());
    }
    Ok(Upgrade {
        code,
        motion: decided,
        applied: true,
        block: receipt.block,
    })
}

/// Has GRANDPA's authorities replaced by the validators of the next session, `delay` blocks after its
/// start, without a vote of the old ones. `finalized` is the highest block that a new one has final.
pub async fn replace_authorities(
    chain: &Chain,
    keys: &[Keypair],
    finalized: u32,
    delay: u32,
) -> anyhow::Result<Option<Progress>> {
    use api::runtime_types::pallet_grandpa::pallet::Call;
    let call = api::Call::Grandpa(Call::note_stalled {
        delay,
        best_finalized_block_number: finalized,
    });
    as_root(chain, keys, call).await
}

fn payer(keys: &[Keypair]) -> anyhow::Result<&Keypair> {
    keys.first().context("a call needs somebody who makes it")
}

/// Has the council whitelist a call, and makes it as soon as it is. The motion, with `done` once the
/// call was made; `None` where it was whitelisted before.
async fn as_root(
    chain: &Chain,
    keys: &[Keypair],
    call: api::Call,
) -> anyhow::Result<Option<Progress>> {
    let first = payer(keys)?;
    let at = chain.finalized().await?;
    let call_hash = digest(&encode(at.metadata_ref(), &call)?);
    let whitelisted = api::storage().whitelist().whitelisted_call();
    let mut decided = None;
    if chain.get(&at, whitelisted, (call_hash,)).await?.is_none() {
        let progress = whitelist(chain, &at, keys, call_hash).await?;
        if !progress.done {
            return Ok(Some(progress));
        }
        decided = Some(progress);
    }
    let call = api::tx()
        .whitelist()
        .dispatch_whitelisted_call_with_preimage(call);
    let receipt = chain.submit(first, &call).await?;
    dispatched(&at, &receipt)?;
    Ok(decided.map(|progress| Progress {
        block: receipt.block,
        ..progress
    }))
}

/// Moves that a call be whitelisted, or votes for that where it was moved before.
async fn whitelist(
    chain: &Chain,
    at: &At,
    keys: &[Keypair],
    call_hash: Digest,
) -> anyhow::Result<Progress> {
    use api::runtime_types::pallet_whitelist::pallet::Call;
    let call = api::Call::Whitelist(Call::whitelist_call { call_hash });
    let hash = digest(&encode(at.metadata_ref(), &call)?);
    if motion(chain, at, hash).await?.is_some() {
        return vote_all(chain, keys, hash).await;
    }
    // As `CouncilTwoThirds` of the runtime counts.
    let members = u32::try_from(members(chain, at).await?.len())?;
    let threshold = members.saturating_mul(2).div_ceil(3);
    move_call(chain, keys, call, threshold).await
}

/// The result of a call that was made as root.
fn dispatched(at: &At, receipt: &Receipt) -> anyhow::Result<()> {
    let fields = receipt
        .fields("Whitelist", "WhitelistedCallDispatched")
        .context("the call was not made: somebody else was faster")?;
    let rest = fields.get(32..).unwrap_or_default();
    match rest.split_first() {
        Some((0, _)) => Ok(()),
        Some((1, mut rest)) => {
            // What it cost comes first: a weight, and whether it pays.
            let cost = <(Option<(Compact<u64>, Compact<u64>)>, u8)>::decode(&mut rest);
            cost.context("the node reports what the call cost in an unknown form")?;
            let error = DispatchError::decode_from(rest, at.metadata())?;
            Err(refusal("the council's call", &error).into())
        }
        _ => bail!("the node reports the call's result in an unknown form"),
    }
}
