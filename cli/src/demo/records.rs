//! A record's way: hospital, patient, research team, and no further.

use std::{path::Path, time::Duration};

use anyhow::{bail, Context};
use salus_primitives::{
    membership::{Role, ThirdPartyKind},
    records::Rights,
};

use super::{people::Person, report::Story, wait::until_ok};
use crate::{
    chain::{text::Until, Chain},
    output::med,
    record::{self, NotServed, Terms, Wallet},
    registry,
};

/// A record's content: made up, as everything about its patient.
const CONTENT: &str = r#"{
  "resourceType": "Observation",
  "status": "final",
  "code": { "text": "Fasting plasma glucose" },
  "effectiveDateTime": "2026-03-14",
  "valueQuantity": { "value": 6.1, "unit": "mmol/l" }
}
"#;
/// `fhir` in `docs/formats.md`.
const FHIR: u16 = 3;
/// Healthcare research in `docs/purposes.md`.
pub const RESEARCH: u16 = 5;
/// How long the research team is admitted, ms: a year.
const TERM: u64 = 365 * DAY;
const DAY: u64 = 24 * 60 * 60 * 1000;
/// What the hospital pays at most for the patient.
const DEPOSITS: u128 = 5 * salus_primitives::MED;
const FEES: u128 = salus_primitives::MED;
/// How long a gateway may take to see what is final elsewhere.
const CATCH_UP: Duration = Duration::from_secs(60);

/// Who takes part, and where ciphertext goes.
pub struct Cast<'a> {
    /// The node that is asked.
    pub chain: &'a Chain,
    /// The founding institutions.
    pub founders: &'a [Person],
    /// The research team.
    pub research: &'a Person,
    /// The patient.
    pub patient: &'a Person,
    /// Gateway of the hospital that releases.
    pub hospital: String,
    /// Gateway at which the patient stores.
    pub store: String,
    /// Folder of the wallets.
    pub folder: &'a Path,
}

/// Plays it.
pub async fn play(story: &mut Story, cast: &Cast<'_>) -> anyhow::Result<()> {
    let (chain, research, patient) = (cast.chain, cast.research, cast.patient);
    let hospital = cast.founders.first().context("no institution")?;

    story
        .step("The research team applies, the council admits it", async {
            let credential = registry::commit_credential(None)?;
            let role = Role::ThirdParty(ThirdPartyKind::ResearchTeam);
            let recipient = research.identity.recipient();
            registry::apply(chain, &research.key, role, recipient, credential).await?;
            let council: Vec<_> = cast
                .founders
                .iter()
                .map(|member| member.key.clone())
                .collect();
            let vote = registry::admit(chain, &council, research.account(), TERM).await?;
            if !vote.done {
                bail!(
                    "the council did not admit it: {} of {} votes",
                    vote.ayes,
                    vote.threshold
                );
            }
            let words = format!(
                "{} is a research team since block {}, by {} votes of four institutions",
                research.name, vote.block, vote.ayes
            );
            Ok(((), words))
        })
        .await?;

    story
        .step(
            "A patient without tokens registers, sponsored and attested by a hospital",
            async {
                let account = patient.account();
                registry::sponsor(chain, &hospital.key, account, DEPOSITS, FEES).await?;
                let credential = registry::commit_credential(None)?;
                let recipient = patient.identity.recipient();
                let sponsor = Some(hospital.account());
                registry::register_patient(chain, &patient.key, recipient, credential, sponsor)
                    .await?;
                registry::attest(chain, &hospital.key, account).await?;
                let funds = crate::chain::funds(chain, account).await?;
                let words = format!(
                    "{account} owns {}; {} pays up to {} of deposits",
                    med(funds.free),
                    hospital.name,
                    med(DEPOSITS)
                );
                Ok(((), words))
            },
        )
        .await?;

    let released = story
        .step("The hospital releases a record", async {
            let released = record::release(
                chain,
                &hospital.key,
                patient.account(),
                CONTENT.as_bytes(),
                FHIR,
                &cast.hospital,
            )
            .await?;
            let words = format!(
                "record {}\non chain: a salted commitment; {} bytes wait at {}'s gateway, encrypted \
                 to the patient",
                released.record, released.size, hospital.name
            );
            Ok((released, words))
        })
        .await?;
    story.fact("record", &released.record)?;
    let id = released.id;

    let wallet = Wallet::open(cast.folder.join("patient-wallet"))?;
    story
        .step(
            "The patient checks and stores it, encrypted to a key of its own",
            async {
                let identities = [patient.identity.clone()];
                // The gateway has to have seen the release.
                let stored = until_ok(CATCH_UP, || {
                    record::store(chain, &patient.key, &identities, &wallet, id, &cast.store)
                })
                .await?;
                let words = format!("{} bytes of ciphertext at {}", stored.size, cast.store);
                Ok(((), words))
            },
        )
        .await?;

    story
        .step("The research team asks, the patient shares", async {
            let until = Until::In(30 * DAY);
            let (request, _) = record::request(
                chain,
                &research.key,
                patient.account(),
                vec![id],
                RESEARCH,
                until,
            )
            .await?;
            let terms = Terms {
                rights: Rights {
                    read: true,
                    analyse: false,
                },
                purpose: RESEARCH,
                until,
                request: Some(request),
            };
            record::share(
                chain,
                &patient.key,
                &wallet,
                &[id],
                research.account(),
                terms,
            )
            .await?;
            Ok((
                (),
                "to read, for healthcare research, for 30 days".to_owned(),
            ))
        })
        .await?;

    let identities = [research.identity.clone()];
    story
        .step("The research team reads it", async {
            let content = until_ok(CATCH_UP, || {
                record::read(chain, &research.key, &identities, None, id)
            })
            .await?;
            if content.plaintext.as_slice() != CONTENT.as_bytes() {
                bail!("what was read is not what was released");
            }
            let words = "the same bytes that the hospital released, checked against its commitment";
            Ok(((), words.to_owned()))
        })
        .await?;

    story
        .step("The patient revokes, and the next read is refused", async {
            record::revoke(chain, &patient.key, &[id], research.account()).await?;
            if record::read(chain, &research.key, &identities, None, id)
                .await
                .is_ok()
            {
                bail!("the research team could read a revoked record");
            }
            // One who kept the key has to be refused by the gateway, not by its own program.
            match record::fetch_only(chain, &research.key, id).await {
                Ok(_) => bail!("the gateway served a revoked record"),
                Err(error) if error.downcast_ref::<NotServed>().is_some() => {}
                Err(error) => return Err(error.context("refused, but for another reason")),
            }
            // The same gateway serves the same blob to its owner.
            record::read(chain, &patient.key, &[], Some(&wallet), id)
                .await
                .context("the patient cannot read its own record")?;
            let words = "the gateway refuses the research team what it serves to the patient";
            Ok(((), words.to_owned()))
        })
        .await
}
