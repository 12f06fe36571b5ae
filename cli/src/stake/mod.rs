//! `salus stake`: candidates, delegations, and who is elected.

mod calls;
mod read;

pub use calls::{
    back, bond, cancel_slash, claim, commission, delegate, leave, redelegate, set_keys, settle,
    unbond, withdraw, withdraw_bond,
};
pub use read::{
    candidates, elected, gains, is_candidate, shown, slashes, stays, yields, Candidate, Delegated,
    Elected, Gain, Slash, Yield,
};

use clap::{Args, Subcommand};
use salus_primitives::{stake::SessionIndex, Balance};
use subxt::utils::AccountId32;

use crate::{
    args::{Global, ACCOUNT},
    chain::{account_of, api, Chain, Receipt},
    council,
    keys::{parse_account, KeyArgs},
    output,
    registry::CouncilArgs,
};

/// How much of a delegation.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Part {
    /// How much, MED.
    #[arg(value_parser = output::parse_med)]
    pub amount: Option<Balance>,
    /// All of it.
    #[arg(long)]
    pub all: bool,
}

impl Part {
    /// The chain takes what there is where asked for more.
    fn amount(&self) -> Balance {
        self.amount.unwrap_or(Balance::MAX)
    }
}

/// Commands about stake.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the candidates, the best backed first.
    Candidates,
    /// Show who validates, who is planned, and who would be elected now.
    Elected,
    /// Show what an account has delegated, and what is on its way back.
    Show {
        /// Whose.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        account: AccountId32,
    },
    /// Show what an account's delegations gained and it can claim.
    Rewards {
        /// Whose.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        account: AccountId32,
    },
    /// Show what a delegation would gain in a year, if nothing changes.
    Yield {
        /// With this candidate [default: with each].
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        candidate: Option<AccountId32>,
    },
    /// List the slashes that wait for their session.
    Slashes,
    /// Institution: have the node at --node make new session keys, and register them.
    SetKeys {
        /// The institution whose node that is.
        #[command(flatten)]
        who: KeyArgs,
    },
    /// Institution: put up a bond and be a candidate; a candidate adds to its bond.
    Bond {
        /// The institution.
        #[command(flatten)]
        who: KeyArgs,
        /// How much, MED [default: the smallest bond that the chain takes].
        #[arg(value_parser = output::parse_med)]
        amount: Option<Balance>,
        /// Part of the rewards that you take before they are shared [default: 0%].
        #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
        commission: Option<u32>,
    },
    /// Candidate: change the commission; a higher one holds after the notice period.
    Commission {
        /// The candidate.
        #[command(flatten)]
        who: KeyArgs,
        /// Part of the rewards: 5%.
        #[arg(value_name = "PERCENT", value_parser = parse_percent)]
        commission: u32,
    },
    /// Candidate: be elected no more; the bond comes back after the unbonding period.
    Leave {
        /// The candidate.
        #[command(flatten)]
        who: KeyArgs,
    },
    /// Candidate: say that your validator is back.
    Back {
        /// The candidate, or its operator key.
        #[command(flatten)]
        who: KeyArgs,
    },
    /// Delegate to a candidate, or more.
    Delegate {
        /// Who delegates.
        #[command(flatten)]
        who: KeyArgs,
        /// To whom.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        candidate: AccountId32,
        /// How much, MED.
        #[arg(value_parser = output::parse_med)]
        amount: Balance,
    },
    /// Take stake back from a candidate; it comes back after the unbonding period.
    Unbond {
        /// Who delegated.
        #[command(flatten)]
        who: KeyArgs,
        /// To whom.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        candidate: AccountId32,
        /// How much.
        #[command(flatten)]
        part: Part,
    },
    /// Move stake from one candidate to another at once.
    Redelegate {
        /// Who delegated.
        #[command(flatten)]
        who: KeyArgs,
        /// Away from whom.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        from: AccountId32,
        /// To whom.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        to: AccountId32,
        /// How much.
        #[command(flatten)]
        part: Part,
    },
    /// Get what is at the end of its unbonding period; a candidate that left gets its bond.
    Withdraw {
        /// Who delegated, or left.
        #[command(flatten)]
        who: KeyArgs,
        /// What was delegated to this candidate [default: your own bond].
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        candidate: Option<AccountId32>,
    },
    /// Take out what a delegation gained; it comes back after the unbonding period.
    Claim {
        /// Who delegated.
        #[command(flatten)]
        who: KeyArgs,
        /// To whom.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        candidate: AccountId32,
    },
    /// Have a delegation pay what it owes for a former candidate's offences.
    Settle {
        /// Who pays the fee: anybody.
        #[command(flatten)]
        who: KeyArgs,
        /// Who delegated.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        delegator: AccountId32,
        /// To whom.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        candidate: AccountId32,
    },
    /// Council: cancel a slash before it is taken.
    CancelSlash {
        /// Who is accused.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
        candidate: AccountId32,
        /// Session of the offence, of `salus stake slashes`.
        session: SessionIndex,
        /// The council's keys at hand.
        #[command(flatten)]
        council: CouncilArgs,
    },
}

/// Reads a percentage with up to seven decimals: `5`, `2.5%`. In 10^-9.
pub fn parse_percent(text: &str) -> Result<u32, String> {
    let bad = || format!("{text:?} is not a percentage such as 5% or 2.5%");
    let number = text.trim().trim_end_matches('%').trim_end();
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || decimals.len() > 7 || !digits(whole) || !digits(decimals) {
        return Err(bad());
    }
    let whole: u32 = whole.parse().map_err(|_| bad())?;
    let rest: u32 = format!("{decimals:0<7}").parse().map_err(|_| bad())?;
    whole
        .checked_mul(10_000_000)
        .and_then(|whole| whole.checked_add(rest))
        .filter(|parts| *parts <= 1_000_000_000)
        .ok_or_else(|| format!("{text:?} is more than all"))
}

