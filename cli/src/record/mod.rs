//! `salus record`: a medical record's way from the hospital to whom its patient trusts.

pub mod codes;
mod read;
mod wallet;
mod write;

pub use read::{
    entry, fetch, fetch_only, holds, list, open, read, record_key, reject, rights_words,
    shared_with, shares, show, stored, BadCapsule, Content, Entry, Mismatch, NotServed, Record,
    Share, ShareEntry, MAX_CONTENT,
};
pub use wallet::{write_new, Wallet};
pub use write::{
    cancel_end, clear, decline, dispute, rekey, release, relocate, request, requests, revoke,
    share, store, supersede, terminate, upload, withdraw, withdraw_request, Ending, Rekeyed,
    Released, Request, Stored, Terms,
};

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use salus_envelope::Identity;
use salus_primitives::{records::Rights, Digest};
use serde_json::json;
use subxt::utils::AccountId32;

use crate::{
    args::Global,
    chain::{
        account_of,
        text::{hex_of, parse_digest, parse_until, Until},
        Chain, Receipt,
    },
    keys::{parse_account, KeyArgs},
    output::{self, Output},
};

/// The folder with the record keys.
#[derive(Clone, Debug, Args)]
pub struct WalletArgs {
    /// Folder with the record keys [default: salus/wallet in the user's data folder].
    #[arg(long, value_name = "FOLDER", env = "SALUS_WALLET")]
    pub wallet: Option<PathBuf>,
}

impl WalletArgs {
    /// Opens it.
    pub fn open(&self) -> anyhow::Result<Wallet> {
        Wallet::open(self.wallet.clone().unwrap_or_else(Wallet::default_path))
    }
}

/// The gateway that takes ciphertext.
#[derive(Clone, Debug, Args)]
pub struct GatewayArgs {
    /// Blob gateway that takes the ciphertext, as http://host:port.
    #[arg(long, value_name = "URL", env = "SALUS_GATEWAY")]
    pub gateway: String,
}

/// The identities that a person has had.
#[derive(Clone, Debug, Args)]
pub struct FormerArgs {
    /// Former age identities, from before a rotation.
    #[arg(long = "former", value_name = "FILE")]
    pub former: Vec<PathBuf>,
}

impl FormerArgs {
    /// The current identity and the former ones.
    pub fn identities(&self, who: &KeyArgs) -> anyhow::Result<Vec<Identity>> {
        let mut identities = vec![who.identity()?];
        for file in &self.former {
            identities.push(Identity::load(file)?);
        }
        Ok(identities)
    }
}

/// Reads `read`, `analyse` or `read,analyse`.
pub fn parse_rights(text: &str) -> Result<Rights, String> {
    let mut rights = Rights {
        read: false,
        analyse: false,
    };
    for right in text.split(',') {
        match right.trim() {
            "read" => rights.read = true,
            "analyse" => rights.analyse = true,
            other => return Err(format!("{other:?} is no right: read, analyse")),
        }
    }
    Ok(rights)
}

