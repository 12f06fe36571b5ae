//! What is agreed on before anybody joins, as it is written.

use clap::{builder::PossibleValuesParser, Args, ValueEnum};
use salus_analytics::{
    scale::Scaling,
    svm::{Loss, SvmParameters},
};
use salus_primitives::{
    records::Purpose,
    training::{Backend, ModelAccess},
    Balance, BlockNumber, Digest,
};
use salus_training::agreed::Options;
use subxt::utils::AccountId32;

use super::Order;
use crate::{
    analyse::one_of, args::ACCOUNT, chain::text::parse_digest, error::usage, keys::parse_account,
    output, record::codes::parse_purpose,
};

/// Blocks to join in: ten minutes.
const JOIN_WINDOW: BlockNumber = 300;
/// The same where the first participant has to draw safe primes: half an hour.
const JOIN_WINDOW_DEALT: BlockNumber = 900;
/// Blocks of a stage: half an hour. It ends as soon as all have posted.
const STAGE_WINDOW: BlockNumber = 900;
/// `HRESCH` in `docs/purposes.md`.
const RESEARCH: Purpose = 5;
/// Stages of a training: each costs a few blocks, and limits what a silent party can hold up.
const STAGES: u32 = 2;

/// A way to train.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BackendArg {
    /// Same attributes, different patients: the model travels encrypted, only the sums of all come
    /// back.
    SecureSvm,
    /// Same attributes, different patients: packed encrypted sums, Newton's method.
    PackedNewton,
    /// Same attributes, different patients: sums under masks that cancel, no encryption. The fastest.
    Masked,
    /// Same patients, different attributes: one row a round, judged under a key that all share.
    Faithful,
    /// Same patients, different attributes: many rows a round.
    Batch,
}

impl From<BackendArg> for Backend {
    fn from(backend: BackendArg) -> Self {
        match backend {
            BackendArg::SecureSvm => Backend::SecureSvm,
            BackendArg::PackedNewton => Backend::PackedNewton,
            BackendArg::Masked => Backend::Masked,
            BackendArg::Faithful => Backend::Faithful,
            BackendArg::Batch => Backend::Batch,
        }
    }
}

/// Who gets the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AccessArg {
    /// Who opens the training, and every participant that stays to its end.
    Everyone,
    /// Who opens the training.
    Initiator,
}

impl From<AccessArg> for ModelAccess {
    fn from(access: AccessArg) -> Self {
        match access {
            AccessArg::Everyone => ModelAccess::Everyone,
            AccessArg::Initiator => ModelAccess::Initiator,
        }
    }
}

/// Terms of a training.
#[derive(Clone, Debug, Args)]
pub struct TermsArgs {
    /// How to train.
    #[arg(long, value_enum)]
    pub backend: BackendArg,

    /// Whom to ask to bring data, one --with for each. Same attributes: you are the analyst, who has
    /// no data. Same patients: name yourself too if you bring some; the first named makes the key,
    /// and is trusted to forget it.
    #[arg(long = "with", required = true, value_name = ACCOUNT, value_parser = parse_account)]
    pub participants: Vec<AccountId32>,

    /// A declared data set whose attributes all have to have [default: what all whom you ask have
    /// declared].
    #[arg(long, value_name = "DATASET", value_parser = parse_digest)]
    pub like: Option<Digest>,

    /// Same patients: who knows the classes [default: the first named].
    #[arg(long, value_name = ACCOUNT, value_parser = parse_account)]
    pub classes: Option<AccountId32>,

    /// Values of the positive class, separated by commas.
    #[arg(
        long,
        value_name = "VALUES",
        default_value = "1",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    pub positive: Vec<f64>,

    /// C, the weight of errors against wide margins [default: 1; same patients: 10].
    #[arg(long, value_name = "C")]
    pub c: Option<f64>,

    /// Learning rate eta of the hinge loss [default: 0.001; same patients: 0.002].
    #[arg(long, value_name = "ETA")]
    pub eta: Option<f64>,

    /// Most rounds T [default: 50; batch: 15, faithful: 1500].
    #[arg(long, value_name = "T")]
    pub rounds: Option<u32>,

    /// Same patients: rows of a round, 0 for all [default: 100, in faithful always 1].
    #[arg(long, value_name = "N")]
    pub batch: Option<u32>,

