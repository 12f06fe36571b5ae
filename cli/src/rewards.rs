//! `salus rewards`: what records earn, and what members offer for it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Subcommand, ValueEnum};
use rand::{rngs::OsRng, RngCore};
use salus_blobs::digest;
use salus_primitives::{Balance, BlockNumber, Digest};
use serde::Serialize;
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;

use crate::{
    args::{Global, ACCOUNT},
    chain::{
        api::{self, rewards::events, runtime_types::pallet_rewards::types::OfferKind},
        text::{hex_of, parse_digest},
        Chain, Receipt,
    },
    error::usage,
    files,
    keys::{parse_account, KeyArgs},
    output,
};

/// What an offer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A treatment.
    Treatment,
    /// A lower premium of an insurance.
    PremiumReduction,
    /// Access to a data set.
    DataAccess,
}

/// Commands about rewards.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Have a record's tokens minted when its period is over, and paid when they have vested.
    Claim {
        /// Who pays the fee: anybody.
        #[command(flatten)]
        who: KeyArgs,
        /// The record.
        #[arg(value_parser = parse_digest)]
        record: Digest,
    },
    /// List what members offer.
    Offers,
    /// Member: offer something for tokens.
    Offer {
        /// The member.
        #[command(flatten)]
        who: KeyArgs,
        /// What it is about.
        #[arg(long, value_enum)]
        kind: Kind,
        /// Price of a voucher, MED.
        #[arg(long, value_name = "MED", value_parser = output::parse_med)]
        price: Balance,
        /// How many vouchers there are.
        #[arg(long, default_value = "1")]
        vouchers: u32,
        /// Blocks in which a voucher is honoured: 43,200 are a day.
        #[arg(long, value_name = "BLOCKS", default_value = "1296000")]
        validity: BlockNumber,
        /// File with the terms. Only its digest goes on chain.
        #[arg(long, value_name = "FILE")]
        terms: PathBuf,
    },
    /// Member: take an offer out of the catalogue.
    WithdrawOffer {
        /// The member.
        #[command(flatten)]
        who: KeyArgs,
        /// Number of the offer, of `salus rewards offers`.
        offer: u32,
    },
    /// Take a voucher: its price is held until it is honoured.
    Redeem {
        /// Who takes it.
        #[command(flatten)]
        who: KeyArgs,
        /// Number of the offer, of `salus rewards offers`.
        offer: u32,
        /// New file for the secret: who shows it presents the voucher.
        #[arg(long, value_name = "FILE")]
        secret: PathBuf,
        /// Pay at most, MED [default: the price of now].
        #[arg(long, value_name = "MED", value_parser = output::parse_med)]
        at_most: Option<Balance>,
    },
    /// List an account's vouchers.
    Vouchers {
        /// Whose: of the holder, or of the member that honours them.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        account: AccountId32,
    },
    /// Member: honour a voucher that was presented, and get its price.
    Honour {
        /// The member, or its operator key.
        #[command(flatten)]
        who: KeyArgs,
        /// Number of the voucher.
        voucher: u32,
        /// File with the secret that was shown.
        #[arg(long, value_name = "FILE")]
        secret: PathBuf,
    },
    /// Give a voucher's price back to its holder: the member at any time, anybody when it has expired.
    Refund {
        /// Whose transaction it is.
        #[command(flatten)]
        who: KeyArgs,
        /// Number of the voucher.
        voucher: u32,
    },
}

/// An entry of the catalogue.
#[derive(Clone, Debug, Serialize)]
pub struct Offer {
    /// Its number.
    pub offer: u32,
    /// Who offers.
    pub member: AccountId32,
    /// `treatment`, `premium-reduction` or `data-access`.
    pub kind: &'static str,
    /// Price of a voucher.
    #[serde(serialize_with = "crate::output::amount")]
    pub price: Balance,
    /// Vouchers that can still be had.
    pub left: u32,
    /// Blocks in which a voucher is honoured.
    pub validity: BlockNumber,
    /// blake2-256 of the terms.
    pub terms: String,
}

/// A voucher that was not used.
#[derive(Clone, Debug, Serialize)]
pub struct Voucher {
    /// Its number.
    pub voucher: u32,
    /// Who has it.
    pub holder: AccountId32,
    /// Who honours it.
    pub member: AccountId32,
    /// Number of the offer.
    pub offer: u32,
    /// What is held for it.
    #[serde(serialize_with = "crate::output::amount")]
    pub price: Balance,
    /// First block in which it is honoured no more.
    pub expires: BlockNumber,
}

/// What a claim did.
#[derive(Clone, Debug, Serialize)]
pub struct Claimed {
    /// What the record earned in all, where it was minted now.
    #[serde(serialize_with = "some_amount")]
    pub minted: Option<Balance>,
    /// First block in which it is paid, where it was minted now.
    pub vests: Option<BlockNumber>,
    /// What the patient got.
    #[serde(serialize_with = "crate::output::amount")]
    pub patient: Balance,
    /// What the institution got.
    #[serde(serialize_with = "crate::output::amount")]
    pub institution: Balance,
    /// The transaction.
    #[serde(flatten)]
    pub receipt: Receipt,
}

