//! The commands about records, as they are written.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use salus_primitives::{records::Rights, Digest};
use subxt::utils::AccountId32;

use super::{codes, parse_rights, FormerArgs, GatewayArgs, WalletArgs};
use crate::{
    args::ACCOUNT,
    chain::text::{parse_digest, parse_until, Until},
    keys::{parse_account, KeyArgs},
};

/// Who acts, and on which record.
#[derive(Debug, Args)]
pub struct OfRecord {
    /// Who acts.
    #[command(flatten)]
    pub who: KeyArgs,
    /// Id of the record.
    #[arg(value_parser = parse_digest)]
    pub record: Digest,
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
        #[arg(long, value_name = ACCOUNT, value_parser = parse_account)]
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
    Withdraw(OfRecord),
    /// Patient: fetch, check and store a released record.
    Store {
        /// The patient, and the record.
        #[command(flatten)]
        of: OfRecord,
        /// Its former identities.
        #[command(flatten)]
        former: FormerArgs,
        /// Where the key goes.
        #[command(flatten)]
        wallet: WalletArgs,
        /// Where the ciphertext goes.
        #[command(flatten)]
        gateway: GatewayArgs,
    },
    /// Patient: say that a release does not match its commitment or cannot be had.
    Dispute {
        /// The patient, and the record.
        #[command(flatten)]
        of: OfRecord,
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
        #[arg(long, value_name = ACCOUNT, value_parser = parse_account)]
        patient: AccountId32,
        /// For which records; none for whatever the patient is willing to share.
        #[arg(value_parser = parse_digest)]
        records: Vec<Digest>,
        /// Why: a code of HL7 PurposeOfUse such as HRESCH, or its number.
        #[arg(long, value_parser = codes::parse_purpose)]
        purpose: u16,
        /// Until when it can be answered: 30d, 12h, 45min, 90s from now, or a date: 2027-01-31.
        #[arg(long, default_value = "30d", value_parser = parse_until)]
        until: Until,
    },
    /// Patient: list the requests that wait for an answer.
    Requests {
        /// Whose.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
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
        #[arg(long, value_name = ACCOUNT, value_parser = parse_account)]
        to: AccountId32,
        /// What they may do: read, analyse, or read,analyse.
        #[arg(long, default_value = "read", value_parser = parse_rights)]
        rights: Rights,
        /// For what: a code of HL7 PurposeOfUse such as HRESCH, or its number.
        #[arg(long, value_parser = codes::parse_purpose)]
        purpose: u16,
        /// Until when: 30d, 12h, 45min, 90s from now, or a date: 2027-01-31.
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
        #[arg(long, value_name = ACCOUNT, value_parser = parse_account)]
        from: AccountId32,
    },
    /// Fetch, open and check a record.
    Read {
        /// Who reads, and which record.
        #[command(flatten)]
        of: OfRecord,
        /// Its former identities.
        #[command(flatten)]
        former: FormerArgs,
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
    Reject(OfRecord),
    /// Patient: encrypt a record anew, and give the new key to those who may still read it.
    Rekey {
        /// The patient, and the record.
        #[command(flatten)]
        of: OfRecord,
        /// Do not give the new key to these.
        #[arg(long, value_name = ACCOUNT, value_parser = parse_account)]
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
        /// The patient, and the record.
        #[command(flatten)]
        of: OfRecord,
        /// Where the ciphertext goes.
        #[command(flatten)]
        gateway: GatewayArgs,
    },
    /// End a record for good; with a recovery account, both it and the patient have to.
    Terminate {
        /// The patient, or its recovery account, and the record.
        #[command(flatten)]
        of: OfRecord,
        /// The record that takes its place.
        #[arg(long, value_name = "RECORD", value_parser = parse_digest)]
        successor: Option<Digest>,
    },
    /// Put another record in a record's place, and end it.
    Supersede {
        /// The patient, or its recovery account, and the record that ends.
        #[command(flatten)]
        of: OfRecord,
        /// The record that takes its place.
        #[arg(long, value_name = "RECORD", value_parser = parse_digest)]
        by: Digest,
    },
    /// Take back your own proposal to end a record.
    CancelEnd(OfRecord),
    /// Clear away a share that is void, and free its deposit.
    Clear {
        /// Any account, and the record.
        #[command(flatten)]
        of: OfRecord,
        /// With whom it was shared.
        #[arg(long, value_name = ACCOUNT, value_parser = parse_account)]
        grantee: AccountId32,
    },
    /// List the records of a patient, or those shared with somebody.
    List {
        /// Whose.
        #[arg(value_name = ACCOUNT, value_parser = parse_account)]
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
