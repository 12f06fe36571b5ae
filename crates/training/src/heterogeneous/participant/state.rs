//! What a participant keeps: what a stage begins with, and what came of its messages.

use std::collections::BTreeMap;

use codec::{Decode, Encode};
use salus_paillier::{threshold::Share, Ciphertext};

use super::super::align::Point;

/// Where a participant is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub(super) enum Stage {
    Align,
    Commit,
    Round(u32),
    Done,
}

/// Ciphertexts that were opened with unproved shares, and the shares of all participants.
pub(super) type Evidence = (Vec<Ciphertext>, Vec<Share>);

/// What a stage begins with.
pub(super) struct Base {
    pub(super) stage: Stage,
    pub(super) started: bool,
    /// This participant's rows of the common patients.
    pub(super) rows: Vec<u32>,
    pub(super) classes: Vec<bool>,
    pub(super) weights: Vec<i64>,
    pub(super) bias: i64,
    /// Of each participant, the link of the round, or the commitment before round 1.
    pub(super) links: Vec<[u8; 32]>,
    /// Digest of everything that was sent to all in earlier rounds.
    pub(super) view: [u8; 32],
    pub(super) evidence: Vec<Evidence>,
}

/// The same, in a checkpoint.
#[derive(Encode, Decode)]
pub(super) struct Stored {
    pub(super) session: [u8; 32],
    pub(super) me: u16,
    pub(super) stage: Stage,
    pub(super) started: bool,
    pub(super) rows: Vec<u32>,
    pub(super) classes: Vec<bool>,
    pub(super) weights: Vec<i64>,
    pub(super) bias: i64,
    pub(super) links: Vec<[u8; 32]>,
    pub(super) view: [u8; 32],
    pub(super) evidence: Vec<(Vec<u8>, Vec<Vec<u8>>)>,
    /// Messages since: sender, round, body.
    pub(super) log: Vec<(u16, u32, Vec<u8>)>,
}

/// What came of the messages of a stage.
#[derive(Default)]
pub(super) struct Work {
    // Alignment.
    pub(super) lists: BTreeMap<u16, Vec<Point>>,
    pub(super) raised: Vec<u16>,
    pub(super) stripped: bool,
    // Commitments.
    pub(super) classes: Option<Vec<bool>>,
    pub(super) commitments: BTreeMap<u16, [u8; 32]>,
    // Commitments, and every round: links of the round that follows.
    pub(super) links: BTreeMap<u16, [u8; 32]>,
    pub(super) linked: bool,
    // Rounds.
    pub(super) judged: Vec<usize>,
    pub(super) contributions: BTreeMap<u16, (Vec<Ciphertext>, [u8; 32])>,
    /// Masks on the numbers so far, and the numbers.
    pub(super) masks: u16,
    pub(super) masked: Vec<Ciphertext>,
    pub(super) view: [u8; 32],
    pub(super) packed: Vec<Ciphertext>,
    pub(super) shares: BTreeMap<u16, Share>,
    pub(super) opened: Option<Vec<bool>>,
    pub(super) proving: bool,
    pub(super) proved: Vec<u16>,
    /// Who sent proofs of the round before because it could not open it.
    pub(super) asked: Vec<u16>,
}
