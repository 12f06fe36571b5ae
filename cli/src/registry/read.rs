//! The register as others read it.

use anyhow::bail;
use salus_envelope::recipient_to_string;
use salus_primitives::{
    membership::{KeyVersion, Recipient, Role, ThirdPartyKind},
    Moment,
};
use serde::Serialize;
use subxt::utils::AccountId32;

use crate::{
    chain::{
        api::{self, runtime_types::pallet_registry::types as register},
        text::{hex_of, moment_text},
        At, Chain,
    },
    error::usage,
    output,
};

/// A member, as the register has it.
#[derive(Clone, Debug, Serialize)]
pub struct Member {
    /// Its account.
    pub account: AccountId32,
    /// What it is to the consortium.
    pub role: String,
    /// `applying`, `active`, `suspended`, `ended`, or `expired` where its term is over.
    pub status: &'static str,
    /// End of its term, UTC.
    pub term_end: Option<String>,
    /// Salted commitment to its credential.
    pub credential: String,
    /// To whom content for it is encrypted, `age1…`.
    pub recipient: String,
    /// Version of that recipient.
    pub key_version: KeyVersion,
    /// Key that its nodes act with.
    pub operator: Option<AccountId32>,
    /// Key that it asked to become its operator.
    pub proposed_operator: Option<AccountId32>,
    /// Where its node listens.
    pub addresses: Vec<String>,
    /// Account that must agree when it ends a record.
    pub recovery: Option<AccountId32>,
    /// Institution that vouches for it.
    pub attested_by: Option<AccountId32>,
    /// Institution that pays for it.
    pub sponsor: Option<AccountId32>,
}

impl Member {
    /// In words.
    pub fn words(&self) -> String {
        let mut rows = vec![
            ("Account", self.account.to_string()),
            ("Role", self.role.clone()),
            ("Status", self.status.to_owned()),
            (
                "Recipient",
                format!("{} (version {})", self.recipient, self.key_version),
            ),
            ("Credential", self.credential.clone()),
        ];
        rows.extend(self.term_end.clone().map(|end| ("Term ends", end)));
        for (name, account) in [
            ("Operator", self.operator),
            ("Proposed operator", self.proposed_operator),
            ("Recovery", self.recovery),
            ("Attested by", self.attested_by),
            ("Sponsor", self.sponsor),
        ] {
            rows.extend(account.map(|account| (name, account.to_string())));
        }
        rows.extend(
            self.addresses
                .iter()
                .map(|address| ("Address", address.clone())),
        );
        output::fields(&rows)
    }
}

/// A role's name on the command line.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Patient => "patient",
        Role::Institution => "institution",
        Role::ThirdParty(ThirdPartyKind::ResearchTeam) => "research-team",
        Role::ThirdParty(ThirdPartyKind::Insurer) => "insurer",
        Role::ThirdParty(ThirdPartyKind::Platform) => "platform",
        Role::Regulator => "regulator",
    }
}

type Entry = register::Member<AccountId32, u32, u128>;

fn status_name(entry: &Entry, now: Moment) -> &'static str {
    match entry.status {
        register::Status::Applying => "applying",
        register::Status::Active if entry.term_end.is_some_and(|end| end <= now) => "expired",
        register::Status::Active => "active",
        register::Status::Suspended => "suspended",
        register::Status::Ended => "ended",
    }
}

/// Shows a member; `None` for an account that is not in the register.
pub async fn show(chain: &Chain, account: AccountId32) -> anyhow::Result<Option<Member>> {
    let at = chain.finalized().await?;
    let storage = || api::storage().registry();
    let Some(entry) = chain.get(&at, storage().members(), (account,)).await? else {
        return Ok(None);
    };
    let now = chain.now(&at).await?;
    let node = chain.get(&at, storage().nodes(), (account,)).await?;
    let proposed_operator = chain
        .get(&at, storage().pending_operators(), (account,))
        .await?;
    let attested_by = chain.get(&at, storage().attestations(), (account,)).await?;
    let quota = chain.get(&at, storage().sponsorships(), (account,)).await?;
    let (key_version, recipient) = recipient_of(chain, &at, account).await?;
    Ok(Some(Member {
        account,
        role: role_name(entry.role.0).to_owned(),
        status: status_name(&entry, now),
        term_end: entry.term_end.map(moment_text),
        credential: hex_of(&entry.credential),
        recipient: recipient_to_string(&recipient),
        key_version,
        operator: node.as_ref().and_then(|node| node.operator),
        proposed_operator,
        addresses: node
            .iter()
            .flat_map(|node| &node.addresses.0)
            .map(|address| String::from_utf8_lossy(&address.0).into_owned())
            .collect(),
        recovery: recovery_of(chain, &at, account).await?,
        attested_by,
        sponsor: quota.map(|quota| quota.sponsor),
    }))
}

/// One line of the register.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Account of the member.
    pub account: AccountId32,
    /// What it is to the consortium.
    pub role: &'static str,
    /// As in [`Member::status`].
    pub status: &'static str,
    /// End of its term, UTC.
    pub term_end: Option<String>,
}

/// Everybody in the register, by role and account.
pub async fn members(chain: &Chain) -> anyhow::Result<Vec<Line>> {
    let at = chain.finalized().await?;
    let now = chain.now(&at).await?;
    let mut found = chain
        .list(&at, api::storage().registry().members(), ())
        .await?;
    found.sort_by_key(|((account,), entry)| (entry.role.0, *account));
    Ok(found
        .into_iter()
        .map(|((account,), entry)| Line {
            account,
            role: role_name(entry.role.0),
            status: status_name(&entry, now),
            term_end: entry.term_end.map(moment_text),
        })
        .collect())
}

