//! What members do in the register.

use std::path::Path;

use anyhow::anyhow;
use rand::{rngs::OsRng, RngCore};
use salus_envelope::content;
use salus_primitives::{
    membership::{Recipient, Role},
    Balance, Digest,
};
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;

use crate::{
    chain::{
        api::{self, runtime_types::bounded_collections::bounded_vec::BoundedVec},
        Chain, Receipt,
    },
    error::usage,
    files, keys,
};

/// Salted commitment to a credential; the salt is written beside the file, as `FILE.salt`, for whom
/// the credential is shown to. Without a file, a commitment to nothing.
pub fn commit_credential(file: Option<&Path>) -> anyhow::Result<Digest> {
    let Some(file) = file else {
        let mut commitment = [0; 32];
        OsRng.fill_bytes(&mut commitment);
        return Ok(commitment.into());
    };
    let credential = files::read(file)?;
    let packed = content::pack(&credential);
    let mut salt_file = file.as_os_str().to_owned();
    salt_file.push(".salt");
    let salt = hex::encode(&packed.bytes[..content::SALT]);
    keys::write_secret(Path::new(&salt_file), &format!("{salt}\n"))?;
    Ok(packed.commitment.into())
}

/// A patient registers itself; where it accepts an institution's offer, that one pays.
pub async fn register_patient(
    chain: &Chain,
    key: &Keypair,
    recipient: Recipient,
    credential: Digest,
    sponsor: Option<AccountId32>,
) -> anyhow::Result<Receipt> {
    salus_envelope::check_recipient(&recipient)?;
    let call = api::tx()
        .registry()
        .register_patient(credential, recipient, sponsor);
    chain.submit(key, &call).await
}

/// Asks to be admitted in a role.
pub async fn apply(
    chain: &Chain,
    key: &Keypair,
    role: Role,
    recipient: Recipient,
    credential: Digest,
) -> anyhow::Result<Receipt> {
    salus_envelope::check_recipient(&recipient)?;
    let call = api::tx()
        .registry()
        .apply(role.into(), credential, recipient);
    chain.submit(key, &call).await
}

/// Takes an application back.
pub async fn withdraw_application(chain: &Chain, key: &Keypair) -> anyhow::Result<Receipt> {
    chain
        .submit(key, &api::tx().registry().withdraw_application())
        .await
}

/// Ends the own membership.
pub async fn leave(chain: &Chain, key: &Keypair) -> anyhow::Result<Receipt> {
    let call = api::tx().registry().end(crate::chain::account_of(key));
    chain.submit(key, &call).await
}

/// Publishes a new encryption recipient.
pub async fn rotate_key(
    chain: &Chain,
    key: &Keypair,
    recipient: Recipient,
) -> anyhow::Result<Receipt> {
    salus_envelope::check_recipient(&recipient)?;
    chain
        .submit(key, &api::tx().registry().rotate_key(recipient))
        .await
}

/// Asks a key to be the operator of the member's nodes; `None` removes operator and request.
pub async fn set_operator(
    chain: &Chain,
    key: &Keypair,
    operator: Option<AccountId32>,
) -> anyhow::Result<Receipt> {
    chain
        .submit(key, &api::tx().registry().set_operator(operator))
        .await
}

/// The operator key accepts.
pub async fn accept_operator(
    chain: &Chain,
    operator: &Keypair,
    member: AccountId32,
) -> anyhow::Result<Receipt> {
    chain
        .submit(operator, &api::tx().registry().accept_operator(member))
        .await
}

/// Publishes where the member's node is found. `peer_id` as libp2p writes it (`12D3Koo…`), empty
/// where there is none.
pub async fn set_node(
    chain: &Chain,
    key: &Keypair,
    peer_id: &str,
    addresses: &[String],
) -> anyhow::Result<Receipt> {
    let peer_id = bs58::decode(peer_id)
        .into_vec()
        .map_err(|_| usage(format!("{peer_id:?} is no peer id such as 12D3Koo…")))?;
    if peer_id.len() > 64 || addresses.len() > 8 || addresses.iter().any(|a| a.len() > 128) {
        return Err(anyhow!(usage(
            "a peer id has at most 64 bytes, and there are at most 8 addresses of 128 bytes"
        )));
    }
    let addresses = addresses
        .iter()
        .map(|address| BoundedVec(address.clone().into_bytes()))
        .collect();
    let call = api::tx()
        .registry()
        .set_node(BoundedVec(peer_id), BoundedVec(addresses));
    chain.submit(key, &call).await
}

/// Names, changes or (`None`) removes the account that must agree when records end.
pub async fn set_recovery(
    chain: &Chain,
    key: &Keypair,
    recovery: Option<AccountId32>,
) -> anyhow::Result<Receipt> {
    chain
        .submit(key, &api::tx().registry().set_recovery(recovery))
        .await
}

/// The recovery account in force stops a change of itself.
pub async fn veto_recovery(
    chain: &Chain,
    recovery: &Keypair,
    member: AccountId32,
) -> anyhow::Result<Receipt> {
    chain
        .submit(recovery, &api::tx().registry().veto_recovery(member))
        .await
}

/// An institution vouches for a patient.
pub async fn attest(
    chain: &Chain,
    institution: &Keypair,
    patient: AccountId32,
) -> anyhow::Result<Receipt> {
    chain
        .submit(institution, &api::tx().registry().attest(patient))
        .await
}

/// An institution vouches for a patient no more.
pub async fn revoke_attestation(
    chain: &Chain,
    institution: &Keypair,
    patient: AccountId32,
) -> anyhow::Result<Receipt> {
    chain
        .submit(
            institution,
            &api::tx().registry().revoke_attestation(patient),
        )
        .await
}

/// An institution offers to pay for a patient, who may not exist yet: deposits up to `deposits` at a
/// time and fees up to `fees` a period.
pub async fn sponsor(
    chain: &Chain,
    institution: &Keypair,
    patient: AccountId32,
    deposits: Balance,
    fees: Balance,
) -> anyhow::Result<Receipt> {
    let call = api::tx().registry().sponsor(patient, deposits, fees);
    chain.submit(institution, &call).await
}

/// A patient accepts an institution's offer, in the place of any sponsor it has.
pub async fn accept_sponsor(
    chain: &Chain,
    patient: &Keypair,
    sponsor: AccountId32,
) -> anyhow::Result<Receipt> {
    chain
        .submit(patient, &api::tx().registry().accept_sponsor(sponsor))
        .await
}

/// The sponsor or the patient ends a sponsorship; an institution takes its offer back.
pub async fn end_sponsorship(
    chain: &Chain,
    key: &Keypair,
    patient: AccountId32,
) -> anyhow::Result<Receipt> {
    chain
        .submit(key, &api::tx().registry().end_sponsorship(patient))
        .await
}
