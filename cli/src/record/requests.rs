//! Requests for access.

use salus_primitives::{records::Purpose, Digest};
use serde::Serialize;
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;

use super::codes::purpose_name;
use crate::chain::{
    api::{self, runtime_types::bounded_collections::bounded_vec::BoundedVec},
    text::{hex_of, moment_text, Until},
    Chain, Receipt,
};

/// An admitted member asks a patient for records, or for any where `records` is empty. The number of
/// the request, and the block.
pub async fn request(
    chain: &Chain,
    requester: &Keypair,
    patient: AccountId32,
    records: Vec<Digest>,
    purpose: Purpose,
    until: Until,
) -> anyhow::Result<(u64, Receipt)> {
    let at = chain.finalized().await?;
    let expires = chain.deadline(&at, until).await?;
    let call = api::tx()
        .records()
        .request_access(patient, BoundedVec(records), purpose, expires);
    let receipt = chain.submit(requester, &call).await?;
    let requested: api::records::events::AccessRequested = receipt.event()?;
    Ok((requested.request, receipt))
}

/// Who made a request takes it back; anybody may once it has lapsed.
pub async fn withdraw_request(chain: &Chain, key: &Keypair, id: u64) -> anyhow::Result<Receipt> {
    chain
        .submit(key, &api::tx().records().withdraw_request(id))
        .await
}

/// The patient declines a request.
pub async fn decline(chain: &Chain, patient: &Keypair, id: u64) -> anyhow::Result<Receipt> {
    chain
        .submit(patient, &api::tx().records().decline_request(id))
        .await
}

/// A request for access, for printing.
#[derive(Clone, Debug, Serialize)]
pub struct Request {
    /// Its number.
    pub id: u64,
    /// Who asks.
    pub requester: AccountId32,
    /// Why.
    pub purpose: String,
    /// For which records; any where empty.
    pub records: Vec<String>,
    /// Until when it can be answered, UTC.
    pub expires: String,
}

/// Unanswered requests to a patient.
pub async fn requests(chain: &Chain, patient: AccountId32) -> anyhow::Result<Vec<Request>> {
    let at = chain.finalized().await?;
    let storage = || api::storage().records();
    let ids = chain.list(&at, storage().requests_of(), (patient,)).await?;
    let mut found = Vec::new();
    for ((_, id), ()) in ids {
        let Some(request) = chain.get(&at, storage().requests(), (id,)).await? else {
            continue;
        };
        found.push(Request {
            id,
            requester: request.requester,
            purpose: purpose_name(request.purpose),
            records: request.records.0.iter().map(hex_of).collect(),
            expires: moment_text(request.expires),
        });
    }
    found.sort_by_key(|request| request.id);
    Ok(found)
}