/// Commands about records.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Institution: hand a record to its patient.
    Release {
        /// The institution, or its operator key.
        #[command(flatten)]
        who: KeyArgs,
        /// Whose record it is.
        #[arg(long, value_name = "ADDRESS|FILE|//NAME", value_parser = parse_account)]
        patient: AccountId32,
        /// The content.
        file: PathBuf,
        /// Its format: csv, fhir, cda, hl7v2, dicom, pdf, text, raw, or a number.
        #[arg(long, default_value = "raw", value_parser = codes::parse_format)]
        format: u16,
        /// Where the ciphertext goes.
        #[command(flatten)]
        gateway: GatewayArgs,
    },
    /// Institution: take back a release that was not stored.
    Withdraw {
        /// The institution, or its operator key.
        #[command(flatten)]
        who: KeyArgs,
        /// The record.
        #[arg(value_parser = parse_digest)]
        record: Digest,
    },
    /// Patient: fetch, check and store a released record.
    Store {
        /// The patient.
        #[command(flatten)]
        who: KeyArgs,
        /// Its former identities.
        #[command(flatten)]
        former: FormerArgs,
        /// The record.
        #[arg(value_parser = parse_digest)]
        record: Digest,
        /// Where the key goes.
        #[command(flatten)]
        wallet: WalletArgs,
        /// Where the ciphertext goes.
        #[command(flatten)]
        gateway: GatewayArgs,
    },
    /// Patient: say that a release does not match its commitment or cannot be had.
    Dispute {
        /// The patient.
        #[command(flatten)]
        who: KeyArgs,
        /// The record.
        #[arg(value_parser = parse_digest)]
        record: Digest,
        /// Why; only a salted digest goes on chain.
        #[arg(long)]
        reason: String,
        /// Keep salt and reason in this file, to be shown to whom it may concern.
        #[arg(long, value_name = "FILE")]
        statement: Option<PathBuf>,
    },
    /// Ask a patient for records.
    Request {
        /// Who asks: an admitted member.
        #[command(flatten)]
        who: KeyArgs,
        /// Whom.
        #[arg(long, value_name = "ADDRESS|FILE|//NAME", value_parser = parse_account)]
        patient: AccountId32,
        /// For which records; none for whatever the patient is willing to share.
        #[arg(value_parser = parse_digest)]
        records: Vec<Digest>,
        /// Why: a code of HL7 PurposeOfUse such as HRESCH, or its number.
        #[arg(long, value_parser = codes::parse_purpose)]
        purpose: u16,
        /// Until when it can be answered: 30d, or a date.
        #[arg(long, default_value = "30d", value_parser = parse_until)]
        until: Until,
    },
    /// Patient: list the requests that wait for an answer.
    Requests {
        /// Whose.
        #[arg(value_name = "ADDRESS|FILE|//NAME", value_parser = parse_account)]
        patient: AccountId32,
    },
    /// Decline a request, or take your own back.
    Decline {
        /// The patient, or who asked.
        #[command(flatten)]
        who: KeyArgs,
        /// Number of the request.
        request: u64,
        /// Take your own request back.
        #[arg(long)]
        own: bool,
    },
    /// Patient: let somebody read records, or have them analysed.
    Share {
        /// The patient.
        #[command(flatten)]
        who: KeyArgs,
        /// Which records.
        #[arg(required = true, value_parser = parse_digest)]
        records: Vec<Digest>,
        /// With whom.
        #[arg(long, value_name = "ADDRESS|FILE|//NAME", value_parser = parse_account)]
        to: AccountId32,
        /// What they may do: read, analyse, or read,analyse.
        #[arg(long, default_value = "read", value_parser = parse_rights)]
        rights: Rights,
        /// For what: a code of HL7 PurposeOfUse such as HRESCH, or its number.
        #[arg(long, value_parser = codes::parse_purpose)]
        purpose: u16,
        /// Until when: 30d, or a date.
        #[arg(long, value_parser = parse_until)]
        until: Until,
        /// Number of the request that this answers.
        #[arg(long)]
        request: Option<u64>,
        /// Where the keys are.
        #[command(flatten)]
        wallet: WalletArgs,
    },
    /// Patient: end shares at once.
    Revoke {
        /// The patient.
        #[command(flatten)]
        who: KeyArgs,
        /// Of which records.
        #[arg(required = true, value_parser = parse_digest)]
        records: Vec<Digest>,
        /// With whom.
        #[arg(long, value_name = "ADDRESS|FILE|//NAME", value_parser = parse_account)]
        from: AccountId32,
    },
    /// Fetch, open and check a record.
    Read {
        /// Who reads.
        #[command(flatten)]
        who: KeyArgs,
        /// Its former identities.
        #[command(flatten)]
        former: FormerArgs,
        /// The record.
        #[arg(value_parser = parse_digest)]
        record: Digest,
        /// Where the content goes; never overwritten.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Where the patient's keys are.
        #[command(flatten)]
        wallet: WalletArgs,
        /// Say on chain where the shared key does not open.
        #[arg(long)]
        reject: bool,
    },
    /// Say on chain that the key of a share does not open: the share has failed.
    Reject {
        /// Who was given the share.
        #[command(flatten)]
        who: KeyArgs,
        /// The record.
        #[arg(value_parser = parse_digest)]
        record: Digest,
    },
    /// Patient: encrypt a record anew, and give the new key to those who may still read it.
    Rekey {
        /// The patient.
        #[command(flatten)]
        who: KeyArgs,
        /// The record.
        #[arg(value_parser = parse_digest)]
        record: Digest,
        /// Do not give the new key to these.
        #[arg(long, value_name = "ADDRESS|FILE|//NAME", value_parser = parse_account)]
        without: Vec<AccountId32>,
        /// Where the keys are.
        #[command(flatten)]
        wallet: WalletArgs,
        /// Where the ciphertext goes.
        #[command(flatten)]
        gateway: GatewayArgs,
    },
    /// Patient: keep a record's ciphertext at another gateway.
    Move {
        /// The patient.
        #[command(flatten)]
        who: KeyArgs,
        /// The record.
        #[arg(value_parser = parse_digest)]
        record: Digest,
        /// Where the ciphertext goes.
        #[command(flatten)]
        gateway: GatewayArgs,
    },
    /// End a record for good; with a recovery account, both it and the patient have to.
    Terminate {
        /// The patient, or its recovery account.
        #[command(flatten)]
        who: KeyArgs,
        /// The record.
        #[arg(value_parser = parse_digest)]
        record: Digest,
        /// The record that takes its place.
        #[arg(long, value_name = "RECORD", value_parser = parse_digest)]
        successor: Option<Digest>,
    },
    /// Put another record in a record's place, and end it.
    Supersede {
        /// The patient, or its recovery account.
        #[command(flatten)]
        who: KeyArgs,
        /// The record that ends.
        #[arg(value_parser = parse_digest)]
        record: Digest,
        /// The record that takes its place.
        #[arg(long, value_name = "RECORD", value_parser = parse_digest)]
        by: Digest,
    },
    /// Take back your own proposal to end a record.
    CancelEnd {
        /// Who proposed it.
        #[command(flatten)]
        who: KeyArgs,
        /// The record.
        #[arg(value_parser = parse_digest)]
        record: Digest,
    },
    /// Clear away a share that is void, and free its deposit.
    Clear {
        /// Any account.
        #[command(flatten)]
        who: KeyArgs,
        /// The record.
        #[arg(value_parser = parse_digest)]
        record: Digest,
        /// With whom it was shared.
        #[arg(long, value_name = "ADDRESS|FILE|//NAME", value_parser = parse_account)]
        grantee: AccountId32,
    },
    /// List the records of a patient, or those shared with somebody.
    List {
        /// Whose.
        #[arg(value_name = "ADDRESS|FILE|//NAME", value_parser = parse_account)]
        account: AccountId32,
        /// Those that are shared with the account.
        #[arg(long)]
        shared: bool,
    },
    /// Show a record and its shares.
    Show {
        /// The record.
        #[arg(value_parser = parse_digest)]
        record: Digest,
    },
}

