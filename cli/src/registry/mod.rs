//! `salus registry`: who is who.

mod calls;
mod read;

pub use calls::{
    accept_operator, accept_sponsor, apply, attest, commit_credential, end_sponsorship, leave,
    register_patient, revoke_attestation, rotate_key, set_node, set_operator, set_recovery,
    sponsor, veto_recovery, withdraw_application,
};
use read::Decision;
pub use read::{
    entered_role, members, recipient_of, recovery_of, role_name, role_of, show, Line, Member,
};

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use salus_envelope::recipient_to_string;
use salus_primitives::{
    membership::{Role, ThirdPartyKind},
    Balance, Moment,
};
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;

use crate::{
    args::{Global, ACCOUNT, KEY},
    chain::{
        api,
        text::{parse_until, Until},
        Chain, Receipt,
    },
    council::{self, Progress},
    error::usage,
    keys::{load_identity, parse_account, KeyArgs, KeySource},
    output,
};

/// What an admitted member is to the consortium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleArg {
    /// A hospital, a practice, a laboratory: releases records.
    Institution,
    /// Asks for records and has data analysed.
    ResearchTeam,
    /// Asks for records.
    Insurer,
    /// An information platform.
    Platform,
    /// Watches over the others.
    Regulator,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Institution => Role::Institution,
            RoleArg::ResearchTeam => Role::ThirdParty(ThirdPartyKind::ResearchTeam),
            RoleArg::Insurer => Role::ThirdParty(ThirdPartyKind::Insurer),
            RoleArg::Platform => Role::ThirdParty(ThirdPartyKind::Platform),
            RoleArg::Regulator => Role::Regulator,
        }
    }
}

/// A credential that a salted commitment on chain stands for.
#[derive(Clone, Debug, Args)]
pub struct CredentialArgs {
    /// File with the credential. Only a salted commitment goes on chain; the salt is written to
    /// FILE.salt, to be shown with the credential.
    #[arg(long, value_name = "FILE")]
    pub credential: Option<PathBuf>,
}

/// Who moves and votes in the council.
#[derive(Clone, Debug, Args)]
pub struct CouncilArgs {
    /// Who moves it: a member of the council.
    #[command(flatten)]
    pub who: KeyArgs,

    /// Further council keys at hand, which vote for it at once.
    #[arg(long = "vote", value_name = KEY)]
    pub votes: Vec<KeySource>,
}

impl CouncilArgs {
    /// The keys at hand.
    pub fn keys(&self) -> anyhow::Result<Vec<Keypair>> {
        let mut keys = vec![self.who.account()?];
        for key in &self.votes {
            keys.push(key.account()?);
        }
        Ok(keys)
    }
}

