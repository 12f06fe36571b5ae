//! `salus chain`, and what every command that talks to a node uses: the connection, transactions,
//! and errors in words.

pub mod api;
mod call;
mod client;
mod submit;
pub mod text;
mod words;

pub use call::{call_words, encode};
pub use client::{account_of, At, Chain, Config};
pub use submit::{sign, Receipt};
pub(crate) use words::refusal;

use anyhow::Context;
use clap::Subcommand;
use salus_primitives::{Balance, Hash};
use serde::Serialize;
use subxt::utils::{AccountId32, MultiAddress};

use crate::{
    args::{Global, ACCOUNT},
    keys::{parse_account, KeyArgs},
    output,
};

/// Commands about the chain and accounts.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the chain that the node belongs to, and how far it is.
    Info,
    /// Show an account's balance.
    Account {
        /// Whose.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        account: AccountId32,
    },
    /// Send MED to an account.
    Transfer {
        /// Who pays.
        #[command(flatten)]
        who: KeyArgs,

        /// To whom.
        #[arg(long, value_name = ACCOUNT, value_parser = parse_account)]
        to: AccountId32,

        /// How much, as 12.5.
        #[arg(long, value_name = "MED", value_parser = output::parse_med)]
        amount: Balance,
    },
}

/// A chain and how far it is.
#[derive(Clone, Debug, Serialize)]
pub struct Info {
    /// Address of the node.
    pub node: String,
    /// Hash of the first block.
    pub genesis: Hash,
    /// Version of the runtime.
    pub spec_version: u32,
    /// Whether this command was built for exactly this runtime.
    pub current: bool,
    /// Last finalized block.
    pub finalized: u64,
    /// Time of that block.
    pub time: String,
}

/// What an account has.
#[derive(Clone, Debug, Serialize)]
pub struct Funds {
    /// The account.
    pub account: AccountId32,
    /// What it can spend, with what must stay in it, in units of 10^-12 MED.
    #[serde(serialize_with = "crate::output::amount")]
    pub free: Balance,
    /// What is held for deposits, bonds and rewards.
    #[serde(serialize_with = "crate::output::amount")]
    pub held: Balance,
    /// Transactions made.
    pub nonce: u32,
}

/// Shows the chain.
pub async fn info(chain: &Chain) -> anyhow::Result<Info> {
    let at = chain.finalized().await?;
    Ok(Info {
        node: chain.url().to_owned(),
        genesis: chain.genesis(),
        spec_version: chain.spec_version(),
        current: api::is_codegen_valid_for(at.metadata_ref()),
        finalized: at.block_number(),
        time: text::moment_text(chain.now(&at).await?),
    })
}

/// Shows an account.
pub async fn funds(chain: &Chain, account: AccountId32) -> anyhow::Result<Funds> {
    let at = chain.finalized().await?;
    let found = chain
        .get(&at, api::storage().system().account(), (account,))
        .await?
        .context("accounts have a default")?;
    Ok(Funds {
        account,
        free: found.data.free,
        held: found.data.reserved,
        nonce: found.nonce,
    })
}

/// Sends `amount` to an account; the sender keeps the existential deposit.
pub async fn transfer(
    chain: &Chain,
    from: &subxt_signer::sr25519::Keypair,
    to: AccountId32,
    amount: Balance,
) -> anyhow::Result<Receipt> {
    let call = api::tx()
        .balances()
        .transfer_keep_alive(MultiAddress::Id(to), amount);
    chain.submit(from, &call).await
}

impl Command {
    /// Does it.
    pub async fn run(self, global: &Global) -> anyhow::Result<()> {
        let output = global.output();
        let chain = Chain::open(global).await?;
        match self {
            Command::Info => output.result(&info(&chain).await?, |info| {
                output::fields(&[
                    ("Node", info.node.clone()),
                    ("Genesis", text::hex_of(&info.genesis)),
                    (
                        "Runtime",
                        match info.current {
                            true => info.spec_version.to_string(),
                            false => format!(
                                "{} (this command was built for another one)",
                                info.spec_version
                            ),
                        },
                    ),
                    ("Finalized", info.finalized.to_string()),
                    ("Time", info.time.clone()),
                ])
            }),
            Command::Account { account } => {
                output.result(&funds(&chain, account).await?, |funds| {
                    output::fields(&[
                        ("Account", funds.account.to_string()),
                        ("Free", output::med(funds.free)),
                        ("Held", output::med(funds.held)),
                        ("Transactions", funds.nonce.to_string()),
                    ])
                })
            }
            Command::Transfer { who, to, amount } => {
                let receipt = transfer(&chain, &who.account()?, to, amount).await?;
                output.result(&receipt, |receipt| {
                    format!(
                        "{} sent to {to} in block {}",
                        output::med(amount),
                        receipt.block
                    )
                })
            }
        }
    }
}