impl Command {
    /// Does it.
    pub async fn run(self, global: &Global) -> anyhow::Result<()> {
        let output = global.output();
        let chain = Chain::connect(&global.node).await?;
        match self {
            Command::Release {
                who,
                patient,
                file,
                format,
                gateway,
            } => {
                let content = zeroize::Zeroizing::new(
                    std::fs::read(&file)
                        .with_context(|| format!("cannot read {}", file.display()))?,
                );
                let key = who.account()?;
                let released =
                    release(&chain, &key, patient, &content, format, &gateway.gateway).await?;
                output.result(&released, |released| {
                    format!(
                        "Released record {} to {patient} in block {}",
                        released.record, released.block
                    )
                })
            }
            Command::Withdraw { who, record } => {
                let receipt = withdraw(&chain, &who.account()?, record).await?;
                done(&output, &receipt, "The release is taken back")
            }
            Command::Store {
                who,
                former,
                record,
                wallet,
                gateway,
            } => {
                let identities = former.identities(&who)?;
                let (key, wallet) = (who.account()?, wallet.open()?);
                let stored = store(&chain, &key, &identities, &wallet, record, &gateway.gateway)
                    .await
                    .map_err(|error| match error.downcast_ref::<Mismatch>() {
                        Some(_) => error.context(format!(
                            "the release cannot be accepted; say so on chain: salus record dispute \
                             {} --reason …",
                            hex_of(&record)
                        )),
                        None => error,
                    })?;
                output.result(&stored, |stored| {
                    format!(
                        "Stored record {} in block {}\nIts key is in {}",
                        stored.record,
                        stored.block,
                        stored.key_file.display()
                    )
                })
            }
            Command::Dispute {
                who,
                record,
                reason,
                statement,
            } => {
                let key = who.account()?;
                let receipt = dispute(&chain, &key, record, &reason, statement.as_deref()).await?;
                done(&output, &receipt, "The release is disputed")
            }
            Command::Request {
                who,
                patient,
                records,
                purpose,
                until,
            } => {
                let key = who.account()?;
                let (id, receipt) = request(&chain, &key, patient, records, purpose, until).await?;
                let result = json!({ "request": id, "block": receipt.block });
                output.result(&result, |_| {
                    format!("Request {id} (block {})", receipt.block)
                })
            }
            Command::Requests { patient } => {
                output.result(&requests(&chain, patient).await?, |found| {
                    let rows: Vec<_> = found
                        .iter()
                        .map(|request| {
                            vec![
                                request.id.to_string(),
                                request.requester.to_string(),
                                request.purpose.clone(),
                                request.expires.clone(),
                                match request.records.is_empty() {
                                    true => "any".to_owned(),
                                    false => request.records.join(" "),
                                },
                            ]
                        })
                        .collect();
                    output::table(&["Request", "By", "Purpose", "Until", "Records"], &rows)
                })
            }
            Command::Decline { who, request, own } => {
                let key = who.account()?;
                match own {
                    true => {
                        let receipt = withdraw_request(&chain, &key, request).await?;
                        done(&output, &receipt, "The request is taken back")
                    }
                    false => {
                        let receipt = decline(&chain, &key, request).await?;
                        done(&output, &receipt, "The request is declined")
                    }
                }
            }
            Command::Share {
                who,
                records,
                to,
                rights,
                purpose,
                until,
                request,
                wallet,
            } => {
                let terms = Terms {
                    rights,
                    purpose,
                    until,
                    request,
                };
                let (key, wallet) = (who.account()?, wallet.open()?);
                let receipts = share(&chain, &key, &wallet, &records, to, terms).await?;
                output.result(&receipts, |_| {
                    format!(
                        "{to} may {} {} record(s) for {}",
                        rights_words(rights),
                        records.len(),
                        codes::purpose_name(purpose)
                    )
                })
            }
            Command::Revoke { who, records, from } => {
                let receipts = revoke(&chain, &who.account()?, &records, from).await?;
                output.note(
                    "A key that was given cannot be recalled: whoever kept it and the ciphertext \
                     can still read that. To change the key of what is stored:\n  salus record \
                     rekey RECORD",
                );
                output.result(&receipts, |_| {
                    format!(
                        "{} record(s) are not shared with {from} any more",
                        records.len()
                    )
                })
            }
            Command::Read {
                who,
                former,
                record,
                out,
                wallet,
                reject: say,
            } => {
                if out.exists() {
                    return Err(crate::error::usage(format!(
                        "{} exists already",
                        out.display()
                    )));
                }
                let (key, identities) = (who.account()?, former.identities(&who)?);
                let wallet = wallet.open()?;
                let content = match read(&chain, &key, &identities, Some(&wallet), record).await {
                    Ok(content) => content,
                    Err(error) if say && error.downcast_ref::<BadCapsule>().is_some() => {
                        let receipt = reject(&chain, &key, record).await?;
                        return Err(error.context(format!(
                            "the share is rejected in block {}: its patient can give the key again",
                            receipt.block
                        )));
                    }
                    Err(error) => return Err(error),
                };
                write_new(&out, &content.plaintext)
                    .with_context(|| format!("cannot write {}", out.display()))?;
                let result = json!({
                    "record": hex_of(&record),
                    "file": out,
                    "bytes": content.plaintext.len(),
                    "format": codes::format_name(content.format),
                    "account": account_of(&key).to_string(),
                });
                output.result(&result, |_| {
                    format!(
                        "{} bytes, as the institution committed to them, in {}",
                        content.plaintext.len(),
                        out.display()
                    )
                })
            }
            Command::Reject { who, record } => {
                let receipt = reject(&chain, &who.account()?, record).await?;
                done(&output, &receipt, "The share is rejected")
            }
            Command::Rekey {
                who,
                record,
                without,
                wallet,
                gateway,
            } => {
                let (key, wallet) = (who.account()?, wallet.open()?);
                let rekeyed =
                    rekey(&chain, &key, &wallet, record, &without, &gateway.gateway).await?;
                output.result(&rekeyed, |rekeyed| {
                    format!(
                        "Record {} has a new key (block {}): {} share(s) got it, {} ended",
                        rekeyed.record, rekeyed.block, rekeyed.kept, rekeyed.ended
                    )
                })
            }
            Command::Move {
                who,
                record,
                gateway,
            } => {
                let receipt = relocate(&chain, &who.account()?, record, &gateway.gateway).await?;
                done(&output, &receipt, "The record lies at the new gateway")
            }
            Command::Terminate {
                who,
                record,
                successor,
            } => {
                let ending = terminate(&chain, &who.account()?, record, successor).await?;
                output.result(&ending, ending_words)
            }
            Command::Supersede { who, record, by } => {
                let ending = supersede(&chain, &who.account()?, record, by).await?;
                output.result(&ending, ending_words)
            }
            Command::CancelEnd { who, record } => {
                let receipt = cancel_end(&chain, &who.account()?, record).await?;
                done(&output, &receipt, "The proposal is taken back")
            }
            Command::Clear {
                who,
                record,
                grantee,
            } => {
                let receipt = clear(&chain, &who.account()?, record, grantee).await?;
                done(&output, &receipt, "The share is cleared away")
            }
            Command::List { account, shared } => {
                let found = match shared {
                    true => shared_with(&chain, account).await?,
                    false => list(&chain, account).await?,
                };
                output.result(&found, |found| {
                    let rows: Vec<_> = found
                        .iter()
                        .map(|record| {
                            vec![
                                record.id.clone(),
                                record.state.to_owned(),
                                record.format.clone(),
                                record.released_at.to_string(),
                                record.institution.to_string(),
                            ]
                        })
                        .collect();
                    output::table(
                        &["Record", "State", "Format", "Released", "Institution"],
                        &rows,
                    )
                })
            }
            Command::Show { record } => output.result(&show(&chain, record).await?, Record::words),
        }
    }
}

fn done(output: &Output, receipt: &Receipt, what: &str) -> anyhow::Result<()> {
    output.result(receipt, |receipt| {
        format!("{what} (block {})", receipt.block)
    })
}

fn ending_words(ending: &Ending) -> String {
    match ending.ended {
        true => format!(
            "Record {} has ended in block {}",
            ending.record, ending.block
        ),
        false => format!(
            "Proposed in block {}: the other of patient and recovery account confirms with the \
             same command",
            ending.block
        ),
    }
}