fn some_amount<S: serde::Serializer>(
    amount: &Option<Balance>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match amount {
        Some(amount) => serializer.collect_str(amount),
        None => serializer.serialize_none(),
    }
}

impl Claimed {
    fn words(&self) -> String {
        let mut text = String::new();
        if let (Some(minted), Some(vests)) = (self.minted, self.vests) {
            text.push_str(&format!(
                "Minted {}, paid from block {vests} on\n",
                output::med(minted)
            ));
        }
        if self.patient > 0 || self.institution > 0 {
            text.push_str(&format!(
                "Paid {} to the patient and {} to the institution\n",
                output::med(self.patient),
                output::med(self.institution)
            ));
        }
        text
    }
}

/// Has a record's tokens minted, and paid.
pub async fn claim(chain: &Chain, key: &Keypair, record: Digest) -> anyhow::Result<Claimed> {
    let receipt = chain
        .submit(key, &api::tx().rewards().claim(record))
        .await?;
    let minted = receipt.events::<events::Minted>()?.pop();
    let paid = receipt.events::<events::Vested>()?.pop();
    Ok(Claimed {
        minted: minted
            .as_ref()
            .map(|event| event.patient.saturating_add(event.institution)),
        vests: minted.map(|event| event.vests),
        patient: paid.as_ref().map_or(0, |event| event.patient),
        institution: paid.map_or(0, |event| event.institution),
        receipt,
    })
}

/// What members offer.
pub async fn offers(chain: &Chain) -> anyhow::Result<Vec<Offer>> {
    let at = chain.finalized().await?;
    let entries = chain
        .list(&at, api::storage().rewards().offers(), ())
        .await?;
    let mut all: Vec<_> = entries
        .into_iter()
        .map(|((id,), offer)| Offer {
            offer: id,
            member: offer.member,
            kind: match offer.kind {
                OfferKind::Treatment => "treatment",
                OfferKind::PremiumReduction => "premium-reduction",
                OfferKind::DataAccess => "data-access",
            },
            price: offer.price,
            left: offer.left,
            validity: offer.validity,
            terms: hex_of(&offer.terms),
        })
        .collect();
    all.sort_by_key(|offer| offer.offer);
    Ok(all)
}

/// A member offers something. The number of the offer.
pub async fn offer(
    chain: &Chain,
    key: &Keypair,
    kind: Kind,
    price: Balance,
    vouchers: u32,
    validity: BlockNumber,
    terms: &Path,
) -> anyhow::Result<(u32, Receipt)> {
    let terms = std::fs::read(terms)
        .with_context(|| format!("cannot read the terms {}", terms.display()))?;
    let kind = match kind {
        Kind::Treatment => OfferKind::Treatment,
        Kind::PremiumReduction => OfferKind::PremiumReduction,
        Kind::DataAccess => OfferKind::DataAccess,
    };
    let call = api::tx()
        .rewards()
        .offer(kind, price, vouchers, validity, digest(&terms));
    let receipt = chain.submit(key, &call).await?;
    let offered: events::Offered = receipt.event()?;
    Ok((offered.offer, receipt))
}

/// A member takes an offer back.
pub async fn withdraw_offer(chain: &Chain, key: &Keypair, offer: u32) -> anyhow::Result<Receipt> {
    chain
        .submit(key, &api::tx().rewards().withdraw_offer(offer))
        .await
}

/// Takes a voucher for at most `at_most`, or the price of now. Its number, and the first block in
/// which it is honoured no more. The secret is in the new file before anything is held.
pub async fn redeem(
    chain: &Chain,
    key: &Keypair,
    offer: u32,
    secret: &Path,
    at_most: Option<Balance>,
) -> anyhow::Result<(u32, BlockNumber, Receipt)> {
    let at = chain.finalized().await?;
    let found = chain
        .get(&at, api::storage().rewards().offers(), (offer,))
        .await?
        .ok_or_else(|| usage(format!("there is no offer {offer}: salus rewards offers")))?;
    let mut bytes = [0; 32];
    OsRng.fill_bytes(&mut bytes);
    files::check_new(secret)?;
    files::write(secret, format!("{}\n", hex::encode(bytes)).as_bytes())?;
    let price = at_most.unwrap_or(found.price);
    let call = api::tx().rewards().redeem(offer, price, digest(&bytes));
    let done = chain.submit(key, &call).await;
    if matches!(
        done.as_ref().err().and_then(crate::error::failure),
        Some(crate::error::Failure::Refused { .. })
    ) {
        // It is worth nothing, and would stand in the way of the next attempt.
        let _ = std::fs::remove_file(secret);
    }
    let receipt = done?;
    let redeemed: events::Redeemed = receipt.event()?;
    Ok((redeemed.voucher, redeemed.expires, receipt))
}