    /// Loss [default: squared-hinge by Newton's method with packed-newton and masked, else hinge].
    #[arg(long, value_parser = PossibleValuesParser::new(["hinge", "squared-hinge"]))]
    pub loss: Option<String>,

    /// Scaling of the columns: to mean 0 and deviation 1 over all rows, which all learn, or none.
    #[arg(
        long,
        default_value_t = Scaling::ZScore,
        value_parser = one_of::<Scaling>(&["none", "z-score"])
    )]
    pub scaling: Scaling,

    /// Bits after the point of values and weights [default: 16; secure-svm: 12].
    #[arg(long, value_name = "BITS")]
    pub fraction: Option<u32>,

    /// Count the bias among the weights that are kept small.
    #[arg(long)]
    pub penalise_bias: bool,

    /// Stop once 1/2|w|^2 + C sum of losses is not above this. Not where patients are the same.
    #[arg(long, value_name = "COST", default_value_t = 0.0)]
    pub stop_cost: f64,

    /// For what, as in the consents: HRESCH, … or a number.
    #[arg(long, default_value = "HRESCH", value_parser = parse_purpose)]
    pub purpose: Purpose,

    /// Bits of the Paillier key: 2048 or 3072 [default: 2048, with masked none].
    #[arg(long, value_name = "BITS")]
    pub key_bits: Option<u16>,

    /// Same attributes: a round in which fewer rows changed is not released. Same patients: with fewer
    /// in common nobody trains.
    #[arg(long, value_name = "K", default_value_t = 10)]
    pub min_changed: u32,

    /// Same attributes: participants below which it does not begin or go on [default: 2, or the only
    /// one].
    #[arg(long, value_name = "N")]
    pub min_participants: Option<u32>,

    /// Stages, from 1 to 10: after each all say on chain what they have, and who is silent is out.
    #[arg(long, value_name = "N", default_value_t = STAGES)]
    pub stages: u32,

    /// Who gets the model.
    #[arg(long, value_enum, default_value = "everyone")]
    pub access: AccessArg,

    /// Blocks of 2 s to join in [default: 300; same patients: 900, since the first participant draws a
    /// key, which takes minutes].
    #[arg(long, value_name = "BLOCKS")]
    pub join_window: Option<BlockNumber>,

    /// Blocks of a stage; it ends earlier once all have posted.
    #[arg(long, value_name = "BLOCKS", default_value_t = STAGE_WINDOW)]
    pub stage_window: BlockNumber,

    /// What the participants share when there is a model.
    #[arg(long, value_name = "MED", default_value = "0", value_parser = output::parse_med)]
    pub reward: Balance,

    /// What each party puts up, and loses half of if it is silent or sends what does not verify
    /// [default: the least that the chain takes].
    #[arg(long, value_name = "MED", value_parser = output::parse_med)]
    pub deposit: Option<Balance>,
}

impl TermsArgs {
    /// The usual terms.
    pub fn usual(backend: BackendArg, participants: Vec<AccountId32>, positive: &[f64]) -> Self {
        TermsArgs {
            backend,
            participants,
            like: None,
            classes: None,
            positive: positive.to_vec(),
            c: None,
            eta: None,
            rounds: None,
            batch: None,
            loss: None,
            scaling: Scaling::ZScore,
            fraction: None,
            penalise_bias: false,
            stop_cost: 0.0,
            purpose: RESEARCH,
            key_bits: None,
            min_changed: 10,
            min_participants: None,
            stages: STAGES,
            access: AccessArg::Everyone,
            join_window: None,
            stage_window: STAGE_WINDOW,
            reward: 0,
            deposit: None,
        }
    }

