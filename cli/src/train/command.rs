//! The commands about trainings, as they are written.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use salus_analytics::table::ColumnRef;
use salus_primitives::{training::TrainingId, Digest};
use subxt::utils::AccountId32;

use super::TermsArgs;
use crate::{
    analyse::TextArgs,
    args::ACCOUNT,
    chain::text::parse_digest,
    keys::{parse_account, KeyArgs},
    record::FormerArgs,
};

/// Options of `salus train start`.
#[derive(Clone, Debug, Args)]
pub struct StartArgs {
    /// Who opens it, and gets the model.
    #[command(flatten)]
    pub who: KeyArgs,
    /// What is agreed on.
    #[command(flatten)]
    pub terms: TermsArgs,
    /// Do not ask whether to go on.
    #[arg(long)]
    pub yes: bool,
    /// Do not measure how long it will take.
    #[arg(long)]
    pub no_estimate: bool,
}

/// Who acts, and on which training.
#[derive(Debug, Args)]
pub struct OfTraining {
    /// Who acts.
    #[command(flatten)]
    pub who: KeyArgs,
    /// Number of the training.
    pub training: TrainingId,
}

/// Options of `salus train predict`.
#[derive(Clone, Debug, Args)]
pub struct PredictArgs {
    /// The model, as `salus train model --out` writes it.
    pub model: PathBuf,
    /// The table: its columns are found by their names, or by their numbers where it has no header.
    pub file: PathBuf,
    /// The column of classes, by number from 1 or by name: says how right the predictions are [default:
    /// the one of the training's name, if there is one].
    #[arg(long, value_name = "COLUMN")]
    pub class: Option<ColumnRef>,
    /// Write the predictions, a row each, 1 for positive (CSV); never overwrites.
    #[arg(long, value_name = "FILE.csv")]
    pub out: Option<PathBuf>,
    /// How its text is read.
    #[command(flatten)]
    pub text: TextArgs,
}

/// Commands about trainings.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open a training and ask others to bring data; says first what it tells to whom, and how long
    /// it takes.
    Start(Box<StartArgs>),
    /// Take part with a declared data set; says first what it tells to whom. Your node does the rest.
    Join {
        /// The participant, and the training.
        #[command(flatten)]
        of: OfTraining,
        /// The data set, of `salus data add --training`.
        #[arg(long, value_name = "DATASET", value_parser = parse_digest)]
        data_set: Digest,
        /// Do not ask whether to go on.
        #[arg(long)]
        yes: bool,
    },
    /// Decline, or leave before the start; later only where a patient ended a consent.
    Leave(OfTraining),
    /// End a training before its start.
    Cancel(OfTraining),
    /// Follow a training to its end, with what your node says of its rounds. Fails where there is no
    /// model at the end. With --json, a line of JSON for each step.
    Watch {
        /// Number of the training.
        training: TrainingId,
    },
    /// Fetch the model, open and combine its parts, and show the weights.
    Model {
        /// Who is entitled to it, and the training.
        #[command(flatten)]
        of: OfTraining,
        /// Former age identities.
        #[command(flatten)]
        former: FormerArgs,
        /// Write it for `salus train predict` (JSON); never overwrites.
        #[arg(long, value_name = "FILE.json")]
        out: Option<PathBuf>,
    },
    /// Apply a model to a table; precision, recall and F1 where it has the classes. Asks no node.
    Predict(PredictArgs),
    /// Have the parts of the model removed from the chain, after the retention period.
    Forget(OfTraining),
    /// Show a training.
    Show {
        /// Number of the training.
        training: TrainingId,
    },
    /// List trainings, newest first.
    List {
        /// Those that this member opened, or was asked to join.
        #[arg(long, value_name = ACCOUNT, value_parser = parse_account)]
        member: Option<AccountId32>,
    },
}