/// Role of an active member at this block; `None` for anybody else.
pub async fn role_of(chain: &Chain, at: &At, account: AccountId32) -> anyhow::Result<Option<Role>> {
    let entry = chain
        .get(at, api::storage().registry().members(), (account,))
        .await?;
    let now = chain.now(at).await?;
    Ok(entry
        .filter(|entry| status_name(entry, now) == "active")
        .map(|entry| entry.role.0))
}

/// Name of the role that an account applied for or has at this block.
pub async fn entered_role(
    chain: &Chain,
    at: &At,
    account: AccountId32,
) -> anyhow::Result<Option<&'static str>> {
    let entry = chain
        .get(at, api::storage().registry().members(), (account,))
        .await?;
    Ok(entry.map(|entry| role_name(entry.role.0)))
}

/// What the council decides about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Admit,
    Renew,
    Suspend,
    Reinstate,
    End,
}

impl Decision {
    /// Refuses a motion that can only fail, as the register is now.
    pub(super) async fn check(self, chain: &Chain, account: AccountId32) -> anyhow::Result<()> {
        let at = chain.finalized().await?;
        let entry = chain
            .get(&at, api::storage().registry().members(), (account,))
            .await?;
        let now = chain.now(&at).await?;
        let found = entry.map(|entry| (entry.role.0, status_name(&entry, now)));
        match self.obstacle(found) {
            Some(why) => Err(usage(format!("{account} {why}"))),
            None => Ok(()),
        }
    }

    /// Why it cannot be made about an account of this role and status, as the end of a sentence.
    fn obstacle(self, found: Option<(Role, &'static str)>) -> Option<String> {
        let Some((role, status)) = found else {
            return Some(match self {
                Decision::Admit => {
                    "has not applied: an applicant runs `salus registry apply` first".to_owned()
                }
                _ => "is not in the register".to_owned(),
            });
        };
        let why = match (self, role, status) {
            (_, _, "ended") => "was a member once: what has ended has ended for good",
            (Decision::Admit, _, "applying") => return None,
            (Decision::Admit, Role::Patient, _) => {
                "is a patient: patients register themselves and are not admitted"
            }
            (Decision::Admit, ..) => {
                return Some(format!(
                    "has no open application: it is a member already ({}, {status})",
                    role_name(role)
                ))
            }
            (Decision::Renew, Role::Patient, _) => "is a patient: patients have no term",
            (Decision::Suspend, Role::Patient, _) => "is a patient: patients are not suspended",
            (Decision::End, Role::Patient, _) => {
                "is a patient: patients end their membership themselves, with `salus registry leave`"
            }
            (Decision::Renew | Decision::Suspend, _, "applying") => {
                "is not admitted yet: it has only applied"
            }
            (Decision::Suspend, _, "suspended") => "is suspended already",
            (Decision::Reinstate, _, status) if status != "suspended" => {
                return Some(format!("is not suspended: it is {status}"))
            }
            _ => return None,
        };
        Some(why.to_owned())
    }
}

/// To whom content for a member is encrypted at this block, with its version.
pub async fn recipient_of(
    chain: &Chain,
    at: &At,
    account: AccountId32,
) -> anyhow::Result<(KeyVersion, Recipient)> {
    let storage = || api::storage().registry();
    let Some(entry) = chain.get(at, storage().members(), (account,)).await? else {
        bail!("{account} is not in the register, so there is no key to encrypt to");
    };
    let version = entry.key_version;
    let Some(recipient) = chain
        .get(at, storage().recipients(), (account, version))
        .await?
    else {
        bail!("{account} has published no encryption key");
    };
    // Encrypting to a bad key would make content that anybody, or nobody, can open.
    salus_envelope::check_recipient(&recipient)?;
    Ok((version, recipient))
}

/// The account that must agree when a member ends a record, at this block.
pub async fn recovery_of(
    chain: &Chain,
    at: &At,
    account: AccountId32,
) -> anyhow::Result<Option<AccountId32>> {
    let storage = || api::storage().registry();
    let change = chain
        .get(at, storage().pending_recovery(), (account,))
        .await?;
    match change {
        Some(change) if u64::from(change.at) <= at.block_number() => Ok(change.recovery),
        _ => chain.get(at, storage().recovery(), (account,)).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn motions_that_can_only_fail_are_told_apart() {
        use Decision::{Admit, End, Reinstate, Renew, Suspend};
        let lab = Role::Institution;
        let statuses = ["applying", "active", "expired", "suspended", "ended"];
        for (decision, possible) in [
            (Admit, &["applying"][..]),
            (Renew, &["active", "expired", "suspended"]),
            (Suspend, &["active", "expired"]),
            (Reinstate, &["suspended"]),
            (End, &["applying", "active", "expired", "suspended"]),
        ] {
            for status in statuses {
                let obstacle = decision.obstacle(Some((lab, status)));
                assert_eq!(
                    obstacle.is_none(),
                    possible.contains(&status),
                    "{decision:?} {status}: {obstacle:?}"
                );
            }
            // Patients are none of the council's business, strangers neither.
            assert!(decision.obstacle(Some((Role::Patient, "active"))).is_some());
            assert!(decision.obstacle(None).is_some());
        }
    }
}