/// Commands about membership.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask to be admitted as an institution, a third party or a regulator.
    Apply {
        /// Who asks.
        #[command(flatten)]
        who: KeyArgs,
        /// As what.
        #[arg(long, value_enum)]
        role: RoleArg,
        /// Its credential.
        #[command(flatten)]
        credential: CredentialArgs,
    },
    /// Register yourself as a patient.
    Register {
        /// The patient.
        #[command(flatten)]
        who: KeyArgs,
        /// Its credential.
        #[command(flatten)]
        credential: CredentialArgs,
        /// Institution whose offer to pay is accepted; without one the patient pays itself.
        #[arg(long, value_name = "INSTITUTION", value_parser = parse_account)]
        sponsor: Option<AccountId32>,
    },
    /// Show a member.
    Show {
        /// Which.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        account: AccountId32,
    },
    /// List all members.
    Members,
    /// Council: admit an applicant for a term.
    Admit {
        /// The applicant.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        account: AccountId32,
        /// How long: 365d, 12h, 45min, 90s, or until a date such as 2027-01-31.
        #[arg(long, default_value = "365d", value_parser = parse_until)]
        term: Until,
        /// The council's keys at hand.
        #[command(flatten)]
        council: CouncilArgs,
    },
    /// Council: give a member a new term.
    Renew {
        /// The member.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        account: AccountId32,
        /// How long: 365d, 12h, 45min, 90s, or until a date such as 2027-01-31.
        #[arg(long, default_value = "365d", value_parser = parse_until)]
        term: Until,
        /// The council's keys at hand.
        #[command(flatten)]
        council: CouncilArgs,
    },
    /// Council: take a member's rights for the time being.
    Suspend {
        /// The member.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        account: AccountId32,
        /// The council's keys at hand.
        #[command(flatten)]
        council: CouncilArgs,
    },
    /// Council: lift a suspension.
    Reinstate {
        /// The member.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        account: AccountId32,
        /// The council's keys at hand.
        #[command(flatten)]
        council: CouncilArgs,
    },
    /// Council: end a membership for good, or decline an application.
    Expel {
        /// The member.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        account: AccountId32,
        /// The council's keys at hand.
        #[command(flatten)]
        council: CouncilArgs,
    },
    /// Take an application back, or end your own membership for good.
    Leave {
        /// Who leaves.
        #[command(flatten)]
        who: KeyArgs,
    },
    /// Publish a new encryption recipient.
    Rotate {
        /// Whose.
        #[command(flatten)]
        who: KeyArgs,
        /// File with the new age identity, of `salus keys new --identity-only`.
        #[arg(long, value_name = "FILE")]
        new: PathBuf,
    },
    /// Ask a key to be the operator of your nodes; it has to accept.
    Operator {
        /// The member.
        #[command(flatten)]
        who: KeyArgs,
        /// The operator key's account.
        #[arg(value_name = ACCOUNT, value_parser = parse_account, required_unless_present = "remove")]
        account: Option<AccountId32>,
        /// Have no operator.
        #[arg(long, conflicts_with = "account")]
        remove: bool,
    },
    /// Accept to be a member's operator.
    AcceptOperator {
        /// The operator key.
        #[command(flatten)]
        who: KeyArgs,
        /// The member.
        #[arg(long = "of", value_name = ACCOUNT, value_parser = parse_account)]
        member: AccountId32,
    },
    /// Publish where your node is found.
    Node {
        /// The member, or its operator.
        #[command(flatten)]
        who: KeyArgs,
        /// Its libp2p peer id; none to publish no node.
        #[arg(long, default_value = "")]
        peer_id: String,
        /// Multiaddresses.
        #[arg(value_name = "ADDRESS")]
        addresses: Vec<String>,
    },
    /// Name the account that must agree when you end a record.
    Recovery {
        /// The member.
        #[command(flatten)]
        who: KeyArgs,
        /// The recovery account.
        #[arg(value_name = ACCOUNT, value_parser = parse_account, required_unless_present_any = ["remove", "veto"])]
        account: Option<AccountId32>,
        /// Have none any more, after the notice period.
        #[arg(long, conflicts_with_all = ["account", "veto"])]
        remove: bool,
        /// As the recovery account in force, stop this member's change of it.
        #[arg(long, value_name = "MEMBER", value_parser = parse_account, conflicts_with = "account")]
        veto: Option<AccountId32>,
    },
    /// Institution: vouch for a patient.
    Attest {
        /// The institution.
        #[command(flatten)]
        who: KeyArgs,
        /// The patient.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        patient: AccountId32,
        /// Take it back.
        #[arg(long)]
        revoke: bool,
    },
    /// Institution: offer to pay a patient's deposits and fees, within quotas.
    Sponsor {
        /// The institution; with --end also the patient.
        #[command(flatten)]
        who: KeyArgs,
        /// The patient; its account need not exist yet.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        patient: AccountId32,
        /// Most deposits outstanding at a time, MED.
        #[arg(long, value_name = "MED", default_value = "5", value_parser = output::parse_med)]
        deposits: Balance,
        /// Most fees a period, MED.
        #[arg(long, value_name = "MED", default_value = "1", value_parser = output::parse_med)]
        fees: Balance,
        /// End the sponsorship, or take the offer back.
        #[arg(long)]
        end: bool,
    },
    /// Patient: accept an institution's offer to pay, in the place of any other.
    AcceptSponsor {
        /// The patient.
        #[command(flatten)]
        who: KeyArgs,
        /// The institution.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        sponsor: AccountId32,
    },
}

