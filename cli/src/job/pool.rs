//! Who can be drawn.

use salus_primitives::{membership::Role, Digest};
use subxt::utils::AccountId32;

use crate::{
    chain::{api, At, Chain},
    record, registry,
};

/// How many workers of the pool can be drawn at this block for a job of this client over these
/// records: admitted members with an encryption key that are neither the client nor a patient. A job
/// waits for those of its panel that are busy.
pub async fn drawable(
    chain: &Chain,
    at: &At,
    client: AccountId32,
    records: impl Iterator<Item = Digest>,
) -> anyhow::Result<u32> {
    let registry = || api::storage().registry();
    let mut excluded = vec![client];
    // Accounts that act for each other count as one.
    excluded.extend(chain.get(at, registry().operators(), (client,)).await?);
    let node = chain.get(at, registry().nodes(), (client,)).await?;
    excluded.extend(node.and_then(|node| node.operator));
    for id in records {
        excluded.push(record::entry(chain, at, id).await?.patient);
    }
    let pool = chain.get(at, api::storage().jobs().pool(), ()).await?;
    let mut found = 0;
    for who in pool.map(|pool| pool.0).unwrap_or_default() {
        if excluded.contains(&who) {
            continue;
        }
        let is_admitted = registry::role_of(chain, at, who)
            .await?
            .is_some_and(|role| role != Role::Patient);
        if is_admitted && registry::recipient_of(chain, at, who).await.is_ok() {
            found += 1;
        }
    }
    Ok(found)
}