/// The vouchers of a holder, and those that a member honours.
pub async fn vouchers(chain: &Chain, account: AccountId32) -> anyhow::Result<Vec<Voucher>> {
    let at = chain.finalized().await?;
    let entries = chain
        .list(&at, api::storage().rewards().vouchers(), ())
        .await?;
    let mut all: Vec<_> = entries
        .into_iter()
        .filter(|(_, voucher)| voucher.holder == account || voucher.member == account)
        .map(|((id,), voucher)| Voucher {
            voucher: id,
            holder: voucher.holder,
            member: voucher.member,
            offer: voucher.offer,
            price: voucher.price,
            expires: voucher.expires,
        })
        .collect();
    all.sort_by_key(|voucher| voucher.voucher);
    Ok(all)
}

/// A member honours a voucher.
pub async fn honour(
    chain: &Chain,
    key: &Keypair,
    voucher: u32,
    secret: &Path,
) -> anyhow::Result<Receipt> {
    let text = std::fs::read_to_string(secret)
        .with_context(|| format!("cannot read the secret {}", secret.display()))?;
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| {
        usage(format!(
            "{} is no secret of a voucher: 64 hex digits",
            secret.display()
        ))
    })?;
    chain
        .submit(key, &api::tx().rewards().honour(voucher, bytes))
        .await
}

/// Gives a voucher's price back.
pub async fn refund(chain: &Chain, key: &Keypair, voucher: u32) -> anyhow::Result<Receipt> {
    chain
        .submit(key, &api::tx().rewards().refund(voucher))
        .await
}

/// Something with a number that was made by a transaction.
#[derive(Serialize)]
struct Made {
    /// Number of the offer.
    #[serde(skip_serializing_if = "Option::is_none")]
    offer: Option<u32>,
    /// Number of the voucher.
    #[serde(skip_serializing_if = "Option::is_none")]
    voucher: Option<u32>,
    #[serde(flatten)]
    receipt: Receipt,
}

impl Command {
    /// Does it.
    pub async fn run(self, global: &Global) -> anyhow::Result<()> {
        let output = global.output();
        let chain = Chain::open(global).await?;
        match self {
            Command::Claim { who, record } => {
                let claimed = claim(&chain, &who.account()?, record).await?;
                output.result(&claimed, Claimed::words)
            }
            Command::Offers => output.result(&offers(&chain).await?, |all| {
                let rows: Vec<_> = all
                    .iter()
                    .map(|offer| {
                        vec![
                            offer.offer.to_string(),
                            offer.kind.to_owned(),
                            output::med(offer.price),
                            offer.left.to_string(),
                            offer.validity.to_string(),
                            offer.member.to_string(),
                        ]
                    })
                    .collect();
                output::table(
                    &["Offer", "Kind", "Price", "Left", "Valid, blocks", "Member"],
                    &rows,
                )
            }),
            Command::Offer {
                who,
                kind,
                price,
                vouchers,
                validity,
                terms,
            } => {
                let key = who.account()?;
                let (offer, receipt) =
                    offer(&chain, &key, kind, price, vouchers, validity, &terms).await?;
                let made = Made {
                    offer: Some(offer),
                    voucher: None,
                    receipt,
                };
                output.result(&made, |_| format!("Offer {offer}"))
            }
            Command::WithdrawOffer { who, offer } => {
                let receipt = withdraw_offer(&chain, &who.account()?, offer).await?;
                receipt.tell(&output, format!("Offer {offer} is withdrawn"))
            }
            Command::Redeem {
                who,
                offer,
                secret,
                at_most,
            } => {
                let (voucher, expires, receipt) =
                    redeem(&chain, &who.account()?, offer, &secret, at_most).await?;
                let made = Made {
                    offer: None,
                    voucher: Some(voucher),
                    receipt,
                };
                output.result(&made, |_| {
                    format!(
                        "Voucher {voucher} is honoured before block {expires} for the secret in {}",
                        secret.display()
                    )
                })
            }
            Command::Vouchers { account } => {
                output.result(&vouchers(&chain, account).await?, |all| {
                    let rows: Vec<_> = all
                        .iter()
                        .map(|voucher| {
                            vec![
                                voucher.voucher.to_string(),
                                voucher.offer.to_string(),
                                output::med(voucher.price),
                                voucher.expires.to_string(),
                                voucher.holder.to_string(),
                                voucher.member.to_string(),
                            ]
                        })
                        .collect();
                    output::table(
                        &["Voucher", "Offer", "Price", "Expires", "Holder", "Member"],
                        &rows,
                    )
                })
            }
            Command::Honour {
                who,
                voucher,
                secret,
            } => {
                let receipt = honour(&chain, &who.account()?, voucher, &secret).await?;
                receipt.tell(&output, format!("Voucher {voucher} is honoured"))
            }
            Command::Refund { who, voucher } => {
                let receipt = refund(&chain, &who.account()?, voucher).await?;
                receipt.tell(&output, format!("The price of voucher {voucher} is back"))
            }
        }
    }
}