/// A part, in 10^-9, as a percentage.
pub fn percent(parts: u32) -> String {
    let (whole, rest) = (parts / 10_000_000, parts % 10_000_000);
    match rest {
        0 => format!("{whole}%"),
        rest => format!("{whole}.{}%", format!("{rest:07}").trim_end_matches('0')),
    }
}

impl Command {
    /// Does it.
    pub async fn run(self, global: &Global) -> anyhow::Result<()> {
        let output = global.output();
        let chain = Chain::open(global).await?;
        let done = |receipt: Receipt, what: String| receipt.tell(&output, what);
        let back_in = |unlocks: SessionIndex| format!("can be withdrawn in session {unlocks}");
        match self {
            Command::Candidates => {
                output.result(&candidates(&chain).await?, |all| Candidate::table(all))
            }
            Command::Elected => output.result(&elected(&chain).await?, Elected::words),
            Command::Show { account } => {
                output.result(&shown(&chain, account).await?, |all| Delegated::table(all))
            }
            Command::Rewards { account } => {
                output.result(&gains(&chain, account).await?, |all| Gain::table(all))
            }
            Command::Yield { candidate } => {
                output.result(&yields(&chain, candidate).await?, |all| Yield::table(all))
            }
            Command::Slashes => output.result(&slashes(&chain).await?, |all| Slash::table(all)),
            Command::SetKeys { who } => {
                let receipt = set_keys(&chain, &who.account()?).await?;
                done(
                    receipt,
                    "The node's new session keys are registered; they hold from the session after \
                     the next on"
                        .to_owned(),
                )
            }
            Command::Bond {
                who,
                amount,
                commission,
            } => {
                let (bond, receipt) = bond(&chain, &who.account()?, amount, commission).await?;
                done(receipt, format!("Bonded {}", output::med(bond)))
            }
            Command::Commission {
                who,
                commission: to,
            } => {
                let (from, receipt) = commission(&chain, &who.account()?, to).await?;
                let to = percent(to);
                done(
                    receipt,
                    format!("The commission is {to} from session {from} on"),
                )
            }
            Command::Leave { who } => {
                let key = who.account()?;
                let (unlocks, receipt) = leave(&chain, &key).await?;
                if stays(&chain, account_of(&key)).await? {
                    output.note(
                        "Warning: too few others can be elected, so the validators stay, this one \
                         among them, until another candidate comes: let its node run on until salus \
                         stake elected shows it no more",
                    );
                }
                done(receipt, format!("Left; the bond {}", back_in(unlocks)))
            }
            Command::Back { who } => done(
                back(&chain, &who.account()?).await?,
                "It can be elected again".to_owned(),
            ),
            Command::Delegate {
                who,
                candidate,
                amount,
            } => {
                let receipt = delegate(&chain, &who.account()?, candidate, amount).await?;
                let amount = output::med(amount);
                done(receipt, format!("Delegated {amount} to {candidate}"))
            }
            Command::Unbond {
                who,
                candidate,
                part,
            } => {
                let key = who.account()?;
                let (amount, unlocks, receipt) =
                    unbond(&chain, &key, candidate, part.amount()).await?;
                let amount = output::med(amount);
                done(receipt, format!("{amount} {}", back_in(unlocks)))
            }
            Command::Redelegate {
                who,
                from,
                to,
                part,
            } => {
                let (amount, receipt) =
                    redelegate(&chain, &who.account()?, from, to, part.amount()).await?;
                let amount = output::med(amount);
                done(receipt, format!("Moved {amount} to {to}"))
            }
            Command::Withdraw { who, candidate } => {
                let key = who.account()?;
                let (amount, receipt) = match candidate {
                    Some(candidate) => withdraw(&chain, &key, candidate).await?,
                    None => withdraw_bond(&chain, &key).await?,
                };
                done(receipt, format!("{} are back", output::med(amount)))
            }
            Command::Claim { who, candidate } => {
                let (amount, unlocks, receipt) = claim(&chain, &who.account()?, candidate).await?;
                let amount = output::med(amount);
                done(receipt, format!("{amount} {}", back_in(unlocks)))
            }
            Command::Settle {
                who,
                delegator,
                candidate,
            } => {
                let (amount, receipt) =
                    settle(&chain, &who.account()?, delegator, candidate).await?;
                done(receipt, format!("{} were owed", output::med(amount)))
            }
            Command::CancelSlash {
                candidate,
                session,
                council,
            } => {
                let call = api::Call::Delegation(cancel_slash(candidate, session));
                let progress = council::carry(&chain, &council.keys()?, call).await?;
                output.result(&progress, |progress| {
                    progress.words(&format!("Cancelling {candidate}'s slash"))
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages() {
        for (text, parts) in [
            ("5", 50_000_000),
            ("2.5%", 25_000_000),
            ("0%", 0),
            ("100 %", 1_000_000_000),
            ("0.0000001%", 1),
        ] {
            assert_eq!(parse_percent(text), Ok(parts), "{text}");
        }
        for bad in ["", "%", "100.1", "101", "-1", "1.00000001", "ten", "5,5"] {
            assert!(parse_percent(bad).is_err(), "{bad}");
        }
        assert_eq!(percent(25_000_000), "2.5%");
        assert_eq!(percent(1_000_000_000), "100%");
        assert_eq!(percent(1), "0.0000001%");
    }
}
