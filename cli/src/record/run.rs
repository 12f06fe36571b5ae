//! The commands about records, as they are done and told.

use serde_json::json;
use zeroize::Zeroizing;

use super::{
    cancel_end, clear, codes, decline, dispute, list, read, reject, rekey, release, relocate,
    request, requests, revoke, rights_words, share, shared_with, show, store, supersede, terminate,
    withdraw, withdraw_request, BadCapsule, Command, Ending, Mismatch, OfRecord, Record, Terms,
};
use crate::{
    args::Global,
    chain::{account_of, text::hex_of, Chain},
    files::{self, check_new},
    output::{self, count},
};

impl Command {
    /// Does it.
    pub async fn run(self, global: &Global) -> anyhow::Result<()> {
        let output = global.output();
        match &self {
            Command::Read { out, .. } => check_new(out)?,
            Command::Dispute {
                statement: Some(path),
                ..
            } => check_new(path)?,
            _ => {}
        }
        let chain = Chain::open(global).await?;
        match self {
            Command::Release {
                who,
                patient,
                file,
                format,
                gateway,
            } => {
                let content = Zeroizing::new(files::read(&file)?);
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
            Command::Withdraw(OfRecord { who, record }) => {
                let receipt = withdraw(&chain, &who.account()?, record).await?;
                receipt.tell(&output, "The release is taken back")
            }
            Command::Store {
                of: OfRecord { who, record },
                former,
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
                        stored.receipt.block,
                        stored.key_file.display()
                    )
                })
            }
            Command::Dispute {
                of: OfRecord { who, record },
                reason,
                statement,
            } => {
                let key = who.account()?;
                let receipt = dispute(&chain, &key, record, &reason, statement.as_deref()).await?;
                receipt.tell(&output, "The release is disputed")
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
                        receipt.tell(&output, "The request is taken back")
                    }
                    false => {
                        let receipt = decline(&chain, &key, request).await?;
                        receipt.tell(&output, "The request is declined")
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
                let shared = share(&chain, &key, &wallet, &records, to, terms).await?;
                output.result(&shared, |shared| {
                    let until = shared.first().map_or("", |shared| &shared.expires);
                    format!(
                        "{to} may {} {} for {} until {until}",
                        rights_words(rights),
                        count(records.len() as u64, "record"),
                        codes::purpose_name(purpose)
                    )
                })
            }
            Command::Revoke { who, records, from } => {
                let revoked = revoke(&chain, &who.account()?, &records, from).await?;
                // Not a note: who asks for quiet has to know it too.
                eprintln!(
                    "Warning: a key that was given cannot be recalled: whoever kept it and the \
                     ciphertext can still read that. To change the key of what is stored:"
                );
                for record in &records {
                    eprintln!(
                        "  salus record rekey {} --key KEY --gateway URL",
                        hex_of(record)
                    );
                }
                output.result(&revoked, |_| {
                    format!(
                        "No longer shared with {from}: {}",
                        count(records.len() as u64, "record")
                    )
                })
            }
            Command::Read {
                of: OfRecord { who, record },
                former,
                out,
                wallet,
                reject: say,
            } => {
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
                files::write(&out, &content.plaintext)?;
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
            Command::Reject(OfRecord { who, record }) => {
                let receipt = reject(&chain, &who.account()?, record).await?;
                receipt.tell(&output, "The share is rejected")
            }
            Command::Rekey {
                of: OfRecord { who, record },
                without,
                wallet,
                gateway,
            } => {
                let (key, wallet) = (who.account()?, wallet.open()?);
                let rekeyed =
                    rekey(&chain, &key, &wallet, record, &without, &gateway.gateway).await?;
                output.result(&rekeyed, |rekeyed| {
                    format!(
                        "Record {} has a new key (block {}): {} got it, {} ended",
                        rekeyed.record,
                        rekeyed.block,
                        count(rekeyed.kept, "share"),
                        rekeyed.ended
                    )
                })
            }
            Command::Move {
                of: OfRecord { who, record },
                gateway,
            } => {
                let receipt = relocate(&chain, &who.account()?, record, &gateway.gateway).await?;
                receipt.tell(&output, "The record lies at the new gateway")
            }
            Command::Terminate {
                of: OfRecord { who, record },
                successor,
            } => {
                let ending = terminate(&chain, &who.account()?, record, successor).await?;
                output.result(&ending, ending_words)
            }
            Command::Supersede {
                of: OfRecord { who, record },
                by,
            } => {
                let ending = supersede(&chain, &who.account()?, record, by).await?;
                output.result(&ending, ending_words)
            }
            Command::CancelEnd(OfRecord { who, record }) => {
                let receipt = cancel_end(&chain, &who.account()?, record).await?;
                receipt.tell(&output, "The proposal is taken back")
            }
            Command::Clear {
                of: OfRecord { who, record },
                grantee,
            } => {
                let receipt = clear(&chain, &who.account()?, record, grantee).await?;
                receipt.tell(&output, "The share is cleared away")
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