/// A call of the register that the council makes.
pub fn council_call(call: api::runtime_types::pallet_registry::pallet::Call) -> api::Call {
    api::Call::Registry(call)
}

/// Moves that an applicant be admitted for `term` ms, and votes for it with each key; with enough
/// keys it is admitted when this returns.
pub async fn admit(
    chain: &Chain,
    council: &[Keypair],
    account: AccountId32,
    term: Moment,
) -> anyhow::Result<Progress> {
    use api::runtime_types::pallet_registry::pallet::Call;
    let call = council_call(Call::admit { who: account, term });
    council::carry(chain, council, call).await
}

impl Command {
    /// Does it.
    pub async fn run(self, global: &Global) -> anyhow::Result<()> {
        use api::runtime_types::pallet_registry::pallet::Call;
        let output = global.output();
        let chain = Chain::open(global).await?;
        let done = |receipt: Receipt, what: String| receipt.tell(&output, what);
        match self {
            Command::Show { account } => {
                let member = show(&chain, account)
                    .await?
                    .ok_or_else(|| usage(format!("{account} is not in the register")))?;
                output.result(&member, Member::words)
            }
            Command::Members => output.result(&members(&chain).await?, |members| {
                let rows: Vec<_> = members
                    .iter()
                    .map(|line| {
                        vec![
                            line.account.to_string(),
                            line.role.to_owned(),
                            line.status.to_owned(),
                            line.term_end.clone().unwrap_or_default(),
                        ]
                    })
                    .collect();
                output::table(&["Account", "Role", "Status", "Term ends"], &rows)
            }),
            Command::Apply {
                who,
                role,
                credential,
            } => {
                let (key, recipient) = (who.account()?, who.identity()?.recipient());
                let credential = commit_credential(credential.credential.as_deref())?;
                let receipt = apply(&chain, &key, role.into(), recipient, credential).await?;
                done(receipt, format!("Applied as {}", role_name(role.into())))
            }
            Command::Register {
                who,
                credential,
                sponsor,
            } => {
                let (key, recipient) = (who.account()?, who.identity()?.recipient());
                let credential = commit_credential(credential.credential.as_deref())?;
                let receipt =
                    register_patient(&chain, &key, recipient, credential, sponsor).await?;
                done(receipt, "Registered as a patient".to_owned())
            }
            Command::Admit {
                account,
                term,
                council,
            } => {
                Decision::Admit.check(&chain, account).await?;
                let term = span(&chain, term).await?;
                let progress = admit(&chain, &council.keys()?, account, term).await?;
                output.result(&progress, |p| p.words(&format!("Admission of {account}")))
            }
            Command::Renew {
                account,
                term,
                council,
            } => {
                Decision::Renew.check(&chain, account).await?;
                let term = span(&chain, term).await?;
                let call = council_call(Call::renew { who: account, term });
                let progress = council::carry(&chain, &council.keys()?, call).await?;
                output.result(&progress, |p| p.words(&format!("New term of {account}")))
            }
            Command::Suspend { account, council } => {
                Decision::Suspend.check(&chain, account).await?;
                let call = council_call(Call::suspend { who: account });
                let progress = council::carry(&chain, &council.keys()?, call).await?;
                output.result(&progress, |p| p.words(&format!("Suspension of {account}")))
            }
            Command::Reinstate { account, council } => {
                Decision::Reinstate.check(&chain, account).await?;
                let call = council_call(Call::reinstate { who: account });
                let progress = council::carry(&chain, &council.keys()?, call).await?;
                output.result(&progress, |p| {
                    p.words(&format!("Reinstatement of {account}"))
                })
            }
            Command::Expel { account, council } => {
                Decision::End.check(&chain, account).await?;
                let call = council_call(Call::end { who: account });
                let progress = council::carry(&chain, &council.keys()?, call).await?;
                output.result(&progress, |p| {
                    p.words(&format!("End of {account}'s membership"))
                })
            }
            Command::Leave { who } => {
                let receipt = leave(&chain, &who.account()?).await?;
                done(receipt, "The membership has ended".to_owned())
            }
            Command::Rotate { who, new } => {
                let recipient = load_identity(&new)?.recipient();
                let receipt = rotate_key(&chain, &who.account()?, recipient).await?;
                output.note(
                    "Keep the former identity: what was encrypted to it opens with nothing else.",
                );
                let recipient = recipient_to_string(&recipient);
                done(
                    receipt,
                    format!("Content for you is encrypted to {recipient} from now on"),
                )
            }
            Command::Operator {
                who,
                account,
                remove,
            } => {
                let key = who.account()?;
                let account = if remove { None } else { account };
                let receipt = set_operator(&chain, &key, account).await?;
                done(
                    receipt,
                    match account {
                        Some(operator) => format!(
                        "{operator} is asked to be the operator; it accepts with\n  salus registry \
                         accept-operator --of {} --key OPERATOR",
                        crate::chain::account_of(&key)
                    ),
                        None => "There is no operator any more".to_owned(),
                    },
                )
            }
            Command::AcceptOperator { who, member } => {
                let receipt = accept_operator(&chain, &who.account()?, member).await?;
                done(receipt, format!("This key is the operator of {member}"))
            }
            Command::Node {
                who,
                peer_id,
                addresses,
            } => {
                let receipt = set_node(&chain, &who.account()?, &peer_id, &addresses).await?;
                done(receipt, "The node is published".to_owned())
            }
            Command::Recovery {
                who, account, veto, ..
            } => {
                let key = who.account()?;
                match veto {
                    Some(member) => {
                        let receipt = veto_recovery(&chain, &key, member).await?;
                        done(receipt, format!("The change for {member} is stopped"))
                    }
                    None => {
                        let receipt = set_recovery(&chain, &key, account).await?;
                        done(
                            receipt,
                            "The recovery account is set, or its change announced".into(),
                        )
                    }
                }
            }
            Command::Attest {
                who,
                patient,
                revoke,
            } => {
                let key = who.account()?;
                match revoke {
                    true => done(
                        revoke_attestation(&chain, &key, patient).await?,
                        format!("Nobody vouches for {patient} any more"),
                    ),
                    false => done(
                        attest(&chain, &key, patient).await?,
                        format!("You vouch for {patient}"),
                    ),
                }
            }
            Command::Sponsor {
                who,
                patient,
                deposits,
                fees,
                end,
            } => {
                let key = who.account()?;
                match end {
                    true => done(
                        end_sponsorship(&chain, &key, patient).await?,
                        format!("The sponsorship of {patient} has ended"),
                    ),
                    false => done(
                        sponsor(&chain, &key, patient, deposits, fees).await?,
                        format!(
                            "Offered {patient} deposits of {} and fees of {} a period",
                            output::med(deposits),
                            output::med(fees)
                        ),
                    ),
                }
            }
            Command::AcceptSponsor { who, sponsor } => done(
                accept_sponsor(&chain, &who.account()?, sponsor).await?,
                format!("{sponsor} pays your deposits and fees"),
            ),
        }
    }
}

/// A term in ms from now.
async fn span(chain: &Chain, until: Until) -> anyhow::Result<Moment> {
    let at = chain.finalized().await?;
    let end = chain.deadline(&at, until).await?;
    Ok(end.saturating_sub(chain.now(&at).await?))
}
