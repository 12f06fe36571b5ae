//! The commands about data sets, as they are done and told.

use std::path::Path;

use anyhow::Context;
use serde_json::json;
use zeroize::Zeroizing;

use super::{
    command::{check_base_path, node_keys, AddArgs, Command},
    own::{add, give_key, list, table_size, Added},
    training,
};
use crate::{
    args::Global,
    chain::{
        account_of, api::runtime_types::pallet_records::types as records, text::hex_of, Chain,
    },
    error::usage,
    files,
    output::{self, Output},
    record::{self, codes, Record, MAX_CONTENT},
};

impl AddArgs {
    /// Refuses what can be refused without a node.
    fn check(&self) -> anyhow::Result<()> {
        match self.training.description() {
            Some(description) => {
                self.base_path()?;
                training::check(&self.file, &read(&self.file)?, &description)
            }
            None => Ok(()),
        }
    }

    /// Where a data set for trainings goes.
    fn base_path(&self) -> anyhow::Result<&Path> {
        let path = self.node.base_path.as_deref().ok_or_else(|| {
            usage("a data set for trainings stays at your node: name its folder with --base-path")
        })?;
        check_base_path(path)?;
        Ok(path)
    }

    async fn declare(&self, chain: &Chain, output: &Output) -> anyhow::Result<()> {
        let description = self
            .training
            .description()
            .context("there is a partition")?;
        let content = read(&self.file)?;
        let declared = training::declare(
            chain,
            &self.who.account()?,
            &training::folder(self.base_path()?)?,
            (&self.file, &content),
            &description,
            (self.training.purpose, &self.training.records),
        )
        .await?;
        output.result(&declared, training::Declared::words)
    }

    async fn add(&self, chain: &Chain, output: &Output) -> anyhow::Result<()> {
        let content = read(&self.file)?;
        let (key, wallet, node) = (self.who.account()?, self.wallet.open()?, self.node.keys()?);
        let gateway = self.gateway.as_deref().context("there is a gateway")?;
        let added = add(
            chain,
            &key,
            &wallet,
            node.as_ref(),
            &content,
            self.format,
            gateway,
        )
        .await?;
        if codes::format_name(self.format) == "csv" {
            if let Err(error) = table_size(&content) {
                output.note(format!(
                    "As it is, fcm/1 cannot read it ({error}): tell clients what to leave out"
                ));
            }
        }
        output.result(&added, added_words)
    }
}

impl Command {
    /// Does it.
    pub async fn run(self, global: &Global) -> anyhow::Result<()> {
        let output = global.output();
        // Before a node is asked.
        if let Command::Add(args) = &self {
            args.check()?;
        }
        let chain = Chain::connect(&global.node).await?;
        match self {
            Command::Add(args) if args.training.training.is_some() => {
                args.declare(&chain, &output).await
            }
            Command::Add(args) => args.add(&chain, &output).await,
            Command::List {
                account,
                training: true,
            } => {
                let found = training::list(&chain, account).await?;
                output.result(&found, |found| training::table(found))
            }
            Command::List { account, .. } => show_list(&output, list(&chain, account).await?),
            Command::Withdraw {
                who,
                data_set,
                node,
            } => {
                let folder = node
                    .base_path
                    .as_deref()
                    .map(training::folder)
                    .transpose()?;
                let key = who.account()?;
                let (receipt, removed) =
                    training::withdraw(&chain, &key, data_set, folder.as_ref()).await?;
                let result = json!({
                    "data_set": hex_of(&data_set),
                    "file_removed": removed,
                    "block": receipt.block,
                });
                output.result(&result, |_| match removed {
                    true => "Withdrawn, and the file is removed".to_owned(),
                    false => "Withdrawn; the file stays where it is".to_owned(),
                })
            }
            Command::Key {
                who,
                record,
                wallet,
                base_path,
            } => {
                let (account, wallet) = (account_of(&who.account()?), wallet.open()?);
                let node = node_keys(&base_path)?;
                let file = give_key(&chain, account, &wallet, &node, record).await?;
                let result = json!({ "record": hex_of(&record), "node_key": file });
                output.result(&result, |_| {
                    format!("The node's agent finds the key in {}", file.display())
                })
            }
            Command::Remove { who, record, node } => {
                let (key, node) = (who.account()?, node.keys()?);
                let at = chain.finalized().await?;
                let entry = record::entry(&chain, &at, record).await?;
                if entry.patient != entry.institution {
                    return Err(usage(format!(
                        "record {} is a patient's: `salus record terminate` ends it",
                        hex_of(&record)
                    )));
                }
                let ending = match entry.state {
                    // The key may still be with a node.
                    records::State::Terminated { .. } if node.is_some() => None,
                    _ => Some(record::terminate(&chain, &key, record, None).await?),
                };
                let ended = ending.as_ref().is_none_or(|ending| ending.ended);
                let removed = match (&node, ended) {
                    (Some(keys), true) => keys.remove(&record.0)?,
                    _ => 0,
                };
                let result = json!({
                    "record": hex_of(&record),
                    "ended": ended,
                    "keys_removed": removed,
                    "block": ending.map(|ending| ending.block),
                });
                output.result(&result, |_| match ended {
                    true => format!("Data set {} has ended", hex_of(&record)),
                    false => {
                        "Proposed: the other of institution and recovery account confirms with \
                              the same command"
                            .to_owned()
                    }
                })
            }
        }
    }
}

fn read(file: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let length = std::fs::metadata(file)
        .with_context(|| format!("cannot read {}", file.display()))?
        .len();
    match length {
        0 => Err(usage(format!("{} is empty", file.display()))),
        length if length > MAX_CONTENT => Err(usage(format!(
            "{} has {length} bytes; a data set has at most {MAX_CONTENT}",
            file.display()
        ))),
        _ => Ok(Zeroizing::new(files::read(file)?)),
    }
}

fn added_words(added: &Added) -> String {
    let mut text = format!(
        "Data set {} is recorded in block {}\n",
        added.record, added.block
    );
    if let (Some(rows), Some(columns)) = (added.rows, added.columns) {
        text.push_str(&format!(
            "{rows} rows without missing values, {columns} columns: clients have to know\n"
        ));
    }
    text.push_str(&format!("Its key is in {}\n", added.key_file.display()));
    match &added.node_key {
        Some(file) => text.push_str(&format!(
            "The node's agent seals it to panels from {}",
            file.display()
        )),
        None => text.push_str(&format!(
            "No node has the key yet. On the machine of the institution's node:\n  salus data key \
             {} --base-path DIR",
            added.record
        )),
    }
    text.push_str(&format!(
        "\nLet somebody have it analysed: salus record share {} --rights analyse --to ADDRESS \
         --purpose HRESCH --until 30d",
        added.record
    ));
    text
}

fn show_list(output: &Output, found: Vec<Record>) -> anyhow::Result<()> {
    output.result(&found, |found| {
        let rows: Vec<_> = found
            .iter()
            .map(|record| {
                let active = record.shares.iter().filter(|share| share.state == "active");
                vec![
                    record.id.clone(),
                    record.format.clone(),
                    record.released_at.to_string(),
                    active.count().to_string(),
                ]
            })
            .collect();
        output::table(&["Data set", "Format", "Recorded", "Shares"], &rows)
    })
}
