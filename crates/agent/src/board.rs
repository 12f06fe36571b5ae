//! Which duty stands where: the agent's working list and what others may see of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        atomic::{AtomicU64, Ordering},
        Arc,
    },
};

use parking_lot::Mutex;
use salus_primitives::{
    duties::{Duty, DutyKind},
    AccountId, BlockNumber,
};
use serde::Serialize;

use crate::{
    cancel::Cancel,
    metrics::{kind_name, End},
    LOG,
};

/// What is being done about a duty.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// All places that the next step needs are taken.
    Waiting,
    /// Opening capsules and fetching inputs.
    Fetching,
    /// Decrypting and analysing.
    Computing,
    /// Sealing and uploading the result.
    Publishing,
    /// The answer waits for the chain to take it.
    Ready,
    /// It did not work this time and is tried again at the next block.
    Retrying,
    /// This agent cannot do it; the log says why.
    Declined,
}

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Stage::Waiting => "waiting",
            Stage::Fetching => "fetching",
            Stage::Computing => "computing",
            Stage::Publishing => "publishing",
            Stage::Ready => "ready",
            Stage::Retrying => "retrying",
            Stage::Declined => "declined",
        }
    }
}

/// One duty as `salus worker status` shows it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DutyStatus {
    /// `job-commit`, `job-reveal` or `record-seal`.
    pub kind: &'static str,
    /// Number of the job.
    pub subject: u64,
    /// What is being done.
    pub stage: Stage,
    /// Part of the stage that is done, 0 to 1; `None` where the stage is one of waiting.
    pub progress: Option<f64>,
    /// First block at which it was owed.
    pub since: BlockNumber,
    /// Last block in which an answer is accepted.
    pub deadline: BlockNumber,
}

/// The list of duties, for whoever reports it. Cheap to clone.
#[derive(Clone)]
pub struct Status(Arc<Board>);

impl Status {
    pub(crate) fn new(board: Arc<Board>) -> Self {
        Self(board)
    }

    /// What is owed, by deadline.
    pub fn duties(&self) -> Vec<DutyStatus> {
        self.0.list()
    }
}

/// Progress of one stage, as the bits of an `f64`.
#[derive(Clone, Default)]
pub(crate) struct Progress(Arc<AtomicU64>);

impl Progress {
    pub(crate) fn set(&self, part: f64) {
        self.0.store(part.to_bits(), Ordering::Relaxed);
    }

    fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}

struct Entry {
    duty: Duty<AccountId>,
    stage: Stage,
    /// A task works on it.
    taken: bool,
    progress: Progress,
    cancel: Cancel,
    /// Final block at which the answer was ready.
    ready_at: Option<BlockNumber>,
}

/// What a task needs to work on its entry.
#[derive(Clone)]
pub(crate) struct Ticket {
    board: Arc<Board>,
    key: Vec<u8>,
    pub(crate) duty: Duty<AccountId>,
    pub(crate) cancel: Cancel,
    pub(crate) progress: Progress,
}

impl Ticket {
    /// Enters a stage, with its progress at 0.
    pub(crate) fn enter(&self, stage: Stage) {
        // The entry may be of the same duty, asked for anew.
        if !self.cancel.is_cancelled() {
            self.progress.set(0.0);
            self.board.enter(&self.key, stage);
        }
    }

    /// Nobody works on it any more.
    pub(crate) fn put_back(&self) {
        if let Some(entry) = self.board.0.lock().get_mut(&self.key) {
            entry.taken &= self.cancel.is_cancelled();
        }
    }
}

#[derive(Default)]
pub(crate) struct Board(Mutex<BTreeMap<Vec<u8>, Entry>>);