    /// The order, checked as far as that goes without the chain.
    pub fn order(&self) -> anyhow::Result<Order> {
        use BackendArg::{Batch, Faithful, Masked, PackedNewton, SecureSvm};
        let together = matches!(self.backend, Faithful | Batch);
        let refused = |wrong: bool, why: &str| match wrong {
            true => Err(usage(why)),
            false => Ok(()),
        };
        refused(
            together && self.like.is_some(),
            "--like is for trainings on the same attributes; here each participant has its own",
        )?;
        refused(
            !together && self.classes.is_some(),
            "--classes is for trainings on the same patients; elsewhere every participant has them",
        )?;
        refused(
            together && self.min_participants.is_some(),
            "--min-participants is for trainings on the same attributes; this one needs all",
        )?;
        refused(
            self.batch.is_some() && self.backend != Batch,
            "--batch is for the back-end batch",
        )?;
        refused(
            self.backend == Masked && self.key_bits.is_some(),
            "masked has no key: leave --key-bits out",
        )?;
        let loss = match (self.loss.as_deref(), self.backend) {
            (Some("squared-hinge"), _) | (None, PackedNewton | Masked) => Loss::SquaredHinge,
            _ => Loss::Hinge,
        };
        let classes = match self.classes {
            None => 0,
            Some(who) => {
                let place = self.participants.iter().position(|other| *other == who);
                let place = place
                    .ok_or_else(|| usage("who knows the classes is none of those named --with"))?;
                u16::try_from(place)?
            }
        };
        let svm = SvmParameters {
            batch: match self.backend {
                Batch => self.batch.unwrap_or(100),
                Faithful => 1,
                _ => 0,
            },
            c: self.c.unwrap_or(if together { 10.0 } else { 1.0 }),
            eta: self.eta.unwrap_or(if together { 0.002 } else { 0.001 }),
            fraction: self.fraction.unwrap_or(match self.backend {
                SecureSvm => 12,
                _ => 16,
            }),
            iterations: self.rounds.unwrap_or(match self.backend {
                Faithful => 1500,
                Batch => 15,
                _ => 50,
            }),
            loss,
            penalise_bias: self.penalise_bias,
            positive: self.positive.clone(),
            scaling: self.scaling,
            seed: 0,
            stop_cost: self.stop_cost,
        };
        svm.validate().map_err(|error| usage(error.to_string()))?;
        let asked = u32::try_from(self.participants.len())?;
        Ok(Order {
            backend: self.backend.into(),
            options: Options { classes, svm },
            participants: self.participants.clone(),
            like: self.like,
            purpose: self.purpose,
            key_bits: match self.backend {
                Masked => 0,
                _ => self.key_bits.unwrap_or(2048),
            },
            min_changed: self.min_changed,
            min_participants: match together {
                true => asked,
                false => self.min_participants.unwrap_or(asked.min(2)),
            },
            stages: self.stages,
            access: self.access.into(),
            join_window: self.join_window.unwrap_or(match together {
                true => JOIN_WINDOW_DEALT,
                false => JOIN_WINDOW,
            }),
            stage_window: self.stage_window,
            reward: self.reward,
            deposit: self.deposit,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        terms: TermsArgs,
    }

    fn order(line: &str) -> anyhow::Result<Order> {
        let words = format!("train --with //Bob --with //Charlie {line}");
        Line::try_parse_from(words.split_whitespace())?
            .terms
            .order()
    }

    #[test]
    fn each_back_end_has_defaults_that_its_protocol_takes() {
        for backend in ["secure-svm", "packed-newton", "masked", "faithful", "batch"] {
            let order = order(&format!("--backend {backend}")).unwrap();
            let terms = order.terms(None, 1).unwrap();
            let together = matches!(backend, "faithful" | "batch");
            let taken = match together {
                true => salus_training::agreed::heterogeneous(&terms, [0; 32], 2).map(drop),
                false => salus_training::agreed::homogeneous(&terms, [0; 32], 2, 9).map(drop),
            };
            taken.unwrap_or_else(|error| panic!("{backend}: {error}"));
            assert_eq!(terms.min_participants, 2);
            assert_eq!(terms.key_bits == 0, backend == "masked");
        }
        let svm = order("--backend packed-newton").unwrap().options.svm;
        assert_eq!((svm.loss, svm.iterations), (Loss::SquaredHinge, 50));
    }

    #[test]
    fn options_of_the_other_partition_are_refused() {
        for (line, word) in [
            ("--backend batch --like", "--like"),
            ("--backend masked --classes //Bob", "--classes"),
            ("--backend batch --min-participants 2", "needs all"),
            ("--backend faithful --batch 5", "back-end batch"),
            ("--backend masked --key-bits 2048", "no key"),
            ("--backend batch --classes //Eve", "none of those"),
            ("--backend masked --c 0", "C must be"),
            ("--backend masked --eta NaN", "eta"),
        ] {
            let line = match line.ends_with("--like") {
                true => format!("{line} {}", "ab".repeat(32)),
                false => line.to_owned(),
            };
            let error = order(&line).unwrap_err().to_string();
            assert!(error.contains(word), "{line}: {error}");
        }
    }
}
