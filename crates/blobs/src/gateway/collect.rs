//! Dropping what nothing on chain refers to.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use futures::TryStreamExt;
use salus_primitives::{Digest, Moment};

use super::Gateway;
use crate::{auth::now_ms, chain::ChainError, ledger::Note, Entry, StoreError};

/// Digests asked of the chain in one call.
const PAGE: usize = 64;

/// When the chain was last asked about each blob, and whether something referred to it.
pub(super) type Looks = HashMap<Digest, Look>;

#[derive(Clone, Copy)]
pub(super) struct Look {
    at: Instant,
    referenced: bool,
}

/// What a collection did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Blobs that something refers to, or did when the chain was last asked about them.
    pub referenced: u64,
    /// Blobs that nothing refers to, within their grace period, or that were not asked about yet.
    pub waiting: u64,
    /// Blobs dropped.
    pub dropped: u64,
    /// Bytes freed.
    pub freed: u64,
}

/// Why a collection stopped early. What it had dropped by then was due.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The chain could not be asked.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The best block is too old to decide by.
    #[error("the best block is {0} ms old")]
    Stale(u64),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Gateway {
    /// Drops blobs that neither the finalized nor the best block has referred to for `grace`. The
    /// clock of a blob starts at its upload, or when a collection first finds it without reference,
    /// which is up to [`Config::referenced_for`](super::Config::referenced_for) after the reference
    /// ended.
    pub async fn collect(&self, grace: Duration) -> Result<Collected, CollectError> {
        let entries: Vec<Entry> = self.inner.store.list().try_collect().await?;
        let mut collected = Collected::default();
        let due = self.due(&entries, &mut collected);
        for page in due.chunks(PAGE) {
            let referenced = self.referenced(page).await?;
            for entry in page {
                self.judge(
                    entry,
                    referenced.contains(&entry.digest),
                    grace,
                    &mut collected,
                )
                .await?;
            }
        }
        self.forget_absent(&entries, grace).await?;
        Ok(collected)
    }

    /// What this collection asks the chain about, those it was asked about longest ago first. The
    /// others are counted as they were found last.
    fn due(&self, entries: &[Entry], collected: &mut Collected) -> Vec<Entry> {
        let config = &self.inner.config;
        let mut looks = self.inner.looks.lock();
        let present: HashSet<Digest> = entries.iter().map(|entry| entry.digest).collect();
        looks.retain(|digest, _| present.contains(digest));
        let last = |entry: &Entry| looks.get(&entry.digest).copied();
        let (mut due, rest): (Vec<Entry>, Vec<Entry>) =
            entries.iter().cloned().partition(|entry| {
                last(entry).is_none_or(|look| {
                    !look.referenced || look.at.elapsed() >= config.referenced_for
                })
            });
        due.sort_by_cached_key(|entry| last(entry).map(|look| look.at));
        let later = due.split_off(due.len().min(config.collect_looks.max(1)));
        for entry in rest.iter().chain(&later) {
            match last(entry).is_some_and(|look| look.referenced) {
                true => collected.referenced += 1,
                false => collected.waiting += 1,
            }
        }
        due
    }

    async fn referenced(&self, page: &[Entry]) -> Result<HashSet<Digest>, CollectError> {
        let digests: Vec<Digest> = page.iter().map(|entry| entry.digest).collect();
        let (age, referenced) = self
            .ask(move |chain| {
                let view = chain.view()?;
                let mut referenced = HashSet::new();
                for digest in digests {
                    if chain.is_referenced(view.finalized, &digest)?
                        || chain.is_referenced(view.best, &digest)?
                    {
                        referenced.insert(digest);
                    }
                }
                Ok((view.best_age_ms, referenced))
            })
            .await?;
        if !self.is_fresh(age) {
            return Err(CollectError::Stale(age));
        }
        let at = Instant::now();
        self.inner.looks.lock().extend(page.iter().map(|entry| {
            let referenced = referenced.contains(&entry.digest);
            (entry.digest, Look { at, referenced })
        }));
        Ok(referenced)
    }

    async fn judge(
        &self,
        entry: &Entry,
        referenced: bool,
        grace: Duration,
        collected: &mut Collected,
    ) -> Result<(), CollectError> {
        if referenced {
            collected.referenced += 1;
            return Ok(self.mark(entry.digest, None).await?);
        }
        let _commit = self.inner.commit.lock().await;
        let now = now_ms();
        let known = self.inner.ledger.lock().notes.get(&entry.digest).cloned();
        let since = known.as_ref().and_then(|note| note.unreferenced_since);
        let Some(since) = since else {
            let mut note = known.unwrap_or(Note {
                uploader: None,
                size: entry.size,
                uploaded: now,
                unreferenced_since: None,
            });
            note.unreferenced_since = Some(now);
            self.write_note(entry.digest, note).await?;
            collected.waiting += 1;
            return Ok(());
        };
        if !is_due(since, now, grace) {
            collected.waiting += 1;
            return Ok(());
        }
        self.inner.store.delete(&entry.digest).await?;
        self.drop_note(entry.digest).await?;
        collected.dropped += 1;
        collected.freed += entry.size;
        Ok(())
    }

    /// Notes of blobs that are gone, such as those of an upload that a crash cut off.
    async fn forget_absent(&self, entries: &[Entry], grace: Duration) -> Result<(), StoreError> {
        let present: HashSet<Digest> = entries.iter().map(|entry| entry.digest).collect();
        let _commit = self.inner.commit.lock().await;
        let now = now_ms();
        let absent: Vec<Digest> = {
            let ledger = self.inner.ledger.lock();
            ledger
                .notes
                .iter()
                .filter(|(digest, note)| {
                    !present.contains(digest) && is_due(note.uploaded, now, grace)
                })
                .map(|(digest, _)| *digest)
                .collect()
        };
        for digest in absent {
            // It may have arrived since the list was made.
            if let Err(StoreError::NotFound) = self.inner.store.size(&digest).await {
                self.drop_note(digest).await?;
            }
        }
        Ok(())
    }

    /// Sets since when nothing refers to a blob that has a note.
    pub(super) async fn mark(
        &self,
        digest: Digest,
        unreferenced_since: Option<Moment>,
    ) -> Result<(), StoreError> {
        let _commit = self.inner.commit.lock().await;
        let known = self.inner.ledger.lock().notes.get(&digest).cloned();
        match known {
            Some(note) if note.unreferenced_since != unreferenced_since => {
                let note = Note {
                    unreferenced_since,
                    ..note
                };
                self.write_note(digest, note).await
            }
            _ => Ok(()),
        }
    }

    async fn write_note(&self, digest: Digest, note: Note) -> Result<(), StoreError> {
        self.inner.store.put_note(&digest, note.to_json()?).await?;
        self.inner.ledger.lock().notes.insert(digest, note);
        Ok(())
    }

    async fn drop_note(&self, digest: Digest) -> Result<(), StoreError> {
        self.inner.store.delete_note(&digest).await?;
        self.inner.ledger.lock().notes.remove(&digest);
        Ok(())
    }
}

fn is_due(since: Moment, now: Moment, grace: Duration) -> bool {
    u128::from(now.saturating_sub(since)) >= grace.as_millis()
}