impl Board {
    /// Takes over the list of a final block: removes what is no longer owed, stopping its work, adds
    /// what is new, and returns how each that was removed ended.
    pub(crate) fn reconcile(
        &self,
        owed: &[Duty<AccountId>],
        complete: bool,
        finalized: BlockNumber,
    ) -> Vec<(Duty<AccountId>, End)> {
        let keys: BTreeSet<Vec<u8>> = owed.iter().map(Duty::answer_key).collect();
        let mut entries = self.0.lock();
        let mut ended = Vec::new();
        entries.retain(|key, entry| {
            let over = entry.duty.deadline < finalized;
            if keys.contains(key) || !(complete || over) {
                return true;
            }
            entry.cancel.cancel();
            let end = match entry.stage {
                Stage::Declined => None,
                // The list is of the block after which it was not owed any more.
                Stage::Ready => Some(End::Done),
                _ if over => Some(End::Missed),
                _ => Some(End::Cancelled),
            };
            if let Some(end) = end {
                log::info!(
                    target: LOG,
                    "kind={} subject={} block={finalized} end={}",
                    kind_name(entry.duty.kind), entry.duty.subject, end.name(),
                );
                ended.push((entry.duty.clone(), end));
            }
            false
        });
        for duty in owed {
            entries.entry(duty.answer_key()).or_insert_with(|| {
                log::info!(
                    target: LOG,
                    "kind={} subject={} block={finalized} since={} deadline={} owed",
                    kind_name(duty.kind), duty.subject, duty.since, duty.deadline,
                );
                Entry {
                    duty: duty.clone(),
                    stage: Stage::Waiting,
                    taken: false,
                    progress: Progress::default(),
                    cancel: Cancel::default(),
                    ready_at: None,
                }
            });
        }
        ended
    }

    /// Takes a duty that waits to work on it; `None` for one that is being worked on or is ready.
    pub(crate) fn take(self: &Arc<Self>, duty: &Duty<AccountId>) -> Option<Ticket> {
        let key = duty.answer_key();
        let mut entries = self.0.lock();
        let entry = entries.get_mut(&key)?;
        let waits = matches!(entry.stage, Stage::Waiting | Stage::Retrying);
        if entry.taken || !waits {
            return None;
        }
        entry.taken = true;
        Some(Ticket {
            board: self.clone(),
            key,
            duty: entry.duty.clone(),
            cancel: entry.cancel.clone(),
            progress: entry.progress.clone(),
        })
    }

    /// Has duties of a kind tried again that were declined.
    pub(crate) fn reopen(&self, kind: DutyKind) {
        for entry in self.0.lock().values_mut() {
            if entry.duty.kind == kind && entry.stage == Stage::Declined {
                entry.stage = Stage::Waiting;
            }
        }
    }

    /// The answer is left for the hook.
    pub(crate) fn ready(&self, duty: &Duty<AccountId>, finalized: BlockNumber) {
        let key = duty.answer_key();
        if let Some(entry) = self.0.lock().get_mut(&key) {
            entry.ready_at.get_or_insert(finalized);
        }
        self.enter(&key, Stage::Ready);
    }

    pub(crate) fn enter(&self, key: &[u8], stage: Stage) {
        let mut entries = self.0.lock();
        let Some(entry) = entries.get_mut(key) else {
            return;
        };
        if entry.stage == stage {
            return;
        }
        entry.stage = stage;
        log::info!(
            target: LOG,
            "kind={} subject={} stage={}", kind_name(entry.duty.kind), entry.duty.subject, stage.name(),
        );
    }

    /// Blocks since the oldest answer that still waits was ready.
    pub(crate) fn oldest_ready(&self, finalized: BlockNumber) -> BlockNumber {
        let entries = self.0.lock();
        let oldest = entries.values().filter_map(|entry| entry.ready_at).min();
        oldest.map_or(0, |ready_at| finalized.saturating_sub(ready_at))
    }

    /// Stops all work.
    pub(crate) fn cancel_all(&self) {
        for entry in self.0.lock().values() {
            entry.cancel.cancel();
        }
    }

    fn list(&self) -> Vec<DutyStatus> {
        let entries = self.0.lock();
        let mut list: Vec<_> = entries
            .values()
            .map(|entry| DutyStatus {
                kind: kind_name(entry.duty.kind),
                subject: entry.duty.subject,
                stage: entry.stage,
                progress: match entry.stage {
                    Stage::Fetching | Stage::Computing | Stage::Publishing => {
                        Some(entry.progress.get())
                    }
                    Stage::Ready => Some(1.0),
                    Stage::Waiting | Stage::Retrying | Stage::Declined => None,
                },
                since: entry.duty.since,
                deadline: entry.duty.deadline,
            })
            .collect();
        list.sort_by_key(|status| (status.deadline, status.subject, status.kind));
        list
    }
}
